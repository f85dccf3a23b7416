//! Disputes at a bank: what the network tells of them, what the bank's people do in them, and the money that they move. A bank that
//! gives a claim back takes it from its customer's account, and where that has too little pays itself.

mod desk;
pub mod records;

use super::records::{UpiAccount, UpiLeg, UpiPurse};
use super::texts::{self, Event};
use super::{Bank, books, legs, purses};
use crate::defences::Defence;
pub use desk::{ActOnDispute, DeskRefusal};
use records::{UpiDisputeAct, UpiDisputeCase};
use upi::disputes::{Ground, REASONS, Side, State, due};
use upi::machines::leg::Leg;
use upi::mail::{Desk, response};
use upi::messages::Message;
use upi::xml::Element;
use values::{Currency, Money, Records};

/// The network tells how a dispute stands; where it was decided for the payer, that is the order to book.
pub(super) fn told<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<Message, &'static str> {
    let told = Told::read(message).ok_or("U07")?;
    let known = desk.records.find::<UpiDisputeCase>(&(told.payment.clone(), told.side));
    let is_news = known.as_ref().is_none_or(|known| told.state.rank() > known.state.rank());
    let mut case = known.unwrap_or_else(|| told.case(desk));
    if is_news {
        case.state = told.state;
        case.changed_at = desk.now;
        case.due_at = message.transaction.at.and_then(|since| due(told.state, since, told.paid_at));
    }
    let books_now = match told.state {
        State::Collecting(_) | State::NotCollected(_) => told.side == Side::Payee,
        State::Paying(_) | State::NotPaid(_) => told.side == Side::Payer,
        _ => false,
    };
    let mut outcome = Ok(());
    if books_now && case.booked_at.is_none() {
        outcome = book(bank, desk, &mut case);
    }
    desk.records.put(case);
    let mut answer = desk.answer(message, response(&message.head.message, outcome));
    answer.rest.clone_from(&message.rest);
    Ok(answer)
}

/// What the network says of a dispute.
struct Told {
    payment: String,
    side: Side,
    number: String,
    reason: String,
    paise: u64,
    state: State,
    paid_at: values::Timestamp,
}

impl Told {
    fn read(message: &Message) -> Option<Told> {
        let transaction = &message.transaction;
        let complaint = message.rest.iter().find(|element| element.name == "Complaint")?;
        Some(Told {
            payment: transaction.original.as_ref()?.as_str().to_owned(),
            side: match transaction.subtype.as_deref()? {
                "REMITTER" => Side::Payer,
                "BENEFICIARY" => Side::Payee,
                _ => return None,
            },
            number: transaction.merchant_reference.clone()?,
            reason: complaint.attribute("reqAdjCode")?.to_owned(),
            paise: Money::parse(complaint.attribute("reqAdjAmount")?, Currency::INR).ok()?.minor(),
            state: State::parse(transaction.note.as_deref()?)?,
            paid_at: transaction.original_at?,
        })
    }

    fn case<W: Records>(&self, desk: &Desk<'_, W>) -> UpiDisputeCase {
        UpiDisputeCase {
            payment: self.payment.clone(),
            side: self.side,
            number: self.number.clone(),
            reason: self.reason.clone(),
            paise: self.paise,
            state: self.state,
            due_at: None,
            is_advanced: false,
            booked_at: None,
            at: desk.now,
            changed_at: desk.now,
        }
    }
}

/// Books a side of a dispute that was decided for the payer, once.
fn book<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    case: &mut UpiDisputeCase,
) -> Result<(), &'static str> {
    let which = if case.side == Side::Payee { Leg::Credit } else { Leg::Debit };
    let leg = desk.records.find::<UpiLeg>(&(case.payment.clone(), which)).ok_or("XF")?;
    let account = holder(desk, &leg).ok_or("XH")?;
    if case.side == Side::Payee {
        let total = leg.refunded.saturating_add(case.paise);
        let is_left = leg.state.stands() && total <= leg.paise;
        if !is_left && bank.defences.stands(Defence::DisputeOrRefund) {
            return Err("XF");
        }
        desk.records.put(UpiLeg { refunded: total, ..leg.clone() });
        case.is_advanced = books::available(desk.records, &account) < case.paise;
    }
    let from = (!case.is_advanced).then_some(&account);
    let booked = books::dispute(desk.records, from, (case.side, &case.payment), case.paise, desk.now);
    booked.map_err(|_| "96")?;
    case.booked_at = Some(desk.now);
    if case.side == Side::Payer && is_late_money(case) {
        legs::compensate(desk, &account, &leg);
    }
    if !case.is_advanced {
        // The text is about the dispute, under its own name.
        let moved = UpiLeg { transaction: case.number.clone(), paise: case.paise, ..leg };
        let event = if case.side == Side::Payee { Event::Debit } else { Event::Reversal };
        texts::tell(bank, desk, &account, event, &moved);
    }
    Ok(())
}

/// Whether what comes back is money that a failed payment kept too long, which brings compensation along: the payee had no credit, or the
/// merchant was not told of it. Goods that did not come are no failure of the payment.
fn is_late_money(case: &UpiDisputeCase) -> bool {
    let was_returned =
        matches!(case.state, State::Paying(Ground::CreditReturned) | State::NotPaid(Ground::CreditReturned));
    was_returned || REASONS.iter().any(|reason| reason.is_delay && reason.chargeback_code == case.reason)
}

/// The account of a leg; what a purse paid comes back into the account that fills it.
fn holder<W: Records>(desk: &mut Desk<'_, W>, leg: &UpiLeg) -> Option<UpiAccount> {
    let account = desk.records.find::<UpiAccount>(&leg.account)?;
    if leg.leg == Leg::Credit || !purses::is_purse(&account) {
        return Some(account);
    }
    let purse = desk.records.find::<UpiPurse>(&account.number)?;
    desk.records.find::<UpiAccount>(&purse.account)
}

/// A payer says that a failed payment's debit did not come back: what still stands of it is taken back now, and the answer says that
/// nothing does (DRC).
pub(super) fn debit_stands<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<Message, &'static str> {
    let original = message.transaction.original.as_ref().ok_or("U07")?.as_str().to_owned();
    let code = legs::take_back(bank, desk, &original, Leg::Debit);
    let is_undone = matches!(code.as_str(), "00" | "ND" | "OD");
    let mut told = response(&message.head.message, if is_undone { Ok(()) } else { Err(&code) });
    let said = Element::new("Ref").with("type", "REMITTER").with("seqNum", "1");
    // Reason 102: done online. Reason 104: the original was not done.
    let reason = if code == "00" { "102" } else { "104" };
    told.rest =
        vec![said.with("adjFlag", "DRC").with("adjCode", reason).with("adjTs", &upi::time::write(desk.now))];
    let mut answer = desk.answer(message, told);
    answer.rest.clone_from(&message.rest);
    Ok(answer)
}

/// The network answered what this bank's people did.
pub(super) fn answered<W: Records>(desk: &mut Desk<'_, W>, message: &Message) -> Result<(), &'static str> {
    let told = message.response.as_ref().ok_or("U07")?;
    let code = if told.succeeded() { "00" } else { told.code.as_deref().unwrap_or("XF") };
    if refused(desk, told.to.as_str(), code) { Ok(()) } else { Err("U04") }
}

/// Notes how something came out that this bank's people did. Whether the message was one of these.
pub(super) fn refused<W: Records>(desk: &mut Desk<'_, W>, message: &str, code: &str) -> bool {
    let Some(act) = desk.records.find::<UpiDisputeAct>(&message.to_owned()) else { return false };
    desk.records.put(UpiDisputeAct { outcome: Some(code.to_owned()), ..act });
    true
}
