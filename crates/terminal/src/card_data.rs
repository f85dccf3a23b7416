//! What the card has said so far, and how contradictions are found.

use crate::defences::{Defence, Defences};
use crate::outcome::Reason;
use emv::oda::StaticData;
use emv::tag::{self, Source};
use emv::tlv::{self, Tag};
use std::collections::BTreeMap;

/// Where an object came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The answer to SELECT.
    Selection,
    /// The answer to GET PROCESSING OPTIONS.
    Options,
    /// A record.
    Record,
    /// The answer to GENERATE AC.
    Cryptogram,
}

/// The card's objects. What a terminal makes itself (amount, date, unpredictable number ...) is never
/// taken from a card.
#[derive(Clone, Debug, Default)]
pub(crate) struct CardData {
    objects: BTreeMap<Tag, (Origin, Vec<u8>)>,
    /// Signed static data: records marked for authentication, in order (EMV Book 3, 10.3).
    pub(crate) signed_records: StaticData,
}

impl CardData {
    /// Takes the primitive objects of a template's value.
    pub(crate) fn take(&mut self, value: &[u8], origin: Origin, defences: &Defences) -> Result<(), Reason> {
        let mut verdict = Ok(());
        let mut seen: Vec<Tag> = Vec::new();
        tlv::walk(value, |_, object| {
            let own = tag::definition(object.tag).is_some_and(|line| line.source == Source::Terminal);
            if object.tag.is_constructed() || own || verdict.is_err() {
                return;
            }
            let twice_here = seen.contains(&object.tag);
            seen.push(object.tag);
            verdict = self.put(object.tag, object.value, origin, twice_here, defences);
        })
        .map_err(|_| Reason::MalformedData)?;
        verdict
    }

    /// JR/T 0025.12 7.4: an object is given once. The same value again in a later answer is borne with, as
    /// cards in the field repeat 5F34; another value, or a repetition within the records, is a card error.
    fn put(
        &mut self,
        tag: Tag,
        value: &[u8],
        origin: Origin,
        twice_here: bool,
        defences: &Defences,
    ) -> Result<(), Reason> {
        if let Some((earlier, kept)) = self.objects.get(&tag) {
            // A selection only introduces; its objects may be said again.
            let introduced = *earlier == Origin::Selection && origin != Origin::Selection;
            // The second cryptogram takes the place of the first.
            let introduced = introduced || (origin == Origin::Cryptogram && !twice_here);
            let same_place = twice_here || (*earlier == Origin::Record && origin == Origin::Record);
            let contradicts = !introduced && (same_place || kept != value);
            if contradicts && defences.stands(Defence::DuplicateObjects) {
                return Err(Reason::DuplicateObject);
            }
        }
        self.objects.insert(tag, (origin, value.to_vec()));
        Ok(())
    }

    /// Puts a value the card did not give.
    pub(crate) fn supply(&mut self, tag: Tag, value: &[u8]) {
        self.objects.entry(tag).or_insert_with(|| (Origin::Options, value.to_vec()));
    }

    /// The value of an object, if the card gave it.
    pub(crate) fn get(&self, tag: Tag) -> Option<&[u8]> {
        self.objects.get(&tag).map(|(_, value)| value.as_slice())
    }

    /// A value that has to be there.
    pub(crate) fn need(&self, tag: Tag) -> Result<&[u8], Reason> {
        self.get(tag).ok_or(Reason::MissingObject)
    }

    /// A value that has to be there with exactly this many bytes.
    pub(crate) fn need_array<const N: usize>(&self, tag: Tag) -> Result<[u8; N], Reason> {
        self.need(tag)?.try_into().map_err(|_| Reason::InvalidObject)
    }

    /// A value that may be absent, and is refused with another length.
    pub(crate) fn array<const N: usize>(&self, tag: Tag) -> Result<Option<[u8; N]>, Reason> {
        self.get(tag).map(|value| value.try_into().map_err(|_| Reason::InvalidObject)).transpose()
    }
}

/// The only object of an answer, by the template the command demands.
pub(crate) fn template(data: &[u8], wanted: Tag) -> Result<&[u8], Reason> {
    tlv::unwrap_template(data, wanted).map_err(|_| Reason::MalformedData)?.ok_or(Reason::WrongTemplate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(parts: &[(&str, Origin)]) -> Result<CardData, Reason> {
        let mut card = CardData::default();
        for (text, origin) in parts {
            card.take(&hex::decode(text).unwrap(), *origin, &Defences::default())?;
        }
        Ok(card)
    }

    #[test]
    fn an_object_is_said_once() {
        use Origin::*;
        for (parts, expected) in [
            (&[("5F340101", Options), ("5F340101", Record)][..], Ok(())),
            (&[("5F340101", Options), ("5F340102", Record)][..], Err(Reason::DuplicateObject)),
            (&[("5F340101", Record), ("5F340101", Record)][..], Err(Reason::DuplicateObject)),
            (&[("5F3401015F340101", Options)][..], Err(Reason::DuplicateObject)),
            (&[("500141", Selection), ("500142", Record)][..], Ok(())),
            (&[("5F3405", Record)][..], Err(Reason::MalformedData)),
        ] {
            assert_eq!(taken(parts).map(|_| ()), expected, "{parts:?}");
        }
    }

    #[test]
    fn a_card_does_not_name_the_amount() {
        let card = taken(&[("9F02060000000000019F37041111111195050000000000", Origin::Record)]).unwrap();
        for tag in [tag::AMOUNT, tag::UNPREDICTABLE_NUMBER, tag::TVR] {
            assert_eq!(card.get(tag), None);
        }
    }
}
