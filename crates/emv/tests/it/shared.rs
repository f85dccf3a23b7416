//! Where the shared test data is, and how its hexadecimal fields are read.

use serde_json::Value;
use std::path::Path;

/// The file as JSON; `None` (with the reason printed) where the data is not there, except under CI.
pub(crate) fn load(file: &str) -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(file);
    match std::fs::read(&path) {
        Ok(text) => Some(serde_json::from_slice(&text).expect("shared data is JSON")),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{}: {error}", path.display());
            eprintln!("skipped: {} cannot be read: {error}", path.display());
            None
        }
    }
}

/// A hexadecimal field of an object.
pub(crate) fn bytes(object: &Value, field: &str) -> Vec<u8> {
    let text = object[field].as_str().unwrap_or_else(|| panic!("{field} is text in {object}"));
    hex::decode(text).unwrap_or_else(|_| panic!("{field} is hexadecimal in {object}"))
}

/// A hexadecimal field of known length.
pub(crate) fn array<const N: usize>(object: &Value, field: &str) -> [u8; N] {
    bytes(object, field).try_into().unwrap_or_else(|_| panic!("{field} has {N} bytes in {object}"))
}
