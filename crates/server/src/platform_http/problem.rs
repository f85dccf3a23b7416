//! Errors as RFC 9457 problem documents with stable codes. What each code means stands in `problems`.

use super::problems;
use super::requests::RequestName;
use crate::api::Problem;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use platform::Error;
use std::time::Duration;
use tokens::Refusal;

/// A problem on its way to the client.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    problem: Box<Problem>,
    wait: Option<Duration>,
}

impl Trouble {
    /// The problem of this code, one of those in `problems`, with a sentence that may be shown to anybody.
    pub(super) fn of(code: &'static str, detail: &str) -> Trouble {
        let known = problems::find(code).expect("every code that is used is in the list");
        Trouble::new(known.status, code, known.title, detail)
    }

    fn new(status: u16, code: &str, title: &str, detail: &str) -> Trouble {
        let page = format!("/problems/{code}");
        let problem = Problem {
            kind: page.clone(),
            title: title.to_owned(),
            status,
            detail: detail.to_owned(),
            instance: None,
            code: code.to_owned(),
            param: None,
            differs: Vec::new(),
            retryable: matches!(status, 408 | 409 | 429 | 503 | 504),
            docs: page,
        };
        Trouble { problem: Box::new(problem), wait: None }
    }

    /// 401: nothing of the request can be believed.
    pub(super) fn unsigned(detail: &str) -> Trouble {
        Trouble::of("signature_invalid", detail)
    }

    /// 400: a part of the request is not what the interface asks for.
    pub(super) fn invalid(part: &str) -> Trouble {
        Trouble::of("request_invalid", &format!("{part} is not valid"))
    }

    /// 404: it is not there, or belongs to somebody else; from outside the two look the same.
    pub(super) fn not_found() -> Trouble {
        Trouble::of("not_found", "There is nothing of this name.")
    }

    /// 500: a mistake of ours.
    pub(super) fn internal() -> Trouble {
        Trouble::of("internal", "This is our mistake.")
    }

    /// 503: the records cannot be reached.
    pub(super) fn unavailable() -> Trouble {
        Trouble::of("unavailable", "Please try again later.")
    }

    /// The same about this member or parameter.
    pub(super) fn at(mut self, pointer: &str) -> Trouble {
        self.problem.param = Some(pointer.to_owned());
        self
    }

    /// The same, naming the places at which two requests differ.
    pub(super) fn differing(mut self, places: Vec<String>) -> Trouble {
        self.problem.differs = places;
        self
    }

    /// The same, naming the request it belongs to.
    pub(super) fn about(mut self, request: &RequestName) -> Trouble {
        self.problem.instance = Some(request.to_string());
        self
    }

    /// The same; the request may be made again after this time.
    pub(super) fn again_after(mut self, wait: Duration) -> Trouble {
        self.wait = Some(wait);
        self
    }

    /// The document.
    pub(super) fn problem(&self) -> &Problem {
        &self.problem
    }
}

/// A problem as an answer, which says to which request it belongs.
pub(super) fn document(problem: &Problem) -> Vec<u8> {
    serde_json::to_vec(problem).expect("strings and numbers are JSON")
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = document(&self.problem);
        let mut answer = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some(wait) = self.wait {
            let seconds = wait.as_secs().max(1);
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // Whoever names the request writes the document again with its name.
        answer.extensions_mut().insert(self);
        answer
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::KeyReused => {
                Trouble::of("idempotency_key_reused", "This request was made before with other content.")
            }
            Error::Invalid(part) => Trouble::invalid(part),
            Error::Issuer(platform::issuer_line::NoVerdict::NotSent) => {
                Trouble::of("issuer_unreachable", "Please try again later.")
            }
            Error::Issuer(platform::issuer_line::NoVerdict::Silence) => {
                Trouble::of("issuer_silent", "Please try again later.")
            }
            Error::Store(error) => error.into(),
        }
    }
}

/// The operations of the interface's own records refuse only what is not there.
impl From<()> for Trouble {
    fn from((): ()) -> Trouble {
        Trouble::not_found()
    }
}

impl From<std::convert::Infallible> for Trouble {
    fn from(never: std::convert::Infallible) -> Trouble {
        match never {}
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Trouble {
        let (status, title) = status_of(refusal);
        Trouble::new(status, refusal.code(), title, refusal.text())
    }
}

impl From<store::StoreError> for Trouble {
    fn from(error: store::StoreError) -> Trouble {
        tracing::error!(%error, "the records are not available");
        Trouble::unavailable()
    }
}

impl From<acquiring::Refusal> for Trouble {
    fn from(refusal: acquiring::Refusal) -> Trouble {
        let detail = format!("{}.", capital(&refusal.to_string()));
        Trouble::new(problems::REFUSED.0, refusal.code(), problems::REFUSED.1, &detail)
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Status and title of a refusal by the token service.
pub(super) fn status_of(refusal: Refusal) -> (u16, &'static str) {
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
        _ => problems::REFUSED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform::issuer_line::NoVerdict;

    /// What only a broken counterparty or a mistake of ours provokes: what each becomes on its way out.
    #[test]
    fn what_fails_inside_has_a_code() {
        let out = |trouble: Trouble| (trouble.problem.status, trouble.problem.code.clone());
        let told = |status: u16, code: &str| (status, code.to_owned());
        assert_eq!(out(Error::Issuer(NoVerdict::NotSent).into()), told(503, "issuer_unreachable"));
        assert_eq!(out(Error::Issuer(NoVerdict::Silence).into()), told(504, "issuer_silent"));
        assert_eq!(out(Trouble::internal()), told(500, "internal"));
        assert_eq!(out(store::StoreError::Stopped.into()), told(503, "unavailable"));
    }
}
