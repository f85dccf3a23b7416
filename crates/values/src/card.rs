//! Numbers that stand on cards, and the numbers that stand in for them.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroize;

/// Why a card value was refused. It never quotes the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// A card number has 13 to 19 digits and a first digit other than 0.
    #[error("a card number has 13 to 19 digits")]
    Length,
    /// Something other than a digit.
    #[error("a card number is digits only")]
    NotDigits,
    /// The Luhn check digit is wrong.
    #[error("the check digit does not match")]
    CheckDigit,
    /// Not a month of a year, `YYMM`.
    #[error("not an expiry date")]
    Expiry,
    /// Not four digits.
    #[error("not a four-digit number")]
    FourDigits,
}

/// The Luhn check digit for these digits (ISO/IEC 7812-1, annex B); `None` if one is not a digit.
pub fn luhn_check_digit(payload: &[u8]) -> Option<u8> {
    let sum = payload.iter().rev().enumerate().try_fold(0u32, |sum, (place, byte)| {
        let digit = u32::from(byte.checked_sub(b'0').filter(|d| *d <= 9)?);
        let doubled = if place % 2 == 0 { digit * 2 } else { digit };
        Some(sum + doubled / 10 + doubled % 10)
    })?;
    Some(b'0' + ((10 - sum % 10) % 10) as u8)
}

fn check_number(digits: &[u8]) -> Result<(), CardError> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(CardError::NotDigits);
    }
    if !(13..=19).contains(&digits.len()) || digits[0] == b'0' {
        return Err(CardError::Length);
    }
    let (last, payload) = digits.split_last().expect("at least 13 digits");
    if luhn_check_digit(payload) == Some(*last) { Ok(()) } else { Err(CardError::CheckDigit) }
}

/// The number of a bank card (primary account number), 13 to 19 digits with a correct check digit.
///
/// It prints as `****1111`, is wiped on drop and deliberately has no serialised form and no `==`.
#[derive(Clone)]
pub struct Pan {
    digits: [u8; 19],
    length: u8,
}

impl Pan {
    /// Reads ASCII digits; spaces are not accepted here.
    pub fn parse(text: &[u8]) -> Result<Pan, CardError> {
        check_number(text)?;
        let mut digits = [0; 19];
        digits[..text.len()].copy_from_slice(text);
        Ok(Pan { digits, length: text.len() as u8 })
    }

    /// The ASCII digits. The name is long so that its uses are seen.
    pub fn expose(&self) -> &[u8] {
        &self.digits[..usize::from(self.length)]
    }

    /// The last four digits, which receipts may show.
    pub fn last_four(&self) -> LastFour {
        let tail = &self.expose()[usize::from(self.length) - 4..];
        LastFour::from_ascii(tail).expect("digits were checked")
    }

    /// The first eight digits, by which messages are routed (ISO/IEC 7812-1 issuer identification).
    pub fn issuer_prefix(&self) -> u32 {
        self.digits[..8].iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'))
    }
}

impl Drop for Pan {
    fn drop(&mut self) {
        self.digits.zeroize();
    }
}

impl fmt::Debug for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "****{}", self.last_four())
    }
}

/// The number of a payment token: looks like a card number, comes from a range no card uses.
///
/// It is not a secret, but screens and logs show only its end: `Display` and `Debug` are masked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct TokenNumber(u64);

impl TokenNumber {
    /// Reads ASCII digits, 13 to 19 of them, Luhn-valid and below 2^63.
    pub fn parse(text: &[u8]) -> Result<TokenNumber, CardError> {
        check_number(text)?;
        let number = text
            .iter()
            .try_fold(0u64, |sum, digit| sum.checked_mul(10)?.checked_add(u64::from(digit - b'0')));
        number.filter(|n| i64::try_from(*n).is_ok()).map(TokenNumber).ok_or(CardError::Length)
    }

    /// All digits, for the wire and for key derivation.
    pub fn digits(self) -> String {
        self.0.to_string()
    }

    /// The number itself; it has no leading zero, so nothing is lost.
    pub fn as_u64(self) -> u64 {
        self.0
    }

    /// The last four digits.
    pub fn last_four(self) -> LastFour {
        LastFour((self.0 % 10_000) as u16)
    }

    /// The first eight digits, by which messages are routed.
    pub fn issuer_prefix(self) -> u32 {
        let mut head = self.0;
        while head >= 100_000_000 {
            head /= 10;
        }
        head as u32
    }
}

impl TryFrom<u64> for TokenNumber {
    type Error = CardError;
    fn try_from(number: u64) -> Result<Self, CardError> {
        TokenNumber::parse(number.to_string().as_bytes())
    }
}

impl From<TokenNumber> for u64 {
    fn from(number: TokenNumber) -> u64 {
        number.0
    }
}

impl fmt::Debug for TokenNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "****{}", self.last_four())
    }
}

impl fmt::Display for TokenNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// The last four digits of a card or token number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct LastFour(u16);

impl LastFour {
    /// Reads exactly four ASCII digits.
    pub fn from_ascii(text: &[u8]) -> Result<LastFour, CardError> {
        if text.len() != 4 || !text.iter().all(u8::is_ascii_digit) {
            return Err(CardError::FourDigits);
        }
        Ok(LastFour(text.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'))))
    }
}

impl TryFrom<u16> for LastFour {
    type Error = CardError;
    fn try_from(number: u16) -> Result<Self, CardError> {
        if number <= 9999 { Ok(LastFour(number)) } else { Err(CardError::FourDigits) }
    }
}

impl From<LastFour> for u16 {
    fn from(four: LastFour) -> u16 {
        four.0
    }
}

impl fmt::Display for LastFour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

impl fmt::Debug for LastFour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The last month in which a card or token is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Expiry {
    year: u8,
    month: u8,
}

impl Expiry {
    /// The last month that can be written.
    pub const LAST: Expiry = Expiry { year: 99, month: 12 };

    /// Year of the century (0 to 99) and month (1 to 12).
    pub fn new(year: u8, month: u8) -> Result<Expiry, CardError> {
        if year <= 99 && (1..=12).contains(&month) {
            Ok(Expiry { year, month })
        } else {
            Err(CardError::Expiry)
        }
    }

    /// Reads `YYMM`, the order of the wire.
    pub fn from_yymm(text: &[u8]) -> Result<Expiry, CardError> {
        let number = LastFour::from_ascii(text).map_err(|_| CardError::Expiry)?.0;
        Expiry::new((number / 100) as u8, (number % 100) as u8)
    }

    /// Writes `YYMM`.
    pub fn to_yymm(self) -> String {
        format!("{:02}{:02}", self.year, self.month)
    }

    /// Year of the century, 0 to 99.
    pub fn year(self) -> u8 {
        self.year
    }

    /// Month, 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// Whether a card is past its last day on this civil date.
    pub fn is_past(self, today: crate::time::Civil) -> bool {
        (2000 + i16::from(self.year), self.month) < (today.year, today.month)
    }
}

/// An ISO 18245 merchant category code, 0 to 9999 (5411 grocery, 4111 local transport).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct MerchantCategory(u16);

impl MerchantCategory {
    /// Whether this is public transport (ISO 18245: 4111 local, 4112 rail, 4131 bus).
    pub fn is_transit(self) -> bool {
        matches!(self.0, 4111 | 4112 | 4131)
    }
}

impl TryFrom<u16> for MerchantCategory {
    type Error = CardError;
    fn try_from(code: u16) -> Result<Self, CardError> {
        if code <= 9999 { Ok(MerchantCategory(code)) } else { Err(CardError::FourDigits) }
    }
}

impl From<MerchantCategory> for u16 {
    fn from(category: MerchantCategory) -> u16 {
        category.0
    }
}

impl FromStr for MerchantCategory {
    type Err = CardError;
    fn from_str(text: &str) -> Result<Self, CardError> {
        LastFour::from_ascii(text.as_bytes()).map(|four| MerchantCategory(four.0))
    }
}

impl fmt::Display for MerchantCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_are_checked() {
        for (text, expected) in [
            ("4111111111111111", Ok(())),
            ("4111111111111112", Err(CardError::CheckDigit)),
            ("411111111111111a", Err(CardError::NotDigits)),
            ("4111", Err(CardError::Length)),
            ("41111111111111111111", Err(CardError::Length)),
            ("", Err(CardError::Length)),
            ("0000000000000000", Err(CardError::Length)),
        ] {
            assert_eq!(Pan::parse(text.as_bytes()).map(|_| ()), expected, "{text}");
        }
    }

    #[test]
    fn numbers_print_masked() {
        let pan = Pan::parse(b"4111111111111111").unwrap();
        assert_eq!(format!("{pan:?}"), "****1111");
        assert_eq!(pan.issuer_prefix(), 41_111_111);
        let token = TokenNumber::parse(b"4111111111111111").unwrap();
        assert_eq!(format!("{token} {token:?}"), "****1111 ****1111");
        assert_eq!(token.digits(), "4111111111111111");
        assert_eq!(token.issuer_prefix(), 41_111_111);
    }

    #[test]
    fn an_expiry_is_good_to_the_end_of_its_month() {
        let expiry = Expiry::from_yymm(b"2611").unwrap();
        let on = |year, month| crate::time::Civil { year, month, day: 30, hour: 0, minute: 0, second: 0 };
        assert!(!expiry.is_past(on(2026, 11)) && expiry.is_past(on(2026, 12)));
        assert!(Expiry::from_yymm(b"2613").is_err() && Expiry::from_yymm(b"26 1").is_err());
    }
}
