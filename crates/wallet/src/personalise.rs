//! Certificates and the private key of a card for the contact and offline profiles.

use crate::card::Certificates;
use crypto::jwe;
use crypto::p256::AgreementKey;
use crypto::rsa::{Exponent, RsaPrivate};
use values::id::kinds;
use values::{Id, SecretBytes};

/// What binds a sealed private key to its purpose.
pub const KEY_CONTEXT: &str = "paiza:key:icc";

/// Opens the private key of a card: modulus, then private exponent, of one length. It must be the one sealed for
/// this token.
pub(crate) fn open_key(
    device: &AgreementKey,
    token: Id<kinds::Token>,
    certificates: &Certificates,
) -> Option<RsaPrivate> {
    let sealed = &certificates.key_sealed;
    if jwe::key_id(sealed).ok()? != token.to_string() {
        return None;
    }
    let opened = jwe::open(device, sealed, KEY_CONTEXT).ok()?;
    let (modulus, private) = opened.expose().split_at_checked(opened.expose().len() / 2)?;
    let exponent = Exponent::from_bytes(&certificates.card_exponent).ok()?;
    RsaPrivate::from_bytes(modulus, exponent, &SecretBytes::new(private.to_vec())).ok()
}
