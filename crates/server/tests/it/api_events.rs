//! Events of a running city: listed, streamed, sent to a webhook endpoint.

use crate::api::{BOOKS, Caller, NOODLES, PLATFORM};
use crate::small_city::SmallCity;
use crate::street::eventually;
use base64::Engine as _;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;

fn pay(caller: &Caller, key: &str) -> Value {
    let body = json!({"amount": {"value": 1250, "currency": "CNY"}, "test_card": "0016"});
    let paid = caller.post("/v1/payments", key, &body);
    assert_eq!(paid.status, 201, "{}", paid.text);
    paid.json()
}

/// The events about a thing, oldest first, once there are so many.
fn about(caller: &Caller, thing: &str, count: usize) -> Vec<Value> {
    let mut found = Vec::new();
    eventually(&format!("{count} events about {thing}"), || {
        let page = caller.get("/v1/events?limit=100").json();
        found = page["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|event| event["object"] == thing)
            .cloned()
            .collect();
        found.reverse();
        found.len() >= count
    });
    found
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

#[test]
fn what_happens_is_told_once_in_order_and_to_those_it_concerns() {
    let city = SmallCity::new();
    let noodles = Caller::new(&city, NOODLES);
    let id = pay(&noodles, "order")["id"].as_str().unwrap().to_owned();
    let told = about(&noodles, &id, 3);
    assert_eq!(kinds(&told), ["payment.created", "payment.pending", "payment.approved"]);
    let sequences: Vec<&Value> = told.iter().map(|event| &event["sequence"]).collect();
    assert_eq!(sequences, [&json!(1), &json!(2), &json!(3)]);
    let event = format!("/v1/events/{}", told[1]["id"].as_str().unwrap());
    assert_eq!(noodles.get(&event).json(), told[1]);
    assert_eq!(Caller::new(&city, BOOKS).get(&event).problem(), "not_found");
    let books = Caller::new(&city, BOOKS).get("/v1/events?limit=100").text;
    assert!(!books.contains(&id) && books.contains("merchant.created"));

    let boc = Caller::new(&city, "sk_test_bankboc00000000000000000");
    let token = city.token.to_string();
    assert_eq!(kinds(&about(&boc, &token, 1))[0], "token.created");
    let suspend = format!("/v1/tokens/{token}/suspend");
    boc.send("POST", &suspend, &[("idempotency-key", "s")], None);
    let told = about(&boc, &token, 2);
    assert_eq!(kinds(&told).last(), Some(&"token.suspended"));

    // After a restart nothing is told again.
    let before = Caller::new(&city, PLATFORM).get("/v1/events?limit=100").json();
    let city = city.restarted(|_| ());
    let noodles = Caller::new(&city, NOODLES);
    let next = pay(&noodles, "next")["id"].as_str().unwrap().to_owned();
    about(&noodles, &next, 3);
    assert_eq!(kinds(&about(&noodles, &id, 3)), ["payment.created", "payment.pending", "payment.approved"]);
    let after = Caller::new(&city, PLATFORM).get("/v1/events?limit=100").json();
    let names = |page: &Value| -> Vec<String> {
        page["data"].as_array().unwrap().iter().map(|event| event["id"].to_string()).collect()
    };
    assert!(names(&before).iter().all(|name| names(&after).contains(name)));
}

/// The ids and types that a stream tells, until `last` was among them.
fn listened(
    city: &SmallCity,
    key: &str,
    after: Option<&str>,
    begun: mpsc::Sender<()>,
    last: &str,
) -> Vec<(String, String)> {
    let at = city.city.addresses.platform;
    let mut stream = TcpStream::connect(at).unwrap();
    let resume = after.map_or_else(String::new, |id| format!("Last-Event-ID: {id}\r\n"));
    write!(
        stream,
        "GET /v1/events/stream HTTP/1.1\r\nHost: {at}\r\nAuthorization: Bearer {key}\r\n{resume}\r\n"
    )
    .unwrap();
    let (mut told, mut id) = (Vec::new(), String::new());
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap();
        if line == ": listening" {
            begun.send(()).unwrap();
        }
        if let Some(name) = line.strip_prefix("id: ") {
            id = name.to_owned();
        }
        if let Some(kind) = line.strip_prefix("event: ") {
            told.push((id.clone(), kind.to_owned()));
            if kind == last {
                break;
            }
        }
    }
    told
}

#[test]
fn a_stream_tells_events_as_they_happen_and_goes_on_where_it_broke_off() {
    let city = SmallCity::new();
    let noodles = Caller::new(&city, NOODLES);
    // What was there before the stream is not told on it.
    let old = noodles.get("/v1/merchants").json()["data"][0]["id"].as_str().unwrap().to_owned();
    about(&noodles, &old, 1);
    let (begun, listening) = mpsc::channel();
    let told = std::thread::scope(|scope| {
        let listener = scope.spawn(|| listened(&city, NOODLES, None, begun, "payment.approved"));
        listening.recv().unwrap();
        pay(&noodles, "order");
        listener.join().unwrap()
    });
    let kinds: Vec<&str> =
        told.iter().map(|(_, kind)| kind.as_str()).filter(|kind| kind.starts_with("pay")).collect();
    assert_eq!(kinds, ["payment.created", "payment.pending", "payment.approved"]);
    let (begun, _listening) = mpsc::channel();
    let pending = told.iter().find(|(_, kind)| kind == "payment.pending").unwrap();
    let resumed = listened(&city, NOODLES, Some(&pending.0), begun, "payment.approved");
    assert_eq!(resumed, told[told.iter().position(|event| event == pending).unwrap() + 1..]);
    let foreign =
        Caller::new(&city, BOOKS).send("GET", "/v1/events/stream", &[("last-event-id", &pending.0)], None);
    assert_eq!(foreign.problem(), "not_found");
}

/// One request that an endpoint got: its headers in lower case, and the body.
fn received(listener: &TcpListener, answer: &str) -> (Vec<(String, String)>, Vec<u8>) {
    let (mut stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line.trim_end().is_empty() { break } else { continue }
        };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").unwrap().1.parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n").unwrap();
    (headers, body)
}

#[test]
fn an_endpoint_gets_signed_events_until_it_takes_them() {
    let city = SmallCity::new();
    let noodles = Caller::new(&city, NOODLES);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    let wish = json!({"url": url, "events": ["payment.approved"]});
    let made = noodles.post("/v1/webhook_endpoints", "e", &wish);
    assert_eq!(made.status, 201, "{}", made.text);
    assert!(!made.text.contains("whsec_"), "no secret in an answer that is remembered");
    let at = format!("/v1/webhook_endpoints/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(Caller::new(&city, BOOKS).get(&format!("{at}/secret")).problem(), "not_found");
    let secret = noodles.get(&format!("{at}/secret")).json()["secret"].as_str().unwrap().to_owned();
    for url in ["http://10.0.0.1/", "http://169.254.169.254/", "https://example.com/"] {
        let refused = noodles.post("/v1/webhook_endpoints", url, &json!({"url": url}));
        assert_eq!(refused.json()["param"], "/url", "{url}");
    }

    let (give, got) = mpsc::channel();
    let endpoint = std::thread::spawn(move || {
        for answer in ["500 Oh", "302 Elsewhere", "204 Taken", "204 Taken"] {
            give.send(received(&listener, answer)).unwrap();
        }
    });
    let id = pay(&noodles, "order")["id"].as_str().unwrap().to_owned();
    let mut tries = Vec::new();
    city.in_time("the event is taken", || {
        tries.extend(got.try_iter());
        tries.len() == 3
    });
    let header = |tried: usize, name: &str| -> String {
        let (headers, _): &(Vec<(String, String)>, Vec<u8>) = &tries[tried];
        headers.iter().find(|(known, _)| known == name).unwrap().1.clone()
    };
    let event: Value = serde_json::from_slice(&tries[2].1).unwrap();
    assert_eq!((&event["type"], &event["object"]), (&json!("payment.approved"), &json!(id)));
    assert!((0..3).all(|tried| header(tried, "webhook-id") == event["id"].as_str().unwrap()));
    let key =
        base64::engine::general_purpose::STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let signed = [
        header(2, "webhook-id").as_bytes(),
        b".",
        header(2, "webhook-timestamp").as_bytes(),
        b".",
        &tries[2].1,
    ]
    .concat();
    let tag = base64::engine::general_purpose::STANDARD.encode(crypto::hash::HmacKey::new(&key).tag(&signed));
    assert_eq!(header(2, "webhook-signature"), format!("v1,{tag}"));

    let resend = format!("/v1/events/{}/resend", event["id"].as_str().unwrap());
    let resent = noodles.send("POST", &resend, &[("idempotency-key", "again")], None);
    assert_eq!(resent.json()["endpoints"], 1, "{}", resent.text);
    let again = got.recv_timeout(crate::street::PATIENCE).unwrap();
    assert_eq!(again.1, tries[2].1);
    endpoint.join().unwrap();
    let removed = noodles.send("POST", &format!("{at}/delete"), &[("idempotency-key", "d")], None);
    assert_eq!(removed.status, 200, "{}", removed.text);
    assert_eq!(noodles.get(&at).problem(), "not_found");
}
