//! The issuer's answer comes home.

use crate::digest::Digest16;
use crate::records::{CodeDay, Kind, Mode, Outcome, Passage, TokenState};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use values::{Operation, Records, Timestamp};

/// What the issuer said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssuerAnswer {
    /// Yes.
    Approved,
    /// No: limits are given back, the counter is not.
    Declined,
    /// Nothing in time. Limits stay taken until a late answer or a reversal.
    Unknown,
}

/// Records the answer to a message that was let through. Only the first definite answer counts; after a
/// reversal none does.
#[derive(Clone, Copy, Debug)]
pub struct Settle {
    /// The message's name.
    pub message: Digest16,
    /// The answer.
    pub answer: IssuerAnswer,
}

impl Operation for Settle {
    type Answer = Outcome;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.settle";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<Outcome, Refusal> {
        let mut passage: Passage = records.find(&self.message).ok_or(Refusal::OriginalUnknown)?;
        if !matches!(passage.outcome, Outcome::Pending | Outcome::Unknown) {
            return Ok(passage.outcome);
        }
        passage.outcome = match self.answer {
            IssuerAnswer::Approved => Outcome::Approved,
            IssuerAnswer::Declined => Outcome::Declined,
            IssuerAnswer::Unknown => Outcome::Unknown,
        };
        match passage.outcome {
            Outcome::Declined => give_back(records, &mut passage),
            Outcome::Approved if passage.kind == Kind::Void => void_original(records, &passage),
            _ => {}
        }
        let outcome = passage.outcome;
        records.put(passage);
        Ok(outcome)
    }
}

/// Gives back what a message took: the day's limits, and its share of the payment it followed.
pub(super) fn give_back<W: Records>(records: &mut W, passage: &mut Passage) {
    give_back_limits(records, passage);
    if let Some(mut original) = passage.original.and_then(|name| records.find::<Passage>(&name)) {
        original.followed_minor = original.followed_minor.saturating_sub(passage.amount.minor());
        // The reversal of a void lets the payment stand again.
        if passage.kind == Kind::Void && original.outcome == Outcome::Voided {
            original.outcome = Outcome::Approved;
        }
        records.put(original);
    }
}

/// Gives back what it took of the day's limits, once.
fn give_back_limits<W: Records>(records: &mut W, passage: &mut Passage) {
    let Some(day) = passage.counted.take() else { return };
    if let Some(mut state) = records.find::<TokenState>(&passage.number) {
        state.give_back(day, passage.amount.minor());
        records.put(state);
    }
    if passage.mode == Mode::Qr {
        CodeDay::give_back(records, passage.number, day, passage.amount.minor());
    }
}

fn void_original<W: Records>(records: &mut W, void: &Passage) {
    let Some(mut original) = void.original.and_then(|name| records.find::<Passage>(&name)) else { return };
    give_back_limits(records, &mut original);
    original.outcome = Outcome::Voided;
    records.put(original);
}
