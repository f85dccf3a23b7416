//! What a phone asks to be able to show it: how its taps ended, which cards can be added, which devices there are.

use serde::{Deserialize, Serialize};

/// The answer to `GET /v1/tokens/{token}/taps/{counter}?wait_ms=5000`, asked by the phone that made the tap.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
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
    /// How much, in minor units of `currency`: a phone that showed a code does not know.
    #[serde(default)]
    pub amount: Option<u64>,
    /// ISO 4217 numeric code.
    #[serde(default)]
    pub currency: Option<u16>,
}

impl TapEnd {
    /// Nobody knows.
    pub fn unknown() -> TapEnd {
        TapEnd { state: "unknown".to_owned(), ..TapEnd::default() }
    }

    /// Not paid, for this reason; the bank was not asked.
    pub fn refused(reason: &str) -> TapEnd {
        TapEnd { state: "declined".to_owned(), reason: Some(reason.to_owned()), ..TapEnd::default() }
    }
}

/// The body of `POST /v1/codes/look`: a phone scanned a shop's code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LookAtCode {
    /// The text of the code.
    pub code: String,
}

/// The answer: whose code it is and what it asks for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SeenCode {
    /// Why it is not paid, as a stable code; nothing else is told then.
    #[serde(default)]
    pub reason: Option<String>,
    /// The shop as its acquirer has it in its register.
    #[serde(default)]
    pub merchant: String,
    /// The town.
    #[serde(default)]
    pub city: String,
    /// What it sells, four digits.
    #[serde(default)]
    pub category: String,
    /// ISO 3166 numeric code.
    #[serde(default)]
    pub country: u16,
    /// ISO 4217 numeric code.
    #[serde(default)]
    pub currency: u16,
    /// How much, in minor units, if the code fixes it.
    #[serde(default)]
    pub amount: Option<u64>,
    /// Whether the code is made for one payment.
    #[serde(default)]
    pub single: bool,
}

impl SeenCode {
    /// Not paid, for this reason.
    pub fn refused(reason: &str) -> SeenCode {
        SeenCode { reason: Some(reason.to_owned()), ..SeenCode::default() }
    }
}

/// The body of `POST /v1/tokens/{token}/code-payments`: the customer approved it; answered with a [`TapEnd`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PayCode {
    /// The text of the code.
    pub code: String,
    /// How much, in minor units of the shop's currency.
    pub amount: u64,
    /// The proof over it, DE 55, hexadecimal.
    pub chip: String,
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
