//! The mailroom of an office: takes what lies in the outbox and has it delivered, as tasks of the HTTP runtime.
//!
//! Everything of one transaction that goes to one organisation goes in order; transactions do not wait for one another,
//! and an organisation that is slow keeps only its own messages waiting. The more is under way at once, the more a party's
//! records write together.

use crossbeam_channel::{Receiver, Sender, bounded};
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use store::{Arrival, Backoff, Bell, Failpoint, Message, Store, failpoint};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use upi::mail;
use values::Outbound;

/// At most so many messages are on their way to one organisation at once.
const WIDTH_EACH: usize = 128;
/// How many messages are taken out of the outbox at a time.
const TAKEN_AT_ONCE: usize = 256;
/// How long what is on its way is waited for at the end; more than an Ack may take.
const COMES_HOME_WITHIN: Duration = Duration::from_secs(12);

/// Where a message goes, and what it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Lane {
    /// The organisation that gets it.
    pub(super) to: String,
    /// The transaction it is about.
    pub(super) transaction: String,
}

/// Delivers one message; may be asked again with the same one.
pub(super) type Carry = Box<dyn Fn(Outbound) -> Pin<Box<dyn Future<Output = Arrival> + Send>> + Send + Sync>;

/// A mailroom at work. It ends when this is dropped.
pub(crate) struct Mailroom {
    inside: Arc<Inside>,
    thread: Option<JoinHandle<()>>,
    all_home: Receiver<Infallible>,
}

struct Inside {
    store: Store,
    backoff: Backoff,
    lane: fn(&Outbound) -> Lane,
    carry: Carry,
    bell: Arc<Bell>,
    ended: AtomicBool,
    lanes: Mutex<Lanes>,
}

#[derive(Default)]
struct Lanes {
    /// What waits behind a message that is on its way.
    waiting: HashMap<Lane, VecDeque<Message>>,
    /// The places on the way to each organisation.
    ways: HashMap<String, Arc<Semaphore>>,
}

impl Mailroom {
    /// Starts delivering what the outbox of these records holds for the network.
    pub(super) fn open(
        store: &Store,
        backoff: Backoff,
        runtime: &Handle,
        lane: fn(&Outbound) -> Lane,
        carry: Carry,
    ) -> std::io::Result<Mailroom> {
        let bell = Arc::new(Bell::default());
        store.ring_on_messages(&bell);
        let inside = Inside {
            store: store.clone(),
            backoff,
            lane,
            carry,
            bell,
            ended: AtomicBool::new(false),
            lanes: Mutex::default(),
        };
        let inside = Arc::new(inside);
        // It is told that everybody is home by their halves of this being gone.
        let (out, all_home) = bounded(0);
        let (working, runtime) = (Arc::clone(&inside), runtime.clone());
        let sorting = move || working.sort(&runtime, &out);
        let thread = std::thread::Builder::new().name(format!("{}-mail", store.name())).spawn(sorting)?;
        Ok(Mailroom { inside, thread: Some(thread), all_home })
    }
}

impl Drop for Mailroom {
    fn drop(&mut self) {
        self.inside.ended.store(true, Ordering::SeqCst);
        self.inside.bell.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        // What is not home by then is offered again when the store is opened.
        let _ = self.all_home.recv_timeout(COMES_HOME_WITHIN);
    }
}

impl Inside {
    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sort(self: &Arc<Inside>, runtime: &Handle, out: &Sender<Infallible>) {
        while !self.ended.load(Ordering::SeqCst) {
            let Ok((messages, next)) = self.store.due(mail::TOPIC, TAKEN_AT_ONCE) else { return };
            if messages.is_empty() {
                self.bell.wait(next.and_then(|next| self.store.clock().until(next)));
            }
            for message in messages {
                let lane = (self.lane)(&message.outbound());
                let mut lanes = self.lanes();
                if let Some(waiting) = lanes.waiting.get_mut(&lane) {
                    waiting.push_back(message);
                    continue;
                }
                lanes.waiting.insert(lane.clone(), VecDeque::new());
                let new = || Arc::new(Semaphore::new(WIDTH_EACH));
                let way = Arc::clone(lanes.ways.entry(lane.to.clone()).or_insert_with(new));
                drop(lanes);
                let (inside, out) = (Arc::clone(self), out.clone());
                runtime.spawn(async move {
                    inside.walk(lane, message, &way).await;
                    // Who is home holds no records any more.
                    drop(inside);
                    drop(out);
                });
            }
        }
    }

    /// Delivers what lies in a lane, until nothing does.
    async fn walk(self: &Arc<Inside>, lane: Lane, first: Message, way: &Semaphore) {
        let mut next = Some(first);
        while let Some(message) = next {
            let place = way.acquire().await;
            if place.is_err() || self.ended.load(Ordering::SeqCst) {
                return;
            }
            let carried = tokio::spawn((self.carry)(message.outbound())).await;
            drop(place);
            failpoint(Failpoint::AfterDelivery);
            let reported = match carried {
                Ok(Arrival::Delivered) => self.store.delivered(&message),
                // One that panicked is in the log, and is offered again.
                Ok(Arrival::Retry) | Err(_) => self.store.failed(&message, self.backoff),
            };
            if reported.is_err() {
                return;
            }
            let mut lanes = self.lanes();
            next = lanes.waiting.get_mut(&lane).and_then(VecDeque::pop_front);
            if next.is_none() {
                lanes.waiting.remove(&lane);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use store::{Schema, TestClock};
    use values::{Operation, Records, Timestamp};

    struct Post(Vec<String>);

    impl Operation for Post {
        type Answer = ();
        type Refusal = Infallible;
        const NAME: &'static str = "test.post";
        fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Infallible> {
            for key in &self.0 {
                let (topic, key) = (mail::TOPIC.to_owned(), key.clone());
                records.send(Outbound { topic, key, due: now, body: Vec::new() });
            }
            Ok(())
        }
    }

    const BACKOFF: Backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(60) };

    fn lane(outbound: &Outbound) -> Lane {
        let (to, rest) = outbound.key.split_once('-').unwrap();
        Lane { to: to.to_owned(), transaction: rest.split('-').next().unwrap().to_owned() }
    }

    /// A mailroom over these messages; `carry` says what becomes of one. In the end nothing is left to deliver, also after a
    /// restart: what was reported last is written when the store closes.
    fn with_mailroom<T>(
        keys: impl IntoIterator<Item = String>,
        carry: Carry,
        run: impl FnOnce(&TestClock) -> T,
    ) -> T {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::at(Timestamp::from_millis(1_000)));
        let open = || Store::open(&folder.path().join("post.sqlite"), Schema::new(), clock.clone()).unwrap();
        let store = open();
        store.call(Post(keys.into_iter().collect())).unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let mailroom = Mailroom::open(&store, BACKOFF, runtime.handle(), lane, carry).unwrap();
        let seen = run(&clock);
        drop(mailroom);
        drop(store);
        assert_eq!(open().due(mail::TOPIC, 10).unwrap(), (vec![], None));
        seen
    }

    #[test]
    fn a_slow_organisation_delays_no_other_and_order_is_kept() {
        let (tell, told) = channel();
        let gate = Arc::new(Semaphore::new(0));
        let shut = Arc::clone(&gate);
        let carry: Carry = Box::new(move |outbound| {
            let (tell, gate) = (tell.clone(), Arc::clone(&shut));
            Box::pin(async move {
                if outbound.key.starts_with("slow") {
                    gate.acquire().await.unwrap().forget();
                }
                tell.send(outbound.key).unwrap();
                Arrival::Delivered
            })
        });
        // More for the slow one than there are places on the way to it.
        let slow = (0..WIDTH_EACH + 50).map(|n| format!("slow-t{n}-0"));
        let quick: Vec<String> = (0..20).map(|n| format!("quick-t-{n:02}")).collect();
        let rest = with_mailroom(slow.chain(quick.clone()), carry, |_| {
            let first: Vec<String> = told.iter().take(20).collect();
            assert_eq!(first, quick, "in order, and before the slow one took anything");
            gate.add_permits(WIDTH_EACH + 50);
            told.iter().take(WIDTH_EACH + 50).count()
        });
        assert_eq!(rest, WIDTH_EACH + 50);
    }

    #[test]
    fn what_fails_or_panics_is_offered_again() {
        let (tell, told) = channel();
        let tries = Arc::new(Mutex::new(HashMap::<String, u32>::new()));
        let carry: Carry = Box::new(move |outbound| {
            let (tell, tries) = (tell.clone(), Arc::clone(&tries));
            Box::pin(async move {
                let first = {
                    let mut tries = tries.lock().unwrap();
                    let count = tries.entry(outbound.key.clone()).or_default();
                    *count += 1;
                    *count == 1
                };
                tell.send(outbound.key.clone()).unwrap();
                match outbound.key.as_str() {
                    "a-t-fails" if first => Arrival::Retry,
                    "b-t-stumbles" if first => panic!("a deliverer that panics"),
                    _ => Arrival::Delivered,
                }
            })
        });
        let keys = ["a-t-fails", "b-t-stumbles"].map(str::to_owned);
        let again = with_mailroom(keys, carry, |clock| {
            let mut first: Vec<String> = told.iter().take(2).collect();
            first.sort();
            assert_eq!(first, ["a-t-fails", "b-t-stumbles"]);
            let mut again = Vec::new();
            // The reports may come after the clock has moved: it is moved until both are offered again.
            while again.len() < 2 {
                clock.advance(Duration::from_secs(1));
                again.extend(told.recv_timeout(Duration::from_millis(20)).ok());
            }
            again.sort();
            again
        });
        assert_eq!(again, ["a-t-fails", "b-t-stumbles"]);
    }
}
