//! Whoever edits the files is found out; forgotten facts are gone from the disk.

use crate::city::{Add, Edit, Page, page, schema};
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use store::{Schema, Store, SystemClock, sqlite, verify};

fn filled(path: &Path, schema: Schema) {
    let store = Store::open(path, schema, Arc::new(SystemClock)).unwrap();
    for id in 0..20 {
        store.call(Add::new(id, id).once(id as u8, 1)).unwrap();
    }
    assert!(store.verify().unwrap().is_ok());
}

fn first_bad(path: &Path) -> Option<(String, String)> {
    let report = verify(sqlite::view(path).unwrap().as_mut(), &schema()).unwrap();
    report.bad.map(|bad| (bad.table, bad.what))
}

#[test]
fn every_edit_is_found() {
    let edits: [(&str, &str, &str); 9] = [
        ("facts", "UPDATE facts SET at = at + 1 WHERE sequence = 7", "fact 7 is not the one"),
        ("facts", "UPDATE facts SET name = 'city.edit' WHERE sequence = 7", "fact 7 is not the one"),
        ("facts", "UPDATE facts SET body = CAST(substr(body, 1, length(body) - 1) || x'05' AS BLOB) WHERE sequence = 7", "7"),
        ("facts", "UPDATE facts SET repeat_key = NULL WHERE sequence = 7", "fact 7 is not the one"),
        ("facts", "DELETE FROM facts WHERE sequence = 7", "fact 7 is missing"),
        ("facts", "DELETE FROM facts WHERE sequence = 20", "fact 20 is missing"),
        (
            "facts",
            "UPDATE facts SET sequence = -1 WHERE sequence = 7; UPDATE facts SET sequence = 7 WHERE sequence = 8;
             UPDATE facts SET sequence = 8 WHERE sequence = -1",
            "fact 7 is not the one",
        ),
        ("counters", "UPDATE counters SET count = count + 1 WHERE id = 7", "row of 7 differs"),
        ("pages", "DELETE FROM pages WHERE number = 7", "(\"log\", 7) is missing"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let original = folder.path().join("original.sqlite");
    filled(&original, schema());
    for (nth, (table, sql, expected)) in edits.into_iter().enumerate() {
        let path = folder.path().join(format!("copy{nth}.sqlite"));
        std::fs::copy(&original, &path).unwrap();
        std::fs::copy(sqlite::facts_path(&original), sqlite::facts_path(&path)).unwrap();
        assert_eq!(first_bad(&path), None);
        let file = if table == "facts" { sqlite::facts_path(&path) } else { path.clone() };
        Connection::open(file).unwrap().execute_batch(sql).unwrap();
        let (found, what) = first_bad(&path).unwrap_or_else(|| panic!("not found: {sql}"));
        assert!(found == table && what.contains(expected), "{sql}: {found}: {what}");
    }
}

#[test]
fn a_flipped_byte_in_the_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("city.sqlite");
    {
        let store = Store::open(&path, schema(), Arc::new(SystemClock)).unwrap();
        store.call(Edit::Write(Page { text: Some("a marked passage".into()), ..page("atlas", 1) })).unwrap();
    }
    let facts = sqlite::facts_path(&path);
    let mut bytes = std::fs::read(&facts).unwrap();
    let at = bytes.windows(6).position(|window| window == b"marked").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&facts, bytes).unwrap();
    assert_eq!(first_bad(&path).unwrap().0, "facts");
}

#[test]
fn forgotten_facts_leave_no_trace_and_the_chain_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("phone.sqlite");
    let forgetful = || schema().forget_folded_facts();
    let secret = "a secret passage in the atlas";
    let store = Store::open(&path, forgetful(), Arc::new(SystemClock)).unwrap();
    store.call(Edit::Write(Page { text: Some(secret.into()), ..page("atlas", 1) })).unwrap();
    store.call(Edit::Tear("atlas".into(), 1)).unwrap();
    store.flush().unwrap();
    store.call(Add::new(1, 4)).unwrap();
    let report = store.verify().unwrap();
    assert!(report.is_ok() && report.head.last == 3, "{report:?}");
    assert_eq!(store.rows("SELECT sequence FROM log.facts", &[]).unwrap().rows.len(), 0);
    store.close();
    drop(store);
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
    let store = Store::open(&path, forgetful(), Arc::new(SystemClock)).unwrap();
    store.call(Add::new(1, 4)).unwrap();
    let report = store.verify().unwrap();
    assert!(report.is_ok() && report.head.last == 4, "{report:?}");
}

#[test]
fn mappings_and_migrations_agree() {
    assert_eq!(sqlite::check_tables(&schema()), Ok(()));
    schema().check_sample(&page("atlas", 4)).unwrap();
    schema().check_sample(&Page { text: Some("[1]".into()), ..page("atlas", 5) }).unwrap();
    let missing = Schema::new().table::<Page>(store::Mapping {
        key: &["book", "number"],
        columns: &[("book", store::Kind::Text), ("number", store::Kind::Integer)],
    });
    assert!(sqlite::check_tables(&missing).unwrap_err().contains("pages"));
    assert!(missing.check_sample(&page("atlas", 4)).unwrap_err().contains("no column"));
}
