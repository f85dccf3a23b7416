//! Every no of this room.

/// Why a registration or an assertion does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The bytes are not what they should be: which part, and where in it.
    #[error("{what} is not readable at {offset}")]
    Malformed {
        /// `client data`, `attestation object`, `authenticator data` or `public key`.
        what: &'static str,
        /// Bytes before the trouble.
        offset: usize,
    },
    /// It was made for another ceremony, challenge or origin.
    #[error("the browser asked for something else: {0}")]
    ClientData(&'static str),
    /// It was made for another relying party.
    #[error("made for another relying party")]
    RelyingParty,
    /// Nobody touched the authenticator, or it did not verify who did.
    #[error("the person was not verified")]
    NotVerified,
    /// The key is of a kind that is not taken.
    #[error("only ES256 on P-256 is taken")]
    Algorithm,
    /// The credential is not the one that was asked for.
    #[error("another credential")]
    Credential,
    /// The signature is not the key's.
    #[error("the signature does not verify")]
    Signature,
    /// The counter went back or stood still: there is a copy of the authenticator.
    #[error("the counter of signatures did not grow")]
    Counter,
}

impl Refusal {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::Malformed { .. } => "passkey_unreadable",
            Refusal::ClientData(_) => "passkey_elsewhere",
            Refusal::RelyingParty => "passkey_relying_party",
            Refusal::NotVerified => "passkey_not_verified",
            Refusal::Algorithm => "passkey_algorithm",
            Refusal::Credential => "passkey_unknown",
            Refusal::Signature => "passkey_signature",
            Refusal::Counter => "passkey_copied",
        }
    }
}
