//! The tables of a card network.

use crate::schema::{Kind, Mapping, Migration, Schema};
use ::sandbox::network::settlement::{
    Acquirers, OpenDay, Participant, Settled, SettlementDay, SettlementPosition,
};
use ::sandbox::network::switching::Switched;

const MIGRATIONS: &[Migration] = &[
    (1, include_str!("../../migrations/network/0001.sql")),
    (2, include_str!("../../migrations/network/0002.sql")),
];

/// Adds the tables.
pub fn tables(schema: Schema) -> Schema {
    schema
        .migrations("network", MIGRATIONS)
        .table::<Participant>(PARTICIPANT)
        .table::<SettlementDay>(SETTLEMENT_DAY)
        .table::<OpenDay>(OPEN_DAY)
        .table::<SettlementPosition>(SETTLEMENT_POSITION)
        .table::<Settled>(SETTLED)
        .table::<Acquirers>(ACQUIRERS)
        .table::<Switched>(SWITCHED)
}

const PARTICIPANT: Mapping = Mapping {
    key: &["code"],
    columns: &[("code", Kind::Text), ("signed_on", Kind::Boolean), ("since", Kind::Integer)],
};

const SETTLEMENT_DAY: Mapping = Mapping {
    key: &["date"],
    columns: &[
        ("date", Kind::Integer),
        ("state", Kind::Json),
        ("in_flight", Kind::Integer),
        ("cut_at", Kind::Integer),
    ],
};

const OPEN_DAY: Mapping =
    Mapping { key: &["name"], columns: &[("name", Kind::Text), ("date", Kind::Integer)] };

const SETTLEMENT_POSITION: Mapping = Mapping {
    key: &["date", "currency", "institution"],
    columns: &[
        ("date", Kind::Integer),
        ("currency", Kind::Integer),
        ("institution", Kind::Text),
        ("debit_count", Kind::Integer),
        ("debit", Kind::Integer),
        ("credit_count", Kind::Integer),
        ("credit", Kind::Integer),
    ],
};

const SETTLED: Mapping = Mapping {
    key: &["date", "message", "leg"],
    columns: &[
        ("date", Kind::Integer),
        ("message", Kind::Text),
        ("leg", Kind::Json),
        ("debtor", Kind::Text),
        ("creditor", Kind::Text),
        ("currency", Kind::Integer),
        ("amount", Kind::Integer),
        ("reference", Kind::Text),
    ],
};

const ACQUIRERS: Mapping =
    Mapping { key: &["date"], columns: &[("date", Kind::Integer), ("codes", Kind::Json)] };

const SWITCHED: Mapping = Mapping {
    key: &["message"],
    columns: &[
        ("message", Kind::Text),
        ("state", Kind::Json),
        ("counted", Kind::Boolean),
        ("advice", Kind::Boolean),
        ("direction", Kind::Json),
        ("amount", Kind::Integer),
        ("currency", Kind::Integer),
        ("acquirer", Kind::Text),
        ("issuer", Kind::Text),
        ("reference", Kind::Text),
        ("original", Kind::Text),
        ("given_back", Kind::Integer),
        ("date", Kind::Integer),
        ("answer", Kind::Json),
        ("essence", Kind::Blob),
        ("at", Kind::Integer),
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
