//! What banks owe one another, cycle by cycle: added in the same commit as the state that says so, the same sum to one bank
//! and from another, so that all positions of a cycle sum to zero at every moment.

use super::records::{Position, UpiPayment};
use upi::machines::switch::State;
use upi::mail::Desk;
use upi::settlement::Cycle;
use values::Records;

/// A payment went from one state to another: it counts from now on, or is given back.
pub(super) fn moved<W: Records>(desk: &mut Desk<'_, W>, payment: &mut UpiPayment, before: &State) {
    let now = desk.now;
    if payment.state.is_settled() && !before.is_settled() {
        payment.settled_at = Some(now);
        let cycle = Cycle::at(now);
        add(desk, &cycle, &payment.payer.bank, payment.paise, 0);
        add(desk, &cycle, &payment.payee.bank, 0, payment.paise);
    }
    if payment.state == State::ReturnSent && *before == State::Deemed {
        payment.returned_at = Some(now);
        let cycle = Cycle::of_disputes(now);
        add(desk, &cycle, &payment.payee.bank, payment.paise, 0);
        add(desk, &cycle, &payment.payer.bank, 0, payment.paise);
    }
}

/// A dispute ended for the payer: the payee's bank pays what was claimed in a cycle of disputes, and the payer's bank gets it.
pub(super) fn given_back<W: Records>(desk: &mut Desk<'_, W>, payee_bank: &str, payer_bank: &str, paise: u64) {
    let cycle = Cycle::of_disputes(desk.now);
    add(desk, &cycle, payee_bank, paise, 0);
    add(desk, &cycle, payer_bank, 0, paise);
}

fn add<W: Records>(desk: &mut Desk<'_, W>, cycle: &Cycle, bank: &str, pays: u64, gets: u64) {
    let key = (cycle.to_string(), bank.to_owned());
    let known = desk.records.find::<Position>(&key);
    let (cycle, bank) = key;
    let known = known.unwrap_or(Position { cycle, bank, pays: 0, gets: 0, payments: 0 });
    let (pays, gets) = (known.pays.saturating_add(pays), known.gets.saturating_add(gets));
    desk.records.put(Position { pays, gets, payments: known.payments + 1, ..known });
}
