//! The JSON of the platform's HTTP interface, as both ends write and read it.
//!
//! Field names are stable. Bytes are base64url without padding. Sealed fields are compact JWEs.

pub mod phone;
pub mod privacy;

use serde::{Deserialize, Serialize};

/// `POST /v1/devices`: a phone asks to be bound to a telephone number.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterDevice {
    /// Telephone number with country code, for example `+8613800000001`.
    pub phone_number: String,
    /// What the customer calls the phone.
    pub name: String,
    /// P-256 public key its requests are signed with, SEC1 uncompressed.
    pub signing_key: String,
    /// P-256 public key that device parts of payment keys are sealed to.
    pub agreement_key: String,
    /// P-256 public key that user parts of payment keys are sealed to.
    pub verification_key: String,
}

/// The answer to [`RegisterDevice`]: a code is on its way to the number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceRegistered {
    /// The new device.
    pub device: String,
    /// The key that card data is sealed to, SEC1 uncompressed.
    pub card_data_key: String,
}

/// `POST /v1/devices/{device}/confirm` with the code from the text message.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmDevice {
    /// The number the code came to.
    pub phone_number: String,
    /// Six digits.
    pub code: String,
}

/// The answer to [`ConfirmDevice`].
#[derive(Clone, Serialize, Deserialize)]
pub struct DeviceConfirmed {
    /// The customer the device belongs to.
    pub customer: String,
    /// Shown once, to be kept elsewhere: suspends all cards from any browser if the phone is lost. Absent when
    /// the customer already has one.
    pub recovery_code: Option<String>,
}

/// The answer to `GET /v1/time`: what the platform's clock shows, for devices that have to agree with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CityTime {
    /// Whether it is a sandbox's clock, which can be moved.
    pub test_clock: bool,
    /// Milliseconds it is ahead of the machine while it runs.
    pub ahead_ms: i64,
    /// Where it stands, in milliseconds since 1970; none while it runs.
    pub frozen_at_ms: Option<i64>,
}

/// The answer to `GET /v1/card-data-key`: what card data is sealed to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CardDataKey {
    /// P-256 public key of the token service, SEC1 uncompressed.
    pub card_data_key: String,
}

/// `POST /v1/cards`: add a card.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddCard {
    /// [`CardData`] sealed to the token service.
    pub sealed_card: String,
}

/// What the customer typed; exists only on the phone and, opened, inside the token service and the issuer.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardData {
    /// Card number.
    pub pan: String,
    /// `YYMM`.
    pub expiry: String,
    /// Three digits from the back of the card.
    pub cvv2: String,
    /// Telephone number the bank knows.
    pub phone: String,
}

/// The answer to [`AddCard`] and to a step-up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Enrolment {
    /// This attempt.
    pub enrolment: String,
    /// `approved`, `step_up`, `declined` or `pending`.
    pub state: String,
    /// The token, once there is one.
    pub token: Option<String>,
    /// How the issuer lets the customer prove who they are; only these can be chosen.
    #[serde(default)]
    pub methods: Vec<StepUpMethod>,
    /// The key a one-time password is sealed to: only the issuer can open it.
    pub issuer_key: Option<String>,
    /// Why not, as a stable code.
    pub reason: Option<String>,
    /// Tries that are left for the code.
    pub tries_left: Option<u8>,
}

/// A way to prove who one is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StepUpMethod {
    /// What to name when choosing it.
    pub id: String,
    /// `sms`
    pub kind: String,
    /// Where the code goes, masked.
    pub masked: String,
}

/// `POST /v1/enrolments/{enrolment}/code`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestCode {
    /// One of the methods the issuer offered.
    pub method: String,
}

/// `POST /v1/enrolments/{enrolment}/verify`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyCode {
    /// The code, sealed to the issuer.
    pub sealed_code: String,
}

/// `POST /v1/tokens/{token}/provision`: what the phone needs to be the card.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Provisioned {
    /// The card to show and to be.
    pub card: CardProfile,
    /// The first single-use keys.
    pub keys: Vec<SealedKey>,
}

/// A token as the phone holds it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CardProfile {
    /// Reference.
    pub token: String,
    /// The token's number.
    pub number: String,
    /// Its expiry, `YYMM`.
    pub expiry: String,
    /// Its sequence number.
    pub sequence_number: u8,
    /// Application identifier, hex.
    pub aid: String,
    /// Name of the application and product.
    pub label: String,
    /// Issuer's name.
    pub issuer: String,
    /// Reference of the card art.
    pub art: String,
    /// Last four digits of the card itself.
    pub card_last_four: String,
    /// Last month of the card itself, `YYMM`, if it is known.
    #[serde(default)]
    pub card_expiry: Option<String>,
    /// Payment account reference.
    pub par: String,
    /// Token requestor.
    pub requestor_id: String,
    /// Cryptogram algorithm id of the issuer application data.
    pub algorithm: u8,
    /// Derivation key index.
    pub key_index: u8,
    /// ISO 4217 numeric currency of the card.
    pub currency: u16,
    /// Most that one tap may cost, in minor units of that currency.
    pub tap_limit_minor: u64,
    /// Most that may be tapped before the phone fetches keys again, in minor units.
    pub cumulative_limit_minor: u64,
    /// Counts the changes of the token's state.
    pub version: u64,
}

/// One single-use key, in two parts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SealedKey {
    /// The transaction counter it is good for.
    pub atc: u16,
    /// Opened by the device.
    pub device_part: String,
    /// Opened by the customer's verification.
    pub user_part: String,
}

/// `POST /v1/tokens/{token}/keys`: more single-use keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replenish {
    /// The highest counter the phone has used.
    pub highest_used: u16,
}

/// The answer to [`Replenish`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Replenished {
    /// New keys.
    pub keys: Vec<SealedKey>,
}

/// `POST /v1/tokens/{token}/certificates`: what a chip card in a slot shows to be believed offline.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WantCertificates {
    /// The profile they are for: `contact`.
    pub profile: String,
}

/// The answer to [`WantCertificates`]; bytes are hex.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CardCertificates {
    /// Index of the certification authority's key.
    pub authority_index: u8,
    /// The issuer's certificate (tag 90).
    pub issuer: String,
    /// What of the issuer's key did not fit it (tag 92).
    pub issuer_remainder: String,
    /// Exponent of the issuer's key (tag 9F32).
    pub issuer_exponent: String,
    /// The card's certificate (tag 9F46).
    pub card: String,
    /// What of the card's key did not fit it (tag 9F48).
    pub card_remainder: String,
    /// Exponent of the card's key (tag 9F47).
    pub card_exponent: String,
    /// The card's private key, sealed to the device.
    pub key_sealed: String,
}

/// `GET /v1/tokens`: everything of this customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TokenList {
    /// In the customer's order.
    pub data: Vec<TokenView>,
}

/// A token as its owner sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TokenView {
    /// Reference.
    pub token: String,
    /// The device it lives on.
    pub device: String,
    /// `inactive`, `active`, `suspended`, `deleted`, `expired`.
    pub state: String,
    /// Who suspends it.
    pub suspended_by: Vec<String>,
    /// Issuer's name.
    pub issuer: String,
    /// Last four digits of the card.
    pub card_last_four: String,
    /// Last month of the card, `YYMM`, if it is known.
    #[serde(default)]
    pub card_expiry: Option<String>,
    /// Reference of the card art.
    #[serde(default)]
    pub art: String,
    /// Last four digits of the token.
    pub token_last_four: String,
    /// What the customer calls it.
    pub nickname: Option<String>,
    /// Whether it is tapped first.
    pub default: bool,
    /// Counts the changes of its state.
    pub version: u64,
}

/// `POST /v1/arrangement`: order, default and nickname.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrange {
    /// All live tokens in the wanted order.
    pub order: Option<Vec<String>>,
    /// The one tapped first.
    pub default: Option<String>,
    /// A token and its new nickname.
    pub nickname: Option<(String, String)>,
}

/// `POST /v1/lost-phone`, from any browser.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LostPhone {
    /// The customer's telephone number.
    pub phone_number: String,
    /// What was shown once when the first device was confirmed.
    pub recovery_code: String,
}

/// The answer to [`LostPhone`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PhoneLost {
    /// How many tokens are suspended now.
    pub suspended: usize,
}

/// An error as RFC 9457 has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Problem {
    /// Address of its explanation, relative to the interface: `/problems/` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// Short name.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// A sentence for people.
    pub detail: String,
    /// The request it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Stable code.
    pub code: String,
    /// JSON pointer to the member that is wrong, or the name of the parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub param: Option<String>,
    /// Where a request differs from the one that used its key before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<String>,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// Where to read more.
    #[serde(default)]
    pub docs: String,
}

/// A text message in a subscriber's inbox.
#[derive(Clone, Serialize, Deserialize)]
pub struct TextMessage {
    /// Unique; the same message delivered twice has the same id.
    pub id: String,
    /// Sender as shown.
    pub from: String,
    /// Receiver's number.
    pub to: String,
    /// What it says.
    pub text: String,
    /// When it was sent, milliseconds since 1970.
    pub at: i64,
}

/// `POST /v1/issuer-events`, signed by an issuer: what it wants done with a token of one of its cards.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerEvent {
    /// The token number, digits.
    pub token: String,
    /// `suspend`, `resume`, `delete` or `replace`.
    pub action: String,
    /// For `replace`: the card that took the place of the one behind the token, as a `NewCard` sealed to the token
    /// service for this issuer's replacements (JWE).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_card: Option<String>,
}

/// A card that took another's place; exists only inside the issuer and, opened, inside the token service.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCard {
    /// Card number.
    pub pan: String,
    /// `YYMM`.
    pub expiry: String,
    /// Reference of its card art, if it has another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub art: Option<String>,
}
