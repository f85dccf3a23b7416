//! Mandates at the payer's bank. It keeps what the payer approved with the PIN, gives a keyed digest of it that stands for that
//! approval, and judges each debit by itself, whatever the payer's provider said.

use super::records::{UpiAccount, UpiLeg, UpiMandate, UpiMandateDebit, UpiMandateOrder, UpiMandateTry};
use super::{Bank, books, legs};
use crate::defences::Defence;
use crypto::hash::sha256_pieces;
use upi::credential::{Purpose, Secret};
use upi::ids::MandateNumber;
use upi::machines::leg::LegState;
use upi::mail::{Desk, response};
use upi::mandate::{Attempt, Day, Kept, Pattern, State, Terms};
use upi::messages::{Message, Party};
use upi::xml::Element;
use values::{Records, constant_time_eq};

/// The element of a message about a mandate.
fn element(message: &Message) -> Option<&Element> {
    message.rest.iter().find(|element| element.name == "Mandate")
}

/// What an order about a mandate names.
struct Asked<'a> {
    number: String,
    terms: Terms,
    payer: &'a Party,
    account: UpiAccount,
}

/// Makes, pauses, lets go on or ends a mandate; asked again under the same transaction it says what it said.
pub(super) fn order<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<Message, &'static str> {
    let transaction = message.transaction.id.as_str().to_owned();
    let digest = content(message);
    let code = match desk.records.find::<UpiMandateOrder>(&transaction) {
        Some(known) if known.digest == digest => known.code,
        Some(_) => "U54".to_owned(),
        None => {
            let outcome =
                asked(bank, desk, message).and_then(|asked| match message.transaction.kind.as_deref() {
                    Some("CREATE") => create(bank, desk, message, asked),
                    _ => change(bank, desk, message, &asked),
                });
            let code = outcome.err().unwrap_or_else(|| "00".to_owned());
            desk.records.put(UpiMandateOrder { transaction, digest, code: code.clone(), at: desk.now });
            code
        }
    };
    let outcome = if code == "00" { Ok(()) } else { Err(code.as_str()) };
    let mut answer = desk.answer(message, response(&message.head.message, outcome));
    answer.rest = element(message).cloned().into_iter().collect();
    let number = message.transaction.mandate.clone().unwrap_or_default();
    if let Some(mandate) = desk.records.find::<UpiMandate>(&number).filter(|_| outcome.is_ok()) {
        let standing = standing(bank, &mandate);
        answer.rest.push(Element::new("Signature").with("id", "MANDATE").with_text(&standing));
    }
    Ok(answer)
}

/// What is frozen at first sight.
fn content(message: &Message) -> [u8; 32] {
    let mandate = element(message).map(|element| upi::xml::Document { root: element.clone() }.to_bytes());
    let payer = message.payer.as_ref();
    let account = payer.and_then(|payer| match &payer.account {
        Some(upi::messages::Account::Number { number, .. }) => Some(number.as_str()),
        _ => None,
    });
    let kind = message.transaction.kind.as_deref().unwrap_or_default();
    let number = message.transaction.mandate.as_deref().unwrap_or_default();
    let pieces = [kind.as_bytes(), number.as_bytes(), account.unwrap_or_default().as_bytes()];
    let [kind, number, account] = pieces;
    sha256_pieces(&[kind, b"\0", number, b"\0", account, b"\0", &mandate.unwrap_or_default()])
}

fn asked<'a, W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &'a Message,
) -> Result<Asked<'a>, String> {
    let (payer, payee) = message.payer.as_ref().zip(message.payees.first()).ok_or("XF")?;
    let account = bank.account(desk, payer.account.as_ref()).ok_or("XH")?;
    let mobile = payer.device.as_ref().and_then(|device| device.tag("MOBILE"));
    if mobile != Some(account.mobile.as_str()) {
        return Err("B1".to_owned());
    }
    let number = message.transaction.mandate.as_deref().and_then(MandateNumber::parse).ok_or("XF")?;
    let category = payee.category.as_deref().unwrap_or("0000");
    let terms = element(message).and_then(|mandate| Terms::read(mandate, &payee.address, category));
    Ok(Asked { number: number.as_str().to_owned(), terms: terms.ok_or("XF")?, payer, account })
}

fn create<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
    asked: Asked<'_>,
) -> Result<(), String> {
    let Asked { number, terms, payer, account } = asked;
    // What was approved yesterday, and comes in the first minutes of today, is still the payer's wish.
    let approved = message.transaction.at.map_or(Day::of(desk.now), Day::of);
    if terms.check(approved).is_err() || desk.records.find::<UpiMandate>(&number).is_some() {
        return Err("VA".to_owned());
    }
    let purpose = terms.purpose(message.transaction.id.as_str());
    legs::check_pin(bank, desk, &account, &payer.credentials, &purpose)?;
    if terms.blocks {
        if books::available(desk.records, &account) < terms.paise {
            return Err("Z9".to_owned());
        }
        books::block(desk.records, &account, &number, terms.paise, desk.now).map_err(|_| "LD")?;
        desk.wake_at(&format!("mandate {number}"), terms.ends.plus(1).begins());
    }
    desk.records.put(UpiMandate {
        number,
        transaction: message.transaction.id.as_str().to_owned(),
        account: account.number,
        terms,
        state: State::Active,
        newest: 0,
        ordered_at: None,
        at: desk.now,
        changed_at: desk.now,
    });
    Ok(())
}

fn change<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
    asked: &Asked<'_>,
) -> Result<(), String> {
    let no = |code: &str| Err(code.to_owned());
    let mandate = desk.records.find::<UpiMandate>(&asked.number).ok_or("VA")?;
    if mandate.account != asked.account.number || mandate.terms.payee != asked.terms.payee {
        return no("VB");
    }
    let by_payer = message.transaction.initiated_by.as_deref() == Some("PAYER");
    let kind = message.transaction.kind.as_deref();
    let rests_or_goes_on = matches!(kind, Some("PAUSE" | "UNPAUSE"));
    let given = message.transaction.at.filter(|_| rests_or_goes_on);
    let is_overtaken = given.zip(mandate.ordered_at).is_some_and(|(given, newest)| given < newest);
    let state = match (kind, &mandate.state) {
        // The payer wanted it, and something else since then.
        (_, State::Active | State::Paused) if is_overtaken => return Ok(()),
        (Some("PAUSE"), State::Active | State::Paused) => State::Paused,
        (Some("UNPAUSE"), State::Active | State::Paused) => {
            let purpose = mandate.terms.purpose(message.transaction.id.as_str());
            legs::check_pin(bank, desk, &asked.account, &asked.payer.credentials, &purpose)?;
            State::Active
        }
        (Some("REVOKE"), _) if by_payer && !mandate.terms.revocable => return no("VA"),
        // Its one debit may still be taken back, and is not to be made again then.
        (Some("REVOKE"), State::Active | State::Paused | State::Completed | State::Revoked) => {
            let_go(desk, &mandate);
            State::Revoked
        }
        _ => return no("VA"),
    };
    let ordered_at = given.or(mandate.ordered_at);
    desk.records.put(UpiMandate { state, ordered_at, changed_at: desk.now, ..mandate });
    Ok(())
}

/// What this bank gives for a mandate: a digest of all of it under a key that nobody else has.
fn standing(bank: &Bank, mandate: &UpiMandate) -> String {
    let subject = format!("mandate {} {}", mandate.number, mandate.account);
    hex::encode(bank.boundary.digest(mandate.terms.fingerprint().as_bytes(), &subject))
}

/// What is blocked for a mandate is free again.
fn let_go<W: Records>(desk: &mut Desk<'_, W>, mandate: &UpiMandate) {
    if mandate.terms.blocks {
        // It may be free already: then nothing changes.
        let _free = books::unblock(desk.records, &mandate.number, desk.now);
    }
}

/// The last day of a mandate that blocks money is over: `NUMBER`.
pub(super) fn expired<W: Records>(desk: &mut Desk<'_, W>, number: &str) {
    if let Some(mandate) = desk.records.find::<UpiMandate>(&number.to_owned())
        && Day::of(desk.now) > mandate.terms.ends
    {
        let_go(desk, &mandate);
    }
}

/// A mandate that allows a debit, and how much is blocked for it.
pub(super) struct Allowed {
    mandate: UpiMandate,
    /// Paise.
    pub(super) blocked: u64,
}

/// Whether a debit keeps to its mandate; the bank's code if not. One that does is a try.
pub(super) fn judge<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
    account: &UpiAccount,
) -> Result<Allowed, String> {
    let (payer, payee) = message.payer.as_ref().zip(message.payees.first()).ok_or("XF")?;
    let number = message.transaction.mandate.clone().ok_or("XF")?;
    let sequence: u32 = payer.sequence.as_deref().and_then(|sequence| sequence.parse().ok()).ok_or("XF")?;
    let paise = payee.amount.ok_or("XF")?.minor();
    let mandate = desk.records.find::<UpiMandate>(&number).ok_or("VA")?;
    if mandate.account != account.number {
        return Err("VB".to_owned());
    }
    let shown = payer.credentials.iter().find(|credential| credential.kind == "UPI-Mandate");
    let is_ours = shown
        .is_some_and(|shown| constant_time_eq(shown.data.as_bytes(), standing(bank, &mandate).as_bytes()));
    if !is_ours && bank.defences.stands(Defence::MandateStanding) {
        return Err("VA".to_owned());
    }
    let key = (number.clone(), sequence);
    let known = desk.records.find::<UpiMandateDebit>(&key);
    let known = known.unwrap_or(UpiMandateDebit { number, sequence, tries: 0, made: None, before: 0 });
    let has_pin = Secret::Pin.among(&payer.credentials).is_some();
    let address = payee.address.to_lower();
    let attempt = Attempt { payee: &address, paise, sequence, has_pin, at: desk.now };
    let kept = Kept {
        terms: &mandate.terms,
        state: &mandate.state,
        made: mandate.at,
        tries: known.tries,
        is_made: known.made.is_some(),
        newest: mandate.newest,
        // The payer's provider has told the payer; that is not seen from here.
        notice: None,
    };
    kept.allows(&attempt, bank.mandates).map_err(|no| no.bank_code().to_owned())?;
    let transaction = message.transaction.id.as_str().to_owned();
    let (number, sequence) = (known.number.clone(), known.sequence);
    desk.records.put(UpiMandateTry { transaction: transaction.clone(), number, sequence });
    desk.records.put(UpiMandateDebit { tries: known.tries + 1, ..known });
    if has_pin {
        let purpose = Purpose { transaction, paise, payee: address };
        legs::check_pin(bank, desk, account, &payer.credentials, &purpose)?;
    }
    let blocked = if mandate.terms.blocks { books::blocked(desk.records, &mandate.number) } else { 0 };
    Ok(Allowed { mandate, blocked })
}

/// A debit is about to be booked: what was blocked for it is free.
pub(super) fn free<W: Records>(desk: &mut Desk<'_, W>, allowed: &Allowed) {
    let_go(desk, &allowed.mandate);
}

/// The mandate and the debit that a leg is a try of.
fn tried<W: Records>(desk: &mut Desk<'_, W>, leg: &UpiLeg) -> Option<(UpiMandate, UpiMandateDebit)> {
    let tried = desk.records.find::<UpiMandateTry>(&leg.transaction)?;
    let mandate = desk.records.find::<UpiMandate>(&tried.number)?;
    Some((mandate, desk.records.find::<UpiMandateDebit>(&(tried.number, tried.sequence))?))
}

/// A debit under a mandate was booked.
pub(super) fn made<W: Records>(desk: &mut Desk<'_, W>, leg: &UpiLeg) {
    let Some((mandate, debit)) = tried(desk, leg) else { return };
    let is_over = mandate.terms.recurrence.pattern == Pattern::OneTime;
    let state = if is_over { State::Completed } else { mandate.state.clone() };
    let (before, made) = (mandate.newest, Some(leg.transaction.clone()));
    let newest = mandate.newest.max(debit.sequence);
    desk.records.put(UpiMandateDebit { made, before, ..debit });
    desk.records.put(UpiMandate { state, newest, changed_at: desk.now, ..mandate });
}

/// A debit under a mandate was taken back: it may be tried again.
pub(super) fn unmade<W: Records>(desk: &mut Desk<'_, W>, leg: &UpiLeg) {
    let Some((mandate, debit)) = tried(desk, leg) else { return };
    if debit.made.as_deref() != Some(leg.transaction.as_str()) || !matches!(leg.state, LegState::Reversed(_))
    {
        return;
    }
    let state = if mandate.state == State::Completed { State::Active } else { mandate.state.clone() };
    let newest = if mandate.newest == debit.sequence { debit.before } else { mandate.newest };
    desk.records.put(UpiMandateDebit { made: None, ..debit });
    desk.records.put(UpiMandate { state, newest, changed_at: desk.now, ..mandate });
}
