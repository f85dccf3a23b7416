//! `paiza emv` as a person or a script runs it.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

fn emv(arguments: &[&str]) -> (i32, Vec<Value>, String) {
    let ran =
        Command::new(env!("CARGO_BIN_EXE_paiza")).args(["--json", "emv"]).args(arguments).output().unwrap();
    let rows = String::from_utf8(ran.stdout).unwrap();
    let rows = rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (ran.status.code().unwrap(), rows, String::from_utf8(ran.stderr).unwrap())
}

fn vectors(content: &Value) -> (i32, Vec<Value>, String) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("vectors.json");
    std::fs::write(&file, content.to_string()).unwrap();
    emv(&["vectors", file.to_str().unwrap()])
}

fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "the shared data must be there: {}", path.display());
    eprintln!("not checked: there is nothing at {}", path.display());
    None
}

/// GM/T 0002-2012, annex A.1, and one that is not so.
fn samples() -> Value {
    let key = "0123456789ABCDEFFEDCBA9876543210";
    let vector = |id: &str, kind: &str, cipher: &str| json!({ "id": id, "kind": kind, "input": { "key": key, "plain": key }, "output": { "cipher": cipher } });
    json!({ "vectors": [
        vector("right", "sm4_block", "681EDF34D206965E86B3E94F536E4246"),
        vector("wrong", "sm4_block", "681EDF34D206965E86B3E94F536E4247"),
        vector("strange", "sm9_block", "00"),
        { "id": "short", "kind": "sm4_block", "input": { "key": "01" }, "output": { "cipher": "00" } },
    ]})
}

#[test]
fn every_shared_vector_passes() {
    let Some(file) = shared("emv-vectors.json") else { return };
    let (code, rows, text) = emv(&["vectors", file.to_str().unwrap()]);
    let (last, rows) = rows.split_last().unwrap();
    assert_eq!(code, 0, "{text}");
    assert_eq!((&last["ok"], &last["failed"], &last["unknown"]), (&true.into(), &0.into(), &0.into()));
    assert!(last["passed"].as_u64().unwrap() >= 71 && rows.iter().all(|row| row["ok"] == true));
}

/// Every output of every vector, changed in its last character, must be noticed.
#[test]
fn a_wrong_output_is_noticed_wherever_it_stands() {
    let Some(file) = shared("emv-vectors.json") else { return };
    let file: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let mut changed = Vec::new();
    for vector in file["vectors"].as_array().unwrap() {
        for (name, value) in vector["output"].as_object().unwrap() {
            let wrong = match value {
                Value::Bool(value) => json!(!value),
                value => {
                    let text = value.as_str().unwrap();
                    let (start, end) = text.split_at(text.len() - 1);
                    json!(format!("{start}{}", if end == "0" { "1" } else { "0" }))
                }
            };
            let mut vector = vector.clone();
            vector["id"] = format!("{} {name}", vector["id"].as_str().unwrap()).into();
            vector["output"][name] = wrong;
            changed.push(vector);
        }
    }
    let count = changed.len();
    let (code, rows, _) = vectors(&json!({ "vectors": changed }));
    let missed: Vec<_> = rows.iter().filter(|row| row["ok"] == true).collect();
    assert_eq!((code, missed.len(), &rows.last().unwrap()["failed"]), (1, 0, &count.into()), "{missed:?}");
}

#[test]
fn failures_have_reasons_and_unknown_kinds_are_named() {
    let (code, rows, text) = vectors(&samples());
    assert_eq!(code, 1);
    let row = |id: &str| rows.iter().find(|row| row["id"] == id).unwrap();
    assert_eq!(row("right")["ok"], true);
    assert!(row("wrong")["reason"].as_str().unwrap().starts_with("cipher: expected 681E"));
    assert_eq!(
        (&row("strange")["ok"], &row("strange")["reason"]),
        (&Value::Null, &"unknown kind sm9_block".into())
    );
    assert_eq!(row("short")["reason"], "input key has 1 bytes where 16 are wanted");
    let last = rows.last().unwrap();
    assert_eq!((&last["ok"], &last["passed"]), (&false.into(), &1.into()));
    assert_eq!((&last["failed"], &last["unknown"]), (&2.into(), &1.into()));
    assert!(text.contains("sm4_block") && text.contains("1 unknown"), "{text}");
}

#[test]
fn unknown_kinds_alone_are_no_success() {
    let mut known = samples();
    known["vectors"]
        .as_array_mut()
        .unwrap()
        .retain(|vector| vector["id"] == "right" || vector["id"] == "strange");
    assert_eq!(vectors(&known).0, 0, "an unknown kind fails nothing");
    let mut unknown = samples();
    unknown["vectors"].as_array_mut().unwrap().retain(|vector| vector["id"] == "strange");
    let (code, rows, _) = vectors(&unknown);
    assert_eq!((code, &rows.last().unwrap()["ok"]), (1, &false.into()));
    assert_eq!(vectors(&json!({"x": 1})).0, 3);
    assert_eq!(emv(&["vectors", "/nonexistent/vectors.json"]).0, 3);
}

#[test]
fn the_authority_key_carries_its_own_checksum() {
    let (code, rows, text) = emv(&["capk"]);
    assert_eq!((code, rows.len()), (0, 2));
    let bytes = |name: &str| hex::decode(rows[0][name].as_str().unwrap()).unwrap();
    let whole = [bytes("rid"), bytes("index"), bytes("modulus"), bytes("exponent")].concat();
    assert_eq!(bytes("checksum"), crypto::hash::sha1(&whole));
    assert_eq!((bytes("modulus").len(), &rows[0]["expires"]), (176, &"2035-12".into()));
    assert!(text.contains("TEST KEY"));
}
