//! One record of a database that a running process may have open for writing: as its tables have it, which is how it was a moment
//! ago.

use crate::driver::View;
use crate::error::StoreError;
use crate::row::{self, Mismatched, Value};
use crate::schema::Schema;
use values::Record;

/// The record under this key, if the tables have it. Take a fresh look ([`View::refresh`]) first.
pub fn look_up<R: Record>(
    view: &mut dyn View,
    schema: &Schema,
    key: &R::Key,
) -> Result<Option<R>, StoreError> {
    let layout = schema.layout(R::TABLE).expect("the schema has the tables of its rooms");
    let misfit = |wrong: Mismatched| StoreError::Damaged(wrong.to_string());
    let keys = row::key_values(layout, key).map_err(misfit)?;
    let bucket = Value::Integer(i64::from(layout.bucket(&keys)));
    let parameters: Vec<Value> = [bucket].into_iter().chain(keys).collect();
    let found = view.ask(&layout.select_one, &parameters)?;
    found.rows.first().map(|values| row::to_record(layout, values).map_err(misfit)).transpose()
}
