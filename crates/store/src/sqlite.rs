//! SQLite beneath the executor: two files, `NAME.sqlite` with the tables and `NAME.facts.sqlite`.
//!
//! Two files, because SQLite has one writer per file: folding never makes a commit wait. The facts are
//! synchronised at every commit. The tables are not: their mark tells which facts to replay. No connection
//! checkpoints inside a commit; the folding thread does it.

use crate::driver::*;
use crate::error::DriverError;
use crate::fact::{Batch, Fact, Link};
use crate::failpoint::{Failpoint, failpoint};
use crate::row::Value;
use crate::schema::{Kind, Layout, Schema};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, ToSql, params, params_from_iter};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use values::{Idempotency, Timestamp};

/// The folding thread checkpoints the facts after this many bytes of them.
const CHECKPOINT_BYTES: u64 = 4 << 20;
/// The log of the facts is rewound by the writer itself if the folding thread could not do it for this long.
const REWIND_BYTES: u64 = 256 << 20;
/// The folding thread checkpoints the tables after this many rows.
const CHECKPOINT_ROWS: u64 = 20_000;

/// Bytes of a page of the facts: they are only ever appended, in batches of some ten thousand bytes under load, so
/// that half as many pages are half as many writes. A lone fact costs the same as with 4,096.
const FACT_PAGE: u32 = 8_192;
/// Bytes of a page of the tables, whose rows are changed here and there.
const TABLE_PAGE: u32 = 4_096;

/// A database in two SQLite files.
pub struct Sqlite {
    path: PathBuf,
    facts: Connection,
    tables: Connection,
    durable_tables: bool,
    appended: Arc<AtomicU64>,
    since_rewind: u64,
    _lock: File,
}

/// `tokens.facts.sqlite` for `tokens.sqlite`.
pub fn facts_path(path: &Path) -> PathBuf {
    path.with_extension("facts.sqlite")
}

impl Sqlite {
    /// Opens or creates the files; refuses while another process has them open.
    pub fn open(path: &Path) -> Result<Sqlite, DriverError> {
        let doing = "taking the database's lock";
        let lock = create_private(&path.with_extension("lock")).map_err(|e| DriverError::new(doing, e))?;
        lock.try_lock().map_err(|e| DriverError::new(doing, e))?;
        let facts = facts_path(path);
        for file in [path, &facts] {
            create_private(file).map_err(|e| DriverError::new("creating the database", e))?;
        }
        let facts =
            connect(&facts, "FULL", FACT_PAGE).map_err(|e| DriverError::new("opening the facts", e))?;
        let tables =
            connect(path, "NORMAL", TABLE_PAGE).map_err(|e| DriverError::new("opening the tables", e))?;
        Ok(Sqlite {
            path: path.to_owned(),
            facts,
            tables,
            durable_tables: false,
            appended: Arc::default(),
            since_rewind: 0,
            _lock: lock,
        })
    }

    fn append_in_transaction(&mut self, batch: &Batch) -> rusqlite::Result<()> {
        let transaction = self.facts.transaction()?;
        let mut bytes = 0;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO facts (sequence, at, name, repeat_key, fingerprint, body) VALUES ($1, $2, $3, $4, $5, $6)",
            )?;
            for fact in batch.facts() {
                let (key, fingerprint) = match &fact.idempotency {
                    Some(known) => (Some(&known.key), Some(&known.fingerprint)),
                    None => (None, None),
                };
                insert.execute(params![
                    fact.sequence as i64,
                    fact.at.millis(),
                    fact.name,
                    key,
                    fingerprint,
                    fact.body
                ])?;
                bytes += fact.body.len() as u64 + 80;
            }
            let link = batch.link();
            let mut insert = transaction.prepare_cached("INSERT INTO links (last, hash) VALUES ($1, $2)")?;
            insert.execute(params![link.last as i64, link.hash])?;
        }
        transaction.commit()?;
        self.appended.fetch_add(bytes, Ordering::Relaxed);
        self.since_rewind += bytes;
        Ok(())
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

    fn append(&mut self, batch: &Batch) -> Result<(), DriverError> {
        self.append_in_transaction(batch).map_err(|e| DriverError::new("appending facts", e))?;
        if self.since_rewind > REWIND_BYTES {
            // What the folding thread has not copied meanwhile is little.
            if let Err(wrong) = checkpoint(&self.facts, "PASSIVE") {
                tracing::warn!(%wrong, "the log of the facts could not be rewound");
            }
            self.since_rewind = 0;
        }
        Ok(())
    }

    fn forget(&mut self, through: u64) -> Result<(), DriverError> {
        let failed = |e: rusqlite::Error| DriverError::new("forgetting facts", e);
        let through = through as i64;
        let transaction = self.facts.transaction().map_err(failed)?;
        for sql in [
            "INSERT INTO anchor (last, hash) SELECT last, hash FROM links WHERE last = $1",
            "DELETE FROM anchor WHERE last < $1",
            "DELETE FROM facts WHERE sequence <= $1",
            "DELETE FROM links WHERE last <= $1",
        ] {
            transaction.execute(sql, [through]).map_err(failed)?;
        }
        transaction.commit().map_err(failed)?;
        // The log still holds the old pages.
        checkpoint(&self.facts, "TRUNCATE").map_err(failed)
    }

    fn folder(&mut self) -> Result<Box<dyn Folder>, DriverError> {
        let failed = |e: rusqlite::Error| DriverError::new("opening the folding half", e);
        Ok(Box::new(SqliteFolder {
            tables: connect(&self.path, if self.durable_tables { "FULL" } else { "NORMAL" }, TABLE_PAGE)
                .map_err(failed)?,
            facts: connect(&facts_path(&self.path), "FULL", FACT_PAGE).map_err(failed)?,
            appended: Arc::clone(&self.appended),
            rows: 0,
            forgetful: self.durable_tables,
        }))
    }

    fn view(&mut self) -> Result<Box<dyn View>, DriverError> {
        view(&self.path)
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
        closed.map_err(|e| DriverError::new("closing the database", e))
    }
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

struct SqliteFolder {
    tables: Connection,
    facts: Connection,
    appended: Arc<AtomicU64>,
    rows: u64,
    forgetful: bool,
}

impl SqliteFolder {
    fn fold_in_transaction(&mut self, fold: &Fold) -> rusqlite::Result<()> {
        let transaction = self.tables.transaction()?;
        for table in &fold.tables {
            let mut upsert = transaction.prepare_cached(&table.layout.upsert)?;
            let mut delete = transaction.prepare_cached(&table.layout.delete)?;
            for change in &table.changes {
                let (statement, bucket, values) = match change {
                    RowChange::Put(row) => (&mut upsert, row.bucket, &row.values),
                    RowChange::Remove(bucket, key) => (&mut delete, *bucket, key),
                };
                let bucket = Value::Integer(i64::from(bucket));
                statement.execute(params_from_iter(std::iter::once(&bucket).chain(values)))?;
                self.rows += 1;
            }
            failpoint(Failpoint::MidFold);
        }
        let mut keep = transaction.prepare_cached(
            "INSERT INTO repeats (key, fingerprint, at, answer) VALUES ($1, $2, $3, $4) ON CONFLICT (key)
             DO UPDATE SET fingerprint = excluded.fingerprint, at = excluded.at, answer = excluded.answer",
        )?;
        for repeat in &fold.repeats {
            let Idempotency { key, fingerprint } = repeat.idempotency;
            keep.execute(params![key, fingerprint, repeat.at.millis(), repeat.answer])?;
            self.rows += 1;
        }
        drop(keep);
        transaction
            .prepare_cached("DELETE FROM repeats WHERE at < $1")?
            .execute([fold.forget_repeats_before.millis()])?;
        set_mark(&transaction, "folded", fold.through)?;
        transaction.commit()
    }
}

impl Folder for SqliteFolder {
    fn fold(&mut self, fold: &Fold) -> Result<(), DriverError> {
        self.fold_in_transaction(fold).map_err(|e| DriverError::new("folding", e))
    }

    fn tidy(&mut self) -> Result<(), DriverError> {
        let failed = |e: rusqlite::Error| DriverError::new("checkpointing", e);
        if self.appended.load(Ordering::Relaxed) >= CHECKPOINT_BYTES {
            self.appended.store(0, Ordering::Relaxed);
            checkpoint(&self.facts, "PASSIVE").map_err(failed)?;
        }
        if self.forgetful && self.rows > 0 {
            // The log would keep what was removed.
            self.rows = 0;
            checkpoint(&self.tables, "TRUNCATE").map_err(failed)?;
        }
        if self.rows >= CHECKPOINT_ROWS {
            self.rows = 0;
            checkpoint(&self.tables, "PASSIVE").map_err(failed)?;
        }
        Ok(())
    }
}

/// A read-only look at the files, also while a store has them open. The facts are attached as `log`.
pub fn view(path: &Path) -> Result<Box<dyn View>, DriverError> {
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

fn create_private(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
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
