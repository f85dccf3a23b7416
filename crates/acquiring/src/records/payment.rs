//! Payments and the numbers they are found by.

use crate::names::{ApprovalCode, EntryMode, InstitutionId, Reference, TerminalId};
use iso8583::{Mti, ResponseCode, Stan};
use serde::{Deserialize, Serialize};
use values::{Currency, Id, LastFour, Money, Record, Residency, Timestamp, TokenNumber, id::kinds};

/// What a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
    /// A purchase.
    Sale,
    /// Money set aside, to be completed later.
    PreAuthorisation,
    /// The purchase that uses what a pre-authorisation set aside.
    Completion,
    /// Money back for an earlier sale or completion.
    Refund,
}

impl PaymentKind {
    /// The message type with which it goes to the network.
    pub fn mti(self) -> Mti {
        match self {
            PaymentKind::Sale | PaymentKind::Completion => Mti::FINANCIAL,
            PaymentKind::PreAuthorisation => Mti::AUTHORISATION,
            PaymentKind::Refund => Mti::FINANCIAL_ADVICE,
        }
    }

    /// Whether it takes money for the merchant.
    pub fn is_sale(self) -> bool {
        matches!(self, PaymentKind::Sale | PaymentKind::Completion)
    }
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// Sent, not answered: nobody knows.
    Pending,
    /// A refund that was not answered in time: it is repeated until it is.
    Advised,
    /// The issuer said yes. Captured once its batch is closed.
    Approved,
    /// The issuer said no.
    Declined,
    /// A pre-authorisation whose completion was approved.
    Completed,
    /// A reversal is on its way and is repeated until it is answered.
    ReversalPending,
    /// The reversal was answered. With reason 17 this is a void.
    Reversed,
}

/// The earlier payment that a completion or refund belongs to, as its messages must name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// Its reference.
    pub reference: Reference,
    /// What it was.
    pub kind: PaymentKind,
    /// Its trace number towards the network.
    pub stan: Stan,
    /// When it was transmitted.
    pub accepted_at: Timestamp,
    /// Its approval code.
    pub approval_code: Option<ApprovalCode>,
}

/// A payment as the acquirer knows it: without track data, expiry or a card's number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// DE 37: what it is found by.
    pub reference: Reference,
    /// Its name towards people.
    pub id: Id<kinds::Payment>,
    /// What it is.
    pub kind: PaymentKind,
    /// Where it stands.
    pub state: PaymentState,
    /// The merchant.
    pub merchant: Id<kinds::Merchant>,
    /// The terminal.
    pub terminal: TerminalId,
    /// The terminal's batch.
    pub batch: u32,
    /// The terminal's trace number.
    pub terminal_trace: Stan,
    /// The trace number towards the network.
    pub stan: Stan,
    /// Minor units.
    pub amount: u64,
    /// Its currency.
    pub currency: Currency,
    /// The token; nothing if the number lay outside the token ranges.
    pub token: Option<TokenNumber>,
    /// The last four digits of the number, for receipts.
    pub last_four: LastFour,
    /// How the card was read (DE 22).
    pub entry_mode: EntryMode,
    /// Card sequence number (DE 23).
    pub card_sequence: Option<u16>,
    /// When it was accepted; it carries this moment to the network as DE 7, 12 and 13.
    pub accepted_at: Timestamp,
    /// The business day it counts in, `YYYYMMDD`.
    pub day: u32,
    /// What the issuer said.
    pub response_code: Option<ResponseCode>,
    /// The issuer's approval code.
    pub approval_code: Option<ApprovalCode>,
    /// The settlement date `MMDD` that the network gave it (DE 15), once it is approved.
    pub settled_on: Option<u16>,
    /// Why it was or is being reversed: 98 no answer, 17 voided, as the terminal said otherwise.
    pub reversal_reason: Option<ResponseCode>,
    /// The payment it completes or pays back.
    pub original: Option<Original>,
    /// The completion that used it or is about to.
    pub completed_by: Option<Reference>,
    /// Paid back, minor units.
    pub refunded: u64,
    /// Being paid back, not yet answered, minor units.
    pub refund_pending: u64,
    /// Whether it counts in its batch.
    pub counted: bool,
}

impl Record for Payment {
    type Key = Reference;
    const TABLE: &'static str = "payments";
    fn key(&self) -> Self::Key {
        self.reference
    }
}

impl Payment {
    /// Amount and currency.
    pub fn money(&self) -> Money {
        Money::new(self.amount, self.currency).expect("it was an amount when it was accepted")
    }

    /// What may still be paid back, minor units.
    pub fn refundable(&self) -> u64 {
        self.amount.saturating_sub(self.refunded).saturating_sub(self.refund_pending)
    }

    /// Whether it was taken back by the cashier.
    pub fn is_voided(&self) -> bool {
        self.reversal_reason == Some(ResponseCode::CANCELLED)
    }

    /// How a later payment names this one.
    pub fn as_original(&self) -> Original {
        Original {
            reference: self.reference,
            kind: self.kind,
            stan: self.stan,
            accepted_at: self.accepted_at,
            approval_code: self.approval_code,
        }
    }
}

/// What a terminal used a trace number for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A payment.
    Payment,
    /// A void of another payment.
    Void,
    /// A payment whose reversal came before it; it will be refused.
    ReversedUnseen,
}

/// A trace number that a terminal used in a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalTrace {
    /// The terminal.
    pub terminal: TerminalId,
    /// Its batch.
    pub batch: u32,
    /// Its trace number.
    pub trace: Stan,
    /// What for.
    pub purpose: Purpose,
    /// The payment it made or voided.
    pub reference: Option<Reference>,
}

impl Record for TerminalTrace {
    type Key = (TerminalId, u32, Stan);
    const TABLE: &'static str = "terminal_traces";
    fn key(&self) -> Self::Key {
        (self.terminal, self.batch, self.trace)
    }
}

/// The last trace number used towards the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceCounter {
    /// The sending institution.
    pub institution: InstitutionId,
    /// The last number.
    pub last: Stan,
}

impl Record for TraceCounter {
    type Key = InstitutionId;
    const TABLE: &'static str = "trace_counters";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> Self::Key {
        self.institution
    }
}
