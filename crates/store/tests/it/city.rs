//! A small room to test with: counters in memory and notes on disk.

use serde::{Deserialize, Serialize};
use store::{Kind, Mapping, Schema};
use values::{Idempotency, Operation, Outbound, Record, Records, Residency, Timestamp};

pub(crate) const SQL: &str = include_str!("city.sql");

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counter {
    pub(crate) id: u64,
    pub(crate) count: u64,
}

impl Record for Counter {
    type Key = u64;
    const TABLE: &'static str = "counters";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> u64 {
        self.id
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mood {
    Plain,
    Marked { by: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Page {
    pub(crate) book: String,
    pub(crate) number: u32,
    pub(crate) text: Option<String>,
    pub(crate) digest: [u8; 4],
    pub(crate) mood: Mood,
    pub(crate) torn: bool,
}

impl Record for Page {
    type Key = (String, u32);
    const TABLE: &'static str = "pages";
    fn key(&self) -> (String, u32) {
        (self.book.clone(), self.number)
    }
}

pub(crate) fn schema() -> Schema {
    Schema::new()
        .migrations("city", &[(1, SQL)])
        .table::<Counter>(Mapping {
            key: &["id"],
            columns: &[("id", Kind::Integer), ("count", Kind::Integer)],
        })
        .table::<Page>(Mapping {
            key: &["book", "number"],
            columns: &[
                ("book", Kind::Text),
                ("number", Kind::Integer),
                ("text", Kind::Text),
                ("digest", Kind::Blob),
                ("mood", Kind::Json),
                ("torn", Kind::Boolean),
            ],
        })
}

/// Adds to a counter; refuses to pass `most`, after having changed it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Add {
    pub(crate) id: u64,
    pub(crate) by: u64,
    pub(crate) most: u64,
    pub(crate) idempotency: Option<Idempotency>,
}

impl Add {
    pub(crate) fn new(id: u64, by: u64) -> Add {
        Add { id, by, most: u64::MAX, idempotency: None }
    }

    pub(crate) fn once(self, key: u8, fingerprint: u8) -> Add {
        Add { idempotency: Some(Idempotency { key: [key; 16], fingerprint: [fingerprint; 16] }), ..self }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMuch;

impl Operation for Add {
    type Answer = u64;
    type Refusal = TooMuch;
    const NAME: &'static str = "city.add";
    fn idempotency(&self) -> Option<Idempotency> {
        self.idempotency
    }
    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<u64, TooMuch> {
        let count = records.find::<Counter>(&self.id).map_or(0, |counter| counter.count) + self.by;
        records.put(Counter { id: self.id, count });
        records.put(Page { text: Some(count.to_string()), ..page("log", self.id as u32) });
        if count > self.most { Err(TooMuch) } else { Ok(count) }
    }
}

pub(crate) fn page(book: &str, number: u32) -> Page {
    let mood = if number.is_multiple_of(2) { Mood::Plain } else { Mood::Marked { by: "\"null\"".into() } };
    Page { book: book.into(), number, text: None, digest: number.to_be_bytes(), mood, torn: number > 3 }
}

/// Writes or tears out a page.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    Write(Page),
    Tear(String, u32),
    Read(String, u32),
}

impl Operation for Edit {
    type Answer = Option<String>;
    type Refusal = ();
    const NAME: &'static str = "city.edit";
    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<Option<String>, ()> {
        match self {
            Edit::Write(page) => records.put(page.clone()),
            Edit::Tear(book, number) => records.remove::<Page>(&(book.clone(), *number)),
            Edit::Read(book, number) => {
                let page = records.find::<Page>(&(book.clone(), *number)).ok_or(())?;
                return Ok(page.text);
            }
        }
        Ok(None)
    }
}

/// Sends or cancels a letter.
pub(crate) enum Post {
    Send { key: &'static str, due: i64, body: &'static [u8] },
    Cancel(&'static str),
}

impl Operation for Post {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "city.post";
    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<(), ()> {
        match self {
            Post::Send { key, due, body } => records.send(Outbound {
                topic: "letters".into(),
                key: (*key).into(),
                due: Timestamp::from_millis(*due),
                body: body.to_vec(),
            }),
            Post::Cancel(key) => records.cancel("letters", key),
        }
        Ok(())
    }
}

/// Panics half way.
pub(crate) struct Stumble;

impl Operation for Stumble {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "city.stumble";
    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<(), ()> {
        records.put(Counter { id: 1, count: 999 });
        std::panic::resume_unwind(Box::new("on purpose"))
    }
}
