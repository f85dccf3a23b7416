//! The contact path (EMV 4.4 Book 3, 10): records, authentication, restrictions, verification, risk, first
//! GENERATE AC; then the host's answer, scripts and second GENERATE AC.

use crate::analysis;
use crate::authentication;
use crate::card_data::{Origin, template};
use crate::cardholder;
use crate::online::HostAnswer;
use crate::outcome::{Ending, Halt, Reason};
use crate::records;
use crate::scripts::{self, Scripts};
use crate::selection::{ask_host, next_application};
use crate::sheet::Sheet;
use crate::transaction::{Next, Stage, Turn, send};
use emv::apdu::{Command, StatusWord};
use emv::objects::{Aip, Cid, CryptogramKind, Tsi, Tvr};
use emv::tag;
use emv::tlv;

/// Values of a list fit into one command.
const LIST_VALUES_LONGEST: usize = 255;

/// The answer to GET PROCESSING OPTIONS, in either format (EMV 4.4 Book 3, 6.5.8.4).
pub(crate) fn after_options(sheet: &mut Sheet, data: &[u8], status: StatusWord) -> Turn {
    match status {
        StatusWord::OK => {}
        StatusWord::CONDITIONS_NOT_SATISFIED | StatusWord::NOT_FOUND => return next_application(sheet),
        _ => return Err(Halt::end(Reason::UnexpectedStatus)),
    }
    match template(data, tag::RESPONSE_FORMAT_1) {
        Ok(plain) => {
            let (profile, locator) = plain.split_at_checked(2).ok_or(Halt::end(Reason::InvalidObject))?;
            sheet.card.supply(tag::AIP, profile);
            sheet.card.supply(tag::AFL, locator);
        }
        Err(Reason::WrongTemplate) => {
            let inside = template(data, tag::RESPONSE_FORMAT_2).map_err(Halt::end)?;
            let defences = sheet.configuration.defences;
            sheet.card.take(inside, Origin::Options, &defences).map_err(Halt::end)?;
        }
        Err(reason) => return Err(Halt::end(reason)),
    }
    sheet.card.need_array::<2>(tag::AIP).map_err(Halt::end)?;
    records::begin(sheet)
}

/// What the card can do.
pub(crate) fn profile(sheet: &Sheet) -> Aip {
    Aip::parse(sheet.card.get(tag::AIP).unwrap_or_default()).unwrap_or_default()
}

/// All records are read: authenticate the card, with its own signature if it can make one.
pub(crate) fn after_records(sheet: &mut Sheet) -> Turn {
    // EMV 4.4 Book 3, 7.2: without these there is no transaction.
    for object in [tag::EXPIRY, tag::PAN, tag::CDOL1, tag::CDOL2] {
        sheet.card.need(object).map_err(Halt::end)?;
    }
    sheet.number()?;
    match authentication::begin(sheet)? {
        Some(list) => {
            let values = sheet.answer_list(&list, LIST_VALUES_LONGEST)?;
            send(
                Stage::InternalAuthenticate { signed: values.clone() },
                &Command::internal_authenticate(&values),
            )
        }
        None => first_cryptogram(sheet),
    }
}

/// The answer to INTERNAL AUTHENTICATE.
pub(crate) fn after_internal_authenticate(
    sheet: &mut Sheet,
    signed: &[u8],
    data: &[u8],
    status: StatusWord,
) -> Turn {
    if !status.is_ok() {
        return Err(Halt::end(Reason::UnexpectedStatus));
    }
    let signature = match template(data, tag::RESPONSE_FORMAT_1) {
        Ok(plain) => plain.to_vec(),
        Err(Reason::WrongTemplate) => {
            let inside = template(data, tag::RESPONSE_FORMAT_2).map_err(Halt::end)?;
            let found = tlv::find(inside, tag::SIGNED_DYNAMIC_DATA);
            let found = found.map_err(|_| Halt::end(Reason::MalformedData))?;
            found.ok_or(Halt::end(Reason::MissingObject))?.to_vec()
        }
        Err(reason) => return Err(Halt::end(reason)),
    };
    authentication::dynamic(sheet, &signature, signed)?;
    first_cryptogram(sheet)
}

/// Restrictions, verification, risk, analysis; then the card is asked for its cryptogram.
fn first_cryptogram(sheet: &mut Sheet) -> Turn {
    analysis::restrictions(sheet)?;
    cardholder::verify(sheet)?;
    analysis::risk(sheet);
    match analysis::next_counter(sheet) {
        Some(counter) => send(Stage::Counter(counter), &Command::get_data(counter)),
        None => ask_cryptogram(sheet),
    }
}

/// The answer to GET DATA of a counter; a card that does not tell it is treated as over its limits.
pub(crate) fn after_counter(sheet: &mut Sheet, counter: tlv::Tag, data: &[u8], status: StatusWord) -> Turn {
    let value = template(data, counter).ok().and_then(|value| value.try_into().ok());
    sheet.counters.push(value.filter(|_| status.is_ok()).map(u16::from_be_bytes));
    match analysis::next_counter(sheet) {
        Some(counter) => send(Stage::Counter(counter), &Command::get_data(counter)),
        None => ask_cryptogram(sheet),
    }
}

fn ask_cryptogram(sheet: &mut Sheet) -> Turn {
    analysis::velocity(sheet);
    let asked = analysis::first_action(sheet);
    match asked {
        CryptogramKind::Aac => sheet.set(tag::RESPONSE_CODE, b"Z1"),
        CryptogramKind::Tc => sheet.set(tag::RESPONSE_CODE, b"Y1"),
        CryptogramKind::Arqc => {}
    }
    let values = list_values(sheet, tag::CDOL1)?;
    send(Stage::FirstCryptogram { asked }, &Command::generate_ac(asked, &values))
}

fn list_values(sheet: &Sheet, list: tlv::Tag) -> Result<Vec<u8>, Halt> {
    let list = sheet.card.need(list).map_err(Halt::end)?;
    sheet.answer_list(list, LIST_VALUES_LONGEST)
}

/// The answer to GENERATE AC in either format (EMV 4.4 Book 3, 6.5.5.4), its kind checked against what
/// was asked: a card may always say less, never more.
fn take_cryptogram(sheet: &mut Sheet, asked: CryptogramKind, data: &[u8]) -> Result<CryptogramKind, Reason> {
    let defences = sheet.configuration.defences;
    match template(data, tag::RESPONSE_FORMAT_1) {
        Ok(&[information, c0, c1, ref rest @ ..]) if rest.len() >= 8 => {
            let (cryptogram, issuer_data) = rest.split_at(8);
            let mut objects = Vec::new();
            tlv::write(&mut objects, tag::CID, &[information]);
            tlv::write(&mut objects, tag::ATC, &[c0, c1]);
            tlv::write(&mut objects, tag::CRYPTOGRAM, cryptogram);
            tlv::write(&mut objects, tag::IAD, issuer_data);
            sheet.card.take(&objects, Origin::Cryptogram, &defences)?;
        }
        Ok(_) => return Err(Reason::InvalidObject),
        Err(Reason::WrongTemplate) => {
            let inside = template(data, tag::RESPONSE_FORMAT_2)?;
            sheet.card.take(inside, Origin::Cryptogram, &defences)?;
        }
        Err(reason) => return Err(reason),
    }
    let [information] = sheet.card.need_array::<1>(tag::CID)?;
    sheet.card.need_array::<2>(tag::ATC)?;
    sheet.card.need_array::<8>(tag::CRYPTOGRAM)?;
    sheet.card.need(tag::IAD)?;
    let kind = Cid::from_bits(information).kind().ok_or(Reason::InvalidObject)?;
    let rank = |kind| match kind {
        CryptogramKind::Aac => 0,
        CryptogramKind::Arqc => 1,
        CryptogramKind::Tc => 2,
    };
    if rank(kind) > rank(asked) {
        return Err(Reason::UnexpectedCryptogram);
    }
    sheet.cryptogram = Some(kind);
    sheet.tsi = sheet.tsi.with(Tsi::CARD_RISK_PERFORMED);
    Ok(kind)
}

/// The answer to the first GENERATE AC.
pub(crate) fn after_first_cryptogram(
    sheet: &mut Sheet,
    asked: CryptogramKind,
    data: &[u8],
    status: StatusWord,
) -> Turn {
    if !status.is_ok() {
        return Err(Halt::end(Reason::UnexpectedStatus));
    }
    match take_cryptogram(sheet, asked, data).map_err(Halt::end)? {
        CryptogramKind::Aac if asked == CryptogramKind::Aac => {
            Err(Halt::declined(analysis::denial_reason(sheet)))
        }
        CryptogramKind::Aac => Err(Halt::declined(Reason::CardDeclined)),
        CryptogramKind::Tc => {
            Ok(Next::Stop(Halt { ending: Ending::Approved, reason: Reason::ApprovedOffline }))
        }
        CryptogramKind::Arqc if sheet.configuration.device.online => ask_host(sheet),
        CryptogramKind::Arqc => Err(Halt::declined(Reason::OnlineNotPossible)),
    }
}

/// The host answered: its own authentication first, then scripts, then the card's last word.
pub(crate) fn after_host(sheet: &mut Sheet) -> Turn {
    let host = sheet.host.clone().expect("the answer was put on the sheet");
    if sheet.card_gone {
        return Err(without_card(Some(&host)));
    }
    sheet.set(tag::RESPONSE_CODE, &host.response_code);
    if let Some(data) = host.issuer_authentication_data.filter(|data| (8..=16).contains(&data.len())) {
        sheet.set(tag::ISSUER_AUTHENTICATION, &data);
        if profile(sheet).has(Aip::ISSUER_AUTHENTICATION) {
            return send(Stage::ExternalAuthenticate, &Command::external_authenticate(&data));
        }
    }
    scripts::begin(sheet, scripts::Moment::BeforeFinal)
}

/// The answer to EXTERNAL AUTHENTICATE.
pub(crate) fn after_external_authenticate(sheet: &mut Sheet, status: StatusWord) -> Turn {
    sheet.tsi = sheet.tsi.with(Tsi::ISSUER_AUTHENTICATION_PERFORMED);
    if !status.is_ok() {
        sheet.tvr = sheet.tvr.with(Tvr::ISSUER_AUTHENTICATION_FAILED);
    }
    scripts::begin(sheet, scripts::Moment::BeforeFinal)
}

/// No answer came: the terminal's and the issuer's default actions decide what to ask the card for.
pub(crate) fn after_silence(sheet: &mut Sheet) -> Turn {
    if sheet.card_gone {
        return Err(without_card(None));
    }
    let asked = analysis::default_action(sheet);
    let code: &[u8] = if asked == CryptogramKind::Tc { b"Y3" } else { b"Z3" };
    sheet.set(tag::RESPONSE_CODE, code);
    second_cryptogram(sheet, asked)
}

/// Asks for the second cryptogram: TC after an approval, AAC otherwise.
pub(crate) fn after_scripts_before(sheet: &mut Sheet) -> Turn {
    let approved = sheet.host.as_ref().is_some_and(HostAnswer::approves);
    second_cryptogram(sheet, if approved { CryptogramKind::Tc } else { CryptogramKind::Aac })
}

fn second_cryptogram(sheet: &mut Sheet, asked: CryptogramKind) -> Turn {
    let values = list_values(sheet, tag::CDOL2)?;
    send(Stage::SecondCryptogram { asked }, &Command::generate_ac(asked, &values))
}

/// The answer to the second GENERATE AC.
pub(crate) fn after_second_cryptogram(
    sheet: &mut Sheet,
    asked: CryptogramKind,
    data: &[u8],
    status: StatusWord,
) -> Turn {
    let kind = if status.is_ok() { take_cryptogram(sheet, asked, data).ok() } else { None };
    let approved = kind == Some(CryptogramKind::Tc);
    let halt = match &sheet.host {
        Some(host) if host.approves() && approved => {
            Halt { ending: Ending::Approved, reason: Reason::ApprovedOnline }
        }
        None if approved => {
            // The advice carries the card's last word, not the question the host never answered.
            sheet.request = Some(Box::new(sheet.build_request()?));
            Halt { ending: Ending::Approved, reason: Reason::ApprovedHostSilent }
        }
        host => without_card(host.as_ref()),
    };
    scripts::begin(sheet, scripts::Moment::AfterFinal(halt))
}

/// The answer to an issuer's script command.
pub(crate) fn after_script(sheet: &mut Sheet, scripts: Scripts, status: StatusWord) -> Turn {
    scripts::after_command(sheet, scripts, status)
}

/// The host was asked and the card cannot or will not complete: not paid.
pub(crate) fn without_card(host: Option<&HostAnswer>) -> Halt {
    Halt::declined(match host {
        Some(answer) if answer.approves() => Reason::CardRefusedAfterHost,
        Some(_) => Reason::HostDeclined,
        None => Reason::HostSilent,
    })
}
