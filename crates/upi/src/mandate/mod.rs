//! Mandates: leave to debit an account again, under rules that its owner approved once with the PIN.
//!
//! Read `day` (days in India), `terms` (what was approved: how much, how often, on which days, until when), `calendar` (the
//! days on which a debit is due, the end of a month and the leap day included), `judge` (whether a debit keeps to the terms),
//! `order` (a mandate on its way through the switch).
//!
//! It keeps nothing: provider and bank keep a mandate each, and each asks [`judge`] by itself, so that neither has to
//! believe the other.
//!
//! Sources are public descriptions of the product and circulars. What they leave open is chosen here and said: how a
//! fortnight is counted (`calendar`), which code a bank gives for which term (`judge`).

mod calendar;
mod day;
mod judge;
mod order;
mod terms;

pub use calendar::{DueDebit, MOST_DEBITS};
pub use day::Day;
pub use judge::{Attempt, Kept, No, Notice, needs_notice, next_quiet, soonest};
pub use order::{OrderInput, OrderSend, OrderState, OrderStep};
pub use terms::{AmountRule, DayRule, Pattern, Recurrence, Terms, Unusable};

use serde::{Deserialize, Serialize};

/// How a mandate stands. That its last day is over is seen from its terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The payee asks for it; the payer has not said.
    Requested,
    /// Approved, and the payer's bank has not said yet.
    Making,
    /// It may be debited.
    Active,
    /// The payer lets it rest.
    Paused,
    /// It was taken back, for good.
    Revoked,
    /// The payer did not approve it.
    Declined,
    /// It was not made; the code of who said so.
    Failed(String),
    /// It was for one debit, and that was made.
    Completed,
}

impl State {
    /// Whether nothing becomes of it any more.
    pub fn is_over(&self) -> bool {
        matches!(self, State::Revoked | State::Declined | State::Failed(_) | State::Completed)
    }
}
