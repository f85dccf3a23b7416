//! The parties of account payment in one thread: provider, switch and banks, each with records of its own, wires between them
//! that lose, double, delay and reorder, parties that crash, and a clock that moves when nothing else happens. Everything that
//! happens follows from one seed.
//!
//! It decides nothing: what the parties do are their own operations, the same that run over real wires. It signs nothing and
//! opens no socket.
//!
//! Read `town` (the parties, and a message from one to another), `people` (who pays whom), `faults` (what goes wrong, and how
//! often), `audit` (whether all books and all that people were told agree), `disputing`, `billing`,
//! `mandates` and `purses` (all of these at random), `soak` (a great many payments).

pub mod audit;
mod billing;
pub mod dice;
mod disputing;
pub mod faults;
pub mod mandates;
pub mod people;
pub mod purses;
pub mod soak;
pub mod town;

pub use dice::Dice;
pub use faults::{Fate, Fault, Rule, Weather};
pub use town::Town;
