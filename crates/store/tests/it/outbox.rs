//! Messages leave at least once, when they are due, across restarts.

use crate::city::{Post, schema};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;
use store::{Arrival, Backoff, Deliverer, Lanes, Message, Store, TestClock, spawn_delivery, spawn_lanes};
use values::{Outbound, Records, Timestamp};

fn open(folder: &Path, now: i64) -> (Store, Arc<TestClock>) {
    let clock = Arc::new(TestClock::at(Timestamp::from_millis(now)));
    (Store::open(&folder.join("city.sqlite"), schema(), clock.clone()).unwrap(), clock)
}

fn keys(store: &Store) -> (Vec<String>, Option<i64>) {
    let (messages, next) = store.due("letters", 10).unwrap();
    (messages.into_iter().map(|message| message.key).collect(), next.map(Timestamp::millis))
}

const BACKOFF: Backoff = Backoff { first: Duration::from_millis(100), most: Duration::from_millis(150) };

#[test]
fn messages_fall_due_are_replaced_cancelled_and_offered_again() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock) = open(folder.path(), 1_000);
    store.call(Post::Send { key: "late", due: 5_000, body: b"1" }).unwrap();
    store.call(Post::Send { key: "soon", due: 500, body: b"1" }).unwrap();
    store.call(Post::Send { key: "never", due: 500, body: b"1" }).unwrap();
    store.call(Post::Cancel("never")).unwrap();
    store.call(Post::Cancel("unknown")).unwrap();
    let (messages, next) = store.due("letters", 10).unwrap();
    assert_eq!((messages.len(), next), (1, Some(Timestamp::from_millis(5_000))));
    assert_eq!(keys(&store), (vec![], Some(5_000)), "offered once");

    store.failed(&messages[0], BACKOFF).unwrap();
    store.flush().unwrap();
    assert_eq!(store.read(|_| ()), Ok(()));
    assert_eq!(keys(&store), (vec![], Some(1_100)));
    clock.advance(Duration::from_millis(100));
    let (taken, _) = store.due("letters", 10).unwrap();
    assert_eq!((taken[0].attempts, taken[0].version), (1, messages[0].version));

    // Replaced while under way: the report about the old one is ignored.
    store.call(Post::Send { key: "soon", due: 600, body: b"2" }).unwrap();
    store.delivered(&taken[0]).unwrap();
    assert_eq!(store.read(|_| ()), Ok(()));
    let (again, _) = store.due("letters", 10).unwrap();
    assert_eq!(again[0].body, b"2");
    drop(store);

    let (store, clock) = open(folder.path(), 2_000);
    assert_eq!(keys(&store), (vec!["soon".into()], Some(5_000)), "not reported before the restart");
    store.delivered(&again[0]).unwrap();
    clock.advance(Duration::from_secs(3));
    assert_eq!(store.read(|_| ()), Ok(()));
    assert_eq!(keys(&store), (vec!["late".into()], None));
    assert!(store.verify().unwrap().is_ok());
}

#[test]
fn couriers_deliver_what_falls_due_and_survive_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock) = open(folder.path(), 1_000);
    let (tell, told) = channel();
    let deliver: Deliverer = Box::new(move |message| {
        tell.send((message.key.clone(), message.body.clone())).unwrap();
        match message.body.as_slice() {
            b"stumble" => std::panic::resume_unwind(Box::new("on purpose")),
            b"retry" => Arrival::Retry,
            _ => Arrival::Delivered,
        }
    });
    let couriers = spawn_delivery(&store, BACKOFF, HashMap::from([("letters".to_owned(), deliver)])).unwrap();
    let next = || told.recv_timeout(Duration::from_secs(20)).unwrap().0;
    store.call(Post::Send { key: "now", due: 0, body: b"" }).unwrap();
    assert_eq!(next(), "now");
    store.call(Post::Send { key: "timer", due: 9_000, body: b"" }).unwrap();
    store.call(Post::Send { key: "stumbles", due: 0, body: b"stumble" }).unwrap();
    assert_eq!(next(), "stumbles");
    store.call(Post::Send { key: "retried", due: 0, body: b"retry" }).unwrap();
    assert_eq!(next(), "retried");
    // Both failures are on record before time goes on.
    for key in ["stumbles", "retried"] {
        let name = ("letters".to_owned(), key.to_owned());
        let attempts = || {
            let name = name.clone();
            store.read(move |records| records.find::<Message>(&name).unwrap().attempts).unwrap()
        };
        while attempts() == 0 {
            std::thread::yield_now();
        }
    }
    clock.advance(Duration::from_secs(8));
    let mut rest = [next(), next(), next()];
    rest.sort();
    assert_eq!(rest, ["retried", "stumbles", "timer"]);
    drop(couriers);
    store.close();
}

#[test]
fn a_slow_lane_delays_no_other_and_keeps_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _clock) = open(folder.path(), 1_000);
    // The slow receiver takes its first message only after the quick one has taken all of its own.
    for n in 0..20 {
        store.call(Post::Send { key: SLOW[n % 2], due: 500 + n as i64, body: b"1" }).unwrap();
        store.call(Post::Send { key: QUICK[n], due: 500 + n as i64, body: b"1" }).unwrap();
    }
    let (tell, told) = channel();
    let (open_gate, gate) = channel::<()>();
    let gate = std::sync::Mutex::new(gate);
    let deliver = move |outbound: &Outbound| {
        if outbound.key.starts_with("slow") {
            let _ = gate.lock().unwrap().recv();
        }
        tell.send(outbound.key.clone()).unwrap();
        Arrival::Delivered
    };
    let lane = |outbound: &Outbound| outbound.key.split('-').next().unwrap_or_default().to_owned();
    let lanes = Lanes { topic: "letters", lane, width: 4, deliver: Box::new(deliver) };
    let couriers = spawn_lanes(&store, BACKOFF, lanes).unwrap();
    let quick: Vec<String> = told.iter().take(20).collect();
    assert_eq!(quick, QUICK, "in order, and before the slow one took anything");
    drop(open_gate);
    let slow: Vec<String> = told.iter().take(2).collect();
    assert_eq!(slow, SLOW);
    drop(couriers);
    assert_eq!(keys(&store), (vec![], None));
}

const SLOW: [&str; 2] = ["slow-0", "slow-1"];
const QUICK: [&str; 20] = [
    "quick-00", "quick-01", "quick-02", "quick-03", "quick-04", "quick-05", "quick-06", "quick-07",
    "quick-08", "quick-09", "quick-10", "quick-11", "quick-12", "quick-13", "quick-14", "quick-15",
    "quick-16", "quick-17", "quick-18", "quick-19",
];
