//! Who takes bills in the sandbox: the table `data/billers.toml`.

use crate::upi::directory::UpiDirectory;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;
use values::{Currency, Money};

/// All billers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BillerDirectory {
    /// In the order of the table.
    #[serde(rename = "biller")]
    pub billers: Vec<Biller>,
}

/// A biller.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Biller {
    /// Its name in the directory, 14 letters and digits.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What it bills for, as one word.
    pub category: String,
    /// Merchant category, four digits.
    pub merchant_category: String,
    /// Where it is paid.
    pub address: String,
    /// Short name of its bank.
    pub bank: String,
    /// Its account there.
    pub account: String,
    /// What may be paid: `exact`, `exact_and_above`, `exact_and_below`.
    pub rule: String,
    #[serde(default)]
    least: Option<String>,
    #[serde(default)]
    most: Option<String>,
    /// By what it knows its customers.
    pub parameters: Vec<Parameter>,
    /// What can be recharged; empty for whoever sends bills.
    #[serde(default)]
    pub plans: Vec<Plan>,
}

/// What a customer is known by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Whether letters may be in it beside digits.
    pub letters: bool,
    /// So many characters at least.
    pub least: usize,
    /// And at most.
    pub most: usize,
}

impl Parameter {
    /// Whether a value keeps the rule.
    pub fn allows(&self, value: &str) -> bool {
        let is_one = |byte: u8| byte.is_ascii_digit() || (self.letters && byte.is_ascii_uppercase());
        (self.least..=self.most).contains(&value.len()) && value.bytes().all(is_one)
    }
}

/// What can be bought for a prepaid number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Its name.
    pub id: String,
    /// Rupees, such as `199.00`.
    pub amount: String,
    /// For how many days it is good.
    pub days: u16,
    /// Data, in mebibytes.
    pub data_mb: u32,
    /// Whether that is for each day.
    pub per_day: bool,
    /// Whether calls are in it.
    pub calls: bool,
}

impl Plan {
    /// What it costs, paise.
    pub fn paise(&self) -> u64 {
        paise(&self.amount)
    }
}

fn paise(text: &str) -> u64 {
    Money::parse(text, Currency::INR).expect("the embedded table is tested").minor()
}

impl Biller {
    /// The least and the most that a month's bill is, paise.
    pub(super) fn range(&self) -> Option<(u64, u64)> {
        Some((paise(self.least.as_deref()?), paise(self.most.as_deref()?)))
    }

    /// A plan by its name.
    pub fn plan(&self, id: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.id == id)
    }

    /// The branch code of its account.
    pub fn ifsc(&self) -> String {
        let bank = UpiDirectory::sandbox().bank(&self.bank).expect("the embedded table is tested");
        bank.branch().as_str().to_owned()
    }
}

impl BillerDirectory {
    /// The sandbox's directory.
    pub fn sandbox() -> &'static BillerDirectory {
        static TABLE: LazyLock<BillerDirectory> = LazyLock::new(|| {
            toml::from_str(include_str!("../../data/billers.toml")).expect("the embedded table is tested")
        });
        &TABLE
    }

    /// A biller by its name.
    pub fn find(&self, id: &str) -> Option<&Biller> {
        self.billers.iter().find(|biller| biller.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_is_whole_and_every_account_is_at_its_bank() {
        let directory = BillerDirectory::sandbox();
        let ids: BTreeSet<_> = directory.billers.iter().map(|biller| &biller.id).collect();
        assert_eq!(ids.len(), directory.billers.len());
        for biller in &directory.billers {
            let accounts = &UpiDirectory::sandbox().accounts;
            let account = accounts.iter().find(|account| account.number == biller.account);
            let account = account.unwrap_or_else(|| panic!("{} has no account", biller.id));
            assert_eq!((&account.bank, &account.holder), (&biller.bank, &biller.name));
            assert_eq!((account.kind.as_str(), account.balance().minor()), ("CURRENT", 0));
            assert!(biller.ifsc().len() == 11 && biller.id.len() == 14 && !biller.parameters.is_empty());
            assert!(biller.plans.is_empty() != biller.range().is_none(), "{}", biller.id);
            assert!(biller.plans.iter().all(|plan| plan.paise() > 0) && biller.merchant_category.len() == 4);
            assert!(biller.range().is_none_or(|(least, most)| 0 < least && least < most));
        }
    }

    #[test]
    fn parameters_keep_their_rules() {
        let biller = BillerDirectory::sandbox().find("CAUV00000WAT01").unwrap();
        let allows = |value: &str| biller.parameters[0].allows(value);
        assert!(allows("RR12345") && allows("1234567890"));
        assert!(!allows("RR1234") && !allows("12345678901") && !allows("rr12345") && !allows("RR 2345"));
        let digits = &BillerDirectory::sandbox().find("KONK00000ELE01").unwrap().parameters[0];
        assert!(digits.allows("1234567890") && !digits.allows("A234567890") && !digits.allows("१२३४"));
    }
}
