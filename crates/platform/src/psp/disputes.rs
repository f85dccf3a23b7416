//! Use cases of disputes.

use super::{PaymentService, PspError};
use psp::Refusal;
use psp::binding::customer_of;
use psp::disputed::ReceivedDispute;
use psp::disputes::{ActOnDispute, Dispute, RaiseDispute, possible};
use psp::records::{DeviceId, Direction, Payment};
use upi::disputes::{Act, Reason};
use values::{Money, Records};

impl PaymentService {
    /// Raises a dispute about a payment; the payment's dispute, if there is one already.
    pub fn raise_dispute(
        &self,
        device: DeviceId,
        payment: &str,
        (reason, amount): (&str, Option<Money>),
    ) -> Result<Dispute, PspError> {
        let (psp, entropy) = (self.psp.clone(), crypto::random::bytes());
        let (payment, reason) = (payment.to_owned(), reason.to_owned());
        self.call(RaiseDispute { psp, device, payment, reason, amount, entropy })
    }

    /// Gives a dispute up, or takes it one step further.
    pub fn act_on_dispute(&self, device: DeviceId, payment: &str, act: Act) -> Result<Dispute, PspError> {
        let (psp, entropy) = (self.psp.clone(), crypto::random::bytes());
        self.call(ActOnDispute { psp, device, payment: payment.to_owned(), act, entropy })
    }

    /// The dispute about a payment that this phone's customer sent, and what may be claimed of it.
    pub fn dispute(
        &self,
        device: DeviceId,
        payment: &str,
    ) -> Result<(Option<Dispute>, Vec<&'static Reason>), PspError> {
        let (payment, now) = (payment.to_owned(), self.store.clock().now());
        let found = self.store.read(move |records| {
            let mobile = customer_of(records, device)?.mobile;
            let key = (mobile.clone(), payment.clone(), Direction::Sent);
            let known = records.find::<Payment>(&key).ok_or(Refusal::NotFound)?;
            let dispute = records.find::<Dispute>(&(mobile, payment));
            let is_taken = dispute.as_ref().is_some_and(|dispute| dispute.refused.is_none());
            Ok((dispute, if is_taken { Vec::new() } else { possible(&known, now) }))
        })?;
        found.map_err(|refusal: Refusal| PspError::Refused(refusal))
    }

    /// What is claimed of this phone's customer who was paid by this payment; nothing where nothing is.
    pub fn received_dispute(
        &self,
        device: DeviceId,
        payment: &str,
    ) -> Result<Option<ReceivedDispute>, PspError> {
        let payment = payment.to_owned();
        let found = self.store.read(move |records| {
            let mobile = customer_of(records, device)?.mobile;
            let key = (mobile.clone(), payment.clone(), Direction::Received);
            records.find::<Payment>(&key).ok_or(Refusal::NotFound)?;
            Ok(records.find::<ReceivedDispute>(&(mobile, payment)))
        })?;
        found.map_err(|refusal: Refusal| PspError::Refused(refusal))
    }

    /// The disputes that this phone's customer raised, the newest first.
    pub fn disputes(&self, device: DeviceId, most: u32) -> Result<Vec<Dispute>, PspError> {
        let customer = self.customer(device)?;
        Ok(store::rooms::upi::disputes_of(&self.store, &customer.mobile, most)?)
    }

    /// Now, as the provider has it.
    pub fn now(&self) -> values::Timestamp {
        self.store.clock().now()
    }
}
