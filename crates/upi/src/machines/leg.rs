//! One leg of a payment at a bank: the debit at the payer's, or the credit at the payee's. One record for each
//! (transaction, leg), durable before anything is booked.

use crate::defences::{Defence, Defences};
use serde::{Deserialize, Serialize};

/// Which leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    /// The payer's account.
    Debit,
    /// The payee's account.
    Credit,
}

/// What is frozen at first sight: amount, accounts, purpose and mode, as a digest.
pub type Content = [u8; 32];

/// What a bank knows of a leg.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegState {
    /// Nothing.
    #[default]
    New,
    /// Booked.
    Applied(Content),
    /// A credit, booked, of which the bank has said that it stands: no reversal takes it back any more.
    Kept(Content),
    /// Refused, with the bank's code.
    Declined(Content, String),
    /// Booked, and taken back by a reversal.
    Reversed(Content),
    /// A credit, booked and given back by the back office (RET).
    Returned(Content),
    /// A reversal or a status check came first: the leg is never applied any more.
    Forestalled,
}

/// What arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LegInput {
    /// The request, with what the bank would decide: its code if it declines.
    Request {
        /// What it is about.
        content: Content,
        /// Whether account, funds, PIN and limits allow it.
        decision: Result<(), String>,
    },
    /// Take it back. A credit that the payee has used already cannot be.
    Reversal {
        /// Whether the money is still there.
        possible: bool,
    },
    /// What became of it?
    Status,
    /// The back office has the payee's bank say that the credit stands (TCC).
    Confirm,
    /// The back office has the payee's bank give a credit back (RET).
    Return,
}

/// What to book, in the same commit as the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Booking {
    /// The leg itself.
    Apply,
    /// Its opposite.
    Undo,
}

/// The next state, what to book, what to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegStep {
    /// The state from now on.
    pub state: LegState,
    /// What is booked; at most once for each.
    pub booking: Option<Booking>,
    /// The code of the answer.
    pub code: String,
}

impl LegState {
    /// Takes one message. The same message again gets the same answer and books nothing.
    pub fn advance(&self, leg: Leg, input: &LegInput) -> LegStep {
        self.advance_with(leg, input, Defences::ALL)
    }

    /// The same where a test took defences away.
    pub fn advance_with(&self, leg: Leg, input: &LegInput, defences: Defences) -> LegStep {
        match input {
            LegInput::Request { content, decision } => self.request(leg, content, decision, defences),
            LegInput::Reversal { possible } => self.reversal(leg, *possible, defences),
            LegInput::Status => self.status(defences),
            LegInput::Confirm => self.confirm(leg),
            LegInput::Return => self.give_back(leg),
        }
    }

    fn request(
        &self,
        leg: Leg,
        content: &Content,
        decision: &Result<(), String>,
        defences: Defences,
    ) -> LegStep {
        match self {
            LegState::New => match decision {
                Ok(()) => step(LegState::Applied(*content), Some(Booking::Apply), "00"),
                Err(code) => step(LegState::Declined(*content, code.clone()), None, code),
            },
            // The same name with another content has no effect.
            LegState::Applied(first)
            | LegState::Kept(first)
            | LegState::Declined(first, _)
            | LegState::Reversed(first)
            | LegState::Returned(first)
                if first != content =>
            {
                self.stays("U57")
            }
            LegState::Applied(_) if !defences.stands(Defence::LegOnce) => {
                step(self.clone(), Some(Booking::Apply), "00")
            }
            LegState::Applied(_) | LegState::Kept(_) => self.stays("00"),
            LegState::Declined(_, code) => self.stays(code),
            // What was taken back is not told as done to whoever asks late.
            LegState::Reversed(_) | LegState::Returned(_) | LegState::Forestalled => self.stays(refused(leg)),
        }
    }

    fn reversal(&self, leg: Leg, possible: bool, defences: Defences) -> LegStep {
        let (not_done, not_found) = match leg {
            Leg::Debit => ("ND", "OD"),
            Leg::Credit => ("NC", "OC"),
        };
        match self {
            LegState::New => step(forestalled(defences), None, not_found),
            LegState::Forestalled => self.stays(not_found),
            LegState::Declined(..) => self.stays(not_done),
            LegState::Reversed(_) | LegState::Returned(_) => self.stays("00"),
            // Said once, it is so: the switch may have told the payer by now.
            LegState::Kept(_) if defences.stands(Defence::CreditStands) => self.stays("CS"),
            LegState::Applied(content) if !possible && leg == Leg::Credit => {
                step(LegState::Kept(*content), None, "CS")
            }
            LegState::Applied(content) | LegState::Kept(content) => {
                step(LegState::Reversed(*content), Some(Booking::Undo), "00")
            }
        }
    }

    fn status(&self, defences: Defences) -> LegStep {
        match self {
            // "No such entry" is said only when none can appear any more.
            LegState::New => step(forestalled(defences), None, "NO"),
            LegState::Forestalled => self.stays("NO"),
            LegState::Applied(_) | LegState::Kept(_) => self.stays("00"),
            LegState::Declined(_, code) => self.stays(code),
            LegState::Reversed(_) | LegState::Returned(_) => self.stays("21"),
        }
    }

    fn confirm(&self, leg: Leg) -> LegStep {
        match (self, leg) {
            (LegState::Applied(content), Leg::Credit) => step(LegState::Kept(*content), None, "00"),
            (LegState::Kept(_), Leg::Credit) => self.stays("00"),
            _ => self.no_credit(leg),
        }
    }

    fn give_back(&self, leg: Leg) -> LegStep {
        match (self, leg) {
            (LegState::Applied(content) | LegState::Kept(content), Leg::Credit) => {
                step(LegState::Returned(*content), Some(Booking::Undo), "00")
            }
            (LegState::Returned(_), Leg::Credit) => self.stays("00"),
            // Nothing to give back, and nothing to come: the credit is closed for ever.
            (LegState::New, Leg::Credit) => step(LegState::Forestalled, None, "NC"),
            _ => self.no_credit(leg),
        }
    }

    /// The back office knows credits alone, and this is none that stands.
    fn no_credit(&self, leg: Leg) -> LegStep {
        self.stays(if leg == Leg::Credit { "NC" } else { "XF" })
    }

    fn stays(&self, code: &str) -> LegStep {
        step(self.clone(), None, code)
    }

    /// Whether the money of this leg has moved and stands.
    pub fn stands(&self) -> bool {
        matches!(self, LegState::Applied(_) | LegState::Kept(_))
    }
}

/// What is left where a reversal or a status check came first.
fn forestalled(defences: Defences) -> LegState {
    if defences.stands(Defence::Forestalled) { LegState::Forestalled } else { LegState::New }
}

fn step(state: LegState, booking: Option<Booking>, code: &str) -> LegStep {
    LegStep { state, booking, code: code.to_owned() }
}

/// How a bank declines what it will never do: for any other reason.
fn refused(leg: Leg) -> &'static str {
    match leg {
        Leg::Debit => "XB",
        Leg::Credit => "XC",
    }
}
