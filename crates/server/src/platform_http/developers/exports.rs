//! Long work: exports are asked for, looked at while they are written, given up, and got. `exporting` writes them.

use super::Api;
use super::call::{Call, Reply, rendered};
use super::paging::{AFTER, BEFORE, InMemory, LIMIT};
use super::payments::merchant_of;
use super::shape::{Field, Kind, Shape};
use super::table::{Answer, Body, Route};
use super::{call, time};
use crate::platform_http::problem::Trouble;
use axum::body::Bytes;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use developers::export::{CancelExport, ExportPiece, ExportRefusal, Format, OpenExport, What};
use developers::{Export, ExportState, Scope, Tenant};
use serde::Serialize;
use std::time::Duration;
use store::rooms::developers::questions;
use tokio::sync::mpsc;
use values::{Id, Records, id::kinds};

const GROUP: &str = "Exports";
const WHATS: &[&str] = &["payments", "refunds", "settlements", "events"];
const FORMATS: &[&str] = &["json_lines", "csv"];
const STATES: &[&str] = &["waiting", "running", "succeeded", "failed", "cancelled", "expired"];

static PROGRESS: Shape = Shape {
    name: "OperationProgress",
    says: "How far long work is.",
    fields: &[
        Field::required("done", Kind::Whole { least: 0, most: i64::MAX }, "Rows that are written."),
        Field::nullable(
            "total",
            Kind::Whole { least: 0, most: i64::MAX },
            "Rows there are; null until they were counted.",
        ),
    ],
};

static RESULT: Shape = Shape {
    name: "OperationResult",
    says: "What came of long work.",
    fields: &[
        Field::required(
            "url",
            Kind::Text { least: 1, most: 100 },
            "Where it is got, with the same key or another of its owner.",
        ),
        Field::required("content_type", Kind::Text { least: 1, most: 60 }, "What it is."),
        Field::required("bytes", Kind::Whole { least: 0, most: i64::MAX }, "How long it is."),
        Field::required("expires_at", Kind::Time, "When it is forgotten."),
    ],
};

static FAILURE: Shape = Shape {
    name: "OperationFailure",
    says: "Why nothing came of long work.",
    fields: &[
        Field::required("code", Kind::Word(&[developers::export::TOO_LARGE]), "In a word."),
        Field::required("meaning", Kind::Text { least: 1, most: 200 }, "In a sentence."),
    ],
};

static OPERATION: Shape = Shape {
    name: "Operation",
    says: "Long work, and how far it is.",
    fields: &[
        Field::required("id", Kind::Id("exp"), "Its identifier."),
        Field::required("kind", Kind::Word(&["export"]), "What kind of work."),
        Field::required("what", Kind::Word(WHATS), "What is exported."),
        Field::required("format", Kind::Word(FORMATS), "How it is written."),
        Field::nullable(
            "merchant",
            Kind::Id("mer"),
            "Of which merchant; null where of all that the key sees.",
        ),
        Field::required("from", Kind::Time, "What came about from this moment on."),
        Field::required("to", Kind::Time, "And before this one."),
        Field::required(
            "status",
            Kind::Word(STATES),
            "`waiting` and `running` end as `succeeded`, `failed` or `cancelled`; what succeeded is `expired` a day later.",
        ),
        Field::required("progress", Kind::Object(&PROGRESS), "How far it is."),
        Field::nullable("result", Kind::Object(&RESULT), "What came of it, while it is kept."),
        Field::nullable("failure", Kind::Object(&FAILURE), "Why nothing came of it."),
        Field::required("created_at", Kind::Time, "When it was asked for."),
        Field::nullable("ended_at", Kind::Time, "When it ended."),
    ],
};

static NEW_EXPORT: Shape = Shape {
    name: "NewExport",
    says: "What is to be exported.",
    fields: &[
        Field::required("what", Kind::Word(WHATS), "What. The key needs the scope to read it."),
        Field::optional(
            "format",
            Kind::Word(FORMATS),
            "How it is written: an object on each line unless said otherwise. In `csv` a cell that a spreadsheet would take for a formula begins with an apostrophe.",
        ),
        Field::optional(
            "merchant",
            Kind::Id("mer"),
            "Of which merchant. The operator says it for payments and refunds; a merchant's own key need not.",
        ),
        Field::required("from", Kind::Time, "What came about from this moment on."),
        Field::optional("to", Kind::Time, "And before this one; until now unless said otherwise."),
    ],
};

pub(super) const CREATE: Route = Route {
    method: "POST",
    path: "/v1/exports",
    operation: "create_export",
    group: GROUP,
    title: "Export",
    says: "Begins an export and answers at once. It is written in the background and goes on after a restart; the operation says how far it is, and the events `export.succeeded` and `export.failed` how it ended. At most five are under way at a time, of a million rows each.",
    scope: Scope::ExportsWrite,
    query: &[],
    body: Body::Json(&NEW_EXPORT),
    answer: Answer::One(202, &OPERATION),
    problems: &["exports_under_way", "not_found"],
    example: r#"{"what": "payments", "format": "csv", "merchant": "mer_00000000000000000000000001", "from": "2026-11-01T00:00:00.000Z"}"#,
    work: create,
};

pub(super) const LIST: Route = Route {
    method: "GET",
    path: "/v1/operations",
    operation: "list_operations",
    group: GROUP,
    title: "List operations",
    says: "Your long work, newest first. The operator sees its own.",
    scope: Scope::ExportsWrite,
    query: &[LIMIT, AFTER, BEFORE],
    body: Body::None,
    answer: Answer::Page(&OPERATION),
    problems: &["cursor_invalid"],
    example: "",
    work: list,
};

pub(super) const RETRIEVE: Route = Route {
    method: "GET",
    path: "/v1/operations/{operation}",
    operation: "retrieve_operation",
    group: GROUP,
    title: "Retrieve an operation",
    says: "Long work as it stands now.",
    scope: Scope::ExportsWrite,
    query: &[],
    body: Body::None,
    answer: Answer::One(200, &OPERATION),
    problems: &["not_found"],
    example: "",
    work: retrieve,
};

pub(super) const CANCEL: Route = Route {
    method: "POST",
    path: "/v1/operations/{operation}/cancel",
    operation: "cancel_operation",
    group: GROUP,
    title: "Cancel an operation",
    says: "Gives long work up that has not ended. What it had written is forgotten.",
    scope: Scope::ExportsWrite,
    query: &[],
    body: Body::Empty,
    answer: Answer::One(200, &OPERATION),
    problems: &["operation_ended", "not_found"],
    example: "",
    work: cancel,
};

pub(super) const RESULT_OF: Route = Route {
    method: "GET",
    path: "/v1/operations/{operation}/result",
    operation: "retrieve_operation_result",
    group: GROUP,
    title: "Retrieve a result",
    says: "What an export wrote: `application/jsonl` or `text/csv`, in UTF-8. It is kept for a day.",
    scope: Scope::ExportsWrite,
    query: &[],
    body: Body::None,
    answer: Answer::File,
    problems: &["result_not_ready", "result_expired", "not_found"],
    example: "",
    work: result,
};

#[derive(Serialize)]
struct ProgressView {
    done: u64,
    total: Option<u64>,
}

#[derive(Serialize)]
struct ResultView {
    url: String,
    content_type: &'static str,
    bytes: u64,
    expires_at: String,
}

#[derive(Serialize)]
struct FailureView {
    code: String,
    meaning: String,
}

#[derive(Serialize)]
struct View {
    id: String,
    kind: &'static str,
    what: What,
    format: Format,
    merchant: Option<String>,
    from: String,
    to: String,
    status: ExportState,
    progress: ProgressView,
    result: Option<ResultView>,
    failure: Option<FailureView>,
    created_at: String,
    ended_at: Option<String>,
}

fn content_type(format: Format) -> &'static str {
    match format {
        Format::JsonLines => "application/jsonl",
        Format::Csv => "text/csv; charset=utf-8",
    }
}

fn view(export: &Export) -> View {
    let kept = export.expires_at.filter(|_| export.state == ExportState::Succeeded);
    let meaning = format!("There are more than {} rows; take a shorter time.", developers::export::ROWS_MOST);
    View {
        id: export.id.to_string(),
        kind: "export",
        what: export.what,
        format: export.format,
        merchant: export.merchant.map(|merchant| merchant.to_string()),
        from: time::write(export.since),
        to: time::write(export.before),
        status: export.state,
        progress: ProgressView { done: export.row_count, total: export.total },
        result: kept.map(|expires_at| ResultView {
            url: format!("/v1/operations/{}/result", export.id),
            content_type: content_type(export.format),
            bytes: export.bytes,
            expires_at: time::write(expires_at),
        }),
        failure: export.failure.clone().map(|code| FailureView { code, meaning }),
        created_at: time::write(export.created_at),
        ended_at: export.ended_at.map(time::write),
    }
}

impl From<ExportRefusal> for Trouble {
    fn from(refusal: ExportRefusal) -> Trouble {
        match refusal {
            ExportRefusal::TooMany => {
                let most = developers::export::UNDER_WAY_MOST;
                Trouble::of("exports_under_way", &format!("{most} exports are under way already."))
            }
            ExportRefusal::Unknown => Trouble::not_found(),
            ExportRefusal::Ended => Trouble::of("operation_ended", "It has ended; nothing can be cancelled."),
            // Only who writes slices meets this.
            ExportRefusal::Passed => Trouble::internal(),
        }
    }
}

fn create(call: &Call) -> Result<Reply, Trouble> {
    let what: What = member(call, "what").ok_or_else(Trouble::internal)?;
    let scope = match what {
        What::Payments | What::Refunds => Scope::PaymentsRead,
        What::Settlements => Scope::SettlementsRead,
        What::Events => Scope::EventsRead,
    };
    call::has(&call.key, scope)?;
    let now = call.now();
    let moment = |name: &str| call.text(name).and_then(time::parse);
    // What came about in this very millisecond came about until now.
    let until_now = now.after(Duration::from_millis(1));
    let (since, before) = (moment("from").ok_or_else(Trouble::internal)?, moment("to").unwrap_or(until_now));
    if before <= since {
        return Err(Trouble::of("parameter_invalid", "This has to be later than `from`.").at("/to"));
    }
    let named = call.text("merchant");
    let merchant = match (what, call.tenant()) {
        (What::Payments | What::Refunds, _) => Some(merchant_of(call, named, "/merchant")?.id),
        (_, Tenant::Merchant(own)) if named.is_none() => Some(*own),
        _ => named.map(|_| merchant_of(call, named, "/merchant")).transpose()?.map(|merchant| merchant.id),
    };
    let export = Export {
        id: Id::mint(now, crypto::random::bytes()),
        tenant: call.tenant().clone(),
        what,
        format: member(call, "format").unwrap_or(Format::JsonLines),
        merchant,
        since,
        before,
        state: ExportState::Waiting,
        last_row: None,
        row_count: 0,
        total: None,
        pieces: 0,
        bytes: 0,
        failure: None,
        created_at: now,
        ended_at: None,
        expires_at: None,
    };
    call.once(call.api.store(), OpenExport { export }, |export| rendered(202, &view(export)))
}

/// A member of the body that is one of some words.
fn member<T: serde::de::DeserializeOwned>(call: &Call, name: &str) -> Option<T> {
    serde_json::from_value(call.body.get(name)?.clone()).ok()
}

/// The export that the path names, if it is the caller's.
fn find(api: &Api, tenant: &Tenant, name: &str) -> Result<Export, Trouble> {
    let id: Id<kinds::Export> = name.parse().map_err(|_| Trouble::not_found())?;
    let found = api.store().read(move |records| records.find::<Export>(&id))?;
    found.filter(|export| export.tenant == *tenant).ok_or_else(Trouble::not_found)
}

fn list(call: &Call) -> Result<Reply, Trouble> {
    let store = call.api.store();
    let rows = store.rows(questions::EXPORTS_OF, &[store::Value::Text(call.tenant().to_string())])?.rows;
    let names: Vec<Id<kinds::Export>> =
        rows.iter().filter_map(|row| row.first()?.as_text()?.parse().ok()).collect();
    let all = store.read(move |records| {
        names.iter().filter_map(|name| records.find::<Export>(name)).collect::<Vec<_>>()
    })?;
    let member = |export: &Export, name: &str| match name {
        "status" => serde_json::to_value(export.state).ok()?.as_str().map(str::to_owned),
        "created_at" => Some(time::write(export.created_at)),
        _ => None,
    };
    let list = InMemory { all, name: |export| export.id.to_string(), member };
    list.answer(call, store, |_, export| view(export))
}

fn retrieve(call: &Call) -> Result<Reply, Trouble> {
    Ok(Reply::ok(&view(&find(&call.api, call.tenant(), call.name())?)))
}

fn cancel(call: &Call) -> Result<Reply, Trouble> {
    let id = find(&call.api, call.tenant(), call.name())?.id;
    call.once(call.api.store(), CancelExport { id }, |export| rendered(200, &view(export)))
}

/// The file is answered by [`file`]; nobody comes here.
fn result(_: &Call) -> Result<Reply, Trouble> {
    Err(Trouble::internal())
}

/// What an export wrote, a piece at a time.
pub(super) async fn file(api: Api, tenant: Tenant, name: String) -> Result<Response, Trouble> {
    let (asked, whose) = (api.clone(), tenant);
    let looking = tokio::task::spawn_blocking(move || find(&asked, &whose, &name));
    let export = looking.await.map_err(|_| Trouble::internal())??;
    match export.state {
        ExportState::Succeeded => {}
        ExportState::Expired => {
            return Err(Trouble::of("result_expired", "It was forgotten a day after the end."));
        }
        _ => return Err(Trouble::of("result_not_ready", "There is no result, or not yet.")),
    }
    let (give, take) = mpsc::channel::<Bytes>(2);
    let (id, pieces) = (export.id, export.pieces);
    tokio::spawn(async move {
        for number in 0..pieces {
            let read = api.store().read_async(move |records| records.find::<ExportPiece>(&(id, number)));
            // What is forgotten meanwhile ends short of its announced length, so nobody takes it for whole.
            let Ok(Some(piece)) = read.await else { return };
            if give.send(piece.text.into()).await.is_err() {
                return;
            }
        }
    });
    let ending = if export.format == Format::Csv { "csv" } else { "jsonl" };
    let headers = [
        (header::CONTENT_TYPE, content_type(export.format).to_owned()),
        (header::CONTENT_LENGTH, export.bytes.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.{ending}\"", export.id)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, super::events::streaming(take)).into_response())
}
