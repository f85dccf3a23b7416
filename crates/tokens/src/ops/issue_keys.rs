//! A phone asks for the next batch of single-use keys.

use crate::defences::Defence;
use crate::policy::Policy;
use crate::records::{
    Device, DeviceId, DeviceState, KeyBatch, Standing, Suspender, Token, TokenReference, TokenState,
};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use values::{Operation, Records, Timestamp, TokenNumber};

/// Gives out counters; the keys for them are computed by `slots::slots` afterwards.
#[derive(Clone, Copy, Debug)]
pub struct IssueKeys {
    /// For which token.
    pub token: TokenReference,
    /// The device whose signature the request carried.
    pub device: DeviceId,
    /// The highest counter the phone has used, by its own durable record; 0 for none.
    pub highest_used: u16,
    /// How many keys it would like.
    pub wanted: u16,
    /// Limits.
    pub policy: Policy,
}

/// What the phone gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Issued {
    /// Keys for these counters.
    Batch {
        /// The token's number.
        number: TokenNumber,
        /// Its sequence number.
        psn: u8,
        /// The first counter.
        first: u16,
        /// The last counter.
        last: u16,
        /// Keys up to here are void, whatever the phone still holds.
        revoked_through: u16,
    },
    /// A counter arrived that this phone has not used: its keys are in other hands, and the token is suspended.
    CloneSuspected,
}

impl Operation for IssueKeys {
    type Answer = Issued;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.issue_keys";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Issued, Refusal> {
        let token: Token = records.find(&self.token).ok_or(Refusal::TokenUnknown)?;
        let device: Device = records.find(&self.device).ok_or(Refusal::DeviceUnknown)?;
        if token.device != self.device && self.policy.defences.stands(Defence::DeviceBinding) {
            return Err(Refusal::TokenUnknown);
        }
        if device.state != DeviceState::Active {
            return Err(Refusal::DeviceLost);
        }
        let defences = self.policy.defences;
        if defences.stands(Defence::Standing) {
            token.standing.usable()?;
        }
        if token.expiry.is_past(now.civil(values::time::Zone::Utc)) {
            return Err(Refusal::TokenExpired);
        }
        let mut state: TokenState = records.find(&token.number).ok_or(Refusal::TokenUnknown)?;
        let mut window = state.window();
        // A phone makes its counter durable before a cryptogram leaves it, so its own record cannot lie below
        // what arrived here, unless somebody else pays with its keys or an old copy of it was restored.
        let below = self.highest_used < window.highest && window.highest > window.revoked_through;
        if below && defences.stands(Defence::Backup) {
            let suspenders = token.standing.suspenders.with(Suspender::Fraud);
            records.note("clone_suspected", &token.reference.to_string(), "key request below the counter");
            let standing = Standing { suspenders, ..token.standing };
            crate::change::set_standing(records, token, standing, Suspender::Fraud, now);
            return Ok(Issued::CloneSuspected);
        }
        // A phone that used more than was issued remembers what this service has forgotten: an older copy of it was
        // restored. The phone's own record is the truth then, and what lies below it is dead.
        if self.highest_used > window.issued_through {
            records.note("service_behind_phone", &token.reference.to_string(), "");
            window.issued_through = self.highest_used;
            window.revoke();
        }
        let used = self.highest_used.min(window.issued_through).max(window.revoked_through);
        window.advance(used);
        let outstanding = window.issued_through - window.highest;
        let room = self.policy.keys_outstanding_max.saturating_sub(outstanding);
        let count = self.wanted.min(self.policy.keys_batch_max).min(room);
        if count == 0 {
            return Err(Refusal::KeysEnough);
        }
        let last = window.issued_through.checked_add(count).ok_or(Refusal::KeysExhausted)?;
        let first = window.issued_through + 1;
        window.issued_through = last;
        state.set_window(window);
        records.put(state);
        let number = token.number;
        records.put(KeyBatch { number, first, last, device: self.device, issued: now });
        Ok(Issued::Batch { number, psn: token.psn, first, last, revoked_through: window.revoked_through })
    }
}
