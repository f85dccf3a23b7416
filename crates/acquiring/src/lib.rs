//! The merchant's bank: payments, reversals, batches.
//!
//! It is not a party with sockets: it reads and builds host messages and decides over its own records. It
//! knows no APDU and no cipher, keeps no track data, and of card numbers only those that lie in token ranges.
//!
//! Read `records` (merchant, terminal, payment, batch), `terminal_line` (what a terminal asks),
//! `operations` (what happens then), `network_line` (what is said to the network), `refusal`, `defences`.
//!
//! How a payment goes:
//!
//! - [`operations::Accept`] checks it, records it as pending and sets a timer;
//! - [`network_line::request`] is sent; its answer goes to [`operations::Conclude`];
//! - no answer in time: [`operations::TimedOut`] begins a reversal (a refund, which is an advice, is repeated
//!   instead), delivered again and again until [`operations::ReversalAnswered`] settles it.
//!
//! A merchant's system may want a payment before a terminal takes it: an *intent* ([`operations::OpenIntent`]) waits for a
//! card and becomes the payment of a terminal's request in the commit that accepts that.
//!
//! Decisions:
//!
//! - A **void** is a reversal advice (0420, reason 17) of a payment in the open batch. It cannot be refused, so
//!   nothing is left half taken back, and the terminal is answered at once. A void cannot itself be reversed:
//!   a terminal that misses the answer repeats the void.
//! - A **refund** is an advice (0220): once accepted it is repeated until the network has it.
//! - A reversal for something never seen is accepted and remembered, so that the original, arriving later, is
//!   refused.
//! - A payment is captured when its batch is closed; that is read from the batch, not written on each payment.
//!
//! Invariants: a payment counts in its batch once, and only while it is approved; what is refunded and being
//! refunded never exceeds what was paid; a payment whose reversal has begun never becomes approved again.

pub mod defences;
pub mod names;
pub mod network_line;
pub mod operations;
pub mod records;
pub mod refusal;
pub mod terminal_line;

pub use defences::{Defence, Defences};
pub use names::{AcceptorId, ApprovalCode, InstitutionId, Reference, TerminalId};
pub use records::{
    Batch, Institution, Merchant, MerchantDay, Payment, Terminal, TerminalTrace, TraceCounter,
};
pub use refusal::Refusal;
