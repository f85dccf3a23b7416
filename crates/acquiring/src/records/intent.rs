//! Payments that are wanted: from a merchant's system, before a terminal has taken them.

use crate::names::{Reference, TerminalId};
use crate::records::{Payment, PaymentKind};
use iso8583::Stan;
use serde::{Deserialize, Serialize};
use values::{Currency, Id, LastFour, Record, Residency, Timestamp, id::kinds};

/// Where an intent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentState {
    /// Nobody has presented a card.
    RequiresCard,
    /// A card is presented; the terminal is at work.
    Processing,
    /// The acquirer took it: the payment of its reference says how it goes on.
    Taken,
    /// It ended before the acquirer took it. Nothing was charged.
    Failed,
    /// The merchant wants it no more. Nothing was charged.
    Cancelled,
    /// Nobody presented a card in time. Nothing was charged.
    Expired,
}

/// A payment that a merchant's system wants taken at a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Its name, and the name of the payment that becomes of it.
    pub id: Id<kinds::Payment>,
    /// Who is to be paid.
    pub merchant: Id<kinds::Merchant>,
    /// A sale or a pre-authorisation.
    pub kind: PaymentKind,
    /// Minor units.
    pub amount: u64,
    /// Its currency.
    pub currency: Currency,
    /// Where: named when it was made, or chosen when a card was presented. It never moves, so that what a terminal
    /// still owes about it is told before it is tried again.
    pub terminal: Option<TerminalId>,
    /// The end of the number of the card that is presented.
    pub card: Option<LastFour>,
    /// Where it stands.
    pub state: IntentState,
    /// The payment, once there is one.
    pub reference: Option<Reference>,
    /// Why it failed, as a stable code.
    pub failure: Option<String>,
    /// The same in a sentence about this very case.
    pub failure_detail: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Record for Intent {
    type Key = Id<kinds::Payment>;
    const TABLE: &'static str = "intents";
    fn key(&self) -> Self::Key {
        self.id
    }
}

impl Intent {
    /// Whether a payment of its kind, merchant and amount is this one.
    pub fn is_met_by(&self, payment: &Payment) -> bool {
        self.state == IntentState::Processing
            && self.merchant == payment.merchant
            && self.kind == payment.kind
            && (self.amount, self.currency) == (payment.amount, payment.currency)
    }
}

/// What a terminal is about to take: its next request of this number is the payment of this intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// The terminal.
    pub terminal: TerminalId,
    /// Its batch.
    pub batch: u32,
    /// The trace number of the request.
    pub trace: Stan,
    /// The intent.
    pub intent: Id<kinds::Payment>,
}

impl Record for Expected {
    type Key = TerminalId;
    const TABLE: &'static str = "expected_payments";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> TerminalId {
        self.terminal
    }
}
