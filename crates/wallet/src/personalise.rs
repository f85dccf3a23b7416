//! Certificates and the private key of a card for the contact and offline profiles.
//!
//! The records of a profile are fixed when its certificate is made, so a certificate is good for one profile.

use crate::application::files;
use crate::card::{Card, Certificates, Profile};
use crypto::jwe;
use crypto::p256::{AgreementKey, AgreementPublic};
use crypto::rsa::{Exponent, RsaPrivate};
use emv::oda::{self, CardSubject, Certificate, OdaError, StaticData};
use values::id::kinds;
use values::{Id, SecretBytes};

/// What binds a sealed private key to its purpose.
pub const KEY_CONTEXT: &str = "paiza:key:icc";

/// Who vouches for a card: an issuer that an authority vouches for.
pub struct Issuer<'a> {
    /// Index of the authority's key (tag 8F).
    pub authority_index: u8,
    /// The issuer's certificate, by that authority; for the first digits of the card's token.
    pub certificate: &'a Certificate,
    /// The issuer's private key.
    pub private: &'a RsaPrivate,
    /// Serial number of the card's certificate.
    pub serial: [u8; 3],
}

/// Makes the certificates of a card for this profile. The card's private key is sealed to the device.
///
/// Refuses keys whose records or signatures would not fit an answer: at most 1024 bits of card key for the offline
/// profile (JR/T 0025.12 table 12), about 1900 bits of issuer key for both.
pub fn personalise(
    card: &Card,
    profile: Profile,
    issuer: &Issuer<'_>,
    key: &RsaPrivate,
    device: &AgreementPublic,
) -> Result<Certificates, OdaError> {
    let modulus = key.modulus();
    if profile == Profile::Offline && modulus.len() > 128 {
        return Err(OdaError::KeyLength);
    }
    let private = key.to_bytes();
    let pair = SecretBytes::new([&modulus[..], private.expose()].concat());
    let mut certificates = Certificates {
        profile,
        authority_index: issuer.authority_index,
        issuer: issuer.certificate.signed.clone(),
        issuer_remainder: issuer.certificate.remainder.clone(),
        issuer_exponent: issuer.certificate.exponent.clone(),
        card: Vec::new(),
        card_remainder: Vec::new(),
        card_exponent: Vec::new(),
        key_sealed: jwe::seal(device, &card.token.to_string(), pair.expose(), KEY_CONTEXT),
    };
    // What is vouched for is what this card will show, so it is asked itself.
    let mut shown = Card { certificates: Some(certificates.clone()), ..card.clone() };
    let record = files::record(&shown, profile, 2, 1, None).ok_or(OdaError::Data)?;
    let mut data = StaticData::new();
    if !data.add_record(2, &record) {
        return Err(OdaError::Data);
    }
    data.add_profile(files::interchange_profile(&shown, profile));
    let digits = card.number.digits();
    let subject =
        CardSubject { number_digits: digits.as_bytes(), expiry: card.expiry, serial: issuer.serial };
    let made = oda::card_certificate(issuer.private, &subject, &modulus, key.exponent(), &data)?;
    certificates.card = made.signed;
    certificates.card_remainder = made.remainder;
    certificates.card_exponent = made.exponent;
    shown.certificates = Some(certificates.clone());
    let fits = |number| files::record(&shown, profile, 3, number, None).is_some_and(|r| r.len() <= 256);
    if fits(1) && fits(2) { Ok(certificates) } else { Err(OdaError::KeyLength) }
}

/// Opens the private key of a card: modulus, then private exponent, of one length. It must be the one sealed for
/// this token.
pub(crate) fn open_key(
    device: &AgreementKey,
    token: Id<kinds::Token>,
    certificates: &Certificates,
) -> Option<RsaPrivate> {
    let sealed = &certificates.key_sealed;
    if jwe::key_id(sealed).ok()? != token.to_string() {
        return None;
    }
    let opened = jwe::open(device, sealed, KEY_CONTEXT).ok()?;
    let (modulus, private) = opened.expose().split_at_checked(opened.expose().len() / 2)?;
    let exponent = Exponent::from_bytes(&certificates.card_exponent).ok()?;
    RsaPrivate::from_bytes(modulus, exponent, &SecretBytes::new(private.to_vec())).ok()
}
