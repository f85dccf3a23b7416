//! Which keys went to a phone, and which numbers may never come back.

use super::DeviceId;
use serde::{Deserialize, Serialize};
use values::{Record, Timestamp, TokenNumber};

/// One batch of single-use keys that was given out. The keys themselves are kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyBatch {
    /// For which token.
    pub number: TokenNumber,
    /// The first counter of the batch.
    pub first: u16,
    /// The last counter of the batch.
    pub last: u16,
    /// To which device.
    pub device: DeviceId,
    /// When.
    pub issued: Timestamp,
}

impl Record for KeyBatch {
    type Key = (TokenNumber, u16);
    const TABLE: &'static str = "key_batches";
    fn key(&self) -> (TokenNumber, u16) {
        (self.number, self.first)
    }
}

/// A token number that was purged; it is never given out again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetiredNumber {
    /// The number.
    pub number: TokenNumber,
    /// When it was purged.
    pub retired: Timestamp,
}

impl Record for RetiredNumber {
    type Key = TokenNumber;
    const TABLE: &'static str = "retired_numbers";
    fn key(&self) -> TokenNumber {
        self.number
    }
}
