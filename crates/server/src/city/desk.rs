//! Desks: where the people of a sandbox party read and change what is theirs while the city runs, over HTTP on this
//! machine alone.
//!
//! They stand in for a bank's and a network's back office. There is no login: whoever may use this machine is the
//! clerk. A web page open on it is not, so a request must be addressed to this machine by its own name and carry
//! JSON, which another site's page cannot send unasked.

pub mod card_disputes;
pub mod disputes;

use super::settlement::SettlementDesk;
use crate::hosts::issuer::{Issuer, NotReplaced};
use crate::platform_http::developers::{self, Api};
use axum::extract::rejection::JsonRejection;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use sandbox::Digest;
use sandbox::issuer::card::{BankCard, CardRefusal, CardState, SetCardState, TokenLink};
use sandbox::issuer::rules::{self, Condition, Outcome, RiskRule, SetRule};
use sandbox::issuer::standing::{self, ListedToken, TokenStanding};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use store::Outcome as Done;
use values::{Expiry, Pan};

/// `POST /admin/cards`: a card's new state.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardChange {
    /// The card's number. The answer does not repeat it.
    pub number: String,
    /// Its new state.
    pub state: CardState,
}

/// `POST /admin/cards/replace`: new plastic for an account.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlasticWish {
    /// The number of the card to be replaced. The answer does not repeat it.
    pub number: String,
    /// Last month of the new one, `YYMM`; five years from now without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry: Option<String>,
}

/// `POST /admin/rules`: what changes of a rule; what is absent stays.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleChange {
    /// Which rule.
    pub condition: Condition,
    /// Whether it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The count from which it fires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<u32>,
    /// What follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// The desk of a bank: its cards, disputes of what they paid, and its risk rules.
pub fn bank(issuer: Issuer) -> Router {
    Router::new()
        .route("/admin/cards", get(list_cards).post(change_card))
        .route("/admin/cards/replace", post(replace_card))
        .route("/admin/disputes", get(card_disputes::list).post(card_disputes::end))
        .route("/admin/rules", get(read_rules).post(change_rule))
        .fallback(not_here)
        .method_not_allowed_fallback(not_here)
        .layer(middleware::from_fn(of_this_machine))
        .with_state(issuer)
}

/// The desk of the platform: the keys of its developers' interface.
pub(super) fn platform(api: Api) -> Router {
    developers::desk::router(api)
        .fallback(not_here)
        .method_not_allowed_fallback(not_here)
        .layer(middleware::from_fn(of_this_machine))
}

/// The desk of the network: the settlement day.
pub(super) fn network(desk: SettlementDesk) -> Router {
    Router::new()
        .route("/admin/cutover", post(cut_over))
        .fallback(not_here)
        .method_not_allowed_fallback(not_here)
        .layer(middleware::from_fn(of_this_machine))
        .with_state(desk)
}

/// A page whose name was bound to this machine's address (DNS rebinding) still calls it by the page's name.
async fn of_this_machine(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if matches!(name, "127.0.0.1" | "localhost" | "[::1]") {
        next.run(request).await
    } else {
        no(StatusCode::FORBIDDEN, "not_this_machine", "The desk is called by this machine's own address.")
    }
}

/// A problem document like the platform's.
fn no(status: StatusCode, code: &str, detail: &str) -> Response {
    let body = json!({
        "type": format!("urn:paiza:problem:{code}"), "title": "Not done", "status": status.as_u16(),
        "detail": detail, "code": code, "retryable": status.is_server_error(),
    });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}

/// Whoever asks a bank to cut over, or the network for its cards, is at the wrong desk.
async fn not_here() -> Response {
    no(StatusCode::NOT_FOUND, "not_found", "This desk does no such work; perhaps another one does.")
}

/// What was sent, or a problem document that says what is wrong with it.
type Sent<T> = Result<Json<T>, JsonRejection>;

/// The body cannot be read. It may hold a card number, so it is not quoted.
fn unreadable(rejection: &JsonRejection) -> Response {
    no(rejection.status(), "request_invalid", "The body is not the JSON this desk asks for.")
}

fn unavailable() -> Response {
    no(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The records are not available now.")
}

async fn change_card(State(issuer): State<Issuer>, sent: Sent<CardChange>) -> Response {
    let wish = match sent {
        Ok(Json(wish)) => wish,
        Err(rejection) => return unreadable(&rejection),
    };
    let Ok(pan) = Pan::parse(wish.number.as_bytes()) else {
        return no(StatusCode::BAD_REQUEST, "request_invalid", "/number is not a card number");
    };
    let card = Digest(issuer.keys().card_key(&pan));
    match issuer.store().call_async(SetCardState { card, state: wish.state }).await {
        Ok(Done::Done(CardState::Closed)) if wish.state != CardState::Closed => {
            no(StatusCode::CONFLICT, "card_closed", "A closed card stays closed.")
        }
        Ok(Done::Done(CardState::Replaced)) => {
            no(StatusCode::CONFLICT, "card_replaced", "Another plastic took the place of this card for good.")
        }
        Ok(Done::Done(before) | Done::Repeated(before)) => {
            Json(json!({"before": before, "state": wish.state})).into_response()
        }
        Ok(Done::Refused(refusal)) => refused(refusal),
        Ok(Done::Mismatch) | Err(_) => unavailable(),
    }
}

fn refused(refusal: CardRefusal) -> Response {
    match refusal {
        CardRefusal::Unknown => no(StatusCode::NOT_FOUND, "card_unknown", "This bank has no such card."),
        CardRefusal::Closed => no(StatusCode::CONFLICT, "card_closed", "A closed card gets no new plastic."),
        CardRefusal::NeedsPlastic => {
            no(StatusCode::BAD_REQUEST, "request_invalid", "A card is replaced by asking for new plastic.")
        }
        CardRefusal::NumbersTaken => {
            no(StatusCode::SERVICE_UNAVAILABLE, "numbers_taken", "Please try again.")
        }
    }
}

/// What is printed on the new plastic is answered here, to the bank's clerk, and stands nowhere else in clear.
async fn replace_card(State(issuer): State<Issuer>, sent: Sent<PlasticWish>) -> Response {
    let wish = match sent {
        Ok(Json(wish)) => wish,
        Err(rejection) => return unreadable(&rejection),
    };
    let Ok(pan) = Pan::parse(wish.number.as_bytes()) else {
        return no(StatusCode::BAD_REQUEST, "request_invalid", "/number is not a card number");
    };
    let expiry = wish.expiry.as_ref().map(|yymm| Expiry::from_yymm(yymm.as_bytes())).transpose();
    let Ok(expiry) = expiry else {
        return no(StatusCode::BAD_REQUEST, "request_invalid", "/expiry is not YYMM");
    };
    let bank = issuer.clone();
    let made = match tokio::task::spawn_blocking(move || bank.replace(&pan, expiry)).await {
        Ok(Ok(made)) => made,
        Ok(Err(NotReplaced::Refused(refusal))) => return refused(refusal),
        Ok(Err(NotReplaced::Expired)) => {
            return no(StatusCode::BAD_REQUEST, "request_invalid", "/expiry is past");
        }
        Ok(Err(NotReplaced::Store(_))) | Err(_) => return unavailable(),
    };
    let Some(number) = made.number(issuer.keys()) else { return unavailable() };
    let text = |secret: &[u8]| String::from_utf8_lossy(secret).into_owned();
    Json(json!({
        "number": text(number.expose()), "expiry": made.expiry.to_yymm(),
        "cvv2": text(issuer.keys().cvv2(&number, made.expiry).expose()), "sequence": made.sequence,
        "last_four": made.last_four.to_string(), "at": made.at.to_string(),
    }))
    .into_response()
}

/// The bank's cards, each with the tokens that stand in for it. Numbers are shown by their ends alone.
async fn list_cards(State(issuer): State<Issuer>) -> Response {
    let store = issuer.store().clone();
    let look = move || {
        store.read(|records| {
            let mut cards = records.all::<BankCard>();
            // Plastics of one account beside one another, accounts by the end of the first one's number.
            let ends: HashMap<_, _> = cards.iter().map(|card| (card.key, card.last_four)).collect();
            cards.sort_by_key(|card| (card.prefix, ends.get(&card.account).copied(), card.sequence));
            let (links, standings) = (records.all::<TokenLink>(), records.all::<TokenStanding>());
            let tokens = standing::tokens_of(records, &cards, links, standings);
            cards.into_iter().zip(tokens).collect::<Vec<_>>()
        })
    };
    let Ok(Ok(found)) = tokio::task::spawn_blocking(look).await else { return unavailable() };
    let token = |one: &ListedToken| {
        let standing = one.standing.as_ref();
        // Nothing was said of it since it was made: it is as it was made.
        let state = standing.map_or(json!("active"), |standing| json!(standing.condition));
        json!({
            "last_four": one.token.last_four().to_string(), "state": state,
            "changed_by": standing.map(|standing| &standing.changed_by),
            "at": standing.map(|standing| standing.at.to_string()),
            "account_reference": standing.map(|standing| &standing.account_reference),
            "stopped_here": one.link.as_ref().is_some_and(|link| link.stopped),
            "on_a_phone": one.link.is_some(),
        })
    };
    let row = |(card, tokens): &(BankCard, Vec<ListedToken>)| {
        json!({
            "last_four": card.last_four.to_string(), "product": card.product, "expiry": card.expiry.to_yymm(),
            "state": card.state, "sequence": card.sequence,
            "tokens": tokens.iter().map(token).collect::<Vec<_>>(),
        })
    };
    Json(found.iter().map(row).collect::<Vec<_>>()).into_response()
}

async fn in_force(issuer: &Issuer) -> Option<Vec<RiskRule>> {
    let store = issuer.store().clone();
    tokio::task::spawn_blocking(move || store.read(|records| rules::rules(records))).await.ok()?.ok()
}

async fn read_rules(State(issuer): State<Issuer>) -> Response {
    in_force(&issuer).await.map_or_else(unavailable, |rules| Json(rules).into_response())
}

async fn change_rule(State(issuer): State<Issuer>, sent: Sent<RuleChange>) -> Response {
    let wish = match sent {
        Ok(Json(wish)) => wish,
        // Nothing in a rule is secret, and the text names the conditions and outcomes there are.
        Err(rejection) => return no(rejection.status(), "request_invalid", &rejection.body_text()),
    };
    let Some(rules) = in_force(&issuer).await else { return unavailable() };
    let rule = rules.into_iter().find(|rule| rule.condition == wish.condition);
    let rule = rule.expect("every condition has a rule, which a test checks");
    let changed = RiskRule {
        condition: rule.condition,
        enabled: wish.enabled.unwrap_or(rule.enabled),
        threshold: wish.threshold.unwrap_or(rule.threshold),
        outcome: wish.outcome.unwrap_or(rule.outcome),
    };
    match issuer.store().call_async(SetRule(changed.clone())).await {
        Ok(Done::Done(before) | Done::Repeated(before)) => {
            Json(json!({"before": before, "now": changed})).into_response()
        }
        Ok(_) | Err(_) => unavailable(),
    }
}

/// Nothing to say, but said as JSON: see the module's first lines.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

async fn cut_over(State(desk): State<SettlementDesk>, Json(Nothing {}): Json<Nothing>) -> Response {
    let settled = tokio::task::spawn_blocking(move || desk.cut_over()).await;
    let settled = match settled {
        Ok(Ok(settled)) => settled,
        Ok(Err(error)) => return no(StatusCode::CONFLICT, "not_settled", &error.to_string()),
        Err(_) => return unavailable(),
    };
    let row = |of: &super::SettledInstitution| {
        json!({
            "code": of.code, "name": of.name, "date": of.date, "net": of.net.to_decimal(),
            "currency": of.net.currency().alpha(), "side": of.side.word(), "path": of.path,
            "differences": of.differences.iter().map(|found| json!({
                "message": found.message.to_string(), "file": found.file, "own": found.own,
            })).collect::<Vec<_>>(),
        })
    };
    Json(settled.iter().map(row).collect::<Vec<_>>()).into_response()
}
