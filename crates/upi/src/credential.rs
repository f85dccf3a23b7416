//! A PIN or one-time password on its way from the page where it is typed to the bank's security boundary.
//!
//! This is the sandbox's own algorithm under a name of its own, [`ALGORITHM`], so that nobody takes it for the network's,
//! whose library and blocks are not public. Everybody between page and bank carries an opaque [`Credential`]; a licensed
//! library puts its own blocks in the same place.
//!
//! The block is sealed to the bank's key and holds, beside the secret, what it was typed for: transaction, amount and
//! payee. A bank compares that with the request, so that a block is good for one transaction and no other.

use crate::messages::Credential;
use crypto::jwe;
use crypto::p256::{AgreementKey, AgreementPublic};
use serde::{Deserialize, Serialize};
use values::{SecretBytes, constant_time_eq};

/// The name of this algorithm, as it stands in `Data/@ki`.
pub const ALGORITHM: &str = "PAIZA-SANDBOX-PIN-1";

const CONTEXT: &str = "paiza:upi-credential:1";

/// What a secret is typed for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// The transaction (`Txn.id`).
    pub transaction: String,
    /// Paise; zero where nothing is paid.
    pub paise: u64,
    /// The payee's address, lower case; empty where nothing is paid.
    pub payee: String,
}

/// What a block holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inside {
    digits: String,
    purpose: Purpose,
}

/// Which secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    /// The PIN of account payment.
    Pin,
    /// A one-time password.
    OneTimePassword,
    /// The key of a purse, hexadecimal.
    PurseKey,
}

impl Secret {
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Secret::Pin => ("PIN", "MPIN"),
            Secret::OneTimePassword => ("OTP", "SMS"),
            Secret::PurseKey => ("Challenge", "initial"),
        }
    }

    /// The block of this secret among credentials.
    pub fn among(self, credentials: &[Credential]) -> Option<&Credential> {
        let (kind, subtype) = self.names();
        credentials.iter().find(|block| block.kind == kind && block.subtype == subtype)
    }
}

/// Why a block is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// Of another algorithm, or it does not open.
    #[error("the credential does not open")]
    Sealed,
    /// Typed for another transaction, amount or payee.
    #[error("the credential was made for something else")]
    OtherPurpose,
}

/// Seals digits to a bank's key.
pub fn seal(secret: Secret, digits: &[u8], purpose: &Purpose, bank: &AgreementPublic) -> Credential {
    let (kind, subtype) = secret.names();
    let digits = String::from_utf8_lossy(digits).into_owned();
    let inside = serde_json::to_vec(&Inside { digits, purpose: purpose.clone() });
    let inside = SecretBytes::new(inside.expect("strings and a number are JSON"));
    Credential {
        kind: kind.to_owned(),
        subtype: subtype.to_owned(),
        code: Some("NPCI".to_owned()),
        key_index: Some(ALGORITHM.to_owned()),
        data: jwe::seal(bank, ALGORITHM, inside.expose(), CONTEXT),
    }
}

/// Opens a block. For the bank's security boundary alone.
pub fn open(block: &Credential, purpose: &Purpose, key: &AgreementKey) -> Result<SecretBytes, NotTaken> {
    open_for(block, Some(purpose), key)
}

/// The same where a test took the comparison of the purpose away.
pub fn danger_open_for_anything(block: &Credential, key: &AgreementKey) -> Result<SecretBytes, NotTaken> {
    open_for(block, None, key)
}

fn open_for(
    block: &Credential,
    purpose: Option<&Purpose>,
    key: &AgreementKey,
) -> Result<SecretBytes, NotTaken> {
    if block.key_index.as_deref() != Some(ALGORITHM) {
        return Err(NotTaken::Sealed);
    }
    let inside = jwe::open(key, &block.data, CONTEXT).map_err(|_| NotTaken::Sealed)?;
    let inside: Inside = serde_json::from_slice(inside.expose()).map_err(|_| NotTaken::Sealed)?;
    let digits = SecretBytes::new(inside.digits.into_bytes());
    let same = |purpose: &Purpose| {
        let texts =
            [(&purpose.transaction, &inside.purpose.transaction), (&purpose.payee, &inside.purpose.payee)];
        purpose.paise == inside.purpose.paise
            && texts.iter().all(|(one, other)| constant_time_eq(one.as_bytes(), other.as_bytes()))
    };
    if purpose.is_none_or(same) { Ok(digits) } else { Err(NotTaken::OtherPurpose) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> AgreementKey {
        AgreementKey::from_bytes(&values::Secret::new([byte; 32])).unwrap()
    }

    #[test]
    fn a_block_opens_at_its_bank_for_its_purpose_alone() {
        let purpose = Purpose { transaction: "PZA1".to_owned(), paise: 3000, payee: "chai@paiza".to_owned() };
        let block = seal(Secret::Pin, b"482913", &purpose, &key(1).public());
        assert_eq!(open(&block, &purpose, &key(1)).unwrap().expose(), b"482913");
        assert!(!block.data.contains("482913"));
        let refused = |changed: Purpose| open(&block, &changed, &key(1)).map(|_| ());
        for changed in [
            Purpose { transaction: "PZA2".to_owned(), ..purpose.clone() },
            Purpose { paise: 3001, ..purpose.clone() },
            Purpose { payee: "chal@paiza".to_owned(), ..purpose.clone() },
        ] {
            assert_eq!(refused(changed), Err(NotTaken::OtherPurpose));
        }
        assert_eq!(open(&block, &purpose, &key(2)).map(|_| ()), Err(NotTaken::Sealed));
        let other = Credential { key_index: Some("20150822".to_owned()), ..block.clone() };
        assert_eq!(open(&other, &purpose, &key(1)).map(|_| ()), Err(NotTaken::Sealed));
        let blocks = [block];
        assert!(Secret::Pin.among(&blocks).is_some() && Secret::OneTimePassword.among(&blocks).is_none());
    }
}
