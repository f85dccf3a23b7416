//! The platform's keys, expanded once from a key store.

use crypto::emv_keys::{Algorithm, MasterKey};
use crypto::hash::HmacKey;
use crypto::keystore::{KeyRing, KeyStore, KeyStoreError};
use crypto::p256::{AgreementKey, AgreementPublic, VerifyingKey};
use crypto::vault::KeyEncryptionKey;
use std::collections::HashMap;
use tokens::digest::{Digest, Digest16};
use values::{Pan, SecretBytes};

/// Names of keys in the key store.
pub mod names {
    /// Wraps the data keys of vault records.
    pub const VAULT: &str = "vault.1";
    /// Keyed digest by which a card number is found.
    pub const LOOKUP: &str = "card-lookup";
    /// Keyed digest of codes and recovery secrets.
    pub const CODES: &str = "codes";
    /// P-256 private key that phones seal card data to.
    pub const CARD_DATA: &str = "card-data";
    /// Issuer master key of a programme, by its number.
    pub fn master(programme: u16) -> String {
        format!("issuer-master.{programme}")
    }
    /// P-256 public key of an issuer, uncompressed.
    pub fn issuer(issuer: &str) -> String {
        format!("issuer-public.{issuer}")
    }
    /// P-256 public key with which an issuer signs its events, uncompressed.
    pub fn issuer_signing(issuer: &str) -> String {
        format!("issuer-signing.{issuer}")
    }
}

/// A key is missing from the key store, or is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key store said no.
    #[error(transparent)]
    Store(#[from] KeyStoreError),
    /// The bytes under this name are no key of its kind.
    #[error("the key named {0} is not usable")]
    Unusable(String),
}

/// Everything secret the platform computes with. It has no `Debug` and no serialised form.
pub struct PlatformKeys {
    vault: KeyEncryptionKey,
    lookup: HmacKey,
    codes: HmacKey,
    card_data: AgreementKey,
    masters: HashMap<u16, MasterKey>,
    issuers: HashMap<String, AgreementPublic>,
    signers: HashMap<String, VerifyingKey>,
}

impl PlatformKeys {
    /// Takes the keys of these programmes (number and algorithm) and issuers from the key store.
    pub fn load(
        ring: &KeyRing,
        programmes: &[(u16, Algorithm)],
        issuers: &[&str],
    ) -> Result<PlatformKeys, KeyError> {
        let mut masters = HashMap::new();
        for (programme, algorithm) in programmes {
            let key = ring.sized::<16>(&names::master(*programme))?;
            masters.insert(*programme, MasterKey::new(*algorithm, &key));
        }
        let (mut publics, mut signers) = (HashMap::new(), HashMap::new());
        for issuer in issuers {
            let name = names::issuer(issuer);
            let key = ring.key(&name)?;
            let key = AgreementPublic::from_sec1(key.expose()).map_err(|_| KeyError::Unusable(name))?;
            publics.insert((*issuer).to_owned(), key);
            // An issuer that sends no events brought no signing key; what claims to come from it is refused.
            let name = names::issuer_signing(issuer);
            if let Ok(key) = ring.key(&name) {
                let key = VerifyingKey::from_sec1(key.expose()).map_err(|_| KeyError::Unusable(name))?;
                signers.insert((*issuer).to_owned(), key);
            }
        }
        let card_data = AgreementKey::from_bytes(&ring.sized::<32>(names::CARD_DATA)?)
            .map_err(|_| KeyError::Unusable(names::CARD_DATA.to_owned()))?;
        Ok(PlatformKeys {
            vault: KeyEncryptionKey::new(1, &ring.sized::<32>(names::VAULT)?),
            lookup: HmacKey::new(ring.sized::<32>(names::LOOKUP)?.expose()),
            codes: HmacKey::new(ring.sized::<32>(names::CODES)?.expose()),
            card_data,
            masters,
            issuers: publics,
            signers,
        })
    }

    /// A key store with fresh keys of the platform's own; those of issuers are added by whoever exchanged them.
    pub fn generate() -> KeyRing {
        let mut ring = KeyRing::new();
        for name in [names::VAULT, names::LOOKUP, names::CODES] {
            ring.insert(name, SecretBytes::new(crypto::random::bytes::<32>().to_vec()));
        }
        let card_data = AgreementKey::generate().to_bytes();
        ring.insert(names::CARD_DATA, SecretBytes::new(card_data.expose().to_vec()));
        ring
    }

    /// The key-encryption key of the vault.
    pub fn vault(&self) -> &KeyEncryptionKey {
        &self.vault
    }

    /// The digest a card number is found by.
    pub fn card_digest(&self, digits: &[u8]) -> Digest16 {
        Digest(crypto::hash::lookup_hash(&self.lookup, digits))
    }

    /// The digest of a card number.
    pub fn pan_digest(&self, pan: &Pan) -> Digest16 {
        self.card_digest(pan.expose())
    }

    /// The key of code digests.
    pub fn codes(&self) -> &HmacKey {
        &self.codes
    }

    /// The key phones seal card data to.
    pub fn card_data(&self) -> &AgreementKey {
        &self.card_data
    }

    /// The issuer master key of a programme.
    pub fn master(&self, programme: u16) -> Option<&MasterKey> {
        self.masters.get(&programme)
    }

    /// The public key with which an issuer signs its events.
    pub fn issuer_signing(&self, issuer: &str) -> Option<&VerifyingKey> {
        self.signers.get(issuer)
    }

    /// The public key of an issuer, to which card data and one-time passwords are sealed.
    pub fn issuer(&self, issuer: &str) -> Option<&AgreementPublic> {
        self.issuers.get(issuer)
    }
}
