//! Long work by the interface: it answers at once, is written in the background over a restart, got whole, given up, forgotten.

use crate::api::{Answer, BOOKS, Caller, NOODLES, NOODLES_ID, PLATFORM};
use crate::small_city::SmallCity;
use crate::street::eventually;
use serde_json::{Value, json};
use server::platform_http::developers::Limits;
use std::collections::BTreeSet;
use std::sync::mpsc;
use std::time::Duration;

const SINCE: &str = "2026-01-01T00:00:00.000Z";
const BOC: &str = "sk_test_bankboc00000000000000000";

fn city() -> SmallCity {
    SmallCity::planned(|plan| plan.api_limits = Limits { per_second: 100_000, burst: 1_000_000 })
}

fn export(caller: &Caller, key: &str, what: &str, format: &str) -> Value {
    let begun = caller.post("/v1/exports", key, &json!({"what": what, "format": format, "from": SINCE}));
    assert_eq!(begun.status, 202, "{}", begun.text);
    begun.json()
}

/// The name of an export that succeeded.
pub(crate) fn exported(caller: &Caller) -> String {
    let ended = export(caller, "exported", "events", "csv");
    standing(caller, &ended, "succeeded")["id"].as_str().unwrap().to_owned()
}

fn at(operation: &Value) -> String {
    format!("/v1/operations/{}", operation["id"].as_str().unwrap())
}

/// The operation once it has this status.
fn standing(caller: &Caller, operation: &Value, status: &str) -> Value {
    let mut seen = Value::Null;
    eventually(&format!("the operation is {status}"), || {
        seen = caller.get(&at(operation)).json();
        seen["status"] == status
    });
    seen
}

/// What it came to.
fn got(caller: &Caller, operation: &Value) -> Answer {
    let ended = standing(caller, operation, "succeeded");
    let file = caller.get(ended["result"]["url"].as_str().unwrap());
    assert_eq!((file.status, ended["result"]["bytes"].as_u64()), (200, Some(file.text.len() as u64)));
    assert!(file.header("content-type").starts_with(ended["result"]["content_type"].as_str().unwrap()));
    file
}

/// Payments that wait for a card, many in one request.
fn wanted(caller: &Caller, count: usize) {
    let item = |number: usize| {
        json!({
            "method": "POST", "path": "/v1/payments", "idempotency_key": format!("want-{number}"),
            "body": {"amount": {"value": number + 1, "currency": "CNY"}, "metadata": {"note": "=1+1"}},
        })
    };
    let items: Vec<Value> = (0..count).map(item).collect();
    let answer = caller.post("/v1/batches", "", &json!({"items": items}));
    assert_eq!(answer.status, 200, "{}", answer.text);
    let made = answer.json()["items"].as_array().unwrap().iter().all(|item| item["status"] == 201);
    assert!(made, "{}", answer.text);
}

#[test]
fn an_export_is_whole_and_written_once_over_a_restart() {
    let city = city();
    let noodles = Caller::new(&city, NOODLES);
    wanted(&noodles, 1000);
    wanted_of_another(&city);
    let begun = export(&noodles, "all", "payments", "json_lines");
    assert_eq!((&begun["status"], &begun["result"]), (&json!("waiting"), &Value::Null));
    assert_eq!(begun["merchant"], NOODLES_ID);
    let city = city.restarted(|_| ());
    let noodles = Caller::new(&city, NOODLES);
    let file = got(&noodles, &begun);
    assert_eq!(file.header("content-type"), "application/jsonl");
    let rows: Vec<Value> = file.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: BTreeSet<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!((rows.len(), names.len()), (1000, 1000), "each once");
    let ended = noodles.get(&at(&begun)).json();
    assert_eq!(ended["progress"], json!({"done": 1000, "total": 1000}));
    assert_eq!(rows[0], noodles.get(&format!("/v1/payments/{}", rows[0]["id"].as_str().unwrap())).json());
    let order: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert!(order.windows(2).all(|pair| pair[0] < pair[1]), "oldest first");
    // The same request is the same export, and the event tells its end once.
    let again = export(&noodles, "all", "payments", "json_lines");
    assert_eq!(again["id"], begun["id"]);
    let told = noodles.get(&format!("/v1/events?object={}", begun["id"].as_str().unwrap())).json();
    assert_eq!(told["data"].as_array().unwrap().len(), 1, "{told}");
    assert_eq!(told["data"][0]["type"], "export.succeeded");
    // It is forgotten after a day.
    city.clock.advance(Duration::from_secs(24 * 3600 + 1));
    let expired = standing(&noodles, &begun, "expired");
    assert_eq!(expired["result"], Value::Null);
    let gone = noodles.get(&format!("{}/result", at(&begun)));
    assert_eq!((gone.status, gone.problem().as_str()), (410, "result_expired"));
}

fn wanted_of_another(city: &SmallCity) {
    let books = Caller::new(city, BOOKS);
    let amount = json!({"amount": {"value": 5, "currency": "CNY"}});
    assert_eq!(books.post_at_once("/v1/payments", "other", &amount).status, 201);
}

#[test]
fn a_table_has_a_line_of_names_and_no_formula() {
    let city = city();
    let (noodles, platform) = (Caller::new(&city, NOODLES), Caller::new(&city, PLATFORM));
    let body = json!({"amount": {"value": 1250, "currency": "CNY"}, "test_card": "0016"});
    let paid = noodles.post("/v1/payments", "paid", &body).json();
    let half = json!({"payment": paid["id"], "amount": {"value": 50, "currency": "CNY"}});
    let refund = noodles.post("/v1/refunds", "half", &half).json();
    let file = got(&noodles, &export(&noodles, "p", "payments", "csv"));
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    let lines: Vec<&str> = file.text.split("\r\n").collect();
    assert_eq!(lines.len(), 3, "{}", file.text);
    assert!(lines[0].starts_with("id,kind,status,amount_value,amount_currency,"));
    let id = paid["id"].as_str().unwrap();
    assert!(lines[1].starts_with(&format!("{id},sale,")) && lines[1].contains(",1250,CNY,"), "{}", lines[1]);
    let file = got(&noodles, &export(&noodles, "r", "refunds", "csv"));
    assert!(file.text.contains(refund["id"].as_str().unwrap()), "{}", file.text);
    assert_eq!(noodles.post("/v1/settlements", "s", &json!({})).status, 201);
    let file = got(&noodles, &export(&noodles, "s", "settlements", "csv"));
    assert!(file.text.contains(&format!("{}-000001", paid["terminal"].as_str().unwrap())), "{}", file.text);
    assert!(!file.text.contains("PZ000002"), "another's terminal: {}", file.text);
    eventually("it is told", || {
        let told = noodles.get(&format!("/v1/events?object={id}")).json();
        told["data"].as_array().unwrap().iter().any(|event| event["type"] == "payment.approved")
    });
    let file = got(&noodles, &export(&noodles, "e", "events", "csv"));
    assert!(file.text.contains(",payment.approved,"), "{}", file.text);
    let all = got(&platform, &export(&platform, "e", "events", "json_lines"));
    assert!(all.text.lines().count() > file.text.lines().count(), "the operator's are everybody's");
    // Nothing of a short time is an empty table, not none.
    let short = json!({"what": "payments", "format": "csv", "from": SINCE, "to": "2026-01-01T00:00:00.001Z"});
    let none = got(&noodles, &noodles.post("/v1/exports", "none", &short).json());
    assert_eq!(none.text, format!("{}\r\n", lines[0]));
}

#[test]
fn an_export_is_its_owners_and_is_given_up_once() {
    let city = city();
    let (noodles, books) = (Caller::new(&city, NOODLES), Caller::new(&city, BOOKS));
    let begun = export(&noodles, "mine", "events", "csv");
    for path in [at(&begun), format!("{}/result", at(&begun))] {
        assert_eq!(books.get(&path).problem(), "not_found", "{path}");
    }
    let give_up = |caller: &Caller, key: &str, of: &Value| {
        caller.send("POST", &format!("{}/cancel", at(of)), &[("idempotency-key", key)], None)
    };
    assert_eq!(give_up(&books, "c", &begun).problem(), "not_found");
    assert!(books.get("/v1/operations").json()["data"].as_array().unwrap().is_empty());
    assert_eq!(noodles.get("/v1/operations").json()["data"][0]["id"], begun["id"]);
    got(&noodles, &begun);
    assert_eq!(give_up(&noodles, "late", &begun).problem(), "operation_ended");
    // A bank exports what it may read, and nothing else.
    let boc = Caller::new(&city, BOC);
    let refused = boc.post("/v1/exports", "p", &json!({"what": "payments", "from": SINCE}));
    assert_eq!(refused.problem(), "scope_missing");
    let other = json!({"what": "payments", "from": SINCE, "merchant": "mer_00000000000000000000000002"});
    assert_eq!(noodles.post("/v1/exports", "o", &other).problem(), "not_found");
    let backwards = json!({"what": "events", "from": "2026-11-02T00:00:00.000Z", "to": SINCE});
    assert_eq!(noodles.post("/v1/exports", "b", &backwards).json()["param"], "/to");
}

/// The acquirer's records are busy, so nothing is written of what lies there.
#[test]
fn while_nothing_is_written_there_is_no_result() {
    let city = city();
    let noodles = Caller::new(&city, NOODLES);
    let (release, held) = mpsc::channel::<()>();
    let (holding, busy) = mpsc::channel();
    let store = city.city.acquirer.store().clone();
    let holder = std::thread::spawn(move || {
        let look = store.read(move |_| {
            holding.send(()).unwrap();
            let _ = held.recv();
        });
        look.unwrap();
    });
    busy.recv().unwrap();
    let all: Vec<Value> = (0..5).map(|n| export(&noodles, &format!("{n}"), "settlements", "csv")).collect();
    let wish = json!({"what": "settlements", "from": SINCE});
    assert_eq!(noodles.post("/v1/exports", "sixth", &wish).problem(), "exports_under_way");
    let result = |of: &Value| noodles.get(&format!("{}/result", at(of))).problem();
    assert_eq!(result(&all[0]), "result_not_ready");
    let cancel = format!("{}/cancel", at(&all[0]));
    let cancelled = noodles.send("POST", &cancel, &[("idempotency-key", "c")], None);
    assert_eq!(
        (cancelled.status, &cancelled.json()["status"]),
        (200, &json!("cancelled")),
        "{}",
        cancelled.text
    );
    assert_eq!(result(&all[0]), "result_not_ready");
    // There is room again, under the same request key, for what was refused was not remembered.
    let sixth = noodles.post("/v1/exports", "sixth", &wish);
    assert_eq!(sixth.status, 202, "{}", sixth.text);
    drop(release);
    holder.join().unwrap();
    for waiting in all[1..].iter().chain([&sixth.json()]) {
        standing(&noodles, waiting, "succeeded");
    }
    assert_eq!(noodles.get(&at(&all[0])).json()["status"], "cancelled");
}
