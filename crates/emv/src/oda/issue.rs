//! Making certificates and signatures: the authority's, the issuer's and the card's side.

use super::{Certificate, FILLER, FddaData, HEADER, OdaError, RSA, SHA_1, StaticData, TRAILER};
use crate::objects::Atc;
use crypto::rsa::{Exponent, RsaPrivate};
use values::Expiry;

/// Whom an issuer certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IssuerSubject<'a> {
    /// The first 3 to 8 ASCII digits of its card numbers.
    pub prefix_digits: &'a [u8],
    /// Last month in which it holds.
    pub expiry: Expiry,
    /// Serial number.
    pub serial: [u8; 3],
}

/// Whom a card certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardSubject<'a> {
    /// The ASCII digits of the card or token number.
    pub number_digits: &'a [u8],
    /// Last month in which it holds.
    pub expiry: Expiry,
    /// Serial number.
    pub serial: [u8; 3],
}

/// Signs an issuer's key (EMV 4.4 Book 2, table 13): tags 90, 92 and 9F32.
pub fn issuer_certificate(
    authority: &RsaPrivate,
    subject: &IssuerSubject<'_>,
    modulus: &[u8],
    exponent: Exponent,
) -> Result<Certificate, OdaError> {
    let mut head = vec![HEADER, 0x02];
    head.extend(packed_digits::<4>(subject.prefix_digits)?);
    certify(authority, head, subject.expiry, subject.serial, modulus, exponent, &[])
}

/// Signs a card's key and its static data (EMV 4.4 Book 2, table 14): tags 9F46, 9F48 and 9F47.
pub fn card_certificate(
    issuer: &RsaPrivate,
    subject: &CardSubject<'_>,
    modulus: &[u8],
    exponent: Exponent,
    data: &StaticData,
) -> Result<Certificate, OdaError> {
    let mut head = vec![HEADER, 0x04];
    head.extend(packed_digits::<10>(subject.number_digits)?);
    certify(issuer, head, subject.expiry, subject.serial, modulus, exponent, data.as_bytes())
}

/// Signs static data alone (EMV 4.4 Book 2, table 3): tag 93.
pub fn sign_static(issuer: &RsaPrivate, code: [u8; 2], data: &StaticData) -> Result<Vec<u8>, OdaError> {
    let length = issuer.modulus().len();
    let mut block = vec![HEADER, 0x03, SHA_1, code[0], code[1]];
    block.resize(length.checked_sub(21).ok_or(OdaError::KeyLength)?, FILLER);
    seal(issuer, block, &[data.as_bytes()])
}

/// Signs what the terminal said, with the card's own dynamic data (EMV 4.4 Book 2, table 17): tag 9F4B.
pub fn sign_dynamic(card: &RsaPrivate, dynamic: &[u8], terminal: &[u8]) -> Result<Vec<u8>, OdaError> {
    let length = card.modulus().len();
    if dynamic.len() + 25 > length {
        return Err(OdaError::Data);
    }
    let mut block = vec![HEADER, 0x05, SHA_1, dynamic.len() as u8];
    block.extend_from_slice(dynamic);
    block.resize(length - 21, FILLER);
    seal(card, block, &[terminal])
}

/// Signs a contactless tap: dynamic data is the counter with its length.
pub fn sign_fdda(card: &RsaPrivate, atc: Atc, data: &FddaData<'_>) -> Result<Vec<u8>, OdaError> {
    let [high, low] = atc.to_bytes();
    sign_dynamic(card, &[2, high, low], &data.to_bytes())
}

fn certify(
    signer: &RsaPrivate,
    head: Vec<u8>,
    expiry: Expiry,
    serial: [u8; 3],
    modulus: &[u8],
    exponent: Exponent,
    data: &[u8],
) -> Result<Certificate, OdaError> {
    let exponent = exponent.to_bytes();
    let mut block = head;
    block.extend(packed_pair(expiry.month()).into_iter().chain(packed_pair(expiry.year())));
    block.extend(serial);
    block.extend([SHA_1, RSA, modulus.len() as u8, exponent.len() as u8]);
    let room = signer.modulus().len().checked_sub(block.len() + 21).ok_or(OdaError::KeyLength)?;
    let (inside, remainder) = modulus.split_at(modulus.len().min(room));
    block.extend_from_slice(inside);
    block.resize(block.len() + room - inside.len(), FILLER);
    let signed = seal(signer, block, &[remainder, exponent, data])?;
    Ok(Certificate { signed, remainder: remainder.to_vec(), exponent: exponent.to_vec() })
}

/// Adds the hash over the block (without its header byte) and what follows it, and signs.
fn seal(signer: &RsaPrivate, mut block: Vec<u8>, more: &[&[u8]]) -> Result<Vec<u8>, OdaError> {
    let pieces: Vec<&[u8]> = std::iter::once(&block[1..]).chain(more.iter().copied()).collect();
    let hash = crypto::hash::sha1_pieces(&pieces);
    block.extend(hash);
    block.push(TRAILER);
    Ok(signer.sign_raw(&block)?)
}

fn packed_pair(number: u8) -> [u8; 1] {
    [((number / 10) << 4) | (number % 10)]
}

/// ASCII digits packed from the left, filled with F.
fn packed_digits<const N: usize>(digits: &[u8]) -> Result<[u8; N], OdaError> {
    if digits.len() > 2 * N || !digits.iter().all(u8::is_ascii_digit) {
        return Err(OdaError::Subject);
    }
    let nibble = |place: usize| digits.get(place).map_or(0xF, |digit| digit - b'0');
    Ok(std::array::from_fn(|byte| (nibble(2 * byte) << 4) | nibble(2 * byte + 1)))
}
