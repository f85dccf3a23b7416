//! The language of tap: what card, terminal and issuer say to one another, byte for byte.
//!
//! It is not a card, a terminal or an issuer: it decides nothing, keeps nothing and knows no transport. It
//! names no cipher either; keys and MACs come from `crypto`.
//!
//! ```
//! use emv::{objects::Ttq, tag, tlv};
//! let mut answer = Vec::new();
//! tlv::write(&mut answer, tag::TTQ, Ttq::default().with(Ttq::QUICS).as_bytes());
//! assert_eq!(tlv::find(&answer, tag::TTQ), Ok(Some(&[0x20, 0, 0, 0][..])));
//! ```
//!
//! Read `tlv` and `tag` (objects and their dictionary), `objects` (typed values), `dol` (lists of wishes),
//! `apdu`, `fci` and `afl` (the conversation), `de55` (what travels to the issuer), `cryptogram` (proof that a
//! card made it), `oda` (proof without the issuer), `qr` (the same over a camera), `describe` (all of it in
//! plain words).
//!
//! Invariants: every parser is total, any bytes give a value or an error with no panic; what is parsed and
//! written again is the same; nothing prints a whole card number unless its name starts with `danger_`.
//!
//! Specifications: EMV 4.4 Books 1 to 3; EMV Contactless Books A, B, C-3, C-7; JR/T 0025-2013 parts 5, 7, 12
//! and 17; EMV QRCPS Merchant-Presented Mode 1.1 and Consumer-Presented Mode 1.1.

pub mod afl;
pub mod apdu;
pub mod cryptogram;
pub mod de55;
pub mod describe;
pub mod dol;
pub mod fci;
pub mod inline;
pub mod objects;
pub mod oda;
pub mod qr;
pub mod tag;
pub mod tlv;
