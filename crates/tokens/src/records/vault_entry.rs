//! The card number behind a token, sealed.

use super::TokenReference;
use crypto::vault::Envelope;
use serde::{Deserialize, Serialize};
use values::{Record, Residency, TokenNumber};

/// Card number and expiry in an envelope that opens only for this token number.
#[derive(Clone, Serialize, Deserialize)]
pub struct VaultEntry {
    /// The token's number; also the associated data of the envelope.
    pub number: TokenNumber,
    /// The token's reference.
    pub reference: TokenReference,
    /// The sealed card number; see `vault`.
    pub envelope: Envelope,
}

impl Record for VaultEntry {
    type Key = TokenNumber;
    const TABLE: &'static str = "vault";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> TokenNumber {
        self.number
    }
}
