//! The time of a city in another process: a phone, a terminal or a bank of its own asks the platform for it.
//!
//! It asks at its start, and then every second whether the clock was moved. Where nobody answers, or the platform is no
//! sandbox, it is the machine's time: a phone has to work where there is no network. It follows jumps, but what falls due
//! on the way is not worked off in order there, as it is in the city's own process.

use crate::api::CityTime;
use serde::Deserialize as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use store::{Bell, Clock};
use values::Timestamp;

/// How long the platform may take to tell its time.
const TOLD_WITHIN: Duration = Duration::from_secs(2);
/// Between two questions.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// The clock of the city that a platform belongs to.
pub struct FollowedClock(Arc<Shared>);

struct Shared {
    machine: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    told: CityTime,
    latest: Timestamp,
    bells: Vec<Arc<Bell>>,
}

impl FollowedClock {
    /// The clock of the platform at this address, `HOST:PORT`, followed as long as it lives.
    pub fn start(at: &str, machine: Arc<dyn Clock>) -> std::io::Result<FollowedClock> {
        let told = ask(at).unwrap_or_default();
        let latest = Timestamp::from_millis(i64::MIN);
        let state = Mutex::new(State { told, latest, bells: Vec::new() });
        let shared = Arc::new(Shared { machine, state });
        // Only a sandbox's clock can be moved.
        if told.test_clock {
            let (at, follower) = (at.to_owned(), Arc::downgrade(&shared));
            std::thread::Builder::new()
                .name("follow-clock".to_owned())
                .spawn(move || follow(&at, &follower))?;
        }
        Ok(FollowedClock(shared))
    }
}

fn follow(at: &str, shared: &Weak<Shared>) {
    loop {
        std::thread::park_timeout(ASK_AGAIN);
        let Some(shared) = shared.upgrade() else { return };
        // Who does not answer now keeps the time that was told last.
        let Some(told) = ask(at) else { continue };
        let mut state = shared.state();
        if state.told != told {
            state.told = told;
            state.bells.iter().for_each(|bell| bell.ring());
        }
    }
}

fn ask(at: &str) -> Option<CityTime> {
    let mut answer =
        crate::agent::strict_agent(TOLD_WITHIN).get(format!("http://{at}/v1/time")).call().ok()?;
    let body: serde_json::Value = answer.body_mut().read_json().ok()?;
    CityTime::deserialize(body).ok()
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, state: &mut State) -> Timestamp {
        let CityTime { ahead_ms, frozen_at_ms, .. } = state.told;
        let ran = || Timestamp::from_millis(self.machine.now().millis().saturating_add(ahead_ms));
        state.latest = state.latest.max(frozen_at_ms.map_or_else(ran, Timestamp::from_millis));
        state.latest
    }
}

impl Clock for FollowedClock {
    fn now(&self) -> Timestamp {
        self.0.read(&mut self.0.state())
    }

    fn until(&self, moment: Timestamp) -> Option<Duration> {
        let mut state = self.0.state();
        let now = self.0.read(&mut state);
        let runs = state.told.frozen_at_ms.is_none();
        (runs || moment <= now).then(|| moment.since(now))
    }

    fn machine(&self) -> Timestamp {
        self.0.machine.machine()
    }

    fn ring_on_jump(&self, bell: &Arc<Bell>) {
        self.0.state().bells.push(Arc::clone(bell));
    }
}
