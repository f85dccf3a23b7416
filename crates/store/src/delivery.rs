//! Threads that deliver what the outbox holds, one per topic, so that a slow receiver delays only its own. A topic with
//! many receivers has lanes: what lies in one lane is delivered in order, and lanes do not wait for one another.

use crate::clock::{Bell, lock};
use crate::error::StoreError;
use crate::failpoint::{Failpoint, failpoint};
use crate::outbox::{Backoff, Message};
use crate::shell::Store;
use crate::threads::spawn;
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use values::Outbound;

/// How many messages a courier takes at a time.
const TAKEN_AT_ONCE: usize = 64;

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The receiver has it, or it needs no delivery any more.
    Delivered,
    /// Offer it again later.
    Retry,
}

/// Delivers one message; may be called again with the same one.
pub type Deliverer = Box<dyn Fn(&Outbound) -> Arrival + Send>;

/// The delivering threads; they end when this is dropped or the store closes.
pub struct Couriers {
    ended: Arc<AtomicBool>,
    threads: Vec<(Arc<Bell>, JoinHandle<()>)>,
}

/// Starts delivering. Messages of topics without a deliverer stay in the outbox.
pub fn spawn_delivery(
    store: &Store,
    backoff: Backoff,
    deliverers: HashMap<String, Deliverer>,
) -> Result<Couriers, StoreError> {
    let mut couriers = Couriers { ended: Arc::default(), threads: Vec::new() };
    for (topic, deliver) in deliverers {
        let bell = Arc::new(Bell::default());
        store.ring_on_messages(&bell);
        let courier = Courier {
            store: store.clone(),
            backoff,
            topic,
            deliver,
            bell: Arc::clone(&bell),
            ended: Arc::clone(&couriers.ended),
        };
        let name = format!("{}-{}", store.name(), courier.topic);
        let thread = spawn(&name, move || courier.run())?;
        couriers.threads.push((bell, thread));
    }
    Ok(couriers)
}

impl Drop for Couriers {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        for (bell, thread) in self.threads.drain(..) {
            bell.ring();
            let _ = thread.join();
        }
    }
}

struct Courier {
    store: Store,
    backoff: Backoff,
    topic: String,
    deliver: Deliverer,
    bell: Arc<Bell>,
    ended: Arc<AtomicBool>,
}

impl Courier {
    fn run(self) {
        while !self.ended.load(Ordering::SeqCst) {
            let Ok((messages, next)) = self.store.due(&self.topic, TAKEN_AT_ONCE) else { return };
            if messages.is_empty() {
                self.bell.wait(next.and_then(|next| self.store.clock().until(next)));
            }
            for message in &messages {
                // What is taken and not reported is offered again when the store is opened.
                if self.ended.load(Ordering::SeqCst) {
                    return;
                }
                if deliver(&self.store, self.backoff, &*self.deliver, message).is_err() {
                    return;
                }
            }
        }
    }
}

/// Delivers a message and reports what became of it.
fn deliver(
    store: &Store,
    backoff: Backoff,
    deliver: &dyn Fn(&Outbound) -> Arrival,
    message: &Message,
) -> Result<(), StoreError> {
    let outbound = message.outbound();
    let arrival = catch_unwind(AssertUnwindSafe(|| deliver(&outbound)));
    failpoint(Failpoint::AfterDelivery);
    match arrival {
        Ok(Arrival::Delivered) => store.delivered(message),
        Ok(Arrival::Retry) | Err(_) => store.failed(message, backoff),
    }
}

/// A topic whose messages lie in lanes.
pub struct Lanes {
    /// The topic.
    pub topic: &'static str,
    /// The lane of a message.
    pub lane: fn(&Outbound) -> String,
    /// At most so many are delivered at once.
    pub width: usize,
    /// Delivers one message; may be called again with the same one.
    pub deliver: Box<dyn Fn(&Outbound) -> Arrival + Send + Sync>,
}

/// Starts delivering a topic in lanes. Each lane with something to deliver gets its turn after the others had theirs.
/// Threads are started as they are needed.
pub fn spawn_lanes(store: &Store, backoff: Backoff, lanes: Lanes) -> Result<Couriers, StoreError> {
    let ended: Arc<AtomicBool> = Arc::default();
    let bell = Arc::new(Bell::default());
    store.ring_on_messages(&bell);
    let name = format!("{}-{}", store.name(), lanes.topic);
    let depot = Arc::new(Depot {
        store: store.clone(),
        backoff,
        lanes,
        bell: Arc::clone(&bell),
        ended: Arc::clone(&ended),
        waiting: Mutex::default(),
        changed: Condvar::new(),
    });
    let thread = spawn(&name, move || depot.run())?;
    Ok(Couriers { ended, threads: vec![(bell, thread)] })
}

/// What was taken out of the outbox and lies in lanes.
#[derive(Default)]
struct Waiting {
    lanes: HashMap<String, VecDeque<Message>>,
    /// Lanes with something to deliver in which nobody is at work, the one that waits longest first.
    ready: VecDeque<String>,
    idle: usize,
    threads: Vec<JoinHandle<()>>,
}

struct Depot {
    store: Store,
    backoff: Backoff,
    lanes: Lanes,
    bell: Arc<Bell>,
    ended: Arc<AtomicBool>,
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

impl Depot {
    fn run(self: Arc<Depot>) {
        while !self.ended.load(Ordering::SeqCst) {
            let Ok((messages, next)) = self.store.due(self.lanes.topic, TAKEN_AT_ONCE) else { break };
            if messages.is_empty() {
                self.bell.wait(next.map(|next| next.since(self.store.clock().now())));
            }
            messages.into_iter().for_each(|message| self.add(message));
        }
        // What was taken and not delivered is offered again when the store is opened.
        self.ended.store(true, Ordering::SeqCst);
        self.changed.notify_all();
        let threads = std::mem::take(&mut lock(&self.waiting).threads);
        threads.into_iter().for_each(|thread| drop(thread.join()));
    }

    fn add(self: &Arc<Depot>, message: Message) {
        let lane = (self.lanes.lane)(&message.outbound());
        let mut waiting = lock(&self.waiting);
        if let Some(lane) = waiting.lanes.get_mut(&lane) {
            return lane.push_back(message);
        }
        waiting.lanes.insert(lane.clone(), VecDeque::from([message]));
        waiting.ready.push_back(lane);
        if waiting.idle < waiting.ready.len() && waiting.threads.len() < self.lanes.width {
            let depot = Arc::clone(self);
            let name = format!("{}-{}-{}", self.store.name(), self.lanes.topic, waiting.threads.len());
            match spawn(&name, move || depot.work()) {
                Ok(thread) => waiting.threads.push(thread),
                Err(error) => tracing::warn!(%error, "no thread to deliver with; those there are will"),
            }
        }
        drop(waiting);
        self.changed.notify_one();
    }

    fn work(&self) {
        while let Some((lane, message)) = self.next() {
            let delivered = deliver(&self.store, self.backoff, &*self.lanes.deliver, &message);
            let mut waiting = lock(&self.waiting);
            if waiting.lanes.get(&lane).is_some_and(VecDeque::is_empty) {
                waiting.lanes.remove(&lane);
            } else {
                waiting.ready.push_back(lane);
            }
            if delivered.is_err() {
                return;
            }
        }
    }

    /// The next message, of the lane that waits longest; none at the end.
    fn next(&self) -> Option<(String, Message)> {
        let mut waiting = lock(&self.waiting);
        loop {
            if self.ended.load(Ordering::SeqCst) {
                return None;
            }
            if let Some(lane) = waiting.ready.pop_front() {
                let message = waiting.lanes.get_mut(&lane).and_then(VecDeque::pop_front);
                return Some((lane, message.expect("a lane that is ready holds something")));
            }
            waiting.idle += 1;
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            waiting.idle -= 1;
        }
    }
}
