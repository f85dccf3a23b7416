//! What a phone, or somebody who says to be one, may send over HTTP.

use crate::pieces;
use passkeys::{Assertion, CredentialId, Defences, Expected, register};
use server::http_signature::{SignatureHeaders, SignedRequest, claims, sign, verify};

/// The headers of a signature, a line each, then the body. Claims that were accepted are written the same way again.
pub fn http_signature(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default().to_owned();
    let headers = SignatureHeaders { signature_input: line(), content_digest: line(), signature: line() };
    let body = line();
    let request = SignedRequest {
        method: "POST",
        authority: "127.0.0.1:8080",
        path: "/v1/cards",
        query: "",
        idempotency_key: "k1",
        body: body.as_bytes(),
    };
    let Ok(said) = claims(&headers) else { return };
    assert_eq!(sign(&request, &said, |_| [0; 64]).signature_input, headers.signature_input);
    if let Ok(verified) = verify(&request, &headers, said.created, |_, _| true) {
        assert_eq!(verified, said);
    }
    assert!(verify(&request, &headers, said.created, |_, _| false).is_err());
}

const PASSKEY: Expected<'static> = Expected {
    relying_party: "localhost",
    origin: "http://localhost:8085",
    challenge: b"challenge",
    defences: Defences::ALL,
};

/// Whether these two pieces, what the browser and what the authenticator said, make a passkey.
pub fn registers(data: &[u8]) -> bool {
    let [client, object, ..] = pieces(data)[..] else { return false };
    register(&PASSKEY, client, object).is_ok()
}

/// What a browser sends of a passkey that was made, then of one that was used: nobody has its private key.
pub fn passkey(data: &[u8]) {
    let pieces = pieces(data);
    let piece = |place: usize| pieces.get(place).copied().unwrap_or_default();
    let _ = passkeys::challenge(piece(0));
    let Ok(made) = register(&PASSKEY, piece(0), piece(1)) else { return };
    assert_eq!(CredentialId::parse(made.credential.as_str()), Some(made.credential.clone()));
    let used = Assertion {
        credential: made.credential,
        client_data: piece(2).to_vec(),
        authenticator_data: piece(3).to_vec(),
        signature: piece(4).to_vec(),
    };
    assert!(passkeys::verify(&PASSKEY, &made.public, made.counter, &used).is_err());
}
