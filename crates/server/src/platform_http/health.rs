//! How the platform is: whether it lives, whether it is ready for work, and its numbers as Prometheus reads them.
//!
//! `/livez` and `/readyz` are for whoever balances load and say nothing of anybody. The numbers tell how business goes, so
//! they are at the desk, and at the door where that is open to this machine alone.

use super::developers::Api;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;
use store::rooms::developers::questions;
use store::{Store, StoreError, Value};

/// How long a database may take to answer before it counts as lost.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// What is open to everybody.
pub(super) fn router(api: Api) -> Router {
    let open = Router::new().route("/livez", get(|| async { "ok" })).route("/readyz", get(readiness));
    let open = if api.shows_metrics() { open.route("/metrics", get(metrics)) } else { open };
    open.with_state(api)
}

/// A check by its name.
#[derive(Serialize)]
struct Check {
    name: String,
    ok: bool,
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    /// The machine's time, by which signatures are judged outside of a sandbox.
    time: String,
    checks: Vec<Check>,
}

/// 200 if everything that a payment needs answers, and 503 if not. A database whose disk failed has stopped, and does not.
async fn readiness(State(api): State<Api>) -> Response {
    let asked = api.stores().map(|(name, store)| (name, store.read_async(|_| ())));
    let mut checks = Vec::new();
    for (name, answer) in asked {
        let answered = tokio::time::timeout(ANSWERS_WITHIN, answer).await;
        checks.push(Check { name: format!("records of {name}"), ok: matches!(answered, Ok(Ok(()))) });
    }
    checks.push(Check { name: "telling of events".to_owned(), ok: api.is_telling() });
    let ready = checks.iter().all(|check| check.ok);
    let time = super::developers::time::write(api.alarm().now());
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(Readiness { ready, time, checks })).into_response()
}

/// The numbers.
pub(super) async fn metrics(State(api): State<Api>) -> Response {
    let written = tokio::task::spawn_blocking(move || write(&api)).await;
    let (status, text) = match written {
        Ok(Ok(text)) => (StatusCode::OK, text),
        // What was counted in memory is there also when the records are not; a reader would take it for the whole.
        _ => (StatusCode::SERVICE_UNAVAILABLE, String::new()),
    };
    (status, [(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

/// A number that stands, with its labels.
struct Gauge {
    name: &'static str,
    says: &'static str,
    values: Vec<(String, i64)>,
}

fn write(api: &Api) -> Result<String, StoreError> {
    let mut text = String::new();
    api.requests().write_metrics(&mut text);
    let mut waiting = Gauge {
        name: "paiza_outbox_waiting_messages",
        says: "Messages that have to leave and have not been taken yet.",
        values: Vec::new(),
    };
    let mut overdue = Gauge {
        name: "paiza_outbox_overdue_seconds",
        says: "How long the message has been due that has waited longest.",
        values: Vec::new(),
    };
    let now = api.now().millis();
    for (store, records) in api.stores() {
        for (topic, count, due) in outbox(records)? {
            let labels = format!("store=\"{store}\",topic=\"{topic}\"");
            waiting.values.push((labels.clone(), count));
            overdue.values.push((labels, (now - due).max(0) / 1000));
        }
    }
    let told = api.told_kinds();
    let gauges = [
        waiting,
        overdue,
        Gauge {
            name: "paiza_events_untold_facts",
            says: "Facts whose events have not been told yet.",
            values: api
                .untold()?
                .into_iter()
                .map(|(store, facts)| (format!("store=\"{store}\""), facts))
                .collect(),
        },
        Gauge {
            name: "paiza_webhooks_parked_deliveries",
            says: "Events that an endpoint did not take at any try.",
            values: vec![(String::new(), count(api.store(), questions::PARKED)?)],
        },
        Gauge {
            name: "paiza_keys_oldest_seconds",
            says: "How long ago the oldest secret key was made that opens something.",
            values: vec![(String::new(), api.oldest_key().map_or(0, |at| (now - at.millis()).max(0) / 1000))],
        },
    ];
    for gauge in &gauges {
        section(&mut text, gauge.name, gauge.says, "gauge", &gauge.values);
    }
    let labelled = |label: &str, counts: BTreeMap<String, i64>| -> Vec<(String, i64)> {
        counts.into_iter().map(|(word, count)| (format!("{label}=\"{word}\""), count)).collect()
    };
    let events = labelled("type", told.kinds);
    section(&mut text, "paiza_events_told_total", "Events told since the start.", "counter", &events);
    let declines = labelled("reason", told.declines);
    let says = "Payments that were declined since the start, by the network's reason.";
    section(&mut text, "paiza_payments_declined_total", says, "counter", &declines);
    Ok(text)
}

fn section(text: &mut String, name: &str, says: &str, kind: &str, values: &[(String, i64)]) {
    let _ = writeln!(text, "# HELP {name} {says}\n# TYPE {name} {kind}");
    for (labels, value) in values {
        let _ = match labels.is_empty() {
            true => writeln!(text, "{name} {value}"),
            false => writeln!(text, "{name}{{{labels}}} {value}"),
        };
    }
}

/// Topic, number of messages and the moment at which the first of them was due.
fn outbox(store: &Store) -> Result<Vec<(String, i64, i64)>, StoreError> {
    let rows = store.folded_rows(questions::OUTBOX, &[])?.rows;
    let read = |row: Vec<Value>| match &row[..] {
        [Value::Text(topic), Value::Integer(count), Value::Integer(due)] => {
            Some((topic.clone(), *count, *due))
        }
        _ => None,
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

fn count(store: &Store, question: &str) -> Result<i64, StoreError> {
    let rows = store.folded_rows(question, &[])?.rows;
    Ok(match rows.first().and_then(|row| row.first()) {
        Some(Value::Integer(count)) => *count,
        _ => 0,
    })
}
