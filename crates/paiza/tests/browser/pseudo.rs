//! Pages in the pseudo-locale: English with accents, its vowels twice, in brackets.
//!
//! What stands on a page without brackets is in no catalogue: it is data, or somebody wrote it into a template. And what has no
//! room for words that are about 40 % longer has none for the next language. It is looked at where room is least: on the
//! narrowest phone, and on a desk at 200 % (WCAG 2.2, 1.4.4), which has half the width.

use crate::browser::Browser;
use sandbox::billers::directory::BillerDirectory;
use sandbox::directory::Directory;
use sandbox::upi::directory::UpiDirectory;
use serde_json::{Value, json};

const PLAIN: &str = include_str!("pseudo.js");

/// The tag of the pseudo-locale.
pub(crate) const TAG: &str = "en-XA";

/// English as the pseudo-locale has it.
pub(crate) fn changed(text: &str) -> String {
    let mut said = String::from("⟦");
    for letter in text.chars() {
        let (accented, twice) = match letter {
            'a' => ('à', true),
            'e' => ('é', true),
            'i' => ('î', true),
            'o' => ('ö', true),
            'u' => ('û', true),
            'A' => ('À', true),
            'E' => ('É', true),
            'I' => ('Î', true),
            'O' => ('Ö', true),
            'U' => ('Û', true),
            'c' => ('ç', false),
            'n' => ('ñ', false),
            's' => ('š', false),
            'y' => ('ý', false),
            other => (other, false),
        };
        said.push(accented);
        if twice {
            said.extend(accented.to_lowercase());
        }
    }
    said.push('⟧');
    said
}

/// Names of people, shops and things in the tests' city, which every language writes alike.
const NAMES: &[&str] = &[
    "PAIZA NOODLES",
    "PAIZA TEA",
    "UnionPay Debit",
    "Paiza",
    "Asha Rao",
    "Ravi Menon",
    "Chai Corner",
    "Tea club",
    "Meera Iyer",
    "Ravi",
    "Dinner",
    "two chai",
    "a longer season",
    "A phone",
    "Another phone",
    "Asha",
    "Wei",
    "PAIZA CHAI",
    "PAIZA BOOKS",
    "PAIZA BETS",
    "PUNE",
    "BEIJING",
    "UPI",
    "OTP",
    "PDF",
];

/// What else may stand alone: a bank's short name, a unit, the result of what went well, names of keys and of limits.
const WHOLE: &[&str] = &["boc", "ms", "ok", "Operator", "Bank", "standard CNY"];

/// The same with the names of the banks, their products and the billers; the longest first, as one may stand within another.
fn names() -> Vec<String> {
    let cards = &Directory::sandbox().institutions;
    let products = cards.iter().flat_map(|bank| bank.ranges.iter().map(|range| range.product_name.as_str()));
    let banks = cards.iter().map(|bank| bank.name.as_str());
    let upi = UpiDirectory::sandbox().banks.iter().map(|bank| bank.name.as_str());
    let billers = BillerDirectory::sandbox().billers.iter().map(|biller| biller.name.as_str());
    let all = products.chain(banks).chain(upi).chain(billers).chain(NAMES.iter().copied());
    let mut names: Vec<String> = all.map(str::to_owned).collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names.dedup();
    names
}

impl Browser {
    /// Where the words of a page have no room, and which of them are in no catalogue. Asked of a page in the pseudo-locale.
    pub(crate) async fn plain(&self) -> Vec<String> {
        let found = self.client.execute(PLAIN, vec![json!(names()), json!(WHOLE)]).await.unwrap();
        found.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

#[test]
fn the_pseudo_locale_is_longer_and_in_brackets() {
    assert_eq!(changed("Receive"), "⟦Rééçééîîvéé⟧");
    assert_eq!(changed("12.50"), "⟦12.50⟧");
    let sentence = "Still being checked. Nothing to do.";
    let longer = changed(sentence).chars().count() * 100 / sentence.chars().count();
    assert!((130..150).contains(&longer), "{longer} %");
}
