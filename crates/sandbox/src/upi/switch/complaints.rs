//! The back office: it asks the payee's bank about a deemed payment until that says whether the credit stands, and answers
//! complaints: at once where it knows, else it asks the bank that can know without waiting for the cycle to end. What is claimed of a
//! payment that has ended is for `disputes`.

use super::records::UpiPayment;
use super::{Switch, disputes, payments};
use crate::defences::Defence;
use upi::machines::switch::{Input, State};
use upi::mail::{Desk, response};
use upi::messages::Message;
use upi::xml::Element;
use values::{Currency, Money, Records};

/// What the payer's side would complain of: the payee was not credited.
const NOT_CREDITED: &str = "U010";

/// The question: does the credit of this payment stand?
pub(super) fn question(payment: &UpiPayment) -> Element {
    let amount = Money::new(payment.paise, Currency::INR).unwrap_or(Money::zero(Currency::INR));
    Element::new("Complaint")
        .with("reqAdjFlag", "PBRB")
        .with("reqAdjCode", NOT_CREDITED)
        .with("reqAdjAmount", &amount.to_decimal())
        .with("orgSettRespCode", "RB")
}

/// What the bank said: TCC, the credit stands; RET, there is none of it.
pub(super) fn adjudicated(message: &Message) -> Option<Input> {
    let response = message.response.as_ref().filter(|response| response.succeeded())?;
    let mut flags = response.settled.iter().filter_map(|settled| settled.element.attribute("adjFlag"));
    match flags.next()? {
        "TCC" => Some(Input::CreditConfirmed),
        "RET" => Some(Input::CreditReturned),
        _ => None,
    }
}

/// A payer's provider complains of a payment.
pub(super) fn raised<W: Records>(
    switch: &Switch,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<(), &'static str> {
    let original = message.transaction.original.as_ref().ok_or("U07")?.as_str().to_owned();
    let asker = message.head.organisation.clone();
    let payment = desk.records.find::<UpiPayment>(&original).ok_or("U04")?;
    if payment.payer.provider != asker && switch.defences.stands(Defence::DisputeStranger) {
        return Err("U17");
    }
    if let Some(reason) = disputes::reason_for(message, &payment) {
        return disputes::raised(switch, desk, message, (payment, reason));
    }
    let (status, flag) = match &payment.state {
        State::Success => ("RESOLVED", Some("TCC")),
        State::Returned => ("RESOLVED", Some("RET")),
        State::Failed(_) => ("RESOLVED", Some("DRC")),
        _ => ("WITH_PARTY", None),
    };
    let mut told = response(&message.head.message, Ok(()));
    told.more = vec![("crn".to_owned(), number_of(&payment.id))];
    let said = Element::new("Ref").with("type", "PAYER").with("seqNum", "1").with("procStatus", status);
    told.rest = vec![flag.iter().fold(said, |said, flag| said.with("adjFlag", flag))];
    let mut answer = desk.answer(message, told);
    answer.rest.clone_from(&message.rest);
    desk.post(&asker, &answer);
    let asks = match payment.state {
        State::Deemed => Some(Input::AdjudicationDue),
        State::ReversalPending(_) | State::ReturnSent => Some(Input::DebitReversalTimedOut),
        _ => None,
    };
    if let Some(input) = asks {
        payments::step(desk, payment, &input, "complaint", message.head.message.as_str());
    }
    Ok(())
}

/// The number of a complaint: one for each payment, so that it is the same however often it is raised.
pub(super) fn number_of(payment: &str) -> String {
    format!("CRN{}", payment.get(3..).unwrap_or(payment))
}
