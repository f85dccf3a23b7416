//! Whose key counts when.

use crate::defences::Defences;
use crypto::rsa_signature::VerifyingKey;
use std::collections::BTreeMap;
use std::fmt;
use values::Timestamp;

/// The name of an organisation on the wire (`Head.orgId`): 1 to 35 letters, digits, `_` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Organisation(String);

impl Organisation {
    /// Reads a name.
    pub fn parse(text: &str) -> Option<Organisation> {
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        ((1..=35).contains(&text.len()) && text.bytes().all(good)).then(|| Organisation(text.to_owned()))
    }

    /// As it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Organisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key of an organisation, got by another way than the documents it signs.
#[derive(Clone, Debug)]
pub struct PinnedKey {
    /// The key.
    pub key: VerifyingKey,
    /// In force from this moment on.
    pub from: Timestamp,
    /// Not any more from this one on.
    pub until: Timestamp,
}

/// The keys of all organisations. While one is exchanged an organisation has two.
#[derive(Clone, Debug, Default)]
pub struct KeyRing {
    keys: BTreeMap<Organisation, Vec<PinnedKey>>,
    pub(super) defences: Defences,
}

impl KeyRing {
    /// No keys.
    pub fn new() -> KeyRing {
        KeyRing::default()
    }

    /// The same, where a test took defences away.
    #[must_use]
    pub fn with_defences(mut self, defences: Defences) -> KeyRing {
        self.defences = defences;
        self
    }

    /// Adds a key of an organisation.
    pub fn pin(&mut self, organisation: Organisation, key: PinnedKey) {
        self.keys.entry(organisation).or_default().push(key);
    }

    /// All keys of an organisation; `None` if there is no such organisation here.
    pub(super) fn of(&self, organisation: &Organisation) -> Option<&[PinnedKey]> {
        self.keys.get(organisation).map(Vec::as_slice)
    }

    /// All keys of all organisations.
    pub(super) fn all(&self) -> impl Iterator<Item = &PinnedKey> {
        self.keys.values().flatten()
    }
}
