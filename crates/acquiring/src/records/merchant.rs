//! Merchants and their terminals.

use crate::names::{AcceptorId, TerminalId};
use iso8583::Stan;
use serde::{Deserialize, Serialize};
use values::{Country, Currency, Id, MerchantCategory, Money, Record, Residency, Timestamp, id::kinds};

/// Whether a merchant may take payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MerchantState {
    /// Yes.
    Active,
    /// Not now; refunds and voids still work.
    Suspended,
    /// Never again.
    Closed,
}

/// A merchant of this acquirer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merchant {
    /// Its name with us.
    pub id: Id<kinds::Merchant>,
    /// Its name on the wire (DE 42).
    pub acceptor: AcceptorId,
    /// What stands on receipts.
    pub name: String,
    /// The town.
    pub city: String,
    /// What it sells.
    pub category: MerchantCategory,
    /// Where it is.
    pub country: Country,
    /// The one currency it takes.
    pub currency: Currency,
    /// The most of one payment, minor units.
    pub limit_payment: u64,
    /// The most of one day's sales, minor units.
    pub limit_daily: u64,
    /// Whether it may take payments.
    pub state: MerchantState,
}

impl Record for Merchant {
    type Key = Id<kinds::Merchant>;
    const TABLE: &'static str = "merchants";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> Self::Key {
        self.id
    }
}

/// What a merchant sold on one business day, so that the daily limit holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MerchantDay {
    /// The merchant.
    pub merchant: Id<kinds::Merchant>,
    /// The business day, `YYYYMMDD`.
    pub day: u32,
    /// Sales and completions, pending and approved, minor units.
    pub sales_amount: u64,
}

impl Record for MerchantDay {
    type Key = (Id<kinds::Merchant>, u32);
    const TABLE: &'static str = "merchant_days";
    fn key(&self) -> Self::Key {
        (self.merchant, self.day)
    }
}

impl MerchantDay {
    /// The day's sales with this payment added; `None` if that passes `limit`.
    pub(crate) fn with(&self, amount: Money, limit: u64) -> Option<MerchantDay> {
        let sales_amount = self.sales_amount.checked_add(amount.minor()).filter(|sum| *sum <= limit)?;
        Some(MerchantDay { sales_amount, ..self.clone() })
    }
}

/// Whether a terminal may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TerminalState {
    /// Yes.
    Active,
    /// No: lost, suspect or out of service.
    Blocked,
}

/// A terminal of a merchant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminal {
    /// Its name on the wire (DE 41).
    pub id: TerminalId,
    /// Whose it is.
    pub merchant: Id<kinds::Merchant>,
    /// Whether it may be used.
    pub state: TerminalState,
    /// The last trace number it used.
    pub last_trace: Stan,
    /// The open batch, 1 to 999999.
    pub batch: u32,
    /// When it last signed on.
    pub signed_on_at: Option<Timestamp>,
}

impl Record for Terminal {
    type Key = TerminalId;
    const TABLE: &'static str = "terminals";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> Self::Key {
        self.id
    }
}
