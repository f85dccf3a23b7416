//! The documented test cards, and what each of them does.
//!
//! The table is `data/test-cards.toml`. The issuer opens its books from it, and [`to_markdown`] prints
//! the page people read, so the two cannot differ. The CVV2 is computed, never stored.

use crate::directory::{Directory, Product};
use crate::keys::IssuerKeys;
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::sync::LazyLock;
use std::time::Duration;
use values::{Expiry, Money, Pan};

/// What a test card does besides obeying its issuer's rules and its funds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// Nothing special: it pays while there is money.
    Approve,
    /// Every payment is 05, do not honour.
    #[serde(rename = "decline_05")]
    Decline05,
    /// Every payment is 51, no funds.
    #[serde(rename = "decline_51")]
    Decline51,
    /// Every payment is 54, expired.
    #[serde(rename = "decline_54")]
    Decline54,
    /// Every payment is 61, amount limit.
    #[serde(rename = "decline_61")]
    Decline61,
    /// Every payment is 62, restricted.
    #[serde(rename = "decline_62")]
    Decline62,
    /// Adding it needs a one-time password.
    StepUp,
    /// Adding it is declined.
    Red,
    /// Payments are booked, and no answer is ever sent.
    Timeout,
    /// Payments are booked, and the answer is sent [`LATE`] later.
    Late,
    /// The card was reported lost: 41.
    Lost,
    /// The card was reported stolen: 43.
    Stolen,
    /// The plastic is past its expiry: 54.
    Expired,
    /// An ordinary card with almost no money: 51 soon.
    LowFunds,
}

/// How much later a `late` card's answer is sent: longer than a network waits for an issuer.
pub const LATE: Duration = Duration::from_secs(45);

impl Behaviour {
    /// The answer code every payment gets, for the cards that always decline.
    pub fn forced_decline(self) -> Option<&'static str> {
        match self {
            Behaviour::Decline05 => Some("05"),
            Behaviour::Decline51 => Some("51"),
            Behaviour::Decline54 => Some("54"),
            Behaviour::Decline61 => Some("61"),
            Behaviour::Decline62 => Some("62"),
            _ => None,
        }
    }

    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Behaviour::Approve => "approve",
            Behaviour::Decline05 => "decline_05",
            Behaviour::Decline51 => "decline_51",
            Behaviour::Decline54 => "decline_54",
            Behaviour::Decline61 => "decline_61",
            Behaviour::Decline62 => "decline_62",
            Behaviour::StepUp => "step_up",
            Behaviour::Red => "red",
            Behaviour::Timeout => "timeout",
            Behaviour::Late => "late",
            Behaviour::Lost => "lost",
            Behaviour::Stolen => "stolen",
            Behaviour::Expired => "expired",
            Behaviour::LowFunds => "low_funds",
        }
    }
}

/// The language of a customer's text messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// Chinese.
    #[serde(rename = "zh")]
    Chinese,
    /// English.
    #[serde(rename = "en")]
    English,
}

/// One row of the table. It has no `Debug`: the number is a card number, if only a test one.
#[derive(Deserialize)]
pub struct TestCard {
    /// The issuing institution's short name.
    pub bank: String,
    /// Debit or credit.
    pub product: Product,
    number: String,
    expiry: String,
    /// The phone number the issuer knows.
    pub phone: String,
    /// The name on the card.
    pub holder: String,
    funds: String,
    /// What it does.
    pub behaviour: Behaviour,
    /// The language of its text messages.
    pub language: Language,
    /// What to expect, in a few words.
    pub note: String,
}

impl TestCard {
    /// The card number.
    pub fn pan(&self) -> Pan {
        Pan::parse(self.number.as_bytes()).expect("the embedded table is tested")
    }

    /// The last month in which it is good.
    pub fn expiry(&self) -> Expiry {
        Expiry::from_yymm(self.expiry.as_bytes()).expect("the embedded table is tested")
    }

    /// The card number in groups of four, as on the plastic.
    pub fn grouped_number(&self) -> String {
        let groups: Vec<_> = self.number.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
        groups.join(" ")
    }

    /// The last month in which it is good, `MM/YY`.
    pub fn month_and_year(&self) -> String {
        format!("{:02}/{:02}", self.expiry().month(), self.expiry().year())
    }

    /// The CVV2, from the keys of its bank.
    pub fn security_code(&self, keys: &IssuerKeys) -> String {
        String::from_utf8_lossy(keys.cvv2(&self.pan(), self.expiry()).expose()).into_owned()
    }

    /// The opening balance of a debit card, the credit limit of a credit card.
    pub fn funds(&self) -> Money {
        let currency = Directory::sandbox().network.currency();
        Money::parse(&self.funds, currency).expect("the embedded table is tested")
    }
}

/// Every test card.
pub fn test_cards() -> &'static [TestCard] {
    #[derive(Deserialize)]
    struct Table {
        card: Vec<TestCard>,
    }
    static TABLE: LazyLock<Vec<TestCard>> = LazyLock::new(|| {
        let table: Table =
            toml::from_str(include_str!("../data/test-cards.toml")).expect("the embedded table is tested");
        table.card
    });
    &TABLE
}

/// The test cards of one institution.
pub fn of_bank(bank: &str) -> impl Iterator<Item = &'static TestCard> {
    test_cards().iter().filter(move |card| card.bank == bank)
}

/// The table as a page of Markdown, with the CVV2 computed for each card.
pub fn to_markdown() -> String {
    let mut page = String::from(
        "# Test cards\n\nPrinted from the table the code reads. The ranges are test ranges: no real card has \
         these numbers.\n",
    );
    for bank in &Directory::sandbox().institutions {
        let keys = IssuerKeys::sandbox(bank);
        let _ = write!(
            page,
            "\n## {}\n\n| number | expires | CVV2 | phone | product | funds | behaviour | what to expect |\n\
             | --- | --- | --- | --- | --- | --- | --- | --- |\n",
            bank.name
        );
        for card in of_bank(&bank.id) {
            let _ = writeln!(
                page,
                "| {} | {} | {} | {} | {} | {} | `{}` | {} |",
                card.grouped_number(),
                card.month_and_year(),
                card.security_code(&keys),
                card.phone,
                if card.product == Product::Debit { "debit" } else { "credit" },
                card.funds(),
                card.behaviour.word(),
                card.note,
            );
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_row_is_sound() {
        let mut numbers = BTreeSet::new();
        let mut phones = BTreeSet::new();
        for card in test_cards() {
            let pan = card.pan();
            let (bank, range) =
                Directory::sandbox().by_pan_prefix(pan.issuer_prefix()).expect("a test range");
            assert_eq!((bank.id.as_str(), range.product), (card.bank.as_str(), card.product));
            assert_eq!(pan.expose().len(), range.length);
            assert!(numbers.insert(pan.expose().to_vec()), "numbers are unique");
            assert!(phones.insert(card.phone.clone()), "one card a phone");
            assert!(!card.funds().is_zero() && card.expiry().year() >= 25);
            let word = format!("\"{}\"", card.behaviour.word());
            assert_eq!(serde_json::to_string(&card.behaviour).unwrap(), word);
        }
    }

    #[test]
    fn each_bank_has_enough() {
        for bank in &Directory::sandbox().institutions {
            for product in [Product::Debit, Product::Credit] {
                let count = of_bank(&bank.id).filter(|card| card.product == product).count();
                assert!(count >= if bank.id == "boc" { 8 } else { 4 }, "{} {product:?}", bank.id);
            }
        }
    }

    #[test]
    fn the_page_shows_every_card() {
        let page = to_markdown();
        assert_eq!(page.lines().filter(|line| line.starts_with("| 62")).count(), test_cards().len());
        assert!(page.contains("| 6216 6001 0000 0000 016 | 12/30 |"));
    }
}
