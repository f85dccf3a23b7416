//! The executor on a thread of its own, and the threads that it keeps busy: one waits for the disk, one tells callers,
//! one puts away what is durable.
//!
//! While a batch is under way to the disk the next one is decided, and callers of the one before are told: what they
//! do then, writing an answer and sending it, costs as much as deciding.

use crate::clock::{Bell, Clock, lock};
use crate::commit::{Commit, Committed, Done};
use crate::driver::{Appender, Driver, Fold, Folder};
use crate::error::{DriverError, StoreError};
use crate::executor::{BATCH_OPERATIONS, Executor};
use crate::failpoint::{Failpoint, failpoint};
use crate::job::Job;
use crate::outbox::Message;
use crate::shell::QUEUE;
use crossbeam_channel::{Receiver, SendError, Sender, after, at, bounded, never, select_biased, unbounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::{JoinHandle, ThreadId};
use std::time::{Duration, Instant};
use values::Timestamp;

/// Folding starts when nothing came for so long: a burst of operations has the cores for itself.
const IDLE: Duration = Duration::from_millis(20);
/// Under lasting load, folding starts at this many changes: the larger the piece, the more of them concern
/// the same record, and the fewer pages are written twice.
const FOLD_AT: usize = 300_000;
/// The writer waits for the folding thread above this many changes.
const BACKLOG_MOST: usize = 1_000_000;
/// Facts are brought to where views find them this long after they became durable, at the latest: whoever reads facts
/// behind the commits looks about as often.
const SHELVE_AFTER: Duration = Duration::from_millis(100);
/// The disk waits for the telling thread when so many batches were not told.
const UNTOLD_MOST: usize = 64;
/// A report that nobody waits for is written with the next batch, or alone after so long: the disk is not asked for its sake.
const REPORT_AFTER: Duration = Duration::from_millis(10);

/// The ways to the threads of one store.
pub(crate) struct Threads {
    jobs: Sender<Box<dyn Job>>,
    /// Jobs that were queued and are not decided.
    undecided: Arc<AtomicUsize>,
    reports: Reports,
    // Not kept alive by those who look: a store that is closed has no open file.
    records: Weak<Mutex<dyn Records>>,
    pub(crate) control: Sender<Control>,
    writer: Mutex<Option<JoinHandle<()>>>,
    // A store may end with a callback that held the last of its handles: that thread cannot wait for itself.
    own: [ThreadId; 3],
}

pub(crate) type FlushReply = Sender<Result<(), StoreError>>;
pub(crate) type DueReply = Sender<(Vec<Message>, Option<Timestamp>)>;

/// Jobs that wait for company; nothing once the store is closed.
type Reports = Arc<Mutex<Option<Vec<Box<dyn Job>>>>>;

/// What the writer is asked and told besides jobs.
pub(crate) enum Control {
    /// There are reports, and there were none.
    Reports,
    /// What came of the batch that was out; nothing if it was lost.
    Committed(Option<Committed>),
    /// A chore is done.
    Done {
        folded: bool,
        outcome: Result<(), StoreError>,
    },
    Flush(FlushReply),
    Due {
        topic: String,
        limit: usize,
        reply: DueReply,
    },
    Close,
}

/// A bell that is rung when messages change.
pub(crate) struct Hung {
    pub(crate) bell: Arc<Bell>,
    /// By any change, and not only by a message that is due before every other of its topic.
    pub(crate) for_any: bool,
}

pub(crate) type Bells = Arc<Mutex<Vec<Hung>>>;

/// What is left of an executor for those who only look.
trait Records: Send {
    /// Takes a look, unless what it would see is not all durable.
    fn look(&mut self, look: &mut dyn Job) -> bool;
}

impl<D: Driver> Records for Executor<D> {
    fn look(&mut self, look: &mut dyn Job) -> bool {
        self.look_at_once(look)
    }
}

/// What the folding thread does; one at a time.
enum Chore {
    Fold(Fold),
    Shelve,
}

impl Threads {
    pub(crate) fn start<D: Driver + 'static>(
        name: &str,
        mut executor: Executor<D>,
        clock: Arc<dyn Clock>,
        bells: Bells,
    ) -> Result<Threads, StoreError> {
        let (appender, folder) = (executor.driver().appender()?, executor.driver().folder()?);
        // Unbounded, with a bound kept by who sends: only such a channel drops what lies in it with its receiver, so
        // that whoever came too late hears of it.
        let (jobs, job_queue) = unbounded();
        let (control, control_queue) = unbounded();
        let (chores, chore_queue) = bounded(1);
        let reports = control.clone();
        let folding = spawn(&format!("{name}-fold"), move || fold_all(folder, &chore_queue, &reports))?;
        let (tell, untold) = bounded::<Done>(UNTOLD_MOST);
        let telling = spawn(&format!("{name}-tell"), move || untold.iter().for_each(Done::tell))?;
        let (commits, commit_queue) = bounded(1);
        let (reports, told) = (control.clone(), tell.clone());
        let syncing =
            spawn(&format!("{name}-sync"), move || commit_all(appender, &commit_queue, &reports, &told))?;
        let [syncing_id, telling_id] = [&syncing, &telling].map(|thread| thread.thread().id());
        let (records, undecided) = (Arc::new(Mutex::new(executor)), Arc::<AtomicUsize>::default());
        let unwritten: Reports = Arc::new(Mutex::new(Some(Vec::new())));
        let seen: Weak<Mutex<dyn Records>> =
            Arc::downgrade(&(Arc::clone(&records) as Arc<Mutex<dyn Records>>));
        let writer = Writer {
            records: Arc::clone(&records),
            undecided: Arc::clone(&undecided),
            reports: Arc::clone(&unwritten),
            reports_since: None,
            jobs: job_queue,
            control: control_queue,
            commits,
            tell,
            chores,
            chore_out: false,
            unshelved_since: None,
            threads: [folding, syncing, telling],
            flushes: Vec::new(),
            clock,
            bells,
        };
        let writer = spawn(&format!("{name}-write"), move || writer.run())?;
        let own = [writer.thread().id(), syncing_id, telling_id];
        let writer = Mutex::new(Some(writer));
        Ok(Threads { jobs, undecided, reports: unwritten, records: seen, control, writer, own })
    }

    /// Queues a job, or says why not.
    pub(crate) fn queue(&self, job: Box<dyn Job>) -> Result<(), (Box<dyn Job>, StoreError)> {
        if self.jobs.len() >= QUEUE {
            return Err((job, StoreError::Overloaded));
        }
        self.send(job)
    }

    /// Queues a job that is not refused when many wait.
    pub(crate) fn insist(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.send(job).map_err(|(_, wrong)| wrong)
    }

    /// Leaves a job for the next batch, whoever that is for: nobody waits for it, and it is lost with the process at worst.
    pub(crate) fn report(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        let first = {
            let mut reports = lock(&self.reports);
            let reports = reports.as_mut().ok_or(StoreError::Stopped)?;
            reports.push(job);
            reports.len() == 1
        };
        if first { self.control.send(Control::Reports).map_err(|_| StoreError::Stopped) } else { Ok(()) }
    }

    fn send(&self, job: Box<dyn Job>) -> Result<(), (Box<dyn Job>, StoreError)> {
        self.undecided.fetch_add(1, Ordering::AcqRel);
        self.jobs.send(job).map_err(|SendError(job)| (job, StoreError::Stopped))
    }

    /// Has a look taken here and now, by whoever asks, if nothing was queued before it and all there is to see is durable;
    /// else it is queued like any other job. Two wakings of other threads cost more than most looks.
    pub(crate) fn look(&self, mut look: Box<dyn Job>) -> Result<(), (Box<dyn Job>, StoreError)> {
        let free = self.undecided.load(Ordering::Acquire) == 0;
        let records = if free { self.records.upgrade() } else { None };
        let looked = |records: Arc<Mutex<dyn Records>>| {
            records.try_lock().is_ok_and(|mut records| records.look(look.as_mut()))
        };
        if !records.is_some_and(looked) {
            return self.queue(look);
        }
        look.finish(Ok(()));
        Ok(())
    }

    /// Has everything that waits executed and folded, and waits for it unless a thread of its own asks.
    pub(crate) fn end(&self) {
        // Whoever waits for a store that is gone hears of it when the queues are dropped.
        let _ = self.control.send(Control::Close);
        let writer = lock(&self.writer).take();
        if let Some(writer) = writer
            && !self.own.contains(&std::thread::current().id())
        {
            let _ = writer.join();
        }
    }
}

struct Writer<D: Driver> {
    records: Arc<Mutex<Executor<D>>>,
    undecided: Arc<AtomicUsize>,
    reports: Reports,
    reports_since: Option<Instant>,
    jobs: Receiver<Box<dyn Job>>,
    control: Receiver<Control>,
    commits: Sender<Commit>,
    tell: Sender<Done>,
    chores: Sender<Chore>,
    chore_out: bool,
    unshelved_since: Option<Instant>,
    threads: [JoinHandle<()>; 3],
    flushes: Vec<(u64, FlushReply)>,
    clock: Arc<dyn Clock>,
    bells: Bells,
}

/// What the writer woke for.
enum Woken {
    Control(Control),
    Job(Box<dyn Job>),
    Idle,
    Shelving,
    Reporting,
    /// Nobody can ask for anything any more.
    Alone,
}

impl<D: Driver> Writer<D> {
    fn run(mut self) {
        let records = Arc::clone(&self.records);
        loop {
            // Not held while the writer sleeps: whoever only looks does so meanwhile.
            let woken = self.wait(&records);
            let executor = &mut *lock(&records);
            if !self.take(executor, woken) {
                break;
            }
            self.round(executor);
        }
        self.close(&records);
    }

    /// Sleeps until something comes.
    fn wait(&mut self, records: &Mutex<Executor<D>>) -> Woken {
        let (committing, may_fold, takes_jobs) = {
            let executor = &mut *lock(records);
            (executor.is_committing(), self.may_fold(executor), self.takes_jobs(executor))
        };
        // No fixed window: what comes is taken at once, and while a batch is on its way to the disk, when that is
        // over: one waking a batch. Timers run only while there is something to put away.
        let idle = if may_fold && !committing { after(IDLE) } else { never() };
        let shelving = match self.unshelved_since {
            Some(since) if !self.chore_out => at(since + SHELVE_AFTER),
            _ => never(),
        };
        let reporting = match self.reports_since {
            Some(since) if !committing => at(since + REPORT_AFTER),
            _ => never(),
        };
        let nothing = never();
        let jobs = if !committing && takes_jobs { &self.jobs } else { &nothing };
        select_biased! {
            recv(self.control) -> control => control.map_or(Woken::Alone, Woken::Control),
            recv(jobs) -> job => job.map_or(Woken::Alone, Woken::Job),
            recv(idle) -> _ => Woken::Idle,
            recv(shelving) -> _ => Woken::Shelving,
            recv(reporting) -> _ => Woken::Reporting,
        }
    }

    /// Whether to go on.
    fn take(&mut self, executor: &mut Executor<D>, woken: Woken) -> bool {
        match woken {
            Woken::Control(control) => return self.control(executor, control),
            Woken::Job(job) => executor.push(job),
            Woken::Idle => self.fold(executor),
            Woken::Shelving => self.chore(executor, Chore::Shelve),
            Woken::Reporting => self.take_reports(executor),
            Woken::Alone => return false,
        }
        true
    }

    /// Not while a whole batch waits for the disk, or more for the folding thread than memory should hold.
    fn takes_jobs(&self, executor: &mut Executor<D>) -> bool {
        executor.has_room() && !(self.chore_out && executor.backlog() >= BACKLOG_MOST)
    }

    fn round(&mut self, executor: &mut Executor<D>) {
        // The disk first: it works while what waits is decided.
        self.commit(executor);
        if self.takes_jobs(executor) {
            while executor.waiting() < BATCH_OPERATIONS
                && let Ok(job) = self.jobs.try_recv()
            {
                executor.push(job);
            }
        }
        // What is written anyhow takes the reports along.
        if executor.waiting() > 0 && self.reports_since.is_some() {
            self.take_reports(executor);
        }
        self.decide(executor);
        self.commit(executor);
        let changed = executor.take_messages_changed();
        if changed.any {
            let rung = |hung: &&Hung| changed.sooner || hung.for_any;
            lock(&self.bells).iter().filter(rung).for_each(|hung| hung.bell.ring());
        }
        if !self.flushes.is_empty() || executor.backlog() >= FOLD_AT {
            self.fold(executor);
        }
        self.answer_flushes(executor);
    }

    fn take_reports(&mut self, executor: &mut Executor<D>) {
        self.reports_since = None;
        let reports = lock(&self.reports).as_mut().map(std::mem::take).unwrap_or_default();
        self.undecided.fetch_add(reports.len(), Ordering::AcqRel);
        reports.into_iter().for_each(|report| executor.push(report));
    }

    fn decide(&mut self, executor: &mut Executor<D>) {
        let decided = executor.decide(self.clock.now());
        self.undecided.fetch_sub(decided, Ordering::AcqRel);
    }

    /// Hands out what is decided, unless a batch is out already.
    fn commit(&mut self, executor: &mut Executor<D>) {
        let Some(commit) = executor.take_commit() else { return };
        if commit.is_empty() {
            let (committed, done) = commit.without_facts();
            executor.committed(committed);
            tell(&self.tell, done);
        } else if self.commits.send(commit).is_err() {
            executor.commit_lost();
        }
    }

    fn may_fold(&self, executor: &Executor<D>) -> bool {
        !self.chore_out && executor.may_fold()
    }

    fn fold(&mut self, executor: &mut Executor<D>) {
        if self.may_fold(executor)
            && let Some(piece) = executor.take_fold(self.clock.now())
        {
            self.chore(executor, Chore::Fold(piece));
        }
    }

    fn chore(&mut self, executor: &mut Executor<D>, chore: Chore) {
        self.unshelved_since = None;
        self.chore_out = self.chores.send(chore).is_ok();
        if !self.chore_out {
            executor.stop();
        }
    }

    /// Whether to go on.
    fn control(&mut self, executor: &mut Executor<D>, control: Control) -> bool {
        match control {
            Control::Close => return false,
            Control::Reports => self.reports_since = Some(Instant::now()),
            Control::Flush(reply) => self.flushes.push((executor.head().last, reply)),
            Control::Due { topic, limit, reply } => {
                let now = self.clock.now();
                let _ = reply.send(executor.due(&topic, now, limit));
            }
            Control::Committed(Some(committed)) => {
                executor.committed(committed);
                self.unshelved_since = self.unshelved_since.or_else(|| Some(Instant::now()));
            }
            Control::Committed(None) => executor.commit_lost(),
            Control::Done { folded, outcome } => {
                self.chore_out = false;
                if let Err(wrong) = outcome {
                    tracing::error!(%wrong, "folding failed; the store stops");
                    executor.stop();
                } else if folded {
                    executor.folded();
                }
            }
        }
        true
    }

    fn answer_flushes(&mut self, executor: &Executor<D>) {
        let (folded, stopped) = (executor.folded_through(), executor.is_stopped());
        self.flushes.retain(|(through, reply)| {
            let answer = match (*through <= folded, stopped) {
                (true, _) => Ok(()),
                (false, true) => Err(StoreError::Stopped),
                (false, false) => return true,
            };
            let _ = reply.send(answer);
            false
        });
    }

    fn close(mut self, records: &Mutex<Executor<D>>) {
        let executor = &mut *lock(records);
        self.take_reports(executor);
        *lock(&self.reports) = None;
        while let Ok(job) = self.jobs.try_recv() {
            executor.push(job);
        }
        loop {
            self.commit(executor);
            self.decide(executor);
            self.commit(executor);
            if !executor.is_committing() && executor.waiting() == 0 {
                break;
            }
            self.hear(executor);
        }
        self.fold(executor);
        while self.chore_out && !executor.is_stopped() {
            self.hear(executor);
            self.fold(executor);
        }
        self.answer_flushes(executor);
        // Whoever looks from here on is told so.
        executor.stop();
        let Writer { commits, tell, chores, threads, .. } = self;
        drop((commits, tell, chores));
        for thread in threads {
            // Its panic, if any, is in the log.
            let _ = thread.join();
        }
        if let Err(wrong) = executor.driver().close() {
            tracing::warn!(%wrong, "the database was left without a last checkpoint");
        }
    }

    /// Waits for a report.
    fn hear(&mut self, executor: &mut Executor<D>) {
        // It cannot end: the threads that report hold on to it.
        if let Ok(control) = self.control.recv() {
            self.control(executor, control);
        }
    }
}

/// Makes one batch after another durable.
fn commit_all(
    mut appender: Box<dyn Appender>,
    commits: &Receiver<Commit>,
    reports: &Sender<Control>,
    told: &Sender<Done>,
) {
    for commit in commits {
        let written = catch_unwind(AssertUnwindSafe(|| commit.write(appender.as_mut()))).ok();
        // The next batch goes on its way before anybody is told of this one.
        let (committed, done) = written.unzip();
        let _ = reports.send(Control::Committed(committed));
        if let Some(done) = done {
            tell(told, done);
        }
    }
}

fn tell(told: &Sender<Done>, done: Done) {
    if let Err(SendError(done)) = told.send(done) {
        // That thread is gone, though nothing should end it: nobody waits for ever.
        done.tell();
    }
}

fn fold_all(mut folder: Box<dyn Folder>, chores: &Receiver<Chore>, reports: &Sender<Control>) {
    for chore in chores {
        let folded = matches!(chore, Chore::Fold(_));
        // A panic is a report like any other: whoever closes the store waits for one.
        let done = AssertUnwindSafe(|| match chore {
            Chore::Fold(fold) => folder.fold(&fold),
            Chore::Shelve => Ok(folder.shelve()?),
        });
        let outcome = catch_unwind(done).unwrap_or(Err(StoreError::Panicked));
        if folded {
            failpoint(Failpoint::AfterFold);
        }
        if reports.send(Control::Done { folded, outcome }).is_err() {
            return;
        }
        if let Err(wrong) = folder.tidy() {
            tracing::warn!(%wrong, "a checkpoint failed; the next one may do");
        }
    }
}

pub(crate) fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, DriverError> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.map_err(|e| DriverError::new("starting a thread", e))
}
