//! Moments as messages and links write them: `YYYY-MM-DDThh:mm:ss[.fraction]+05:30`.

use values::Timestamp;
use values::time::{Civil, Zone};

/// A moment with its offset, 0 to 9 digits of a second; finer than milliseconds is dropped. `None` if the text is
/// not one, or names a date that does not exist.
pub fn parse(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<u32> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if separators.iter().any(|(at, mark)| bytes.get(*at) != Some(mark)) {
        return None;
    }
    let small = |from: usize| number(from, from + 2).and_then(|n| u8::try_from(n).ok());
    let civil = Civil {
        // What is written again stays a year of four digits, whatever the offset.
        year: i16::try_from(number(0, 4).filter(|year| (1900..=9000).contains(year))?).ok()?,
        month: small(5)?,
        day: small(8)?,
        hour: small(11)?,
        minute: small(14)?,
        second: small(17)?,
    };
    let fraction = bytes
        .get(19..)?
        .strip_prefix(b".")
        .map_or(0, |rest| rest.iter().take_while(|b| b.is_ascii_digit()).count());
    let offset_at = match fraction {
        0 if bytes.get(19) == Some(&b'.') => return None,
        0 => 19,
        1..=9 => 20 + fraction,
        _ => return None,
    };
    let millis: i64 = format!("{:0<3.3}", text.get(20..20 + fraction).unwrap_or_default()).parse().ok()?;
    let at = Timestamp::from_civil(civil, Zone::Utc)?.millis() + millis;
    Some(Timestamp::from_millis(at - 60_000 * offset_minutes(text.get(offset_at..)?)?))
}

fn offset_minutes(text: &str) -> Option<i64> {
    let sign = match text.as_bytes() {
        b"Z" => return Some(0),
        [b'+', _, _, b':', _, _] => 1,
        [b'-', _, _, b':', _, _] => -1,
        _ => return None,
    };
    let digits =
        |piece: &str| piece.bytes().all(|b| b.is_ascii_digit()).then(|| piece.parse::<i64>().ok())?;
    let (hours, minutes) = (digits(text.get(1..3)?)?, digits(text.get(4..6)?)?);
    (hours <= 14 && minutes < 60).then_some(sign * (60 * hours + minutes))
}

/// A moment on a clock in India, with milliseconds.
pub fn write(at: Timestamp) -> String {
    let Civil { year, month, day, hour, minute, second } = at.civil(Zone::Kolkata);
    let millis = at.millis().rem_euclid(1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}+05:30")
}

/// A date as mandates write it, `ddmmyyyy`: its first moment in India.
pub fn parse_date(text: &str) -> Option<Timestamp> {
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let civil = Civil {
        year: text[4..].parse().ok()?,
        month: text[2..4].parse().ok()?,
        day: text[..2].parse().ok()?,
        hour: 0,
        minute: 0,
        second: 0,
    };
    Timestamp::from_civil(civil, Zone::Kolkata)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for millis in [0, 1, 999, 1_795_305_600_123, -86_400_001] {
            let at = Timestamp::from_millis(millis);
            assert_eq!(parse(&write(at)), Some(at));
        }
    }

    #[test]
    fn table() {
        let noon = Timestamp::from_millis(1_711_000_000_000).millis() / 1000 * 1000;
        assert_eq!(write(Timestamp::from_millis(noon)), "2024-03-21T11:16:40.000+05:30");
        for (text, expected) in [
            ("2024-03-21T11:16:40+05:30", Some(0)),
            ("2024-03-21T05:46:40Z", Some(0)),
            ("2024-03-21T00:46:40-05:00", Some(0)),
            ("2024-03-21T11:16:40.1+05:30", Some(100)),
            ("2024-03-21T11:16:40.823747522+05:30", Some(823)),
            ("2024-03-21T11:16:40.8237475221+05:30", None),
            ("2024-03-21T11:16:40.+05:30", None),
            ("2024-03-21T11:16:40", None),
            ("2024-03-21T11:16:40 05:30", None),
            ("2024-03-21T11:16:40+0530", None),
            ("2024-03-21T11:16:40+05:60", None),
            ("2024-02-30T11:16:40+05:30", None),
            ("2024-03-21 11:16:40+05:30", None),
            ("2024-03-21T24:16:40+05:30", None),
            ("२०२४-03-21T11:16:40+05:30", None),
            ("1899-12-31T11:16:40+05:30", None),
            ("9001-01-01T11:16:40+05:30", None),
            ("", None),
        ] {
            assert_eq!(parse(text).map(|at| at.millis() - noon), expected, "{text}");
        }
        assert_eq!(parse_date("01012027").map(write).as_deref(), Some("2027-01-01T00:00:00.000+05:30"));
        assert!(parse_date("31022027").is_none() && parse_date("1012027").is_none());
    }
}
