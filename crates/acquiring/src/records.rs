//! What the acquirer keeps.

mod batch;
mod code;
mod institution;
mod intent;
mod merchant;
mod payment;

pub use batch::{Batch, BatchState, Tally};
pub use code::{Bill, BillName, CodeCount, CodePayment};
pub use institution::{Institution, TokenRange};
pub use intent::{Expected, Intent, IntentState};
pub use merchant::{Merchant, MerchantDay, MerchantState, Terminal, TerminalState};
pub use payment::{Original, Payment, PaymentKind, PaymentState, Purpose, TerminalTrace, TraceCounter};
