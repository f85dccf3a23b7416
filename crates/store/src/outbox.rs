//! Messages that must leave: kept until delivered, offered again until they are, across restarts.
//!
//! A message that is being delivered may be replaced or taken back meanwhile; the report of its delivery
//! then concerns a version that is gone, and is ignored.

use crate::hasher::Seed;
use crate::schema::{Kind, Mapping, Migration};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use values::{Operation, Outbound, Record, Records, Residency, Timestamp};

pub(crate) const MIGRATIONS: &[Migration] = &[(1, include_str!("../migrations/store/0001.sql"))];

pub(crate) const MAPPING: Mapping = Mapping {
    key: &["topic", "key"],
    columns: &[
        ("topic", Kind::Text),
        ("key", Kind::Text),
        ("due", Kind::Integer),
        ("body", Kind::Blob),
        ("version", Kind::Integer),
        ("attempts", Kind::Integer),
    ],
};

/// A message in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who delivers it.
    pub topic: String,
    /// Unique within the topic.
    pub key: String,
    /// The earliest moment of the next attempt.
    pub due: Timestamp,
    /// What the deliverer needs.
    pub body: Vec<u8>,
    /// The fact that sent it; a replacement has another one.
    pub version: u64,
    /// How often delivery failed.
    pub attempts: u32,
}

impl Message {
    pub(crate) fn new(outbound: Outbound, version: u64) -> Message {
        let Outbound { topic, key, due, body } = outbound;
        Message { topic, key, due, body, version, attempts: 0 }
    }

    /// The message as it was sent.
    pub fn outbound(&self) -> Outbound {
        Outbound { topic: self.topic.clone(), key: self.key.clone(), due: self.due, body: self.body.clone() }
    }
}

impl Record for Message {
    type Key = (String, String);
    const TABLE: &'static str = "outbox";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> (String, String) {
        (self.topic.clone(), self.key.clone())
    }
}

/// How long to wait after a failed delivery: `first`, then twice as long each time, at most `most`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// After the first failure.
    pub first: Duration,
    /// Never longer than this.
    pub most: Duration,
}

impl Default for Backoff {
    /// One second, then up to five minutes.
    fn default() -> Self {
        Backoff { first: Duration::from_secs(1), most: Duration::from_secs(300) }
    }
}

impl Backoff {
    /// The wait after so many failures.
    pub fn wait(self, failures: u32) -> Duration {
        let factor = 1u32.checked_shl(failures.saturating_sub(1).min(31)).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.most)
    }
}

/// The order in which messages fall due. Rebuilt at opening; a message handed out is not offered again
/// until its delivery failed or it changed.
#[derive(Default)]
pub(crate) struct Due(HashMap<String, Topic, Seed>);

#[derive(Default)]
struct Topic {
    known: HashMap<Arc<str>, Timestamp, Seed>,
    order: BTreeSet<(Timestamp, Arc<str>)>,
}

impl Topic {
    /// Whether it is due before every other.
    fn set(&mut self, key: &str, due: Option<Timestamp>) -> bool {
        let name = match self.known.remove_entry(key) {
            Some((name, before)) => {
                let entry = (before, name);
                self.order.remove(&entry);
                entry.1
            }
            None => Arc::from(key),
        };
        let Some(due) = due else { return false };
        let first = self.order.first().is_none_or(|(first, _)| due < *first);
        self.order.insert((due, Arc::clone(&name)));
        self.known.insert(name, due);
        first
    }
}

impl Due {
    /// Whether the message is due before every other of its topic: whoever waits for the first one waits too long now.
    pub(crate) fn set(&mut self, topic: &str, key: &str, due: Option<Timestamp>) -> bool {
        match self.0.get_mut(topic) {
            Some(known) => known.set(key, due),
            None => self.0.entry(topic.to_owned()).or_default().set(key, due),
        }
    }

    /// Takes the keys due by `now`, earliest first, and says when the next one is due.
    pub(crate) fn take(
        &mut self,
        topic: &str,
        now: Timestamp,
        limit: usize,
    ) -> (Vec<String>, Option<Timestamp>) {
        let Some(Topic { known, order }) = self.0.get_mut(topic) else { return (Vec::new(), None) };
        let mut taken = Vec::new();
        while taken.len() < limit
            && let Some(first) = order.first()
            && first.0 <= now
        {
            let (_, key) = order.pop_first().expect("there is a first one");
            known.remove(&key);
            taken.push(key.to_string());
        }
        (taken, order.first().map(|(due, _)| *due))
    }
}

/// A message has arrived: forgets it.
pub(crate) struct Delivered {
    pub(crate) topic: String,
    pub(crate) key: String,
    pub(crate) version: u64,
}

impl Operation for Delivered {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "store.delivered";
    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<(), ()> {
        let key = (self.topic.clone(), self.key.clone());
        if records.find::<Message>(&key).is_some_and(|message| message.version == self.version) {
            records.remove::<Message>(&key);
        }
        Ok(())
    }
}

/// A message did not arrive: it falls due again later.
pub(crate) struct Failed {
    pub(crate) topic: String,
    pub(crate) key: String,
    pub(crate) version: u64,
    pub(crate) backoff: Backoff,
}

impl Operation for Failed {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "store.failed";
    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), ()> {
        let found = records.find::<Message>(&(self.topic.clone(), self.key.clone()));
        if let Some(mut message) = found.filter(|message| message.version == self.version) {
            message.attempts = message.attempts.saturating_add(1);
            message.due = now.after(self.backoff.wait(message.attempts));
            records.put(message);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_most() {
        let backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(60) };
        for (failures, seconds) in [(1, 1), (2, 2), (3, 4), (7, 60), (u32::MAX, 60)] {
            assert_eq!(backoff.wait(failures), Duration::from_secs(seconds), "{failures}");
        }
    }
}
