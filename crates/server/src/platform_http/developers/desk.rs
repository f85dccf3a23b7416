//! The platform's desk: where its people make keys, unless operators do that by two. It listens on this machine alone; see
//! `city::desk`.

use super::{Api, VERSION, time};
use crate::platform_http::problem::Trouble;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use developers::{ApiKey, KeyText, RevokeKey, Scope, Tenant};
use serde::{Deserialize, Serialize};
use store::Outcome;
use values::Id;

/// `POST /admin/keys`: a new key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyWish {
    /// Whose data it opens: `platform`, `issuer:` with a short name, or a merchant's id.
    pub tenant: String,
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for; everything its tenant may do if absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

/// `POST /admin/keys/revoke`: a key that is to open nothing any more.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// The key's identifier.
    pub id: String,
}

/// A key as it is listed.
#[derive(Clone, Serialize, Deserialize)]
pub struct KeyShown {
    /// Its identifier.
    pub id: String,
    /// Whose data it opens.
    pub tenant: String,
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// The version it speaks.
    pub version: String,
    /// How it ends.
    pub ends_with: String,
    /// When it was made.
    pub created_at: String,
    /// Since when it opens nothing.
    pub revoked_at: Option<String>,
    /// The key itself: only in the answer to its making.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

fn shown(key: &ApiKey) -> KeyShown {
    KeyShown {
        id: key.id.to_string(),
        tenant: key.tenant.to_string(),
        name: key.name.clone(),
        scopes: key.scopes.iter().map(|scope| scope.name().to_owned()).collect(),
        version: key.version.clone(),
        ends_with: key.ends_with.clone(),
        created_at: time::write(key.created_at),
        revoked_at: key.revoked_at.map(time::write),
        secret: None,
    }
}

/// The desk's routes.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/admin/keys", get(list).post(add))
        .route("/admin/keys/revoke", post(revoke))
        .route("/admin/requests", get(requests))
        .route("/metrics", get(crate::platform_http::health::metrics))
        .with_state(api)
}

/// Which lines of the log are asked for.
#[derive(Deserialize)]
struct After {
    /// Those after this number; from now on without it.
    after: Option<u64>,
}

/// A piece of the log of requests.
#[derive(Serialize)]
struct Logged {
    /// The number after which to ask next.
    last: u64,
    lines: Vec<crate::platform_http::requests::Line>,
}

/// The most lines of an answer.
const LINES_MOST: usize = 500;

async fn requests(State(api): State<Api>, Query(wish): Query<After>) -> Response {
    let log = api.requests();
    let Some(after) = wish.after else {
        return Json(Logged { last: log.last(), lines: Vec::new() }).into_response();
    };
    let lines = log.after(after, LINES_MOST);
    let last = lines.last().map_or(after, crate::platform_http::requests::Line::number);
    Json(Logged { last, lines }).into_response()
}

async fn list(State(api): State<Api>) -> Response {
    let keys = api.0.keys.read().expect("no holder of this lock panics");
    let mut keys: Vec<&ApiKey> = keys.values().map(AsRef::as_ref).collect();
    keys.sort_by_key(|key| key.id);
    let shown: Vec<KeyShown> = keys.into_iter().map(shown).collect();
    Json(shown).into_response()
}

/// What was sent as JSON, so that no page of another site can have sent it unasked.
async fn read<T: serde::de::DeserializeOwned>(request: Request) -> Result<T, Trouble> {
    let read = <Json<T> as axum::extract::FromRequest<()>>::from_request(request, &()).await;
    let unreadable = "The body is not the JSON this desk asks for.";
    read.map(|Json(wish)| wish).map_err(|_| Trouble::of("request_invalid", unreadable))
}

async fn add(State(api): State<Api>, request: Request) -> Result<Response, Trouble> {
    let wish: KeyWish = read(request).await?;
    api.not_by_one("/subject?kind=key&name=new")?;
    let tenant: Tenant = wish.tenant.parse().map_err(|_| Trouble::invalid("/tenant"))?;
    let allowed = Scope::of(&tenant);
    let scopes = match wish.scopes.is_empty() {
        true => allowed,
        false => {
            let named =
                wish.scopes.iter().map(|name| Scope::parse(name).filter(|scope| allowed.contains(scope)));
            named.collect::<Option<_>>().ok_or_else(|| Trouble::invalid("/scopes"))?
        }
    };
    if !(1..=60).contains(&wish.name.chars().count()) || wish.name.chars().any(char::is_control) {
        return Err(Trouble::invalid("/name"));
    }
    let text = KeyText::mint(&crypto::random::bytes());
    let key = key_of(&text, &wish.name, tenant, scopes, api.store().clock().now());
    let kept =
        tokio::task::spawn_blocking(move || api.add_key(key)).await.map_err(|_| Trouble::internal())??;
    let secret = Some(text.expose().to_owned());
    Ok(Json(KeyShown { secret, ..shown(&kept) }).into_response())
}

/// A key of this text as it is kept.
pub(crate) fn key_of(
    text: &KeyText,
    name: &str,
    tenant: Tenant,
    scopes: Vec<Scope>,
    now: values::Timestamp,
) -> ApiKey {
    ApiKey {
        digest: text.digest(),
        id: Id::mint(now, crypto::random::bytes()),
        tenant,
        scopes,
        version: VERSION.to_owned(),
        name: name.to_owned(),
        ends_with: text.ends_with(),
        created_at: now,
        revoked_at: None,
    }
}

async fn revoke(State(api): State<Api>, request: Request) -> Result<Response, Trouble> {
    let wish: Revocation = read(request).await?;
    api.not_by_one("/keys")?;
    let found = {
        let keys = api.0.keys.read().expect("no holder of this lock panics");
        keys.values().find(|key| key.id.to_string() == wish.id).map(|key| key.digest.clone())
    };
    let digest = found.ok_or_else(Trouble::not_found)?;
    let revoked = tokio::task::spawn_blocking(move || {
        let outcome = api.store().call(RevokeKey { digest })?;
        match outcome {
            Outcome::Done(key) => {
                api.keep(key.clone());
                Ok(key)
            }
            _ => Err(Trouble::not_found()),
        }
    });
    let key = revoked.await.map_err(|_| Trouble::internal())??;
    Ok(Json(shown(&key)).into_response())
}
