//! The tables of a telephone network.

use crate::schema::{Kind, Mapping, Migration, Schema};
use ::sandbox::telephone::{DeliveredText, Subscriber, TextMessage};

const MIGRATIONS: &[Migration] = &[(1, include_str!("../../migrations/telephone/0001.sql"))];

/// Adds the tables.
pub fn tables(schema: Schema) -> Schema {
    schema
        .migrations("telephone", MIGRATIONS)
        .table::<Subscriber>(SUBSCRIBER)
        .table::<TextMessage>(TEXT_MESSAGE)
        .table::<DeliveredText>(DELIVERED_TEXT)
}

const SUBSCRIBER: Mapping = Mapping {
    key: &["number"],
    columns: &[("number", Kind::Text), ("received", Kind::Integer), ("read", Kind::Integer)],
};

const TEXT_MESSAGE: Mapping = Mapping {
    key: &["to", "sequence"],
    columns: &[
        ("to", Kind::Text),
        ("sequence", Kind::Integer),
        ("id", Kind::Text),
        ("from", Kind::Text),
        ("text", Kind::Text),
        ("at", Kind::Integer),
    ],
};

const DELIVERED_TEXT: Mapping =
    Mapping { key: &["id"], columns: &[("id", Kind::Text), ("sequence", Kind::Integer)] };

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
