//! A payment token: what its holder and its issuer see of it.

use super::{CustomerId, DeviceId, EnrolmentId, Standing, TokenReference};
use crate::digest::Digest16;
use crate::text::{IssuerId, Name, Par, RequestorId};
use serde::{Deserialize, Serialize};
use values::{Expiry, LastFour, Record, Timestamp, TokenNumber};

/// How the card was proved to be its holder's when the token was made (token assurance method).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// Only the card data were checked, by the issuer.
    CardData,
    /// The issuer's own one-time password, call or application as well.
    IssuerAuthentication,
}

impl Assurance {
    /// The code on the wire (DE48 tag C5).
    pub fn code(self) -> u8 {
        match self {
            Assurance::CardData => 0x10,
            Assurance::IssuerAuthentication => 0x20,
        }
    }
}

/// A token. What the hot path needs of it lies again, packed, in `TokenState`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The name used in interfaces.
    pub reference: TokenReference,
    /// The number used in payments.
    pub number: TokenNumber,
    /// Last month in which it pays.
    pub expiry: Expiry,
    /// Sequence number (5F34, DE23).
    pub psn: u8,
    /// Account reference of the card behind it.
    pub par: Par,
    /// Who requested it.
    pub requestor: RequestorId,
    /// Who issued the card.
    pub issuer: IssuerId,
    /// Its programme: range, application, key set.
    pub programme: u16,
    /// Its class of domain controls.
    pub controls: u16,
    /// Whose it is.
    pub customer: CustomerId,
    /// The one device it may pay from.
    pub device: DeviceId,
    /// The enrolment by which it came.
    pub enrolment: EnrolmentId,
    /// The card behind it, by digest.
    pub pan: Digest16,
    /// Last four digits of the card.
    pub last_four: LastFour,
    /// Last month of the card itself, to be shown to its holder; none for tokens made before it was kept.
    pub card_expiry: Option<Expiry>,
    /// How the card was proved.
    pub assurance: Assurance,
    /// Where it stands.
    pub standing: Standing,
    /// What the customer calls it.
    pub nickname: Option<Name>,
    /// Names the card art.
    pub art: String,
    /// Grows with every change, so that a reader knows the newer of two.
    pub version: u32,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub changed: Timestamp,
}

impl Record for Token {
    type Key = TokenReference;
    const TABLE: &'static str = "tokens";
    fn key(&self) -> TokenReference {
        self.reference
    }
}
