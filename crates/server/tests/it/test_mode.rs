//! Time that is moved, with everything that falls due on the way.

use crate::street::{CARD, NOW, eventually};
use serde_json::{Value, json};
use server::city::{City, Plan, Ports, Waits};
use server::test_mode::{Fault, Moved};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{Backoff, TestClock};

const DAY: Duration = Duration::from_secs(86_400);
/// The least that a year at once may take on a machine that builds beside it; the product's own bound is checked where it
/// is built for speed.
const NEVER: Duration = Duration::from_secs(60);

fn plan(data: &Path) -> Plan {
    let waits = Waits {
        gateway: Duration::from_secs(2),
        network: Duration::from_secs(3),
        acquirer: Duration::from_secs(5),
        ..Waits::FIELD
    };
    let backoff = Backoff { first: Duration::from_secs(60), most: Duration::from_secs(6 * 3600) };
    let machine = Arc::new(TestClock::at(NOW));
    Plan { ports: Ports::Free, waits, backoff, ..Plan::sandbox(data, machine).unwrap() }
}

fn start(data: &Path) -> City {
    City::start(&plan(data)).unwrap()
}

fn call(city: &City, path: &str, key: &str, body: &Value) -> Value {
    let url = format!("http://{}{path}", city.addresses.platform);
    let request = server::client::agent()
        .post(url)
        .header("authorization", format!("Bearer {}", crate::api::PLATFORM))
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .header("prefer", "wait=20");
    request.send(body.to_string().as_bytes()).unwrap().body_mut().read_json().unwrap()
}

fn pay(city: &City, key: &str) -> Value {
    let body = json!({
        "amount": {"value": 1250, "currency": "CNY"}, "test_card": &CARD[CARD.len() - 4..],
        "merchant": crate::api::NOODLES_ID,
    });
    call(city, "/v1/payments", key, &body)
}

fn advance(city: &City, by: Duration) -> Moved {
    city.test_tools().unwrap().clockwork.advance(by).unwrap()
}

fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copied(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every table of every party: its name, its rows and their digest.
fn digests(city: &City) -> Vec<(String, String, u64, [u8; 32])> {
    let mut all = Vec::new();
    for (name, store) in city.stores() {
        let tables = store.digest().unwrap();
        all.extend(
            tables.into_iter().map(|table| (name.clone(), table.table.to_owned(), table.rows, table.digest)),
        );
    }
    all
}

/// A city with a settled sale, a payment that never reached the network and is being reversed, and webhooks that nobody
/// takes, as it lies on disk.
fn prepared(data: &Path) {
    let city = start(data);
    let hook = json!({"url": "http://127.0.0.1:9/", "events": ["payment.approved", "payment.reversed"]});
    call(&city, "/v1/webhook_endpoints", "hook", &hook);
    assert_eq!(pay(&city, "paid")["status"], "approved");
    let tools = city.test_tools().unwrap();
    let lost = tools.faults.add(Fault::parse("acquirer-network", "drop").unwrap(), NOW);
    let pending = pay(&city, "lost");
    assert_ne!(pending["status"], "approved", "{pending}");
    eventually("its reversal was tried", || tools.faults.listed()[0].struck >= 2);
    tools.faults.remove(lost.id);
    // Nothing but what waits for a later time is left.
    eventually("the city is quiet", || {
        let waiting = tools.clockwork.waiting_now().unwrap();
        // The next try of a webhook is a message of its own.
        let tried = |one: &server::test_mode::Waiting| one.attempts > 0 || one.topic == "webhooks";
        waiting.iter().all(|one| tried(one) && one.due > NOW) && !waiting.is_empty()
    });
    city.end(NEVER);
}

#[test]
fn a_year_at_once_ends_as_the_same_year_day_by_day() {
    let folder = tempfile::tempdir().unwrap();
    let [first, once, daily] = ["first", "once", "daily"].map(|name| folder.path().join(name));
    prepared(&first);
    copied(&first, &once);
    copied(&first, &daily);

    let city = start(&once);
    let before = digests(&city);
    let began = Instant::now();
    let moved = advance(&city, DAY * 365);
    eprintln!("a year at once took {:?}", began.elapsed());
    assert!(began.elapsed() < NEVER);
    assert_eq!((moved.shown.now, &moved.waiting), (NOW.after(DAY * 365), &Vec::new()));
    let at_once = digests(&city);
    assert_ne!(before, at_once);
    let days: Vec<i64> = city
        .network
        .store()
        .rows("SELECT date FROM settlement_days WHERE state = 'delivered'", &[])
        .unwrap()
        .rows
        .iter()
        .map(|row| match row[0] {
            store::Value::Integer(date) => date,
            _ => 0,
        })
        .collect();
    assert_eq!(days, [20_261_122], "the day with payments was ended at its midnight");
    let file = once.join("network/settlement/20261122-01020000.txt");
    assert!(file.exists(), "and everybody has a file of it");
    city.end(NEVER);

    let city = start(&daily);
    for _ in 0..365 {
        let moved = advance(&city, DAY);
        assert!(moved.waiting.iter().all(|one| one.topic == "webhooks" || one.attempts > 0), "{moved:?}");
    }
    for (at_once, day_by_day) in at_once.iter().zip(digests(&city)) {
        assert_eq!(*at_once, day_by_day);
    }
    city.end(NEVER);

    // Restarted, it goes on at the moved time.
    let city = start(&daily);
    assert_eq!(city.test_tools().unwrap().clockwork.shown().now, NOW.after(DAY * 365));
}

#[test]
fn what_cannot_be_worked_off_is_told_and_goes_on_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let city = start(folder.path());
    let tools = city.test_tools().unwrap();
    let lost = tools.faults.add(Fault::parse("acquirer-network", "drop").unwrap(), NOW);
    pay(&city, "lost");
    let moved = advance(&city, DAY);
    assert_eq!(moved.shown.now, NOW.after(DAY), "the clock arrives all the same");
    let waiting = &moved.waiting[..];
    assert!(
        waiting.iter().any(|one| one.party == "acquirer" && one.topic.contains("reversal")),
        "{waiting:?}"
    );
    tools.faults.remove(lost.id);
    eventually("the reversal is answered", || advance(&city, DAY).waiting.is_empty());
}
