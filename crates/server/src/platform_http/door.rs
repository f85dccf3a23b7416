//! Who is asking: the signature of a request is checked here, and nowhere else.

use super::privacy::AccessLog;
use super::problem::Trouble;
use super::repeats::Running;
use crate::alarm::Alarm;
use crate::defences::{Defence, Defences};
use crate::http_signature::{SignatureError, SignatureHeaders, SignedRequest, TOLERANCE_MS, claims, verify};
use crate::test_mode::SandboxClock;
use axum::http::HeaderMap;
use crypto::p256::{AgreementPublic, VerifyingKey};
use platform::TokenService;
use platform::acquirer::Acquirer;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use tokens::records::{Device, DeviceId};
use tokens::text::IssuerId;
use values::Timestamp;
use wallet::card::{Card, Certificates};

/// The platform behind its door.
#[derive(Clone)]
pub struct Door {
    /// What is behind it.
    pub service: Arc<TokenService>,
    nonces: Arc<Nonces>,
    pub(super) certify: Option<Certify>,
    pub(super) test_clock: Option<Arc<SandboxClock>>,
    pub(super) alarm: Alarm,
    pub(super) running: Arc<Running>,
    /// Where scanned codes are paid.
    pub(super) codes: Option<Acquirer>,
    /// Who of the operators looked at what.
    pub(super) accesses: AccessLog,
    defences: Defences,
}

/// Makes the certificates of a card for its contact profile: data preparation, with the issuer's signing key.
pub type Certify = Arc<dyn Fn(&Card, &AgreementPublic) -> Option<Certificates> + Send + Sync>;

impl Door {
    /// A door to the token service.
    pub fn new(service: Arc<TokenService>) -> Door {
        let alarm = Alarm::by(Arc::clone(service.store().clock()));
        Door {
            service,
            nonces: Arc::default(),
            certify: None,
            alarm,
            running: Arc::default(),
            test_clock: None,
            codes: None,
            accesses: AccessLog::default(),
            defences: Defences::ALL,
        }
    }

    /// The same door, behind which cards are certified too.
    pub fn certifying(self, certify: Certify) -> Door {
        Door { certify: Some(certify), ..self }
    }

    /// The same door of a sandbox, whose clock can be moved.
    #[must_use]
    pub fn telling_time(self, test_clock: Option<Arc<SandboxClock>>) -> Door {
        Door { test_clock, ..self }
    }

    /// The same door, at which phones pay the codes they scan.
    pub fn paying(self, acquirer: Acquirer) -> Door {
        Door { codes: Some(acquirer), ..self }
    }

    /// The same door, at which customers are told who looked at their records.
    #[must_use]
    pub fn telling_accesses(self, accesses: AccessLog) -> Door {
        Door { accesses, ..self }
    }

    /// The same with these checks. In a product there is but one set of them.
    #[must_use]
    pub fn defended(self, defences: Defences) -> Door {
        Door { defences, ..self }
    }
}

/// What of a request its signature covers, owned.
pub(super) struct Received {
    /// What stands in the path in place of the names it has.
    names: Vec<String>,
    pub(super) method: String,
    pub(super) authority: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) idempotency_key: String,
    pub(super) headers: SignatureHeaders,
    pub(super) body: Vec<u8>,
    /// The key under which the signature was found good: it is checked once, for a signature is good once.
    checked: OnceLock<Vec<u8>>,
}

impl Received {
    pub(super) fn new(
        parts: &axum::http::request::Parts,
        names: Vec<String>,
        body: Vec<u8>,
    ) -> Result<Received, Trouble> {
        let text = |headers: &HeaderMap, name: &'static str| {
            headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let headers = &parts.headers;
        let idempotency_key = text(headers, "idempotency-key");
        if parts.method != "GET" && !(1..=255).contains(&idempotency_key.len()) {
            let detail = "Idempotency-Key must have 1 to 255 printable characters";
            return Err(Trouble::of("idempotency_key_missing", detail));
        }
        Ok(Received {
            names,
            method: parts.method.to_string(),
            authority: text(headers, "host"),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            idempotency_key,
            headers: SignatureHeaders {
                content_digest: text(headers, "content-digest"),
                signature_input: text(headers, "signature-input"),
                signature: text(headers, "signature"),
            },
            body,
            checked: OnceLock::new(),
        })
    }

    /// The first name in the path.
    pub(super) fn name(&self) -> &str {
        self.named(0)
    }

    /// A name in the path, counted from 0.
    pub(super) fn named(&self, place: usize) -> &str {
        self.names.get(place).map_or("", String::as_str)
    }

    /// The identifier in the path; a malformed one is as unknown as one that is not there.
    pub(super) fn id<K: values::id::Kind>(&self) -> Result<values::Id<K>, Trouble> {
        self.name().parse().map_err(|_| Trouble::not_found())
    }

    fn signed(&self) -> SignedRequest<'_> {
        SignedRequest {
            method: &self.method,
            authority: &self.authority,
            path: &self.path,
            query: &self.query,
            idempotency_key: &self.idempotency_key,
            body: &self.body,
        }
    }

    /// Checks the signature under this public key (SEC1).
    pub(super) fn check(&self, key: &[u8], door: &Door) -> Result<(), Trouble> {
        if self.checked.get().is_some_and(|checked| checked == key) {
            return Ok(());
        }
        let now = door.service.store().clock().now();
        let sec1 = key;
        let key = VerifyingKey::from_sec1(key).map_err(|_| Trouble::invalid("/signing_key"))?;
        let verified =
            verify(&self.signed(), &self.headers, now, |base, signature| key.verify(base, signature).is_ok());
        let stands = |defence| door.defences.stands(defence);
        let made = match verified {
            Err(SignatureError::Wrong | SignatureError::Digest) if !stands(Defence::Signature) => {
                claims(&self.headers)
            }
            Err(SignatureError::Stale) if !stands(Defence::Freshness) => claims(&self.headers),
            verified => verified,
        };
        let made = made.map_err(|error| match error {
            SignatureError::Stale => {
                let detail = format!("{error}: it is {now} here; set the device's clock by GET /v1/time");
                Trouble::unsigned(&detail)
            }
            _ => Trouble::unsigned(&error.to_string()),
        })?;
        if door.nonces.is_new(&made.key_id, &made.nonce, now) || !stands(Defence::Nonce) {
            let _ = self.checked.set(sec1.to_vec());
            Ok(())
        } else {
            Err(Trouble::unsigned("this signature was used before"))
        }
    }

    /// The device that signed, whatever its state.
    pub(super) fn device(&self, door: &Door) -> Result<Device, Trouble> {
        let made =
            claims(&self.headers).map_err(|error: SignatureError| Trouble::unsigned(&error.to_string()))?;
        let id: DeviceId = made.key_id.parse().map_err(|_| Trouble::unsigned("keyid names no device"))?;
        // An unknown device and a wrong signature look the same from outside.
        let device =
            door.service.device(id).map_err(|_| Trouble::unsigned("the signature does not match"))?;
        self.check(&device.keys.signing, door)?;
        Ok(device)
    }

    /// The issuer that signed.
    pub(super) fn issuer(&self, door: &Door) -> Result<IssuerId, Trouble> {
        let made =
            claims(&self.headers).map_err(|error: SignatureError| Trouble::unsigned(&error.to_string()))?;
        let unknown = || Trouble::unsigned("the signature does not match");
        let id = made.key_id.strip_prefix("issuer:").ok_or_else(unknown)?;
        let key = door.service.keys().issuer_signing(id).ok_or_else(unknown)?;
        self.check(&key.to_sec1(), door)?;
        IssuerId::parse(id).map_err(|_| unknown())
    }

    /// The device that signed, if it may act.
    pub(super) fn active_device(&self, door: &Door) -> Result<Device, Trouble> {
        let device = self.device(door)?;
        Ok(door.service.active_device(device.id)?)
    }
}

/// Signatures seen within their time of validity. A stolen request cannot be sent a second time.
#[derive(Default)]
pub(crate) struct Nonces(Mutex<HashMap<(String, String), Timestamp>>);

/// Old entries are swept when there are this many.
const SWEEP_AT: usize = 10_000;

impl Nonces {
    pub(crate) fn is_new(&self, key_id: &str, nonce: &str, now: Timestamp) -> bool {
        let mut seen = self.0.lock().expect("no holder of this lock panics");
        if seen.len() >= SWEEP_AT {
            seen.retain(|_, at| now.millis() - at.millis() <= 2 * TOLERANCE_MS);
        }
        seen.insert((key_id.to_owned(), nonce.to_owned()), now).is_none()
    }
}
