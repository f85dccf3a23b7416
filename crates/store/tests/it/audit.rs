//! The operators' log on a disk: whoever edits it is found out, by the log's own chain and by the chain of facts.

use operators::{AuditEntry, AuditHead, Note, Occasion, Said, audit};
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use store::{Schema, Store, SystemClock, rooms, sqlite, verify};
use values::Records;

fn schema() -> Schema {
    rooms::operators::tables(Schema::new())
}

fn filled(path: &Path) {
    let store = Store::open(path, schema(), Arc::new(SystemClock)).unwrap();
    for subject in 1..=9 {
        let said = Said {
            act: "view",
            subject: format!("tok_{subject}"),
            result: "ok".to_owned(),
            ..Said::default()
        };
        store.call(Note { said, occasion: Occasion::default() }).unwrap();
    }
    store.flush().unwrap();
    store.close();
}

/// What the log's own chain says, from its tables alone.
fn own_chain(path: &Path) -> Result<u64, String> {
    let store = Store::open(path, schema(), Arc::new(SystemClock)).unwrap();
    let look = |records: &mut store::Workspace<'_>| {
        let mut entries = records.all::<AuditEntry>();
        entries.sort_by_key(|entry| entry.number);
        (entries, records.find::<AuditHead>(&audit::Only))
    };
    let (entries, head) = store.read(look).unwrap();
    store.close();
    audit::check(&entries, head.as_ref()).map_err(|broken| broken.to_string())
}

fn chain_of_facts(path: &Path) -> Option<String> {
    let report = verify(sqlite::view(path).unwrap().as_mut(), &schema()).unwrap();
    report.bad.map(|bad| format!("{}: {}", bad.table, bad.what))
}

#[test]
fn every_edit_of_the_log_is_found() {
    let edits: [(&str, &str, &str); 6] = [
        ("flip", "UPDATE audit_entries SET subject = 'tok_8' WHERE number = 4", "line 4"),
        ("drop", "DELETE FROM audit_entries WHERE number = 4", "line 4"),
        (
            "insert",
            "INSERT INTO audit_entries SELECT bucket, 10, at, who, name, act, subject, result, place, request, proposal, \
             chain FROM audit_entries WHERE number = 4",
            "line 10",
        ),
        (
            "swap",
            "UPDATE audit_entries SET subject = CASE number WHEN 4 THEN 'tok_5' ELSE 'tok_4' END WHERE number IN (4, 5)",
            "line 4",
        ),
        ("truncate", "DELETE FROM audit_entries WHERE number > 6", "line 7"),
        (
            "truncate with its count",
            "DELETE FROM audit_entries WHERE number > 6; UPDATE audit_head SET number = 6",
            "line 7",
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    let original = folder.path().join("original");
    filled(&original);
    for (nth, (what, sql, line)) in edits.into_iter().enumerate() {
        let path = folder.path().join(format!("copy{nth}"));
        std::fs::copy(&original, &path).unwrap();
        std::fs::copy(sqlite::facts_path(&original), sqlite::facts_path(&path)).unwrap();
        assert_eq!((own_chain(&path), chain_of_facts(&path)), (Ok(9), None), "{what}");
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        assert!(chain_of_facts(&path).is_some(), "{what}: the chain of facts");
        let found = own_chain(&path).unwrap_err();
        assert!(found.starts_with(line), "{what}: {found}");
    }
}
