//! Names of messages and transactions. Randomness and time are handed in.

use std::fmt;
use values::Timestamp;
use values::time::Zone;

/// Three capital letters or digits that an organisation's ids begin with.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Prefix([u8; 3]);

impl Prefix {
    /// Reads a prefix.
    pub fn parse(text: &str) -> Option<Prefix> {
        let bytes: [u8; 3] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()).then_some(Prefix(bytes))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("it is ASCII")
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! identifiers {
    ($($(#[$about:meta])* $name:ident)*) => {$(
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Makes a new one of 35 characters: the organisation's prefix and 32 hexadecimal digits.
            pub fn mint(prefix: Prefix, entropy: [u8; 16]) -> $name {
                $name(minted(prefix, entropy))
            }

            /// Reads one: 1 to 35 letters or digits. Those of the network itself are shorter than ours.
            pub fn parse(text: &str) -> Option<$name> {
                is_identifier(text).then(|| $name(text.to_owned()))
            }

            /// Its text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

identifiers! {
    /// The name of one message on one leg (`Head.msgId`).
    MessageId
    /// The name of a transaction, carried unchanged through all its legs (`Txn.id`).
    TransactionId
}

fn minted(prefix: Prefix, entropy: [u8; 16]) -> String {
    let digits = entropy.iter().map(|byte| format!("{byte:02x}"));
    format!("{}{}", prefix.as_str(), digits.collect::<String>())
}

/// Whether this may be an identifier on the wire.
pub(crate) fn is_identifier(text: &str) -> bool {
    (1..=35).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The number a customer quotes (`Txn.custRef`, RRN): twelve digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerReference(String);

impl CustomerReference {
    /// The last digit of the year, the day of the year, the hour (India), and a number of six digits.
    pub fn new(now: Timestamp, sequence: u32) -> CustomerReference {
        let civil = now.civil(Zone::Kolkata);
        let leap = civil.year % 4 == 0 && (civil.year % 100 != 0 || civil.year % 400 == 0);
        let lengths = [31, 28 + u16::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let before: u16 = lengths.iter().take(usize::from(civil.month) - 1).sum();
        let day = before + u16::from(civil.day);
        let (year, sequence) = (civil.year.rem_euclid(10), sequence % 1_000_000);
        CustomerReference(format!("{year}{day:03}{:02}{sequence:06}", civil.hour))
    }

    /// Reads twelve digits.
    pub fn parse(text: &str) -> Option<CustomerReference> {
        let good = text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
        good.then(|| CustomerReference(text.to_owned()))
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The unique number of a mandate: 32 letters or digits, `@`, the handle of who keeps it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MandateNumber(String);

impl MandateNumber {
    /// Makes a new one; `None` if that is no handle.
    pub fn mint(entropy: [u8; 16], handle: &str) -> Option<MandateNumber> {
        let digits: String = entropy.iter().map(|byte| format!("{byte:02x}")).collect();
        MandateNumber::parse(&format!("{digits}@{handle}"))
    }

    /// Reads one.
    pub fn parse(text: &str) -> Option<MandateNumber> {
        let (name, handle) = text.split_once('@')?;
        let good = name.len() == 32
            && name.bytes().all(|b| b.is_ascii_alphanumeric())
            && handle.starts_with(|c: char| c.is_ascii_alphabetic())
            && handle.bytes().all(|b| b.is_ascii_alphanumeric());
        good.then(|| MandateNumber(text.to_owned()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_35_characters() {
        let prefix = Prefix::parse("PZA").unwrap();
        let id = TransactionId::mint(prefix, [0xAB; 16]);
        assert_eq!(id.as_str(), "PZAabababababababababababababababab");
        assert_eq!((id.as_str().len(), TransactionId::parse(id.as_str())), (35, Some(id.clone())));
        assert_eq!(MessageId::parse("5t0yaaWjrmU43CCOehH").unwrap().to_string(), "5t0yaaWjrmU43CCOehH");
        for text in ["", &"a".repeat(36), "a-b", "ä", "a b"] {
            assert_eq!(MessageId::parse(text), None, "{text}");
        }
        assert!(["PZ", "PZAA", "pza", "P-A"].iter().all(|text| Prefix::parse(text).is_none()));
    }

    #[test]
    fn the_customers_reference_says_when() {
        let at = |text| CustomerReference::new(crate::time::parse(text).unwrap(), 1_014_630);
        assert_eq!(at("2018-03-07T17:58:54+05:30").as_str(), "806617014630");
        assert_eq!(at("2024-12-31T23:59:59+05:30").as_str(), "436623014630");
        assert_eq!(at("2023-12-31T18:30:00Z").as_str(), "400100014630", "the day is India's");
        assert!(CustomerReference::parse("806617014630").is_some());
        assert!(
            ["80661701463", "8066170146300", "80661701463x"]
                .iter()
                .all(|t| CustomerReference::parse(t).is_none())
        );
    }

    #[test]
    fn mandates_have_a_number_and_a_handle() {
        let number = MandateNumber::mint([7; 16], "paiza").unwrap();
        assert_eq!(MandateNumber::parse(number.as_str()), Some(number));
        assert!(
            MandateNumber::mint([7; 16], "pai za").is_none() && MandateNumber::parse("short@paiza").is_none()
        );
    }
}
