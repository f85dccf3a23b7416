//! SQLite beneath the executor: two files, `NAME.sqlite` with the tables and `NAME.facts.sqlite`, and a log of what
//! is not in the second yet.
//!
//! A batch becomes durable in the log ([`crate::log`]): one write and one synchronisation. The folding thread brings
//! it into the table of facts, many batches in one durable transaction, and only then may the log use its blocks
//! again. The tables are not synchronised at every fold: their mark tells which facts to replay. Two files, because
//! SQLite has one writer per file, and because what is appended and what is changed here and there want pages of
//! different sizes.

mod folder;
mod view;

use crate::driver::*;
use crate::error::DriverError;
use crate::fact::{Batch, Fact, Link, read_facts};
use crate::log::{Left, Log, create_private};
use crate::row::Value;
use crate::schema::{Kind, Layout, Schema};
use folder::SqliteFolder;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params, params_from_iter};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use values::{Idempotency, Timestamp};

pub use crate::log::last_fact;
pub use view::view;

/// Bytes of a page of the facts: they are only ever appended, in large pieces under load.
const FACT_PAGE: u32 = 8_192;
/// KiB of pages that the folding thread keeps at most (negative, as SQLite says it): what it changes again soon it need not
/// read again.
const FOLDING_CACHE: i32 = -65_536;
/// Bytes of a page of the tables, whose rows are changed here and there.
const TABLE_PAGE: u32 = 4_096;

/// A database in two SQLite files and a log.
pub struct Sqlite {
    path: PathBuf,
    facts: Connection,
    tables: Connection,
    log: Log,
    durable_tables: bool,
    _lock: File,
}

/// `tokens.facts.sqlite` for `tokens.sqlite`.
pub fn facts_path(path: &Path) -> PathBuf {
    path.with_extension("facts.sqlite")
}

impl Sqlite {
    /// Opens or creates the files; refuses while another process has them open.
    pub fn open(path: &Path) -> Result<Sqlite, DriverError> {
        let lock = take_lock(path)?;
        for file in [path, &facts_path(path)] {
            create_private(file).map_err(|e| DriverError::new("creating the database", e))?;
        }
        let tables =
            connect(path, "NORMAL", TABLE_PAGE).map_err(|e| DriverError::new("opening the tables", e))?;
        Ok(Sqlite {
            path: path.to_owned(),
            facts: open_facts(path)?,
            tables,
            log: Log::new(path),
            durable_tables: false,
            _lock: lock,
        })
    }

    fn migrate(&mut self, schema: &Schema) -> Result<(), DriverError> {
        let failed = |e: rusqlite::Error| DriverError::new("migrating the tables", e);
        let transaction = self.tables.transaction().map_err(failed)?;
        transaction
            .execute_batch(
                "CREATE TABLE IF NOT EXISTS migrations (
                    room TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (room, number)
                ) STRICT, WITHOUT ROWID",
            )
            .map_err(failed)?;
        let fresh: i64 =
            transaction.query_row("SELECT count(*) FROM migrations", [], |row| row.get(0)).map_err(failed)?;
        let mut changed = false;
        for (room, list) in &schema.migrations {
            let done: i64 = transaction
                .query_row("SELECT coalesce(max(number), 0) FROM migrations WHERE room = $1", [room], |row| {
                    row.get(0)
                })
                .map_err(failed)?;
            if list.last().map_or(0, |(number, _)| i64::from(*number)) < done {
                return Err(DriverError::new(
                    "migrating the tables",
                    format!("{room} is newer than this program"),
                ));
            }
            for (number, sql) in list.iter().filter(|(number, _)| i64::from(*number) > done) {
                transaction.execute_batch(sql).map_err(failed)?;
                transaction
                    .execute("INSERT INTO migrations (room, number) VALUES ($1, $2)", params![room, number])
                    .map_err(failed)?;
                changed = true;
            }
        }
        if changed && fresh > 0 {
            // Facts are read by the records that wrote them. The version before folded them all when it closed.
            let last = last_link(&self.facts, "main").map_err(failed)?.last;
            let folded = mark(&transaction, "folded").map_err(failed)?;
            if folded != last {
                let cause =
                    "facts of the version before are not folded; open and close it with that version first";
                return Err(DriverError::new("migrating the tables", cause));
            }
            set_mark(&transaction, "readable_from", last).map_err(failed)?;
        }
        transaction.commit().map_err(failed)
    }
}

impl Driver for Sqlite {
    fn begin(&mut self, schema: &Schema) -> Result<Marks, DriverError> {
        let failed = |e: rusqlite::Error| DriverError::new("preparing the facts", e);
        let version: i64 =
            self.facts.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
        if version == 0 {
            let create = include_str!("../migrations/facts/0001.sql");
            let create = format!("BEGIN IMMEDIATE; {create} PRAGMA user_version = 1; COMMIT;");
            self.facts.execute_batch(&create).map_err(failed)?;
        }
        shelve_what_is_left(&mut self.facts, Left::read(&self.path)?)?;
        self.migrate(schema)?;
        self.durable_tables = schema.forget_facts;
        let marks = |e: rusqlite::Error| DriverError::new("reading the marks", e);
        Ok(Marks {
            head: last_link(&self.facts, "main").map_err(marks)?,
            anchor: anchor(&self.facts, "main").map_err(marks)?,
            folded: mark(&self.tables, "folded").map_err(marks)?,
            readable_from: mark(&self.tables, "readable_from").map_err(marks)?,
        })
    }

    fn appender(&mut self) -> Result<Box<dyn Appender>, DriverError> {
        Ok(Box::new(LogAppender { log: self.log.clone(), record: Vec::new() }))
    }

    fn folder(&mut self) -> Result<Box<dyn Folder>, DriverError> {
        let synchronous = if self.durable_tables { "FULL" } else { "NORMAL" };
        let tables = connect(&self.path, synchronous, TABLE_PAGE)
            .and_then(|tables| tables.pragma_update(None, "cache_size", FOLDING_CACHE).map(|()| tables))
            .map_err(|e| DriverError::new("opening the folding half", e))?;
        Ok(Box::new(SqliteFolder::new(tables, open_facts(&self.path)?, self.log.clone())))
    }

    fn view(&mut self) -> Result<Box<dyn View>, DriverError> {
        view::open(&self.path)
    }

    fn row(&mut self, layout: &Layout, bucket: u8, key: &[Value]) -> Result<Option<Vec<Value>>, DriverError> {
        let failed = |e: rusqlite::Error| DriverError::new("reading a row", e);
        let mut select = self.tables.prepare_cached(&layout.select_one).map_err(failed)?;
        let bucket = Value::Integer(i64::from(bucket));
        let wanted = params_from_iter(std::iter::once(&bucket).chain(key));
        select.query_row(wanted, values).optional().map_err(failed)
    }

    fn rows(&mut self, layout: &Layout, each: EachRow<'_>) -> Result<(), DriverError> {
        rows(&self.tables, layout, each)
    }

    fn facts(&mut self, after: u64, each: EachFact<'_>) -> Result<(), DriverError> {
        facts(&self.facts, "main", after, each)
    }

    fn repeat(&mut self, key: &[u8; 16]) -> Result<Option<Repeat>, DriverError> {
        let failed = |e: rusqlite::Error| DriverError::new("looking for a repeat", e);
        let sql = "SELECT key, fingerprint, at, answer FROM repeats WHERE key = $1";
        let mut select = self.tables.prepare_cached(sql).map_err(failed)?;
        select.query_row([key], repeat).optional().map_err(failed)
    }

    fn repeats(&mut self, newest: usize, each: EachRepeat<'_>) -> Result<(), DriverError> {
        let failed = |e: rusqlite::Error| DriverError::new("reading the repeats", e);
        let sql = "SELECT key, fingerprint, at, answer FROM repeats ORDER BY at DESC LIMIT $1";
        let mut select = self.tables.prepare_cached(sql).map_err(failed)?;
        let limit = i64::try_from(newest).unwrap_or(i64::MAX);
        for found in select.query_map([limit], repeat).map_err(failed)? {
            each(found.map_err(failed)?)?;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), DriverError> {
        let closed = checkpoint(&self.tables, "TRUNCATE").and(checkpoint(&self.facts, "TRUNCATE"));
        closed.map_err(|e| DriverError::new("closing the database", e))?;
        self.log.remove().map_err(|e| DriverError::new("removing the log", e))
    }
}

struct LogAppender {
    log: Log,
    record: Vec<u8>,
}

impl Appender for LogAppender {
    fn append(&mut self, batch: &Batch, link: Link) -> Result<(), DriverError> {
        let appended = self.log.append(batch, link, &mut self.record);
        appended.map_err(|e| DriverError::new("appending facts", e))
    }
}

/// Whoever writes the files holds this. A process that has just ended, or a child that somebody starts at this moment, lets go
/// of it a little later: it is waited for so long.
const LOCK_WITHIN: Duration = Duration::from_secs(1);
const LOCK_AGAIN: Duration = Duration::from_millis(5);

fn take_lock(path: &Path) -> Result<File, DriverError> {
    let doing = "taking the database's lock";
    let lock = create_private(&path.with_extension("lock")).map_err(|e| DriverError::new(doing, e))?;
    let since = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) if since.elapsed() < LOCK_WITHIN => std::thread::sleep(LOCK_AGAIN),
            Err(error) => return Err(DriverError::new(doing, error)),
        }
    }
}

fn open_facts(path: &Path) -> Result<Connection, DriverError> {
    connect(&facts_path(path), "FULL", FACT_PAGE).map_err(|e| DriverError::new("opening the facts", e))
}

/// Brings what a crash left in the log into the table of facts, and removes the log.
fn shelve_what_is_left(facts: &mut Connection, left: Left) -> Result<(), DriverError> {
    if left.is_empty() {
        return Ok(());
    }
    let failed = |e: rusqlite::Error| DriverError::new("shelving what was left", e);
    let head = last_link(facts, "main").map_err(failed)?;
    let transaction = facts.transaction().map_err(failed)?;
    left.each_after(head, &mut |batch, link| shelve(&transaction, batch, link))?;
    transaction.commit().map_err(failed)?;
    left.remove()
}

/// Adds a batch and its link to the table of facts.
fn shelve(facts: &Connection, batch: &[u8], link: Link) -> Result<(), DriverError> {
    let failed = |e: rusqlite::Error| DriverError::new("shelving facts", e);
    let mut insert = facts
        .prepare_cached(
            "INSERT INTO facts (sequence, at, name, repeat_key, fingerprint, body) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .map_err(failed)?;
    for fact in read_facts(batch) {
        let Fact { sequence, at, name, idempotency, body } =
            fact.ok_or_else(|| DriverError::new("shelving facts", "a fact cannot be read"))?;
        let (key, fingerprint) = idempotency.map(|known| (known.key, known.fingerprint)).unzip();
        let row = params![sequence as i64, at.millis(), name, key, fingerprint, body];
        insert.execute(row).map_err(failed)?;
    }
    let mut insert =
        facts.prepare_cached("INSERT INTO links (last, hash) VALUES ($1, $2)").map_err(failed)?;
    insert.execute(params![link.last as i64, link.hash]).map(drop).map_err(failed)
}

/// Whether the migrated tables have the columns, kinds and primary keys that the mappings say. For tests of
/// whoever writes a mapping.
pub fn check_tables(schema: &Schema) -> Result<(), String> {
    let connection = Connection::open_in_memory().map_err(|e| e.to_string())?;
    for (room, list) in &schema.migrations {
        for (number, sql) in *list {
            connection.execute_batch(sql).map_err(|e| format!("migration {number} of {room}: {e}"))?;
        }
    }
    for layout in schema.layouts() {
        check_table(&connection, layout).map_err(|e| format!("table {}: {e}", layout.name))?;
    }
    Ok(())
}

fn check_table(connection: &Connection, layout: &Layout) -> Result<(), String> {
    let say = |e: rusqlite::Error| e.to_string();
    let mut expected: Vec<(String, String, i64)> = vec![("bucket".into(), "INTEGER".into(), 1)];
    for (place, (name, kind)) in layout.columns.iter().enumerate() {
        let kind = match kind {
            Kind::Integer | Kind::Boolean => "INTEGER",
            Kind::Text | Kind::Json => "TEXT",
            Kind::Blob => "BLOB",
        };
        let key = layout.key.iter().position(|column| *column == place).map_or(0, |at| at as i64 + 2);
        expected.push(((*name).into(), kind.into(), key));
    }
    let mut select = connection.prepare("SELECT name, type, pk FROM pragma_table_info($1)").map_err(say)?;
    let found =
        select.query_map([layout.name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).map_err(say)?;
    let mut found: Vec<(String, String, i64)> = found.collect::<Result<_, _>>().map_err(say)?;
    expected.sort();
    found.sort();
    if let Some(differs) = expected.iter().find(|column| !found.contains(column)) {
        return Err(format!("the migrations do not make {differs:?}"));
    }
    if let Some(differs) = found.iter().find(|column| !expected.contains(column)) {
        return Err(format!("the mapping does not know {differs:?}"));
    }
    for sql in [&layout.upsert, &layout.delete, &layout.select_one, &layout.select_all] {
        connection.prepare(sql).map_err(say)?;
    }
    Ok(())
}

/// `page` counts only where the file is new.
fn connect(path: &Path, synchronous: &str, page: u32) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(128);
    connection.execute_batch(&format!(
        "PRAGMA page_size = {page}; PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA wal_autocheckpoint = 0;
         PRAGMA trusted_schema = OFF; PRAGMA busy_timeout = 5000; PRAGMA secure_delete = ON;
         PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384;"
    ))?;
    Ok(connection)
}

fn checkpoint(connection: &Connection, how: &str) -> rusqlite::Result<()> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |_| Ok(()))
}

fn mark(connection: &Connection, name: &str) -> rusqlite::Result<u64> {
    let mut select = connection.prepare_cached("SELECT value FROM marks WHERE name = $1")?;
    select.query_row([name], |row| row.get::<_, i64>(0)).map(|value| value as u64)
}

fn set_mark(connection: &Connection, name: &str, value: u64) -> rusqlite::Result<()> {
    // SQLite numbers `$n` by first appearance: in every statement they appear in ascending order.
    let mut update = connection.prepare_cached("UPDATE marks SET value = $1 WHERE name = $2")?;
    match update.execute(params![value as i64, name])? {
        1 => Ok(()),
        changed => Err(rusqlite::Error::StatementChangedRows(changed)),
    }
}

fn anchor(connection: &Connection, schema: &str) -> rusqlite::Result<Link> {
    connection.query_row(&format!("SELECT last, hash FROM {schema}.anchor"), [], link)
}

fn last_link(connection: &Connection, schema: &str) -> rusqlite::Result<Link> {
    let sql = format!("SELECT last, hash FROM {schema}.links ORDER BY last DESC LIMIT 1");
    let last = connection.query_row(&sql, [], link).optional()?;
    last.map_or_else(|| anchor(connection, schema), Ok)
}

fn link(row: &Row<'_>) -> rusqlite::Result<Link> {
    Ok(Link { last: row.get::<_, i64>(0)? as u64, hash: row.get(1)? })
}

fn facts(connection: &Connection, schema: &str, after: u64, each: EachFact<'_>) -> Result<(), DriverError> {
    let failed = |e: rusqlite::Error| DriverError::new("reading facts", e);
    let sql = format!(
        "SELECT sequence, at, name, repeat_key, fingerprint, body FROM {schema}.facts WHERE sequence > $1 ORDER BY sequence"
    );
    let mut select = connection.prepare_cached(&sql).map_err(failed)?;
    let mut rows = select.query([after as i64]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        each(fact(row).map_err(failed)?)?;
    }
    Ok(())
}

fn fact<'a>(row: &'a Row<'_>) -> rusqlite::Result<Fact<'a>> {
    let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
    let idempotency = match (row.get(3)?, row.get(4)?) {
        (Some(key), Some(fingerprint)) => Some(Idempotency { key, fingerprint }),
        _ => None,
    };
    Ok(Fact {
        sequence: row.get::<_, i64>(0)? as u64,
        at: Timestamp::from_millis(row.get(1)?),
        name: text(2)?,
        idempotency,
        body: row.get_ref(5)?.as_blob()?,
    })
}

fn rows(connection: &Connection, layout: &Layout, each: EachRow<'_>) -> Result<(), DriverError> {
    let failed = |e: rusqlite::Error| DriverError::new("reading a table", e);
    let mut select = connection.prepare_cached(&layout.select_all).map_err(failed)?;
    let mut rows = select.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        each(&values(row).map_err(failed)?)?;
    }
    Ok(())
}

fn values(row: &Row<'_>) -> rusqlite::Result<Vec<Value>> {
    (0..row.as_ref().column_count()).map(|column| value(row.get_ref(column)?)).collect()
}

fn value(found: ValueRef<'_>) -> rusqlite::Result<Value> {
    Ok(match found {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        // No table has such a column; an average in a question may be one.
        ValueRef::Real(number) => Value::Text(number.to_string()),
        ValueRef::Text(_) => Value::Text(found.as_str()?.to_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    })
}

fn repeat(row: &Row<'_>) -> rusqlite::Result<Repeat> {
    Ok(Repeat {
        idempotency: Idempotency { key: row.get(0)?, fingerprint: row.get(1)? },
        at: Timestamp::from_millis(row.get(2)?),
        answer: row.get(3)?,
    })
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}
