//! The tables of the developers' interface.

use crate::schema::{Kind, Mapping, Migration, Schema};
use ::developers::export::{ExportCount, ExportPiece};
use ::developers::{
    Answer, ApiKey, Delivery, Endpoint, Event, Export, Metadata, MetadataMember, Reading, Subject,
};

pub mod lists;

const MIGRATIONS: &[Migration] = &[
    (1, include_str!("../../migrations/developers/0001.sql")),
    (2, include_str!("../../migrations/developers/0002.sql")),
    (3, include_str!("../../migrations/developers/0003.sql")),
    (4, include_str!("../../migrations/developers/0004.sql")),
    (5, include_str!("../../migrations/developers/0005.sql")),
    (6, include_str!("../../migrations/developers/0006.sql")),
];

/// The questions that the interface asks its tables and those of the rooms it shows. Each names its parameters,
/// which stand in the text in the order of their numbers, as drivers count them.
pub mod questions {
    /// In the acquirer's tables: `reference` of the payment of any merchant with the name $1.
    pub const PAYMENT: &str =
        "SELECT reference FROM payments WHERE merchant IN (SELECT id FROM merchants) AND id = $1";
    /// The same, of the merchant $2.
    pub const PAYMENT_OF: &str = "SELECT reference FROM payments WHERE id = $1 AND merchant = $2";
    /// In the interface's own tables: `number` of the event with the name $1.
    pub const EVENT: &str = "SELECT number FROM events WHERE id = $1";
    /// `number` of all events after $1, oldest first, at most $2.
    pub const EVENTS_AFTER: &str = "SELECT number FROM events WHERE number > $1 ORDER BY number LIMIT $2";
    /// `number` of the events after $1 of the tenant $2, oldest first, at most $3.
    pub const EVENTS_OF_AFTER: &str =
        "SELECT number FROM events WHERE number > $1 AND tenant = $2 ORDER BY number LIMIT $3";
    /// In any tables: `object` of the things on which the word $1 says $2.
    pub const WITH_WORD: &str = "SELECT object FROM metadata_members WHERE name = $1 AND value = $2";
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
    /// In any tables: `topic`, how many messages wait, and when the first of them is due.
    pub const OUTBOX: &str = "SELECT topic, count(*), min(due) FROM outbox GROUP BY topic ORDER BY topic";
    /// How many deliveries of webhooks are parked.
    pub const PARKED: &str = "SELECT count(*) FROM webhook_deliveries WHERE state = 'parked'";
    /// `endpoint/event` of the first delivery that waits and that no message brings.
    pub const DELIVERIES_WITHOUT_MESSAGE: &str = "SELECT endpoint || '/' || event FROM webhook_deliveries WHERE \
        state = 'pending' AND endpoint IN (SELECT id FROM webhook_endpoints) AND NOT EXISTS (SELECT 1 FROM outbox WHERE topic = 'webhooks' AND \
        outbox.key = webhook_deliveries.endpoint || '/' || substr('00000000000000000000' || webhook_deliveries.event, -20)) LIMIT 1";
    /// `key` of the first message of webhooks that brings nothing that waits. An endpoint that is gone has messages left.
    pub const MESSAGES_WITHOUT_DELIVERY: &str = "SELECT key FROM outbox WHERE topic = 'webhooks' AND \
        substr(key, 1, 30) IN (SELECT id FROM webhook_endpoints) AND NOT EXISTS (SELECT 1 FROM webhook_deliveries \
        WHERE endpoint = substr(key, 1, 30) AND event = CAST(substr(key, 32) AS INTEGER)) LIMIT 1";
    /// `id` of the exports of the tenant $1, oldest first.
    pub const EXPORTS_OF: &str = "SELECT id FROM exports WHERE tenant = $1 ORDER BY id";
    /// In any tables: `sequence` of the last fact.
    pub const LAST_FACT: &str = "SELECT sequence FROM log.facts ORDER BY sequence DESC LIMIT 1";
}
const ANSWER_MIGRATIONS: &[Migration] = &[
    (1, include_str!("../../migrations/answers/0001.sql")),
    (2, include_str!("../../migrations/answers/0002.sql")),
    (3, include_str!("../../migrations/answers/0003.sql")),
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
        .table::<Delivery>(DELIVERY)
        .table::<Export>(EXPORT)
        .table::<ExportPiece>(EXPORT_PIECE)
        .table::<ExportCount>(EXPORT_COUNT);
    answers(schema)
}

/// Adds the tables of remembered answers and of metadata to a database whose records requests change: all in one commit.
pub fn answers(schema: Schema) -> Schema {
    schema
        .migrations("answers", ANSWER_MIGRATIONS)
        .table::<Answer>(ANSWER)
        .table::<Metadata>(METADATA)
        .table::<MetadataMember>(METADATA_MEMBER)
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

const METADATA: Mapping =
    Mapping { key: &["object"], columns: &[("object", Kind::Text), ("members", Kind::Json)] };

const METADATA_MEMBER: Mapping = Mapping {
    key: &["object", "name"],
    columns: &[("object", Kind::Text), ("name", Kind::Text), ("value", Kind::Text)],
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
        ("snapshot", Kind::Text),
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
        ("asymmetric", Kind::Boolean),
        ("turn", Kind::Integer),
        ("full", Kind::Boolean),
        ("enabled", Kind::Boolean),
        ("created_at", Kind::Integer),
        ("set_up_after", Kind::Json),
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

const EXPORT: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Text),
        ("tenant", Kind::Text),
        ("what", Kind::Json),
        ("format", Kind::Json),
        ("merchant", Kind::Text),
        ("since", Kind::Integer),
        ("before", Kind::Integer),
        ("state", Kind::Json),
        ("last_row", Kind::Text),
        ("row_count", Kind::Integer),
        ("total", Kind::Integer),
        ("pieces", Kind::Integer),
        ("bytes", Kind::Integer),
        ("failure", Kind::Text),
        ("created_at", Kind::Integer),
        ("ended_at", Kind::Integer),
        ("expires_at", Kind::Integer),
    ],
};

const EXPORT_PIECE: Mapping = Mapping {
    key: &["export", "number"],
    columns: &[("export", Kind::Text), ("number", Kind::Integer), ("text", Kind::Blob)],
};

const EXPORT_COUNT: Mapping =
    Mapping { key: &["tenant"], columns: &[("tenant", Kind::Text), ("under_way", Kind::Integer)] };

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
