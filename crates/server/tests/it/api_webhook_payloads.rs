//! What webhooks carry where an endpoint wants more: a signature that only we could have made, the object as the event left it,
//! and the trace of whoever asked for the change.

use crate::api::{Caller, NOODLES, PLATFORM};
use crate::api_webhooks::{Endpoint, Got};
use crate::small_city::SmallCity;
use crate::street::eventually;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::process::Command;

/// An object identifier of Ed25519 and thirty-two bytes to come (RFC 8410, 4).
const ED25519: &str = "302a300506032b6570032100";

fn added(caller: &Caller, endpoint: &Endpoint, more: Value) -> String {
    let mut body = json!({"url": endpoint.url});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = caller.post("/v1/webhook_endpoints", &endpoint.url, &body);
    assert_eq!(made.status, 201, "{}", made.text);
    made.json()["id"].as_str().unwrap().to_owned()
}

/// Whether a webhook's asymmetric signature holds under this key, as OpenSSL has it: what it checks shares no code with us.
fn holds(public: &str, got: &Got, body: &[u8]) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let point = STANDARD.decode(public.strip_prefix("whpk_").unwrap()).unwrap();
    let key = file("key.der", &[hex::decode(ED25519).unwrap(), point].concat());
    let head = format!("{}.{}.", got.header("webhook-id"), got.header("webhook-timestamp"));
    let content = file("content", &[head.as_bytes(), body].concat());
    let mut given = got.header("webhook-signature").split(' ').filter_map(|one| one.strip_prefix("v1a,"));
    given.any(|given| {
        let signature = file("signature", &STANDARD.decode(given).unwrap());
        let checked = Command::new("openssl")
            .args(["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin"])
            .args(["-inkey".as_ref(), key.as_os_str(), "-in".as_ref(), content.as_os_str()])
            .args(["-sigfile".as_ref(), signature.as_os_str()])
            .output()
            .unwrap();
        checked.status.success()
    })
}

/// Whether there is OpenSSL; where it is required there has to be.
fn openssl() -> bool {
    let there = Command::new("openssl").arg("version").output().is_ok_and(|said| said.status.success());
    let required = ["CI", "PAIZA_REQUIRE_ALL"].iter().any(|name| std::env::var_os(name).is_some());
    assert!(there || !required, "there is no OpenSSL");
    if !there {
        eprintln!("SKIPPED: there is no OpenSSL");
    }
    there
}

#[test]
fn a_key_pair_signs_what_its_owner_alone_could_have_sent() {
    if !openssl() {
        return;
    }
    let city = SmallCity::new();
    let platform = Caller::new(&city, PLATFORM);
    let endpoint = Endpoint::answering(&[Some(204)]);
    let id = added(&platform, &endpoint, json!({"asymmetric": true, "events": ["merchant.created"]}));
    let plain = Endpoint::answering(&[Some(204)]);
    let other = added(&platform, &plain, json!({"events": ["merchant.created"]}));
    let keys = |id: &str| platform.get(&format!("/v1/webhook_endpoints/{id}/secret")).json();
    let first = keys(&id)["public_key"].as_str().unwrap().to_owned();
    assert_eq!(
        (&keys(&id)["previous_public_key"], &keys(&other)["public_key"]),
        (&Value::Null, &Value::Null)
    );
    tea(&platform, "one");
    eventually("both hear of it", || endpoint.got().len() == 1 && plain.got().len() == 1);
    let got = &endpoint.got()[0];
    assert!(holds(&first, got, &got.body));
    assert!(!holds(&first, got, &[&got.body[..], b" "].concat()), "another body");
    assert!(!plain.got()[0].header("webhook-signature").contains("v1a,"), "where nobody asked there is none");

    // After a change both keys sign for a while, and each is good for its own signature.
    let rotate = format!("/v1/webhook_endpoints/{id}/rotate_secret");
    assert_eq!(platform.post(&rotate, "r", &json!({"keep_old_for": 60})).status, 200);
    let shown = keys(&id);
    assert_eq!(shown["previous_public_key"], first.as_str());
    let second = shown["public_key"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    tea(&platform, "two");
    eventually("it hears of the next", || endpoint.got().len() == 2);
    let got = &endpoint.got()[1];
    assert!(holds(&first, got, &got.body) && holds(&second, got, &got.body));
    city.clock.advance(std::time::Duration::from_secs(61));
    tea(&platform, "three");
    eventually("it hears of the third", || endpoint.got().len() == 3);
    let got = &endpoint.got()[2];
    assert!(!holds(&first, got, &got.body) && holds(&second, got, &got.body));
}

fn tea(caller: &Caller, key: &str) {
    let tea = json!({"name": "PAIZA TEA", "city": "HANGZHOU", "category": "5499", "currency": "CNY"});
    assert_eq!(caller.post("/v1/merchants", key, &tea).status, 201);
}

#[test]
fn a_full_event_carries_its_object_as_it_left_it() {
    let city = SmallCity::new();
    let noodles = Caller::new(&city, NOODLES);
    let (full, thin) = (Endpoint::answering(&[Some(204)]), Endpoint::answering(&[Some(204)]));
    let id = added(&noodles, &full, json!({"payload": "full"}));
    added(&noodles, &thin, json!({}));
    assert_eq!(noodles.get(&format!("/v1/webhook_endpoints/{id}")).json()["payload"], "full");
    let paid = json!({"amount": {"value": 1250, "currency": "CNY"}, "test_card": "0016", "metadata": {"order": "7"}});
    let paid = noodles.post("/v1/payments", "p", &paid).json();
    let kinds = |endpoint: &Endpoint| -> Vec<Value> {
        endpoint.got().iter().map(|got| got.event()["type"].clone()).collect()
    };
    let all = |endpoint: &Endpoint| kinds(endpoint).iter().any(|kind| kind == "payment.approved");
    eventually("both hear of it", || all(&full) && all(&thin));
    for got in full.got() {
        let event = got.event();
        assert!(!String::from_utf8_lossy(&got.body).contains("6216600100000000016"), "no card number");
        if event["object"] != paid["id"] {
            assert!(event["data"].is_object(), "{event}");
            continue;
        }
        let status = event["type"].as_str().unwrap().split_once('.').unwrap().1;
        // One that is wanted with its card goes to the terminal in the same commit.
        let status = if status == "created" { "processing" } else { status };
        assert_eq!(
            (&event["data"]["id"], &event["data"]["status"]),
            (&paid["id"], &json!(status)),
            "{event}"
        );
        assert_eq!(event["data"]["metadata"], json!({"order": "7"}));
    }
    assert!(thin.got().iter().all(|got| got.event().get("data").is_none()));
    // The list stays thin, and another setting takes effect at once.
    assert!(noodles.get("/v1/events").json()["data"][0].get("data").is_none());
    let before = full.got().len();
    let change = json!({"payload": "thin"});
    let headers = [("idempotency-key", "t"), ("content-type", "application/json")];
    let body = Some(change.to_string().into_bytes());
    assert_eq!(noodles.send("PATCH", &format!("/v1/webhook_endpoints/{id}"), &headers, body).status, 200);
    noodles.post_at_once("/v1/payments", "q", &json!({"amount": {"value": 5, "currency": "CNY"}}));
    eventually("it hears of the next", || full.got().len() > before);
    assert!(full.got()[before].event().get("data").is_none());
}

#[test]
fn a_callers_trace_is_logged_answered_and_handed_on() {
    let city = SmallCity::new();
    let noodles = Caller::new(&city, NOODLES);
    let endpoint = Endpoint::answering(&[Some(204)]);
    added(&noodles, &endpoint, json!({"events": ["payment.created"]}));
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let parent = format!("00-{trace}-b7ad6b7169203331-01");
    let body = json!({"amount": {"value": 5, "currency": "CNY"}}).to_string().into_bytes();
    let headers = [
        ("idempotency-key", "traced"),
        ("content-type", "application/json"),
        ("traceparent", parent.as_str()),
        ("tracestate", "shop=7"),
    ];
    let answer = noodles.send("POST", "/v1/payments", &headers, Some(body));
    assert_eq!(answer.status, 201, "{}", answer.text);
    let ours = answer.header("traceresponse").to_owned();
    assert!(ours.starts_with(&format!("00-{trace}-")) && ours != parent, "{ours}");
    eventually("the webhook comes", || endpoint.got().len() == 1);
    let got = &endpoint.got()[0];
    let handed_on = got.header("traceparent");
    assert!(handed_on.starts_with(&format!("00-{trace}-")) && handed_on != ours && handed_on != parent);
    assert_eq!(got.header("tracestate"), "shop=7");
    let desk = city.desk("platform");
    let lines = server::client::agent().get(format!("http://{desk}/admin/requests?after=0")).call().unwrap();
    let lines: Value = lines.into_body().read_json().unwrap();
    let own = lines["lines"].as_array().unwrap().iter().find(|line| line["trace_id"] == trace).unwrap();
    assert_eq!(
        (&own["request_id"], &own["route"]),
        (&json!(answer.header("request-id")), &json!("/v1/payments"))
    );
    // Whoever names no trace, or none that can be read, gets none.
    let wrong = noodles.send("GET", "/v1/payments", &[("traceparent", "00-0-0-0")], None);
    assert_eq!((wrong.status, wrong.header("traceresponse")), (200, ""));
}
