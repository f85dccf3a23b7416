//! Moments as the interface writes them: RFC 3339 in UTC with milliseconds.

use values::Timestamp;
use values::time::{Civil, Zone};

/// `2026-11-01T09:30:00.000Z`.
pub fn write(at: Timestamp) -> String {
    let Civil { year, month, day, hour, minute, second } = at.civil(Zone::Utc);
    let millis = at.millis().rem_euclid(1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Reads a moment as RFC 3339 has it, with any offset; what is finer than a millisecond is cut off.
pub fn parse(text: &str) -> Option<Timestamp> {
    if !text.is_ascii() || text.len() < 20 {
        return None;
    }
    let (whole, rest) = text.split_at(19);
    let bytes = whole.as_bytes();
    let marks = [(4, b"--"), (7, b"--"), (10, b"Tt"), (13, b"::"), (16, b"::")];
    if !marks.iter().all(|(at, mark)| mark.contains(&bytes[*at])) {
        return None;
    }
    let (millis, zone) = match rest.strip_prefix('.') {
        None => (0, rest),
        Some(part) => {
            let (fraction, zone) = part.split_at(part.find(|letter: char| !letter.is_ascii_digit())?);
            let fine = (1..=18).contains(&fraction.len()).then_some(fraction)?;
            (digits(&format!("{fine:0<3}")[..3])?, zone)
        }
    };
    let civil = Civil {
        year: i16::try_from(digits(&whole[..4])?).ok()?,
        month: digits(&whole[5..7])? as u8,
        day: digits(&whole[8..10])? as u8,
        hour: digits(&whole[11..13])? as u8,
        minute: digits(&whole[14..16])? as u8,
        second: digits(&whole[17..])? as u8,
    };
    let at = Timestamp::from_civil(civil, Zone::Utc)?;
    Some(Timestamp::from_millis(at.millis() + i64::from(millis) - offset(zone)? * 60_000))
}

/// Minutes by which a zone is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) =
        zone.strip_prefix('+').map(|rest| (1, rest)).or(zone.strip_prefix('-').map(|rest| (-1, rest)))?;
    let (hours, minutes) =
        rest.split_once(':').filter(|(hours, minutes)| (hours.len(), minutes.len()) == (2, 2))?;
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    (hours < 24 && minutes < 60).then(|| sign * i64::from(hours * 60 + minutes))
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_and_read() {
        let at = Timestamp::from_millis(1_795_320_000_123);
        assert_eq!(parse(&write(at)), Some(at));
        assert_eq!(write(Timestamp::from_millis(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(parse("1970-01-01T00:00:01Z"), Some(Timestamp::from_millis(1000)));
        for (other, same) in [
            ("1970-01-01T08:00:01.5+08:00", 1500),
            ("1969-12-31t18:30:00.123456789-05:30", 123),
            ("1970-01-01T00:00:00z", 0),
        ] {
            assert_eq!(parse(other), Some(Timestamp::from_millis(same)), "{other}");
        }
        for wrong in [
            "",
            "1970-01-01",
            "1970-13-01T00:00:00Z",
            "1970-01-01T00:00:00",
            "1970-01-01T00:00:00.Z",
            "1970-01-01T00:00:00+8:00",
            "1970-01-01T00:00:00+24:00",
            "1970-01-01 00:00:00Z",
            "1970-01-01T00:00:0\u{e9}Z",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
