//! Events: what happened to the things that callers see, told in order.
//!
//! They are read from the facts of the records they concern, after the commit and each once: how far the facts were
//! read becomes durable with the events they made, so no crash leaves one out or tells it twice. An event is thin:
//! what kind, about what, when, and the how-manieth about that thing.

use crate::tenant::Tenant;
use crate::webhook::{Endpoint, begin_delivery};
use serde::{Deserialize, Serialize};
use values::{Id, Operation, Record, Records, Residency, Timestamp, id::kinds};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Counts all events from 1, without gaps.
    pub number: u64,
    /// Its name towards callers.
    pub id: Id<kinds::Event>,
    /// What happened: `payment.approved`.
    pub kind: String,
    /// Whose it is to know, beside the operator.
    pub tenant: Tenant,
    /// What it happened to.
    pub subject: String,
    /// Counts the events about it from 1.
    pub sequence: u64,
    /// When it happened.
    pub at: Timestamp,
    /// The thing as it left it, as JSON, where an endpoint wanted that at the time.
    pub snapshot: Option<String>,
}

impl Record for Event {
    type Key = u64;
    const TABLE: &'static str = "events";
    fn key(&self) -> u64 {
        self.number
    }
}

/// A thing that events are about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Its name.
    pub name: String,
    /// How many events there were about it.
    pub sequence: u64,
    /// How it stood at the last of them.
    pub state: String,
}

impl Record for Subject {
    type Key = String;
    const TABLE: &'static str = "event_subjects";
    fn key(&self) -> String {
        self.name.clone()
    }
}

/// How far the facts of one database were read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Which database.
    pub source: String,
    /// The last fact that was read.
    pub fact: u64,
    /// The last event there is; counted once, for all databases, under the empty name.
    pub last_event: u64,
}

impl Record for Reading {
    type Key = String;
    const TABLE: &'static str = "event_readings";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> String {
        self.source.clone()
    }
}

impl Reading {
    /// How many events there are.
    fn of_events<W: Records>(records: &mut W) -> Reading {
        let none = || Reading { source: String::new(), fact: 0, last_event: 0 };
        records.find::<Reading>(&String::new()).unwrap_or_else(none)
    }
}

/// A thing as a fact left it. Where it stands as before, nothing happened that callers are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// What is told of a thing that was not known.
    pub first: String,
    /// What is told of one that was.
    pub later: String,
    /// Which thing.
    pub subject: String,
    /// Whose it is.
    pub tenant: Tenant,
    /// How it stands now.
    pub state: String,
    /// When.
    pub at: Timestamp,
    /// The thing as it then was, as JSON, where somebody wants to know.
    pub snapshot: Option<String>,
}

/// Tells what the facts of a database say, and remembers how far they were read.
#[derive(Clone, Debug)]
pub struct Tell {
    /// Which database.
    pub source: &'static str,
    /// The last fact that was read.
    pub through: u64,
    /// What happened, in order, each with the fact that says so.
    pub happenings: Vec<(u64, Happening)>,
    /// Sixteen secret bytes, from which and the number of an event its name is made: nobody guesses it, and the same
    /// happenings have the same names.
    pub entropy: [u8; 16],
    /// Every endpoint that may want to know.
    pub endpoints: Vec<Id<kinds::WebhookEndpoint>>,
}

impl Operation for Tell {
    /// The last event there is.
    type Answer = u64;
    type Refusal = ();
    const NAME: &'static str = "developers.tell";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<u64, ()> {
        let empty = |source: &str| Reading { source: source.to_owned(), fact: 0, last_event: 0 };
        let read = records.find::<Reading>(&self.source.to_owned()).unwrap_or_else(|| empty(self.source));
        let mut count = Reading::of_events(records);
        if self.through <= read.fact {
            return Ok(count.last_event);
        }
        let endpoints: Vec<Endpoint> =
            self.endpoints.iter().filter_map(|id| records.find::<Endpoint>(id)).collect();
        for (fact, happening) in &self.happenings {
            let next = count.last_event + 1;
            let named = (next, name_of(&self.entropy, next, now));
            let hearing = endpoints.iter().filter(|endpoint| endpoint.hears(self.source, *fact));
            if tell(records, happening, named, hearing, now).is_some() {
                count.last_event = next;
            }
        }
        records.put(Reading { fact: self.through, ..read });
        records.put(count.clone());
        Ok(count.last_event)
    }
}

/// Makes the event of a happening, under this number and name, and puts it on its way to these endpoints; nothing if the
/// thing stands as before.
fn tell<'a, W: Records>(
    records: &mut W,
    happening: &Happening,
    (number, id): (u64, Id<kinds::Event>),
    endpoints: impl Iterator<Item = &'a Endpoint>,
    now: Timestamp,
) -> Option<()> {
    let known = records.find::<Subject>(&happening.subject);
    if known.as_ref().is_some_and(|known| known.state == happening.state) {
        return None;
    }
    let kind = if known.is_some() { &happening.later } else { &happening.first };
    let sequence = known.map_or(0, |known| known.sequence) + 1;
    let event = Event {
        number,
        id,
        kind: kind.clone(),
        tenant: happening.tenant.clone(),
        subject: happening.subject.clone(),
        sequence,
        at: happening.at,
        snapshot: happening.snapshot.clone(),
    };
    records.put(Subject { name: happening.subject.clone(), sequence, state: happening.state.clone() });
    endpoints
        .filter(|endpoint| endpoint.wants(&event))
        .for_each(|endpoint| begin_delivery(records, endpoint, &event, now));
    records.put(event);
    Some(())
}

/// Tells something at once that no fact of another database says; the number of its event.
pub(crate) fn tell_now<'a, W: Records>(
    records: &mut W,
    happening: &Happening,
    names: &[u8; 16],
    endpoints: impl Iterator<Item = &'a Endpoint>,
    now: Timestamp,
) -> Option<u64> {
    let mut count = Reading::of_events(records);
    count.last_event += 1;
    let last = count.last_event;
    tell(records, happening, (last, name_of(names, last, now)), endpoints, now)?;
    records.put(count);
    Some(last)
}

/// The name of an event, from secret bytes and its number.
fn name_of(entropy: &[u8; 16], number: u64, now: Timestamp) -> Id<kinds::Event> {
    let digest = crypto::hash::sha256_pieces(&[entropy, &number.to_be_bytes()]);
    Id::mint(now, *digest.first_chunk().expect("a digest has 32 bytes"))
}
