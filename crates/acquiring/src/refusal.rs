//! What the acquirer says no to, before the network is asked.

use iso8583::ResponseCode;

/// A no that changed nothing. Each has a stable code, a sentence and a response code for the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// An element the request needs is missing or unreadable.
    #[error("the request lacks something it needs")]
    Incomplete,
    /// Not a kind of request this acquirer takes.
    #[error("this kind of request is not supported")]
    NotSupported,
    /// No such terminal.
    #[error("the terminal is unknown")]
    UnknownTerminal,
    /// The terminal was blocked.
    #[error("the terminal is blocked")]
    TerminalBlocked,
    /// The merchant is suspended or closed.
    #[error("the merchant may not take payments")]
    MerchantInactive,
    /// The merchant named is not the terminal's.
    #[error("the merchant is not the terminal's")]
    WrongMerchant,
    /// The category named is not the merchant's.
    #[error("the merchant category is not the merchant's")]
    WrongCategory,
    /// Not the merchant's currency.
    #[error("the merchant does not take this currency")]
    WrongCurrency,
    /// Nothing to pay.
    #[error("there is nothing to pay")]
    ZeroAmount,
    /// Above the merchant's limit for one payment.
    #[error("above the merchant's limit for one payment")]
    PaymentLimit,
    /// Above the merchant's limit for a day.
    #[error("above the merchant's daily limit")]
    DailyLimit,
    /// The batch is not the one open: the terminal must sign on.
    #[error("the batch is not the open one; sign on")]
    WrongBatch,
    /// The trace number was used for something else in this batch.
    #[error("the trace number was used before")]
    TraceUsed,
    /// The reversal of this request was here before it.
    #[error("it was reversed before it came")]
    ReversedBefore,
    /// The payment named is unknown, or another merchant's.
    #[error("the original payment is unknown")]
    OriginalNotFound,
    /// The payment named does not stand, so nothing can follow it.
    #[error("the original payment does not stand")]
    OriginalNotApproved,
    /// Not the card of the original payment, or none that can be paid back to.
    #[error("not the card of the original payment")]
    WrongCard,
    /// More than the original leaves.
    #[error("more than the original payment leaves")]
    AboveOriginal,
    /// It cannot be taken back any more; a refund is the way.
    #[error("it can no longer be taken back")]
    NotReversible,
    /// Payments of the batch wait for their answers.
    #[error("payments of the batch still wait for their answers")]
    PaymentsPending,
    /// The code names a bill that was never opened.
    #[error("the bill is unknown")]
    BillUnknown,
    /// The bill can no longer be paid.
    #[error("the bill can no longer be paid")]
    BillOver,
    /// Not the amount of the bill.
    #[error("not the amount of the bill")]
    BillAmount,
    /// No free trace number was found.
    #[error("no trace number is free")]
    NoTraceNumber,
    /// The answer belongs to no payment.
    #[error("the answer belongs to no payment")]
    UnknownPayment,
    /// The answer does not agree with the payment it names.
    #[error("the answer does not agree with its payment")]
    AnswerMismatch,
    /// Something of this name exists with other content.
    #[error("the name is taken")]
    NameTaken,
}

impl Refusal {
    /// Every refusal, for documentation and tests.
    pub const ALL: &'static [Refusal] = &[
        Refusal::Incomplete,
        Refusal::NotSupported,
        Refusal::UnknownTerminal,
        Refusal::TerminalBlocked,
        Refusal::MerchantInactive,
        Refusal::WrongMerchant,
        Refusal::WrongCategory,
        Refusal::WrongCurrency,
        Refusal::ZeroAmount,
        Refusal::PaymentLimit,
        Refusal::DailyLimit,
        Refusal::WrongBatch,
        Refusal::TraceUsed,
        Refusal::ReversedBefore,
        Refusal::OriginalNotFound,
        Refusal::OriginalNotApproved,
        Refusal::WrongCard,
        Refusal::AboveOriginal,
        Refusal::NotReversible,
        Refusal::PaymentsPending,
        Refusal::BillUnknown,
        Refusal::BillOver,
        Refusal::BillAmount,
        Refusal::NoTraceNumber,
        Refusal::UnknownPayment,
        Refusal::AnswerMismatch,
        Refusal::NameTaken,
    ];

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::Incomplete => "incomplete",
            Refusal::NotSupported => "not_supported",
            Refusal::UnknownTerminal => "unknown_terminal",
            Refusal::TerminalBlocked => "terminal_blocked",
            Refusal::MerchantInactive => "merchant_inactive",
            Refusal::WrongMerchant => "wrong_merchant",
            Refusal::WrongCategory => "wrong_category",
            Refusal::WrongCurrency => "wrong_currency",
            Refusal::ZeroAmount => "zero_amount",
            Refusal::PaymentLimit => "payment_limit",
            Refusal::DailyLimit => "daily_limit",
            Refusal::WrongBatch => "wrong_batch",
            Refusal::TraceUsed => "trace_used",
            Refusal::ReversedBefore => "reversed_before",
            Refusal::OriginalNotFound => "original_not_found",
            Refusal::OriginalNotApproved => "original_not_approved",
            Refusal::WrongCard => "wrong_card",
            Refusal::AboveOriginal => "above_original",
            Refusal::NotReversible => "not_reversible",
            Refusal::PaymentsPending => "payments_pending",
            Refusal::BillUnknown => "bill_unknown",
            Refusal::BillOver => "bill_over",
            Refusal::BillAmount => "bill_amount",
            Refusal::NoTraceNumber => "no_trace_number",
            Refusal::UnknownPayment => "unknown_payment",
            Refusal::AnswerMismatch => "answer_mismatch",
            Refusal::NameTaken => "name_taken",
        }
    }

    /// What the terminal is told (DE 39).
    pub fn response_code(self) -> ResponseCode {
        match self {
            Refusal::Incomplete | Refusal::AnswerMismatch => ResponseCode::FORMAT_ERROR,
            Refusal::NotSupported => ResponseCode::NOT_SUPPORTED,
            Refusal::UnknownTerminal => ResponseCode::UNKNOWN_TERMINAL,
            Refusal::TerminalBlocked | Refusal::WrongCategory => ResponseCode::NOT_PERMITTED_TO_TERMINAL,
            Refusal::MerchantInactive | Refusal::WrongMerchant => ResponseCode::BAD_MERCHANT,
            Refusal::ZeroAmount | Refusal::BillAmount => ResponseCode::BAD_AMOUNT,
            Refusal::BillOver => ResponseCode::BAD_TRANSACTION,
            Refusal::PaymentLimit | Refusal::DailyLimit => ResponseCode::AMOUNT_LIMIT,
            Refusal::WrongBatch => ResponseCode::SIGN_ON_AGAIN,
            Refusal::TraceUsed | Refusal::ReversedBefore | Refusal::NameTaken => ResponseCode::DUPLICATE,
            Refusal::OriginalNotFound | Refusal::UnknownPayment | Refusal::BillUnknown => {
                ResponseCode::ORIGINAL_NOT_FOUND
            }
            Refusal::WrongCurrency | Refusal::OriginalNotApproved | Refusal::NotReversible => {
                ResponseCode::BAD_TRANSACTION
            }
            Refusal::WrongCard => ResponseCode::BAD_CARD,
            Refusal::AboveOriginal => ResponseCode::ORIGINAL_AMOUNT_WRONG,
            Refusal::PaymentsPending | Refusal::NoTraceNumber => ResponseCode::SYSTEM_TROUBLE,
        }
    }
}
