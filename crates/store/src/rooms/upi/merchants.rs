//! What a provider keeps for merchants of the platform.

use crate::schema::{Kind, Mapping, Migration, Schema};
use ::psp::merchants::{AccountOwner, MerchantAccount, MerchantCode, MerchantPayment};

const MIGRATIONS: &[Migration] = &[(1, include_str!("../../../migrations/psp_merchants/0001.sql"))];

/// Adds these tables.
pub(super) fn tables(schema: Schema) -> Schema {
    schema
        .migrations("psp_merchants", MIGRATIONS)
        .table::<MerchantAccount>(ACCOUNT)
        .table::<AccountOwner>(OWNER)
        .table::<MerchantPayment>(PAYMENT)
        .table::<MerchantCode>(CODE)
}

const ACCOUNT: Mapping = Mapping {
    key: &["merchant"],
    columns: &[
        ("merchant", Kind::Text),
        ("mobile", Kind::Text),
        ("address", Kind::Text),
        ("at", Kind::Integer),
    ],
};

const OWNER: Mapping =
    Mapping { key: &["mobile"], columns: &[("mobile", Kind::Text), ("merchant", Kind::Text)] };

const PAYMENT: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Text),
        ("merchant", Kind::Text),
        ("mobile", Kind::Text),
        ("transaction", Kind::Text),
        ("direction", Kind::Json),
        ("code", Kind::Text),
        ("state", Kind::Json),
        ("at", Kind::Integer),
        ("changed_at", Kind::Integer),
    ],
};

const CODE: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Text),
        ("merchant", Kind::Text),
        ("mobile", Kind::Text),
        ("address", Kind::Text),
        ("paise", Kind::Integer),
        ("note", Kind::Text),
        ("text", Kind::Text),
        ("expires_at", Kind::Integer),
        ("payment", Kind::Text),
        ("at", Kind::Integer),
    ],
};
