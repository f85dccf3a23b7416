//! Records in memory, for tests of any room: what is put is serialised and read back, as a database would.

use std::collections::BTreeMap;
use values::{Outbound, Record, Records};

/// An in-memory stand-in for the store's records.
#[derive(Clone, Debug, Default)]
pub struct MemoryRecords {
    rows: BTreeMap<(&'static str, Vec<u8>), Vec<u8>>,
    /// Messages sent and not taken back, in order of topic and key.
    pub sent: BTreeMap<(String, String), Outbound>,
    /// What was noted: kind, subject, detail.
    pub notes: Vec<(&'static str, String, String)>,
}

fn bytes(value: &impl serde::Serialize) -> Vec<u8> {
    postcard::to_allocvec(value).expect("records serialise")
}

impl MemoryRecords {
    /// Every record of one kind.
    pub fn all<R: Record>(&self) -> Vec<R> {
        let rows = self.rows.iter().filter(|((table, _), _)| *table == R::TABLE);
        rows.map(|(_, row)| postcard::from_bytes(row).expect("records read back")).collect()
    }

    /// Everything kept, as bytes: what a thief of the disk would read.
    pub fn dump(&self) -> Vec<u8> {
        let rows = self.rows.iter().flat_map(|((_, key), row)| [key.as_slice(), row.as_slice()].concat());
        let sent = self.sent.values().flat_map(bytes);
        let notes =
            self.notes.iter().flat_map(|(_, subject, detail)| format!("{subject} {detail}").into_bytes());
        rows.chain(sent).chain(notes).collect()
    }
}

impl Records for MemoryRecords {
    fn find<R: Record>(&mut self, key: &R::Key) -> Option<R> {
        let row = self.rows.get(&(R::TABLE, bytes(key)))?;
        Some(postcard::from_bytes(row).expect("records read back"))
    }

    fn put<R: Record>(&mut self, record: R) {
        self.rows.insert((R::TABLE, bytes(&record.key())), bytes(&record));
    }

    fn remove<R: Record>(&mut self, key: &R::Key) {
        self.rows.remove(&(R::TABLE, bytes(key)));
    }

    fn send(&mut self, message: Outbound) {
        self.sent.insert((message.topic.clone(), message.key.clone()), message);
    }

    fn cancel(&mut self, topic: &str, key: &str) {
        self.sent.remove(&(topic.to_owned(), key.to_owned()));
    }

    fn note(&mut self, kind: &'static str, subject: &str, detail: &str) {
        self.notes.push((kind, subject.to_owned(), detail.to_owned()));
    }
}
