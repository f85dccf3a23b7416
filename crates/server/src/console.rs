//! The operators' console: payments as they flow, each message of one decoded and masked, the platform's records to read,
//! and dangerous acts, which one operator asks for and another approves.
//!
//! Read `porter` (who is let in, by what) and `entry` (the pages before it), `tape` (what went over the wires), `look`
//! (questions to the records), `lists` and `accounts` (payments by account), `acts` (what can be done to what, and how it is carried out), `asking` (asked by
//! one, approved by another), `registers` (what operators keep of it, the log), `recovery` (two who lost their passkeys), `test_tools` (the clock
//! and the faults of a sandbox), then `door` (the routes).
//!
//! Invariants: no card number and no whole token is kept here or leaves here; nothing is shown before somebody is let in;
//! nothing but a sandbox's clock and faults is changed here that two operators did not agree on; whoever looks at a customer's data, or does anything at
//! all, is in the log.

pub mod accounts;
pub(crate) mod acts;
mod agreements;
mod asking;
pub mod door;
mod entry;
mod lists;
pub mod look;
pub mod porter;
pub mod recovery;
mod registers;
pub mod tape;
mod test_tools;
