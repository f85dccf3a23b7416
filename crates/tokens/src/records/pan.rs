//! A card number, known only by its keyed digest.

use super::{DeviceId, EnrolmentId, TokenReference};
use crate::day::DailyCount;
use crate::digest::Digest16;
use crate::text::Par;
use serde::{Deserialize, Serialize};
use values::Record;

/// One device that holds a card, or is about to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// The device.
    pub device: DeviceId,
    /// The enrolment by which it came.
    pub enrolment: EnrolmentId,
    /// The token, once there is one.
    pub token: Option<TokenReference>,
}

/// What is known of one card number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanRecord {
    /// Keyed digest of the digits (`crypto::hash::lookup_hash`).
    pub digest: Digest16,
    /// Its account reference, given with the first token and kept for ever.
    pub par: Option<Par>,
    /// Attempts today, by anybody.
    pub attempts: DailyCount,
    /// Where it lives now.
    pub holdings: Vec<Holding>,
}

impl PanRecord {
    /// A number never seen before.
    pub fn new(digest: Digest16) -> Self {
        PanRecord { digest, par: None, attempts: DailyCount::default(), holdings: Vec::new() }
    }

    /// Its live tokens.
    pub fn tokens(&self) -> impl Iterator<Item = TokenReference> {
        self.holdings.iter().filter_map(|holding| holding.token)
    }
}

impl Record for PanRecord {
    type Key = Digest16;
    const TABLE: &'static str = "cards";
    fn key(&self) -> Digest16 {
        self.digest
    }
}
