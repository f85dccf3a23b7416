//! The language of account payment (UPI): messages and their signatures, addresses, links and codes, and what their
//! parts mean.
//!
//! It is no party: it opens no socket, moves no money and knows no clock; all it keeps is which messages came. Whoever
//! plays a payment app, a bank or the switch speaks through it.
//!
//! ```
//! use upi::link::Link;
//!
//! let text = "upi://pay?pa=chai.corner@paiza&pn=Chai%20Corner&am=30.00&cu=INR";
//! let link = Link::parse(text).unwrap();
//! assert_eq!((link.request.payee.handle(), link.request.amount.unwrap().minor()), ("paiza", 3000));
//! assert_eq!(link.text(), text);
//! ```
//!
//! Read `xml` (documents, strictly), `signature` (received bytes to evidence of who signed them), `messages`
//! (which there are, their rules as data, their parts as values), `address` and `ids` (names of people, accounts,
//! transactions), `link` and `bharat` (what is scanned), `codes` (what an answer means, and what the person is told),
//! `limits` (how much, how often, when), `mandate` (leave to debit again: its terms, its days, whether a debit keeps to them), `machines` (what becomes of a payment at a bank and at the switch), `mail` (what every
//! party does with a message: take it once, answer by one of its own), `credential` (a PIN on its way to its bank), `purse` (a small balance that a phone spends without one), `settlement`
//! (cycles, files, and whether network, log and books say the same), `complaints` (by when late money is back, and what a day of
//! delay costs), `disputes` (what may be claimed of a payment, and which act leads where), `time`; `describe` and `tools` (what is told of
//! all of it, to people and to programs); then `defences`.
//!
//! Invariants: no input makes a function panic, sizes are bounded, errors name the place; what is received is
//! verified before anything in it is believed; a link is never written anew.
//!
//! Specifications: XML 1.0 and its namespaces, Canonical XML 1.0, XML Signature 1.0, RFC 4051, EMV QRCPS
//! Merchant-Presented Mode 1.1. Messages, codes and links after public sources: the interface's specification and error codes
//! 1.2.1, the linking specification 1.6, sample messages of version 2.0, circulars.

pub mod address;
pub mod bharat;
pub mod codes;
pub mod complaints;
pub mod credential;
pub mod defences;
pub mod describe;
pub mod disputes;
pub mod ids;
pub mod limits;
pub mod link;
pub mod machines;
pub mod mail;
pub mod mandate;
pub mod messages;
pub mod purse;
pub mod settlement;
pub mod signature;
pub mod time;
pub mod tools;
pub mod xml;
