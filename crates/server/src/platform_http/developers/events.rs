//! Events: listed, streamed, sent again.

use super::call::{Call, Reply, rendered};
use super::paging::{AFTER, BEFORE, LIMIT};
use super::query::Filter;
use super::shape::{Field, Kind, Shape};
use super::{Api, time};
use crate::platform_http::problem::Trouble;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use developers::webhook::Resend;
use developers::{Endpoint, Event, Tenant};
use serde::Serialize;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use store::rooms::developers::{lists::List, questions};
use store::{StoreError, Value};
use tokio::sync::mpsc;
use values::{Records, Timestamp};

pub(super) static EVENT: Shape = Shape {
    name: "Event",
    says: "Something that happened. It is thin: read the object for how it stands.",
    fields: &[
        Field::required("id", Kind::Id("evt"), "Its identifier; the same when it is sent again."),
        Field::required(
            "type",
            Kind::Text { least: 3, most: 60 },
            "What happened, such as payment.approved. Be ready for types you do not know.",
        ),
        Field::required("created", Kind::Time, "When it happened."),
        Field::required("object", Kind::Text { least: 1, most: 40 }, "What it happened to."),
        Field::required(
            "sequence",
            Kind::Whole { least: 1, most: i64::MAX },
            "The how-manieth event about that object: they are told in this order.",
        ),
    ],
};

pub(super) static RESENT: Shape = Shape {
    name: "Resent",
    says: "An event that is sent again.",
    fields: &[
        Field::required("event", Kind::Id("evt"), "Which."),
        Field::required("endpoints", Kind::Whole { least: 0, most: i64::MAX }, "To how many endpoints."),
    ],
};

pub(super) static REPLAY: Shape = Shape {
    name: "Replay",
    says: "Which events are sent again.",
    fields: &[
        Field::required("from", Kind::Time, "Those that happened from this moment on."),
        Field::required("to", Kind::Time, "And before this one."),
        Field::optional(
            "webhook_endpoint",
            Kind::Id("whe"),
            "To this endpoint alone; to all that want them unless said otherwise.",
        ),
        Field::optional(
            "undelivered",
            Kind::Flag,
            "Whether those are left out that an endpoint took, or still may; they are unless this is false.",
        ),
    ],
};

pub(super) static REPLAYED: Shape = Shape {
    name: "Replayed",
    says: "What is sent again.",
    fields: &[
        Field::required(
            "events",
            Kind::Whole { least: 0, most: i64::MAX },
            "How many events were in that time.",
        ),
        Field::required("deliveries", Kind::Whole { least: 0, most: i64::MAX }, "How many are sent again."),
    ],
};

pub(super) const LIST: &[Field] = &[
    LIMIT,
    AFTER,
    BEFORE,
    Field::optional("type", Kind::Word(KINDS), "Only those of this type."),
    Field::optional("object", Kind::Text { least: 1, most: 40 }, "Only those about this thing."),
];

/// Every kind of event there is.
pub(super) const KINDS: &[&str] = &[
    "payment.created",
    "payment.processing",
    "payment.failed",
    "payment.cancelled",
    "payment.expired",
    "payment.pending",
    "payment.approved",
    "payment.declined",
    "payment.completed",
    "payment.voiding",
    "payment.voided",
    "payment.reversing",
    "payment.reversed",
    "refund.pending",
    "refund.approved",
    "refund.declined",
    "settlement.captured",
    "upi_payment.pending",
    "upi_payment.succeeded",
    "upi_payment.failed",
    "upi_payment.deemed",
    "upi_refund.pending",
    "upi_refund.succeeded",
    "upi_refund.failed",
    "upi_refund.deemed",
    "upi_code.created",
    "upi_code.paid",
    "merchant.created",
    "merchant.updated",
    "terminal.created",
    "terminal.updated",
    "token.created",
    "token.active",
    "token.suspended",
    "token.inactive",
    "token.deleted",
    "token.expired",
    "device.registered",
    "device.active",
    "device.lost",
    developers::export::SUCCEEDED,
    developers::export::FAILED,
    developers::webhook::PARKED,
];

/// A stream says that it still lives after so long without an event.
const ALIVE: Duration = Duration::from_secs(15);
/// Events read at a time.
const AT_ONCE: usize = 100;

/// An event as it is told.
#[derive(Serialize)]
pub(super) struct View {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    created: String,
    object: String,
    sequence: u64,
}

/// An event as it is told.
pub(super) fn view(event: &Event) -> View {
    View {
        id: event.id.to_string(),
        kind: event.kind.clone(),
        created: time::write(event.at),
        object: event.subject.clone(),
        sequence: event.sequence,
    }
}

fn may_know(tenant: &Tenant, event: &Event) -> bool {
    *tenant == Tenant::Platform || *tenant == event.tenant
}

/// Events of a tenant after a number, oldest first, at most so many.
fn read(api: &Api, tenant: &Tenant, after: u64, most: usize) -> Result<Vec<Event>, StoreError> {
    let mut parameters = vec![Value::Integer(i64::try_from(after).unwrap_or(i64::MAX))];
    let sql = match tenant {
        Tenant::Platform => questions::EVENTS_AFTER,
        _ => questions::EVENTS_OF_AFTER,
    };
    if *tenant != Tenant::Platform {
        parameters.push(Value::Text(tenant.to_string()));
    }
    parameters.push(Value::Integer(most as i64));
    found(api, sql, &parameters)
}

/// The events whose numbers are answered to a question.
pub(super) fn found(api: &Api, sql: &str, parameters: &[Value]) -> Result<Vec<Event>, StoreError> {
    let store = api.store();
    let rows = store.rows(sql, parameters)?;
    let numbers: Vec<u64> = rows
        .rows
        .iter()
        .filter_map(|row| match row.first() {
            Some(Value::Integer(number)) => u64::try_from(*number).ok(),
            _ => None,
        })
        .collect();
    store.read(move |records| numbers.iter().filter_map(|number| records.find::<Event>(number)).collect())
}

fn by_name(api: &Api, name: &str) -> Result<Option<Event>, StoreError> {
    let rows = api.store().rows(questions::EVENT, &[Value::Text(name.to_owned())])?.rows;
    let Some(Value::Integer(number)) = rows.first().and_then(|row| row.first()) else { return Ok(None) };
    let number = u64::try_from(*number).unwrap_or(0);
    api.store().read(move |records| records.find::<Event>(&number))
}

fn find(call: &Call) -> Result<Event, Trouble> {
    let found = by_name(&call.api, call.name())?;
    found.filter(|event| may_know(call.tenant(), event)).ok_or_else(Trouble::not_found)
}

pub(super) fn list(call: &Call) -> Result<Reply, Trouble> {
    let window = call.window()?;
    let from = window.from.as_ref().map(|name| name.parse().map(Value::Integer)).transpose();
    let from =
        from.map_err(|_| Trouble::of("cursor_invalid", "This cursor was not given out by this list."))?;
    let tenant = call.tenant().to_string();
    let list = List::events((*call.tenant() != Tenant::Platform).then_some(tenant.as_str()));
    let list = Filter::of(call).narrow(list, |name| match name {
        "type" => Some("kind"),
        "object" => Some("subject"),
        _ => None,
    });
    let total = window.total_of(call.api.store(), &list)?;
    let (sql, parameters) = list.page(from, window.back, window.limit + 1);
    let events = found(&call.api, &sql, &parameters)?;
    let views = events.iter().map(|event| (event.number.to_string(), view(event)));
    Ok(window.page(call, views.collect(), total))
}

pub(super) fn retrieve(call: &Call) -> Result<Reply, Trouble> {
    Ok(Reply::ok(&view(&find(call)?)))
}

#[derive(Serialize)]
struct Resent {
    event: String,
    endpoints: u64,
}

pub(super) fn resend(call: &Call) -> Result<Reply, Trouble> {
    let event = find(call)?;
    let tenant = call.tenant().clone();
    let mut endpoints = call.api.store().read(|records| records.all::<Endpoint>())?;
    endpoints.retain(|endpoint| tenant == Tenant::Platform || endpoint.tenant == tenant);
    let endpoints = endpoints.iter().map(|endpoint| endpoint.id).collect();
    let resend = Resend { events: vec![event.number], endpoints, undelivered: false };
    let name = event.id.to_string();
    call.once(call.api.store(), resend, move |sent| {
        rendered(200, &Resent { event: name.clone(), endpoints: *sent })
    })
}

/// The most events that one replay covers.
const REPLAYED_MOST: usize = 10_000;

#[derive(Serialize)]
struct ReplayedView {
    events: u64,
    deliveries: u64,
}

pub(super) fn replay(call: &Call) -> Result<Reply, Trouble> {
    let moment = |name: &str| call.text(name).and_then(time::parse).ok_or_else(Trouble::internal);
    let (from, to) = (moment("from")?, moment("to")?);
    if to <= from {
        return Err(Trouble::of("parameter_invalid", "This has to be later than `from`.").at("/to"));
    }
    let events = within(&call.api, call.tenant(), from, to)?;
    if events.len() > REPLAYED_MOST {
        let detail = format!("More than {REPLAYED_MOST} events happened in that time; take a shorter one.");
        return Err(Trouble::of("parameter_invalid", &detail).at("/to"));
    }
    let tenant = call.tenant().clone();
    let mut endpoints = call.api.store().read(|records| records.all::<Endpoint>())?;
    endpoints.retain(|endpoint| tenant == Tenant::Platform || endpoint.tenant == tenant);
    if let Some(named) = call.text("webhook_endpoint") {
        endpoints.retain(|endpoint| endpoint.id.to_string() == named);
        if endpoints.is_empty() {
            return Err(Trouble::not_found().at("/webhook_endpoint"));
        }
    }
    let count = events.len() as u64;
    let undelivered = call.body.get("undelivered").and_then(serde_json::Value::as_bool).unwrap_or(true);
    let endpoints = endpoints.iter().map(|endpoint| endpoint.id).collect();
    call.once(call.api.store(), Resend { events, endpoints, undelivered }, move |sent| {
        rendered(200, &ReplayedView { events: count, deliveries: *sent })
    })
}

/// The events of a tenant in a span of time, at most one more than may be replayed.
fn within(api: &Api, tenant: &Tenant, from: Timestamp, to: Timestamp) -> Result<Vec<u64>, StoreError> {
    let mut parameters = vec![Value::Integer(from.millis()), Value::Integer(to.millis())];
    let sql = match tenant {
        Tenant::Platform => questions::EVENTS_WITHIN,
        _ => {
            parameters.push(Value::Text(tenant.to_string()));
            questions::EVENTS_OF_WITHIN
        }
    };
    parameters.push(Value::Integer(REPLAYED_MOST as i64 + 1));
    let rows = api.store().rows(sql, &parameters)?.rows;
    let number = |row: &Vec<Value>| match row.first() {
        Some(Value::Integer(number)) => u64::try_from(*number).ok(),
        _ => None,
    };
    Ok(rows.iter().filter_map(number).collect())
}

/// The stream is answered by [`stream`]; nobody comes here.
pub(super) fn streamed(_: &Call) -> Result<Reply, Trouble> {
    Err(Trouble::internal())
}

/// Tells events as they happen, from after the one that the header Last-Event-ID names.
pub(super) async fn stream(api: Api, tenant: Tenant, headers: &HeaderMap) -> Result<Response, Trouble> {
    let named = headers.get("last-event-id").and_then(|name| name.to_str().ok()).map(str::to_owned);
    let start = start(api.clone(), tenant.clone(), named);
    let mut last = start.await?;
    let (give, take) = mpsc::channel::<Bytes>(16);
    let mut told = api.listen();
    tokio::spawn(async move {
        // The first words go out at once, so that the caller knows it is heard.
        let mut words = Some(Bytes::from_static(b": listening\n\n"));
        loop {
            if let Some(words) = words.take()
                && give.send(words).await.is_err()
            {
                return;
            }
            let (reading, whose) = (api.clone(), tenant.clone());
            let read = move || read(&reading, &whose, last, AT_ONCE);
            let Ok(Ok(events)) = tokio::task::spawn_blocking(read).await else { return };
            if let Some(newest) = events.last() {
                last = newest.number;
                words = Some(events.iter().map(told_as).collect::<String>().into());
                continue;
            }
            match tokio::time::timeout(ALIVE, told.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return,
                Err(_) => words = Some(Bytes::from_static(b": alive\n\n")),
            }
        }
    });
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, streaming(take)).into_response())
}

/// What is given piece by piece, as a body.
pub(super) fn streaming(pieces: mpsc::Receiver<Bytes>) -> Body {
    Body::from_stream(Taken(pieces))
}

/// The number after which a stream begins: that of the event named, or of the last one there is.
async fn start(api: Api, tenant: Tenant, named: Option<String>) -> Result<u64, Trouble> {
    let look = move || match named {
        None => Ok(api.last_told()),
        Some(name) => {
            let known = by_name(&api, &name)?.filter(|event| may_know(&tenant, event));
            known.map(|event| event.number).ok_or_else(|| Trouble::not_found().at("Last-Event-ID"))
        }
    };
    tokio::task::spawn_blocking(look).await.map_err(|_| Trouble::internal())?
}

fn told_as(event: &Event) -> String {
    let data = serde_json::to_string(&view(event)).expect("texts and numbers are JSON");
    format!("id: {}\nevent: {}\ndata: {data}\n\n", event.id, event.kind)
}

/// What a channel holds, as a body.
struct Taken(mpsc::Receiver<Bytes>);

impl futures_core::Stream for Taken {
    type Item = Result<Bytes, Infallible>;
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|words| words.map(Ok))
    }
}
