//! Webhook endpoints: set up by callers, called by the `postman`.

use super::call::{Call, Reply, rendered};
use super::events::KINDS;
use super::paging::{AFTER, BEFORE, LIMIT};
use super::shape::{Field, Kind, Shape};
use super::{Api, time};
use crate::platform_http::problem::Trouble;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto::vault::{Envelope, open, seal};
use developers::Endpoint;
use developers::webhook::{AddEndpoint, EnableEndpoint, RemoveEndpoint, RotateSecret};
use serde::Serialize;
use std::time::Duration;
use values::{Id, Secret, SecretBytes, Timestamp, id::kinds};

pub(super) static ENDPOINT: Shape = Shape {
    name: "WebhookEndpoint",
    says: "An address to which events are sent.",
    fields: &[
        Field::required("id", Kind::Id("whe"), "Its identifier."),
        Field::required("url", Kind::Text { least: 1, most: 500 }, "The address."),
        Field::required(
            "events",
            Kind::List(&Kind::Text { least: 1, most: 60 }),
            "The types that are sent; `*` is all.",
        ),
        Field::required("status", Kind::Word(&["enabled", "disabled"]), "One that answers 410 is disabled."),
        Field::nullable(
            "previous_secret_until",
            Kind::Time,
            "Until when the secret before the present one signs too.",
        ),
        Field::required("created_at", Kind::Time, "When it was set up."),
    ],
};

pub(super) static NEW_ENDPOINT: Shape = Shape {
    name: "NewWebhookEndpoint",
    says: "What is said of a new endpoint.",
    fields: &[
        Field::required(
            "url",
            Kind::Text { least: 1, most: 500 },
            "Where to: an https address; in a sandbox an address of this machine, also without TLS.",
        ),
        Field::optional(
            "events",
            Kind::List(&Kind::Text { least: 1, most: 60 }),
            "The types to be sent; all unless said otherwise.",
        ),
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
/// What a sealed secret is bound to, before the endpoint's name.
const CONTEXT: &str = "webhook endpoint ";
/// How long an old secret signs too unless said otherwise, in seconds.
const KEPT_FOR: i64 = 86_400;

#[derive(Serialize)]
struct View {
    id: String,
    url: String,
    events: Vec<String>,
    status: &'static str,
    previous_secret_until: Option<String>,
    created_at: String,
}

fn view(endpoint: &Endpoint) -> View {
    View {
        id: endpoint.id.to_string(),
        url: endpoint.url.clone(),
        events: endpoint.kinds.clone(),
        status: if endpoint.enabled { "enabled" } else { "disabled" },
        previous_secret_until: endpoint.previous_until.map(time::write),
        created_at: time::write(endpoint.created_at),
    }
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
    let window = call.window()?;
    let all = own(call)?;
    let names = window.choose(all.iter().map(|endpoint| endpoint.id.to_string()).collect());
    let found = names.into_iter().filter_map(|name| {
        let endpoint = all.iter().find(|endpoint| endpoint.id.to_string() == name)?;
        Some((name, view(endpoint)))
    });
    Ok(window.page(call, found.collect()))
}

pub(super) fn retrieve(call: &Call) -> Result<Reply, Trouble> {
    Ok(Reply::ok(&view(&find(call)?)))
}

pub(super) fn create(call: &Call) -> Result<Reply, Trouble> {
    let url = call.text("url").unwrap_or_default();
    let invalid = |detail: &str, place: &str| Trouble::of("parameter_invalid", detail).at(place);
    let egress = call.api.egress();
    if !egress.may_call(url) {
        return Err(invalid(egress.wanted(), "/url"));
    }
    let mut wanted = vec!["*".to_owned()];
    if let Some(listed) = call.body.get("events").and_then(serde_json::Value::as_array) {
        wanted = listed.iter().filter_map(|kind| kind.as_str().map(str::to_owned)).collect();
        let unknown = wanted.iter().position(|kind| kind != "*" && !KINDS.contains(&kind.as_str()));
        if let Some(place) = unknown {
            return Err(invalid("There are no such events.", &format!("/events/{place}")));
        }
    }
    let id: Id<kinds::WebhookEndpoint> = Id::mint(call.now(), crypto::random::bytes());
    let endpoint = Endpoint {
        id,
        tenant: call.tenant().clone(),
        url: url.to_owned(),
        kinds: wanted,
        sealed: fresh_secret(&call.api, id)?,
        previous: None,
        previous_until: None,
        enabled: true,
        created_at: call.now(),
    };
    let shown = rendered(201, &view(&endpoint));
    call.once(call.api.store(), AddEndpoint { endpoint }, move |()| shown.clone())
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
}

/// The one answer with a secret. It is a question, so it is not remembered.
pub(super) fn secret(call: &Call) -> Result<Reply, Trouble> {
    let secrets = secrets_of(&call.api, &find(call)?, call.now()).ok_or_else(Trouble::internal)?;
    let mut shown = secrets.iter().map(|secret| format!("{PREFIX}{}", STANDARD.encode(secret.expose())));
    let secret = shown.next().ok_or_else(Trouble::internal)?;
    Ok(Reply::ok(&SecretView { secret, previous_secret: shown.next() }))
}

pub(super) fn rotate(call: &Call) -> Result<Reply, Trouble> {
    let id = find(call)?.id;
    let seconds = call.whole("keep_old_for").unwrap_or(KEPT_FOR).unsigned_abs();
    let sealed = fresh_secret(&call.api, id)?;
    let rotate = RotateSecret { id, sealed, keep_old_for: Duration::from_secs(seconds) };
    call.once(call.api.store(), rotate, |endpoint| rendered(200, &view(endpoint)))
}

pub(super) fn enable(call: &Call) -> Result<Reply, Trouble> {
    let id = find(call)?.id;
    call.once(call.api.store(), EnableEndpoint { id }, |endpoint| rendered(200, &view(endpoint)))
}

#[derive(Serialize)]
struct Removed {
    id: String,
}

pub(super) fn remove(call: &Call) -> Result<Reply, Trouble> {
    // A repeat finds it gone and is answered from memory all the same.
    let id: Id<kinds::WebhookEndpoint> = call.id()?;
    if own(call)?.iter().all(|endpoint| endpoint.id != id) && !call.was_answered(call.api.store())? {
        return Err(Trouble::not_found());
    }
    let gone = rendered(200, &Removed { id: id.to_string() });
    call.once(call.api.store(), RemoveEndpoint { id }, move |()| gone.clone())
}
