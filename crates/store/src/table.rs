//! The records of one kind while the executor runs: all of them, or those that are recent.
//!
//! Changes are made in place and remembered until the operation is settled or rolled back. Settled ones are
//! written into the fact and wait to be folded. A record is made once and shared: by who finds it, by the fact, by
//! the thread that folds.

use crate::driver::{Driver, EachChange, EachRow, RowChange, TableFold};
use crate::error::{DriverError, StoreError};
use crate::fact::{Left, write_change};
use crate::filter::Filter;
use crate::hasher::Seed;
use crate::row;
use crate::schema::{Layout, resident};
use crate::waiting::{Changed, Waiting};
use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use values::Record;

/// What the executor knows of a table without knowing its records.
pub(crate) trait AnyTable: Any + Send {
    fn layout(&self) -> &Arc<Layout>;
    /// Takes back what the present operation changed.
    fn roll_back(&mut self);
    /// Ends the present operation: its changes become part of fact `sequence`.
    fn settle(&mut self, sequence: u64, body: &mut Vec<u8>);
    /// Applies a change read from a fact.
    fn replay(&mut self, sequence: u64, left: Left<'_>) -> Result<(), StoreError>;
    /// Brings in what must be in memory.
    fn load(&mut self, driver: &mut dyn Driver) -> Result<(), StoreError>;
    /// Hands over what waits to be folded, of the facts up to `through`.
    fn take_pending(&mut self, through: u64) -> Option<Box<dyn TableFold>>;
    /// How many changes wait to be folded.
    fn pending(&self) -> usize;
    /// Everything through `sequence` is in the tables now.
    fn folded(&mut self, sequence: u64);
    /// Compares with the folded rows; the number of rows, or the first that differs.
    fn compare(&self, rows: &mut dyn Rowset, everything: bool) -> Result<Result<u64, String>, StoreError>;
}

/// A source of rows, for comparisons.
pub(crate) trait Rowset {
    fn rows(&mut self, layout: &Layout, each: EachRow<'_>) -> Result<(), DriverError>;
}

struct Recent<R> {
    record: Option<Arc<R>>,
    changed: u64,
    used: bool,
}

enum Place<R: Record> {
    Memory(HashMap<R::Key, Arc<R>, Seed>),
    /// `older` knows every key that may have a row and is not recent: a key that was never used, as that of each
    /// new payment, costs no look into the database.
    Overlay {
        recent: HashMap<R::Key, Recent<R>, Seed>,
        older: Filter,
        sweep_at: usize,
    },
}

enum Undo<R> {
    Absent,
    Present(Arc<R>),
    Cached(Recent<R>),
}

pub(crate) struct Table<R: Record> {
    layout: Arc<Layout>,
    place: Place<R>,
    cache: usize,
    folded: u64,
    undo: Vec<(R::Key, Undo<R>)>,
    pending: Waiting<R>,
}

impl<R: Record> Table<R> {
    pub(crate) fn new(layout: Arc<Layout>, cache: usize) -> Table<R> {
        let place = if resident::<R>() {
            Place::Memory(HashMap::default())
        } else {
            Place::Overlay { recent: HashMap::default(), older: Filter::default(), sweep_at: cache }
        };
        Table { layout, place, cache, folded: 0, undo: Vec::new(), pending: Waiting::default() }
    }

    pub(crate) fn find(&mut self, key: &R::Key, driver: &mut dyn Driver) -> Result<Option<R>, StoreError> {
        match &mut self.place {
            Place::Memory(records) => return Ok(records.get(key).map(|record| R::clone(record))),
            Place::Overlay { recent, older, .. } => {
                if let Some(known) = recent.get_mut(key) {
                    known.used = true;
                    return Ok(known.record.as_deref().cloned());
                }
                if !older.may_contain(key) {
                    return Ok(None);
                }
            }
        }
        let record = self.read(key, driver)?;
        self.sweep();
        if let Place::Overlay { recent, .. } = &mut self.place {
            let record = record.clone().map(Arc::new);
            recent.insert(key.clone(), Recent { record, changed: 0, used: false });
        }
        Ok(record)
    }

    fn read(&self, key: &R::Key, driver: &mut dyn Driver) -> Result<Option<R>, StoreError> {
        let key = row::key_values(&self.layout, key).map_err(damaged)?;
        let row = driver.row(&self.layout, self.layout.bucket(&key), &key)?;
        row.map(|row| row::to_record(&self.layout, &row).map_err(damaged)).transpose()
    }

    /// Forgets folded records that were not used since the last time, once there are too many.
    fn sweep(&mut self) {
        if !self.undo.is_empty() {
            return;
        }
        let Place::Overlay { recent, older, sweep_at } = &mut self.place else { return };
        if recent.len() >= *sweep_at {
            recent.retain(|key, known| {
                let stays = known.changed > self.folded || std::mem::take(&mut known.used);
                if !stays && known.record.is_some() {
                    older.add(key);
                }
                stays
            });
            *sweep_at = self.cache.max(recent.len() * 2);
        }
    }

    /// Whether this is the first change of the table by the present operation.
    pub(crate) fn put(&mut self, record: R) -> bool {
        self.set(record.key(), Some(Arc::new(record)))
    }

    pub(crate) fn remove(&mut self, key: &R::Key) -> bool {
        self.set(key.clone(), None)
    }

    fn set(&mut self, key: R::Key, record: Option<Arc<R>>) -> bool {
        let first = self.undo.is_empty();
        let before = match &mut self.place {
            Place::Memory(records) => {
                let before = match record {
                    Some(record) => records.insert(key.clone(), record),
                    None => records.remove(&key),
                };
                before.map_or(Undo::Absent, Undo::Present)
            }
            Place::Overlay { recent, .. } => {
                let before = recent.insert(key.clone(), Recent { record, changed: u64::MAX, used: true });
                before.map_or(Undo::Absent, Undo::Cached)
            }
        };
        self.undo.push((key, before));
        first
    }

    /// The changes that wait to be folded.
    pub(crate) fn waiting(&self) -> &Waiting<R> {
        &self.pending
    }

    fn current(&self, key: &R::Key) -> Option<&Arc<R>> {
        match &self.place {
            Place::Memory(records) => records.get(key),
            Place::Overlay { recent, .. } => recent.get(key).and_then(|known| known.record.as_ref()),
        }
    }

    /// Shows every record to `each`, in no order.
    pub(crate) fn each(&self, driver: &mut dyn Driver, each: &mut dyn FnMut(&R)) -> Result<(), StoreError> {
        match &self.place {
            Place::Memory(records) => records.values().for_each(|record| each(record)),
            Place::Overlay { recent, .. } => {
                let mut broken = None;
                driver.rows(&self.layout, &mut |row| {
                    match row::to_record::<R>(&self.layout, row) {
                        Ok(record) if !recent.contains_key(&record.key()) => each(&record),
                        Ok(_) => {}
                        Err(wrong) => broken = Some(damaged(wrong)),
                    }
                    Ok(())
                })?;
                recent.values().filter_map(|known| known.record.as_deref()).for_each(each);
                return broken.map_or(Ok(()), Err);
            }
        }
        Ok(())
    }
}

impl<R: Record> AnyTable for Table<R> {
    fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    fn roll_back(&mut self) {
        for (key, before) in self.undo.drain(..).rev() {
            match (&mut self.place, before) {
                (Place::Memory(records), Undo::Present(record)) => drop(records.insert(key, record)),
                (Place::Memory(records), _) => drop(records.remove(&key)),
                (Place::Overlay { recent, .. }, Undo::Cached(known)) => drop(recent.insert(key, known)),
                (Place::Overlay { recent, .. }, _) => drop(recent.remove(&key)),
            }
        }
    }

    fn settle(&mut self, sequence: u64, body: &mut Vec<u8>) {
        let undo = std::mem::take(&mut self.undo);
        let mut seen = HashSet::with_hasher(Seed::default());
        for (at, (key, _)) in undo.iter().enumerate() {
            // A key changed twice by one operation is written once.
            let again = if undo.len() <= 8 {
                undo[..at].iter().any(|(earlier, _)| earlier == key)
            } else {
                !seen.insert(key.clone())
            };
            if again {
                continue;
            }
            if let Place::Overlay { recent, .. } = &mut self.place
                && let Some(known) = recent.get_mut(key)
            {
                known.changed = sequence;
            }
            let record = self.current(key).cloned();
            write_change(body, self.layout.id, record.is_some(), |out| match &record {
                Some(record) => append(out, record.as_ref()),
                None => append(out, key),
            });
            self.pending.push(Changed { sequence, key: key.clone(), record });
        }
        // Keeps the allocation.
        self.undo = undo;
        self.undo.clear();
        self.sweep();
    }

    fn replay(&mut self, sequence: u64, left: Left<'_>) -> Result<(), StoreError> {
        let broken = |_| StoreError::Damaged(format!("fact {sequence} about table {}", self.layout.name));
        let (key, record) = match left {
            Left::Record(bytes) => {
                let record: R = postcard::from_bytes(bytes).map_err(broken)?;
                (record.key(), Some(Arc::new(record)))
            }
            Left::Key(bytes) => (postcard::from_bytes(bytes).map_err(broken)?, None),
        };
        self.pending.push(Changed { sequence, key: key.clone(), record: record.clone() });
        match &mut self.place {
            Place::Memory(records) => match record {
                Some(record) => drop(records.insert(key, record)),
                None => drop(records.remove(&key)),
            },
            Place::Overlay { recent, .. } => {
                recent.insert(key, Recent { record, changed: sequence, used: true });
            }
        }
        Ok(())
    }

    fn load(&mut self, driver: &mut dyn Driver) -> Result<(), StoreError> {
        let (mut broken, layout) = (None, &self.layout);
        let place = &mut self.place;
        driver.rows(layout, &mut |row| {
            match place {
                Place::Memory(records) => match row::to_record::<R>(layout, row) {
                    Ok(record) => drop(records.insert(record.key(), Arc::new(record))),
                    Err(wrong) => broken = Some(damaged(wrong)),
                },
                Place::Overlay { older, .. } => match row::to_key::<R::Key>(layout, row) {
                    Some(key) => older.add(&key),
                    // Keys of another form than their columns: the record says its key itself.
                    None => match row::to_record::<R>(layout, row) {
                        Ok(record) => older.add(&record.key()),
                        Err(wrong) => broken = Some(damaged(wrong)),
                    },
                },
            }
            Ok(())
        })?;
        broken.map_or(Ok(()), Err)
    }

    fn take_pending(&mut self, through: u64) -> Option<Box<dyn TableFold>> {
        let changes = self.pending.take(through);
        (changes.len() > 0).then(|| Box::new(Changes { layout: Arc::clone(&self.layout), changes }) as Box<_>)
    }

    fn pending(&self) -> usize {
        self.pending.len()
    }

    fn folded(&mut self, sequence: u64) {
        self.folded = sequence;
    }

    fn compare(&self, rows: &mut dyn Rowset, everything: bool) -> Result<Result<u64, String>, StoreError> {
        let mut bad: Option<String> = None;
        let mut found = HashSet::with_hasher(Seed::default());
        let mut count = 0;
        rows.rows(&self.layout, &mut |row| {
            count += 1;
            if bad.is_some() {
                return Ok(());
            }
            let record = match row::to_record::<R>(&self.layout, row) {
                Ok(record) => record,
                Err(wrong) => {
                    bad = Some(format!("row {count}: {wrong}"));
                    return Ok(());
                }
            };
            let key = record.key();
            let (expected, known) = self.expected(&key);
            let same = expected.is_some_and(|expected| compact(expected.as_ref()) == compact(&record));
            if (known || everything) && !same {
                bad = Some(format!("the row of {key:?} differs from the facts"));
            }
            if known {
                found.insert(key);
            }
            Ok(())
        })?;
        if bad.is_none() {
            let mut lost: Vec<&R::Key> =
                self.keys().into_iter().filter(|key| !found.contains(*key)).collect();
            lost.sort();
            bad = lost.first().map(|key| format!("the row of {key:?} is missing"));
        }
        Ok(bad.map_or(Ok(count), Err))
    }
}

impl<R: Record> Table<R> {
    /// What replayed facts say of a key, and whether they say anything.
    fn expected(&self, key: &R::Key) -> (Option<&Arc<R>>, bool) {
        let touched = match &self.place {
            Place::Memory(records) => records.contains_key(key),
            Place::Overlay { recent, .. } => recent.contains_key(key),
        };
        (self.current(key), touched)
    }

    fn keys(&self) -> Vec<&R::Key> {
        match &self.place {
            Place::Memory(records) => records.keys().collect(),
            Place::Overlay { recent, .. } => {
                recent.iter().filter(|(_, known)| known.record.is_some()).map(|(key, _)| key).collect()
            }
        }
    }
}

/// So many rows are made at a time: they take the places in memory of those before them.
const ROWS: usize = 2048;

struct Changes<R: Record> {
    layout: Arc<Layout>,
    changes: Waiting<R>,
}

impl<R: Record> TableFold for Changes<R> {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn each(&self, each: EachChange<'_>) -> Result<(), StoreError> {
        let changes = self.changes.by_key();
        let mut rows: Vec<RowChange> = Vec::with_capacity(changes.len().min(ROWS));
        let mut rest = changes.into_iter().peekable();
        while let Some(Changed { key, record, .. }) = rest.next() {
            // Of several changes of a key the last one counts.
            if rest.peek().is_some_and(|next| next.key == *key) {
                continue;
            }
            rows.push(match record {
                Some(record) => {
                    RowChange::Put(row::from_record(&self.layout, record.as_ref()).map_err(damaged)?)
                }
                None => {
                    let key = row::key_values(&self.layout, key).map_err(damaged)?;
                    RowChange::Remove(self.layout.bucket(&key), key)
                }
            });
            if rows.len() == ROWS || rest.peek().is_none() {
                rows.sort_by_key(RowChange::bucket);
                rows.drain(..).try_for_each(&mut *each)?;
            }
        }
        Ok(())
    }
}

fn damaged(wrong: row::Mismatched) -> StoreError {
    StoreError::Damaged(wrong.to_string())
}

fn compact<T: serde::Serialize>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    append(&mut out, value);
    out
}

/// Appends the compact form.
pub(crate) fn append<T: serde::Serialize>(out: &mut Vec<u8>, value: &T) {
    let grown = postcard::to_extend(value, std::mem::take(out));
    *out = grown.expect("records and answers are plain data, which always has a compact form");
}
