//! The days on which a debit under a mandate is due.
//!
//! A mandate's time is cut into periods, counted from the one in which it begins; each has at most one debit, whose number
//! is the period's (`sequence`, from 1). Weeks begin on Monday. Fortnights are the halves of a month: 1 to 15, and 16 to its
//! end (the public sources give only that a rule names one of sixteen days). Longer periods begin with the month in which the
//! mandate does, and a rule names a day of their first month. A month that has no such day gives its last one: the 31st of
//! April is the 30th, and the 29th of February is the 28th in most years.

use super::day::Day;
use super::terms::{DayRule, Pattern, Terms};

/// The most debits that a mandate has: their number stands in three digits.
pub const MOST_DEBITS: u32 = 999;

/// One debit that is due: its number, and the days on which it may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueDebit {
    /// Its number, from 1.
    pub sequence: u32,
    /// The first day.
    pub from: Day,
    /// The last day.
    pub until: Day,
}

/// The months of a period.
fn months(pattern: Pattern) -> Option<i32> {
    match pattern {
        Pattern::Monthly => Some(1),
        Pattern::BiMonthly => Some(2),
        Pattern::Quarterly => Some(3),
        Pattern::HalfYearly => Some(6),
        Pattern::Yearly => Some(12),
        _ => None,
    }
}

/// The half of a month, counted from year 0.
fn half(day: Day) -> i32 {
    day.month() * 2 + i32::from(day.civil().2 > 15)
}

impl Terms {
    /// The number of the period that a day lies in; `None` before the mandate begins. What is presented at any time has no
    /// periods: every debit is in the first.
    pub(super) fn sequence_of(&self, day: Day) -> Option<u32> {
        let index = match self.recurrence.pattern {
            Pattern::OneTime | Pattern::AsPresented => 0,
            Pattern::Daily => day.since(self.starts),
            Pattern::Weekly => day.since(monday(self.starts)).div_euclid(7),
            Pattern::Fortnightly => half(day) - half(self.starts),
            pattern => {
                (day.month() - self.starts.month()).div_euclid(months(pattern).expect("periods of months"))
            }
        };
        u32::try_from(index).ok()?.checked_add(1).filter(|_| day >= self.starts)
    }

    /// The days of a period, whatever the mandate's own.
    fn period(&self, sequence: u32) -> Option<(Day, Day)> {
        let index = i32::try_from(sequence.checked_sub(1)?).ok()?;
        match self.recurrence.pattern {
            Pattern::OneTime if index > 0 => None,
            Pattern::OneTime | Pattern::AsPresented => Some((self.starts, self.ends)),
            Pattern::Daily => Some((self.starts.plus(index), self.starts.plus(index))),
            Pattern::Weekly => {
                let first = monday(self.starts).plus(index.checked_mul(7)?);
                Some((first, first.plus(6)))
            }
            Pattern::Fortnightly => {
                let half = half(self.starts).checked_add(index)?;
                let (month, is_second) = (half.div_euclid(2), half.rem_euclid(2) == 1);
                let (first, last) = if is_second { (16, 31) } else { (1, 15) };
                Some((Day::in_month(month, first)?, Day::in_month(month, last)?))
            }
            pattern => {
                let months = months(pattern)?;
                let first = self.starts.month().checked_add(index.checked_mul(months)?)?;
                Some((Day::in_month(first, 1)?, Day::in_month(first + months - 1, 31)?))
            }
        }
    }

    /// The debit of this number: the days on which it may be made, if there are any.
    pub fn due(&self, sequence: u32) -> Option<DueDebit> {
        let (first, last) = self.period(sequence).filter(|_| sequence <= MOST_DEBITS)?;
        let (from, until) = match self.recurrence.rule {
            None => (first, last),
            Some((day, rule)) => {
                let named = match self.recurrence.pattern {
                    Pattern::Weekly | Pattern::Fortnightly => first.plus(i32::from(day) - 1).min(last),
                    _ => Day::in_month(first.month(), day)?,
                };
                match rule {
                    DayRule::Before => (first, named),
                    DayRule::On => (named, named),
                    DayRule::After => (named, last),
                }
            }
        };
        let (from, until) = (from.max(self.starts), until.min(self.ends));
        (from <= until).then_some(DueDebit { sequence, from, until })
    }

    /// The first debit that may still be made on a day or after it. `None` when there is none any more.
    pub fn next_due(&self, day: Day) -> Option<DueDebit> {
        let first = self.sequence_of(day.max(self.starts))?;
        // A rule may lie before the day, or outside the mandate's own days: then it is the next period's.
        (first..first.saturating_add(3))
            .filter_map(|sequence| self.due(sequence))
            .find(|due| due.until >= day)
    }

    /// The debit that comes next for who has made those up to `newest`, on a day or after it.
    pub fn next_debit(&self, day: Day, newest: u32) -> Option<DueDebit> {
        if self.recurrence.pattern == Pattern::AsPresented {
            return self.due(newest.saturating_add(1)).filter(|due| due.until >= day);
        }
        let next = self.next_due(day)?;
        if next.sequence > newest { Some(next) } else { self.next_due(next.until.plus(1)) }
    }
}

fn monday(day: Day) -> Day {
    day.plus(1 - i32::from(day.weekday()))
}

#[cfg(test)]
mod tests {
    use super::super::terms::tests::terms;
    use super::*;

    fn due_debits(terms: &Terms, most: u32) -> Vec<String> {
        let said = |due: DueDebit| match due.from == due.until {
            true => format!("{}: {}", due.sequence, due.from),
            false => format!("{}: {} to {}", due.sequence, due.from, due.until),
        };
        (1..=most).filter_map(|sequence| terms.due(sequence)).map(said).collect()
    }

    #[test]
    fn months_end_and_leap_years_come() {
        let last = terms(Pattern::Monthly, Some((31, DayRule::On)), "2027-12-15", "2028-04-30");
        let expected = ["1: 2027-12-31", "2: 2028-01-31", "3: 2028-02-29", "4: 2028-03-31", "5: 2028-04-30"];
        assert_eq!(due_debits(&last, 9), expected);
        let leap = terms(Pattern::Yearly, Some((29, DayRule::On)), "2028-02-29", "2033-02-28");
        let expected = [
            "1: 2028-02-29",
            "2: 2029-02-28",
            "3: 2030-02-28",
            "4: 2031-02-28",
            "5: 2032-02-29",
            "6: 2033-02-28",
        ];
        assert_eq!(due_debits(&leap, 9), expected);
    }

    #[test]
    fn every_pattern_has_its_days() {
        for (pattern, rule, starts, ends, expected) in [
            (Pattern::OneTime, None, "2027-01-10", "2027-01-20", vec!["1: 2027-01-10 to 2027-01-20"]),
            (
                Pattern::Daily,
                None,
                "2027-02-27",
                "2027-03-01",
                vec!["1: 2027-02-27", "2: 2027-02-28", "3: 2027-03-01"],
            ),
            // 2027-01-06 is a Wednesday.
            (
                Pattern::Weekly,
                Some((1, DayRule::On)),
                "2027-01-06",
                "2027-01-18",
                vec!["2: 2027-01-11", "3: 2027-01-18"],
            ),
            (
                Pattern::Weekly,
                Some((5, DayRule::After)),
                "2027-01-06",
                "2027-01-12",
                vec!["1: 2027-01-08 to 2027-01-10"],
            ),
            (
                Pattern::Fortnightly,
                Some((16, DayRule::On)),
                "2027-02-01",
                "2027-03-15",
                vec!["1: 2027-02-15", "2: 2027-02-28", "3: 2027-03-15"],
            ),
            (
                Pattern::BiMonthly,
                Some((10, DayRule::Before)),
                "2027-01-05",
                "2027-04-30",
                vec!["1: 2027-01-05 to 2027-01-10", "2: 2027-03-01 to 2027-03-10"],
            ),
            (
                Pattern::Quarterly,
                Some((1, DayRule::On)),
                "2027-01-01",
                "2027-08-01",
                vec!["1: 2027-01-01", "2: 2027-04-01", "3: 2027-07-01"],
            ),
            (
                Pattern::HalfYearly,
                None,
                "2027-01-15",
                "2027-09-01",
                vec!["1: 2027-01-15 to 2027-06-30", "2: 2027-07-01 to 2027-09-01"],
            ),
            (
                Pattern::Yearly,
                Some((31, DayRule::On)),
                "2027-04-01",
                "2029-03-31",
                vec!["1: 2027-04-30", "2: 2028-04-30"],
            ),
        ] {
            assert_eq!(due_debits(&terms(pattern, rule, starts, ends), 20), expected, "{pattern:?}");
        }
        let presented = terms(Pattern::AsPresented, None, "2027-01-01", "2027-12-31");
        assert_eq!(presented.due(999).map(|due| due.until), Some(presented.ends));
        assert_eq!((presented.due(1000), presented.due(0)), (None, None));
    }

    #[test]
    fn the_next_one_is_found_from_any_day() {
        let fifth = terms(Pattern::Monthly, Some((5, DayRule::On)), "2027-01-10", "2027-03-31");
        let next = |day: &str| {
            let found = fifth.next_due(Day::parse(day).unwrap());
            found.map(|due| (due.sequence, due.from.to_string()))
        };
        assert_eq!(next("2026-01-01"), Some((2, "2027-02-05".to_owned())));
        assert_eq!(next("2027-02-05"), Some((2, "2027-02-05".to_owned())));
        assert_eq!(next("2027-02-06"), Some((3, "2027-03-05".to_owned())));
        assert_eq!(next("2027-03-06"), None);
        // Each day of each pattern lies in the period whose number it gets.
        for pattern in
            [Pattern::Daily, Pattern::Weekly, Pattern::Fortnightly, Pattern::Monthly, Pattern::Quarterly]
        {
            let all = terms(pattern, None, "2027-01-30", "2029-03-01");
            for days in 0..700 {
                let day = all.starts.plus(days);
                let found = all.next_due(day).unwrap();
                assert!(found.from <= day && day <= found.until, "{pattern:?} {day} {found:?}");
            }
        }
    }
}
