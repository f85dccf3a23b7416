//! A store comes to its end whatever becomes of its threads: nobody waits for ever.

use crate::city::{Add, schema};
use serde::{Deserialize, Serialize, Serializer};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use store::{Kind, Mapping, Outcome, Schema, Store, StoreError, TestClock};
use values::{Operation, Record, Records, Timestamp};

/// A way to ask a store for something.
type Ask = fn(&Store) -> Result<(), StoreError>;

/// Long enough for any machine; only a test that fails waits for it.
const NEVER: Duration = Duration::from_secs(60);

fn open(folder: &tempfile::TempDir, schema: Schema) -> Store {
    let clock = Arc::new(TestClock::at(Timestamp::from_millis(1_000)));
    Store::open(&folder.path().join("ends.sqlite"), schema, clock).unwrap()
}

#[test]
fn the_last_handle_may_go_with_a_callback() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, schema());
    let (last, others_gone) = mpsc::channel();
    let (tell, told) = mpsc::channel();
    let handle = store.clone();
    store.submit(Add::new(1, 5), move |outcome| {
        others_gone.recv().unwrap();
        drop(handle);
        tell.send(outcome).unwrap();
    });
    drop(store);
    last.send(()).unwrap();
    assert_eq!(told.recv_timeout(NEVER), Ok(Ok(Outcome::Done(5))));
    assert_eq!(open_again(&folder).call(Add::new(1, 1)), Ok(Outcome::Done(6)));
}

/// Opens the database that another thread may still be closing.
fn open_again(folder: &tempfile::TempDir) -> Store {
    let lock = std::fs::File::open(folder.path().join("ends.lock")).unwrap();
    lock.lock().unwrap();
    drop(lock);
    open(folder, schema())
}

#[test]
fn a_callback_that_panics_keeps_nobody_from_hearing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, schema());
    let (tell, told) = mpsc::channel();
    let (begin, begun) = mpsc::channel::<()>();
    // While the first callback waits, the next two come into one batch.
    store.submit(Add::new(1, 1), move |_| begun.recv().unwrap());
    store.submit(Add::new(1, 1), |_| panic!("a callback with a bug"));
    store.submit(Add::new(1, 1), move |outcome| tell.send(outcome).unwrap());
    begin.send(()).unwrap();
    assert_eq!(told.recv_timeout(NEVER), Ok(Ok(Outcome::Done(3))));
    assert_eq!(store.call(Add::new(1, 1)), Ok(Outcome::Done(4)));
    store.close();
}

#[test]
fn who_asks_while_the_store_closes_is_answered() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder, schema());
        let (tell, told) = mpsc::channel();
        let asks: [Ask; 4] = [
            |store| store.call(Add::new(1, 1)).map(drop),
            |store| store.read(|_| ()),
            |store| store.flush(),
            |store| store.due("letters", 1).map(drop),
        ];
        for ask in asks {
            let (store, tell) = (store.clone(), tell.clone());
            std::thread::spawn(move || {
                tell.send(ask(&store)).unwrap();
                let ended = loop {
                    if let Err(ended) = ask(&store) {
                        break ended;
                    }
                };
                tell.send(Err(ended)).unwrap();
            });
        }
        asks.iter().for_each(|_| assert_eq!(told.recv_timeout(NEVER), Ok(Ok(()))));
        store.close();
        asks.iter().for_each(|_| assert_eq!(told.recv_timeout(NEVER), Ok(Err(StoreError::Stopped))));
    }
}

#[derive(Clone, Deserialize)]
struct Unreadable {
    name: String,
}

impl Serialize for Unreadable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert!(!serializer.is_human_readable(), "a record with a bug in its readable form");
        (&self.name,).serialize(serializer)
    }
}

impl Record for Unreadable {
    type Key = String;
    const TABLE: &'static str = "unreadable";
    fn key(&self) -> String {
        self.name.clone()
    }
}

struct Write;

impl Operation for Write {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "write";
    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<(), ()> {
        records.put(Unreadable { name: "one".into() });
        Ok(())
    }
}

#[test]
fn folding_that_panics_stops_the_store_and_does_not_hang_it() {
    const SQL: &str = "CREATE TABLE unreadable (bucket INTEGER NOT NULL, name TEXT NOT NULL,
        PRIMARY KEY (bucket, name)) STRICT, WITHOUT ROWID";
    let folder = tempfile::tempdir().unwrap();
    let mapping = Mapping { key: &["name"], columns: &[("name", Kind::Text)] };
    let schema = Schema::new().migrations("ends", &[(1, SQL)]).table::<Unreadable>(mapping);
    let store = open(&folder, schema);
    let (tell, told) = mpsc::channel();
    let closing = std::thread::spawn(move || {
        assert_eq!(store.call(Write), Ok(Outcome::Done(())));
        assert_eq!(store.flush(), Err(StoreError::Stopped));
        assert_eq!(store.call(Write), Err(StoreError::Stopped));
        store.close();
        tell.send(()).unwrap();
    });
    assert_eq!(told.recv_timeout(NEVER), Ok(()));
    closing.join().unwrap();
}
