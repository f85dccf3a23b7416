//! The half that folds and shelves, and checkpoints when enough has come together.

use super::{checkpoint, set_mark, shelve};
use crate::driver::{Fold, Folder, Repeat, RowChange};
use crate::error::{DriverError, StoreError};
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

    fn fold_in_transaction(&mut self, fold: &Fold) -> Result<(), StoreError> {
        let transaction = self.tables.transaction().map_err(folding)?;
        for table in &fold.tables {
            let layout = table.layout();
            let mut upsert = transaction.prepare_cached(&layout.upsert).map_err(folding)?;
            let mut delete = transaction.prepare_cached(&layout.delete).map_err(folding)?;
            table.each(&mut |change| {
                let (statement, bucket, values) = match &change {
                    RowChange::Put(row) => (&mut upsert, row.bucket, &row.values),
                    RowChange::Remove(bucket, key) => (&mut delete, *bucket, key),
                };
                let bucket = Value::Integer(i64::from(bucket));
                self.rows += 1;
                let changed = statement.execute(params_from_iter(std::iter::once(&bucket).chain(values)));
                changed.map(drop).map_err(folding)
            })?;
            failpoint(Failpoint::MidFold);
        }
        keep_repeats(&transaction, fold).map_err(folding)?;
        self.rows += fold.repeats.len() as u64;
        set_mark(&transaction, "folded", fold.through).map_err(folding)?;
        Ok(transaction.commit().map_err(folding)?)
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

/// Adds the new idempotency keys and forgets the old ones.
fn keep_repeats(tables: &Connection, fold: &Fold) -> rusqlite::Result<()> {
    let mut keep = tables.prepare_cached(
        "INSERT INTO repeats (key, fingerprint, at, answer) VALUES ($1, $2, $3, $4) ON CONFLICT (key)
         DO UPDATE SET fingerprint = excluded.fingerprint, at = excluded.at, answer = excluded.answer",
    )?;
    let mut repeats: Vec<&Repeat> = fold.repeats.iter().collect();
    repeats.sort_by_key(|repeat| repeat.idempotency.key);
    for Repeat { at, idempotency: Idempotency { key, fingerprint }, answer } in repeats {
        keep.execute(params![key, fingerprint, at.millis(), answer])?;
    }
    tables
        .prepare_cached("DELETE FROM repeats WHERE at < $1")?
        .execute([fold.forget_repeats_before.millis()])
        .map(drop)
}

fn folding(error: rusqlite::Error) -> DriverError {
    DriverError::new("folding", error)
}

impl Folder for SqliteFolder {
    fn fold(&mut self, fold: &Fold) -> Result<(), StoreError> {
        self.shelve()?;
        self.fold_in_transaction(fold)?;
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
