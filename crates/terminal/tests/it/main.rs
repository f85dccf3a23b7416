//! The terminal against cards: honest ones, recorded ones, hostile ones.

mod attacks;
mod contact;
mod contactless;
mod hostile;
mod offline;
mod support;
mod traces;
