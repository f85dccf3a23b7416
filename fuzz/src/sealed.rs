//! What was sealed, and what somebody says was.

use crypto::p256::AgreementKey;
use crypto::vault::{self, Envelope, KeyEncryptionKey};
use crypto::{jwe, keystore, tr31};
use values::Secret;

/// The key of the seeds.
pub fn agreement_key() -> AgreementKey {
    AgreementKey::from_bytes(&Secret::new([0x11; 32])).expect("a scalar")
}

/// A key-encryption key of the seeds.
pub fn key_encryption_key() -> KeyEncryptionKey {
    KeyEncryptionKey::new(1, &Secret::new([0x22; 32]))
}

/// The context of everything sealed in the seeds.
pub const CONTEXT: &str = "fuzz";
/// The passphrase of the key file in the seeds.
pub const PASSPHRASE: &[u8] = b"fuzz fuzz";
/// What the seeds hold.
pub const PLAINTEXT: &[u8] = b"a sealed record";

/// A message opens to what was sealed or not at all: nobody else has sealed anything to this key.
pub fn jwe_open(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = jwe::key_id(text);
    if let Ok(opened) = jwe::open(&agreement_key(), text, CONTEXT) {
        assert_eq!(opened.expose(), PLAINTEXT);
    }
}

/// A record opens to what was sealed or not at all.
pub fn envelope(data: &[u8]) {
    let Ok(envelope) = Envelope::from_bytes(data) else { return };
    assert_eq!(envelope.as_bytes(), data);
    let _ = envelope.generation();
    if let Ok(opened) = vault::open(&key_encryption_key(), &envelope, CONTEXT.as_bytes()) {
        assert_eq!(opened.expose(), PLAINTEXT);
    }
}

/// A key file opens to the key that was put there or not at all.
pub fn key_file(data: &[u8]) {
    if let Ok(ring) = keystore::open_file(data, PASSPHRASE) {
        assert_eq!(ring.names().collect::<Vec<_>>(), ["fuzz"]);
    }
}

/// A key block (TR-31) under either kind of protection key.
pub fn key_block(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for length in [16, 24, 32] {
        let _ = tr31::unwrap(&[0x33; 32][..length], text).is_ok();
    }
}
