//! Attacks and faults over the real wires of a whole city: each refused, and each succeeding without its defence.

mod crashed;
mod edited;
mod enrolled;
mod markers;
mod money;
mod replayed;
mod shop;
mod town;
mod wire;
