//! TEST KEYS of account payment in the sandbox. Every one of them is public, and nothing real may be protected by them.
//!
//! Organisations sign with RSA keys that lie beside the directory; a bank's key for PINs, and what its security boundary
//! keeps, follow from labels as all test keys do.

use super::directory::{UpiBank, UpiDirectory};
use crypto::hash::HmacKey;
use crypto::p256::AgreementKey;
use crypto::rsa_signature::SigningKey;
use crypto::vault::KeyEncryptionKey;
use upi::signature::{KeyRing, Organisation, PinnedKey};
use values::{Secret, Timestamp};

macro_rules! signing_keys {
    ($($organisation:literal)*) => {
        const SIGNING: &[(&str, &str)] = &[$((
            $organisation,
            include_str!(concat!("../../data/upi-public-test-keys/", $organisation, ".pem")),
        )),*];
    };
}
signing_keys! { "700000" "700001" "700002" "701001" "701002" "701003" "701004" }

/// The key with which an organisation of the directory signs its messages; `None` for others.
pub fn signing_key(organisation: &str) -> Option<SigningKey> {
    let (_, text) = SIGNING.iter().find(|(known, _)| *known == organisation)?;
    let (_, document) = crypto::pem::read(text)?;
    SigningKey::from_pkcs8(document.expose()).ok()
}

/// The key with which an organisation of the directory signs links and codes; `None` for others.
pub fn link_key(organisation: &str) -> Option<crypto::p256::SigningKey> {
    let directory = UpiDirectory::sandbox();
    directory.organisations().into_iter().find(|(known, _)| *known == organisation)?;
    let scalar = Secret::new(crate::keys::derive(&format!("UPI {organisation} links")));
    Some(crypto::p256::SigningKey::from_bytes(&scalar).expect("a test shows that every organisation has one"))
}

/// The keys of all organisations, as each party has them pinned.
pub fn key_ring() -> KeyRing {
    let mut ring = KeyRing::new();
    for (organisation, _) in UpiDirectory::sandbox().organisations() {
        let key = signing_key(organisation).expect("a test shows that every organisation has one");
        let (from, until) = (Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX));
        let organisation = Organisation::parse(organisation).expect("the embedded table is tested");
        ring.pin(organisation, PinnedKey { key: key.public().clone(), from, until });
    }
    ring
}

fn derive(bank: &UpiBank, purpose: &str) -> [u8; 32] {
    crate::keys::derive(&format!("UPI {} {purpose}", bank.id))
}

/// The key to which PINs and one-time passwords for a bank are sealed. Its private half belongs into that bank's
/// security boundary.
pub fn pin_key(bank: &UpiBank) -> AgreementKey {
    AgreementKey::from_bytes(&Secret::new(derive(bank, "PIN agreement")))
        .expect("the digests of these labels are valid scalars, which a test checks")
}

/// The key of PIN digests.
pub(super) fn digest_key(bank: &UpiBank) -> HmacKey {
    HmacKey::new(&derive(bank, "PIN digests"))
}

/// The key under which the keys of purses are kept.
pub(super) fn purse_key(bank: &UpiBank) -> KeyEncryptionKey {
    crate::keys::vault_key(&format!("UPI {} purses", bank.id))
}

/// The key under which texts wait to leave.
pub(super) fn text_key(bank: &UpiBank) -> KeyEncryptionKey {
    crate::keys::vault_key(&format!("UPI {} texts", bank.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_organisation_has_its_keys() {
        let directory = UpiDirectory::sandbox();
        for (organisation, _) in directory.organisations() {
            assert!(signing_key(organisation).is_some(), "{organisation}");
            assert!(link_key(organisation).is_some(), "{organisation}");
        }
        let keys: Vec<_> =
            directory.banks.iter().map(|bank| pin_key(bank).public().to_sec1().to_vec()).collect();
        assert!((1..keys.len()).all(|n| !keys[..n].contains(&keys[n])));
        assert!(signing_key("799999").is_none() && link_key("799999").is_none());
        let _ring = key_ring();
    }
}
