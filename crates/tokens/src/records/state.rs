//! The hot state of a token: what one authorisation reads and writes, 40 bytes with its key.

use super::{Standing, Token};
use crate::day::Day;
use crate::refusal::Refusal;
use crate::window::{RECENT, Window};
use serde::{Deserialize, Serialize};
use values::{Expiry, Record, Residency, TokenNumber};

/// Counters and spending of a token, kept in memory for every token there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenState {
    /// Whose.
    pub number: TokenNumber,
    /// See `Window::seen`.
    pub seen: u32,
    /// Spent on `day`, in minor units of the controls' currency.
    pub spent_minor: u32,
    /// See `Window::highest`.
    pub highest: u16,
    /// See `Window::issued_through`.
    pub issued_through: u16,
    /// See `Window::revoked_through`.
    pub revoked_through: u16,
    /// See `Window::recent`.
    pub recent: [u16; RECENT],
    /// The business day of `spent_minor` and `spent_count`.
    pub day: Day,
    /// Its programme.
    pub programme: u16,
    /// Its class of controls.
    pub controls: u16,
    /// Last month in which it pays.
    pub expiry: Expiry,
    /// Where it stands; the same as in its `Token`.
    pub standing: Standing,
    /// Sequence number.
    pub psn: u8,
    /// Payments on `day`.
    pub spent_count: u8,
}

impl TokenState {
    /// The state of a token that has no keys yet.
    pub fn new(token: &Token) -> Self {
        TokenState {
            number: token.number,
            seen: 0,
            spent_minor: 0,
            highest: 0,
            issued_through: 0,
            revoked_through: 0,
            recent: [0; RECENT],
            day: Day::default(),
            programme: token.programme,
            controls: token.controls,
            expiry: token.expiry,
            standing: token.standing,
            psn: token.psn,
            spent_count: 0,
        }
    }

    /// A token as a message claims it to be, for screening before the writer has seen it. `Admit` compares the
    /// claims with the truth.
    pub fn claimed(number: TokenNumber, psn: u8, expiry: Option<Expiry>, programme: u16) -> Self {
        TokenState {
            number,
            seen: 0,
            spent_minor: 0,
            highest: 0,
            issued_through: 0,
            revoked_through: 0,
            recent: [0; RECENT],
            day: Day::default(),
            programme,
            controls: 0,
            expiry: expiry.unwrap_or(Expiry::LAST),
            standing: Standing::ACTIVE,
            psn,
            spent_count: 0,
        }
    }

    /// Its counters.
    pub fn window(&self) -> Window {
        Window {
            highest: self.highest,
            seen: self.seen,
            issued_through: self.issued_through,
            revoked_through: self.revoked_through,
            recent: self.recent,
        }
    }

    pub(crate) fn set_window(&mut self, window: Window) {
        self.highest = window.highest;
        self.seen = window.seen;
        self.issued_through = window.issued_through;
        self.revoked_through = window.revoked_through;
        self.recent = window.recent;
    }

    /// Counts a payment towards the day's limits, or refuses and counts nothing.
    pub(crate) fn spend(
        &mut self,
        today: Day,
        amount_minor: u64,
        daily_max: u32,
        count_max: u8,
    ) -> Result<(), Refusal> {
        let (spent, count) = if self.day == today { (self.spent_minor, self.spent_count) } else { (0, 0) };
        let total = u32::try_from(amount_minor).ok().and_then(|amount| spent.checked_add(amount));
        let total = total.filter(|sum| *sum <= daily_max).ok_or(Refusal::DailyAmountOverLimit)?;
        if count >= count_max {
            return Err(Refusal::DailyCountOverLimit);
        }
        (self.day, self.spent_minor, self.spent_count) = (today, total, count + 1);
        Ok(())
    }

    /// Gives back what a payment of `day` took; a payment of an earlier day has nothing left to give back.
    pub(crate) fn give_back(&mut self, day: Day, amount_minor: u64) {
        if self.day == day {
            let amount = u32::try_from(amount_minor).unwrap_or(u32::MAX);
            self.spent_minor = self.spent_minor.saturating_sub(amount);
            self.spent_count = self.spent_count.saturating_sub(1);
        }
    }
}

impl Record for TokenState {
    type Key = TokenNumber;
    const TABLE: &'static str = "token_states";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> TokenNumber {
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_small() {
        // The design's memory budget: about 32 bytes beside the key, for 160 million tokens.
        assert_eq!(size_of::<TokenState>() - size_of::<TokenNumber>(), 32);
    }
}
