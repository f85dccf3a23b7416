//! A bank stops a card, and its tokens stop with it; nobody else can say so. Its people change cards and rules.

use crate::small_city::SmallCity;
use crate::street::CARD;
use sandbox::directory::Directory;
use sandbox::keys::issuer_signing_key;
use serde_json::{Value, json};
use server::api::IssuerEvent;
use server::client::{Client, Freshness, agent};
use std::net::SocketAddr;
use tokens::records::{Life, Suspender};
use values::Timestamp;

pub(crate) fn post(at: SocketAddr, host: &str, path: &str, body: &Value) -> (u16, Value) {
    let request = agent().post(format!("http://{at}{path}")).header("host", host);
    let request = request.header("content-type", "application/json");
    let mut response = request.send(body.to_string().as_bytes()).unwrap();
    let body = response.body_mut().read_to_string().unwrap();
    (response.status().as_u16(), serde_json::from_str(&body).unwrap_or(Value::String(body)))
}

fn set_card(city: &SmallCity, state: &str) -> (u16, Value) {
    let at = city.desk("boc");
    post(at, &at.to_string(), "/admin/cards", &json!({"number": CARD, "state": state}))
}

#[test]
fn a_stopped_card_stops_its_tokens_and_each_suspender_lifts_its_own() {
    let city = SmallCity::new();
    city.phone.suspend(city.token).unwrap();
    assert_eq!(set_card(&city, "blocked"), (200, json!({"before": "active", "state": "blocked"})));
    city.becomes("suspended by the issuer", |standing| standing.suspenders.contains(Suspender::Issuer));
    city.phone.resume(city.token).unwrap();
    assert!(city.standing().suspenders.contains(Suspender::Issuer), "the customer lifts only their own");
    assert_eq!(set_card(&city, "active").0, 200);
    city.becomes("active again", |standing| standing.suspenders == Default::default());
    assert_eq!(set_card(&city, "closed").0, 200);
    city.becomes("deleted", |standing| standing.life == Life::Deleted);
    let (status, problem) = set_card(&city, "active");
    assert_eq!((status, &problem["code"]), (409, &json!("card_closed")));
}

#[test]
fn an_event_of_somebody_else_changes_nothing() {
    let city = SmallCity::new();
    let directory = Directory::sandbox();
    let other = directory.institutions.iter().find(|bank| bank.id != "boc").unwrap();
    let boc = directory.institution("boc").unwrap();
    let platform = city.city.addresses.platform.to_string();
    let event = |action: &str| IssuerEvent {
        token: city.number().digits(),
        action: action.to_owned(),
        sealed_card: None,
    };
    let fresh = |now: Timestamp| Freshness { now, nonce: crypto::random::bytes() };
    let now = store::Clock::now(&*city.clock);
    let said = |key_id: &str, key, event: &IssuerEvent, fresh: &Freshness| {
        let client = Client::new(&platform, key_id, key);
        match client.post::<Value>("/v1/issuer-events", &hex::encode(fresh.nonce), event, fresh) {
            Ok(_) => "ok".to_owned(),
            Err(error) => error.code().unwrap_or("?").to_owned(),
        }
    };
    let theirs = format!("issuer:{}", other.id);
    let suspend = event("suspend");
    assert_eq!(said(&theirs, issuer_signing_key(other), &suspend, &fresh(now)), "token_unknown");
    assert_eq!(said("issuer:boc", issuer_signing_key(other), &suspend, &fresh(now)), "signature_invalid");
    assert_eq!(said("issuer:none", issuer_signing_key(boc), &suspend, &fresh(now)), "signature_invalid");
    assert_eq!(said("dev_1", issuer_signing_key(boc), &suspend, &fresh(now)), "signature_invalid");
    let old = Timestamp::from_millis(now.millis() - 600_000);
    assert_eq!(said("issuer:boc", issuer_signing_key(boc), &suspend, &fresh(old)), "signature_invalid");
    assert_eq!(said("issuer:boc", issuer_signing_key(boc), &event("sell"), &fresh(now)), "request_invalid");
    assert_eq!(city.standing().suspenders, Default::default());
    // The bank itself may, and a copy of its request may not.
    let once = fresh(now);
    assert_eq!(said("issuer:boc", issuer_signing_key(boc), &suspend, &once), "ok");
    assert_eq!(said("issuer:boc", issuer_signing_key(boc), &suspend, &once), "signature_invalid");
}

#[test]
fn the_desk_reads_and_changes_rules_and_is_of_this_machine() {
    let city = SmallCity::new();
    let at = city.desk("boc");
    let host = at.to_string();
    let change = json!({"condition": "new_device", "enabled": true, "outcome": "RED"});
    let (status, changed) = post(at, &host, "/admin/rules", &change);
    assert_eq!(
        (status, &changed["before"]["enabled"], &changed["now"]["outcome"]),
        (200, &json!(false), &json!("RED"))
    );
    let mut read = agent().get(format!("http://{at}/admin/rules")).call().unwrap();
    let rules: Value = serde_json::from_str(&read.body_mut().read_to_string().unwrap()).unwrap();
    let rule = rules.as_array().unwrap().iter().find(|rule| rule["condition"] == "new_device").unwrap();
    assert_eq!((&rule["enabled"], &rule["outcome"]), (&json!(true), &json!("RED")));
    for (host, path, body, expected) in [
        ("paiza.example:80", "/admin/rules", &change, 403),
        ("evil.example", "/admin/cards", &json!({"number": CARD, "state": "blocked"}), 403),
        (&*host, "/admin/rules", &json!({"condition": "weather"}), 422),
        (&*host, "/admin/rules", &json!({"condition": "country", "weight": 3}), 422),
        (&*host, "/admin/cards", &json!({"number": "6216600100000000098", "state": "blocked"}), 400),
        (&*host, "/admin/cards", &json!({"number": "4111111111111111", "state": "blocked"}), 404),
        (&*host, "/admin/cards", &json!({"number": CARD, "state": "gone"}), 422),
    ] {
        assert_eq!(post(at, host, path, body).0, expected, "{host} {path} {body}");
    }
    let form = agent().post(format!("http://{at}/admin/rules")).send(change.to_string().as_bytes()).unwrap();
    let (status, problem) = post(at, &host, "/admin/rules", &json!({"condition": "weather"}));
    assert_eq!((status, &problem["code"]), (422, &json!("request_invalid")));
    assert!(problem["detail"].as_str().unwrap().contains("new_device"), "it names what there is: {problem}");
    let (status, problem) = post(at, &host, "/admin/cutover", &json!({}));
    assert_eq!((status, &problem["code"]), (404, &json!("not_found")), "a bank's desk ends no day");
    assert_eq!(form.status().as_u16(), 415, "what a form on another site could send");
    assert_eq!(city.standing().suspenders, Default::default());
}

#[test]
fn the_networks_desk_ends_the_day() {
    let city = SmallCity::new();
    let at = city.desk("network");
    let (status, first) = post(at, &at.to_string(), "/admin/cutover", &json!({}));
    assert_eq!(status, 200, "{first}");
    let rows = first.as_array().unwrap();
    let directory = Directory::sandbox();
    assert_eq!(rows.len(), directory.institutions.len() + directory.acquirers.len());
    for row in rows {
        assert_eq!((&row["side"], &row["differences"]), (&json!("even"), &json!([])));
        assert!(std::fs::exists(row["path"].as_str().unwrap()).unwrap());
    }
    let (_, second) = post(at, &at.to_string(), "/admin/cutover", &json!({}));
    assert!(second[0]["date"].as_u64().unwrap() > first[0]["date"].as_u64().unwrap());
}
