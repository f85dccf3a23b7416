//! The value of one object in plain words.

use super::{Context, flags, issuer};
use crate::objects::{
    Aid, Aip, Amount, Atc, Bit, Cid, CodeN3, Ctq, Date, IssuerApplicationData, TrackTwo, TransactionType,
    Tsi, Ttq, Tvr,
};
use crate::tag::{self, Format};
use crate::tlv::Tag;
use crate::{afl, de55, dol, oda};
use values::card::luhn_check_digit;

/// What stands in place of what is not shown.
const HIDDEN: &str = "****";

/// How many bytes of a long value are shown.
const SHOWN: usize = 40;

/// A value in words, and its parts with names.
#[derive(Default)]
pub(super) struct Meaning {
    pub(super) text: String,
    pub(super) parts: Vec<(String, String)>,
}

impl From<String> for Meaning {
    fn from(text: String) -> Meaning {
        Meaning { text, parts: Vec::new() }
    }
}

impl From<&str> for Meaning {
    fn from(text: &str) -> Meaning {
        text.to_owned().into()
    }
}

/// Explains the value of a primitive object; what is not as it should be is shown as bytes.
pub(super) fn explain(tag: Tag, value: &[u8], context: Context) -> Meaning {
    if !context.clear && may_carry_anything(tag, value) && hides_number(value) {
        return plain(value, context);
    }
    let known = structured(tag, value, context).or_else(|| simple(tag, value, context));
    known.unwrap_or_else(|| plain(value, context))
}

/// Objects with parts into which a careless issuer could have put a card number.
fn may_carry_anything(tag: Tag, value: &[u8]) -> bool {
    match tag {
        tag::IAD => IssuerApplicationData::parse(value).is_err(),
        tag::PRODUCT_IDENTIFICATION | tag::ISSUER_AUTHENTICATION | tag::CVM_LIST => true,
        _ => false,
    }
}

/// Objects with parts of their own.
fn structured(tag: Tag, value: &[u8], context: Context) -> Option<Meaning> {
    Some(match tag {
        tag::TTQ => bits(value, Ttq::FLAGS, |flag| Some(Ttq::parse(value)?.has(flag))),
        tag::CTQ => bits(value, Ctq::FLAGS, |flag| Some(Ctq::parse(value)?.has(flag))),
        tag::TVR | tag::IAC_DEFAULT | tag::IAC_DENIAL | tag::IAC_ONLINE => {
            bits(value, Tvr::FLAGS, |flag| Some(Tvr::parse(value)?.has(flag)))
        }
        tag::TSI => bits(value, Tsi::FLAGS, |flag| Some(Tsi::parse(value)?.has(flag))),
        tag::AIP => bits(value, Aip::FLAGS, |flag| Some(Aip::parse(value)?.has(flag))),
        tag::TERMINAL_CAPABILITIES => flags::explain(value, flags::CAPABILITIES),
        tag::USAGE_CONTROL => flags::explain(value, flags::USAGE),
        tag::IAD => issuer::explain(value, context),
        tag::AFL => locator(value)?,
        tag::CVM_LIST => verification_methods(value)?,
        tag::CVM_RESULTS => verification_result(value)?,
        tag::CARD_AUTHENTICATION_DATA => card_authentication(value)?,
        tag::ISSUER_AUTHENTICATION => issuer_authentication(value)?,
        tag::PRODUCT_IDENTIFICATION => product(value)?,
        _ if tag::definition(tag).is_some_and(|line| line.format == Format::ObjectList) => list(value)?,
        _ => return None,
    })
}

/// Objects that are one word or number.
fn simple(tag: Tag, value: &[u8], context: Context) -> Option<Meaning> {
    let definition = tag::definition(tag)?;
    Some(match tag {
        tag::TRACK_TWO => track_two(value, context).into(),
        tag::PAN => number(value, context).into(),
        tag::CARDHOLDER_NAME | tag::CARDHOLDER_NAME_EXTENDED | tag::EXPIRY if !context.clear => HIDDEN.into(),
        tag::TRACK_ONE_DISCRETIONARY | tag::TRACK_TWO_DISCRETIONARY | tag::PIN_DATA if !context.clear => {
            HIDDEN.into()
        }
        tag::DATE | tag::EXPIRY | tag::EFFECTIVE => date(value)?.into(),
        tag::TIME => time(value)?.into(),
        tag::AID_DIRECTORY | tag::DF_NAME | tag::AID_TERMINAL => name(value).into(),
        tag::CID => cid(value)?.into(),
        tag::ATC | tag::LAST_ONLINE_ATC => {
            Atc::from(<[u8; 2]>::try_from(value).ok()?).count().to_string().into()
        }
        tag::TRANSACTION_TYPE => {
            format!("{:02X} ({})", one(value)?, TransactionType::from_bits(one(value)?).name()).into()
        }
        tag::TERMINAL_TYPE => flags::terminal_type(one(value)?).into(),
        tag::CURRENCY | tag::UNIONPAY_APPLICATION_CURRENCY | tag::APPLICATION_CURRENCY => {
            currency(value)?.into()
        }
        tag::TERMINAL_COUNTRY | tag::ISSUER_COUNTRY | tag::ISSUER_COUNTRY_UNIONPAY => country(value)?.into(),
        tag::SM_SUPPORT | tag::CASH_TERMINAL_SUPPORT => yes_or_no(one(value)?).into(),
        tag::RESPONSE_CODE => response_code(value)?.into(),
        tag::PRIORITY => priority(one(value)?).into(),
        tag::KERNEL_IDENTIFIER => kernel(value).into(),
        _ if definition.format == Format::Numeric
            && value.len() == 6
            && tag != tag::ACQUIRER
            && tag != tag::TOKEN_REQUESTOR =>
        {
            amount_text(Amount::parse(value).ok()?, context).into()
        }
        _ if is_text(definition.format) => text(value, context)?.into(),
        _ => return None,
    })
}

fn bits<T>(value: &[u8], table: &[Bit<T>], has: impl Fn(Bit<T>) -> Option<bool>) -> Meaning {
    let set = table.iter().filter(|flag| has(**flag) == Some(true));
    let parts = set.map(|flag| flags::place(flag.byte(), flag.bit(), flag.meaning())).collect();
    Meaning { text: hex::encode_upper(value), parts }
}

fn locator(value: &[u8]) -> Option<Meaning> {
    let entries: Vec<_> = afl::Locator::parse(value).ok()?.entries().collect();
    let part = |entry: &afl::Entry| {
        let records = format!("records {} to {}, {} signed", entry.first, entry.last, entry.authenticated);
        (format!("file {}", entry.sfi), records)
    };
    Some(Meaning { text: hex::encode_upper(value), parts: entries.iter().map(part).collect() })
}

fn list(value: &[u8]) -> Option<Meaning> {
    let name = |tag| tag::definition(tag).map_or("unknown object", |line| line.name);
    let bytes = |length| if length == 1 { "1 byte".to_owned() } else { format!("{length} bytes") };
    let part = |e: dol::Entry| (format!("{} {}", e.tag, name(e.tag)), bytes(e.length));
    let parts = dol::Dol::parse(value).ok()?.entries().map(part).collect();
    Some(Meaning { text: hex::encode_upper(value), parts })
}

fn verification_methods(value: &[u8]) -> Option<Meaning> {
    let (amounts, methods) = value.split_first_chunk::<8>()?;
    let mut parts = Vec::new();
    for (name, amount) in ["amount X", "amount Y"].iter().zip(amounts.as_chunks::<4>().0) {
        parts.push(((*name).to_owned(), u32::from_be_bytes(*amount).to_string()));
    }
    for [code, condition] in methods.as_chunks::<2>().0 {
        parts.push((flags::method(*code), flags::condition(*condition).to_owned()));
    }
    Some(Meaning { text: hex::encode_upper(value), parts })
}

fn verification_result(value: &[u8]) -> Option<Meaning> {
    let [method, condition, result] = *value else { return None };
    let outcome = match result {
        0 => "unknown",
        1 => "failed",
        2 => "successful",
        _ => "reserved",
    };
    let parts = vec![
        ("method".to_owned(), flags::method(method)),
        ("condition".to_owned(), flags::condition(condition).to_owned()),
        ("outcome".to_owned(), outcome.to_owned()),
    ];
    Some(Meaning { text: hex::encode_upper(value), parts })
}

fn card_authentication(value: &[u8]) -> Option<Meaning> {
    let data = oda::CardAuthentication::parse(value)?;
    let mut parts = vec![
        ("fDDA version".to_owned(), "01".to_owned()),
        ("card's random number".to_owned(), hex::encode_upper(data.number)),
        ("signed card qualifiers".to_owned(), hex::encode_upper(data.ctq.to_bytes())),
    ];
    parts.extend(
        Ctq::FLAGS.iter().filter(|f| data.ctq.has(**f)).map(|f| flags::place(f.byte(), f.bit(), f.meaning())),
    );
    Some(Meaning { text: hex::encode_upper(value), parts })
}

fn issuer_authentication(value: &[u8]) -> Option<Meaning> {
    let data = de55::IssuerAuthentication::parse(value)?;
    let code = response_code(&data.response_code).unwrap_or_else(|| hex::encode_upper(data.response_code));
    let parts = vec![
        ("response cryptogram".to_owned(), hex::encode_upper(data.arpc)),
        ("response code".to_owned(), code),
    ];
    Some(Meaning { text: hex::encode_upper(value), parts })
}

fn product(value: &[u8]) -> Option<Meaning> {
    let value: &[u8; 16] = value.try_into().ok()?;
    let parts = vec![
        ("institution".to_owned(), ascii_or_hex(&value[..8])),
        ("product flags".to_owned(), hex::encode_upper(&value[8..11])),
        ("reserved".to_owned(), hex::encode_upper(&value[11..])),
    ];
    Some(Meaning { text: hex::encode_upper(value), parts })
}

fn track_two(value: &[u8], context: Context) -> String {
    let Ok(track) = TrackTwo::parse(value) else {
        return if context.clear { hex::encode_upper(value) } else { HIDDEN.to_owned() };
    };
    if context.clear {
        return String::from_utf8_lossy(track.as_text()).into_owned();
    }
    let service = track.service_code();
    format!("****{}, expiry ****, service code {}", track.last_four(), String::from_utf8_lossy(&service))
}

fn number(value: &[u8], context: Context) -> String {
    let digits: String = hex::encode(value).chars().take_while(char::is_ascii_digit).collect();
    match (context.clear, digits.len()) {
        (true, _) => digits,
        (false, 8..) => format!("****{}", &digits[digits.len() - 4..]),
        _ => HIDDEN.to_owned(),
    }
}

fn date(value: &[u8]) -> Option<String> {
    let (year, month, day) = Date::parse(value).ok()?.parts();
    Some(format!("20{year:02}-{month:02}-{day:02}"))
}

fn time(value: &[u8]) -> Option<String> {
    let [hour, minute, second] = *value else { return None };
    Some(format!("{hour:02X}:{minute:02X}:{second:02X}"))
}

fn name(value: &[u8]) -> String {
    if value.ends_with(b"PAY.SYS.DDF01") {
        return ascii_or_hex(value);
    }
    let product = Aid::parse(value).and_then(|aid| aid.product());
    product.map_or_else(|| hex::encode_upper(value), |what| format!("{} ({what})", hex::encode_upper(value)))
}

fn cid(value: &[u8]) -> Option<String> {
    let cid = Cid::from_bits(one(value)?);
    let advice = if cid.advice_required() { ", advice wanted" } else { "" };
    let reason = if cid.reason().is_empty() { String::new() } else { format!(", {}", cid.reason()) };
    Some(format!("{:02X} ({}{advice}{reason})", cid.bits(), issuer::kind_text(cid.kind())))
}

fn currency(value: &[u8]) -> Option<String> {
    let code = CodeN3::parse(value).ok()?;
    let name = code.currency().map_or("unknown currency", |currency| currency.alpha());
    Some(format!("{:03} ({name})", code.numeric()))
}

fn country(value: &[u8]) -> Option<String> {
    let code = CodeN3::parse(value).ok()?.numeric();
    let name = match code {
        156 => "China",
        344 => "Hong Kong",
        446 => "Macao",
        158 => "Taiwan",
        356 => "India",
        392 => "Japan",
        410 => "South Korea",
        702 => "Singapore",
        764 => "Thailand",
        826 => "United Kingdom",
        840 => "United States",
        _ => return Some(format!("{code:03}")),
    };
    Some(format!("{code:03} ({name})"))
}

fn response_code(value: &[u8]) -> Option<String> {
    let code =
        std::str::from_utf8(value).ok().filter(|code| code.bytes().all(|b| b.is_ascii_alphanumeric()))?;
    let meaning = match code {
        "00" => " (approved)",
        "Y1" => " (approved offline)",
        "Z1" => " (declined offline)",
        "Y3" => " (unable to go online, approved offline)",
        "Z3" => " (unable to go online, declined offline)",
        _ => "",
    };
    Some(format!("{code}{meaning}"))
}

fn priority(indicator: u8) -> String {
    let confirm = if indicator & 0x80 == 0 { "" } else { ", to be confirmed by the cardholder" };
    match indicator & 0xF {
        0 => format!("{indicator:02X} (none{confirm})"),
        place => format!("{indicator:02X} (place {place}{confirm})"),
    }
}

fn kernel(value: &[u8]) -> String {
    let whose = match value.first().map(|byte| byte & 0x3F) {
        Some(2) => " (Mastercard)",
        Some(3) => " (Visa)",
        Some(4) => " (American Express)",
        Some(5) => " (JCB)",
        Some(6) => " (Discover)",
        Some(7) => " (UnionPay)",
        _ => "",
    };
    format!("{}{whose}", hex::encode_upper(value))
}

fn yes_or_no(byte: u8) -> String {
    let word = if byte == 1 { "yes" } else { "no" };
    format!("{byte:02X} ({word})")
}

/// An amount in its currency; in minor units where the currency is not known.
pub(super) fn amount_text(amount: Amount, context: Context) -> String {
    match context.currency {
        Some(currency) => amount.money(currency).to_string(),
        None => format!("{} minor units", amount.minor()),
    }
}

fn is_text(format: Format) -> bool {
    matches!(format, Format::Alphanumeric | Format::AlphanumericSpecial)
}

fn text(value: &[u8], context: Context) -> Option<String> {
    let text = std::str::from_utf8(value).ok().filter(|text| !text.chars().any(char::is_control))?;
    Some(if context.clear || !has_number(value) { format!("{text:?}") } else { HIDDEN.to_owned() })
}

fn ascii_or_hex(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) if value.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') => text.to_owned(),
        _ => hex::encode_upper(value),
    }
}

fn one(value: &[u8]) -> Option<u8> {
    match value {
        [byte] => Some(*byte),
        _ => None,
    }
}

/// Bytes as hexadecimal, long ones cut short, and hidden if a card number stands in them.
pub(super) fn plain(value: &[u8], context: Context) -> Meaning {
    if !context.clear && hides_number(value) {
        return format!("{HIDDEN} ({} bytes that hold a card number)", value.len()).into();
    }
    match value.get(..SHOWN) {
        Some(head) if value.len() > SHOWN && !context.clear => {
            format!("{}.. ({} bytes)", hex::encode_upper(&head[..8]), value.len()).into()
        }
        _ => hex::encode_upper(value).into(),
    }
}

/// Whether 13 to 19 digits with a good check digit stand anywhere, as ASCII or packed.
///
/// Keys and cryptograms hit by chance are hidden too; that is the lesser harm. Zeros do not count.
fn hides_number(value: &[u8]) -> bool {
    let packed: Vec<u8> = value
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0xF])
        .map(|n| if n < 10 { n + b'0' } else { b'x' })
        .collect();
    has_number(value) || has_number(&packed)
}

fn has_number(characters: &[u8]) -> bool {
    let runs = characters.split(|c| !c.is_ascii_digit()).filter(|run| run.len() >= 13);
    runs.flat_map(|run| (13..=19usize).flat_map(move |length| run.windows(length))).any(|digits| {
        let (check, payload) = digits.split_last().expect("at least 13");
        digits[0] != b'0' && luhn_check_digit(payload) == Some(*check)
    })
}
