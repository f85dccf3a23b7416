//! The sandbox's telephone network over HTTP: banks and platform send texts, phones fetch their inbox.
//!
//! A text travels sealed: to the telephone network's key on its way in, under the SIM's key on its way out.

use crate::api::TextMessage;
use crate::defences::{Defence, Defences};
use crate::test_mode::{self, Crossing, Struck};
use crate::trace::{Watch, Wire, show};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use crypto::hash::sha256;
use crypto::p256::{AgreementKey, AgreementPublic};
use sandbox::telephone::{self, Deliver, SimKey, SimProof};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use values::Secret;

const CONTEXT: &str = "paiza:text-message";

/// Numbers of subscribers have at least so many digits.
const LONG_NUMBER: usize = 10;

/// The telephone network's sandbox key pair, from a public label: a stand-in for the operators' own links.
fn network_key() -> AgreementKey {
    let seed = sha256(b"Paiza sandbox PUBLIC TEST KEY, never for real cards: telephone network");
    AgreementKey::from_bytes(&Secret::new(seed)).expect("a test shows that this digest is a valid scalar")
}

/// A text on its way into the network.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Submission {
    id: String,
    from: String,
    to: String,
    sealed_text: String,
    /// What the SIM shows with a text of its own, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sim_proof: Option<String>,
}

/// A text on its way to its phone: sealed under the SIM's key.
#[derive(Serialize, Deserialize)]
struct Sealed {
    #[serde(flatten)]
    message: telephone::TextMessage,
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    after: u32,
}

/// The routes of the telephone network.
pub fn router(store: Store, defences: Defences) -> Router {
    let take = move |State(store): State<Store>, Json(sent): Json<Submission>| submit(store, sent, defences);
    Router::new().route("/v1/messages", post(take)).route("/v1/inbox/{number}", get(inbox)).with_state(store)
}

async fn submit(store: Store, sent: Submission, defences: Defences) -> StatusCode {
    let Ok(text) = crypto::jwe::open(&network_key(), &sent.sealed_text, CONTEXT) else {
        return StatusCode::BAD_REQUEST;
    };
    let Ok(text) = str::from_utf8(text.expose()) else { return StatusCode::BAD_REQUEST };
    let number = national(&sent.to);
    if !may_send(&sent, &number, text) && defences.stands(Defence::SimProof) {
        return StatusCode::FORBIDDEN;
    }
    let sealed = Deliver::seal(&sent.id, &sent.from, &number, text, crypto::random::bytes());
    let Ok(deliver) = sealed else { return StatusCode::BAD_REQUEST };
    match store.call_async(deliver).await {
        Ok(store::Outcome::Done(_) | store::Outcome::Repeated(_)) => StatusCode::ACCEPTED,
        Ok(_) => StatusCode::BAD_REQUEST,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// A text in the name of a number comes from its SIM. Banks and services have names or short numbers.
fn may_send(sent: &Submission, to: &str, text: &str) -> bool {
    let from = national(&sent.from);
    if from.len() < LONG_NUMBER || !from.bytes().all(|byte| byte.is_ascii_digit()) {
        return true;
    }
    let proof = sent.sim_proof.as_deref().and_then(|proof| hex::decode(proof).ok());
    proof.is_some_and(|proof| SimProof::sandbox(&from).verify(to, &sent.id, text, &proof))
}

async fn inbox(
    State(store): State<Store>,
    Path(number): Path<String>,
    Query(after): Query<After>,
) -> Result<Json<Vec<Sealed>>, StatusCode> {
    let number = national(&number);
    let read = move || store.read(move |records| telephone::inbox(records, &number, after.after));
    let found = tokio::task::spawn_blocking(read).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let messages = found.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(Json(messages.into_iter().map(|message| Sealed { message }).collect()))
}

/// Numbers are kept as they are dialled at home: +86 138... and 138... are one subscriber.
fn national(number: &str) -> String {
    number.strip_prefix("+86").unwrap_or(number).trim_start_matches('+').to_owned()
}

/// Somebody who sends texts into the telephone network, or reads an inbox.
#[derive(Clone)]
pub struct Telephone {
    agent: ureq::Agent,
    at: SocketAddr,
    public: AgreementPublic,
    watch: Watch,
    crossing: Option<Arc<Crossing>>,
}

/// The telephone network did not take a text or give an inbox.
#[derive(Debug, thiserror::Error)]
#[error("the telephone network cannot be reached: {0}")]
pub struct TelephoneError(String);

impl Telephone {
    /// A client of the telephone network at this address.
    pub fn at(at: SocketAddr, watch: Watch) -> Telephone {
        let agent = crate::agent::strict_agent(Duration::from_secs(10));
        Telephone { agent, at, public: network_key().public(), watch, crossing: None }
    }

    /// The same, where faults may strike what is sent.
    pub fn through(self, crossing: Option<Arc<Crossing>>) -> Telephone {
        Telephone { crossing, ..self }
    }

    /// Sends a text; the same `id` arrives once.
    pub fn send(&self, id: &str, from: &str, to: &str, text: &str) -> Result<(), TelephoneError> {
        self.submit(id, from, to, text, None)
    }

    /// Sends a text from the SIM of a number.
    pub fn send_from_sim(&self, id: &str, number: &str, to: &str, text: &str) -> Result<(), TelephoneError> {
        let proof = SimProof::sandbox(&national(number)).prove(&national(to), id, text);
        self.submit(id, number, to, text, Some(hex::encode(proof)))
    }

    fn submit(
        &self,
        id: &str,
        from: &str,
        to: &str,
        text: &str,
        sim_proof: Option<String>,
    ) -> Result<(), TelephoneError> {
        let sealed_text = crypto::jwe::seal(&self.public, "telephone", text.as_bytes(), CONTEXT);
        let (id, from, to) = (id.to_owned(), from.to_owned(), to.to_owned());
        let message = Submission { id, from: from.clone(), to, sealed_text, sim_proof };
        let body = serde_json::to_vec(&message).expect("four strings are JSON");
        let sender = if message.sim_proof.is_some() { "phone" } else { from.as_str() };
        show(&self.watch, sender, "telephone network", Wire::Http, "POST /v1/messages", &body);
        let go = |body: &[u8]| {
            let request = self.agent.post(format!("http://{}/v1/messages", self.at));
            let sent = request.header("content-type", "application/json").send(body);
            sent.map(|_| ()).map_err(|error| TelephoneError(error.to_string()))
        };
        let struck = |struck| match struck {
            Struck::Silence => Err(TelephoneError("no answer".to_owned())),
            Struck::Status(status) => Err(TelephoneError(format!("answered {status}"))),
        };
        test_mode::send(self.crossing.as_ref(), &body, go, struck)
    }

    /// The texts after number `after` in a number's inbox, opened with its SIM.
    pub fn inbox(&self, number: &str, after: u32) -> Result<Vec<(u32, TextMessage)>, TelephoneError> {
        let failed = |error: ureq::Error| TelephoneError(error.to_string());
        let path = format!("http://{}/v1/inbox/{}?after={after}", self.at, national(number));
        let mut response = self.agent.get(path).call().map_err(failed)?;
        let sealed: Vec<Sealed> = response.body_mut().read_json().map_err(failed)?;
        let sim = SimKey::sandbox(&national(number));
        let opened = sealed.into_iter().filter_map(|Sealed { message }| {
            let text = message.open(&sim)?;
            let text = str::from_utf8(text.expose()).ok()?.to_owned();
            let at = message.at.millis();
            let seen = TextMessage { id: message.id, from: message.from, to: message.to, text, at };
            Some((message.sequence, seen))
        });
        Ok(opened.collect())
    }
}

impl platform::Texting for Telephone {
    fn send(&self, id: &str, number: &str, text: &str) {
        let (telephone, id) = (self.clone(), id.to_owned());
        let (number, text) = (number.to_owned(), text.to_owned());
        // A code that does not arrive can be asked for again; nobody waits for the telephone network.
        std::thread::spawn(move || {
            if let Err(error) = Telephone::send(&telephone, &id, "Paiza", &number, &text) {
                tracing::warn!(%error, "a text was not sent");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_key_is_a_key_and_numbers_are_one() {
        let _ = network_key().public();
        assert_eq!(national("+8613800000001"), "13800000001");
        assert_eq!(national("13800000001"), "13800000001");
    }
}
