//! Checking certificates and signatures: the terminal's side.

use super::{
    AuthorityKey, CardAuthentication, Certificate, FddaData, HEADER, OdaError, RSA, SHA_1, StaticData,
    TRAILER,
};
use crate::objects::{Atc, Ctq, Date};
use crypto::rsa::{self, Exponent};
use values::constant_time_eq;

/// An issuer's key, taken out of a certificate that held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerKey {
    modulus: Vec<u8>,
    exponent: Exponent,
}

/// A card's key, taken out of a certificate that held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardKey {
    modulus: Vec<u8>,
    exponent: Exponent,
}

impl IssuerKey {
    /// The modulus.
    pub fn modulus(&self) -> &[u8] {
        &self.modulus
    }
}

impl CardKey {
    /// The modulus.
    pub fn modulus(&self) -> &[u8] {
        &self.modulus
    }
}

/// Recovers an issuer's key (EMV 4.4 Book 2, 5.3). `number_digits` are the card's, in ASCII.
pub fn recover_issuer(
    authority: &AuthorityKey,
    certificate: &Certificate,
    number_digits: &[u8],
    today: Date,
) -> Result<IssuerKey, OdaError> {
    let block = open(&authority.modulus, authority.exponent, &certificate.signed, 0x02, 36)?;
    let (identifier, rest) = block.content.split_first_chunk::<4>().ok_or(OdaError::Form)?;
    let (modulus, exponent) = read_key(&block, rest, certificate, &[], today)?;
    // EMV 4.4 Book 2, 5.3 step 8: the identifier is the leftmost 3 to 8 digits, filled with F.
    let digits = digits_of(identifier);
    if !(3..=8).contains(&digits.len()) || !number_digits.starts_with(&digits) {
        return Err(OdaError::Subject);
    }
    Ok(IssuerKey { modulus, exponent })
}

/// Recovers a card's key (EMV 4.4 Book 2, 6.4), and with it the proof that the static data is the issuer's.
pub fn recover_card(
    issuer: &IssuerKey,
    certificate: &Certificate,
    data: &StaticData,
    number_digits: &[u8],
    today: Date,
) -> Result<CardKey, OdaError> {
    let block = open(&issuer.modulus, issuer.exponent, &certificate.signed, 0x04, 42)?;
    let (number, rest) = block.content.split_first_chunk::<10>().ok_or(OdaError::Form)?;
    let (modulus, exponent) = read_key(&block, rest, certificate, data.as_bytes(), today)?;
    if digits_of(number) != number_digits {
        return Err(OdaError::Subject);
    }
    Ok(CardKey { modulus, exponent })
}

/// Checks signed static data (EMV 4.4 Book 2, 5.4); answers the data authentication code (`9F45`).
pub fn verify_static(issuer: &IssuerKey, signed: &[u8], data: &StaticData) -> Result<[u8; 2], OdaError> {
    let block = open(&issuer.modulus, issuer.exponent, signed, 0x03, 26)?;
    let (&[algorithm, a, b], _) = block.content.split_first_chunk::<3>().ok_or(OdaError::Form)?;
    if algorithm != SHA_1 {
        return Err(OdaError::Algorithm);
    }
    block.check_hash(&[data.as_bytes()])?;
    Ok([a, b])
}

/// Checks a dynamic signature over what the terminal said (EMV 4.4 Book 2, 6.5); answers the card's dynamic data.
pub fn verify_dynamic(card: &CardKey, signed: &[u8], terminal: &[u8]) -> Result<Vec<u8>, OdaError> {
    let block = open(&card.modulus, card.exponent, signed, 0x05, 25)?;
    let (&[algorithm, length], rest) = block.content.split_first_chunk::<2>().ok_or(OdaError::Form)?;
    if algorithm != SHA_1 {
        return Err(OdaError::Algorithm);
    }
    block.check_hash(&[terminal])?;
    rest.get(..usize::from(length)).map(<[u8]>::to_vec).ok_or(OdaError::Data)
}

/// What a good fDDA signature proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FddaVerified {
    /// The counter that was signed.
    pub atc: Atc,
    /// The qualifiers that were signed; version 00 signs none.
    pub ctq: Option<Ctq>,
}

/// Checks an fDDA signature, that its counter is the one given, and that its qualifiers are those given
/// (EMV Contactless Book C-7, 5.6.2; Book C-3, 5.5.1.1).
pub fn verify_fdda(
    card: &CardKey,
    signed: &[u8],
    data: &FddaData<'_>,
    atc: Atc,
    ctq: Option<Ctq>,
) -> Result<FddaVerified, OdaError> {
    let dynamic = verify_dynamic(card, signed, &data.to_bytes())?;
    let [2, high, low] = dynamic[..] else {
        return Err(OdaError::Data);
    };
    if Atc::from([high, low]) != atc {
        return Err(OdaError::Counter);
    }
    let signed_ctq = match data {
        FddaData::V00 { .. } => None,
        FddaData::V01 { card, .. } => Some(CardAuthentication::parse(card).ok_or(OdaError::Form)?.ctq),
    };
    match (signed_ctq, ctq) {
        (Some(signed), Some(given)) if signed != given => Err(OdaError::Qualifiers),
        _ => Ok(FddaVerified { atc, ctq: signed_ctq }),
    }
}

/// A recovered block: everything between header byte and hash, and the parts of it.
struct Block {
    bytes: Vec<u8>,
    content: Vec<u8>,
}

impl Block {
    fn check_hash(&self, more: &[&[u8]]) -> Result<(), OdaError> {
        let hash_at = self.bytes.len() - 21;
        let pieces: Vec<&[u8]> =
            std::iter::once(&self.bytes[1..hash_at]).chain(more.iter().copied()).collect();
        let expected = crypto::hash::sha1_pieces(&pieces);
        let given = &self.bytes[hash_at..hash_at + 20];
        if constant_time_eq(&expected, given) { Ok(()) } else { Err(OdaError::Hash) }
    }
}

/// Recovers a block and checks its frame; `overhead` is what the smallest block of this form has besides its
/// variable part.
fn open(
    modulus: &[u8],
    exponent: Exponent,
    signed: &[u8],
    form: u8,
    overhead: usize,
) -> Result<Block, OdaError> {
    if modulus.len() < overhead {
        return Err(OdaError::KeyLength);
    }
    let bytes = rsa::recover(modulus, exponent, signed)?;
    let end = bytes.len() - 21;
    if bytes[0] != HEADER || bytes[1] != form || bytes[bytes.len() - 1] != TRAILER {
        return Err(OdaError::Form);
    }
    let content = bytes[2..end].to_vec();
    Ok(Block { bytes, content })
}

/// The part both certificates share: `MMYY | serial | hash | algorithm | lengths | key`.
fn read_key(
    block: &Block,
    rest: &[u8],
    certificate: &Certificate,
    data: &[u8],
    today: Date,
) -> Result<(Vec<u8>, Exponent), OdaError> {
    let (fixed, key) = rest.split_first_chunk::<9>().ok_or(OdaError::Form)?;
    let [month, year, _, _, _, hash, algorithm, modulus_length, exponent_length] = *fixed;
    if hash != SHA_1 || algorithm != RSA {
        return Err(OdaError::Algorithm);
    }
    block.check_hash(&[&certificate.remainder, &certificate.exponent, data])?;
    let [today_year, today_month, _] = today.to_bytes();
    // Packed digits order like numbers.
    if month == 0 || month > 0x12 || (year, month) < (today_year, today_month) {
        return Err(OdaError::Expired);
    }
    if usize::from(exponent_length) != certificate.exponent.len() {
        return Err(OdaError::KeyLength);
    }
    let inside = key.len().min(usize::from(modulus_length));
    let mut modulus = key[..inside].to_vec();
    modulus.extend_from_slice(&certificate.remainder);
    if modulus.len() != usize::from(modulus_length) {
        return Err(OdaError::KeyLength);
    }
    Ok((modulus, Exponent::from_bytes(&certificate.exponent)?))
}

/// Packed digits up to the filler F, as ASCII.
fn digits_of(packed: &[u8]) -> Vec<u8> {
    let nibbles = packed.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
    nibbles.take_while(|nibble| *nibble <= 9).map(|digit| b'0' + digit).collect()
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use super::*;
    use crate::objects::{Amount, CodeN3, UnpredictableNumber};
    use crypto::rsa::RsaPrivate;
    use std::sync::LazyLock;
    use values::{Currency, Expiry};

    struct Chain {
        authority: AuthorityKey,
        issuer_certificate: Certificate,
        card_certificate: Certificate,
        issuer: RsaPrivate,
        card: RsaPrivate,
        data: StaticData,
    }

    const NUMBER: &[u8] = b"6228953965641798899";

    /// A small counter-driven generator: keys of tests need be the same each time, nothing more.
    fn generator(seed: u8) -> impl FnMut(&mut [u8]) {
        let mut count = 0u32;
        move |out: &mut [u8]| {
            for chunk in out.chunks_mut(32) {
                count += 1;
                let bytes = crypto::hash::sha256(&[&[seed][..], &count.to_be_bytes()].concat());
                chunk.copy_from_slice(&bytes[..chunk.len()]);
            }
        }
    }

    static CHAIN: LazyLock<Chain> = LazyLock::new(|| {
        let key = |bits, seed| RsaPrivate::generate(bits, Exponent::Three, &mut generator(seed)).unwrap();
        let (authority, issuer, card) = (key(1152, 1), key(1152, 2), key(1024, 3));
        let expiry = Expiry::new(30, 12).unwrap();
        let mut data = StaticData::new();
        assert!(data.add_record(1, &[0x70, 3, 0x9F, 0x08, 0]) && data.add_record(11, &[1, 2, 3]));
        let prefix = IssuerSubject { prefix_digits: b"622895", expiry, serial: [0, 0, 1] };
        let subject = CardSubject { number_digits: NUMBER, expiry, serial: [0, 0, 2] };
        Chain {
            issuer_certificate: issuer_certificate(&authority, &prefix, &issuer.modulus(), Exponent::Three)
                .unwrap(),
            card_certificate: card_certificate(&issuer, &subject, &card.modulus(), Exponent::Three, &data)
                .unwrap(),
            authority: AuthorityKey {
                provider: [0xA0, 0, 0, 3, 0x33],
                index: 1,
                modulus: authority.modulus(),
                exponent: Exponent::Three,
            },
            issuer,
            card,
            data,
        }
    });

    fn today() -> Date {
        Date::from_bytes([0x26, 0x11, 0x22]).unwrap()
    }

    fn keys() -> (IssuerKey, CardKey) {
        let chain = &*CHAIN;
        let issuer = recover_issuer(&chain.authority, &chain.issuer_certificate, NUMBER, today()).unwrap();
        let card = recover_card(&issuer, &chain.card_certificate, &chain.data, NUMBER, today()).unwrap();
        (issuer, card)
    }

    #[test]
    fn a_chain_made_here_is_recovered_here() {
        let (issuer, card) = keys();
        assert_eq!(
            (issuer.modulus(), card.modulus()),
            (&CHAIN.issuer.modulus()[..], &CHAIN.card.modulus()[..])
        );
        let signed = sign_static(&CHAIN.issuer, [0xDA, 0xC0], &CHAIN.data).unwrap();
        assert_eq!(verify_static(&issuer, &signed, &CHAIN.data), Ok([0xDA, 0xC0]));
        assert_eq!(verify_static(&issuer, &signed, &StaticData::new()), Err(OdaError::Hash));
        let signed = sign_dynamic(&CHAIN.card, &[2, 0, 9], b"terminal").unwrap();
        assert_eq!(verify_dynamic(&card, &signed, b"terminal"), Ok(vec![2, 0, 9]));
        assert_eq!(verify_dynamic(&card, &signed, b"Terminal"), Err(OdaError::Hash));
    }

    #[test]
    fn certificates_hold_for_one_subject_and_time() {
        let chain = &*CHAIN;
        let (issuer, _) = keys();
        let late = Date::from_bytes([0x31, 0x01, 0x01]).unwrap();
        let issuer_at = |number: &[u8], day| {
            recover_issuer(&chain.authority, &chain.issuer_certificate, number, day).err()
        };
        assert_eq!(issuer_at(NUMBER, late), Some(OdaError::Expired));
        assert_eq!(issuer_at(b"6217953965641798899", today()), Some(OdaError::Subject));
        let card_of = |number: &[u8], certificate: &Certificate| {
            recover_card(&issuer, certificate, &chain.data, number, today()).err()
        };
        assert_eq!(card_of(b"6228953965641798898", &chain.card_certificate), Some(OdaError::Subject));
        assert_eq!(card_of(NUMBER, &chain.issuer_certificate), Some(OdaError::Form));
        let mut swapped = chain.card_certificate.clone();
        swapped.remainder.push(0);
        assert_eq!(card_of(NUMBER, &swapped), Some(OdaError::Hash));
        swapped.signed.pop();
        assert!(matches!(card_of(NUMBER, &swapped), Some(OdaError::Rsa(_))));
    }

    #[test]
    fn an_fdda_signature_covers_amount_counter_and_qualifiers() {
        let (_, card) = keys();
        let ctq = Ctq::default().with(Ctq::DEVICE_VERIFIED);
        let authentication = CardAuthentication { number: [1, 2, 3, 4], ctq }.to_bytes();
        let data = |minor, card| FddaData::V01 {
            unpredictable: UnpredictableNumber([9; 4]),
            amount: Amount::from_minor(minor).unwrap(),
            currency: CodeN3::from(Currency::CNY),
            card,
        };
        let atc = Atc::new(7);
        let signed = sign_fdda(&CHAIN.card, atc, &data(100, &authentication)).unwrap();
        let verify =
            |minor, atc, ctq| verify_fdda(&card, &signed, &data(minor, &authentication), atc, Some(ctq));
        assert_eq!(verify(100, atc, ctq), Ok(FddaVerified { atc, ctq: Some(ctq) }));
        assert_eq!(verify(101, atc, ctq), Err(OdaError::Hash));
        assert_eq!(verify(100, Atc::new(8), ctq), Err(OdaError::Counter));
        assert_eq!(verify(100, atc, Ctq::default()), Err(OdaError::Qualifiers));
        let old = FddaData::V00 { unpredictable: UnpredictableNumber([9; 4]) };
        assert_eq!(verify_fdda(&card, &signed, &old, atc, None), Err(OdaError::Hash));
        let signed = sign_fdda(&CHAIN.card, atc, &old).unwrap();
        assert_eq!(verify_fdda(&card, &signed, &old, atc, None), Ok(FddaVerified { atc, ctq: None }));
    }
}
