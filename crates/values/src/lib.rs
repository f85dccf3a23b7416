//! The nouns every room of Paiza shares. A value here cannot be wrong: it is checked where it is made.
//!
//! It is not a place for behaviour: nothing here knows a protocol, a file or a clock. `Timestamp` is a
//! parameter wherever it is needed, and so is randomness.
//!
//! Read `money` (amounts), `time`, `card` (numbers of cards and tokens), `id` (names of our own things),
//! `secret` (what must never be printed), then `operation` (the vocabulary in which rooms describe a
//! change of their records, which `store` executes) and `defences` (checks that a test of attacks can take away).
//!
//! Invariants: an amount never changes currency silently; a [`card::Pan`] prints masked, is wiped on drop
//! and has no serialised form.

pub mod card;
pub mod defences;
pub mod id;
pub mod money;
pub mod operation;
pub mod secret;
pub mod time;

pub use card::{Expiry, LastFour, MerchantCategory, Pan, TokenNumber};
pub use id::Id;
pub use money::{Country, Currency, Money, MoneyError};
pub use operation::{Idempotency, Operation, Outbound, Record, Records, Residency};
pub use secret::{Secret, SecretBytes, constant_time_eq};
pub use time::Timestamp;
