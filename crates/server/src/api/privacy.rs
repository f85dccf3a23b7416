//! What is held of a customer, as the customer's phone is told.

use super::phone::DeviceView;
use serde::{Deserialize, Serialize};

/// The answer to `GET /v1/privacy`: everything the token service holds of the customer whose phone asks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct HeldOfCustomer {
    /// The customer's name at the platform.
    pub customer: String,
    /// The confirmed telephone number.
    pub phone_number: String,
    /// When the customer came, milliseconds since 1970.
    pub since: i64,
    /// Whether a recovery code is kept, as a keyed digest.
    pub recovery_code: bool,
    /// The phones.
    pub devices: Vec<DeviceView>,
    /// Every card that was ever added, deleted ones included, oldest first.
    pub cards: Vec<HeldCard>,
    /// Who of the operators looked at any of it, newest first.
    pub accesses: Vec<Access>,
    /// Whether the operators' log could be asked: it is where a console runs.
    pub accesses_known: bool,
}

/// A card of the customer, as a token.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct HeldCard {
    /// Reference.
    pub token: String,
    /// The phone it was added on.
    pub device: String,
    /// The bank.
    pub issuer: String,
    /// Last four digits of the card.
    pub card_last_four: String,
    /// What the customer calls it.
    #[serde(default)]
    pub nickname: Option<String>,
    /// `inactive`, `active`, `suspended`, `deleted` or `expired`.
    pub state: String,
    /// When it was added: the customer's consent that a token stands for the number. Milliseconds since 1970.
    pub since: i64,
    /// When the sealed number of one that is dead is forgotten. Milliseconds since 1970.
    #[serde(default)]
    pub kept_until: Option<i64>,
}

/// A look at a customer's records, or an act on them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// When, milliseconds since 1970.
    pub at: i64,
    /// The operator, by name.
    pub who: String,
    /// What was done, by its stable word: `view`, `propose`, `approve` ...
    pub act: String,
    /// At what: `token` or `device`, and its name.
    pub subject: String,
    /// How it ended: `ok`, or the code of a no.
    pub result: String,
}

/// The answer to `POST /v1/devices/{device}/forget`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ForgottenDevice {
    /// Cards that were deleted.
    pub cards: u16,
    /// Whether it was the last phone, and the customer is forgotten too.
    pub customer: bool,
}
