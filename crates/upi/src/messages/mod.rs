//! Messages: which there are, what stands in them, and which rules they keep.
//!
//! Read `profile` (element names, attributes, order and rules as dated data: one table for reading, writing and
//! checking), `value` (what an attribute may say), `lint` (every broken rule with its code and place), `rules` (those that
//! look at more than one place), `parts` and `message` (a message as values).
//!
//! The profile is data, so that a member bank can put the schema it is licensed for in place of the one that was put
//! together from public sources.

mod lint;
mod message;
mod parts;
mod profile;
mod rules;
mod value;
mod write;

pub use lint::{Finding, lint};
pub use message::{Acknowledgement, Message};
pub use parts::{
    Account, Confirmation, Credential, Device, Head, ListedAccount, Party, PartyKind, Registration, Response,
    Settled, Transaction,
};
pub use profile::{Family, Profile, ProfileError};
