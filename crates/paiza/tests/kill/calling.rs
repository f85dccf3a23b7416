//! The developers' interface under load while the platform dies: what was acknowledged is there, a repeat of a request is
//! answered as the first time, nothing happens twice, and every event reaches its webhook endpoint.
//!
//! The platform dies at fail points, and after so many bytes of its answers as a seed says; `PAIZA_SEED` replays one.

use crate::books;
use crate::city::City;
use crate::process::{eventually, pause};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use store::Failpoint;

const KEY: &str = "sk_test_platform0000000000000000";
const MERCHANT: &str = "mer_00000000000000000000000001";
/// So many call at once.
const CALLERS: usize = 6;
/// Test cards that pay, one of each bank.
const CARDS: [&str; 2] = ["0016", "0014"];

/// What is shared by those who call.
#[derive(Default)]
struct Load {
    at: String,
    /// What was acknowledged: request key, path, body and answer.
    acknowledged: Mutex<BTreeMap<String, (String, Value, String)>>,
    /// Bytes of answers that arrived.
    heard: AtomicU64,
    over: AtomicBool,
}

impl Load {
    /// Status and body of the answer; nothing if it broke off.
    fn ask(&self, method: &str, path: &str, key: &str, body: Option<&Value>) -> Option<(u16, String)> {
        let request = ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", self.at));
        let request = request.header("authorization", format!("Bearer {KEY}"));
        let request = request.header("idempotency-key", key).header("content-type", "application/json");
        let body = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
        let mut answer = server::client::agent().run(request.body(body).unwrap()).ok()?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string().ok()?;
        self.heard.fetch_add(text.len() as u64, Ordering::SeqCst);
        Some((status, text))
    }

    /// Asks until it is acknowledged, under one key, however often the platform dies meanwhile.
    fn insist(&self, path: &str, key: &str, body: &Value) -> String {
        let mut acknowledged = None;
        eventually(&format!("{path} {key} is acknowledged"), || {
            match self.ask("POST", path, key, Some(body)) {
                Some((201, text)) => acknowledged = Some(text),
                // It is not there, does not know, or is still at it: asked again.
                None | Some((409 | 429 | 500 | 503 | 504, _)) => {}
                Some((status, text)) => panic!("{path} {key}: {status} {text}"),
            }
            acknowledged.is_some()
        });
        acknowledged.unwrap()
    }

    /// Calls until it is over, one request after another.
    fn call(&self, caller: usize) {
        for n in 0.. {
            if self.over.load(Ordering::SeqCst) {
                return;
            }
            let key = format!("caller-{caller}-{n}");
            let (path, body) = if n % 3 == 0 {
                let name = format!("TEA {caller} {n}");
                (
                    "/v1/merchants",
                    json!({"name": name, "city": "HANGZHOU", "category": "5499", "currency": "CNY"}),
                )
            } else {
                let amount = json!({"value": 100 + n, "currency": "CNY"});
                // Some wait for a card that never comes; they are as durable as the others.
                let mut body = json!({"amount": amount, "merchant": MERCHANT});
                if n % 3 == 1 {
                    body["test_card"] = json!(CARDS[caller % CARDS.len()]);
                }
                ("/v1/payments", body)
            };
            let answer = self.insist(path, &key, &body);
            self.acknowledged.lock().unwrap().insert(key, (path.to_owned(), body, answer));
        }
    }

    fn get(&self, path: &str) -> Value {
        let mut shown = Value::Null;
        eventually(path, || match self.ask("GET", path, "", None) {
            Some((200, text)) => {
                shown = serde_json::from_str(&text).unwrap();
                true
            }
            _ => false,
        });
        shown
    }

    /// Everything of a list.
    fn all(&self, path: &str) -> Vec<Value> {
        let (mut all, mut next) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}limit=100{next}"));
            all.extend(page["data"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(cursor) => next = format!("&starting_after={cursor}"),
                None => return all,
            }
        }
    }
}

/// An endpoint that takes everything, and the names of the events it took.
fn endpoint() -> (String, Arc<Mutex<BTreeSet<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    let taken: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let taking = Arc::clone(&taken);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut length, mut line) = (0, String::new());
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                if let Some(text) = line.to_lowercase().strip_prefix("content-length: ") {
                    length = text.trim().parse().unwrap_or(0);
                }
                line.clear();
            }
            let mut body = vec![0; length];
            if reader.read_exact(&mut body).is_err() {
                continue;
            }
            // A sender that dies before the answer sends it again.
            if write!(stream, "HTTP/1.1 204 Taken\r\nContent-Length: 0\r\n\r\n").is_ok()
                && let Ok(event) = serde_json::from_slice::<Value>(&body)
            {
                taking.lock().unwrap().insert(event["id"].as_str().unwrap_or_default().to_owned());
            }
        }
    });
    (url, taken)
}

/// The next number of a sequence that a seed fixes (Knuth's MMIX).
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

#[test]
fn no_call_is_lost_or_doubled_and_every_event_is_delivered_though_the_platform_dies() {
    let seed = std::env::var("PAIZA_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut seed = seed.unwrap_or_else(|| u64::from_be_bytes(crypto::random::bytes()));
    eprintln!("PAIZA_SEED={seed}");
    let mut city = City::start();
    let load = Arc::new(Load { at: city.interface(), ..Load::default() });
    let (url, taken) = endpoint();
    load.insist("/v1/webhook_endpoints", "endpoint", &json!({"url": url}));
    // The phones of the shop get their cards before anybody dies: adding one has a kill test of its own.
    for card in CARDS {
        let body =
            json!({"amount": {"value": 1, "currency": "CNY"}, "merchant": MERCHANT, "test_card": card});
        let made = load.insist("/v1/payments", card, &body);
        ended(&load, &made);
    }
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let load = Arc::clone(&load);
                scope.spawn(move || load.call(caller))
            })
            .collect();
        for place in Failpoint::ALL.iter().filter(|place| place.name().starts_with("store.")) {
            // Tables are written when it is idle, which is seldom now.
            let most = if place.name().contains("fold") { 2 } else { 40 };
            let pass = 1 + next(&mut seed) % most;
            city.arm("platform", *place, u32::try_from(pass).unwrap());
            eventually(&format!("the platform dies at {}:{pass}", place.name()), || city.is_dead("platform"));
            city.revive("platform");
        }
        for _ in 0..6 {
            let until = load.heard.load(Ordering::SeqCst) + next(&mut seed) % 40_000;
            eventually("so much was heard", || load.heard.load(Ordering::SeqCst) >= until);
            city.kill("platform");
            city.revive("platform");
        }
        load.over.store(true, Ordering::SeqCst);
        callers.into_iter().for_each(|caller| caller.join().unwrap());
    });
    proven(&load, &taken);
    city.close();
    books::whole(&city.data());
}

/// Waits for the end of a payment that has a card.
fn ended(load: &Load, made: &str) -> Value {
    let made: Value = serde_json::from_str(made).unwrap();
    let path = format!("/v1/payments/{}", made["id"].as_str().unwrap());
    let mut shown = Value::Null;
    eventually(&format!("{path} ends"), || {
        shown = load.get(&path);
        !["processing", "pending", "reversing"].contains(&shown["status"].as_str().unwrap())
    });
    shown
}

fn proven(load: &Load, taken: &Mutex<BTreeSet<String>>) {
    let acknowledged = load.acknowledged.lock().unwrap();
    assert!(acknowledged.len() > CALLERS, "something was asked for");
    let mut wanted = BTreeSet::new();
    for (key, (path, body, answer)) in acknowledged.iter() {
        // A repeat is answered byte for byte as the first time.
        assert_eq!(load.insist(path, key, body), *answer, "{path} {key}");
        if path == "/v1/payments" {
            let shown = ended(load, answer);
            let made: Value = serde_json::from_str(answer).unwrap();
            assert!(wanted.insert(made["id"].as_str().unwrap().to_owned()), "{key} has a payment of its own");
            assert_eq!((&shown["id"], &shown["amount"]), (&made["id"], &body["amount"]));
            let card = body["test_card"].is_string();
            let ends: &[&str] = if card { &["approved", "reversed", "declined"] } else { &["requires_card"] };
            assert!(ends.contains(&shown["status"].as_str().unwrap()), "{key}: {shown}");
        }
    }
    let first = CARDS.len();
    let payments = load.all(&format!("/v1/payments?merchant={MERCHANT}&"));
    assert_eq!(payments.len(), wanted.len() + first, "as many payments as were asked for");
    let merchants: Vec<Value> = load.all("/v1/merchants?");
    let named = |name: &str| merchants.iter().filter(|merchant| merchant["name"] == name).count();
    for (path, body, _) in acknowledged.values().filter(|(path, ..)| path == "/v1/merchants") {
        assert_eq!(named(body["name"].as_str().unwrap()), 1, "{path} {body}");
    }
    let events = load.all("/v1/events?");
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    for event in events.iter().rev() {
        let count = last.entry(event["object"].as_str().unwrap()).or_default();
        *count += 1;
        assert_eq!(event["sequence"], *count, "{event}");
    }
    assert!(wanted.iter().all(|id| last.contains_key(id.as_str())), "every payment was told of");
    // What happened before there was an endpoint was not for it.
    let since = events.iter().filter(|event| event["object"].as_str().unwrap().starts_with("pay_"));
    let since: Vec<&str> = since.map(|event| event["id"].as_str().unwrap()).collect();
    eventually("every event is delivered", || {
        pause();
        let taken = taken.lock().unwrap();
        since.iter().all(|id| taken.contains(*id))
    });
}
