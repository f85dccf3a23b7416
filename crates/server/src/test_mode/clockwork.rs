//! Moves the clock of a sandbox, and has everything that falls due on the way done at its own time.
//!
//! The clock is held, set to the next moment at which anything is due, and held there until that is worked off; then to
//! the next one. What fails is due again a little later, as its backoff says, and is tried again there. So a year in one
//! step ends as the same year day by day. What takes longer than [`WORKED_MOST`] in all, a host that stays silent, is left
//! where it is: it is told as waiting, and goes on by itself.

use super::clock::{ClockRefusal, SandboxClock, Shown};
use crate::city::SettlementDesk;
use crate::hosts::settlement::Evening;
use crate::platform_http::developers::Api;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use store::{Bell, Clock, Message, Store, StoreError};
use values::Timestamp;

/// The longest that a move works on what falls due, as the machine counts.
const WORKED_MOST: Duration = Duration::from_secs(8);
/// Between two looks whether what is due is done.
const LOOK_AGAIN: Duration = Duration::from_micros(500);
/// Before a day that could not be ended is tried again by a clock that runs.
const TRY_AGAIN: Duration = Duration::from_secs(60);

/// Something that was due and is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Whose it is.
    pub party: String,
    /// What it is about.
    pub topic: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub due: Timestamp,
}

/// Where a move ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// What the clock shows.
    pub shown: Shown,
    /// What was due and is not done.
    pub waiting: Vec<Waiting>,
}

/// Moves a clock. Clones share everything.
#[derive(Clone)]
pub struct Clockwork(Arc<Parts>);

struct Parts {
    clock: Arc<SandboxClock>,
    /// Whose messages fall due; those who send before those who receive.
    stores: Mutex<Vec<(String, Store)>>,
    /// Whether everything that happened was told.
    told: Box<dyn Fn() -> Result<bool, StoreError> + Send + Sync>,
    /// Who ends the days; nobody where the network runs elsewhere.
    settlement: Option<SettlementDesk>,
    /// One move at a time.
    alone: Mutex<()>,
}

impl Clockwork {
    /// A clockwork over the records of these parties.
    pub(crate) fn new(
        clock: Arc<SandboxClock>,
        stores: Vec<(String, Store)>,
        api: &Api,
        settlement: Option<SettlementDesk>,
    ) -> Clockwork {
        let (stores, alone) = (Mutex::new(stores), Mutex::new(()));
        Clockwork(Arc::new(Parts { clock, stores, told: Box::new(api.telling()), settlement, alone }))
    }

    /// Minds the messages of one more party, which sends to those before.
    pub(crate) fn mind(&self, name: &str, store: &Store) {
        lock(&self.0.stores).insert(0, (name.to_owned(), store.clone()));
    }

    /// What the clock shows.
    pub fn shown(&self) -> Shown {
        self.0.clock.shown()
    }

    /// Has it stand still.
    pub fn freeze(&self) -> Result<Shown, ClockRefusal> {
        let _alone = lock(&self.0.alone);
        self.0.clock.freeze().map(|()| self.shown())
    }

    /// Has it run again, from where it stands.
    pub fn resume(&self) -> Result<Shown, ClockRefusal> {
        let _alone = lock(&self.0.alone);
        self.0.clock.resume().map(|()| self.shown())
    }

    /// Moves it forward by so much.
    pub fn advance(&self, by: Duration) -> Result<Moved, ClockRefusal> {
        self.move_to(|now| now.after(by))
    }

    /// Moves it forward to this moment.
    pub fn go_to(&self, moment: Timestamp) -> Result<Moved, ClockRefusal> {
        self.move_to(|_| moment)
    }

    /// Moves a clock that fell behind to the machine's own time, and has it run with the machine from there.
    pub fn go_to_machine_time(&self) -> Result<Moved, ClockRefusal> {
        let moved = self.move_to(|_| self.0.clock.machine())?;
        let _alone = lock(&self.0.alone);
        self.0.clock.follow_machine()?;
        Ok(Moved { shown: self.shown(), ..moved })
    }

    fn move_to(&self, target: impl FnOnce(Timestamp) -> Timestamp) -> Result<Moved, ClockRefusal> {
        let _alone = lock(&self.0.alone);
        let clock = &self.0.clock;
        let target = target(clock.now());
        let began = clock.begin(target)?;
        let until = Instant::now() + WORKED_MOST;
        // Whatever happens on the way, the clock arrives: it must not be held for ever.
        if let Err(error) = self.work_off(began, target, until) {
            tracing::warn!(%error, "what falls due on the way cannot be looked at");
        }
        clock.arrive(target)?;
        let waiting = self.waiting(target).unwrap_or_default();
        Ok(Moved { shown: clock.shown(), waiting })
    }

    fn work_off(&self, began: Timestamp, target: Timestamp, until: Instant) -> Result<(), StoreError> {
        let mut now = began;
        while self.quiet(now, until)? {
            if self.end_days(now) {
                continue;
            }
            let Some(next) = self.next_after(now)?.filter(|next| *next < target) else { break };
            now = next;
            self.0.clock.hold(now);
        }
        self.0.clock.hold(target);
        if self.quiet(target, until)? && self.end_days(target) {
            self.quiet(target, until)?;
        }
        Ok(())
    }

    /// Waits until everything due by `now` is done and told; whether it is, in time.
    fn quiet(&self, now: Timestamp, until: Instant) -> Result<bool, StoreError> {
        // Twice: between two looks at two parties a message may have gone from the second to the first.
        let mut looks = 0;
        while looks < 2 {
            if !self.is_anything_due(now)? && (self.0.told)()? {
                looks += 1;
                continue;
            }
            looks = 0;
            if Instant::now() >= until {
                return Ok(false);
            }
            std::thread::park_timeout(LOOK_AGAIN);
        }
        Ok(Instant::now() < until)
    }

    fn is_anything_due(&self, now: Timestamp) -> Result<bool, StoreError> {
        for (_, store) in self.stores() {
            if store.read(move |records| records.all::<Message>().iter().any(|message| message.due <= now))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The next moment at which anything is due.
    fn next_after(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        // A day on which nothing was asked needs no evening of its own: it is passed over when the clock arrives.
        let mut next =
            self.evening().filter(|evening| evening.used && evening.at > now).map(|evening| evening.at);
        for (_, store) in self.stores() {
            let due = store.read(move |records| {
                let messages = records.all::<Message>();
                messages.iter().map(|message| message.due).filter(|due| *due > now).min()
            })?;
            next = next.into_iter().chain(due).min();
        }
        Ok(next)
    }

    /// What was due by now and is not done, and what failed and is tried again later.
    pub fn waiting_now(&self) -> Result<Vec<Waiting>, StoreError> {
        self.waiting(self.0.clock.now())
    }

    fn waiting(&self, now: Timestamp) -> Result<Vec<Waiting>, StoreError> {
        let mut waiting = Vec::new();
        for (party, store) in self.stores() {
            let messages = store.read(|records| records.all::<Message>())?;
            let late = messages.into_iter().filter(|message| message.due <= now || message.attempts > 0);
            waiting.extend(late.map(|Message { topic, attempts, due, .. }| Waiting {
                party: party.clone(),
                topic,
                attempts,
                due,
            }));
        }
        if let Some(Evening { at: due, .. }) = self.evening().filter(|evening| evening.at <= now) {
            let (party, topic) = ("network".to_owned(), "network.settlement_day".to_owned());
            waiting.push(Waiting { party, topic, attempts: 0, due });
        }
        Ok(waiting)
    }

    fn stores(&self) -> Vec<(String, Store)> {
        lock(&self.0.stores).clone()
    }

    fn evening(&self) -> Option<Evening> {
        let evening = self.0.settlement.as_ref()?.evening();
        evening
            .inspect_err(|error| tracing::warn!(%error, "nobody knows when the day ends"))
            .unwrap_or_default()
    }

    /// Ends the settlement days that are over by `now`; whether there was one.
    fn end_days(&self, now: Timestamp) -> bool {
        let Some(desk) = &self.0.settlement else { return false };
        let mut ended = false;
        while let Some(evening) = self.evening().filter(|evening| evening.at <= now) {
            let settled = desk.end_by_itself(evening);
            match &settled {
                Ok(settled) => {
                    let differences: usize = settled.iter().map(|one| one.differences.len()).sum();
                    if differences > 0 {
                        tracing::error!(differences, "settlement files and records do not agree");
                    }
                }
                Err(error) => tracing::warn!(%error, "the settlement day was not ended"),
            }
            // One that has to wait is asked again at the next moment at which anything happens.
            if settled.is_err() || self.evening() == Some(evening) {
                return ended;
            }
            ended = true;
        }
        ended
    }

    /// Has the days end by themselves while the clock runs.
    pub(crate) fn run(&self) -> std::io::Result<Evenings> {
        let (ended, bell) = (Arc::new(AtomicBool::new(false)), Arc::new(Bell::default()));
        self.0.clock.ring_on_jump(&bell);
        let (clockwork, stop, wake) = (self.clone(), Arc::clone(&ended), Arc::clone(&bell));
        let wait = move || {
            while !stop.load(Ordering::SeqCst) {
                // A move that is under way ends the days itself.
                let due = clockwork.0.alone.try_lock().is_ok_and(|_alone| {
                    let now = clockwork.0.clock.now();
                    clockwork.end_days(now);
                    clockwork.evening().is_some_and(|evening| evening.at <= now)
                });
                let next = clockwork.evening().and_then(|evening| clockwork.0.clock.until(evening.at));
                // No day is open before the first request: somebody looks from time to time whether one is.
                let wait = if due { TRY_AGAIN } else { next.unwrap_or(TRY_AGAIN).min(TRY_AGAIN) };
                wake.wait(Some(wait.max(LOOK_AGAIN)));
            }
        };
        let thread = std::thread::Builder::new().name("evenings".to_owned()).spawn(wait)?;
        Ok(Evenings { ended, bell, thread: Some(thread) })
    }
}

/// The thread that ends days; it ends when this is dropped.
pub struct Evenings {
    ended: Arc<AtomicBool>,
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Evenings {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        self.bell.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
