//! Complaints of payers about payments that have not ended (UDIR): the switch says what its back office knows, or asks the bank
//! that can know. What comes of it is told as the end of the payment.

use crate::binding::customer_of;
use crate::party::Psp;
use crate::payments::asked;
use crate::records::{Complaint, ComplaintState, DeviceId, Direction, Payment, PaymentState, Question};
use crate::refusal::Refusal;
use upi::ids::{CustomerReference, TransactionId};
use upi::limits::may_call;
use upi::mail::Desk;
use upi::messages::{Message, Transaction};
use upi::xml::Element;
use values::{Operation, Records, Timestamp};

/// Raises a complaint, or asks how it stands.
pub struct Complain {
    /// The provider.
    pub psp: Psp,
    /// The payer's phone.
    pub device: DeviceId,
    /// The payment, by its transaction.
    pub transaction: String,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl Operation for Complain {
    type Answer = Complaint;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.complain";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Complaint, Refusal> {
        let customer = customer_of(records, self.device)?;
        let key = (customer.mobile.clone(), self.transaction.clone(), Direction::Sent);
        let payment = records.find::<Payment>(&key).ok_or(Refusal::NotFound)?;
        let key = (customer.mobile, self.transaction.clone());
        let known = records.find::<Complaint>(&key);
        let is_open = matches!(payment.state, PaymentState::Pending | PaymentState::Deemed);
        if !is_open {
            // What has ended is not complained of here; a complaint that was raised before ended with it.
            return known.ok_or(Refusal::NothingToComplainOf);
        }
        let mut complaint = known.unwrap_or(Complaint {
            mobile: payment.mobile.clone(),
            transaction: payment.id.clone(),
            number: None,
            state: ComplaintState::Raised,
            result: None,
            asked: Vec::new(),
            at: now,
        });
        if !may_call("complaint", &complaint.asked, payment.at, now) {
            return Err(Refusal::TooOften);
        }
        complaint.asked.push(now);
        let mut desk = Desk::new(self.psp.identity_of(), records, now, self.entropy);
        let message = message(&mut desk, &payment)?;
        asked(&mut desk, &message.head.message, "ReqComplaint", &payment);
        desk.post(self.psp.switch(), &message);
        desk.records.put(complaint.clone());
        Ok(complaint)
    }
}

fn message<W: Records>(desk: &mut Desk<'_, W>, payment: &Payment) -> Result<Message, Refusal> {
    let mut transaction = Transaction::new(desk.new_transaction(), "COMPLAINT", desk.now);
    transaction.subtype = Some("PAYER".to_owned());
    transaction.original = Some(TransactionId::parse(&payment.id).ok_or(Refusal::NotFound)?);
    transaction.original_at = Some(payment.at);
    transaction.original_reference = CustomerReference::parse(&payment.reference);
    let mut message = desk.message("ReqComplaint", transaction);
    // Debited, and the payee was not credited, or the debit was not reversed.
    let reason = if payment.state == PaymentState::Deemed { "U010" } else { "U005" };
    let complaint = Element::new("Complaint")
        .with("reqAdjFlag", "PBRB")
        .with("reqAdjCode", reason)
        .with("reqAdjAmount", &payment.amount().to_decimal());
    message.rest = vec![complaint];
    Ok(message)
}

/// The switch said how a complaint stands.
pub(crate) fn answered<W: Records>(desk: &mut Desk<'_, W>, question: &Question, message: &Message) {
    let key = (question.mobile.clone(), question.about.clone());
    let Some(mut complaint) = desk.records.find::<Complaint>(&key) else { return };
    let Some(told) = &message.response else { return };
    let number = told.more.iter().find(|(name, _)| name == "crn").map(|(_, value)| value.clone());
    complaint.number = number.or(complaint.number);
    let said = |name: &str| told.settled.first().and_then(|settled| settled.element.attribute(name));
    complaint.state = match said("procStatus") {
        Some("RESOLVED" | "CLOSED") => ComplaintState::Resolved,
        _ => ComplaintState::WithParty,
    };
    complaint.result = said("adjFlag").map(str::to_owned);
    desk.records.put(complaint);
}

/// A payment ended, and with it what was complained of.
pub(crate) fn ended<W: Records>(desk: &mut Desk<'_, W>, payment: &Payment) {
    let key = (payment.mobile.clone(), payment.id.clone());
    let Some(complaint) = desk.records.find::<Complaint>(&key) else { return };
    if complaint.state == ComplaintState::Resolved {
        return;
    }
    // The credit stands (TCC), or the debit was taken back (DRC).
    let result = if payment.state == PaymentState::Success { "TCC" } else { "DRC" };
    desk.records.put(Complaint {
        state: ComplaintState::Resolved,
        result: Some(result.to_owned()),
        ..complaint
    });
}
