//! Between ISO 8583 and what the token service decides on.

use crate::keys::PlatformKeys;
use emv::qr::Place;
use iso8583::{Message, Mti, OriginalData, ResponseCode, Tag, field};
use tokens::digest::Digest16;
use tokens::gateway::{EntryMode, IssuerAnswer, Presentment, Verification, message_digest};
use tokens::records::Kind;
use tokens::refusal::Refusal;
use tokens::vault::CardNumber;
use values::{Country, Expiry, TokenNumber};

/// What an answer repeats of its request.
const ECHOED: &[u8] = &[
    field::ACCOUNT_NUMBER,
    field::PROCESSING_CODE,
    field::AMOUNT,
    field::TRANSMITTED,
    field::STAN,
    field::LOCAL_TIME,
    field::LOCAL_DATE,
    field::SETTLEMENT_DATE,
    field::MERCHANT_CATEGORY,
    field::CARD_SEQUENCE,
    field::CONDITION,
    field::ACQUIRER,
    field::FORWARDER,
    field::REFERENCE,
    field::TERMINAL,
    field::MERCHANT,
    field::CURRENCY,
    field::RECEIVER,
    field::NETWORK_CODE,
];

/// An answer of our own, without the issuer.
pub(super) fn refuse(request: &Message, code: ResponseCode, verdict: Option<&str>) -> Message {
    let mut answer = Message::answer_to(request, ECHOED);
    answer.set_response_code(code);
    if let Some(verdict) = verdict {
        answer.set_private(Tag::TOKEN_VERDICT, verdict.as_bytes());
    }
    answer
}

/// A business no: the response code for the terminal, the distinct code for those who look closer.
pub(super) fn refused(request: &Message, refusal: Refusal) -> Message {
    let code =
        ResponseCode::from_ascii(refusal.response_code().as_bytes()).unwrap_or(ResponseCode::DO_NOT_HONOUR);
    refuse(request, code, Some(refusal.code()))
}

/// Sign-on, echo and the like are acknowledged.
pub(super) fn network_management(request: &Message) -> Message {
    refuse(request, ResponseCode::APPROVED, None)
}

/// Reads what is asked for; the error is the response code of a message that cannot be taken at all.
pub(super) fn presentment<'a>(
    keys: &PlatformKeys,
    message: &'a Message,
) -> Result<Presentment<'a>, ResponseCode> {
    let number = number(message)?;
    let kind = kind(message).ok_or(ResponseCode::BAD_TRANSACTION)?;
    let track = message.get(field::TRACK_TWO).map(Track::read).transpose()?;
    let expiry = match message.get(field::EXPIRY) {
        Some(digits) => Some(Expiry::from_yymm(digits).map_err(|_| ResponseCode::FORMAT_ERROR)?),
        None => None,
    };
    let original = message.original();
    Ok(Presentment {
        message: name_of(keys, number, &OriginalData::of(message)),
        kind,
        number,
        expiries: [expiry, track.as_ref().map(|track| track.expiry)],
        track_number: track.map(|track| track.number),
        psn: message.number(field::CARD_SEQUENCE).map(|psn| (psn % 100) as u8),
        amount: message.amount().ok_or(ResponseCode::FORMAT_ERROR)?,
        entry: message
            .get(field::ENTRY_MODE)
            .and_then(EntryMode::from_de22)
            .ok_or(ResponseCode::BAD_TRANSACTION)?,
        category: message.merchant_category().ok_or(ResponseCode::FORMAT_ERROR)?,
        place: place(message),
        country: message
            .number(field::ACQUIRER_COUNTRY)
            .and_then(|code| Country::from_numeric(u16::try_from(code).ok()?)),
        local_date: message
            .number(field::LOCAL_DATE)
            .map(|date| ((date / 100 % 100) as u8, (date % 100) as u8)),
        verification: verification(message),
        chip: message.get(field::CHIP_DATA),
        original: original.map(|original| name_of(keys, number, &original)),
    })
}

/// The token and the name of the message that a reversal undoes.
pub(super) fn reversal(
    keys: &PlatformKeys,
    message: &Message,
) -> Result<(TokenNumber, Digest16), ResponseCode> {
    let number = number(message)?;
    let original = message.original().ok_or(ResponseCode::FORMAT_ERROR)?;
    Ok((number, name_of(keys, number, &original)))
}

/// The request with the card number in place of the token; the token moves into DE 48.
pub(super) fn with_card(request: &Message, card: &CardNumber, number: TokenNumber) -> Message {
    let mut outward = request.clone();
    outward.set(field::ACCOUNT_NUMBER, card.pan.expose());
    outward.set_text(field::EXPIRY, &card.expiry.to_yymm());
    // The track is the token's; an issuer has no use for it.
    outward.remove(field::TRACK_TWO).remove(field::MAC_PRIMARY).remove(field::MAC_SECONDARY);
    outward.set_private(Tag::TOKEN_NUMBER, number.digits().as_bytes());
    outward.set_private(Tag::TOKEN_VERDICT, b"OK");
    outward
}

/// The issuer's answer with the token in place of the card number.
pub(super) fn with_token(request: &Message, answer: &Message) -> Message {
    let mut inward = answer.clone();
    inward.remove(field::ACCOUNT_NUMBER).remove(field::EXPIRY).remove(field::TRACK_TWO);
    inward.remove(field::MAC_PRIMARY).remove(field::MAC_SECONDARY).remove(field::PRIVATE_DATA);
    inward.copy(request, &[field::ACCOUNT_NUMBER]);
    inward.set_private(Tag::TOKEN_VERDICT, b"OK");
    inward
}

/// What the issuer's answer says.
pub(super) fn outcome(answer: &Message) -> IssuerAnswer {
    match answer.response_code() {
        Some(code) if code.is_approved() => IssuerAnswer::Approved,
        Some(_) => IssuerAnswer::Declined,
        None => IssuerAnswer::Unknown,
    }
}

fn number(message: &Message) -> Result<TokenNumber, ResponseCode> {
    let digits = message.account_number().ok_or(ResponseCode::FORMAT_ERROR)?;
    TokenNumber::parse(digits).map_err(|_| ResponseCode::BAD_CARD)
}

fn kind(message: &Message) -> Option<Kind> {
    let named = message.has(field::ORIGINAL);
    match (message.get(field::PROCESSING_CODE)?.get(..2)?, message.mti.first()) {
        (b"20", Mti::FINANCIAL | Mti::FINANCIAL_ADVICE) if named => Some(Kind::Refund),
        (b"00" | b"03", Mti::FINANCIAL | Mti::FINANCIAL_ADVICE) if named => Some(Kind::Completion),
        (b"00", Mti::FINANCIAL) => Some(Kind::Purchase),
        (b"00" | b"03", Mti::AUTHORISATION) => Some(Kind::PreAuthorisation),
        _ => None,
    }
}

/// DE 42 and DE 41, one that is missing is no shop that a code was ever made for.
fn place(message: &Message) -> Place {
    let text = |number| message.get(number).unwrap_or_default();
    Place::new(text(field::MERCHANT), text(field::TERMINAL))
}

fn verification(message: &Message) -> Verification {
    let claimed = message.private_data().ok().and_then(|private| private.byte(Tag::CUSTOMER_VERIFICATION));
    match claimed {
        Some(1) => Verification::Device,
        Some(2) if message.has(field::PIN_BLOCK) => Verification::OnlinePin,
        _ => Verification::None,
    }
}

/// The name of a message: the elements that DE 90 repeats of an original, less its type.
fn name_of(keys: &PlatformKeys, number: TokenNumber, named: &OriginalData) -> Digest16 {
    message_digest(keys.codes(), number, named.packed_time(), &named.to_digits()[4..])
}

struct Track {
    number: TokenNumber,
    expiry: Expiry,
}

impl Track {
    fn read(track: &[u8]) -> Result<Track, ResponseCode> {
        let wrong = ResponseCode::FORMAT_ERROR;
        let separator = track.iter().position(|byte| *byte == b'=').ok_or(wrong)?;
        let expiry = track.get(separator + 1..separator + 5).ok_or(wrong)?;
        Ok(Track {
            number: TokenNumber::parse(&track[..separator]).map_err(|_| wrong)?,
            expiry: Expiry::from_yymm(expiry).map_err(|_| wrong)?,
        })
    }
}
