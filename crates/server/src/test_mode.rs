//! What only a sandbox has: a clock that can be moved, and faults that can be put on the wires.
//!
//! It is no simulation: the parties are the ones of every city, at their real doors. The clock is the one they are all
//! handed, and a fault strikes real messages between the place where they are sent and the wire. Whoever runs no sandbox
//! has none of it: there is no [`TestMode`] then, and nothing that could make one while it runs.
//!
//! Read `clock` (what shows the time), `clockwork` (how it is moved, with everything that falls due on the way), `fault`
//! (what may go wrong, as it is written), `crossing` (where it does), `written` (lengths of time as people write them), `followed` (the city's time in another process).

mod clock;
mod clockwork;
mod crossing;
mod fault;
mod followed;
mod written;

pub use clock::{ClockRefusal, SandboxClock, Shown};
pub use clockwork::{Clockwork, Evenings, Moved, Waiting};
pub use crossing::{Crossing, Faults, Listed, Struck, frame, send};
pub use fault::{Fault, FaultError, Leg, LegKind, On, What};
pub use followed::FollowedClock;
pub use written::{Moment, moment, span};

use std::path::Path;
use std::sync::Arc;
use store::Clock;

/// The clock and the faults of a sandbox. Clones share both.
#[derive(Clone)]
pub struct TestMode {
    /// What every party takes its time from.
    pub clock: Arc<SandboxClock>,
    /// What goes wrong on its wires.
    pub faults: Faults,
}

impl TestMode {
    /// The test mode of a data directory: its clock goes on where it was left, its wires are whole.
    pub fn open(data: &Path, machine: Arc<dyn Clock>) -> std::io::Result<TestMode> {
        let clock = Arc::new(SandboxClock::open(&data.join("clock.json"), machine)?);
        Ok(TestMode { clock, faults: Faults::default() })
    }
}

/// What the doors of a running city work its test mode with. Clones share everything.
#[derive(Clone)]
pub struct TestTools {
    /// Moves the clock.
    pub clockwork: Clockwork,
    /// What goes wrong on the wires.
    pub faults: Faults,
}
