//! The payment service provider (PSP) of account payment, on the payer's and the payee's side: which phone has which
//! mobile number, which addresses and linked accounts a number has, what was asked of the network, what was paid.
//!
//! It moves no money and opens no PIN: it says to the switch what a bound phone asked for, resolves its own addresses,
//! and remembers how it ended. It knows no socket, no HTTP and no screen.
//!
//! Read `records`, then `binding` (a phone proves its number by a text that it sends), `asking` (questions about accounts
//! and addresses), `accounts` (linked accounts and addresses), `addresses` (several of one customer), `payments`, `collects` (what merchants ask
//! for), `blocking` (whom a customer wants nothing of), `refunds` (what they give back), `bills` (paid to billers), `splits` (bills that several
//! people share), `merchants` (those of the platform, who ask with a key and not with a phone), `mandates` (leave to debit again), `purses` (small balances on phones), `disputes` (what a payer claims of a payment), `disputed` (what is claimed of those who were paid), `leaving`, `party` (what comes from the switch),
//! `refusal`, `defences`.
//!
//! Invariants: only the phone that is bound to a number acts for it; an address belongs to one number; a transaction has
//! one beginning; a payment is told as paid only when the switch said so.

pub mod accounts;
pub mod addresses;
pub mod asking;
pub mod bills;
pub mod binding;
pub mod blocking;
pub mod collects;
pub mod defences;
pub mod disputed;
pub mod disputes;
pub mod leaving;
pub mod mandates;
pub mod merchants;
pub mod party;
pub mod payments;
pub mod purses;
pub mod records;
pub mod refunds;
pub mod refusal;
pub mod splits;

pub use party::Psp;
pub use refusal::Refusal;
