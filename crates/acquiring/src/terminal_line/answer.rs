//! What a terminal is told.

use crate::names::{ApprovalCode, EntryMode, Reference};
use crate::records::{BillName, Institution, Payment, PaymentState};
use iso8583::{Message, ResponseCode, field};
use values::{Money, Timestamp, TokenNumber};

/// What every answer repeats of its request.
const ECHOED: [u8; 9] = [
    field::PROCESSING_CODE,
    field::AMOUNT,
    field::STAN,
    field::CONDITION,
    field::REFERENCE,
    field::TERMINAL,
    field::MERCHANT,
    field::CURRENCY,
    field::BATCH,
];

/// The answer to a payment, as the payment now stands. `network` is the network's answer, whose chip data and
/// remarks are for the card and the customer.
pub fn answer(
    request: &Message,
    payment: &Payment,
    network: Option<&Message>,
    institution: &Institution,
) -> Message {
    let mut answer = accepted(request, payment.accepted_at, institution);
    answer.set(field::REFERENCE, payment.reference.padded()).set_response_code(outcome(payment));
    if let Some(code) = payment.approval_code {
        answer.set(field::APPROVAL_CODE, code.padded());
    }
    if let Some(network) = network {
        answer.copy(network, &[field::ADDITIONAL_RESPONSE, field::ADDITIONAL_AMOUNTS, field::CHIP_DATA]);
    }
    answer.set(field::ACQUIRER, institution.id.as_str().as_bytes());
    answer
}

/// What the merchant may believe of a payment.
fn outcome(payment: &Payment) -> ResponseCode {
    match payment.state {
        PaymentState::Approved | PaymentState::Completed | PaymentState::Advised => ResponseCode::APPROVED,
        PaymentState::Declined => payment.response_code.unwrap_or(ResponseCode::DO_NOT_HONOUR),
        PaymentState::Pending | PaymentState::ReversalPending | PaymentState::Reversed => {
            ResponseCode::NO_ANSWER
        }
    }
}

/// A payment by a scanned code, for the terminal that did not make it; nothing while nobody knows how it ends.
pub fn code_news(
    request: &Message,
    payment: Option<&Payment>,
    now: Timestamp,
    institution: &Institution,
) -> Message {
    let Some(payment) = payment.filter(|payment| payment.state != PaymentState::Pending) else {
        return refused(request, ResponseCode::ORIGINAL_NOT_FOUND);
    };
    let mut answer = accepted(request, now, institution);
    answer.set_amount(payment.money()).set_response_code(outcome(payment));
    answer.set(field::REFERENCE, payment.reference.padded());
    answer.set(field::ENTRY_MODE, payment.entry_mode.padded());
    answer.set_text(field::ORIGINAL_TERMINAL, &format!("{:06}{}", payment.batch, payment.terminal_trace));
    if let Some(token) = payment.token {
        answer.set_text(field::ACCOUNT_NUMBER, &token.digits());
    }
    if let Some(sequence) = payment.card_sequence {
        answer.set_number(field::CARD_SEQUENCE, u64::from(sequence));
    }
    if let Some(code) = payment.approval_code {
        answer.set(field::APPROVAL_CODE, code.padded());
    }
    answer
}

/// What such an answer tells the terminal.
#[derive(Clone, Debug)]
pub struct CodeNews {
    /// The terminal's batch and trace number it counts under.
    pub name: BillName,
    /// How much.
    pub amount: Money,
    /// The token that paid.
    pub token: TokenNumber,
    /// Card sequence number.
    pub card_sequence: Option<u8>,
    /// How the code was read (DE 22).
    pub entry_mode: EntryMode,
    /// The acquirer's name for it.
    pub reference: Reference,
    /// Approved, or why not; 98 if it was taken back.
    pub code: ResponseCode,
    /// The issuer's approval code.
    pub approval_code: Option<ApprovalCode>,
}

impl CodeNews {
    /// Reads the answer; none if there is no such payment, or nobody knows yet how it ends.
    pub fn read(answer: &Message) -> Option<CodeNews> {
        Some(CodeNews {
            name: BillName::parse(answer.text(field::ORIGINAL_TERMINAL)?)?,
            amount: answer.amount()?,
            token: TokenNumber::parse(answer.account_number()?).ok()?,
            card_sequence: answer.number(field::CARD_SEQUENCE).and_then(|number| u8::try_from(number).ok()),
            entry_mode: EntryMode::parse(answer.get(field::ENTRY_MODE)?).ok()?,
            reference: Reference::parse(answer.get(field::REFERENCE)?).ok()?,
            code: answer.response_code()?,
            approval_code: answer.get(field::APPROVAL_CODE).and_then(|code| ApprovalCode::parse(code).ok()),
        })
    }
}

/// Yes to a void, a reversal or an echo.
pub fn accepted(request: &Message, now: Timestamp, institution: &Institution) -> Message {
    let mut answer = Message::answer_to(request, &ECHOED);
    let local = institution.local(now);
    let time = u64::from(local.hour) * 10_000 + u64::from(local.minute) * 100 + u64::from(local.second);
    answer.set_number(field::LOCAL_TIME, time);
    answer.set_number(field::LOCAL_DATE, u64::from(local.month) * 100 + u64::from(local.day));
    answer.copy(request, &[field::NETWORK_CODE]);
    answer.set_response_code(ResponseCode::APPROVED);
    answer
}

/// No, for this reason.
pub fn refused(request: &Message, code: ResponseCode) -> Message {
    let mut answer = Message::answer_to(request, &ECHOED);
    answer.copy(request, &[field::NETWORK_CODE]).set_response_code(code);
    answer
}

/// The answer to a settlement: the totals come back with 1 (balanced) or 2 at their end.
pub fn settled(request: &Message, balanced: bool, now: Timestamp, institution: &Institution) -> Message {
    let mut answer = accepted(request, now, institution);
    let mut totals = request.get(field::PRIVATE_DATA).unwrap_or_default().to_vec();
    totals.truncate(30);
    totals.push(if balanced { b'1' } else { b'2' });
    answer.set(field::PRIVATE_DATA, &totals);
    if !balanced {
        answer.set_response_code(ResponseCode::OUT_OF_BALANCE);
    }
    answer
}

/// The answer to a sign-on tells the open batch in DE 60.
pub fn signed_on(request: &Message, batch: u32, now: Timestamp, institution: &Institution) -> Message {
    let mut answer = accepted(request, now, institution);
    answer.set_text(field::BATCH, &format!("00{:06}001", batch % 1_000_000));
    answer
}
