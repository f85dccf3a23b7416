//! Cycles: the windows of a day, in India, in which payments are netted. Ten for payments; disputes have two of their own
//! since 2025-11-03 (network circular).

use std::fmt;
use std::time::Duration;
use values::Timestamp;
use values::time::{Civil, Zone};

/// The hours at which payment cycles end; the first begins at 21:00 of the day before (published windows).
const PAYMENT_ENDS: [u8; 10] = [0, 5, 7, 9, 11, 13, 15, 17, 19, 21];
/// The hours at which dispute cycles end: DC1 at 16:00, DC2 at midnight.
const DISPUTE_ENDS: [u8; 2] = [16, 24];
const HOUR: Duration = Duration::from_secs(3_600);

/// What is netted in a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CycleKind {
    /// Payments.
    Payments,
    /// What the back office gives back.
    Disputes,
}

/// A cycle, named by the date it belongs to and its place in that day: `20261130-04`, `20261130-DC1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cycle {
    /// When it ends; what happens at that moment belongs to the next one.
    pub until: Timestamp,
    /// What is netted.
    pub kind: CycleKind,
    /// Its place, from 1.
    pub number: u8,
    date: (i16, u8, u8),
}

impl Cycle {
    /// The cycle of payments that runs at this moment.
    pub fn at(now: Timestamp) -> Cycle {
        Cycle::running(now, CycleKind::Payments)
    }

    /// The cycle of disputes that runs at this moment.
    pub fn of_disputes(now: Timestamp) -> Cycle {
        Cycle::running(now, CycleKind::Disputes)
    }

    fn running(now: Timestamp, kind: CycleKind) -> Cycle {
        let today = now.civil(Zone::Kolkata);
        let in_day = |hour: u8| hour > today.hour;
        match kind {
            CycleKind::Payments if today.hour >= 21 => {
                let tomorrow = midnight(now).after(24 * HOUR);
                Cycle::of(tomorrow.civil(Zone::Kolkata), kind, 1)
            }
            CycleKind::Payments => {
                let place = PAYMENT_ENDS.iter().position(|hour| in_day(*hour)).unwrap_or(0);
                Cycle::of(today, kind, place as u8 + 1)
            }
            CycleKind::Disputes => Cycle::of(today, kind, if in_day(DISPUTE_ENDS[0]) { 1 } else { 2 }),
        }
    }

    fn of(date: Civil, kind: CycleKind, number: u8) -> Cycle {
        let ends: &[u8] = match kind {
            CycleKind::Payments => &PAYMENT_ENDS,
            CycleKind::Disputes => &DISPUTE_ENDS,
        };
        let start = Civil { hour: 0, minute: 0, second: 0, ..date };
        let start = Timestamp::from_civil(start, Zone::Kolkata).unwrap_or(Timestamp::from_millis(0));
        let until = start.after(HOUR * u32::from(ends[usize::from(number) - 1]));
        Cycle { until, kind, number, date: (date.year, date.month, date.day) }
    }

    /// Reads a name; `None` if there is no such cycle.
    pub fn parse(name: &str) -> Option<Cycle> {
        let (day, place) = name.split_once('-')?;
        if day.len() != 8 || !day.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (kind, number, most) = match place.strip_prefix("DC") {
            Some(number) => (CycleKind::Disputes, number.parse().ok()?, DISPUTE_ENDS.len()),
            None => (CycleKind::Payments, place.parse().ok()?, PAYMENT_ENDS.len()),
        };
        let date = Civil {
            year: day[..4].parse().ok()?,
            month: day[4..6].parse().ok()?,
            day: day[6..].parse().ok()?,
            hour: 0,
            minute: 0,
            second: 0,
        };
        Timestamp::from_civil(date, Zone::Kolkata)?;
        let cycle = (1..=most).contains(&usize::from(number)).then(|| Cycle::of(date, kind, number))?;
        // One writing of each name.
        (cycle.to_string() == name).then_some(cycle)
    }

    /// The date it settles on, `yyyy-mm-dd`.
    pub fn date(&self) -> String {
        let (year, month, day) = self.date;
        format!("{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date;
        write!(f, "{year:04}{month:02}{day:02}-")?;
        match self.kind {
            CycleKind::Payments => write!(f, "{:02}", self.number),
            CycleKind::Disputes => write!(f, "DC{}", self.number),
        }
    }
}

fn midnight(now: Timestamp) -> Timestamp {
    let civil = Civil { hour: 0, minute: 0, second: 0, ..now.civil(Zone::Kolkata) };
    Timestamp::from_civil(civil, Zone::Kolkata).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        crate::time::parse(text).unwrap()
    }

    #[test]
    fn every_moment_has_its_cycle() {
        for (moment, payments, disputes) in [
            ("2026-11-29T20:59:59.999+05:30", "20261129-10", "20261129-DC2"),
            ("2026-11-29T21:00:00.000+05:30", "20261130-01", "20261129-DC2"),
            ("2026-11-29T23:59:59.999+05:30", "20261130-01", "20261129-DC2"),
            ("2026-11-30T00:00:00.000+05:30", "20261130-02", "20261130-DC1"),
            ("2026-11-30T04:59:59.000+05:30", "20261130-02", "20261130-DC1"),
            ("2026-11-30T15:59:59.000+05:30", "20261130-08", "20261130-DC1"),
            ("2026-11-30T16:00:00.000+05:30", "20261130-08", "20261130-DC2"),
            ("2026-12-31T21:30:00.000+05:30", "20270101-01", "20261231-DC2"),
        ] {
            let now = at(moment);
            for (cycle, name) in [(Cycle::at(now), payments), (Cycle::of_disputes(now), disputes)] {
                assert_eq!(cycle.to_string(), name, "{moment}");
                assert_eq!(Cycle::parse(name), Some(cycle));
                assert!(cycle.until > now, "{moment} {name}");
            }
        }
        assert_eq!(Cycle::at(at("2026-11-29T22:00:00+05:30")).until, at("2026-11-30T00:00:00+05:30"));
        assert_eq!(
            Cycle::of_disputes(at("2026-11-29T22:00:00+05:30")).until,
            at("2026-11-30T00:00:00+05:30")
        );
        for bad in
            ["20261130-11", "20261130-00", "20261130-1", "20261331-01", "20261130-DC3", "x", "2026113é-1"]
        {
            assert_eq!(Cycle::parse(bad), None, "{bad}");
        }
    }

    /// One ends exactly where the next begins.
    #[test]
    fn cycles_leave_no_gap() {
        let mut now = at("2026-11-28T13:00:00+05:30");
        for _ in 0..40 {
            let (this, next) = (Cycle::at(now), Cycle::at(Cycle::at(now).until));
            assert!(this < next && this != next);
            now = this.until;
        }
        assert_eq!(now, at("2026-12-02T13:00:00+05:30"));
    }
}
