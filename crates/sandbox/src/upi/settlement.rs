//! The files of a cycle: the network's, one for each bank and role, and what a bank has to compare them with: its log of what it
//! answered, and its books. What a dispute gives back is a row of its own, under the dispute's number, in a cycle of disputes.

use super::bank::{UpiDisputeCase, UpiLeg, dispute_movement, movements};
use super::directory::UpiBank;
use super::switch::{Side, UpiDispute, UpiDisputeStep, UpiPayment};
use ledger::Transfer;
use upi::disputes::{Ground, State as DisputeState};
use upi::machines::leg::{Leg, LegState};
use upi::machines::switch::{Beginning, State};
use upi::settlement::{Cycle, Role, Row, RowState, Source, Writer};
use values::{Records, Timestamp};

/// The kind of a row about a dispute.
const DISPUTE: &str = "DISPUTE";

/// The cycle a payment belongs to: in which it was paid between the banks, or failed. None while it is under way.
pub fn cycle_of(payment: &UpiPayment) -> Option<Cycle> {
    let failed_at = matches!(payment.state, State::Failed(_)).then_some(payment.changed_at);
    payment.settled_at.or(failed_at).map(Cycle::at)
}

/// How a payment stands in the network's file. One that was given back later counted in its cycle, which its code says (21); what
/// gives it back counts in a cycle of disputes.
fn state_of(payment: &UpiPayment) -> RowState {
    match payment.state {
        State::Success => RowState::Success,
        State::Deemed => RowState::Deemed,
        _ => RowState::Failed,
    }
}

fn kind_of(payment: &UpiPayment) -> &'static str {
    let is_person = payment.payee.category.as_deref().is_none_or(|category| category == "0000");
    match payment.beginning {
        Beginning::Collect => "UC",
        _ if is_person => "U3",
        _ => "U2",
    }
}

/// One row of the network's file for a bank's side of a payment.
pub fn network_row(file: &mut Writer, payment: &UpiPayment, role: Role, cycle: &Cycle) {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    let (reference, cause) = (text(&payment.reference), text(&payment.cause));
    let (mode, purpose) = (text(&payment.mode), text(&payment.purpose));
    let category = payment.payee.category.clone().unwrap_or_else(|| "0000".to_owned());
    let (name, date) = (cycle.to_string(), cycle.date());
    let subtype = match payment.beginning {
        Beginning::Collect if payment.mandate.is_some() => "MANDATE",
        Beginning::Collect => "COLLECT",
        Beginning::Refund => "REFUND",
        Beginning::Pay | Beginning::PayPreApproved => "PAY",
    };
    let leg = if role == Role::Remitter { "DEBIT" } else { "CREDIT" };
    let side = |side: &'_ Side| (side.address.clone(), side.ifsc.clone());
    let ((payer, payer_branch), (payee, payee_branch)) = (side(&payment.payer), side(&payment.payee));
    file.row(&Row {
        source: Source::Network,
        cycle: &name,
        role,
        kind: kind_of(payment),
        transaction: &payment.id,
        reference: &reference,
        leg: (leg, subtype),
        state: state_of(payment),
        codes: (payment.state.code().unwrap_or("01"), &cause),
        paise: payment.paise,
        payer: (&payer, &payer_branch, ""),
        payee: (&payee, &payee_branch, ""),
        about: (&category, &mode, &purpose),
        at: (payment.at, payment.settled_at.unwrap_or(payment.changed_at)),
        date: &date,
    });
}

/// When a dispute began to count between the banks, if that is this step.
pub fn counts_from(step: &UpiDisputeStep) -> Option<Timestamp> {
    matches!(step.state, DisputeState::Paying(_)).then_some(step.at)
}

/// One row of the network's file for a bank's side of a dispute that counts since `at`. Nothing for the payee's bank where there never was a
/// credit: it has nothing to book.
pub fn network_dispute_row(
    file: &mut Writer,
    (dispute, payment): (&UpiDispute, &UpiPayment),
    role: Role,
    at: Timestamp,
) {
    let ground = match dispute.state {
        DisputeState::Paying(ground) | DisputeState::NotPaid(ground) | DisputeState::PaidBack(ground) => {
            ground
        }
        _ => return,
    };
    if ground == Ground::CreditReturned && role == Role::Beneficiary {
        return;
    }
    let cycle = Cycle::of_disputes(at);
    let (name, date) = (cycle.to_string(), cycle.date());
    file.row(&Row {
        source: Source::Network,
        cycle: &name,
        role,
        kind: DISPUTE,
        transaction: &dispute.number,
        reference: payment.reference.as_deref().unwrap_or_default(),
        leg: (DISPUTE, &dispute.reason),
        state: RowState::Success,
        codes: ("00", ""),
        paise: dispute.paise,
        payer: (&payment.payer.address, &payment.payer.ifsc, ""),
        payee: (&payment.payee.address, &payment.payee.ifsc, ""),
        about: (payment.payee.category.as_deref().unwrap_or("0000"), "", ""),
        at: (dispute.at, at),
        date: &date,
    });
}

/// One row of a bank's own about its side of a dispute, once it booked it at `at`; `leg` is the leg of the payment.
pub fn bank_dispute_row(
    file: &mut Writer,
    bank: &UpiBank,
    (case, leg): (&UpiDisputeCase, &UpiLeg),
    source: Source,
    at: Timestamp,
) {
    let cycle = Cycle::of_disputes(at);
    let (name, date, branch) = (cycle.to_string(), cycle.date(), bank.branch());
    let (role, payer, payee) = sides(leg, branch.as_str());
    file.row(&Row {
        source,
        cycle: &name,
        role,
        kind: "",
        transaction: &case.number,
        reference: &leg.reference,
        leg: (DISPUTE, &case.reason),
        state: RowState::Success,
        codes: ("", ""),
        paise: case.paise,
        payer,
        payee,
        about: (&leg.category, "", ""),
        at: (case.at, at),
        date: &date,
    });
}

/// Whether the books hold a bank's side of a dispute.
pub fn dispute_booked<W: Records>(records: &mut W, case: &UpiDisputeCase) -> bool {
    records.find::<Transfer>(&dispute_movement(&case.payment, case.side)).is_some()
}

/// A side of a row: address, branch, type of account.
type Sided<'a> = (&'a str, &'a str, &'a str);

/// A bank's role in a leg, and payer and payee as it knows them: its own branch, and the other side's address.
fn sides<'a>(leg: &'a UpiLeg, branch: &'a str) -> (Role, Sided<'a>, Sided<'a>) {
    let (own, other) = (("", branch, ""), (leg.other.as_str(), "", ""));
    match leg.leg {
        Leg::Debit => (Role::Remitter, own, other),
        Leg::Credit => (Role::Beneficiary, other, own),
    }
}

/// One row of a bank's own: its log, or its books.
pub fn bank_row(file: &mut Writer, bank: &UpiBank, leg: &UpiLeg, source: Source, state: RowState) {
    let cycle = Cycle::at(leg.at);
    let (name, date, branch) = (cycle.to_string(), cycle.date(), bank.branch());
    let (role, payer, payee) = sides(leg, branch.as_str());
    let kind = if role == Role::Remitter { "DEBIT" } else { "CREDIT" };
    file.row(&Row {
        source,
        cycle: &name,
        role,
        kind: "",
        transaction: &leg.transaction,
        reference: &leg.reference,
        leg: (kind, &leg.subtype),
        state,
        codes: ("", &leg.code),
        paise: leg.paise,
        payer,
        payee,
        about: (&leg.category, "", ""),
        at: (leg.at, leg.at),
        date: &date,
    });
}

/// How a leg stands by what the bank answered.
pub fn logged(leg: &UpiLeg) -> RowState {
    match leg.state {
        LegState::Applied(_) | LegState::Kept(_) => RowState::Success,
        _ => RowState::Failed,
    }
}

/// How a leg stands by the books; nothing where nothing was ever booked.
pub fn booked<W: Records>(records: &mut W, leg: &UpiLeg) -> Option<RowState> {
    let mut has = |undone: bool| {
        let of_leg = movements(&leg.transaction)
            .into_iter()
            .find(|(known, was, _)| (*known, *was) == (leg.leg, undone));
        of_leg.is_some_and(|(.., id)| records.find::<Transfer>(&id).is_some())
    };
    let (applied, undone) = (has(false), has(true));
    applied.then_some(if undone { RowState::Failed } else { RowState::Success })
}

/// Whether a cycle is over, so that nothing comes to it any more.
pub fn is_over(cycle: &Cycle, now: Timestamp) -> bool {
    cycle.until <= now
}
