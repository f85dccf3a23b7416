//! RSA TEST keys for offline card authentication: a certification authority and each issuer's key under it.
//!
//! They were made once and lie, private exponents included, in `data/test-certification.toml`. They are public;
//! no terminal outside a test may ever trust them.

use crate::directory::Institution;
use crypto::rsa::{Exponent, RsaPrivate};
use serde::Deserialize;
use std::sync::LazyLock;
use values::{Expiry, SecretBytes};

/// A test key and what a certificate needs to know of it.
pub struct TestKey {
    /// The key, public and private.
    pub key: RsaPrivate,
    /// The last month in which its certificates are good.
    pub expires: Expiry,
}

/// The test certification authority.
pub struct Authority {
    /// Registered application provider, 5 bytes.
    pub rid: [u8; 5],
    /// Certification authority public key index (tag `8F`).
    pub index: u8,
    /// Its key.
    pub key: TestKey,
}

#[derive(Deserialize)]
struct Table {
    authority: AuthorityRow,
    issuer: Vec<IssuerRow>,
}

#[derive(Deserialize)]
struct AuthorityRow {
    rid: String,
    index: u8,
    #[serde(flatten)]
    key: KeyRow,
}

#[derive(Deserialize)]
struct IssuerRow {
    id: String,
    #[serde(flatten)]
    key: KeyRow,
}

#[derive(Deserialize)]
struct KeyRow {
    expires: String,
    modulus: String,
    private: String,
}

impl KeyRow {
    fn key(&self) -> TestKey {
        let sound = "the embedded table is tested";
        let [modulus, private] = [&self.modulus, &self.private].map(|text| hex::decode(text).expect(sound));
        let key = RsaPrivate::from_bytes(&modulus, Exponent::Three, &SecretBytes::new(private)).expect(sound);
        TestKey { key, expires: Expiry::from_yymm(self.expires.as_bytes()).expect(sound) }
    }
}

fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        toml::from_str(include_str!("../data/test-certification.toml")).expect("the embedded table is tested")
    });
    &TABLE
}

/// The authority whose public key terminals load to check the sandbox's cards.
pub fn authority() -> Authority {
    let row = &table().authority;
    let rid = hex::decode(&row.rid).ok().and_then(|bytes| bytes.try_into().ok());
    Authority { rid: rid.expect("the embedded table is tested"), index: row.index, key: row.key.key() }
}

/// The key with which an issuer certifies its cards.
pub fn issuer_key(bank: &Institution) -> TestKey {
    let row = table().issuer.iter().find(|row| row.id == bank.id);
    row.expect("every institution of the directory has a key, which a test checks").key.key()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::Directory;

    #[test]
    fn every_key_is_whole_and_of_its_size() {
        let authority = authority();
        assert_eq!((authority.key.key.modulus().len(), authority.index), (176, 0xF0));
        for bank in &Directory::sandbox().institutions {
            let issuer = issuer_key(bank);
            // EMV 4.4 Book 2, B2.1: an issuer key is not longer than that of its authority.
            assert_eq!(issuer.key.modulus().len(), 176);
            assert!(issuer.expires < authority.key.expires);
        }
    }
}
