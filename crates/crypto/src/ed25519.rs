//! Signatures on the curve Edwards25519 (RFC 8032, 5.1): the asymmetric signatures of webhooks.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::fmt;
use values::Secret;

/// The signature is not one of this key over this message, or the key is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct NotSigned;

/// Signs. The same message under the same key has the same signature.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// The key of this secret: 32 bytes, any of which are one.
    pub fn from_seed(seed: &Secret<32>) -> SigningKey {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose());
        SigningKey(pair.expect("any 32 bytes are a private key (RFC 8032, 5.1.5)"))
    }

    /// The key with which others check what this one signed.
    pub fn public(&self) -> VerifyingKey {
        let bytes = self.0.public_key().as_ref().try_into();
        VerifyingKey(bytes.expect("a public key has 32 bytes"))
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).as_ref().try_into().expect("a signature has 64 bytes")
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(Ed25519)")
    }
}

/// Checks what a [`SigningKey`] signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyingKey([u8; 32]);

impl VerifyingKey {
    /// As it is written (RFC 8032, 5.1.5).
    pub fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// Checks a signature.
    pub fn verify(self, message: &[u8], signature: &[u8; 64]) -> Result<(), NotSigned> {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).map_err(|_| NotSigned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, 7.1, test 2.
    #[test]
    fn the_published_example_is_signed_alike() {
        let bytes = |text: &str| hex::decode(text).unwrap();
        let seed = bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let key = SigningKey::from_seed(&Secret::new(seed.try_into().unwrap()));
        let public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
        assert_eq!(hex::encode(key.public().to_bytes()), public);
        let signature = key.sign(&[0x72]);
        assert_eq!(
            hex::encode(signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        );
        assert_eq!(key.public().verify(&[0x72], &signature), Ok(()));
        assert_eq!(key.public().verify(&[0x73], &signature), Err(NotSigned));
        assert_eq!(format!("{key:?}"), "SigningKey(Ed25519)");
    }
}
