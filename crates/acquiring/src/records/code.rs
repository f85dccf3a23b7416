//! Codes a shop shows: the bills behind them, and their payments as the terminal hears of them.

use crate::names::{Reference, TerminalId};
use iso8583::Stan;
use serde::{Deserialize, Serialize};
use std::fmt;
use values::{Currency, Money, Record, Residency, Timestamp};

/// What a terminal wants to be paid once by a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// The terminal.
    pub terminal: TerminalId,
    /// Its batch.
    pub batch: u32,
    /// The trace number that the payment will have.
    pub trace: Stan,
    /// Minor units.
    pub amount: u64,
    /// Its currency.
    pub currency: Currency,
    /// Not paid after this moment.
    pub until: Timestamp,
}

impl Record for Bill {
    type Key = (TerminalId, u32, Stan);
    const TABLE: &'static str = "bills";
    fn key(&self) -> Self::Key {
        (self.terminal, self.batch, self.trace)
    }
}

impl Bill {
    /// Amount and currency.
    pub fn money(&self) -> Money {
        Money::new(self.amount, self.currency).expect("it was an amount when the bill was opened")
    }
}

/// A bill as a code names it: twelve digits, batch and trace number of its terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BillName {
    /// The terminal's batch.
    pub batch: u32,
    /// The terminal's trace number.
    pub trace: Stan,
}

impl BillName {
    /// Reads twelve digits.
    pub fn parse(text: &str) -> Option<BillName> {
        let digits = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        let (batch, trace) = digits.then(|| text.split_at(6))?;
        Some(BillName { batch: batch.parse().ok()?, trace: Stan::new(trace.parse().ok()?)? })
    }
}

impl fmt::Display for BillName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}{}", self.batch % 1_000_000, self.trace)
    }
}

/// How many payments by scanned codes a terminal had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeCount {
    /// The terminal.
    pub terminal: TerminalId,
    /// The number of the last one.
    pub last: u32,
}

impl Record for CodeCount {
    type Key = TerminalId;
    const TABLE: &'static str = "code_counts";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> Self::Key {
        self.terminal
    }
}

/// A payment by a scanned code, in the order in which a terminal hears of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodePayment {
    /// The terminal.
    pub terminal: TerminalId,
    /// Its place among the terminal's, from 1.
    pub number: u32,
    /// The payment.
    pub reference: Reference,
}

impl Record for CodePayment {
    type Key = (TerminalId, u32);
    const TABLE: &'static str = "code_payments";
    fn key(&self) -> Self::Key {
        (self.terminal, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bills_are_twelve_digits() {
        let bill = BillName { batch: 3, trace: Stan::new(42).unwrap() };
        assert_eq!(
            (bill.to_string(), BillName::parse("000003000042")),
            ("000003000042".to_owned(), Some(bill))
        );
        for wrong in ["", "00000300042", "00000300004x", "+00003000042", "0000030000423"] {
            assert_eq!(BillName::parse(wrong), None, "{wrong}");
        }
    }
}
