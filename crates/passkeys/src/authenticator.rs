//! What an authenticator says: for whom, whether somebody was there, and a new credential if one was made.

use crate::cbor::Reader;
use crate::refusal::Refusal;
use crate::verify::{CredentialId, PublicKey};
use crypto::p256::VerifyingKey;

/// Bits of the flags (WebAuthn 6.1).
const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const BACKED_UP: u8 = 1 << 4;
const CREDENTIAL: u8 = 1 << 6;
const EXTENSIONS: u8 = 1 << 7;
/// SHA-256 of the relying party's name, flags, counter.
const HEAD: usize = 32 + 1 + 4;
/// What the authenticator's maker calls its model; not read.
const MODEL: usize = 16;
/// No credential has a longer name (WebAuthn 4).
const CREDENTIAL_MOST: usize = 1023;

/// A credential that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) credential: CredentialId,
    pub(crate) public: PublicKey,
}

/// Authenticator data (WebAuthn 6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthenticatorData {
    pub(crate) relying_party: [u8; 32],
    pub(crate) present: bool,
    pub(crate) verified: bool,
    pub(crate) backed_up: bool,
    pub(crate) counter: u32,
    pub(crate) made: Option<Made>,
}

impl AuthenticatorData {
    pub(crate) fn read(bytes: &[u8]) -> Result<AuthenticatorData, Refusal> {
        let short = Refusal::Malformed { what: "authenticator data", offset: bytes.len() };
        let (head, rest) = bytes.split_first_chunk::<HEAD>().ok_or(short)?;
        let (relying_party, tail) = head.split_first_chunk::<32>().ok_or(short)?;
        let (flags, counter) = (tail[0], u32::from_be_bytes([tail[1], tail[2], tail[3], tail[4]]));
        let mut reader = Reader::new(rest, "authenticator data");
        let made = if flags & CREDENTIAL == 0 {
            None
        } else {
            let (made, length) = read_made(rest)?;
            reader = Reader::new(&rest[length..], "authenticator data");
            Some(made)
        };
        if flags & EXTENSIONS != 0 {
            reader.map().and_then(|pairs| (0..2 * pairs).try_for_each(|_| reader.skip()))?;
        }
        reader.end()?;
        Ok(AuthenticatorData {
            relying_party: *relying_party,
            present: flags & PRESENT != 0,
            verified: flags & VERIFIED != 0,
            backed_up: flags & BACKED_UP != 0,
            counter,
            made,
        })
    }
}

/// Attested credential data (WebAuthn 6.5.1), and how long it is.
fn read_made(bytes: &[u8]) -> Result<(Made, usize), Refusal> {
    let wrong = |offset| Refusal::Malformed { what: "authenticator data", offset: HEAD + offset };
    let length = bytes.get(MODEL..MODEL + 2).ok_or_else(|| wrong(MODEL))?;
    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
    let begins = MODEL + 2;
    let credential = bytes.get(begins..begins + length).filter(|_| (1..=CREDENTIAL_MOST).contains(&length));
    let credential = CredentialId::from_bytes(credential.ok_or_else(|| wrong(begins))?);
    let key = &bytes[begins + length..];
    let (public, used) = read_key(key)?;
    Ok((Made { credential, public }, begins + length + used))
}

/// A key as COSE writes it (RFC 9053, 2.1 and 7.1.1): kind, algorithm, curve, both coordinates, in this order and
/// nothing else; its length.
fn read_key(bytes: &[u8]) -> Result<(PublicKey, usize), Refusal> {
    let mut reader = Reader::new(bytes, "public key");
    let pairs = reader.map()?;
    // 1 is the kind (2: with two coordinates), 3 the algorithm (-7: ES256), -1 the curve (1: P-256).
    for (label, expected) in [(1, 2), (3, -7), (-1, 1)] {
        if reader.integer()? != label {
            return Err(reader.wrong());
        }
        if reader.integer()? != expected {
            return Err(Refusal::Algorithm);
        }
    }
    let mut point = [0u8; 65];
    point[0] = 4;
    for (label, place) in [(-2, 1), (-3, 33)] {
        if reader.integer()? != label {
            return Err(reader.wrong());
        }
        let number: &[u8; 32] = reader.bytes()?.try_into().map_err(|_| reader.wrong())?;
        point[place..place + 32].copy_from_slice(number);
    }
    let on_curve = VerifyingKey::from_sec1(&point).is_ok();
    if pairs != 5 || !on_curve {
        return Err(reader.wrong());
    }
    Ok((PublicKey::from_point(point), reader.place()))
}

/// The authenticator data in an attestation object (WebAuthn 6.5). What vouches for the model is passed over: it was not
/// asked for.
pub(crate) fn in_attestation(object: &[u8]) -> Result<&[u8], Refusal> {
    let mut reader = Reader::new(object, "attestation object");
    let mut found = None;
    for _ in 0..reader.map()? {
        match reader.text()? {
            "authData" if found.is_none() => found = Some(reader.bytes()?),
            "authData" => return Err(reader.wrong()),
            _ => reader.skip()?,
        }
    }
    reader.end()?;
    found.ok_or_else(|| reader.wrong())
}
