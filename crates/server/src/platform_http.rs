//! The platform's HTTP interface.
//!
//! Phones and issuers sign their requests (`routes`, see `http_signature`); merchants, issuers and the operator have
//! secret keys (`developers`). Whose request it is follows from key or signature, never from the body. A browser needs
//! neither for the lost-phone page, the reference and the pages that explain problems.

mod codes;
pub mod developers;
pub(crate) mod door;
mod health;
mod phone;
mod privacy;
mod problem;
mod problems;
mod repeats;
mod requests;
mod routes;
mod trace_context;

use crate::alarm::Alarm;
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use developers::{Api, VERSION};
pub use door::{Certify, Door};
use futures_util::StreamExt as _;
use problem::Trouble;
use requests::{Asked, RequestName};
use std::time::{Duration, Instant};
use trace_context::TraceContext;
use values::{Id, id::kinds};

/// Everything the platform answers over HTTP, besides its screens.
pub fn router(door: Door, api: Api) -> Router {
    let named = middleware::from_fn_with_state(api.clone(), name_request);
    let routes = developers::router(&door, &api).merge(routes::open_router(door));
    routes.merge(health::router(api)).layer(named)
}

/// The answer to a request that nothing was read of but that it cannot be read.
pub(crate) fn refusal(code: &'static str, detail: &str) -> Response {
    let name: Id<kinds::Request> = Id::from_u128(u128::from_be_bytes(crypto::random::bytes()));
    finished(Trouble::of(code, detail).into_response(), &name.to_string())
}

/// How long a body may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What a caller hears whose head did not arrive in time, as it goes over the wire.
pub(crate) fn too_slow() -> String {
    let trouble =
        Trouble::of("request_timeout", "The head of the request did not arrive within ten seconds.");
    let body = String::from_utf8_lossy(&problem::document(trouble.problem())).into_owned();
    format!(
        "HTTP/1.1 408 Request Timeout\r\nContent-Type: application/problem+json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Reads a body to its end: in time, and at most so much of it.
async fn read_body(alarm: &Alarm, body: Body, most: usize) -> Result<Vec<u8>, Trouble> {
    let size = if most >= 1 << 20 { format!("{} MiB", most >> 20) } else { format!("{} KiB", most >> 10) };
    let too_large = || Trouble::of("body_too_large", &format!("Bodies here have at most {size}."));
    // What says beforehand that it is too large is not read at all.
    if body.size_hint().lower() > most as u64 {
        return Err(too_large());
    }
    tokio::select! {
        // In this order: what is here already sets no alarm.
        biased;
        read = read_all(body, most) => read?.ok_or_else(too_large),
        () = alarm.after(BODY_WITHIN) => {
            Err(Trouble::of("request_timeout", "The body did not arrive within ten seconds."))
        }
    }
}

/// The whole of a body; nothing if it is too large.
async fn read_all(body: Body, most: usize) -> Result<Option<Vec<u8>>, Trouble> {
    let mut pieces = body.into_data_stream();
    let mut read = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| Trouble::of("body_incomplete", "The body broke off."))?;
        read.extend_from_slice(&piece);
        if read.len() > most {
            return Ok(None);
        }
    }
    Ok(Some(read))
}

/// The answer, if it comes in time.
async fn answer_in_time(alarm: &Alarm, request: Request, next: Next) -> Response {
    tokio::select! {
        // In this order: an answer that waits for nothing sets no alarm.
        biased;
        answer = next.run(request) => answer,
        () = alarm.after(ANSWER_WITHIN) => {
            Trouble::of("answer_timeout", "The answer takes longer than thirty seconds.").into_response()
        }
    }
}

/// Gives every request a name, which its answer and its line in the log carry.
async fn name_request(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let random = crypto::random::bytes::<18>();
    let (name, span) = random.split_first_chunk().expect("eighteen bytes are ten and eight");
    let name: Id<kinds::Request> = Id::mint(api.now(), *name);
    let trace =
        TraceContext::of(request.headers(), span.try_into().expect("eighteen bytes are ten and eight"));
    let asked = Asked::of(RequestName::new(name), trace.clone(), &request);
    request.extensions_mut().insert(RequestName::new(name));
    if let Some(trace) = trace.clone() {
        request.extensions_mut().insert(trace);
    }
    let began = Instant::now();
    let mut answer = answer_in_time(api.alarm(), request, next).await;
    api.requests().answered(asked, &answer, api.alarm().now(), began.elapsed());
    if let Some(trace) = trace {
        answer.headers_mut().insert("traceresponse", trace.value());
    }
    finished(answer, &name.to_string())
}

/// An answer with what all of them carry.
fn finished(mut answer: Response, name: &str) -> Response {
    if let Some(trouble) = answer.extensions_mut().remove::<Trouble>() {
        let mut problem = trouble.problem().clone();
        problem.instance = Some(name.to_owned());
        let (mut parts, _) = answer.into_parts();
        parts.headers.remove(header::CONTENT_LENGTH);
        answer = (parts.status, parts.headers, problem::document(&problem)).into_response();
    }
    let headers = answer.headers_mut();
    if let Ok(name) = HeaderValue::try_from(name) {
        headers.insert("request-id", name);
    }
    headers.entry("paiza-version").or_insert(HeaderValue::from_static(VERSION));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}
