//! Payment codes: the same conversation over a camera.
//!
//! Read `merchant` (the shop shows, the phone reads; the room `merchant_code`, which account payment reads too), `offer`
//! (what such a code asks of this network's customers) and `consumer` (the phone shows, the shop reads).

mod place;

pub use place::Place;

pub mod consumer;
pub mod offer;
pub use merchant_code as merchant;
