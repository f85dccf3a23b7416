//! The back office: it asks the payee's bank about a deemed payment until that says whether the credit stands. What is claimed of a
//! payment is for `disputes`.

use super::records::UpiPayment;
use upi::machines::switch::Input;
use upi::messages::Message;
use upi::xml::Element;
use values::{Currency, Money};

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

/// The number of a complaint: one for each payment, so that it is the same however often it is raised.
pub(super) fn number_of(payment: &str) -> String {
    format!("CRN{}", payment.get(3..).unwrap_or(payment))
}
