//! Data object lists: PDOL, CDOL, DDOL, and the values that answer them (EMV 4.4 Book 3, 5.4).

use crate::tag::{self, Format};
use crate::tlv::{Malformed, Reason, Tag};

/// One wish of a list: a tag and how many bytes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What is wanted.
    pub tag: Tag,
    /// How many bytes are wanted.
    pub length: usize,
}

/// A list of tags and lengths, checked when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dol<'a>(&'a [u8]);

/// Values that are not as long as the list demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given} bytes given where the list asks for {wanted}")]
pub struct WrongLength {
    /// Bytes the list asks for.
    pub wanted: usize,
    /// Bytes given.
    pub given: usize,
}

impl<'a> Dol<'a> {
    /// Reads a list. Lengths are one byte each.
    pub fn parse(bytes: &'a [u8]) -> Result<Dol<'a>, Malformed> {
        let mut at = 0;
        while at < bytes.len() {
            let (_, used) = Tag::read(&bytes[at..]).map_err(|reason| Malformed { offset: at, reason })?;
            at += used;
            bytes.get(at).ok_or(Malformed { offset: at, reason: Reason::LengthCut })?;
            at += 1;
        }
        Ok(Dol(bytes))
    }

    /// The bytes of the list itself.
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// The wishes in order.
    pub fn entries(self) -> impl Iterator<Item = Entry> + 'a {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (tag, used) = Tag::read(rest).ok()?;
            let length = usize::from(*rest.get(used)?);
            rest = &rest[used + 1..];
            Some(Entry { tag, length })
        })
    }

    /// Whether this tag is asked for.
    pub fn asks_for(self, tag: Tag) -> bool {
        self.entries().any(|entry| entry.tag == tag)
    }

    /// How many bytes the answer has.
    pub fn values_length(self) -> usize {
        self.entries().map(|entry| entry.length).sum()
    }

    /// Appends the answer: each value fitted to the length asked for, zeros for what `value_of` lacks.
    pub fn build<'v>(self, mut value_of: impl FnMut(Tag) -> Option<&'v [u8]>, out: &mut Vec<u8>) {
        for entry in self.entries() {
            // EMV 4.4 Book 3, 5.4 rule 1: a constructed tag is answered with zeros.
            let value = if entry.tag.is_constructed() { None } else { value_of(entry.tag) };
            match value {
                Some(value) => fit(entry, value, out),
                None => out.resize(out.len() + entry.length, 0),
            }
        }
    }

    /// Splits an answer into its values, in the order of the list.
    pub fn split<'v>(self, values: &'v [u8]) -> Result<Values<'a, 'v>, WrongLength> {
        let wanted = self.values_length();
        if wanted != values.len() {
            return Err(WrongLength { wanted, given: values.len() });
        }
        Ok(Values { list: self, bytes: values })
    }
}

/// An answer to a list, of exactly the length asked for.
#[derive(Clone, Copy)]
pub struct Values<'a, 'v> {
    list: Dol<'a>,
    bytes: &'v [u8],
}

impl<'a, 'v> Values<'a, 'v> {
    /// Tags with their values, in order.
    pub fn iter(self) -> impl Iterator<Item = (Tag, &'v [u8])> + use<'a, 'v> {
        let mut rest = self.bytes;
        self.list.entries().map(move |entry| {
            let (value, after) = rest.split_at(entry.length);
            rest = after;
            (entry.tag, value)
        })
    }

    /// The first value given for this tag.
    pub fn find(self, tag: Tag) -> Option<&'v [u8]> {
        self.iter().find(|(named, _)| *named == tag).map(|(_, value)| value)
    }

    /// A value of exactly `N` bytes.
    pub fn array<const N: usize>(self, tag: Tag) -> Option<[u8; N]> {
        self.find(tag)?.try_into().ok()
    }

    /// All values, concatenated.
    pub fn as_bytes(self) -> &'v [u8] {
        self.bytes
    }
}

/// EMV 4.4 Book 3, 5.4 rules 2 and 3: numbers keep and fill at their right end, all others at their left.
fn fit(entry: Entry, value: &[u8], out: &mut Vec<u8>) {
    let format = tag::definition(entry.tag).map_or(Format::Binary, |line| line.format);
    let missing = entry.length.saturating_sub(value.len());
    match format {
        Format::Numeric => {
            out.resize(out.len() + missing, 0);
            out.extend_from_slice(&value[value.len().saturating_sub(entry.length)..]);
        }
        _ => {
            let fill = if format == Format::CompressedNumeric { 0xFF } else { 0 };
            out.extend_from_slice(&value[..value.len().min(entry.length)]);
            out.resize(out.len() + missing, fill);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_fitted_by_their_format() {
        for (list, value, expected) in [
            ("9F0208", "000000001234", "0000000000001234"),
            ("9F0202", "000000001234", "1234"),
            ("5A0A", "6228000000000000", "6228000000000000FFFF"),
            ("5A04", "6228000000000000", "62280000"),
            ("500A", "4142", "41420000000000000000"),
            ("9F3702", "11223344", "1122"),
            ("6F02", "11223344", "0000"),
            ("DF010155", "", ""),
        ] {
            let (list, value) = (hex::decode(list).unwrap(), hex::decode(value).unwrap());
            let Ok(dol) = Dol::parse(&list) else {
                assert_eq!(expected, "");
                continue;
            };
            let mut out = Vec::new();
            dol.build(|_| Some(&value), &mut out);
            assert_eq!(hex::encode_upper(out), expected);
        }
    }

    #[test]
    fn an_answer_is_split_only_at_the_right_length() {
        let dol = Dol::parse(&[0x9F, 0x37, 4, 0x9A, 3]).unwrap();
        let values = dol.split(&[1, 2, 3, 4, 5, 6, 7]).unwrap();
        assert_eq!(values.find(tag::DATE), Some(&[5, 6, 7][..]));
        assert_eq!(values.array::<4>(tag::UNPREDICTABLE_NUMBER), Some([1, 2, 3, 4]));
        assert_eq!(values.array::<3>(tag::UNPREDICTABLE_NUMBER), None);
        assert_eq!(dol.split(&[0; 6]).err(), Some(WrongLength { wanted: 7, given: 6 }));
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(list in proptest::collection::vec(any::<u8>(), 0..60),
                                    value in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(dol) = Dol::parse(&list) {
                let mut out = Vec::new();
                dol.build(|_| Some(&value), &mut out);
                prop_assert_eq!(out.len(), dol.values_length());
                prop_assert_eq!(dol.split(&out).unwrap().iter().count(), dol.entries().count());
            }
        }
    }
}
