//! Disputes of payers (UDIR): raised with the switch, followed by what it tells, given up or taken one step further by the payer. Of a
//! payment that has not ended only its end can be claimed, and asked for again.

use crate::binding::customer_of;
use crate::party::Psp;
use crate::payments::asked;
use crate::records::{DeviceId, Direction, Payment, PaymentState, Question};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use upi::complaints::{PaidTo, back_by};
use upi::disputes::words::word_of;
use upi::disputes::{Act, Reason, Side, Standing, State, due, may_still_raise};
use upi::ids::{CustomerReference, TransactionId};
use upi::limits::may_call;
use upi::mail::Desk;
use upi::messages::{Message, Transaction};
use upi::xml::Element;
use values::{Currency, Money, Operation, Record, Records, Timestamp};

/// A dispute as its payer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// The customer, 12 digits.
    pub mobile: String,
    /// The payment, by its transaction.
    pub payment: String,
    /// The message that raised it.
    pub message: String,
    /// The number under which the network keeps it (CRN).
    pub number: Option<String>,
    /// Why, by the name of the reason.
    pub reason: String,
    /// What is claimed, paise.
    pub paise: u64,
    /// What the network told of it, the oldest first.
    pub told: Vec<Told>,
    /// The code by which the network refused it.
    pub refused: Option<String>,
    /// Until when somebody has to say something.
    pub due_at: Option<Timestamp>,
    /// When it was raised, each time.
    pub asked: Vec<Timestamp>,
    /// When it was first raised.
    pub at: Timestamp,
    /// When something was last heard of it.
    pub changed_at: Timestamp,
}

/// One piece of news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Where the dispute stood.
    pub state: State,
    /// Since when.
    pub at: Timestamp,
}

impl Dispute {
    /// Where it stands; nothing while the network has not said.
    pub fn state(&self) -> Option<State> {
        self.told.last().map(|told| told.state)
    }

    /// What its payer may do now.
    pub fn choices(&self, now: Timestamp) -> Vec<Act> {
        let has_run = self.due_at.is_some_and(|due| due <= now);
        self.state().filter(|_| !has_run).map_or(Vec::new(), |state| state.choices(Side::Payer))
    }

    /// The claim.
    pub fn amount(&self) -> Money {
        Money::new(self.paise, Currency::INR).unwrap_or(Money::zero(Currency::INR))
    }
}

impl Record for Dispute {
    type Key = (String, String);
    const TABLE: &'static str = "psp_disputes";
    fn key(&self) -> Self::Key {
        (self.mobile.clone(), self.payment.clone())
    }
}

/// What may be claimed of a payment now.
pub fn possible(payment: &Payment, now: Timestamp) -> Vec<&'static Reason> {
    let Some(standing) = standing(payment).filter(|_| may_still_raise(payment.at, now)) else {
        return Vec::new();
    };
    Reason::possible(standing, paid_to(payment)).collect()
}

fn standing(payment: &Payment) -> Option<Standing> {
    // What a merchant gave back is not claimed back, nor what moved between a purse and its account.
    let is_own = payment.direction == Direction::Sent && payment.original.is_none();
    match payment.state {
        PaymentState::Success if is_own => Some(Standing::Paid),
        PaymentState::Failed if is_own => Some(Standing::Failed),
        PaymentState::Pending | PaymentState::Deemed if is_own => Some(Standing::Deemed),
        _ => None,
    }
}

fn paid_to(payment: &Payment) -> PaidTo {
    PaidTo::of_category(payment.category.as_deref().unwrap_or_default())
}

/// Raises a dispute. The payment's dispute, if there is one already, is the answer; while the payment has not ended the switch is told once
/// more, so that it asks the bank again.
pub struct RaiseDispute {
    /// The provider.
    pub psp: Psp,
    /// The payer's phone.
    pub device: DeviceId,
    /// The payment, by its transaction.
    pub payment: String,
    /// Why, by the name of the reason.
    pub reason: String,
    /// What is claimed; all of the payment if nothing is said.
    pub amount: Option<Money>,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl Operation for RaiseDispute {
    type Answer = Dispute;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.raise_dispute";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Dispute, Refusal> {
        let payment = sent(records, self.device, &self.payment)?;
        let known = records.find::<Dispute>(&(payment.mobile.clone(), payment.id.clone()));
        let is_open = matches!(payment.state, PaymentState::Pending | PaymentState::Deemed);
        let taken = known.as_ref().filter(|known| known.refused.is_none());
        if let Some(taken) = taken.filter(|_| !is_open) {
            return Ok(taken.clone());
        }
        let standing = standing(&payment).filter(|_| may_still_raise(payment.at, now));
        let reason = standing.and_then(|standing| Reason::find(&self.reason, standing, paid_to(&payment)));
        let reason = reason.ok_or(Refusal::NothingToDispute)?;
        let amount = self.amount.unwrap_or(payment.amount());
        let is_sum =
            !amount.is_zero() && amount.currency() == Currency::INR && amount.minor() <= payment.paise;
        if !is_sum {
            return Err(Refusal::AmountInvalid);
        }
        let asks = known.as_ref().map_or(Vec::new(), |known| known.asked.clone());
        if !may_call("complaint", &asks, payment.at, now) {
            return Err(Refusal::TooOften);
        }
        let taken = known.filter(|known| known.refused.is_none());
        let mut desk = Desk::new(self.psp.identity_of(), records, now, self.entropy);
        let raised = raise(&self.psp, &mut desk, payment, (reason, amount), asks)?;
        let Some(taken) = taken else { return Ok(raised) };
        // What is told of it goes on answering the message that raised it first.
        let again = Dispute { asked: raised.asked, ..taken };
        desk.records.put(again.clone());
        Ok(again)
    }
}

/// Raises a dispute with the switch, after these earlier times.
fn raise<W: Records>(
    psp: &Psp,
    desk: &mut Desk<'_, W>,
    payment: Payment,
    (reason, amount): (&Reason, Money),
    mut asks: Vec<Timestamp>,
) -> Result<Dispute, Refusal> {
    let now = desk.now;
    asks.push(now);
    let mut message = message(desk, &payment, "COMPLAINT")?;
    message.rest = vec![
        Element::new("Complaint")
            .with("reqAdjFlag", "PBRB")
            .with("reqAdjCode", reason.code)
            .with("reqAdjAmount", &amount.to_decimal()),
    ];
    asked(desk, &message.head.message, "ReqComplaint", &payment);
    desk.post(psp.switch(), &message);
    let dispute = Dispute {
        mobile: payment.mobile,
        payment: payment.id,
        message: message.head.message.as_str().to_owned(),
        number: None,
        reason: reason.key.to_owned(),
        paise: amount.minor(),
        told: Vec::new(),
        refused: None,
        due_at: None,
        asked: asks,
        at: now,
        changed_at: now,
    };
    desk.records.put(dispute.clone());
    Ok(dispute)
}

/// A merchant was paid and has not said for what by the end of the fifth day (T+5): the provider claims all of it back for its customer, unasked. Nothing where there is a
/// dispute already.
pub(crate) fn not_told<W: Records>(psp: &Psp, desk: &mut Desk<'_, W>, mobile: &str, payment: &str) {
    let key = (mobile.to_owned(), payment.to_owned(), Direction::Sent);
    let Some(payment) = desk.records.find::<Payment>(&key) else { return };
    let known = desk.records.find::<Dispute>(&(payment.mobile.clone(), payment.id.clone()));
    let reason = Reason::find("merchant_not_told", Standing::Paid, PaidTo::Merchant);
    let is_late = desk.now >= back_by(payment.at, PaidTo::Merchant);
    let (None, Some(reason), PaymentState::Success, true) = (known, reason, payment.state, is_late) else {
        return;
    };
    let amount = payment.amount();
    if let Err(refusal) = raise(psp, desk, payment, (reason, amount), Vec::new()) {
        desk.records.note("psp.dispute_not_raised", mobile, refusal.code());
    }
}

/// Gives a dispute up, or takes it one step further.
pub struct ActOnDispute {
    /// The provider.
    pub psp: Psp,
    /// The payer's phone.
    pub device: DeviceId,
    /// The payment, by its transaction.
    pub payment: String,
    /// What.
    pub act: Act,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl Operation for ActOnDispute {
    type Answer = Dispute;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.act_on_dispute";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Dispute, Refusal> {
        let payment = sent(records, self.device, &self.payment)?;
        let key = (payment.mobile.clone(), payment.id.clone());
        let dispute = records.find::<Dispute>(&key).ok_or(Refusal::NotFound)?;
        if !dispute.choices(now).contains(&self.act) {
            return Err(Refusal::DisputeNotNow);
        }
        let mut desk = Desk::new(self.psp.identity_of(), records, now, self.entropy);
        let mut message = message(&mut desk, &payment, "DISPUTE")?;
        message.transaction.note = Some(word_of(self.act));
        message.transaction.merchant_reference.clone_from(&dispute.number);
        message.rest = vec![Element::new("Complaint").with("reqAdjAmount", &dispute.amount().to_decimal())];
        asked(&mut desk, &message.head.message, "ReqComplaint", &payment);
        desk.post(self.psp.switch(), &message);
        Ok(dispute)
    }
}

fn sent<W: Records>(records: &mut W, device: DeviceId, payment: &str) -> Result<Payment, Refusal> {
    let customer = customer_of(records, device)?;
    let key = (customer.mobile, payment.to_owned(), Direction::Sent);
    records.find::<Payment>(&key).ok_or(Refusal::NotFound)
}

fn message<W: Records>(desk: &mut Desk<'_, W>, payment: &Payment, kind: &str) -> Result<Message, Refusal> {
    let mut transaction = Transaction::new(desk.new_transaction(), kind, desk.now);
    transaction.subtype = Some("PAYER".to_owned());
    transaction.original = Some(TransactionId::parse(&payment.id).ok_or(Refusal::NotFound)?);
    transaction.original_at = Some(payment.at);
    transaction.original_reference = CustomerReference::parse(&payment.reference);
    Ok(desk.message("ReqComplaint", transaction))
}

/// The switch said how a dispute stands. News may overtake one another.
pub(crate) fn answered<W: Records>(desk: &mut Desk<'_, W>, question: &Question, message: &Message) {
    let key = (question.mobile.clone(), question.about.clone());
    let Some(mut dispute) = desk.records.find::<Dispute>(&key) else { return };
    let Some(told) = message.response.as_ref().filter(|_| question.message == dispute.message) else {
        return;
    };
    if !told.succeeded() {
        return refused(desk, question, told.code.as_deref().unwrap_or("XF"));
    }
    let number = told.more.iter().find(|(name, _)| name == "crn").map(|(_, value)| value.clone());
    let said = |name: &str| told.settled.first().and_then(|settled| settled.element.attribute(name));
    let news = said("adjRemarks").and_then(State::parse).zip(said("adjTs").and_then(upi::time::parse));
    let Some((state, at)) = news else { return };
    dispute.number = number.or(dispute.number);
    dispute.changed_at = desk.now;
    let was_closed = dispute.state().is_some_and(State::has_ended);
    if dispute.told.iter().all(|known| known.state.rank() != state.rank()) {
        dispute.told.push(Told { state, at });
        dispute.told.sort_by_key(|told| told.state.rank());
    }
    let last = dispute.told.last().copied();
    let paid_at = message.transaction.original_at.unwrap_or(dispute.at);
    dispute.due_at = last.and_then(|last| due(last.state, last.at, paid_at));
    if matches!(last, Some(Told { state: State::PaidBack(_), .. })) {
        crate::bills::paid_back(desk, &dispute.mobile, &dispute.payment);
    }
    if !was_closed && matches!(dispute.state(), Some(State::Closed(_))) {
        let key = (dispute.mobile.clone(), dispute.payment.clone(), Direction::Sent);
        if let Some(payment) = desk.records.find::<Payment>(&key) {
            crate::blocking::claim_lost(desk.records, &dispute.mobile, &payment.other);
        }
    }
    desk.records.put(dispute);
}

/// The switch did not take a dispute.
pub(crate) fn refused<W: Records>(desk: &mut Desk<'_, W>, question: &Question, code: &str) {
    let key = (question.mobile.clone(), question.about.clone());
    let known = desk.records.find::<Dispute>(&key);
    if let Some(dispute) = known.filter(|known| known.message == question.message && known.told.is_empty()) {
        let refused = Some(code.to_owned());
        desk.records.put(Dispute { refused, changed_at: desk.now, ..dispute });
    }
}
