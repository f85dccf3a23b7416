//! The limit of a run: handlers that answer with the same bodies and do nothing for them. Measured beside the
//! interface, they show what its work costs on the same machine at the same time.

use super::json;
use axum::Router;
use axum::body::Bytes;
use axum::response::Response;
use axum::routing::{get, post};

/// Answers `GET /read` with one body, and `POST /create`, once its JSON is read, with the other.
pub fn router(read: String, created: String) -> Router {
    let read = move || {
        let body = read.clone();
        async move { json(200, body) }
    };
    let create = move |sent: Bytes| {
        let body = created.clone();
        async move {
            let parsed: Result<serde_json::Value, _> = serde_json::from_slice(&sent);
            let answer: Response = json(if parsed.is_ok() { 201 } else { 400 }, body);
            answer
        }
    };
    Router::new().route("/read", get(read)).route("/create", post(create))
}
