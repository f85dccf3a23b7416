//! What a phone, or somebody who says to be one, may send over HTTP.

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
