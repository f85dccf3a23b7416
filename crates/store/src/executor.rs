//! The machine that executes operations in batches over a [`Driver`].
//!
//! It has no thread and no clock of its own: `run_batch(now)` does one round, and folding is handed out as
//! a piece of work. `shell` puts it on a thread; a simulation can drive it by hand.

use crate::driver::{Driver, Fold, Marks};
use crate::error::StoreError;
use crate::fact::{Batch, Body, Link, Note, write_head};
use crate::failpoint::{Failpoint, failpoint};
use crate::job::{Applied, Asked, Called, Job, Look};
use crate::outbox::{Due, Message};
use crate::repeats::Repeats;
use crate::schema::{Schema, Telling};
use crate::table::Pending;
use crate::workspace::{Tables, Workspace};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use values::{Operation, Records, Timestamp};

/// At most this many operations become durable together.
pub const BATCH_OPERATIONS: usize = 1024;
/// A batch is closed once its facts have this many bytes.
pub const BATCH_BYTES: usize = 1 << 20;
/// So many callers are told together: few enough that the first does not wait for the last.
const TOLD_TOGETHER: usize = 64;

/// Executes operations, one writer for one database.
pub struct Executor<D: Driver> {
    driver: D,
    tables: Tables,
    repeats: Repeats,
    due: Due,
    queue: VecDeque<Box<dyn Job>>,
    batch: Batch,
    head: Link,
    folded: u64,
    folding: Option<u64>,
    forget_facts: bool,
    telling: Telling,
    stopped: bool,
    messages_changed: bool,
    // Reused by every operation.
    body: Vec<u8>,
    answer: Vec<u8>,
    notes: Vec<Note>,
}

/// A batch that was decided and committed, or was not; its callers do not know yet.
pub(crate) struct Done {
    jobs: Vec<Box<dyn Job>>,
    durable: Result<(), StoreError>,
    telling: Telling,
}

impl Done {
    /// Tells the callers, a group of them at a time.
    pub(crate) fn tell(self) {
        failpoint(Failpoint::BeforeCallback);
        let Done { jobs, durable, telling } = self;
        let mut jobs = jobs.into_iter().peekable();
        while jobs.peek().is_some() {
            telling(&mut || {
                for job in jobs.by_ref().take(TOLD_TOGETHER) {
                    // Whoever panics when told keeps nobody else from hearing; the panic is in the log.
                    let _ = catch_unwind(AssertUnwindSafe(|| job.finish(durable.clone())));
                }
            });
        }
    }
}

/// Changes to be folded into the tables, made ready by the thread that folds.
pub struct FoldWork {
    through: u64,
    pending: Vec<Box<dyn Pending>>,
    repeats: Vec<crate::driver::Repeat>,
    forget_repeats_before: Timestamp,
}

impl FoldWork {
    /// Turns records into rows.
    pub fn prepare(self) -> Result<Fold, StoreError> {
        let mut repeats = self.repeats;
        repeats.sort_by_key(|repeat| repeat.idempotency.key);
        Ok(Fold {
            through: self.through,
            tables: self.pending.into_iter().map(Pending::into_rows).collect::<Result<_, _>>()?,
            repeats,
            forget_repeats_before: self.forget_repeats_before,
        })
    }
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
            batch: Batch::after(head),
            head,
            folded,
            folding: None,
            forget_facts: schema.forget_facts,
            telling: schema.telling,
            stopped: false,
            messages_changed: false,
            body: Vec::new(),
            answer: Vec::new(),
            notes: Vec::new(),
        };
        let mut waiting: Vec<Message> = Vec::new();
        executor.workspace().each::<Message>(|message| waiting.push(message.clone()));
        waiting.iter().for_each(|message| executor.due.set(&message.topic, &message.key, Some(message.due)));
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

    /// Executes what waits, up to the bounds of a batch, makes it durable in one commit and then tells the
    /// callers. Returns how many were told.
    ///
    /// After a commit that failed the machine has stopped: memory is ahead of a disk in an unknown state,
    /// so everybody hears [`StoreError::Stopped`], now and later.
    pub fn run_batch(&mut self, now: Timestamp) -> usize {
        let done = self.commit_batch(now);
        let told = done.jobs.len();
        done.tell();
        told
    }

    /// [`Executor::run_batch`] without telling: whoever gets the batch does that, on a thread of its own if
    /// it likes, batch after batch in order.
    pub(crate) fn commit_batch(&mut self, now: Timestamp) -> Done {
        let messages_before = self.tables.pending_messages().len();
        let mut jobs = Vec::with_capacity(self.queue.len().min(BATCH_OPERATIONS));
        while jobs.len() < BATCH_OPERATIONS && self.batch.size() < BATCH_BYTES {
            let Some(mut job) = self.queue.pop_front() else { break };
            if !self.stopped {
                self.decide(job.as_mut(), now);
            }
            jobs.push(job);
        }
        let durable = if self.stopped { Err(StoreError::Stopped) } else { self.commit() };
        match &durable {
            Ok(()) => {
                for (key, message) in &self.tables.pending_messages()[messages_before..] {
                    self.messages_changed = true;
                    self.due.set(&key.0, &key.1, message.as_ref().map(|message| message.due));
                }
            }
            Err(_) => self.stopped = true,
        }
        Done { jobs, durable, telling: self.telling }
    }

    fn decide(&mut self, job: &mut dyn Job, now: Timestamp) {
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
            self.repeats.add(now, asked, &self.answer);
        }
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        failpoint(Failpoint::BeforeAppend);
        if let Err(wrong) = self.driver.append(&self.batch) {
            tracing::error!(%wrong, "the commit failed; the store stops");
            return Err(StoreError::Stopped);
        }
        failpoint(Failpoint::AfterAppend);
        self.head = self.batch.link();
        self.batch.restart(self.head);
        Ok(())
    }

    /// The end of the hash chain.
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

    /// Whether messages were left, changed or taken back since the last time this was asked.
    pub fn take_messages_changed(&mut self) -> bool {
        std::mem::take(&mut self.messages_changed)
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

    /// Hands out what waits to be folded; nothing while an earlier piece is out. Report it with
    /// [`Executor::folded`].
    pub fn take_fold(&mut self, now: Timestamp) -> Option<FoldWork> {
        if !self.may_fold() {
            return None;
        }
        self.folding = Some(self.head.last);
        Some(FoldWork {
            through: self.head.last,
            pending: self.tables.all().filter_map(|table| table.take_pending()).collect(),
            repeats: self.repeats.take_pending(),
            forget_repeats_before: self.repeats.expired_before(now),
        })
    }

    /// The piece of work that was out is in the tables now.
    pub fn folded(&mut self) -> Result<(), StoreError> {
        if let Some(through) = self.folding.take() {
            self.folded = through;
            self.repeats.folded();
            self.tables.all().for_each(|table| table.folded(through));
            if self.forget_facts {
                self.driver.forget(through)?;
            }
        }
        Ok(())
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
        repeats.add(fact.at, idempotency, body.answer);
    }
    Ok(())
}
