//! Bills and recharges. Billers are asked over a wire that this room does not know: who runs it hands their answers in.

use super::{PaymentService, PspError};
use psp::bills::{Bill, BillPayment, BillerSaid, KeepBill, NewBiller, Onboard, PayBill, Said, Terms, Told};
use psp::records::{DeviceId, Payment};
use psp::{Refusal, binding::customer_of};
use upi::messages::Credential;
use values::{Money, Records};

/// A bill as a phone orders it to be paid.
#[derive(Clone, Debug)]
pub struct BillOrder {
    /// The bill.
    pub bill: String,
    /// The transaction, made by the phone: the PIN is bound to it.
    pub transaction: String,
    /// The account, by reference; the first linked one if empty.
    pub account: String,
    /// How much.
    pub amount: Money,
    /// The PIN, sealed to the payer's bank.
    pub pin: Credential,
}

impl PaymentService {
    /// Takes billers on as merchants.
    pub fn onboard(&self, billers: Vec<NewBiller>) -> Result<(), PspError> {
        self.call(Onboard { billers })
    }

    /// Keeps what a biller says is due, for the customer of this phone to look at and pay.
    pub fn keep_bill(&self, device: DeviceId, terms: Terms) -> Result<Bill, PspError> {
        let id = format!("bill_{}", hex::encode(crypto::random::bytes::<16>()));
        self.call(KeepBill { device, id, terms })
    }

    /// A bill that this phone's customer looks at.
    pub fn bill(&self, device: DeviceId, id: &str) -> Result<Bill, PspError> {
        let id = id.to_owned();
        let found = self.store.read(move |records| {
            let mobile = customer_of(records, device)?.mobile;
            let bill = records.find::<Bill>(&id).filter(|bill| bill.mobile == mobile);
            bill.ok_or(Refusal::NotFound)
        })?;
        Ok(found?)
    }

    /// Pays a bill; the same order again is the same payment.
    pub fn pay_bill(&self, device: DeviceId, order: BillOrder) -> Result<Payment, PspError> {
        let (psp, entropy) = (self.psp.clone(), crypto::random::bytes());
        let BillOrder { bill, transaction, account: reference, amount, pin } = order;
        self.call(PayBill { psp, device, bill, transaction, reference, amount, pin, entropy })
    }

    /// What became of the bill that a transaction of this phone's customer paid.
    pub fn bill_payment(&self, device: DeviceId, transaction: &str) -> Result<BillPayment, PspError> {
        let transaction = transaction.to_owned();
        let found = self.store.read(move |records| {
            let mobile = customer_of(records, device)?.mobile;
            records.find::<BillPayment>(&(mobile, transaction)).ok_or(Refusal::NotFound)
        })?;
        Ok(found?)
    }

    /// The bills that this phone's customer paid, the newest first.
    pub fn bill_payments(&self, device: DeviceId, most: u32) -> Result<Vec<BillPayment>, PspError> {
        let customer = self.customer(device)?;
        Ok(store::rooms::upi::psp::bill_payments(&self.store, &customer.mobile, most)?)
    }

    /// A biller said what became of a payment it was told of.
    pub fn biller_said(&self, told: &Told, said: Said) -> Result<(), PspError> {
        let (mobile, transaction) = (told.mobile.clone(), told.transaction.clone());
        let (psp, entropy) = (self.psp.clone(), crypto::random::bytes());
        self.call(BillerSaid { psp, mobile, transaction, said, entropy })
    }
}
