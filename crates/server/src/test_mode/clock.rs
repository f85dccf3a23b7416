//! The clock of a sandbox: the machine's, some time ahead of it or behind, or standing still.
//!
//! It never goes back, neither while it runs nor over a restart: how far it is ahead lies in the data directory, written
//! before anybody is shown a time that follows from it.

use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::{Bell, Clock};
use values::Timestamp;

/// The end of 2098, the furthest a clock can be moved to: expiry dates of cards have two digits for the year.
const LATEST: Timestamp = Timestamp::from_millis(4_070_908_799_999);

/// Why a clock is not moved.
#[derive(Debug, thiserror::Error)]
pub enum ClockRefusal {
    /// Time does not go back.
    #[error("the clock stands at {now} already, and time does not go back")]
    Backwards {
        /// What it shows.
        now: Timestamp,
    },
    /// Beyond the end of 2098.
    #[error("the clock goes no further than {LATEST}")]
    TooFar,
    /// Its place in the data directory cannot be written.
    #[error("the clock's file cannot be written: {0}")]
    File(#[from] std::io::Error),
}

/// What a clock shows, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The time.
    pub now: Timestamp,
    /// Whether it stands still.
    pub frozen: bool,
    /// Whether it is the machine's own time, running.
    pub real: bool,
    /// How far it is ahead of the machine, in milliseconds; below zero behind it.
    pub ahead_ms: i64,
}

/// How the clock is set; what the file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Setting {
    /// Milliseconds it is ahead of the machine while it runs.
    ahead_ms: i64,
    /// Where it stands, in milliseconds since 1970; none while it runs.
    frozen_at_ms: Option<i64>,
}

struct State {
    setting: Setting,
    /// Where it is held while it is being moved.
    held: Option<Timestamp>,
    /// The latest time it ever showed.
    latest: Timestamp,
    bells: Vec<Arc<Bell>>,
}

/// The clock of a sandbox.
pub struct SandboxClock {
    machine: Arc<dyn Clock>,
    file: PathBuf,
    state: Mutex<State>,
}

impl SandboxClock {
    /// The clock that was kept in this file, over the machine's own; the machine's time if nothing was kept.
    pub fn open(file: &Path, machine: Arc<dyn Clock>) -> std::io::Result<SandboxClock> {
        let setting = match std::fs::read(file) {
            Ok(text) => serde_json::from_slice(&text)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Setting::default(),
            Err(error) => return Err(error),
        };
        let latest = Timestamp::from_millis(i64::MIN);
        let state = State { setting, held: None, latest, bells: Vec::new() };
        Ok(SandboxClock { machine, file: file.to_owned(), state: Mutex::new(state) })
    }

    /// What it shows.
    pub fn shown(&self) -> Shown {
        let mut state = self.state();
        let now = self.read(&mut state);
        let frozen = state.setting.frozen_at_ms.is_some();
        let ahead_ms = match frozen {
            true => now.millis().saturating_sub(self.machine.now().millis()),
            false => state.setting.ahead_ms,
        };
        Shown { now, frozen, real: !frozen && ahead_ms == 0, ahead_ms }
    }

    /// Has it stand still.
    pub fn freeze(&self) -> Result<(), ClockRefusal> {
        let mut state = self.state();
        let now = self.read(&mut state);
        self.set(&mut state, Setting { frozen_at_ms: Some(now.millis()), ..Setting::default() })
    }

    /// Has it run again, from where it stands.
    pub fn resume(&self) -> Result<(), ClockRefusal> {
        let mut state = self.state();
        if state.setting.frozen_at_ms.is_none() {
            return Ok(());
        }
        let now = self.read(&mut state);
        let setting = self.running_from(now);
        self.set(&mut state, setting)
    }

    /// Shows the machine's own time again; a clock that is ahead of it cannot.
    pub fn follow_machine(&self) -> Result<(), ClockRefusal> {
        let mut state = self.state();
        let now = self.read(&mut state);
        if now > self.machine.now() {
            return Err(ClockRefusal::Backwards { now });
        }
        self.set(&mut state, Setting::default())
    }

    /// Begins to move to `target`: the clock is held where it is. From here on a restart finds it at the target, so no
    /// restart can find it earlier than anybody was shown.
    pub(super) fn begin(&self, target: Timestamp) -> Result<Timestamp, ClockRefusal> {
        let mut state = self.state();
        let now = self.read(&mut state);
        if target < now {
            return Err(ClockRefusal::Backwards { now });
        }
        if target > LATEST {
            return Err(ClockRefusal::TooFar);
        }
        self.keep(self.at(&state, target))?;
        state.held = Some(now);
        Ok(now)
    }

    /// Holds it a little further on.
    pub(super) fn hold(&self, at: Timestamp) {
        let mut state = self.state();
        let so_far = state.held.unwrap_or(state.latest);
        state.held = Some(at.max(so_far).max(state.latest));
        state.bells.iter().for_each(|bell| bell.ring());
    }

    /// Lets go of it at the target: it stands or runs there, as it did before.
    pub(super) fn arrive(&self, target: Timestamp) -> Result<(), ClockRefusal> {
        let mut state = self.state();
        let setting = self.at(&state, target);
        state.held = None;
        self.set(&mut state, setting)
    }

    /// The setting with which it shows `target` now, standing or running as it does.
    fn at(&self, state: &State, target: Timestamp) -> Setting {
        match state.setting.frozen_at_ms {
            Some(_) => Setting { ahead_ms: 0, frozen_at_ms: Some(target.millis()) },
            None => self.running_from(target),
        }
    }

    fn running_from(&self, now: Timestamp) -> Setting {
        Setting { ahead_ms: now.millis().saturating_sub(self.machine.now().millis()), frozen_at_ms: None }
    }

    fn set(&self, state: &mut State, setting: Setting) -> Result<(), ClockRefusal> {
        self.keep(setting)?;
        state.setting = setting;
        state.bells.iter().for_each(|bell| bell.ring());
        Ok(())
    }

    /// Written beside and renamed: the file is whole or not there.
    fn keep(&self, setting: Setting) -> std::io::Result<()> {
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let beside = self.file.with_extension("json.new");
        let mut file = std::fs::File::create(&beside)?;
        file.write_all(&serde_json::to_vec(&setting)?)?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.file)
    }

    fn read(&self, state: &mut State) -> Timestamp {
        let Setting { ahead_ms, frozen_at_ms } = state.setting;
        let ran = || Timestamp::from_millis(self.machine.now().millis().saturating_add(ahead_ms));
        let shown = state.held.or(frozen_at_ms.map(Timestamp::from_millis)).unwrap_or_else(ran);
        // The machine's own clock may be set back; this one stands still then.
        state.latest = state.latest.max(shown);
        state.latest
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SandboxClock {
    fn now(&self) -> Timestamp {
        self.read(&mut self.state())
    }

    fn until(&self, moment: Timestamp) -> Option<Duration> {
        let mut state = self.state();
        let now = self.read(&mut state);
        let stands = state.held.is_some() || state.setting.frozen_at_ms.is_some();
        if moment <= now {
            return Some(Duration::ZERO);
        }
        if stands { None } else { self.machine.until(self.machine.now().after(moment.since(now))) }
    }

    fn machine(&self) -> Timestamp {
        self.machine.machine()
    }

    fn ring_on_jump(&self, bell: &Arc<Bell>) {
        self.machine.ring_on_jump(bell);
        self.state().bells.push(Arc::clone(bell));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::TestClock;

    const NOON: Timestamp = Timestamp::from_millis(1_795_320_000_000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn over(folder: &Path, machine: &Arc<TestClock>) -> SandboxClock {
        SandboxClock::open(&folder.join("clock.json"), machine.clone()).unwrap()
    }

    #[test]
    fn it_runs_stands_and_goes_on_where_it_stood() {
        let (folder, machine) = (tempfile::tempdir().unwrap(), Arc::new(TestClock::at(NOON)));
        let clock = over(folder.path(), &machine);
        assert_eq!(clock.shown(), Shown { now: NOON, frozen: false, real: true, ahead_ms: 0 });
        machine.advance(HOUR);
        assert_eq!(clock.now(), NOON.after(HOUR));
        clock.freeze().unwrap();
        machine.advance(HOUR);
        assert_eq!((clock.now(), clock.until(NOON.after(HOUR * 2))), (NOON.after(HOUR), None));
        assert_eq!(over(folder.path(), &machine).now(), NOON.after(HOUR), "also over a restart");
        clock.resume().unwrap();
        machine.advance(HOUR);
        let shown = clock.shown();
        assert_eq!((shown.now, shown.real, shown.ahead_ms), (NOON.after(HOUR * 2), false, -3_600_000));
        clock.follow_machine().unwrap();
        assert!(clock.shown().real);
    }

    #[test]
    fn it_never_goes_back() {
        let (folder, machine) = (tempfile::tempdir().unwrap(), Arc::new(TestClock::at(NOON)));
        let clock = over(folder.path(), &machine);
        let later = NOON.after(HOUR * 24);
        clock.begin(later).unwrap();
        assert_eq!(clock.now(), NOON, "held where it was");
        assert_eq!(
            over(folder.path(), &machine).now(),
            later,
            "a restart in the middle finds it at the target"
        );
        clock.hold(NOON.after(HOUR));
        clock.hold(NOON);
        assert_eq!(clock.now(), NOON.after(HOUR));
        clock.arrive(later).unwrap();
        assert_eq!(clock.now(), later);
        assert!(matches!(clock.begin(NOON), Err(ClockRefusal::Backwards { now }) if now == later));
        assert!(matches!(clock.follow_machine(), Err(ClockRefusal::Backwards { .. })));
        assert!(matches!(clock.begin(LATEST.after(HOUR)), Err(ClockRefusal::TooFar)));
        let again = over(folder.path(), &machine);
        assert_eq!((again.now(), again.shown().frozen), (later, false));
        // Whoever sets the machine back does not set this clock back.
        let earlier = Arc::new(TestClock::at(NOON));
        let clock = over(tempfile::tempdir().unwrap().path(), &earlier);
        earlier.advance(HOUR);
        let seen = clock.now();
        clock.state().setting.ahead_ms = -7_200_000;
        assert_eq!(clock.now(), seen);
    }
}
