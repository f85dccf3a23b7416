//! Whether a debit keeps to what was approved. Provider and bank ask each for itself, of what each keeps.

use super::State;
use super::day::Day;
use super::terms::{AmountRule, Pattern, Terms};
use crate::defences::{Defence, Defences};
use crate::limits::{MANDATE_ATTEMPTS, mandate_may_execute, mandate_without_pin, needs_no_notice, single};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use values::{MerchantCategory, Money, Timestamp};

/// So long before a debit its payer is told of it.
const NOTICE: Duration = Duration::from_secs(24 * 3600);

/// What the payer was told before a debit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// How much it will be, paise.
    pub paise: u64,
    /// When the payer was told.
    pub at: Timestamp,
}

/// A mandate as somebody keeps it, with what became of one of its debits so far.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a> {
    /// What was approved.
    pub terms: &'a Terms,
    /// How it stands.
    pub state: &'a State,
    /// When it was made.
    pub made: Timestamp,
    /// How often this debit was tried.
    pub tries: u32,
    /// Whether it was made.
    pub is_made: bool,
    /// The greatest number of a debit that was made.
    pub newest: u32,
    /// What the payer was told of it, where that is kept: at the payer's provider.
    pub notice: Option<Option<Notice>>,
}

/// A debit as the payee asks for it.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// Who is to be paid.
    pub payee: &'a str,
    /// How much, paise.
    pub paise: u64,
    /// Its number.
    pub sequence: u32,
    /// Whether the payer approves this one with the PIN.
    pub has_pin: bool,
    /// When.
    pub at: Timestamp,
}

/// Why a debit is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum No {
    /// The mandate is not in force.
    #[error("the mandate is not in force")]
    NotInForce,
    /// It was taken back.
    #[error("the mandate was revoked")]
    Revoked,
    /// It rests.
    #[error("the mandate is paused")]
    Paused,
    /// Its last day is over.
    #[error("the mandate has expired")]
    Expired,
    /// It is for somebody else.
    #[error("the mandate pays somebody else")]
    Payee,
    /// Above the amount, or another than the one.
    #[error("not the amount of the mandate")]
    Amount,
    /// Not a day on which it is due.
    #[error("the debit is not due on this day")]
    Day,
    /// It was made, or a later one was.
    #[error("the debit was made before")]
    Made,
    /// It was tried once and three times more.
    #[error("the debit was tried four times")]
    Tries,
    /// The network lets nobody debit at this hour.
    #[error("no debit is made at this hour")]
    Hour,
    /// The payer was not told a day before, or told another amount.
    #[error("the payer was not told of this debit a day before")]
    Notice,
    /// So much wants the payer's PIN.
    #[error("a debit of this amount wants the PIN")]
    Pin,
}

impl No {
    /// The payer's provider's code. `QR` is the day, `QL` the cap; the hour is the switch's to refuse, U80.
    pub fn provider_code(self) -> &'static str {
        match self {
            No::NotInForce | No::Revoked => "QC",
            No::Paused => "QA",
            No::Expired => "QD",
            No::Payee => "QI",
            No::Amount => "QH",
            No::Day | No::Notice | No::Hour => "QR",
            No::Made => "QB",
            No::Tries => "QL",
            No::Pin => "QK",
        }
    }

    /// The payer's bank's code. The public list has one for each term and does not say which is whose, but for VT, paused: the
    /// others are ours.
    pub fn bank_code(self) -> &'static str {
        match self {
            No::NotInForce | No::Revoked => "VA",
            No::Paused => "VT",
            No::Payee => "VB",
            No::Amount => "VC",
            No::Day | No::Notice => "VD",
            No::Expired => "VF",
            No::Made => "VG",
            No::Tries => "VH",
            No::Hour => "VI",
            No::Pin => "VJ",
        }
    }
}

impl Kept<'_> {
    /// Whether a debit may be made now.
    pub fn allows(&self, attempt: &Attempt<'_>, defences: Defences) -> Result<(), No> {
        let no = |defence: Defence, is_broken: bool, no: No| {
            if is_broken && defences.stands(defence) { Err(no) } else { Ok(()) }
        };
        let Kept { terms, .. } = self;
        let today = Day::of(attempt.at);
        no(Defence::MandateStands, *self.state == State::Paused, No::Paused)?;
        no(Defence::MandateStands, *self.state == State::Revoked, No::Revoked)?;
        no(Defence::MandateStands, today > terms.ends, No::Expired)?;
        let is_done = *self.state == State::Completed;
        no(Defence::MandateOnce, self.is_made || is_done || attempt.sequence <= self.newest, No::Made)?;
        let is_known =
            matches!(self.state, State::Active | State::Paused | State::Revoked | State::Completed);
        if !is_known {
            return Err(No::NotInForce);
        }
        no(Defence::MandatePayee, attempt.payee != terms.payee, No::Payee)?;
        let amount_fits = match terms.amount_rule {
            AmountRule::Max => attempt.paise <= terms.paise,
            AmountRule::Exact => attempt.paise == terms.paise,
        };
        no(Defence::MandateAmount, !amount_fits || attempt.paise == 0, No::Amount)?;
        let due = terms.due(attempt.sequence);
        let is_due = due.is_some_and(|due| due.from <= today && today <= due.until);
        no(Defence::MandateDay, !is_due, No::Day)?;
        no(Defence::MandateTries, self.tries >= MANDATE_ATTEMPTS, No::Tries)?;
        // Who types a PIN is there: nothing is done by itself.
        no(Defence::MandateHours, !attempt.has_pin && !mandate_may_execute(attempt.at), No::Hour)?;
        no(Defence::MandateNotice, !self.was_told(attempt), No::Notice)?;
        let most = mandate_without_pin(category(terms), attempt.at).payment_paise;
        no(Defence::MandatePin, !attempt.has_pin && attempt.paise > most, No::Pin)
    }

    fn was_told(&self, attempt: &Attempt<'_>) -> bool {
        let Some(notice) = self.notice else { return true };
        let told = notice
            .is_some_and(|notice| notice.paise == attempt.paise && attempt.at.since(notice.at) >= NOTICE);
        told || !needs_notice(self.terms, attempt.sequence, attempt.paise, self.made, attempt.at)
    }
}

fn category(terms: &Terms) -> MerchantCategory {
    let none = MerchantCategory::try_from(0).expect("0000 has four digits");
    terms.category.parse().unwrap_or(none)
}

/// Whether the payer has to be told of a debit a day before. Not of what is debited every day, of tolls and fares, nor of a small
/// first debit on the day on which the mandate was made.
pub fn needs_notice(terms: &Terms, sequence: u32, paise: u64, made: Timestamp, at: Timestamp) -> bool {
    let most = single("mandate_without_pin", at).map_or(0, |limit| limit.payment_paise);
    let is_first = sequence == 1 && Day::of(made) == Day::of(at) && paise <= most;
    let is_daily = terms.recurrence.pattern == Pattern::Daily;
    !(is_first || is_daily || needs_no_notice(category(terms)))
}

/// The first moment from `at` on at which the network lets a debit be made by itself.
pub fn next_quiet(at: Timestamp) -> Timestamp {
    let mut quiet = at;
    // Two stretches of a day are barred, and none of them is longer than five hours.
    while !mandate_may_execute(quiet) {
        let minute = quiet.millis().rem_euclid(60_000);
        let to_next = u64::try_from(60_000 - minute).unwrap_or(60_000);
        quiet = quiet.after(Duration::from_millis(to_next));
    }
    quiet
}

/// When a debit can be made that its payer is told of now, or needs not be told of: in the quiet hours of a day on which
/// it is due. `None` if it cannot be made in time.
pub fn soonest(
    terms: &Terms,
    sequence: u32,
    (amount, made): (Money, Timestamp),
    now: Timestamp,
) -> Option<Timestamp> {
    let due = terms.due(sequence)?;
    let begins = due.from.begins().max(now);
    let at = if needs_notice(terms, sequence, amount.minor(), made, begins) {
        begins.max(now.after(NOTICE))
    } else {
        begins
    };
    Some(next_quiet(at)).filter(|at| Day::of(*at) <= due.until)
}

#[cfg(test)]
mod tests {
    use super::super::terms::DayRule;
    use super::super::terms::tests::{gym, terms};
    use super::*;

    fn at(text: &str) -> Timestamp {
        crate::time::parse(&format!("{text}+05:30")).unwrap()
    }

    /// The debit of the fifth of February, told of on the third, at half past eight.
    fn attempt() -> Attempt<'static> {
        Attempt {
            payee: "gym@paiza",
            paise: 120_000,
            sequence: 2,
            has_pin: false,
            at: at("2027-02-05T08:30:00"),
        }
    }

    fn kept<'a>(terms: &'a Terms, state: &'a State) -> Kept<'a> {
        let notice = Some(Some(Notice { paise: 120_000, at: at("2027-02-03T08:30:00") }));
        Kept { terms, state, made: at("2027-01-01T09:00:00"), tries: 0, is_made: false, newest: 0, notice }
    }

    /// What is judged, and what it is judged as with all defences and without one.
    fn check(change: impl Fn(&mut Kept<'_>, &mut Attempt<'static>), expected: No, defence: Defence) {
        let (terms, state) = (gym(), State::Active);
        let (mut kept, mut attempt) = (kept(&terms, &state), attempt());
        change(&mut kept, &mut attempt);
        assert_eq!(kept.allows(&attempt, Defences::ALL), Err(expected));
        assert_eq!(kept.allows(&attempt, Defences::ALL.danger_without(defence)), Ok(()), "{expected:?}");
    }

    #[test]
    fn a_debit_that_keeps_to_the_terms_is_made() {
        let (terms, state) = (gym(), State::Active);
        let kept = kept(&terms, &state);
        assert_eq!(kept.allows(&attempt(), Defences::ALL), Ok(()));
        assert_eq!(kept.allows(&Attempt { paise: 1, ..attempt() }, Defences::ALL), Err(No::Notice));
        let bank = Kept { notice: None, ..kept };
        assert_eq!(bank.allows(&Attempt { paise: 1, ..attempt() }, Defences::ALL), Ok(()));
    }

    #[test]
    fn what_does_not_is_not_and_each_check_is_needed() {
        static PAUSED: State = State::Paused;
        static REVOKED: State = State::Revoked;
        static DONE: State = State::Completed;
        let morning = |kept: &mut Kept<'_>| kept.notice = None;
        check(|_, attempt| attempt.payee = "other@paiza", No::Payee, Defence::MandatePayee);
        check(
            |kept, attempt| {
                morning(kept);
                attempt.paise = 120_001;
            },
            No::Amount,
            Defence::MandateAmount,
        );
        check(|_, attempt| attempt.at = at("2027-02-04T09:00:00"), No::Day, Defence::MandateDay);
        check(|_, attempt| attempt.at = at("2027-02-06T09:00:00"), No::Day, Defence::MandateDay);
        check(|_, attempt| attempt.sequence = 3, No::Day, Defence::MandateDay);
        check(|_, attempt| attempt.at = at("2027-02-05T10:00:00"), No::Hour, Defence::MandateHours);
        check(|_, attempt| attempt.at = at("2027-02-05T21:29:59"), No::Hour, Defence::MandateHours);
        check(|kept, _| kept.state = &PAUSED, No::Paused, Defence::MandateStands);
        check(|kept, _| kept.state = &REVOKED, No::Revoked, Defence::MandateStands);
        check(|kept, _| kept.state = &DONE, No::Made, Defence::MandateOnce);
        check(|kept, _| kept.is_made = true, No::Made, Defence::MandateOnce);
        check(|kept, _| kept.newest = 2, No::Made, Defence::MandateOnce);
        check(|kept, _| kept.tries = 4, No::Tries, Defence::MandateTries);
        check(|kept, _| kept.notice = Some(None), No::Notice, Defence::MandateNotice);
        let late = Some(Some(Notice { paise: 120_000, at: at("2027-02-04T08:30:01") }));
        check(|kept, _| kept.notice = late, No::Notice, Defence::MandateNotice);
        let lower = Some(Some(Notice { paise: 100, at: at("2027-02-03T08:30:00") }));
        check(|kept, _| kept.notice = lower, No::Notice, Defence::MandateNotice);
    }

    #[test]
    fn nothing_is_debited_before_it_is_made_nor_after_its_last_day() {
        let terms = gym();
        for state in [State::Requested, State::Making, State::Declined, State::Failed("ZM".to_owned())] {
            let no = kept(&terms, &state).allows(&attempt(), Defences::ALL);
            assert_eq!(no, Err(No::NotInForce), "{state:?}");
        }
        let state = State::Active;
        let late = Attempt { sequence: 12, at: at("2028-01-05T08:30:00"), ..attempt() };
        assert_eq!(kept(&terms, &state).allows(&late, Defences::ALL), Err(No::Expired));
    }

    #[test]
    fn more_than_the_limit_wants_the_pin() {
        let state = State::Active;
        let dear = Terms { paise: 2_000_000, ..gym() };
        let attempt = Attempt { paise: 1_500_001, ..attempt() };
        let kept = Kept { notice: None, ..kept(&dear, &state) };
        assert_eq!(kept.allows(&attempt, Defences::ALL), Err(No::Pin));
        assert_eq!(kept.allows(&attempt, Defences::ALL.danger_without(Defence::MandatePin)), Ok(()));
        assert_eq!(kept.allows(&Attempt { has_pin: true, ..attempt }, Defences::ALL), Ok(()));
        // Funds have a higher one.
        let fund = Terms { category: "6211".to_owned(), ..dear.clone() };
        assert_eq!(Kept { terms: &fund, ..kept }.allows(&attempt, Defences::ALL), Ok(()));
        // Who types the PIN may do so at any hour.
        let noon = Attempt { has_pin: true, at: self::at("2027-02-05T12:00:00"), ..attempt };
        assert_eq!(kept.allows(&noon, Defences::ALL), Ok(()));
    }

    #[test]
    fn a_debit_waits_for_its_day_its_notice_and_a_quiet_hour() {
        let amount = gym().amount();
        let made = at("2027-01-01T09:00:00");
        let soonest = |terms: &Terms, sequence, now: &str| {
            soonest(terms, sequence, (amount, made), at(now)).map(crate::time::write)
        };
        let expected = |text: &str| Some(format!("{text}.000+05:30"));
        assert_eq!(soonest(&gym(), 2, "2027-01-20T12:00:00"), expected("2027-02-05T00:00:00"));
        assert_eq!(soonest(&gym(), 2, "2027-02-04T08:00:00"), expected("2027-02-05T08:00:00"));
        assert_eq!(soonest(&gym(), 2, "2027-02-04T11:00:00"), expected("2027-02-05T13:00:00"));
        assert_eq!(soonest(&gym(), 2, "2027-02-04T18:00:30"), expected("2027-02-05T21:30:00"));
        assert_eq!(soonest(&gym(), 2, "2027-02-05T08:00:00"), None, "there is no day left for the notice");
        let first = terms(Pattern::Monthly, Some((1, DayRule::On)), "2027-01-01", "2027-12-31");
        assert_eq!(soonest(&first, 1, "2027-01-01T09:30:00"), expected("2027-01-01T09:30:00"));
        let daily = terms(Pattern::Daily, None, "2027-01-01", "2027-12-31");
        assert_eq!(soonest(&daily, 3, "2027-01-03T10:30:00"), expected("2027-01-03T13:00:00"));
        let tolls = Terms { category: "4784".to_owned(), ..gym() };
        assert_eq!(soonest(&tolls, 2, "2027-02-05T08:00:00"), expected("2027-02-05T08:00:00"));
    }
}
