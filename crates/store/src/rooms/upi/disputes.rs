//! Disputes: what the switch, banks and providers keep of them.

use crate::schema::{Kind, Mapping, Schema};
use crate::{Store, StoreError, Value};
use ::psp::disputes::Dispute;
use ::sandbox::upi::bank::{UpiDisputeAct, UpiDisputeCase};
use ::sandbox::upi::switch::{UpiDispute, UpiDisputeStep};
use ::upi::disputes::Side;
use values::{Record, Records};

/// Adds the switch's.
pub(super) fn at_switch(schema: Schema) -> Schema {
    schema.table::<UpiDispute>(UPI_DISPUTE).table::<UpiDisputeStep>(UPI_DISPUTE_STEP)
}

/// Adds a bank's.
pub(super) fn at_bank(schema: Schema) -> Schema {
    schema.table::<UpiDisputeCase>(UPI_DISPUTE_CASE).table::<UpiDisputeAct>(UPI_DISPUTE_ACT)
}

const UPI_DISPUTE: Mapping = Mapping {
    key: &["payment"],
    columns: &[
        ("payment", Kind::Text),
        ("number", Kind::Text),
        ("reason", Kind::Text),
        ("paise", Kind::Integer),
        ("state", Kind::Json),
        ("origin", Kind::Text),
        ("origin_message", Kind::Text),
        ("payer_bank", Kind::Text),
        ("payee_bank", Kind::Text),
        ("paid_at", Kind::Integer),
        ("steps", Kind::Integer),
        ("due_at", Kind::Integer),
        ("at", Kind::Integer),
        ("changed_at", Kind::Integer),
    ],
};

const UPI_DISPUTE_STEP: Mapping = Mapping {
    key: &["payment", "number"],
    columns: &[
        ("payment", Kind::Text),
        ("number", Kind::Integer),
        ("state", Kind::Json),
        ("act", Kind::Json),
        ("by", Kind::Text),
        ("code", Kind::Text),
        ("at", Kind::Integer),
    ],
};

const UPI_DISPUTE_CASE: Mapping = Mapping {
    key: &["payment", "side"],
    columns: &[
        ("payment", Kind::Text),
        ("side", Kind::Json),
        ("number", Kind::Text),
        ("reason", Kind::Text),
        ("paise", Kind::Integer),
        ("state", Kind::Json),
        ("due_at", Kind::Integer),
        ("is_advanced", Kind::Boolean),
        ("booked_at", Kind::Integer),
        ("at", Kind::Integer),
        ("changed_at", Kind::Integer),
    ],
};

const UPI_DISPUTE_ACT: Mapping = Mapping {
    key: &["message"],
    columns: &[
        ("message", Kind::Text),
        ("payment", Kind::Text),
        ("side", Kind::Json),
        ("act", Kind::Json),
        ("outcome", Kind::Text),
        ("at", Kind::Integer),
    ],
};

pub(super) const DISPUTE: Mapping = Mapping {
    key: &["mobile", "payment"],
    columns: &[
        ("mobile", Kind::Text),
        ("payment", Kind::Text),
        ("message", Kind::Text),
        ("number", Kind::Text),
        ("reason", Kind::Text),
        ("paise", Kind::Integer),
        ("told", Kind::Json),
        ("refused", Kind::Text),
        ("due_at", Kind::Integer),
        ("asked", Kind::Json),
        ("at", Kind::Integer),
        ("changed_at", Kind::Integer),
    ],
};

pub(super) const RECEIVED_DISPUTE: Mapping = Mapping {
    key: &["mobile", "payment"],
    columns: &[
        ("mobile", Kind::Text),
        ("payment", Kind::Text),
        ("number", Kind::Text),
        ("reason", Kind::Text),
        ("paise", Kind::Integer),
        ("state", Kind::Json),
        ("due_at", Kind::Integer),
        ("at", Kind::Integer),
        ("changed_at", Kind::Integer),
    ],
};

/// The disputes that a customer of a provider raised, the newest first.
pub fn disputes_of(store: &Store, mobile: &str, most: u32) -> Result<Vec<Dispute>, StoreError> {
    const NEWEST: &str =
        "SELECT payment FROM psp_disputes WHERE mobile = $1 ORDER BY at DESC, payment LIMIT $2";
    let found = super::psp::names(store, NEWEST, mobile, most)?;
    found_all(store, found.into_iter().map(|payment| (mobile.to_owned(), payment)).collect())
}

/// The disputes of a bank's customers, the newest first.
pub fn dispute_cases(store: &Store, most: u32) -> Result<Vec<UpiDisputeCase>, StoreError> {
    const NEWEST: &str =
        "SELECT payment, side FROM upi_dispute_cases ORDER BY at DESC, payment, side LIMIT $1";
    let rows = store.rows(NEWEST, &[Value::Integer(i64::from(most))])?;
    let key = |row: &Vec<Value>| match row.as_slice() {
        [Value::Text(payment), Value::Text(side)] => {
            let side = if side == "payer" { Side::Payer } else { Side::Payee };
            Some((payment.clone(), side))
        }
        _ => None,
    };
    found_all(store, rows.rows.iter().filter_map(key).collect())
}

/// The disputes at the switch, the newest first.
pub fn disputes(store: &Store, most: u32) -> Result<Vec<UpiDispute>, StoreError> {
    const NEWEST: &str = "SELECT payment FROM upi_disputes ORDER BY at DESC, payment LIMIT $1";
    let rows = store.rows(NEWEST, &[Value::Integer(i64::from(most))])?;
    let key = |row: &Vec<Value>| match row.as_slice() {
        [Value::Text(payment)] => Some(payment.clone()),
        _ => None,
    };
    found_all(store, rows.rows.iter().filter_map(key).collect())
}

fn found_all<R>(store: &Store, keys: Vec<R::Key>) -> Result<Vec<R>, StoreError>
where
    R: Record + Send + 'static,
    R::Key: Send + 'static,
{
    store.read(move |records| keys.iter().filter_map(|key| records.find::<R>(key)).collect())
}
