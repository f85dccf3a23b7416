//! Use cases of mandates.

use super::{PaymentService, PspError};
use psp::Refusal;
use psp::mandates::records::{Mandate, MandateDebit};
use psp::mandates::{Change, ChangeMandate, DecideMandate, MakeMandate, PresentDebit, RequestMandate};
use psp::records::DeviceId;
use upi::mandate::Terms;
use upi::messages::Credential;
use values::Money;

/// How many debits of a mandate are told at most.
const DEBITS: u32 = 12;

/// A mandate as a phone makes it.
#[derive(Clone, Debug)]
pub struct NewMandate {
    /// The transaction, made by the phone: the PIN is bound to it.
    pub transaction: String,
    /// The account, by reference; the first linked one if empty.
    pub account: String,
    /// The name that was shown for the payee.
    pub payee_name: Option<String>,
    /// The terms.
    pub terms: Terms,
    /// The PIN, sealed to the payer's bank for these terms.
    pub pin: Credential,
}

impl PaymentService {
    /// Makes a mandate; the same order again is the same mandate.
    pub fn make_mandate(&self, device: DeviceId, new: NewMandate) -> Result<Mandate, PspError> {
        let NewMandate { transaction, account: reference, payee_name, terms, pin } = new;
        let (psp, entropy) = (self.psp.clone(), crypto::random::bytes());
        self.call(MakeMandate { psp, device, transaction, reference, payee_name, terms, pin, entropy })
    }

    /// Asks somebody for a mandate, as a merchant.
    pub fn request_mandate(
        &self,
        device: DeviceId,
        payer: &str,
        terms: Terms,
        minutes: u32,
    ) -> Result<Mandate, PspError> {
        let (psp, payer, entropy) = (self.psp.clone(), payer.to_owned(), crypto::random::bytes());
        self.call(RequestMandate { psp, device, payer, terms, minutes, entropy })
    }

    /// Approves a mandate that a merchant asks for with an account and its PIN, or declines it.
    pub fn decide_mandate(
        &self,
        device: DeviceId,
        id: &str,
        approval: Option<(String, Credential)>,
    ) -> Result<Mandate, PspError> {
        let (psp, id, entropy) = (self.psp.clone(), id.to_owned(), crypto::random::bytes());
        self.call(DecideMandate { psp, device, id, approval, entropy })
    }

    /// Pauses a mandate, lets it go on, or revokes it.
    pub fn change_mandate(&self, device: DeviceId, id: &str, change: Change) -> Result<Mandate, PspError> {
        let (psp, id, entropy) = (self.psp.clone(), id.to_owned(), crypto::random::bytes());
        self.call(ChangeMandate { psp, device, id, change, entropy })
    }

    /// Presents the next debit under a mandate, as its payee.
    pub fn present_debit(
        &self,
        device: DeviceId,
        id: &str,
        amount: Option<Money>,
    ) -> Result<MandateDebit, PspError> {
        let (psp, id, entropy) = (self.psp.clone(), id.to_owned(), crypto::random::bytes());
        self.call(PresentDebit { psp, device, id, amount, entropy })
    }

    /// The mandates of this phone's customer, on either side, with their last debits; the newest first.
    pub fn mandates(
        &self,
        device: DeviceId,
        most: u32,
    ) -> Result<Vec<(Mandate, Vec<MandateDebit>)>, PspError> {
        let customer = self.customer(device)?;
        let all = store::rooms::upi::mandates(&self.store, &customer.mobile, most)?;
        all.into_iter().map(|mandate| self.with_debits(mandate)).collect()
    }

    /// A mandate of this phone's customer with its last debits, by the transaction that made it.
    pub fn mandate(&self, device: DeviceId, id: &str) -> Result<(Mandate, Vec<MandateDebit>), PspError> {
        let customer = self.customer(device)?;
        let id = id.to_owned();
        let found = self.store.read(move |records| psp::mandates::own(records, &customer.mobile, &id));
        self.with_debits(found?.map_err(|refusal: Refusal| PspError::Refused(refusal))?)
    }

    fn with_debits(&self, mandate: Mandate) -> Result<(Mandate, Vec<MandateDebit>), PspError> {
        let debits = match &mandate.number {
            Some(number) => store::rooms::upi::mandate_debits(&self.store, number, mandate.side, DEBITS)?,
            None => Vec::new(),
        };
        Ok((mandate, debits))
    }
}
