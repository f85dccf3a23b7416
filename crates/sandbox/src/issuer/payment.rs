//! From a message about money to an operation, and from its decision to the answer.
//!
//! All that needs no shared state is done here, outside the writer: card and token keys, the cryptogram, the
//! cross-checks between chip data and message, and the cryptogram of the answer.

use super::authorise::{Authorise, Decision, Kind, Timing};
use super::enrolment::TOKEN_PSN;
use super::reason::Reason;
use super::reverse::Reverse;
use crate::defences::Defences;
use crate::digest::Digest;
use crate::directory::{Directory, Range};
use crate::keys::IssuerKeys;
use crypto::emv_keys::Algorithm;
use emv::cryptogram::{self, Genuine};
use emv::de55::{self, Request};
use emv::objects::{Aip, Ctq};
use emv::qr::Place;
use iso8583::{Message, Mti, OriginalData, PrivateData, ResponseCode, Tag, field};
use values::{Money, Pan, TokenNumber};

/// What an answer repeats of its request.
pub(super) const ECHOED: &[u8] = &[
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
];

/// The answer that says no before anything was decided.
pub(super) fn refuse(request: &Message, code: ResponseCode) -> Message {
    let mut answer = Message::answer_to(request, ECHOED);
    answer.set_response_code(code);
    answer
}

/// A payment with its proof, ready to be decided.
pub struct Payment {
    /// To be executed by the store.
    pub operation: Authorise,
    chip: Option<Genuine<Request>>,
}

/// A reversal, ready to be applied.
pub struct Reversal {
    /// To be executed by the store.
    pub operation: Reverse,
}

impl Payment {
    /// Reads a request about money; the error is what to answer in DE 39.
    pub(super) fn prepare(keys: &IssuerKeys, message: &Message) -> Result<Payment, ResponseCode> {
        let format = ResponseCode::FORMAT_ERROR;
        let kind = kind(message).ok_or(ResponseCode::BAD_TRANSACTION)?;
        let pan = card_number(message)?;
        let amount = message.amount().ok_or(format)?;
        let stan = message.stan().filter(|_| message.has(field::TRANSMITTED)).ok_or(format)?;
        let private = message.private_data().map_err(|_| format)?;
        let token = match private.get(Tag::TOKEN_NUMBER) {
            Some(digits) => Some(TokenNumber::parse(digits).map_err(|_| format)?),
            None => None,
        };
        let spends = matches!(kind, Kind::Purchase | Kind::PreAuthorisation);
        let (chip, found) = match message.get(field::CHIP_DATA) {
            _ if !spends => (None, None),
            Some(bytes) => {
                let request = Request::parse(bytes).map_err(|_| format)?;
                check(keys, message, &private, request, &pan, token, amount)
            }
            None if token.is_some() || is_tap(message) => (None, Some(Reason::CryptogramMissing)),
            None => (None, None),
        };
        let operation = Authorise {
            key: Digest::of_message(&OriginalData::of(message)),
            kind,
            card: Digest(keys.card_key(&pan)),
            token,
            amount,
            original: message.original().map(|original| Digest::of_message(&original)),
            found,
            reference: message.text(field::REFERENCE).unwrap_or_default().to_owned(),
            stan: stan.number(),
            merchant: message.text(field::MERCHANT_NAME).unwrap_or_default().trim().to_owned(),
            settled_on: settlement_date(message),
            defences: Defences::ALL,
        };
        Ok(Payment { operation, chip })
    }

    /// The answer to send, with the issuer's cryptogram over it; `None` if none is to be sent, see
    /// [`Decision::timing`].
    pub fn answer(&self, request: &Message, decision: &Decision) -> Option<Message> {
        if decision.timing == Timing::Never {
            return None;
        }
        let code =
            ResponseCode::from_ascii(decision.reason.response().as_bytes()).expect("the table is tested");
        let mut answer = Message::answer_to(request, ECHOED);
        answer.set_response_code(code);
        if let Some(approval) = &decision.approval {
            answer.set_text(field::APPROVAL_CODE, approval);
        }
        if let Some(chip) = &self.chip {
            // Tag 91 = ARPC || DE 39, method 1 under the session key (JR/T 0025.7, 11.1.5).
            let proof = cryptogram::answer(chip, code.ascii());
            let mut bytes = Vec::with_capacity(12);
            let response = de55::Response { authentication: Some(proof), ..de55::Response::default() };
            response.write(&mut bytes).expect("twelve bytes fit into DE 55");
            answer.set(field::CHIP_DATA, &bytes);
        }
        Some(answer)
    }
}

impl Reversal {
    /// Reads a reversal; the error is what to answer in DE 39.
    pub(super) fn prepare(keys: &IssuerKeys, message: &Message) -> Result<Reversal, ResponseCode> {
        let format = ResponseCode::FORMAT_ERROR;
        let original = message.original().ok_or(format)?;
        let amount = message.amount().ok_or(format)?;
        let card = Digest(keys.card_key(&card_number(message)?));
        let (original, settled_on) = (Digest::of_message(&original), settlement_date(message));
        Ok(Reversal { operation: Reverse { original, card, amount, settled_on, defences: Defences::ALL } })
    }

    /// The answer to send.
    pub fn answer(&self, request: &Message, outcome: Reason) -> Message {
        let code = ResponseCode::from_ascii(outcome.response().as_bytes()).expect("the table is tested");
        refuse(request, code)
    }
}

fn card_number(message: &Message) -> Result<Pan, ResponseCode> {
    let digits = message.account_number().ok_or(ResponseCode::FORMAT_ERROR)?;
    Pan::parse(digits).map_err(|_| ResponseCode::BAD_CARD)
}

/// DE 15 as a number, 0 without one.
fn settlement_date(message: &Message) -> u16 {
    message.number(field::SETTLEMENT_DATE).and_then(|date| u16::try_from(date).ok()).unwrap_or(0)
}

/// What a message asks for: the table at the head of [`super::authorise`].
fn kind(message: &Message) -> Option<Kind> {
    let named = message.has(field::ORIGINAL);
    let mti = message.mti.first();
    match (message.get(field::PROCESSING_CODE)?.get(..2)?, mti) {
        (b"20", Mti::AUTHORISATION) if named => Some(Kind::GiveBack),
        (b"20", Mti::FINANCIAL | Mti::FINANCIAL_ADVICE) => Some(Kind::GiveBack),
        (b"00" | b"03", Mti::FINANCIAL | Mti::FINANCIAL_ADVICE) if named => Some(Kind::Completion),
        (b"00", Mti::FINANCIAL) => Some(Kind::Purchase),
        (b"00" | b"03", Mti::AUTHORISATION) => Some(Kind::PreAuthorisation),
        _ => None,
    }
}

/// Entry mode of a code that the phone showed: its cryptogram covers nothing that the shop says.
const SHOWN_CODE: &[u8] = b"03";
/// Entry mode of a shop's code that the phone scanned.
const SCANNED_CODE: &[u8] = b"04";

/// The first two digits of DE 22: how the card was read.
fn entry(message: &Message) -> &[u8] {
    message.get(field::ENTRY_MODE).and_then(|mode| mode.get(..2)).unwrap_or_default()
}

/// Codes, contact (05) and contactless (07) carry chip data.
fn is_tap(message: &Message) -> bool {
    matches!(entry(message), SHOWN_CODE | SCANNED_CODE | b"05" | b"07")
}

/// The shop and its terminal (DE 42, DE 41).
fn place(message: &Message) -> Place {
    let text = |number| message.get(number).unwrap_or_default();
    Place::new(text(field::MERCHANT), text(field::TERMINAL))
}

fn range_of(pan: &Pan, token: Option<TokenNumber>) -> Option<&'static Range> {
    let directory = Directory::sandbox();
    let found = match token {
        Some(token) => directory.by_token_prefix(token.issuer_prefix()),
        None => directory.by_pan_prefix(pan.issuer_prefix()),
    };
    found.map(|(_, range)| range)
}

/// Checks the cryptogram, then what it covers against the message.
fn check(
    keys: &IssuerKeys,
    message: &Message,
    private: &PrivateData<'_>,
    request: Request,
    pan: &Pan,
    token: Option<TokenNumber>,
    amount: Money,
) -> (Option<Genuine<Request>>, Option<Reason>) {
    let wrong = (None, Some(Reason::CryptogramWrong));
    let (Ok(card), Some(range)) = (request.unionpay(), range_of(pan, token)) else { return wrong };
    if (card.algorithm, card.key_index) != (range.algorithm_id(), range.dki) {
        return wrong;
    }
    let algorithm = Algorithm::from_id(card.algorithm);
    let Some((algorithm, master)) = algorithm.and_then(|a| Some((a, keys.master(a, card.key_index)?))) else {
        return wrong;
    };
    // Terminals may leave DE 23 out: every token has the sequence number of the card profile.
    let default = if token.is_some() { u64::from(TOKEN_PSN) } else { 0 };
    let psn = (message.number(field::CARD_SEQUENCE).unwrap_or(default) % 100) as u8;
    let card_key = match token {
        Some(token) => master.derive_token_key(token, psn),
        None => master.derive_card_key(pan.expose(), psn),
    };
    let entry = entry(message);
    let genuine = match entry {
        SHOWN_CODE => cryptogram::verify_shown_code(request, algorithm, &card_key),
        _ => cryptogram::verify(request, algorithm, &card_key),
    };
    let Ok(genuine) = genuine else { return wrong };
    let covered = &request.transaction;
    // JR/T 0025.7, 11.1: the input is rebuilt from DE 55, so DE 4 and DE 49 must be compared.
    let amounts_agree =
        covered.amount.minor() == amount.minor() && covered.currency.numeric() == amount.currency().numeric();
    let verified = card.cvr.is_device_verified();
    let claimed = private.byte(Tag::CUSTOMER_VERIFICATION) == Some(1)
        || request.ctq.is_some_and(|ctq| ctq.has(Ctq::DEVICE_VERIFIED));
    let code = matches!(entry, SHOWN_CODE | SCANNED_CODE);
    let network = &Directory::sandbox().network;
    let found = if !amounts_agree {
        Some(Reason::ChipAmountDiffers)
    } else if covered.aip.has(Aip::ON_DEVICE_VERIFICATION) != code {
        Some(Reason::ProfileDiffers)
    } else if entry == SCANNED_CODE && covered.unpredictable != place(message).number(covered.atc) {
        Some(Reason::PlaceDiffers)
    } else if request.aid.is_some_and(|aid| !range.is_aid(aid.as_bytes())) {
        Some(Reason::ApplicationDiffers)
    } else if claimed && !verified {
        Some(Reason::VerificationForged)
    } else if !verified && (code || amount.minor() > network.no_verification_limit().minor()) {
        Some(Reason::VerificationMissing)
    } else if entry == SHOWN_CODE
        && !message.has(field::PIN_BLOCK)
        && amount.minor() > network.codes().payment_max
    {
        Some(Reason::LimitCode)
    } else {
        None
    };
    (Some(genuine), found)
}
