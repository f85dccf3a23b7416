//! A change of one thing that a caller asked for: only while the thing stands as the caller saw it, together with the
//! words that the caller wrote onto it, and told as the thing stands afterwards. All of it is one commit.
//!
//! The words are its *metadata*: the caller's own, never read for meaning here.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use values::{Operation, Record, Records, Timestamp};

/// The most words on one thing.
pub const MEMBERS_MOST: usize = 50;

/// What callers wrote onto a thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The thing, by its name.
    pub object: String,
    /// Names and values.
    pub members: BTreeMap<String, String>,
}

impl Record for Metadata {
    type Key = String;
    const TABLE: &'static str = "metadata";
    fn key(&self) -> String {
        self.object.clone()
    }
}

/// The same, one row for each word, by which things are found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataMember {
    /// The thing, by its name.
    pub object: String,
    /// The word's name.
    pub name: String,
    /// What it says.
    pub value: String,
}

impl Record for MetadataMember {
    type Key = (String, String);
    const TABLE: &'static str = "metadata_members";
    fn key(&self) -> (String, String) {
        (self.object.clone(), self.name.clone())
    }
}

impl Metadata {
    /// What is written on the thing of this name.
    pub fn of<W: Records>(records: &mut W, object: &str) -> BTreeMap<String, String> {
        records.find::<Metadata>(&object.to_owned()).map(|known| known.members).unwrap_or_default()
    }
}

/// Words to be written; nothing in place of a value takes the word away.
pub type Words = BTreeMap<String, Option<String>>;

/// Writes words onto a thing, beside those that it has.
fn write<W: Records>(records: &mut W, object: &str, words: &Words) -> Result<(), Full> {
    let mut members = Metadata::of(records, object);
    for (name, value) in words {
        match value {
            Some(value) => members.insert(name.clone(), value.clone()),
            None => members.remove(name),
        };
    }
    if members.len() > MEMBERS_MOST {
        return Err(Full);
    }
    for (name, value) in words {
        let (object, name) = (object.to_owned(), name.clone());
        match value {
            Some(value) => records.put(MetadataMember { object, name, value: value.clone() }),
            None => records.remove::<MetadataMember>(&(object, name)),
        }
    }
    records.put(Metadata { object: object.to_owned(), members });
    Ok(())
}

/// There would be more than [`MEMBERS_MOST`] words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// Something that is told to callers.
pub trait Thing: Clone + Send + 'static {
    /// Its name, under which its metadata lies.
    fn name(&self) -> String;
    /// How it is told as the records have it; nothing if it is not there.
    fn told<W: Records>(&self, records: &mut W) -> Option<String>;
}

/// How a caller saw a thing: the tags of what it was told, any of which will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// As long as it is there.
    Any,
    /// Told with one of these tags.
    Tags(Vec<String>),
}

impl Seen {
    /// Whether the thing still stands as it was seen.
    pub fn holds<W: Records>(&self, thing: &impl Thing, records: &mut W) -> bool {
        match (thing.told(records), self) {
            (None, _) => false,
            (Some(_), Seen::Any) => true,
            (Some(told), Seen::Tags(tags)) => tags.contains(&tag(&told)),
        }
    }
}

/// The tag of what was told: another text has another one.
pub fn tag(told: &str) -> String {
    crate::key::hex(&crypto::hash::sha256(told.as_bytes())[..16])
}

/// A change of a thing.
#[derive(Clone, Debug)]
pub struct Change<O, T> {
    /// What is changed.
    pub thing: T,
    /// As what the caller saw it, if it said so.
    pub seen: Option<Seen>,
    /// What the caller writes onto it.
    pub words: Words,
    /// The change itself.
    pub inner: O,
}

/// Why a thing was not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unchanged<R> {
    /// It does not stand as the caller saw it.
    Stale,
    /// There would be too many words on it.
    Full,
    /// The change itself is refused.
    Refused(R),
}

impl<O: Operation, T: Thing> Operation for Change<O, T> {
    /// How the thing is told afterwards; nothing if it is gone.
    type Answer = Option<String>;
    type Refusal = Unchanged<O::Refusal>;
    const NAME: &'static str = O::NAME;

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Self::Answer, Self::Refusal> {
        if self.seen.as_ref().is_some_and(|seen| !seen.holds(&self.thing, records)) {
            return Err(Unchanged::Stale);
        }
        self.inner.apply(records, now).map_err(Unchanged::Refused)?;
        if !self.words.is_empty() {
            write(records, &self.thing.name(), &self.words).map_err(|Full| Unchanged::Full)?;
        }
        let told = self.thing.told(records);
        if told.is_none() {
            erase(records, &self.thing.name());
        }
        Ok(told)
    }
}

/// Takes away what is written on a thing that is gone.
fn erase<W: Records>(records: &mut W, object: &str) {
    let object = object.to_owned();
    let Some(metadata) = records.find::<Metadata>(&object) else { return };
    for name in metadata.members.into_keys() {
        records.remove::<MetadataMember>(&(object.clone(), name));
    }
    records.remove::<Metadata>(&object);
}

/// Changes nothing of a thing but what is written onto it.
#[derive(Clone, Copy, Debug)]
pub struct Annotate;

impl Operation for Annotate {
    type Answer = ();
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "developers.annotate";

    fn apply<W: Records>(&self, _: &mut W, _: Timestamp) -> Result<(), Self::Refusal> {
        Ok(())
    }
}
