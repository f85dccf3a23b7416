//! The tables of the billers.

use crate::schema::{Kind, Mapping, Migration, Schema};
use sandbox::billers::{BillerPayment, PaidBill};

const BILLERS: &[Migration] = &[(1, include_str!("../../migrations/billers/0001.sql"))];

/// Adds the tables of the billers.
pub fn tables(schema: Schema) -> Schema {
    schema.migrations("billers", BILLERS).table::<BillerPayment>(PAYMENT).table::<PaidBill>(PAID)
}

const PAYMENT: Mapping = Mapping {
    key: &["transaction"],
    columns: &[
        ("transaction", Kind::Text),
        ("biller", Kind::Text),
        ("parameters", Kind::Json),
        ("subject", Kind::Text),
        ("paise", Kind::Integer),
        ("state", Kind::Json),
        ("at", Kind::Integer),
    ],
};

const PAID: Mapping = Mapping {
    key: &["biller", "number"],
    columns: &[("biller", Kind::Text), ("number", Kind::Text), ("transaction", Kind::Text)],
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
