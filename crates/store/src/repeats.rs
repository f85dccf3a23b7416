//! Recognises repeated operations by their idempotency keys.
//!
//! The newest keys are in memory with their answers; older ones are asked of the database, and only if a
//! filter says that the key may be among them.

use crate::driver::{Driver, Repeat};
use crate::error::DriverError;
use crate::filter::Filter;
use crate::hasher::Seed;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;
use values::{Idempotency, Timestamp};

struct Known {
    fingerprint: [u8; 16],
    at: Timestamp,
    answer: Box<[u8]>,
}

pub(crate) struct Repeats {
    newest: HashMap<[u8; 16], Known, Seed>,
    order: VecDeque<[u8; 16]>,
    limit: usize,
    older: Filter,
    remembered_for: Duration,
    // With the facts that answered them.
    pending: Vec<(u64, Repeat)>,
    // Handed out to be folded, not yet in the database.
    folding: usize,
}

impl Repeats {
    pub(crate) fn new(limit: usize, remembered_for: Duration) -> Repeats {
        Repeats {
            newest: HashMap::default(),
            order: VecDeque::new(),
            limit: limit.max(1),
            older: Filter::default(),
            remembered_for,
            pending: Vec::new(),
            folding: 0,
        }
    }

    /// Brings in the folded keys: the newest into memory, the rest into the filter.
    pub(crate) fn load(&mut self, driver: &mut dyn Driver) -> Result<(), DriverError> {
        let mut newest = Vec::new();
        let (limit, older) = (self.limit, &mut self.older);
        driver.repeats(usize::MAX, &mut |repeat| {
            if newest.len() < limit {
                newest.push(repeat);
            } else {
                older.add(&repeat.idempotency.key);
            }
            Ok(())
        })?;
        newest.into_iter().rev().for_each(|repeat| self.keep(&repeat));
        Ok(())
    }

    /// The first answer to this key, if it is known.
    pub(crate) fn find(
        &mut self,
        key: &[u8; 16],
        now: Timestamp,
        driver: &mut dyn Driver,
    ) -> Result<Option<Repeat>, DriverError> {
        let found = match self.newest.get(key) {
            Some(known) => Some(Repeat {
                at: known.at,
                idempotency: Idempotency { key: *key, fingerprint: known.fingerprint },
                answer: known.answer.to_vec(),
            }),
            None if self.older.may_contain(key) => driver.repeat(key)?,
            None => None,
        };
        Ok(found.filter(|repeat| now.since(repeat.at) < self.remembered_for))
    }

    /// Remembers the answer to a key, given by fact `sequence`.
    pub(crate) fn add(&mut self, sequence: u64, at: Timestamp, idempotency: Idempotency, answer: &[u8]) {
        let repeat = Repeat { at, idempotency, answer: answer.to_vec() };
        self.pending.push((sequence, repeat.clone()));
        self.keep(&repeat);
    }

    fn keep(&mut self, repeat: &Repeat) {
        let Idempotency { key, fingerprint } = repeat.idempotency;
        let known = Known { fingerprint, at: repeat.at, answer: repeat.answer.clone().into_boxed_slice() };
        if self.newest.insert(key, known).is_none() {
            self.order.push_back(key);
        }
        // What the database does not have yet stays.
        if self.newest.len() > self.limit + self.pending.len() + self.folding
            && let Some(oldest) = self.order.pop_front()
        {
            self.newest.remove(&oldest);
            self.older.add(&oldest);
        }
    }

    /// Hands over what waits to be folded, of the facts up to `through`.
    pub(crate) fn take_pending(&mut self, through: u64) -> Vec<Repeat> {
        self.folding = self.pending.partition_point(|(sequence, _)| *sequence <= through);
        self.pending.drain(..self.folding).map(|(_, repeat)| repeat).collect()
    }

    pub(crate) fn folded(&mut self) {
        self.folding = 0;
    }

    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    pub(crate) fn expired_before(&self, now: Timestamp) -> Timestamp {
        let life = i64::try_from(self.remembered_for.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(now.millis().saturating_sub(life))
    }
}
