//! Payment codes: the same conversation over a camera.
//!
//! Read `merchant` (the shop shows, the phone reads) and `consumer` (the phone shows, the shop reads).

pub mod consumer;
pub mod merchant;
