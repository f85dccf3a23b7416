//! A process that dies leaves a log: the next start, and whoever only looks, finds what was acknowledged in it.

use crate::city::{Add, Edit, Page, page, schema};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use store::{
    Driver, Executor, Outcome, Report, Schema, Sqlite, Store, SystemClock, TestClock, sqlite, verify,
};
use values::{Operation, Timestamp};

const NOW: Timestamp = Timestamp::from_millis(5_000);

/// The machine without threads, so that it dies where the test says.
struct Machine {
    executor: Executor<Sqlite>,
    appender: Box<dyn store::Appender>,
}

impl Machine {
    fn open(path: &Path, schema: &Schema) -> Machine {
        let mut executor = Executor::open(Sqlite::open(path).unwrap(), schema).unwrap();
        let appender = executor.driver().appender().unwrap();
        Machine { executor, appender }
    }

    fn call<O: Operation>(&mut self, operation: O) -> Option<O::Answer> {
        let (tell, told) = channel();
        self.executor.submit(operation, move |outcome| drop(tell.send(outcome)));
        self.executor.run_batch(self.appender.as_mut(), NOW);
        told.recv().unwrap().ok().and_then(Outcome::answer)
    }

    fn fold(&mut self) {
        let work = self.executor.take_fold(NOW).unwrap();
        self.executor.driver().folder().unwrap().fold(&work).unwrap();
        self.executor.folded();
    }

    fn shelve(&mut self) {
        self.executor.driver().folder().unwrap().shelve().unwrap();
    }
}

fn seen(path: &Path) -> Report {
    verify(sqlite::view(path).unwrap().as_mut(), &schema()).unwrap()
}

fn segment(path: &Path) -> PathBuf {
    path.with_extension("log.1")
}

#[test]
fn what_was_acknowledged_is_found_wherever_the_process_dies() {
    // Nothing, the first, or all of the calls so far are shelved, or folded as well, when it dies.
    let deaths = [("", 0), ("shelve", 1), ("fold", 1), ("both", 1), ("shelve", 4), ("fold", 4), ("both", 4)];
    for (round, (chore, after)) in deaths.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("city.sqlite");
        let mut machine = Machine::open(&path, &schema());
        for call in 1..=5u64 {
            assert_eq!(machine.call(Add::new(1, 1).once(call as u8, 1)), Some(call));
            if call == after && chore != "fold" {
                machine.shelve();
            }
            if call == after && chore != "shelve" {
                machine.fold();
            }
        }
        drop(machine);
        assert!(segment(&path).exists(), "round {round}");
        if round % 2 == 0 {
            let report = seen(&path);
            assert!(report.is_ok() && report.facts == 5, "round {round}: {report:?}");
            assert!(!segment(&path).exists(), "whoever looks brings it in");
        }
        let store = Store::open(&path, schema(), Arc::new(TestClock::at(NOW))).unwrap();
        assert_eq!(store.call(Add::new(1, 1).once(5, 1)), Ok(Outcome::Repeated(5)));
        assert_eq!(store.call(Add::new(1, 1)), Ok(Outcome::Done(6)));
        assert!(store.verify().unwrap().is_ok());
        store.close();
        assert_eq!((seen(&path).facts, segment(&path).exists()), (6, false), "an orderly end leaves no log");
    }
}

#[test]
fn a_torn_batch_was_never_acknowledged_and_a_changed_one_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("city.sqlite");
    let mut machine = Machine::open(&path, &schema());
    (1..=3).for_each(|count| assert_eq!(machine.call(Add::new(1, 1)), Some(count)));
    drop(machine);
    let whole = std::fs::read(segment(&path)).unwrap();
    let third = whole.windows(8).enumerate().filter(|(_, bytes)| *bytes == b"city.add").nth(2).unwrap().0;
    let first = whole.windows(8).position(|bytes| bytes == b"city.add").unwrap();
    let refused = |what: &str| {
        let wrong = sqlite::view(&path).err().unwrap().to_string();
        assert!(wrong.contains("fact 1 is missing"), "{what}: {wrong}");
        assert!(Store::open(&path, schema(), Arc::new(SystemClock)).is_err());
    };
    let mut changed = whole.clone();
    changed[first] ^= 1;
    std::fs::write(segment(&path), &changed).unwrap();
    refused("a changed byte");
    std::fs::write(segment(&path), [&[0; 4096], &whole[4096..]].concat()).unwrap();
    refused("a lost block");

    let mut torn = whole;
    torn[third..].fill(0);
    std::fs::write(segment(&path), &torn).unwrap();
    let store = Store::open(&path, schema(), Arc::new(SystemClock)).unwrap();
    assert_eq!(store.call(Add::new(1, 1)), Ok(Outcome::Done(3)));
    let report = store.verify().unwrap();
    assert!(report.is_ok() && report.facts == 3, "{report:?}");
}

#[test]
fn what_a_phone_forgets_is_forgotten_by_its_log_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("phone.sqlite");
    let secret = "a secret passage in the atlas";
    let forgetful = schema().forget_folded_facts();
    let in_log = |path: &Path| {
        let bytes = std::fs::read(segment(path)).unwrap();
        bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
    };
    let mut machine = Machine::open(&path, &forgetful);
    machine.call(Edit::Write(Page { text: Some(secret.into()), ..page("atlas", 1) })).unwrap();
    assert!(in_log(&path));
    machine.shelve();
    machine.fold();
    assert!(!in_log(&path));
    machine.call(Edit::Tear("atlas".into(), 1)).unwrap();
    drop(machine);
    let report = verify(sqlite::view(&path).unwrap().as_mut(), &forgetful).unwrap();
    assert!(report.is_ok() && report.facts == 1, "{report:?}");
}

#[test]
fn facts_are_where_readers_look_though_work_never_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("city.sqlite");
    let store = Store::open(&path, schema(), Arc::new(SystemClock)).unwrap();
    // Never idle, and far from enough to be folded for its amount.
    let count = || {
        let rows = store.folded_rows("SELECT count(*) FROM log.facts", &[]).unwrap().rows;
        rows[0][0].clone()
    };
    for call in 1.. {
        store.call(Add::new(1, 1)).unwrap();
        if count() != store::Value::Integer(0) {
            break;
        }
        assert!(call < 50_000, "they are waited for in vain");
    }
    assert!(store.verify().unwrap().is_ok());
}
