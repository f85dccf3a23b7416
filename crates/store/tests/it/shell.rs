//! The threads and the handle, over SQLite files.

use crate::city::{Add, Counter, Edit, Page, Stumble, TooMuch, page, schema};
use std::sync::Arc;
use store::{Outcome, Store, StoreError, TestClock, Value};
use values::{Operation, Records, Timestamp};

fn open(folder: &tempfile::TempDir) -> Store {
    let clock = Arc::new(TestClock::at(Timestamp::from_millis(1_000)));
    Store::open(&folder.path().join("city.sqlite"), schema(), clock).unwrap()
}

#[test]
fn outcomes_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    {
        let store = open(&folder);
        assert_eq!(store.call(Add::new(1, 5)), Ok(Outcome::Done(5)));
        assert_eq!(store.call(Add { most: 6, ..Add::new(1, 5) }), Ok(Outcome::Refused(TooMuch)));
        assert_eq!(store.call(Add::new(1, 2).once(9, 1)), Ok(Outcome::Done(7)));
        assert_eq!(store.call(Add::new(1, 2).once(9, 1)), Ok(Outcome::Repeated(7)));
        assert_eq!(store.call(Add::new(1, 3).once(9, 2)), Ok(Outcome::Mismatch));
        assert_eq!(store.call(Stumble), Err(StoreError::Panicked));
        assert_eq!(store.read(|records| records.find::<Counter>(&1).unwrap().count), Ok(7));
    }
    let store = open(&folder);
    assert_eq!(store.call(Add::new(1, 2).once(9, 1)), Ok(Outcome::Repeated(7)));
    assert_eq!(store.call(Add::new(1, 3).once(9, 2)), Ok(Outcome::Mismatch));
    assert_eq!(store.call(Edit::Read("log".into(), 1)), Ok(Outcome::Done(Some("7".into()))));
    assert_eq!(store.call(Add::new(1, 1)), Ok(Outcome::Done(8)));
    let rows = store.rows("SELECT count FROM counters WHERE id = $1", &[Value::Integer(1)]).unwrap();
    assert_eq!((rows.columns, rows.rows), (vec!["count".into()], vec![vec![Value::Integer(8)]]));
    let report = store.verify().unwrap();
    assert!(report.is_ok(), "{report:?}");
    assert_eq!(report.facts, 3);
    store.close();
    assert_eq!(store.call(Add::new(1, 1)), Err(StoreError::Stopped));
}

#[test]
fn a_look_changes_nothing_and_questions_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    store.call(Edit::Write(page("atlas", 3))).unwrap();
    store.call(Edit::Write(page("atlas", 2))).unwrap();
    let seen = store.read(|records| {
        records.remove::<Page>(&("atlas".into(), 2));
        records.all::<Page>()
    });
    assert_eq!(seen, Ok(vec![page("atlas", 3)]));
    assert_eq!(store.read(|records| records.all::<Page>().len()), Ok(2));
    assert!(store.rows("DELETE FROM pages", &[]).is_err());
    store.call(Edit::Tear("atlas".into(), 3)).unwrap();
    assert_eq!(store.rows("SELECT book FROM pages", &[]).unwrap().rows.len(), 1);
}

#[test]
fn a_look_follows_what_was_asked_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    for count in 1..=2_000 {
        // Nobody waits for the change: the look that is asked for next waits for it instead.
        store.submit(Add::new(1, 1), drop);
        assert_eq!(store.read(|records| records.find::<Counter>(&1).unwrap().count), Ok(count));
    }
}

#[test]
fn who_looks_at_an_idle_store_wakes_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    store.call(Add::new(1, 1)).unwrap();
    let own = std::thread::current().id();
    // The writer may still be hearing that the change is durable.
    let here = |_| store.read(|_| std::thread::current().id()) == Ok(own);
    assert!((0..100_000).any(here));
    store.close();
    assert_eq!(store.read(|_| ()), Err(StoreError::Stopped));
}

#[test]
fn only_one_process_writes() {
    let folder = tempfile::tempdir().unwrap();
    let _store = open(&folder);
    assert!(
        matches!(store::Sqlite::open(&folder.path().join("city.sqlite")), Err(wrong) if wrong.doing.contains("lock"))
    );
}

#[test]
fn sixty_four_threads_count_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    std::thread::scope(|scope| {
        for thread in 0..64u64 {
            let store = &store;
            scope.spawn(move || {
                for _ in 0..50 {
                    store.call(Add::new(thread % 4, 1)).unwrap();
                }
            });
        }
    });
    for id in 0..4 {
        assert_eq!(store.call(Add::new(id, 0)), Ok(Outcome::Done(800)));
    }
    let report = store.verify().unwrap();
    assert!(report.is_ok(), "{report:?}");
}

/// Writes so many counters, and takes every third of those that were there away.
struct Many(u64);

impl Operation for Many {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "city.many";
    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<(), ()> {
        for id in 0..self.0 {
            match records.find::<Counter>(&id) {
                Some(_) if id % 3 == 0 => records.remove::<Counter>(&id),
                Some(known) => records.put(Counter { count: known.count + 1, ..known }),
                None => records.put(Counter { id, count: 1 }),
            }
        }
        Ok(())
    }
}

/// Rows are made a few thousand at a time: none is left out at either side of that.
#[test]
fn however_much_changed_all_of_it_is_folded() {
    for many in [1, 2047, 2048, 2049, 4096, 5000] {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder);
        let rows = || {
            let found = store.rows("SELECT count(*), coalesce(sum(count), 0) FROM counters", &[]).unwrap();
            found.rows[0].clone()
        };
        let expected = |count: u64, sum: u64| vec![Value::Integer(count as i64), Value::Integer(sum as i64)];
        store.call(Many(many)).unwrap();
        assert_eq!(rows(), expected(many, many));
        store.call(Many(many)).unwrap();
        let left = many - many.div_ceil(3);
        assert_eq!(rows(), expected(left, 2 * left), "{many}");
        let report = store.verify().unwrap();
        assert!(report.is_ok(), "{report:?}");
    }
}
