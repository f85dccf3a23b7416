//! A message that only one party can open: compact JWE, `ECDH-ES` with `A256GCM` (RFC 7516; RFC 7518, 4.6 and
//! 5.3).
//!
//! Sealing makes a fresh key pair per message, so its randomness is the cipher library's own. The context
//! names what the message is about (a record, a purpose); it travels as `apv` by digest, so that a message
//! cannot be moved to another place, and the opener must name the same one.

use crate::hash::sha256_pieces;
use crate::p256::{AgreementKey, AgreementPublic};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use values::{Secret, SecretBytes};

/// Why a sealed message was not opened. It does not say which part was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JweError {
    /// Not a compact JWE of the two algorithms spoken here.
    #[error("not a sealed message of a known form")]
    Form,
    /// Another key, another context, or changed on the way.
    #[error("the sealed message does not open")]
    Sealed,
}

const ALGORITHM: &str = "ECDH-ES";
const ENCRYPTION: &str = "A256GCM";
/// Larger than any message between our parties; refused before anything is decoded.
const LENGTH_MAX: usize = 64 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    enc: String,
    kid: String,
    epk: PointKey,
    apv: String,
}

/// A public key as JSON (RFC 7517; RFC 7518, 6.2.1).
#[derive(Serialize, Deserialize)]
struct PointKey {
    kty: String,
    crv: String,
    x: String,
    y: String,
}

/// Seals a message to the holder of `recipient`; `kid` names that key in the clear.
pub fn seal(recipient: &AgreementPublic, kid: &str, plaintext: &[u8], context: &str) -> String {
    let ephemeral = AgreementKey::generate();
    let party = context_digest(context);
    let header = Header {
        alg: ALGORITHM.into(),
        enc: ENCRYPTION.into(),
        kid: kid.into(),
        epk: PointKey::from_point(&ephemeral.public()),
        apv: URL_SAFE_NO_PAD.encode(party),
    };
    let header = serde_json::to_vec(&header).expect("a header of strings can be written");
    let header = URL_SAFE_NO_PAD.encode(header);
    let shared = ephemeral.agree(recipient).expect("a checked point agrees with every key");
    let key = gcm(&concat_kdf(shared.expose(), ENCRYPTION, b"", &party));
    let nonce: [u8; 12] = crate::random::bytes();
    let mut sealed = plaintext.to_vec();
    let tag = key
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(&header), &mut sealed)
        .expect("a message in memory is below the limit of GCM");
    // RFC 7516, 7.1: header, encrypted key (none with direct agreement), nonce, ciphertext, tag.
    let parts = [&nonce[..], &sealed, tag.as_ref()].map(|part| URL_SAFE_NO_PAD.encode(part));
    format!("{header}..{}", parts.join("."))
}

/// Opens a message that was sealed to this key for this context.
pub fn open(key: &AgreementKey, message: &str, context: &str) -> Result<SecretBytes, JweError> {
    if message.len() > LENGTH_MAX {
        return Err(JweError::Form);
    }
    let mut parts = message.split('.');
    let mut next = || parts.next().ok_or(JweError::Form);
    let (header_text, encrypted_key, nonce, sealed, tag) = (next()?, next()?, next()?, next()?, next()?);
    if parts.next().is_some() || !encrypted_key.is_empty() {
        return Err(JweError::Form);
    }
    let header = read_header(header_text)?;
    let party = context_digest(context);
    if decode(&header.apv)? != party {
        return Err(JweError::Sealed);
    }
    let shared = key.agree(&header.epk.to_point()?).map_err(|_| JweError::Form)?;
    let content_key = gcm(&concat_kdf(shared.expose(), ENCRYPTION, b"", &party));
    let nonce = Nonce::try_assume_unique_for_key(&decode(nonce)?).map_err(|_| JweError::Form)?;
    let tag = decode(tag)?;
    if tag.len() != AES_256_GCM.tag_len() {
        return Err(JweError::Form);
    }
    let mut sealed = decode(sealed)?;
    sealed.extend(tag);
    let length = content_key
        .open_in_place(nonce, Aad::from(header_text), &mut sealed)
        .map_err(|_| JweError::Sealed)?
        .len();
    sealed.truncate(length);
    Ok(SecretBytes::new(sealed))
}

/// Which key a message says it was sealed to; only a hint until it opens.
pub fn key_id(message: &str) -> Result<String, JweError> {
    let header = message.split('.').next().filter(|header| header.len() <= LENGTH_MAX);
    Ok(read_header(header.ok_or(JweError::Form)?)?.kid)
}

fn read_header(text: &str) -> Result<Header, JweError> {
    let header: Header = serde_json::from_slice(&decode(text)?).map_err(|_| JweError::Form)?;
    let known = header.alg == ALGORITHM && header.enc == ENCRYPTION;
    if known { Ok(header) } else { Err(JweError::Form) }
}

impl PointKey {
    fn from_point(point: &AgreementPublic) -> Self {
        let (x, y) = point.to_sec1()[1..].split_at(32);
        let [x, y] = [x, y].map(|half| URL_SAFE_NO_PAD.encode(half));
        PointKey { kty: "EC".into(), crv: "P-256".into(), x, y }
    }

    fn to_point(&self) -> Result<AgreementPublic, JweError> {
        let (x, y) = (decode(&self.x)?, decode(&self.y)?);
        if self.kty != "EC" || self.crv != "P-256" || x.len() != 32 || y.len() != 32 {
            return Err(JweError::Form);
        }
        AgreementPublic::from_sec1(&[&[4], &x[..], &y].concat()).map_err(|_| JweError::Form)
    }
}

fn context_digest(context: &str) -> [u8; 32] {
    sha256_pieces(&[b"paiza jwe context\0", context.as_bytes()])
}

fn decode(text: &str) -> Result<Vec<u8>, JweError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| JweError::Form)
}

fn gcm(key: &Secret<32>) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.expose()).expect("32 bytes are an AES-256 key"))
}

/// The single-step key derivation of RFC 7518, 4.6.2 for one round of SHA-256, whole (NIST SP 800-56A,
/// 5.8.1).
fn concat_kdf(shared: &[u8; 32], algorithm: &str, party_u: &[u8], party_v: &[u8]) -> Secret<32> {
    let length = |field: &[u8]| (field.len() as u32).to_be_bytes();
    let algorithm = algorithm.as_bytes();
    Secret::new(sha256_pieces(&[
        &1u32.to_be_bytes(),
        shared,
        &length(algorithm),
        algorithm,
        &length(party_u),
        party_u,
        &length(party_v),
        party_v,
        &256u32.to_be_bytes(),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(x: &str, y: &str) -> AgreementPublic {
        PointKey { kty: "EC".into(), crv: "P-256".into(), x: x.into(), y: y.into() }.to_point().unwrap()
    }

    // RFC 7518, appendix C: agreement and derivation (there with A128GCM, whose key is the left half).
    #[test]
    fn the_published_agreement() {
        let bob = point(
            "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
            "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
        );
        let alice: [u8; 32] =
            decode("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo").unwrap().try_into().unwrap();
        let shared = AgreementKey::from_bytes(&Secret::new(alice)).unwrap().agree(&bob).unwrap();
        assert_eq!(shared.expose()[..8], [158, 86, 217, 29, 129, 113, 53, 211]);
        let round = sha256_pieces(&[
            &1u32.to_be_bytes(),
            shared.expose(),
            b"\0\0\0\x07A128GCM\0\0\0\x05Alice\0\0\0\x03Bob",
            &128u32.to_be_bytes(),
        ]);
        assert_eq!(URL_SAFE_NO_PAD.encode(&round[..16]), "VqqN6vgjbSBcIijNcacQGg");
    }

    #[test]
    fn the_derivation_joins_its_fields_as_published() {
        let shared = [9; 32];
        let expected = sha256_pieces(&[
            &[0, 0, 0, 1],
            &shared,
            b"\0\0\0\x07A256GCM\0\0\0\x05Alice\0\0\0\x03Bob\0\0\x01\0",
        ]);
        assert_eq!(concat_kdf(&shared, "A256GCM", b"Alice", b"Bob").expose(), &expected);
    }

    #[test]
    fn only_the_recipient_in_the_same_context_opens() {
        let key = AgreementKey::generate();
        let message = seal(&key.public(), "issuer-1", b"card data", "enrolment 7");
        assert_eq!(open(&key, &message, "enrolment 7").unwrap().expose(), b"card data");
        assert_eq!(key_id(&message).unwrap(), "issuer-1");
        assert_eq!(open(&key, &message, "enrolment 8").err(), Some(JweError::Sealed));
        assert_eq!(open(&AgreementKey::generate(), &message, "enrolment 7").err(), Some(JweError::Sealed));
        let empty = seal(&key.public(), "", b"", "");
        assert_eq!(open(&key, &empty, "").unwrap().expose(), b"");
    }

    #[test]
    fn no_changed_or_shortened_message_opens() {
        let key = AgreementKey::generate();
        let message = seal(&key.public(), "k", b"secret", "c");
        for place in 0..message.len() {
            for flip in [1, 2, 0x20] {
                let mut bytes = message.clone().into_bytes();
                bytes[place] ^= flip;
                let changed = String::from_utf8(bytes).unwrap();
                assert!(open(&key, &changed, "c").is_err(), "byte {place} flipped by {flip}");
            }
            assert!(open(&key, &message[..place], "c").is_err(), "cut at {place}");
        }
        for hostile in ["", ".", "....", "a.b.c.d.e", "e30....", &"A".repeat(LENGTH_MAX + 1)] {
            assert_eq!(open(&key, hostile, "c").err(), Some(JweError::Form));
        }
        assert!(open(&key, &format!("{message}.x"), "c").is_err(), "a sixth part");
        assert!(open(&key, &message.replacen("..", ".AA.", 1), "c").is_err(), "an encrypted key");
    }
}
