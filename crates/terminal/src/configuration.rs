//! What a terminal is told before its first card: country, currency, limits per application, keys.
//!
//! Plain values with serde; reading a file is the caller's. Limits are in minor units of the currency.

use crate::defences::Defences;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashSet};
use values::{Country, Currency, MerchantCategory, TokenNumber};

/// Bytes written as hexadecimal digits in a configuration file.
pub(crate) mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<T: AsRef<[u8]>, S: Serializer>(bytes: &T, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&hex::encode_upper(bytes))
    }

    pub(crate) fn deserialize<'de, T: TryFrom<Vec<u8>>, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
        let text = String::deserialize(d)?;
        let bytes = hex::decode(&text).map_err(|_| D::Error::custom("not hexadecimal"))?;
        T::try_from(bytes).map_err(|_| D::Error::custom("wrong number of bytes"))
    }
}

/// Everything a terminal knows before a card comes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Where the terminal stands, 9F1A.
    pub country: Country,
    /// The only currency it takes, 5F2A.
    pub currency: Currency,
    /// Decimals of that currency, 5F36. It must be the currency's own: a limit of another scale is no limit.
    pub currency_exponent: u8,
    /// Whose terminal it is.
    pub merchant: Merchant,
    /// The machine itself.
    #[serde(default)]
    pub device: Device,
    /// What the codes it shows say beside its merchant; without it, it shows none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<CodeAccount>,
    /// The applications it takes, in order of preference.
    pub applications: Vec<Application>,
    /// Keys of certification authorities.
    #[serde(default)]
    pub ca_keys: Vec<CaKey>,
    /// Numbers that are refused here without asking anybody.
    #[serde(default)]
    pub exceptions: BTreeSet<TokenNumber>,
    /// How much of a card's behaviour it bears with.
    #[serde(default)]
    pub bounds: Bounds,
    /// What happens when offline data authentication fails on contactless.
    #[serde(default)]
    pub authentication_failure: AuthenticationFailure,
    /// Takes card numbers whose check digit is wrong, as some published card conversations have.
    /// Never for a terminal that takes money.
    #[serde(default)]
    pub danger_ignore_check_digit: bool,
    /// All of them, outside of a test build.
    #[serde(skip)]
    pub defences: Defences,
}

/// The merchant.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Merchant {
    /// Name on the receipt and in 9F4E.
    pub name: String,
    /// Merchant category code, 9F15.
    pub category: MerchantCategory,
    /// Merchant identifier (DE 42), up to 15 characters.
    pub id: String,
}

/// Where codes lead (EMV QRCPS Merchant-Presented Mode 1.1).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeAccount {
    /// The acquirer (DE 32), eight digits.
    pub acquirer: String,
    /// The shop's country, two letters.
    pub country: String,
    /// The shop's town, at most 15 characters.
    pub city: String,
}

/// The terminal as EMV describes it (EMV Book 4, annex A).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Device {
    /// Terminal identifier 9F1C (DE 41), 8 characters.
    pub id: String,
    /// Serial number of the interface device 9F1E, 8 characters.
    pub serial: String,
    /// Terminal type 9F35; 22 is attended, online capable, a merchant's.
    #[serde(with = "hexadecimal")]
    pub kind: [u8; 1],
    /// Terminal capabilities 9F33; E0 28 C8 has no PIN pad: signature and no CVM.
    #[serde(with = "hexadecimal")]
    pub capabilities: [u8; 3],
    /// Additional capabilities 9F40.
    #[serde(with = "hexadecimal")]
    pub additional_capabilities: [u8; 5],
    /// Application version number 9F09.
    #[serde(with = "hexadecimal")]
    pub application_version: [u8; 2],
    /// Whether it checks SM2 and SM4, DF69.
    pub sm_supported: bool,
    /// Whether there is a line to a host.
    pub online: bool,
}

impl Default for Device {
    fn default() -> Self {
        Device {
            id: "00000001".to_owned(),
            serial: "00000001".to_owned(),
            kind: [0x22],
            capabilities: [0xE0, 0x28, 0xC8],
            additional_capabilities: [0x60, 0x00, 0xF0, 0xA0, 0x01],
            application_version: [0x00, 0x30],
            sm_supported: true,
            online: true,
        }
    }
}

/// Which rules an application follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kernel {
    /// Kernel 7: UnionPay contactless (JR/T 0025.12).
    UnionPay,
    /// Known by name only; on contactless such an application is not used.
    Other,
}

impl Kernel {
    /// The kernel identifier of 9F2A, where this terminal has the kernel.
    pub(crate) fn identifier(self) -> Option<u8> {
        match self {
            Kernel::UnionPay => Some(0x07),
            Kernel::Other => None,
        }
    }
}

/// One application the terminal takes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// Application identifier 9F06, 5 to 16 bytes.
    #[serde(with = "hexadecimal")]
    pub aid: Vec<u8>,
    /// Rules for contactless.
    pub kernel: Kernel,
    /// Whether a card's longer identifier that begins with this one is taken too.
    #[serde(default)]
    pub partial_match: bool,
    /// Contactless limits; `None` takes this application over contacts only.
    #[serde(default)]
    pub contactless: Option<ContactlessLimits>,
    /// Contact rules; `None` takes this application without contacts only.
    #[serde(default)]
    pub contact: Option<ContactRules>,
}

/// Limits of one application on contactless, in minor units.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactlessLimits {
    /// From this amount on, contactless is not offered.
    pub transaction_limit: u64,
    /// From this amount on, the customer is verified.
    pub cvm_limit: u64,
    /// Above this amount, the host is asked.
    pub floor_limit: u64,
    /// Terminal transaction qualifiers 9F66 as they stand before each sale; 26 00 40 80 is an attended terminal
    /// with online PIN and signature that knows device verification and fDDA version 01.
    #[serde(with = "hexadecimal", default = "typical_qualifiers")]
    pub qualifiers: [u8; 4],
    /// One unit of the currency means "is this card good": the host is asked.
    #[serde(default)]
    pub status_check: bool,
}

fn typical_qualifiers() -> [u8; 4] {
    [0x26, 0x00, 0x40, 0x80]
}

/// Rules of one application over contacts (EMV Book 4, 11.1.2).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContactRules {
    /// Floor limit 9F1B, in minor units.
    pub floor_limit: u64,
    /// Percentage of sales below the floor limit that ask the host anyway, 0 to 99.
    pub random_percent: u8,
    /// Terminal action code: decline.
    #[serde(with = "hexadecimal")]
    pub action_denial: [u8; 5],
    /// Terminal action code: ask the host.
    #[serde(with = "hexadecimal")]
    pub action_online: [u8; 5],
    /// Terminal action code: decline if the host cannot be asked.
    #[serde(with = "hexadecimal")]
    pub action_default: [u8; 5],
    /// DDOL for cards that bring none, 9F37 alone by default.
    #[serde(with = "hexadecimal")]
    pub default_ddol: Vec<u8>,
}

impl Default for ContactRules {
    /// Failed authentication of any kind is a refusal; whatever is unusual asks the host.
    fn default() -> Self {
        ContactRules {
            floor_limit: 0,
            random_percent: 0,
            action_denial: [0x5C, 0x00, 0x00, 0x00, 0x00],
            action_online: [0xFC, 0xF8, 0xFC, 0xF8, 0xF0],
            action_default: [0xFC, 0xF8, 0xFC, 0xF8, 0xF0],
            default_ddol: vec![0x9F, 0x37, 0x04],
        }
    }
}

/// A certification authority's public key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaKey {
    /// Registered application provider identifier.
    #[serde(with = "hexadecimal")]
    pub rid: [u8; 5],
    /// Index, matched with the card's 8F.
    #[serde(with = "hexadecimal")]
    pub index: [u8; 1],
    /// RSA modulus.
    #[serde(with = "hexadecimal")]
    pub modulus: Vec<u8>,
    /// RSA exponent, 03 or 010001.
    #[serde(with = "hexadecimal")]
    pub exponent: Vec<u8>,
}

/// What to do when a contactless card's signature does not hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthenticationFailure {
    /// Decline: a failure that an attacker can cause must never make a sale easier.
    #[default]
    Decline,
    /// Follow the card's qualifiers (CTQ 1.6 host, 1.5 contact), believing no claim of verification in them.
    FollowCard,
}

/// How much of a card's behaviour is borne with. A conversation cannot be longer than these allow.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    /// Commands in one transaction.
    pub commands: u16,
    /// Applications of a card that are looked at.
    pub candidates: u8,
    /// Records that are read.
    pub records: u8,
    /// Bytes of one answer, put together from all its parts.
    pub answer_bytes: u16,
    /// Attempts at one sale.
    pub attempts: u8,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { commands: 100, candidates: 8, records: 40, answer_bytes: 2048, attempts: 3 }
    }
}

/// What is wrong with a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigurationError {
    /// `currency_exponent` is not the currency's.
    #[error("currency_exponent is not that of the currency")]
    Exponent,
    /// No application, or one whose identifier has not 5 to 16 bytes.
    #[error("applications: an identifier has 5 to 16 bytes and there is at least one")]
    Applications,
    /// The same application identifier twice.
    #[error("applications: an identifier stands there twice")]
    DuplicateApplication,
    /// A terminal or merchant identifier is too long or not printable ASCII.
    #[error("device.id, device.serial: 8 ASCII characters; merchant.id: at most 15")]
    Identifier,
    /// A bound of zero.
    #[error("bounds: every bound is at least 1")]
    Bounds,
}

impl Configuration {
    /// Whether the parts agree; to be called once after reading.
    pub fn check(&self) -> Result<(), ConfigurationError> {
        if u32::from(self.currency_exponent) != self.currency.exponent() {
            return Err(ConfigurationError::Exponent);
        }
        if self.applications.is_empty() || self.applications.iter().any(|a| !(5..=16).contains(&a.aid.len()))
        {
            return Err(ConfigurationError::Applications);
        }
        let names: HashSet<_> = self.applications.iter().map(|a| &a.aid).collect();
        if names.len() != self.applications.len() {
            return Err(ConfigurationError::DuplicateApplication);
        }
        let plain = |text: &str| text.bytes().all(|b| (0x20..0x7F).contains(&b));
        let eight = |text: &str| text.len() == 8 && plain(text);
        if !eight(&self.device.id)
            || !eight(&self.device.serial)
            || self.merchant.id.len() > 15
            || !plain(&self.merchant.id)
        {
            return Err(ConfigurationError::Identifier);
        }
        let bounds = &self.bounds;
        if [bounds.commands, bounds.candidates.into(), bounds.records.into(), bounds.attempts.into()]
            .contains(&0)
        {
            return Err(ConfigurationError::Bounds);
        }
        Ok(())
    }

    /// A shop in China that takes UnionPay debit, credit and quasi-credit both ways: contactless below
    /// 50,000.00, verification from 1,000.00, every sale online.
    pub fn sample_shop() -> Configuration {
        let union_pay = |aid: &[u8]| Application {
            aid: aid.to_vec(),
            kernel: Kernel::UnionPay,
            partial_match: true,
            contactless: Some(ContactlessLimits {
                transaction_limit: 5_000_000,
                cvm_limit: 100_000,
                floor_limit: 0,
                qualifiers: typical_qualifiers(),
                status_check: false,
            }),
            contact: Some(ContactRules::default()),
        };
        Configuration {
            country: Country::CHINA,
            currency: Currency::CNY,
            currency_exponent: 2,
            merchant: Merchant {
                name: "Paiza Test Shop".to_owned(),
                category: MerchantCategory::try_from(5411).expect("four digits"),
                id: "000000000000001".to_owned(),
            },
            device: Device::default(),
            code: None,
            applications: [1, 2, 3].map(|kind| union_pay(&[0xA0, 0, 0, 3, 0x33, 1, 1, kind])).to_vec(),
            ca_keys: Vec::new(),
            exceptions: BTreeSet::new(),
            bounds: Bounds::default(),
            authentication_failure: AuthenticationFailure::Decline,
            danger_ignore_check_digit: false,
            defences: Defences::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_survives_toml() {
        let shop = Configuration::sample_shop();
        assert_eq!(shop.check(), Ok(()));
        let text = toml::to_string(&shop).unwrap();
        let again: Configuration = toml::from_str(&text).unwrap();
        assert_eq!(again.check(), Ok(()));
        assert_eq!(toml::to_string(&again).unwrap(), text);
        assert!(text.contains("aid = \"A000000333010101\""), "{text}");
    }

    #[test]
    fn the_shortest_file_is_short() {
        let text = r#"
            country = 156
            currency = 156
            currency_exponent = 2
            [merchant]
            name = "Noodles"
            category = 5812
            id = "104110000000001"
            [[applications]]
            aid = "A0000003330101"
            kernel = "union_pay"
            partial_match = true
            contactless = { transaction_limit = 100000, cvm_limit = 30000, floor_limit = 0 }
        "#;
        let configuration: Configuration = toml::from_str(text).unwrap();
        assert_eq!(configuration.check(), Ok(()));
        assert!(toml::from_str::<Configuration>(&text.replace("aid =", "aids =")).is_err());
        assert!(toml::from_str::<Configuration>(&text.replace("A00000", "X00000")).is_err());
    }

    #[test]
    fn contradictions_are_named() {
        let broken = |edit: &dyn Fn(&mut Configuration)| {
            let mut shop = Configuration::sample_shop();
            edit(&mut shop);
            shop.check()
        };
        assert_eq!(broken(&|c| c.currency_exponent = 0), Err(ConfigurationError::Exponent));
        assert_eq!(broken(&|c| c.currency = Currency::JPY), Err(ConfigurationError::Exponent));
        assert_eq!(broken(&|c| c.applications.clear()), Err(ConfigurationError::Applications));
        assert_eq!(broken(&|c| c.applications[0].aid.truncate(4)), Err(ConfigurationError::Applications));
        assert_eq!(
            broken(&|c| c.applications[1].aid = c.applications[0].aid.clone()),
            Err(ConfigurationError::DuplicateApplication)
        );
        assert_eq!(broken(&|c| c.device.id = "1".to_owned()), Err(ConfigurationError::Identifier));
        assert_eq!(broken(&|c| c.bounds.commands = 0), Err(ConfigurationError::Bounds));
    }
}
