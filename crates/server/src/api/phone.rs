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
    /// How messages about the payment name it (DE 90, 42 digits); empty where nobody paid.
    #[serde(default)]
    pub original: String,
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

/// The body of `POST /v1/tokens/{token}/disputes`, and without claim and amount of those below it, `/look` and `/withdraw`;
/// answered with a [`DisputeAnswer`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisputeAsk {
    /// The payment: [`TapEnd::original`].
    pub original: String,
    /// What went wrong: `not_mine`, `wrong_amount`, `paid_twice` or `not_received`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// How much is claimed, in minor units of `currency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<u64>,
    /// ISO 4217 numeric code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<u16>,
}

/// What the issuer says of a dispute.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DisputeAnswer {
    /// Why there is none, as a stable code.
    #[serde(default)]
    pub reason: Option<String>,
    /// The dispute, if there is one.
    #[serde(default)]
    pub dispute: Option<Dispute>,
}

/// A dispute of a payment with a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// `open`, `upheld`, `rejected` or `withdrawn`.
    pub state: String,
    /// What the customer says.
    pub claim: String,
    /// What is claimed, in minor units of `currency`.
    pub amount: u64,
    /// ISO 4217 numeric code.
    pub currency: u16,
    /// What the customer has of it now, minor units.
    pub credited: u64,
    /// When it was raised, milliseconds since 1970.
    pub raised_at: i64,
    /// When the next thing happens by itself.
    pub due_at: i64,
    /// When it ended.
    pub ended_at: Option<i64>,
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
