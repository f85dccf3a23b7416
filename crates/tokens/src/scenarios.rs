//! Behaviour from end to end, told as steps of a small city in memory.

mod enrolling;
mod interleavings;
mod living;
mod paying;
mod refusals;
