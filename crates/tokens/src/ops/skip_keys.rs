//! After an older copy of this database was restored: counters that were used since are not known any more, so
//! every key that may be out is made void.

use crate::ops::Done;
use crate::records::{Token, TokenReference, TokenState};
use crate::refusal::Refusal;
use values::{Operation, Records, Timestamp};

/// Voids a token's keys and skips so many counters more, for keys that were issued after the copy was made.
///
/// Run it for every token before a restored service opens its gateway. The phone asks for new keys by itself.
#[derive(Clone, Copy, Debug)]
pub struct SkipKeys {
    /// Which token.
    pub token: TokenReference,
    /// More than were ever issued since the copy; a thousand is years of taps.
    pub margin: u16,
}

impl Operation for SkipKeys {
    type Answer = Done;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.skip_keys";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<Done, Refusal> {
        let token: Token = records.find(&self.token).ok_or(Refusal::TokenUnknown)?;
        let mut state: TokenState = records.find(&token.number).ok_or(Refusal::TokenUnknown)?;
        let mut window = state.window();
        window.issued_through = window.issued_through.saturating_add(self.margin);
        window.revoke();
        state.set_window(window);
        records.put(state);
        records.note("keys_skipped", &token.reference.to_string(), "");
        Ok(Done)
    }
}
