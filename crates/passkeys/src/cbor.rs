//! The little of CBOR that authenticators speak (RFC 8949; CTAP 2.2, section 8): integers, byte and text strings, lists,
//! maps and simple values, each with its shortest head and a definite length.

use crate::refusal::Refusal;

/// Lists and maps lie in one another at most so deep (CTAP 2.2, section 8, says four; an attestation may hold more).
const DEPTH_MOST: u8 = 8;

/// What a head says follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    Unsigned(u64),
    Negative(u64),
    Bytes(usize),
    Text(usize),
    List(usize),
    Map(usize),
    Simple,
}

/// Reads items from front to back.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    place: usize,
    what: &'static str,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], what: &'static str) -> Reader<'a> {
        Reader { bytes, place: 0, what }
    }

    /// The no that names where it stands.
    pub(crate) fn wrong(&self) -> Refusal {
        Refusal::Malformed { what: self.what, offset: self.place }
    }

    pub(crate) fn place(&self) -> usize {
        self.place
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Refusal> {
        let rest = self.bytes.get(self.place..).unwrap_or_default();
        let taken = rest.get(..length).ok_or_else(|| self.wrong())?;
        self.place += length;
        Ok(taken)
    }

    fn head(&mut self) -> Result<Head, Refusal> {
        let wrong = self.wrong();
        let first = self.take(1)?[0];
        let (major, low) = (first >> 5, first & 31);
        let (value, least) = match low {
            0..=23 => (u64::from(low), 0),
            24..=27 => {
                let length = 1usize << (low - 24);
                let value = self.take(length)?.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
                (value, if length == 1 { 24 } else { 1 << (4 * length) })
            }
            // 31 would begin something without an end in sight.
            _ => return Err(wrong),
        };
        // A value that fits a shorter head could be written in two ways.
        if value < least && major != 7 {
            return Err(wrong);
        }
        // No declared length is believed beyond what is there.
        let length = usize::try_from(value).unwrap_or(usize::MAX);
        let left = self.bytes.len() - self.place;
        let bounded = if length <= left { Ok(length) } else { Err(wrong) };
        Ok(match major {
            0 => Head::Unsigned(value),
            1 => Head::Negative(value),
            2 => Head::Bytes(bounded?),
            3 => Head::Text(bounded?),
            4 => Head::List(bounded?),
            5 => Head::Map(bounded?),
            7 => Head::Simple,
            // A tag: nothing here has one.
            _ => return Err(wrong),
        })
    }

    /// The number of pairs of a map.
    pub(crate) fn map(&mut self) -> Result<usize, Refusal> {
        let wrong = self.wrong();
        match self.head()? {
            Head::Map(pairs) => Ok(pairs),
            _ => Err(wrong),
        }
    }

    /// An integer that fits 32 bits.
    pub(crate) fn integer(&mut self) -> Result<i64, Refusal> {
        let wrong = self.wrong();
        let value = match self.head()? {
            Head::Unsigned(value) => i64::from(u32::try_from(value).map_err(|_| wrong)?),
            Head::Negative(value) => -1 - i64::from(u32::try_from(value).map_err(|_| wrong)?),
            _ => return Err(wrong),
        };
        Ok(value)
    }

    /// A byte string.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Refusal> {
        let wrong = self.wrong();
        match self.head()? {
            Head::Bytes(length) => self.take(length),
            _ => Err(wrong),
        }
    }

    /// A text string.
    pub(crate) fn text(&mut self) -> Result<&'a str, Refusal> {
        let wrong = self.wrong();
        match self.head()? {
            Head::Text(length) => str::from_utf8(self.take(length)?).map_err(|_| wrong),
            _ => Err(wrong),
        }
    }

    /// Passes over one item, whatever it is.
    pub(crate) fn skip(&mut self) -> Result<(), Refusal> {
        self.skip_within(DEPTH_MOST)
    }

    fn skip_within(&mut self, depth: u8) -> Result<(), Refusal> {
        let wrong = self.wrong();
        let inside = match self.head()? {
            Head::Unsigned(_) | Head::Negative(_) | Head::Simple => 0,
            Head::Bytes(length) | Head::Text(length) => {
                self.take(length)?;
                0
            }
            Head::List(items) => items,
            Head::Map(pairs) => 2 * pairs,
        };
        if inside > 0 && depth == 0 {
            return Err(wrong);
        }
        (0..inside).try_for_each(|_| self.skip_within(depth.saturating_sub(1)))
    }

    /// Nothing may follow.
    pub(crate) fn end(&self) -> Result<(), Refusal> {
        if self.place == self.bytes.len() { Ok(()) } else { Err(self.wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skip(hexadecimal: &[u8]) -> Result<usize, usize> {
        let mut reader = Reader::new(hexadecimal, "test");
        reader.skip().and_then(|()| reader.end()).map(|()| reader.place()).map_err(|refusal| match refusal {
            Refusal::Malformed { offset, .. } => offset,
            _ => usize::MAX,
        })
    }

    #[test]
    fn items_are_passed_over_and_others_are_refused() {
        for good in [
            &[0x00][..],
            &[0x18, 0x18],
            &[0x19, 0x01, 0x00],
            &[0x1A, 0x00, 0x01, 0x00, 0x00],
            &[0x26],
            &[0x42, 1, 2],
            &[0x63, b'f', b'm', b't'],
            &[0x82, 0x01, 0xA0],
            &[0xA1, 0x01, 0xF5],
            &[0xFA, 0, 0, 0, 0],
        ] {
            assert_eq!(skip(good), Ok(good.len()), "{good:?}");
        }
        for (bad, offset) in [
            (&[][..], 0),
            (&[0x18, 0x17], 0),       // a longer head than it needs
            (&[0x19, 0x00, 0xFF], 0), // the same
            (&[0x5F, 0xFF], 0),       // without a length
            (&[0x42, 1], 0),          // longer than what is there
            (&[0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 0), // a list of almost everything
            (&[0xC0, 0x00], 0),       // a tag
            (&[0x00, 0x00], 1),       // more than one item
            (&[0xA1, 0x01], 2),       // a name without a value
            (&[0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x00], 8), // too deep
        ] {
            assert_eq!(skip(bad), Err(offset), "{bad:?}");
        }
    }

    #[test]
    fn integers_go_both_ways() {
        for (bytes, value) in
            [(&[0x01][..], 1), (&[0x26], -7), (&[0x20], -1), (&[0x1A, 0xFF, 0xFF, 0xFF, 0xFF], 0xFFFF_FFFF)]
        {
            assert_eq!(Reader::new(bytes, "test").integer(), Ok(value));
        }
        let wide = [0x1B, 0, 0, 0, 1, 0, 0, 0, 0];
        assert!(Reader::new(&wide, "test").integer().is_err());
        assert!(Reader::new(&[0x40], "test").integer().is_err());
        assert!(Reader::new(&[0x61, 0xFF], "test").text().is_err());
    }
}
