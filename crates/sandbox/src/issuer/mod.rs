//! An issuing bank: its cards, its books, its decisions.
//!
//! A message from the line goes through [`prepare`], which does the expensive part without any record; the
//! operation inside is executed by the store; the answer is built from what the store says.
//!
//! ```text
//! prepare(keys, message, entropy) -> Payment      .operation: Authorise   .answer(request, decision)
//!                                    Reversal     .operation: Reverse     .answer(request, outcome)
//!                                    Verification an operation each, and verification::answer_...(request, ...)
//!                                    Network      the answer itself
//!                                 or Err          the answer that refuses
//! ```
//!
//! The MAC of the line is checked before, by whoever holds the line.
//!
//! Read `card` (what is known of a card), `replace` (new plastic), `books` (its accounts), `payment` (messages about money),
//! `authorise` and `reverse` (decisions), `reason` (why), `rules` (risk of adding a card), `enrolment` and
//! `password` (adding a card), `verification` (messages about that), `standing` (where
//! tokens stand at the token service), `dispute` (what customers claim of payments), `notice` (text messages), `settled` (what
//! its records say of a day).
//!
//! Invariants: no card number, CVV2 or one-time password is in clear in any record, message body or error; the same
//! message moves money once; a payment and its reversal leave the books as they were, in either order.

pub mod authorise;
pub mod books;
pub mod card;
pub mod dispute;
pub mod enrolment;
pub mod notice;
pub mod password;
pub mod payment;
pub mod reason;
pub mod replace;
pub mod reverse;
pub mod rules;
pub mod settled;
pub mod standing;
pub mod verification;

pub use authorise::{Authorisation, Authorise, Decision, Kind, State, Timing};
pub use card::{
    BankCard, CardRefusal, CardState, CardTokens, CardUse, OpenCards, SetCardState, TokenLifecycle, TokenLink,
};
pub use dispute::{
    CardDispute, Claim, DisputeDue, DisputeState, EndDispute, Ending, NoDispute, RaiseDispute,
    TOPIC_DISPUTE_DUE,
};
pub use enrolment::{
    Attempts, CardEnrolment, CardProfile, EnrolmentState, Evaluate, Evaluation, Linked, Method, Provisioned,
};
pub use notice::{BadSms, OpenedSms, Sms, TOPIC_SMS, open_sms};
pub use password::{CheckCode, Checked, CodeChallenge, CodeSends, CodeSent, SendCode};
pub use payment::{Payment, Reversal};
pub use reason::Reason;
pub use replace::{CardReplacement, NewPlastic, ReplaceCard};
pub use reverse::Reverse;
pub use rules::{Condition, Outcome, RiskRule, SetRule};
pub use standing::{NoteStanding, Noted, TokenCondition, TokenStanding};
pub use verification::Verification;

use crate::keys::IssuerKeys;
use crate::network::routing;
use iso8583::{Message, Mti, ResponseCode, field};

/// A message that was understood.
pub enum Prepared {
    /// Something about money.
    Payment(Box<Payment>),
    /// Something to take back.
    Reversal(Reversal),
    /// Something about adding a card.
    Verification(Box<Verification>),
    /// Network management: the answer, no operation.
    Network(Box<Message>),
}

/// Reads a message from the line; the error is the answer to send instead.
///
/// `entropy` is asked for only when a one-time password is to be made; it gives fresh random bytes.
pub fn prepare(
    keys: &IssuerKeys,
    message: &Message,
    entropy: impl FnOnce() -> [u8; 32],
) -> Result<Prepared, Box<Message>> {
    let prepared = match message.mti.first() {
        Mti::AUTHORISATION if routing::is_verification(message) => {
            Verification::prepare(keys, message, entropy).map(|step| Prepared::Verification(Box::new(step)))
        }
        Mti::AUTHORISATION | Mti::FINANCIAL | Mti::FINANCIAL_ADVICE => {
            Payment::prepare(keys, message).map(|payment| Prepared::Payment(Box::new(payment)))
        }
        Mti::REVERSAL | Mti::REVERSAL_ADVICE => Reversal::prepare(keys, message).map(Prepared::Reversal),
        Mti::NETWORK => Ok(Prepared::Network(Box::new(network_management(message)))),
        _ => Err(ResponseCode::BAD_TRANSACTION),
    };
    prepared.map_err(|code| Box::new(payment::refuse(message, code)))
}

/// Sign-on (001), sign-off (002), key change (101), cut-over (201) and echo (301) are acknowledged.
fn network_management(message: &Message) -> Message {
    let known = matches!(message.text(field::NETWORK_CODE), Some("001" | "002" | "101" | "201" | "301"));
    let code = if known { ResponseCode::APPROVED } else { ResponseCode::BAD_TRANSACTION };
    let echoed = [field::TRANSMITTED, field::STAN, field::ACQUIRER, field::FORWARDER, field::NETWORK_CODE];
    let mut answer = Message::answer_to(message, &echoed);
    answer.set_response_code(code);
    answer
}
