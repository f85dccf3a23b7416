//! A disk in memory that fails on request, for tests and simulations.
//!
//! What it holds survives the executor above it: drop that and open the disk again, and a crash has happened.

use crate::clock::lock;
use crate::driver::*;
use crate::error::{DriverError, StoreError};
use crate::fact::{Batch, Fact, Link};
use crate::row::Value;
use crate::schema::{Layout, Schema};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use values::{Idempotency, Timestamp};

/// What goes wrong at an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The append fails and leaves nothing.
    Lost,
    /// The append fails although everything became durable.
    Kept,
}

struct Written {
    sequence: u64,
    at: Timestamp,
    name: String,
    idempotency: Option<Idempotency>,
    body: Vec<u8>,
}

impl Written {
    fn fact(&self) -> Fact<'_> {
        Fact {
            sequence: self.sequence,
            at: self.at,
            name: &self.name,
            idempotency: self.idempotency,
            body: &self.body,
        }
    }
}

/// Rows by bucket and key columns.
type StoredTable = BTreeMap<(u8, Vec<Value>), Vec<Value>>;

#[derive(Default)]
struct State {
    facts: Vec<Arc<Written>>,
    links: Vec<Link>,
    anchor: Option<Link>,
    folded: u64,
    tables: BTreeMap<&'static str, StoredTable>,
    repeats: BTreeMap<[u8; 16], Repeat>,
    append_fault: Option<(u64, Fault)>,
    fold_fails: bool,
    appends: u64,
}

impl State {
    fn forget(&mut self, through: u64) {
        self.anchor = self.links.iter().find(|link| link.last == through).copied().or(self.anchor);
        self.facts.retain(|fact| fact.sequence > through);
        self.links.retain(|link| link.last > through);
    }
}

/// The disk; clones are the same one.
#[derive(Clone, Default)]
pub struct Disk(Arc<Mutex<State>>);

impl Disk {
    /// An empty disk.
    pub fn new() -> Disk {
        Disk::default()
    }

    /// Has the append fail that comes after this many good ones.
    pub fn fail_append(&self, after: u64, fault: Fault) {
        let mut state = lock(&self.0);
        state.append_fault = Some((state.appends + after, fault));
    }

    /// Is a disk that had said yes to the last append before it had written it down: power is cut, and it is gone.
    pub fn lose_last_append(&self) {
        let mut state = lock(&self.0);
        state.links.pop();
        let anchor = state.anchor.unwrap_or(Link::START);
        let through = state.links.last().map_or(anchor.last, |link| link.last);
        state.facts.retain(|fact| fact.sequence <= through);
    }

    /// Has folding fail, or work again.
    pub fn fail_folds(&self, fails: bool) {
        lock(&self.0).fold_fails = fails;
    }

    /// How many facts are durable.
    pub fn facts(&self) -> usize {
        lock(&self.0).facts.len()
    }

    fn marks(&self) -> Marks {
        let state = lock(&self.0);
        let anchor = state.anchor.unwrap_or(Link::START);
        let head = state.links.last().copied().unwrap_or(anchor);
        Marks { head, anchor, folded: state.folded, readable_from: 0 }
    }

    fn visit_rows(&self, layout: &Layout, each: EachRow<'_>) -> Result<(), DriverError> {
        let rows: Vec<Vec<Value>> = lock(&self.0)
            .tables
            .get(layout.name)
            .into_iter()
            .flat_map(|table| table.values().cloned())
            .collect();
        rows.iter().try_for_each(|row| each(row))
    }

    fn visit_facts(&self, after: u64, each: EachFact<'_>) -> Result<(), DriverError> {
        let facts = lock(&self.0).facts.clone();
        facts.iter().filter(|fact| fact.sequence > after).try_for_each(|fact| each(fact.fact()))
    }
}

impl Driver for Disk {
    fn begin(&mut self, _schema: &Schema) -> Result<Marks, DriverError> {
        Ok(self.marks())
    }

    fn appender(&mut self) -> Result<Box<dyn Appender>, DriverError> {
        Ok(Box::new(self.clone()))
    }

    fn folder(&mut self) -> Result<Box<dyn Folder>, DriverError> {
        Ok(Box::new(self.clone()))
    }

    fn view(&mut self) -> Result<Box<dyn View>, DriverError> {
        Ok(Box::new(self.clone()))
    }

    fn row(&mut self, layout: &Layout, bucket: u8, key: &[Value]) -> Result<Option<Vec<Value>>, DriverError> {
        let state = lock(&self.0);
        Ok(state.tables.get(layout.name).and_then(|table| table.get(&(bucket, key.to_vec()))).cloned())
    }

    fn rows(&mut self, layout: &Layout, each: EachRow<'_>) -> Result<(), DriverError> {
        self.visit_rows(layout, each)
    }

    fn facts(&mut self, after: u64, each: EachFact<'_>) -> Result<(), DriverError> {
        self.visit_facts(after, each)
    }

    fn repeat(&mut self, key: &[u8; 16]) -> Result<Option<Repeat>, DriverError> {
        Ok(lock(&self.0).repeats.get(key).cloned())
    }

    fn repeats(&mut self, newest: usize, each: EachRepeat<'_>) -> Result<(), DriverError> {
        let mut all: Vec<Repeat> = lock(&self.0).repeats.values().cloned().collect();
        all.sort_by_key(|repeat| std::cmp::Reverse(repeat.at));
        all.into_iter().take(newest).try_for_each(each)
    }

    fn close(&mut self) -> Result<(), DriverError> {
        Ok(())
    }
}

impl Appender for Disk {
    fn append(&mut self, batch: &Batch, link: Link) -> Result<(), DriverError> {
        let mut state = lock(&self.0);
        let appends = state.appends;
        let fault = state.append_fault.take_if(|(at, _)| *at == appends).map(|(_, fault)| fault);
        state.appends += 1;
        if fault != Some(Fault::Lost) {
            let written = batch.facts().map(|fact| {
                Arc::new(Written {
                    sequence: fact.sequence,
                    at: fact.at,
                    name: fact.name.to_owned(),
                    idempotency: fact.idempotency,
                    body: fact.body.to_vec(),
                })
            });
            state.facts.extend(written);
            state.links.push(link);
        }
        fault.map_or(Ok(()), |_| Err(DriverError::new("appending facts", "a simulated fault")))
    }
}

impl Folder for Disk {
    fn fold(&mut self, fold: &Fold) -> Result<(), StoreError> {
        let mut state = lock(&self.0);
        if state.fold_fails {
            return Err(DriverError::new("folding", "a simulated fault").into());
        }
        // All or nothing: every row is made before the first is changed.
        let mut changes = Vec::new();
        for table in &fold.tables {
            table.each(&mut |change| {
                changes.push((table.layout(), change));
                Ok(())
            })?;
        }
        for (layout, change) in changes {
            let rows = state.tables.entry(layout.name).or_default();
            match change {
                RowChange::Put(row) => {
                    let key = layout.key.iter().map(|column| row.values[*column].clone()).collect();
                    rows.insert((row.bucket, key), row.values);
                }
                RowChange::Remove(bucket, key) => drop(rows.remove(&(bucket, key))),
            }
        }
        state.repeats.extend(fold.repeats.iter().map(|repeat| (repeat.idempotency.key, repeat.clone())));
        state.repeats.retain(|_, repeat| repeat.at >= fold.forget_repeats_before);
        state.folded = fold.through;
        if fold.forget_facts {
            state.forget(fold.through);
        }
        Ok(())
    }
}

impl View for Disk {
    fn refresh(&mut self) -> Result<Marks, DriverError> {
        Ok(self.marks())
    }

    fn facts(&mut self, after: u64, each: EachFact<'_>) -> Result<(), DriverError> {
        self.visit_facts(after, each)
    }

    fn links(&mut self, after: u64) -> Result<Vec<Link>, DriverError> {
        Ok(lock(&self.0).links.iter().filter(|link| link.last > after).copied().collect())
    }

    fn rows(&mut self, layout: &Layout, each: EachRow<'_>) -> Result<(), DriverError> {
        self.visit_rows(layout, each)
    }

    fn release(&mut self) -> Result<(), DriverError> {
        Ok(())
    }

    fn ask(&mut self, _sql: &str, _parameters: &[Value]) -> Result<Rows, DriverError> {
        Err(DriverError::new("asking a question", "a simulated disk knows no SQL"))
    }
}
