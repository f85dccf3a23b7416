//! A bank's desk for disputes of payments with its cards: what customers claim, and the bank's answer.

use super::{Sent, no, unavailable, unreadable};
use crate::hosts::issuer::Issuer;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sandbox::Digest;
use sandbox::issuer::{Authorisation, CardDispute, EndDispute, Ending, NoDispute};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Outcome as Done;
use values::Records;

/// `POST /admin/disputes`: the bank's answer.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisputeEnd {
    /// The payment, as the list names it.
    pub payment: Digest,
    /// `uphold` or `reject`.
    pub ending: Ending,
}

fn shown(dispute: &CardDispute, payment: Option<&Authorisation>) -> Value {
    json!({
        "payment": dispute.payment, "claim": dispute.claim, "state": dispute.state,
        "amount": dispute.amount, "credited": dispute.credited, "currency": dispute.currency.alpha(),
        "raised_at": dispute.raised_at.to_string(), "due_at": dispute.due_at.to_string(),
        "ended_at": dispute.ended_at.map(|at| at.to_string()),
        "token_last_four": dispute.token.last_four().to_string(),
        "merchant": payment.map(|payment| &payment.merchant),
        "reference": payment.map(|payment| &payment.reference),
        "paid": payment.map(|payment| payment.posted), "given_back": payment.map(|payment| payment.given_back),
    })
}

/// All disputes, the newest first.
pub(super) async fn list(State(issuer): State<Issuer>) -> Response {
    let store = issuer.store().clone();
    let look = move || {
        store.read(|records| {
            let mut disputes = records.all::<CardDispute>();
            disputes.sort_by_key(|dispute| std::cmp::Reverse((dispute.raised_at, dispute.payment)));
            let row = |dispute: &CardDispute| {
                let payment = records.find::<Authorisation>(&dispute.payment);
                shown(dispute, payment.as_ref())
            };
            disputes.iter().map(row).collect::<Vec<_>>()
        })
    };
    match tokio::task::spawn_blocking(look).await {
        Ok(Ok(rows)) => Json(rows).into_response(),
        _ => unavailable(),
    }
}

/// The bank's people end one.
pub(super) async fn end(State(issuer): State<Issuer>, sent: Sent<DisputeEnd>) -> Response {
    let DisputeEnd { payment, ending } = match sent {
        Ok(Json(wish)) => wish,
        Err(rejection) => return unreadable(&rejection),
    };
    if ending == Ending::Withdraw {
        return no(StatusCode::BAD_REQUEST, "request_invalid", "/ending: a customer withdraws, at the phone");
    }
    match issuer.store().call_async(EndDispute { payment, token: None, ending }).await {
        Ok(Done::Done(Ok(dispute)) | Done::Repeated(Ok(dispute))) => {
            Json(shown(&dispute, None)).into_response()
        }
        Ok(Done::Done(Err(refusal)) | Done::Repeated(Err(refusal))) => refused(refusal),
        Ok(_) | Err(_) => unavailable(),
    }
}

fn refused(refusal: NoDispute) -> Response {
    match refusal {
        NoDispute::Over => no(StatusCode::CONFLICT, refusal.code(), "This dispute has ended."),
        _ => no(StatusCode::NOT_FOUND, refusal.code(), "Nobody has disputed this payment."),
    }
}
