//! How the platform says that it is: alive, ready, and in numbers; and what it keeps of requests.

use crate::api::{Caller, NOODLES, NOODLES_ID, PLATFORM};
use crate::small_city::SmallCity;
use crate::street::eventually;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The value of each line, by name and labels; every name with what it is.
fn read(text: &str) -> BTreeMap<String, f64> {
    let mut values = BTreeMap::new();
    let mut known = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            known.push(rest.split(' ').next().unwrap().to_owned());
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let bare = name.split('{').next().unwrap();
        assert!(known.iter().any(|known| bare.starts_with(known)), "{line} is not explained");
        assert!(bare.starts_with("paiza_"), "{line}");
        values.insert(name.to_owned(), value.parse().unwrap());
    }
    values
}

#[test]
fn numbers_follow_what_happens() {
    let city = SmallCity::new();
    let noodles = Caller::new(&city, NOODLES);
    let body = json!({"amount": {"value": 1250, "currency": "CNY"}, "test_card": "0016"});
    assert_eq!(noodles.post("/v1/payments", "p", &body).json()["status"], "approved");
    let low = json!({"amount": {"value": 1250, "currency": "CNY"}, "test_card": "0057"});
    let declined = noodles.post("/v1/payments", "d", &low).json();
    assert_eq!(declined["status"], "declined", "{declined}");
    let at = city.city.addresses.platform.to_string();
    let numbers = || read(&Caller::at(&at, "").get("/metrics").text);
    let told = "paiza_events_told_total{type=\"payment.declined\"}";
    eventually("the decline is counted", || numbers().get(told) == Some(&1.0));
    let numbers = numbers();
    let reason = declined["decline"]["code"].as_str().unwrap();
    assert_eq!(numbers[&format!("paiza_payments_declined_total{{reason=\"{reason}\"}}")], 1.0);
    let route = "route=\"/v1/payments\",method=\"POST\",status=\"201\"";
    assert_eq!(numbers[&format!("paiza_http_request_seconds_count{{{route}}}")], 2.0);
    assert_eq!(numbers["paiza_webhooks_parked_deliveries"], 0.0);
    for name in ["paiza_keys_oldest_seconds", "paiza_events_untold_facts{store=\"acquirer\"}"] {
        assert!(numbers.contains_key(name), "{name}");
    }
    // At the desk there are the same.
    let desk = Caller::at(&city.desk("platform").to_string(), "");
    assert!(read(&desk.get("/metrics").text).len() >= numbers.len());
}

#[test]
fn a_platform_whose_records_are_lost_lives_and_is_not_ready() {
    let city = SmallCity::new();
    let at = city.city.addresses.platform.to_string();
    let anybody = Caller::at(&at, "");
    assert_eq!(anybody.get("/livez").text, "ok");
    let ready = anybody.get("/readyz");
    assert_eq!((ready.status, &ready.json()["ready"]), (200, &json!(true)), "{}", ready.text);
    city.city.acquirer.store().close();
    let ready = anybody.get("/readyz");
    assert_eq!((ready.status, &ready.json()["ready"]), (503, &json!(false)), "{}", ready.text);
    let checks = ready.json()["checks"].clone();
    let lost =
        checks.as_array().unwrap().iter().find(|check| check["name"] == "records of acquirer").unwrap();
    assert_eq!(lost["ok"], false);
    assert_eq!(anybody.get("/livez").text, "ok");
    // New payments are refused cleanly, and may be tried again.
    let body = json!({"amount": {"value": 1250, "currency": "CNY"}});
    let refused = Caller::new(&city, NOODLES).post("/v1/payments", "p", &body);
    assert_eq!((refused.status, refused.problem().as_str()), (503, "unavailable"));
    assert_eq!(refused.json()["retryable"], true);
}

/// The log says who asked for what and how it ended, under the name that the caller was given, and nothing that was sent.
#[test]
fn the_log_of_requests_holds_what_is_listed_and_nothing_else() {
    let city = SmallCity::new();
    let platform = Caller::new(&city, PLATFORM);
    let desk = Caller::at(&city.desk("platform").to_string(), "");
    let last = desk.get("/admin/requests").json()["last"].as_u64().unwrap();
    let seen = platform.get(&format!("/v1/merchants/{NOODLES_ID}"));
    let card = "6200000000000016";
    let number = platform.get(&format!("/v1/merchants/{card}?status={card}"));
    assert_eq!(number.status, 400);
    platform.post("/v1/merchants", card, &json!({"name": card}));
    let lines = desk.get(&format!("/admin/requests?after={last}")).json();
    // Others of the city may have asked for something meanwhile.
    let own = |line: &&Value| line["tenant"] == "platform";
    let lines: Vec<&Value> = lines["lines"].as_array().unwrap().iter().filter(own).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["request_id"], seen.header("request-id"));
    let members: Vec<&String> = lines[0].as_object().unwrap().keys().collect();
    let listed = [
        "code",
        "latency_ms",
        "level",
        "method",
        "number",
        "object_id",
        "request_id",
        "route",
        "status",
        "target",
        "tenant",
        "trace_id",
        "ts",
    ];
    assert_eq!(members, listed);
    assert_eq!((&lines[0]["object_id"], &lines[0]["tenant"]), (&json!(NOODLES_ID), &json!("platform")));
    assert_eq!(
        (&lines[1]["route"], &lines[1]["code"]),
        (&json!("/v1/merchants/{merchant}"), &json!("parameter_unknown"))
    );
    assert!(!json!(lines).to_string().contains(card), "what was sent is not logged");
}
