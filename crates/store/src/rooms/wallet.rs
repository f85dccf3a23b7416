//! The tables of a phone.

use crate::schema::{Kind, Mapping, Migration, Schema};
use ::wallet::card::Card;
use ::wallet::history::{InboxMessage, TapRecord};
use ::wallet::keys::{Counter, KeySlot};
use ::wallet::passkey::Passkey;
use ::wallet::phone::Phone;

const MIGRATIONS: &[Migration] = &[
    (1, include_str!("../../migrations/wallet/0001.sql")),
    (2, include_str!("../../migrations/wallet/0002.sql")),
    (3, include_str!("../../migrations/wallet/0003.sql")),
    (4, include_str!("../../migrations/wallet/0004.sql")),
    (5, include_str!("../../migrations/wallet/0005.sql")),
];

/// Adds the tables.
pub fn tables(schema: Schema) -> Schema {
    schema
        .migrations("wallet", MIGRATIONS)
        .table::<Card>(CARD)
        .table::<TapRecord>(TAP_RECORD)
        .table::<InboxMessage>(INBOX_MESSAGE)
        .table::<KeySlot>(KEY_SLOT)
        .table::<Counter>(COUNTER)
        .table::<Phone>(PHONE)
        .table::<Passkey>(PASSKEY)
}

const CARD: Mapping = Mapping {
    key: &["token"],
    columns: &[
        ("token", Kind::Text),
        ("number", Kind::Integer),
        ("expiry", Kind::Json),
        ("sequence", Kind::Integer),
        ("aid", Kind::Text),
        ("label", Kind::Text),
        ("last_four", Kind::Integer),
        ("card_expiry", Kind::Json),
        ("issuer", Kind::Text),
        ("art", Kind::Text),
        ("nickname", Kind::Text),
        ("state", Kind::Json),
        ("state_version", Kind::Integer),
        ("suspended_here", Kind::Boolean),
        ("algorithm", Kind::Json),
        ("key_index", Kind::Integer),
        ("profile", Kind::Json),
        ("currency", Kind::Integer),
        ("country", Kind::Integer),
        ("service_code", Kind::Integer),
        ("requestor", Kind::Text),
        ("par", Kind::Text),
        ("limit_per_tap", Kind::Integer),
        ("limit_cumulative", Kind::Integer),
        ("certificates", Kind::Json),
    ],
};

const TAP_RECORD: Mapping = Mapping {
    key: &["token", "atc"],
    columns: &[
        ("token", Kind::Text),
        ("atc", Kind::Integer),
        ("amount_minor", Kind::Integer),
        ("currency", Kind::Integer),
        ("merchant", Kind::Text),
        ("at", Kind::Integer),
        ("outcome", Kind::Json),
        ("paid_by", Kind::Json),
        ("reference", Kind::Text),
        ("original", Kind::Text),
    ],
};

const INBOX_MESSAGE: Mapping = Mapping {
    key: &["id"],
    columns: &[("id", Kind::Text), ("sender", Kind::Text), ("text", Kind::Text), ("at", Kind::Integer)],
};

const KEY_SLOT: Mapping = Mapping {
    key: &["token", "atc"],
    columns: &[
        ("token", Kind::Text),
        ("atc", Kind::Integer),
        ("device_part", Kind::Text),
        ("user_part", Kind::Text),
        ("good_until", Kind::Integer),
    ],
};

const COUNTER: Mapping = Mapping {
    key: &["token"],
    columns: &[
        ("token", Kind::Text),
        ("atc", Kind::Integer),
        ("issued_through", Kind::Integer),
        ("keys_left", Kind::Integer),
        ("last_online", Kind::Integer),
        ("spent_minor", Kind::Integer),
    ],
};

const PHONE: Mapping = Mapping {
    key: &[],
    columns: &[
        ("device", Kind::Text),
        ("customer", Kind::Text),
        ("number", Kind::Text),
        ("server", Kind::Json),
        ("lock", Kind::Json),
        ("tries", Kind::Integer),
        ("wait_until", Kind::Integer),
        ("tickets", Kind::Integer),
        ("ticket_spent", Kind::Integer),
        ("cards", Kind::Json),
        ("default_card", Kind::Text),
    ],
};

const PASSKEY: Mapping = Mapping {
    key: &[],
    columns: &[
        ("credential", Kind::Text),
        ("public", Kind::Text),
        ("counter", Kind::Integer),
        ("salt", Kind::Text),
        ("lock", Kind::Text),
        ("added", Kind::Integer),
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
