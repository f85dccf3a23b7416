//! Forgetting: what is kept for refunds and reversals goes when its time is over.

use crate::digest::Digest16;
use crate::ops::Done;
use crate::policy::Policy;
use crate::records::{Forestalled, RetiredNumber, Token, TokenReference, TokenState, VaultEntry};
use crate::refusal::Refusal;
use values::{Operation, Records, Timestamp};

/// Forgets the sealed card number and the counters of a token that has been dead for the retention time.
/// Its number is never given out again.
#[derive(Clone, Copy, Debug)]
pub struct Purge {
    /// Which.
    pub token: TokenReference,
    /// How long the dead are kept.
    pub policy: Policy,
}

impl Operation for Purge {
    type Answer = Done;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.purge";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Done, Refusal> {
        let token: Token = records.find(&self.token).ok_or(Refusal::TokenUnknown)?;
        if token.standing.is_live() || now.since(token.changed) < self.policy.retention {
            return Err(Refusal::TooEarly);
        }
        records.remove::<TokenState>(&token.number);
        records.remove::<VaultEntry>(&token.number);
        records.put(RetiredNumber { number: token.number, retired: now });
        Ok(Done)
    }
}

/// Forgets that a reversal came before its message. Run by its timer.
#[derive(Clone, Copy, Debug)]
pub struct ForgetForestalled {
    /// Which message.
    pub message: Digest16,
}

impl Operation for ForgetForestalled {
    type Answer = Done;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.forget_forestalled";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<Done, Refusal> {
        records.remove::<Forestalled>(&self.message);
        Ok(Done)
    }
}
