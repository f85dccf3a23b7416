//! Payment codes: the same conversation over a camera.
//!
//! Read `merchant` (the shop shows, the phone reads; the room `merchant_code`, which account payment reads too) and
//! `consumer` (the phone shows, the shop reads).

pub mod consumer;
pub use merchant_code as merchant;
