//! Many changes in one request: each with its own key, its own answer and its own right to be made.

use crate::api::{Caller, NOODLES, NOODLES_ID, PLATFORM};
use crate::small_city::SmallCity;
use serde_json::{Value, json};
use server::platform_http::developers::Limits;

fn tea(n: usize, city: &str) -> Value {
    let body = json!({"name": "PAIZA TEA", "city": city, "category": "5499", "currency": "CNY"});
    json!({"method": "POST", "path": "/v1/merchants", "idempotency_key": format!("tea-{n}"), "body": body})
}

fn batch(caller: &Caller, items: &[Value]) -> Vec<Value> {
    let headers = [("content-type", "application/json")];
    let body = json!({"items": items}).to_string().into_bytes();
    let answer = caller.send("POST", "/v1/batches", &headers, Some(body));
    assert_eq!(answer.status, 200, "{}", answer.text);
    let results = answer.json()["items"].as_array().unwrap().clone();
    for problem in results.iter().map(|result| &result["body"]).filter(|body| body["code"].is_string()) {
        assert_eq!(problem["instance"], answer.header("request-id"));
    }
    results
}

fn codes(results: &[Value]) -> Vec<&str> {
    let said =
        |result: &Value| (result["status"].as_u64(), result["body"]["code"].as_str().map(str::to_owned));
    let all = results.iter().map(said);
    all.map(|(status, code)| match (status, code.as_deref()) {
        (Some(201), None) => "created",
        (Some(200), None) => "done",
        (Some(404), Some("not_found")) => "not_found",
        (Some(403), Some("scope_missing")) => "scope_missing",
        (Some(400), Some("parameter_missing")) => "parameter_missing",
        (Some(412), Some("precondition_failed")) => "precondition_failed",
        (Some(422), Some("idempotency_key_reused")) => "idempotency_key_reused",
        (Some(429), Some("rate_limited")) => "rate_limited",
        other => panic!("{other:?}"),
    })
    .collect()
}

#[test]
fn a_thousand_items_are_made_once_each_and_one_that_is_refused_undoes_nothing() {
    let city = SmallCity::planned(|plan| plan.api_limits = Limits { per_second: 100_000, burst: 100_000 });
    let platform = Caller::new(&city, PLATFORM);
    let mut items: Vec<Value> = (0..1000).map(|n| tea(n, "HANGZHOU")).collect();
    items[500]["body"] = json!({"name": "PAIZA TEA"});
    let first = batch(&platform, &items);
    let refused: Vec<usize> = (0..1000).filter(|n| first[*n]["status"] != 201).collect();
    assert_eq!(refused, [500]);
    assert_eq!(
        (&first[500]["body"]["code"], &first[500]["body"]["param"]),
        (&json!("parameter_missing"), &json!("/city"))
    );

    let again = batch(&platform, &items);
    assert!(
        (0..1000)
            .filter(|n| *n != 500)
            .all(|n| again[n]["replayed"] == true && again[n]["body"] == first[n]["body"])
    );
    assert_eq!(platform.get("/v1/merchants?limit=1&include=total").json()["total"], 999 + 3);

    // An item is the request that it stands for: by itself, under the same key, it is a repeat.
    let alone = platform.post("/v1/merchants", "tea-7", &items[7]["body"]);
    assert_eq!((alone.header("idempotent-replayed"), &alone.json()), ("true", &first[7]["body"]));
}

#[test]
fn items_are_refused_as_requests_would_be() {
    let city = SmallCity::new();
    let (platform, noodles) = (Caller::new(&city, PLATFORM), Caller::new(&city, NOODLES));
    let merchant = format!("/v1/merchants/{NOODLES_ID}");
    let change = |key: &str, seen: &str, body: Value| json!({"method": "PATCH", "path": merchant, "idempotency_key": key, "if_match": seen, "body": body});
    let metadata = |word: &str| json!({"metadata": {"word": word}});
    let results = batch(
        &platform,
        &[
            tea(1, "X"),
            json!({"method": "POST", "path": "/v1/nothing", "idempotency_key": "n"}),
            json!({"method": "POST", "path": "/v1/batches", "idempotency_key": "b", "body": {"items": []}}),
            json!({"method": "PATCH", "path": "/v1/payments", "idempotency_key": "p"}),
            change("stale", "\"0\"", metadata("a")),
            change("any", "*", metadata("b")),
        ],
    );
    assert_eq!(
        codes(&results),
        ["created", "not_found", "not_found", "not_found", "precondition_failed", "done"]
    );
    assert_eq!(platform.get(&merchant).json()["metadata"], json!({"word": "b"}));
    assert_eq!(codes(&batch(&platform, &[tea(1, "Y")])), ["idempotency_key_reused"]);
    // Another's things are not there, and what a key may not do it may not do here.
    let other = json!({"method": "POST", "path": "/v1/payments/pay_00000000000000000000000001/void", "idempotency_key": "v"});
    assert_eq!(codes(&batch(&noodles, &[tea(2, "X"), other])), ["scope_missing", "not_found"]);
    let headers = [("content-type", "application/json")];
    for (body, place) in [
        (json!({"items": []}), "/items"),
        (json!({"items": vec![tea(1, "X"); 1001]}), "/items"),
        (json!({"items": [tea(1, "X")], "atomic": true}), "/atomic"),
        (
            json!({"items": [{"method": "GET", "path": "/v1/payments", "idempotency_key": "g"}]}),
            "/items/0/method",
        ),
        (
            json!({"items": [{"method": "POST", "path": "/v1/payments?a=1", "idempotency_key": "g"}]}),
            "/items/0/path",
        ),
    ] {
        let answer = platform.send("POST", "/v1/batches", &headers, Some(body.to_string().into_bytes()));
        assert_eq!((answer.status, answer.json()["param"].as_str()), (400, Some(place)), "{}", answer.text);
    }
}

/// A batch is no way around the rate of a key: what there is no room for within twenty seconds is left undone, and said so.
#[test]
fn a_batch_asks_no_faster_than_its_key_may() {
    let city = SmallCity::planned(|plan| plan.api_limits = Limits { per_second: 1, burst: 4 });
    let platform = Caller::new(&city, PLATFORM);
    let asking = std::thread::spawn({
        let platform = platform.clone();
        move || batch(&platform, &(0..40).map(|n| tea(n, "HANGZHOU")).collect::<Vec<_>>())
    });
    while !asking.is_finished() {
        city.clock.advance(std::time::Duration::from_secs(1));
        std::thread::park_timeout(std::time::Duration::from_millis(50));
    }
    let results = asking.join().unwrap();
    let results = codes(&results);
    let made = results.iter().filter(|code| **code == "created").count();
    // Three at once, then one a second for twenty seconds; a second more or less by when each looks.
    assert!((20..=25).contains(&made), "{results:?}");
    assert!(results.contains(&"rate_limited"));
}
