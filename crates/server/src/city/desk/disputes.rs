//! The desks at which banks and the network work on disputes of account payments.

use super::{Sent, no, not_here, of_this_machine, unavailable, unreadable};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use sandbox::upi::bank::disputes::{ActOnDispute, DeskRefusal};
use sandbox::upi::bank::{Bank, UpiDisputeAct};
use sandbox::upi::switch::disputes::{AskAgain, Rule, RuleRefusal};
use sandbox::upi::switch::{Switch, UpiDispute};
use serde::{Deserialize, Serialize};
use store::{Outcome, Store, StoreError};
use upi::disputes::{Act, Side};
use values::Records;

/// How many disputes are listed at most.
const LISTED: u32 = 200;

/// `POST /admin/disputes`: what the people of a bank do in a dispute.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankAct {
    /// The payment.
    pub payment: String,
    /// For which side: `payer` or `payee`.
    pub side: Side,
    /// `accept`, `defend`, `escalate` or `withdraw`.
    pub act: Act,
    /// The network's code of the reason; may be empty.
    #[serde(default)]
    pub code: String,
}

/// `POST /admin/disputes/verdict`: what the network decides.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// The payment.
    pub payment: String,
    /// For the payer, or else for the payee.
    pub for_payer: bool,
}

/// `POST /admin/disputes/again`: the bank is asked once more that does not do its part.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Again {
    /// The payment.
    pub payment: String,
}

/// The desk of a bank of account payment: disputes of its customers.
pub fn upi_bank(bank: Bank, store: Store) -> Router {
    Router::new()
        .route("/admin/disputes", get(cases).post(act))
        .route("/admin/disputes/acts/{message}", get(outcome))
        .fallback(not_here)
        .method_not_allowed_fallback(not_here)
        .layer(middleware::from_fn(of_this_machine))
        .with_state((bank, store))
}

/// The desk of the network of account payment: all disputes, verdicts, and banks that do not do their part.
pub fn upi_switch(switch: Switch, store: Store) -> Router {
    Router::new()
        .route("/admin/disputes", get(all))
        .route("/admin/disputes/verdict", post(rule))
        .route("/admin/disputes/again", post(again))
        .fallback(not_here)
        .method_not_allowed_fallback(not_here)
        .layer(middleware::from_fn(of_this_machine))
        .with_state((switch, store))
}

/// Work with records, away from the threads that answer.
async fn away<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

async fn cases(State((_, store)): State<(Bank, Store)>) -> Response {
    match away(move || store::rooms::upi::dispute_cases(&store, LISTED)).await {
        Some(Ok(cases)) => Json(cases).into_response(),
        _ => unavailable(),
    }
}

async fn all(State((_, store)): State<(Switch, Store)>) -> Response {
    match away(move || store::rooms::upi::disputes(&store, LISTED)).await {
        Some(Ok(disputes)) => Json(disputes).into_response(),
        _ => unavailable(),
    }
}

async fn act(State((bank, store)): State<(Bank, Store)>, sent: Sent<BankAct>) -> Response {
    let BankAct { payment, side, act, code } = match sent {
        Ok(Json(wish)) => wish,
        Err(rejection) => return unreadable(&rejection),
    };
    let entropy = crypto::random::bytes();
    let wish = ActOnDispute { bank, payment, side, act, code, entropy };
    match away(move || store.call(wish)).await {
        Some(Ok(Outcome::Done(act) | Outcome::Repeated(act))) => Json(act).into_response(),
        Some(Ok(Outcome::Refused(refusal))) => {
            let (status, code) = match refusal {
                DeskRefusal::NotFound => (StatusCode::NOT_FOUND, "not_found"),
                DeskRefusal::CodeInvalid => (StatusCode::UNPROCESSABLE_ENTITY, "code_invalid"),
                DeskRefusal::Illegal(_) => (StatusCode::CONFLICT, "dispute_not_now"),
            };
            no(status, code, &format!("{refusal}."))
        }
        _ => unavailable(),
    }
}

/// How something came out that was said to the network.
async fn outcome(State((_, store)): State<(Bank, Store)>, Path(message): Path<String>) -> Response {
    let look = move || store.read(move |records| records.find::<UpiDisputeAct>(&message));
    match away(look).await {
        Some(Ok(Some(act))) => Json(act).into_response(),
        Some(Ok(None)) => not_here().await,
        _ => unavailable(),
    }
}

async fn rule(State((switch, store)): State<(Switch, Store)>, sent: Sent<Verdict>) -> Response {
    let Verdict { payment, for_payer } = match sent {
        Ok(Json(verdict)) => verdict,
        Err(rejection) => return unreadable(&rejection),
    };
    let rule = Rule { switch, payment, for_payer, entropy: crypto::random::bytes() };
    told(away(move || store.call(rule)).await)
}

async fn again(State((switch, store)): State<(Switch, Store)>, sent: Sent<Again>) -> Response {
    let Again { payment } = match sent {
        Ok(Json(again)) => again,
        Err(rejection) => return unreadable(&rejection),
    };
    let again = AskAgain { switch, payment, entropy: crypto::random::bytes() };
    told(away(move || store.call(again)).await)
}

/// The dispute as it stands after the network's people did something, or why they may not.
fn told(done: Option<Result<Outcome<UpiDispute, RuleRefusal>, StoreError>>) -> Response {
    match done {
        Some(Ok(Outcome::Done(dispute) | Outcome::Repeated(dispute))) => Json(dispute).into_response(),
        Some(Ok(Outcome::Refused(refusal))) => {
            let (status, code) = match refusal {
                RuleRefusal::NotFound => (StatusCode::NOT_FOUND, "not_found"),
                RuleRefusal::Illegal(_) => (StatusCode::CONFLICT, "dispute_not_now"),
            };
            no(status, code, &format!("{refusal}."))
        }
        _ => unavailable(),
    }
}
