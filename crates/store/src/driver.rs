//! The disk beneath the executor, as a trait: SQLite is one, memory with faults is another.
//!
//! A database has two halves that become durable apart: the facts, appended batch after batch, and the tables,
//! into which another thread folds what the facts changed. The number of the last folded fact becomes
//! durable together with the tables, so what is not yet folded is always known. Where a batch becomes durable
//! first (a log, say) and where the facts lie in the end is the driver's business.

use crate::error::{DriverError, StoreError};
use crate::fact::{Batch, Fact, Link};
use crate::row::{Row, Value};
use crate::schema::{Layout, Schema};
use values::{Idempotency, Timestamp};

/// What a database says of itself when it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// The end of the hash chain.
    pub head: Link,
    /// Where the chain begins: facts up to here are forgotten.
    pub anchor: Link,
    /// The last fact that the tables hold.
    pub folded: u64,
    /// Facts after this one were written by records of the present shape.
    pub readable_from: u64,
}

/// A remembered idempotency key and its first answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// When it was answered.
    pub at: Timestamp,
    /// The key and the digest of what was asked.
    pub idempotency: Idempotency,
    /// The answer, compact form.
    pub answer: Vec<u8>,
}

/// What became of the rows of one table.
pub trait TableFold: Send {
    /// The table.
    fn layout(&self) -> &Layout;
    /// Shows what became of every changed row, once, in an order that visits neighbours together. Rows are made while they
    /// are asked for.
    fn each(&self, each: EachChange<'_>) -> Result<(), StoreError>;
}

/// A visitor of changed rows; returning an error ends the visit.
pub type EachChange<'a> = &'a mut dyn FnMut(RowChange) -> Result<(), DriverError>;

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowChange {
    /// Added or replaced.
    Put(Row),
    /// Gone: its bucket and key columns.
    Remove(u8, Vec<Value>),
}

impl RowChange {
    /// The bucket of the row.
    pub fn bucket(&self) -> u8 {
        match self {
            RowChange::Put(row) => row.bucket,
            RowChange::Remove(bucket, _) => *bucket,
        }
    }
}

/// Everything that goes into the tables in one transaction.
pub struct Fold {
    /// The last fact contained.
    pub through: u64,
    /// The changed rows.
    pub tables: Vec<Box<dyn TableFold>>,
    /// New idempotency keys.
    pub repeats: Vec<Repeat>,
    /// Keys answered before this moment are forgotten.
    pub forget_repeats_before: Timestamp,
    /// Whether the facts contained are then deleted beyond recovery; the link that ends with `through` becomes the
    /// anchor.
    pub forget_facts: bool,
}

/// A visitor of facts; returning an error ends the visit.
pub type EachFact<'a> = &'a mut dyn FnMut(Fact<'_>) -> Result<(), DriverError>;
/// A visitor of rows.
pub type EachRow<'a> = &'a mut dyn FnMut(&[Value]) -> Result<(), DriverError>;
/// A visitor of remembered idempotency keys.
pub type EachRepeat<'a> = &'a mut dyn FnMut(Repeat) -> Result<(), DriverError>;

/// A database under an executor, which is its only writer.
pub trait Driver: Send {
    /// Brings the tables up to the schema and reads the marks.
    fn begin(&mut self, schema: &Schema) -> Result<Marks, DriverError>;
    /// The half that makes facts durable, for a thread that waits for the disk. There is one.
    fn appender(&mut self) -> Result<Box<dyn Appender>, DriverError>;
    /// The half for the thread that folds.
    fn folder(&mut self) -> Result<Box<dyn Folder>, DriverError>;
    /// A view for verification and questions, from another thread.
    fn view(&mut self) -> Result<Box<dyn View>, DriverError>;
    /// One folded row by its bucket and key columns.
    fn row(&mut self, layout: &Layout, bucket: u8, key: &[Value]) -> Result<Option<Vec<Value>>, DriverError>;
    /// All folded rows of a table.
    fn rows(&mut self, layout: &Layout, each: EachRow<'_>) -> Result<(), DriverError>;
    /// The facts after this one, in order.
    fn facts(&mut self, after: u64, each: EachFact<'_>) -> Result<(), DriverError>;
    /// A folded idempotency key.
    fn repeat(&mut self, key: &[u8; 16]) -> Result<Option<Repeat>, DriverError>;
    /// The newest folded idempotency keys, at most this many, newest first.
    fn repeats(&mut self, newest: usize, each: EachRepeat<'_>) -> Result<(), DriverError>;
    /// Puts the files in order before they are left.
    fn close(&mut self) -> Result<(), DriverError>;
}

/// The half of a database that makes facts durable.
pub trait Appender: Send {
    /// Makes the facts and the link that covers them durable together. After an error the executor stops:
    /// whether they are kept is found out by opening again.
    fn append(&mut self, batch: &Batch, link: Link) -> Result<(), DriverError>;
}

/// The half of a database that folds.
pub trait Folder: Send {
    /// Applies a fold and moves the mark, all or nothing. Its facts are shelved before.
    fn fold(&mut self, fold: &Fold) -> Result<(), StoreError>;
    /// Brings the facts that are durable by now to where views find them.
    fn shelve(&mut self) -> Result<(), DriverError> {
        Ok(())
    }
    /// Does what is due in the background, for example a checkpoint.
    fn tidy(&mut self) -> Result<(), DriverError> {
        Ok(())
    }
}

/// The result of a question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
}

/// A consistent, read-only look at a database.
pub trait View: Send {
    /// Takes a fresh look; everything below answers from it. The facts reach at least as far as the tables.
    fn refresh(&mut self) -> Result<Marks, DriverError>;
    /// The facts after this one, in order.
    fn facts(&mut self, after: u64, each: EachFact<'_>) -> Result<(), DriverError>;
    /// The links of the chain after this fact, in order.
    fn links(&mut self, after: u64) -> Result<Vec<Link>, DriverError>;
    /// All rows of a table.
    fn rows(&mut self, layout: &Layout, each: EachRow<'_>) -> Result<(), DriverError>;
    /// Ends the look, so that nothing is kept back for it.
    fn release(&mut self) -> Result<(), DriverError>;
    /// Asks a question in SQL. It cannot write.
    fn ask(&mut self, sql: &str, parameters: &[Value]) -> Result<Rows, DriverError>;
}
