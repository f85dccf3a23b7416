//! What terminals ask and are told: messages of the `pos` profile.
//!
//! The private elements follow the habit of Chinese terminals: DE 60 is type (2 digits), batch (6), network
//! (3), reading ability (1) and chip condition (1); DE 48 of a settlement is amount (12) and count (3) of debits,
//! the same of credits, and in the answer one digit: 1 balanced, 2 not. For codes that a shop shows there are two
//! requests of our own, 0100 with processing code 36 (a bill is opened) and 37 (what became of the payment with the number
//! in DE 48; the answer names batch and trace number in DE 61).

mod answer;
mod ask;
mod read;

pub use answer::{CodeNews, accepted, answer, code_news, refused, settled, signed_on};
pub use ask::{Card, Terminal};
pub use read::{
    BillRequest, CodeNewsRequest, NetworkRequest, PaymentRequest, Request, ReversalRequest,
    SettlementRequest, VoidRequest, read,
};
