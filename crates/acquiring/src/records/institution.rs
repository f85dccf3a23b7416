//! Who this acquirer is: configuration, handed to what needs it.

use crate::defences::Defences;
use crate::names::InstitutionId;
use std::time::Duration;
use values::{Timestamp, TokenNumber, time::Civil, time::Zone};

/// Card numbers of a network that are tokens, by their first eight digits, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRange {
    /// First prefix of the range.
    pub first: u32,
    /// Last prefix of the range.
    pub last: u32,
}

/// The acquirer as its network knows it.
#[derive(Clone, Debug)]
pub struct Institution {
    /// Acquiring institution (DE 32), digits.
    pub id: InstitutionId,
    /// Forwarding institution (DE 33), digits.
    pub forwarder: InstitutionId,
    /// Where its merchants' clocks stand.
    pub zone: Zone,
    /// How long an answer of the network is waited for.
    pub answer_within: Duration,
    /// The numbers that may be kept. Any other number might be a card's and is forgotten with its message.
    pub token_ranges: Vec<TokenRange>,
    /// Which checks stand; all of them, except in tests of attacks.
    pub defences: Defences,
}

impl Institution {
    /// The number, if it is a token's.
    pub fn token(&self, digits: &[u8]) -> Option<TokenNumber> {
        let number = TokenNumber::parse(digits).ok()?;
        let prefix = number.issuer_prefix();
        self.token_ranges.iter().any(|range| (range.first..=range.last).contains(&prefix)).then_some(number)
    }

    /// The wall clock of the merchants.
    pub fn local(&self, at: Timestamp) -> Civil {
        at.civil(self.zone)
    }

    /// The business day of the merchants, as the number `YYYYMMDD`.
    pub fn day(&self, at: Timestamp) -> u32 {
        let local = self.local(at);
        u32::from(local.year.unsigned_abs()) * 10_000 + u32::from(local.month) * 100 + u32::from(local.day)
    }
}
