//! Names made by digest: 16 bytes, readable as hexadecimal.

use crypto::hash::sha256_pieces;
use iso8583::OriginalData;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Sixteen bytes of a digest, as the name of something that has no better one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 16]);

impl Digest {
    /// The left half of SHA-256 over the pieces. A piece of varying length is put last.
    pub fn of(pieces: &[&[u8]]) -> Digest {
        Digest(*sha256_pieces(pieces).first_chunk().expect("32 bytes hold 16"))
    }

    /// The name of a message about money, which DE 90 of its reversal gives too: class, STAN, time and acquirer.
    ///
    /// The forwarding institution is left out, as every hop may set its own; all else is kept from hop to hop. The time
    /// stands in front, packed, so that what was sent together lies together in the books: folding appends instead
    /// of touching every page.
    pub fn of_message(original: &OriginalData) -> Digest {
        let class = [original.mti.digits()[1]];
        let name =
            Digest::of(&[b"message", &class, &original.stan, &original.transmitted, &original.acquirer]);
        name.after(original.packed_time())
    }

    /// Another name that follows from this one, and lies beside it.
    pub fn with(self, label: &str) -> Digest {
        let [a, b, c, d, e, ..] = self.0;
        Digest::of(&[&self.0, label.as_bytes()]).after([a, b, c, d, e])
    }

    fn after(mut self, time: [u8; 5]) -> Digest {
        self.0[..5].copy_from_slice(&time);
        self
    }

    /// The bits, for an identifier that follows from this name.
    pub fn as_u128(self) -> u128 {
        u128::from_be_bytes(self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // At once: folding writes several for every message.
        let mut text = [0; 32];
        hex::encode_to_slice(self.0, &mut text).expect("two digits a byte");
        f.write_str(str::from_utf8(&text).expect("digits are ASCII"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() { to.collect_str(self) } else { self.0.serialize(to) }
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if !from.is_human_readable() {
            return <[u8; 16]>::deserialize(from).map(Digest);
        }
        let mut bytes = [0; 16];
        let text = String::deserialize(from)?;
        hex::decode_to_slice(text, &mut bytes).map_err(|_| serde::de::Error::custom("not 32 hex digits"))?;
        Ok(Digest(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_round_trip() {
        let digest = Digest::of(&[b"a", b"b"]);
        let text = serde_json::to_string(&digest).unwrap();
        assert_eq!(serde_json::from_str::<Digest>(&text).unwrap(), digest);
        assert_eq!(postcard::from_bytes::<Digest>(&postcard::to_allocvec(&digest).unwrap()).unwrap(), digest);
        assert!(serde_json::from_str::<Digest>("\"00\"").is_err());
        assert_ne!(digest.with("x"), digest.with("y"));
    }
}
