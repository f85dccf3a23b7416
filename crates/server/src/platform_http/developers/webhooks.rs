//! Webhook endpoints: set up by callers, called by the `postman`.

use super::call::{Call, Reply};
use super::events::KINDS;
use super::paging::{AFTER, BEFORE, InMemory, LIMIT};
use super::shape::{CHANGED_METADATA, Field, Form, Kind, METADATA, NEW_METADATA, Shape};
use super::things::One;
use super::{Api, teller, time};
use crate::platform_http::problem::Trouble;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto::ed25519::SigningKey;
use crypto::vault::{Envelope, open, seal};
use developers::webhook::{AddEndpoint, ChangeEndpoint, EnableEndpoint, RemoveEndpoint, RotateSecret};
use developers::{Endpoint, Metadata};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use values::{Id, Records, Secret, SecretBytes, Timestamp, id::kinds};

pub(super) static ENDPOINT: Shape = Shape {
    name: "WebhookEndpoint",
    says: "An address to which events are sent.",
    fields: &[
        Field::required("id", Kind::Id("whe"), "Its identifier."),
        Field::required("url", Kind::Text { least: 1, most: 500 }, "The address."),
        Field::required("events", Kind::List(&WANTED), "The types that are sent; `*` is all."),
        Field::required("payload", Kind::Word(PAYLOADS), PAYLOAD),
        Field::required("asymmetric", Kind::Flag, ASYMMETRIC),
        Field::required("status", Kind::Word(STATES), "One that answers 410 is disabled."),
        Field::nullable(
            "previous_secret_until",
            Kind::Time,
            "Until when the secret before the present one signs too.",
        ),
        Field::required("created_at", Kind::Time, "When it was set up."),
        METADATA,
    ],
};

const STATES: &[&str] = &["enabled", "disabled"];
const PAYLOADS: &[&str] = &["thin", "full"];
const PAYLOAD: &str =
    "`thin` events name their object; `full` ones carry it too, in `data`, as the event left it.";
const ASYMMETRIC: &str = "Whether events are signed with a key pair too (`v1a`, Ed25519), so that who checks them could not have made them.";
/// A kind of event, or all.
const WANTED: Kind = Kind::Form(&WANTED_FORM);
static WANTED_FORM: Form = Form {
    word: "event type",
    expected: "a type of event, or `*` for all",
    schema: || {
        let words: Vec<&str> = std::iter::once("*").chain(KINDS.iter().copied()).collect();
        json!({"type": "string", "enum": words})
    },
    holds: |text| text == "*" || KINDS.contains(&text),
};
/// An address that is called. Where it may lead, `egress` knows.
static ADDRESS: Form = Form {
    word: "address",
    expected: "an http or https address",
    schema: || json!({"type": "string", "maxLength": ADDRESS_MOST, "pattern": "^https?://[!-~]+$"}),
    holds: |text| {
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        text.len() <= ADDRESS_MOST
            && rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic()))
    },
};
const ADDRESS_MOST: usize = 500;

pub(super) static NEW_ENDPOINT: Shape = Shape {
    name: "NewWebhookEndpoint",
    says: "What is said of a new endpoint.",
    fields: &[
        Field::required(
            "url",
            Kind::Form(&ADDRESS),
            "Where to: an https address; in a sandbox an address of this machine, also without TLS.",
        ),
        Field::optional("events", Kind::List(&WANTED), "The types to be sent; all unless said otherwise."),
        Field::optional("payload", Kind::Word(PAYLOADS), PAYLOAD),
        Field::optional("asymmetric", Kind::Flag, ASYMMETRIC),
        NEW_METADATA,
    ],
};

pub(super) static CHANGED_ENDPOINT: Shape = Shape {
    name: "ChangedWebhookEndpoint",
    says: "What is to be different about an endpoint; what is not said stays.",
    fields: &[
        Field::optional(
            "url",
            Kind::Form(&ADDRESS),
            "Where to: an https address; in a sandbox an address of this machine, also without TLS.",
        ),
        Field::optional("events", Kind::List(&WANTED), "The types to be sent, in place of those before."),
        Field::optional("payload", Kind::Word(PAYLOADS), PAYLOAD),
        Field::optional("asymmetric", Kind::Flag, ASYMMETRIC),
        Field::optional("status", Kind::Word(STATES), "Whether anything is sent there."),
        CHANGED_METADATA,
    ],
};

pub(super) static SECRET: Shape = Shape {
    name: "WebhookSecret",
    says: "The secret with which an endpoint's events are signed.",
    fields: &[
        Field::required(
            "secret",
            Kind::Text { least: 38, most: 38 },
            "`whsec_` and base64 (Standard Webhooks).",
        ),
        Field::nullable(
            "previous_secret",
            Kind::Text { least: 38, most: 38 },
            "The one before it, while it signs too.",
        ),
        Field::nullable(
            "public_key",
            Kind::Text { least: 49, most: 49 },
            "What `v1a` signatures are checked with: `whpk_` and base64 of 32 bytes; null where there are none.",
        ),
        Field::nullable(
            "previous_public_key",
            Kind::Text { least: 49, most: 49 },
            "The one before it, while it signs too.",
        ),
    ],
};

pub(super) static ROTATION: Shape = Shape {
    name: "SecretRotation",
    says: "How a secret is changed.",
    fields: &[Field::optional(
        "keep_old_for",
        Kind::Whole { least: 0, most: 7 * 86_400 },
        "How many seconds the old secret signs too; a day unless said otherwise.",
    )],
};

pub(super) static REMOVED: Shape = Shape {
    name: "WebhookEndpointRemoved",
    says: "An endpoint that is no more.",
    fields: &[Field::required("id", Kind::Id("whe"), "Which it was.")],
};

pub(super) const LIST: &[Field] = &[LIMIT, AFTER, BEFORE];

/// What every secret begins with.
const PREFIX: &str = "whsec_";
/// What every public key begins with.
const PUBLIC_PREFIX: &str = "whpk_";
/// What a sealed secret is bound to, before the endpoint's name.
const CONTEXT: &str = "webhook endpoint ";
/// How long an old secret signs too unless said otherwise, in seconds.
const KEPT_FOR: i64 = 86_400;

/// An endpoint as the interface shows it.
#[derive(Serialize)]
pub(super) struct View {
    id: String,
    url: String,
    events: Vec<String>,
    payload: &'static str,
    asymmetric: bool,
    status: &'static str,
    previous_secret_until: Option<String>,
    created_at: String,
    metadata: BTreeMap<String, String>,
}

/// An endpoint as the interface shows it.
pub(super) fn view<W: Records>(records: &mut W, endpoint: &Endpoint) -> View {
    View {
        id: endpoint.id.to_string(),
        url: endpoint.url.clone(),
        events: endpoint.kinds.clone(),
        payload: if endpoint.full { "full" } else { "thin" },
        asymmetric: endpoint.asymmetric,
        status: status(endpoint),
        previous_secret_until: endpoint.previous_until.map(time::write),
        created_at: time::write(endpoint.created_at),
        metadata: Metadata::of(records, &endpoint.id.to_string()),
    }
}

fn status(endpoint: &Endpoint) -> &'static str {
    if endpoint.enabled { "enabled" } else { "disabled" }
}

fn own(call: &Call) -> Result<Vec<Endpoint>, Trouble> {
    let mut all = call.api.store().read(|records| records.all::<Endpoint>())?;
    all.retain(|endpoint| endpoint.tenant == *call.tenant());
    Ok(all)
}

fn find(call: &Call) -> Result<Endpoint, Trouble> {
    let id: Id<kinds::WebhookEndpoint> = call.id()?;
    own(call)?.into_iter().find(|endpoint| endpoint.id == id).ok_or_else(Trouble::not_found)
}

pub(super) fn list(call: &Call) -> Result<Reply, Trouble> {
    let member = |endpoint: &Endpoint, name: &str| match name {
        "status" => Some(status(endpoint).to_owned()),
        "created_at" => Some(time::write(endpoint.created_at)),
        _ => None,
    };
    let list = InMemory { all: own(call)?, name: |endpoint| endpoint.id.to_string(), member };
    list.answer(call, call.api.store(), |records, endpoint| view(records, endpoint))
}

pub(super) fn retrieve(call: &Call) -> Result<Reply, Trouble> {
    call.show(One::Endpoint(find(call)?.id))
}

/// The kinds that the body wants, if it says so.
fn wanted(call: &Call) -> Option<Vec<String>> {
    let listed = call.body.get("events")?.as_array()?;
    Some(listed.iter().filter_map(|kind| kind.as_str().map(str::to_owned)).collect())
}

/// Refuses an address that may not be called as things stand.
fn may_call(call: &Call, url: Option<&str>) -> Result<(), Trouble> {
    let egress = call.api.egress();
    match url.is_none_or(|url| egress.may_call(url)) {
        true => Ok(()),
        false => Err(Trouble::of("parameter_invalid", egress.wanted()).at("/url")),
    }
}

pub(super) fn update(call: &Call) -> Result<Reply, Trouble> {
    let id = find(call)?.id;
    may_call(call, call.text("url"))?;
    let change = ChangeEndpoint {
        id,
        url: call.text("url").map(str::to_owned),
        kinds: wanted(call),
        enabled: call.text("status").map(|status| status == "enabled"),
        asymmetric: flag(call, "asymmetric"),
        full: call.text("payload").map(|payload| payload == "full"),
    };
    call.change(One::Endpoint(id), change, 200)
}

pub(super) fn create(call: &Call) -> Result<Reply, Trouble> {
    may_call(call, call.text("url"))?;
    let id: Id<kinds::WebhookEndpoint> = Id::mint(call.now(), crypto::random::bytes());
    let endpoint = Endpoint {
        id,
        tenant: call.tenant().clone(),
        url: call.text("url").unwrap_or_default().to_owned(),
        kinds: wanted(call).unwrap_or_else(|| vec!["*".to_owned()]),
        sealed: fresh_secret(&call.api, id)?,
        previous: None,
        previous_until: None,
        asymmetric: flag(call, "asymmetric").unwrap_or(false),
        turn: 0,
        full: call.text("payload") == Some("full"),
        enabled: true,
        created_at: call.now(),
        set_up_after: teller::last_facts(&call.api)?,
    };
    call.change(One::Endpoint(id), AddEndpoint { endpoint }, 201)
}

fn flag(call: &Call, name: &str) -> Option<bool> {
    call.body.get(name).and_then(serde_json::Value::as_bool)
}

/// The key pairs that sign what is sent to an endpoint at this moment, the newest first. They follow from a key of the
/// platform's, so that nobody who knows the endpoint's secret has them.
pub(super) fn pairs_of(api: &Api, endpoint: &Endpoint, now: Timestamp) -> Vec<SigningKey> {
    let pair = |turn: u32| {
        let of = format!("key pair of webhook endpoint {} {turn}", endpoint.id);
        SigningKey::from_seed(&Secret::new(api.tokens().keys().codes().tag(of.as_bytes())))
    };
    endpoint.turns(now).map(pair).collect()
}

/// A new signing secret, sealed for this endpoint.
fn fresh_secret(api: &Api, id: Id<kinds::WebhookEndpoint>) -> Result<Vec<u8>, Trouble> {
    let secret = crypto::random::bytes::<24>();
    let context = format!("{CONTEXT}{id}");
    let nonce = Secret::new(crypto::random::bytes());
    let sealed = seal(api.tokens().keys().vault(), &secret, context.as_bytes(), &nonce);
    Ok(sealed.map_err(|_| Trouble::internal())?.as_bytes().to_vec())
}

/// The secrets that sign what is sent to an endpoint at this moment, the newest first.
pub(super) fn secrets_of(api: &Api, endpoint: &Endpoint, now: Timestamp) -> Option<Vec<SecretBytes>> {
    let context = format!("{CONTEXT}{}", endpoint.id);
    let opened = endpoint.signing(now).map(|sealed| {
        let sealed = Envelope::from_bytes(sealed).ok()?;
        open(api.tokens().keys().vault(), &sealed, context.as_bytes()).ok()
    });
    opened.collect()
}

#[derive(Serialize)]
struct SecretView {
    secret: String,
    previous_secret: Option<String>,
    public_key: Option<String>,
    previous_public_key: Option<String>,
}

/// The one answer with a secret. It is a question, so it is not remembered.
pub(super) fn secret(call: &Call) -> Result<Reply, Trouble> {
    let endpoint = find(call)?;
    let secrets = secrets_of(&call.api, &endpoint, call.now()).ok_or_else(Trouble::internal)?;
    let pairs = pairs_of(&call.api, &endpoint, call.now());
    let mut keys =
        pairs.iter().map(|pair| format!("{PUBLIC_PREFIX}{}", STANDARD.encode(pair.public().to_bytes())));
    let mut shown = secrets.iter().map(|secret| format!("{PREFIX}{}", STANDARD.encode(secret.expose())));
    let secret = shown.next().ok_or_else(Trouble::internal)?;
    let (previous_secret, public_key) = (shown.next(), keys.next());
    Ok(Reply::ok(&SecretView { secret, previous_secret, public_key, previous_public_key: keys.next() }))
}

pub(super) fn rotate(call: &Call) -> Result<Reply, Trouble> {
    let id = find(call)?.id;
    let seconds = call.whole("keep_old_for").unwrap_or(KEPT_FOR).unsigned_abs();
    let sealed = fresh_secret(&call.api, id)?;
    let rotate = RotateSecret { id, sealed, keep_old_for: Duration::from_secs(seconds) };
    call.change(One::Endpoint(id), rotate, 200)
}

pub(super) fn enable(call: &Call) -> Result<Reply, Trouble> {
    let id = find(call)?.id;
    call.change(One::Endpoint(id), EnableEndpoint { id }, 200)
}

pub(super) fn remove(call: &Call) -> Result<Reply, Trouble> {
    // A repeat finds it gone and is answered from memory all the same.
    let id: Id<kinds::WebhookEndpoint> = call.id()?;
    if own(call)?.iter().all(|endpoint| endpoint.id != id) && !call.was_answered(call.api.store())? {
        return Err(Trouble::not_found());
    }
    call.change(One::Endpoint(id), RemoveEndpoint { id }, 200)
}
