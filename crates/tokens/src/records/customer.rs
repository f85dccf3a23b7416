//! A person who holds cards, found by telephone number.

use super::{CustomerId, DeviceId, EnrolmentId, TokenReference};
use crate::day::DailyCount;
use crate::digest::Digest16;
use crate::text::PhoneNumber;
use serde::{Deserialize, Serialize};
use values::{Record, Timestamp};

/// A customer. Counts are the lengths of the lists, so they cannot drift from what they count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Opaque name.
    pub id: CustomerId,
    /// The confirmed telephone number.
    pub phone: PhoneNumber,
    /// Devices that were confirmed with this number, lost ones included.
    pub devices: Vec<DeviceId>,
    /// Live cards (inactive, active or suspended) in the order the customer gave them.
    pub tokens: Vec<TokenReference>,
    /// Enrolments under way that have no token yet; they count towards the eight.
    pub pending: Vec<EnrolmentId>,
    /// The card used when none is chosen.
    pub default_token: Option<TokenReference>,
    /// Keyed digest of the recovery secret, with which a lost phone is reported from any browser.
    pub recovery: Option<Digest16>,
    /// Wrong recovery secrets today.
    pub recovery_tries: DailyCount,
    /// When the customer came.
    pub created: Timestamp,
}

impl Customer {
    /// Live cards, enrolments under way included.
    pub fn live(&self) -> usize {
        self.tokens.len() + self.pending.len()
    }

    /// Takes a card off the lists; the default passes to the first that is left.
    pub(crate) fn forget_token(&mut self, token: TokenReference) {
        self.tokens.retain(|kept| *kept != token);
        if self.default_token == Some(token) {
            self.default_token = self.tokens.first().copied();
        }
    }
}

impl Record for Customer {
    type Key = CustomerId;
    const TABLE: &'static str = "customers";
    fn key(&self) -> CustomerId {
        self.id
    }
}
