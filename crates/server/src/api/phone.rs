//! What a phone asks to be able to show it: how its taps ended, which cards can be added, which devices there are.

use serde::{Deserialize, Serialize};

/// The answer to `GET /v1/tokens/{token}/taps/{counter}?wait_ms=5000`, asked by the phone that made the tap.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TapEnd {
    /// `approved`, `declined`, `taken_back` or `unknown`.
    pub state: String,
    /// The bank's answer code (DE 39), if it said no.
    #[serde(default)]
    pub response_code: Option<String>,
    /// The token service's own reason, as a stable code, if it said no before the bank was asked.
    #[serde(default)]
    pub reason: Option<String>,
    /// The shop as its acquirer names it; may be empty.
    #[serde(default)]
    pub merchant: String,
    /// The reference on the shop's receipt; may be empty.
    #[serde(default)]
    pub reference: String,
}

/// The answer to `GET /v1/card-ranges`: which card numbers can be added.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CardRanges {
    /// In no order.
    pub data: Vec<CardRange>,
}

/// Card numbers of one product.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CardRange {
    /// Their first eight digits.
    pub prefix: u32,
    /// How many digits they have.
    pub length: usize,
    /// The issuer's short name, which decides on the card art.
    pub issuer: String,
    /// The issuer's name for people.
    pub issuer_name: String,
    /// The product's name.
    pub product: String,
}

/// The answer to `GET /v1/devices`: the phones of this customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceList {
    /// In the order in which they were bound.
    pub data: Vec<DeviceView>,
}

/// A phone as its owner sees it from any of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceView {
    /// Its name at the platform.
    pub device: String,
    /// What its owner calls it.
    pub name: String,
    /// `pending`, `active` or `lost`.
    pub state: String,
    /// Live cards on it.
    pub cards: usize,
    /// When it was registered, milliseconds since 1970.
    pub since: i64,
}
