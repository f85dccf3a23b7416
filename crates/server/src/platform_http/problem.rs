//! Errors as RFC 9457 problem documents with stable codes.

use crate::api::Problem;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use platform::Error;
use tokens::Refusal;

/// A problem on its way to the client.
pub(super) struct Trouble(Problem);

impl Trouble {
    pub(super) fn new(status: u16, code: &str, title: &str, detail: &str) -> Trouble {
        let retryable = matches!(status, 409 | 429 | 503 | 504);
        Trouble(Problem {
            kind: format!("urn:paiza:problem:{code}"),
            title: title.to_owned(),
            status,
            detail: detail.to_owned(),
            code: code.to_owned(),
            retryable,
        })
    }

    /// 401: nothing of the request can be believed.
    pub(super) fn unsigned(detail: &str) -> Trouble {
        Trouble::new(401, "signature_invalid", "Not signed by a known device", detail)
    }

    /// 400: a part of the request is not what the interface asks for.
    pub(super) fn invalid(part: &str) -> Trouble {
        Trouble::new(400, "request_invalid", "The request is not valid", &format!("{part} is not valid"))
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.0).expect("strings and numbers are JSON");
        (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        match error {
            Error::Refused(refusal) => {
                let (status, title) = status_of(refusal);
                Trouble::new(status, refusal.code(), title, refusal.text())
            }
            Error::KeyReused => Trouble::new(
                422,
                "idempotency_key_reused",
                "The request key was used before",
                "This request was made before with other content.",
            ),
            Error::Invalid(part) => Trouble::invalid(part),
            Error::Issuer(platform::issuer_line::NoVerdict::NotSent) => Trouble::new(
                503,
                "issuer_unreachable",
                "The bank cannot be reached",
                "Please try again later.",
            ),
            Error::Issuer(platform::issuer_line::NoVerdict::Silence) => {
                Trouble::new(504, "issuer_silent", "The bank did not answer", "Please try again later.")
            }
            Error::Store(error) => {
                tracing::error!(%error, "the records are not available");
                Trouble::new(503, "unavailable", "Not available now", "Please try again later.")
            }
        }
    }
}

fn status_of(refusal: Refusal) -> (u16, &'static str) {
    match refusal {
        Refusal::TooManyCodes
        | Refusal::TooManyAttempts
        | Refusal::TooManyCardAttempts
        | Refusal::RecoveryRefused => (429, "Too many tries"),
        Refusal::DeviceUnknown
        | Refusal::CustomerUnknown
        | Refusal::EnrolmentUnknown
        | Refusal::TokenUnknown => (404, "Not found"),
        Refusal::DeviceNotActive | Refusal::DeviceLost => (403, "This device may not do that"),
        _ => (409, "Not done"),
    }
}
