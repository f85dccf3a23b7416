//! Named keys: the trait by which rooms ask for one, and the passphrase-sealed form of a key file.
//!
//! The trait is the place where a hardware module takes its chair. The file is JSON around
//! [`crate::passphrase`] bytes, read and written by the shell; this room never sees a path.

use crate::passphrase::{self, PassphraseError, Work};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use values::{Secret, SecretBytes};
use zeroize::Zeroize;

/// Why a key was not handed out, or a key file not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyStoreError {
    /// There is no key of this name.
    #[error("there is no key named {0}")]
    Unknown(String),
    /// The key has another length than its use needs.
    #[error("the key named {name} has {found} bytes, not {wanted}")]
    Length {
        /// The name that was asked for.
        name: String,
        /// Bytes the use needs.
        wanted: usize,
        /// Bytes the key has.
        found: usize,
    },
    /// Not a key file of a known form.
    #[error("not a key file")]
    Form,
    /// The file was not opened or not sealed.
    #[error("the key file: {0}")]
    Passphrase(#[from] PassphraseError),
}

/// Where keys are kept, by name. A store answers copies; they are wiped when dropped.
pub trait KeyStore {
    /// The key of this name, whatever its length.
    fn key(&self, name: &str) -> Result<SecretBytes, KeyStoreError>;

    /// The key of this name, if it has `N` bytes.
    fn sized<const N: usize>(&self, name: &str) -> Result<Secret<N>, KeyStoreError>
    where
        Self: Sized,
    {
        let key = self.key(name)?;
        let bytes = <[u8; N]>::try_from(key.expose());
        bytes.map(Secret::new).map_err(|_| KeyStoreError::Length {
            name: name.into(),
            wanted: N,
            found: key.expose().len(),
        })
    }
}

/// Keys in memory, as a key file holds them.
#[derive(Clone, Default)]
pub struct KeyRing(BTreeMap<String, SecretBytes>);

impl KeyRing {
    /// A ring without keys.
    pub fn new() -> Self {
        KeyRing::default()
    }

    /// Adds a key, or puts it in place of the one of the same name, which is handed back.
    pub fn insert(&mut self, name: &str, key: SecretBytes) -> Option<SecretBytes> {
        self.0.insert(name.into(), key)
    }

    /// Takes a key away.
    pub fn remove(&mut self, name: &str) -> Option<SecretBytes> {
        self.0.remove(name)
    }

    /// The names of all keys, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl KeyStore for KeyRing {
    fn key(&self, name: &str) -> Result<SecretBytes, KeyStoreError> {
        self.0.get(name).cloned().ok_or_else(|| KeyStoreError::Unknown(name.into()))
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.keys().map(|name| (name, format_args!("****")))).finish()
    }
}

const FORMAT: &str = "paiza key file";
const CONTEXT: &[u8] = b"paiza key file 1";

/// The file as it lies on disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    format: String,
    version: u32,
    /// For the eye of whoever runs the house; it must agree with the authenticated copy inside `sealed`.
    argon2id: WorkFields,
    sealed: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WorkFields {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Writes the content of a key file. `entropy` is fresh and random; `work` is kept in the file.
pub fn seal_file(
    ring: &KeyRing,
    passphrase: &[u8],
    work: Work,
    entropy: &passphrase::Entropy,
) -> Result<Vec<u8>, KeyStoreError> {
    let mut plain = Vec::new();
    for (name, key) in &ring.0 {
        put(&mut plain, name.as_bytes());
        put(&mut plain, key.expose());
    }
    let sealed = passphrase::seal(work, passphrase, &plain, CONTEXT, entropy);
    plain.zeroize();
    let file = KeyFile {
        format: FORMAT.into(),
        version: 1,
        argon2id: WorkFields { memory_kib: work.memory_kib, passes: work.passes, lanes: work.lanes },
        sealed: STANDARD.encode(sealed?),
    };
    let mut text = serde_json::to_vec_pretty(&file).expect("strings and numbers can be written");
    text.push(b'\n');
    Ok(text)
}

/// Reads the content of a key file.
pub fn open_file(content: &[u8], passphrase: &[u8]) -> Result<KeyRing, KeyStoreError> {
    let file: KeyFile = serde_json::from_slice(content).map_err(|_| KeyStoreError::Form)?;
    if file.format != FORMAT || file.version != 1 {
        return Err(KeyStoreError::Form);
    }
    let sealed = STANDARD.decode(&file.sealed).map_err(|_| KeyStoreError::Form)?;
    let WorkFields { memory_kib, passes, lanes } = file.argon2id;
    if passphrase::work_of(&sealed)? != (Work { memory_kib, passes, lanes }) {
        return Err(KeyStoreError::Form);
    }
    let plain = passphrase::open(passphrase, &sealed, CONTEXT)?;
    let mut rest = plain.expose();
    let mut ring = KeyRing::new();
    while !rest.is_empty() {
        let name = std::str::from_utf8(take(&mut rest)?).map_err(|_| KeyStoreError::Form)?;
        let key = SecretBytes::new(take(&mut rest)?.to_vec());
        if ring.insert(name, key).is_some() {
            return Err(KeyStoreError::Form);
        }
    }
    Ok(ring)
}

/// Length in four bytes, then the bytes.
fn put(plain: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).expect("a key or its name is shorter than four gigabytes");
    // Growing would leave an unwiped copy behind, so the old bytes are moved by hand.
    let mut grown = Vec::with_capacity(plain.len() + 4 + bytes.len());
    grown.extend_from_slice(plain);
    grown.extend(length.to_be_bytes());
    grown.extend_from_slice(bytes);
    plain.zeroize();
    *plain = grown;
}

fn take<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], KeyStoreError> {
    let (length, after) = rest.split_first_chunk::<4>().ok_or(KeyStoreError::Form)?;
    let length = u32::from_be_bytes(*length) as usize;
    let (bytes, after) = after.split_at_checked(length).ok_or(KeyStoreError::Form)?;
    *rest = after;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> KeyRing {
        let mut ring = KeyRing::new();
        ring.insert("imk.ac", SecretBytes::new(vec![1; 16]));
        ring.insert("kek", SecretBytes::new(vec![2; 32]));
        ring
    }

    fn file() -> Vec<u8> {
        seal_file(&ring(), b"open sesame", Work::TEST, &[3; 28]).unwrap()
    }

    #[test]
    fn keys_come_out_by_name_and_size() {
        let ring = ring();
        assert_eq!(ring.sized::<16>("imk.ac").unwrap().expose(), &[1; 16]);
        assert_eq!(
            ring.sized::<16>("kek").err(),
            Some(KeyStoreError::Length { name: "kek".into(), wanted: 16, found: 32 })
        );
        assert_eq!(ring.key("none").err(), Some(KeyStoreError::Unknown("none".into())));
        assert_eq!(ring.names().collect::<Vec<_>>(), ["imk.ac", "kek"]);
        assert_eq!(format!("{ring:?}"), r#"{"imk.ac": ****, "kek": ****}"#);
        let store: &dyn KeyStore = &ring;
        assert_eq!(store.key("kek").unwrap().expose(), &[2; 32]);
    }

    #[test]
    fn a_file_opens_with_its_passphrase() {
        let file = file();
        let opened = open_file(&file, b"open sesame").unwrap();
        assert_eq!(opened.sized::<32>("kek").unwrap().expose(), &[2; 32]);
        assert_eq!(opened.names().count(), 2);
        assert!(String::from_utf8(file.clone()).unwrap().contains("\"memory_kib\": 8"));
        let refused = Some(KeyStoreError::Passphrase(PassphraseError::Sealed));
        assert_eq!(open_file(&file, b"open sesamf").err(), refused);
        let empty = seal_file(&KeyRing::new(), b"", Work::TEST, &[3; 28]).unwrap();
        assert_eq!(open_file(&empty, b"").unwrap().names().count(), 0);
    }

    #[test]
    fn a_changed_or_hostile_file_gives_no_key() {
        let file = file();
        for place in 0..file.len() {
            let mut changed = file.clone();
            changed[place] ^= 1;
            assert!(open_file(&changed, b"open sesame").is_err(), "byte {place} flipped");
        }
        for place in 0..file.len() - 2 {
            assert!(open_file(&file[..place], b"open sesame").is_err(), "cut at {place}");
        }
        for hostile in ["", "{}", "null", r#"{"format":"paiza key file","version":2}"#] {
            assert_eq!(open_file(hostile.as_bytes(), b"").err(), Some(KeyStoreError::Form));
        }
    }
}
