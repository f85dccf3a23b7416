//! Webhooks: by the published schedule, with secrets that change, to endpoints that are slow or gone, and again.

use crate::api::{BOOKS, Caller, NOODLES, PLATFORM};
use crate::small_city::SmallCity;
use crate::street::eventually;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto::hash::HmacKey;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What an endpoint got: headers in lower case, and the body.
#[derive(Clone)]
pub(crate) struct Got {
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Got {
    pub(crate) fn event(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        &self.headers[name]
    }
}

/// An endpoint that answers each request with the next of its answers, the last for ever; silence is no answer.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    got: Arc<Mutex<Vec<Got>>>,
    held: Arc<Mutex<Vec<TcpStream>>>,
}

impl Endpoint {
    pub(crate) fn answering(answers: &[Option<u16>]) -> Endpoint {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hooks", listener.local_addr().unwrap());
        let got = Arc::<Mutex<Vec<Got>>>::default();
        let held = Arc::<Mutex<Vec<TcpStream>>>::default();
        let (tell, keep, answers) = (Arc::clone(&got), Arc::clone(&held), answers.to_vec());
        std::thread::spawn(move || {
            for (count, stream) in listener.incoming().enumerate() {
                let Ok(mut stream) = stream else { return };
                let Some(request) = read(&stream) else { continue };
                tell.lock().unwrap().push(request);
                match answers[count.min(answers.len() - 1)] {
                    Some(status) => {
                        let _ = write!(stream, "HTTP/1.1 {status} So\r\nContent-Length: 0\r\n\r\n");
                    }
                    None => keep.lock().unwrap().push(stream),
                }
            }
        });
        Endpoint { url, got, held }
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    fn added_by(&self, caller: &Caller, kinds: Value) -> String {
        let made =
            caller.post("/v1/webhook_endpoints", &self.url, &json!({"url": self.url, "events": kinds}));
        assert_eq!(made.status, 201, "{}", made.text);
        made.json()["id"].as_str().unwrap().to_owned()
    }
}

fn read(stream: &TcpStream) -> Option<Got> {
    let mut reader = BufReader::new(stream);
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => drop(headers.insert(name.to_lowercase(), value.to_owned())),
            None if line.trim_end().is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    Some(Got { headers, body })
}

/// What a receiver does with a request, as the documentation shows it.
fn verifies(secrets: &[&str], got: &Got, now_seconds: i64) -> bool {
    let (id, at) = (got.header("webhook-id"), got.header("webhook-timestamp"));
    if (now_seconds - at.parse::<i64>().unwrap_or(0)).abs() > 300 {
        return false;
    }
    let signed = [id.as_bytes(), b".", at.as_bytes(), b".", &got.body].concat();
    secrets.iter().any(|secret| {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let tag = STANDARD.encode(HmacKey::new(&key).tag(&signed));
        let mut given = got.header("webhook-signature").split(' ').filter_map(|one| one.strip_prefix("v1,"));
        given.any(|given| values::secret::constant_time_eq(given.as_bytes(), tag.as_bytes()))
    })
}

fn secrets(caller: &Caller, endpoint: &str) -> (String, Option<String>) {
    let shown = caller.get(&format!("/v1/webhook_endpoints/{endpoint}/secret")).json();
    (shown["secret"].as_str().unwrap().to_owned(), shown["previous_secret"].as_str().map(str::to_owned))
}

fn tea(caller: &Caller, key: &str) -> String {
    let tea = json!({"name": "PAIZA TEA", "city": "HANGZHOU", "category": "5499", "currency": "CNY"});
    caller.post("/v1/merchants", key, &tea).json()["id"].as_str().unwrap().to_owned()
}

#[test]
fn tries_follow_the_schedule_until_an_event_is_parked_and_it_can_be_replayed() {
    let city = SmallCity::new();
    let platform = Caller::new(&city, PLATFORM);
    // What the city itself began with lies before.
    city.clock.advance(Duration::from_secs(1));
    let before = store::Clock::now(&*city.clock);
    let endpoint = Endpoint::answering(&[Some(500); 11].into_iter().chain([Some(204)]).collect::<Vec<_>>());
    let id = endpoint.added_by(&platform, json!(["merchant.created"]));
    let merchant = tea(&platform, "tea");
    let waits = developers::webhook::SCHEDULE;
    eventually("the first try, made at once", || endpoint.got().len() == 1);
    for (tries, wait) in waits.iter().enumerate().skip(1) {
        // Not before four fifths of the wait are over, surely after six.
        eventually("the try is written down", || attempts(&city) == tries as i64);
        city.clock.advance(*wait * 79 / 100);
        assert_eq!(endpoint.got().len(), tries, "too early");
        city.clock.advance(*wait * 42 / 100);
        eventually(&format!("try {}", tries + 1), || endpoint.got().len() == tries + 1);
    }
    eventually("it is parked", || attempts(&city) == 11);
    city.clock.advance(Duration::from_secs(100 * 86_400));
    let state = || delivery(&city, "SELECT state FROM webhook_deliveries");
    assert_eq!(state(), Some(store::Value::Text("parked".to_owned())));
    assert_eq!(endpoint.got().len(), 11);
    assert!(endpoint.got().iter().all(|got| got.event()["object"] == merchant));

    let moment = |at: values::Timestamp| json!(server::platform_http::developers::time::write(at));
    let span = |to: i64| {
        let to = values::Timestamp::from_millis(before.millis() + to);
        json!({"from": moment(before), "to": moment(to), "webhook_endpoint": id})
    };
    assert_eq!(platform.post("/v1/events/replay", "none", &span(0)).json()["param"], "/to");
    assert_eq!(
        Caller::new(&city, BOOKS).post("/v1/events/replay", "theirs", &span(1000)).problem(),
        "not_found"
    );
    let replayed = platform.post("/v1/events/replay", "all", &span(60_000));
    assert_eq!(replayed.json()["deliveries"], 1, "{}", replayed.text);
    eventually("the event is taken", || endpoint.got().len() == 12);
    eventually("and no more parked", || state() == Some(store::Value::Text("delivered".to_owned())));
    let again = platform.post("/v1/events/replay", "again", &span(60_000));
    assert_eq!(again.json()["deliveries"], 0, "what was taken is left out");
}

/// Events are told some time after they happened, and the city's clock stands still: neither tells what came first.
#[test]
fn an_endpoint_hears_what_happened_since_it_was_set_up_and_nothing_before() {
    let city = SmallCity::new();
    let platform = Caller::new(&city, PLATFORM);
    let mut endpoints = Vec::new();
    for round in 0..8 {
        let before = tea(&platform, &format!("before {round}"));
        let endpoint = Endpoint::answering(&[Some(204)]);
        endpoint.added_by(&platform, json!(["merchant.created"]));
        let after = tea(&platform, &format!("after {round}"));
        endpoints.push((endpoint, before, after));
    }
    let merchants: Vec<String> =
        endpoints.iter().flat_map(|(_, before, after)| [before.clone(), after.clone()]).collect();
    for (endpoint, before, _) in &endpoints {
        let since = merchants.iter().position(|merchant| merchant == before).unwrap() + 1;
        eventually("all that happened since", || endpoint.got().len() >= merchants.len() - since);
        let heard: Vec<Value> = endpoint.got().iter().map(|got| got.event()["object"].clone()).collect();
        assert_eq!(heard, merchants[since..]);
    }
}

/// Somebody has to hear that an endpoint is gone: it stands in the list, and another endpoint is told.
#[test]
fn a_parked_event_is_told_to_everybody_else_and_not_for_ever() {
    let city = SmallCity::new();
    let platform = Caller::new(&city, PLATFORM);
    let parked = developers::webhook::PARKED;
    let gone = Endpoint::answering(&[Some(410)]);
    let gone_id = gone.added_by(&platform, json!(["merchant.created", parked]));
    let watcher = Endpoint::answering(&[Some(204), Some(410)]);
    let watcher_id = watcher.added_by(&platform, json!([parked]));
    tea(&platform, "tea");
    eventually("the watcher hears of it", || watcher.got().len() == 1);
    let told = watcher.got().remove(0).event();
    assert_eq!((&told["type"], &told["object"]), (&json!(parked), &json!(gone_id)));
    assert_eq!(gone.got().len(), 1, "it is not told of itself");
    let listed = |object: &str| {
        let list = platform.get(&format!("/v1/events?type={parked}&object={object}")).json();
        list["data"].as_array().unwrap().len()
    };
    assert_eq!(listed(&gone_id), 1);

    // The watcher goes too, over an event about its neighbour: that is listed, and nobody is sent it.
    let enable = format!("/v1/webhook_endpoints/{gone_id}/enable");
    platform.send("POST", &enable, &[("idempotency-key", "e")], None);
    tea(&platform, "more tea");
    eventually("both are gone", || listed(&watcher_id) == 1);
    assert_eq!((gone.got().len(), watcher.got().len(), listed(&gone_id)), (2, 2, 2));
}

/// What stands in this column of the one delivery there is.
fn delivery(city: &SmallCity, sql: &str) -> Option<store::Value> {
    let (_, store) = city.city.stores().find(|(name, _)| name == "developers").unwrap();
    store.rows(sql, &[]).unwrap().rows.first().and_then(|row| row.first().cloned())
}

fn attempts(city: &SmallCity) -> i64 {
    match delivery(city, "SELECT attempts FROM webhook_deliveries") {
        Some(store::Value::Integer(attempts)) => attempts,
        _ => 0,
    }
}

#[test]
fn while_a_secret_changes_both_sign() {
    let city = SmallCity::new();
    let platform = Caller::new(&city, PLATFORM);
    let endpoint = Endpoint::answering(&[Some(204)]);
    let id = endpoint.added_by(&platform, json!(["merchant.created"]));
    let (old, none) = secrets(&platform, &id);
    assert_eq!(none, None);
    let now = || store::Clock::now(&*city.clock).millis() / 1000;
    tea(&platform, "one");
    eventually("the first event", || endpoint.got().len() == 1);
    let first = endpoint.got()[0].clone();
    assert!(verifies(&[&old], &first, now()) && !first.header("webhook-signature").contains(' '));

    let rotate = format!("/v1/webhook_endpoints/{id}/rotate_secret");
    assert_eq!(Caller::new(&city, NOODLES).post(&rotate, "r", &json!({})).problem(), "not_found");
    let rotated = platform.post(&rotate, "r", &json!({"keep_old_for": 3600}));
    assert!(!rotated.text.contains("whsec_") && rotated.json()["previous_secret_until"].is_string());
    let (new, previous) = secrets(&platform, &id);
    assert!(new != old && previous.as_deref() == Some(&old));
    tea(&platform, "two");
    eventually("the second event", || endpoint.got().len() == 2);
    let second = endpoint.got()[1].clone();
    assert!(verifies(&[&old], &second, now()) && verifies(&[&new], &second, now()));

    city.clock.advance(Duration::from_secs(3601));
    assert_eq!(secrets(&platform, &id), (new.clone(), None));
    tea(&platform, "three");
    eventually("the third event", || endpoint.got().len() == 3);
    let third = endpoint.got()[2].clone();
    assert!(verifies(&[&new], &third, now()) && !verifies(&[&old], &third, now()));

    // Receivers notice what is stale, altered or taken from another message.
    assert!(!verifies(&[&new], &third, now() + 301) && !verifies(&[&new], &third, now() - 301));
    let mut altered = third.clone();
    altered.body[10] ^= 1;
    assert!(!verifies(&[&new], &altered, now()));
    for header in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let mut mixed = third.clone();
        mixed.headers.insert(header.to_owned(), second.header(header).to_owned());
        // An hour lies between the two, so the other's time is stale; its name and its signature are another's.
        assert!(!verifies(&[&new], &mixed, now()), "{header}");
    }
    // In whatever order the signatures stand, one that matches is enough.
    let mut reordered = second.clone();
    let mut signatures: Vec<&str> = second.header("webhook-signature").split(' ').collect();
    signatures.reverse();
    reordered.headers.insert("webhook-signature".to_owned(), format!("v1a,xyz {}", signatures.join(" ")));
    assert!(verifies(&[&new], &reordered, now() - 3601) && verifies(&[&old], &reordered, now() - 3601));
}

#[test]
fn a_silent_endpoint_keeps_no_other_waiting_and_one_that_is_gone_is_disabled() {
    let city = SmallCity::new();
    let platform = Caller::new(&city, PLATFORM);
    let silent = Endpoint::answering(&[None]);
    let gone = Endpoint::answering(&[Some(410), Some(204)]);
    let quick = Endpoint::answering(&[Some(204)]);
    let kinds = json!(["merchant.created"]);
    silent.added_by(&platform, kinds.clone());
    let gone_id = gone.added_by(&platform, kinds.clone());
    quick.added_by(&platform, kinds);
    let merchants: Vec<String> = (0..5).map(|n| tea(&platform, &format!("tea-{n}"))).collect();
    eventually("the quick one has them all", || quick.got().len() == 5);
    let told: Vec<String> =
        quick.got().iter().map(|got| got.event()["object"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told, merchants, "in order");
    eventually("the silent one was asked", || !silent.got().is_empty());
    assert_eq!(silent.got().len(), 1, "its first event is still on its way");

    let at = format!("/v1/webhook_endpoints/{gone_id}");
    eventually("it is disabled", || platform.get(&at).json()["status"] == "disabled");
    assert_eq!(gone.got().len(), 1);
    let enabled = platform.send("POST", &format!("{at}/enable"), &[("idempotency-key", "e")], None);
    assert_eq!(enabled.json()["status"], "enabled", "{}", enabled.text);
    let fresh = tea(&platform, "after");
    eventually("it gets what happens now", || {
        gone.got().iter().skip(1).any(|got| got.event()["object"] == fresh)
    });
    silent.held.lock().unwrap().clear();
}

#[test]
fn a_bank_hears_of_the_tokens_of_its_own_cards() {
    let city = SmallCity::new();
    let boc = Caller::new(&city, "sk_test_bankboc00000000000000000");
    let meadow = Caller::new(&city, "sk_test_bankmeadow00000000000000");
    let (ours, theirs) = (Endpoint::answering(&[Some(204)]), Endpoint::answering(&[Some(204)]));
    ours.added_by(&boc, json!(["*"]));
    theirs.added_by(&meadow, json!(["*"]));
    let token = city.token.to_string();
    for (act, key) in [("suspend", "s"), ("resume", "r")] {
        let path = format!("/v1/tokens/{token}/{act}");
        assert_eq!(boc.send("POST", &path, &[("idempotency-key", key)], None).status, 200);
    }
    let told = || -> Vec<String> {
        let about = |got: &Got| got.event()["object"] == token;
        let kind = |got: &Got| got.event()["type"].as_str().unwrap().to_owned();
        ours.got().iter().filter(|got| about(got)).map(kind).collect()
    };
    // That it was made may be told too, if nobody had told it before the endpoint was there.
    eventually("the bank hears of both", || {
        told().ends_with(&["token.suspended", "token.active"].map(str::to_owned))
    });
    assert!(theirs.got().is_empty(), "another bank hears nothing of it");
}
