//! Mandates: a customer of this provider lets a merchant debit an account again, or is the merchant who does.
//!
//! Read `records`, then `making` (asked for by the payee, or made by the payer), `changing` (paused, let go on, revoked),
//! `hearing` (what the switch says and asks about them), `noticing` (a debit is presented: the payer's side is told a day before),
//! `debiting` (it is tried, without a PIN, by the terms).
//!
//! Whether a debit keeps to the terms is `upi::mandate`'s word, asked here on the payer's side and once more by the bank.

mod changing;
mod debiting;
mod hearing;
mod making;
mod noticing;
pub mod records;

pub use changing::{Change, ChangeMandate};
pub use making::{DecideMandate, MakeMandate, RequestMandate};
pub use noticing::PresentDebit;

pub(crate) use debiting::{came, ended, told, wake};
pub(crate) use hearing::{answered, asked, confirmed, failed};
pub(crate) use noticing::noticed;

use crate::records::{Question, QuestionState};
use crate::refusal::Refusal;
use records::{Mandate, MandateNumber, MandateSide};
use upi::address::Address;
use upi::mail::Desk;
use upi::messages::{Message, Party};
use values::Records;

/// A mandate by its number, as one side has it.
fn numbered<W: Records>(records: &mut W, number: &str, side: MandateSide) -> Option<Mandate> {
    let named = records.find::<MandateNumber>(&(number.to_owned(), side))?;
    records.find::<Mandate>(&(named.id, side))
}

/// A mandate of a customer, by the transaction that made it, whichever side the customer is on.
pub fn own<W: Records>(records: &mut W, mobile: &str, id: &str) -> Result<Mandate, Refusal> {
    let each = [MandateSide::Payer, MandateSide::Payee];
    let mut found = each.into_iter().filter_map(|side| records.find::<Mandate>(&(id.to_owned(), side)));
    found.find(|mandate| mandate.mobile == mobile).ok_or(Refusal::NotFound)
}

/// Remembers what the switch was asked about a mandate.
fn put_question<W: Records>(desk: &mut Desk<'_, W>, message: &Message, mobile: &str) {
    desk.records.put(Question {
        message: message.head.message.as_str().to_owned(),
        api: message.name.clone(),
        mobile: mobile.to_owned(),
        about: message.transaction.id.as_str().to_owned(),
        state: QuestionState::Waiting,
        at: desk.now,
    });
}

/// Somebody known by the address alone.
fn party(address: &str) -> Result<Party, Refusal> {
    Ok(Party::new(Address::parse(address).map_err(|_| Refusal::AddressInvalid)?))
}
