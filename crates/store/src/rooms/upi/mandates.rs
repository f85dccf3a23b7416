//! The tables of mandates, at the switch, at a bank and at a provider.

use crate::schema::{Kind, Mapping};
use crate::{Store, StoreError, Value};
use ::psp::mandates::records::{Mandate, MandateDebit, MandateSide};
use values::Records;

pub(super) const MANDATE_ORDER: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Text),
        ("kind", Kind::Text),
        ("origin", Kind::Text),
        ("origin_message", Kind::Text),
        ("by_payer", Kind::Boolean),
        ("payer_provider", Kind::Text),
        ("payee_provider", Kind::Text),
        ("bank", Kind::Text),
        ("payer", Kind::Text),
        ("payee", Kind::Text),
        ("category", Kind::Text),
        ("number", Kind::Text),
        ("standing", Kind::Text),
        ("state", Kind::Json),
        ("document", Kind::Blob),
        ("at", Kind::Integer),
        ("changed_at", Kind::Integer),
        ("due_at", Kind::Integer),
    ],
};

pub(super) const UPI_MANDATE: Mapping = Mapping {
    key: &["number"],
    columns: &[
        ("number", Kind::Text),
        ("transaction", Kind::Text),
        ("account", Kind::Text),
        ("terms", Kind::Json),
        ("state", Kind::Json),
        ("newest", Kind::Integer),
        ("ordered_at", Kind::Integer),
        ("at", Kind::Integer),
        ("changed_at", Kind::Integer),
    ],
};

pub(super) const UPI_MANDATE_ORDER: Mapping = Mapping {
    key: &["transaction"],
    columns: &[
        ("transaction", Kind::Text),
        ("digest", Kind::Blob),
        ("code", Kind::Text),
        ("at", Kind::Integer),
    ],
};

pub(super) const UPI_MANDATE_DEBIT: Mapping = Mapping {
    key: &["number", "sequence"],
    columns: &[
        ("number", Kind::Text),
        ("sequence", Kind::Integer),
        ("tries", Kind::Integer),
        ("made", Kind::Text),
        ("before", Kind::Integer),
    ],
};

pub(super) const UPI_MANDATE_TRY: Mapping = Mapping {
    key: &["transaction"],
    columns: &[("transaction", Kind::Text), ("number", Kind::Text), ("sequence", Kind::Integer)],
};

pub(super) const MANDATE: Mapping = Mapping {
    key: &["id", "side"],
    columns: &[
        ("id", Kind::Text),
        ("side", Kind::Json),
        ("mobile", Kind::Text),
        ("number", Kind::Text),
        ("own", Kind::Text),
        ("other", Kind::Text),
        ("other_name", Kind::Text),
        ("account", Kind::Text),
        ("terms", Kind::Json),
        ("state", Kind::Json),
        ("refused", Kind::Text),
        ("standing", Kind::Text),
        ("message", Kind::Text),
        ("newest", Kind::Integer),
        ("expires_at", Kind::Integer),
        ("at", Kind::Integer),
        ("changed_at", Kind::Integer),
    ],
};

pub(super) const MANDATE_NUMBER: Mapping = Mapping {
    key: &["number", "side"],
    columns: &[("number", Kind::Text), ("side", Kind::Json), ("id", Kind::Text)],
};

pub(super) const MANDATE_DEBIT: Mapping = Mapping {
    key: &["number", "side", "sequence"],
    columns: &[
        ("number", Kind::Text),
        ("side", Kind::Json),
        ("sequence", Kind::Integer),
        ("mobile", Kind::Text),
        ("paise", Kind::Integer),
        ("notice", Kind::Json),
        ("tries", Kind::Integer),
        ("transaction", Kind::Text),
        ("state", Kind::Json),
        ("code", Kind::Text),
        ("due", Kind::Integer),
        ("at", Kind::Integer),
        ("changed_at", Kind::Integer),
    ],
};

pub(super) const MANDATE_TRY: Mapping = Mapping {
    key: &["transaction", "side"],
    columns: &[
        ("transaction", Kind::Text),
        ("side", Kind::Json),
        ("number", Kind::Text),
        ("sequence", Kind::Integer),
    ],
};

fn side(text: &str) -> MandateSide {
    if text == "payer" { MandateSide::Payer } else { MandateSide::Payee }
}

/// The mandates of a customer of a provider, on either side, the newest first.
pub fn mandates(store: &Store, mobile: &str, most: u32) -> Result<Vec<Mandate>, StoreError> {
    const NEWEST: &str =
        "SELECT id, side FROM psp_mandates WHERE mobile = $1 ORDER BY at DESC, id DESC LIMIT $2";
    let parameters = [Value::Text(mobile.to_owned()), Value::Integer(i64::from(most))];
    let rows = store.rows(NEWEST, &parameters)?;
    let key = |row: &Vec<Value>| match row.as_slice() {
        [Value::Text(id), Value::Text(named)] => Some((id.clone(), side(named))),
        _ => None,
    };
    let keys: Vec<_> = rows.rows.iter().filter_map(key).collect();
    store.read(move |records| keys.iter().filter_map(|key| records.find::<Mandate>(key)).collect())
}

/// The debits under a mandate as one side has them, the newest first.
pub fn mandate_debits(
    store: &Store,
    number: &str,
    of: MandateSide,
    most: u32,
) -> Result<Vec<MandateDebit>, StoreError> {
    const NEWEST: &str =
        "SELECT side, sequence FROM psp_mandate_debits WHERE number = $1 ORDER BY sequence DESC LIMIT $2";
    // Both sides may be this provider's.
    let parameters = [Value::Text(number.to_owned()), Value::Integer(i64::from(most.saturating_mul(2)))];
    let rows = store.rows(NEWEST, &parameters)?;
    let key = |row: &Vec<Value>| match row.as_slice() {
        [Value::Text(named), Value::Integer(sequence)] if side(named) == of => {
            Some((number.to_owned(), of, u32::try_from(*sequence).ok()?))
        }
        _ => None,
    };
    let keys: Vec<_> = rows.rows.iter().filter_map(key).collect();
    store.read(move |records| keys.iter().filter_map(|key| records.find::<MandateDebit>(key)).collect())
}
