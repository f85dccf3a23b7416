//! A phone and its public keys.

use super::{CustomerId, DeviceId, EnrolmentId, TokenReference};
use crate::day::DailyCount;
use crate::refusal::Refusal;
use crate::text::Name;
use crypto::p256::{AgreementPublic, VerifyingKey};
use serde::{Deserialize, Serialize};
use values::{Record, Timestamp};

/// The public halves of a device's three keys: P-256 points, 65 bytes each (SEC1, uncompressed).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceKeys {
    /// Its requests are signed with this one.
    #[serde(with = "hex_bytes")]
    pub signing: Vec<u8>,
    /// What is meant for the device is sealed to this one.
    #[serde(with = "hex_bytes")]
    pub agreement: Vec<u8>,
    /// What needs the customer's verification is sealed to this one.
    #[serde(with = "hex_bytes")]
    pub verification: Vec<u8>,
}

impl DeviceKeys {
    /// Refuses keys that are no points of the curve.
    pub fn check(&self) -> Result<(), Refusal> {
        VerifyingKey::from_sec1(&self.signing).map_err(|_| Refusal::KeyInvalid)?;
        for key in [&self.agreement, &self.verification] {
            AgreementPublic::from_sec1(key).map_err(|_| Refusal::KeyInvalid)?;
        }
        Ok(())
    }
}

/// What a device may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// Registered; no telephone number confirmed with it.
    Pending,
    /// Belongs to a customer.
    Active,
    /// Reported lost: its signature counts no more. Final.
    Lost,
}

/// A device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Opaque name.
    pub id: DeviceId,
    /// Whose it is, once a number was confirmed.
    pub customer: Option<CustomerId>,
    /// What the customer calls it.
    pub name: Name,
    /// Its public keys.
    pub keys: DeviceKeys,
    /// What it may do.
    pub state: DeviceState,
    /// Live cards on it.
    pub tokens: Vec<TokenReference>,
    /// Enrolments under way from it that have no token yet.
    pub pending: Vec<EnrolmentId>,
    /// Attempts to add a card today.
    pub attempts: DailyCount,
    /// When it was registered.
    pub created: Timestamp,
}

impl Device {
    /// Live cards, enrolments under way included.
    pub fn live(&self) -> usize {
        self.tokens.len() + self.pending.len()
    }
}

impl Record for Device {
    type Key = DeviceId;
    const TABLE: &'static str = "devices";
    fn key(&self) -> DeviceId {
        self.id
    }
}

/// Bytes that are hexadecimal in columns and plain in facts.
pub(crate) mod hex_bytes {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() { to.serialize_str(&hex::encode(bytes)) } else { bytes.serialize(to) }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        if from.is_human_readable() {
            hex::decode(String::deserialize(from)?).map_err(serde::de::Error::custom)
        } else {
            Vec::deserialize(from)
        }
    }
}
