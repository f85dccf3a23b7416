//! Who issues which numbers: institutions, their card ranges and the token ranges that stand in for them.
//!
//! The table is `data/directory.toml`; every range in it is a test range.

use serde::{Deserialize, Serialize};
use std::sync::LazyLock;
use values::{Currency, Money};

/// The network and its member institutions.
#[derive(Debug, Deserialize)]
pub struct Directory {
    /// The card network itself.
    pub network: NetworkEntry,
    /// The issuing banks, in the order in which their hosts get addresses.
    #[serde(rename = "institution")]
    pub institutions: Vec<Institution>,
    /// The acquirers that are its members.
    #[serde(rename = "acquirer")]
    pub acquirers: Vec<AcquirerEntry>,
}

/// An acquirer that is a member of the network.
#[derive(Debug, Deserialize)]
pub struct AcquirerEntry {
    /// Its institution code, 8 digits.
    pub code: String,
    /// Its name for people.
    pub name: String,
}

/// The card network.
#[derive(Debug, Deserialize)]
pub struct NetworkEntry {
    /// Its institution code, 8 digits.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The ISO 4217 code of the currency it settles in.
    pub currency: String,
    no_verification_limit: String,
    codes: CodeRule,
}

/// What a code on a phone's screen may pay without an online PIN, as the table has it.
#[derive(Debug, Deserialize)]
struct CodeRule {
    since: String,
    payment_max: String,
    daily_max: String,
}

/// What a code on a phone's screen may pay without an online PIN, in minor units of the network's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeLimits {
    /// At once.
    pub payment_max: u64,
    /// In a day.
    pub daily_max: u32,
}

impl NetworkEntry {
    /// The most a payment may be without the customer's verification.
    pub fn no_verification_limit(&self) -> Money {
        static LIMIT: LazyLock<Money> = LazyLock::new(|| {
            let network = &Directory::sandbox().network;
            Money::parse(&network.no_verification_limit, network.currency())
                .expect("the embedded table is tested")
        });
        *LIMIT
    }

    /// What a code on a phone's screen may pay without an online PIN.
    pub fn codes(&self) -> CodeLimits {
        let minor =
            |text: &str| Money::parse(text, self.currency()).expect("the embedded table is tested").minor();
        let daily_max = u32::try_from(minor(&self.codes.daily_max)).expect("the embedded table is tested");
        CodeLimits { payment_max: minor(&self.codes.payment_max), daily_max }
    }

    /// The day from which that holds, `YYYY-MM-DD`.
    pub fn codes_since(&self) -> &str {
        &self.codes.since
    }

    /// The currency it settles in.
    pub fn currency(&self) -> Currency {
        Currency::from_alpha(&self.currency).expect("the embedded table is tested")
    }
}

/// An issuing bank.
#[derive(Debug, Deserialize)]
pub struct Institution {
    /// Its short name, as in `issuer-boc.sqlite`.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Its institution code, 8 digits, as in DE 100.
    pub code: String,
    /// The number its text messages come from.
    pub sms_sender: String,
    /// How it signs text messages in Chinese.
    pub sms_name_zh: String,
    /// How it signs text messages in English.
    pub sms_name_en: String,
    /// Its number ranges.
    #[serde(rename = "range")]
    pub ranges: Vec<Range>,
}

/// What kind of money a card spends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Product {
    /// The customer's own deposit.
    Debit,
    /// A credit line.
    Credit,
}

/// One product's card numbers and the token numbers that stand in for them.
#[derive(Debug, Deserialize)]
pub struct Range {
    /// Marks the range as never in real use; the table has no other.
    pub test_range: bool,
    /// Debit or credit.
    pub product: Product,
    /// The product's name for people.
    pub product_name: String,
    /// The first eight digits of its card numbers.
    pub pan_prefix: u32,
    /// The first eight digits of its tokens.
    pub token_prefix: u32,
    /// Digits of its card and token numbers.
    pub length: usize,
    /// The application identifier on a tap, hexadecimal.
    pub aid: String,
    /// The scheme of its cryptograms, the algorithm id of the issuer application data in hexadecimal.
    pub algorithm: String,
    /// Derivation key index: which issuer master key.
    pub dki: u8,
    /// Its card face.
    pub art: Art,
}

/// The colours of a card face, `#RRGGBB`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Art {
    /// Behind the text.
    pub background: String,
    /// The text.
    pub text: String,
}

impl Range {
    /// The algorithm id as it stands in the issuer application data.
    pub fn algorithm_id(&self) -> u8 {
        u8::from_str_radix(&self.algorithm, 16).expect("the embedded table is tested")
    }

    /// Whether this is the range's application identifier; allocates nothing.
    pub fn is_aid(&self, aid: &[u8]) -> bool {
        let mut own = [0; 16];
        let own = &mut own[..(self.aid.len() / 2).min(16)];
        hex::decode_to_slice(&self.aid, own).is_ok() && own == aid
    }

    /// The application identifier.
    pub fn aid_bytes(&self) -> Vec<u8> {
        hex::decode(&self.aid).expect("the embedded table is tested")
    }
}

impl Directory {
    /// The sandbox's directory.
    pub fn sandbox() -> &'static Directory {
        static TABLE: LazyLock<Directory> = LazyLock::new(|| {
            toml::from_str(include_str!("../data/directory.toml")).expect("the embedded table is tested")
        });
        &TABLE
    }

    /// An institution by its short name, such as `boc`.
    pub fn institution(&self, id: &str) -> Option<&Institution> {
        self.institutions.iter().find(|institution| institution.id == id)
    }

    /// The issuer and range of a card number's first eight digits.
    pub fn by_pan_prefix(&self, prefix: u32) -> Option<(&Institution, &Range)> {
        self.ranges().find(|(_, range)| range.pan_prefix == prefix)
    }

    /// The issuer and range that a token's first eight digits stand for.
    pub fn by_token_prefix(&self, prefix: u32) -> Option<(&Institution, &Range)> {
        self.ranges().find(|(_, range)| range.token_prefix == prefix)
    }

    /// Every range with its institution.
    pub fn ranges(&self) -> impl Iterator<Item = (&Institution, &Range)> {
        self.institutions.iter().flat_map(|bank| bank.ranges.iter().map(move |range| (bank, range)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_is_sound() {
        let directory = Directory::sandbox();
        assert_eq!(directory.network.currency(), Currency::CNY);
        assert_eq!(directory.network.no_verification_limit().to_string(), "CNY 1000.00");
        assert_eq!(directory.network.codes(), CodeLimits { payment_max: 100_000, daily_max: 500_000 });
        assert_eq!(directory.network.codes_since(), "2018-04-01");
        let mut prefixes = BTreeSet::new();
        for (bank, range) in directory.ranges() {
            assert!(range.test_range, "{} {}", bank.id, range.product_name);
            assert!(prefixes.insert(range.pan_prefix) && prefixes.insert(range.token_prefix));
            assert!([0x01, 0x04, 0xA1].contains(&range.algorithm_id()));
            assert!((5..=16).contains(&range.aid_bytes().len()) && (13..=19).contains(&range.length));
            assert_eq!(bank.code.len(), 8);
            let found = directory.by_pan_prefix(range.pan_prefix).unwrap();
            assert_eq!((found.0.id.as_str(), found.1.dki), (bank.id.as_str(), range.dki));
            assert!(directory.by_token_prefix(range.pan_prefix).is_none(), "no card number is a token");
        }
        assert_eq!((directory.institutions.len(), directory.acquirers.len()), (4, 1));
        assert!(directory.acquirers.iter().all(|acquirer| acquirer.code.len() == 8));
        assert!(directory.institution("boc").is_some() && directory.institution("abc").is_none());
    }
}
