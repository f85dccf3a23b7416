//! How a room describes a change, without knowing who stores it.
//!
//! An [`Operation`] is a pure function from records and `now` to an answer and changed records. `store`
//! executes operations in batches: each sees the one before, all become durable together, and only then
//! are answers given. An operation that refuses changes nothing.
//!
//! A decline that must leave a trace (a counter that moved, a try that was counted) is an *answer*, not a
//! refusal.

use crate::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::hash::Hash;

/// Where the executor keeps a kind of record while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Residency {
    /// All of them in memory, for what the hot path touches.
    Memory,
    /// Read from the tables when asked for.
    Table,
}

/// A thing a room keeps. Its serialised field names are its column names.
pub trait Record: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What it is found by.
    type Key: Clone + Eq + Ord + Hash + Debug + Serialize + DeserializeOwned + Send + 'static;
    /// The table it is folded into; unique in one database.
    const TABLE: &'static str;
    /// Where it lives while the executor runs.
    const RESIDENCY: Residency = Residency::Table;
    /// Its key; a record never changes it.
    fn key(&self) -> Self::Key;
}

/// A message that must leave, recorded together with the change that caused it.
///
/// Delivered at least once, not before `due`; with a later `due` it is a timer. The receiver is idempotent
/// by `key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Outbound {
    /// Who delivers it, for example `sms` or `reversal`.
    pub topic: String,
    /// Unique within the topic; a second one with the same key replaces the first.
    pub key: String,
    /// The earliest moment of delivery.
    pub due: Timestamp,
    /// What the deliverer needs; never a secret in clear.
    pub body: Vec<u8>,
}

/// What an operation sees of the records, and where it leaves its changes.
pub trait Records {
    /// The record under this key, as changed by everything before.
    fn find<R: Record>(&mut self, key: &R::Key) -> Option<R>;
    /// Adds or replaces a record.
    fn put<R: Record>(&mut self, record: R);
    /// Forgets a record; the facts remember that it was there.
    fn remove<R: Record>(&mut self, key: &R::Key);
    /// Leaves a message for delivery after the commit.
    fn send(&mut self, message: Outbound);
    /// Takes back a message that has not been delivered; unknown ones are ignored.
    fn cancel(&mut self, topic: &str, key: &str);
    /// Writes down that something happened which no changed record shows, for the audit and the event stream.
    fn note(&mut self, kind: &'static str, subject: &str, detail: &str);
}

/// The name under which a sender may repeat an operation, and the digest of what it asked.
///
/// The same key with the same fingerprint gets the first answer again; with another one it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
pub struct Idempotency {
    /// Digest of the sender and its key.
    pub key: [u8; 16],
    /// Digest of the content.
    pub fingerprint: [u8; 16],
}

/// A change of one room's records, decided by a pure function.
pub trait Operation: Send + 'static {
    /// What is answered, and answered again to a repeat.
    type Answer: Clone + Serialize + DeserializeOwned + Send + 'static;
    /// A no that changed nothing.
    type Refusal: Send + 'static;
    /// The name under which the fact is recorded, for example `tokens.activate`.
    const NAME: &'static str;
    /// Set when the sender may repeat itself.
    fn idempotency(&self) -> Option<Idempotency> {
        None
    }
    /// Decides. Called once per acknowledged operation; never blocks and never panics on outside input.
    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Self::Answer, Self::Refusal>;
}
