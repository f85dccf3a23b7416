//! What every request with a key goes through, in this order: the key, its rate, its scope, the body, the query, the
//! request key; then the work, once.

use super::shape::Shape;
use super::table::{Answer, Body, Route};
use super::{Api, VERSION, VERSIONS, events, expand, exports, json, paging, query, strict, things};
use crate::platform_http::problem::Trouble;
use crate::platform_http::requests::{Concerns, RequestName};
use crate::platform_http::trace_context::TraceContext;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use developers::{ApiKey, Asked, No, Once, Rendered, Said, Scope, Seen, Tenant};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use store::{Outcome, Store};
use values::{Id, Money, Operation, Timestamp};

/// The largest body.
const BODY_MOST: usize = 1 << 20;
/// How long to wait before a request that still runs is asked for again.
const RUNNING_WAIT: Duration = Duration::from_secs(1);

/// The longest that an answer is waited for because the caller prefers it.
const WAIT_MOST: Duration = Duration::from_secs(20);

/// Operations whose functions wait for nothing: what they want of the records is on its way when they return. They are
/// called where the request was read, without a thread of their own.
const QUICK: &[&str] = &[
    "cancel_payment",
    "create_merchant",
    "create_payment",
    "present_card",
    "retrieve_merchant",
    "retrieve_payment",
];

/// A request that passed every check of the door.
pub(super) struct Call {
    pub(super) api: Api,
    pub(super) key: Arc<ApiKey>,
    route: &'static Route,
    names: Vec<String>,
    query: Map<String, Value>,
    /// As what the caller saw the thing that it changes.
    seen: Option<Seen>,
    /// An object of the shape that the route names, or nothing.
    pub(super) body: Value,
    asked: Option<Asked>,
    /// How long the caller would like to wait for an end.
    pub(super) wait: Option<Duration>,
    /// The name that the request was given.
    pub(super) request: RequestName,
}

/// An answer.
pub(super) struct Answered {
    pub(super) rendered: Rendered,
    /// Whether it was given before.
    pub(super) replayed: bool,
    /// Whether it was waited for, as the caller preferred.
    pub(super) waited: bool,
}

impl Answered {
    /// For the first time.
    pub(super) fn first(rendered: Rendered) -> Answered {
        Answered { rendered, replayed: false, waited: false }
    }
}

/// An answer that is on its way.
type Later = Pin<Box<dyn Future<Output = Result<Answered, Trouble>> + Send>>;

/// What a route's function hands back: an answer, or one that is on its way and holds no thread meanwhile.
pub(super) enum Reply {
    Now(Answered),
    Later(Later),
}

impl Reply {
    /// An answer given for the first time.
    pub(super) fn first(rendered: Rendered) -> Reply {
        Reply::Now(Answered::first(rendered))
    }

    /// An answer given again.
    pub(super) fn replayed(rendered: Rendered) -> Reply {
        Reply::Now(Answered { rendered, replayed: true, waited: false })
    }

    /// 200 with this.
    pub(super) fn ok(body: &impl Serialize) -> Reply {
        Reply::first(rendered(200, body))
    }

    /// What this comes to.
    pub(super) fn later(answer: impl Future<Output = Result<Answered, Trouble>> + Send + 'static) -> Reply {
        Reply::Later(Box::pin(answer))
    }

    pub(super) async fn answered(self) -> Result<Answered, Trouble> {
        match self {
            Reply::Now(answered) => Ok(answered),
            Reply::Later(answer) => answer.await,
        }
    }
}

/// An answer to be remembered.
pub(super) fn rendered(status: u16, body: &impl Serialize) -> Rendered {
    Rendered { status, body: serde_json::to_string(body).expect("the interface's types are JSON") }
}

/// Serves a request of this route.
pub(super) async fn serve(api: Api, route: &'static Route, names: Vec<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut rate = None;
    let mut version = VERSION;
    let admitted = admit(&api, route, &parts.headers, &mut rate, &mut version);
    let mut concerns = Extensions::new();
    if let Ok(key) = &admitted {
        // What stands in a path may be anything, also what must not be logged.
        let object = names.first().filter(|name| is_name(name)).cloned();
        concerns.insert(Concerns { tenant: key.tenant.clone(), object });
    }
    let answer = match admitted {
        Err(trouble) => Err(trouble),
        Ok(key) if matches!(route.answer, Answer::Stream | Answer::File) => {
            match query::read(route, parts.uri.query().unwrap_or_default()) {
                Ok(_) if matches!(route.answer, Answer::File) => {
                    let name = names.into_iter().next().unwrap_or_default();
                    exports::file(api, key.tenant.clone(), name).await
                }
                Ok(_) => events::stream(api, key.tenant.clone(), &parts.headers).await,
                Err(trouble) => Err(trouble),
            }
        }
        Ok(key) => carry_out(api, key, route, names, parts, body).await,
    };
    let mut answer = answer.unwrap_or_else(IntoResponse::into_response);
    answer.extensions_mut().extend(concerns);
    answer.headers_mut().insert("paiza-version", HeaderValue::from_static(version));
    if let Some(rate) = rate {
        answer.headers_mut().insert("ratelimit", rate);
    }
    answer
}

/// Whether a text looks like a name that we gave: three letters, an underscore and 26 more.
fn is_name(text: &str) -> bool {
    let parts = text.split_once('_');
    parts.is_some_and(|(kind, rest)| {
        let letters = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        kind.len() == 3 && rest.len() == 26 && letters(kind) && letters(rest)
    })
}

/// The key, if it may do this, and do it now.
fn admit(
    api: &Api,
    route: &Route,
    headers: &HeaderMap,
    rate: &mut Option<HeaderValue>,
    version: &mut &'static str,
) -> Result<Arc<ApiKey>, Trouble> {
    // How often somebody asks is counted as the machine counts: a sandbox's clock may stand still.
    let now = api.store().clock().machine();
    let buckets = &api.0.buckets;
    let text = secret(headers)
        .ok_or_else(|| Trouble::of("api_key_missing", "Send a secret key in the header Authorization."))?;
    let Some(key) = api.key(&text) else {
        // Whoever guesses shares one bucket with everybody who guesses, so good keys go on.
        buckets.take("", now).map_err(too_many)?;
        return Err(Trouble::of("api_key_invalid", "This key is unknown or was revoked."));
    };
    let left = buckets.take(&key.digest, now);
    let (left_now, burst) = (left.as_ref().copied().unwrap_or(0), buckets.limits().burst);
    *rate = HeaderValue::try_from(format!("\"key\";r={left_now};q={burst}")).ok();
    left.map_err(too_many)?;
    may(&key, route)?;
    // The key's own version is one that was served when it was made, and may have ended since.
    let wanted = headers.get("paiza-version").map_or(key.version.as_bytes(), HeaderValue::as_bytes);
    let served = VERSIONS.iter().find(|known| known.as_bytes() == wanted).ok_or_else(|| {
        let detail = format!("Served are: {}.", VERSIONS.join(", "));
        Trouble::of("version_unknown", &detail).at("Paiza-Version")
    })?;
    *version = served;
    Ok(key)
}

/// Refuses a key that lacks the scope of an operation.
pub(super) fn may(key: &ApiKey, route: &Route) -> Result<(), Trouble> {
    has(key, route.scope)
}

/// Refuses a key that lacks a scope.
pub(super) fn has(key: &ApiKey, scope: Scope) -> Result<(), Trouble> {
    if key.scopes.contains(&scope) {
        return Ok(());
    }
    Err(Trouble::of("scope_missing", &format!("This key lacks the scope {}.", scope.name())))
}

fn too_many(wait: Duration) -> Trouble {
    Trouble::of("rate_limited", "Too many requests; wait a moment.").again_after(wait)
}

/// The secret key of a request: as a bearer token, or as the user name of basic authentication.
fn secret(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (kind, rest) = text.split_once(' ')?;
    if kind.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !kind.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = base64::engine::general_purpose::STANDARD.decode(rest.trim()).ok()?;
    String::from_utf8(pair).ok()?.split_once(':').map(|(user, _)| user.to_owned())
}

/// Carries out a request of a key that may make it.
pub(super) async fn carry_out(
    api: Api,
    key: Arc<ApiKey>,
    route: &'static Route,
    names: Vec<String>,
    parts: Parts,
    body: axum::body::Body,
) -> Result<Response, Trouble> {
    let body = read_body(&api, route, &parts.headers, body).await?;
    let query = query::read(route, parts.uri.query().unwrap_or_default())?;
    let seen = if things::changes_one(route) { things::seen(&parts.headers)? } else { None };
    let asked = if route.body.changes() {
        let request_key = request_key(&parts.headers)?;
        let (path, parts) = (parts.uri.path(), strict::parts(&body));
        Some(Asked::new(key.tenant.clone(), route.method, path, &request_key, parts))
    } else {
        None
    };
    let wait = preferred_wait(&parts.headers);
    let request = parts.extensions.get::<RequestName>().copied().unwrap_or_default();
    let call = Arc::new(Call { api, key, route, names, query, seen, body, asked, wait, request });
    let asking = Arc::clone(&call);
    let work = move || catch_unwind(AssertUnwindSafe(|| (asking.route.work)(&asking)));
    let done = if QUICK.contains(&route.operation) {
        work()
    } else {
        tokio::task::spawn_blocking(work).await.map_err(|_| Trouble::internal())?
    };
    let reply = done.map_err(|_| {
        tracing::error!(route.operation, "a handler panicked");
        Trouble::internal()
    })??;
    let Answered { rendered, replayed, waited } = reply.answered().await?;
    if let Some(trace) = parts.extensions.get::<TraceContext>().filter(|_| route.body.changes()) {
        let made = || serde_json::from_str::<Named>(&rendered.body).ok().map(|named| named.id);
        if let Some(thing) = call.names.first().cloned().or_else(made) {
            call.api.0.traces.follow(&thing, trace);
        }
    }
    let tag = things::tells_one(route).then(|| things::entity_tag(&rendered.body)).flatten();
    let rendered = if call.parameter("expand[]").is_some() {
        let expanding = tokio::task::spawn_blocking(move || expand::expanded(&call, rendered));
        expanding.await.map_err(|_| Trouble::internal())??
    } else {
        rendered
    };
    let mut answer = json(rendered.status, rendered.body);
    if let Some(tag) = tag {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    if replayed {
        answer.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    if waited {
        answer.headers_mut().insert("preference-applied", HeaderValue::from_static("wait"));
    }
    Ok(answer)
}

/// What an answer is about.
#[derive(Deserialize)]
struct Named {
    id: String,
}

/// How long the caller would like to wait for an end (RFC 7240, section 4.3), at most [`WAIT_MOST`]. What cannot be read
/// is no preference.
fn preferred_wait(headers: &HeaderMap) -> Option<Duration> {
    let preferences = headers.get_all("prefer").iter().filter_map(|line| line.to_str().ok());
    let mut preferences = preferences.flat_map(|line| line.split(',')).map(str::trim);
    let seconds = preferences.find_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        name.trim().eq_ignore_ascii_case("wait").then(|| value.trim().parse::<u64>().ok())?
    })?;
    Some(Duration::from_secs(seconds).min(WAIT_MOST))
}

/// What a request without a body may bring all the same: an object without members.
static NOTHING: Shape = Shape { name: "Nothing", says: "Nothing.", fields: &[] };

async fn read_body(
    api: &Api,
    route: &Route,
    headers: &HeaderMap,
    body: axum::body::Body,
) -> Result<Value, Trouble> {
    let nothing = Value::Object(Map::new());
    let said = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default().trim());
    let sent = said(header::TRANSFER_ENCODING).is_some()
        || said(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
    let shape = match route.body {
        Body::None => return Ok(nothing),
        Body::Empty if !sent => return Ok(nothing),
        Body::Empty => &NOTHING,
        Body::Json(_) | Body::Question(_) if !sent && said(header::CONTENT_LENGTH).is_none() => {
            return Err(Trouble::of("length_required", "Send Content-Length, or the body in chunks."));
        }
        Body::Json(shape) | Body::Question(shape) => shape,
    };
    if said(header::CONTENT_ENCODING).is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return Err(Trouble::of("content_encoding_unsupported", "Send the body as it is."));
    }
    if !said(header::CONTENT_TYPE).is_some_and(is_json) {
        return Err(Trouble::of(
            "content_type_unsupported",
            "Send Content-Type: application/json, in UTF-8.",
        ));
    }
    let bytes = crate::platform_http::read_body(api.alarm(), body, BODY_MOST).await?;
    let body = strict::read(&bytes)?;
    shape.check(&body)?;
    Ok(body)
}

/// Whether a media type is JSON, in the one encoding that JSON has (RFC 8259, 8.1).
fn is_json(kind: &str) -> bool {
    let mut parts = kind.split(';').map(str::trim);
    let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    named
        && parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
            !name.trim().eq_ignore_ascii_case("charset")
                || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
}

fn request_key(headers: &HeaderMap) -> Result<String, Trouble> {
    let key = headers.get("idempotency-key").map_or(&b""[..], HeaderValue::as_bytes);
    let printable = key.iter().all(|byte| (0x20..0x7f).contains(byte));
    if !(1..=255).contains(&key.len()) || !printable {
        let detail = "Send the header Idempotency-Key with 1 to 255 printable characters.";
        return Err(Trouble::of("idempotency_key_missing", detail));
    }
    Ok(String::from_utf8_lossy(key).into_owned())
}

impl Call {
    pub(super) fn now(&self) -> Timestamp {
        self.api.now()
    }

    pub(super) fn tenant(&self) -> &Tenant {
        &self.key.tenant
    }

    pub(super) fn route(&self) -> &'static Route {
        self.route
    }

    /// As what the caller saw the thing that it changes, if it said so.
    pub(super) fn seen(&self) -> Option<&Seen> {
        self.seen.as_ref()
    }

    /// What the path names.
    pub(super) fn name(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }

    /// What the path names, as an identifier; a malformed one is as unknown as one that is not there.
    pub(super) fn id<K: values::id::Kind>(&self) -> Result<Id<K>, Trouble> {
        self.name().parse().map_err(|_| Trouble::not_found())
    }

    /// A member of the body that is text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }

    /// A member of the body that is a whole number.
    pub(super) fn whole(&self, name: &str) -> Option<i64> {
        self.body.get(name).and_then(Value::as_i64)
    }

    /// A member of the body that is an amount.
    pub(super) fn money(&self, name: &str) -> Result<Option<Money>, Trouble> {
        let Some(amount) = self.body.get(name) else { return Ok(None) };
        let minor = amount["value"].as_u64().unwrap_or(0);
        let currency = values::Currency::from_alpha(amount["currency"].as_str().unwrap_or_default());
        let wrong = || Trouble::of("parameter_invalid", "This is not an amount.").at(&format!("/{name}"));
        Money::new(minor, currency.ok_or_else(wrong)?).map(Some).map_err(|_| wrong())
    }

    /// A parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<&Value> {
        self.query.get(name)
    }

    /// A parameter of the query that is text.
    pub(super) fn parameter_text(&self, name: &str) -> Option<&str> {
        self.parameter(name).and_then(Value::as_str)
    }

    /// The request as it is known again; only those that change something have one.
    pub(super) fn asked(&self) -> Result<&Asked, Trouble> {
        self.asked.as_ref().ok_or_else(Trouble::internal)
    }

    /// What of a list is wanted.
    pub(super) fn window(&self) -> Result<paging::Window, Trouble> {
        paging::Window::of(self, self.route.operation)
    }

    /// Whether this very request was answered before.
    pub(super) fn was_answered(&self, store: &Store) -> Result<bool, Trouble> {
        let name = self.asked()?.name.clone();
        let known = store.read(move |records| values::Records::find::<developers::Answer>(records, &name))?;
        Ok(known.is_some())
    }

    /// Carries out one operation, once for this request: effect, request key and answer are one commit.
    pub(super) fn once<O: Operation>(
        &self,
        store: &Store,
        inner: O,
        render: impl Fn(&O::Answer) -> Rendered + Send + 'static,
    ) -> Result<Reply, Trouble>
    where
        O::Refusal: Into<Trouble>,
    {
        let asked = self.asked()?.clone();
        let calling = store.call_async(Once { asked, inner, render: Box::new(render) });
        Ok(Reply::later(async move {
            match calling.await? {
                Outcome::Done(Said { rendered, replayed })
                | Outcome::Repeated(Said { rendered, replayed }) => {
                    Ok(Answered { rendered, replayed, waited: false })
                }
                Outcome::Refused(no) => Err(refused(no)),
                Outcome::Mismatch => Err(Trouble::internal()),
            }
        }))
    }
}

/// Why a request was not carried out.
pub(in crate::platform_http) fn refused<R: Into<Trouble>>(no: No<R>) -> Trouble {
    match no {
        No::Running => {
            let detail = "The first request with this key is still being carried out.";
            Trouble::of("idempotency_in_progress", detail).again_after(RUNNING_WAIT)
        }
        No::Differs(places) => {
            let detail = "The key was used for a request that says something else at these places.";
            Trouble::of("idempotency_key_reused", detail).differing(places)
        }
        No::Refused(refusal) => refusal.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_that_wait_for_nothing_are_known() {
        let known = |name: &&str| super::super::table::ROUTES.iter().any(|route| route.operation == *name);
        assert!(QUICK.iter().all(known));
    }

    #[test]
    fn a_preference_is_read_or_passed_over() {
        let wait = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", text.parse().unwrap());
            preferred_wait(&headers).map(|wait| wait.as_secs())
        };
        assert_eq!(wait("wait=10"), Some(10));
        assert_eq!(wait("respond-async, Wait = 3; x"), Some(3));
        assert_eq!(wait("wait=100000"), Some(20));
        for other in ["", "wait", "wait=", "wait=-1", "wait=soon", "handling=strict"] {
            assert_eq!(wait(other), None, "{other}");
        }
    }

    #[test]
    fn a_key_comes_in_two_ways() {
        let with = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, text.parse().unwrap());
            secret(&headers)
        };
        assert_eq!(with("Bearer sk_test_1").as_deref(), Some("sk_test_1"));
        assert_eq!(with("basic c2tfdGVzdF8xOg==").as_deref(), Some("sk_test_1"));
        for wrong in ["sk_test_1", "Digest x", "Basic !", "Basic c2s="] {
            assert_eq!(with(wrong), None, "{wrong}");
        }
    }
}
