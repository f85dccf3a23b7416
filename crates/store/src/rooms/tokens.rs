//! The tables of the token service.

use crate::schema::{Kind, Mapping, Migration, Schema};
use ::tokens::records::{
    CodeDay, Controls, Customer, Detokenisation, Device, Enrolment, Forestalled, KeyBatch, OperatorDay,
    PanRecord, Passage, PhoneConfirmation, Programme, RetiredNumber, Token, TokenState, VaultEntry,
};

const MIGRATIONS: &[Migration] = &[
    (1, include_str!("../../migrations/tokens/0001.sql")),
    (2, include_str!("../../migrations/tokens/0002.sql")),
    (3, include_str!("../../migrations/tokens/0003.sql")),
    (4, include_str!("../../migrations/tokens/0004.sql")),
    (5, include_str!("../../migrations/tokens/0005.sql")),
];

/// `reference` of every token of the customer $1, deleted ones included, oldest first, at most $2.
pub const TOKENS_OF_CUSTOMER: &str =
    "SELECT reference FROM tokens WHERE customer = $1 ORDER BY reference LIMIT $2";

/// Adds the tables.
pub fn tables(schema: Schema) -> Schema {
    schema
        .migrations("tokens", MIGRATIONS)
        .table::<CodeDay>(CODE_DAY)
        .table::<Controls>(CONTROLS)
        .table::<Customer>(CUSTOMER)
        .table::<Detokenisation>(DETOKENISATION)
        .table::<OperatorDay>(OPERATOR_DAY)
        .table::<Device>(DEVICE)
        .table::<Enrolment>(ENROLMENT)
        .table::<KeyBatch>(KEY_BATCH)
        .table::<RetiredNumber>(RETIRED_NUMBER)
        .table::<PanRecord>(PAN_RECORD)
        .table::<Passage>(PASSAGE)
        .table::<Forestalled>(FORESTALLED)
        .table::<PhoneConfirmation>(PHONE_CONFIRMATION)
        .table::<Programme>(PROGRAMME)
        .table::<TokenState>(TOKEN_STATE)
        .table::<Token>(TOKEN)
        .table::<VaultEntry>(VAULT_ENTRY)
}

const CODE_DAY: Mapping = Mapping {
    key: &["number"],
    columns: &[("number", Kind::Integer), ("day", Kind::Integer), ("spent_minor", Kind::Integer)],
};

const CONTROLS: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Integer),
        ("name", Kind::Text),
        ("modes", Kind::Json),
        ("categories_allowed", Kind::Json),
        ("categories_denied", Kind::Json),
        ("currency", Kind::Integer),
        ("country", Kind::Integer),
        ("payment_max", Kind::Integer),
        ("unverified_max", Kind::Integer),
        ("transit_max", Kind::Integer),
        ("code_payment_max", Kind::Integer),
        ("code_daily_max", Kind::Integer),
        ("daily_max", Kind::Integer),
        ("daily_count_max", Kind::Integer),
    ],
};

const CUSTOMER: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Text),
        ("phone", Kind::Text),
        ("devices", Kind::Json),
        ("tokens", Kind::Json),
        ("pending", Kind::Json),
        ("default_token", Kind::Text),
        ("recovery", Kind::Text),
        ("recovery_tries", Kind::Json),
        ("created", Kind::Integer),
    ],
};

const DETOKENISATION: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Text),
        ("number", Kind::Integer),
        ("purpose", Kind::Json),
        ("requested_by", Kind::Text),
        ("approved_by", Kind::Text),
        ("at", Kind::Integer),
    ],
};

const OPERATOR_DAY: Mapping =
    Mapping { key: &["operator"], columns: &[("operator", Kind::Text), ("opened", Kind::Json)] };

const DEVICE: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Text),
        ("customer", Kind::Text),
        ("name", Kind::Text),
        ("keys", Kind::Json),
        ("state", Kind::Json),
        ("tokens", Kind::Json),
        ("pending", Kind::Json),
        ("attempts", Kind::Json),
        ("created", Kind::Integer),
    ],
};

const ENROLMENT: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Text),
        ("customer", Kind::Text),
        ("device", Kind::Text),
        ("pan", Kind::Text),
        ("last_four", Kind::Integer),
        ("programme", Kind::Integer),
        ("state", Kind::Json),
        ("methods", Kind::Json),
        ("chosen", Kind::Text),
        ("reason", Kind::Json),
        ("token", Kind::Text),
        ("created", Kind::Integer),
        ("expires", Kind::Integer),
    ],
};

const KEY_BATCH: Mapping = Mapping {
    key: &["number", "first"],
    columns: &[
        ("number", Kind::Integer),
        ("first", Kind::Integer),
        ("last", Kind::Integer),
        ("device", Kind::Text),
        ("issued", Kind::Integer),
    ],
};

const RETIRED_NUMBER: Mapping =
    Mapping { key: &["number"], columns: &[("number", Kind::Integer), ("retired", Kind::Integer)] };

const PAN_RECORD: Mapping = Mapping {
    key: &["digest"],
    columns: &[
        ("digest", Kind::Text),
        ("par", Kind::Text),
        ("attempts", Kind::Json),
        ("holdings", Kind::Json),
    ],
};

const PASSAGE: Mapping = Mapping {
    key: &["message"],
    columns: &[
        ("message", Kind::Text),
        ("number", Kind::Integer),
        ("kind", Kind::Json),
        ("counter", Kind::Integer),
        ("cryptogram", Kind::Text),
        ("amount", Kind::Json),
        ("category", Kind::Integer),
        ("mode", Kind::Json),
        ("verified", Kind::Boolean),
        ("refusal", Kind::Json),
        ("purpose", Kind::Json),
        ("original", Kind::Text),
        ("outcome", Kind::Json),
        ("followed_minor", Kind::Integer),
        ("counted", Kind::Integer),
        ("at", Kind::Integer),
    ],
};

const FORESTALLED: Mapping =
    Mapping { key: &["message"], columns: &[("message", Kind::Text), ("at", Kind::Integer)] };

const PHONE_CONFIRMATION: Mapping = Mapping {
    key: &["phone"],
    columns: &[
        ("phone", Kind::Text),
        ("customer", Kind::Text),
        ("code", Kind::Json),
        ("sends", Kind::Json),
        ("sent_today", Kind::Json),
    ],
};

const PROGRAMME: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Integer),
        ("name", Kind::Text),
        ("issuer", Kind::Text),
        ("token_prefix", Kind::Integer),
        ("requestor", Kind::Text),
        ("par_controller", Kind::Text),
        ("aid", Kind::Text),
        ("algorithm", Kind::Integer),
        ("dki", Kind::Integer),
        ("controls", Kind::Integer),
        ("zone", Kind::Json),
        ("validity_months", Kind::Integer),
        ("art", Kind::Text),
    ],
};

const TOKEN_STATE: Mapping = Mapping {
    key: &["number"],
    columns: &[
        ("number", Kind::Integer),
        ("seen", Kind::Integer),
        ("spent_minor", Kind::Integer),
        ("highest", Kind::Integer),
        ("issued_through", Kind::Integer),
        ("revoked_through", Kind::Integer),
        ("recent", Kind::Json),
        ("day", Kind::Integer),
        ("programme", Kind::Integer),
        ("controls", Kind::Integer),
        ("expiry", Kind::Json),
        ("standing", Kind::Json),
        ("psn", Kind::Integer),
        ("spent_count", Kind::Integer),
    ],
};

const TOKEN: Mapping = Mapping {
    key: &["reference"],
    columns: &[
        ("reference", Kind::Text),
        ("number", Kind::Integer),
        ("expiry", Kind::Json),
        ("psn", Kind::Integer),
        ("par", Kind::Text),
        ("requestor", Kind::Text),
        ("issuer", Kind::Text),
        ("programme", Kind::Integer),
        ("controls", Kind::Integer),
        ("customer", Kind::Text),
        ("device", Kind::Text),
        ("enrolment", Kind::Text),
        ("pan", Kind::Text),
        ("last_four", Kind::Integer),
        ("card_expiry", Kind::Json),
        ("assurance", Kind::Json),
        ("standing", Kind::Json),
        ("nickname", Kind::Text),
        ("art", Kind::Text),
        ("version", Kind::Integer),
        ("created", Kind::Integer),
        ("changed", Kind::Integer),
    ],
};

const VAULT_ENTRY: Mapping = Mapping {
    key: &["number"],
    columns: &[("number", Kind::Integer), ("reference", Kind::Text), ("envelope", Kind::Text)],
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
