//! A payment at the switch: the one truth while it lives.
//!
//! Debit before credit. Unknown is asked for, then reversed, then deemed; no timer ever sends a second debit or credit.
//! What comes late is kept and changes nothing.

use super::leg::Leg;
use crate::defences::{Defence, Defences};
use serde::{Deserialize, Serialize};

/// Status checks before a credit of unknown end is reversed.
pub const STATUS_CHECKS: u8 = 3;

/// Where a payment stands. Those after the line are final, but for what the back office says of a deemed one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The payee's PSP is asked who the payee is.
    AuthSent,
    /// A collect: the payer is asked.
    WaitPayer,
    /// The payer's bank is asked to debit.
    DebitSent,
    /// The payee's bank is asked to credit.
    CreditSent,
    /// It did not say; it is asked for the so-manieth time.
    Status(u8),
    /// It did not say that either: it is asked to take the credit back.
    CreditReversalSent,
    /// The payer's bank is asked to take the debit back; why the payment failed.
    DebitReversalSent(String),
    /// It did not say; it is asked again until it does (RR).
    ReversalPending(String),
    // -- final --
    /// Debited and credited.
    Success,
    /// Nothing stands in anybody's books.
    Failed(String),
    /// Nobody knows whether the credit was booked; the back office asks the payee's bank until it says.
    Deemed,
    /// The payee's bank has none of it (RET): the payer's bank is asked to take the debit back, until it says that it did.
    ReturnSent,
    /// It did.
    Returned,
}

/// What begins a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Beginning {
    /// The payer pays.
    Pay,
    /// The payer pays and the payer's bank has debited already.
    PayPreApproved,
    /// The payee asks for money.
    Collect,
    /// A merchant gives back what a payment brought; both accounts are those of that payment.
    Refund,
}

/// What a bank or PSP said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Yes,
    /// No, with its code.
    No(String),
}

/// What happens to a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The payee's PSP, or the payer of a collect, answered.
    Authorised(Answer),
    /// It did not in time.
    AuthorisationTimedOut,
    /// The payer's bank answered.
    Debited(Answer),
    /// No connection: nothing was sent.
    DebitUnreachable,
    /// Sent, and no answer in time.
    DebitTimedOut,
    /// The payee's bank answered.
    Credited(Answer),
    /// No connection: nothing was sent.
    CreditUnreachable,
    /// Sent, and no answer in time.
    CreditTimedOut,
    /// The payee's bank answered a status check: credited or not.
    StatusAnswered(Answer),
    /// It did not in time.
    StatusTimedOut,
    /// The payee's bank answered the reversal, with CS, NC, OC, 00 or 96.
    CreditReversalAnswered(String),
    /// It did not in time.
    CreditReversalTimedOut,
    /// The payer's bank answered the reversal, with 00, ND, OD or 96.
    DebitReversalAnswered(String),
    /// It did not in time, or it is time to ask again.
    DebitReversalTimedOut,
    /// It is time that the back office asks the payee's bank about a deemed payment.
    AdjudicationDue,
    /// The back office: the credit was booked (TCC).
    CreditConfirmed,
    /// The back office: the payee's bank has none of it, or gave it back (RET).
    CreditReturned,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outgoing {
    /// ReqAuthDetails to the payee's PSP, or to the payer's of a collect.
    Authorise,
    /// ReqPay DEBIT.
    Debit,
    /// ReqPay CREDIT.
    Credit,
    /// ReqChkTxn to the payee's bank.
    Status,
    /// ReqPay REVERSAL of the credit.
    ReverseCredit,
    /// ReqPay REVERSAL of the debit.
    ReverseDebit,
    /// ReqComplaint of the back office to the payee's bank: does the credit stand (TCC) or not (RET)?
    Adjudicate,
}

/// The next state, and what is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The state from now on.
    pub state: State,
    /// What is sent.
    pub send: Option<Outgoing>,
    /// Whether the input came too late: it is kept beside the payment (U70) and changed nothing.
    pub late: bool,
}

/// Begins a payment.
pub fn begin(beginning: Beginning) -> Step {
    match beginning {
        Beginning::Pay | Beginning::PayPreApproved => go(State::AuthSent, Some(Outgoing::Authorise)),
        Beginning::Collect => go(State::WaitPayer, Some(Outgoing::Authorise)),
        Beginning::Refund => go(State::DebitSent, Some(Outgoing::Debit)),
    }
}

impl State {
    /// Takes one input. What does not belong to this state came late.
    pub fn advance(&self, beginning: Beginning, input: &Input) -> Step {
        self.advance_with(beginning, input, Defences::ALL)
    }

    /// The same where a test took defences away.
    pub fn advance_with(&self, beginning: Beginning, input: &Input, defences: Defences) -> Step {
        let given_up = matches!(self, State::DebitReversalSent(_) | State::ReversalPending(_));
        if given_up && *input == Input::Debited(Answer::Yes) && !defences.stands(Defence::LateAnswers) {
            return go(State::CreditSent, Some(Outgoing::Credit));
        }
        match (self, input) {
            (State::AuthSent | State::WaitPayer, _) => self.authorising(beginning, input),
            (State::DebitSent, _) => self.debiting(input),
            (State::CreditSent | State::Status(_) | State::CreditReversalSent, _) => self.crediting(input),
            (State::DebitReversalSent(_) | State::ReversalPending(_), _) => self.reversing(input),
            (State::Deemed, Input::AdjudicationDue) => go(State::Deemed, Some(Outgoing::Adjudicate)),
            (State::Deemed, Input::CreditConfirmed) => go(State::Success, None),
            (State::Deemed, Input::CreditReturned) => go(State::ReturnSent, Some(Outgoing::ReverseDebit)),
            (State::ReturnSent, _) => self.returning(input),
            _ => self.late(),
        }
    }

    fn authorising(&self, beginning: Beginning, input: &Input) -> Step {
        let timed_out = if *self == State::WaitPayer { "U69" } else { "U20" };
        match input {
            Input::Authorised(Answer::Yes) if beginning == Beginning::PayPreApproved => {
                go(State::CreditSent, Some(Outgoing::Credit))
            }
            Input::Authorised(Answer::Yes) => go(State::DebitSent, Some(Outgoing::Debit)),
            // What was debited beforehand comes back.
            Input::Authorised(Answer::No(code)) => undo_if(beginning, code),
            Input::AuthorisationTimedOut => undo_if(beginning, timed_out),
            _ => self.late(),
        }
    }

    fn debiting(&self, input: &Input) -> Step {
        match input {
            Input::Debited(Answer::Yes) => go(State::CreditSent, Some(Outgoing::Credit)),
            Input::Debited(Answer::No(_)) => go(State::Failed("U30".to_owned()), None),
            Input::DebitUnreachable => go(State::Failed("U85".to_owned()), None),
            Input::DebitTimedOut => reverse_debit("U67"),
            _ => self.late(),
        }
    }

    fn crediting(&self, input: &Input) -> Step {
        match (self, input) {
            (State::CreditSent | State::Status(_), Input::Credited(Answer::Yes)) => go(State::Success, None),
            (State::CreditSent | State::Status(_), Input::Credited(Answer::No(_))) => reverse_debit("U31"),
            (State::CreditSent, Input::CreditUnreachable) => reverse_debit("U88"),
            (State::CreditSent, Input::CreditTimedOut) => go(State::Status(1), Some(Outgoing::Status)),
            (State::Status(_), Input::StatusAnswered(Answer::Yes)) => go(State::Success, None),
            (State::Status(_), Input::StatusAnswered(Answer::No(_))) => reverse_debit("U68"),
            (State::Status(n), Input::StatusTimedOut) if *n < STATUS_CHECKS => {
                go(State::Status(n + 1), Some(Outgoing::Status))
            }
            (State::Status(_), Input::StatusTimedOut) => {
                go(State::CreditReversalSent, Some(Outgoing::ReverseCredit))
            }
            // Whether the reversal took is the reversal's answer to say; that of the credit is older.
            (State::CreditReversalSent, Input::CreditReversalAnswered(code)) => match code.as_str() {
                "CS" => go(State::Success, None),
                "NC" | "OC" | "00" => reverse_debit("U68"),
                _ => go(State::Deemed, None),
            },
            (State::CreditReversalSent, Input::CreditReversalTimedOut) => go(State::Deemed, None),
            _ => self.late(),
        }
    }

    fn reversing(&self, input: &Input) -> Step {
        let (State::DebitReversalSent(why) | State::ReversalPending(why)) = self else { return self.late() };
        match input {
            Input::DebitReversalAnswered(code) if is_undone(code) => go(State::Failed(why.clone()), None),
            Input::DebitReversalAnswered(_) => go(State::ReversalPending(why.clone()), None),
            Input::DebitReversalTimedOut => {
                go(State::ReversalPending(why.clone()), Some(Outgoing::ReverseDebit))
            }
            _ => self.late(),
        }
    }

    /// The money of a returned payment goes home until the payer's bank says that it is there.
    fn returning(&self, input: &Input) -> Step {
        match input {
            Input::DebitReversalAnswered(code) if is_undone(code) => go(State::Returned, None),
            Input::DebitReversalAnswered(_) => go(State::ReturnSent, None),
            Input::DebitReversalTimedOut => go(State::ReturnSent, Some(Outgoing::ReverseDebit)),
            _ => self.late(),
        }
    }

    /// The leg whose bank is to say something, while a payment is under way.
    pub fn waits_for(&self) -> Option<Leg> {
        match self {
            State::DebitSent => Some(Leg::Debit),
            State::CreditSent | State::Status(_) | State::CreditReversalSent => Some(Leg::Credit),
            _ => None,
        }
    }

    /// Whether the network counts it as paid between the banks: a deemed payment is, until it is returned.
    pub fn is_settled(&self) -> bool {
        matches!(self, State::Success | State::Deemed)
    }

    fn late(&self) -> Step {
        Step { state: self.clone(), send: None, late: true }
    }

    /// Whether both sides are told of it as an end; of these a deemed one alone may change, by adjudication.
    pub fn is_final(&self) -> bool {
        matches!(self, State::Success | State::Failed(_) | State::Deemed | State::Returned)
    }

    /// The code the initiator is told now; `None` while it is still on its way.
    pub fn code(&self) -> Option<&str> {
        match self {
            State::Success => Some("00"),
            State::Failed(code) => Some(code),
            State::Deemed | State::ReturnSent => Some("RB"),
            State::ReversalPending(_) => Some("RR"),
            State::Returned => Some("21"),
            _ => None,
        }
    }
}

/// Whether the payer's bank says that nothing of the debit stands.
fn is_undone(code: &str) -> bool {
    matches!(code, "00" | "ND" | "OD" | "21")
}

fn go(state: State, send: Option<Outgoing>) -> Step {
    Step { state, send, late: false }
}

fn reverse_debit(why: &str) -> Step {
    go(State::DebitReversalSent(why.to_owned()), Some(Outgoing::ReverseDebit))
}

fn undo_if(beginning: Beginning, why: &str) -> Step {
    match beginning {
        Beginning::PayPreApproved => reverse_debit(why),
        Beginning::Pay | Beginning::Collect | Beginning::Refund => go(State::Failed(why.to_owned()), None),
    }
}
