//! What the acquirer keeps.

mod batch;
mod institution;
mod merchant;
mod payment;

pub use batch::{Batch, BatchState, Tally};
pub use institution::{Institution, TokenRange};
pub use merchant::{Merchant, MerchantDay, MerchantState, Terminal, TerminalState};
pub use payment::{Original, Payment, PaymentKind, PaymentState, Purpose, TerminalTrace, TraceCounter};
