//! Sealing under something a person remembers: Argon2id (RFC 9106), then AES-256-GCM.
//!
//! What comes out carries everything but the passphrase:
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | form, 01 |
//! | 4, 4, 4 | memory in KiB, passes, lanes; big end first |
//! | 16 | salt |
//! | 12 | nonce |
//! | n + 16 | the sealed bytes |
//!
//! The first 41 bytes and the context are authenticated. A short passcode can be tried out by whoever holds
//! the bytes; the work only makes each try dear.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use values::{Secret, SecretBytes};
use zeroize::Zeroize;

/// The random bytes one sealing needs: 16 for the salt, 12 for the nonce.
pub type Entropy = [u8; 28];

/// Why sealed bytes were not made or not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// Not sealed bytes of a known form.
    #[error("not a passphrase-sealed form")]
    Form,
    /// The work asked for is below what Argon2 knows or above what we are willing to do.
    #[error("the work factor is outside the accepted range")]
    Work,
    /// Another passphrase, another context, or changed bytes.
    #[error("the passphrase does not open it")]
    Sealed,
}

/// How much work one try of a passphrase costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Memory, in KiB: at least 8 for each lane, at most 1 GiB.
    pub memory_kib: u32,
    /// Passes over the memory, 1 to 64.
    pub passes: u32,
    /// Lanes, 1 to 16.
    pub lanes: u32,
}

impl Work {
    /// For key files of a server: 64 MiB, three passes (RFC 9106, 4, second recommended choice, on one lane).
    pub const SERVER: Work = Work { memory_kib: 64 * 1024, passes: 3, lanes: 1 };
    /// For a passcode on a phone: 19 MiB, two passes, some tens of milliseconds.
    pub const PHONE: Work = Work { memory_kib: 19 * 1024, passes: 2, lanes: 1 };
    /// For tests, where nothing is worth guessing.
    pub const TEST: Work = Work { memory_kib: 8, passes: 1, lanes: 1 };

    /// The bounds also keep hostile bytes from asking for all memory.
    fn check(self) -> Result<Self, PassphraseError> {
        let sound = (1..=64).contains(&self.passes)
            && (1..=16).contains(&self.lanes)
            && (8 * self.lanes..=1 << 20).contains(&self.memory_kib);
        if sound { Ok(self) } else { Err(PassphraseError::Work) }
    }

    fn key(self, passphrase: &[u8], salt: &[u8]) -> Result<LessSafeKey, PassphraseError> {
        let Work { memory_kib, passes, lanes } = self.check()?;
        let params = argon2::Params::new(memory_kib, passes, lanes, Some(32));
        let params = params.map_err(|_| PassphraseError::Work)?;
        let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let mut key = [0; 32];
        let derived = argon2.hash_password_into(passphrase, salt, &mut key);
        let secret = Secret::new(key);
        key.zeroize();
        derived.map_err(|_| PassphraseError::Work)?;
        let key = UnboundKey::new(&AES_256_GCM, secret.expose()).expect("32 bytes are an AES-256 key");
        Ok(LessSafeKey::new(key))
    }
}

const FORM: u8 = 1;
const SALT: std::ops::Range<usize> = 13..29;
const NONCE: std::ops::Range<usize> = 29..41;
const HEAD: usize = 41;
const TAG: usize = 16;

/// Seals bytes under a passphrase. `context` says what they are; `entropy` is fresh and random.
pub fn seal(
    work: Work,
    passphrase: &[u8],
    plaintext: &[u8],
    context: &[u8],
    entropy: &Entropy,
) -> Result<Vec<u8>, PassphraseError> {
    let mut bytes = vec![FORM];
    for number in [work.memory_kib, work.passes, work.lanes] {
        bytes.extend(number.to_be_bytes());
    }
    bytes.extend(entropy);
    let key = work.key(passphrase, &bytes[SALT])?;
    let nonce = Nonce::try_assume_unique_for_key(&bytes[NONCE]).expect("12 bytes are a nonce");
    let aad = Aad::from([&bytes[..], context].concat());
    let mut sealed = Vec::with_capacity(plaintext.len() + TAG);
    sealed.extend(plaintext);
    key.seal_in_place_append_tag(nonce, aad, &mut sealed)
        .expect("bytes in memory are below the limit of GCM");
    bytes.append(&mut sealed);
    Ok(bytes)
}

/// Opens what [`seal`] made, with the same passphrase and context.
pub fn open(passphrase: &[u8], bytes: &[u8], context: &[u8]) -> Result<SecretBytes, PassphraseError> {
    let work = work_of(bytes)?;
    let (head, sealed) = bytes.split_at(HEAD);
    let key = work.key(passphrase, &head[SALT])?;
    let nonce = Nonce::try_assume_unique_for_key(&head[NONCE]).expect("12 bytes are a nonce");
    let mut opened = sealed.to_vec();
    let aad = Aad::from([head, context].concat());
    let length = key.open_in_place(nonce, aad, &mut opened).map_err(|_| PassphraseError::Sealed)?.len();
    opened.truncate(length);
    Ok(SecretBytes::new(opened))
}

/// The work a try at these sealed bytes will cost; they have not been opened yet.
pub fn work_of(bytes: &[u8]) -> Result<Work, PassphraseError> {
    if bytes.len() < HEAD + TAG || bytes[0] != FORM {
        return Err(PassphraseError::Form);
    }
    let number = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    Ok(Work { memory_kib: number(1), passes: number(5), lanes: number(9) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_passphrase_and_context_open() {
        let sealed = seal(Work::TEST, b"1234", b"key", b"phone", &[5; 28]).unwrap();
        assert_eq!(open(b"1234", &sealed, b"phone").unwrap().expose(), b"key");
        assert_eq!(open(b"1235", &sealed, b"phone").err(), Some(PassphraseError::Sealed));
        assert_eq!(open(b"1234", &sealed, b"tablet").err(), Some(PassphraseError::Sealed));
    }

    #[test]
    fn no_changed_or_shortened_bytes_open() {
        let sealed = seal(Work::TEST, b"1234", b"key", b"", &[5; 28]).unwrap();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 0x80;
            assert!(open(b"1234", &changed, b"").is_err(), "byte {place} flipped");
            assert!(open(b"1234", &sealed[..place], b"").is_err(), "cut at {place}");
        }
    }

    #[test]
    fn work_is_bounded() {
        for (memory_kib, passes, lanes) in
            [(7, 1, 1), (1 << 21, 1, 1), (8, 0, 1), (8, 65, 1), (8, 1, 0), (8, 1, 2), (u32::MAX, 1, u32::MAX)]
        {
            let work = Work { memory_kib, passes, lanes };
            let refused = seal(work, b"1234", b"", b"", &[5; 28]).err();
            assert_eq!(refused, Some(PassphraseError::Work), "{work:?}");
        }
        assert_eq!(Work::SERVER.check(), Ok(Work::SERVER));
        assert_eq!(Work::PHONE.check(), Ok(Work::PHONE));
    }
}
