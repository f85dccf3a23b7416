//! What an attribute or a text may say.

use crate::address::{Address, Ifsc};
use crate::ids::{MandateNumber, is_identifier};
use std::ops::RangeInclusive;

/// A kind of value, as a profile names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Whatever.
    Any,
    /// `text A..B`: so many characters, none of them a control character.
    Text(RangeInclusive<usize>),
    /// `word A..B`: so many letters or digits.
    Word(RangeInclusive<usize>),
    /// `digits A..B`.
    Digits(RangeInclusive<usize>),
    /// `url A..B`: begins with http:// or https://.
    Url(RangeInclusive<usize>),
    /// `version`: digits with at most one dot, 1 to 6 characters.
    Version,
    /// `id`: 1 to 35 letters or digits.
    Id,
    /// `time`: with its offset.
    Time,
    /// `date`: ddmmyyyy.
    Date,
    /// `decimal`: at most 18 digits, exactly two of them after the point.
    Decimal,
    /// `address`: a payment address.
    Address,
    /// `ifsc`: a bank's code.
    Ifsc,
    /// `umn`: a mandate's number.
    MandateNumber,
    /// `account`: a type of account.
    AccountType,
    /// `one A B C`: one of these words.
    One(Vec<String>),
}

/// Types of accounts.
pub(crate) const ACCOUNT_TYPES: &[&str] = &[
    "SAVINGS",
    "CURRENT",
    "DEFAULT",
    "NRE",
    "NRO",
    "CREDIT",
    "PPIWALLET",
    "BANKWALLET",
    "SOD",
    "UOD",
    "SEMICLOSEDPPIWALLET",
    "SEMICLOSEDBANKWALLET",
    "SNRR",
];

impl Kind {
    /// Reads the words that stand before the code; says how many it took.
    pub(super) fn parse(words: &[&str]) -> Option<(Kind, usize)> {
        let (first, rest) = words.split_first()?;
        let range = || {
            let (least, most) = rest.first()?.split_once("..")?;
            Some(least.parse().ok()?..=most.parse().ok()?)
        };
        Some(match *first {
            "any" => (Kind::Any, 1),
            "text" => (Kind::Text(range()?), 2),
            "word" => (Kind::Word(range()?), 2),
            "digits" => (Kind::Digits(range()?), 2),
            "url" => (Kind::Url(range()?), 2),
            "version" => (Kind::Version, 1),
            "id" => (Kind::Id, 1),
            "time" => (Kind::Time, 1),
            "date" => (Kind::Date, 1),
            "decimal" => (Kind::Decimal, 1),
            "address" => (Kind::Address, 1),
            "ifsc" => (Kind::Ifsc, 1),
            "umn" => (Kind::MandateNumber, 1),
            "account" => (Kind::AccountType, 1),
            // The last word is a code if it looks like one.
            "one" => {
                let count = rest.len() - usize::from(rest.last().is_some_and(|last| is_code(last)));
                let words: Vec<String> = rest[..count].iter().map(|word| (*word).to_owned()).collect();
                (!words.is_empty()).then_some((Kind::One(words), 1 + count))?
            }
            _ => return None,
        })
    }

    /// Whether a value is one of this kind.
    pub(super) fn admits(&self, value: &str) -> bool {
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        match self {
            Kind::Any => true,
            Kind::Text(length) => {
                length.contains(&value.chars().count()) && !value.chars().any(char::is_control)
            }
            Kind::Word(length) => {
                length.contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric())
            }
            Kind::Digits(length) => length.contains(&value.len()) && digits(value),
            Kind::Url(length) => {
                let scheme = value.starts_with("http://") || value.starts_with("https://");
                length.contains(&value.len()) && scheme && value.bytes().all(|b| b.is_ascii_graphic())
            }
            Kind::Version => {
                let (whole, part) = value.split_once('.').unwrap_or((value, "0"));
                (1..=6).contains(&value.len())
                    && !whole.is_empty()
                    && !part.is_empty()
                    && digits(whole)
                    && digits(part)
            }
            Kind::Id => is_identifier(value),
            Kind::Time => crate::time::parse(value).is_some(),
            Kind::Date => crate::time::parse_date(value).is_some(),
            Kind::Decimal => is_decimal(value),
            Kind::Address => Address::parse(value).is_ok(),
            Kind::Ifsc => Ifsc::parse(value).is_some(),
            Kind::MandateNumber => MandateNumber::parse(value).is_some(),
            Kind::AccountType => ACCOUNT_TYPES.contains(&value),
            Kind::One(words) => words.iter().any(|word| word == value),
        }
    }

    /// What it is, for people.
    pub(super) fn expected(&self) -> String {
        let long = |range: &RangeInclusive<usize>, what: &str| {
            let (least, most) = (range.start(), range.end());
            if least == most { format!("{least} {what}") } else { format!("{least} to {most} {what}") }
        };
        match self {
            Kind::Any => "anything".to_owned(),
            Kind::Text(range) => long(range, "characters"),
            Kind::Word(range) => long(range, "letters or digits"),
            Kind::Digits(range) => long(range, "digits"),
            Kind::Url(range) => long(range, "characters of a http or https address"),
            Kind::Version => "a version such as 2.0".to_owned(),
            Kind::Id => "an id of 1 to 35 letters or digits".to_owned(),
            Kind::Time => "a time with its offset, such as 2026-11-22T05:30:00.000+05:30".to_owned(),
            Kind::Date => "a date, ddmmyyyy".to_owned(),
            Kind::Decimal => "an amount with two decimals, at most 18 digits".to_owned(),
            Kind::Address => "a payment address".to_owned(),
            Kind::Ifsc => "a bank's code of 11 characters".to_owned(),
            Kind::MandateNumber => "32 letters or digits, @ and a handle".to_owned(),
            Kind::AccountType => "a type of account".to_owned(),
            Kind::One(words) => format!("one of {}", words.join(", ")),
        }
    }
}

/// `12.50`: at most 18 digits in all, exactly two after the point.
pub(super) fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    text.split_once('.').is_some_and(|(whole, part)| {
        (1..=16).contains(&whole.len()) && part.len() == 2 && digits(whole) && digits(part)
    })
}

/// One or two capital letters and digits, `A|B` or `A01..A14`; `U07` alone is one too.
pub(super) fn is_code(word: &str) -> bool {
    let one = |word: &str| {
        let letters = word.bytes().take_while(u8::is_ascii_uppercase).count();
        let digits = &word[letters..];
        (1..=2).contains(&letters)
            && (1..=2).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
    };
    word.split('|').all(|part| part.split("..").all(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_and_applied() {
        for (kind, good, bad) in [
            ("text 1..3", vec!["a", "é b"], vec!["", "abcd", "a\n"]),
            ("word 2..2", vec!["a1"], vec!["a", "a-", "abc"]),
            ("digits 12..12", vec!["012345678901"], vec!["12345678901", "12345678901x"]),
            (
                "url 1..20",
                vec!["http://a", "https://a.b/c"],
                vec!["ftp://a", "https://a b", "http://much.too.long.example"],
            ),
            ("version", vec!["1", "2.0", "12.345"], vec!["", ".", "1.", "a", "1.2.3", "1234567"]),
            (
                "decimal",
                vec!["0.00", "1.00", "1234567890123456.00"],
                vec!["1", "1.0", "1.000", "1e3", "-1.00", "12345678901234567.00", ".50"],
            ),
            ("account", vec!["SAVINGS"], vec!["savings", ""]),
            ("one A B T07", vec!["A", "B"], vec!["T07", "", "a"]),
        ] {
            let words: Vec<&str> = kind.split(' ').collect();
            let (kind, _) = Kind::parse(&words).unwrap();
            for value in good {
                assert!(kind.admits(value), "{kind:?} {value}");
            }
            for value in bad {
                assert!(!kind.admits(value), "{kind:?} {value}");
            }
            assert!(!kind.expected().is_empty());
        }
        for wrong in ["", "text", "text 1", "text a..b", "one", "one T07", "other"] {
            assert!(Kind::parse(&wrong.split(' ').collect::<Vec<_>>()).is_none(), "{wrong}");
        }
        for (word, code) in [
            ("T07", true),
            ("IM0", true),
            ("H02|Z02", true),
            ("PM0..PM9", true),
            ("PAY", false),
            ("MPIN", false),
            ("CVV1", false),
            ("00", false),
        ] {
            assert_eq!(is_code(word), code, "{word}");
        }
    }
}
