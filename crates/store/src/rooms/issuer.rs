//! The tables of an issuing bank; its books are those of `ledger`.

use crate::schema::{Kind, Mapping, Migration, Schema};
use ::sandbox::issuer::authorise::Authorisation;
use ::sandbox::issuer::card::{BankCard, CardTokens, CardUse, TokenLink};
use ::sandbox::issuer::dispute::CardDispute;
use ::sandbox::issuer::enrolment::{Attempts, CardEnrolment};
use ::sandbox::issuer::password::{CodeChallenge, CodeSends};
use ::sandbox::issuer::replace::CardReplacement;
use ::sandbox::issuer::rules::RiskRule;
use ::sandbox::issuer::standing::TokenStanding;

const MIGRATIONS: &[Migration] = &[
    (1, include_str!("../../migrations/issuer/0001.sql")),
    (2, include_str!("../../migrations/issuer/0002.sql")),
    (3, include_str!("../../migrations/issuer/0003.sql")),
];

/// Adds the tables.
pub fn tables(schema: Schema) -> Schema {
    schema
        .migrations("issuer", MIGRATIONS)
        .table::<Authorisation>(AUTHORISATION)
        .table::<BankCard>(BANK_CARD)
        .table::<CardDispute>(CARD_DISPUTE)
        .table::<CardReplacement>(CARD_REPLACEMENT)
        .table::<CardUse>(CARD_USE)
        .table::<TokenLink>(TOKEN_LINK)
        .table::<TokenStanding>(TOKEN_STANDING)
        .table::<CardTokens>(CARD_TOKENS)
        .table::<CardEnrolment>(CARD_ENROLMENT)
        .table::<Attempts>(ATTEMPTS)
        .table::<CodeChallenge>(CODE_CHALLENGE)
        .table::<CodeSends>(CODE_SENDS)
        .table::<RiskRule>(RISK_RULE)
}

const AUTHORISATION: Mapping = Mapping {
    key: &["key"],
    columns: &[
        ("key", Kind::Text),
        ("kind", Kind::Json),
        ("state", Kind::Json),
        ("card", Kind::Text),
        ("token", Kind::Integer),
        ("amount", Kind::Integer),
        ("currency", Kind::Integer),
        ("posted", Kind::Integer),
        ("given_back", Kind::Integer),
        ("original", Kind::Text),
        ("reason", Kind::Json),
        ("reference", Kind::Text),
        ("stan", Kind::Integer),
        ("merchant", Kind::Text),
        ("at", Kind::Integer),
        ("settled_on", Kind::Integer),
        ("reversed_on", Kind::Integer),
    ],
};

const CARD_DISPUTE: Mapping = Mapping {
    key: &["payment"],
    columns: &[
        ("payment", Kind::Text),
        ("card", Kind::Text),
        ("token", Kind::Integer),
        ("claim", Kind::Json),
        ("amount", Kind::Integer),
        ("currency", Kind::Integer),
        ("state", Kind::Json),
        ("credited", Kind::Integer),
        ("raised_at", Kind::Integer),
        ("due_at", Kind::Integer),
        ("ended_at", Kind::Integer),
    ],
};

const BANK_CARD: Mapping = Mapping {
    key: &["key"],
    columns: &[
        ("key", Kind::Text),
        ("account", Kind::Text),
        ("sequence", Kind::Integer),
        ("last_four", Kind::Integer),
        ("prefix", Kind::Integer),
        ("expiry", Kind::Json),
        ("product", Kind::Json),
        ("state", Kind::Json),
        ("behaviour", Kind::Json),
        ("phone", Kind::Text),
        ("language", Kind::Json),
        ("limit_single", Kind::Integer),
        ("limit_daily", Kind::Integer),
        ("limit_count", Kind::Integer),
    ],
};

const CARD_REPLACEMENT: Mapping = Mapping {
    key: &["old"],
    columns: &[
        ("old", Kind::Text),
        ("new", Kind::Text),
        ("last_four", Kind::Integer),
        ("expiry", Kind::Json),
        ("sequence", Kind::Integer),
        ("number", Kind::Text),
        ("at", Kind::Integer),
    ],
};

const CARD_USE: Mapping = Mapping {
    key: &["card"],
    columns: &[
        ("card", Kind::Text),
        ("day", Kind::Integer),
        ("spent", Kind::Integer),
        ("count", Kind::Integer),
    ],
};

const TOKEN_LINK: Mapping = Mapping {
    key: &["token"],
    columns: &[
        ("token", Kind::Integer),
        ("card", Kind::Text),
        ("expiry", Kind::Json),
        ("stopped", Kind::Boolean),
    ],
};

const TOKEN_STANDING: Mapping = Mapping {
    key: &["token"],
    columns: &[
        ("token", Kind::Integer),
        ("card", Kind::Text),
        ("account_reference", Kind::Text),
        ("condition", Kind::Json),
        ("changed_by", Kind::Text),
        ("version", Kind::Integer),
        ("at", Kind::Integer),
    ],
};

const CARD_TOKENS: Mapping =
    Mapping { key: &["card"], columns: &[("card", Kind::Text), ("tokens", Kind::Json)] };

const CARD_ENROLMENT: Mapping = Mapping {
    key: &["reference"],
    columns: &[
        ("reference", Kind::Text),
        ("card", Kind::Text),
        ("device", Kind::Text),
        ("outcome", Kind::Json),
        ("reason", Kind::Text),
        ("condition", Kind::Json),
        ("state", Kind::Json),
        ("token", Kind::Integer),
        ("requestor", Kind::Text),
        ("account_reference", Kind::Text),
        ("at", Kind::Integer),
    ],
};

const ATTEMPTS: Mapping = Mapping {
    key: &["subject"],
    columns: &[
        ("subject", Kind::Text),
        ("recent", Kind::Json),
        ("added", Kind::Json),
        ("cooling_until", Kind::Integer),
    ],
};

const CODE_CHALLENGE: Mapping = Mapping {
    key: &["reference"],
    columns: &[
        ("reference", Kind::Text),
        ("code", Kind::Text),
        ("tries_left", Kind::Integer),
        ("expires_at", Kind::Integer),
        ("asked_by", Kind::Text),
        ("checked_by", Kind::Json),
    ],
};

const CODE_SENDS: Mapping =
    Mapping { key: &["card"], columns: &[("card", Kind::Text), ("sent", Kind::Json)] };

const RISK_RULE: Mapping = Mapping {
    key: &["condition"],
    columns: &[
        ("condition", Kind::Json),
        ("enabled", Kind::Boolean),
        ("threshold", Kind::Integer),
        ("outcome", Kind::Json),
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
