//! Proof of a telephone number: the platform's own code by text message.

use super::{CustomerId, DeviceId};
use crate::day::DailyCount;
use crate::digest::Digest16;
use crate::text::PhoneNumber;
use serde::{Deserialize, Serialize};
use values::{Record, Timestamp};

/// A code that was sent and is not used up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingCode {
    /// Keyed digest of number and code; the code itself is kept nowhere.
    pub digest: Digest16,
    /// Only this device may answer.
    pub device: DeviceId,
    /// Guesses left.
    pub tries_left: u8,
    /// Good until then.
    pub expires: Timestamp,
}

/// What is known of a telephone number: whose it is, the code under way, and how often codes were sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneConfirmation {
    /// The number.
    pub phone: PhoneNumber,
    /// The customer who confirmed it.
    pub customer: Option<CustomerId>,
    /// The code under way.
    pub code: Option<PendingCode>,
    /// When the latest codes were sent; at most as many as the window allows.
    pub sends: Vec<Timestamp>,
    /// Codes sent today.
    pub sent_today: DailyCount,
}

impl PhoneConfirmation {
    /// A number nobody has confirmed.
    pub fn new(phone: PhoneNumber) -> Self {
        PhoneConfirmation {
            phone,
            customer: None,
            code: None,
            sends: Vec::new(),
            sent_today: DailyCount::default(),
        }
    }
}

impl Record for PhoneConfirmation {
    type Key = PhoneNumber;
    const TABLE: &'static str = "phone_confirmations";
    fn key(&self) -> PhoneNumber {
        self.phone.clone()
    }
}
