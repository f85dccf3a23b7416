//! What can go wrong with a store, as opposed to an operation that refuses.

/// Why a call has no outcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A commit failed or the store was closed. Whether the operation was kept is unknown until the store
    /// is opened again; repeat it then with the same idempotency key.
    #[error("the store has stopped")]
    Stopped,
    /// Too many operations wait already; this one was not taken. Repeat it later.
    #[error("too many operations are waiting")]
    Overloaded,
    /// The operation panicked; nothing was changed. A bug: look at the log.
    #[error("the operation panicked and was undone")]
    Panicked,
    /// What lies on the disk contradicts itself or the schema. Run the verification.
    #[error("damaged: {0}")]
    Damaged(String),
    /// The database refused something before any change was made.
    #[error(transparent)]
    Driver(#[from] DriverError),
}

/// A database said no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{doing}: {cause}")]
pub struct DriverError {
    /// What was being attempted.
    pub doing: &'static str,
    /// What the database said; never the content of a row.
    pub cause: String,
}

impl DriverError {
    /// Wraps a cause.
    pub fn new(doing: &'static str, cause: impl ToString) -> DriverError {
        DriverError { doing, cause: cause.to_string() }
    }
}
