//! Facts: what an operation answered, noted and changed, in a compact form that hashes can be chained over.
//!
//! Records in facts are written by position, not by name: a fact can be read only by the version of the
//! record that wrote it. Tables are what lives across versions; see `readable_from` in `driver`.

use crypto::hash::sha256_chain;
use values::{Idempotency, Timestamp};

/// One fact, as a driver keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact<'a> {
    /// Its number, counted from 1 without gaps.
    pub sequence: u64,
    /// When it was decided.
    pub at: Timestamp,
    /// The operation's name.
    pub name: &'a str,
    /// Under which a repeat is recognised.
    pub idempotency: Option<Idempotency>,
    /// Answer, notes and changes; see [`Body`].
    pub body: &'a [u8],
}

impl<'a> Fact<'a> {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.sequence.to_le_bytes());
        out.extend_from_slice(&self.at.millis().to_le_bytes());
        bytes(out, self.name.as_bytes());
        match &self.idempotency {
            None => out.push(0),
            Some(known) => {
                out.push(1);
                out.extend_from_slice(&known.key);
                out.extend_from_slice(&known.fingerprint);
            }
        }
        bytes(out, self.body);
    }

    fn read(cursor: &mut Cursor<'a>) -> Option<Fact<'a>> {
        let sequence = u64::from_le_bytes(cursor.array()?);
        let at = Timestamp::from_millis(i64::from_le_bytes(cursor.array()?));
        let name = str::from_utf8(cursor.bytes()?).ok()?;
        let idempotency = match cursor.array()? {
            [0] => None,
            [1] => Some(Idempotency { key: cursor.array()?, fingerprint: cursor.array()? }),
            _ => return None,
        };
        Some(Fact { sequence, at, name, idempotency, body: cursor.bytes()? })
    }
}

/// The facts of a batch, read back; an item that is `None` is damaged, and the last one.
pub(crate) fn read_facts(batch: &[u8]) -> impl Iterator<Item = Option<Fact<'_>>> {
    let mut left = Some(Cursor(batch));
    std::iter::from_fn(move || {
        let mut cursor = left.take().filter(|cursor| !cursor.0.is_empty())?;
        let fact = Fact::read(&mut cursor);
        left = fact.is_some().then_some(cursor);
        Some(fact)
    })
}

/// A row of the hash chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The last fact it covers; it covers all since the link before.
    pub last: u64,
    /// SHA-256 over the link before and the facts.
    pub hash: [u8; 32],
}

impl Link {
    /// Before the first fact.
    pub const START: Link = Link { last: 0, hash: [0; 32] };
}

/// Facts that become durable together.
pub struct Batch {
    before: Link,
    next: u64,
    bytes: Vec<u8>,
}

impl Batch {
    pub(crate) fn after(before: Link) -> Batch {
        Batch { before, next: before.last + 1, bytes: Vec::new() }
    }

    /// Empties it; its facts will be numbered from here. What they are chained to is said by [`Batch::chain_to`].
    pub(crate) fn restart(&mut self, next: u64) {
        self.next = next;
        self.bytes.clear();
    }

    /// Says which link the facts come after.
    pub(crate) fn chain_to(&mut self, before: Link) {
        self.before = before;
    }

    pub(crate) fn push(&mut self, at: Timestamp, name: &str, idempotency: Option<Idempotency>, body: &[u8]) {
        Fact { sequence: self.next, at, name, idempotency, body }.write(&mut self.bytes);
        self.next += 1;
    }

    /// The number the next fact will have.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// The facts as the chain covers them.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The facts in order.
    pub fn facts(&self) -> impl Iterator<Item = Fact<'_>> {
        read_facts(&self.bytes).map(|fact| fact.expect("written by this very batch"))
    }

    /// The link that the facts come after.
    pub fn before(&self) -> Link {
        self.before
    }

    /// The link that covers these facts.
    pub fn link(&self) -> Link {
        Link { last: self.next - 1, hash: sha256_chain(&self.before.hash, &self.bytes) }
    }
}

/// Recomputes the chain over facts read back.
pub(crate) struct Chain {
    link: Link,
    bytes: Vec<u8>,
}

impl Chain {
    pub(crate) fn after(link: Link) -> Chain {
        Chain { link, bytes: Vec::new() }
    }

    pub(crate) fn add(&mut self, fact: &Fact<'_>) {
        fact.write(&mut self.bytes);
    }

    /// Whether the facts added since the last link lead to this one.
    pub(crate) fn leads_to(&mut self, link: Link) -> bool {
        let hash = sha256_chain(&self.link.hash, &self.bytes);
        self.bytes.clear();
        self.link = Link { last: link.last, hash };
        hash == link.hash
    }
}

/// Something that happened which no changed record shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What, for example `token.suspended`.
    pub kind: String,
    /// Whom it concerns.
    pub subject: String,
    /// More about it.
    pub detail: String,
}

/// A changed record inside a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// The table's number; see [`crate::schema::Layout`].
    pub table: u16,
    /// The record, or the key of a record that is gone.
    pub left: Left<'a>,
}

/// What is left of a record after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left<'a> {
    /// The record as it is now, compact form.
    Record(&'a [u8]),
    /// Only its key, compact form.
    Key(&'a [u8]),
}

/// What a fact says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body<'a> {
    /// The answer, compact form.
    pub answer: &'a [u8],
    /// What was noted.
    pub notes: Vec<Note>,
    /// What was changed.
    pub changes: Vec<Change<'a>>,
}

impl<'a> Body<'a> {
    /// Reads a body; `None` if it is damaged.
    pub fn read(body: &'a [u8]) -> Option<Body<'a>> {
        let mut cursor = Cursor(body);
        let answer = cursor.bytes()?;
        let notes = (0..cursor.number()?).map(|_| {
            let mut text = || Some(str::from_utf8(cursor.bytes()?).ok()?.to_owned());
            Some(Note { kind: text()?, subject: text()?, detail: text()? })
        });
        let notes = notes.collect::<Option<_>>()?;
        let mut changes = Vec::new();
        while !cursor.0.is_empty() {
            let table = u16::from_le_bytes(cursor.array()?);
            let tag = cursor.take(1)?[0];
            let content = cursor.bytes()?;
            let left = match tag {
                0 => Left::Key(content),
                1 => Left::Record(content),
                _ => return None,
            };
            changes.push(Change { table, left });
        }
        Some(Body { answer, notes, changes })
    }
}

pub(crate) fn write_head(out: &mut Vec<u8>, answer: &[u8], notes: &[Note]) {
    bytes(out, answer);
    out.extend_from_slice(&(notes.len() as u32).to_le_bytes());
    for note in notes {
        for text in [&note.kind, &note.subject, &note.detail] {
            bytes(out, text.as_bytes());
        }
    }
}

/// Writes one change; `content` appends the compact form.
pub(crate) fn write_change(out: &mut Vec<u8>, table: u16, kept: bool, content: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(&table.to_le_bytes());
    out.push(u8::from(kept));
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    content(out);
    let length = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn number(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = self.number()?;
        self.take(count as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bodies_read_back(answer: Vec<u8>, kind: String, detail: String, record: Vec<u8>, key: Vec<u8>) {
            let notes = vec![Note { kind, subject: "one".into(), detail }];
            let mut body = Vec::new();
            write_head(&mut body, &answer, &notes);
            write_change(&mut body, 7, true, |out| out.extend_from_slice(&record));
            write_change(&mut body, 65_535, false, |out| out.extend_from_slice(&key));
            let changes = vec![
                Change { table: 7, left: Left::Record(&record) },
                Change { table: 65_535, left: Left::Key(&key) },
            ];
            prop_assert_eq!(Body::read(&body), Some(Body { answer: &answer, notes, changes }));
        }

        #[test]
        fn hostile_bodies_do_not_panic(body: Vec<u8>) {
            let _ = Body::read(&body);
            let _ = read_facts(&body).count();
        }

        #[test]
        fn batches_read_back(keyed: bool, name: String, bodies: Vec<Vec<u8>>, cut: usize) {
            let idempotency = keyed.then_some(Idempotency { key: [1; 16], fingerprint: [2; 16] });
            let mut batch = Batch::after(Link { last: 6, hash: [0; 32] });
            bodies.iter().for_each(|body| batch.push(Timestamp::from_millis(-3), &name, idempotency, body));
            let facts: Vec<Fact<'_>> = batch.facts().collect();
            prop_assert_eq!(facts.len(), bodies.len());
            for ((sequence, fact), body) in (7..).zip(&facts).zip(&bodies) {
                let at = Timestamp::from_millis(-3);
                prop_assert_eq!(fact, &Fact { sequence, at, name: &name, idempotency, body });
            }
            if let Some(cut) = cut.checked_rem(batch.bytes().len()) {
                let whole = read_facts(&batch.bytes()[..cut]).filter(Option::is_some).count();
                prop_assert!(whole < bodies.len());
            }
        }
    }
}
