//! The handle that everybody holds.

use crate::clock::{Bell, Clock, lock};
use crate::driver::{Driver, Rows, View};
use crate::error::StoreError;
use crate::executor::{Executor, delivered, failed};
use crate::job::{Asked, Called, Job, Look};
use crate::outbox::{Backoff, Message};
use crate::row::Value;
use crate::schema::Schema;
use crate::sqlite::Sqlite;
use crate::threads::{Bells, Control, Hung, Threads};
use crate::verify::{self, Report, TableDigest};
use crate::workspace::Workspace;
use crossbeam_channel::bounded;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use values::{Operation, Timestamp};

/// At most this many operations wait; more are refused with [`StoreError::Overloaded`].
pub const QUEUE: usize = 16_384;

/// A database and the threads that serve it. Clones are the same store; it closes with the last of them.
#[derive(Clone)]
pub struct Store(Arc<Shared>);

struct Shared {
    name: String,
    threads: Threads,
    questions: Mutex<Box<dyn View>>,
    verification: Mutex<Box<dyn View>>,
    schema: Schema,
    clock: Arc<dyn Clock>,
    bells: Bells,
}

impl Store {
    /// Opens or creates the SQLite database at this path. Its threads are named after the file.
    pub fn open(path: &Path, schema: Schema, clock: Arc<dyn Clock>) -> Result<Store, StoreError> {
        let name = path.file_stem().map_or("store".into(), |stem| stem.to_string_lossy());
        Store::named(&name, Sqlite::open(path)?, schema, clock)
    }

    /// Opens a database through any driver.
    pub fn over<D: Driver + 'static>(
        driver: D,
        schema: Schema,
        clock: Arc<dyn Clock>,
    ) -> Result<Store, StoreError> {
        Store::named("store", driver, schema, clock)
    }

    fn named<D: Driver + 'static>(
        name: &str,
        driver: D,
        schema: Schema,
        clock: Arc<dyn Clock>,
    ) -> Result<Store, StoreError> {
        let mut executor = Executor::open(driver, &schema)?;
        let questions = Mutex::new(executor.driver().view()?);
        let verification = Mutex::new(executor.driver().view()?);
        let bells = Bells::default();
        let threads = Threads::start(name, executor, Arc::clone(&clock), Arc::clone(&bells))?;
        let name = name.to_owned();
        Ok(Store(Arc::new(Shared { name, threads, questions, verification, schema, clock, bells })))
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
        let calling = Awaited::new();
        let told = calling.clone();
        self.submit(operation, move |outcome| told.tell(outcome));
        calling
    }

    /// Queues an operation. `callback` is called once, after the commit, on the thread that tells all callers: it
    /// must not wait for anything.
    pub fn submit<O: Operation>(&self, operation: O, callback: impl FnOnce(Called<O>) + Send + 'static) {
        let job: Box<dyn Job> = Box::new(Asked::new(operation, callback));
        if let Err((job, wrong)) = self.0.threads.queue(job) {
            job.finish(Err(wrong));
        }
    }

    /// [`Store::read`] without holding a thread: a future that is ready when what was seen is durable.
    pub fn read_async<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Workspace<'_>) -> T + Send + 'static,
    ) -> Looking<T> {
        let looking = Awaited::new();
        let told = looking.clone();
        let job: Box<dyn Job> = Box::new(Look::new(look, move |seen| told.tell(seen)));
        if let Err((job, wrong)) = self.0.threads.look(job) {
            job.finish(Err(wrong));
        }
        looking
    }

    /// Looks at the latest records; changes made here are undone. Waits until what was seen is durable.
    pub fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Workspace<'_>) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tell, told) = bounded(1);
        let job = Look::new(look, move |seen| drop(tell.send(seen)));
        self.0.threads.look(Box::new(job)).map_err(|(_, wrong)| wrong)?;
        told.recv().unwrap_or(Err(StoreError::Stopped))
    }

    /// Waits until everything acknowledged so far is in the tables.
    pub fn flush(&self) -> Result<(), StoreError> {
        let (tell, told) = bounded(1);
        self.0.threads.control.send(Control::Flush(tell)).map_err(|_| StoreError::Stopped)?;
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
        self.0.threads.control.send(ask).map_err(|_| StoreError::Stopped)?;
        told.recv().map_err(|_| StoreError::Stopped)
    }

    /// Reports that a message has arrived. That is written with whatever comes next, and soon: a process that is killed
    /// before delivers the message again.
    pub fn delivered(&self, message: &Message) -> Result<(), StoreError> {
        self.0.threads.report(Box::new(Asked::new(delivered(message), |_| ())))
    }

    /// Reports that a message did not arrive: it is offered again after the backoff.
    pub fn failed(&self, message: &Message, backoff: Backoff) -> Result<(), StoreError> {
        self.insist(Box::new(Asked::new(failed(message, backoff), |_| ())))
    }

    // Reports are not refused when many operations wait: a lost one would keep its message until a restart.
    fn insist(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.0.threads.insist(job)
    }

    /// Has `bell` rung when a message is left in the outbox that is due before every other of its topic, and when the
    /// clock jumps: whoever waits for the first one that is due need not hear of later ones.
    pub fn ring_on_messages(&self, bell: &Arc<Bell>) {
        self.hang(bell, false);
    }

    /// The same whenever messages were left, changed or taken back at all: a sign that something happened.
    pub fn ring_on_any_message(&self, bell: &Arc<Bell>) {
        self.hang(bell, true);
    }

    fn hang(&self, bell: &Arc<Bell>, for_any: bool) {
        self.0.clock.ring_on_jump(bell);
        lock(&self.0.bells).push(Hung { bell: Arc::clone(bell), for_any });
    }

    /// By which its threads are known.
    pub fn name(&self) -> &str {
        &self.0.name
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
        self.threads.end();
        lock(&self.bells).iter().for_each(|hung| hung.bell.ring());
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}

/// An operation under way; see [`Store::call_async`].
pub type Calling<O> = Awaited<Called<O>>;
/// A look under way; see [`Store::read_async`].
pub type Looking<T> = Awaited<Result<T, StoreError>>;

/// Something that will be told, as a future.
pub struct Awaited<T>(Arc<Mutex<Told<T>>>);

type Told<T> = (Option<T>, Option<Waker>);

impl<T> Awaited<T> {
    fn new() -> Awaited<T> {
        Awaited(Arc::new(Mutex::new((None, None))))
    }

    fn clone(&self) -> Awaited<T> {
        Awaited(Arc::clone(&self.0))
    }

    fn tell(&self, what: T) {
        let mut state = lock(&self.0);
        state.0 = Some(what);
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    }
}

impl<T> Future for Awaited<T> {
    type Output = T;
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut state = lock(&self.0);
        match state.0.take() {
            Some(told) => Poll::Ready(told),
            None => {
                state.1 = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}
