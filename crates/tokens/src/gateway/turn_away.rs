//! A message that did not pass screening leaves a trace.

use super::presentment::Presentment;
use crate::digest::Digest16;
use crate::ops::Done;
use crate::records::{Kind, Mode, Outcome, Passage};
use crate::refusal::Refusal;
use values::{MerchantCategory, Money, Operation, Records, Timestamp, TokenNumber};

/// Records why a message was turned away. Nothing in such a message is proved, so no counter moves.
#[derive(Clone, Copy, Debug)]
pub struct TurnAway {
    message: Digest16,
    number: TokenNumber,
    kind: Kind,
    amount: Money,
    category: MerchantCategory,
    mode: Mode,
    original: Option<Digest16>,
    refusal: Refusal,
}

impl TurnAway {
    /// From the message and what `screen` said.
    pub fn new(presentment: &Presentment<'_>, refusal: Refusal) -> Self {
        TurnAway {
            message: presentment.message,
            number: presentment.number,
            kind: presentment.kind,
            amount: presentment.amount,
            category: presentment.category,
            mode: presentment.entry.mode(presentment.category),
            original: presentment.original,
            refusal,
        }
    }
}

impl Operation for TurnAway {
    type Answer = Done;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.turn_away";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Done, Refusal> {
        // A forgery under the name of a message that was let through must not paint over it.
        if records.find::<Passage>(&self.message).is_some() {
            records.note("message_name_reused", &self.message.to_string(), self.refusal.code());
            return Ok(Done);
        }
        records.put(Passage {
            message: self.message,
            number: self.number,
            kind: self.kind,
            counter: None,
            cryptogram: None,
            amount: self.amount,
            category: self.category,
            mode: self.mode,
            verified: false,
            refusal: Some(self.refusal),
            purpose: None,
            original: self.original,
            outcome: Outcome::Refused,
            followed_minor: 0,
            counted: None,
            at: now,
        });
        Ok(Done)
    }
}
