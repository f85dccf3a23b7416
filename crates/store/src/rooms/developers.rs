//! The tables of the developers' interface.

use crate::schema::{Kind, Mapping, Migration, Schema};
use ::developers::{Answer, ApiKey, Delivery, Endpoint, Event, Reading, Subject};

const MIGRATIONS: &[Migration] = &[
    (1, include_str!("../../migrations/developers/0001.sql")),
    (2, include_str!("../../migrations/developers/0002.sql")),
    (3, include_str!("../../migrations/developers/0003.sql")),
];

/// The questions that the interface asks its tables and those of the rooms it shows. Each names its parameters,
/// which stand in the text in the order of their numbers, as drivers count them.
pub mod questions {
    /// In the acquirer's tables: `reference` of the payment of any merchant with the name $1.
    pub const PAYMENT: &str =
        "SELECT reference FROM payments WHERE merchant IN (SELECT id FROM merchants) AND id = $1";
    /// The same, of the merchant $2.
    pub const PAYMENT_OF: &str = "SELECT reference FROM payments WHERE id = $1 AND merchant = $2";
    /// `reference` and `id` of the payments ($3 = 0) or refunds ($3 = 1) of the merchant $1 before the name $2, newest
    /// first, at most $4. Among the payments are those that no terminal has taken; they have no reference.
    pub const PAYMENTS_BEFORE: &str = "SELECT reference, id FROM payments WHERE merchant = $1 AND id < $2 \
                                       AND (kind = 'refund') = $3 \
                                       UNION ALL SELECT reference, id FROM intents WHERE reference IS NULL \
                                       AND merchant = $1 AND id < $2 AND 0 = $3 ORDER BY id DESC LIMIT $4";
    /// The same after the name $2, oldest first.
    pub const PAYMENTS_AFTER: &str = "SELECT reference, id FROM payments WHERE merchant = $1 AND id > $2 \
                                      AND (kind = 'refund') = $3 \
                                      UNION ALL SELECT reference, id FROM intents WHERE reference IS NULL \
                                      AND merchant = $1 AND id > $2 AND 0 = $3 ORDER BY id LIMIT $4";
    /// In the token service's tables: `reference` of the tokens of the issuer $1 before the name $2, newest first, at
    /// most $3.
    pub const TOKENS_BEFORE: &str =
        "SELECT reference FROM tokens WHERE issuer = $1 AND reference < $2 ORDER BY reference DESC LIMIT $3";
    /// The same after the name $2, oldest first.
    pub const TOKENS_AFTER: &str =
        "SELECT reference FROM tokens WHERE issuer = $1 AND reference > $2 ORDER BY reference LIMIT $3";
    /// In the interface's own tables: `number` of the event with the name $1.
    pub const EVENT: &str = "SELECT number FROM events WHERE id = $1";
    /// `number` of all events before $1, newest first, at most $2.
    pub const EVENTS_BEFORE: &str =
        "SELECT number FROM events WHERE number < $1 ORDER BY number DESC LIMIT $2";
    /// `number` of all events after $1, oldest first, at most $2.
    pub const EVENTS_AFTER: &str = "SELECT number FROM events WHERE number > $1 ORDER BY number LIMIT $2";
    /// `number` of the events before $1 of the tenant $2, newest first, at most $3.
    pub const EVENTS_OF_BEFORE: &str =
        "SELECT number FROM events WHERE number < $1 AND tenant = $2 ORDER BY number DESC LIMIT $3";
    /// `number` of the events after $1 of the tenant $2, oldest first, at most $3.
    pub const EVENTS_OF_AFTER: &str =
        "SELECT number FROM events WHERE number > $1 AND tenant = $2 ORDER BY number LIMIT $3";
    /// `number` of all events from the moment $1 on and before the moment $2, oldest first, at most $3.
    pub const EVENTS_WITHIN: &str =
        "SELECT number FROM events WHERE at >= $1 AND at < $2 ORDER BY number LIMIT $3";
    /// The same of the tenant $3, at most $4.
    pub const EVENTS_OF_WITHIN: &str =
        "SELECT number FROM events WHERE at >= $1 AND at < $2 AND tenant = $3 ORDER BY number LIMIT $4";
    /// Where answers are remembered: `name` of those from before the moment $1, at most $2.
    pub const ANSWERS_BEFORE: &str = "SELECT name FROM answers WHERE at < $1 ORDER BY at LIMIT $2";
    /// In any tables: `sequence`, `at` and `body` of the facts after $1, at most $2.
    pub const FACTS_AFTER: &str =
        "SELECT sequence, at, body FROM log.facts WHERE sequence > $1 ORDER BY sequence LIMIT $2";
}
const ANSWER_MIGRATIONS: &[Migration] = &[
    (1, include_str!("../../migrations/answers/0001.sql")),
    (2, include_str!("../../migrations/answers/0002.sql")),
];

/// Adds the tables of the interface's own database.
pub fn tables(schema: Schema) -> Schema {
    let schema = schema
        .migrations("developers", MIGRATIONS)
        .table::<ApiKey>(API_KEY)
        .table::<Event>(EVENT)
        .table::<Subject>(SUBJECT)
        .table::<Reading>(READING)
        .table::<Endpoint>(ENDPOINT)
        .table::<Delivery>(DELIVERY);
    answers(schema)
}

/// Adds the table of remembered answers to a database whose records requests change: both in one commit.
pub fn answers(schema: Schema) -> Schema {
    schema.migrations("answers", ANSWER_MIGRATIONS).table::<Answer>(ANSWER)
}

const API_KEY: Mapping = Mapping {
    key: &["digest"],
    columns: &[
        ("digest", Kind::Text),
        ("id", Kind::Text),
        ("tenant", Kind::Text),
        ("scopes", Kind::Json),
        ("version", Kind::Text),
        ("name", Kind::Text),
        ("ends_with", Kind::Text),
        ("created_at", Kind::Integer),
        ("revoked_at", Kind::Integer),
    ],
};

const ANSWER: Mapping = Mapping {
    key: &["name"],
    columns: &[
        ("name", Kind::Text),
        ("tenant", Kind::Text),
        ("operation", Kind::Text),
        ("parts", Kind::Json),
        ("at", Kind::Integer),
        ("run", Kind::Integer),
        ("plan", Kind::Text),
        ("status", Kind::Integer),
        ("body", Kind::Text),
    ],
};

const EVENT: Mapping = Mapping {
    key: &["number"],
    columns: &[
        ("number", Kind::Integer),
        ("id", Kind::Text),
        ("kind", Kind::Text),
        ("tenant", Kind::Text),
        ("subject", Kind::Text),
        ("sequence", Kind::Integer),
        ("at", Kind::Integer),
    ],
};

const SUBJECT: Mapping = Mapping {
    key: &["name"],
    columns: &[("name", Kind::Text), ("sequence", Kind::Integer), ("state", Kind::Text)],
};

const READING: Mapping = Mapping {
    key: &["source"],
    columns: &[("source", Kind::Text), ("fact", Kind::Integer), ("last_event", Kind::Integer)],
};

const ENDPOINT: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Text),
        ("tenant", Kind::Text),
        ("url", Kind::Text),
        ("kinds", Kind::Json),
        ("sealed", Kind::Blob),
        ("previous", Kind::Blob),
        ("previous_until", Kind::Integer),
        ("enabled", Kind::Boolean),
        ("created_at", Kind::Integer),
    ],
};

const DELIVERY: Mapping = Mapping {
    key: &["endpoint", "event"],
    columns: &[
        ("endpoint", Kind::Text),
        ("event", Kind::Integer),
        ("state", Kind::Json),
        ("attempts", Kind::Integer),
        ("last_status", Kind::Integer),
        ("begun_at", Kind::Integer),
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
