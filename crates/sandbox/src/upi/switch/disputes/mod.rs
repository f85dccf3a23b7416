//! Disputes: raised by the payer's provider, argued by both banks, decided by `upi::disputes`, and paid over a cycle of their own.
//!
//! One about a payment that has not ended lies with the books until the payment ends, which ends it too: the bank is asked at once, by
//! the question that the back office asks, and by no second one.
//!
//! What is claimed is set aside from what refunds may still give back of the payment when the dispute is raised, and let go when it
//! ends for the payee; so what goes back of a payment in both ways together never exceeds it.

pub mod records;
mod ruling;
mod telling;

use super::records::UpiPayment;
use super::{Switch, payments, positions};
use crate::defences::Defence;
use records::{UpiDispute, UpiDisputeStep};
pub use ruling::{AskAgain, Rule, RuleRefusal};
use std::time::Duration;
use upi::complaints::PaidTo;
use upi::disputes::{Act, Illegal, Reason, Side, Standing, State, due, may_still_raise};
use upi::machines::switch::{Beginning, Input, State as PaymentState};
use upi::mail::{Desk, response};
use upi::messages::Message;
use values::{Currency, Money, Records, Timestamp};

/// When a bank is told again what it has not answered.
const AGAIN: Duration = Duration::from_secs(3_600);
/// How long it is told; then the network's people see to it.
const GIVEN_UP: Duration = Duration::from_secs(3 * 86_400);
/// When somebody is told again how a dispute stands who was away.
const TOLD_AGAIN: Duration = Duration::from_secs(60);

/// How the payment stands that is claimed of; nothing where nothing was debited yet.
fn standing(payment: &UpiPayment) -> Option<Standing> {
    match payment.state {
        PaymentState::AuthSent | PaymentState::WaitPayer => None,
        PaymentState::Success => Some(Standing::Paid),
        PaymentState::Failed(_) | PaymentState::Returned => Some(Standing::Failed),
        _ => Some(Standing::Deemed),
    }
}

fn has_ended(payment: &UpiPayment) -> bool {
    !matches!(standing(payment), None | Some(Standing::Deemed))
}

/// What a payer's provider claims, if it may be claimed of this payment.
fn reason_for(message: &Message, payment: &UpiPayment) -> Option<&'static Reason> {
    let standing = standing(payment).filter(|_| payment.beginning != Beginning::Refund)?;
    let paid_to = PaidTo::of_category(payment.payee.category.as_deref().unwrap_or_default());
    let reason = Reason::of_code(claim(message, "reqAdjCode")?)?;
    // A provider that has not heard yet that the payment failed says so too that the payee has nothing.
    let has_not_heard = standing == Standing::Failed && reason.fits(Standing::Deemed, paid_to);
    (reason.fits(standing, paid_to) || has_not_heard).then_some(reason)
}

fn claim<'a>(message: &'a Message, attribute: &str) -> Option<&'a str> {
    message.rest.iter().find(|element| element.name == "Complaint")?.attribute(attribute)
}

/// Raises a dispute; said again it tells how the dispute stands, and has the bank asked once more that can end an open payment.
pub(super) fn raised<W: Records>(
    switch: &Switch,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<(), &'static str> {
    let original = message.transaction.original.as_ref().ok_or("U07")?.as_str().to_owned();
    let mut payment = desk.records.find::<UpiPayment>(&original).ok_or("U04")?;
    if payment.payer.provider != message.head.organisation && switch.defences.stands(Defence::DisputeStranger)
    {
        return Err("U17");
    }
    let known = desk.records.find::<UpiDispute>(&payment.id);
    if let Some(known) = known.filter(|_| switch.defences.stands(Defence::DisputeOnce)) {
        telling::provider_again(desk, &known, message);
        if !has_ended(&payment) {
            hurry(desk, payment, message.head.message.as_str());
        }
        return Ok(());
    }
    let reason = reason_for(message, &payment).ok_or("U10")?;
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
    desk.records.put(payment.clone());
    let state = if reason.by_books { State::WithBooks } else { State::Complaint };
    let origin = dispute.origin.clone();
    enter(desk, &mut dispute, state, (None, &origin, reason.code));
    desk.records.put(dispute);
    if !has_ended(&payment) {
        hurry(desk, payment, message.head.message.as_str());
    }
    Ok(())
}

/// Has the bank asked at once, not at the end of the cycle, that can end a payment; an earlier deadline is left as it is.
fn hurry<W: Records>(desk: &mut Desk<'_, W>, payment: UpiPayment, message: &str) {
    let input = match payment.state {
        PaymentState::Deemed => Input::AdjudicationDue,
        PaymentState::ReversalPending(_) | PaymentState::ReturnSent => Input::DebitReversalTimedOut,
        _ => return,
    };
    payments::step(desk, payment, &input, "complaint", message);
}

/// A payment ended, and with it what books were to answer about it while it had not.
pub(super) fn payment_ended<W: Records>(desk: &mut Desk<'_, W>, payment: &mut UpiPayment) {
    let (act, by, bank) = match payment.state {
        PaymentState::Success => (Act::CreditConfirmed, Side::Payee, payment.payee.bank.clone()),
        PaymentState::Failed(_) | PaymentState::Returned => {
            (Act::DebitReversed, Side::Payer, payment.payer.bank.clone())
        }
        _ => return,
    };
    // Only a dispute sets anything aside of what has not ended; nearly every payment has none, and is not looked up.
    if payment.refunded == 0 {
        return;
    }
    let Some(dispute) = desk.records.find::<UpiDispute>(&payment.id) else { return };
    let claimed = dispute.paise;
    let judging = upi::defences::Defences::ALL;
    if act_on(judging, desk, dispute, act, (by, &bank, "")).is_ok() {
        // The payment is put down after this, so that it says itself what is no longer set aside.
        payment.refunded = payment.refunded.saturating_sub(claimed);
    }
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
    act_on(switch.disputes, desk, dispute, act, (by, &sender, &code)).map_err(|illegal| match illegal {
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
    judging: upi::defences::Defences,
    desk: &mut Desk<'_, W>,
    mut dispute: UpiDispute,
    act: Act,
    (by, who, code): (Side, &str, &str),
) -> Result<(), Illegal> {
    let when = (desk.now, dispute.due_at);
    let next = dispute.state.advance(act, by, when, judging)?;
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
    dispute.due_at = deadline(desk, dispute);
    rest(desk, dispute);
    telling::everybody(desk, dispute);
}

fn deadline<W: Records>(desk: &mut Desk<'_, W>, dispute: &UpiDispute) -> Option<Timestamp> {
    if dispute.state.is_repeated() {
        let payment = desk.records.find::<UpiPayment>(&dispute.payment)?;
        // Until it ends the payment has deadlines of its own, and nobody else is asked.
        return has_ended(&payment).then(|| desk.now.after(AGAIN));
    }
    due(dispute.state, desk.now, dispute.paid_at)
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
    // Who is told again and again has more time than until the next time.
    let until =
        if dispute.state.is_repeated() { Some(dispute.changed_at.after(GIVEN_UP)) } else { dispute.due_at };
    match dispute.state.advance(Act::ClockRan, Side::Network, (desk.now, until), switch.disputes) {
        Ok(next) => enter(desk, &mut dispute, next, (Some(Act::ClockRan), "", "")),
        Err(_) => {
            telling::whoever_is_asked(desk, &dispute);
            dispute.due_at = deadline(desk, &dispute);
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
    // What is answered to an earlier state says nothing of this one, unless nobody thought that it would be answered any more.
    let is_late = dispute.state.is_stuck() && !sent.is_on_ladder() && sent.rank() < dispute.state.rank();
    if (sent != dispute.state && !is_late) || !told.succeeded() {
        return Ok(());
    }
    let bank = message.head.organisation.clone();
    let flag = told.settled.first().and_then(|settled| settled.element.attribute("adjFlag"));
    let (act, by) = match (sent, flag) {
        (State::WithBooks | State::NotAnswered, Some("TCC")) => (Act::CreditConfirmed, Side::Payee),
        (State::WithBooks | State::NotAnswered, Some("RET")) => (Act::CreditReturned, Side::Payee),
        (State::WithBooks | State::NotAnswered, Some("DRC")) => (Act::DebitReversed, Side::Payer),
        (State::Collecting(_) | State::NotCollected(_), _) if bank == dispute.payee_bank => {
            (Act::Collected, Side::Payee)
        }
        (State::Paying(_) | State::NotPaid(_), _) if bank == dispute.payer_bank => (Act::Paid, Side::Payer),
        _ => return Ok(()),
    };
    // A dispute that moved on meanwhile stays where it is.
    let _ = act_on(switch.disputes, desk, dispute, act, (by, &bank, ""));
    Ok(())
}

/// A message about a dispute had no effect at its receiver. Who was away is told again, by a message of the time.
pub(super) fn refused<W: Records>(desk: &mut Desk<'_, W>, payment: &str, (message, code): (&str, &str)) {
    desk.records.note("upi_switch.not_taken", message, code);
    let Some(dispute) = desk.records.find::<UpiDispute>(&payment.to_owned()) else { return };
    if dispute.state.is_repeated() {
        rest(desk, &dispute);
    }
    if !upi::mail::is_certain(code) {
        desk.wake_at(&format!("dispute-news {payment}"), desk.now.after(TOLD_AGAIN));
    }
}

/// Tells again how a dispute stands.
pub(super) fn told_again<W: Records>(desk: &mut Desk<'_, W>, payment: &str) {
    if let Some(dispute) = desk.records.find::<UpiDispute>(&payment.to_owned()) {
        telling::news(desk, &dispute);
    }
}
