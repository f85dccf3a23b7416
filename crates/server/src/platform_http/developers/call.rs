//! What every request with a key goes through, in this order: the key, its rate, its scope, the body, the query, the
//! request key; then the work, once.

use super::table::{Answer, Body, Route};
use super::{Api, VERSION, events, json, paging, strict};
use crate::platform_http::problem::Trouble;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use developers::{ApiKey, Asked, No, Once, Rendered, Said, Tenant};
use serde::Serialize;
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

/// The headers of requests: name, whether they are required, what they are.
pub(super) const KEY_HEADERS: &[(&str, bool, &str)] = &[
    (
        "Idempotency-Key",
        true,
        "A key of your own choice: the same request under the same key is carried out once.",
    ),
    ("Paiza-Version", false, "The version of the interface you speak; the key's own unless said otherwise."),
    (
        "Prefer",
        false,
        "`wait=10` answers when the payment has ended, or after so many seconds (at most 20) as it then stands.",
    ),
];

/// A request that passed every check of the door.
pub(super) struct Call {
    pub(super) api: Api,
    pub(super) key: Arc<ApiKey>,
    route: &'static Route,
    names: Vec<String>,
    query: Map<String, Value>,
    /// An object of the shape that the route names, or nothing.
    pub(super) body: Value,
    asked: Option<Asked>,
    /// How long the caller would like to wait for an end.
    pub(super) wait: Option<Duration>,
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
    let answer = match admit(&api, route, &parts.headers, &mut rate) {
        Err(trouble) => Err(trouble),
        Ok(key) if matches!(route.answer, Answer::Stream) => {
            events::stream(api, key.tenant.clone(), &parts.headers).await
        }
        Ok(key) => carry_out(api, key, route, names, parts, body).await,
    };
    let mut answer = answer.unwrap_or_else(IntoResponse::into_response);
    if let Some(rate) = rate {
        answer.headers_mut().insert("ratelimit", rate);
    }
    answer
}

/// The key, if it may do this, and do it now.
fn admit(
    api: &Api,
    route: &Route,
    headers: &HeaderMap,
    rate: &mut Option<HeaderValue>,
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
    if !key.scopes.contains(&route.scope) {
        let detail = format!("This key lacks the scope {}.", route.scope.name());
        return Err(Trouble::of("scope_missing", &detail));
    }
    match headers.get("paiza-version") {
        Some(version) if version.as_bytes() != VERSION.as_bytes() => {
            Err(Trouble::of("version_unknown", &format!("The one version so far is {VERSION}.")))
        }
        _ => Ok(key),
    }
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

async fn carry_out(
    api: Api,
    key: Arc<ApiKey>,
    route: &'static Route,
    names: Vec<String>,
    parts: Parts,
    body: axum::body::Body,
) -> Result<Response, Trouble> {
    let body = read_body(&api, route, &parts.headers, body).await?;
    let query = read_query(route, parts.uri.query().unwrap_or_default())?;
    let asked = match route.body {
        Body::None => None,
        _ => {
            let request_key = request_key(&parts.headers)?;
            let (path, parts) = (parts.uri.path(), strict::parts(&body));
            Some(Asked::new(key.tenant.clone(), route.method, path, &request_key, parts))
        }
    };
    let wait = preferred_wait(&parts.headers);
    let call = Call { api, key, route, names, query, body, asked, wait };
    let work = move || catch_unwind(AssertUnwindSafe(|| (call.route.work)(&call)));
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
    let mut answer = json(rendered.status, rendered.body);
    if replayed {
        answer.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    if waited {
        answer.headers_mut().insert("preference-applied", HeaderValue::from_static("wait"));
    }
    Ok(answer)
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

async fn read_body(
    api: &Api,
    route: &Route,
    headers: &HeaderMap,
    body: axum::body::Body,
) -> Result<Value, Trouble> {
    let Body::Json(shape) = route.body else { return Ok(Value::Object(Map::new())) };
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().is_none_or(|kind| !kind.trim().eq_ignore_ascii_case("application/json")) {
        return Err(Trouble::of("content_type_unsupported", "Send Content-Type: application/json."));
    }
    let bytes = crate::platform_http::read_body(api.alarm(), body, BODY_MOST).await?;
    let body = strict::read(&bytes)?;
    shape.check(&body)?;
    Ok(body)
}

fn read_query(route: &Route, query: &str) -> Result<Map<String, Value>, Trouble> {
    let invalid = || Trouble::of("parameter_invalid", "The query cannot be read.");
    let pairs: Vec<(String, String)> = form(query).ok_or_else(invalid)?;
    let mut read = Map::new();
    for (name, text) in pairs {
        let known = route.query.iter().find(|field| field.name == name).ok_or_else(|| {
            let place: String = name.chars().take(64).collect();
            Trouble::of("parameter_unknown", "There is no such parameter.").at(&place)
        })?;
        let value = known.kind.read_query(known.name, &text)?;
        if read.insert(name, value).is_some() {
            return Err(Trouble::of("parameter_invalid", "This parameter stands twice.").at(known.name));
        }
    }
    match route.query.iter().find(|field| field.required && !read.contains_key(field.name)) {
        Some(missing) => Err(Trouble::of("parameter_missing", "This parameter is needed.").at(missing.name)),
        None => Ok(read),
    }
}

/// Names and values of a query, decoded.
fn form(query: &str) -> Option<Vec<(String, String)>> {
    let decode = |text: &str| {
        let mut bytes = text.bytes();
        let mut decoded = Vec::new();
        while let Some(byte) = bytes.next() {
            decoded.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let pair = [bytes.next()?, bytes.next()?];
                    u8::from_str_radix(str::from_utf8(&pair).ok().filter(|text| !text.starts_with('+'))?, 16)
                        .ok()?
                }
                byte => byte,
            });
        }
        String::from_utf8(decoded).ok()
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        })
        .collect()
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
    fn queries_are_decoded_or_refused() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(form("a=1&b=%E9%9B%B6+x&c"), Some(vec![pair("a", "1"), pair("b", "零 x"), pair("c", "")]));
        for wrong in ["a=%", "a=%4", "a=%zz", "a=%ff", "a=%+1"] {
            assert_eq!(form(wrong), None, "{wrong}");
        }
    }

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
