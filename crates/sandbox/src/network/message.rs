//! From the wire to the network's operations and back.

use super::routing::{self, Route, route};
use super::settlement::SignOn;
use super::switching::{Answered, Direction, Reverse, StagedReversal, Switch, SwitchedAnswer};
use crate::defences::Defences;
use crate::digest::Digest;
use crate::directory::Institution;
use iso8583::{Message, Mti, OriginalData, Profile, ResponseCode, field};

/// A message that was understood.
pub enum Incoming {
    /// A request for money: execute, then do what the outcome says.
    Payment {
        /// To be executed by the store.
        operation: Box<Switch>,
        /// The issuer it is for; it goes to the token gateway.
        issuer: &'static Institution,
    },
    /// A reversal: execute, then answer with [`reversal_answer`].
    Reversal {
        /// To be executed by the store.
        operation: Box<Reverse>,
    },
    /// Account verification: forward as it is, pass the answer on. The issuer knows repeats.
    Pass {
        /// The issuer it is for.
        issuer: &'static Institution,
    },
    /// Network management: the answer, and perhaps something to execute.
    Management {
        /// To be sent.
        answer: Box<Message>,
        /// A sign-on or sign-off.
        operation: Option<SignOn>,
    },
}

/// What an answer of the network's own repeats of its request.
const ECHOED: &[u8] = &[
    field::ACCOUNT_NUMBER,
    field::PROCESSING_CODE,
    field::AMOUNT,
    field::TRANSMITTED,
    field::STAN,
    field::LOCAL_TIME,
    field::LOCAL_DATE,
    field::MERCHANT_CATEGORY,
    field::CARD_SEQUENCE,
    field::CONDITION,
    field::ACQUIRER,
    field::FORWARDER,
    field::REFERENCE,
    field::TERMINAL,
    field::MERCHANT,
    field::CURRENCY,
    field::NETWORK_CODE,
];

/// What of a request its reversal needs.
const ESSENCE: &[u8] = &[
    field::ACCOUNT_NUMBER,
    field::PROCESSING_CODE,
    field::AMOUNT,
    field::TRANSMITTED,
    field::STAN,
    field::MERCHANT_CATEGORY,
    field::ENTRY_MODE,
    field::CARD_SEQUENCE,
    field::ACQUIRER,
    field::FORWARDER,
    field::REFERENCE,
    field::TERMINAL,
    field::MERCHANT,
    field::CURRENCY,
];

fn refuse(request: &Message, code: ResponseCode) -> Message {
    let mut answer = Message::answer_to(request, ECHOED);
    answer.set_response_code(code);
    answer
}

/// Reads a request from the line; the error is the answer to send instead.
pub fn prepare(message: &Message) -> Result<Incoming, Box<Message>> {
    read(message).map_err(|code| Box::new(refuse(message, code)))
}

fn read(message: &Message) -> Result<Incoming, ResponseCode> {
    let issuer = match route(message).ok_or(ResponseCode::NO_ROUTE)? {
        Route::Network => return Ok(management(message)),
        Route::Issuer(issuer) => return Ok(Incoming::Pass { issuer }),
        Route::Gateway(issuer) => issuer,
    };
    let format = ResponseCode::FORMAT_ERROR;
    let mti = message.mti.first();
    match mti {
        Mti::AUTHORISATION | Mti::FINANCIAL | Mti::FINANCIAL_ADVICE => {
            let original = message.original().map(|original| Digest::of_message(&original));
            let name = Digest::of_message(&OriginalData::of(message));
            let operation = switch(message, issuer, name, original).ok_or(format)?;
            Ok(Incoming::Payment { operation: Box::new(operation), issuer })
        }
        Mti::REVERSAL | Mti::REVERSAL_ADVICE => {
            let original = message.original().ok_or(format)?;
            let switch = switch(message, issuer, Digest::of_message(&original), None).ok_or(format)?;
            let reason = message.text(field::RESPONSE_CODE).unwrap_or("06").to_owned();
            Ok(Incoming::Reversal { operation: Box::new(Reverse { original: switch, reason }) })
        }
        _ => Err(ResponseCode::BAD_TRANSACTION),
    }
}

fn switch(
    message: &Message,
    issuer: &'static Institution,
    name: Digest,
    original: Option<Digest>,
) -> Option<Switch> {
    let mti = message.mti.first();
    let processing = message.get(field::PROCESSING_CODE)?.get(..2)?;
    let direction = match (mti, processing) {
        (Mti::AUTHORISATION, _) => Direction::Nowhere,
        (_, b"20") => Direction::ToIssuer,
        _ => Direction::ToAcquirer,
    };
    // Without time and trace number a message has no name.
    if !message.has(field::TRANSMITTED) || !message.has(field::STAN) {
        return None;
    }
    let mut essence = Message::new(mti);
    essence.copy(message, ESSENCE);
    if !essence.has(field::ACCOUNT_NUMBER) {
        essence.set(field::ACCOUNT_NUMBER, message.account_number()?);
    }
    let mut bytes = Vec::with_capacity(200);
    Profile::Net.encode(&essence, &mut bytes).ok()?;
    Some(Switch {
        message: name,
        advice: mti.is_advice(),
        repeat: message.mti.is_repeat(),
        direction,
        amount: message.amount()?,
        acquirer: message.text(field::ACQUIRER)?.to_owned(),
        issuer: issuer.code.clone(),
        reference: message.text(field::REFERENCE).unwrap_or_default().to_owned(),
        original,
        essence: bytes,
        defences: Defences::ALL,
    })
}

/// Sign-on (001), sign-off (002), key change (101), cut-over (201), echo (301).
fn management(message: &Message) -> Incoming {
    let code = message.text(field::NETWORK_CODE);
    let on = match code {
        Some("001") => Some(true),
        Some("002") => Some(false),
        _ => None,
    };
    let known = on.is_some() || matches!(code, Some("101" | "201" | "301"));
    let answer = refuse(message, if known { ResponseCode::APPROVED } else { ResponseCode::BAD_TRANSACTION });
    let institution = message.text(field::ACQUIRER).or_else(|| message.text(field::FORWARDER));
    let operation = on.zip(institution).map(|(on, code)| SignOn { code: code.to_owned(), on });
    Incoming::Management { answer: Box::new(answer), operation }
}

/// The message as it goes on: DE 15 says the settlement day (`YYYYMMDD`).
pub fn forward(request: &Message, date: u32) -> Message {
    let mut forwarded = request.clone();
    forwarded.set_number(field::SETTLEMENT_DATE, u64::from(date % 10_000));
    forwarded
}

/// The network's own answer to a request: what it answered before, or a refusal.
pub fn own_answer(request: &Message, stored: &SwitchedAnswer) -> Message {
    let mut answer = Message::answer_to(request, ECHOED);
    answer.set_text(field::RESPONSE_CODE, &stored.code);
    if let Some(approval) = &stored.approval {
        answer.set_text(field::APPROVAL_CODE, approval);
    }
    if let Some(chip) = &stored.chip {
        answer.set(field::CHIP_DATA, chip);
    }
    answer
}

/// The network's answer to a reversal, with DE 39 as [`Reverse`] decided.
pub fn reversal_answer(request: &Message, code: &str) -> Message {
    own_answer(request, &SwitchedAnswer::of_network(code))
}

/// The name of the request that an answer from the issuer's side belongs to, and the operation that settles
/// it. `None` for answers to verification, which are passed on, and for what is no answer to a payment.
pub fn answered(answer: &Message) -> Option<Answered> {
    let is_payment = answer.mti.is_answer() && matches!(answer.mti.digits()[1], b'1' | b'2');
    if !is_payment || routing::is_verification(answer) {
        return None;
    }
    let text = |number| answer.text(number).map(str::to_owned);
    Some(Answered {
        message: Digest::of_message(&OriginalData::of(answer)),
        answer: SwitchedAnswer {
            code: answer.response_code()?.to_string(),
            approval: text(field::APPROVAL_CODE),
            chip: answer.get(field::CHIP_DATA).map(<[u8]>::to_vec),
        },
        defences: Defences::ALL,
    })
}

/// The reversal that a body under `network.reversal` stands for, to be sent to the gateway until its 0430 comes;
/// `None` if the body is not one. From the second time on set `message.mti = message.mti.repeat()`.
pub fn open_reversal(body: &[u8]) -> Option<Message> {
    let staged: StagedReversal = postcard::from_bytes(body).ok()?;
    let essence = Profile::Net.decode(&staged.essence).ok()?;
    let mut reversal = Message::new(Mti::REVERSAL_ADVICE);
    reversal.copy(&essence, ESSENCE);
    reversal.set_original(OriginalData::of(&essence)).set_text(field::RESPONSE_CODE, &staged.reason);
    reversal.set_number(field::SETTLEMENT_DATE, u64::from(staged.date % 10_000));
    Some(reversal)
}
