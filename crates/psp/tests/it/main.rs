//! The provider among switch and banks: all of them in memory, on wires that lose, double and reorder.

mod faults;
mod journey;
mod town;
