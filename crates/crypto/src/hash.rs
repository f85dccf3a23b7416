//! Digests, keyed digests, and the blind index under which a card number is looked up.

use aws_lc_rs::{digest, hmac};
use std::fmt;

/// SHA-256 (FIPS 180-4).
pub fn sha256(data: &[u8]) -> [u8; 32] {
    sha256_pieces(&[data])
}

/// SHA-256 over the pieces one after another, without joining them.
pub fn sha256_pieces(pieces: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    pieces.iter().for_each(|piece| context.update(piece));
    context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// The next link of a hash chain: SHA-256 over the link before and the new data.
///
/// A link has a fixed length, so that the boundary between the two cannot be moved.
pub fn sha256_chain(previous: &[u8; 32], data: &[u8]) -> [u8; 32] {
    sha256_pieces(&[previous, data])
}

/// SHA-1, which EMV certificates and option B key derivation still prescribe. Not for anything new.
pub fn sha1(data: &[u8]) -> [u8; 20] {
    sha1_pieces(&[data])
}

/// SHA-1 over the pieces one after another.
pub fn sha1_pieces(pieces: &[&[u8]]) -> [u8; 20] {
    let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    pieces.iter().for_each(|piece| context.update(piece));
    context.finish().as_ref().try_into().expect("SHA-1 has 20 bytes")
}

/// An HMAC-SHA-256 key with its two inner states computed: keep it.
#[derive(Clone)]
pub struct HmacKey(hmac::Key);

impl HmacKey {
    /// Takes a key of any length; 32 bytes is right.
    pub fn new(key: &[u8]) -> Self {
        HmacKey(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The tag of a message (RFC 2104).
    pub fn tag(&self, message: &[u8]) -> [u8; 32] {
        hmac::sign(&self.0, message).as_ref().try_into().expect("HMAC-SHA-256 has 32 bytes")
    }

    /// Whether this is the whole tag of the message, in constant time.
    pub fn verify(&self, message: &[u8], tag: &[u8]) -> bool {
        hmac::verify(&self.0, message, tag).is_ok()
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey(****)")
    }
}

/// The name under which a card number is found again without being stored: the left half of its keyed digest.
///
/// Card numbers are few enough to try them all, so the key must be as well guarded as the numbers are.
pub fn lookup_hash(key: &HmacKey, pan_digits: &[u8]) -> [u8; 16] {
    let mut hash = [0; 16];
    hash.copy_from_slice(&key.tag(pan_digits)[..16]);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_digests() {
        // FIPS 180-4 examples and RFC 4231 case 2.
        assert_eq!(
            hex::encode(sha256(b"abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(hex::encode(sha1(b"abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
        let key = HmacKey::new(b"Jefe");
        let tag = key.tag(b"what do ya want for nothing?");
        assert_eq!(hex::encode(tag), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert!(key.verify(b"what do ya want for nothing?", &tag));
        assert!(!key.verify(b"what do ya want for nothing!", &tag));
        assert!(!key.verify(b"what do ya want for nothing?", &tag[..31]), "a shortened tag is no tag");
        assert_eq!(format!("{key:?}"), "HmacKey(****)");
    }

    #[test]
    fn pieces_and_chains_are_the_digest_of_the_whole() {
        assert_eq!(sha256_pieces(&[b"a", b"", b"bc"]), sha256(b"abc"));
        assert_eq!(sha1_pieces(&[b"ab", b"c"]), sha1(b"abc"));
        assert_eq!(sha256_chain(&[7; 32], b"x"), sha256(&[&[7; 32][..], b"x"].concat()));
    }

    #[test]
    fn a_lookup_needs_the_same_key() {
        let (one, two) = (HmacKey::new(&[1; 32]), HmacKey::new(&[2; 32]));
        assert_eq!(lookup_hash(&one, b"4111111111111111"), lookup_hash(&one, b"4111111111111111"));
        assert_ne!(lookup_hash(&one, b"4111111111111111"), lookup_hash(&two, b"4111111111111111"));
        assert_ne!(lookup_hash(&one, b"4111111111111111"), lookup_hash(&one, b"4111111111111112"));
    }
}
