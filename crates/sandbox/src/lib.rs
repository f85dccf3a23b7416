//! Counterparties to test against: card network, issuing banks, telephone network.
//!
//! Each keeps books of its own and speaks to the rest only in wire formats, so that a real counterparty can
//! take its chair. Each is a set of records and operations like any domain room; the shell gives it an
//! executor, a database file and sockets.
//!
//! It is not a toy that always says yes: the issuer verifies cryptograms, holds and posts in a ledger, counts
//! limits, and reverses; the network routes, finds duplicates, turns late answers into reversals and settles.
//! And it is not real: every range is a test range and every key is public.
//!
//! Read `directory` (who issues which numbers), `test_cards` (the documented cards), `keys` (the public test
//! keys), `certification` (RSA test keys), then `issuer`, `network`, `telephone`.
//!
//! Invariants: no card number, CVV2 or one-time password is in a record, a message body at rest, printed
//! output or error text; every message may come twice, late or out of order, and moves money once.

pub mod certification;
pub mod digest;
pub mod directory;
pub mod issuer;
pub mod keys;
pub mod network;
pub mod telephone;
pub mod test_cards;

pub use digest::Digest;
