//! Operators: the named people who run the platform, the acts for which two of them answer, and the log of all they did.
//!
//! It knows neither sessions nor screens, and none of the things that are acted on: an act is a word, a subject, and what
//! of it changes from what to what. Who carries it out elsewhere compares once more and reports.
//!
//! Read `operator` (who they are and how they come), `login` (tries are counted before they are looked at), `proposal`
//! (asked by one, approved by another, carried out once), `audit` (the log, chained), `refusal` (every no).
//!
//! Invariants: nobody approves what they asked for, whatever session or passkey they use; a proposal is decided once and
//! carried out at most once; a credential belongs to one operator; every operation of this room leaves its line in the
//! log in the same commit.

pub mod audit;
mod defences;
pub mod login;
pub mod operator;
pub mod proposal;
mod refusal;

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod testing;

pub use audit::{AuditEntry, AuditHead, Note, Occasion, Said};
pub use defences::{Defence, Defences};
pub use login::{BeginTry, FailTry, LogIn, LogOut, PassTry, Tries, Trying};
pub use operator::{
    AddPasskey, EnrolInvited, EnrolSandbox, Found, NewPasskey, Operator, OperatorId, OperatorPasskey,
    OperatorState, Recover, Role,
};
pub use proposal::{
    Act, Approve, Ask, Change, Conclude, Decline, Disable, Invite, Proposal, ProposalId, ProposalState, TOPIC,
};
pub use refusal::Refusal;
