//! What all tokens of one issuer's product share.

use crate::text::{IssuerId, RequestorId};
use serde::{Deserialize, Serialize};
use values::time::Zone;
use values::{Record, Residency, TokenNumber};

/// The name of a card application (ISO 7816-4), 5 to 16 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Aid(#[serde(with = "super::device::hex_bytes")] pub Vec<u8>);

/// A token programme: dated data from configuration, one record per issuer and product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Programme {
    /// Small number by which the hot records name it.
    pub id: u16,
    /// For screens, for example `Bank of China debit`.
    pub name: String,
    /// Who issues the cards.
    pub issuer: IssuerId,
    /// First eight digits of its token numbers; no card number starts like this.
    pub token_prefix: u32,
    /// Who requests tokens.
    pub requestor: RequestorId,
    /// The four characters that open its account references.
    pub par_controller: String,
    /// The application on the phone.
    pub aid: Aid,
    /// Key algorithm of its cryptograms: 01 3DES, 04 SM4, A1 AES (`crypto::emv_keys::Algorithm`).
    pub algorithm: u8,
    /// Derivation key index: which master key.
    pub dki: u8,
    /// The controls a new token gets.
    pub controls: u16,
    /// Where its business day is taken.
    pub zone: Zone,
    /// How long a token is good, in months.
    pub validity_months: u16,
    /// Names the card art.
    pub art: String,
}

impl Programme {
    /// Whether a number comes from this programme's range.
    pub fn owns(&self, number: TokenNumber) -> bool {
        number.issuer_prefix() == self.token_prefix
    }
}

impl Record for Programme {
    type Key = u16;
    const TABLE: &'static str = "programmes";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> u16 {
        self.id
    }
}
