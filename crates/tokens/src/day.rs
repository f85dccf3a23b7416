//! Business days as small numbers, and counters that start again each day.

use serde::{Deserialize, Serialize};
use values::Timestamp;
use values::time::{Civil, Zone};

/// A business day of some zone: days since 2000-01-01, good to the year 2179.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(u16);

impl Day {
    /// The day on which `now` falls in `zone`.
    pub fn of(now: Timestamp, zone: Zone) -> Day {
        Day::from_civil(now.civil(zone))
    }

    /// The day of a civil date; dates before 2000 count as its first day.
    pub fn from_civil(date: Civil) -> Day {
        let days = days_from_civil(i64::from(date.year), i64::from(date.month), i64::from(date.day));
        Day(u16::try_from(days - days_from_civil(2000, 1, 1)).unwrap_or(0))
    }

    /// The day of `YYMMDD` as EMV writes it, or none if it is not a date.
    pub fn from_yymmdd(year: u8, month: u8, day: u8) -> Option<Day> {
        let known = (1..=12).contains(&month) && (1..=31).contains(&day) && year <= 99;
        let date = Civil { year: 2000 + i16::from(year), month, day, hour: 0, minute: 0, second: 0 };
        known.then(|| Day::from_civil(date))
    }

    /// How many days lie between two days, in either direction.
    pub fn distance(self, other: Day) -> i64 {
        (i64::from(self.0) - i64::from(other.0)).abs()
    }
}

// Howard Hinnant, "chrono-compatible low-level date algorithms": days_from_civil.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year
}

/// A count that starts again every day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyCount {
    day: Day,
    count: u16,
}

impl DailyCount {
    /// How many there were on `today`.
    pub fn on(self, today: Day) -> u16 {
        if self.day == today { self.count } else { 0 }
    }

    /// Counts one more, or answers `false` and counts nothing when `max` is reached.
    #[must_use]
    pub fn take(&mut self, today: Day, max: u16) -> bool {
        let count = self.on(today);
        if count >= max {
            return false;
        }
        *self = DailyCount { day: today, count: count + 1 };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_the_zone() {
        let at = |hour, zone| {
            let civil = Civil { year: 2026, month: 11, day: 22, hour, minute: 0, second: 0 };
            Day::of(Timestamp::from_civil(civil, Zone::Utc).unwrap(), zone)
        };
        assert_eq!(at(15, Zone::Shanghai), at(15, Zone::Utc));
        assert_eq!(at(16, Zone::Shanghai).distance(at(16, Zone::Utc)), 1);
        assert_eq!(Some(at(1, Zone::Utc)), Day::from_yymmdd(26, 11, 22));
        assert_eq!(Day::from_yymmdd(0, 1, 1), Some(Day(0)));
        assert_eq!(Day::from_yymmdd(0, 3, 1), Some(Day(60)));
        assert_eq!(Day::from_yymmdd(26, 13, 1), None);
    }

    #[test]
    fn a_daily_count_starts_again() {
        let mut count = DailyCount::default();
        let (today, tomorrow) = (Day(9), Day(10));
        assert!(count.take(today, 2) && count.take(today, 2) && !count.take(today, 2));
        assert!(count.take(tomorrow, 2));
        assert_eq!((count.on(today), count.on(tomorrow)), (0, 1));
    }
}
