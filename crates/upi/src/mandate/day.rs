//! Days in India.

use serde::{Deserialize, Serialize};
use std::fmt;
use values::Timestamp;
use values::time::{Civil, Zone};

const DAY_MILLIS: i64 = 86_400_000;
/// India is so far ahead of universal time, all year.
const OFFSET_MILLIS: i64 = 19_800_000;

/// A day in India. Written as `2027-01-31` for people and programs, as `31012027` in messages and links.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(i32);

impl Day {
    /// The day of a moment.
    pub fn of(at: Timestamp) -> Day {
        let days = at.millis().saturating_add(OFFSET_MILLIS).div_euclid(DAY_MILLIS);
        // Years beyond four digits are written nowhere.
        Day(i32::try_from(days.clamp(-25_567, 2_567_000)).expect("the bounds fit"))
    }

    /// A day of the calendar, of the years 1900 to 9000; `None` if there is no such day.
    pub fn new(year: i16, month: u8, day: u8) -> Option<Day> {
        let civil = Civil { year, month, day, hour: 0, minute: 0, second: 0 };
        let at = Timestamp::from_civil(civil, Zone::Utc).filter(|_| (1900..=9000).contains(&year))?;
        i32::try_from(at.millis().div_euclid(DAY_MILLIS)).ok().map(Day)
    }

    /// Reads `ddmmyyyy`.
    pub fn parse_wire(text: &str) -> Option<Day> {
        let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
        let text = Some(text).filter(|_| digits)?;
        Day::new(text[4..].parse().ok()?, text[2..4].parse().ok()?, text[..2].parse().ok()?)
    }

    /// Reads `yyyy-mm-dd`.
    pub fn parse(text: &str) -> Option<Day> {
        let shape = text.len() == 10
            && text.bytes().enumerate().all(|(place, byte)| match place {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let text = Some(text).filter(|_| shape)?;
        Day::new(text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?)
    }

    /// `ddmmyyyy`.
    pub fn to_wire(self) -> String {
        let (year, month, day) = self.civil();
        format!("{day:02}{month:02}{year:04}")
    }

    /// Year, month, day.
    pub fn civil(self) -> (i16, u8, u8) {
        let civil = Timestamp::from_millis(i64::from(self.0) * DAY_MILLIS).civil(Zone::Utc);
        (civil.year, civil.month, civil.day)
    }

    /// Its first moment.
    pub fn begins(self) -> Timestamp {
        Timestamp::from_millis(i64::from(self.0) * DAY_MILLIS - OFFSET_MILLIS)
    }

    /// So many days later, or earlier.
    #[must_use]
    pub fn plus(self, days: i32) -> Day {
        Day(self.0.saturating_add(days))
    }

    /// How many days later it is than another; less than zero if it is earlier.
    pub fn since(self, earlier: Day) -> i32 {
        self.0.saturating_sub(earlier.0)
    }

    /// Its place in the week, from Monday, 1, to Sunday, 7.
    pub fn weekday(self) -> u8 {
        // 1970-01-01 was a Thursday.
        u8::try_from((self.0 + 3).rem_euclid(7) + 1).expect("1 to 7")
    }

    /// Its month, counted from year 0.
    pub(super) fn month(self) -> i32 {
        let (year, month, _) = self.civil();
        i32::from(year) * 12 + i32::from(month) - 1
    }

    /// A day of a month counted from year 0; the month's last one if it has fewer days. `None` beyond the calendar.
    pub(super) fn in_month(month: i32, day: u8) -> Option<Day> {
        let year = i16::try_from(month.div_euclid(12)).ok()?;
        let month = u8::try_from(month.rem_euclid(12) + 1).ok()?;
        (28..=day.max(28)).rev().find_map(|last| Day::new(year, month, last.min(day)))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Day> for String {
    fn from(day: Day) -> String {
        day.to_string()
    }
}

impl TryFrom<String> for Day {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Day, &'static str> {
        Day::parse(&text).ok_or("a day is written yyyy-mm-dd")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_india() {
        let at = |text| Day::of(crate::time::parse(text).unwrap()).to_string();
        assert_eq!(at("2027-01-31T23:59:59.999+05:30"), "2027-01-31");
        assert_eq!(at("2027-01-31T18:30:00Z"), "2027-02-01");
        let day = Day::parse("2028-02-29").unwrap();
        assert_eq!((day.to_wire().as_str(), Day::parse_wire("29022028")), ("29022028", Some(day)));
        assert_eq!((Day::of(day.begins()), day.weekday()), (day, 2));
        assert_eq!(Day::parse("1970-01-01").unwrap().weekday(), 4);
        assert_eq!(day.plus(1).to_string(), "2028-03-01");
        for text in ["2027-02-29", "2027-2-28", "1899-01-01", "9001-01-01", "2027/02/28", "२०२7-02-2"] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
        for text in ["29022027", "2902202", "00012027", "+1012027"] {
            assert_eq!(Day::parse_wire(text), None, "{text}");
        }
    }

    #[test]
    fn a_month_that_has_no_such_day_gives_its_last() {
        let in_month = |year: i32, month: i32, day| {
            Day::in_month(year * 12 + month - 1, day).map(|day| day.to_string()).unwrap_or_default()
        };
        assert_eq!(in_month(2027, 2, 31), "2027-02-28");
        assert_eq!(in_month(2028, 2, 30), "2028-02-29");
        assert_eq!(in_month(2027, 4, 31), "2027-04-30");
        assert_eq!(in_month(2027, 4, 1), "2027-04-01");
        assert_eq!(in_month(2027, 12, 31), "2027-12-31");
        assert_eq!(in_month(40_000, 1, 1), "");
    }
}
