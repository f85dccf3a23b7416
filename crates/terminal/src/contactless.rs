//! Kernel 7, UnionPay contactless (JR/T 0025.12, 6 to 8; EMV Contactless Book C-7): one GET PROCESSING
//! OPTIONS, and records only if the card approved by itself.

use crate::authentication;
use crate::card_data::{Origin, template};
use crate::defences::Defence;
use crate::outcome::{Cvm, Ending, Halt, Reason};
use crate::records;
use crate::selection::{ask_host, follows_card, next_application};
use crate::sheet::Sheet;
use crate::transaction::{Next, Turn};
use emv::apdu::StatusWord;
use emv::objects::{Aip, Cid, CryptogramKind, Ctq, Cvr, Ttq};
use emv::tag;

/// The answer to GET PROCESSING OPTIONS.
pub(crate) fn after_options(sheet: &mut Sheet, data: &[u8], status: StatusWord) -> Turn {
    match status {
        StatusWord::OK => {}
        // JR/T 0025.12, 6.5: this application will not do this sale; another may.
        StatusWord::CONDITIONS_NOT_SATISFIED | StatusWord::NOT_FOUND => return next_application(sheet),
        StatusWord::SEE_PHONE => {
            return Err(Halt { ending: Ending::SeePhone, reason: Reason::SeePhone });
        }
        _ => return Err(Halt::end(Reason::UnexpectedStatus)),
    }
    let inside = template(data, tag::RESPONSE_FORMAT_2).map_err(Halt::end)?;
    let defences = sheet.configuration.defences;
    sheet.card.take(inside, Origin::Options, &defences).map_err(Halt::end)?;
    let profile = Aip::from_bytes(sheet.card.need_array(tag::AIP).map_err(Halt::end)?);
    if profile.has(Aip::MAGSTRIPE_MODE) || sheet.card.get(tag::CRYPTOGRAM).is_none() {
        return stripe_mode(sheet, profile);
    }
    // JR/T 0025.12, table 11: what every answer has, whatever the card decided.
    sheet.card.need_array::<8>(tag::CRYPTOGRAM).map_err(Halt::end)?;
    sheet.card.need_array::<2>(tag::ATC).map_err(Halt::end)?;
    let kind = cryptogram_kind(sheet).map_err(Halt::end)?;
    sheet.cryptogram = Some(kind);
    match kind {
        CryptogramKind::Aac => Err(Halt::declined(Reason::CardDeclined)),
        CryptogramKind::Arqc => online(sheet),
        CryptogramKind::Tc if qualifiers(sheet).has(Ttq::ONLINE_CRYPTOGRAM_REQUIRED) => {
            Err(Halt::declined(Reason::UnexpectedCryptogram))
        }
        CryptogramKind::Tc => records::begin(sheet),
    }
}

/// An answer without a dynamic cryptogram would turn a chip into a stripe that can be copied.
fn stripe_mode(sheet: &mut Sheet, profile: Aip) -> Turn {
    let reason = if profile.has(Aip::MAGSTRIPE_MODE) { Reason::StripeMode } else { Reason::MissingObject };
    if sheet.stands(Defence::StripeMode) {
        return Err(Halt::end(reason));
    }
    sheet.cryptogram = Some(CryptogramKind::Arqc);
    for (tag, value) in [(tag::CRYPTOGRAM, &[0; 8][..]), (tag::ATC, &[0; 2]), (tag::IAD, &[0; 8])] {
        sheet.card.supply(tag, value);
    }
    ask_host(sheet)
}

/// What the card decided: bits of its verification results in 9F10, which the cryptogram covers. 9F27 is
/// optional and has to say the same (JR/T 0025.12, 7.4).
fn cryptogram_kind(sheet: &Sheet) -> Result<CryptogramKind, Reason> {
    let decided = card_results(sheet)?.first().ok_or(Reason::InvalidObject)?;
    match sheet.card.array::<1>(tag::CID)? {
        Some([said]) if Cid::from_bits(said).kind() != Some(decided) => Err(Reason::InvalidObject),
        _ => Ok(decided),
    }
}

fn card_results(sheet: &Sheet) -> Result<Cvr, Reason> {
    let data = sheet.card.need(tag::IAD)?;
    match data.get(3..7) {
        Some(&[3, a, b, c]) if data.len() <= 32 => Ok(Cvr::from_bytes([3, a, b, c])),
        _ => Err(Reason::InvalidObject),
    }
}

fn qualifiers(sheet: &Sheet) -> Ttq {
    sheet.current.as_ref().expect("the application was selected").prepared.qualifiers
}

fn card_qualifiers(sheet: &Sheet) -> Result<Option<Ctq>, Halt> {
    sheet.card.array(tag::CTQ).map(|bytes| bytes.map(Ctq::from_bytes)).map_err(Halt::end)
}

/// The card wants the issuer asked: nothing more to read, the customer may take it away.
fn online(sheet: &mut Sheet) -> Turn {
    let track = sheet.number()?;
    sheet.check_card(&track)?;
    if qualifiers(sheet).has(Ttq::OFFLINE_ONLY) {
        return Err(Halt::declined(Reason::OnlineNotPossible));
    }
    // The claim in the qualifiers is in nobody's signature here; the same claim in the verification results
    // is inside the cryptogram, so the issuer will notice if it was forged.
    let proven = card_results(sheet).map_err(Halt::end)?.is_device_verified();
    sheet.cvm = verification(sheet, card_qualifiers(sheet)?, proven)?;
    ask_host(sheet)
}

/// How the customer is verified (EMV Contactless Book C-7; product rule against edited qualifiers).
fn verification(sheet: &Sheet, card: Option<Ctq>, proven: bool) -> Result<Cvm, Halt> {
    let ttq = qualifiers(sheet);
    let required = ttq.has(Ttq::CVM_REQUIRED);
    let Some(card) = card else {
        return match (required, ttq.has(Ttq::SIGNATURE)) {
            (false, _) => Ok(Cvm::None),
            (true, true) => Ok(Cvm::Signature),
            (true, false) => Err(Halt::declined(Reason::NoVerificationMethod)),
        };
    };
    if card.has(Ctq::DEVICE_VERIFIED) {
        if proven || !sheet.stands(Defence::DeviceVerificationProof) {
            return Ok(Cvm::Device);
        }
        if required {
            return Err(Halt::declined(Reason::UnprovenDeviceVerification));
        }
    }
    if card.has(Ctq::ONLINE_PIN_REQUIRED) && ttq.has(Ttq::ONLINE_PIN) {
        return Ok(Cvm::OnlinePin);
    }
    if card.has(Ctq::SIGNATURE_REQUIRED) && ttq.has(Ttq::SIGNATURE) {
        return Ok(Cvm::Signature);
    }
    if required { Err(Halt::declined(Reason::NoVerificationMethod)) } else { Ok(Cvm::None) }
}

/// The card approved and its records are read: is it true?
pub(crate) fn after_records(sheet: &mut Sheet) -> Turn {
    let track = sheet.number()?;
    sheet.check_card(&track)?;
    let card = card_qualifiers(sheet)?;
    if let Err(reason) = authentication::fast(sheet, &track) {
        return after_failed_authentication(sheet, card, reason);
    }
    // The copy in the signed 9F69 was compared, so the qualifiers are the card's own.
    let signed = sheet.card.get(tag::CARD_AUTHENTICATION_DATA).is_some();
    sheet.cvm = verification(sheet, card, signed)?;
    if sheet.cvm == Cvm::OnlinePin {
        return Err(Halt::declined(Reason::NoVerificationMethod));
    }
    Ok(Next::Stop(Halt { ending: Ending::Approved, reason: Reason::ApprovedOffline }))
}

/// JR/T 0025.12, 8.4 lets the card choose host or contact when its signature fails. Whoever edits an answer
/// can cause that failure, so by default it declines.
fn after_failed_authentication(sheet: &mut Sheet, card: Option<Ctq>, reason: Reason) -> Turn {
    if !sheet.stands(Defence::OfflineSignature) {
        return Ok(Next::Stop(Halt { ending: Ending::Approved, reason: Reason::ApprovedOffline }));
    }
    let card = card.unwrap_or_default();
    if !follows_card(sheet) {
        return Err(Halt::declined(reason));
    }
    if card.has(Ctq::ONLINE_IF_ODA_FAILS) && !qualifiers(sheet).has(Ttq::OFFLINE_ONLY) {
        let proven = !sheet.stands(Defence::AuthenticationFailure);
        sheet.cvm = verification(sheet, Some(card), proven)?;
        return ask_host(sheet);
    }
    if card.has(Ctq::SWITCH_IF_ODA_FAILS) {
        return Err(Halt { ending: Ending::TryAnotherInterface, reason: Reason::ContactWanted });
    }
    Err(Halt::declined(reason))
}
