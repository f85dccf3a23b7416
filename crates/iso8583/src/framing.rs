//! Messages in a byte stream: a length before each, by configuration, and what some lines put between.
//!
//! [`Deframer`] is a machine: push what was read, pull whole frames. It never waits and never reads.

use crate::union_pay_header::{self, UnionPayHeader};
use std::str::FromStr;

/// How the length before a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthPrefix {
    /// Two bytes, big-endian.
    Binary2,
    /// Four bytes, big-endian.
    Binary4,
    /// Four ASCII digits.
    Ascii4,
}

/// What stands between the length and the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineHeader {
    /// Nothing. Also for the `pos` profile, whose header belongs to the message.
    None,
    /// A TPDU of five bytes: 60, destination, origin.
    Tpdu,
    /// The 46 bytes of UnionPay's interbank lines.
    UnionPay,
}

/// How messages stand in a byte stream.
///
/// Its text form names the parts: `binary2`, `binary4` or `ascii4`, then `+inclusive`, `+tpdu`,
/// `+unionpay` where they apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framing {
    /// How the length is written.
    pub length: LengthPrefix,
    /// Whether the length counts itself.
    pub inclusive: bool,
    /// What stands between length and message.
    pub header: LineHeader,
    /// The most bytes that header and message may have.
    pub maximum: usize,
}

/// A frame cannot be written: its message is longer than the framing allows or can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message is too long for this line")]
pub struct FrameTooLong;

/// The text names no framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a framing: binary2, binary4 or ascii4, then +inclusive, +tpdu or +unionpay")]
pub struct NotAFraming;

impl Framing {
    /// The longest message taken unless told otherwise; real ones have a few hundred bytes.
    pub const DEFAULT_MAXIMUM: usize = 8192;

    /// Two bytes, not counting themselves, nothing between: what most lines use.
    pub const fn binary2() -> Framing {
        Framing {
            length: LengthPrefix::Binary2,
            inclusive: false,
            header: LineHeader::None,
            maximum: Framing::DEFAULT_MAXIMUM,
        }
    }

    /// Writes one frame. `header` must have the length of the framing's header; `None` writes an empty one
    /// (a TPDU of zeros, a UnionPay header without addresses).
    pub fn write(
        &self,
        header: Option<&[u8]>,
        message: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), FrameTooLong> {
        let start = self.begin(header, out);
        out.extend_from_slice(message);
        self.finish(start, out)
    }

    /// Makes room for length and header in `out`, so that the message can be encoded in its place; end with
    /// [`Framing::finish`].
    pub fn begin(&self, header: Option<&[u8]>, out: &mut Vec<u8>) -> usize {
        let start = out.len();
        out.resize(start + self.prefix(), 0);
        match (self.header, header) {
            (LineHeader::None, _) => {}
            (_, Some(header)) if header.len() == self.header_length() => out.extend_from_slice(header),
            (LineHeader::Tpdu, _) => out.extend_from_slice(&[0x60, 0, 0, 0, 0]),
            (LineHeader::UnionPay, _) => out.extend_from_slice(UnionPayHeader::default().bytes()),
        }
        start
    }

    /// Fills in the length of the frame begun at `start`. If it is too long, `out` ends at `start` again.
    pub fn finish(&self, start: usize, out: &mut Vec<u8>) -> Result<(), FrameTooLong> {
        let content = out.len() - start - self.prefix();
        let stated = content + if self.inclusive { self.prefix() } else { 0 };
        let most = match self.length {
            LengthPrefix::Binary2 => 0xffff,
            LengthPrefix::Binary4 => 0xffff_ffff,
            LengthPrefix::Ascii4 => 9999,
        };
        if content > self.maximum || stated > most {
            out.truncate(start);
            return Err(FrameTooLong);
        }
        let prefix = &mut out[start..start + self.prefix()];
        match self.length {
            LengthPrefix::Binary2 => prefix.copy_from_slice(&(stated as u16).to_be_bytes()),
            LengthPrefix::Binary4 => prefix.copy_from_slice(&(stated as u32).to_be_bytes()),
            LengthPrefix::Ascii4 => four_digits(stated, prefix),
        }
        if self.header == LineHeader::UnionPay {
            let at = start + self.prefix();
            four_digits(content, &mut out[at..][union_pay_header::TOTAL_LENGTH]);
        }
        Ok(())
    }

    /// Writes an idle heartbeat: a length without a message (`0000`).
    pub fn heartbeat(&self, out: &mut Vec<u8>) {
        let plain = Framing { header: LineHeader::None, ..*self };
        let start = plain.begin(None, out);
        plain.finish(start, out).expect("nothing is never too long");
    }

    /// The header with which a frame that came under `header` is answered: addresses change places.
    pub fn answer_header(&self, header: &[u8]) -> Option<Vec<u8>> {
        match self.header {
            LineHeader::None => None,
            LineHeader::Tpdu => {
                let [id, d1, d2, o1, o2] = *header else { return None };
                Some(vec![id, o1, o2, d1, d2])
            }
            LineHeader::UnionPay => Some(UnionPayHeader::parse(header)?.answer().bytes().to_vec()),
        }
    }

    fn prefix(&self) -> usize {
        match self.length {
            LengthPrefix::Binary2 => 2,
            LengthPrefix::Binary4 | LengthPrefix::Ascii4 => 4,
        }
    }

    fn header_length(&self) -> usize {
        match self.header {
            LineHeader::None => 0,
            LineHeader::Tpdu => 5,
            LineHeader::UnionPay => union_pay_header::LENGTH,
        }
    }

    /// Header and message length that these prefix bytes state.
    fn stated(&self, prefix: &[u8]) -> Result<usize, Garbage> {
        let number = match self.length {
            LengthPrefix::Ascii4 => prefix.iter().try_fold(0usize, |sum, byte| {
                let digit = byte.checked_sub(b'0').filter(|d| *d <= 9)?;
                Some(sum * 10 + usize::from(digit))
            }),
            _ => Some(prefix.iter().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte))),
        };
        let number = number.ok_or(Garbage::LengthNotDigits)?;
        if !self.inclusive {
            return Ok(number);
        }
        number.checked_sub(self.prefix()).ok_or(Garbage::TooShort)
    }
}

impl FromStr for Framing {
    type Err = NotAFraming;
    fn from_str(text: &str) -> Result<Framing, NotAFraming> {
        let mut parts = text.split('+');
        let length = match parts.next() {
            Some("binary2") => LengthPrefix::Binary2,
            Some("binary4") => LengthPrefix::Binary4,
            Some("ascii4") => LengthPrefix::Ascii4,
            _ => return Err(NotAFraming),
        };
        let mut framing = Framing { length, ..Framing::binary2() };
        for part in parts {
            match part {
                "inclusive" => framing.inclusive = true,
                "tpdu" => framing.header = LineHeader::Tpdu,
                "unionpay" => framing.header = LineHeader::UnionPay,
                _ => return Err(NotAFraming),
            }
        }
        Ok(framing)
    }
}

fn four_digits(number: usize, place: &mut [u8]) {
    let mut rest = number;
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

/// What was pulled from the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A message and the header before it (empty if the framing has none).
    Message {
        /// TPDU or UnionPay header.
        header: &'a [u8],
        /// The message, to be decoded by its profile.
        message: &'a [u8],
    },
    /// The other side is there but has nothing to say.
    Heartbeat,
}

/// The stream is not what it should be; the connection must be closed, as nothing after it can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Garbage {
    /// A length of ASCII digits has something else.
    #[error("a frame length is not a number")]
    LengthNotDigits,
    /// The length is above the maximum.
    #[error("a frame is longer than allowed")]
    TooLong,
    /// The length has no room for what must be there.
    #[error("a frame is too short")]
    TooShort,
    /// The TPDU or the UnionPay header is not one.
    #[error("a frame has a wrong header")]
    Header,
    /// The stream ended inside a frame.
    #[error("the stream ended inside a frame")]
    Ended,
}

/// Takes bytes as they come and gives frames. Holds at most one read more than one frame.
pub struct Deframer {
    framing: Framing,
    buffer: Vec<u8>,
    at: usize,
    broken: Option<Garbage>,
}

impl Deframer {
    /// A machine at the start of a stream.
    pub fn new(framing: Framing) -> Deframer {
        Deframer { framing, buffer: Vec::new(), at: 0, broken: None }
    }

    /// Takes what was read. Pull all frames before pushing more.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.at);
        self.at = 0;
        if self.broken.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next whole frame; `None` until more is pushed. After garbage every call says so again.
    pub fn pull(&mut self) -> Result<Option<Frame<'_>>, Garbage> {
        if let Some(garbage) = self.broken {
            return Err(garbage);
        }
        let bounds = match self.bounds() {
            Ok(bounds) => bounds,
            Err(garbage) => {
                self.broken = Some(garbage);
                self.buffer.clear();
                self.at = 0;
                return Err(garbage);
            }
        };
        let Some((start, end)) = bounds else { return Ok(None) };
        self.at = end;
        if start == end {
            return Ok(Some(Frame::Heartbeat));
        }
        let (header, message) = self.buffer[start..end].split_at(self.framing.header_length());
        Ok(Some(Frame::Message { header, message }))
    }

    /// Tells whether the stream may end here.
    pub fn end(&self) -> Result<(), Garbage> {
        match self.broken {
            Some(garbage) => Err(garbage),
            None if self.at < self.buffer.len() => Err(Garbage::Ended),
            None => Ok(()),
        }
    }

    /// Where header and message of the next frame lie, once all of it is there.
    fn bounds(&self) -> Result<Option<(usize, usize)>, Garbage> {
        let (framing, rest) = (&self.framing, &self.buffer[self.at..]);
        let Some(prefix) = rest.get(..framing.prefix()) else { return Ok(None) };
        let length = framing.stated(prefix)?;
        if length > framing.maximum {
            return Err(Garbage::TooLong);
        }
        if length > 0 && length <= framing.header_length() {
            return Err(Garbage::TooShort);
        }
        let content = &rest[framing.prefix()..];
        // A wrong header is told as soon as its first byte is there: garbage must not be waited for.
        let wrong = match (framing.header, content.first()) {
            _ if length == 0 => false,
            (LineHeader::Tpdu, Some(first)) => *first != 0x60,
            (LineHeader::UnionPay, Some(first)) => usize::from(*first) != union_pay_header::LENGTH,
            _ => false,
        };
        if wrong {
            return Err(Garbage::Header);
        }
        let Some(content) = content.get(..length) else { return Ok(None) };
        if framing.header == LineHeader::UnionPay && length > 0 {
            let header =
                UnionPayHeader::parse(&content[..union_pay_header::LENGTH]).ok_or(Garbage::Header)?;
            if header.total_length() != length {
                return Err(Garbage::Header);
            }
        }
        let start = self.at + framing.prefix();
        Ok(Some((start, start + length)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&str; 9] = [
        "binary2",
        "binary2+inclusive",
        "binary2+tpdu",
        "binary2+unionpay",
        "binary4",
        "binary4+inclusive+tpdu",
        "ascii4",
        "ascii4+inclusive",
        "ascii4+unionpay",
    ];

    fn pull_all(deframer: &mut Deframer) -> Result<Vec<Option<Vec<u8>>>, Garbage> {
        let mut found = Vec::new();
        while let Some(frame) = deframer.pull()? {
            found.push(match frame {
                Frame::Message { message, .. } => Some(message.to_vec()),
                Frame::Heartbeat => None,
            });
        }
        Ok(found)
    }

    #[test]
    fn frames_come_whole_however_the_stream_is_cut() {
        for name in ALL {
            let framing: Framing = name.parse().unwrap();
            let mut stream = Vec::new();
            framing.write(None, b"first message", &mut stream).unwrap();
            framing.heartbeat(&mut stream);
            framing.write(None, b"second", &mut stream).unwrap();
            let expected = vec![Some(b"first message".to_vec()), None, Some(b"second".to_vec())];
            for size in 1..=stream.len() {
                let (mut deframer, mut found) = (Deframer::new(framing), Vec::new());
                for piece in stream.chunks(size) {
                    deframer.push(piece);
                    found.extend(pull_all(&mut deframer).unwrap());
                }
                assert_eq!(found, expected, "{name} in pieces of {size}");
                assert_eq!(deframer.end(), Ok(()));
            }
            let mut cut = Deframer::new(framing);
            cut.push(&stream[..stream.len() - 1]);
            pull_all(&mut cut).unwrap();
            assert_eq!(cut.end(), Err(Garbage::Ended));
        }
    }

    #[test]
    fn lengths_are_written_as_the_line_wants_them() {
        for (name, expected) in [
            ("binary2", &b"\x00\x02ab"[..]),
            ("binary2+inclusive", b"\x00\x04ab"),
            ("binary4", b"\x00\x00\x00\x02ab"),
            ("ascii4", b"0002ab"),
            ("ascii4+inclusive", b"0006ab"),
            ("binary2+tpdu", b"\x00\x07\x60\x00\x00\x00\x00ab"),
        ] {
            let mut out = Vec::new();
            name.parse::<Framing>().unwrap().write(None, b"ab", &mut out).unwrap();
            assert_eq!(out, expected, "{name}");
        }
        let mut out = Vec::new();
        "ascii4".parse::<Framing>().unwrap().heartbeat(&mut out);
        assert_eq!(out, b"0000");
    }

    #[test]
    fn garbage_closes_the_stream() {
        for (name, bytes, garbage) in [
            ("ascii4", &b"00x0"[..], Garbage::LengthNotDigits),
            ("ascii4", b"GET / HTTP/1.1", Garbage::LengthNotDigits),
            ("ascii4", b"9999", Garbage::TooLong),
            ("ascii4+inclusive", b"0003", Garbage::TooShort),
            ("binary2", b"\xff\xff", Garbage::TooLong),
            ("binary4", b"\xff\xff\xff\xff", Garbage::TooLong),
            ("binary2+inclusive", b"\x00\x01", Garbage::TooShort),
            ("binary2+tpdu", b"\x00\x05\x60\x00\x00\x00\x00", Garbage::TooShort),
            ("binary2+tpdu", b"\x00\x09\x61", Garbage::Header),
            ("binary2+unionpay", b"\x00\x40\x2f", Garbage::Header),
        ] {
            let mut deframer = Deframer::new(name.parse().unwrap());
            deframer.push(bytes);
            assert_eq!(deframer.pull(), Err(garbage), "{name}");
            deframer.push(b"0002ab");
            assert_eq!(deframer.pull(), Err(garbage));
            assert_eq!(deframer.end(), Err(garbage));
        }
    }

    #[test]
    fn a_message_above_the_maximum_is_not_written() {
        let framing = Framing { maximum: 4, ..Framing::binary2() };
        let mut out = b"kept".to_vec();
        assert_eq!(framing.write(None, b"12345", &mut out), Err(FrameTooLong));
        assert_eq!(out, b"kept");
        assert!(framing.write(None, b"1234", &mut out).is_ok());
    }

    #[test]
    fn answers_go_back_where_the_question_came_from() {
        let tpdu: Framing = "binary2+tpdu".parse().unwrap();
        assert_eq!(tpdu.answer_header(&[0x60, 0, 3, 0, 9]), Some(vec![0x60, 0, 9, 0, 3]));
        assert_eq!(tpdu.answer_header(&[]), None);
        assert_eq!(Framing::binary2().answer_header(&[]), None);
        for text in ["", "binary3", "binary2+", "ascii4+stx"] {
            assert_eq!(text.parse::<Framing>(), Err(NotAFraming));
        }
    }
}
