//! Adding a card: checks as it is typed, the bank's decision, and proving oneself to the bank.

use super::visit::{Asked, Reply, Visit};
use super::{PATIENCE, PhoneDoor, held};
use crate::api::phone::CardRange;
use crate::api::{CardData, Enrolment};
use crate::client::ClientError;
use crate::phone::{PhoneError, six_digits};
use crate::screens::pages::Page;
use crate::screens::phone::{self as screens, AddView, CardView, VerifyView};
use axum::extract::Form;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use values::id::kinds;
use values::time::Zone;
use values::{Expiry, Id, Pan};

/// Tries for a code, as banks give them; the bank counts and tells after each.
const TRIES: u8 = 3;

/// A card whose bank wants proof. It lives in memory alone; the platform ends it if it is not finished.
#[derive(Clone)]
pub(super) struct Adding {
    enrolment: Enrolment,
    card: CardView,
    sent_to: Option<String>,
    tries_left: u8,
    /// Texts that were there before the code was asked for.
    texts_before: HashSet<Id<kinds::Message>>,
}

impl PhoneDoor {
    /// Which card numbers can be added; asked for once.
    fn ranges(&self, visit: &Visit) -> Result<Arc<Vec<CardRange>>, PhoneError> {
        let mut known = held(&self.0.ranges);
        if let Some(ranges) = &*known {
            return Ok(Arc::clone(ranges));
        }
        let ranges = Arc::new(visit.phone.card_ranges()?.data);
        *known = Some(Arc::clone(&ranges));
        Ok(ranges)
    }
}

fn recognised(range: &CardRange, last_four: &str) -> CardView {
    CardView {
        design: range.issuer.clone(),
        name: range.issuer_name.clone(),
        bank: range.issuer_name.clone(),
        product: range.product.clone(),
        last_four: last_four.to_owned(),
        state: "verifying",
        ..CardView::default()
    }
}

/// The empty form.
pub(super) async fn form(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            held(&visit.door.0.adding).take();
            Reply::page(screens::add(&visit.page, &AddView::default()))
        })
        .await
}

#[derive(Deserialize)]
pub(super) struct Begun {
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    tail: String,
}

/// What the first eight digits of a number tell, for the script: the bank, the product, the picture.
pub(super) async fn look(asked: Asked, Form(typed): Form<Begun>) -> Response {
    asked
        .owner(move |visit| {
            let prefix: Option<u32> = (typed.prefix.len() == 8).then(|| typed.prefix.parse().ok()).flatten();
            let ranges = visit.door.ranges(visit)?;
            let range = ranges.iter().find(|range| Some(range.prefix) == prefix);
            let tail = typed.tail.len() == 4 && typed.tail.bytes().all(|byte| byte.is_ascii_digit());
            let card = range.map(|range| recognised(range, if tail { &typed.tail } else { "" }));
            let art = screens::art_preview(&visit.page, card.as_ref());
            Ok(Reply::Json(match (range, card) {
                (Some(range), Some(card)) => {
                    let words = [("bank", card.bank.as_str()), ("product", card.product.as_str())];
                    let sentence = visit.page.language.say_texts("add-check-known", &words);
                    json!({"known": true, "length": range.length, "sentence": sentence, "art": art})
                }
                _ => json!({"known": false, "art": art}),
            }))
        })
        .await
}

#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    number: String,
    #[serde(default)]
    expiry: String,
    #[serde(default)]
    security: String,
    #[serde(default)]
    bank_phone: String,
}

/// What was typed, checked: what is sent and the card it is, or the form with what is wrong.
fn check(visit: &Visit, typed: &Typed) -> Result<Result<(CardData, CardView), Box<AddView>>, PhoneError> {
    let say = |name: &str| Some(visit.page.language.say(name));
    let digits: String = typed.number.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let mut view = AddView {
        number: typed.number.chars().filter(|c| c.is_ascii_digit() || *c == ' ').take(26).collect(),
        expiry: typed.expiry.chars().take(7).collect(),
        bank_phone: typed.bank_phone.chars().take(20).collect(),
        ..AddView::default()
    };
    let ranges = visit.door.ranges(visit)?;
    let pan = Pan::parse(digits.as_bytes()).ok();
    let range = pan.as_ref().and_then(|pan| {
        let fits =
            |range: &&CardRange| range.prefix == pan.issuer_prefix() && range.length == pan.expose().len();
        ranges.iter().find(fits)
    });
    let last_four = pan.as_ref().map(|pan| pan.last_four().to_string()).unwrap_or_default();
    view.preview = range.map(|range| recognised(range, &last_four));
    if pan.is_none() {
        view.wrong_number = say("add-wrong-number");
    } else if range.is_none() {
        view.wrong_bank = say("add-wrong-bank");
    }
    let expiry = month_and_year(&typed.expiry);
    view.wrong_expiry = match expiry {
        None => say("add-wrong-expiry"),
        Some(expiry) if expiry.is_past(visit.door.now().civil(Zone::Shanghai)) => say("add-past-expiry"),
        Some(_) => None,
    };
    let security = typed.security.trim();
    if !(3..=4).contains(&security.len()) || !security.bytes().all(|byte| byte.is_ascii_digit()) {
        view.wrong_code = say("add-wrong-security");
    }
    let fine = view.wrong_expiry.is_none() && view.wrong_code.is_none();
    let (Some(card), Some(expiry), true) = (view.preview.clone(), expiry, fine) else {
        return Ok(Err(Box::new(view)));
    };
    let known: String = match typed.bank_phone.trim() {
        "" => visit.phone.number().to_owned(),
        other => other.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect(),
    };
    let data = CardData {
        pan: digits,
        expiry: expiry.to_yymm(),
        cvv2: security.to_owned(),
        // A bank knows the number as it is dialled at home.
        phone: known.trim_start_matches("+86").to_owned(),
    };
    Ok(Ok((data, card)))
}

/// `12 / 30`, `12/30`, `1230` or `12/2030`: the month first, as on cards.
fn month_and_year(text: &str) -> Option<Expiry> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '/' | '-')).collect();
    let (month, year) = match digits.len() {
        4 if digits.is_ascii() => digits.split_at(2),
        6 if digits.is_ascii() => (&digits[..2], &digits[4..]),
        _ => return None,
    };
    Expiry::from_yymm(format!("{year}{month}").as_bytes()).ok()
}

/// Sends the card to its bank, sealed.
pub(super) async fn add(asked: Asked, Form(typed): Form<Typed>) -> Response {
    asked
        .owner(move |visit| {
            let no = |view: &AddView, status| Ok(Reply::No(status, screens::add(&visit.page, view)));
            let (data, card) = match check(visit, &typed)? {
                Ok(checked) => checked,
                Err(view) => return no(&view, StatusCode::UNPROCESSABLE_ENTITY),
            };
            let word = match visit.phone.begin_adding(&data) {
                Ok(enrolment) => return conclude(visit, enrolment, card),
                Err(PhoneError::Client(ClientError::Unreachable(_))) => "add-unreachable",
                Err(PhoneError::Client(ClientError::Problem(problem))) => match problem.code.as_str() {
                    "issuer_unreachable" | "issuer_silent" | "unavailable" => "add-bank-silent",
                    code => return refused(&visit.page, &card.bank, code),
                },
                Err(error) => return Err(error),
            };
            let view = AddView {
                number: typed.number.clone(),
                expiry: typed.expiry.clone(),
                bank_phone: typed.bank_phone.clone(),
                preview: Some(card),
                trouble: Some(visit.page.language.say(word)),
                ..AddView::default()
            };
            no(&view, StatusCode::SERVICE_UNAVAILABLE)
        })
        .await
}

fn refused(page: &Page, bank: &str, code: &str) -> Result<Reply, PhoneError> {
    Ok(Reply::No(StatusCode::CONFLICT, screens::not_added(page, bank, code)))
}

/// What the bank's word leads to.
fn conclude(visit: &Visit, enrolment: Enrolment, card: CardView) -> Result<Reply, PhoneError> {
    match (enrolment.state.as_str(), &enrolment.token) {
        ("approved", Some(token)) => {
            let token = visit.phone.take_card(token)?;
            held(&visit.door.0.adding).take();
            Reply::to(&format!("/cards/{token}/added"))
        }
        ("step_up", _) => {
            let adding =
                Adding { enrolment, card, sent_to: None, tries_left: TRIES, texts_before: HashSet::new() };
            *held(&visit.door.0.adding) = Some(adding);
            Reply::to("/cards/verify")
        }
        _ => {
            held(&visit.door.0.adding).take();
            let reason = enrolment.reason.as_deref().unwrap_or("issuer_declined");
            refused(&visit.page, &card.bank, reason)
        }
    }
}

impl Adding {
    fn view(&self, visit: &Visit, trouble: Option<String>) -> Result<VerifyView, PhoneError> {
        let texts = visit.phone.texts()?;
        let since = texts.iter().rev().filter(|text| !self.texts_before.contains(&text.id));
        let arrived = since
            .filter(|text| six_digits(&text.text).is_some())
            .map(|text| (text.sender.clone(), text.text.clone()));
        Ok(VerifyView {
            card: self.card.clone(),
            ways: self.enrolment.methods.iter().map(|way| (way.id.clone(), way.masked.clone())).collect(),
            sent_to: self.sent_to.clone(),
            tries_left: self.tries_left,
            arrived: arrived.take(1).next().filter(|_| self.sent_to.is_some()),
            trouble,
        })
    }
}

/// The ways the bank offers, or the field for its code.
pub(super) async fn verify(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            let Some(adding) = held(&visit.door.0.adding).clone() else { return Reply::to("/cards/new") };
            // The message is on its way: most come while the page is made.
            let until = Instant::now() + PATIENCE;
            let mut view = adding.view(visit, None)?;
            while adding.sent_to.is_some() && view.arrived.is_none() && Instant::now() < until {
                if visit.phone.fetch_texts().is_err() {
                    break;
                }
                view = adding.view(visit, None)?;
                std::thread::park_timeout(Duration::from_millis(20));
            }
            Reply::page(screens::verify(&visit.page, &view))
        })
        .await
}

#[derive(Deserialize)]
pub(super) struct Way {
    #[serde(default)]
    way: String,
}

/// Has a code sent in the way that was chosen among the bank's.
pub(super) async fn choose_way(asked: Asked, Form(typed): Form<Way>) -> Response {
    asked
        .owner(move |visit| {
            let Some(mut adding) = held(&visit.door.0.adding).clone() else { return Reply::to("/cards/new") };
            let Some(way) = adding.enrolment.methods.iter().find(|way| way.id == typed.way).cloned() else {
                return Reply::to("/cards/verify");
            };
            if let Err(error) = visit.phone.fetch_texts() {
                tracing::info!(%error, "texts are fetched later");
            }
            adding.texts_before = visit.phone.texts()?.iter().map(|text| text.id).collect();
            match visit.phone.request_code(&adding.enrolment.enrolment, &way.id) {
                Ok(()) => {
                    (adding.sent_to, adding.tries_left) = (Some(way.masked), TRIES);
                    *held(&visit.door.0.adding) = Some(adding);
                    Reply::to("/cards/verify")
                }
                Err(PhoneError::Client(ClientError::Problem(problem)))
                    if problem.code == "too_many_codes" =>
                {
                    let trouble = visit.page.language.say("verify-too-many");
                    let html = screens::verify(&visit.page, &adding.view(visit, Some(trouble))?);
                    Ok(Reply::No(StatusCode::TOO_MANY_REQUESTS, html))
                }
                Err(error) => failed(visit, &adding, error),
            }
        })
        .await
}

/// A no to this attempt ends it; whatever else went wrong is told as it is.
fn failed(visit: &Visit, adding: &Adding, error: PhoneError) -> Result<Reply, PhoneError> {
    match error {
        PhoneError::Client(ClientError::Problem(problem)) if problem.status < 500 => {
            held(&visit.door.0.adding).take();
            refused(&visit.page, &adding.card.bank, &problem.code)
        }
        error => Err(error),
    }
}

#[derive(Deserialize)]
pub(super) struct Code {
    #[serde(default)]
    code: String,
}

/// Takes the code, sealed to the bank.
pub(super) async fn answer(asked: Asked, Form(typed): Form<Code>) -> Response {
    asked
        .owner(move |visit| {
            let Some(mut adding) = held(&visit.door.0.adding).clone() else { return Reply::to("/cards/new") };
            let digits: String = typed.code.chars().filter(char::is_ascii_digit).collect();
            let no = |adding: &Adding, trouble: String| {
                let html = screens::verify(&visit.page, &adding.view(visit, Some(trouble))?);
                Ok(Reply::No(StatusCode::UNPROCESSABLE_ENTITY, html))
            };
            if digits.len() != 6 {
                return no(&adding, visit.page.language.say("verify-six"));
            }
            match visit.phone.answer_code(&adding.enrolment, &digits) {
                Ok(answered) if answered.state == "step_up" => {
                    adding.tries_left = answered.tries_left.unwrap_or_default();
                    *held(&visit.door.0.adding) = Some(adding.clone());
                    let left = usize::from(adding.tries_left);
                    no(&adding, visit.page.language.say_count("verify-wrong", "tries", left))
                }
                Ok(answered) => conclude(visit, answered, adding.card),
                Err(error) => failed(visit, &adding, error),
            }
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::month_and_year;

    #[test]
    fn a_month_is_read_as_people_type_it() {
        for (text, expected) in [
            ("12 / 30", Some("3012")),
            ("12/30", Some("3012")),
            ("0130", Some("3001")),
            ("12/2030", Some("3012")),
            ("13/30", None),
            ("1/30", None),
            ("", None),
            ("३०/१२", None),
            ("12345678", None),
        ] {
            assert_eq!(month_and_year(text).map(|expiry| expiry.to_yymm()).as_deref(), expected, "{text}");
        }
    }
}
