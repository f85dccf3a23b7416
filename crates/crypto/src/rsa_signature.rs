//! RSA signatures, PKCS #1 version 1.5 over SHA-256 (RFC 8017, 8.2): keys of 2048 to 4096 bits, as parties sign
//! documents with them. Short keys of cards are in [`crate::rsa`].

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
};
use std::fmt;
use values::SecretBytes;

/// The bytes are not a key of 2048 to 4096 bits, or the signature is not one of this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Not an RSA key of 2048 to 4096 bits.
    #[error("not an RSA key of 2048 to 4096 bits")]
    Key,
    /// The signature does not belong to this message and key.
    #[error("the signature does not verify")]
    Signature,
}

/// Lengths of a modulus, in bytes.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=512;

/// Signs.
pub struct SigningKey {
    pair: RsaKeyPair,
    public: VerifyingKey,
}

impl SigningKey {
    /// Makes a new key of 2048 bits; takes a noticeable time.
    pub fn generate() -> SigningKey {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048);
        let pair = pair.expect("key generation fails only without memory or a random source");
        SigningKey::new(pair).expect("a key of 2048 bits")
    }

    /// Reads a PKCS #8 document (RFC 5958).
    pub fn from_pkcs8(document: &[u8]) -> Result<SigningKey, SignatureError> {
        SigningKey::new(RsaKeyPair::from_pkcs8(document).map_err(|_| SignatureError::Key)?)
    }

    /// Reads an `RSAPrivateKey` (RFC 8017, A.1.2), as older tools write it.
    pub fn from_pkcs1(document: &[u8]) -> Result<SigningKey, SignatureError> {
        SigningKey::new(RsaKeyPair::from_der(document).map_err(|_| SignatureError::Key)?)
    }

    /// Writes a PKCS #8 document (RFC 5958), version 1.
    pub fn to_pkcs8(&self) -> SecretBytes {
        let document: Pkcs8V1Der<'_> = self.pair.as_der().expect("a key of this library can be written");
        SecretBytes::new(document.as_ref().to_vec())
    }

    /// The key with which others check what this one signed.
    pub fn public(&self) -> &VerifyingKey {
        &self.public
    }

    /// Signs the SHA-256 of the message; as long as the modulus.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let signed = self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature);
        signed.expect("signing fails only without memory");
        signature
    }

    fn new(pair: RsaKeyPair) -> Result<SigningKey, SignatureError> {
        let public = VerifyingKey::from_pkcs1(pair.public_key().as_ref())?;
        Ok(SigningKey { pair, public })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(****)")
    }
}

/// Checks signatures.
#[derive(Clone)]
pub struct VerifyingKey {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    parsed: ParsedPublicKey,
}

impl VerifyingKey {
    /// Reads a `SubjectPublicKeyInfo` (RFC 5280), what a file `PUBLIC KEY` holds.
    pub fn from_spki(document: &[u8]) -> Result<VerifyingKey, SignatureError> {
        let key = aws_lc_rs::rsa::PublicKey::from_der(document).map_err(|_| SignatureError::Key)?;
        VerifyingKey::from_pkcs1(key.as_ref())
    }

    /// Reads modulus and exponent, big end first.
    pub fn from_numbers(modulus: &[u8], exponent: &[u8]) -> Result<VerifyingKey, SignatureError> {
        VerifyingKey::from_pkcs1(&sequence(&[integer(modulus), integer(exponent)].concat()))
    }

    fn from_pkcs1(document: &[u8]) -> Result<VerifyingKey, SignatureError> {
        let parsed = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, document);
        let parsed = parsed.map_err(|_| SignatureError::Key)?;
        let (modulus, exponent) = numbers(document).ok_or(SignatureError::Key)?;
        if !MODULUS_BYTES.contains(&modulus.len()) {
            return Err(SignatureError::Key);
        }
        Ok(VerifyingKey { modulus, exponent, parsed })
    }

    /// Writes a `SubjectPublicKeyInfo`.
    pub fn to_spki(&self) -> Vec<u8> {
        let document = sequence(&[integer(&self.modulus), integer(&self.exponent)].concat());
        let key = aws_lc_rs::rsa::PublicKey::from_der(&document).expect("it was read");
        let document: PublicKeyX509Der<'_> = key.as_der().expect("a key of this library can be written");
        document.as_ref().to_vec()
    }

    /// The modulus, big end first, without leading zeros.
    pub fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    /// The public exponent, big end first, without leading zeros.
    pub fn exponent(&self) -> &[u8] {
        &self.exponent
    }

    /// Checks a signature over the SHA-256 of the message.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        self.parsed.verify_sig(message, signature).map_err(|_| SignatureError::Signature)
    }
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        (&self.modulus, &self.exponent) == (&other.modulus, &other.exponent)
    }
}

impl Eq for VerifyingKey {}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", hex::encode(crate::hash::sha256(&self.to_spki())))
    }
}

/// DER of a SEQUENCE (X.690, 8.9).
fn sequence(content: &[u8]) -> Vec<u8> {
    tagged(0x30, content)
}

/// DER of a number that is not negative (X.690, 8.3).
fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let mut content = number[zeros..].to_vec();
    if content.first().is_none_or(|first| *first >= 0x80) {
        content.insert(0, 0);
    }
    tagged(0x02, &content)
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match length {
        0..=0x7F => out.push(length as u8),
        0x80..=0xFF => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend_from_slice(content);
    out
}

/// The two numbers of an `RSAPublicKey` that the library took.
fn numbers(document: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (content, _) = value(document, 0x30)?;
    let (modulus, rest) = value(content, 0x02)?;
    let (exponent, _) = value(rest, 0x02)?;
    let stripped = |bytes: &[u8]| bytes.iter().skip_while(|byte| **byte == 0).copied().collect();
    Some((stripped(modulus), stripped(exponent)))
}

/// The content of the first element, which has this tag, and what follows it.
fn value(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match *bytes {
        [first, 0x82, high, low, ..] if first == tag => {
            (usize::from(high) << 8 | usize::from(low), &bytes[4..])
        }
        [first, 0x81, length, ..] if first == tag => (usize::from(length), &bytes[3..]),
        [first, length @ 0..=0x7F, ..] if first == tag => (usize::from(length), &bytes[2..]),
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_key_signs_only_its_public_half_verifies() {
        let key = SigningKey::generate();
        let signature = key.sign(b"message");
        assert_eq!(signature.len(), 256);
        assert_eq!(key.public().verify(b"message", &signature), Ok(()));
        let refused = Err(SignatureError::Signature);
        assert_eq!(key.public().verify(b"messagf", &signature), refused);
        assert_eq!(SigningKey::generate().public().verify(b"message", &signature), refused);
        assert_eq!(key.public().verify(b"message", &signature[..255]), refused);
        assert_eq!(key.public().verify(b"message", &[]), refused);
        assert_eq!(format!("{key:?}"), "SigningKey(****)");
    }

    #[test]
    fn keys_survive_being_written_down() {
        let key = SigningKey::generate();
        let public = key.public();
        assert_eq!(SigningKey::from_pkcs8(key.to_pkcs8().expose()).unwrap().public(), public);
        assert_eq!(VerifyingKey::from_spki(&public.to_spki()).as_ref(), Ok(public));
        assert_eq!(VerifyingKey::from_numbers(public.modulus(), public.exponent()).as_ref(), Ok(public));
        assert_eq!(public.exponent(), [1, 0, 1]);
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        assert!(SigningKey::from_pkcs8(b"").is_err() && SigningKey::from_pkcs1(b"0").is_err());
        for (modulus, exponent) in
            [(vec![0xFF; 128], &[1, 0, 1][..]), (vec![0; 256], &[1, 0, 1]), (vec![0xFF; 256], &[])]
        {
            assert_eq!(VerifyingKey::from_numbers(&modulus, exponent), Err(SignatureError::Key));
        }
        let spki = SigningKey::generate().public().to_spki();
        assert!((0..spki.len()).all(|cut| VerifyingKey::from_spki(&spki[..cut]).is_err()));
    }
}
