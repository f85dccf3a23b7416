//! The other side of account payment (UPI): the switch, and banks that are remitter and beneficiary.
//!
//! They speak to the payment service provider and to one another in signed messages alone (`upi::messages`); what they
//! decide is a function of their records, the message and the time (`upi::mail::Party`).
//!
//! Read `directory` (who takes part, and the accounts there are), `keys` (public test keys), `switch` (routing, the one
//! truth of each payment, deadlines), `bank` (accounts, PINs behind a security boundary, legs of payments, texts),
//! `settlement` (the files of a cycle).

pub mod bank;
pub mod directory;
pub mod keys;
pub mod settlement;
pub mod switch;
