//! Refunds: who was paid gives back all of it or a part, to the account that it came from. The sum of a payment's refunds
//! never exceeds it; what fails may be tried again.

use crate::binding::customer_of;
use crate::party::Psp;
use crate::payments::{asked, is_note};
use crate::records::{Customer, DeviceId, Direction, Payment, PaymentState, UsedTransaction};
use crate::refusal::Refusal;
use std::time::Duration;
use upi::address::Address;
use upi::ids::{CustomerReference, TransactionId};
use upi::mail::Desk;
use upi::messages::{Credential, Party, Transaction};
use values::{Currency, Money, Operation, Records, Timestamp};

/// When the switch is asked how a refund stands that nobody said the end of.
const FIRST_CHECK: Duration = Duration::from_secs(90);

/// Gives back.
pub struct Refund {
    /// The provider.
    pub psp: Psp,
    /// The phone of who was paid.
    pub device: DeviceId,
    /// The payment that was received, by its transaction.
    pub original: String,
    /// How much, rupees; what is left of it if nothing is said.
    pub amount: Option<Money>,
    /// What the payer reads.
    pub note: Option<String>,
    /// The refund's own transaction, made by the phone: the same one again is the same refund.
    pub transaction: String,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl Operation for Refund {
    type Answer = Payment;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.refund";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Payment, Refusal> {
        let customer = customer_of(records, self.device)?;
        self.give_back(records, now, &customer)
    }
}

impl Refund {
    /// The same for a customer who is known already.
    pub(crate) fn give_back<W: Records>(
        &self,
        records: &mut W,
        now: Timestamp,
        customer: &Customer,
    ) -> Result<Payment, Refusal> {
        let key = |id: &str, way| (customer.mobile.clone(), id.to_owned(), way);
        if let Some(known) = records.find::<Payment>(&key(&self.transaction, Direction::Sent)) {
            let same = known.original.as_ref() == Some(&self.original)
                && self.amount.is_none_or(|amount| amount.minor() == known.paise);
            return if same { Ok(known) } else { Err(Refusal::TransactionUsed) };
        }
        let received = records.find::<Payment>(&key(&self.original, Direction::Received));
        let received = received.ok_or(Refusal::NotFound)?;
        let left = received.paise.saturating_sub(received.refunded);
        let amount = match self.amount {
            Some(amount) if amount.currency() != Currency::INR => return Err(Refusal::AmountInvalid),
            Some(amount) => amount,
            None => Money::new(left, Currency::INR).map_err(|_| Refusal::AmountInvalid)?,
        };
        let is_possible = received.state == PaymentState::Success && received.original.is_none();
        if !is_possible || amount.is_zero() || amount.minor() > left {
            return Err(Refusal::RefundTooMuch);
        }
        if self.note.as_deref().is_some_and(|note| !is_note(note)) {
            return Err(Refusal::NoteInvalid);
        }
        let mut desk = Desk::new(self.psp.identity_of(), records, now, self.entropy);
        let id = crate::asking::use_transaction(&mut desk, &self.psp, customer, &self.transaction)?;
        let payment = self.sent(&mut desk, id, &received, amount)?;
        let refunded = received.refunded + amount.minor();
        desk.records.put(Payment { refunded, ..received });
        desk.records.put(payment.clone());
        crate::merchants::note(desk.records, &payment);
        desk.wake_at(&payment.id, now.after(FIRST_CHECK));
        Ok(payment)
    }

    /// Leaves the message for the switch.
    fn sent<W: Records>(
        &self,
        desk: &mut Desk<'_, W>,
        id: TransactionId,
        received: &Payment,
        amount: Money,
    ) -> Result<Payment, Refusal> {
        let now = desk.now;
        let drawn = desk.draw();
        let sequence = u32::from_be_bytes(*drawn.first_chunk().expect("32 bytes hold 4"));
        let reference = CustomerReference::new(now, sequence);
        let mut transaction = Transaction::new(id, "REFUND", now);
        transaction.note.clone_from(&self.note);
        transaction.reference = Some(reference.clone());
        transaction.mode = Some("00".to_owned());
        transaction.purpose = Some("00".to_owned());
        transaction.original = TransactionId::parse(&received.id);
        transaction.original_at = Some(received.at);
        let mut message = desk.message("ReqPay", transaction);
        let party = |address: &str| {
            let mut party = Party::new(Address::parse(address).map_err(|_| Refusal::AddressInvalid)?);
            party.amount = Some(amount);
            Ok(party)
        };
        let mut from = party(&received.own)?;
        from.credentials = vec![Credential::pre_approved(&reference.as_str()[6..])];
        message.payees = vec![party(&received.other)?];
        message.payer = Some(from);
        let which = (received.mobile.as_str(), self.transaction.as_str(), Direction::Sent);
        let between = (received.own.as_str(), received.other.as_str());
        let payment = Payment {
            other_name: received.other_name.clone(),
            note: self.note.clone(),
            reference: reference.as_str().to_owned(),
            original: Some(received.id.clone()),
            ..Payment::begins(which, between, &received.account, amount.minor(), now)
        };
        asked(desk, &message.head.message, "ReqPay", &payment);
        desk.post(self.psp.switch(), &message);
        Ok(payment)
    }
}

/// A refund came to nothing: what it would have given back is there again.
pub(crate) fn failed<W: Records>(desk: &mut Desk<'_, W>, refund: &Payment) {
    let Some(original) = &refund.original else { return };
    let used = desk.records.find::<UsedTransaction>(&refund.id).map(|used| used.mobile);
    let received = used
        .and_then(|mobile| desk.records.find::<Payment>(&(mobile, original.clone(), Direction::Received)));
    if let Some(received) = received {
        let refunded = received.refunded.saturating_sub(refund.paise);
        desk.records.put(Payment { refunded, ..received });
    }
}
