//! The 46 bytes before messages on UnionPay's interbank lines.
//!
//! Header length (1, `2E`), flag and version (1), total length (4 ASCII digits, header and message),
//! destination (11), source (11), reserved (3), batch (1), transaction information (8), user information
//! (1), reject code (5).

use std::ops::Range;

/// How long the header is.
pub const LENGTH: usize = 46;
/// Where the total length stands.
pub const TOTAL_LENGTH: Range<usize> = 2..6;
const DESTINATION: Range<usize> = 6..17;
const SOURCE: Range<usize> = 17..28;
const REJECT_CODE: Range<usize> = 41..46;

/// A header whose fixed parts were checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnionPayHeader([u8; LENGTH]);

impl UnionPayHeader {
    /// From one institution to another; identifiers are left-justified, at most eleven characters count.
    pub fn new(destination: &str, source: &str) -> UnionPayHeader {
        let mut header = UnionPayHeader::default();
        for (place, text) in [(DESTINATION, destination), (SOURCE, source)] {
            let text = &text.as_bytes()[..text.len().min(11)];
            header.0[place][..text.len()].copy_from_slice(text);
        }
        header
    }

    /// Reads a header; `None` if it is not one.
    pub fn parse(bytes: &[u8]) -> Option<UnionPayHeader> {
        let bytes: [u8; LENGTH] = bytes.try_into().ok()?;
        let whole = usize::from(bytes[0]) == LENGTH && bytes[TOTAL_LENGTH].iter().all(u8::is_ascii_digit);
        whole.then_some(UnionPayHeader(bytes))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }

    /// Length of header and message together.
    pub fn total_length(&self) -> usize {
        self.0[TOTAL_LENGTH].iter().fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'))
    }

    /// Whether the receiver rejected the message unread.
    pub fn is_rejected(&self) -> bool {
        self.0[REJECT_CODE] != *b"00000"
    }

    /// The header of an answer: destination and source change places.
    pub fn answer(self) -> UnionPayHeader {
        let mut answer = self;
        answer.0[DESTINATION].copy_from_slice(&self.0[SOURCE]);
        answer.0[SOURCE].copy_from_slice(&self.0[DESTINATION]);
        answer
    }
}

/// Version 2, addresses blank, nothing rejected.
impl Default for UnionPayHeader {
    fn default() -> Self {
        let mut bytes = [0; LENGTH];
        bytes[0] = LENGTH as u8;
        bytes[1] = 0x02;
        bytes[TOTAL_LENGTH].copy_from_slice(b"0000");
        bytes[DESTINATION].fill(b' ');
        bytes[SOURCE].fill(b' ');
        bytes[33..40].fill(b'0');
        bytes[REJECT_CODE].copy_from_slice(b"00000");
        UnionPayHeader(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_change_places_in_the_answer() {
        let header = UnionPayHeader::new("00010000", "01040000");
        assert_eq!(&header.bytes()[6..17], b"00010000   ");
        let answer = header.answer();
        assert_eq!(&answer.bytes()[6..17], b"01040000   ");
        assert_eq!((answer.answer(), answer.is_rejected()), (header, false));
    }

    #[test]
    fn what_is_no_header_is_refused() {
        let mut bytes = *UnionPayHeader::default().bytes();
        assert!(UnionPayHeader::parse(&bytes).is_some() && UnionPayHeader::parse(&bytes[1..]).is_none());
        bytes[3] = b'x';
        assert!(UnionPayHeader::parse(&bytes).is_none());
    }
}
