//! The operators' console: payments as they flow, each message of one decoded and masked, and the platform's records to
//! read.
//!
//! It changes nothing: every page is read-only. Read `porter` (who is let in), `tape` (what went over the wires), `look`
//! (questions to the records), then `door` (the routes).
//!
//! Invariants: no card number and no whole token is kept here or leaves here; nothing is shown before somebody is let in.

pub mod door;
mod lists;
pub mod look;
pub mod porter;
pub mod tape;
