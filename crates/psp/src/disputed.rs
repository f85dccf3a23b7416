//! What is claimed of customers here who were paid: the switch tells their provider, and they and their merchant see it. They answer through
//! their bank, which has the word.

use crate::party::Psp;
use serde::{Deserialize, Serialize};
use upi::disputes::{State, due};
use upi::mail::{Desk, response};
use upi::messages::Message;
use values::{Currency, Money, Record, Records, Timestamp};

/// A dispute about a payment that came to a customer here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedDispute {
    /// The customer, 12 digits.
    pub mobile: String,
    /// The payment, by its transaction.
    pub payment: String,
    /// The number under which the network keeps it (CRN).
    pub number: String,
    /// Why, by the network's code on the ladder.
    pub reason: String,
    /// What is claimed, paise.
    pub paise: u64,
    /// Where it stands.
    pub state: State,
    /// Until when somebody has to say something.
    pub due_at: Option<Timestamp>,
    /// When it was first heard of.
    pub at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
}

impl Record for ReceivedDispute {
    type Key = (String, String);
    const TABLE: &'static str = "psp_received_disputes";
    fn key(&self) -> Self::Key {
        (self.mobile.clone(), self.payment.clone())
    }
}

impl ReceivedDispute {
    /// The claim.
    pub fn amount(&self) -> Money {
        Money::new(self.paise, Currency::INR).unwrap_or(Money::zero(Currency::INR))
    }
}

/// The switch tells how a dispute stands. News may overtake one another: what is behind the last one known changes nothing.
pub(crate) fn told<W: Records>(
    psp: &Psp,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<(), &'static str> {
    let transaction = &message.transaction;
    let payment = transaction.original.as_ref().ok_or("U07")?.as_str().to_owned();
    let complaint = message.rest.iter().find(|element| element.name == "Complaint").ok_or("U07")?;
    let state = transaction.note.as_deref().and_then(State::parse).ok_or("U07")?;
    let paise = complaint.attribute("reqAdjAmount").and_then(|text| Money::parse(text, Currency::INR).ok());
    let paise = paise.ok_or("U07")?.minor();
    let payee = message.payees.first().ok_or("U07")?;
    let key = (psp.customer_at(desk, payee).ok_or("ZH")?.mobile, payment);
    let known = desk.records.find::<ReceivedDispute>(&key);
    if known.as_ref().is_none_or(|known| state.rank() > known.state.rank()) {
        let since = transaction.at.unwrap_or(desk.now);
        let paid_at = transaction.original_at.unwrap_or(since);
        desk.records.put(ReceivedDispute {
            mobile: key.0,
            payment: key.1,
            number: transaction.merchant_reference.clone().ok_or("U07")?,
            reason: complaint.attribute("reqAdjCode").unwrap_or_default().to_owned(),
            paise,
            state,
            due_at: due(state, since, paid_at),
            at: known.map_or(desk.now, |known| known.at),
            changed_at: desk.now,
        });
    }
    let mut answer = desk.answer(message, response(&message.head.message, Ok(())));
    answer.rest.clone_from(&message.rest);
    desk.post(psp.switch(), &answer);
    Ok(())
}
