//! Moments as the interface writes them: RFC 3339 in UTC with milliseconds.

use values::Timestamp;
use values::time::{Civil, Zone};

/// `2026-11-01T09:30:00.000Z`.
pub fn write(at: Timestamp) -> String {
    let Civil { year, month, day, hour, minute, second } = at.civil(Zone::Utc);
    let millis = at.millis().rem_euclid(1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Reads what [`write`] writes; the milliseconds may be left out.
pub fn parse(text: &str) -> Option<Timestamp> {
    let (whole, millis) = match text.strip_suffix('Z')?.split_once('.') {
        None => (text.strip_suffix('Z')?, 0),
        Some((whole, part)) if part.len() == 3 => (whole, digits(part)?),
        Some(_) => return None,
    };
    let bytes = whole.as_bytes();
    let marks = bytes.len() == 19
        && [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')]
            .iter()
            .all(|(at, mark)| bytes[*at] == *mark);
    if !marks || !whole.is_ascii() {
        return None;
    }
    let civil = Civil {
        year: i16::try_from(digits(&whole[..4])?).ok()?,
        month: digits(&whole[5..7])? as u8,
        day: digits(&whole[8..10])? as u8,
        hour: digits(&whole[11..13])? as u8,
        minute: digits(&whole[14..16])? as u8,
        second: digits(&whole[17..])? as u8,
    };
    let at = Timestamp::from_civil(civil, Zone::Utc)?;
    Some(Timestamp::from_millis(at.millis() + i64::from(millis)))
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
        for wrong in
            ["", "1970-01-01", "1970-13-01T00:00:00Z", "1970-01-01T00:00:00+08:00", "1970-01-01T00:00:0éZ"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
