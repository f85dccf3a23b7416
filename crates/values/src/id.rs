//! Names of our own things: a short prefix and 26 characters that sort by time.
//!
//! An identifier is opaque and holds no personal data. It leaks its time of birth, so it is never a
//! credential.

use crate::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

/// A kind of identifier; the register of kinds is [`kinds`].
pub trait Kind: 'static {
    /// What stands before the underscore, for example `tok`.
    const PREFIX: &'static str;
}

/// Every kind of identifier Paiza mints.
pub mod kinds {
    macro_rules! kinds {
        ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
            $(#[$doc])*
            #[derive(Clone, Copy)]
            pub enum $name {}
            impl super::Kind for $name { const PREFIX: &'static str = $prefix; }
        )*};
    }
    kinds! {
        /// A person who holds cards.
        Customer = "cus";
        /// A phone with its own keys.
        Device = "dev";
        /// A payment token (its reference; the number is a `TokenNumber`).
        Token = "tok";
        /// One attempt to add a card.
        Enrolment = "enr";
        /// A payment as the acquirer knows it.
        Payment = "pay";
        /// A merchant of the acquirer.
        Merchant = "mer";
        /// A movement in a ledger.
        Transfer = "tra";
        /// An account in a ledger.
        Account = "acc";
        /// Something that happened, as told to others.
        Event = "evt";
        /// A secret key of the interface.
        ApiKey = "key";
        /// One request to the interface.
        Request = "req";
        /// Where a developer wants events sent.
        WebhookEndpoint = "whe";
        /// A text message in the telephone network.
        Message = "msg";
        /// A card on the phone.
        Card = "crd";
        /// A tap on the phone.
        Tap = "tap";
        /// A person who runs the platform.
        Operator = "opr";
        /// What one operator asked for and another decides on.
        Proposal = "prp";
        /// A fault on the wires of a sandbox.
        Fault = "flt";
        /// An export, as the interface's operation of that name.
        Export = "exp";
    }
}

/// An identifier of one kind: 48 bits of time in milliseconds and 80 bits of randomness.
pub struct Id<K>(u128, PhantomData<fn() -> K>);

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl<K: Kind> Id<K> {
    /// Makes a new identifier; `entropy` comes from the operating system's generator.
    pub fn mint(now: Timestamp, entropy: [u8; 10]) -> Self {
        let mut tail = [0; 16];
        tail[6..].copy_from_slice(&entropy);
        let time = u128::try_from(now.millis()).unwrap_or(0) & ((1 << 48) - 1);
        Id(time << 80 | u128::from_be_bytes(tail), PhantomData)
    }

    /// An identifier for something that follows from another thing, the same every time.
    pub fn from_u128(bits: u128) -> Self {
        Id(bits, PhantomData)
    }

    /// When it was made, to the millisecond.
    pub fn born(self) -> Timestamp {
        Timestamp::from_millis((self.0 >> 80) as i64)
    }

    /// The 128 bits.
    pub fn as_u128(self) -> u128 {
        self.0
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0u8; 26];
        for (place, letter) in text.iter_mut().rev().enumerate() {
            *letter = ALPHABET[((self.0 >> (5 * place)) & 31) as usize];
        }
        write!(f, "{}_{}", K::PREFIX, str::from_utf8(&text).expect("the alphabet is ASCII"))
    }
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not an identifier of the kind expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of the form {0}_ and 26 letters")]
pub struct NotAnId(&'static str);

impl<K: Kind> FromStr for Id<K> {
    type Err = NotAnId;
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let wrong = NotAnId(K::PREFIX);
        let body = text.strip_prefix(K::PREFIX).and_then(|rest| rest.strip_prefix('_')).ok_or(wrong)?;
        if body.len() != 26 || body.as_bytes()[0] > b'7' {
            return Err(wrong);
        }
        let bits = body.bytes().try_fold(0u128, |bits, letter| {
            let value = ALPHABET.iter().position(|known| *known == letter)?;
            Some(bits << 5 | value as u128)
        });
        bits.map(Self::from_u128).ok_or(wrong)
    }
}

// Text for people and JSON, sixteen bytes for facts.
impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() { to.collect_str(self) } else { self.0.to_be_bytes().serialize(to) }
    }
}

impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
        } else {
            Ok(Self::from_u128(u128::from_be_bytes(<[u8; 16]>::deserialize(from)?)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_round_trip_and_sort_by_time() {
        let early: Id<kinds::Token> = Id::mint(Timestamp::from_millis(1), [255; 10]);
        let late: Id<kinds::Token> = Id::mint(Timestamp::from_millis(2), [0; 10]);
        assert!(early < late && early.to_string() < late.to_string());
        assert_eq!(early.to_string().parse(), Ok(early));
        assert_eq!(
            serde_json::from_str::<Id<kinds::Token>>(&serde_json::to_string(&late).unwrap()).unwrap(),
            late
        );
        assert_eq!(
            postcard::from_bytes::<Id<kinds::Token>>(&postcard::to_allocvec(&late).unwrap()).unwrap(),
            late
        );
        assert!("dev_0000000000000000000000000".parse::<Id<kinds::Token>>().is_err());
        assert!("tok_ZZZZZZZZZZZZZZZZZZZZZZZZZZ".parse::<Id<kinds::Token>>().is_err());
        assert!("tok_é000000000000000000000000".parse::<Id<kinds::Token>>().is_err());
    }
}
