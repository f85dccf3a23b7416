//! What the network remembers of a payment, so that every message may come twice, late or never.
//!
//! | state | request again | answer | time-out | reversal |
//! | --- | --- | --- | --- | --- |
//! | unknown | forward | drop | - | remember |
//! | in flight | nothing: its answer will come (repeated advice: forward again) | pass on, count | 91, reverse | reverse |
//! | answered | the same answer | drop | - | uncount, reverse |
//! | timed out | 91 (advice: forward again) | approval: reverse (advice: count) | - | reverse |
//! | reversed | 94 | drop | - | accepted |
//!
//! "Reverse" stages a 0420 to the issuer, repeated until its 0430 comes.

use super::TOPIC_REVERSAL;
use super::settlement::{self, Leg, Settled, SettlementDay};
use crate::defences::{Defence, Defences};
use crate::digest::Digest;
use serde::{Deserialize, Serialize};
use values::{Currency, Money, Operation, Outbound, Record, Records, Timestamp};

/// Where a payment stands with the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SwitchState {
    /// Forwarded, not answered.
    InFlight,
    /// Answered.
    Answered,
    /// Not answered in time; the acquirer was told 91.
    TimedOut,
    /// Taken back.
    Reversed,
    /// Its reversal came first.
    ReversedUnseen,
}

/// Which way money moves if it is approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the issuer to the acquirer: purchase, completion.
    ToAcquirer,
    /// Back to the issuer: refund.
    ToIssuer,
    /// Nowhere yet: pre-authorisation.
    Nowhere,
}

/// What was answered to the acquirer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchedAnswer {
    /// DE 39.
    pub code: String,
    /// DE 38.
    pub approval: Option<String>,
    /// DE 55: the issuer's proof.
    pub chip: Option<Vec<u8>>,
}

impl SwitchedAnswer {
    /// An answer of the network's own.
    pub fn of_network(code: &str) -> SwitchedAnswer {
        SwitchedAnswer { code: code.to_owned(), ..SwitchedAnswer::default() }
    }

    fn is_approved(&self) -> bool {
        self.code == "00"
    }
}

/// A payment as the network remembers it. It carries a token, never a card number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switched {
    /// [`Digest::of_message`].
    pub message: Digest,
    /// Where it stands.
    pub state: SwitchState,
    /// Whether it stands in the positions.
    pub counted: bool,
    /// Whether it tells of something done (0220), which is repeated until it is answered.
    pub advice: bool,
    /// Which way money moves.
    pub direction: Direction,
    /// How much, minor units.
    pub amount: u64,
    /// The currency.
    pub currency: Currency,
    /// Institution code of the acquirer.
    pub acquirer: String,
    /// Institution code of the issuer.
    pub issuer: String,
    /// DE 37.
    pub reference: String,
    /// The payment that is refunded or completed.
    pub original: Option<Digest>,
    /// What of it was refunded since, minor units.
    pub given_back: u64,
    /// Its settlement day, `YYYYMMDD`.
    pub date: u32,
    /// What was answered.
    pub answer: Option<SwitchedAnswer>,
    /// The elements that a reversal needs, as a message of the `net` profile.
    pub essence: Vec<u8>,
    /// When it came.
    pub at: Timestamp,
}

impl Record for Switched {
    type Key = Digest;
    const TABLE: &'static str = "switched";
    fn key(&self) -> Digest {
        self.message
    }
}

/// What to do with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Send it on, with this settlement day (`YYYYMMDD`) in DE 15.
    Forward {
        /// `YYYYMMDD`.
        date: u32,
    },
    /// Nothing: it is in flight, and its answer will come.
    InProgress,
    /// Answer this.
    Answer(SwitchedAnswer),
}

/// A request for money to be switched; made by [`super::prepare`].
#[derive(Clone, Debug)]
pub struct Switch {
    /// [`Digest::of_message`].
    pub message: Digest,
    /// Whether it is an advice.
    pub advice: bool,
    /// Whether the acquirer says that it sends it again.
    pub repeat: bool,
    /// Which way money moves.
    pub direction: Direction,
    /// How much.
    pub amount: Money,
    /// Institution code of the acquirer.
    pub acquirer: String,
    /// Institution code of the issuer.
    pub issuer: String,
    /// DE 37.
    pub reference: String,
    /// The payment that is refunded or completed.
    pub original: Option<Digest>,
    /// See [`Switched::essence`].
    pub essence: Vec<u8>,
    /// Which checks stand.
    pub defences: Defences,
}

impl Operation for Switch {
    type Answer = Outcome;
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "network.switch";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Outcome, Self::Refusal> {
        let refused = |code| Ok(Outcome::Answer(SwitchedAnswer::of_network(code)));
        let Some(known) = records.find::<Switched>(&self.message) else {
            return Ok(self.forward(records, now));
        };
        let remembered = match known.state {
            SwitchState::Reversed | SwitchState::ReversedUnseen => Defence::NetworkEarlyReversal,
            _ => Defence::NetworkRepeats,
        };
        if !self.defences.stands(remembered) {
            return Ok(self.forward(records, now));
        }
        let same = (known.amount, known.currency, known.issuer.as_str(), known.direction)
            == (self.amount.minor(), self.amount.currency(), self.issuer.as_str(), self.direction);
        match known.state {
            SwitchState::Reversed | SwitchState::ReversedUnseen => refused("94"),
            _ if !same => refused("94"),
            // Its first answer may have been lost with a process: the issuer knows repeats.
            SwitchState::InFlight if known.advice && self.repeat => Ok(Outcome::Forward { date: known.date }),
            SwitchState::InFlight => Ok(Outcome::InProgress),
            SwitchState::TimedOut if known.advice => Ok(self.forward(records, now)),
            SwitchState::TimedOut => refused("91"),
            SwitchState::Answered => Ok(Outcome::Answer(known.answer.unwrap_or_default())),
        }
    }
}

impl Switch {
    fn forward(&self, records: &mut impl Records, now: Timestamp) -> Outcome {
        let date = settlement::enter(records, now);
        records.put(self.record(SwitchState::InFlight, date, now));
        Outcome::Forward { date }
    }

    fn record(&self, state: SwitchState, date: u32, now: Timestamp) -> Switched {
        Switched {
            message: self.message,
            state,
            counted: false,
            advice: self.advice,
            direction: self.direction,
            amount: self.amount.minor(),
            currency: self.amount.currency(),
            acquirer: self.acquirer.clone(),
            issuer: self.issuer.clone(),
            reference: self.reference.clone(),
            original: self.original,
            given_back: 0,
            date,
            answer: None,
            essence: self.essence.clone(),
            at: now,
        }
    }
}

/// What to do with an answer from the issuer's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Send it to the acquirer.
    PassOn,
    /// Nobody waits for it.
    Drop,
}

/// An answer that came from the issuer's side; made by [`super::answered`].
#[derive(Clone, Debug)]
pub struct Answered {
    /// The payment it answers.
    pub message: Digest,
    /// What it says.
    pub answer: SwitchedAnswer,
    /// Which checks stand.
    pub defences: Defences,
}

impl Operation for Answered {
    type Answer = Verdict;
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "network.answered";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Verdict, Self::Refusal> {
        let subject = self.message.to_string();
        let Some(known) = records.find::<Switched>(&self.message) else {
            records.note("network.unsolicited_answer", &subject, &self.answer.code);
            return Ok(Verdict::Drop);
        };
        match known.state {
            SwitchState::InFlight => {
                settlement::leave(records, known.date);
                self.settle(records, known, now);
                Ok(Verdict::PassOn)
            }
            SwitchState::TimedOut => {
                records.note("network.late_answer", &subject, &self.answer.code);
                if known.advice {
                    self.settle(records, known, now);
                } else if self.answer.is_approved() && self.defences.stands(Defence::LateAnswers) {
                    stage_reversal(records, &known, known.date, "68", now);
                }
                Ok(Verdict::Drop)
            }
            SwitchState::Answered | SwitchState::Reversed | SwitchState::ReversedUnseen => {
                records.note("network.second_answer", &subject, &self.answer.code);
                Ok(Verdict::Drop)
            }
        }
    }
}

impl Answered {
    fn settle(&self, records: &mut impl Records, known: Switched, now: Timestamp) {
        let closed = records.find::<SettlementDay>(&known.date).is_some_and(|day| day.state.is_final());
        let date = if closed { settlement::open_day(records, now) } else { known.date };
        let counted = self.answer.is_approved() && known.direction != Direction::Nowhere;
        let answer = Some(self.answer.clone());
        let known = Switched { state: SwitchState::Answered, counted, date, answer, ..known };
        if counted {
            settlement::count(records, movement(&known, Leg::Payment, date));
            settlement::know_acquirer(records, date, &known.acquirer);
            change_given_back(records, &known, |sum| sum.saturating_add(known.amount));
        }
        records.put(known);
    }
}

/// The wait for an answer is over. The answer to give, if none was given.
///
/// After a restart nobody waits any more: execute it for every [`Switched`] that is still in flight.
#[derive(Clone, Debug)]
pub struct TimedOut {
    /// The payment.
    pub message: Digest,
    /// Which checks stand.
    pub defences: Defences,
}

impl Operation for TimedOut {
    type Answer = Option<SwitchedAnswer>;
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "network.timed_out";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Self::Answer, Self::Refusal> {
        let in_flight = |known: &Switched| known.state == SwitchState::InFlight;
        let Some(known) = records.find::<Switched>(&self.message).filter(in_flight) else {
            return Ok(None);
        };
        settlement::leave(records, known.date);
        if !known.advice && self.defences.stands(Defence::LateAnswers) {
            stage_reversal(records, &known, known.date, "98", now);
        }
        records.put(Switched { state: SwitchState::TimedOut, ..known });
        Ok(Some(SwitchedAnswer::of_network("91")))
    }
}

/// An acquirer takes a payment back. The network answers at once and sees to it that the issuer hears of it.
#[derive(Clone, Debug)]
pub struct Reverse {
    /// The payment, as DE 90 names it, and what else is known of it.
    pub original: Switch,
    /// DE 39: why.
    pub reason: String,
}

impl Operation for Reverse {
    /// DE 39 of the answer.
    type Answer = String;
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "network.reverse";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<String, Self::Refusal> {
        let accepted = Ok("00".to_owned());
        let Some(known) = records.find::<Switched>(&self.original.message) else {
            let date = settlement::open_day(records, now);
            records.put(self.original.record(SwitchState::ReversedUnseen, date, now));
            return accepted;
        };
        let (amount, currency) = (self.original.amount.minor(), self.original.amount.currency());
        let once = self.original.defences.stands(Defence::NetworkReversalOnce);
        match known.state {
            SwitchState::Reversed | SwitchState::ReversedUnseen if once => return accepted,
            _ if (known.amount, known.currency) != (amount, currency) => return Ok("64".to_owned()),
            // A refund of it stands: the two would give back more than was paid.
            _ if known.given_back > 0 => return Ok("12".to_owned()),
            SwitchState::InFlight => settlement::leave(records, known.date),
            _ => {}
        }
        let declined = known.answer.as_ref().is_some_and(|answer| !answer.is_approved());
        let date = if known.counted { settlement::open_day(records, now) } else { known.date };
        if known.counted {
            settlement::count(records, movement(&known, Leg::Reversal, date));
            settlement::know_acquirer(records, date, &known.acquirer);
            change_given_back(records, &known, |sum| sum.saturating_sub(known.amount));
        }
        if !declined {
            stage_reversal(records, &known, date, &self.reason, now);
        }
        records.put(Switched { state: SwitchState::Reversed, ..known });
        accepted
    }
}

/// What a payment or its reversal moves between the two institutions.
fn movement(known: &Switched, leg: Leg, date: u32) -> Settled {
    let to_acquirer = (known.direction == Direction::ToAcquirer) == (leg == Leg::Payment);
    let (acquirer, issuer) = (known.acquirer.clone(), known.issuer.clone());
    let (debtor, creditor) = if to_acquirer { (issuer, acquirer) } else { (acquirer, issuer) };
    Settled {
        date,
        message: known.message,
        leg,
        debtor,
        creditor,
        currency: known.currency,
        amount: known.amount,
        reference: known.reference.clone(),
    }
}

/// A refund changes what was given back of the payment it names.
fn change_given_back(records: &mut impl Records, refund: &Switched, change: impl FnOnce(u64) -> u64) {
    if refund.direction != Direction::ToIssuer {
        return;
    }
    if let Some(paid) = refund.original.and_then(|name| records.find::<Switched>(&name)) {
        records.put(Switched { given_back: change(paid.given_back), ..paid });
    }
}

/// A reversal on its way to the issuer, as postcard in the body of an [`Outbound`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagedReversal {
    /// See [`Switched::essence`].
    pub essence: Vec<u8>,
    /// DE 39: why.
    pub reason: String,
    /// Its settlement day, `YYYYMMDD`.
    pub date: u32,
}

fn stage_reversal(records: &mut impl Records, known: &Switched, date: u32, reason: &str, now: Timestamp) {
    let staged = StagedReversal { essence: known.essence.clone(), reason: reason.to_owned(), date };
    records.send(Outbound {
        topic: TOPIC_REVERSAL.to_owned(),
        key: known.message.to_string(),
        due: now,
        body: postcard::to_allocvec(&staged).expect("bytes and strings serialise"),
    });
}
