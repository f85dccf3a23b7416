//! The way back of two operators who lost their passkeys: asked for on the machine itself, by who can read the operators' key.
//!
//! It is for a program (`paiza operators recover`), so it takes and gives JSON. Each of the two comes back with a link of their
//! own and a code that the other one has; the log says that this was made, and when they came.

use super::door::Console;
use super::entry::occasion;
use super::porter::Refused;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// `POST /recover`: two operators who lost their passkeys.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recovery {
    /// The operators' key, as its file has it.
    pub key: String,
    /// Who: names or identifiers.
    pub operators: [String; 2],
}

/// What is handed to one of the two.
#[derive(Clone, Serialize, Deserialize)]
pub struct Note {
    /// To whom.
    pub name: String,
    /// Where they come in.
    pub link: String,
    /// The code that the other one types.
    pub code_for_other: String,
}

/// A problem document like the platform's.
fn no(status: StatusCode, code: &str, detail: &str) -> Response {
    let body = json!({
        "type": format!("urn:paiza:problem:{code}"), "title": "Not done", "status": status.as_u16(),
        "detail": detail, "code": code, "retryable": status.is_server_error(),
    });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}

fn refused(refused: Refused) -> Response {
    match refused {
        Refused::Wrong => no(StatusCode::FORBIDDEN, "key_wrong", "That is not the operators' key."),
        Refused::Locked => no(
            StatusCode::TOO_MANY_REQUESTS,
            "locked",
            "Too many wrong tries; nothing is taken for half an hour.",
        ),
        Refused::No(refusal) => no(StatusCode::CONFLICT, refusal.code(), &refusal.to_string()),
        Refused::Passkey | Refused::Down => {
            no(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The records are not available now.")
        }
    }
}

/// Makes the two ways back.
pub(super) async fn recover(
    State(console): State<Console>,
    headers: HeaderMap,
    uri: Uri,
    sent: Result<Json<Recovery>, JsonRejection>,
) -> Response {
    // The body holds the key, so nothing of it is quoted.
    let Ok(Json(wish)) = sent else {
        return no(
            StatusCode::BAD_REQUEST,
            "request_invalid",
            "The body is not the JSON that is asked for here.",
        );
    };
    let porter = console.porter.clone();
    let at = occasion(&Method::POST, &uri, &headers, porter.store().clock().now());
    let [first, second] = wish.operators;
    let made = tokio::task::spawn_blocking(move || porter.recover(&wish.key, [&first, &second], &at)).await;
    match made.unwrap_or(Err(Refused::Down)) {
        Ok(ways) => {
            let notes =
                ways.map(|way| Note { name: way.name, link: way.link, code_for_other: way.code_for_other });
            ([(header::CACHE_CONTROL, "no-store")], Json(notes)).into_response()
        }
        Err(no) => refused(no),
    }
}
