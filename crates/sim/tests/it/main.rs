//! The provider among switch and banks: all of them in memory, on wires that lose, double and reorder.

mod bills;
mod collects;
mod complaints;
mod disputes;
mod fault_table;
mod faults;
mod health;
mod journey;
mod mandates;
mod purses;
mod refunds;
mod settlement;
mod silent_biller;
mod soak;
