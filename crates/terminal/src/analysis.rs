//! Processing restrictions, terminal risk management and terminal action analysis (EMV 4.4 Book 3, 10.4,
//! 10.6, 10.7).

use crate::configuration::ContactRules;
use crate::defences::Defence;
use crate::outcome::{Halt, Reason};
use crate::sale::SaleKind;
use crate::sheet::Sheet;
use emv::objects::{CryptogramKind, Tsi, Tvr};
use emv::tag;
use emv::tlv::Tag;

/// May this card be used here, today, for this? Findings go to the verification results.
pub(crate) fn restrictions(sheet: &mut Sheet) -> Result<(), Halt> {
    let today = sheet.sale.date_bcd();
    let date = |tag| sheet.card.array::<3>(tag).map_err(Halt::end);
    let version = sheet.card.array::<2>(tag::VERSION_CARD).map_err(Halt::end)?;
    let mut tvr = sheet.tvr;
    if version.is_some_and(|version| version != sheet.configuration.device.application_version) {
        tvr = tvr.with(Tvr::VERSIONS_DIFFER);
    }
    if date(tag::EFFECTIVE)?.is_some_and(|from| from > today) {
        tvr = tvr.with(Tvr::NOT_YET_EFFECTIVE);
    }
    if date(tag::EXPIRY)?.is_some_and(|until| until < today) {
        tvr = tvr.with(Tvr::EXPIRED);
    }
    if !service_allowed(sheet)? {
        tvr = tvr.with(Tvr::SERVICE_NOT_ALLOWED);
    }
    let track = sheet.number()?;
    if sheet.is_excepted(&track) {
        tvr = tvr.with(Tvr::ON_EXCEPTION_FILE);
    }
    sheet.tvr = tvr;
    Ok(())
}

/// Application usage control 9F07 (EMV 4.4 Book 3, Annex C2); this terminal is no cash machine.
fn service_allowed(sheet: &Sheet) -> Result<bool, Halt> {
    let Some([usage, _]) = sheet.card.array::<2>(tag::USAGE_CONTROL).map_err(Halt::end)? else {
        return Ok(true);
    };
    let at_other_terminals = usage & 0x01 != 0;
    let Some(issuer) = sheet.card.array::<2>(tag::ISSUER_COUNTRY).map_err(Halt::end)? else {
        return Ok(at_other_terminals);
    };
    let domestic = Some(&issuer[..]) == sheet.value(tag::TERMINAL_COUNTRY);
    let allowed = match (sheet.sale.kind, domestic) {
        (SaleKind::Cash, true) => 0x80,
        (SaleKind::Cash, false) => 0x40,
        (_, true) => 0x20 | 0x08,
        (_, false) => 0x10 | 0x04,
    };
    Ok(at_other_terminals && usage & allowed != 0)
}

/// Floor limit and random selection. The number that decides is the sale's unpredictable one.
pub(crate) fn risk(sheet: &mut Sheet) {
    let rules = rules(sheet);
    let amount = sheet.sale.amount.minor();
    if amount >= rules.floor_limit {
        sheet.tvr = sheet.tvr.with(Tvr::OVER_FLOOR_LIMIT);
    } else if u32::from_be_bytes(sheet.sale.unpredictable_number) % 100 < u32::from(rules.random_percent) {
        sheet.tvr = sheet.tvr.with(Tvr::CHOSEN_AT_RANDOM);
    }
    sheet.tsi = sheet.tsi.with(Tsi::TERMINAL_RISK_PERFORMED);
}

/// The card's limits of consecutive sales without its issuer, if it has both.
fn consecutive_limits(sheet: &Sheet) -> Option<(u16, u16)> {
    let limit = |tag| sheet.card.array::<1>(tag).ok().flatten().map(|[limit]| u16::from(limit));
    Some((limit(tag::OFFLINE_LIMIT_LOWER)?, limit(tag::OFFLINE_LIMIT_UPPER)?))
}

/// The counter to be asked for next: both are needed where the card has limits (EMV 4.4 Book 3, 10.6.3).
pub(crate) fn next_counter(sheet: &Sheet) -> Option<Tag> {
    consecutive_limits(sheet)?;
    [tag::ATC, tag::LAST_ONLINE_ATC].get(sheet.counters.len()).copied()
}

/// Compares the counters with the limits. Counters that were not told count as over both.
pub(crate) fn velocity(sheet: &mut Sheet) {
    let Some((lower, upper)) = consecutive_limits(sheet) else { return };
    let (is_lower, is_upper) = match sheet.counters[..] {
        [Some(now), Some(online)] if now > online => (now - online > lower, now - online > upper),
        _ => (true, true),
    };
    if is_lower {
        sheet.tvr = sheet.tvr.with(Tvr::LOWER_LIMIT_EXCEEDED);
    }
    if is_upper {
        sheet.tvr = sheet.tvr.with(Tvr::UPPER_LIMIT_EXCEEDED);
    }
    if matches!(sheet.counters[..], [_, Some(0)]) {
        sheet.tvr = sheet.tvr.with(Tvr::NEW_CARD);
    }
}

fn rules(sheet: &Sheet) -> ContactRules {
    sheet.application().contact.clone().unwrap_or_default()
}

/// Whether a finding meets one of the two sides' conditions.
fn meets(sheet: &Sheet, terminal: [u8; 5], issuer: Tag, absent: u8) -> bool {
    let issuer = sheet.card.array::<5>(issuer).ok().flatten().unwrap_or([absent; 5]);
    let found = sheet.tvr.to_bytes();
    (0..5).any(|place| found[place] & (terminal[place] | issuer[place]) != 0)
}

/// EMV 4.4 Book 3, 10.7: what to ask the card for.
pub(crate) fn first_action(sheet: &Sheet) -> CryptogramKind {
    let rules = rules(sheet);
    if meets(sheet, rules.action_denial, tag::IAC_DENIAL, 0) {
        return CryptogramKind::Aac;
    }
    let unsigned = sheet.tvr.has(Tvr::ODA_NOT_PERFORMED) && sheet.stands(Defence::OfflineSignature);
    if sheet.configuration.device.online {
        let ask = unsigned || meets(sheet, rules.action_online, tag::IAC_ONLINE, 0xFF);
        return if ask { CryptogramKind::Arqc } else { CryptogramKind::Tc };
    }
    if unsigned { CryptogramKind::Aac } else { default_action(sheet) }
}

/// What to ask for when the host cannot be asked.
pub(crate) fn default_action(sheet: &Sheet) -> CryptogramKind {
    let refused = meets(sheet, rules(sheet).action_default, tag::IAC_DEFAULT, 0xFF);
    if refused { CryptogramKind::Aac } else { CryptogramKind::Tc }
}

/// The finding that led to a refusal, the gravest first.
pub(crate) fn denial_reason(sheet: &Sheet) -> Reason {
    let failed = [Tvr::SDA_FAILED, Tvr::DDA_FAILED, Tvr::CDA_FAILED];
    if failed.iter().any(|flag| sheet.tvr.has(*flag)) {
        Reason::AuthenticationFailed
    } else if sheet.tvr.has(Tvr::ON_EXCEPTION_FILE) {
        Reason::OnExceptionList
    } else if sheet.tvr.has(Tvr::EXPIRED) {
        Reason::Expired
    } else {
        Reason::TerminalDeclined
    }
}
