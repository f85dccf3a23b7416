//! Books: accounts, and transfers between two of them that always sum to zero.
//!
//! A transfer takes an amount from one account (its *debit* side) and gives the same amount to another (its
//! *credit* side), either at once ([`transfer`]) or in two phases: [`hold`] sets the amount aside, then
//! [`post`] moves all or part of it and lets the rest go, or [`release`] lets all of it go. There is no other
//! way to move money, so the sum over all accounts of a currency is zero after every call.
//!
//! It is not a bank: it knows amounts, accounts and posting rules, and no card, no rail and no customer.
//!
//! ```
//! use ledger::{Account, AccountKind, Applied, Limit, hold, open_account, post, testing::MemoryRecords};
//! use ledger::{Order, Refusal};
//! use values::{Currency, Id, Money, Timestamp};
//!
//! let (mut books, now) = (MemoryRecords::default(), Timestamp::from_millis(0));
//! let [rider, operator] = [1, 2].map(Id::from_u128);
//! let cny = |minor| Money::new(minor, Currency::CNY).unwrap();
//! open_account(&mut books, Account::new(rider, Currency::CNY, AccountKind::Liability).with_overdraft(2_000))?;
//! open_account(&mut books, Account::new(operator, Currency::CNY, AccountKind::Liability))?;
//!
//! let fare = Order { id: Id::from_u128(3), debit: rider, credit: operator, amount: cny(1_250), code: 0 };
//! assert_eq!(hold(&mut books, fare, now), Ok(Applied::Done));
//! assert_eq!(post(&mut books, fare.id, cny(1_000), now), Ok(Applied::Done));
//! assert_eq!(post(&mut books, fare.id, cny(1_000), now), Ok(Applied::Exists));
//! assert_eq!(post(&mut books, fare.id, cny(1_250), now), Err(Refusal::AlreadyPosted));
//! # Ok::<(), Refusal>(())
//! ```
//!
//! Read `account` (what stands in the books), `transfer` (the four movements), `statement` (lines and running
//! balances derived from transfers).
//!
//! Invariants: per currency, debits equal credits, pending and posted alike; an account never passes its
//! limit; the same transfer id moves money once; a refusal changes nothing.

pub mod account;
pub mod statement;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod transfer;

pub use account::{Account, AccountKind, Limit, change_limit, open_account};
pub use statement::{Line, Totals, statement};
pub use transfer::{Applied, Order, Refusal, Transfer, TransferState, hold, post, release, transfer};
