//! Requests signed by a device key: HTTP Message Signatures (RFC 9421) with ECDSA P-256, over a content
//! digest (RFC 9530).
//!
//! A stolen session is useless without the key: every request is signed over method, authority, path,
//! query, body digest and idempotency key. Exactly these components are accepted, in this order; a
//! signature over fewer is refused.

use crypto::hash::sha256;
use std::fmt::Write as _;
use values::Timestamp;

/// What of a request is signed.
#[derive(Clone, Copy, Debug)]
pub struct SignedRequest<'a> {
    /// Upper-case method.
    pub method: &'a str,
    /// Host and port as the client addressed them.
    pub authority: &'a str,
    /// Path, percent-encoded as sent.
    pub path: &'a str,
    /// Query without its question mark; empty if there is none.
    pub query: &'a str,
    /// Value of `Idempotency-Key`; empty if there is none.
    pub idempotency_key: &'a str,
    /// The body as sent.
    pub body: &'a [u8],
}

/// The three headers a signed request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureHeaders {
    /// `Content-Digest`
    pub content_digest: String,
    /// `Signature-Input`
    pub signature_input: String,
    /// `Signature`
    pub signature: String,
}

/// What the signer says of its signature; not to be believed before [`verify`] said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// When it was signed.
    pub created: Timestamp,
    /// Whose key, for example a device id.
    pub key_id: String,
    /// Unique per signature.
    pub nonce: String,
}

/// Why a signature is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header is missing or not of the expected form.
    #[error("{0} is missing or malformed")]
    Malformed(&'static str),
    /// The body is not the one that was signed.
    #[error("Content-Digest does not match the body")]
    Digest,
    /// Signed too long ago, or in the future.
    #[error("the signature was not made now")]
    Stale,
    /// The key did not sign this request.
    #[error("the signature does not match")]
    Wrong,
}

/// A signature is good for this long before and after its making, in milliseconds: clocks differ.
pub const TOLERANCE_MS: i64 = 300_000;

const COMPONENTS: &str = r#"("@method" "@authority" "@path" "@query" "content-digest" "idempotency-key")"#;
const LABEL: &str = "paiza=";

/// Signs a request; `sign` makes a fixed-length (r, s) ECDSA signature over SHA-256 of its input.
pub fn sign(
    request: &SignedRequest<'_>,
    claims: &Claims,
    sign: impl FnOnce(&[u8]) -> [u8; 64],
) -> SignatureHeaders {
    let content_digest = digest_of(request.body);
    let parameters = parameters_of(claims);
    let signature = sign(base(request, &content_digest, &parameters).as_bytes());
    SignatureHeaders {
        content_digest,
        signature_input: format!("{LABEL}{parameters}"),
        signature: format!("{LABEL}:{}:", encode(&signature)),
    }
}

/// Reads the claims, so that the key can be looked up.
pub fn claims(headers: &SignatureHeaders) -> Result<Claims, SignatureError> {
    let malformed = SignatureError::Malformed("Signature-Input");
    let rest = headers.signature_input.strip_prefix(LABEL).and_then(|rest| rest.strip_prefix(COMPONENTS));
    let mut claims =
        Claims { created: Timestamp::from_millis(0), key_id: String::new(), nonce: String::new() };
    for parameter in rest.ok_or(malformed)?.split(';').skip(1) {
        let (name, value) = parameter.split_once('=').ok_or(malformed)?;
        let text = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        match (name, text) {
            ("created", None) => {
                let seconds: i64 = value.parse().map_err(|_| malformed)?;
                claims.created = Timestamp::from_millis(seconds.checked_mul(1000).ok_or(malformed)?);
            }
            ("keyid", Some(text)) => claims.key_id = text.to_owned(),
            ("nonce", Some(text)) => claims.nonce = text.to_owned(),
            ("alg", Some("ecdsa-p256-sha256")) => {}
            _ => return Err(malformed),
        }
    }
    // Only what we would have written ourselves: nothing doubled, left out or in another order.
    let rewritten = format!("{LABEL}{}", parameters_of(&claims));
    if rewritten == headers.signature_input { Ok(claims) } else { Err(malformed) }
}

/// Checks a request against the key its claims name. `check` verifies a fixed-length ECDSA signature.
pub fn verify(
    request: &SignedRequest<'_>,
    headers: &SignatureHeaders,
    now: Timestamp,
    check: impl FnOnce(&[u8], &[u8]) -> bool,
) -> Result<Claims, SignatureError> {
    let claims = claims(headers)?;
    if headers.content_digest != digest_of(request.body) {
        return Err(SignatureError::Digest);
    }
    if now.millis().saturating_sub(claims.created.millis()).abs() > TOLERANCE_MS {
        return Err(SignatureError::Stale);
    }
    let malformed = SignatureError::Malformed("Signature");
    let signature = headers.signature.strip_prefix(LABEL).and_then(|rest| rest.strip_prefix(':'));
    let signature = signature.and_then(|rest| rest.strip_suffix(':')).ok_or(malformed)?;
    let signature = decode(signature).ok_or(malformed)?;
    let parameters = headers.signature_input.strip_prefix(LABEL).expect("claims() found it there");
    let base = base(request, &headers.content_digest, parameters);
    if check(base.as_bytes(), &signature) { Ok(claims) } else { Err(SignatureError::Wrong) }
}

fn parameters_of(claims: &Claims) -> String {
    format!(
        r#"{COMPONENTS};created={};keyid="{}";nonce="{}";alg="ecdsa-p256-sha256""#,
        claims.created.millis() / 1000,
        claims.key_id,
        claims.nonce
    )
}

// RFC 9421, section 2.5: one line per component, the parameters last, no newline at the end.
fn base(request: &SignedRequest<'_>, content_digest: &str, parameters: &str) -> String {
    let mut base = String::with_capacity(512);
    for (name, value) in [
        ("@method", request.method),
        ("@authority", request.authority),
        ("@path", request.path),
        ("@query", &format!("?{}", request.query)),
        ("content-digest", content_digest),
        ("idempotency-key", request.idempotency_key),
    ] {
        let _ = writeln!(base, "\"{name}\": {value}");
    }
    let _ = write!(base, "\"@signature-params\": {parameters}");
    base
}

fn digest_of(body: &[u8]) -> String {
    format!("sha-256=:{}:", encode(&sha256(body)))
}

fn encode(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto::p256::SigningKey;

    const REQUEST: SignedRequest<'static> = SignedRequest {
        method: "POST",
        authority: "127.0.0.1:8080",
        path: "/v1/cards",
        query: "",
        idempotency_key: "k1",
        body: b"{}",
    };

    fn made_at(millis: i64) -> Claims {
        Claims { created: Timestamp::from_millis(millis), key_id: "dev_1".to_owned(), nonce: "n1".to_owned() }
    }

    #[test]
    fn what_was_signed_verifies_and_nothing_else_does() {
        let key = SigningKey::generate();
        let public = key.public();
        let headers = sign(&REQUEST, &made_at(5_000_000), |base| key.sign(base));
        let now = Timestamp::from_millis(5_000_000);
        let check = |request: &SignedRequest<'_>, headers: &SignatureHeaders, now| {
            verify(request, headers, now, |base, signature| public.verify(base, signature).is_ok())
        };
        assert_eq!(check(&REQUEST, &headers, now), Ok(made_at(5_000_000)));
        for (name, edited, expected) in [
            ("method", SignedRequest { method: "GET", ..REQUEST }, SignatureError::Wrong),
            ("authority", SignedRequest { authority: "evil:8080", ..REQUEST }, SignatureError::Wrong),
            ("path", SignedRequest { path: "/v1/card", ..REQUEST }, SignatureError::Wrong),
            ("query", SignedRequest { query: "a=1", ..REQUEST }, SignatureError::Wrong),
            ("key", SignedRequest { idempotency_key: "k2", ..REQUEST }, SignatureError::Wrong),
            ("body", SignedRequest { body: b"{ }", ..REQUEST }, SignatureError::Digest),
        ] {
            assert_eq!(check(&edited, &headers, now), Err(expected), "{name}");
        }
        let late = Timestamp::from_millis(5_000_000 + TOLERANCE_MS + 1);
        assert_eq!(check(&REQUEST, &headers, late), Err(SignatureError::Stale));
    }

    #[test]
    fn a_signature_over_fewer_components_is_refused() {
        let key = SigningKey::generate();
        let mut headers = sign(&REQUEST, &made_at(0), |base| key.sign(base));
        headers.signature_input = headers.signature_input.replace(" \"content-digest\"", "");
        assert_eq!(claims(&headers), Err(SignatureError::Malformed("Signature-Input")));
    }

    #[test]
    fn odd_inputs_are_refused() {
        for input in [
            "",
            "paiza=",
            "paiza=()",
            "x",
            &format!("{LABEL}{COMPONENTS};created=1"),
            &format!("{LABEL}{COMPONENTS};created=99999999999999999999;keyid=\"a\""),
        ] {
            let headers = SignatureHeaders {
                content_digest: String::new(),
                signature_input: (*input).to_owned(),
                signature: String::new(),
            };
            assert!(claims(&headers).is_err(), "{input}");
        }
    }
}
