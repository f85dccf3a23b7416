//! Secret keys: shown once, kept as digests.

use crate::tenant::{Scope, Tenant};
use serde::{Deserialize, Serialize};
use std::fmt;
use values::{Id, Operation, Record, Records, Residency, SecretBytes, Timestamp, id::kinds};

/// What every key of a sandbox begins with; a key of another kind is refused before it is looked up.
pub const PREFIX: &str = "sk_test_";

/// The text of a key. It does not print.
pub struct KeyText(SecretBytes);

impl KeyText {
    /// A new key from fresh random bytes: the prefix and 48 hexadecimal digits.
    pub fn mint(entropy: &[u8; 24]) -> KeyText {
        let digits = entropy.iter().fold(PREFIX.to_owned(), |text, byte| text + &format!("{byte:02x}"));
        KeyText(SecretBytes::new(digits.into_bytes()))
    }

    /// The key in a request; nothing if it has not the form of one.
    pub fn parse(text: &str) -> Option<KeyText> {
        let rest = text.strip_prefix(PREFIX)?;
        let fits = (16..=96).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        fits.then(|| KeyText(SecretBytes::new(text.as_bytes().to_vec())))
    }

    /// The text itself, for the one time that it is shown.
    pub fn expose(&self) -> &str {
        str::from_utf8(self.0.expose()).expect("made of ASCII")
    }

    /// Under which it is kept. A key that was minted has 192 random bits, so its digest gives nothing to guess at.
    pub fn digest(&self) -> String {
        hex(&crypto::hash::sha256_pieces(&[b"paiza api key\0", self.0.expose()]))
    }

    /// The end of it, by which people know it again.
    pub fn ends_with(&self) -> String {
        let text = self.expose();
        text[text.len() - 4..].to_owned()
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyText(****)")
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    // Every request is known by a dozen digests: written without the formatter this costs nothing to speak of.
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// A key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Digest of its text, hexadecimal.
    pub digest: String,
    /// Its name in lists and logs.
    pub id: Id<kinds::ApiKey>,
    /// Whose data it opens.
    pub tenant: Tenant,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// The version of the interface it speaks unless a request says otherwise: a date.
    pub version: String,
    /// What its owner calls it.
    pub name: String,
    /// The last four characters of its text.
    pub ends_with: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it opens nothing.
    pub revoked_at: Option<Timestamp>,
}

impl Record for ApiKey {
    type Key = String;
    const TABLE: &'static str = "api_keys";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> String {
        self.digest.clone()
    }
}

/// Keeps a new key. One that is there already stays as it is.
#[derive(Clone, Debug)]
pub struct AddKey {
    /// The key.
    pub key: ApiKey,
}

impl Operation for AddKey {
    type Answer = ApiKey;
    type Refusal = ();
    const NAME: &'static str = "developers.add_key";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<ApiKey, ()> {
        if let Some(known) = records.find::<ApiKey>(&self.key.digest) {
            return Ok(known);
        }
        records.put(self.key.clone());
        Ok(self.key.clone())
    }
}

/// Lets a key open nothing any more.
#[derive(Clone, Debug)]
pub struct RevokeKey {
    /// Digest of the key.
    pub digest: String,
}

impl Operation for RevokeKey {
    type Answer = ApiKey;
    /// There is no such key.
    type Refusal = ();
    const NAME: &'static str = "developers.revoke_key";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<ApiKey, ()> {
        let mut key: ApiKey = records.find(&self.digest).ok_or(())?;
        if key.revoked_at.is_none() {
            key.revoked_at = Some(now);
            records.put(key.clone());
        }
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_its_digest_and_prints_masked() {
        let key = KeyText::mint(&[0xA5; 24]);
        assert_eq!(key.expose(), format!("sk_test_{}", "a5".repeat(24)));
        assert_eq!(KeyText::parse(key.expose()).unwrap().digest(), key.digest());
        assert_ne!(key.digest(), KeyText::mint(&[0xA6; 24]).digest());
        assert!(!key.digest().contains("a5a5"));
        assert_eq!((format!("{key:?}").as_str(), key.ends_with().as_str()), ("KeyText(****)", "a5a5"));
    }

    #[test]
    fn what_is_no_key_is_not_looked_up() {
        for wrong in ["", "sk_test_", "sk_live_00000000000000000000", "sk_test_0000000000000000'--", "Bearer"]
        {
            assert!(KeyText::parse(wrong).is_none(), "{wrong}");
        }
    }
}
