//! What terminals ask and are told: messages of the `pos` profile.
//!
//! The private elements follow the habit of Chinese terminals: DE 60 is type (2 digits), batch (6), network
//! (3), reading ability (1) and chip condition (1); DE 48 of a settlement is amount (12) and count (3) of debits,
//! the same of credits, and in the answer one digit: 1 balanced, 2 not.

mod answer;
mod ask;
mod read;

pub use answer::{accepted, answer, refused, settled, signed_on};
pub use ask::{Card, Terminal};
pub use read::{
    NetworkRequest, PaymentRequest, Request, ReversalRequest, SettlementRequest, VoidRequest, read,
};
