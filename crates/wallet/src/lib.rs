//! The phone's pure core: its cards, their single-use keys, and the card application that answers readers.
//!
//! It is not a token service and makes no keys: it stores sealed ones and uses each once. It knows no network,
//! no disk and no clock; what must be durable is an operation over records, and a reader is a machine
//! that is pushed commands.
//!
//! Read `phone` (who the phone belongs to, how often its passcode may be tried), `unlock` (from a
//! passcode to evidence of it), `passkey` (the same by a passkey), `card` (what is on the phone), `keys` (the one durable step of a tap),
//! `history`, `application` (commands in, answers out), `code` (the same over a camera), `personalise` (certificates of a contact
//! card), `atr`.
//!
//! Invariants:
//!
//! - A transaction counter never goes back, and no cryptogram exists before its counter is durable.
//! - A key leaves the records in the same step that moves the counter; what happens after burns it.
//! - Without the customer's verification a tap ends in "see phone" and uses up nothing, unless the token
//!   service made that key for gates. One verification pays once.
//! - The card answers any bytes with a status word.
//!
//! Specifications: JR/T 0025.5, .7, .12 and .17-2013; EMV 4.4 Books 1 to 3; EMV Contactless Books A, B and
//! C-7; ISO/IEC 7816-4.

pub mod application;
pub mod atr;
pub mod card;
pub mod code;
pub mod defences;
pub mod history;
pub mod keys;
mod octets;
pub mod passkey;
pub mod personalise;
pub mod phone;
#[cfg(test)]
mod testing;
pub mod unlock;
