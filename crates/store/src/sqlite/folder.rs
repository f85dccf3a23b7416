//! The half that folds and shelves, and checkpoints when enough has come together.

use super::{checkpoint, set_mark, shelve};
use crate::driver::{Fold, Folder, RowChange};
use crate::error::DriverError;
use crate::failpoint::{Failpoint, failpoint};
use crate::log::Log;
use crate::row::Value;
use rusqlite::{Connection, params, params_from_iter};
use values::Idempotency;

/// The facts are checkpointed after this many bytes of them.
const CHECKPOINT_BYTES: u64 = 16 << 20;
/// The tables are checkpointed after this many rows.
const CHECKPOINT_ROWS: u64 = 20_000;

pub(super) struct SqliteFolder {
    tables: Connection,
    facts: Connection,
    log: Log,
    // Since the last checkpoints.
    shelved_bytes: u64,
    rows: u64,
    forgot: bool,
}

impl SqliteFolder {
    pub(super) fn new(tables: Connection, facts: Connection, log: Log) -> SqliteFolder {
        SqliteFolder { tables, facts, log, shelved_bytes: 0, rows: 0, forgot: false }
    }

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

    /// Deletes facts through this one. Their pages are overwritten, here and in the logs.
    fn forget(&mut self, through: u64) -> rusqlite::Result<()> {
        let transaction = self.facts.transaction()?;
        for sql in [
            "INSERT INTO anchor (last, hash) SELECT last, hash FROM links WHERE last = $1",
            "DELETE FROM anchor WHERE last < $1",
            "DELETE FROM facts WHERE sequence <= $1",
            "DELETE FROM links WHERE last <= $1",
        ] {
            transaction.execute(sql, [through as i64])?;
        }
        transaction.commit()?;
        checkpoint(&self.facts, "TRUNCATE")
    }
}

impl Folder for SqliteFolder {
    fn fold(&mut self, fold: &Fold) -> Result<(), DriverError> {
        self.shelve()?;
        self.fold_in_transaction(fold).map_err(|e| DriverError::new("folding", e))?;
        if fold.forget_facts {
            self.forget(fold.through).map_err(|e| DriverError::new("forgetting facts", e))?;
            self.log.scrub().map_err(|e| DriverError::new("forgetting facts", e))?;
            self.forgot = true;
        }
        Ok(())
    }

    fn shelve(&mut self) -> Result<(), DriverError> {
        let failed = |e: rusqlite::Error| DriverError::new("shelving facts", e);
        let pieces = self.log.unshelved();
        if pieces.is_empty() {
            return Ok(());
        }
        let mut bytes = 0;
        let transaction = self.facts.transaction().map_err(failed)?;
        for piece in &pieces {
            piece.each(&mut |batch, link| {
                bytes += batch.len() as u64;
                shelve(&transaction, batch, link)
            })?;
        }
        failpoint(Failpoint::MidShelve);
        transaction.commit().map_err(failed)?;
        failpoint(Failpoint::AfterShelve);
        self.log.shelved(&pieces);
        self.shelved_bytes += bytes;
        Ok(())
    }

    fn tidy(&mut self) -> Result<(), DriverError> {
        let failed = |e: rusqlite::Error| DriverError::new("checkpointing", e);
        if self.shelved_bytes >= CHECKPOINT_BYTES {
            self.shelved_bytes = 0;
            checkpoint(&self.facts, "PASSIVE").map_err(failed)?;
        }
        if std::mem::take(&mut self.forgot) {
            // The log of the tables would keep what was removed.
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
