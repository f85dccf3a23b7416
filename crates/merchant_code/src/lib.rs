//! Codes a merchant shows, the phone reads (EMV QRCPS Merchant-Presented Mode 1.1): of cards and of accounts alike.
//!
//! It is the text alone: objects `ID (2 digits) | length (2 digits, counting characters) | value`, with a checksum
//! last. What a network puts into its own templates is read by the rooms above.
//!
//! ```
//! use merchant_code::MerchantCode;
//!
//! let text = "0002010102110828ABCD00000010000000000001234526350010A0000005240117chai.corner@paiza5204581453033565802\
//!             IN5911CHAI CORNER6004PUNE610641100163044FBE";
//! assert_eq!(MerchantCode::parse(text).unwrap().value(merchant_code::NAME), Some("CHAI CORNER"));
//! ```
//!
//! Invariant: what was read is written as it was, but for the case of the checksum's letters.

use std::fmt::Write as _;
use values::{Currency, MerchantCategory, Money};

/// Payload format indicator, always first, always `01`.
pub const FORMAT: u8 = 0;
/// Point of initiation: `11` static, `12` dynamic.
pub const INITIATION: u8 = 1;
/// Merchant category code.
pub const CATEGORY: u8 = 52;
/// Currency, three digits.
pub const CURRENCY: u8 = 53;
/// Amount, decimal.
pub const AMOUNT: u8 = 54;
/// Country, two letters.
pub const COUNTRY: u8 = 58;
/// Merchant name.
pub const NAME: u8 = 59;
/// Merchant city.
pub const CITY: u8 = 60;
/// Postal code.
pub const POSTAL_CODE: u8 = 61;
/// Template of bill number, store, terminal and so on.
pub const ADDITIONAL: u8 = 62;
/// Checksum, always last.
pub const CRC: u8 = 63;
/// Template of name and city in another language.
pub const LANGUAGE: u8 = 64;

/// Why a text is not a merchant's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MerchantCodeError {
    /// Identifier or length is not two digits, or a value ends early. The number is a byte offset.
    #[error("broken at byte {0}")]
    Broken(usize),
    /// The text does not start with `000201`.
    #[error("payload format indicator missing")]
    Format,
    /// The checksum is missing, not last, or wrong.
    #[error("checksum does not match")]
    Checksum,
    /// One of the objects every code has is not there, or no merchant account.
    #[error("object {0:02} missing")]
    Missing(u8),
    /// An object stands twice.
    #[error("object {0:02} stands twice")]
    Twice(u8),
    /// An object whose value is not legal.
    #[error("object {0:02} has an illegal value")]
    Illegal(u8),
    /// A value of more than 99 characters, or a code of more than 512.
    #[error("too long")]
    TooLong,
}

/// One object of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its identifier, 0 to 99.
    pub id: u8,
    /// Its value.
    pub value: String,
}

/// A code, or a template inside one: objects in the order of the text, checksum left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MerchantCode {
    objects: Vec<Object>,
}

impl MerchantCode {
    /// The start of a code: format and kind. `dynamic` codes are made for one payment.
    pub fn new(initiation: Initiation) -> MerchantCode {
        let mut code = MerchantCode::default();
        code.objects.push(Object { id: FORMAT, value: "01".to_owned() });
        code.objects.push(Object { id: INITIATION, value: initiation.digits().to_owned() });
        code
    }

    /// Reads a whole code: checksum, objects that must be there, none twice.
    pub fn parse(text: &str) -> Result<MerchantCode, MerchantCodeError> {
        if text.chars().count() > 512 {
            return Err(MerchantCodeError::TooLong);
        }
        if !text.starts_with("000201") {
            return Err(MerchantCodeError::Format);
        }
        let mut code = MerchantCode::parse_template(text)?;
        // MPM 1.1, 4.7.3: the checksum is the last object and covers its own identifier and length.
        let last = code.objects.pop().filter(|object| object.id == CRC && object.value.len() == 4);
        let given = last.ok_or(MerchantCodeError::Checksum)?.value;
        let covered = &text.as_bytes()[..text.len() - 4];
        if !given.eq_ignore_ascii_case(&format!("{:04X}", crc16(covered))) {
            return Err(MerchantCodeError::Checksum);
        }
        code.check()?;
        Ok(code)
    }

    /// Reads the objects of a template such as 26 or 62.
    pub fn parse_template(text: &str) -> Result<MerchantCode, MerchantCodeError> {
        let mut objects: Vec<Object> = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let broken = MerchantCodeError::Broken(at);
            let id = two_digits(&text[at..]).ok_or(broken)?;
            let length = two_digits(&text[at + 2..]).ok_or(broken)?;
            let rest = &text[at + 4..];
            let mut ends = rest.char_indices().map(|(place, _)| place).chain([rest.len()]);
            let end = ends.nth(usize::from(length)).ok_or(broken)?;
            if objects.iter().any(|object| object.id == id) {
                return Err(MerchantCodeError::Twice(id));
            }
            objects.push(Object { id, value: rest[..end].to_owned() });
            at += 4 + end;
        }
        Ok(MerchantCode { objects })
    }

    /// The same with one more object; refuses a second of its kind and values of more than 99 characters.
    pub fn with(mut self, id: u8, value: &str) -> Result<MerchantCode, MerchantCodeError> {
        if id > 99 || id == CRC {
            return Err(MerchantCodeError::Illegal(id));
        }
        if self.value(id).is_some() {
            return Err(MerchantCodeError::Twice(id));
        }
        if value.is_empty() || value.chars().count() > 99 {
            return Err(MerchantCodeError::TooLong);
        }
        self.objects.push(Object { id, value: value.to_owned() });
        Ok(self)
    }

    /// The same with a template.
    pub fn with_template(self, id: u8, template: &MerchantCode) -> Result<MerchantCode, MerchantCodeError> {
        self.with(id, &template.template_text())
    }

    /// The text to show, with its checksum; refuses a code that [`MerchantCode::parse`] would refuse.
    pub fn to_text(&self) -> Result<String, MerchantCodeError> {
        self.check()?;
        let mut text = self.template_text();
        text.push_str("6304");
        let crc = crc16(text.as_bytes());
        write!(text, "{crc:04X}").expect("writing to a string does not fail");
        if text.chars().count() > 512 { Err(MerchantCodeError::TooLong) } else { Ok(text) }
    }

    /// The text of the objects alone.
    pub fn template_text(&self) -> String {
        let each = |o: &Object| format!("{:02}{:02}{}", o.id, o.value.chars().count(), o.value);
        self.objects.iter().map(each).collect()
    }

    /// All objects, in order.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// The value of an object.
    pub fn value(&self, id: u8) -> Option<&str> {
        self.objects.iter().find(|object| object.id == id).map(|object| object.value.as_str())
    }

    /// The objects inside a template.
    pub fn template(&self, id: u8) -> Option<Result<MerchantCode, MerchantCodeError>> {
        self.value(id).map(MerchantCode::parse_template)
    }

    /// Where the money goes: identifiers 02 to 51, each of one network or with its own unique name.
    pub fn accounts(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter().filter(|object| (2..=51).contains(&object.id))
    }

    /// Whether the code is made for one payment.
    pub fn initiation(&self) -> Option<Initiation> {
        match self.value(INITIATION)? {
            "11" => Some(Initiation::Static),
            "12" => Some(Initiation::Dynamic),
            _ => None,
        }
    }

    /// Currency of the amount.
    pub fn currency(&self) -> Option<Currency> {
        Currency::from_numeric(self.value(CURRENCY)?.parse().ok()?)
    }

    /// The amount, if the merchant fixed it; `Err` if it is not one of the currency.
    pub fn amount(&self) -> Result<Option<Money>, MerchantCodeError> {
        let Some(text) = self.value(AMOUNT) else { return Ok(None) };
        let currency = self.currency().ok_or(MerchantCodeError::Illegal(CURRENCY))?;
        Money::parse(text, currency).map(Some).map_err(|_| MerchantCodeError::Illegal(AMOUNT))
    }

    /// Merchant category.
    pub fn category(&self) -> Option<MerchantCategory> {
        self.value(CATEGORY)?.parse().ok()
    }

    fn check(&self) -> Result<(), MerchantCodeError> {
        if self.objects.first().is_none_or(|first| first.id != FORMAT || first.value != "01") {
            return Err(MerchantCodeError::Format);
        }
        for id in [CATEGORY, CURRENCY, COUNTRY, NAME, CITY] {
            self.value(id).ok_or(MerchantCodeError::Missing(id))?;
        }
        if self.accounts().next().is_none() {
            return Err(MerchantCodeError::Missing(2));
        }
        let three_digits = |text: &str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
        let checks = [
            (CURRENCY, self.value(CURRENCY).is_some_and(three_digits)),
            (CATEGORY, self.category().is_some()),
            (AMOUNT, self.value(AMOUNT).is_none_or(|text| text.len() <= 13 && is_decimal(text))),
        ];
        checks
            .into_iter()
            .find(|(_, good)| !good)
            .map_or(Ok(()), |(id, _)| Err(MerchantCodeError::Illegal(id)))
    }
}

/// How a merchant's code is meant to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initiation {
    /// Printed once, paid many times.
    Static,
    /// Made for one payment.
    Dynamic,
}

impl Initiation {
    fn digits(self) -> &'static str {
        match self {
            Initiation::Static => "11",
            Initiation::Dynamic => "12",
        }
    }
}

/// The network an account identifier is reserved for (MPM 1.1, 4.7.4).
pub fn network(id: u8) -> &'static str {
    match id {
        2 | 3 => "Visa",
        4 | 5 => "Mastercard",
        9 | 10 => "Discover",
        11 | 12 => "American Express",
        13 | 14 => "JCB",
        15 | 16 => "UnionPay",
        26..=51 => "template with its own unique name",
        _ => "reserved",
    }
}

/// CRC-16, polynomial 1021, start FFFF, nothing reflected, nothing added (ISO/IEC 13239 as MPM 1.1 uses it).
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            (crc << 1) ^ if crc & 0x8000 != 0 { 0x1021 } else { 0 }
        })
    })
}

fn two_digits(text: &str) -> Option<u8> {
    match *text.as_bytes() {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', ..] => Some((a - b'0') * 10 + (b - b'0')),
        _ => None,
    }
}

/// Digits with at most one dot and something before it.
fn is_decimal(text: &str) -> bool {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    !whole.is_empty() && digits(whole) && digits(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shop() -> MerchantCode {
        let bill = MerchantCode::default().with(1, "ORD260152").unwrap().with(7, "T00646").unwrap();
        let fields = [
            (15, "3100773212654793"),
            (CATEGORY, "5812"),
            (CURRENCY, "156"),
            (AMOUNT, "0.39"),
            (COUNTRY, "CN"),
            (NAME, "最佳运输"),
            (CITY, "BEIJING"),
        ];
        let code =
            fields.iter().try_fold(MerchantCode::new(Initiation::Dynamic), |c, (id, v)| c.with(*id, v));
        code.unwrap().with_template(ADDITIONAL, &bill).unwrap()
    }

    #[test]
    fn a_code_is_read_as_written() {
        let text = shop().to_text().unwrap();
        let read = MerchantCode::parse(&text).unwrap();
        assert_eq!(read, shop());
        assert_eq!(read.amount().unwrap().unwrap().to_string(), "CNY 0.39");
        assert_eq!((read.initiation(), read.accounts().count()), (Some(Initiation::Dynamic), 1));
        assert_eq!(read.template(ADDITIONAL).unwrap().unwrap().value(7), Some("T00646"));
        assert_eq!(crc16(b"123456789"), 0x29B1);
    }

    #[test]
    fn what_is_broken_is_named() {
        let text = shop().to_text().unwrap();
        let parse = |text: &str| MerchantCode::parse(text).unwrap_err();
        assert_eq!(parse(""), MerchantCodeError::Format);
        assert_eq!(parse("0002019"), MerchantCodeError::Broken(6));
        assert_eq!(parse("000201"), MerchantCodeError::Checksum);
        assert_eq!(parse(&text.replace("0.39", "0.38")), MerchantCodeError::Checksum);
        assert_eq!(parse(&text.replace("0.39", "9.3")), MerchantCodeError::Broken(55));
        assert_eq!(parse("000201000201"), MerchantCodeError::Twice(0));
        let without = MerchantCode::new(Initiation::Static).with(15, "1").unwrap();
        assert_eq!(without.to_text(), Err(MerchantCodeError::Missing(CATEGORY)));
        assert_eq!(shop().with(AMOUNT, "1").unwrap_err(), MerchantCodeError::Twice(AMOUNT));
        assert_eq!(shop().with(CRC, "1").unwrap_err(), MerchantCodeError::Illegal(CRC));
    }

    proptest! {
        #[test]
        fn any_text_gives_an_answer(text in "\\PC{0,80}", digits in "(0[0-9]0[0-9]\\PC{0,9}){0,6}") {
            let _ = MerchantCode::parse(&text);
            let _ = MerchantCode::parse(&format!("000201{digits}"));
            if let Ok(template) = MerchantCode::parse_template(&digits) {
                prop_assert_eq!(template.template_text(), digits);
            }
        }

        #[test]
        fn one_wrong_character_is_seen(place in 0usize..100, other in "[A-Z0-9]") {
            let text = shop().to_text().unwrap();
            let place = place % text.len();
            if text.is_char_boundary(place) && text.is_char_boundary(place + 1) && text[place..=place] != other {
                let mut wrong = text.clone();
                wrong.replace_range(place..=place, &other);
                prop_assert!(MerchantCode::parse(&wrong).is_err());
            }
        }
    }
}
