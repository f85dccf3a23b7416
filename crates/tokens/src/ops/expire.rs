//! A token past its last day makes room for another card.

use crate::change::set_standing;
use crate::ops::Done;
use crate::records::{Life, Programme, Standing, Suspender, Token, TokenReference};
use crate::refusal::Refusal;
use values::{Operation, Records, Timestamp};

/// Expires a token. The gateway refuses it from its last day on anyway; this frees its slot.
#[derive(Clone, Copy, Debug)]
pub struct Expire {
    /// Which.
    pub token: TokenReference,
}

impl Operation for Expire {
    type Answer = Done;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.expire";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Done, Refusal> {
        let token: Token = records.find(&self.token).ok_or(Refusal::TokenUnknown)?;
        let programme: Programme = records.find(&token.programme).ok_or(Refusal::ProgrammeUnknown)?;
        if !token.expiry.is_past(now.civil(programme.zone)) {
            return Err(Refusal::TooEarly);
        }
        if token.standing.is_live() {
            let standing = Standing { life: Life::Expired, ..token.standing };
            set_standing(records, token, standing, Suspender::Platform, now);
        }
        Ok(Done)
    }
}
