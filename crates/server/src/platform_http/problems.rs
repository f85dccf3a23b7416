//! Every problem the interface knows: its code, what it means, what to do. The pages under `/problems` are made of
//! this list, and a code that is not in it cannot be used.

/// A problem as its page explains it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// The stable code.
    pub(super) code: &'static str,
    /// HTTP status.
    pub(super) status: u16,
    /// Short name.
    pub(super) title: &'static str,
    /// What happened.
    pub(super) says: &'static str,
    /// What to do about it.
    pub(super) advice: &'static str,
}

/// What the platform's rooms refuse: a business no, with their own code and sentence.
pub(super) const REFUSED: (u16, &str) = (409, "Not done");

macro_rules! problems {
    ($($code:literal $status:literal $title:literal $says:literal $advice:literal;)*) => {
        /// All of them, ordered by status.
        pub(super) const ALL: &[Known] = &[$(
            Known { code: $code, status: $status, title: $title, says: $says, advice: $advice },
        )*];
    };
}

problems! {
    "request_invalid" 400 "The request is not valid"
        "A part of the request is not what the interface asks for; `detail` names it."
        "Correct that part and send the request again.";
    "request_malformed" 400 "The request cannot be read"
        "Request line, headers or the framing of the body could be understood in more than one way, so none is chosen and the connection ends. `detail` says which part it is."
        "Use an HTTP library, and look at what stands between you and this machine.";
    "body_incomplete" 400 "The body broke off"
        "The connection ended, or a chunk was malformed, before the whole body had come."
        "Send it again; nothing was done.";
    "json_malformed" 400 "The body is not JSON"
        "The body cannot be read as JSON. `detail` says from which line and column on."
        "Check commas, quotes and brackets near that place. Text is UTF-8 without a byte order mark.";
    "json_duplicate_member" 400 "A member stands twice"
        "An object in the body has two members of one name. Readers disagree about which of them counts, so none does."
        "Remove one of the two; `param` points at the second.";
    "json_too_deep" 400 "The body is too deep"
        "Objects and lists lie in one another more than 64 deep."
        "No request needs that depth; look for a loop in what makes the body.";
    "parameter_missing" 400 "Something is missing"
        "A member of the body or a parameter of the query that must be there is not."
        "Add what `param` points at.";
    "parameter_invalid" 400 "Something is not valid"
        "A member of the body or a parameter of the query is not of the expected kind or lies outside its bounds."
        "Correct what `param` points at; `detail` says what is expected.";
    "parameter_unknown" 400 "Something is unknown"
        "The body has a member, or the query a parameter, that the interface does not know. Unknown names are refused rather than ignored, so that a misspelt one is noticed."
        "Check the spelling of what `param` points at.";
    "version_unknown" 400 "The version is unknown"
        "The header Paiza-Version names no version of the interface."
        "Leave the header out, or name the date that the reference shows.";
    "cursor_invalid" 400 "The cursor is not valid"
        "The cursor was not given out by this list for this key, or was changed."
        "Take `next_cursor` or `previous_cursor` of an earlier answer as it is.";
    "idempotency_key_missing" 400 "A request key is needed"
        "Requests that change something carry a key, so that repeating them is safe."
        "Send the header Idempotency-Key with 1 to 255 printable characters, a new one for each thing you want done, the same one when you repeat yourself.";
    "signature_invalid" 401 "Not signed by a known device"
        "The request carries no signature of a device, or one that does not match, is too old, or was used before."
        "Sign the request as the device's key and clock have it, each time anew.";
    "api_key_missing" 401 "A key is needed"
        "The request carries no secret key."
        "Send it as `Authorization: Bearer sk_test_…`, or as the user name of basic authentication. `paiza keys add` makes one.";
    "api_key_invalid" 401 "The key opens nothing"
        "The secret key is unknown or was revoked."
        "Check that the whole key was copied. `paiza keys list` shows how the known ones end.";
    "scope_missing" 403 "The key may not do that"
        "The key is good, but was not made for this kind of request; `detail` names the scope it lacks."
        "Use a key with that scope, or have one made.";
    "not_this_machine" 403 "Called by another name"
        "Desks and sandbox doors are called by this machine's own name, so that a page in a browser cannot reach them by a name of its own."
        "Call 127.0.0.1 or localhost.";
    "two_operators_needed" 403 "Two operators answer for that"
        "Limits and states of merchants, terminals and tokens, and keys of this interface, are changed by two operators where operators run the platform: one asks, another approves."
        "Ask for it at the console; `detail` has the page. In a sandbox a key does it alone.";
    "test_mode_only" 403 "Only in a sandbox"
        "The test clock and the faults belong to sandboxes; this platform runs none."
        "Run `paiza up`, or say `sandbox = true` in the configuration of `paiza serve`.";
    "not_found" 404 "Not found"
        "There is nothing of this name, or it is not yours to see; from outside the two look the same."
        "Check the identifier and whose key you use.";
    "method_not_allowed" 405 "Not a thing to do here"
        "The address exists, but not for this method."
        "See the reference for what can be done there.";
    "request_timeout" 408 "The request came too slowly"
        "Head or body did not arrive within ten seconds."
        "Send it again; nothing was done.";
    "code_wrong" 409 "Not the code"
        "The one-time code is another one."
        "Type the newest code; tries are counted.";
    "profile_unavailable" 409 "No such profile"
        "This card has no certificates of the profile asked for."
        "Use the contactless profile.";
    "idempotency_in_progress" 409 "The first request still runs"
        "A request with the same key is being carried out at this moment."
        "Wait a second and send it again with the same key: you get its answer.";
    "clock_backwards" 409 "Time does not go back"
        "The test clock was to be moved to a moment before the one it shows. Nothing that happened can be undone that way."
        "Move it forward, or begin anew with `paiza up --fresh`.";
    "payment_not_open" 409 "Not possible with this payment"
        "What you ask does not fit what the payment is or has become; `detail` says how it stands."
        "Read the payment again. What is captured can be refunded, not voided.";
    "payment_refused" 409 "The payment was not taken"
        "Terminal, card or acquirer said no before a payment came about; `detail` says why. Nothing was charged."
        "Correct what is said, and use a new request or the same key again: nothing was remembered.";
    "card_not_presented" 409 "No card was presented"
        "The test shop has no phone with this card, or the phone did not answer at the reader. Nothing was charged."
        "Use a card whose bank lets it be added; docs/test-cards.md lists them.";
    "terminal_not_connected" 409 "No terminal here"
        "This platform keeps no terminals of its own, as a sandbox does."
        "Take the payment at your terminal; it appears here as soon as the acquirer has it.";
    "payment_at_terminal" 409 "The payment belongs to a terminal"
        "The payment was taken at a terminal that keeps its own journal, so it is voided or completed there."
        "Void it at the terminal, or refund it here.";
    "exports_under_way" 409 "Too many exports"
        "As many exports are under way as one tenant may have at a time."
        "Wait until one has ended, or cancel one.";
    "operation_ended" 409 "It has ended"
        "The operation has ended, so there is nothing to cancel."
        "Read the operation for how it ended.";
    "result_not_ready" 409 "There is no result"
        "The operation is still under way, or nothing came of it."
        "Read the operation: once its `status` is `succeeded`, its result can be got.";
    "upi_not_connected" 409 "No account payment here"
        "This platform does not run the provider of account payment, at which merchants are paid by account."
        "Run `paiza up`, which does.";
    "upi_account_missing" 409 "The merchant has no address"
        "The merchant is not paid by account: no address at the provider is its own."
        "The operator gives it one with `POST /v1/upi/accounts`.";
    "upi_refused" 409 "The provider says no"
        "The provider of account payment did not do it. `detail` begins with its reason."
        "Correct what the reason names; docs/upi.md says what the rules are.";
    "result_expired" 410 "The result was forgotten"
        "Results of operations are kept for a day."
        "Begin the export again.";
    "length_required" 411 "The length is needed"
        "The request has a body, but does not say how long it is."
        "Send Content-Length, or the body in chunks.";
    "precondition_failed" 412 "It has changed"
        "The thing is not any more as you saw it: its ETag is not one of those in If-Match. Nothing was done."
        "Read it again, look whether your change still makes sense, and send it with the new ETag.";
    "body_too_large" 413 "The body is too large"
        "Bodies have at most 1 MiB, those that devices sign 64 KiB."
        "Send less.";
    "content_encoding_unsupported" 415 "Compressed bodies are not read"
        "The body is announced as compressed. Small bodies that unfold into large ones are an old trick, so none is unfolded."
        "Send it as it is, without Content-Encoding.";
    "content_type_unsupported" 415 "Not this kind of content"
        "The body is not announced as JSON."
        "Send `Content-Type: application/json`.";
    "idempotency_key_reused" 422 "The request key was used before"
        "The same key came with a request that says something else. `differs` points at what is different."
        "Use a new key for a new request, or repeat the first one unchanged.";
    "upi_code_refused" 422 "No such code"
        "A link or a code with these parts would be refused by whoever reads it, so none is made. `detail` begins with the rule."
        "Correct the part that `detail` names. docs/upi.md lists the rules.";
    "upi_message_refused" 422 "The message is not signed"
        "The message cannot be signed here: it cannot be read, is signed already, or is of an organisation that this sandbox has no key of. `detail` begins with the code that a switch would answer with."
        "Correct the message; `lint` names every rule that it breaks.";
    "upi_key_refused" 422 "Not a key"
        "What `param` points at is not a public key of the kind that is needed."
        "Send the key as PEM (`-----BEGIN PUBLIC KEY-----`): P-256 for links, RSA of 2048 bits or more for messages.";
    "rate_limited" 429 "Too many requests"
        "The key made more requests than its limit allows; the header RateLimit says how many are left."
        "Wait as long as Retry-After says, and slow down.";
    "head_too_large" 431 "The head is too large"
        "Request line and headers have at most 16 KiB together, and at most 100 lines."
        "Send fewer or shorter headers; cookies are the usual cause.";
    "internal" 500 "Something went wrong here"
        "This is our mistake. The request may or may not have had its effect."
        "Repeat it with the same Idempotency-Key. If it stays, tell us the request id.";
    "unavailable" 503 "Not available now"
        "The records cannot be reached just now. Nothing was done."
        "Repeat the request later with the same Idempotency-Key.";
    "issuer_unreachable" 503 "The bank cannot be reached"
        "The card's bank could not be asked. Nothing was done."
        "Try again later.";
    "answer_timeout" 504 "The answer takes too long"
        "The request was not carried out within thirty seconds. It may have had its effect, or may still have it."
        "Repeat it with the same Idempotency-Key: you get its answer once there is one.";
    "issuer_silent" 504 "The bank did not answer"
        "The card's bank was asked and did not answer in time."
        "Try again later.";
    "http_version_unsupported" 505 "Not this HTTP"
        "The request is of a version of HTTP that is not spoken here."
        "Use HTTP/1.1.";
}

/// The problem of this code.
pub(super) fn find(code: &str) -> Option<&'static Known> {
    ALL.iter().find(|known| known.code == code)
}

/// The status of a code, of ours or of a room's.
pub(super) fn status_of(code: &str) -> u16 {
    explain(code).0
}

/// Status, title, meaning and advice of a code.
pub(super) fn explain(code: &str) -> (u16, &'static str, String, &'static str) {
    if let Some(known) = find(code) {
        return (known.status, known.title, known.says.to_owned(), known.advice);
    }
    let refused = refusals().into_iter().find(|(known, ..)| *known == code);
    let (_, status, title, says) = refused.expect("every code that is used is known");
    (status, title, says, "This is a no, not a fault: what was asked is not possible as things stand.")
}

/// Every code.
pub(super) fn codes() -> Vec<&'static str> {
    let refused = refusals().into_iter().map(|(code, ..)| code);
    ALL.iter().map(|known| known.code).chain(refused).collect()
}

/// What the rooms refuse, as pages show it: code, status, title and sentence.
pub(super) fn refusals() -> Vec<(&'static str, u16, &'static str, String)> {
    let tokens = tokens::Refusal::ALL.iter().map(|refusal| {
        let (status, title) = super::problem::status_of(*refusal);
        (refusal.code(), status, title, refusal.text().to_owned())
    });
    let acquiring = acquiring::Refusal::ALL
        .iter()
        .map(|refusal| (refusal.code(), REFUSED.0, REFUSED.1, refusal.to_string()));
    // Limits have one name on both sides of the network; its page says what the token service says.
    let mut all: Vec<_> = tokens.chain(acquiring).collect();
    let mut seen = std::collections::HashSet::new();
    all.retain(|(code, ..)| seen.insert(*code));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_one_meaning() {
        let mut codes: Vec<&str> = ALL.iter().map(|known| known.code).collect();
        codes.extend(refusals().iter().map(|(code, ..)| *code));
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
        assert!(ALL.windows(2).all(|pair| pair[0].status <= pair[1].status));
    }
}
