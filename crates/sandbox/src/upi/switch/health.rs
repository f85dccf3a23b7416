//! How banks fare, so that a slow one does not hurt others: whose answers fail to come is not asked for a while, and only so
//! much waits at one bank. What cannot be asked is declined before anything is debited, never queued into a timeout.

use super::records::{BankHealth, UpiPayment};
use std::time::Duration;
use upi::machines::leg::Leg;
use upi::machines::switch::{Input, State};
use upi::mail::Desk;
use values::Records;

/// At most so many payments wait for one bank.
pub const MOST_WAITING: u32 = 1024;
/// After so many silences in a row a bank is left alone.
pub const SILENCES: u32 = 5;
/// For how long first, and at most; each time that it is still silent doubles it.
const ALONE_FIRST: Duration = Duration::from_secs(30);
const ALONE_LONGEST: Duration = Duration::from_secs(600);

fn health<W: Records>(desk: &mut Desk<'_, W>, bank: &str) -> BankHealth {
    let found = desk.records.find::<BankHealth>(&bank.to_owned());
    found.unwrap_or_else(|| BankHealth {
        bank: bank.to_owned(),
        waiting: 0,
        silences: 0,
        alone_until: None,
        alone_seconds: 0,
    })
}

/// Why a payment that would need both of these banks is declined up front, if it is: U81 where a bank is left alone, U84
/// where too much waits at it.
pub(super) fn declines<W: Records>(desk: &mut Desk<'_, W>, payment: &UpiPayment) -> Option<&'static str> {
    [&payment.payer.bank, &payment.payee.bank].into_iter().find_map(|bank| {
        let health = health(desk, bank);
        if health.waiting >= MOST_WAITING {
            return Some("U84");
        }
        let is_alone = health.alone_until.is_some_and(|until| desk.now < until);
        // After its rest one payment at a time goes, until one of them is answered.
        let is_tried = health.silences >= SILENCES && health.waiting > 0;
        (is_alone || is_tried).then_some("U81")
    })
}

/// A payment went from one state to another: it waits at another bank, or at none.
pub(super) fn moved<W: Records>(desk: &mut Desk<'_, W>, payment: &UpiPayment, before: &State) {
    let at = |state: &State| {
        state.waits_for().map(|leg| match leg {
            Leg::Debit => payment.payer.bank.as_str(),
            Leg::Credit => payment.payee.bank.as_str(),
        })
    };
    let (from, to) = (at(before), at(&payment.state));
    if from == to {
        return;
    }
    if let Some(bank) = from {
        let health = health(desk, bank);
        desk.records.put(BankHealth { waiting: health.waiting.saturating_sub(1), ..health });
    }
    if let Some(bank) = to {
        let health = health(desk, bank);
        desk.records.put(BankHealth { waiting: health.waiting + 1, ..health });
    }
}

/// What an input says of the bank that it comes from, or should have come from: the bank, and whether it spoke.
fn heard<'a>(payment: &'a UpiPayment, input: &Input) -> Option<(&'a str, bool)> {
    let (payer, payee) = (payment.payer.bank.as_str(), payment.payee.bank.as_str());
    Some(match input {
        Input::Debited(_) | Input::DebitReversalAnswered(_) => (payer, true),
        Input::DebitTimedOut | Input::DebitReversalTimedOut => (payer, false),
        Input::Credited(_) | Input::StatusAnswered(_) | Input::CreditReversalAnswered(_) => (payee, true),
        Input::CreditTimedOut | Input::StatusTimedOut | Input::CreditReversalTimedOut => (payee, false),
        _ => return None,
    })
}

/// A bank spoke, or was silent when it should have spoken.
pub(super) fn hear<W: Records>(desk: &mut Desk<'_, W>, payment: &UpiPayment, input: &Input) {
    let Some((bank, spoke)) = heard(payment, input) else { return };
    let known = health(desk, bank);
    if spoke {
        if known.silences > 0 {
            desk.records.put(BankHealth { silences: 0, alone_until: None, alone_seconds: 0, ..known });
        }
        return;
    }
    let silences = known.silences.saturating_add(1);
    // The silence of what was sent before it was left alone says nothing new.
    let is_alone = known.alone_until.is_some_and(|until| desk.now < until);
    if silences < SILENCES || is_alone {
        desk.records.put(BankHealth { silences, ..known });
        return;
    }
    let seconds = known.alone_seconds.saturating_mul(2);
    let seconds = seconds.clamp(ALONE_FIRST.as_secs() as u32, ALONE_LONGEST.as_secs() as u32);
    let alone_until = Some(desk.now.after(Duration::from_secs(u64::from(seconds))));
    desk.records.put(BankHealth { silences, alone_until, alone_seconds: seconds, ..known });
}
