//! Host messages: ISO 8583:1987 as data.
//!
//! It is not a party: nothing here decides a payment, keeps a record, opens a socket or names a cipher.
//! A MAC is computed by a closure the caller hands in, chip data (DE 55) is explained by another.
//!
//! Read `field` (what a data element is), `profile` (how it stands on a wire), `message` (a message in
//! memory), then `framing` (messages in a byte stream), `mac`, `key` (which answer belongs to which
//! question), `original` (DE 90), `private_data` (DE 48), `response_code` (DE 39), `describe`.
//!
//! Invariants: any bytes give a message or a [`Malformed`] that names field and offset, never a panic;
//! error text never quotes content; a message prints its field numbers, not its fields.

pub mod describe;
pub mod field;
pub mod framing;
pub mod key;
pub mod mac;
pub mod message;
pub mod mti;
pub mod original;
pub mod private_data;
pub mod profile;
pub mod response_code;
pub mod union_pay_header;

pub use framing::{Deframer, Framing};
pub use key::MessageKey;
pub use message::{Message, Stan, TerminalHeader};
pub use mti::Mti;
pub use original::OriginalData;
pub use private_data::{PrivateData, Tag};
pub use profile::{Malformed, Profile, Unwritable};
pub use response_code::ResponseCode;
