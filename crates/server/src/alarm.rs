//! Waiting by a clock, without holding a thread: also by one that a test moves. Who waits for callers counts as the machine
//! does, also where a sandbox's clock is moved.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use store::{Bell, Clock};
use tokio::sync::Notify;
use values::Timestamp;

/// Ends waits when the clock has moved far enough. Clones share everything.
#[derive(Clone)]
pub(crate) struct Alarm(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    jumped: Notify,
}

impl Alarm {
    /// An alarm by this clock.
    pub(crate) fn by(clock: Arc<dyn Clock>) -> Alarm {
        let inner = Arc::new(Inner { clock, jumped: Notify::new() });
        let told = Arc::downgrade(&inner);
        let bell = Bell::calling(move || {
            if let Some(inner) = told.upgrade() {
                inner.jumped.notify_waiters();
            }
        });
        inner.clock.ring_on_jump(&Arc::new(bell));
        Alarm(inner)
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.machine()
    }

    /// Returns when so much time has passed.
    pub(crate) async fn after(&self, wait: Duration) {
        let until = self.now().after(wait);
        loop {
            let mut jumped = pin!(self.0.jumped.notified());
            // Listening before looking: a jump in between is heard.
            jumped.as_mut().enable();
            let now = self.now();
            if now >= until {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(until.since(now)) => {}
                () = jumped => {}
            }
        }
    }
}
