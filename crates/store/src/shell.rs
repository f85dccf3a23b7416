//! The executor on a thread of its own, another that tells its callers, a third that folds, and the handle that everybody holds.
//!
//! Callers are told on a thread of their own because what they do then, writing an answer and sending it, costs as
//! much as deciding: meanwhile the next batch is decided.

use crate::clock::{Bell, Clock, lock};
use crate::driver::{Driver, Folder, Rows, View};
use crate::error::{DriverError, StoreError};
use crate::executor::{BATCH_OPERATIONS, Done, Executor, FoldWork, delivered, failed};
use crate::failpoint::{Failpoint, failpoint};
use crate::job::{Asked, Called, Job, Look};
use crate::outbox::{Backoff, Message};
use crate::row::Value;
use crate::schema::Schema;
use crate::sqlite::Sqlite;
use crate::verify::{self, Report, TableDigest};
use crate::workspace::Workspace;
use crossbeam_channel::{
    Receiver, SendError, Sender, TrySendError, after, bounded, never, select_biased, unbounded,
};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread::{JoinHandle, ThreadId};
use std::time::Duration;
use values::{Operation, Timestamp};

/// At most this many operations wait; more are refused with [`StoreError::Overloaded`].
pub const QUEUE: usize = 16_384;
/// Folding starts when nothing came for so long: a burst of operations has the cores for itself.
const IDLE: Duration = Duration::from_millis(20);
/// Under lasting load, folding starts at this many changes: the larger the piece, the more of them concern
/// the same record, and the fewer pages are written twice.
const FOLD_AT: usize = 300_000;
/// The writer waits for the folding thread above this many changes.
const BACKLOG_MOST: usize = 1_000_000;
/// The writer waits for the telling thread when so many batches were not told.
const UNTOLD_MOST: usize = 64;

/// A database and the threads that serve it. Clones are the same store; it closes with the last of them.
#[derive(Clone)]
pub struct Store(Arc<Shared>);

struct Shared {
    jobs: Sender<Box<dyn Job>>,
    control: Sender<Control>,
    questions: Mutex<Box<dyn View>>,
    verification: Mutex<Box<dyn View>>,
    schema: Schema,
    clock: Arc<dyn Clock>,
    bells: Arc<Mutex<Vec<Arc<Bell>>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    // A store may end with a callback that held the last of its handles: that thread cannot wait for itself.
    own_threads: [ThreadId; 2],
}

type FlushReply = Sender<Result<(), StoreError>>;
type DueReply = Sender<(Vec<Message>, Option<Timestamp>)>;

enum Control {
    Folded(Result<(), StoreError>),
    Flush(FlushReply),
    Due { topic: String, limit: usize, reply: DueReply },
    Close,
}

impl Store {
    /// Opens or creates the SQLite database at this path.
    pub fn open(path: &Path, schema: Schema, clock: Arc<dyn Clock>) -> Result<Store, StoreError> {
        Store::over(Sqlite::open(path)?, schema, clock)
    }

    /// Opens a database through any driver.
    pub fn over<D: Driver + 'static>(
        driver: D,
        schema: Schema,
        clock: Arc<dyn Clock>,
    ) -> Result<Store, StoreError> {
        let mut executor = Executor::open(driver, &schema)?;
        let folder = executor.driver().folder()?;
        let questions = Mutex::new(executor.driver().view()?);
        let verification = Mutex::new(executor.driver().view()?);
        let (jobs, job_queue) = bounded(QUEUE);
        let (control, control_queue) = unbounded();
        let (work, work_queue) = bounded(1);
        let bells = Arc::default();
        let reports = control.clone();
        let folding = spawn("store-fold", move || fold_all(folder, &work_queue, &reports))?;
        let (tell, untold) = bounded::<Done>(UNTOLD_MOST);
        let telling = spawn("store-tell", move || untold.iter().for_each(Done::tell))?;
        let telling_id = telling.thread().id();
        let writer = Writer {
            executor,
            tell: Some(tell),
            telling: Some(telling),
            jobs: job_queue,
            control: control_queue,
            work: Some(work),
            folding: Some(folding),
            flushes: Vec::new(),
            clock: Arc::clone(&clock),
            bells: Arc::clone(&bells),
        };
        let writer = spawn("store-write", move || writer.run())?;
        let own_threads = [writer.thread().id(), telling_id];
        let writer = Mutex::new(Some(writer));
        Ok(Store(Arc::new(Shared {
            jobs,
            control,
            questions,
            verification,
            schema,
            clock,
            bells,
            writer,
            own_threads,
        })))
    }

    /// Executes an operation and waits until its outcome is durable. Not from inside a callback.
    pub fn call<O: Operation>(&self, operation: O) -> Called<O> {
        let (tell, told) = bounded(1);
        self.submit(operation, move |outcome| drop(tell.send(outcome)));
        told.recv().unwrap_or(Err(StoreError::Stopped))
    }

    /// Executes an operation without holding a thread: a future that is ready when the outcome is durable.
    /// It is queued at once, and is executed even if the future is dropped.
    pub fn call_async<O: Operation>(&self, operation: O) -> Calling<O> {
        let state = Arc::new(Mutex::new((None, None::<Waker>)));
        let told = Arc::clone(&state);
        self.submit(operation, move |outcome| {
            let mut state = lock(&told);
            state.0 = Some(outcome);
            if let Some(waker) = state.1.take() {
                waker.wake();
            }
        });
        Calling(state)
    }

    /// Queues an operation. `callback` is called once, after the commit, on the thread that tells all callers: it
    /// must not wait for anything.
    pub fn submit<O: Operation>(&self, operation: O, callback: impl FnOnce(Called<O>) + Send + 'static) {
        let job: Box<dyn Job> = Box::new(Asked::new(operation, callback));
        if let Err(refused) = self.0.jobs.try_send(job) {
            let (job, wrong) = match refused {
                TrySendError::Full(job) => (job, StoreError::Overloaded),
                TrySendError::Disconnected(job) => (job, StoreError::Stopped),
            };
            job.finish(Err(wrong));
        }
    }

    /// Looks at the latest records; changes made here are undone. Waits until what was seen is durable.
    pub fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Workspace<'_>) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tell, told) = bounded(1);
        let job = Look::new(look, move |seen| drop(tell.send(seen)));
        match self.0.jobs.try_send(Box::new(job)) {
            Ok(()) => told.recv().unwrap_or(Err(StoreError::Stopped)),
            Err(TrySendError::Full(_)) => Err(StoreError::Overloaded),
            Err(TrySendError::Disconnected(_)) => Err(StoreError::Stopped),
        }
    }

    /// Waits until everything acknowledged so far is in the tables.
    pub fn flush(&self) -> Result<(), StoreError> {
        let (tell, told) = bounded(1);
        self.0.control.send(Control::Flush(tell)).map_err(|_| StoreError::Stopped)?;
        told.recv().unwrap_or(Err(StoreError::Stopped))
    }

    /// Asks the tables in SQL, after folding everything acknowledged so far. Parameters are `$1`, `$2`, ...
    /// The facts are in the schema `log`.
    pub fn rows(&self, sql: &str, parameters: &[Value]) -> Result<Rows, StoreError> {
        self.flush()?;
        let mut view = lock(&self.0.questions);
        view.refresh()?;
        let rows = view.ask(sql, parameters);
        view.release()?;
        Ok(rows?)
    }

    /// Asks the tables as they are: what was acknowledged in the last moments may not be in them yet. It keeps
    /// nobody from writing, so it is the way to ask often.
    pub fn folded_rows(&self, sql: &str, parameters: &[Value]) -> Result<Rows, StoreError> {
        let mut view = lock(&self.0.questions);
        view.refresh()?;
        let rows = view.ask(sql, parameters);
        view.release()?;
        Ok(rows?)
    }

    /// Recomputes the hash chain and compares the facts with the tables.
    pub fn verify(&self) -> Result<Report, StoreError> {
        self.flush()?;
        let mut view = lock(&self.0.verification);
        let report = verify::verify(view.as_mut(), &self.0.schema);
        view.release()?;
        report
    }

    /// The digest of every table, after folding. Two drivers that executed the same have the same.
    pub fn digest(&self) -> Result<Vec<TableDigest>, StoreError> {
        self.flush()?;
        let mut view = lock(&self.0.verification);
        view.refresh()?;
        let digests = verify::digests(view.as_mut(), &self.0.schema);
        view.release()?;
        digests
    }

    /// Takes messages of a topic that are due, earliest first, and says when the next one is. Each is offered
    /// once until [`Store::failed`] puts it back or the store is opened again.
    pub fn due(&self, topic: &str, limit: usize) -> Result<(Vec<Message>, Option<Timestamp>), StoreError> {
        let (reply, told) = bounded(1);
        let ask = Control::Due { topic: topic.to_owned(), limit, reply };
        self.0.control.send(ask).map_err(|_| StoreError::Stopped)?;
        told.recv().map_err(|_| StoreError::Stopped)
    }

    /// Reports that a message has arrived.
    pub fn delivered(&self, message: &Message) -> Result<(), StoreError> {
        self.insist(Box::new(Asked::new(delivered(message), |_| ())))
    }

    /// Reports that a message did not arrive: it is offered again after the backoff.
    pub fn failed(&self, message: &Message, backoff: Backoff) -> Result<(), StoreError> {
        self.insist(Box::new(Asked::new(failed(message, backoff), |_| ())))
    }

    // Reports are not refused when many operations wait: a lost one would keep its message until a restart.
    fn insist(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.0.jobs.send(job).map_err(|_| StoreError::Stopped)
    }

    /// Has `bell` rung whenever messages were left in the outbox, and when the clock jumps.
    pub fn ring_on_messages(&self, bell: &Arc<Bell>) {
        self.0.clock.ring_on_jump(bell);
        lock(&self.0.bells).push(Arc::clone(bell));
    }

    /// The clock in use.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// Executes what waits, folds everything and closes the files. Later calls are refused.
    pub fn close(&self) {
        self.0.close();
    }
}

impl Shared {
    fn close(&self) {
        // Whoever waits for a store that is gone hears of it when the queues are dropped.
        let _ = self.control.send(Control::Close);
        let writer = lock(&self.writer).take();
        if let Some(writer) = writer
            && !self.own_threads.contains(&std::thread::current().id())
        {
            let _ = writer.join();
        }
        lock(&self.bells).iter().for_each(|bell| bell.ring());
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}

/// An operation under way; see [`Store::call_async`].
pub struct Calling<O: Operation>(Arc<Mutex<Told<O>>>);

type Told<O> = (Option<Called<O>>, Option<Waker>);

impl<O: Operation> Future for Calling<O> {
    type Output = Called<O>;
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Called<O>> {
        let mut state = lock(&self.0);
        match state.0.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                state.1 = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

struct Writer<D: Driver> {
    executor: Executor<D>,
    tell: Option<Sender<Done>>,
    telling: Option<JoinHandle<()>>,
    jobs: Receiver<Box<dyn Job>>,
    control: Receiver<Control>,
    work: Option<Sender<FoldWork>>,
    folding: Option<JoinHandle<()>>,
    flushes: Vec<(u64, FlushReply)>,
    clock: Arc<dyn Clock>,
    bells: Arc<Mutex<Vec<Arc<Bell>>>>,
}

impl<D: Driver> Writer<D> {
    fn run(mut self) {
        loop {
            let mut going = true;
            // No fixed window: sleep until something comes, then take all that is there. The timer runs only
            // while something waits to be folded.
            let idle = if self.executor.may_fold() { after(IDLE) } else { never() };
            select_biased! {
                recv(self.control) -> control => going = control.is_ok_and(|control| self.control(control)),
                recv(self.jobs) -> job => match job {
                    Ok(job) => self.executor.push(job),
                    Err(_) => going = false,
                },
                recv(idle) -> _ => self.fold(),
            }
            if !going {
                break;
            }
            self.round();
        }
        self.close();
    }

    fn round(&mut self) {
        while self.executor.waiting() < BATCH_OPERATIONS
            && let Ok(job) = self.jobs.try_recv()
        {
            self.executor.push(job);
        }
        self.execute();
        if self.executor.take_messages_changed() {
            lock(&self.bells).iter().for_each(|bell| bell.ring());
        }
        if !self.flushes.is_empty() || self.executor.backlog() >= FOLD_AT {
            self.fold();
        }
        if self.executor.backlog() >= BACKLOG_MOST
            && self.executor.is_folding()
            && let Ok(control) = self.control.recv()
            && !self.control(control)
        {
            self.executor.stop();
        }
        self.answer_flushes();
    }

    fn execute(&mut self) {
        while self.executor.waiting() > 0 {
            let done = self.executor.commit_batch(self.clock.now());
            if let Some(tell) = &self.tell
                && let Err(SendError(done)) = tell.send(done)
            {
                // That thread is gone, though nothing should end it: nobody waits for ever.
                done.tell();
            }
        }
    }

    fn fold(&mut self) {
        if let Some(work) = &self.work
            && let Some(piece) = self.executor.take_fold(self.clock.now())
            && work.send(piece).is_err()
        {
            self.executor.stop();
        }
    }

    /// Whether to go on.
    fn control(&mut self, control: Control) -> bool {
        match control {
            Control::Close => return false,
            Control::Flush(reply) => self.flushes.push((self.executor.head().last, reply)),
            Control::Due { topic, limit, reply } => {
                let now = self.clock.now();
                let _ = reply.send(self.executor.due(&topic, now, limit));
            }
            Control::Folded(outcome) => {
                if let Err(wrong) = outcome.and_then(|()| self.executor.folded()) {
                    tracing::error!(%wrong, "folding failed; the store stops");
                    self.executor.stop();
                }
            }
        }
        true
    }

    fn answer_flushes(&mut self) {
        let (folded, stopped) = (self.executor.folded_through(), self.executor.is_stopped());
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

    fn close(mut self) {
        while let Ok(job) = self.jobs.try_recv() {
            self.executor.push(job);
        }
        self.execute();
        self.fold();
        while self.executor.is_folding() && !self.executor.is_stopped() {
            match self.control.recv() {
                Ok(control) => drop(self.control(control)),
                Err(_) => break,
            }
            self.fold();
        }
        self.answer_flushes();
        drop(self.work.take());
        drop(self.tell.take());
        for thread in [self.folding.take(), self.telling.take()].into_iter().flatten() {
            // Its panic, if any, is in the log.
            let _ = thread.join();
        }
        if let Err(wrong) = self.executor.driver().close() {
            tracing::warn!(%wrong, "the database was left without a last checkpoint");
        }
    }
}

fn fold_all(mut folder: Box<dyn Folder>, work: &Receiver<FoldWork>, reports: &Sender<Control>) {
    while let Ok(piece) = work.recv() {
        // A panic is a report like any other: whoever closes the store waits for one.
        let folded = AssertUnwindSafe(|| piece.prepare().and_then(|fold| Ok(folder.fold(&fold)?)));
        let outcome = catch_unwind(folded).unwrap_or(Err(StoreError::Panicked));
        failpoint(Failpoint::AfterFold);
        if reports.send(Control::Folded(outcome)).is_err() {
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
