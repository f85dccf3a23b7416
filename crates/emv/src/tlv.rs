//! BER-TLV as EMV uses it (EMV 4.4 Book 3, Annex B): reading without copying, and writing.
//!
//! Reading is total: any bytes give objects or a [`Malformed`] with its offset. Nesting deeper than
//! [`MAX_DEPTH`] and trees of more than [`MAX_OBJECTS`] objects are refused.

use crate::tag;
use std::fmt;

/// How deep templates may stand in one another; the deepest known use (PPSE) is four.
pub const MAX_DEPTH: usize = 8;

/// How many objects one tree may have; a command or answer of 64 KiB has far fewer.
pub const MAX_OBJECTS: usize = 2048;

/// The name of a data object: one to four bytes, as they stand on the wire (`0x9F26`, `0x57`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(u32);

impl Tag {
    /// A tag by its wire bytes read as one number. Constants of known tags are in [`crate::tag`].
    pub const fn new(wire: u32) -> Tag {
        Tag(wire)
    }

    /// The wire bytes read as one number.
    pub const fn wire(self) -> u32 {
        self.0
    }

    /// Whether the value is itself made of objects (bit 6 of the first byte).
    pub const fn is_constructed(self) -> bool {
        let first = self.0 >> (8 * (self.length() as u32 - 1));
        first & 0x20 != 0
    }

    /// How many bytes the tag takes on the wire, 1 to 4.
    pub const fn length(self) -> usize {
        match self.0 {
            0..=0xFF => 1,
            0x100..=0xFFFF => 2,
            0x1_0000..=0xFF_FFFF => 3,
            _ => 4,
        }
    }

    /// Appends the wire bytes.
    pub fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_be_bytes()[4 - self.length()..]);
    }

    /// Reads the tag at the start of `bytes`: the tag and how many bytes it took.
    pub fn read(bytes: &[u8]) -> Result<(Tag, usize), Reason> {
        let first = *bytes.first().ok_or(Reason::TagCut)?;
        if first & 0x1F != 0x1F {
            return Ok((Tag(u32::from(first)), 1));
        }
        let mut wire = u32::from(first);
        for (place, byte) in bytes.iter().enumerate().skip(1) {
            if place == 4 {
                return Err(Reason::TagTooLong);
            }
            wire = wire << 8 | u32::from(*byte);
            if byte & 0x80 == 0 {
                return Ok((Tag(wire), place + 1));
            }
        }
        Err(if bytes.len() >= 4 { Reason::TagTooLong } else { Reason::TagCut })
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$X}", self.0, width = 2 * self.length())
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What is wrong with bytes that should have been TLV.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The bytes end inside a tag.
    #[error("ends inside a tag")]
    TagCut,
    /// A tag of more than four bytes.
    #[error("tag longer than four bytes")]
    TagTooLong,
    /// The bytes end inside a length.
    #[error("ends inside a length")]
    LengthCut,
    /// An indefinite length, or one of more than three bytes.
    #[error("length form not used by EMV")]
    LengthForm,
    /// A length that goes past the end.
    #[error("length goes past the end")]
    PastEnd,
    /// Templates nested deeper than [`MAX_DEPTH`].
    #[error("nested too deeply")]
    TooDeep,
    /// More than [`MAX_OBJECTS`] objects.
    #[error("too many objects")]
    TooMany,
}

/// Bytes that are not TLV: where and why. It never quotes the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not TLV at byte {offset}: {reason}")]
pub struct Malformed {
    /// Where in the bytes given to the outermost call.
    pub offset: usize,
    /// What is wrong there.
    pub reason: Reason,
}

/// One data object, borrowed from the bytes it was read from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Object<'a> {
    /// Its tag.
    pub tag: Tag,
    /// Its value.
    pub value: &'a [u8],
    /// Where its value starts in the bytes given to the outermost call.
    pub value_offset: usize,
}

impl<'a> Object<'a> {
    /// The objects inside a template. For a primitive tag this reads the value as if it were one.
    pub fn children(&self) -> Objects<'a> {
        Objects { bytes: self.value, at: 0, base: self.value_offset, failed: false }
    }
}

impl fmt::Debug for Object<'_> {
    // The value may be a card number, so only its length shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.tag, self.value.len())
    }
}

/// The objects of one level, one after the other. After an error it ends.
#[derive(Clone, Debug)]
pub struct Objects<'a> {
    bytes: &'a [u8],
    at: usize,
    base: usize,
    failed: bool,
}

/// Reads the objects of one level; templates are entered with [`Object::children`].
pub fn objects(bytes: &[u8]) -> Objects<'_> {
    Objects { bytes, at: 0, base: 0, failed: false }
}

impl<'a> Objects<'a> {
    fn read(&mut self) -> Result<Object<'a>, Malformed> {
        let fail = |at: usize, reason| Malformed { offset: self.base + at, reason };
        let (tag, tag_length) = Tag::read(&self.bytes[self.at..]).map_err(|r| fail(self.at, r))?;
        let length_at = self.at + tag_length;
        let (length, length_length) =
            read_length(&self.bytes[length_at..]).map_err(|r| fail(length_at, r))?;
        let value_at = length_at + length_length;
        // `get` on the remainder: value_at + length could not overflow, but this needs no argument.
        let value = self.bytes[value_at..].get(..length).ok_or(fail(length_at, Reason::PastEnd))?;
        self.at = value_at + length;
        Ok(Object { tag, value, value_offset: self.base + value_at })
    }
}

impl<'a> Iterator for Objects<'a> {
    type Item = Result<Object<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        // EMV 4.4 Book 3, Annex B1: 00 may stand before, between and after objects.
        while self.bytes.get(self.at) == Some(&0) {
            self.at += 1;
        }
        if self.failed || self.at >= self.bytes.len() {
            return None;
        }
        let object = self.read();
        self.failed = object.is_err();
        Some(object)
    }
}

fn read_length(bytes: &[u8]) -> Result<(usize, usize), Reason> {
    match *bytes {
        [] => Err(Reason::LengthCut),
        [short @ 0..=0x7F, ..] => Ok((usize::from(short), 1)),
        [0x81, a, ..] => Ok((usize::from(a), 2)),
        [0x82, a, b, ..] => Ok((usize::from(a) << 8 | usize::from(b), 3)),
        [0x83, a, b, c, ..] => Ok((usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c), 4)),
        [0x81..=0x83, ..] => Err(Reason::LengthCut),
        _ => Err(Reason::LengthForm),
    }
}

/// The value of the first object with this tag on this level.
pub fn find(bytes: &[u8], wanted: Tag) -> Result<Option<&[u8]>, Malformed> {
    for object in objects(bytes) {
        let object = object?;
        if object.tag == wanted {
            return Ok(Some(object.value));
        }
    }
    Ok(None)
}

/// The value of the first object with this tag anywhere in the tree, templates first entered in order.
pub fn find_deep(bytes: &[u8], wanted: Tag) -> Result<Option<&[u8]>, Malformed> {
    let mut found = None;
    walk(bytes, |_, object| {
        if found.is_none() && object.tag == wanted {
            found = Some(object.value);
        }
    })?;
    Ok(found)
}

/// Visits every object of the tree in order, with its depth (0 outermost); checks the whole tree.
pub fn walk<'a>(bytes: &'a [u8], mut visit: impl FnMut(usize, Object<'a>)) -> Result<(), Malformed> {
    let mut levels = vec![objects(bytes)];
    let mut seen = 0;
    while let Some(level) = levels.last_mut() {
        let Some(object) = level.next() else {
            levels.pop();
            continue;
        };
        let object = object?;
        let refuse = |reason| Malformed { offset: object.value_offset, reason };
        seen += 1;
        if seen > MAX_OBJECTS {
            return Err(refuse(Reason::TooMany));
        }
        visit(levels.len() - 1, object);
        if object.tag.is_constructed() {
            if levels.len() == MAX_DEPTH {
                return Err(refuse(Reason::TooDeep));
            }
            levels.push(object.children());
        }
    }
    Ok(())
}

/// Checks that bytes are one well-formed tree, within the bounds of this module.
pub fn check(bytes: &[u8]) -> Result<(), Malformed> {
    walk(bytes, |_, _| {})
}

/// Whether two primitive objects of one tag stand on this level; in card records that is a card error.
pub fn has_duplicate(bytes: &[u8]) -> Result<bool, Malformed> {
    let mut seen: Vec<Tag> = Vec::new();
    for object in objects(bytes) {
        let tag = object?.tag;
        if !tag.is_constructed() && seen.contains(&tag) {
            return Ok(true);
        }
        seen.push(tag);
    }
    Ok(false)
}

/// Appends one object with this value.
///
/// ```
/// let mut out = Vec::new();
/// emv::tlv::write(&mut out, emv::tag::ATC, &[0x00, 0x01]);
/// assert_eq!(out, [0x9F, 0x36, 0x02, 0x00, 0x01]);
/// ```
///
/// # Panics
/// If the value is 16 MiB or longer, which nothing of EMV is.
pub fn write(out: &mut Vec<u8>, tag: Tag, value: &[u8]) {
    tag.write(out);
    write_length(out, value.len());
    out.extend_from_slice(value);
}

/// Appends an object only when there is a value.
pub fn write_optional(out: &mut Vec<u8>, tag: Tag, value: Option<&[u8]>) {
    if let Some(value) = value {
        write(out, tag, value);
    }
}

/// Appends a template whose value is written by `fill`.
pub fn write_template(out: &mut Vec<u8>, tag: Tag, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    fill(&mut inner);
    write(out, tag, &inner);
}

/// Appends a length in its shortest form.
///
/// # Panics
/// If it is 16 MiB or more.
pub fn write_length(out: &mut Vec<u8>, length: usize) {
    assert!(length < 1 << 24, "EMV objects are far shorter than 16 MiB");
    let bytes = (length as u32).to_be_bytes();
    match length {
        0..=0x7F => out.push(bytes[3]),
        0x80..=0xFF => out.extend_from_slice(&[0x81, bytes[3]]),
        0x100..=0xFFFF => out.extend_from_slice(&[0x82, bytes[2], bytes[3]]),
        _ => out.extend_from_slice(&[0x83, bytes[1], bytes[2], bytes[3]]),
    }
}

/// The value of a response template 77 or 70: `None` if the bytes are not exactly one of it.
pub fn unwrap_template(bytes: &[u8], template: Tag) -> Result<Option<&[u8]>, Malformed> {
    let mut level = objects(bytes);
    let first = level.next().transpose()?;
    let rest = level.next().transpose()?;
    Ok(match (first, rest) {
        (Some(object), None) if object.tag == template => Some(object.value),
        _ => None,
    })
}

/// The objects of a response in format 2 (EMV 4.4 Book 3, 6.5.8.4).
pub fn response_template(bytes: &[u8]) -> Result<Option<&[u8]>, Malformed> {
    unwrap_template(bytes, tag::RESPONSE_FORMAT_2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn outcome(text: &str) -> Result<Vec<String>, (usize, Reason)> {
        let mut seen = Vec::new();
        let bytes = hex::decode(text).unwrap();
        walk(&bytes, |depth, object| {
            seen.push(format!("{depth}:{}={}", object.tag, hex::encode_upper(object.value)));
        })
        .map_err(|e| (e.offset, e.reason))?;
        Ok(seen)
    }

    #[test]
    fn trees_are_read_and_broken_ones_refused_where_they_break() {
        let ok = |parts: &[&str]| Ok(parts.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>());
        for (bytes, expected) in [
            ("", ok(&[])),
            ("0000", ok(&[])),
            ("9F3602000A", ok(&["0:9F36=000A"])),
            ("009F3602000A00820200000000", ok(&["0:9F36=000A", "0:82=0000"])),
            ("770482025566", ok(&["0:77=82025566", "1:82=5566"])),
            ("DF810C0107", ok(&["0:DF810C=07"])),
            ("57820002ABCD", ok(&["0:57=ABCD"])),
            ("5F", Err((0, Reason::TagCut))),
            ("9F8181818101", Err((0, Reason::TagTooLong))),
            ("57", Err((1, Reason::LengthCut))),
            ("5782", Err((1, Reason::LengthCut))),
            ("5780", Err((1, Reason::LengthForm))),
            ("578400000000", Err((1, Reason::LengthForm))),
            ("5783FFFFFF", Err((1, Reason::PastEnd))),
            ("820200FF5705AA", Err((5, Reason::PastEnd))),
            ("7703820300", Err((3, Reason::PastEnd))),
        ] {
            assert_eq!(outcome(bytes), expected, "{bytes}");
        }
    }

    #[test]
    fn depth_and_count_are_bounded() {
        let mut nested = Vec::new();
        for _ in 0..MAX_DEPTH {
            let inner = std::mem::take(&mut nested);
            write(&mut nested, Tag::new(0x70), &inner);
        }
        assert_eq!(check(&nested).unwrap_err().reason, Reason::TooDeep);
        assert!(check(&nested[2..]).is_ok());
        assert_eq!(check(&[0x81, 0].repeat(MAX_OBJECTS + 1)).unwrap_err().reason, Reason::TooMany);
    }

    #[test]
    fn duplicates_are_seen() {
        assert_eq!(has_duplicate(&hex::decode("5F3401015F340101").unwrap()), Ok(true));
        assert_eq!(has_duplicate(&hex::decode("5F340101610061005A00").unwrap()), Ok(false));
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = check(&bytes);
            let _ = has_duplicate(&bytes);
            let _ = find_deep(&bytes, tag::ATC);
        }

        #[test]
        fn what_is_written_is_read(values in proptest::collection::vec(
            (0usize..tag::DICTIONARY.len(), proptest::collection::vec(any::<u8>(), 0..300)), 0..8)) {
            let mut out = Vec::new();
            for (index, value) in &values {
                write(&mut out, tag::DICTIONARY[*index].tag, value);
            }
            let read: Vec<_> = objects(&out).map(|o| o.map(|o| (o.tag, o.value.to_vec()))).collect::<Result<_, _>>().unwrap();
            let expected: Vec<_> = values.into_iter().map(|(i, v)| (tag::DICTIONARY[i].tag, v)).collect();
            prop_assert_eq!(read, expected);
        }
    }
}
