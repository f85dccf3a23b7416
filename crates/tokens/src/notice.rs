//! What an issuer is told of a token of its cards: where it stands now, and who changed that.

use crate::ops::topics;
use crate::records::{Life, Standing, Suspender, TokenReference};
use serde::{Deserialize, Serialize};
use values::{Outbound, Timestamp};

/// One change of a token's standing. A later one takes the place of one that has not been delivered, and its version is
/// higher: of two, the receiver keeps the higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenNotice {
    /// Which token.
    pub token: TokenReference,
    /// Counts the token's changes.
    pub version: u32,
    /// Where it stands since.
    pub standing: Standing,
    /// Who did it.
    pub by: Suspender,
}

impl TokenNotice {
    /// Reads the body of a message of topic [`topics::ISSUER_NOTICE`].
    pub fn read(body: &[u8]) -> Option<TokenNotice> {
        serde_json::from_slice(body).ok()
    }

    /// The state in one word, as it travels: `inactive`, `active`, `suspended`, `deleted` or `expired`.
    pub fn state(&self) -> &'static str {
        match self.standing.life {
            Life::Inactive => "inactive",
            Life::Active if !self.standing.suspenders.is_empty() => "suspended",
            Life::Active => "active",
            Life::Deleted => "deleted",
            Life::Expired => "expired",
        }
    }

    pub(crate) fn outbound(&self, now: Timestamp) -> Outbound {
        Outbound {
            topic: topics::ISSUER_NOTICE.to_owned(),
            key: self.token.to_string(),
            due: now,
            body: serde_json::to_vec(self).expect("strings and numbers serialise"),
        }
    }
}
