//! A terminal's message becomes a request, once, at the door.

use crate::names::{AcceptorId, EntryMode, Reference, TerminalId};
use crate::records::{Institution, PaymentKind, Tally};
use crate::refusal::Refusal;
use iso8583::{Message, ResponseCode, Stan, field};
use values::{LastFour, MerchantCategory, Money, TokenNumber};

/// What a terminal asks.
#[derive(Clone, Debug)]
pub enum Request {
    /// A sale, pre-authorisation, completion or refund.
    Payment(PaymentRequest),
    /// To take back an approved payment of the open batch.
    Void(VoidRequest),
    /// To undo a request whose answer did not come or could not be used.
    Reversal(ReversalRequest),
    /// To close the batch.
    Settlement(SettlementRequest),
    /// To open a bill, before a code for it is shown.
    Bill(BillRequest),
    /// What became of payments by scanned codes.
    CodeNews(CodeNewsRequest),
    /// Sign-on, sign-off, echo.
    Network(NetworkRequest),
}

/// A sale, pre-authorisation, completion or refund. Holds no track and no number outside the token ranges.
#[derive(Clone, Debug)]
pub struct PaymentRequest {
    /// What is asked.
    pub kind: PaymentKind,
    /// The terminal.
    pub terminal: TerminalId,
    /// The merchant as the terminal names it.
    pub acceptor: AcceptorId,
    /// The terminal's trace number.
    pub trace: Stan,
    /// The terminal's batch.
    pub batch: u32,
    /// What is to be paid.
    pub amount: Money,
    /// How the card was read.
    pub entry_mode: EntryMode,
    /// Card sequence number.
    pub card_sequence: Option<u16>,
    /// The token, if the number is one.
    pub token: Option<TokenNumber>,
    /// The last four digits of the number, if one was sent.
    pub last_four: Option<LastFour>,
    /// The merchant category, if the terminal names one.
    pub category: Option<MerchantCategory>,
    /// The payment that is completed or paid back.
    pub original: Option<Reference>,
}

/// A void of an approved payment.
#[derive(Clone, Debug)]
pub struct VoidRequest {
    /// The terminal.
    pub terminal: TerminalId,
    /// The merchant as the terminal names it.
    pub acceptor: AcceptorId,
    /// The trace number of the void.
    pub trace: Stan,
    /// The terminal's batch.
    pub batch: u32,
    /// The payment to take back.
    pub original: Reference,
    /// Its amount, for comparison.
    pub amount: Money,
}

/// A reversal: it carries the trace number of what it undoes.
#[derive(Clone, Debug)]
pub struct ReversalRequest {
    /// The terminal.
    pub terminal: TerminalId,
    /// The merchant as the terminal names it.
    pub acceptor: AcceptorId,
    /// The trace number of what is undone.
    pub trace: Stan,
    /// The terminal's batch.
    pub batch: u32,
    /// The amount of what is undone, for comparison.
    pub amount: Money,
    /// Why.
    pub reason: ResponseCode,
}

/// A bill that a code will name.
#[derive(Clone, Debug)]
pub struct BillRequest {
    /// The terminal.
    pub terminal: TerminalId,
    /// The merchant as the terminal names it.
    pub acceptor: AcceptorId,
    /// The trace number that the payment will have.
    pub trace: Stan,
    /// The terminal's batch.
    pub batch: u32,
    /// What is to be paid.
    pub amount: Money,
}

/// A question for one payment by a scanned code.
#[derive(Clone, Debug)]
pub struct CodeNewsRequest {
    /// The terminal.
    pub terminal: TerminalId,
    /// The merchant as the terminal names it.
    pub acceptor: AcceptorId,
    /// Its place among the terminal's, from 1.
    pub number: u32,
}

/// The totals of a batch as its terminal counted them.
#[derive(Clone, Debug)]
pub struct SettlementRequest {
    /// The terminal.
    pub terminal: TerminalId,
    /// The merchant as the terminal names it.
    pub acceptor: AcceptorId,
    /// The batch to close.
    pub batch: u32,
    /// Sales and completions that stand.
    pub sales: Tally,
    /// Refunds that stand.
    pub refunds: Tally,
}

/// Something about the line, not about money.
#[derive(Clone, Debug)]
pub struct NetworkRequest {
    /// The terminal.
    pub terminal: TerminalId,
    /// The merchant, if the terminal names it.
    pub acceptor: Option<AcceptorId>,
    /// 1 sign on, 2 sign off, 301 echo.
    pub code: u16,
}

/// Reads a terminal's message.
pub fn read(message: &Message, institution: &Institution) -> Result<Request, Refusal> {
    let processing = message.get(field::PROCESSING_CODE).and_then(|code| code.get(..2));
    let completing = message.get(field::CONDITION) == Some(b"06");
    match (message.mti.first().digits(), processing) {
        (b"0100", Some(b"03")) => payment(message, institution, PaymentKind::PreAuthorisation),
        (b"0100", Some(b"36")) => bill(message),
        (b"0100", Some(b"37")) => code_news(message),
        (b"0200", Some(b"00")) if completing => payment(message, institution, PaymentKind::Completion),
        (b"0200", Some(b"00")) => payment(message, institution, PaymentKind::Sale),
        (b"0220", Some(b"20")) => payment(message, institution, PaymentKind::Refund),
        (b"0100" | b"0200", Some(b"20")) => void(message),
        (b"0400" | b"0420", _) => reversal(message),
        (b"0500", _) => settlement(message),
        (b"0800", _) => Ok(Request::Network(NetworkRequest {
            terminal: terminal(message)?,
            acceptor: acceptor(message).ok(),
            code: message.number(field::NETWORK_CODE).ok_or(Refusal::Incomplete)? as u16,
        })),
        _ => Err(Refusal::NotSupported),
    }
}

fn payment(message: &Message, institution: &Institution, kind: PaymentKind) -> Result<Request, Refusal> {
    Ok(Request::Payment(PaymentRequest {
        kind,
        terminal: terminal(message)?,
        acceptor: acceptor(message)?,
        trace: trace(message)?,
        batch: batch(message)?,
        amount: amount(message)?,
        entry_mode: name(message, field::ENTRY_MODE, EntryMode::parse)?,
        card_sequence: message.number(field::CARD_SEQUENCE).map(|number| number as u16),
        token: message.account_number().and_then(|digits| institution.token(digits)),
        last_four: message.last_four(),
        category: message.merchant_category(),
        original: name(message, field::REFERENCE, Reference::parse).ok(),
    }))
}

fn void(message: &Message) -> Result<Request, Refusal> {
    Ok(Request::Void(VoidRequest {
        terminal: terminal(message)?,
        acceptor: acceptor(message)?,
        trace: trace(message)?,
        batch: batch(message)?,
        original: name(message, field::REFERENCE, Reference::parse)?,
        amount: amount(message)?,
    }))
}

fn reversal(message: &Message) -> Result<Request, Refusal> {
    Ok(Request::Reversal(ReversalRequest {
        terminal: terminal(message)?,
        acceptor: acceptor(message)?,
        trace: trace(message)?,
        batch: batch(message)?,
        amount: amount(message)?,
        reason: message.response_code().unwrap_or(ResponseCode::OTHER_ERROR),
    }))
}

fn bill(message: &Message) -> Result<Request, Refusal> {
    Ok(Request::Bill(BillRequest {
        terminal: terminal(message)?,
        acceptor: acceptor(message)?,
        trace: trace(message)?,
        batch: batch(message)?,
        amount: amount(message)?,
    }))
}

fn code_news(message: &Message) -> Result<Request, Refusal> {
    let number = message.get(field::PRIVATE_DATA).and_then(digits);
    Ok(Request::CodeNews(CodeNewsRequest {
        terminal: terminal(message)?,
        acceptor: acceptor(message)?,
        number: number.and_then(|number| u32::try_from(number).ok()).ok_or(Refusal::Incomplete)?,
    }))
}

fn settlement(message: &Message) -> Result<Request, Refusal> {
    let totals = message.get(field::PRIVATE_DATA).ok_or(Refusal::Incomplete)?;
    let part = |from: usize, to: usize| digits(totals.get(from..to)?);
    let tally = |from: usize| {
        let (amount, count) = (part(from, from + 12)?, part(from + 12, from + 15)?);
        Some(Tally { count: u32::try_from(count).ok()?, amount })
    };
    Ok(Request::Settlement(SettlementRequest {
        terminal: terminal(message)?,
        acceptor: acceptor(message)?,
        batch: batch(message)?,
        sales: tally(0).ok_or(Refusal::Incomplete)?,
        refunds: tally(15).ok_or(Refusal::Incomplete)?,
    }))
}

fn terminal(message: &Message) -> Result<TerminalId, Refusal> {
    name(message, field::TERMINAL, TerminalId::parse)
}

fn acceptor(message: &Message) -> Result<AcceptorId, Refusal> {
    name(message, field::MERCHANT, AcceptorId::parse)
}

fn trace(message: &Message) -> Result<Stan, Refusal> {
    message.stan().ok_or(Refusal::Incomplete)
}

fn amount(message: &Message) -> Result<Money, Refusal> {
    message.amount().ok_or(Refusal::Incomplete)
}

/// DE 60.2.
fn batch(message: &Message) -> Result<u32, Refusal> {
    let number = message.get(field::BATCH).and_then(|content| digits(content.get(2..8)?));
    number.map(|number| number as u32).ok_or(Refusal::Incomplete)
}

fn name<T, E>(message: &Message, number: u8, parse: fn(&[u8]) -> Result<T, E>) -> Result<T, Refusal> {
    parse(message.get(number).ok_or(Refusal::Incomplete)?).map_err(|_| Refusal::Incomplete)
}

/// At most 18 digits as a number.
fn digits(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0u64, |sum, digit| {
        let digit = digit.checked_sub(b'0').filter(|d| *d <= 9)?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}
