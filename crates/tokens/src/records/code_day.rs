//! What a token paid on one day by codes on the phone's screen: they have a limit of their own.
//!
//! A record beside the hot state, because few tokens pay so and the state is counted in bytes.

use crate::day::Day;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use values::{Record, Records, TokenNumber};

/// What a token paid so on the last day on which it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeDay {
    /// Whose.
    pub number: TokenNumber,
    /// The business day.
    pub day: Day,
    /// Minor units of the controls' currency.
    pub spent_minor: u32,
}

impl CodeDay {
    /// The day with this payment counted, or the refusal of one that passes its limit; nothing is written.
    pub(crate) fn with<W: Records>(
        records: &mut W,
        number: TokenNumber,
        today: Day,
        amount_minor: u64,
        daily_max: u32,
    ) -> Result<CodeDay, Refusal> {
        let known = records.find::<CodeDay>(&number).filter(|known| known.day == today);
        let spent = known.map_or(0, |known| known.spent_minor);
        let total = u32::try_from(amount_minor).ok().and_then(|amount| spent.checked_add(amount));
        let spent_minor = total.filter(|sum| *sum <= daily_max).ok_or(Refusal::CodeDailyOverLimit)?;
        Ok(CodeDay { number, day: today, spent_minor })
    }

    /// Gives back what a payment of `day` took; a payment of an earlier day has nothing left to give back.
    pub(crate) fn give_back<W: Records>(records: &mut W, number: TokenNumber, day: Day, amount_minor: u64) {
        if let Some(known) = records.find::<CodeDay>(&number).filter(|known| known.day == day) {
            let amount = u32::try_from(amount_minor).unwrap_or(u32::MAX);
            records.put(CodeDay { spent_minor: known.spent_minor.saturating_sub(amount), ..known });
        }
    }
}

impl Record for CodeDay {
    type Key = TokenNumber;
    const TABLE: &'static str = "code_days";
    fn key(&self) -> TokenNumber {
        self.number
    }
}
