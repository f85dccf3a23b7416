//! The tables of a set of books.

use crate::schema::{Kind, Mapping, Migration, Schema};
use ::ledger::{Account, Transfer};

const MIGRATIONS: &[Migration] = &[(1, include_str!("../../migrations/ledger/0001.sql"))];

/// Adds the tables.
pub fn tables(schema: Schema) -> Schema {
    schema.migrations("ledger", MIGRATIONS).table::<Account>(ACCOUNT).table::<Transfer>(TRANSFER)
}

const ACCOUNT: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Text),
        ("currency", Kind::Integer),
        ("kind", Kind::Json),
        ("limit", Kind::Json),
        ("overdraft", Kind::Integer),
        ("debits_pending", Kind::Integer),
        ("debits_posted", Kind::Integer),
        ("credits_pending", Kind::Integer),
        ("credits_posted", Kind::Integer),
    ],
};

const TRANSFER: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Text),
        ("debit", Kind::Text),
        ("credit", Kind::Text),
        ("currency", Kind::Integer),
        ("amount", Kind::Integer),
        ("posted", Kind::Integer),
        ("state", Kind::Json),
        ("code", Kind::Integer),
        ("at", Kind::Integer),
        ("ended_at", Kind::Integer),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fit_records_and_tables() {
        let schema = tables(Schema::new());
        assert_eq!(schema.check_shapes(), Ok(()));
        assert_eq!(crate::sqlite::check_tables(&schema), Ok(()));
    }
}
