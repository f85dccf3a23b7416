//! Messages about cards and what was paid with them, which move no money: 0100 with processing code 33, functions 01 to 08 in
//! DE 48 (D0).
//!
//! | function | in | out |
//! | --- | --- | --- |
//! | 01 | D2 sealed card data, D3 risk data, D4 reference | D5 decision, D6 methods, D9 reason, DA profile |
//! | 02 | D4, DB method | D9 |
//! | 03 | D4, D7 sealed one-time password | D8 tries left, D9 |
//! | 04 | D4, C1 token, C2 expiry, C3 requestor, C4 account reference | D9 |
//! | 05 | D4, C1 token, C4 account reference, DC state, DD changed by, DE version | D9 |
//! | 06 | C1 token, E1 claim, and the payment in DE 90, the amount in DE 4 and 49 | D9, E2 dispute |
//! | 07, 08 | C1 token, and the payment in DE 90 | D9, E2 |
//!
//! Card data is `{"pan","expiry","cvv2","phone"}`, expiry as `YYMM`, sealed for [`CARD_DATA`]; a password is sealed
//! for [`password_context`]. Risk data is `{"device","country"}`; what else it has is not read.

use super::dispute::{
    Answered, Claim, DisputeState, EndDispute, Ending, LookAtDispute, NoDispute, RaiseDispute,
};
use super::enrolment::{Evaluate, Evaluation, Linked, Provisioned};
use super::password::{self, CheckCode, Checked, CodeSent, SendCode};
use super::rules::Outcome;
use super::standing::{NoteStanding, Noted, TokenCondition};
use crate::defences::Defences;
use crate::digest::Digest;
use crate::keys::IssuerKeys;
use iso8583::{Message, OriginalData, PrivateData, ResponseCode, Tag, field};
use serde::{Deserialize, Serialize};
use values::{Country, Expiry, Pan, SecretBytes, Timestamp, TokenNumber, constant_time_eq};

/// The context for which card data is sealed to the issuer.
pub const CARD_DATA: &str = "paiza:card-data";

/// The context for which a one-time password is sealed to the issuer.
pub fn password_context(reference: &str) -> String {
    format!("paiza:one-time-password:{reference}")
}

/// The longest enrolment reference that is taken.
const REFERENCE_MAX: usize = 64;

/// A message about adding a card, ready to be executed by the store.
pub enum Verification {
    /// May this card be added?
    Evaluate(Evaluate),
    /// Send a one-time password.
    SendCode(SendCode),
    /// Is this the one-time password?
    CheckCode(CheckCode),
    /// A token was made.
    Provisioned(Provisioned),
    /// Where a token stands.
    Standing(NoteStanding),
    /// A payment is disputed.
    Dispute(RaiseDispute),
    /// How does the dispute of a payment stand?
    LookAtDispute(LookAtDispute),
    /// A dispute is given up.
    EndDispute(EndDispute),
}

#[derive(Deserialize)]
struct CardData<'a> {
    pan: &'a str,
    expiry: &'a str,
    cvv2: &'a str,
    phone: &'a str,
}

#[derive(Deserialize)]
struct RiskData {
    #[serde(default)]
    device: String,
    country: Option<u16>,
}

impl Verification {
    /// Reads a request; the error is what to answer in DE 39.
    pub(super) fn prepare(
        keys: &IssuerKeys,
        message: &Message,
        entropy: impl FnOnce() -> [u8; 32],
    ) -> Result<Verification, ResponseCode> {
        let format = ResponseCode::FORMAT_ERROR;
        let private = message.private_data().map_err(|_| format)?;
        if let Some(function @ 6..=8) = private.byte(Tag::VERIFICATION_FUNCTION) {
            return dispute(message, &private, function).ok_or(format);
        }
        let reference = private.text(Tag::ENROLMENT).filter(|text| (1..=REFERENCE_MAX).contains(&text.len()));
        let reference = reference.ok_or(format)?;
        // A repeat carries the same time and trace number.
        let name = Digest::of_message(&OriginalData::of(message));
        match private.byte(Tag::VERIFICATION_FUNCTION) {
            Some(1) => evaluate(keys, &private, reference).map(Verification::Evaluate),
            Some(2) => {
                let method = private.text(Tag::METHOD).ok_or(format)?;
                Ok(Verification::SendCode(SendCode::new(keys, reference, method, name, entropy())))
            }
            Some(3) => {
                let typed = private
                    .text(Tag::SEALED_PASSWORD)
                    .and_then(|sealed| open_password(keys, sealed, reference));
                let code = password::code_digest(keys, reference, typed.ok_or(format)?.expose());
                Ok(Verification::CheckCode(CheckCode {
                    reference: reference.to_owned(),
                    code,
                    message: name,
                    defences: Defences::ALL,
                }))
            }
            Some(4) => provisioned(&private, reference).map(Verification::Provisioned).ok_or(format),
            Some(5) => standing(&private, reference).map(Verification::Standing).ok_or(format),
            _ => Err(ResponseCode::NOT_SUPPORTED),
        }
    }
}

fn open_password(keys: &IssuerKeys, sealed: &str, reference: &str) -> Option<SecretBytes> {
    let opened = crypto::jwe::open(keys.agreement(), sealed, &password_context(reference)).ok()?;
    let digits = opened.expose();
    (digits.len() == password::DIGITS && digits.iter().all(u8::is_ascii_digit)).then_some(opened)
}

fn evaluate(keys: &IssuerKeys, private: &PrivateData<'_>, reference: &str) -> Result<Evaluate, ResponseCode> {
    let format = ResponseCode::FORMAT_ERROR;
    let sealed = private.text(Tag::SEALED_CARD).ok_or(format)?;
    let opened = crypto::jwe::open(keys.agreement(), sealed, CARD_DATA).map_err(|_| format)?;
    let typed: CardData<'_> = serde_json::from_slice(opened.expose()).map_err(|_| format)?;
    let pan = Pan::parse(typed.pan.as_bytes()).map_err(|_| format)?;
    let expiry = Expiry::from_yymm(typed.expiry.as_bytes()).map_err(|_| format)?;
    let risk = private.get(Tag::RISK_DATA).unwrap_or(b"{}");
    let risk: RiskData = serde_json::from_slice(risk).map_err(|_| format)?;
    let country = risk.country.map_or(Some(Country::CHINA), Country::from_numeric).ok_or(format)?;
    Ok(Evaluate {
        reference: reference.to_owned(),
        card: Digest(keys.card_key(&pan)),
        cvv2_right: constant_time_eq(keys.cvv2(&pan, expiry).expose(), typed.cvv2.as_bytes()),
        expiry,
        phone: typed.phone.to_owned(),
        device: risk.device,
        country,
        defences: Defences::ALL,
    })
}

fn provisioned(private: &PrivateData<'_>, reference: &str) -> Option<Provisioned> {
    Some(Provisioned {
        reference: reference.to_owned(),
        token: TokenNumber::parse(private.get(Tag::TOKEN_NUMBER)?).ok()?,
        expiry: Expiry::from_yymm(private.get(Tag::TOKEN_EXPIRY)?).ok()?,
        requestor: private.text(Tag::TOKEN_REQUESTOR).unwrap_or_default().to_owned(),
        account_reference: private.text(Tag::ACCOUNT_REFERENCE).unwrap_or_default().to_owned(),
        defences: Defences::ALL,
    })
}

fn dispute(message: &Message, private: &PrivateData<'_>, function: u8) -> Option<Verification> {
    let payment = Digest::of_message(&message.original()?);
    let token = TokenNumber::parse(private.get(Tag::TOKEN_NUMBER)?).ok()?;
    Some(match function {
        6 => Verification::Dispute(RaiseDispute {
            payment,
            token,
            claim: Claim::parse(private.text(Tag::CLAIM)?)?,
            amount: message.amount()?,
            defences: Defences::ALL,
        }),
        7 => Verification::LookAtDispute(LookAtDispute { payment, token }),
        _ => {
            let ending = Ending::Withdraw;
            Verification::EndDispute(EndDispute { payment, token: Some(token), ending })
        }
    })
}

/// The longest word for who did something that is taken.
const CHANGED_BY_MAX: usize = 16;

fn standing(private: &PrivateData<'_>, reference: &str) -> Option<NoteStanding> {
    let changed_by = private.text(Tag::CHANGED_BY)?;
    let word = changed_by.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    Some(NoteStanding {
        reference: reference.to_owned(),
        token: TokenNumber::parse(private.get(Tag::TOKEN_NUMBER)?).ok()?,
        account_reference: private.text(Tag::ACCOUNT_REFERENCE).unwrap_or_default().to_owned(),
        condition: TokenCondition::parse(private.text(Tag::TOKEN_STATE)?)?,
        changed_by: (word && changed_by.len() <= CHANGED_BY_MAX).then(|| changed_by.to_owned())?,
        version: private.text(Tag::STATE_VERSION)?.parse().ok()?,
    })
}

fn answer(request: &Message, code: &[u8; 2], reason: &str) -> Message {
    let echoed = [
        field::PROCESSING_CODE,
        field::TRANSMITTED,
        field::STAN,
        field::ACQUIRER,
        field::FORWARDER,
        field::REFERENCE,
        field::TERMINAL,
    ];
    let mut answer = Message::answer_to(request, &echoed);
    answer.set(field::RESPONSE_CODE, code);
    answer.set_private(Tag::REASON, reason.as_bytes());
    answer
}

/// The answer to function 01. Green and yellow are 00, red is 05: what counts is D5.
pub fn answer_evaluation(request: &Message, evaluation: &Evaluation) -> Message {
    let code = if evaluation.outcome == Outcome::Red { b"05" } else { b"00" };
    let mut answer = answer(request, code, &evaluation.reason);
    answer.set_private(Tag::DECISION, evaluation.outcome.word().as_bytes());
    let json = "strings and numbers serialise";
    if !evaluation.methods.is_empty() {
        answer.set_private(Tag::STEP_UP_METHODS, &serde_json::to_vec(&evaluation.methods).expect(json));
    }
    if let Some(profile) = &evaluation.profile {
        answer.set_private(Tag::CARD_PROFILE, &serde_json::to_vec(profile).expect(json));
    }
    answer
}

/// The answer to function 02.
pub fn answer_code_sent(request: &Message, sent: CodeSent) -> Message {
    match sent {
        CodeSent::Sent => answer(request, b"00", "code_sent"),
        CodeSent::NotWaiting => answer(request, b"25", "enrolment_not_waiting"),
        CodeSent::MethodUnknown => answer(request, b"12", "method_unknown"),
        CodeSent::TooMany => answer(request, b"65", "too_many_codes"),
    }
}

/// The answer to function 03.
pub fn answer_code_checked(request: &Message, checked: Checked) -> Message {
    let (code, reason, left) = match checked {
        Checked::Right => (b"00", "code_right", None),
        Checked::Wrong(left) => (b"55", "code_wrong", Some(left)),
        Checked::Void => (b"75", "code_void", Some(0)),
        Checked::Expired => (b"75", "code_expired", Some(0)),
        Checked::None => (b"25", "code_unknown", Some(0)),
    };
    let mut answer = answer(request, code, reason);
    if let Some(left) = left {
        answer.set_private(Tag::TRIES_LEFT, &[left]);
    }
    answer
}

/// The answer to function 04.
pub fn answer_provisioned(request: &Message, linked: Linked) -> Message {
    match linked {
        Linked::Yes => answer(request, b"00", "token_linked"),
        Linked::Unknown => answer(request, b"25", "enrolment_unknown"),
        Linked::NotApproved => answer(request, b"57", "enrolment_not_approved"),
        Linked::Taken => answer(request, b"94", "token_taken"),
    }
}

/// A dispute as E2 has it.
#[derive(Serialize)]
struct ToldDispute {
    state: DisputeState,
    claim: Claim,
    amount: u64,
    currency: u16,
    credited: u64,
    raised_at: i64,
    due_at: i64,
    ended_at: Option<i64>,
}

/// The answer to functions 06 to 08.
pub fn answer_dispute(request: &Message, answered: &Answered) -> Message {
    let dispute = match answered {
        Ok(dispute) => dispute,
        Err(no @ (NoDispute::Unknown | NoDispute::None)) => return answer(request, b"25", no.code()),
        Err(no) => return answer(request, b"12", no.code()),
    };
    let told = ToldDispute {
        state: dispute.state,
        claim: dispute.claim,
        amount: dispute.amount,
        currency: dispute.currency.numeric(),
        credited: dispute.credited,
        raised_at: dispute.raised_at.millis(),
        due_at: dispute.due_at.millis(),
        ended_at: dispute.ended_at.map(Timestamp::millis),
    };
    let mut answer = answer(request, b"00", "dispute_noted");
    answer.set_private(Tag::DISPUTE, &serde_json::to_vec(&told).expect("strings and numbers serialise"));
    answer
}

/// The answer to function 05.
pub fn answer_standing(request: &Message, noted: Noted) -> Message {
    match noted {
        Noted::Yes => answer(request, b"00", "token_state_noted"),
        Noted::Known => answer(request, b"00", "token_state_known"),
        Noted::Unknown => answer(request, b"25", "enrolment_unknown"),
        Noted::Taken => answer(request, b"94", "token_taken"),
    }
}
