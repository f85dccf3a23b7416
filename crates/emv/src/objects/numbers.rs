//! Numbers of the wire: packed digits and counters, kept in the form in which cryptograms cover them.

use crate::inline::Inline;
use values::{Country, Currency, Money};

/// Packed digits that are not digits, or a number that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a number of this format")]
pub struct NotDigits;

fn read_digits(packed: &[u8]) -> Result<u64, NotDigits> {
    packed.iter().try_fold(0u64, |sum, byte| {
        let (high, low) = (byte >> 4, byte & 0xF);
        if high > 9 || low > 9 { Err(NotDigits) } else { Ok(sum * 100 + u64::from(high * 10 + low)) }
    })
}

fn pack_digits<const N: usize>(mut number: u64) -> Option<[u8; N]> {
    let mut packed = [0; N];
    for byte in packed.iter_mut().rev() {
        let pair = (number % 100) as u8;
        *byte = ((pair / 10) << 4) | (pair % 10);
        number /= 100;
    }
    (number == 0).then_some(packed)
}

/// An amount as EMV carries it (`9F02`, `9F03`): twelve digits of minor units, no currency of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Amount([u8; 6]);

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount([0; 6]);

    /// Reads six bytes of packed digits.
    pub fn from_bytes(packed: [u8; 6]) -> Result<Amount, NotDigits> {
        read_digits(&packed).map(|_| Amount(packed))
    }

    /// Reads a value of exactly six bytes.
    pub fn parse(value: &[u8]) -> Result<Amount, NotDigits> {
        value.try_into().map_err(|_| NotDigits).and_then(Amount::from_bytes)
    }

    /// An amount of money, without its currency; refuses more than twelve digits.
    pub fn of(money: Money) -> Result<Amount, NotDigits> {
        Amount::from_minor(money.minor())
    }

    /// Minor units, at most 999,999,999,999.
    pub fn from_minor(minor: u64) -> Result<Amount, NotDigits> {
        pack_digits(minor).map(Amount).ok_or(NotDigits)
    }

    /// Minor units, at most 999,999,999,999.
    pub fn minor(self) -> u64 {
        read_digits(&self.0).expect("digits were checked")
    }

    /// The amount in this currency.
    pub fn money(self, currency: Currency) -> Money {
        Money::new(self.minor(), currency).expect("twelve digits fit")
    }

    /// The packed digits.
    pub fn to_bytes(self) -> [u8; 6] {
        self.0
    }
}

/// A three-digit code of a currency (`5F2A`) or country (`9F1A`), packed in two bytes (`0156`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CodeN3([u8; 2]);

impl CodeN3 {
    /// Reads two bytes of packed digits.
    pub fn from_bytes(packed: [u8; 2]) -> Result<CodeN3, NotDigits> {
        if packed[0] > 9 { Err(NotDigits) } else { read_digits(&packed).map(|_| CodeN3(packed)) }
    }

    /// Reads a value of exactly two bytes.
    pub fn parse(value: &[u8]) -> Result<CodeN3, NotDigits> {
        value.try_into().map_err(|_| NotDigits).and_then(CodeN3::from_bytes)
    }

    /// The code, 0 to 999.
    pub fn numeric(self) -> u16 {
        read_digits(&self.0).expect("digits were checked") as u16
    }

    /// The currency it names, if there is one.
    pub fn currency(self) -> Option<Currency> {
        Currency::from_numeric(self.numeric())
    }

    /// The country it names.
    pub fn country(self) -> Option<Country> {
        Country::from_numeric(self.numeric())
    }

    /// The packed digits.
    pub fn to_bytes(self) -> [u8; 2] {
        self.0
    }
}

impl From<Currency> for CodeN3 {
    fn from(currency: Currency) -> CodeN3 {
        CodeN3(pack_digits(u64::from(currency.numeric())).expect("three digits"))
    }
}

impl From<Country> for CodeN3 {
    fn from(country: Country) -> CodeN3 {
        CodeN3(pack_digits(u64::from(country.numeric())).expect("three digits"))
    }
}

/// A date `YYMMDD` in packed digits, tag `9A`. Month and day are in range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date([u8; 3]);

impl Date {
    /// Reads three bytes of packed digits with a month of 1 to 12 and a day of 1 to 31.
    pub fn from_bytes(packed: [u8; 3]) -> Result<Date, NotDigits> {
        let number = read_digits(&packed)?;
        let (month, day) = (number / 100 % 100, number % 100);
        if (1..=12).contains(&month) && (1..=31).contains(&day) { Ok(Date(packed)) } else { Err(NotDigits) }
    }

    /// Reads a value of exactly three bytes.
    pub fn parse(value: &[u8]) -> Result<Date, NotDigits> {
        value.try_into().map_err(|_| NotDigits).and_then(Date::from_bytes)
    }

    /// The date part of a civil time.
    pub fn of(civil: values::time::Civil) -> Date {
        let year = u64::from(civil.year.rem_euclid(100).unsigned_abs());
        let number = year * 10_000 + u64::from(civil.month) * 100 + u64::from(civil.day);
        Date(pack_digits(number).expect("six digits"))
    }

    /// Year of the century, month, day.
    pub fn parts(self) -> (u8, u8, u8) {
        let number = read_digits(&self.0).expect("digits were checked");
        ((number / 10_000) as u8, (number / 100 % 100) as u8, (number % 100) as u8)
    }

    /// The packed digits.
    pub fn to_bytes(self) -> [u8; 3] {
        self.0
    }
}

/// Transaction type, tag `9C`: the first two digits of the processing code, packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TransactionType(u8);

impl TransactionType {
    /// Purchase.
    pub const PURCHASE: TransactionType = TransactionType(0x00);
    /// Cash.
    pub const CASH: TransactionType = TransactionType(0x01);
    /// Refund.
    pub const REFUND: TransactionType = TransactionType(0x20);
    /// Balance enquiry.
    pub const BALANCE: TransactionType = TransactionType(0x31);
    /// Pre-authorisation.
    pub const PRE_AUTHORISATION: TransactionType = TransactionType(0x03);

    /// The byte of the wire (two packed digits).
    pub const fn from_bits(bits: u8) -> TransactionType {
        TransactionType(bits)
    }

    /// The byte of the wire.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Its name in plain words.
    pub fn name(self) -> &'static str {
        match self.0 {
            0x00 => "purchase",
            0x01 => "cash",
            0x03 => "pre-authorisation",
            0x09 => "purchase with cashback",
            0x20 => "refund",
            0x30 | 0x31 => "balance enquiry",
            _ => "other transaction type",
        }
    }
}

/// Application transaction counter, tag `9F36`: one number, one tap, one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Atc(u16);

impl Atc {
    /// A counter value.
    pub const fn new(count: u16) -> Atc {
        Atc(count)
    }

    /// The counter value.
    pub const fn count(self) -> u16 {
        self.0
    }

    /// The next one; `None` after 65535, when the card is used up.
    pub fn next(self) -> Option<Atc> {
        self.0.checked_add(1).map(Atc)
    }

    /// The bytes of the wire.
    pub const fn to_bytes(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }
}

impl From<[u8; 2]> for Atc {
    fn from(bytes: [u8; 2]) -> Atc {
        Atc(u16::from_be_bytes(bytes))
    }
}

/// Unpredictable number, tag `9F37`: fresh from the terminal for each transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UnpredictableNumber(pub [u8; 4]);

/// Card sequence number, tag `5F34`: tells cards of one number apart, 0 to 99.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SequenceNumber(u8);

impl SequenceNumber {
    /// A sequence number of 0 to 99.
    pub fn new(number: u8) -> Result<SequenceNumber, NotDigits> {
        if number <= 99 { Ok(SequenceNumber(number)) } else { Err(NotDigits) }
    }

    /// Reads the packed digits of the wire.
    pub fn from_bits(packed: u8) -> Result<SequenceNumber, NotDigits> {
        read_digits(&[packed]).map(|number| SequenceNumber(number as u8))
    }

    /// The number, 0 to 99.
    pub fn number(self) -> u8 {
        self.0
    }

    /// The packed digits of the wire.
    pub fn bits(self) -> u8 {
        ((self.0 / 10) << 4) | (self.0 % 10)
    }
}

/// Application identifier: 5 bytes of registered provider, up to 11 of the provider's choice.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Aid(Inline<16>);

impl Aid {
    /// Reads 5 to 16 bytes.
    pub fn parse(value: &[u8]) -> Option<Aid> {
        if value.len() < 5 { None } else { Inline::copy_of(value).map(Aid) }
    }

    /// UnionPay debit, `A000000333010101`.
    pub fn unionpay_debit() -> Aid {
        Aid::unionpay(0x01)
    }

    /// UnionPay credit, `A000000333010102`.
    pub fn unionpay_credit() -> Aid {
        Aid::unionpay(0x02)
    }

    /// UnionPay quasi-credit, `A000000333010103`.
    pub fn unionpay_quasi_credit() -> Aid {
        Aid::unionpay(0x03)
    }

    /// What all UnionPay payment applications start with, `A0000003330101`.
    pub fn unionpay_prefix() -> Aid {
        Aid::parse(&[0xA0, 0, 0, 0x03, 0x33, 0x01, 0x01]).expect("seven bytes")
    }

    fn unionpay(product: u8) -> Aid {
        Aid::parse(&[0xA0, 0, 0, 0x03, 0x33, 0x01, 0x01, product]).expect("eight bytes")
    }

    /// The bytes of the wire.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether this identifier starts with another: how terminals match by part of a name.
    pub fn starts_with(&self, prefix: &Aid) -> bool {
        self.0.starts_with(&prefix.0)
    }

    /// The registered application provider, the first five bytes.
    pub fn provider(&self) -> [u8; 5] {
        self.0[..5].try_into().expect("at least five bytes")
    }

    /// What the application is, for the identifiers this project knows.
    pub fn product(&self) -> Option<&'static str> {
        const PRODUCTS: &[(&[u8], &str)] = &[
            (&[0xA0, 0, 0, 0x03, 0x33, 0x01, 0x01, 0x01], "UnionPay debit"),
            (&[0xA0, 0, 0, 0x03, 0x33, 0x01, 0x01, 0x02], "UnionPay credit"),
            (&[0xA0, 0, 0, 0x03, 0x33, 0x01, 0x01, 0x03], "UnionPay quasi-credit"),
            (&[0xA0, 0, 0, 0x03, 0x33, 0x01, 0x01, 0x06], "UnionPay electronic cash"),
            (&[0xA0, 0, 0, 0x03, 0x33], "UnionPay"),
            (&[0xA0, 0, 0, 0x06, 0x32], "China transit union"),
            (&[0xA0, 0, 0, 0, 0x03], "Visa"),
            (&[0xA0, 0, 0, 0, 0x04], "Mastercard"),
            (&[0xA0, 0, 0, 0, 0x25], "American Express"),
            (&[0xA0, 0, 0, 0, 0x65], "JCB"),
        ];
        PRODUCTS.iter().find(|(prefix, _)| self.0.starts_with(prefix)).map(|(_, name)| *name)
    }
}

impl std::fmt::Debug for Aid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_packed_and_checked() {
        let amount = Amount::from_minor(1250).unwrap();
        assert_eq!((amount.to_bytes(), amount.minor()), ([0, 0, 0, 0, 0x12, 0x50], 1250));
        assert_eq!(amount.money(Currency::CNY).to_string(), "CNY 12.50");
        assert_eq!(Amount::from_minor(1_000_000_000_000), Err(NotDigits));
        assert_eq!(Amount::from_bytes([0, 0, 0, 0, 0, 0x1A]), Err(NotDigits));
        assert_eq!(Amount::parse(&[0; 5]), Err(NotDigits));
        assert_eq!(CodeN3::from(Currency::CNY).to_bytes(), [0x01, 0x56]);
        assert_eq!(CodeN3::from_bytes([0x11, 0x56]), Err(NotDigits));
        assert_eq!(CodeN3::from_bytes([0x01, 0x56]).unwrap().country(), Some(Country::CHINA));
        assert_eq!(Date::from_bytes([0x26, 0x13, 0x01]), Err(NotDigits));
        assert_eq!(Date::from_bytes([0x26, 0x11, 0x22]).unwrap().parts(), (26, 11, 22));
        assert_eq!(SequenceNumber::new(42).unwrap().bits(), 0x42);
        assert_eq!(SequenceNumber::from_bits(0x4A), Err(NotDigits));
        assert_eq!(Atc::new(u16::MAX).next(), None);
    }

    #[test]
    fn identifiers_match_by_their_beginning() {
        let debit = Aid::unionpay_debit();
        assert!(debit.starts_with(&Aid::unionpay_prefix()) && !Aid::unionpay_prefix().starts_with(&debit));
        assert_eq!(debit.product(), Some("UnionPay debit"));
        assert_eq!(Aid::parse(&[1; 4]), None);
        assert_eq!(Aid::parse(&[1; 17]), None);
    }
}
