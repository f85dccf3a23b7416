//! Attacks and faults over the real wires of a whole city: each refused, and each succeeding without its defence.

mod coded;
mod crashed;
mod doors;
mod edited;
mod enrolled;
mod hand;
mod layers;
mod markers;
mod money;
mod proof;
mod proving;
mod replayed;
mod shop;
mod town;
mod wire;
