//! Lengths of time and moments as people write them.

use crate::platform_http::developers::time;
use std::time::Duration;
use values::Timestamp;

/// The longest length of time: ten years.
const MOST: Duration = Duration::from_secs(10 * 366 * 86_400);

/// Reads `90m`, `12h`, `30d`, `1w` or `1d12h`: more than nothing and at most ten years.
pub fn span(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut seconds: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count: u64 = rest[..digits].parse().ok()?;
        let unit = match rest.as_bytes().get(digits)? {
            b's' => 1,
            b'm' => 60,
            b'h' => 3600,
            b'd' => 86_400,
            b'w' => 7 * 86_400,
            _ => return None,
        };
        seconds = seconds.checked_add(count.checked_mul(unit)?)?;
        rest = &rest[digits + 1..];
    }
    let span = Duration::from_secs(seconds);
    (span > Duration::ZERO && span <= MOST).then_some(span)
}

/// A moment to go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The machine's own time.
    Machine,
    /// This one.
    At(Timestamp),
}

/// Reads `2027-01-31` (midnight UTC), `2027-01-31T09:30:00Z` (or with another offset), or `now`, which is the machine's own time.
pub fn moment(text: &str) -> Option<Moment> {
    let text = text.trim();
    if text == "now" {
        return Some(Moment::Machine);
    }
    let date = format!("{text}T00:00:00Z");
    time::parse(text).or_else(|| time::parse(&date)).map(Moment::At)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_or_refused() {
        for (text, seconds) in
            [("90s", 90), ("90m", 5400), ("12h", 43_200), ("1d12h", 129_600), ("2w", 1_209_600)]
        {
            assert_eq!(span(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for wrong in
            ["", "0s", "d", "30", "30x", "-1d", "1.5h", "11y", "99999d", "18446744073709551615d", "1é"]
        {
            assert_eq!(span(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn moments_are_read_or_refused() {
        let day = Timestamp::from_millis(1_801_353_600_000);
        assert_eq!(moment("2027-01-31"), Some(Moment::At(day)));
        assert_eq!(moment("2027-01-31T00:00:00.000Z"), Some(Moment::At(day)));
        assert_eq!(moment("2027-01-31T08:00:00+08:00"), Some(Moment::At(day)));
        assert_eq!(moment(" now "), Some(Moment::Machine));
        for wrong in ["", "tomorrow", "2027-02-30", "2027-01-31T09:30"] {
            assert_eq!(moment(wrong), None, "{wrong}");
        }
    }
}
