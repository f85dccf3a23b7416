//! Deleting a token. It is final, works from every state, and a second time does nothing.

use crate::actor::Actor;
use crate::change::set_standing;
use crate::ops::Done;
use crate::records::{Life, Standing, TokenReference};
use crate::refusal::Refusal;
use values::{Operation, Records, Timestamp};

/// Deletes a token.
///
/// The sealed card number stays for the retention time, so that refunds and reversals of what the token paid
/// still find their way; `Purge` then forgets it.
#[derive(Clone, Debug)]
pub struct Delete {
    /// Which.
    pub token: TokenReference,
    /// Who.
    pub actor: Actor,
}

impl Operation for Delete {
    type Answer = Done;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.delete";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Done, Refusal> {
        let token = self.actor.token(records, self.token)?;
        let standing = Standing { life: Life::Deleted, ..token.standing };
        set_standing(records, token, standing, self.actor.suspender(), now);
        Ok(Done)
    }
}
