//! What passed the gateway: one record per message of the network, and why a card number was opened for it.

use super::Mode;
use crate::day::Day;
use crate::digest::{Digest, Digest16};
use crate::refusal::Refusal;
use crate::vault::Purpose;
use serde::{Deserialize, Serialize};
use values::{MerchantCategory, Money, Record, Residency, Timestamp, TokenNumber};

/// What a message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Pay now.
    Purchase,
    /// Set money aside.
    PreAuthorisation,
    /// Pay what was set aside. Refers to a pre-authorisation.
    Completion,
    /// Money back. Refers to a purchase or completion.
    Refund,
    /// Take a payment back entirely. Refers to it.
    Void,
}

impl Kind {
    /// Whether it must carry a cryptogram of its own; the others refer to an earlier message instead.
    pub fn needs_cryptogram(self) -> bool {
        matches!(self, Kind::Purchase | Kind::PreAuthorisation)
    }

    /// What the card number is opened for.
    pub fn purpose(self) -> Purpose {
        match self {
            Kind::Purchase | Kind::PreAuthorisation => Purpose::Payment,
            Kind::Completion => Purpose::Completion,
            Kind::Refund => Purpose::Refund,
            Kind::Void => Purpose::Void,
        }
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Passed on; the issuer has not answered.
    Pending,
    /// The issuer approved.
    Approved,
    /// The issuer declined.
    Declined,
    /// The issuer did not answer in time.
    Unknown,
    /// Taken back by a reversal.
    Reversed,
    /// Taken back by a void.
    Voided,
    /// Never passed on: the gateway refused.
    Refused,
}

/// A message that came to the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// Keyed by the message's match key.
    pub message: Digest16,
    /// Which token.
    pub number: TokenNumber,
    /// What was asked.
    pub kind: Kind,
    /// The counter, if there was a cryptogram.
    pub counter: Option<u16>,
    /// The cryptogram; worthless once its counter is used.
    pub cryptogram: Option<Digest<8>>,
    /// How much.
    pub amount: Money,
    /// At what kind of merchant.
    pub category: MerchantCategory,
    /// In which way.
    pub mode: Mode,
    /// Whether the customer had verified on the device.
    pub verified: bool,
    /// Why the gateway refused it; none if it passed.
    pub refusal: Option<Refusal>,
    /// What the card number was opened for, if it was.
    pub purpose: Option<Purpose>,
    /// The earlier message it refers to.
    pub original: Option<Digest16>,
    /// How it ended.
    pub outcome: Outcome,
    /// How much of it later messages have refunded or completed, in minor units.
    pub followed_minor: u64,
    /// The business day whose limits it took from; none if it took nothing, or gave it back.
    pub counted: Option<Day>,
    /// When it came.
    pub at: Timestamp,
}

impl Record for Passage {
    type Key = Digest16;
    const TABLE: &'static str = "passages";
    fn key(&self) -> Digest16 {
        self.message
    }
}

/// A message whose reversal came before it. If it still comes, it is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forestalled {
    /// The message that never came.
    pub message: Digest16,
    /// When its reversal came.
    pub at: Timestamp,
}

impl Record for Forestalled {
    type Key = Digest16;
    const TABLE: &'static str = "forestalled";
    // Asked for on every tap, and there are few: a look-up in memory instead of one in a table.
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> Digest16 {
        self.message
    }
}
