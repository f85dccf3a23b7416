//! The phone's side of the HTTP interface: signs every request with the device key.

use crate::api::Problem;
use crate::http_signature::{Claims, SignedRequest, sign};
use crate::test_mode::{self, Crossing, Struck};
use crate::trace::{Watch, Wire, show};
use crypto::p256::SigningKey;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use values::Timestamp;

/// What a request came to when it was not the answer hoped for.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The platform answered no.
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    /// The platform could not be reached, or the connection broke: the outcome is unknown.
    #[error("the platform cannot be reached: {0}")]
    Unreachable(String),
    /// The answer is not what the interface promises.
    #[error("the platform's answer cannot be read: {0}")]
    Unreadable(&'static str),
}

impl ClientError {
    /// The stable code of a refusal, if it is one.
    pub fn code(&self) -> Option<&str> {
        match self {
            ClientError::Problem(problem) => Some(&problem.code),
            _ => None,
        }
    }
}

/// A device's voice towards the platform.
pub struct Client {
    agent: ureq::Agent,
    /// Host and port.
    authority: String,
    key_id: String,
    key: SigningKey,
    watch: Watch,
    crossing: Option<Arc<Crossing>>,
}

/// What makes one request unlike any other: fresh values from the operating system and the clock.
pub struct Freshness {
    /// Now.
    pub now: Timestamp,
    /// Unique.
    pub nonce: [u8; 16],
}

/// An agent with bounded patience that hands every status back.
pub fn agent() -> ureq::Agent {
    crate::agent::agent(Duration::from_secs(60))
}

impl Client {
    /// A client for the platform at `authority` (host and port), signing as `key_id`.
    pub fn new(authority: &str, key_id: &str, key: SigningKey) -> Client {
        Client {
            agent: agent(),
            authority: authority.to_owned(),
            key_id: key_id.to_owned(),
            key,
            watch: None,
            crossing: None,
        }
    }

    /// The same client, where faults may strike what it sends.
    pub fn through(self, crossing: Option<Arc<Crossing>>) -> Client {
        Client { crossing, ..self }
    }

    /// The same client, seen by whoever watches.
    pub fn watched(self, watch: Watch) -> Client {
        Client { watch, ..self }
    }

    /// Asks for something; changes nothing there.
    pub fn get<A: DeserializeOwned>(&self, path: &str, fresh: &Freshness) -> Result<A, ClientError> {
        let headers = self.headers("GET", path, "", b"", fresh);
        let mut request = self.agent.get(format!("http://{}{path}", self.authority));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        show(&self.watch, "phone", "platform", Wire::Http, &format!("GET {path}"), b"");
        self.answer(path, request.call())
    }

    /// Asks for a change; repeating it with the same `idempotency_key` gives the first answer again.
    pub fn post<A: DeserializeOwned>(
        &self,
        path: &str,
        idempotency_key: &str,
        body: &impl Serialize,
        fresh: &Freshness,
    ) -> Result<A, ClientError> {
        let body = serde_json::to_vec(body).expect("the interface's types are JSON");
        let headers = self.headers("POST", path, idempotency_key, &body, fresh);
        show(&self.watch, "phone", "platform", Wire::Http, &format!("POST {path}"), &body);
        let go = |body: &[u8]| {
            let mut request = self.agent.post(format!("http://{}{path}", self.authority));
            for (name, value) in &headers {
                request = request.header(*name, value);
            }
            let request = request.header("content-type", "application/json");
            self.answer(path, request.header("idempotency-key", idempotency_key).send(body))
        };
        let struck = |struck| match struck {
            Struck::Silence => Err(ClientError::Unreachable("no answer".to_owned())),
            Struck::Status(status) => Err(ClientError::Unreachable(format!("answered {status}"))),
        };
        test_mode::send(self.crossing.as_ref(), &body, go, struck)
    }

    fn answer<A: DeserializeOwned>(
        &self,
        path: &str,
        response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<A, ClientError> {
        let (status, body) = received(response)?;
        show(&self.watch, "platform", "phone", Wire::Http, &format!("{status} {path}"), &body);
        understood(status, &body)
    }

    fn headers(
        &self,
        method: &str,
        target: &str,
        idempotency_key: &str,
        body: &[u8],
        fresh: &Freshness,
    ) -> [(&'static str, String); 3] {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let authority = &self.authority;
        let request = SignedRequest { method, authority, path, query, idempotency_key, body };
        let nonce = hex::encode(fresh.nonce);
        let claims = Claims { created: fresh.now, key_id: self.key_id.clone(), nonce };
        let signed = sign(&request, &claims, |base| self.key.sign(base));
        [
            ("content-digest", signed.content_digest),
            ("signature-input", signed.signature_input),
            ("signature", signed.signature),
        ]
    }
}

/// Reads an answer or the problem it is.
pub fn answer<A: DeserializeOwned>(
    response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<A, ClientError> {
    let (status, body) = received(response)?;
    understood(status, &body)
}

/// An answer whose body is still to be read, or the problem it is.
pub fn whole(
    response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<ureq::http::Response<ureq::Body>, ClientError> {
    match response {
        Ok(response) if response.status().is_success() => Ok(response),
        other => {
            let (status, body) = received(other)?;
            understood::<serde_json::Value>(status, &body)?;
            Err(ClientError::Unreadable("neither an answer nor a problem document"))
        }
    }
}

fn received(
    response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<(u16, Vec<u8>), ClientError> {
    let unreachable = |error: ureq::Error| ClientError::Unreachable(error.to_string());
    let mut response = response.map_err(unreachable)?;
    let body = response.body_mut().read_to_vec().map_err(unreachable)?;
    Ok((response.status().as_u16(), body))
}

fn understood<A: DeserializeOwned>(status: u16, body: &[u8]) -> Result<A, ClientError> {
    if (200..300).contains(&status) {
        return serde_json::from_slice(body).map_err(|_| ClientError::Unreadable("not the expected JSON"));
    }
    let problem =
        serde_json::from_slice(body).map_err(|_| ClientError::Unreadable("not a problem document"))?;
    Err(ClientError::Problem(problem))
}
