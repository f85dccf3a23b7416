//! The token gateway: what stands between the card network and a card number.
//!
//! Read `presentment` (a network message as this room sees it), `screen` (everything that needs no shared
//! state: message against chip data against token, and the cryptogram; run it in parallel), `admit` (the hot
//! path in the writer: counter, standing, controls, limits), then `settle` (the issuer's answer), `reverse`
//! and `turn_away`.
//!
//! A card number opens only for an `Admitted`, an `Admitted` comes only from `Admit` or `Reverse`, and `Admit`
//! wants a `Screened`, which only `screen` makes.

pub mod admit;
pub mod presentment;
pub mod reverse;
pub mod screen;
pub mod settle;
pub mod turn_away;

pub use admit::{Admission, Admit, Admitted};
pub use presentment::{EntryMode, Presentment, Verification, message_digest};
pub use reverse::{Reversal, Reverse};
pub use screen::{Parts, Screened, screen};
pub use settle::{IssuerAnswer, Settle};
pub use turn_away::TurnAway;
