//! How a message stands on a wire: the profiles, decoding and encoding.

use crate::field::{Content, Definition, Length};
use crate::message::TerminalHeader;
use crate::{Message, Mti};

/// How the elements of a message are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Between institutions: digits and lengths in ASCII, bitmaps and binaries raw.
    Net,
    /// From a terminal: a header of 11 bytes, digits and lengths packed two to a byte (BCD).
    Pos,
}

/// What is wrong with received bytes. It never says what they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("field {field} at byte {offset}: {reason}")]
pub struct Malformed {
    /// The data element; 0 is header and message type, 1 the bitmaps.
    pub field: u8,
    /// Where in the bytes handed in, from 0.
    pub offset: usize,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong with a data element that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The bytes end inside it.
    #[error("the message ends inside it")]
    Ends,
    /// The length before it is not a number.
    #[error("its length is not a number")]
    LengthNotDigits,
    /// The length before it is above what the element may have.
    #[error("its length is above the maximum")]
    TooLong,
    /// It holds a character its kind does not have.
    #[error("a character that does not belong there")]
    Character,
    /// The half byte that fills it up is not zero.
    #[error("its filler is not zero")]
    Filler,
    /// The bitmap names an element that does not exist.
    #[error("no such data element")]
    Undefined,
    /// Bytes follow the last element.
    #[error("bytes after the last data element")]
    Trailing,
    /// An element stands twice.
    #[error("it stands there twice")]
    Twice,
}

/// Why a message cannot be written. It never quotes content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("field {field} cannot be written: {fault}")]
pub struct Unwritable {
    /// The data element.
    pub field: u8,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a data element that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Too long, or not the fixed length.
    #[error("wrong length")]
    Length,
    /// It holds a character its kind does not have.
    #[error("a character that does not belong there")]
    Character,
}

/// How characters become bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    /// One byte each.
    Plain,
    /// Two to a byte; an odd number gets a zero at the end.
    FillEnd,
    /// Two to a byte; an odd number gets a zero at the start.
    FillStart,
}

/// One data element on one profile's wire.
#[derive(Clone, Copy)]
struct Form {
    content: Content,
    length: Length,
    packing: Packing,
}

static NET: [Option<Form>; 129] = forms(Profile::Net);
static POS: [Option<Form>; 129] = forms(Profile::Pos);

const fn forms(profile: Profile) -> [Option<Form>; 129] {
    let definitions = crate::field::table();
    let mut table = [None; 129];
    let mut number = 0;
    while number < 129 {
        if let Some(definition) = definitions[number] {
            table[number] = Some(match profile {
                Profile::Net => plain(definition),
                Profile::Pos => packed(number, definition),
            });
        }
        number += 1;
    }
    table
}

const fn plain(definition: Definition) -> Form {
    Form { content: definition.content, length: definition.length, packing: Packing::Plain }
}

const fn packed(number: usize, definition: Definition) -> Form {
    let content = match number {
        // Terminals write type, batch and original transaction as digits.
        60 | 61 => Content::Digits,
        _ => definition.content,
    };
    let packing = match (number, content, definition.length) {
        // Currencies stay ASCII on terminals' lines.
        (49..=51, _, _) => Packing::Plain,
        (22, _, _) => Packing::FillEnd,
        (_, Content::Digits, Length::Fixed(_)) => Packing::FillStart,
        (_, Content::Digits | Content::Track, _) => Packing::FillEnd,
        _ => Packing::Plain,
    };
    Form { content, length: definition.length, packing }
}

impl Profile {
    /// A profile by its name, `net` or `pos`.
    pub fn from_name(name: &str) -> Option<Profile> {
        match name {
            "net" => Some(Profile::Net),
            "pos" => Some(Profile::Pos),
            _ => None,
        }
    }

    /// The name, `net` or `pos`.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Net => "net",
            Profile::Pos => "pos",
        }
    }

    /// How many bytes stand before the message type.
    pub fn header_length(self) -> usize {
        match self {
            Profile::Net => 0,
            Profile::Pos => 11,
        }
    }

    /// Reads a whole message.
    pub fn decode(self, bytes: &[u8]) -> Result<Message, Malformed> {
        let mut message = Message::new(Mti::NETWORK);
        self.decode_into(bytes, &mut message)?;
        Ok(message)
    }

    /// Reads a whole message into one that was used before, keeping its buffer. After an error the message
    /// holds what was read so far and is good for nothing but another call.
    pub fn decode_into(self, bytes: &[u8], message: &mut Message) -> Result<(), Malformed> {
        let mut reader = Reader { bytes, at: 0, field: 0 };
        message.clear(Mti::NETWORK);
        message.reserve(bytes.len() * 2);
        if self == Profile::Pos {
            message.header = Some(TerminalHeader::new(*reader.array::<11>()?));
        }
        message.mti = self.read_mti(&mut reader)?;
        let (mut present, forms) = (read_bitmaps(&mut reader)?, self.forms());
        while present != 0 {
            let place = present.leading_zeros();
            present &= !(1 << (127 - place));
            reader.field = place as u8 + 1;
            let form = forms[place as usize + 1].ok_or(reader.fault(Reason::Undefined))?;
            self.read_field(&mut reader, form, message)?;
        }
        match reader.rest() {
            0 => Ok(()),
            _ => Err(reader.fault(Reason::Trailing)),
        }
    }

    /// Appends the message to `out`; after an error `out` is as it was. A terminal's message without header
    /// gets the default one.
    pub fn encode(self, message: &Message, out: &mut Vec<u8>) -> Result<(), Unwritable> {
        let start = out.len();
        let written = self.write(message, out);
        if written.is_err() {
            out.truncate(start);
        }
        written
    }

    fn forms(self) -> &'static [Option<Form>; 129] {
        match self {
            Profile::Net => &NET,
            Profile::Pos => &POS,
        }
    }

    fn read_mti(self, reader: &mut Reader<'_>) -> Result<Mti, Malformed> {
        let wrong = reader.fault(Reason::Character);
        let digits = match self {
            Profile::Net => *reader.array::<4>()?,
            Profile::Pos => {
                let [high, low] = *reader.array::<2>()?;
                [high >> 4, high & 15, low >> 4, low & 15].map(|nibble| b'0' + nibble)
            }
        };
        Mti::from_ascii(&digits).ok_or(wrong)
    }

    fn read_field(self, reader: &mut Reader<'_>, form: Form, message: &mut Message) -> Result<(), Malformed> {
        let units = match form.length {
            Length::Fixed(units) => units,
            Length::UpTo99(most) => self.read_length(reader, 2, most)?,
            Length::UpTo999(most) => self.read_length(reader, 3, most)?,
        };
        let start = reader.fault(Reason::Character);
        match form.packing {
            Packing::Plain => {
                let content = reader.take(units)?;
                if !fits(form.content, content) {
                    return Err(start);
                }
                if form.content == Content::Track {
                    message.append_with(reader.field, |buffer| buffer.extend(content.iter().map(separated)));
                } else {
                    message.append(reader.field, content);
                }
            }
            Packing::FillEnd | Packing::FillStart => {
                let packed = reader.take(units.div_ceil(2))?;
                let skipped = usize::from(form.packing == Packing::FillStart) * (units % 2);
                let nibble = |place: usize| match packed[place / 2] {
                    byte if place.is_multiple_of(2) => byte >> 4,
                    byte => byte & 15,
                };
                let filler = if skipped == 1 { 0 } else { units };
                if units % 2 == 1 && nibble(filler) != 0 {
                    return Err(Malformed { reason: Reason::Filler, ..start });
                }
                let places = skipped..skipped + units;
                let separator = form.content == Content::Track;
                if !places.clone().all(|place| nibble(place) <= 9 || (separator && nibble(place) == 13)) {
                    return Err(start);
                }
                message.append_with(reader.field, |buffer| {
                    let character = |nibble| if nibble == 13 { b'=' } else { b'0' + nibble };
                    buffer.extend(places.map(|place| character(nibble(place))));
                });
            }
        }
        Ok(())
    }

    fn read_length(self, reader: &mut Reader<'_>, digits: usize, most: usize) -> Result<usize, Malformed> {
        let start = reader.fault(Reason::LengthNotDigits);
        let add = |sum: usize, digit: u8| (digit <= 9).then(|| sum * 10 + usize::from(digit));
        let length = match self {
            Profile::Net => {
                reader.take(digits)?.iter().try_fold(0, |sum, byte| add(sum, byte.wrapping_sub(b'0')))
            }
            Profile::Pos => {
                let bytes = reader.take(digits.div_ceil(2))?;
                bytes.iter().try_fold(0, |sum, byte| add(add(sum, byte >> 4)?, byte & 15))
            }
        };
        let length = length.ok_or(start)?;
        if length > most { Err(Malformed { reason: Reason::TooLong, ..start }) } else { Ok(length) }
    }

    fn write(self, message: &Message, out: &mut Vec<u8>) -> Result<(), Unwritable> {
        out.reserve(512);
        match self {
            Profile::Net => out.extend_from_slice(message.mti.digits()),
            Profile::Pos => {
                out.extend_from_slice(message.header.unwrap_or_default().bytes());
                out.extend(
                    message.mti.digits().chunks(2).map(|pair| (pair[0] - b'0') << 4 | (pair[1] - b'0')),
                );
            }
        }
        let present = message.fields().fold(0u128, |bits, field| bits | 1 << (128 - u32::from(field)));
        if present as u64 == 0 {
            out.extend_from_slice(&present.to_be_bytes()[..8]);
        } else {
            out.extend_from_slice(&(present | 1 << 127).to_be_bytes());
        }
        for field in message.fields() {
            let content = message.get(field).expect("the field is there");
            let form = self.forms()[usize::from(field)].expect("a message holds defined fields only");
            self.write_field(form, content, out).map_err(|fault| Unwritable { field, fault })?;
        }
        Ok(())
    }

    fn write_field(self, form: Form, content: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        let (length, most, digits) = match form.length {
            Length::Fixed(length) => (content.len(), length, 0),
            Length::UpTo99(most) => (content.len(), most, 2),
            Length::UpTo999(most) => (content.len(), most, 3),
        };
        if length > most || (digits == 0 && length != most) {
            return Err(Fault::Length);
        }
        if !fits(form.content, content) {
            return Err(Fault::Character);
        }
        let (hundreds, tens, ones) = ((length / 100) as u8, (length / 10 % 10) as u8, (length % 10) as u8);
        match (self, digits) {
            (_, 0) => {}
            (Profile::Net, 2) => out.extend_from_slice(&[b'0' + tens, b'0' + ones]),
            (Profile::Net, _) => out.extend_from_slice(&[b'0' + hundreds, b'0' + tens, b'0' + ones]),
            (Profile::Pos, 2) => out.push(tens << 4 | ones),
            (Profile::Pos, _) => out.extend_from_slice(&[hundreds, tens << 4 | ones]),
        }
        match form.packing {
            Packing::Plain => out.extend_from_slice(content),
            Packing::FillEnd => out.extend(content.chunks(2).map(|pair| pack(pair[0], pair.get(1).copied()))),
            Packing::FillStart => {
                let (first, rest) = content.split_at(content.len() % 2);
                out.extend(first.iter().map(|digit| nibble(*digit)));
                out.extend(rest.chunks(2).map(|pair| pack(pair[0], pair.get(1).copied())));
            }
        }
        Ok(())
    }
}

fn nibble(character: u8) -> u8 {
    match character {
        b'0'..=b'9' => character - b'0',
        _ => 13,
    }
}

fn pack(high: u8, low: Option<u8>) -> u8 {
    nibble(high) << 4 | low.map_or(0, nibble)
}

fn separated(byte: &u8) -> u8 {
    if *byte == b'D' { b'=' } else { *byte }
}

fn fits(kind: Content, content: &[u8]) -> bool {
    match kind {
        Content::Digits => every(content, |byte| byte.is_ascii_digit()),
        Content::SignedDigits => content
            .split_first()
            .is_some_and(|(sign, digits)| matches!(sign, b'C' | b'D') && fits(Content::Digits, digits)),
        Content::Letters => every(content, |byte| (0x20..0x7f).contains(&byte)),
        // Names may come in the sender's character set, so high bytes pass.
        Content::Text => every(content, |byte| byte >= 0x20 && byte != 0x7f),
        Content::Bytes => true,
        Content::Track => every(content, |byte| byte.is_ascii_digit() || matches!(byte, b'=' | b'D')),
    }
}

/// Looks at every byte without stopping at the first wrong one: wrong ones are rare, and so it runs faster.
#[inline]
fn every(content: &[u8], test: impl Fn(u8) -> bool) -> bool {
    content.iter().fold(true, |so_far, byte| so_far & test(*byte))
}

fn read_bitmaps(reader: &mut Reader<'_>) -> Result<u128, Malformed> {
    reader.field = 1;
    let primary = u64::from_be_bytes(*reader.array::<8>()?);
    let secondary = if primary >> 63 == 1 { u64::from_be_bytes(*reader.array::<8>()?) } else { 0 };
    Ok(u128::from(primary & !(1 << 63)) << 64 | u128::from(secondary))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    field: u8,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let taken = self.bytes[self.at..].get(..count).ok_or(self.fault(Reason::Ends))?;
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Malformed> {
        Ok(self.take(N)?.first_chunk().expect("N bytes were taken"))
    }

    fn rest(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn fault(&self, reason: Reason) -> Malformed {
        Malformed { field: self.field, offset: self.at, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(profile: Profile, hex_text: &str) -> (u8, usize, Reason) {
        let fault = profile.decode(&hex::decode(hex_text).unwrap()).unwrap_err();
        (fault.field, fault.offset, fault.reason)
    }

    #[test]
    fn faults_name_field_and_offset() {
        let net = |rest: &str| format!("30323030{rest}");
        for (message, expected) in [
            (String::new(), (0, 0, Reason::Ends)),
            ("3032".into(), (0, 0, Reason::Ends)),
            ("30323041".into(), (0, 0, Reason::Character)),
            (net("4000"), (1, 4, Reason::Ends)),
            (net("C000000000000000"), (1, 12, Reason::Ends)),
            (net("400000000000000041"), (2, 12, Reason::Ends)),
            (net("40000000000000003041"), (2, 12, Reason::LengthNotDigits)),
            (net("40000000000000003230"), (2, 12, Reason::TooLong)),
            (net("4000000000000000303231"), (2, 14, Reason::Ends)),
            (net("400000000000000030323141"), (2, 14, Reason::Character)),
            (net("0000000000000000FF"), (1, 12, Reason::Trailing)),
            (net("80000000000000008000000000000000"), (65, 20, Reason::Undefined)),
        ] {
            assert_eq!(refused(Profile::Net, &message), expected, "{message}");
        }
    }

    #[test]
    fn packed_digits_are_checked() {
        let pos = |rest: &str| format!("60000000000000000000000200{rest}");
        for (message, expected) in [
            (pos("0000040000000000 0721").replace(' ', ""), (22, 21, Reason::Filler)),
            (pos("0000020000000000 1001").replace(' ', ""), (23, 21, Reason::Filler)),
            (pos("0000040000000000 0A20").replace(' ', ""), (22, 21, Reason::Character)),
            (pos("4000000000000000 0112").replace(' ', ""), (2, 22, Reason::Filler)),
            (pos("4000000000000000 0A12").replace(' ', ""), (2, 21, Reason::LengthNotDigits)),
        ] {
            assert_eq!(refused(Profile::Pos, &message), expected, "{message}");
        }
    }

    #[test]
    fn what_does_not_fit_is_not_written() {
        for (field, content, fault) in [
            (2u8, &b"62166239376292778781"[..], Fault::Length),
            (2, b"6216a", Fault::Character),
            (4, b"1250", Fault::Length),
            (28, b"X00000001", Fault::Character),
            (43, b"short", Fault::Length),
            (55, &[0; 256], Fault::Length),
        ] {
            let (mut message, mut out) = (Message::new(Mti::FINANCIAL), b"kept".to_vec());
            message.set(field, content);
            for profile in [Profile::Net, Profile::Pos] {
                assert_eq!(profile.encode(&message, &mut out), Err(Unwritable { field, fault }));
                assert_eq!(out, b"kept");
            }
        }
    }
}
