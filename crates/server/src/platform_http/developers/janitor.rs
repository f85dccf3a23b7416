//! Forgets remembered answers whose time is over, an hour late at most.

use super::Api;
use developers::Forget;
use developers::answer::REMEMBERED;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use store::rooms::developers::questions;
use store::{Bell, Store, StoreError, Value};

/// Between two looks.
const LOOK: Duration = Duration::from_secs(3600);
/// Forgotten in one commit.
const AT_ONCE: i64 = 500;

/// The thread; it ends when this is dropped.
pub(crate) struct Janitor {
    ended: Arc<AtomicBool>,
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

impl Janitor {
    /// Starts to look.
    pub(crate) fn start(api: &Api) -> std::io::Result<Janitor> {
        let (ended, bell) = (Arc::new(AtomicBool::new(false)), Arc::new(Bell::default()));
        api.store().clock().ring_on_jump(&bell);
        let (api, stop, wake) = (api.clone(), Arc::clone(&ended), Arc::clone(&bell));
        let look = move || {
            while !stop.load(Ordering::SeqCst) {
                let accounts = api.account_payments().map(|accounts| accounts.service.store().clone());
                let stores = [api.acquirer().store(), api.tokens().store(), api.store()];
                for store in stores.into_iter().chain(&accounts) {
                    match sweep(store, &stop) {
                        Ok(()) => {}
                        Err(StoreError::Stopped) => return,
                        Err(error) => tracing::warn!(%error, "old answers are not forgotten yet"),
                    }
                }
                wake.wait(Some(LOOK));
            }
        };
        let thread = std::thread::Builder::new().name("janitor".to_owned()).spawn(look)?;
        Ok(Janitor { ended, bell, thread: Some(thread) })
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        self.bell.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Forgets what is old, piece by piece. The tables may lag behind, so what is forgotten in the last piece may be found
/// there again: the operation looks at the records.
fn sweep(store: &Store, stop: &AtomicBool) -> Result<(), StoreError> {
    let before = store.clock().now().millis() - REMEMBERED.as_millis() as i64;
    while !stop.load(Ordering::SeqCst) {
        let parameters = [Value::Integer(before + 1), Value::Integer(AT_ONCE)];
        let rows = store.folded_rows(questions::ANSWERS_BEFORE, &parameters)?.rows;
        let name = |row: Vec<Value>| match row.into_iter().next() {
            Some(Value::Text(name)) => Some(name),
            _ => None,
        };
        let names: Vec<String> = rows.into_iter().filter_map(name).collect();
        let full = names.len() as i64 == AT_ONCE;
        if !names.is_empty() {
            store.call(Forget { names })?;
        }
        if !full {
            return Ok(());
        }
        // The next piece is read from tables that know of this one.
        store.flush()?;
    }
    Ok(())
}
