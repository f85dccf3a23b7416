//! The sandbox by its behaviour: messages in, messages and books out.
mod bank;
mod payments;
mod switching;
