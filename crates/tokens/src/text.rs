//! Small texts with rules: phone numbers, names people choose, the account reference, the requestor.

use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The text does not follow the rule of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {0}")]
pub struct NotText(&'static str);

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident, $what:literal, $rule:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads it, or says what it is not.
            pub fn parse(text: &str) -> Result<Self, NotText> {
                let rule: fn(&str) -> bool = $rule;
                if rule(text) { Ok($name(text.to_owned())) } else { Err(NotText($what)) }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotText;
            fn try_from(text: String) -> Result<Self, NotText> {
                $name::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> String {
                text.0
            }
        }
    )*};
}

texts! {
    /// A telephone number in the form of E.164: `+` and 8 to 15 digits. Prints masked.
    PhoneNumber, "a telephone number (E.164)", |text| text.strip_prefix('+').is_some_and(|rest| {
        (8..=15).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_digit()) && !rest.starts_with('0')
    });
    /// The payment account reference: 29 upper-case letters and digits, the first four naming its controller.
    Par, "a payment account reference", |text| {
        text.len() == 29 && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
    };
    /// Who asked for a token: three digits of the token service, eight of the requestor.
    RequestorId, "a token requestor id", |text| text.len() == 11 && text.bytes().all(|b| b.is_ascii_digit());
    /// An issuer by its short name in our configuration, for example `boc`.
    IssuerId, "an issuer's short name", |text| {
        (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    /// A name people chose: 1 to 40 characters, no control characters.
    Name, "a name of 1 to 40 characters", |text| {
        (1..=40).contains(&text.chars().count()) && !text.chars().any(char::is_control)
    };
}

macro_rules! prints {
    ($($name:ident)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}
prints!(Par RequestorId IssuerId Name);

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+****{}", &self.0[self.0.len() - 4..])
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<NotText> for Refusal {
    fn from(_: NotText) -> Refusal {
        Refusal::NameInvalid
    }
}

impl Par {
    /// Makes a fresh reference from randomness; `controller` names who gives them out.
    ///
    /// 25 characters of 36 carry 129 bits, so two never meet by chance.
    pub fn from_entropy(controller: &str, entropy: [u8; 32]) -> Result<Par, NotText> {
        const LETTERS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        // A byte taken modulo 36 prefers some letters a little; 16 bits of surplus entropy make up for it.
        let tail = entropy[..25].iter().map(|byte| char::from(LETTERS[usize::from(*byte) % 36]));
        let text: String = controller.chars().chain(tail).collect();
        Par::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_follow_their_rules() {
        assert!(PhoneNumber::parse("+8613800138000").is_ok());
        for wrong in ["8613800138000", "+0138001380", "+86 138", "+1234567", "+1234567890123456"] {
            assert!(PhoneNumber::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(format!("{:?}", PhoneNumber::parse("+8613800138000").unwrap()), "+****8000");
        assert!(
            Name::parse("Lunch").is_ok() && Name::parse("\u{1b}[2J").is_err() && Name::parse("").is_err()
        );
        assert!(RequestorId::parse("50110030273").is_ok() && RequestorId::parse("5011003027").is_err());
        let par = Par::from_entropy("PZ01", [7; 32]).unwrap();
        assert!(par.as_str().starts_with("PZ01") && par.as_str().len() == 29);
        assert!(Par::from_entropy("toolong", [7; 32]).is_err());
        assert!(serde_json::from_str::<Par>("\"short\"").is_err());
    }
}
