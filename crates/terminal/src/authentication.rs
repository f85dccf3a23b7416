//! Offline data authentication: is the card what its issuer made, and did it sign this sale? (EMV 4.4 Book 2,
//! 5 and 6; JR/T 0025.12, 8.3 and 8.4.)

use crate::contact::profile;
use crate::defences::Defence;
use crate::outcome::{Halt, Reason};
use crate::sheet::Sheet;
use emv::dol::Dol;
use emv::objects::{Aip, Amount, Atc, CodeN3, Ctq, Date, TrackTwo, Tsi, Ttq, Tvr, UnpredictableNumber};
use emv::oda::{
    self, AuthorityKey, CardAuthentication, CardKey, Certificate, FddaData, IssuerKey, StaticData,
};
use emv::tag;
use emv::tlv::Tag;

/// fDDA: the signature came without asking, over what GET PROCESSING OPTIONS said.
pub(crate) fn fast(sheet: &Sheet, track: &TrackTwo) -> Result<(), Reason> {
    let failed = Reason::AuthenticationFailed;
    if !profile(sheet).has(Aip::DDA) {
        return Err(failed);
    }
    let key = card_key(sheet, track)?;
    let signature = sheet.card.get(tag::SIGNED_DYNAMIC_DATA).ok_or(failed)?;
    let atc = Atc::from(sheet.card.need_array::<2>(tag::ATC)?);
    let given = sheet.card.array::<2>(tag::CTQ)?.map(Ctq::from_bytes);
    let unpredictable = UnpredictableNumber(sheet.sale.unpredictable_number);
    let announced = sheet.current.as_ref().map(|c| c.prepared.qualifiers).unwrap_or_default();
    let data = match sheet.card.get(tag::CARD_AUTHENTICATION_DATA) {
        Some(card) => FddaData::V01 {
            unpredictable,
            amount: Amount::of(sheet.sale.amount).map_err(|_| failed)?,
            currency: CodeN3::parse(sheet.value(tag::CURRENCY).unwrap_or_default()).map_err(|_| failed)?,
            card,
        },
        // Kernel 7: who announced version 01 does not take the weaker one, which signs no amount.
        None if announced.has(Ttq::FDDA_VERSION_01) => return Err(failed),
        None => FddaData::V00 { unpredictable },
    };
    let compared = given.filter(|_| sheet.stands(Defence::DeviceVerificationProof));
    oda::verify_fdda(&key, signature, &data, atc, compared).map_err(|error| match error {
        oda::OdaError::Qualifiers => Reason::QualifiersAltered,
        _ => failed,
    })?;
    if let FddaData::V01 { card, .. } = data {
        let signed = CardAuthentication::parse(card).ok_or(failed)?.ctq;
        // Qualifiers that were signed and are not there were taken away.
        if given.is_none() && signed != Ctq::default() {
            return Err(Reason::QualifiersAltered);
        }
    }
    Ok(())
}

/// Authentication over contacts, best method first: the list for INTERNAL AUTHENTICATE if the card is to
/// sign, or the verdict in the verification results at once.
pub(crate) fn begin(sheet: &mut Sheet) -> Result<Option<Vec<u8>>, Halt> {
    let profile = profile(sheet);
    if profile.has(Aip::DDA) {
        return Ok(dynamic_list(sheet));
    }
    if sheet.card.get(tag::ICC_CERTIFICATE).is_some() && sheet.stands(Defence::AuthenticationFailure) {
        // The card brings a certificate and its profile denies it: somebody edited the profile.
        return Err(Halt::declined(Reason::AuthenticationDowngraded));
    }
    if !profile.has(Aip::SDA) {
        sheet.tvr = sheet.tvr.with(Tvr::ODA_NOT_PERFORMED);
        return Ok(None);
    }
    sheet.tvr = sheet.tvr.with(Tvr::SDA_SELECTED);
    let good = sheet.number().is_ok_and(|track| {
        let signed = sheet.card.get(tag::SIGNED_STATIC_DATA).unwrap_or_default();
        let checked = issuer_key(sheet, &track).and_then(|key| Ok((key, static_data(sheet)?)));
        checked.is_ok_and(|(key, data)| oda::verify_static(&key, signed, &data).is_ok())
    });
    conclude(sheet, good, Tvr::SDA_FAILED, &[tag::SIGNED_STATIC_DATA]);
    Ok(None)
}

/// The list to be signed; `None` when something is missing that a signature needs.
fn dynamic_list(sheet: &mut Sheet) -> Option<Vec<u8>> {
    let list = sheet.card.get(tag::DDOL).map(<[u8]>::to_vec);
    let list =
        list.or_else(|| sheet.application().contact.as_ref().map(|rules| rules.default_ddol.clone()))?;
    let fresh = Dol::parse(&list).is_ok_and(|dol| dol.asks_for(tag::UNPREDICTABLE_NUMBER));
    let certified = sheet.number().is_ok_and(|track| card_key(sheet, &track).is_ok());
    if fresh && certified {
        return Some(list);
    }
    conclude(sheet, false, Tvr::DDA_FAILED, &[tag::ICC_CERTIFICATE, tag::ICC_EXPONENT]);
    None
}

/// Checks the card's signature over the values of the list.
pub(crate) fn dynamic(sheet: &mut Sheet, signature: &[u8], values: &[u8]) -> Result<(), Halt> {
    let track = sheet.number()?;
    let good = card_key(sheet, &track).is_ok_and(|key| oda::verify_dynamic(&key, signature, values).is_ok());
    conclude(sheet, good, Tvr::DDA_FAILED, &[]);
    Ok(())
}

/// Writes the verdict down.
fn conclude(sheet: &mut Sheet, good: bool, failure: emv::objects::Bit<Tvr>, needed: &[Tag]) {
    sheet.tsi = sheet.tsi.with(Tsi::ODA_PERFORMED);
    if good || !sheet.stands(Defence::AuthenticationFailure) {
        return;
    }
    sheet.tvr = sheet.tvr.with(failure);
    let chain = [tag::CA_KEY_INDEX, tag::ISSUER_CERTIFICATE, tag::ISSUER_EXPONENT];
    if chain.iter().chain(needed).any(|object| sheet.card.get(*object).is_none()) {
        sheet.tvr = sheet.tvr.with(Tvr::ICC_DATA_MISSING);
    }
}

fn issuer_key(sheet: &Sheet, track: &TrackTwo) -> Result<IssuerKey, Reason> {
    let failed = Reason::AuthenticationFailed;
    let index = sheet.card.array::<1>(tag::CA_KEY_INDEX)?.ok_or(failed)?;
    let aid = sheet.card.get(tag::DF_NAME).unwrap_or_default();
    let known = sheet.configuration.ca_keys.iter();
    let key = known.filter(|key| key.index == index).find(|key| aid.starts_with(&key.rid)).ok_or(failed)?;
    let authority = AuthorityKey {
        provider: key.rid,
        index: index[0],
        modulus: key.modulus.clone(),
        exponent: crypto::rsa::Exponent::from_bytes(&key.exponent).map_err(|_| failed)?,
    };
    let certificate =
        certificate(sheet, [tag::ISSUER_CERTIFICATE, tag::ISSUER_KEY_REMAINDER, tag::ISSUER_EXPONENT])?;
    oda::recover_issuer(&authority, &certificate, track.number_digits(), today(sheet)).map_err(|_| failed)
}

fn card_key(sheet: &Sheet, track: &TrackTwo) -> Result<CardKey, Reason> {
    let failed = Reason::AuthenticationFailed;
    let issuer = issuer_key(sheet, track)?;
    let certificate = certificate(sheet, [tag::ICC_CERTIFICATE, tag::ICC_KEY_REMAINDER, tag::ICC_EXPONENT])?;
    let data = static_data(sheet)?;
    oda::recover_card(&issuer, &certificate, &data, track.number_digits(), today(sheet)).map_err(|_| failed)
}

fn certificate(sheet: &Sheet, [signed, remainder, exponent]: [Tag; 3]) -> Result<Certificate, Reason> {
    let need = |tag| sheet.card.get(tag).map(<[u8]>::to_vec).ok_or(Reason::AuthenticationFailed);
    Ok(Certificate {
        signed: need(signed)?,
        remainder: sheet.card.get(remainder).unwrap_or_default().to_vec(),
        exponent: need(exponent)?,
    })
}

/// EMV 4.4 Book 3, 10.3: the signed records, then the profile where the tag list names it, and nothing else.
fn static_data(sheet: &Sheet) -> Result<StaticData, Reason> {
    let mut data = sheet.card.signed_records.clone();
    match sheet.card.get(tag::SDA_TAG_LIST) {
        None => {}
        Some([0x82]) => data.add_profile(profile(sheet)),
        Some(_) => return Err(Reason::AuthenticationFailed),
    }
    Ok(data)
}

fn today(sheet: &Sheet) -> Date {
    Date::of(sheet.sale.at)
}
