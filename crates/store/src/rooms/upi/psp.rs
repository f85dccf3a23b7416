//! What a provider keeps beside payments: whom its customers blocked, bills, shares.

use crate::schema::{Kind, Mapping, Schema};
use crate::{Store, StoreError, Value};
use ::psp::bills::{Bill, BillClaim, BillPayment};
use ::psp::blocking::{BlockedAddress, Dealing, ReportedAddress};
use ::psp::records::{Direction, Payment};
use ::psp::splits::{Split, SplitReference};
use values::Records;

/// Adds these tables.
pub(super) fn tables(schema: Schema) -> Schema {
    schema
        .table::<BlockedAddress>(BLOCKED)
        .table::<ReportedAddress>(REPORTED)
        .table::<Bill>(BILL)
        .table::<BillPayment>(BILL_PAYMENT)
        .table::<BillClaim>(BILL_CLAIM)
        .table::<Split>(SPLIT)
        .table::<SplitReference>(SPLIT_REFERENCE)
}

const BLOCKED: Mapping = Mapping {
    key: &["mobile", "address"],
    columns: &[
        ("mobile", Kind::Text),
        ("address", Kind::Text),
        ("reported", Kind::Boolean),
        ("at", Kind::Integer),
    ],
};

const REPORTED: Mapping =
    Mapping { key: &["address"], columns: &[("address", Kind::Text), ("by", Kind::Json)] };

const BILL: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Text),
        ("mobile", Kind::Text),
        ("terms", Kind::Json),
        ("payee", Kind::Text),
        ("at", Kind::Integer),
    ],
};

const BILL_PAYMENT: Mapping = Mapping {
    key: &["mobile", "transaction"],
    columns: &[
        ("mobile", Kind::Text),
        ("transaction", Kind::Text),
        ("bill", Kind::Text),
        ("terms", Kind::Json),
        ("paise", Kind::Integer),
        ("state", Kind::Json),
        ("receipt", Kind::Text),
        ("reason", Kind::Text),
        ("refund", Kind::Text),
        ("at", Kind::Integer),
        ("changed_at", Kind::Integer),
    ],
};

const BILL_CLAIM: Mapping = Mapping {
    key: &["biller", "number"],
    columns: &[("biller", Kind::Text), ("number", Kind::Text), ("transaction", Kind::Text)],
};

const SPLIT: Mapping = Mapping {
    key: &["id"],
    columns: &[
        ("id", Kind::Text),
        ("mobile", Kind::Text),
        ("address", Kind::Text),
        ("name", Kind::Text),
        ("note", Kind::Text),
        ("paise", Kind::Integer),
        ("shares", Kind::Json),
        ("at", Kind::Integer),
    ],
};

const SPLIT_REFERENCE: Mapping =
    Mapping { key: &["reference"], columns: &[("reference", Kind::Text), ("split", Kind::Text)] };

/// The payments of a customer in whose names, addresses, notes or references a text occurs, the newest first.
pub fn payments_with(store: &Store, mobile: &str, text: &str, most: u32) -> Result<Vec<Payment>, StoreError> {
    const FOUND: &str = "SELECT id, direction FROM psp_payments WHERE mobile = $1 \
         AND lower(coalesce(other_name, '') || ' ' || other || ' ' || own || ' ' || coalesce(note, '') || ' ' || reference \
         || ' ' || id) LIKE $2 ESCAPE '\\' ORDER BY at DESC, id DESC LIMIT $3";
    let mut wanted = String::from("%");
    for letter in text.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '\\') {
            wanted.push('\\');
        }
        wanted.push(letter);
    }
    wanted.push('%');
    let parameters = [Value::Text(mobile.to_owned()), Value::Text(wanted), Value::Integer(i64::from(most))];
    super::read_payments(store, mobile, &store.rows(FOUND, &parameters)?)
}

/// The bills that a customer shared, the newest first.
pub fn splits(store: &Store, mobile: &str, most: u32) -> Result<Vec<Split>, StoreError> {
    const NEWEST: &str = "SELECT id FROM psp_splits WHERE mobile = $1 ORDER BY at DESC, id DESC LIMIT $2";
    let keys = names(store, NEWEST, mobile, most)?;
    store.read(move |records| keys.iter().filter_map(|key| records.find::<Split>(key)).collect())
}

/// The bills that a customer paid, the newest first.
pub fn bill_payments(store: &Store, mobile: &str, most: u32) -> Result<Vec<BillPayment>, StoreError> {
    const NEWEST: &str = "SELECT \"transaction\" FROM psp_bill_payments WHERE mobile = $1 \
                          ORDER BY at DESC, \"transaction\" DESC LIMIT $2";
    let found = names(store, NEWEST, mobile, most)?;
    let keys: Vec<_> = found.into_iter().map(|transaction| (mobile.to_owned(), transaction)).collect();
    store.read(move |records| keys.iter().filter_map(|key| records.find::<BillPayment>(key)).collect())
}

/// The addresses that a customer blocked, the newest first.
pub fn blocked(store: &Store, mobile: &str, most: u32) -> Result<Vec<BlockedAddress>, StoreError> {
    const NEWEST: &str =
        "SELECT address FROM psp_blocked WHERE mobile = $1 ORDER BY at DESC, address LIMIT $2";
    let found = names(store, NEWEST, mobile, most)?;
    let keys: Vec<_> = found.into_iter().map(|address| (mobile.to_owned(), address)).collect();
    store.read(move |records| keys.iter().filter_map(|key| records.find::<BlockedAddress>(key)).collect())
}

/// What a customer had to do with an address last: a request that came from it, or a payment to it or from it that succeeded.
pub fn dealing(store: &Store, mobile: &str, address: &str) -> Result<Option<Dealing>, StoreError> {
    const ASKED: &str =
        "SELECT id FROM psp_collects WHERE mobile = $1 AND payee = $2 ORDER BY at DESC LIMIT 1";
    const PAID: &str = "SELECT id, direction FROM psp_payments WHERE mobile = $1 AND other = $2 AND state = 'success' \
                        ORDER BY at DESC LIMIT 1";
    let parameters = [Value::Text(mobile.to_owned()), Value::Text(address.to_owned())];
    if let Some([Value::Text(id)]) = store.rows(ASKED, &parameters)?.rows.first().map(Vec::as_slice) {
        return Ok(Some(Dealing::Request(id.clone())));
    }
    let paid = store.rows(PAID, &parameters)?.rows;
    Ok(match paid.first().map(Vec::as_slice) {
        Some([Value::Text(id), Value::Text(way)]) => {
            let way = if way == "sent" { Direction::Sent } else { Direction::Received };
            Some(Dealing::Payment(id.clone(), way))
        }
        _ => None,
    })
}

/// The one text of each row that belongs to a customer.
pub(super) fn names(
    store: &Store,
    query: &'static str,
    mobile: &str,
    most: u32,
) -> Result<Vec<String>, StoreError> {
    let rows = store.rows(query, &[Value::Text(mobile.to_owned()), Value::Integer(i64::from(most))])?;
    let text = |row: &Vec<Value>| match row.as_slice() {
        [Value::Text(text)] => Some(text.clone()),
        _ => None,
    };
    Ok(rows.rows.iter().filter_map(text).collect())
}
