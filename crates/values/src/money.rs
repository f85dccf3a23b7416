//! Amounts of money: whole minor units of one currency.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An ISO 4217 currency, held by its numeric code (CNY is 156).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Currency(u16);

impl Currency {
    /// Chinese yuan renminbi.
    pub const CNY: Currency = Currency(156);
    /// Indian rupee.
    pub const INR: Currency = Currency(356);
    /// United States dollar.
    pub const USD: Currency = Currency(840);
    /// Japanese yen, which has no minor unit.
    pub const JPY: Currency = Currency(392);
    /// Kuwaiti dinar, which has three decimals.
    pub const KWD: Currency = Currency(414);

    /// The currency of an ISO 4217 numeric code, if there is one.
    pub fn from_numeric(code: u16) -> Option<Currency> {
        iso_currency::Currency::from_numeric(code).map(|_| Currency(code))
    }

    /// The currency of a three-letter ISO 4217 code such as `CNY`.
    pub fn from_alpha(code: &str) -> Option<Currency> {
        iso_currency::Currency::from_code(code).map(|c| Currency(c.numeric()))
    }

    /// Every currency there is, by its numeric code.
    pub fn all() -> impl Iterator<Item = Currency> {
        (0..=999).filter_map(Currency::from_numeric)
    }

    /// The ISO 4217 numeric code, 0 to 999.
    pub fn numeric(self) -> u16 {
        self.0
    }

    /// The three-letter code.
    pub fn alpha(self) -> &'static str {
        self.iso().code()
    }

    /// Decimals of the minor unit: 2 for CNY, 0 for JPY, 3 for KWD.
    pub fn exponent(self) -> u32 {
        u32::from(self.iso().exponent().unwrap_or(0))
    }

    fn iso(self) -> iso_currency::Currency {
        iso_currency::Currency::from_numeric(self.0).expect("checked when the value was made")
    }
}

impl TryFrom<u16> for Currency {
    type Error = MoneyError;
    fn try_from(code: u16) -> Result<Self, MoneyError> {
        Currency::from_numeric(code).ok_or(MoneyError::UnknownCurrency)
    }
}

impl From<Currency> for u16 {
    fn from(currency: Currency) -> u16 {
        currency.0
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.alpha())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.alpha())
    }
}

/// An ISO 3166-1 numeric country code (China is 156), 1 to 999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Country(u16);

impl Country {
    /// China.
    pub const CHINA: Country = Country(156);

    /// A country by its numeric code; `None` outside 1 to 999.
    pub fn from_numeric(code: u16) -> Option<Country> {
        (1..=999).contains(&code).then_some(Country(code))
    }

    /// The numeric code.
    pub fn numeric(self) -> u16 {
        self.0
    }
}

/// What can be wrong with an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result would not fit, or would be below zero.
    #[error("amount out of range")]
    OutOfRange,
    /// Two amounts of different currencies met.
    #[error("amounts of different currencies")]
    CurrencyMismatch,
    /// The code names no ISO 4217 currency.
    #[error("unknown currency")]
    UnknownCurrency,
    /// The text is not a decimal amount, or has more decimals than the currency.
    #[error("not an amount of this currency")]
    NotAnAmount,
}

/// An amount of one currency, counted in its minor unit (fen, paise, cents). Never negative.
///
/// ```
/// use values::{Currency, Money};
/// let price = Money::parse("12.50", Currency::CNY).unwrap();
/// assert_eq!((price.minor(), price.to_string()), (1250, "CNY 12.50".to_owned()));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    minor: u64,
    currency: Currency,
}

impl Money {
    /// The largest amount there is: what a signed 64-bit column and wire can carry.
    pub const MAX_MINOR: u64 = i64::MAX as u64;

    /// An amount in minor units; refuses what does not fit a signed 64-bit integer.
    pub fn new(minor: u64, currency: Currency) -> Result<Money, MoneyError> {
        if minor > Self::MAX_MINOR {
            return Err(MoneyError::OutOfRange);
        }
        Ok(Money { minor, currency })
    }

    /// Nothing, in this currency.
    pub const fn zero(currency: Currency) -> Money {
        Money { minor: 0, currency }
    }

    /// Reads `12.5`, `12.50` or `12`; never rounds, so `12.505` is refused for a two-decimal currency.
    pub fn parse(text: &str, currency: Currency) -> Result<Money, MoneyError> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let places = currency.exponent() as usize;
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let dangling = text.contains('.') && part.is_empty();
        if whole.is_empty() || dangling || part.len() > places || !digits(whole) || !digits(part) {
            return Err(MoneyError::NotAnAmount);
        }
        let joined = format!("{whole}{part:0<places$}");
        let minor = joined.parse().map_err(|_| MoneyError::OutOfRange)?;
        Money::new(minor, currency)
    }

    /// The amount in minor units.
    pub fn minor(self) -> u64 {
        self.minor
    }

    /// Its currency.
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is nothing at all.
    pub fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// The sum; refuses overflow and a second currency.
    pub fn checked_add(self, other: Money) -> Result<Money, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::OutOfRange)?;
        Money::new(minor, self.currency)
    }

    /// What is left; refuses to go below zero and a second currency.
    pub fn checked_sub(self, other: Money) -> Result<Money, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_sub(other.minor).ok_or(MoneyError::OutOfRange)?;
        Ok(Money { minor, ..self })
    }

    /// The amount as a person types it: `12.50`.
    pub fn to_decimal(self) -> String {
        let places = self.currency.exponent() as usize;
        let unit = 10u64.pow(places as u32);
        match places {
            0 => self.minor.to_string(),
            _ => format!("{}.{:0places$}", self.minor / unit, self.minor % unit),
        }
    }

    fn same_currency(self, other: Money) -> Result<(), MoneyError> {
        if self.currency == other.currency { Ok(()) } else { Err(MoneyError::CurrencyMismatch) }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency, self.to_decimal())
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_follow_the_currency() {
        for (text, currency, minor) in [
            ("12.5", Currency::CNY, Some(1250)),
            ("12", Currency::JPY, Some(12)),
            ("1.234", Currency::KWD, Some(1234)),
            ("12.505", Currency::CNY, None),
            ("1.0", Currency::JPY, None),
            ("", Currency::CNY, None),
            (".5", Currency::CNY, None),
            ("5.", Currency::CNY, None),
            ("-5", Currency::CNY, None),
            ("9223372036854775808", Currency::JPY, None),
            ("99999999999999999999", Currency::JPY, None),
        ] {
            assert_eq!(Money::parse(text, currency).ok().map(Money::minor), minor, "{text}");
        }
    }

    #[test]
    fn arithmetic_refuses_what_it_cannot_say() {
        let one = Money::new(1, Currency::CNY).unwrap();
        let most = Money::new(Money::MAX_MINOR, Currency::CNY).unwrap();
        assert_eq!(most.checked_add(one), Err(MoneyError::OutOfRange));
        assert_eq!(Money::zero(Currency::CNY).checked_sub(one), Err(MoneyError::OutOfRange));
        assert_eq!(one.checked_add(Money::zero(Currency::INR)), Err(MoneyError::CurrencyMismatch));
    }

    #[test]
    fn currencies_round_trip_and_unknown_codes_are_refused() {
        assert_eq!(Currency::from_numeric(156).map(Currency::alpha), Some("CNY"));
        assert_eq!(Currency::from_numeric(0), None);
        assert!(postcard::from_bytes::<Currency>(&[0]).is_err());
    }
}
