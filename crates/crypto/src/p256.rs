//! Keys on the curve P-256: signatures of devices and parties, and the agreement under [`crate::jwe`].
//!
//! Private keys are made by the cipher library's own random source, which it also needs for every signature.

use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey,
};
use aws_lc_rs::{agreement, error::Unspecified};
use std::fmt;
use values::{Secret, SecretBytes};

/// The bytes are not a key of this curve, or the signature is not one of this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum P256Error {
    /// Not a private or public key of P-256.
    #[error("not a key of the curve P-256")]
    Key,
    /// The signature does not belong to this message and key.
    #[error("the signature does not verify")]
    Signature,
}

/// A public point in its uncompressed form: 04, x, y (SEC 1, 2.3.3).
pub type Sec1 = [u8; 65];

/// Signs with ECDSA over SHA-256.
pub struct SigningKey(EcdsaKeyPair);

impl SigningKey {
    /// Makes a new key.
    pub fn generate() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
        SigningKey(pair.expect("key generation fails only without memory or a random source"))
    }

    /// Reads the private number, 32 bytes, big end first.
    pub fn from_bytes(bytes: &Secret<32>) -> Result<Self, P256Error> {
        let public = AgreementKey::from_bytes(bytes)?.public();
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            bytes.expose(),
            public.to_sec1(),
        );
        pair.map(SigningKey).map_err(|_| P256Error::Key)
    }

    /// Reads a PKCS #8 document (RFC 5958).
    pub fn from_pkcs8(document: &[u8]) -> Result<Self, P256Error> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document);
        pair.map(SigningKey).map_err(|_| P256Error::Key)
    }

    /// Writes a PKCS #8 document (RFC 5958), version 1.
    pub fn to_pkcs8(&self) -> SecretBytes {
        let document = self.0.to_pkcs8v1().expect("a key of this library can be written");
        SecretBytes::new(document.as_ref().to_vec())
    }

    /// The private number, 32 bytes, big end first.
    pub fn to_bytes(&self) -> Secret<32> {
        private_number(self.0.private_key().as_be_bytes())
    }

    /// The key with which others check what this one signed.
    pub fn public(&self) -> VerifyingKey {
        VerifyingKey::from_sec1(self.0.public_key().as_ref()).expect("its own public key is a key")
    }

    /// Signs the SHA-256 of the message: r and s, 32 bytes each (RFC 7518, 3.4).
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature = self.0.sign(&SystemRandom::new(), message);
        let signature = signature.expect("signing fails only without memory or a random source");
        signature.as_ref().try_into().expect("the fixed form has 64 bytes")
    }

    /// Signs the SHA-256 of the message: a DER pair of r and s (RFC 3279, 2.2.3), 8 to 72 bytes.
    pub fn sign_der(&self, message: &[u8]) -> Vec<u8> {
        let signature = self.sign(message);
        let (r, s) = signature.split_at(32);
        let content = [der_number(r), der_number(s)].concat();
        let mut out = vec![0x30, content.len() as u8];
        out.extend(content);
        out
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(****)")
    }
}

/// Checks ECDSA signatures over SHA-256.
#[derive(Clone)]
pub struct VerifyingKey {
    sec1: Sec1,
    parsed: ParsedPublicKey,
}

impl VerifyingKey {
    /// Reads an uncompressed point and checks that it lies on the curve.
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, P256Error> {
        let sec1: Sec1 = bytes.try_into().map_err(|_| P256Error::Key)?;
        let parsed = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes).map_err(|_| P256Error::Key)?;
        Ok(VerifyingKey { sec1, parsed })
    }

    /// The uncompressed point.
    pub fn to_sec1(&self) -> Sec1 {
        self.sec1
    }

    /// Checks a signature of 64 bytes, r and s, over the SHA-256 of the message.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), P256Error> {
        self.parsed.verify_sig(message, signature).map_err(|_| P256Error::Signature)
    }

    /// Checks a signature that is a DER pair of r and s; any other writing of the same numbers is refused.
    pub fn verify_der(&self, message: &[u8], signature: &[u8]) -> Result<(), P256Error> {
        let fixed = from_der(signature).ok_or(P256Error::Signature)?;
        self.verify(message, &fixed)
    }

    /// Reads a `SubjectPublicKeyInfo` with an uncompressed point (RFC 5480, 2), what a file `PUBLIC KEY` holds.
    pub fn from_spki(document: &[u8]) -> Result<Self, P256Error> {
        VerifyingKey::from_sec1(document.strip_prefix(SPKI_PREFIX).ok_or(P256Error::Key)?)
    }

    /// Writes a `SubjectPublicKeyInfo`.
    pub fn to_spki(&self) -> Vec<u8> {
        [SPKI_PREFIX, &self.sec1].concat()
    }
}

/// What stands before the point in a `SubjectPublicKeyInfo` of this curve: id-ecPublicKey, secp256r1.
const SPKI_PREFIX: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86,
    0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A number as DER writes it: shortest, with a zero before a high bit (X.690, 8.3).
fn der_number(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(bytes.len() - 1);
    let digits = &bytes[zeros..];
    let pad = digits[0] >= 0x80;
    let mut out = vec![0x02, digits.len() as u8 + u8::from(pad)];
    out.extend(pad.then_some(0));
    out.extend_from_slice(digits);
    out
}

/// Whether bytes are a signature's DER pair of numbers below 2^256, written as DER must (no more than that).
pub fn is_der_signature(bytes: &[u8]) -> bool {
    from_der(bytes).is_some()
}

/// The 64 bytes r and s of a DER pair; `None` unless DER would write them so.
fn from_der(bytes: &[u8]) -> Option<[u8; 64]> {
    let content = match *bytes {
        [0x30, length, ref content @ ..] if usize::from(length) == content.len() && length < 0x80 => content,
        _ => return None,
    };
    let number = |bytes: &[u8]| -> Option<([u8; 32], usize)> {
        let length = usize::from(*bytes.get(1)?);
        let digits = bytes.get(2..2 + length).filter(|_| bytes[0] == 0x02)?;
        let shortest = match *digits {
            [] => false,
            [0] => true,
            [0, next, ..] => next >= 0x80,
            [first, ..] => first < 0x80,
        };
        // Of 33 digits the first can only be the zero before a high bit: another would be thrown away unread.
        let digits = if digits.len() == 33 { digits.strip_prefix(&[0])? } else { digits };
        if !shortest || digits.len() > 32 {
            return None;
        }
        let mut out = [0; 32];
        out[32 - digits.len()..].copy_from_slice(digits);
        Some((out, 2 + length))
    };
    let (r, used) = number(content)?;
    let (s, more) = number(&content[used..])?;
    let mut fixed = [0; 64];
    fixed[..32].copy_from_slice(&r);
    fixed[32..].copy_from_slice(&s);
    (used + more == content.len()).then_some(fixed)
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.sec1 == other.sec1
    }
}

impl Eq for VerifyingKey {}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", hex::encode(self.sec1))
    }
}

/// A private key for key agreement, used any number of times.
pub struct AgreementKey(agreement::PrivateKey);

impl AgreementKey {
    /// Makes a new key.
    pub fn generate() -> Self {
        let key = agreement::PrivateKey::generate(&agreement::ECDH_P256);
        AgreementKey(key.expect("key generation fails only without memory or a random source"))
    }

    /// Reads the private number, 32 bytes, big end first.
    pub fn from_bytes(bytes: &Secret<32>) -> Result<Self, P256Error> {
        let key = agreement::PrivateKey::from_private_key(&agreement::ECDH_P256, bytes.expose());
        key.map(AgreementKey).map_err(|_| P256Error::Key)
    }

    /// The private number, 32 bytes, big end first.
    pub fn to_bytes(&self) -> Secret<32> {
        private_number(self.0.as_be_bytes())
    }

    /// The key to which others seal.
    pub fn public(&self) -> AgreementPublic {
        let point = self.0.compute_public_key().expect("a private key of this library has a public one");
        AgreementPublic(point.as_ref().try_into().expect("an uncompressed point has 65 bytes"))
    }

    /// The shared x coordinate, 32 bytes (NIST SP 800-56A, 5.7.1.2). A key derivation has to follow.
    pub(crate) fn agree(&self, peer: &AgreementPublic) -> Result<Secret<32>, P256Error> {
        let peer = agreement::UnparsedPublicKey::new(&agreement::ECDH_P256, peer.0);
        agreement::agree(&self.0, peer, P256Error::Key, |shared| {
            shared.try_into().map(Secret::new).map_err(|_| P256Error::Key)
        })
    }
}

impl fmt::Debug for AgreementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgreementKey(****)")
    }
}

/// The public half of an [`AgreementKey`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AgreementPublic(Sec1);

impl AgreementPublic {
    /// Reads an uncompressed point and checks that it lies on the curve.
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, P256Error> {
        VerifyingKey::from_sec1(bytes).map(|key| AgreementPublic(key.sec1))
    }

    /// The uncompressed point.
    pub fn to_sec1(&self) -> &Sec1 {
        &self.0
    }
}

impl fmt::Debug for AgreementPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AgreementPublic({})", hex::encode(self.0))
    }
}

fn private_number(bytes: Result<EcPrivateKeyBin<'static>, Unspecified>) -> Secret<32> {
    let bytes = bytes.expect("a key of this library can be written");
    Secret::new(bytes.as_ref().try_into().expect("a private number of P-256 has 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_key_signs_only_its_public_half_verifies() {
        let key = SigningKey::generate();
        let signature = key.sign(b"message");
        assert_eq!(key.public().verify(b"message", &signature), Ok(()));
        let refused = Err(P256Error::Signature);
        assert_eq!(key.public().verify(b"messagf", &signature), refused);
        assert_eq!(SigningKey::generate().public().verify(b"message", &signature), refused);
        assert_eq!(key.public().verify(b"message", &signature[..63]), refused);
        assert_eq!(key.public().verify(b"message", &[0; 64]), refused);
        assert_eq!(key.public().verify(b"message", &[]), refused);
    }

    #[test]
    fn a_signature_has_one_writing_in_der() {
        let key = SigningKey::generate();
        for round in 0..64 {
            let signature = key.sign_der(&[round]);
            assert_eq!(key.public().verify_der(&[round], &signature), Ok(()));
            assert!(key.public().verify_der(&[round ^ 1], &signature).is_err());
            let longer = [&signature[..], &[0]].concat();
            assert!(!is_der_signature(&longer) && !is_der_signature(&signature[..signature.len() - 1]));
            // A zero too many before r.
            let mut padded = signature.clone();
            padded.insert(4, 0);
            padded[1] += 1;
            padded[3] += 1;
            assert!(!is_der_signature(&padded));
        }
        let mut of_33_digits = [&[0x30, 38, 2, 33, 0][..], &[0xFF; 32], &[2, 1, 1]].concat();
        assert!(is_der_signature(&of_33_digits));
        of_33_digits[4] = 1;
        assert!(!is_der_signature(&of_33_digits), "a number above 2^256");
        for bytes in [&[][..], &[0x30], &[0x30, 0], &[0x30, 2, 2, 0], &[0x30, 0x81, 0], &[2, 1, 1]] {
            assert!(!is_der_signature(bytes));
        }
        assert!(is_der_signature(&[0x30, 6, 2, 1, 1, 2, 1, 0x7F]));
        assert!(!is_der_signature(&[0x30, 6, 2, 1, 1, 2, 1, 0x80]), "below zero");
        assert_eq!(VerifyingKey::from_spki(&key.public().to_spki()), Ok(key.public()));
        assert!(VerifyingKey::from_spki(&key.public().to_sec1()).is_err());
    }

    #[test]
    fn keys_survive_being_written_down() {
        let key = SigningKey::generate();
        for again in
            [SigningKey::from_bytes(&key.to_bytes()), SigningKey::from_pkcs8(key.to_pkcs8().expose())]
        {
            assert_eq!(again.unwrap().public(), key.public());
        }
        let public = VerifyingKey::from_sec1(&key.public().to_sec1()).unwrap();
        assert_eq!(public, key.public());
        let key = AgreementKey::generate();
        assert_eq!(AgreementKey::from_bytes(&key.to_bytes()).unwrap().public(), key.public());
    }

    #[test]
    fn both_sides_agree() {
        let (one, two) = (AgreementKey::generate(), AgreementKey::generate());
        let shared = one.agree(&two.public()).unwrap();
        assert_eq!(shared.expose(), two.agree(&one.public()).unwrap().expose());
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        let mut off_curve = SigningKey::generate().public().to_sec1();
        off_curve[64] ^= 1;
        for bytes in [&off_curve[..], &[], &[4; 65], &[0; 65], &off_curve[..64]] {
            assert_eq!(VerifyingKey::from_sec1(bytes).err(), Some(P256Error::Key));
            assert_eq!(AgreementPublic::from_sec1(bytes).err(), Some(P256Error::Key));
        }
        for number in [[0; 32], [0xFF; 32]] {
            assert!(SigningKey::from_bytes(&Secret::new(number)).is_err());
            assert!(AgreementKey::from_bytes(&Secret::new(number)).is_err());
        }
        assert!(SigningKey::from_pkcs8(b"").is_err());
    }

    #[test]
    fn private_keys_do_not_show() {
        assert_eq!(format!("{:?}", SigningKey::generate()), "SigningKey(****)");
        assert_eq!(format!("{:?}", AgreementKey::generate()), "AgreementKey(****)");
    }
}
