//! The machine that executes operations in batches over a [`Driver`].
//!
//! It has no thread and no clock of its own. What waits is decided at once; a batch of it is handed out to be made
//! durable, and while that is under way the next one is decided on top of it. Folding is handed out as well.
//! `threads` puts each of these on a thread; a simulation can drive them by hand.

use crate::commit::{Commit, Committed};
use crate::driver::{Appender, Driver, Fold, Marks};
use crate::error::StoreError;
use crate::fact::{Batch, Body, Link, Note, write_head};
use crate::job::{Applied, Asked, Called, Job, Look};
use crate::outbox::{Due, Message};
use crate::repeats::Repeats;
use crate::schema::{Schema, Telling};
use crate::workspace::{Tables, Workspace};
use std::collections::VecDeque;
use values::{Operation, Records, Timestamp};

/// At most this many operations become durable together.
pub const BATCH_OPERATIONS: usize = 1024;
/// A batch is closed once its facts have this many bytes.
pub const BATCH_BYTES: usize = 1 << 20;

/// What became of messages in the outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessagesChanged {
    /// Some were left, changed or taken back.
    pub any: bool,
    /// One came that is due before every other of its topic.
    pub sooner: bool,
}

/// Executes operations, one writer for one database.
pub struct Executor<D: Driver> {
    driver: D,
    tables: Tables,
    repeats: Repeats,
    due: Due,
    queue: VecDeque<Box<dyn Job>>,
    // Decided and not handed out yet.
    decided: Vec<Box<dyn Job>>,
    batch: Batch,
    // Its allocation waits for the next batch.
    spare: Option<Batch>,
    committing: bool,
    head: Link,
    folded: u64,
    folding: Option<u64>,
    forget_facts: bool,
    telling: Telling,
    stopped: bool,
    messages: MessagesChanged,
    // Reused by every operation.
    body: Vec<u8>,
    answer: Vec<u8>,
    notes: Vec<Note>,
}

impl<D: Driver> Executor<D> {
    /// Opens a database: its tables, then the facts that are not in them yet.
    pub fn open(mut driver: D, schema: &Schema) -> Result<Executor<D>, StoreError> {
        let Marks { head, folded, .. } = driver.begin(schema)?;
        if folded > head.last {
            return Err(StoreError::Damaged("the tables are ahead of the facts".to_owned()));
        }
        let mut tables = Tables::new(schema);
        let mut repeats = Repeats::new(schema.remembered_in_memory, schema.remembered_for);
        for table in tables.all() {
            table.load(&mut driver)?;
            table.folded(folded);
        }
        repeats.load(&mut driver)?;
        replay(&mut driver, folded, head.last, &mut tables, &mut repeats)?;
        let mut executor = Executor {
            driver,
            tables,
            repeats,
            due: Due::default(),
            queue: VecDeque::new(),
            decided: Vec::new(),
            batch: Batch::after(head),
            spare: None,
            committing: false,
            head,
            folded,
            folding: None,
            forget_facts: schema.forget_facts,
            telling: schema.telling,
            stopped: false,
            messages: MessagesChanged::default(),
            body: Vec::new(),
            answer: Vec::new(),
            notes: Vec::new(),
        };
        let mut waiting: Vec<Message> = Vec::new();
        executor.workspace().each::<Message>(|message| waiting.push(message.clone()));
        for message in &waiting {
            executor.due.set(&message.topic, &message.key, Some(message.due));
        }
        Ok(executor)
    }

    /// Queues an operation; `callback` is called once, after its batch is durable.
    pub fn submit<O: Operation>(&mut self, operation: O, callback: impl FnOnce(Called<O>) + Send + 'static) {
        self.queue.push_back(Box::new(Asked::new(operation, callback)));
    }

    /// Queues a look at the records. It sees everything queued before it and changes nothing; `callback` is
    /// called after what it saw is durable.
    pub fn look<T: Send + 'static>(
        &mut self,
        look: impl FnOnce(&mut Workspace<'_>) -> T + Send + 'static,
        callback: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) {
        self.queue.push_back(Box::new(Look::new(look, callback)));
    }

    pub(crate) fn push(&mut self, job: Box<dyn Job>) {
        self.queue.push_back(job);
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// One round on one thread: decides what waits, up to the bounds of a batch, makes it durable and tells the
    /// callers. Returns how many were told.
    ///
    /// After a commit that failed the machine has stopped: memory is ahead of a disk in an unknown state,
    /// so everybody hears [`StoreError::Stopped`], now and later.
    pub fn run_batch(&mut self, appender: &mut dyn Appender, now: Timestamp) -> usize {
        self.decide(now);
        let Some(commit) = self.take_commit() else { return 0 };
        let (committed, done) = commit.write(appender);
        self.committed(committed);
        let told = done.callers();
        done.tell();
        told
    }

    /// Decides what waits, until the batch reaches its bounds: on top of what was decided before, durable or not.
    /// Returns how many jobs that were.
    pub fn decide(&mut self, now: Timestamp) -> usize {
        let waiting = self.queue.len();
        while self.has_room() {
            let Some(mut job) = self.queue.pop_front() else { break };
            if !self.stopped {
                self.decide_one(job.as_mut(), now);
            }
            self.decided.push(job);
        }
        waiting - self.queue.len()
    }

    /// Takes a look before its turn, unless something waits, or is decided and not durable. Whether it was taken.
    pub(crate) fn look_at_once(&mut self, look: &mut dyn Job) -> bool {
        let settled = !self.stopped && !self.is_committing() && self.queue.is_empty();
        if settled {
            // A look asks for no time: only facts have one.
            self.decide_one(look, Timestamp::from_millis(0));
        }
        settled
    }

    /// Whether more can be decided before the next batch is handed out.
    pub fn has_room(&self) -> bool {
        self.decided.len() < BATCH_OPERATIONS && self.batch.bytes().len() < BATCH_BYTES
    }

    /// Hands out what is decided, to be made durable; nothing while an earlier batch is out. Report it with
    /// [`Executor::committed`].
    pub fn take_commit(&mut self) -> Option<Commit> {
        if self.committing || self.decided.is_empty() {
            return None;
        }
        self.committing = true;
        let mut next = self.spare.take().unwrap_or_else(|| Batch::after(self.head));
        next.restart(self.batch.next());
        let mut batch = std::mem::replace(&mut self.batch, next);
        batch.chain_to(self.head);
        let room = Vec::with_capacity(self.decided.len());
        let jobs = std::mem::replace(&mut self.decided, room);
        Some(Commit::new(batch, jobs, self.stopped, self.telling))
    }

    /// The batch that was out is durable, or the commit failed.
    pub fn committed(&mut self, committed: Committed) {
        self.committing = false;
        let Committed { batch, link } = committed;
        self.spare = Some(batch);
        match link {
            Ok(link) => {
                let before = std::mem::replace(&mut self.head, link).last;
                let changed = self.tables.pending_messages().after(before);
                for change in changed.take_while(|change| change.sequence <= link.last) {
                    let due = change.record.as_ref().map(|message| message.due);
                    self.messages.any = true;
                    self.messages.sooner |= self.due.set(&change.key.0, &change.key.1, due);
                }
            }
            Err(_) => self.stopped = true,
        }
    }

    /// The batch that was out is lost with whoever had it, whether it is durable or not.
    pub(crate) fn commit_lost(&mut self) {
        self.committing = false;
        self.stopped = true;
    }

    /// Whether something is decided that is not durable yet, or a batch is out.
    pub fn is_committing(&self) -> bool {
        self.committing || !self.decided.is_empty()
    }

    fn decide_one(&mut self, job: &mut dyn Job, now: Timestamp) {
        let idempotency = job.idempotency();
        if let Some(asked) = idempotency {
            match self.repeats.find(&asked.key, now, &mut self.driver) {
                Err(wrong) => return job.fail(wrong.into()),
                Ok(Some(first)) if first.idempotency == asked => return job.repeat(&first.answer),
                Ok(Some(_)) => return job.mismatch(),
                Ok(None) => {}
            }
        }
        self.answer.clear();
        self.notes.clear();
        let sequence = self.batch.next();
        let mut workspace = Workspace {
            tables: &mut self.tables,
            driver: &mut self.driver,
            notes: &mut self.notes,
            sequence,
            failure: None,
        };
        match job.run(&mut workspace, now, &mut self.answer) {
            Applied::Undo => return self.tables.roll_back(),
            Applied::Keep if self.tables.untouched() && self.notes.is_empty() && idempotency.is_none() => {
                return;
            }
            Applied::Keep => {}
        }
        self.body.clear();
        write_head(&mut self.body, &self.answer, &self.notes);
        self.tables.settle(sequence, &mut self.body);
        self.batch.push(now, job.name(), idempotency, &self.body);
        if let Some(asked) = idempotency {
            self.repeats.add(sequence, now, asked, &self.answer);
        }
    }

    /// The end of the hash chain, as far as it is durable.
    pub fn head(&self) -> Link {
        self.head
    }

    /// Whether a commit failed.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Stops, as after a failed commit.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
    }

    /// What became of messages since the last time this was asked.
    pub fn take_messages_changed(&mut self) -> MessagesChanged {
        std::mem::take(&mut self.messages)
    }

    /// Whether a piece of folding work is out.
    pub fn is_folding(&self) -> bool {
        self.folding.is_some()
    }

    /// Whether [`Executor::take_fold`] would hand something out.
    pub fn may_fold(&self) -> bool {
        !self.stopped && self.folding.is_none() && self.folded != self.head.last
    }

    /// The last fact that the tables hold.
    pub fn folded_through(&self) -> u64 {
        self.folded
    }

    /// How many changes wait to be folded.
    pub fn backlog(&mut self) -> usize {
        self.repeats.pending() + self.tables.all().map(|table| table.pending()).sum::<usize>()
    }

    /// Hands out what is durable and waits to be folded; nothing while an earlier piece is out. Report it with
    /// [`Executor::folded`].
    pub fn take_fold(&mut self, now: Timestamp) -> Option<Fold> {
        if !self.may_fold() {
            return None;
        }
        let through = self.head.last;
        self.folding = Some(through);
        Some(Fold {
            through,
            tables: self.tables.all().filter_map(|table| table.take_pending(through)).collect(),
            repeats: self.repeats.take_pending(through),
            forget_repeats_before: self.repeats.expired_before(now),
            forget_facts: self.forget_facts,
        })
    }

    /// The piece of work that was out is in the tables now.
    pub fn folded(&mut self) {
        if let Some(through) = self.folding.take() {
            self.folded = through;
            self.repeats.folded();
            self.tables.all().for_each(|table| table.folded(through));
        }
    }

    /// Takes messages of a topic that are due, earliest first, and says when the next one is. Each is offered
    /// once; report it with [`Executor::delivered`] or [`Executor::failed`].
    pub fn due(&mut self, topic: &str, now: Timestamp, limit: usize) -> (Vec<Message>, Option<Timestamp>) {
        let (keys, next) = self.due.take(topic, now, limit);
        let mut workspace = self.workspace();
        let messages = keys.into_iter().filter_map(|key| workspace.find::<Message>(&(topic.to_owned(), key)));
        (messages.collect(), next)
    }

    /// Queues the report that a message has arrived.
    pub fn delivered(&mut self, message: &Message) {
        self.push(Box::new(Asked::new(delivered(message), |_| ())));
    }

    /// Queues the report that a message did not arrive.
    pub fn failed(&mut self, message: &Message, backoff: crate::Backoff) {
        self.push(Box::new(Asked::new(failed(message, backoff), |_| ())));
    }

    fn workspace(&mut self) -> Workspace<'_> {
        let sequence = self.batch.next();
        let (tables, driver, notes) = (&mut self.tables, &mut self.driver, &mut self.notes);
        Workspace { tables, driver, notes, sequence, failure: None }
    }

    /// The driver, for its other halves.
    pub fn driver(&mut self) -> &mut D {
        &mut self.driver
    }
}

pub(crate) fn delivered(message: &Message) -> crate::outbox::Delivered {
    let Message { topic, key, version, .. } = message;
    crate::outbox::Delivered { topic: topic.clone(), key: key.clone(), version: *version }
}

pub(crate) fn failed(message: &Message, backoff: crate::Backoff) -> crate::outbox::Failed {
    let Message { topic, key, version, .. } = message;
    crate::outbox::Failed { topic: topic.clone(), key: key.clone(), version: *version, backoff }
}

/// Brings the facts after the tables into memory.
fn replay(
    driver: &mut dyn Driver,
    after: u64,
    last: u64,
    tables: &mut Tables,
    repeats: &mut Repeats,
) -> Result<(), StoreError> {
    let mut expected = after + 1;
    let mut broken = None;
    driver.facts(after, &mut |fact| {
        if broken.is_none() {
            broken = apply(&fact, expected, tables, Some(&mut *repeats)).err();
            expected += 1;
        }
        Ok(())
    })?;
    match broken {
        Some(wrong) => Err(wrong),
        None if expected != last + 1 => Err(StoreError::Damaged(format!("fact {expected} is missing"))),
        None => Ok(()),
    }
}

/// Applies one fact.
pub(crate) fn apply(
    fact: &crate::fact::Fact<'_>,
    expected: u64,
    tables: &mut Tables,
    repeats: Option<&mut Repeats>,
) -> Result<(), StoreError> {
    let damaged = |what: &str| StoreError::Damaged(format!("fact {expected} {what}"));
    if fact.sequence != expected {
        return Err(damaged("is missing"));
    }
    let body = Body::read(fact.body).ok_or_else(|| damaged("cannot be read"))?;
    for change in &body.changes {
        let table = tables.by_id(change.table).ok_or_else(|| damaged("is about an unknown table"))?;
        table.replay(fact.sequence, change.left)?;
    }
    if let (Some(repeats), Some(idempotency)) = (repeats, fact.idempotency) {
        repeats.add(fact.sequence, fact.at, idempotency, body.answer);
    }
    Ok(())
}
