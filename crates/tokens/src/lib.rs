//! The token service: cards become tokens, tokens get single-use keys, and a gateway lets a token's payment
//! through to the card number behind it.
//!
//! It is not a wallet, an issuer or a network: it reads no message format, opens no socket and decides nothing
//! that the issuer decides. It moves no money. A card number enters as a keyed digest and a sealed envelope,
//! and is never in clear in a record.
//!
//! ```
//! use tokens::window::{Verdict, Window};
//! let mut window = Window { issued_through: 10, ..Window::default() };
//! assert_eq!(window.judge(1, 64), Verdict::Fresh);
//! window.mark(1, 7);
//! assert_eq!((window.judge(1, 64), window.judge(11, 64)), (Verdict::Seen, Verdict::NotIssued));
//! ```
//!
//! Read `records` (what is kept), `ops` (who may change it, and how: phones, enrolment, keys, suspension),
//! `window` (which counters still pay), `gateway` (a payment from message to admission), `vault` (who may
//! open a card number), `notice` (what issuers are told), `slots` (what a phone gets), `refusal` (every no), `policy` (every number).
//!
//! Invariants: a customer and a device never have more than eight live cards, enrolments under way included; a
//! counter pays once; a token pays only while active and suspended by nobody; a card number opens only for
//! recorded evidence; an account reference belongs to one card for ever; deletion is final.
//!
//! Specifications: EMVCo Payment Tokenisation Technical Framework v2.x; JR/T 0149-2016; JR/T 0025.7-2013 11;
//! ISO 8583:1987 (response codes).

mod actor;
mod change;
pub mod day;
pub mod defences;
pub mod digest;
pub mod gateway;
pub mod notice;
pub mod numbers;
pub mod ops;
pub mod policy;
pub mod records;
pub mod refusal;
pub mod slots;
pub mod text;
pub mod vault;
pub mod window;

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod code_attacks;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod testing;

pub use actor::Actor;
pub use defences::{Defence, Defences};
pub use digest::{Digest, Digest16};
pub use policy::Policy;
pub use refusal::Refusal;
