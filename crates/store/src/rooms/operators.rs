//! The tables of those who run the platform.

use crate::schema::{Kind, Mapping, Migration, Schema};
use ::operators::operator::OperatorCount;
use ::operators::{AuditEntry, AuditHead, Operator, OperatorPasskey, Proposal, Tries};

const MIGRATIONS: &[Migration] = &[
    (1, include_str!("../../migrations/operators/0001.sql")),
    (2, include_str!("../../migrations/operators/0002.sql")),
];

/// The questions that the console asks these tables.
pub mod questions {
    /// `id` of the proposals before the name $1, newest first, at most $2.
    pub const PROPOSALS_BEFORE: &str = "SELECT id FROM proposals WHERE id < $1 ORDER BY id DESC LIMIT $2";
    /// The lines of the log before the number $1 in whose text $2 occurs, newest first, at most $3: `number`, `at`, `name`,
    /// `act`, `subject`, `result`, `place`, `request`, `proposal`. The text is lower case, between two `%`.
    pub const AUDIT_BEFORE: &str = "SELECT number, at, name, act, subject, result, place, request, proposal \
         FROM audit_entries WHERE number < $1 AND lower(coalesce(who, '') || ' ' || name || ' ' || act || ' ' || subject \
         || ' ' || result || ' ' || request || ' ' || coalesce(proposal, '')) LIKE $2 ESCAPE '\\' \
         ORDER BY number DESC LIMIT $3";
    /// The lines about the subject $1, newest first, at most $2: `number`, `at`, `name`, `act`, `subject`, `result`.
    pub const AUDIT_OF_SUBJECT: &str = "SELECT number, at, name, act, subject, result FROM audit_entries \
         WHERE subject = $1 ORDER BY number DESC LIMIT $2";
}

/// Adds the tables.
pub fn tables(schema: Schema) -> Schema {
    schema
        .migrations("operators", MIGRATIONS)
        .table::<Operator>(OPERATOR)
        .table::<OperatorPasskey>(PASSKEY)
        .table::<OperatorCount>(COUNT)
        .table::<Tries>(TRIES)
        .table::<Proposal>(PROPOSAL)
        .table::<AuditEntry>(AUDIT_ENTRY)
        .table::<AuditHead>(AUDIT_HEAD)
}

const OPERATOR: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Text),
        ("name", Kind::Text),
        ("role", Kind::Json),
        ("state", Kind::Json),
        ("sandbox", Kind::Boolean),
        ("created", Kind::Integer),
        ("invitation", Kind::Json),
        ("passkeys", Kind::Json),
    ],
};

const PASSKEY: Mapping = Mapping {
    key: &["credential"],
    columns: &[
        ("credential", Kind::Text),
        ("operator", Kind::Text),
        ("public", Kind::Text),
        ("counter", Kind::Integer),
        ("added", Kind::Integer),
    ],
};

const COUNT: Mapping = Mapping { key: &[], columns: &[("active", Kind::Integer)] };

const TRIES: Mapping = Mapping {
    key: &["subject"],
    columns: &[("subject", Kind::Text), ("wrong", Kind::Integer), ("locked_until", Kind::Integer)],
};

const PROPOSAL: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Text),
        ("act", Kind::Json),
        ("subject", Kind::Text),
        ("changes", Kind::Json),
        ("reason", Kind::Text),
        ("asker", Kind::Text),
        ("asked_at", Kind::Integer),
        ("expires_at", Kind::Integer),
        ("state", Kind::Json),
        ("decider", Kind::Text),
        ("decided_at", Kind::Integer),
        ("result", Kind::Text),
        ("asker_secret", Kind::Text),
        ("approver_secret", Kind::Text),
    ],
};

const AUDIT_ENTRY: Mapping = Mapping {
    key: &["number"],
    columns: &[
        ("number", Kind::Integer),
        ("at", Kind::Integer),
        ("who", Kind::Text),
        ("name", Kind::Text),
        ("act", Kind::Text),
        ("subject", Kind::Text),
        ("result", Kind::Text),
        ("place", Kind::Text),
        ("request", Kind::Text),
        ("proposal", Kind::Text),
        ("chain", Kind::Text),
    ],
};

const AUDIT_HEAD: Mapping =
    Mapping { key: &[], columns: &[("number", Kind::Integer), ("chain", Kind::Text)] };

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
