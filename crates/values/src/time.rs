//! Moments, always handed in: nothing in the core reads a clock.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// A civil date and time in some zone, as wire formats want it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Year, for example 2026.
    pub year: i16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, 1 to 31.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 59.
    pub second: u8,
}

/// Where a business date is taken: offsets are fixed for the places Paiza starts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Zone {
    /// Coordinated Universal Time.
    Utc,
    /// China Standard Time, UTC+8 all year (`Asia/Shanghai`).
    Shanghai,
    /// India Standard Time, UTC+5:30 all year (`Asia/Kolkata`).
    Kolkata,
}

impl Zone {
    /// Every one, in the order of their offsets.
    pub const ALL: [Zone; 3] = [Zone::Utc, Zone::Kolkata, Zone::Shanghai];

    /// Its name in the IANA time zone database: `Asia/Shanghai`.
    pub const fn name(self) -> &'static str {
        match self {
            Zone::Utc => "UTC",
            Zone::Shanghai => "Asia/Shanghai",
            Zone::Kolkata => "Asia/Kolkata",
        }
    }

    /// The zone of this name, if it is one of them.
    pub fn parse(name: &str) -> Option<Zone> {
        Zone::ALL.into_iter().find(|zone| zone.name() == name)
    }

    fn offset(self) -> jiff::tz::Offset {
        let seconds = match self {
            Zone::Utc => 0,
            Zone::Shanghai => 8 * 3600,
            Zone::Kolkata => 5 * 3600 + 1800,
        };
        jiff::tz::Offset::from_seconds(seconds).expect("offsets above are within a day")
    }
}

impl Timestamp {
    /// A moment by its milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Timestamp {
        Timestamp(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This much later; stays at the end of time instead of wrapping.
    pub fn after(self, wait: Duration) -> Timestamp {
        let millis = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        Timestamp(self.0.saturating_add(millis))
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The date and time on a wall clock in `zone`.
    pub fn civil(self, zone: Zone) -> Civil {
        let at = zone.offset().to_datetime(self.instant());
        Civil {
            year: at.year(),
            month: at.month() as u8,
            day: at.day() as u8,
            hour: at.hour() as u8,
            minute: at.minute() as u8,
            second: at.second() as u8,
        }
    }

    /// The moment a wall clock in `zone` shows this; `None` for a date that does not exist.
    pub fn from_civil(civil: Civil, zone: Zone) -> Option<Timestamp> {
        let at = jiff::civil::DateTime::new(
            civil.year,
            i8::try_from(civil.month).ok()?,
            i8::try_from(civil.day).ok()?,
            i8::try_from(civil.hour).ok()?,
            i8::try_from(civil.minute).ok()?,
            i8::try_from(civil.second).ok()?,
            0,
        )
        .ok()?;
        Some(Timestamp(zone.offset().to_timestamp(at).ok()?.as_millisecond()))
    }

    fn instant(self) -> jiff::Timestamp {
        let (least, most) = (jiff::Timestamp::MIN, jiff::Timestamp::MAX);
        let millis = self.0.clamp(least.as_millisecond() + 86_400_000, most.as_millisecond() - 86_400_000);
        jiff::Timestamp::from_millisecond(millis).expect("clamped to the range")
    }
}

/// RFC 3339 in UTC with milliseconds: `2026-11-22T00:00:00.000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.instant())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_go_by_their_names() {
        for zone in Zone::ALL {
            assert_eq!(Zone::parse(zone.name()), Some(zone));
        }
        assert_eq!(Zone::parse("asia/shanghai"), None);
        let noon = Timestamp::from_civil(
            Civil { year: 2026, month: 11, day: 22, hour: 12, minute: 0, second: 0 },
            Zone::Utc,
        );
        let clocks = Zone::ALL.map(|zone| noon.unwrap().civil(zone)).map(|at| (at.hour, at.minute));
        assert_eq!(clocks, [(12, 0), (17, 30), (20, 0)]);
    }

    #[test]
    fn wall_clocks_agree_with_the_instant() {
        let at = Timestamp::from_millis(1_795_305_600_000);
        assert_eq!(at.to_string(), "2026-11-22T00:00:00.000Z");
        let shanghai = at.civil(Zone::Shanghai);
        assert_eq!((shanghai.day, shanghai.hour), (22, 8));
        assert_eq!(Timestamp::from_civil(shanghai, Zone::Shanghai), Some(at));
    }

    #[test]
    fn extremes_do_not_panic() {
        for millis in [i64::MIN, i64::MAX] {
            let at = Timestamp::from_millis(millis);
            let _ = (at.to_string(), at.civil(Zone::Kolkata), at.after(Duration::MAX));
        }
        let never = Civil { year: 2026, month: 2, day: 30, hour: 0, minute: 0, second: 0 };
        assert_eq!(Timestamp::from_civil(never, Zone::Utc), None);
    }
}
