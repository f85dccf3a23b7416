//! Records at rest: each under a data key of its own, which is wrapped under a key-encryption key.
//!
//! An [`Envelope`] is 79 bytes longer than what it holds:
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | form, 01 |
//! | 2 | generation of the key-encryption key, big end first |
//! | 12 | nonce of the wrapping |
//! | 48 | data key, AES-256-GCM under the key-encryption key |
//! | n + 16 | the record, AES-256-GCM under the data key, which is used once and so needs no nonce |
//!
//! Both encipherments authenticate the first three bytes and the context, so an envelope opens only where it
//! was put. Random nonces allow 2^32 envelopes per generation (NIST SP 800-38D, 8.3): rotate long before.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use values::{Secret, SecretBytes};
use zeroize::Zeroize;

/// The random bytes one envelope needs: 32 for the data key, 12 for the nonce of its wrapping.
pub type Entropy = Secret<44>;

const FORM: u8 = 1;
const HEAD: usize = 3;
const NONCE: usize = 12;
const TAG: usize = 16;
const DATA_KEY: usize = 32;
const RECORD: usize = HEAD + NONCE + DATA_KEY + TAG;
/// A record larger than this is a mistake.
const RECORD_MAX: usize = 1 << 20;

/// An envelope was not opened: another key or generation, another context, or changed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Not an envelope of a known form.
    #[error("not an envelope")]
    Form,
    /// Sealed under another generation of the key-encryption key.
    #[error("the envelope is of another key generation")]
    Generation,
    /// The key, the context or the bytes are not those of the sealing.
    #[error("the envelope does not open")]
    Sealed,
}

/// The key under which data keys are wrapped, with its schedule expanded: keep it.
pub struct KeyEncryptionKey {
    generation: u16,
    key: LessSafeKey,
}

impl KeyEncryptionKey {
    /// Expands the key. `generation` tells successive keys apart and stands in every envelope.
    pub fn new(generation: u16, key: &Secret<32>) -> Self {
        KeyEncryptionKey { generation, key: expand(key.expose()) }
    }

    /// Which of the successive keys this is.
    pub fn generation(&self) -> u16 {
        self.generation
    }
}

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyEncryptionKey(generation {}, ****)", self.generation)
    }
}

/// A sealed record. Its bytes are no secret; in JSON they are base64.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Envelope(Box<[u8]>);

impl Envelope {
    /// Reads what [`Envelope::as_bytes`] wrote; whether it opens is another question.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        let length_fits = (RECORD + TAG..=RECORD + TAG + RECORD_MAX).contains(&bytes.len());
        if !length_fits || bytes[0] != FORM {
            return Err(VaultError::Form);
        }
        Ok(Envelope(bytes.into()))
    }

    /// The bytes, for a table.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The generation of the key-encryption key that opens it.
    pub fn generation(&self) -> u16 {
        u16::from_be_bytes([self.0[1], self.0[2]])
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope({} bytes)", self.0.len())
    }
}

impl Serialize for Envelope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&STANDARD_NO_PAD.encode(&self.0))
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Envelope;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an envelope")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Envelope, E> {
                let bytes = STANDARD_NO_PAD.decode(text).map_err(|_| E::custom(VaultError::Form))?;
                self.visit_bytes(&bytes)
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Envelope, E> {
                Envelope::from_bytes(bytes).map_err(E::custom)
            }
        }
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Visitor)
        } else {
            deserializer.deserialize_bytes(Visitor)
        }
    }
}

/// Puts a record of up to a mebibyte into an envelope. `context` says where it belongs, such as table and
/// row.
///
/// `entropy` is fresh random bytes, never used for another envelope. A larger record is refused as
/// [`VaultError::Form`].
pub fn seal(
    kek: &KeyEncryptionKey,
    plaintext: &[u8],
    context: &[u8],
    entropy: &Entropy,
) -> Result<Envelope, VaultError> {
    if plaintext.len() > RECORD_MAX {
        return Err(VaultError::Form);
    }
    let (data_key, nonce) = entropy.expose().split_at(DATA_KEY);
    let nonce: [u8; NONCE] = nonce.try_into().expect("44 bytes are a key and a nonce");
    let mut bytes = Vec::with_capacity(RECORD + plaintext.len() + TAG);
    bytes.push(FORM);
    bytes.extend(kek.generation.to_be_bytes());
    bytes.extend(nonce);
    bytes.extend(data_key);
    bytes.extend([0; TAG]);
    bytes.extend(plaintext);
    bytes.extend([0; TAG]);
    let (head, rest) = bytes.split_at_mut(HEAD);
    let aad = ContextAad::new(head, context);
    let (wrapped, record) = rest[NONCE..].split_at_mut(DATA_KEY + TAG);
    seal_slice(&kek.key, nonce, aad.as_ref(), wrapped);
    let data_key = data_key.try_into().expect("split at 32");
    seal_slice(&expand(data_key), [0; NONCE], aad.as_ref(), record);
    Ok(Envelope(bytes.into()))
}

/// Takes the record out of its envelope; the context must be that of the sealing.
pub fn open(kek: &KeyEncryptionKey, envelope: &Envelope, context: &[u8]) -> Result<SecretBytes, VaultError> {
    if envelope.generation() != kek.generation {
        return Err(VaultError::Generation);
    }
    let (head, rest) = envelope.0.split_at(HEAD);
    let (nonce, rest) = rest.split_at(NONCE);
    let (wrapped, record) = rest.split_at(DATA_KEY + TAG);
    let aad = ContextAad::new(head, context);
    let mut data_key = [0; DATA_KEY + TAG];
    data_key.copy_from_slice(wrapped);
    let nonce = nonce.try_into().expect("split at 12");
    let key = open_slice(&kek.key, nonce, aad.as_ref(), &mut data_key)
        .map(|key| expand((&*key).try_into().expect("48 sealed bytes hold 32")));
    data_key.zeroize();
    let mut record = record.to_vec();
    let length = open_slice(&key?, [0; NONCE], aad.as_ref(), &mut record)?.len();
    record.truncate(length);
    Ok(SecretBytes::new(record))
}

/// Head and context in one slice; on the stack unless the context is long.
enum ContextAad {
    Short([u8; 64], usize),
    Long(Vec<u8>),
}

impl ContextAad {
    fn new(head: &[u8], context: &[u8]) -> Self {
        let length = head.len() + context.len();
        if length > 64 {
            return ContextAad::Long([head, context].concat());
        }
        let mut bytes = [0; 64];
        bytes[..head.len()].copy_from_slice(head);
        bytes[head.len()..length].copy_from_slice(context);
        ContextAad::Short(bytes, length)
    }

    fn as_ref(&self) -> &[u8] {
        match self {
            ContextAad::Short(bytes, length) => &bytes[..*length],
            ContextAad::Long(bytes) => bytes,
        }
    }
}

fn expand(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("32 bytes are an AES-256 key"))
}

/// Seals all but the last 16 bytes of the slice, which receive the tag.
fn seal_slice(key: &LessSafeKey, nonce: [u8; NONCE], aad: &[u8], in_out: &mut [u8]) {
    let length = in_out.len() - TAG;
    let (text, tag_place) = in_out.split_at_mut(length);
    let tag = key
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), text)
        .expect("a record in memory is below the limit of GCM");
    tag_place.copy_from_slice(tag.as_ref());
}

fn open_slice<'a>(
    key: &LessSafeKey,
    nonce: [u8; NONCE],
    aad: &[u8],
    in_out: &'a mut [u8],
) -> Result<&'a mut [u8], VaultError> {
    key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(aad), in_out)
        .map_err(|_| VaultError::Sealed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kek() -> KeyEncryptionKey {
        KeyEncryptionKey::new(7, &Secret::new([1; 32]))
    }

    fn sealed(plaintext: &[u8], context: &[u8]) -> Envelope {
        seal(&kek(), plaintext, context, &Secret::new([9; 44])).unwrap()
    }

    #[test]
    fn a_card_number_takes_less_than_a_hundred_bytes() {
        let envelope = sealed(b"6280371212742269123", b"card 1");
        assert_eq!(envelope.as_bytes().len(), 98);
        assert_eq!(open(&kek(), &envelope, b"card 1").unwrap().expose(), b"6280371212742269123");
        assert_eq!(envelope.generation(), 7);
    }

    #[test]
    fn another_key_or_context_does_not_open() {
        let envelope = sealed(b"secret", b"card 1");
        assert_eq!(open(&kek(), &envelope, b"card 2").err(), Some(VaultError::Sealed));
        let other = KeyEncryptionKey::new(7, &Secret::new([2; 32]));
        assert_eq!(open(&other, &envelope, b"card 1").err(), Some(VaultError::Sealed));
        let newer = KeyEncryptionKey::new(8, &Secret::new([1; 32]));
        assert_eq!(open(&newer, &envelope, b"card 1").err(), Some(VaultError::Generation));
    }

    #[test]
    fn no_changed_or_shortened_envelope_opens() {
        let envelope = sealed(b"secret", b"card 1");
        let bytes = envelope.as_bytes();
        for place in 0..bytes.len() {
            let mut changed = bytes.to_vec();
            changed[place] ^= 1;
            let opened = Envelope::from_bytes(&changed).and_then(|e| open(&kek(), &e, b"card 1"));
            assert!(opened.is_err(), "byte {place} flipped");
            let cut = Envelope::from_bytes(&bytes[..place]).and_then(|e| open(&kek(), &e, b"card 1"));
            assert!(cut.is_err(), "cut at {place}");
        }
        assert!(Envelope::from_bytes(&vec![1; RECORD_MAX + 200]).is_err());
        assert!(seal(&kek(), &vec![0; RECORD_MAX + 1], b"", &Secret::new([9; 44])).is_err());
    }

    #[test]
    fn json_carries_text_and_refuses_the_rest() {
        let envelope = sealed(b"secret", b"card 1");
        let json = serde_json::to_string(&envelope).unwrap();
        assert_eq!(serde_json::from_str::<Envelope>(&json).unwrap(), envelope);
        for hostile in ["\"\"", "\"AAAA\"", "\"*\"", "7", "null"] {
            assert!(serde_json::from_str::<Envelope>(hostile).is_err(), "{hostile}");
        }
    }

    #[test]
    fn keys_do_not_show() {
        assert_eq!(format!("{:?}", kek()), "KeyEncryptionKey(generation 7, ****)");
        assert_eq!(format!("{:?}", sealed(b"secret", b"")), "Envelope(85 bytes)");
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(record: Vec<u8>, context in prop::collection::vec(any::<u8>(), 0..99)) {
            let opened = open(&kek(), &sealed(&record, &context), &context).unwrap();
            prop_assert_eq!(opened.expose(), &record[..]);
        }
    }
}
