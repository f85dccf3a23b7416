//! What a phone or an issuer sends again under the same request key is answered as it was the first time.
//!
//! Such a request takes several steps, each a commit of its own that may be taken twice. Its answer is remembered when all
//! of them are done; whatever dies before is carried out again by the next repeat, as it was begun. Answers for phones
//! hold what is theirs alone, so they are remembered sealed.

use super::developers::shared::refused;
use super::door::{Door, Received};
use super::problem::Trouble;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use crypto::vault::{Envelope, open, seal};
use developers::answer::{Part, remembered};
use developers::{Asked, No, Remember, Rendered, Tenant};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Mutex;
use values::Secret;

/// Requests that are being carried out.
#[derive(Default)]
pub(super) struct Running(Mutex<HashSet<String>>);

struct Runs<'a>(&'a Running, String);

impl Running {
    fn begin(&self, name: &str) -> Option<Runs<'_>> {
        let mut running = self.0.lock().expect("no holder of this lock panics");
        running.insert(name.to_owned()).then(|| Runs(self, name.to_owned()))
    }
}

impl Drop for Runs<'_> {
    fn drop(&mut self) {
        self.0.0.lock().expect("no holder of this lock panics").remove(&self.1);
    }
}

/// What was answered: JSON, or a code that was wrong, which was counted.
#[derive(Serialize, Deserialize)]
enum Said {
    Done(String),
    CodeWrong(String),
}

/// Carries a request out once. Whether its answer was given before stands beside it.
pub(super) fn once(
    door: &Door,
    received: &Received,
    who: &str,
    work: impl FnOnce() -> Result<Vec<u8>, Trouble>,
) -> Result<(Vec<u8>, bool), Trouble> {
    let operation = format!("{} of {who}", received.path);
    let parts = vec![Part::new("", &received.body)];
    let asked = Asked::new(Tenant::Platform, &received.method, &operation, &received.idempotency_key, parts);
    let Some(_runs) = door.running.begin(&asked.name) else { return Err(refused(No::<()>::Running)) };
    let store = door.service.store();
    let (looked, now) = (asked.clone(), store.clock().now());
    if let Some(known) = store.read(move |records| remembered(records, &looked, now))?.map_err(refused)? {
        return match unsealed(door, &asked, &known).ok_or_else(Trouble::internal)? {
            Said::Done(body) => Ok((body.into_bytes(), true)),
            Said::CodeWrong(detail) => Err(Trouble::of("code_wrong", &detail)),
        };
    }
    let done = work();
    let said = match &done {
        Ok(body) => Said::Done(String::from_utf8_lossy(body).into_owned()),
        Err(trouble) if trouble.problem().code == "code_wrong" => {
            Said::CodeWrong(trouble.problem().detail.clone())
        }
        // What was refused had no effect, and may be asked again.
        Err(_) => return done.map(|body| (body, false)),
    };
    let rendered = sealed(door, &asked, &said).ok_or_else(Trouble::internal)?;
    store.call(Remember { asked, rendered })?;
    done.map(|body| (body, false))
}

fn context(asked: &Asked) -> Vec<u8> {
    format!("remembered answer {}", asked.name).into_bytes()
}

fn sealed(door: &Door, asked: &Asked, said: &Said) -> Option<Rendered> {
    let text = serde_json::to_vec(said).ok()?;
    let nonce = Secret::new(crypto::random::bytes());
    let envelope = seal(door.service.keys().vault(), &text, &context(asked), &nonce).ok()?;
    Some(Rendered { status: 200, body: STANDARD_NO_PAD.encode(envelope.as_bytes()) })
}

fn unsealed(door: &Door, asked: &Asked, known: &Rendered) -> Option<Said> {
    let envelope = Envelope::from_bytes(&STANDARD_NO_PAD.decode(&known.body).ok()?).ok()?;
    let text = open(door.service.keys().vault(), &envelope, &context(asked)).ok()?;
    serde_json::from_slice(text.expose()).ok()
}
