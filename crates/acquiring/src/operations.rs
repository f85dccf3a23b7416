//! What changes the acquirer's records.

mod accept;
mod code;
mod conclude;
mod intent;
mod manage;
mod settle;
mod shared;
mod take_back;
mod time_out;

pub use accept::{Accept, Accepted};
pub use code::{AcceptCode, BILL_LIFE, OpenBill};
pub use conclude::{Conclude, Concluded, Standing};
pub use intent::{
    CancelIntent, Expect, ExpireIntent, FailIntent, INTENT_LASTS, IntentRefusal, OpenIntent, PresentCard,
};
pub use manage::{ChangeMerchant, NextTrace, RegisterMerchant, RegisterTerminal, SetTerminalState, SignOn};
pub use settle::{CloseBatch, Closed};
pub use take_back::{Reverse, TakenBack, Void};
pub use time_out::{ReversalAnswered, Settled, TimedOut};

/// Outbox topic: the network did not answer; the deliverer submits [`TimedOut`]. Key and body are the reference.
pub const TIMEOUT_TOPIC: &str = "acquirer.timeout";
/// Outbox topic: a reversal to send (0420, later 0421) until [`ReversalAnswered`] says it is settled. Key and body
/// are the reference; the message is built from the record.
pub const REVERSAL_TOPIC: &str = "acquirer.reversal";
/// Outbox topic: a refund to send again (0221) until it is answered and [`Conclude`] took the answer. Key and
/// body are the reference.
pub const ADVICE_TOPIC: &str = "acquirer.advice";
/// Outbox topic: a card is presented for an intent; the deliverer brings it to a terminal. The key is the intent's
/// name, the body the end of the card's number, a slash and that name.
pub const PRESENT_TOPIC: &str = "acquirer.present";
/// Outbox topic: the time of an intent is over; the deliverer submits [`ExpireIntent`]. Key and body are the intent's name.
pub const EXPIRY_TOPIC: &str = "acquirer.intent_expiry";
