//! Places at which a test may end the process, to prove that nothing is lost there.
//!
//! Compiled in only with the feature `failpoints`. `PAIZA_FAILPOINT=store.after_append:3` ends the process,
//! without any cleaning up, when that place is passed for the third time. `PAIZA_FAILPOINT=@FILE` looks into that file
//! at every place: a process that already runs is told there where to die, and passes count from then on.

macro_rules! failpoints {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A place at which a test may end the process.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Failpoint { $($(#[$doc])* $variant,)* }

        impl Failpoint {
            /// Every place there is: tests go through this list, so that a new place is tried as well.
            pub const ALL: &'static [Failpoint] = &[$(Failpoint::$variant,)*];

            /// Its name: who passes it (`store` is everybody with records), and where.
            pub fn name(self) -> &'static str {
                match self { $(Failpoint::$variant => $name,)* }
            }
        }
    };
}

failpoints! {
    /// A batch is decided in memory; nothing of it is on disk.
    BeforeAppend = "store.before_append",
    /// A batch is durable; nobody was told.
    AfterAppend = "store.after_append",
    /// A round is over, whether it wrote anything or not; nobody was told.
    BeforeCallback = "store.before_callback",
    /// Facts of the log are in the table of facts, in a transaction that is not committed.
    MidShelve = "store.mid_shelve",
    /// Facts of the log are in the table of facts, durably; the log does not know it yet.
    AfterShelve = "store.after_shelve",
    /// Some tables of a fold are written, in a transaction that is not committed.
    MidFold = "store.mid_fold",
    /// A fold is committed; the executor does not know it yet.
    AfterFold = "store.after_fold",
    /// A message of the outbox has arrived (or not); its report is not written down.
    AfterDelivery = "store.after_delivery",
    /// The phone's counter is durable; no cryptogram was made.
    AfterCounter = "phone.after_counter",
    /// The terminal has its request in the journal; nothing was sent.
    BeforeRequest = "pos.before_request",
    /// The terminal has the acquirer's answer; the journal does not know it.
    BeforeConclusion = "pos.before_conclusion",
}

/// Passes a place.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn failpoint(_place: Failpoint) {}

/// Passes a place; ends the process if the environment says so.
#[cfg(feature = "failpoints")]
pub fn failpoint(place: Failpoint) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    static WANTED: OnceLock<Option<String>> = OnceLock::new();
    static PASSED: AtomicU64 = AtomicU64::new(0);
    let Some(wanted) = WANTED.get_or_init(|| std::env::var("PAIZA_FAILPOINT").ok()) else { return };
    let wanted = match wanted.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).unwrap_or_default(),
        None => wanted.clone(),
    };
    let (name, count) = wanted.trim().split_once(':').unwrap_or((wanted.trim(), "1"));
    if name == place.name() && Ok(PASSED.fetch_add(1, Ordering::SeqCst) + 1) == count.parse() {
        std::process::abort();
    }
}
