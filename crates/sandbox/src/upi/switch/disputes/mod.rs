//! Disputes: raised by the payer's provider, argued by both banks, decided by `upi::disputes`, and paid over a cycle of their own.
//!
//! What is claimed is set aside from what refunds may still give back of the payment when the dispute is raised, and let go when it
//! ends for the payee; so what goes back of a payment in both ways together never exceeds it.

pub mod records;
mod ruling;
mod telling;

use super::records::UpiPayment;
use super::{Switch, positions};
use crate::defences::Defence;
use records::{UpiDispute, UpiDisputeStep};
pub use ruling::{Rule, RuleRefusal};
use std::time::Duration;
use upi::complaints::PaidTo;
use upi::disputes::{Act, Illegal, Reason, Side, Standing, State, due, may_still_raise};
use upi::machines::switch::{Beginning, State as PaymentState};
use upi::mail::{Desk, response};
use upi::messages::Message;
use values::{Currency, Money, Records, Timestamp};

/// When a bank is told again what it has not answered.
const AGAIN: Duration = Duration::from_secs(3_600);

/// The claim of a payer's provider about a payment that has ended, if the message is one.
pub(super) fn reason_for(message: &Message, payment: &UpiPayment) -> Option<&'static Reason> {
    let standing = match payment.state {
        PaymentState::Success => Standing::Paid,
        PaymentState::Failed(_) => Standing::Failed,
        _ => return None,
    };
    if payment.beginning == Beginning::Refund {
        return None;
    }
    let paid_to = PaidTo::of_category(payment.payee.category.as_deref().unwrap_or_default());
    Reason::of_code(claim(message, "reqAdjCode")?).filter(|reason| reason.fits(standing, paid_to))
}

fn claim<'a>(message: &'a Message, attribute: &str) -> Option<&'a str> {
    message.rest.iter().find(|element| element.name == "Complaint")?.attribute(attribute)
}

/// Raises a dispute; said again it tells how the dispute stands.
pub(super) fn raised<W: Records>(
    switch: &Switch,
    desk: &mut Desk<'_, W>,
    message: &Message,
    (mut payment, reason): (UpiPayment, &'static Reason),
) -> Result<(), &'static str> {
    let known = desk.records.find::<UpiDispute>(&payment.id);
    if let Some(known) = known.filter(|_| switch.defences.stands(Defence::DisputeOnce)) {
        telling::provider_again(desk, &known, message);
        return Ok(());
    }
    // Where no bank was ever asked nothing can have been debited.
    if !may_still_raise(payment.at, desk.now) || payment.payer.bank.is_empty() {
        return Err("U10");
    }
    let amount = claim(message, "reqAdjAmount").and_then(|text| Money::parse(text, Currency::INR).ok());
    let amount = amount.filter(|amount| !amount.is_zero()).ok_or("U07")?;
    // What refunds gave back, or are giving back, is not claimed a second time.
    let total = payment.refunded.saturating_add(amount.minor());
    if total > payment.paise && switch.defences.stands(Defence::DisputeAmount) {
        return Err("U02");
    }
    payment.refunded = total;
    let mut dispute = UpiDispute {
        payment: payment.id.clone(),
        number: super::complaints::number_of(&payment.id),
        reason: reason.code.to_owned(),
        paise: amount.minor(),
        state: State::WithBooks,
        origin: message.head.organisation.clone(),
        origin_message: message.head.message.as_str().to_owned(),
        payer_bank: payment.payer.bank.clone(),
        payee_bank: payment.payee.bank.clone(),
        paid_at: payment.at,
        steps: 0,
        due_at: None,
        at: desk.now,
        changed_at: desk.now,
    };
    desk.records.put(payment);
    let state = if reason.by_books { State::WithBooks } else { State::Complaint };
    let origin = dispute.origin.clone();
    enter(desk, &mut dispute, state, (None, &origin, reason.code));
    desk.records.put(dispute);
    Ok(())
}

/// A side of a dispute does something: a bank for its customer, or the payer's provider for the payer.
pub(super) fn acted<W: Records>(
    switch: &Switch,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<(), &'static str> {
    let original = message.transaction.original.as_ref().ok_or("U07")?.as_str().to_owned();
    let dispute = desk.records.find::<UpiDispute>(&original).ok_or("U04")?;
    let sender = message.head.organisation.clone();
    let word = message.transaction.note.as_deref().ok_or("U07")?;
    let act = upi::disputes::words::act_of(word).ok_or("U07")?;
    let by = side_of(&dispute, &sender, act);
    let by = match by {
        Some(by) => by,
        None if switch.defences.stands(Defence::DisputeStranger) => return Err("U17"),
        None => dispute.state.waits_for().unwrap_or(Side::Payer),
    };
    let code = claim(message, "reqAdjCode").unwrap_or_default().to_owned();
    act_on(switch, desk, dispute, act, (by, &sender, &code)).map_err(|illegal| match illegal {
        Illegal::NotYours => "U17",
        Illegal::NotNow | Illegal::TooLate => "U10",
    })?;
    let told = response(&message.head.message, Ok(()));
    let mut answer = desk.answer(message, told);
    answer.rest.clone_from(&message.rest);
    desk.post(&sender, &answer);
    Ok(())
}

/// For which side an organisation speaks. A bank that has both speaks for the one whose act it is.
fn side_of(dispute: &UpiDispute, organisation: &str, act: Act) -> Option<Side> {
    let is_payees = matches!(act, Act::Accept | Act::Defend);
    let (payer, payee) = (dispute.payer_bank == organisation, dispute.payee_bank == organisation);
    match (payer || dispute.origin == organisation, payee) {
        (true, true) if is_payees => Some(Side::Payee),
        (true, _) => Some(Side::Payer),
        (false, true) => Some(Side::Payee),
        (false, false) => None,
    }
}

/// One act, if it is legal.
fn act_on<W: Records>(
    switch: &Switch,
    desk: &mut Desk<'_, W>,
    mut dispute: UpiDispute,
    act: Act,
    (by, who, code): (Side, &str, &str),
) -> Result<(), Illegal> {
    let when = (desk.now, dispute.due_at);
    let next = dispute.state.advance(act, by, when, switch.disputes)?;
    enter(desk, &mut dispute, next, (Some(act), who, code));
    desk.records.put(dispute);
    Ok(())
}

/// Takes a step: writes it down, sets the next deadline, moves positions, tells everybody.
fn enter<W: Records>(
    desk: &mut Desk<'_, W>,
    dispute: &mut UpiDispute,
    state: State,
    (act, by, code): (Option<Act>, &str, &str),
) {
    dispute.steps += 1;
    dispute.state = state;
    dispute.changed_at = desk.now;
    desk.records.put(UpiDisputeStep {
        payment: dispute.payment.clone(),
        number: dispute.steps,
        state,
        act,
        by: by.to_owned(),
        code: code.to_owned(),
        at: desk.now,
    });
    match state {
        // From here on the payee's bank owes it and the payer's bank gets it, whenever its books say so.
        State::Paying(_) => {
            positions::given_back(desk, &dispute.payee_bank, &dispute.payer_bank, dispute.paise);
        }
        State::Closed(_) => let_go(desk, dispute),
        _ => {}
    }
    dispute.due_at = deadline(dispute, desk.now);
    rest(desk, dispute);
    telling::everybody(desk, dispute);
}

fn deadline(dispute: &UpiDispute, now: Timestamp) -> Option<Timestamp> {
    match dispute.state {
        State::WithBooks | State::Collecting(_) | State::Paying(_) => Some(now.after(AGAIN)),
        state => due(state, now, dispute.paid_at),
    }
}

fn rest<W: Records>(desk: &mut Desk<'_, W>, dispute: &UpiDispute) {
    let name = format!("dispute {}", dispute.payment);
    match dispute.due_at {
        Some(due) => desk.wake_at(&name, due),
        None => desk.let_sleep(&name),
    }
}

/// What was set aside for a claim that came to nothing may be given back in another way.
fn let_go<W: Records>(desk: &mut Desk<'_, W>, dispute: &UpiDispute) {
    if let Some(payment) = desk.records.find::<UpiPayment>(&dispute.payment) {
        let refunded = payment.refunded.saturating_sub(dispute.paise);
        desk.records.put(UpiPayment { refunded, ..payment });
    }
}

/// A clock ran, or a bank has not answered what it was told.
pub(super) fn timed_out<W: Records>(switch: &Switch, desk: &mut Desk<'_, W>, payment: &str) {
    let Some(mut dispute) = desk.records.find::<UpiDispute>(&payment.to_owned()) else { return };
    if dispute.due_at.is_none_or(|due| due > desk.now) {
        return;
    }
    let when = (desk.now, dispute.due_at);
    match dispute.state.advance(Act::ClockRan, Side::Network, when, switch.disputes) {
        Ok(next) => enter(desk, &mut dispute, next, (Some(Act::ClockRan), "", "")),
        Err(_) => {
            telling::whoever_is_asked(desk, &dispute);
            dispute.due_at = deadline(&dispute, desk.now);
            rest(desk, &dispute);
        }
    }
    desk.records.put(dispute);
}

/// A bank answered what it was told of a dispute.
pub(super) fn answered<W: Records>(
    switch: &Switch,
    desk: &mut Desk<'_, W>,
    payment: &str,
    sent: State,
    message: &Message,
) -> Result<(), &'static str> {
    let dispute = desk.records.find::<UpiDispute>(&payment.to_owned()).ok_or("U04")?;
    let told = message.response.as_ref().ok_or("U07")?;
    // What is answered to an earlier state says nothing of this one.
    if sent != dispute.state || !told.succeeded() {
        return Ok(());
    }
    let bank = message.head.organisation.clone();
    let flag = told.settled.first().and_then(|settled| settled.element.attribute("adjFlag"));
    let (act, by) = match (sent, flag) {
        (State::WithBooks, Some("TCC")) => (Act::CreditConfirmed, Side::Payee),
        (State::WithBooks, Some("RET")) => (Act::CreditReturned, Side::Payee),
        (State::WithBooks, Some("DRC")) => (Act::DebitReversed, Side::Payer),
        (State::Collecting(_), _) if bank == dispute.payee_bank => (Act::Collected, Side::Payee),
        (State::Paying(_), _) if bank == dispute.payer_bank => (Act::Paid, Side::Payer),
        _ => return Ok(()),
    };
    // A dispute that moved on meanwhile stays where it is.
    let _ = act_on(switch, desk, dispute, act, (by, &bank, ""));
    Ok(())
}

/// A message about a dispute had no effect at its receiver.
pub(super) fn refused<W: Records>(desk: &mut Desk<'_, W>, payment: &str, message: &str, code: &str) {
    desk.records.note("upi_switch.not_taken", message, code);
    if let Some(dispute) =
        desk.records.find::<UpiDispute>(&payment.to_owned()).filter(|known| !known.state.is_on_ladder())
    {
        rest(desk, &dispute);
    }
}
