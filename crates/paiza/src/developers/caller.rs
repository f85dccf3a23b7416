//! A caller of the interface, with a key.

use super::Interface;
use crate::output::Failure;
use serde_json::Value;
use server::client::{ClientError, agent, answer, whole};
use std::path::Path;

pub(super) struct Caller<'a>(pub(super) &'a Interface);

impl Caller<'_> {
    pub(super) fn get(&self, path: &str) -> Result<Value, Failure> {
        let request = agent().get(format!("http://{}{path}", self.0.at));
        answer(request.header("authorization", self.bearer()).call()).map_err(failure)
    }

    /// Writes what is got there into a file; how many bytes it is.
    pub(super) fn save(&self, path: &str, into: &Path) -> Result<u64, Failure> {
        let request = agent().get(format!("http://{}{path}", self.0.at));
        let got = whole(request.header("authorization", self.bearer()).call()).map_err(failure)?;
        let place = |error: std::io::Error| Failure::configuration(format!("{}: {error}", into.display()));
        let mut file = std::fs::File::create(into).map_err(place)?;
        std::io::copy(&mut got.into_body().into_reader(), &mut file).map_err(place)
    }

    /// Asks for a change, under a request key of its own. A payment is waited for.
    pub(super) fn post(&self, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        self.send(path, body, "wait=20")
    }

    /// The same without waiting for an end.
    pub(super) fn post_at_once(&self, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        self.send(path, body, "wait=0")
    }

    fn send(&self, path: &str, body: Option<&Value>, preference: &str) -> Result<Value, Failure> {
        let key = hex::encode(crypto::random::bytes::<12>());
        let request = agent().post(format!("http://{}{path}", self.0.at));
        let request = request
            .header("authorization", self.bearer())
            .header("idempotency-key", key)
            .header("prefer", preference);
        let sent = match body {
            Some(body) => {
                request.header("content-type", "application/json").send(body.to_string().as_bytes())
            }
            None => request.send(&b""[..]),
        };
        answer(sent).map_err(failure)
    }

    pub(super) fn bearer(&self) -> String {
        format!("Bearer {}", self.0.key)
    }
}

fn failure(error: ClientError) -> Failure {
    match error {
        ClientError::Problem(_) => Failure::business(error),
        ClientError::Unreachable(why) => {
            Failure::unreachable(format!("nobody answers there; is the platform running? ({why})"))
        }
        ClientError::Unreadable(_) => Failure::malformed("what answers there is not the interface"),
    }
}
