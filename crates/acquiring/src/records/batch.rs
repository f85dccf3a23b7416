//! Batches: what a terminal did since its last settlement.

use crate::names::TerminalId;
use crate::records::{Payment, PaymentKind};
use serde::{Deserialize, Serialize};
use values::{Currency, Record, Residency, Timestamp};

/// A number of payments and their sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many.
    pub count: u32,
    /// Their sum, minor units.
    pub amount: u64,
}

impl Tally {
    fn add(&mut self, amount: u64) {
        self.count = self.count.saturating_add(1);
        self.amount = self.amount.saturating_add(amount);
    }

    fn take(&mut self, amount: u64) {
        self.count = self.count.saturating_sub(1);
        self.amount = self.amount.saturating_sub(amount);
    }
}

/// Whether a batch still takes payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// Yes.
    Open,
    /// Closed; what is approved in it is captured.
    Captured,
}

/// One batch of one terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The terminal.
    pub terminal: TerminalId,
    /// 1 to 999999.
    pub number: u32,
    /// Whether it still takes payments.
    pub state: BatchState,
    /// The merchant's currency.
    pub currency: Currency,
    /// Payments not yet answered; while there are any the batch stays open.
    pub pending_count: u32,
    /// Sales and completions that stand.
    pub sales_count: u32,
    /// Their sum, minor units.
    pub sales_amount: u64,
    /// Refunds that stand.
    pub refunds_count: u32,
    /// Their sum, minor units.
    pub refunds_amount: u64,
    /// Payments that had counted and were taken back: reversed or voided.
    pub reversals_count: u32,
    /// Their sum, minor units.
    pub reversals_amount: u64,
    /// Refunds of an earlier, captured batch that the issuer refused after all.
    pub corrections_count: u32,
    /// Their sum, minor units, owed to the merchant.
    pub corrections_amount: u64,
    /// Whether the terminal's totals agreed; nothing while open.
    pub balanced: Option<bool>,
    /// When it began.
    pub opened_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
}

impl Record for Batch {
    type Key = (TerminalId, u32);
    const TABLE: &'static str = "batches";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> Self::Key {
        (self.terminal, self.number)
    }
}

impl Batch {
    /// An empty batch.
    pub fn open(terminal: TerminalId, number: u32, currency: Currency, now: Timestamp) -> Batch {
        Batch {
            terminal,
            number,
            state: BatchState::Open,
            currency,
            pending_count: 0,
            sales_count: 0,
            sales_amount: 0,
            refunds_count: 0,
            refunds_amount: 0,
            reversals_count: 0,
            reversals_amount: 0,
            corrections_count: 0,
            corrections_amount: 0,
            balanced: None,
            opened_at: now,
            closed_at: None,
        }
    }

    /// Sales and completions that stand.
    pub fn sales(&self) -> Tally {
        Tally { count: self.sales_count, amount: self.sales_amount }
    }

    /// Refunds that stand.
    pub fn refunds(&self) -> Tally {
        Tally { count: self.refunds_count, amount: self.refunds_amount }
    }

    /// Counts a payment in.
    pub(crate) fn count(&mut self, payment: &Payment) {
        self.change(payment, |tally| tally.add(payment.amount));
    }

    /// Takes a payment out again that was counted in.
    pub(crate) fn uncount(&mut self, payment: &Payment) {
        self.change(payment, |tally| tally.take(payment.amount));
        let mut reversals = Tally { count: self.reversals_count, amount: self.reversals_amount };
        reversals.add(payment.amount);
        (self.reversals_count, self.reversals_amount) = (reversals.count, reversals.amount);
    }

    /// Owes the merchant a refund that was refused after its own batch had closed.
    pub(crate) fn correct(&mut self, refund: &Payment) {
        let mut corrections = Tally { count: self.corrections_count, amount: self.corrections_amount };
        corrections.add(refund.amount);
        (self.corrections_count, self.corrections_amount) = (corrections.count, corrections.amount);
    }

    fn change(&mut self, payment: &Payment, change: impl FnOnce(&mut Tally)) {
        let (mut sales, mut refunds) = (self.sales(), self.refunds());
        match payment.kind {
            PaymentKind::Sale | PaymentKind::Completion => change(&mut sales),
            PaymentKind::Refund => change(&mut refunds),
            PaymentKind::PreAuthorisation => {}
        }
        (self.sales_count, self.sales_amount) = (sales.count, sales.amount);
        (self.refunds_count, self.refunds_amount) = (refunds.count, refunds.amount);
    }
}
