//! Before the console: coming in by passkey, by the operators' key or by a link; founding and enrolling; leaving.

use super::door::Console;
use super::look::token_behind;
use super::porter::{Guest, Porter, Refused, mark};
use crate::screens::door::{Leave, kept, page_of, show_with};
use crate::screens::operators::{self as screen, EnrolView, EnterView};
use crate::screens::pages::{self, Page};
use axum::Extension;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use operators::{Note, Occasion, OperatorId, Refusal, Said};
use serde::Deserialize;
use std::collections::BTreeSet;
use store::{Outcome, StoreError};
use values::{Id, Timestamp, id::kinds};

/// Of a console, so that what was kept of others on this machine is not mistaken for it.
const COOKIE: &str = "paiza-operator";

/// Who is in, for the handlers behind the door.
#[derive(Clone)]
pub(super) struct Visitor {
    pub(super) operator: OperatorId,
    /// The session's word.
    pub(super) word: String,
    pub(super) occasion: Occasion,
}

/// The word of a session, wherever it stands among the cookies.
pub(super) fn word(headers: &HeaderMap) -> &str {
    kept(headers, COOKIE).unwrap_or_default()
}

/// Where somebody acts, and in which request: with an identifier that the answer names too.
pub(super) fn occasion(method: &Method, uri: &Uri, headers: &HeaderMap, now: Timestamp) -> Occasion {
    let request: Id<kinds::Request> = Id::mint(now, crypto::random::bytes());
    let session = mark(word(headers));
    Occasion {
        place: format!("console {method} {} session {session}", uri.path()),
        request: request.to_string(),
    }
}

/// The answer, with the name of the request by which the log knows it.
fn named(mut answer: Response, occasion: &Occasion) -> Response {
    if let Ok(name) = HeaderValue::from_str(&occasion.request) {
        answer.headers_mut().insert("request-id", name);
    }
    answer
}

/// Lets operators through, and writes down who looks at what of customers.
pub(super) async fn let_in(State(console): State<Console>, mut request: Request, next: Next) -> Response {
    let word = word(request.headers()).to_owned();
    let porter = console.porter.clone();
    let asked = word.clone();
    let looking = tokio::task::spawn_blocking(move || {
        let guest = porter.guest(&asked);
        let looks_only = matches!(guest, Some(Guest::Operator(operator)) if porter.looks_only(operator));
        (guest, looks_only)
    });
    let (guest, looks_only) = looking.await.unwrap_or_default();
    let operator = match guest {
        Some(Guest::Operator(operator)) => operator,
        Some(Guest::Founder | Guest::Invited(..)) => return Redirect::to("/enrol").into_response(),
        None => return Redirect::to("/enter").into_response(),
    };
    let now = console.porter.store().clock().now();
    let occasion = occasion(request.method(), request.uri(), request.headers(), now);
    if looks_only && changes_others(request.method(), request.uri()) {
        let page = page_of(request.headers(), request.uri());
        return no_auditor(&console, operator, page, occasion).await;
    }
    if let Some(subject) = looked_at(request.method(), request.uri())
        && console.porter.looks_at(&word, &subject)
    {
        // Nobody looks at a customer's data without leaving a trace: no trace, no page.
        if !leave_traces(&console, operator, subject, &occasion).await {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    }
    request.extensions_mut().insert(Visitor { operator, word, occasion: occasion.clone() });
    named(next.run(request).await, &occasion)
}

/// Writes down that an operator looks at this; at a payment's card too, for its owner asks by card who looked. Answers whether
/// it is written.
async fn leave_traces(console: &Console, operator: OperatorId, subject: String, occasion: &Occasion) -> bool {
    let (sources, looked_at) = (console.sources.clone(), subject.clone());
    let behind = move || match looked_at.strip_prefix("payment ") {
        Some(reference) => token_behind(&sources, reference),
        None => Ok(None),
    };
    let Ok(Ok(token)) = tokio::task::spawn_blocking(behind).await else { return false };
    for subject in [Some(subject), token.map(|token| format!("token {token}"))].into_iter().flatten() {
        let said =
            Said { who: Some(operator), act: "view", subject, result: "ok".to_owned(), ..Said::default() };
        let note = Note { said, occasion: occasion.clone() };
        if !matches!(console.porter.store().call_async(note).await, Ok(Outcome::Done(()))) {
            return false;
        }
    }
    true
}

/// Writes down that an operator saw these tokens among what was searched for, each once: their owners ask who looked.
pub(super) fn saw_tokens(
    console: &Console,
    visitor: &Visitor,
    tokens: impl IntoIterator<Item = String>,
) -> Result<(), StoreError> {
    let tokens: BTreeSet<String> = tokens.into_iter().collect();
    for token in tokens {
        let who = Some(visitor.operator);
        let subject = format!("token {token}");
        let said = Said { who, act: "view", subject, result: "ok".to_owned(), ..Said::default() };
        console.porter.store().call(Note { said, occasion: visitor.occasion.clone() })?;
    }
    Ok(())
}

/// Whether a request may change what is not one's own; what takes two says no to auditors by itself.
fn changes_others(method: &Method, uri: &Uri) -> bool {
    let path = uri.path();
    !method.is_safe() && !matches!(path, "/leave" | "/passkeys") && !path.starts_with("/proposals")
}

/// An auditor looks and does not act.
async fn no_auditor(console: &Console, operator: OperatorId, page: Page, occasion: Occasion) -> Response {
    let said = Said {
        who: Some(operator),
        act: "use",
        subject: page.path.clone(),
        result: Refusal::LooksOnly.code().to_owned(),
        ..Said::default()
    };
    let note = Note { said, occasion: occasion.clone() };
    if console.porter.store().call_async(note).await.is_err() {
        tracing::warn!("a no is not in the log");
    }
    named(answer(StatusCode::FORBIDDEN, pages::refused(&page)), &occasion)
}

/// What of customers a page shows, if it shows any: what is typed to be searched for may be a card number, so only what is
/// looked up of it is named.
fn looked_at(method: &Method, uri: &Uri) -> Option<String> {
    #[derive(Deserialize)]
    struct Asked {
        #[serde(default)]
        q: String,
        #[serde(default)]
        payment: String,
        #[serde(default)]
        kind: String,
        #[serde(default)]
        name: String,
    }
    if method != Method::GET {
        return None;
    }
    let Query(asked) = Query::<Asked>::try_from_uri(uri).ok()?;
    let path = uri.path();
    match path {
        "/" if !asked.payment.is_empty() => Some(format!("payment {}", short(&asked.payment))),
        "/search" => Some(format!("search {}", super::door::searchable(&asked.q).0)),
        "/tokens" => Some("tokens".to_owned()),
        "/devices" => Some("devices".to_owned()),
        "/subject" if matches!(asked.kind.as_str(), "token" | "device") => {
            Some(format!("{} {}", asked.kind, short(&asked.name)))
        }
        _ => ["/payments/", "/account-payments/"]
            .iter()
            .find_map(|list| path.strip_prefix(list))
            .map(|reference| format!("payment {}", short(reference))),
    }
}

fn short(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect()
}

/// Leads to the name under which a browser takes passkeys, if it was asked for under a number.
fn by_name(porter: &Porter, headers: &HeaderMap, uri: &Uri) -> Option<Response> {
    let ceremonies = porter.ceremonies();
    if ceremonies.are_here(headers) {
        return None;
    }
    let path = uri.path_and_query().map_or("/enter", |path| path.as_str());
    Some(Redirect::temporary(&format!("{}{path}", ceremonies.origin())).into_response())
}

fn answer(status: StatusCode, html: String) -> Response {
    show_with(status, html, &Leave { script: true, ..Leave::default() })
}

/// A session begins: the browser keeps its word, and the page it was led from is left behind.
fn begun(word: &str, to: &str) -> Response {
    let mut answer = Redirect::to(to).into_response();
    let cookie = format!("{COOKIE}={word}; Path=/; HttpOnly; SameSite=Strict");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

/// Why somebody is not let in, as a status and a sentence.
fn sentence(page: &Page, refused: Refused) -> (StatusCode, String) {
    let (status, name) = match refused {
        Refused::Wrong => (StatusCode::FORBIDDEN, "porter-wrong"),
        Refused::Locked => (StatusCode::TOO_MANY_REQUESTS, "porter-locked"),
        Refused::Passkey => (StatusCode::FORBIDDEN, "porter-passkey-wrong"),
        Refused::No(Refusal::Founded) => (StatusCode::FORBIDDEN, "porter-founded"),
        Refused::No(Refusal::Invitation) => (StatusCode::FORBIDDEN, "porter-invitation"),
        Refused::No(Refusal::PasskeyTaken) => (StatusCode::CONFLICT, "porter-passkey-taken"),
        Refused::No(Refusal::Invalid(_)) => (StatusCode::UNPROCESSABLE_ENTITY, "porter-name"),
        Refused::No(_) => (StatusCode::FORBIDDEN, "porter-wrong"),
        Refused::Down => (StatusCode::SERVICE_UNAVAILABLE, "console-down-next"),
    };
    (status, page.language.say(name))
}

#[derive(Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    link: String,
}

fn entrance(console: &Console, page: &Page, wrong: Option<String>, link: Option<String>) -> String {
    let challenge = console.porter.login_challenge();
    screen::enter(page, &EnterView { wrong, link, challenge })
}

/// Where one comes in.
pub(super) async fn page(
    State(console): State<Console>,
    Query(Link { link }): Query<Link>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    if let Some(elsewhere) = by_name(&console.porter, &headers, &uri) {
        return elsewhere;
    }
    let link = Some(link).filter(|link| !link.is_empty());
    answer(StatusCode::OK, entrance(&console, &page_of(&headers, &uri), None, link))
}

#[derive(Deserialize)]
pub(super) struct Entering {
    #[serde(default)]
    key: String,
    #[serde(default)]
    link: String,
    #[serde(default)]
    proof: String,
}

/// Comes in by the operators' key, a link or a passkey.
pub(super) async fn enter(
    State(console): State<Console>,
    headers: HeaderMap,
    uri: Uri,
    sent: Result<Form<Entering>, FormRejection>,
) -> Response {
    let page = page_of(&headers, &uri);
    let Ok(Form(wish)) = sent else { return answer(StatusCode::BAD_REQUEST, pages::refused(&page)) };
    let occasion = occasion(&Method::POST, &uri, &headers, console.porter.store().clock().now());
    let (porter, before, at) = (console.porter.clone(), word(&headers).to_owned(), occasion.clone());
    let entering = move || {
        let entered = if !wish.proof.is_empty() {
            porter.enter_by_passkey(&wish.proof, &before, &at)
        } else if !wish.link.is_empty() {
            porter.enter_by_link(&wish.link, &before, &at)
        } else {
            porter.enter_by_key(&wish.key, &before, &at)
        };
        let inside = |word: &String| matches!(porter.guest(word), Some(Guest::Operator(_)));
        entered.map(|word| (inside(&word), word))
    };
    let entered = tokio::task::spawn_blocking(entering).await.unwrap_or(Err(Refused::Down));
    let reply = match entered {
        Ok((true, word)) => begun(&word, "/"),
        Ok((false, word)) => begun(&word, "/enrol"),
        Err(refused) => {
            let (status, wrong) = sentence(&page, refused);
            answer(status, entrance(&console, &page, Some(wrong), None))
        }
    };
    named(reply, &occasion)
}

fn enrolling(console: &Console, page: &Page, word: &str, guest: &Guest, wrong: Option<String>) -> String {
    let name = console.porter.name(word);
    let view = EnrolView {
        wrong,
        invited: matches!(guest, Guest::Invited(..)).then(|| name.clone()),
        challenge: console.porter.making_challenge(word),
        // A name for the authenticator, by which it knows one holder of passkeys from another.
        user: crate::phone::encode(&crypto::random::bytes::<16>()),
        name: if name.is_empty() { page.language.say("console-title") } else { name },
    };
    screen::enrol(page, &view)
}

/// Where an operator is founded, or comes by invitation.
pub(super) async fn enrol_page(State(console): State<Console>, headers: HeaderMap, uri: Uri) -> Response {
    if let Some(elsewhere) = by_name(&console.porter, &headers, &uri) {
        return elsewhere;
    }
    let word = word(&headers).to_owned();
    match guest(&console, &word).await {
        Some(guest @ (Guest::Founder | Guest::Invited(..))) => {
            answer(StatusCode::OK, enrolling(&console, &page_of(&headers, &uri), &word, &guest, None))
        }
        _ => Redirect::to("/").into_response(),
    }
}

async fn guest(console: &Console, word: &str) -> Option<Guest> {
    let (porter, word) = (console.porter.clone(), word.to_owned());
    tokio::task::spawn_blocking(move || porter.guest(&word)).await.ok().flatten()
}

#[derive(Deserialize)]
pub(super) struct Enrolling {
    #[serde(default)]
    name: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    proof: String,
}

/// Founds an operator, or lets an invited one come.
pub(super) async fn enrol(
    State(console): State<Console>,
    headers: HeaderMap,
    uri: Uri,
    sent: Result<Form<Enrolling>, FormRejection>,
) -> Response {
    let page = page_of(&headers, &uri);
    let Ok(Form(wish)) = sent else { return answer(StatusCode::BAD_REQUEST, pages::refused(&page)) };
    let word = word(&headers).to_owned();
    let Some(guest) = guest(&console, &word).await else { return Redirect::to("/enter").into_response() };
    let occasion = occasion(&Method::POST, &uri, &headers, console.porter.store().clock().now());
    let (porter, asked, at, known) = (console.porter.clone(), word.clone(), occasion.clone(), guest.clone());
    let enrolling_now = move || match known {
        Guest::Founder => porter.found(&asked, &wish.name, &wish.proof, &at),
        Guest::Invited(..) => porter.enrol(&asked, &wish.code, &wish.proof, &at),
        Guest::Operator(_) => Err(Refused::Wrong),
    };
    let enrolled = tokio::task::spawn_blocking(enrolling_now).await.unwrap_or(Err(Refused::Down));
    let reply = match enrolled {
        Ok(word) => begun(&word, "/"),
        Err(refused) => {
            let (status, wrong) = sentence(&page, refused);
            answer(status, enrolling(&console, &page, &word, &guest, Some(wrong)))
        }
    };
    named(reply, &occasion)
}

/// Leaves.
pub(super) async fn leave(
    State(console): State<Console>,
    Extension(visitor): Extension<Visitor>,
) -> Response {
    let porter = console.porter.clone();
    let left = tokio::task::spawn_blocking(move || porter.leave(&visitor.word, &visitor.occasion)).await;
    if !matches!(left, Ok(Ok(()))) {
        tracing::warn!("an operator left, and the log does not say so");
    }
    Redirect::to("/enter").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_at_of_customers_is_named_without_a_card_number() {
        for (uri, expected) in [
            ("/", None),
            ("/payments", None),
            ("/merchants", None),
            ("/?payment=630014045000&message=3", Some("payment 630014045000")),
            ("/payments/630014045000", Some("payment 630014045000")),
            ("/tokens?after=tok_1", Some("tokens")),
            ("/devices", Some("devices")),
            ("/search?q=6216%206001%200000%200000%20016", Some("search 0016")),
            ("/subject?kind=token&name=tok_1", Some("token tok_1")),
            ("/subject?kind=merchant&name=mer_1", None),
            ("/payments/%3Cb%3E", Some("payment 3Cb3E")),
        ] {
            let found = looked_at(&Method::GET, &uri.parse().unwrap());
            assert_eq!(found.as_deref(), expected, "{uri}");
        }
        assert_eq!(looked_at(&Method::POST, &"/tokens".parse().unwrap()), None);
    }
}
