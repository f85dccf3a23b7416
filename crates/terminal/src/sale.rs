//! What the cashier asks for: an amount, a kind, a moment, and the freshness of this attempt.

use serde::{Deserialize, Serialize};
use values::Money;
use values::time::Civil;

/// What kind of transaction this is; it becomes 9C, the first two digits of the processing code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SaleKind {
    /// Goods or services.
    #[default]
    Purchase,
    /// Cash over the counter.
    Cash,
    /// An amount is reserved now and taken later.
    PreAuthorisation,
    /// Money goes back to the customer.
    Refund,
    /// Money is paid in.
    Deposit,
    /// The balance is asked for.
    Balance,
}

impl SaleKind {
    /// Transaction type 9C, two BCD digits.
    pub fn transaction_type(self) -> u8 {
        match self {
            SaleKind::Purchase => 0x00,
            SaleKind::Cash => 0x01,
            SaleKind::PreAuthorisation => 0x03,
            SaleKind::Refund => 0x20,
            SaleKind::Deposit => 0x21,
            SaleKind::Balance => 0x31,
        }
    }
}

/// The way the card is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interface {
    /// Held against the reader.
    Contactless,
    /// Inserted.
    Contact,
}

impl Interface {
    /// What a PC/SC reader's answer to reset says: PC/SC part 3 builds `3B 8n 80 01 ...` for a
    /// contactless card; everything else came over contacts.
    pub fn from_atr(atr: &[u8]) -> Interface {
        match atr {
            [0x3B, t0, 0x80, 0x01, ..] if t0 >> 4 == 8 => Interface::Contactless,
            _ => Interface::Contact,
        }
    }

    /// The first two digits of the point-of-service entry mode (ISO 8583 DE 22).
    pub fn entry_mode(self) -> &'static str {
        match self {
            Interface::Contactless => "07",
            Interface::Contact => "05",
        }
    }
}

/// One attempt at a payment. The machine takes it whole and has no way to change it later, so what was
/// displayed is what the card signs.
#[derive(Clone, Debug)]
pub struct Sale {
    /// Amount authorised, 9F02.
    pub amount: Money,
    /// Kind, 9C.
    pub kind: SaleKind,
    /// Civil date and time at the terminal, 9A and 9F21.
    pub at: Civil,
    /// Unpredictable number 9F37: fresh from the operating system's generator for every attempt.
    pub unpredictable_number: [u8; 4],
    /// Transaction sequence counter 9F41, 1 to 99999999; the same for repeated attempts at one sale.
    pub sequence: u32,
    /// Which attempt this is, from 1: a torn tap is tried again with the next number.
    pub attempt: u8,
}

impl Sale {
    /// 9A: YYMMDD in BCD.
    pub(crate) fn date_bcd(&self) -> [u8; 3] {
        let year = self.at.year.rem_euclid(100) as u8;
        [bcd(year), bcd(self.at.month), bcd(self.at.day)]
    }

    /// 9F21: hhmmss in BCD.
    pub(crate) fn time_bcd(&self) -> [u8; 3] {
        [bcd(self.at.hour), bcd(self.at.minute), bcd(self.at.second)]
    }

    /// 9F41: eight digits in BCD.
    pub(crate) fn sequence_bcd(&self) -> [u8; 4] {
        let digits = number_bcd(u64::from(self.sequence % 100_000_000));
        [digits[2], digits[3], digits[4], digits[5]]
    }
}

fn bcd(number: u8) -> u8 {
    ((number / 10 % 10) << 4) | (number % 10)
}

/// The twelve rightmost digits of a number in BCD (format n12).
pub(crate) fn number_bcd(number: u64) -> [u8; 6] {
    let mut rest = number;
    let mut digits = [0; 6];
    for byte in digits.iter_mut().rev() {
        *byte = bcd((rest % 100) as u8);
        rest /= 100;
    }
    digits
}

/// A three-digit code (country, currency) as n3 in two bytes.
pub(crate) fn code_bcd(code: u16) -> [u8; 2] {
    let digits = number_bcd(u64::from(code));
    [digits[4], digits[5]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_digits() {
        assert_eq!(number_bcd(123_456_789_012), [0x12, 0x34, 0x56, 0x78, 0x90, 0x12]);
        assert_eq!(code_bcd(156), [0x01, 0x56]);
    }

    #[test]
    fn the_answer_to_reset_tells_the_interface() {
        for (atr, expected) in [
            (&[0x3B, 0x80, 0x80, 0x01, 0x01][..], Interface::Contactless),
            (&[0x3B, 0xE0, 0x00, 0x00, 0x81, 0x31, 0xFE, 0x45, 0xEB][..], Interface::Contact),
            (&[][..], Interface::Contact),
        ] {
            assert_eq!(Interface::from_atr(atr), expected);
        }
    }
}
