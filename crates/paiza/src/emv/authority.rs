//! `paiza emv capk`: what a foreign terminal must load to check the sandbox's cards offline.

use crate::output::{Failure, Output};
use sandbox::authority;
use serde_json::json;

pub(crate) fn run(output: Output) -> Result<(), Failure> {
    let key = authority::public_key();
    let expiry = authority::expiry();
    // EMV 4.4 Book 2, 5.1: a key is good through the last day of its month.
    let month = format!("20{:02}-{:02}", expiry.year(), expiry.month());
    let upper = |bytes: &[u8]| hex::encode_upper(bytes);
    let rows = [
        ("RID", upper(&key.provider)),
        ("index", format!("{:02X}", key.index)),
        ("exponent", upper(key.exponent.to_bytes())),
        ("modulus", upper(&key.modulus)),
        ("SHA-1 checksum", upper(&key.checksum())),
        ("last month", month.clone()),
    ];
    output.line(
        "PUBLIC TEST KEY of the sandbox's certification authority. Never load it into a real terminal.",
    );
    for (name, value) in &rows {
        output.line(format!("  {name:<15} {value}"));
    }
    output.line(format!(
        "  {:<15} {} bits, SHA-1 over RID, index, modulus and exponent",
        "size",
        8 * key.modulus.len()
    ));
    output.row(&json!({
        "test_key": true,
        "rid": rows[0].1,
        "index": rows[1].1,
        "exponent": rows[2].1,
        "modulus": rows[3].1,
        "checksum": rows[4].1,
        "expires": month,
        "hash_algorithm": "01",
        "key_algorithm": "01",
    }));
    output.summary(json!({ "keys": 1 }));
    Ok(())
}
