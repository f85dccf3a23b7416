//! Operations executed in batches, remembered as facts, folded into tables.
//!
//! A room describes a change as a [`values::Operation`]; this room executes it. What waits is decided in one
//! batch, one after another on records in memory, appended to the facts in one durable commit, and only then
//! answered. Records are folded into ordinary tables a little later, for questions and for the next start.
//!
//! It is not an object-relational mapper: rooms know nothing of tables, and no query text is built while
//! running. It is the only room that writes SQL.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use std::sync::Arc;
//! use store::{Kind, Mapping, Outcome, Schema, Store, SystemClock};
//! use values::{Operation, Record, Records, Timestamp};
//!
//! #[derive(Clone, Serialize, Deserialize)]
//! struct Counter { name: String, count: u64 }
//! impl Record for Counter {
//!     type Key = String;
//!     const TABLE: &'static str = "counters";
//!     fn key(&self) -> String { self.name.clone() }
//! }
//!
//! struct Count(String);
//! impl Operation for Count {
//!     type Answer = u64;
//!     type Refusal = ();
//!     const NAME: &'static str = "count";
//!     fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<u64, ()> {
//!         let count = records.find::<Counter>(&self.0).map_or(0, |counter| counter.count) + 1;
//!         records.put(Counter { name: self.0.clone(), count });
//!         Ok(count)
//!     }
//! }
//!
//! let schema = Schema::new()
//!     .migrations("example", &[(1, "CREATE TABLE counters (bucket INTEGER NOT NULL, name TEXT NOT NULL,
//!         count INTEGER NOT NULL, PRIMARY KEY (bucket, name)) STRICT, WITHOUT ROWID")])
//!     .table::<Counter>(Mapping { key: &["name"], columns: &[("name", Kind::Text), ("count", Kind::Integer)] });
//! let folder = tempfile::tempdir().unwrap();
//! let store = Store::open(&folder.path().join("example.sqlite"), schema, Arc::new(SystemClock)).unwrap();
//! assert_eq!(store.call(Count("door".into())), Ok(Outcome::Done(1)));
//! assert!(store.verify().unwrap().is_ok());
//! ```
//!
//! Read `schema` (which record lies in which table), `fact` (what is remembered), `executor` (the machine),
//! `commit` (a batch on its way to the disk), `driver` (the disk as a trait), `sqlite` with `log` and `simulated` (two
//! disks), `threads` and `shell` (the handle), `outbox` and `delivery` (messages that must leave), `verify`.
//!
//! Invariants: nothing is answered before the commit that covers it; a failed commit stops the store, for
//! memory is then ahead of the disk; the tables never hold more than the facts; one process has a database
//! open for writing.

mod clock;
mod columns;
pub mod commit;
mod delivery;
pub mod driver;
mod error;
pub mod executor;
pub mod fact;
mod failpoint;
mod filter;
mod hasher;
mod job;
mod log;
mod look;
mod outbox;
mod repeats;
pub mod rooms;
mod row;
mod schema;
mod shape;
mod shell;
pub mod simulated;
pub mod sqlite;
mod table;
mod threads;
mod verify;
mod waiting;
mod workspace;

pub use clock::{Bell, Clock, MachineTime, SystemClock, TestClock};
pub use delivery::{Arrival, Couriers, Deliverer, Lanes, spawn_delivery, spawn_lanes};
pub use driver::{Appender, Driver, Rows};
pub use error::{DriverError, StoreError};
pub use executor::Executor;
pub use failpoint::{Failpoint, failpoint};
pub use job::{Called, Outcome};
pub use look::look_up;
pub use outbox::{Backoff, Message};
pub use row::{Mismatched, Row, Value};
pub use schema::{Kind, Layout, Mapping, Migration, Schema, Telling, table_id};
pub use shell::{Awaited, Calling, Looking, QUEUE, Store};
pub use sqlite::Sqlite;
pub use verify::{Bad, Report, TableDigest, digests, verify};
pub use workspace::Workspace;
