//! Paying by code: showing one, or scanning a shop's. How it ends is shown where the ends of taps are shown.

use super::first_run::sentence;
use super::passkey::PAY;
use super::tapping::{Ask, ask};
use super::visit::{Asked, Reply, Visit};
use super::{held, view};
use crate::phone::{CodeError, PhoneError, Scanned};
use crate::picture;
use crate::screens::phone::{self as screens, ByCodeView, PayCodeView};
use ::wallet::unlock::Verified;
use axum::body::Bytes;
use axum::extract::Form;
use axum::extract::Multipart;
use axum::extract::multipart::MultipartRejection;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use std::sync::Arc;
use values::Money;

/// Reasons that have a sentence of their own; the others share one.
const REASONS: [&str; 13] = [
    "code_none",
    "code_checksum",
    "code_of_another_network",
    "code_asks_for_more",
    "code_letters",
    "code_name_differs",
    "code_currency",
    "code_amount",
    "bill_over",
    "bill_unknown",
    "bill_amount",
    "wrong_currency",
    "merchant_inactive",
];

/// The sentence for a code that is not paid.
fn why(visit: &Visit, reason: &str) -> String {
    let known = REASONS.iter().find(|known| **known == reason);
    let name =
        known.map_or_else(|| "scan-broken".to_owned(), |known| format!("scan-{}", known.replace('_', "-")));
    visit.page.language.say(&name)
}

/// The page with both ways.
pub(super) async fn page(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            let cards = view::cards(&visit.phone)?;
            if cards.is_empty() {
                return Reply::to(if visit.account_at_home().is_some() { "/upi/pay#scan" } else { "/" });
            }
            Reply::page(screens::by_code(&visit.page, &ByCodeView { trouble: None }))
        })
        .await
}

#[derive(Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    passcode: String,
    #[serde(default)]
    card: String,
    #[serde(default)]
    proof: String,
}

/// The customer's verification for this one payment; the error is the page that asks for it.
fn verified(
    visit: &Visit,
    passcode: &str,
    ask: impl FnOnce(Option<String>) -> Result<Reply, PhoneError>,
) -> Result<Arc<Verified>, Result<Reply, PhoneError>> {
    if passcode.is_empty() {
        return Err(ask(None));
    }
    match visit.phone.unlock(passcode.as_bytes()) {
        Ok(verified) => Ok(Arc::new(verified)),
        Err(PhoneError::WrongPasscode(wrong)) => Err(ask(Some(sentence(&visit.page, wrong)))),
        Err(error) => Err(Err(error)),
    }
}

/// Shows a code, after the passcode or the passkey.
pub(super) async fn show(asked: Asked, Form(wish): Form<Wish>) -> Response {
    asked
        .owner(move |visit| {
            let again = |trouble| ask(visit, &wish.card, trouble, Ask::ToShow);
            if !wish.proof.is_empty() {
                let opened = visit.door.passkey_opens(&visit.phone, PAY, &wish.proof)?.flatten();
                return match opened {
                    Some(verified) => visit.show_code(&wish.card, &verified),
                    None => again(Some(visit.page.language.say("passkey-not-used"))),
                };
            }
            match verified(visit, &wish.passcode, again) {
                Ok(verified) => visit.show_code(&wish.card, &verified),
                Err(reply) => reply,
            }
        })
        .await
}

/// Reads a scanned code: from a photograph, or from what was pasted.
pub(super) async fn scan(asked: Asked, sent: Result<Multipart, MultipartRejection>) -> Response {
    let fields = match sent {
        Ok(sent) => picture::form(sent).await,
        Err(_) => None,
    };
    asked
        .owner(move |visit| {
            let looked = match fields.as_ref().map(picture::code_in) {
                // The same button reads codes that are paid from an account.
                Some(Ok(code)) if visit.is_for_account(&code) => return visit.scan_by_account(&code),
                Some(Ok(code)) => visit.phone.look_at_code(&code),
                _ => Err(CodeError::Refused("code_none".to_owned())),
            };
            match looked {
                Ok(scanned) => {
                    *held(&visit.door.0.scanned) = Some(Arc::new(scanned));
                    Reply::to("/code/pay")
                }
                Err(CodeError::Phone(error)) => Err(error),
                Err(error) => {
                    let trouble = Some(why(visit, error.code()));
                    let html = screens::by_code(&visit.page, &ByCodeView { trouble });
                    Ok(Reply::No(StatusCode::UNPROCESSABLE_ENTITY, html))
                }
            }
        })
        .await
}

/// Reads one look through the camera, for a browser that reads no codes itself. Nothing is kept of it.
pub(super) async fn read(asked: Asked, photograph: Bytes) -> Response {
    if asked.is_open() {
        return picture::looked(photograph).await;
    }
    asked.owner(|_| Reply::to("/code")).await
}

/// Whom and how much.
pub(super) async fn confirm(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            let scanned = held(&visit.door.0.scanned).clone();
            match scanned {
                Some(scanned) => confirming(visit, &scanned, &Payment::default(), None),
                None => Reply::to("/code"),
            }
        })
        .await
}

#[derive(Default, Deserialize)]
pub(super) struct Payment {
    #[serde(default)]
    amount: String,
    #[serde(default)]
    passcode: String,
    #[serde(default)]
    card: String,
    #[serde(default)]
    proof: String,
}

/// What is wrong with the form: a sentence under a field.
enum Wrong {
    Amount(String),
    Passcode(String),
}

fn confirming(
    visit: &Visit,
    scanned: &Scanned,
    typed: &Payment,
    wrong: Option<Wrong>,
) -> Result<Reply, PhoneError> {
    let cards = view::cards(&visit.phone)?;
    let pays = |card: &&screens::CardView| card.state == "active";
    let chosen = cards.iter().find(|card| card.token == typed.card);
    let first = chosen.or(cards.iter().find(|card| card.first).filter(pays)).or(cards.iter().find(pays));
    let Some(card) = first else { return Reply::to("/") };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (wrong_amount, wrong_passcode) = match wrong {
        Some(Wrong::Amount(text)) => (Some(text), None),
        Some(Wrong::Passcode(text)) => (None, Some(text)),
        None => (None, None),
    };
    let sum = |money: Money| view::sum(money.minor(), money.currency().numeric());
    let html = screens::pay_code(
        &visit.page,
        &PayCodeView {
            merchant: scanned.shop.merchant.clone(),
            city: scanned.shop.city.clone(),
            category: scanned.shop.category.clone(),
            fixed: scanned.amount.map(sum),
            currency: scanned.currency.alpha(),
            typed: typed.amount.clone(),
            single: scanned.shop.single,
            first_time: !visit.has_paid(&scanned.shop.merchant)?,
            cards: cards
                .iter()
                .filter(pays)
                .enumerate()
                .map(|(place, one)| screens::Choice::of(one, 10 + place, one.token == card.token))
                .collect(),
            wrong_amount,
            wrong_passcode,
            platform: visit.phone.platform().to_owned(),
            passkey: visit.door.passkey_ask(&visit.phone, visit.here, &scanned.purpose(), "/code/pay")?,
        },
    );
    Ok(if status == StatusCode::OK { Reply::Page(html) } else { Reply::No(status, html) })
}

impl Visit {
    /// Whether this phone paid a shop of this name before.
    fn has_paid(&self, merchant: &str) -> Result<bool, PhoneError> {
        Ok(self
            .phone
            .payments()?
            .iter()
            .any(|tap| tap.merchant.as_deref().is_some_and(|name| name.starts_with(merchant))))
    }
}

impl Scanned {
    /// What a passkey is asked for: to pay this code and no other.
    fn purpose(&self) -> String {
        format!("{PAY} {}", hex::encode(self.digest()))
    }
}

/// Pays it: approved by the passcode or the passkey.
pub(super) async fn pay(asked: Asked, Form(typed): Form<Payment>) -> Response {
    asked
        .owner(move |visit| {
            let scanned = held(&visit.door.0.scanned).clone();
            let Some(scanned) = scanned else { return Reply::to("/code") };
            let amount = match scanned.amount {
                Some(fixed) => Some(fixed),
                None => Money::parse(typed.amount.trim(), scanned.currency)
                    .ok()
                    .filter(|amount| !amount.is_zero()),
            };
            let Some(amount) = amount else {
                let text = visit.page.language.say("scan-wrong-amount");
                return confirming(visit, &scanned, &typed, Some(Wrong::Amount(text)));
            };
            let again = |trouble: Option<String>| {
                let text = trouble.unwrap_or_else(|| visit.page.language.say("scan-passcode-missing"));
                confirming(visit, &scanned, &typed, Some(Wrong::Passcode(text)))
            };
            let approved = if typed.proof.is_empty() {
                verified(visit, &typed.passcode, again)
            } else {
                let purpose = scanned.purpose();
                match visit.door.passkey_opens(&visit.phone, &purpose, &typed.proof)?.flatten() {
                    Some(verified) => Ok(Arc::new(verified)),
                    None => Err(again(Some(visit.page.language.say("passkey-not-used")))),
                }
            };
            match approved {
                Ok(verified) => {
                    // Approved once: whoever sends the form again is led to how it ended.
                    held(&visit.door.0.scanned).take();
                    visit.pay_code(Arc::clone(&scanned), &typed.card, amount, verified)
                }
                Err(reply) => reply,
            }
        })
        .await
}
