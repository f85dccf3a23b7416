//! The clock of the shell, and the bell that ends a wait.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use values::Timestamp;

/// Where the shell takes `now` from.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
    /// How long it is until `moment`, as the machine counts; nothing on a clock that stands still, where whoever waits is
    /// rung when it jumps.
    fn until(&self, moment: Timestamp) -> Option<Duration> {
        Some(moment.since(self.now()))
    }
    /// The time of the machine, for what concerns people and programs outside: how long somebody at a screen stayed away,
    /// how often a caller may ask. A clock that cannot be moved shows no other.
    fn machine(&self) -> Timestamp {
        self.now()
    }
    /// Has `bell` rung whenever time jumps. A clock that runs by itself need not.
    fn ring_on_jump(&self, bell: &Arc<Bell>) {
        let _ = bell;
    }
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands still until it is told to move.
#[derive(Default)]
pub struct TestClock(Mutex<(i64, Vec<Arc<Bell>>)>);

impl TestClock {
    /// A clock that shows this moment.
    pub fn at(now: Timestamp) -> TestClock {
        TestClock(Mutex::new((now.millis(), Vec::new())))
    }

    /// Moves it forward and wakes whoever waits for a time.
    pub fn advance(&self, by: Duration) {
        let mut state = lock(&self.0);
        state.0 = Timestamp::from_millis(state.0).after(by).millis();
        state.1.iter().for_each(|bell| bell.ring());
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(lock(&self.0).0)
    }

    fn until(&self, moment: Timestamp) -> Option<Duration> {
        (moment <= self.now()).then_some(Duration::ZERO)
    }

    fn ring_on_jump(&self, bell: &Arc<Bell>) {
        lock(&self.0).1.push(Arc::clone(bell));
    }
}

/// The machine's time behind another clock.
pub struct MachineTime(pub Arc<dyn Clock>);

impl Clock for MachineTime {
    fn now(&self) -> Timestamp {
        self.0.machine()
    }
}

/// Something to wait for. A ring while nobody waits is remembered.
#[derive(Default)]
pub struct Bell {
    rung: Mutex<bool>,
    waiting: Condvar,
    call: Option<Box<dyn Fn() + Send + Sync>>,
}

impl Bell {
    /// A bell that calls this whenever it is rung, for those who wait without a thread. It must not wait for anything,
    /// nor ask the clock.
    pub fn calling(call: impl Fn() + Send + Sync + 'static) -> Bell {
        Bell { call: Some(Box::new(call)), ..Bell::default() }
    }

    /// Ends the present wait, or the next one.
    pub fn ring(&self) {
        *lock(&self.rung) = true;
        self.waiting.notify_all();
        if let Some(call) = &self.call {
            call();
        }
    }

    /// Waits for a ring, at most this long if a time is given.
    pub fn wait(&self, at_most: Option<Duration>) {
        let rung = lock(&self.rung);
        let mut rung = match at_most {
            None => self.waiting.wait_while(rung, |rung| !*rung).unwrap_or_else(PoisonError::into_inner),
            Some(time) => {
                self.waiting
                    .wait_timeout_while(rung, time, |rung| !*rung)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
        };
        *rung = false;
    }
}

/// Locks; what these locks guard stays whole when a holder panics.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
