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
//! ```
//! use iso8583::{Message, Mti};
//! use sandbox::{directory::Directory, issuer, keys::IssuerKeys, test_cards};
//! use values::{Currency, Money, Operation, Timestamp};
//!
//! let bank = Directory::sandbox().institution("boc").unwrap();
//! let (keys, mut records) = (IssuerKeys::sandbox(bank), ledger::testing::MemoryRecords::default());
//! let now = Timestamp::from_millis(1_795_305_600_000);
//! issuer::OpenCards::sandbox(bank, &keys).apply(&mut records, now).unwrap();
//!
//! let card = test_cards::of_bank("boc").next().unwrap();
//! let mut request = Message::new(Mti::FINANCIAL);
//! request.set(2, card.pan().expose()).set_text(3, "000000").set_text(7, "1122000000").set_text(11, "000001");
//! request.set_amount(Money::parse("12.50", Currency::CNY).unwrap()).set_text(32, "01020000");
//!
//! let Ok(issuer::Prepared::Payment(payment)) = issuer::prepare(&keys, &request, || [0; 32]) else { panic!() };
//! let Ok(decision) = payment.operation.apply(&mut records, now);
//! let answer = payment.answer(&request, &decision).unwrap();
//! assert_eq!((answer.mti, answer.text(39)), (Mti::FINANCIAL_ANSWER, Some("00")));
//! ```
//!
//! Read `directory` (who issues which numbers), `test_cards` (the documented cards), `keys` (the public test
//! keys), `certification` (RSA test keys), `authority` (certificates made with them), then `issuer`, `network`,
//! `telephone`, `billers`.
//!
//! Invariants: no card number, CVV2 or one-time password is in a record, a message body at rest, printed
//! output or error text; every message may come twice, late or out of order, and moves money once.

pub mod authority;
pub mod billers;
pub mod certification;
pub mod defences;
pub mod digest;
pub mod directory;
pub mod issuer;
pub mod keys;
pub mod network;
pub mod telephone;
pub mod test_cards;
pub mod upi;

pub use digest::Digest;
