//! Digests and other opaque bytes that are stored: hexadecimal for people, bytes in facts.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// `N` opaque bytes that are not a secret: a keyed digest, a cryptogram, a message's name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest<const N: usize>(pub [u8; N]);

/// The digest of a message's match key, of a card number, of a code: 16 bytes of a keyed hash.
pub type Digest16 = Digest<16>;

impl<const N: usize> Digest<N> {
    /// Compares in time that depends on the length alone.
    pub fn matches(&self, other: &Self) -> bool {
        values::constant_time_eq(&self.0, &other.0)
    }
}

impl Digest16 {
    /// The left half of a 32-byte keyed digest.
    pub fn from_tag(tag: &[u8; 32]) -> Self {
        let mut left = [0; 16];
        left.copy_from_slice(&tag[..16]);
        Digest(left)
    }

    /// The same with this in front of it, in place of its first bytes.
    pub(crate) fn after(mut self, front: [u8; 5]) -> Self {
        self.0[..5].copy_from_slice(&front);
        self
    }
}

impl<const N: usize> fmt::Display for Digest<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const { assert!(N <= 32) };
        // At once: folding writes one for every message.
        let mut text = [0; 64];
        let text = &mut text[..2 * N];
        hex::encode_to_slice(self.0, text).expect("two digits a byte");
        f.write_str(str::from_utf8(text).expect("digits are ASCII"))
    }
}

impl<const N: usize> fmt::Debug for Digest<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> Serialize for Digest<N> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() { to.collect_str(self) } else { to.serialize_bytes(&self.0) }
    }
}

impl<'de, const N: usize> Deserialize<'de> for Digest<N> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut bytes = [0; N];
        if from.is_human_readable() {
            let text = String::deserialize(from)?;
            hex::decode_to_slice(text, &mut bytes).map_err(serde::de::Error::custom)?;
        } else {
            from.deserialize_bytes(Taker(&mut bytes))?;
        }
        Ok(Digest(bytes))
    }
}

struct Taker<'a, const N: usize>(&'a mut [u8; N]);

impl<const N: usize> serde::de::Visitor<'_> for Taker<'_, N> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{N} bytes")
    }
    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<(), E> {
        *self.0 = bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_round_trip() {
        let digest = Digest([0xab; 8]);
        assert_eq!(serde_json::to_string(&digest).unwrap(), "\"abababababababab\"");
        assert_eq!(serde_json::from_str::<Digest<8>>("\"abababababababab\"").unwrap(), digest);
        assert!(serde_json::from_str::<Digest<8>>("\"abab\"").is_err());
        let bytes = postcard::to_allocvec(&digest).unwrap();
        assert_eq!(postcard::from_bytes::<Digest<8>>(&bytes).unwrap(), digest);
        assert!(postcard::from_bytes::<Digest<9>>(&bytes).is_err());
    }
}
