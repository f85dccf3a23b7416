//! The reader: a machine that takes a card through a payment.
//!
//! You push it: it says which command to send, you push the card's answer, and so on until it wants the
//! acquirer asked or has an [`outcome::Outcome`]. The same machine serves a card held against the reader and one
//! inserted. It is not a driver: no socket, no clock, no host message, no printer. Freshness (the unpredictable number)
//! and time are handed in with the [`sale::Sale`].
//!
//! ```
//! use terminal::configuration::Configuration;
//! use terminal::sale::{Interface, Sale, SaleKind};
//! use terminal::transaction::{Step, Transaction};
//! use values::{Currency, Money, time::Civil};
//!
//! let sale = Sale {
//!     amount: Money::parse("12.50", Currency::CNY).unwrap(),
//!     kind: SaleKind::Purchase,
//!     at: Civil { year: 2026, month: 11, day: 22, hour: 9, minute: 30, second: 0 },
//!     unpredictable_number: [0x4D, 0x1C, 0x99, 0x03],
//!     sequence: 1,
//!     attempt: 1,
//! };
//! let shop = Configuration::sample_shop();
//! let (machine, step) = Transaction::start(&shop, Interface::Contactless, sale);
//! assert!(matches!(step, Step::Transmit(command) if command.starts_with(&[0x00, 0xA4, 0x04, 0x00])));
//! // A reader that knows no such directory:
//! let (_, step) = machine.card_said(&[0x6A, 0x82]);
//! assert!(matches!(step, Step::Finished(outcome) if outcome.reason.code() == "no_application"));
//! ```
//!
//! Read `sale` and `configuration` (what goes in), `transaction` (the machine), `entry_point` and `selection`
//! (finding the application), `contactless` (kernel 7), `contact` with `analysis`, `cardholder` and `scripts`,
//! `authentication` (signatures), then
//! `online`, `outcome`, `receipt` and `lights` (what comes out). `defences` names the checks against known attacks.
//!
//! Invariants: any bytes from a card end in a named outcome within the bounds of the configuration; amount,
//! currency, date and unpredictable number are the terminal's own and no card can replace them; a request to
//! the host is made at most once.
//!
//! Specifications: EMV 4.4 Books 1 to 4; EMV Contactless Books A, B and C-7; JR/T 0025.12-2013.

mod analysis;
mod authentication;
mod card_data;
mod cardholder;
pub mod configuration;
mod contact;
mod contactless;
pub mod defences;
mod entry_point;
mod exchange;
pub mod lights;
pub mod online;
pub mod outcome;
pub mod receipt;
mod records;
pub mod sale;
mod scripts;
mod selection;
mod sheet;
pub mod transaction;
