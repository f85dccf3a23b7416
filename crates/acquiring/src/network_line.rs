//! What is said to the network and heard from it: messages of the `net` profile.
//!
//! Everything but the card's own elements comes from the record, so a message can be built again after a
//! restart and is the same. PIN blocks are not copied: they are translated by whoever holds the keys.

use crate::names::{ApprovalCode, Reference};
use crate::records::{Institution, Merchant, Original, Payment, PaymentKind};
use crate::refusal::Refusal;
use iso8583::{Message, Mti, OriginalData, ResponseCode, Stan, field};
use values::{Money, Timestamp, time::Civil, time::Zone};

/// What of a terminal's message goes on as it is.
const OF_THE_CARD: [u8; 5] =
    [field::ACCOUNT_NUMBER, field::EXPIRY, field::TRACK_TWO, field::CHIP_DATA, field::CARD_SEQUENCE];

/// A payment as a request (sale, pre-authorisation, completion) or advice (refund).
///
/// `inbound` is the terminal's message; without it, as for a repeated advice, the card is named by its token
/// alone.
pub fn request(
    payment: &Payment,
    merchant: &Merchant,
    institution: &Institution,
    inbound: Option<&Message>,
) -> Message {
    let mut message = begin(payment.kind.mti(), payment, merchant, institution);
    if let Some(inbound) = inbound {
        message.copy(inbound, &OF_THE_CARD);
        complete_card(&mut message, inbound);
    }
    let local = institution.local(payment.accepted_at);
    message.set_number(field::LOCAL_TIME, clock(local));
    message.set_number(field::LOCAL_DATE, u64::from(local.month) * 100 + u64::from(local.day));
    message.set_number(field::ACQUIRER_COUNTRY, u64::from(merchant.country.numeric()));
    message.set(field::MERCHANT_NAME, &name_and_place(merchant));
    if let Some(original) = &payment.original {
        message.set_original(original_data(original, institution));
        if let Some(code) = original.approval_code {
            message.set(field::APPROVAL_CODE, code.padded());
        }
    }
    message
}

/// The reversal advice of a payment (0420), with the trace number and time of the original. A repeat is the same
/// with `message.mti.repeat()`.
pub fn reversal(payment: &Payment, merchant: &Merchant, institution: &Institution) -> Message {
    let mut message = begin(Mti::REVERSAL_ADVICE, payment, merchant, institution);
    message.set_response_code(payment.reversal_reason.unwrap_or(ResponseCode::OTHER_ERROR));
    message.set_original(original_data(&payment.as_original(), institution));
    if let Some(code) = payment.approval_code {
        message.set(field::APPROVAL_CODE, code.padded());
    }
    message
}

/// What network management is about (DE 70).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkCode {
    /// We begin.
    SignOn,
    /// We end.
    SignOff,
    /// Is anybody there?
    Echo,
}

/// A network management request (0800).
pub fn network_management(
    code: NetworkCode,
    stan: Stan,
    institution: &Institution,
    now: Timestamp,
) -> Message {
    let mut message = Message::new(Mti::NETWORK);
    let number = match code {
        NetworkCode::SignOn => 1,
        NetworkCode::SignOff => 2,
        NetworkCode::Echo => 301,
    };
    message.set_number(field::TRANSMITTED, transmitted(now)).set_stan(stan);
    message.set_text(field::FORWARDER, institution.id.as_str()).set_number(field::NETWORK_CODE, number);
    message
}

/// What the network said about a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkAnswer {
    /// Which payment.
    pub reference: Reference,
    /// The type of the answer.
    pub mti: Mti,
    /// The trace number it repeats.
    pub stan: Stan,
    /// The amount it repeats, if it does.
    pub amount: Option<Money>,
    /// What the issuer said.
    pub code: ResponseCode,
    /// The issuer's approval code.
    pub approval_code: Option<ApprovalCode>,
    /// The settlement date, `MMDD`, if the network gave it one.
    pub settled_on: Option<u16>,
}

impl NetworkAnswer {
    /// Reads the answer to a payment or reversal.
    pub fn read(message: &Message) -> Result<NetworkAnswer, Refusal> {
        let reference = message.get(field::REFERENCE).ok_or(Refusal::Incomplete)?;
        Ok(NetworkAnswer {
            reference: Reference::parse(reference).map_err(|_| Refusal::Incomplete)?,
            mti: message.mti.first(),
            stan: message.stan().ok_or(Refusal::Incomplete)?,
            amount: message.amount(),
            code: message.response_code().ok_or(Refusal::Incomplete)?,
            approval_code: message.get(field::APPROVAL_CODE).and_then(|code| ApprovalCode::parse(code).ok()),
            settled_on: message.number(field::SETTLEMENT_DATE).and_then(|date| u16::try_from(date).ok()),
        })
    }
}

fn begin(mti: Mti, payment: &Payment, merchant: &Merchant, institution: &Institution) -> Message {
    let mut message = Message::new(mti);
    let (processing, condition) = match payment.kind {
        PaymentKind::Sale => ("000000", "00"),
        PaymentKind::PreAuthorisation => ("030000", "06"),
        PaymentKind::Completion => ("000000", "06"),
        PaymentKind::Refund => ("200000", "00"),
    };
    if let Some(token) = payment.token {
        message.set_text(field::ACCOUNT_NUMBER, &token.digits());
    }
    if let Some(sequence) = payment.card_sequence {
        message.set_number(field::CARD_SEQUENCE, u64::from(sequence));
    }
    message.set_text(field::PROCESSING_CODE, processing).set_text(field::CONDITION, condition);
    message.set_amount(payment.money()).set_number(field::TRANSMITTED, transmitted(payment.accepted_at));
    message
        .set_stan(payment.stan)
        .set_number(field::MERCHANT_CATEGORY, u64::from(u16::from(merchant.category)));
    message.set(field::ENTRY_MODE, payment.entry_mode.padded());
    message.set_text(field::ACQUIRER, institution.id.as_str());
    message.set_text(field::FORWARDER, institution.forwarder.as_str());
    message.set(field::REFERENCE, payment.reference.padded());
    message.set(field::TERMINAL, payment.terminal.padded());
    message.set(field::MERCHANT, merchant.acceptor.padded());
    message
}

/// Terminals often send track 2 alone; the network wants number and expiry as elements of their own.
fn complete_card(message: &mut Message, inbound: &Message) {
    if let Some(number) = inbound.account_number() {
        message.set(field::ACCOUNT_NUMBER, number);
    }
    if let Some(expiry) = inbound.expiry() {
        message.set_text(field::EXPIRY, &expiry.to_yymm());
    }
}

fn original_data(original: &Original, institution: &Institution) -> OriginalData {
    let mut message = Message::new(original.kind.mti());
    message.set_stan(original.stan).set_number(field::TRANSMITTED, transmitted(original.accepted_at));
    message.set_text(field::ACQUIRER, institution.id.as_str());
    message.set_text(field::FORWARDER, institution.forwarder.as_str());
    OriginalData::of(&message)
}

/// DE 7: `MMDDhhmmss` in UTC.
fn transmitted(at: Timestamp) -> u64 {
    let utc = at.civil(Zone::Utc);
    (u64::from(utc.month) * 100 + u64::from(utc.day)) * 1_000_000 + clock(utc)
}

fn clock(at: Civil) -> u64 {
    u64::from(at.hour) * 10_000 + u64::from(at.minute) * 100 + u64::from(at.second)
}

/// Characters of DE 43 that hold the merchant's name; the town and the country follow.
pub const NAME_LENGTH: usize = 24;

/// DE 43: name, town 13, country 3 digits.
fn name_and_place(merchant: &Merchant) -> [u8; 40] {
    let mut text = [b' '; 40];
    fill(&mut text[..NAME_LENGTH], &merchant.name);
    fill(&mut text[NAME_LENGTH..37], &merchant.city);
    fill(&mut text[37..], &format!("{:03}", merchant.country.numeric()));
    text
}

/// As much of the text as fits without cutting a character in two; control characters become spaces.
fn fill(place: &mut [u8], text: &str) {
    let mut at = 0;
    for character in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        let end = at + character.len_utf8();
        let Some(room) = place.get_mut(at..end) else { return };
        character.encode_utf8(room);
        at = end;
    }
}

/// The reference number of a payment: last digit of the year, day of the year, hour (all UTC), trace number.
pub(crate) fn reference(at: Timestamp, stan: Stan) -> Reference {
    let utc = at.civil(Zone::Utc);
    let midnight = Civil { hour: 0, minute: 0, second: 0, ..utc };
    let new_year = Civil { month: 1, day: 1, ..midnight };
    let day = match (Timestamp::from_civil(midnight, Zone::Utc), Timestamp::from_civil(new_year, Zone::Utc)) {
        (Some(today), Some(first)) => today.since(first).as_secs() / 86_400 + 1,
        _ => 1,
    };
    let text = format!("{}{day:03}{:02}{stan}", utc.year.unsigned_abs() % 10, utc.hour);
    Reference::parse(text.as_bytes()).expect("twelve digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_twelve_digits_with_the_day_of_the_year() {
        // 2026-11-22 is day 326.
        let at = Timestamp::from_millis(1_795_305_600_000 + 9 * 3_600_000);
        assert_eq!(reference(at, Stan::new(42).unwrap()).as_str(), "632609000042");
    }

    #[test]
    fn names_are_cut_between_characters() {
        let mut place = [b' '; 5];
        fill(&mut place, "ab\u{4eac}\u{4eac}");
        assert_eq!(str::from_utf8(&place), Ok("ab\u{4eac}"));
    }
}
