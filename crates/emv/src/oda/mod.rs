//! Offline data authentication: proof that a card is genuine without asking its issuer.
//!
//! A chain of signatures in "recovery" form (EMV 4.4 Book 2, 5 and 6): the certification authority signs the
//! issuer's key, the issuer signs the card's key together with its static data, the card signs what the
//! terminal just said. Read `issue` (making certificates and signatures), `recover` (checking them).
//!
//! A key in the types here was recovered from a certificate that held, so a signature cannot be checked under
//! a key nobody vouched for: [`IssuerKey`] is made only by [`recover_issuer`], [`CardKey`] by [`recover_card`].

mod issue;
mod recover;

pub use issue::{
    CardSubject, IssuerSubject, card_certificate, issuer_certificate, sign_dynamic, sign_fdda, sign_static,
};
pub use recover::{
    CardKey, FddaVerified, IssuerKey, recover_card, recover_issuer, verify_dynamic, verify_fdda,
    verify_static,
};

use crate::objects::{Amount, CodeN3, Ctq, UnpredictableNumber};
use crypto::rsa::{Exponent, RsaError};

/// Why a certificate or signature does not hold. The transaction goes on, without this proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OdaError {
    /// The key or the block is not one RSA can work with.
    #[error("RSA: {0}")]
    Rsa(#[from] RsaError),
    /// The recovered block has the wrong frame (6A .. BC) or format byte.
    #[error("recovered block has the wrong form")]
    Form,
    /// A hash or signature algorithm other than 01 (SHA-1, RSA).
    #[error("algorithm not supported")]
    Algorithm,
    /// The hash does not match: something was changed.
    #[error("hash does not match")]
    Hash,
    /// The certificate is past its date.
    #[error("certificate expired")]
    Expired,
    /// The certificate was made for another issuer or card.
    #[error("certificate is not for this number")]
    Subject,
    /// A key length or remainder that does not add up.
    #[error("key length and remainder do not add up")]
    KeyLength,
    /// More data than fits, or none where some must be.
    #[error("signed data has the wrong length")]
    Data,
    /// The counter signed is not the counter given.
    #[error("signed counter differs")]
    Counter,
    /// The qualifiers signed (`9F69`) are not those given (`9F6C`).
    #[error("signed card qualifiers differ")]
    Qualifiers,
}

/// A public key of a certification authority, as a terminal holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityKey {
    /// Registered application provider whose cards it vouches for.
    pub provider: [u8; 5],
    /// Index by which cards name it (`8F`).
    pub index: u8,
    /// Modulus, 64 to 248 bytes.
    pub modulus: Vec<u8>,
    /// Public exponent.
    pub exponent: Exponent,
}

impl AuthorityKey {
    /// The check value by which keys are compared when they are loaded (EMV 4.4 Book 2, 11.2.2).
    pub fn checksum(&self) -> [u8; 20] {
        let head = [&self.provider[..], &[self.index]].concat();
        crypto::hash::sha1_pieces(&[&head, &self.modulus, self.exponent.to_bytes()])
    }
}

/// A certificate with what stands beside it in the card's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The signed block (`90` or `9F46`).
    pub signed: Vec<u8>,
    /// The part of the key that did not fit (`92` or `9F48`); may be empty.
    pub remainder: Vec<u8>,
    /// The exponent (`9F32` or `9F47`).
    pub exponent: Vec<u8>,
}

/// What an issuer signs besides the key of a card: records named by the locator, then the profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaticData(Vec<u8>);

impl StaticData {
    /// Nothing yet.
    pub fn new() -> StaticData {
        StaticData::default()
    }

    /// Adds a record in the order of the locator: for files 1 to 10 the value of its template 70, above the
    /// whole record (EMV 4.4 Book 3, 10.3). `false` if a record of files 1 to 10 is not one template 70.
    #[must_use]
    pub fn add_record(&mut self, sfi: u8, record: &[u8]) -> bool {
        let part = if sfi <= 10 {
            crate::tlv::unwrap_template(record, crate::tag::RECORD).ok().flatten()
        } else {
            Some(record)
        };
        self.0.extend_from_slice(part.unwrap_or_default());
        part.is_some()
    }

    /// Adds what the static data tag list (`9F4A`) names: only the profile is legal there.
    pub fn add_profile(&mut self, aip: crate::objects::Aip) {
        self.0.extend_from_slice(aip.as_bytes());
    }

    /// The bytes that are hashed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Card authentication related data, tag `9F69`: what the card adds to an fDDA signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardAuthentication {
    /// The card's own random number.
    pub number: [u8; 4],
    /// A copy of the card's qualifiers, so that nobody can change them on the way.
    pub ctq: Ctq,
}

impl CardAuthentication {
    /// Reads a value of version 01: at least eight bytes.
    pub fn parse(value: &[u8]) -> Option<CardAuthentication> {
        match value {
            [1, a, b, c, d, e, f, _, ..] if value.len() <= 16 => {
                Some(CardAuthentication { number: [*a, *b, *c, *d], ctq: Ctq::from_bytes([*e, *f]) })
            }
            _ => None,
        }
    }

    /// The eight bytes of the value.
    pub fn to_bytes(self) -> [u8; 8] {
        let [a, b, c, d] = self.number;
        let [e, f] = self.ctq.to_bytes();
        [1, a, b, c, d, e, f, 0]
    }
}

/// What the terminal said, as far as an fDDA signature covers it (EMV Contactless Book C-7, 5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FddaData<'a> {
    /// Version 00: only the unpredictable number.
    V00 {
        /// Unpredictable number (`9F37`).
        unpredictable: UnpredictableNumber,
    },
    /// Version 01.
    V01 {
        /// Unpredictable number (`9F37`).
        unpredictable: UnpredictableNumber,
        /// Amount (`9F02`).
        amount: Amount,
        /// Currency (`5F2A`).
        currency: CodeN3,
        /// The value of `9F69`, whole.
        card: &'a [u8],
    },
}

impl FddaData<'_> {
    /// The bytes that are hashed after the signed block.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            FddaData::V00 { unpredictable } => unpredictable.0.to_vec(),
            FddaData::V01 { unpredictable, amount, currency, card } => {
                [&unpredictable.0[..], &amount.to_bytes(), &currency.to_bytes(), card].concat()
            }
        }
    }
}

/// The first byte and the last byte of every recovered block.
const HEADER: u8 = 0x6A;
const TRAILER: u8 = 0xBC;
/// SHA-1 and RSA, the only algorithms here (EMV 4.4 Book 2, B2 and B3).
const SHA_1: u8 = 1;
const RSA: u8 = 1;
const FILLER: u8 = 0xBB;
