//! The card network: routes by number, finds duplicates, ends what stays unanswered, settles.
//!
//! It never sees a card number: payments carry tokens and go to the token gateway, which alone reaches the
//! issuer; account verification carries sealed card data and the first eight digits, and goes to the issuer.
//!
//! ```text
//! from the acquirer            prepare -> Incoming::Payment   .operation: Switch -> Forward | InProgress | Answer
//!                                         Incoming::Reversal  .operation: Reverse -> DE 39
//!                                         Incoming::Pass      (verification: forward, pass the answer on)
//!                                         Incoming::Management
//! from the gateway             answered -> operation: Answered -> PassOn | Drop
//! when the wait is over        TimedOut -> the answer 91, or nothing if it was answered
//! (answers of its own: `own_answer`, `reversal_answer`)
//! topic network.reversal       a 0420 to send until its 0430 comes, `open_reversal`
//! ```
//!
//! Read `routing` (where a message goes), `switching` (what the network remembers of a payment), `message` (from
//! the wire and back), `settlement` (days and positions), `file` (what institutions receive and check).
//!
//! Invariants: a payment counts once in the positions and its reversal takes it out once, in whatever order
//! request, answer, time-out, late answer, reversal and repeats arrive; the positions of a day sum to zero.

pub mod file;
pub mod message;
pub mod routing;
pub mod settlement;
pub mod switching;

pub use file::{Difference, FileFault, Line, Movement, check_file, read_file, settlement_file};
pub use message::{Incoming, answered, forward, open_reversal, own_answer, prepare, reversal_answer};
pub use routing::{Route, route};
pub use settlement::{
    Acquirers, CloseDay, CutOver, DayState, DeliverDay, Leg, OpenDay, Participant, PassOver, Settled,
    SettlementDay, SettlementPosition, SignOn, known_open_day, open_day,
};
pub use switching::{
    Answered, Direction, Outcome, Reverse, Switch, SwitchState, Switched, SwitchedAnswer, TimedOut, Verdict,
};

/// The topic of reversals on their way to the issuer.
pub const TOPIC_REVERSAL: &str = "network.reversal";
