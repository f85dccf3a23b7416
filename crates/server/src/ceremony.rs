//! Passkeys at a door of this machine: challenges that are given out and taken back once, and what a browser sends.
//!
//! A browser ties a passkey to the *name* of a host and takes no bare address for one, so passkeys live at
//! `http://localhost:PORT` and nowhere else. All ports of a machine share that name: whose page asked is told by the origin
//! alone, which is therefore taken from the socket that this door listens at and never from what a request says of itself.

use crate::screens::guard;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use passkeys::{Asserted, Assertion, CredentialId, Defences, Expected, PublicKey, Refusal, Registered};
use serde::Deserialize;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use values::{Secret, Timestamp};

/// The name to which passkeys belong.
pub const RELYING_PARTY: &str = "localhost";
/// A challenge is good for so long.
const LASTS: Duration = Duration::from_secs(10 * 60);
/// So many are out at once; the oldest goes first.
const OUT_MOST: usize = 512;

struct Out {
    challenge: [u8; 32],
    purpose: String,
    until: Timestamp,
}

/// The passkeys of one door.
pub struct Ceremonies {
    origin: String,
    out: Mutex<VecDeque<Out>>,
    defences: Defences,
}

impl Ceremonies {
    /// Of a door that listens here.
    pub fn at(door: SocketAddr, defences: Defences) -> Ceremonies {
        Ceremonies {
            origin: format!("http://{RELYING_PARTY}:{}", door.port()),
            out: Mutex::default(),
            defences,
        }
    }

    /// The one origin at which they work.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether a page that was asked for so stands there.
    pub fn are_here(&self, headers: &HeaderMap) -> bool {
        guard::host(headers).is_some_and(|host| Some(host) == self.origin.strip_prefix("http://"))
    }

    /// A fresh challenge for this purpose and no other, as pages hold it.
    pub fn challenge(&self, purpose: &str, now: Timestamp) -> String {
        let challenge = crypto::random::bytes();
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.retain(|out| now < out.until);
        if out.len() >= OUT_MOST {
            out.pop_front();
        }
        out.push_back(Out { challenge, purpose: purpose.to_owned(), until: now.after(LASTS) });
        URL_SAFE_NO_PAD.encode(challenge)
    }

    /// Takes back the challenge that a browser signed; a second time it is not there.
    fn taken(&self, purpose: &str, client_data: &[u8], now: Timestamp) -> Result<[u8; 32], Refusal> {
        let wrong = Refusal::ClientData("the challenge");
        let sent = passkeys::challenge(client_data).ok_or(wrong)?;
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |out: &Out| out.challenge[..] == sent && out.purpose == purpose && now < out.until;
        let place = out.iter().position(fits).ok_or(wrong)?;
        Ok(out.remove(place).ok_or(wrong)?.challenge)
    }

    fn expected<'a>(&'a self, challenge: &'a [u8]) -> Expected<'a> {
        Expected { relying_party: RELYING_PARTY, origin: &self.origin, challenge, defences: self.defences }
    }

    /// A passkey that a browser made for this purpose.
    pub fn registered(&self, purpose: &str, made: &Made, now: Timestamp) -> Result<Registered, Refusal> {
        let challenge = self.taken(purpose, &made.client, now)?;
        passkeys::register(&self.expected(&challenge), &made.client, &made.object)
    }

    /// Evidence of who a browser says is there.
    pub fn asserted(
        &self,
        purpose: &str,
        known: (&PublicKey, u32),
        shown: &Shown,
        now: Timestamp,
    ) -> Result<Asserted, Refusal> {
        let challenge = self.taken(purpose, &shown.assertion.client_data, now)?;
        passkeys::verify(&self.expected(&challenge), known.0, known.1, &shown.assertion)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MadeText {
    client: String,
    object: String,
    #[serde(default)]
    secret: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShownText {
    id: String,
    client: String,
    data: String,
    signature: String,
    #[serde(default)]
    secret: Option<String>,
}

/// What a browser sends when it made a passkey.
pub struct Made {
    client: Vec<u8>,
    object: Vec<u8>,
    /// What its authenticator computed for the salt, if it computes anything.
    pub secret: Option<Secret<32>>,
}

/// What a browser sends when a passkey was used.
pub struct Shown {
    assertion: Assertion,
    /// What its authenticator computed for the salt, if it computes anything.
    pub secret: Option<Secret<32>>,
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn secret(text: Option<String>) -> Option<Secret<32>> {
    bytes(&text?)?.try_into().ok().map(Secret::new)
}

impl Made {
    /// Reads it; nothing if it is not that.
    pub fn read(text: &str) -> Option<Made> {
        let sent: MadeText = serde_json::from_str(text).ok()?;
        Some(Made { client: bytes(&sent.client)?, object: bytes(&sent.object)?, secret: secret(sent.secret) })
    }
}

impl Shown {
    /// Reads it; nothing if it is not that.
    pub fn read(text: &str) -> Option<Shown> {
        let sent: ShownText = serde_json::from_str(text).ok()?;
        let assertion = Assertion {
            credential: CredentialId::parse(&sent.id)?,
            client_data: bytes(&sent.client)?,
            authenticator_data: bytes(&sent.data)?,
            signature: bytes(&sent.signature)?,
        };
        Some(Shown { assertion, secret: secret(sent.secret) })
    }

    /// Which credential it says it is.
    pub fn credential(&self) -> &CredentialId {
        &self.assertion.credential
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use passkeys::testing::Authenticator;

    const NOON: Timestamp = Timestamp::from_millis(1_795_320_000_000);

    fn text(assertion: &Assertion) -> String {
        let field = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        serde_json::json!({
            "id": assertion.credential.as_str(), "client": field(&assertion.client_data),
            "data": field(&assertion.authenticator_data), "signature": field(&assertion.signature),
        })
        .to_string()
    }

    #[test]
    fn a_challenge_is_good_once_for_its_purpose_and_for_a_while() {
        let door = Ceremonies::at("127.0.0.1:8085".parse().unwrap(), Defences::ALL);
        assert_eq!(door.origin(), "http://localhost:8085");
        let mut authenticator = Authenticator::new(b"one", RELYING_PARTY, door.origin());
        let challenge = bytes(&door.challenge("make", NOON)).unwrap();
        let (client, object) = authenticator.make(&challenge);
        let made = Made { client, object, secret: None };
        let known = door.registered("make", &made, NOON).unwrap();
        assert!(door.registered("make", &made, NOON).is_err(), "once");

        let mut login = |purpose: &str, now| {
            let challenge = bytes(&door.challenge("login", NOON)).unwrap();
            let shown = Shown::read(&text(&authenticator.sign(&challenge))).unwrap();
            let first = door.asserted(purpose, (&known.public, 1), &shown, now).is_ok();
            (first, door.asserted(purpose, (&known.public, 1), &shown, now).is_ok())
        };
        assert_eq!(login("login", NOON), (true, false));
        assert_eq!(login("tap", NOON), (false, false), "for another purpose");
        assert_eq!(login("login", NOON.after(LASTS)), (false, false), "too late");
        for _ in 0..2 * OUT_MOST {
            door.challenge("login", NOON);
        }
        assert!(door.out.lock().unwrap().len() <= OUT_MOST);
    }

    #[test]
    fn what_no_browser_sends_is_not_read() {
        for text in ["", "{}", "[]", r#"{"id":"!","client":"","data":"","signature":""}"#] {
            assert!(Shown::read(text).is_none() && Made::read(text).is_none(), "{text}");
        }
        let short = r#"{"client":"","object":"","secret":"AAAA"}"#;
        assert!(Made::read(short).unwrap().secret.is_none(), "a secret has 32 bytes");
    }
}
