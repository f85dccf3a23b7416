//! The platform's HTTP interface.
//!
//! Phones and issuers sign their requests (`routes`, see `http_signature`); merchants, issuers and the operator have
//! secret keys (`developers`). Whose request it is follows from key or signature, never from the body. A browser needs
//! neither for the lost-phone page, the reference and the pages that explain problems.

pub mod developers;
mod door;
mod phone;
mod problem;
mod problems;
mod routes;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use developers::{Api, VERSION};
pub use door::{Certify, Door};
use problem::Trouble;
use values::{Id, id::kinds};

/// Everything the platform answers over HTTP, besides its screens.
pub fn router(door: Door, api: Api) -> Router {
    let named = middleware::from_fn_with_state(api.clone(), name_request);
    developers::router(&door, &api).merge(routes::open_router(door)).layer(named)
}

/// Gives every request a name, which its answer carries.
async fn name_request(State(api): State<Api>, request: Request, next: Next) -> Response {
    let name: Id<kinds::Request> = Id::mint(api.now(), crypto::random::bytes());
    let name = name.to_string();
    let mut answer = next.run(request).await;
    if let Some(trouble) = answer.extensions_mut().remove::<Trouble>() {
        let mut problem = trouble.problem().clone();
        problem.instance = Some(name.clone());
        let (mut parts, _) = answer.into_parts();
        parts.headers.remove(header::CONTENT_LENGTH);
        tracing::debug!(request = name, code = problem.code, "a problem was answered");
        answer = (parts.status, parts.headers, problem::document(&problem)).into_response();
    }
    let headers = answer.headers_mut();
    if let Ok(name) = HeaderValue::try_from(name) {
        headers.insert("request-id", name);
    }
    headers.insert("paiza-version", HeaderValue::from_static(VERSION));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}
