//! Read-only looks at the two files.

use super::{
    anchor, facts, facts_path, last_link, link, mark, open_facts, rows, shelve_what_is_left, take_lock,
    values,
};
use crate::driver::{EachFact, EachRow, Marks, Rows, View};
use crate::error::DriverError;
use crate::fact::Link;
use crate::log::{self, Left};
use crate::row::Value;
use crate::schema::Layout;
use rusqlite::{Connection, OpenFlags, params_from_iter};
use std::path::Path;

/// A read-only look at the files, also while a store has them open. The facts are attached as `log`.
///
/// What a crash left in the log of the facts is shelved first. What a running store has in it is not seen yet.
pub fn view(path: &Path) -> Result<Box<dyn View>, DriverError> {
    // Whoever has the lock shelves it soon.
    if log::exists(path)?
        && let Ok(_lock) = take_lock(path)
    {
        shelve_what_is_left(&mut open_facts(path)?, Left::read(path)?)?;
    }
    open(path)
}

/// The same by somebody who has the lock.
pub(super) fn open(path: &Path) -> Result<Box<dyn View>, DriverError> {
    let failed = |e: rusqlite::Error| DriverError::new("opening a view", e);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    let facts = facts_path(path);
    connection.execute("ATTACH DATABASE $1 AS log", [facts.to_string_lossy()]).map_err(failed)?;
    connection
        .execute_batch("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA busy_timeout = 5000;")
        .map_err(failed)?;
    Ok(Box::new(SqliteView { connection, looking: false }))
}

struct SqliteView {
    connection: Connection,
    looking: bool,
}

impl View for SqliteView {
    fn refresh(&mut self) -> Result<Marks, DriverError> {
        let failed = |e: rusqlite::Error| DriverError::new("taking a look", e);
        self.release()?;
        self.connection.execute_batch("BEGIN").map_err(failed)?;
        self.looking = true;
        // The tables first: what they hold, the facts seen a moment later hold as well.
        let folded = mark(&self.connection, "folded").map_err(failed)?;
        let readable_from = mark(&self.connection, "readable_from").map_err(failed)?;
        let head = last_link(&self.connection, "log").map_err(failed)?;
        Ok(Marks { head, anchor: anchor(&self.connection, "log").map_err(failed)?, folded, readable_from })
    }

    fn facts(&mut self, after: u64, each: EachFact<'_>) -> Result<(), DriverError> {
        facts(&self.connection, "log", after, each)
    }

    fn links(&mut self, after: u64) -> Result<Vec<Link>, DriverError> {
        let failed = |e: rusqlite::Error| DriverError::new("reading the chain", e);
        let mut select = self
            .connection
            .prepare_cached("SELECT last, hash FROM log.links WHERE last > $1 ORDER BY last")
            .map_err(failed)?;
        let links = select.query_map([after as i64], link).map_err(failed)?;
        links.collect::<Result<_, _>>().map_err(failed)
    }

    fn rows(&mut self, layout: &Layout, each: EachRow<'_>) -> Result<(), DriverError> {
        rows(&self.connection, layout, each)
    }

    fn release(&mut self) -> Result<(), DriverError> {
        if std::mem::take(&mut self.looking) {
            self.connection.execute_batch("COMMIT").map_err(|e| DriverError::new("ending a look", e))?;
        }
        Ok(())
    }

    fn ask(&mut self, sql: &str, parameters: &[Value]) -> Result<Rows, DriverError> {
        let failed = |e: rusqlite::Error| DriverError::new("asking a question", e);
        let mut select = self.connection.prepare_cached(sql).map_err(failed)?;
        let columns = select.column_names().into_iter().map(str::to_owned).collect();
        let found = select.query_map(params_from_iter(parameters), values).map_err(failed)?;
        Ok(Rows { columns, rows: found.collect::<Result<_, _>>().map_err(failed)? })
    }
}
