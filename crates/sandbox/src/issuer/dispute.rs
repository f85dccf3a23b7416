//! Disputes: what a customer claims of a payment with a card, what the bank answers, and what that does to the books.
//!
//! ```text
//!            raise            uphold, or silence for CLOSED_WITHIN
//!   (none) --------> open -----------------------------------------> upheld: the customer has the money
//!                     | \  reject
//!                     |  `-----------------------------------------> rejected: what was lent is taken back
//!                     `--------------------------------------------> withdrawn: likewise
//!                        withdraw
//! ```
//!
//! A payment has one dispute; who raises it again is told how it stands. For a payment that the customer did not make the bank
//! lends the amount after [`CREDITED_WITHIN`], and keeps the word if it is right; otherwise the customer is credited when the
//! bank upholds the claim. The money comes from the bank's own account of disputes ([`books::disputes_account`]).
//!
//! Invariant: what refunds and a dispute gave back of a payment is never more than what was paid; both count in
//! [`Authorisation::given_back`].

use super::authorise::{Authorisation, Kind, State};
use super::books;
use super::card::BankCard;
use super::notice::{self, Event};
use crate::defences::{Defence, Defences};
use crate::digest::Digest;
use ledger::Order;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use values::{Currency, Money, Operation, Outbound, Record, Records, Timestamp, TokenNumber};

const DAY: u64 = 86_400;
/// So long after a payment it can be disputed.
pub const RAISED_WITHIN: Duration = Duration::from_secs(120 * DAY);
/// So long after a dispute of a payment that the customer did not make was raised, its amount is lent. Ten days are less than
/// the ten working days in which it has to be (RBI, limiting liability of customers, 2017, paragraph 9).
pub const CREDITED_WITHIN: Duration = Duration::from_secs(10 * DAY);
/// So long after it was raised the bank has decided (ibid., paragraph 10); its silence is for the customer.
pub const CLOSED_WITHIN: Duration = Duration::from_secs(90 * DAY);

/// The topic of what falls due in a dispute.
pub const TOPIC_DISPUTE_DUE: &str = "issuer.dispute_due";

/// What a customer says went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// The customer did not make it.
    NotMine,
    /// Another amount was agreed.
    WrongAmount,
    /// The same was paid twice, or in another way.
    PaidTwice,
    /// Goods or services did not come.
    NotReceived,
}

impl Claim {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Claim; 4] = [Claim::NotMine, Claim::WrongAmount, Claim::PaidTwice, Claim::NotReceived];

    /// The word for it on wires.
    pub fn word(self) -> &'static str {
        match self {
            Claim::NotMine => "not_mine",
            Claim::WrongAmount => "wrong_amount",
            Claim::PaidTwice => "paid_twice",
            Claim::NotReceived => "not_received",
        }
    }

    /// Reads that word.
    pub fn parse(word: &str) -> Option<Claim> {
        Claim::ALL.into_iter().find(|claim| claim.word() == word)
    }
}

/// Where a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeState {
    /// The bank looks into it.
    Open,
    /// The bank agreed, or did not answer in time.
    Upheld,
    /// The bank did not agree.
    Rejected,
    /// The customer gave it up.
    Withdrawn,
}

/// A dispute of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardDispute {
    /// The payment: [`Authorisation::key`].
    pub payment: Digest,
    /// The card that paid.
    pub card: Digest,
    /// The token that paid.
    pub token: TokenNumber,
    /// What the customer says.
    pub claim: Claim,
    /// What is claimed, minor units.
    pub amount: u64,
    /// Its currency.
    pub currency: Currency,
    /// Where it stands.
    pub state: DisputeState,
    /// What the customer has of it now, minor units.
    pub credited: u64,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// When the next thing happens by itself.
    pub due_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl Record for CardDispute {
    type Key = Digest;
    const TABLE: &'static str = "card_disputes";
    fn key(&self) -> Digest {
        self.payment
    }
}

/// Why nothing is disputed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoDispute {
    /// The token made no such payment.
    Unknown,
    /// Nothing was taken, or it was taken back.
    NothingTaken,
    /// It is too long ago.
    TooLate,
    /// More than is left of it, or nothing.
    Amount,
    /// Of this payment nobody has disputed anything.
    None,
    /// It is over.
    Over,
}

impl NoDispute {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            NoDispute::Unknown => "payment_unknown",
            NoDispute::NothingTaken => "nothing_taken",
            NoDispute::TooLate => "dispute_too_late",
            NoDispute::Amount => "dispute_amount",
            NoDispute::None => "dispute_unknown",
            NoDispute::Over => "dispute_over",
        }
    }
}

/// A dispute as it stands now, or why there is none. A no is an answer like any other: the asker may repeat it.
pub type Answered = Result<CardDispute, NoDispute>;

/// The customer disputes a payment.
#[derive(Clone, Debug)]
pub struct RaiseDispute {
    /// The payment.
    pub payment: Digest,
    /// The token that the customer's phone has.
    pub token: TokenNumber,
    /// What went wrong.
    pub claim: Claim,
    /// How much of it is claimed.
    pub amount: Money,
    /// Which checks stand.
    pub defences: Defences,
}

impl Operation for RaiseDispute {
    type Answer = Answered;
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "issuer.raise_dispute";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Answered, Self::Refusal> {
        if let Some(known) = records.find::<CardDispute>(&self.payment) {
            return Ok(if self.is_own(known.token) { Ok(known) } else { Err(NoDispute::Unknown) });
        }
        Ok(self.admitted(records, now).map(|payment| self.open(records, &payment, now)))
    }
}

impl RaiseDispute {
    /// Whether the payment of this token may be disputed by whoever asks.
    fn is_own(&self, token: TokenNumber) -> bool {
        token == self.token || !self.defences.stands(Defence::IssuerDisputeOwn)
    }

    /// The payment, if it can be disputed.
    fn admitted(&self, records: &mut impl Records, now: Timestamp) -> Result<Authorisation, NoDispute> {
        let payment = records.find::<Authorisation>(&self.payment).ok_or(NoDispute::Unknown)?;
        if !payment.token.is_some_and(|token| self.is_own(token)) {
            return Err(NoDispute::Unknown);
        }
        let took = matches!(payment.kind, Kind::Purchase | Kind::Completion);
        if !took || payment.state != State::Posted {
            return Err(NoDispute::NothingTaken);
        }
        if payment.at.after(RAISED_WITHIN) < now && self.defences.stands(Defence::IssuerDisputeInTime) {
            return Err(NoDispute::TooLate);
        }
        let left = payment.posted.saturating_sub(payment.given_back);
        let above = self.amount.minor() > left && self.defences.stands(Defence::IssuerDisputeAmount);
        if self.amount.is_zero() || self.amount.currency() != payment.currency || above {
            return Err(NoDispute::Amount);
        }
        Ok(payment)
    }

    fn open(&self, records: &mut impl Records, payment: &Authorisation, now: Timestamp) -> CardDispute {
        let first = if self.claim == Claim::NotMine { CREDITED_WITHIN } else { CLOSED_WITHIN };
        let dispute = CardDispute {
            payment: self.payment,
            card: payment.card,
            token: self.token,
            claim: self.claim,
            amount: self.amount.minor(),
            currency: payment.currency,
            state: DisputeState::Open,
            credited: 0,
            raised_at: now,
            due_at: now.after(first),
            ended_at: None,
        };
        wake(records, &dispute);
        records.put(dispute.clone());
        dispute
    }
}

/// What ends a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The bank agrees.
    Uphold,
    /// The bank does not.
    Reject,
    /// The customer gives it up.
    Withdraw,
}

/// Ends a dispute.
#[derive(Clone, Debug)]
pub struct EndDispute {
    /// The payment.
    pub payment: Digest,
    /// The token that the customer's phone has, if the customer asks.
    pub token: Option<TokenNumber>,
    /// How.
    pub ending: Ending,
}

impl Operation for EndDispute {
    type Answer = Answered;
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "issuer.end_dispute";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Answered, Self::Refusal> {
        let known = records.find::<CardDispute>(&self.payment);
        let own = known.filter(|known| self.token.is_none_or(|token| token == known.token));
        Ok(match own {
            None => Err(NoDispute::None),
            Some(known) if known.state != DisputeState::Open => Err(NoDispute::Over),
            Some(known) => Ok(end(records, known, self.ending, now)),
        })
    }
}

/// Says how a dispute stands; changes nothing.
#[derive(Clone, Debug)]
pub struct LookAtDispute {
    /// The payment.
    pub payment: Digest,
    /// The token that the customer's phone has.
    pub token: TokenNumber,
}

impl Operation for LookAtDispute {
    type Answer = Answered;
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "issuer.look_at_dispute";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<Answered, Self::Refusal> {
        let known = records.find::<CardDispute>(&self.payment).filter(|known| known.token == self.token);
        Ok(known.ok_or(NoDispute::None))
    }
}

/// What falls due in a dispute: the amount is lent, or the bank has been silent for too long.
#[derive(Clone, Debug)]
pub struct DisputeDue {
    /// The payment.
    pub payment: Digest,
}

impl Operation for DisputeDue {
    type Answer = ();
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "issuer.dispute_due";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Self::Refusal> {
        let known = records.find::<CardDispute>(&self.payment);
        let Some(mut known) = known.filter(|known| known.state == DisputeState::Open && known.due_at <= now)
        else {
            return Ok(());
        };
        let closes = known.raised_at.after(CLOSED_WITHIN);
        if known.due_at >= closes {
            end(records, known, Ending::Uphold, now);
            return Ok(());
        }
        credit(records, &mut known, now);
        known.due_at = closes;
        wake(records, &known);
        records.put(known);
        Ok(())
    }
}

fn wake(records: &mut impl Records, dispute: &CardDispute) {
    records.send(Outbound {
        topic: TOPIC_DISPUTE_DUE.to_owned(),
        key: format!("{}.{}", dispute.payment, dispute.due_at.millis()),
        due: dispute.due_at,
        body: dispute.payment.0.to_vec(),
    });
}

/// The dispute that a body under [`TOPIC_DISPUTE_DUE`] is about.
pub fn due(body: &[u8]) -> Option<DisputeDue> {
    Some(DisputeDue { payment: Digest(body.try_into().ok()?) })
}

fn end(records: &mut impl Records, mut dispute: CardDispute, ending: Ending, now: Timestamp) -> CardDispute {
    dispute.state = match ending {
        Ending::Uphold => DisputeState::Upheld,
        Ending::Reject => DisputeState::Rejected,
        Ending::Withdraw => DisputeState::Withdrawn,
    };
    match ending {
        Ending::Uphold if dispute.credited == 0 => credit(records, &mut dispute, now),
        Ending::Uphold => {}
        Ending::Reject | Ending::Withdraw => take_back(records, &mut dispute, now),
    }
    let key = format!("{}.{}", dispute.payment, dispute.due_at.millis());
    records.cancel(TOPIC_DISPUTE_DUE, &key);
    dispute.ended_at = Some(now);
    records.put(dispute.clone());
    dispute
}

/// Gives the customer what is claimed, as far as refunds have left of it.
fn credit(records: &mut impl Records, dispute: &mut CardDispute, now: Timestamp) {
    let Some(payment) = records.find::<Authorisation>(&dispute.payment) else { return };
    let left = match payment.state {
        State::Posted => payment.posted.saturating_sub(payment.given_back),
        // Taken back since: the customer has it all.
        _ => 0,
    };
    let amount = dispute.amount.min(left);
    if move_credit(records, dispute, amount, Event::GivenBack, &payment, now) {
        dispute.credited = amount;
        records.put(Authorisation { given_back: payment.given_back + amount, ..payment });
    }
}

/// Takes back what was lent.
fn take_back(records: &mut impl Records, dispute: &mut CardDispute, now: Timestamp) {
    let Some(payment) = records.find::<Authorisation>(&dispute.payment) else { return };
    let amount = dispute.credited;
    if move_credit(records, dispute, amount, Event::TakenBack, &payment, now) {
        dispute.credited = 0;
        let given_back = payment.given_back.saturating_sub(amount);
        records.put(Authorisation { given_back, ..payment });
    }
}

/// Books a credit, or the end of one, and tells the customer. Whether anything moved.
fn move_credit(
    records: &mut impl Records,
    dispute: &CardDispute,
    amount: u64,
    event: Event,
    payment: &Authorisation,
    now: Timestamp,
) -> bool {
    let Some(amount) = Money::new(amount, dispute.currency).ok().filter(|amount| !amount.is_zero()) else {
        return false;
    };
    if books::open_disputes(records, dispute.currency).is_err() {
        return false;
    }
    let gives = event == Event::GivenBack;
    let id = dispute.payment.with(if gives { "dispute credit" } else { "dispute credit back" });
    let account = books::account_of(records, dispute.card);
    let order = books::dispute_credit(id, account, amount);
    let booked = match gives {
        true => ledger::transfer(records, order, now),
        false => {
            books::take_credit_back(records, Order { debit: order.credit, credit: order.debit, ..order }, now)
        }
    };
    if booked.is_err() {
        return false;
    }
    if let Some(card) = records.find::<BankCard>(&dispute.card) {
        notice::send(records, &card, event, id, amount, &payment.merchant, now);
    }
    true
}
