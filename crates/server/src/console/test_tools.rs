//! The clock and the faults of a sandbox, worked from the console by one operator alone: nothing of it is possible where
//! money is real. Where this is no sandbox there are no such pages.

use super::door::{Console, Desk, time};
use super::entry::Visitor;
use crate::screens::console::{Cell, Table};
use crate::screens::pages::Page;
use crate::screens::test_tools::{self as screen, ClockShown, FaultRow, FaultsShown, TestState};
use crate::test_mode::{ClockRefusal, Fault, Leg, Moment, TestTools, Waiting, moment, span};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use operators::{Note, Said};
use serde::Deserialize;
use store::Outcome;
use values::{Id, Timestamp, id::kinds};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/clock", get(clock))
        .route("/clock/freeze", post(freeze))
        .route("/clock/resume", post(resume))
        .route("/clock/advance", post(advance))
        .route("/clock/goto", post(go_to))
        .route("/faults", get(faults).post(add))
        .route("/faults/remove", post(remove))
        .route("/faults/clear", post(clear))
}

/// What the banner of every page says.
pub(super) fn state(tools: &TestTools) -> TestState {
    let shown = tools.clockwork.shown();
    let faults = tools.faults.listed().len();
    TestState { now: time(shown.now), frozen: shown.frozen, real: shown.real, faults }
}

/// What was typed into the forms of the clock.
#[derive(Default, Deserialize)]
struct Wish {
    #[serde(default)]
    by: String,
    #[serde(default)]
    to: String,
}

async fn clock(State(console): State<Console>, headers: HeaderMap, uri: Uri) -> Response {
    show_clock(Desk::new(console, &headers, &uri, "/clock"), Wish::default(), None).await
}

/// The page of the clock; with a trouble nothing was done.
async fn show_clock(desk: Desk, wish: Wish, trouble: Option<&'static str>) -> Response {
    let status = if trouble.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let make = move |desk: &Desk| {
        let Some(tools) = &desk.console.sources.test else { return Ok(None) };
        let shown = tools.clockwork.shown();
        let waiting = waiting(desk, &tools.clockwork.waiting_now()?);
        let page = ClockShown {
            now: &time(shown.now),
            frozen: shown.frozen,
            ahead_ms: shown.ahead_ms,
            typed: (&wish.by, &wish.to),
            trouble: trouble.map(|name| desk.say(name)),
            waiting: &waiting,
        };
        Ok(Some(screen::clock(&desk.page, &desk.frame, &page)))
    };
    desk.answer_with(status, make).await
}

fn waiting(desk: &Desk, waiting: &[Waiting]) -> Table {
    let columns =
        [("column-party", ""), ("column-topic", ""), ("column-attempts", "number"), ("column-due", "")];
    let row = |one: &Waiting| {
        vec![
            Cell::text(one.party.clone()),
            Cell::code(one.topic.clone()),
            Cell::number(one.attempts.to_string()),
            Cell::code(time(one.due)),
        ]
    };
    desk.table("test-waiting", &columns, waiting.iter().map(row).collect(), "test-none-waiting")
}

fn trouble_of(refusal: &ClockRefusal) -> &'static str {
    match refusal {
        ClockRefusal::Backwards { .. } => "test-backwards",
        ClockRefusal::TooFar => "test-too-far",
        ClockRefusal::File(_) => "test-not-kept",
    }
}

/// Writes into the log what an operator does here; without a trace it is not done.
async fn noted(desk: &Desk, visitor: &Visitor, subject: String) -> bool {
    let (who, result) = (Some(visitor.operator), "ok".to_owned());
    let said = Said { who, act: "test", subject, result, ..Said::default() };
    let note = Note { said, occasion: visitor.occasion.clone() };
    matches!(desk.console.porter.store().call_async(note).await, Ok(Outcome::Done(())))
}

/// Works the clock where it may wait, then shows it, or what was wrong. The browser is led to the page, so that looking at it
/// again moves nothing.
async fn work_clock(
    desk: Desk,
    visitor: &Visitor,
    wish: Wish,
    subject: &str,
    work: impl FnOnce(&TestTools) -> Result<(), ClockRefusal> + Send + 'static,
) -> Response {
    let Some(tools) = desk.console.sources.test.clone() else { return desk.answer(|_| Ok(None)).await };
    if !noted(&desk, visitor, format!("clock {subject}")).await {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    match tokio::task::spawn_blocking(move || work(&tools)).await {
        Ok(Ok(())) => Redirect::to("/clock").into_response(),
        Ok(Err(refusal)) => show_clock(desk, wish, Some(trouble_of(&refusal))).await,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn freeze(
    State(console): State<Console>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let desk = Desk::new(console, &headers, &uri, "/clock");
    work_clock(desk, &visitor, Wish::default(), "freeze", |tools| tools.clockwork.freeze().map(drop)).await
}

async fn resume(
    State(console): State<Console>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let desk = Desk::new(console, &headers, &uri, "/clock");
    work_clock(desk, &visitor, Wish::default(), "resume", |tools| tools.clockwork.resume().map(drop)).await
}

type Sent<T> = Result<Form<T>, FormRejection>;

/// What was typed; nothing of what cannot be read.
fn typed<T: Default>(sent: Sent<T>) -> T {
    sent.map(|Form(wish)| wish).unwrap_or_default()
}

/// A page whose address is a form's is shown at the address where it is read.
fn of_page(desk: Desk, path: &str) -> Desk {
    Desk { page: Page { path: path.to_owned(), ..desk.page }, ..desk }
}

async fn advance(
    State(console): State<Console>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    uri: Uri,
    sent: Sent<Wish>,
) -> Response {
    let (desk, wish) = (of_page(Desk::new(console, &headers, &uri, "/clock"), "/clock"), typed(sent));
    let Some(by) = span(&wish.by) else { return show_clock(desk, wish, Some("test-wrong-span")).await };
    let said = format!("advance {} s", by.as_secs());
    work_clock(desk, &visitor, wish, &said, move |tools| tools.clockwork.advance(by).map(drop)).await
}

async fn go_to(
    State(console): State<Console>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    uri: Uri,
    sent: Sent<Wish>,
) -> Response {
    let (desk, wish) = (of_page(Desk::new(console, &headers, &uri, "/clock"), "/clock"), typed(sent));
    match moment(&wish.to) {
        Some(Moment::At(at)) => {
            let said = format!("goto {at}");
            work_clock(desk, &visitor, wish, &said, move |tools| tools.clockwork.go_to(at).map(drop)).await
        }
        Some(Moment::Machine) => {
            let work = |tools: &TestTools| tools.clockwork.go_to_machine_time().map(drop);
            work_clock(desk, &visitor, wish, "goto now", work).await
        }
        None => show_clock(desk, wish, Some("test-wrong-moment")).await,
    }
}

/// What was chosen and typed for a fault.
#[derive(Default, Deserialize)]
struct NewFault {
    #[serde(default)]
    leg: String,
    #[serde(default)]
    what: String,
}

async fn faults(State(console): State<Console>, headers: HeaderMap, uri: Uri) -> Response {
    show_faults(Desk::new(console, &headers, &uri, "/faults"), NewFault::default(), None).await
}

/// The page of faults; with a reason nothing was done.
async fn show_faults(desk: Desk, wish: NewFault, why: Option<String>) -> Response {
    let status = if why.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let make = move |desk: &Desk| {
        let Some(tools) = &desk.console.sources.test else { return Ok(None) };
        let row = |one: crate::test_mode::Listed| FaultRow {
            id: one.id.to_string(),
            leg: one.fault.leg.to_string(),
            what: one.fault.to_string(),
            struck: one.struck,
            since: time(one.since),
        };
        let on: Vec<FaultRow> = tools.faults.listed().into_iter().map(row).collect();
        let shown = FaultsShown {
            on: &on,
            legs: &Leg::all(),
            typed: (&wish.leg, &wish.what),
            trouble: why.map(|why| desk.page.language.say_text("test-wrong-fault", "why", &why)),
        };
        Ok(Some(screen::faults(&desk.page, &desk.frame, &shown)))
    };
    desk.answer_with(status, make).await
}

async fn add(
    State(console): State<Console>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    uri: Uri,
    sent: Sent<NewFault>,
) -> Response {
    let wish = typed(sent);
    match Fault::parse(&wish.leg, &wish.what) {
        Ok(fault) => {
            let said = format!("add {} {fault}", fault.leg);
            work_faults(console, &visitor, &headers, &uri, &said, move |tools, now| {
                tools.faults.add(fault, now);
            })
            .await
        }
        Err(error) => {
            show_faults(Desk::new(console, &headers, &uri, "/faults"), wish, Some(error.to_string())).await
        }
    }
}

/// Works the faults and leads back to them.
async fn work_faults(
    console: Console,
    visitor: &Visitor,
    headers: &HeaderMap,
    uri: &Uri,
    subject: &str,
    work: impl FnOnce(&TestTools, Timestamp),
) -> Response {
    let desk = Desk::new(console, headers, uri, "/faults");
    let Some(tools) = desk.console.sources.test.clone() else { return desk.answer(|_| Ok(None)).await };
    if !noted(&desk, visitor, format!("fault {subject}")).await {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    work(&tools, desk.console.sources.acquirer.clock().now());
    Redirect::to("/faults").into_response()
}

#[derive(Default, Deserialize)]
struct Which {
    #[serde(default)]
    id: String,
}

async fn remove(
    State(console): State<Console>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    uri: Uri,
    sent: Sent<Which>,
) -> Response {
    // One that is off already, or never was on, is off.
    let Ok(id) = typed(sent).id.parse::<Id<kinds::Fault>>() else {
        return Redirect::to("/faults").into_response();
    };
    let said = format!("remove {id}");
    work_faults(console, &visitor, &headers, &uri, &said, |tools, _| {
        tools.faults.remove(id);
    })
    .await
}

async fn clear(
    State(console): State<Console>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    work_faults(console, &visitor, &headers, &uri, "clear", |tools, _| {
        tools.faults.clear();
    })
    .await
}
