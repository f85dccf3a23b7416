//! What a code means: whose it is, whether a person or a machine failed, whether money may have moved, what to say and
//! what happens next.
//!
//! Read `table` (all published codes), `advice` (what the person is told, in three languages), `classify` (a pair of
//! codes, the switch's and the bank's: four of the switch's have no cause of their own), `whereabouts` (where the money is while
//! nobody knows).
//!
//! A code that is not in the table is not guessed: money may have moved, so it is asked for.

mod advice;
mod begins;
mod classify;
mod table;
mod whereabouts;

pub(crate) use advice::pick;
pub use advice::{Advice, Language};
pub use begins::{mode, purpose};
pub use classify::{Outcome, classify};
pub use table::{all, find};
pub use whereabouts::Whereabouts;

/// Who gives a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// Everybody.
    All,
    /// The switch.
    Switch,
    /// The payer's bank.
    Remitter,
    /// The payee's bank.
    Beneficiary,
    /// Both banks.
    Banks,
    /// The merchant's side.
    Acquirer,
    /// The payer's PSP.
    PayerPsp,
    /// The payee's PSP.
    PayeePsp,
    /// The bank, about a PIN or a card.
    Credentials,
    /// Payments abroad.
    International,
}

/// Whether somebody was refused or something failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It went through, or is on its way.
    None,
    /// TD: a machine failed; the customer is not to blame.
    Technical,
    /// BD: a rule said no; the same again gets the same answer.
    Business,
}

/// Whether money may have moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// It has, as asked.
    Yes,
    /// It has not.
    No,
    /// Nobody here knows: a status check answers, never a second payment.
    Ask,
    /// The payer's account was debited, and it comes back.
    Reversing,
    /// The payer's account was debited; what becomes of the credit is not known yet.
    Debited,
    /// The code alone does not say: the section on timeouts and reversals does.
    Stuck,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code.
    pub code: &'static str,
    /// Who gives it.
    pub side: Side,
    /// Technical or business.
    pub kind: Kind,
    /// Whether money may have moved.
    pub moved: Moved,
    /// What the person is told, and what happens next.
    pub advice: Advice,
    /// What it means, for operators.
    pub meaning: &'static str,
}
