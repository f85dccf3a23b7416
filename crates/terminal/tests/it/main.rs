//! The terminal against cards: honest ones, recorded ones, hostile ones.

mod contactless;
mod hostile;
mod support;
mod traces;
