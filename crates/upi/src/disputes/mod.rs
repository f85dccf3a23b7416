//! Disputes (UDIR): what a payer may claim of a payment, who has to say what by when, and who has the money in the end.
//!
//! Read `reasons` (what may be claimed of which payment), `ladder` (where a dispute stands and which act leads where), `clocks` (by when
//! each side says something, and what its silence means), `words` (the flags of the network, and what the person is told).
//!
//! A payment has one dispute. Its claim is set aside from what may still be given back of the payment, so that a refund and a
//! chargeback are never both paid; money moves once, when the ladder ends for the payer: first from the payee, then to the payer.

pub mod clocks;
pub mod ladder;
pub mod reasons;
pub mod words;

pub use clocks::{CLOCKS, Clock, due, may_still_raise};
pub use ladder::{Act, Ground, Illegal, Side, State};
pub use reasons::{Kind, REASONS, Reason, Standing};
