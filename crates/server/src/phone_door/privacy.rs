//! What is held of the phone's owner, here and at the platform; who looked at it; taking it along; leaving.

use super::first_run::sentence;
use super::visit::{Asked, Reply, Visit};
use super::{PhoneDoor, Stage, held, view};
use crate::api::privacy::{Access, HeldCard, HeldOfCustomer};
use crate::phone::PhoneError;
use crate::screens::phone::{
    self as screens, AccessRow, ConsentRow, HereView, LeaveView, PrivacyView, ThereView,
};
use axum::extract::Form;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use values::Timestamp;

/// So many looks are shown; the file has all that were told.
const LOOKS_SHOWN: usize = 20;

/// The privacy centre.
pub(super) async fn centre(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            // What is here is shown also while nobody there answers.
            let there = match visit.phone.held() {
                Ok(there) => Some(there),
                Err(PhoneError::Client(error)) => {
                    tracing::info!(%error, "not known what the platform holds");
                    None
                }
                Err(error) => return Err(error),
            };
            let view = PrivacyView {
                here: here(visit)?,
                there: there.as_ref().map(|there| there_view(visit, there)),
                platform: visit.phone.platform().to_owned(),
            };
            Reply::page(screens::privacy_centre(&visit.page, &view))
        })
        .await
}

/// What lies on this phone.
fn here(visit: &Visit) -> Result<HereView, PhoneError> {
    Ok(HereView {
        cards: visit.phone.cards()?.0.len(),
        payments: visit.phone.payments()?.len(),
        texts: visit.phone.texts()?.len(),
    })
}

fn there_view(visit: &Visit, there: &HeldOfCustomer) -> ThereView {
    let page = &visit.page;
    let day = |millis: i64| view::date(page, Timestamp::from_millis(millis));
    let live = |card: &&HeldCard| card.kept_until.is_none();
    let consent = |card: &HeldCard| ConsentRow {
        token: card.token.clone(),
        // A card on another phone is removed there.
        here: card.device == visit.phone.device(),
        card: format!("{} ••\u{a0}{}", card.issuer, card.card_last_four),
        since: day(card.since),
    };
    let kept = |card: &HeldCard| {
        let until = day(card.kept_until?);
        Some((format!("{} ••\u{a0}{}", card.issuer, card.card_last_four), until))
    };
    ThereView {
        number: there.phone_number.clone(),
        since: day(there.since),
        devices: there.devices.len(),
        recovery: there.recovery_code,
        consents: there.cards.iter().filter(live).map(consent).collect(),
        kept: there.cards.iter().filter_map(kept).collect(),
        accesses_known: there.accesses_known,
        accesses: there.accesses.iter().take(LOOKS_SHOWN).map(|access| look(visit, there, access)).collect(),
        more: there.accesses.len().saturating_sub(LOOKS_SHOWN),
    }
}

/// A look as its owner reads it: the card or phone by the name it has for people.
fn look(visit: &Visit, there: &HeldOfCustomer, access: &Access) -> AccessRow {
    let page = &visit.page;
    let at = Timestamp::from_millis(access.at);
    let (_, name) = access.subject.split_once(' ').unwrap_or_default();
    let card = there.cards.iter().find(|card| card.token == name);
    let device = there.devices.iter().find(|device| device.device == name);
    let subject = match (card, device) {
        (Some(card), _) => format!("{} ••\u{a0}{}", card.issuer, card.card_last_four),
        (_, Some(device)) => device.name.clone(),
        _ => access.subject.clone(),
    };
    let act = match access.act.as_str() {
        "view" => "access-view",
        "propose" => "access-propose",
        "approve" => "access-approve",
        "decline" => "access-decline",
        "effect" => "access-done",
        _ => "access-other",
    };
    AccessRow {
        when: format!("{}, {}", view::date(page, at), view::time(page, at)),
        said: page.language.say_text(act, "who", &access.who),
        subject,
    }
}

/// Everything that is held, as a file for other programs; what the platform holds is in it as it told it.
pub(super) async fn file(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            let (cards, first) = visit.phone.cards()?;
            let card = |card: &::wallet::card::Card| {
                json!({
                    "token": card.token.to_string(),
                    "bank": card.issuer,
                    "product": card.label,
                    "name": card.nickname,
                    "card_last_four": card.last_four.to_string(),
                    "token_last_four": card.number.last_four().to_string(),
                    "first": first == Some(card.token),
                })
            };
            let tap = |tap: &::wallet::history::TapRecord| {
                let sum = view::sum(tap.amount_minor, tap.currency);
                json!({
                    "at": tap.at.to_string(),
                    "token": tap.token.to_string(),
                    "counter": tap.atc,
                    "amount": { "value": sum.minor, "currency": sum.currency },
                    "merchant": tap.merchant,
                    "outcome": tap.outcome,
                })
            };
            let text = |text: &::wallet::history::InboxMessage| {
                json!({ "at": text.at.to_string(), "from": text.sender, "text": text.text })
            };
            let whole = json!({
                "made": visit.door.now().to_string(),
                "phone": {
                    "device": visit.phone.device(),
                    "number": visit.phone.number(),
                    "cards": cards.iter().map(card).collect::<Vec<_>>(),
                    "payments": visit.phone.taps()?.iter().map(tap).collect::<Vec<_>>(),
                    "messages": visit.phone.texts()?.iter().map(text).collect::<Vec<_>>(),
                },
                // Without it the file would be taken for the whole, so there is none.
                "token_service": visit.phone.held()?,
            });
            let bytes = serde_json::to_vec_pretty(&whole).expect("texts and numbers are JSON");
            Ok(Reply::File("application/json", "paiza-privacy.json", bytes))
        })
        .await
}

fn leave_page(visit: &Visit, trouble: Option<String>) -> Result<String, PhoneError> {
    let there = visit.phone.held()?;
    let live = there.cards.iter().filter(|card| card.kept_until.is_none());
    let mine = live.filter(|card| card.device == visit.phone.device()).count();
    let days = there.cards.iter().filter_map(|card| card.kept_until).max();
    let view = LeaveView {
        cards: mine,
        last: there.devices.iter().filter(|device| device.state == "active").count() <= 1,
        kept_until: days.map(|day| view::date(&visit.page, Timestamp::from_millis(day))),
        account: visit.door.0.settings.upi.is_some(),
        trouble,
    };
    Ok(screens::leave(&visit.page, &view))
}

/// Asks whether its owner wants to leave.
pub(super) async fn ask_to_leave(asked: Asked) -> Response {
    asked.owner(|visit| Reply::page(leave_page(visit, None)?)).await
}

#[derive(Deserialize)]
pub(super) struct Leaving {
    #[serde(default)]
    passcode: String,
}

/// Leaves the provider of account payment, deletes the cards, unbinds the phone, and destroys what is on it: with the passcode, for it cannot be undone.
pub(super) async fn leave(asked: Asked, Form(Leaving { passcode }): Form<Leaving>) -> Response {
    asked
        .owner(move |visit| {
            match visit.phone.unlock(passcode.as_bytes()) {
                Ok(_) => {}
                Err(PhoneError::WrongPasscode(wrong)) => {
                    let html = leave_page(visit, Some(sentence(&visit.page, wrong)))?;
                    return Ok(Reply::No(StatusCode::FORBIDDEN, html));
                }
                Err(error) => return Err(error),
            }
            if let Some(name) = visit.leave_account() {
                let html = leave_page(visit, Some(visit.page.language.say(name)))?;
                return Ok(Reply::No(StatusCode::CONFLICT, html));
            }
            let mut stage = held(&visit.door.0.stage);
            if !matches!(&*stage, Stage::Bound(_)) {
                return Reply::to("/welcome");
            }
            visit.phone.leave()?;
            *stage = Stage::New;
            drop(stage);
            visit.door.begin_anew();
            Reply::page(screens::left(&visit.page))
        })
        .await
}

impl PhoneDoor {
    /// Whatever was open on a phone that is nobody's any more.
    pub(super) fn begin_anew(&self) {
        self.0.sessions.end();
        self.0.tapping.close();
        held(&self.0.adding).take();
        held(&self.0.verified).take();
        held(&self.0.scanned).take();
        self.forget_upi();
    }
}
