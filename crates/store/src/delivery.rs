//! Threads that deliver what the outbox holds, one per topic, so that a slow receiver delays only its own.

use crate::clock::Bell;
use crate::error::StoreError;
use crate::failpoint::{Failpoint, failpoint};
use crate::outbox::Backoff;
use crate::shell::Store;
use crate::threads::spawn;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
        let name = format!("deliver-{}", courier.topic);
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
                let outbound = message.outbound();
                let arrival = catch_unwind(AssertUnwindSafe(|| (self.deliver)(&outbound)));
                failpoint(Failpoint::AfterDelivery);
                let reported = match arrival {
                    Ok(Arrival::Delivered) => self.store.delivered(message),
                    Ok(Arrival::Retry) | Err(_) => self.store.failed(message, self.backoff),
                };
                if reported.is_err() {
                    return;
                }
            }
        }
    }
}
