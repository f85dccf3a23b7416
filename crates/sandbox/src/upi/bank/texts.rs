//! Texts to customers, in each bank's own wording. On their way they lie sealed in the outbox: one of them carries a
//! one-time password.

use super::Bank;
use super::records::{UpiAccount, UpiLeg};
use crate::keys;
use crate::upi::directory::UpiBank;
use crypto::vault::Envelope;
use serde::{Deserialize, Serialize};
use upi::mail::Desk;
use values::time::Zone;
use values::{Currency, Money, Outbound, Records, SecretBytes, Timestamp};

/// The topic of texts.
pub const TOPIC_TEXT: &str = "upi-text";

/// A text on its way: the body of an [`Outbound`].
#[derive(Clone, Serialize, Deserialize)]
pub struct Text {
    /// Who it comes from.
    pub from: String,
    /// The customer's number, 12 digits.
    pub to: String,
    sealed: Envelope,
}

fn context(key: &str) -> Vec<u8> {
    format!("paiza:upi-text:{key}").into_bytes()
}

/// Opens a text for delivery; `None` if it is none of this bank's.
pub fn open_text(bank: &UpiBank, key: &str, body: &[u8]) -> Option<(Text, SecretBytes)> {
    let text: Text = postcard::from_bytes(body).ok()?;
    let words = keys::open(&crate::upi::keys::text_key(bank), &text.sealed, &context(key))?;
    Some((text, words))
}

/// What happened to the money.
#[derive(Clone, Copy)]
pub(super) enum Event {
    Debit,
    Credit,
    Reversal,
}

/// Tells the holder of a movement.
pub(super) fn tell<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    account: &UpiAccount,
    event: Event,
    leg: &UpiLeg,
) {
    let (wording, word) = match event {
        Event::Debit => (&bank.bank.debit, "debit"),
        Event::Credit => (&bank.bank.credit, "credit"),
        Event::Reversal => (&bank.bank.reversal, "reversal"),
    };
    let amount = Money::new(leg.paise, Currency::INR).map(|money| money.to_decimal()).unwrap_or_default();
    let text = fill(
        wording,
        account,
        &[("amount", &amount), ("other", &leg.other), ("reference", &leg.reference)],
        desk.now,
    );
    post(bank, desk, account, &format!("{word}.{}", leg.transaction), &text);
}

/// Sends a one-time password.
pub(super) fn tell_password<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    account: &UpiAccount,
    name: &str,
    code: &str,
) {
    let text = fill(&bank.bank.one_time, account, &[("code", code)], desk.now);
    post(bank, desk, account, &format!("password.{name}"), &text);
}

fn post<W: Records>(bank: &Bank, desk: &mut Desk<'_, W>, account: &UpiAccount, key: &str, text: &str) {
    let entropy = desk.draw();
    let sealed = keys::seal(&crate::upi::keys::text_key(bank.bank), text.as_bytes(), &context(key), entropy);
    let text = Text { from: bank.bank.sms_sender.clone(), to: account.mobile.clone(), sealed };
    let body = postcard::to_allocvec(&text).expect("strings serialise");
    let due = desk.now;
    desk.records.send(Outbound { topic: TOPIC_TEXT.to_owned(), key: key.to_owned(), due, body });
}

/// Fills a wording in one pass, so that what is filled in brings no places of its own.
fn fill(wording: &str, account: &UpiAccount, values: &[(&str, &str)], now: Timestamp) -> String {
    let at = now.civil(Zone::Kolkata);
    let tail = account.number.get(account.number.len().saturating_sub(4)..).unwrap_or_default();
    let mut text = String::with_capacity(160);
    let mut rest = wording;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let (place, after) = after.split_once('}').unwrap_or((after, ""));
        rest = after;
        match place {
            "tail" => text.push_str(tail),
            "day" => text.push_str(&format!("{:02}", at.day)),
            "month" => text.push_str(&format!("{:02}", at.month)),
            "year" => text.push_str(&at.year.to_string()),
            place => {
                let value = values.iter().find(|(name, _)| *name == place).map_or("", |(_, value)| value);
                text.push_str(value);
            }
        }
    }
    text.push_str(rest);
    text
}
