//! From nothing to a phone that belongs to its owner; opening and closing it.

use super::passkey::OPEN;
use super::visit::{Asked, Reply};
use super::{PhoneDoor, Stage, held, view};
use crate::client::ClientError;
use crate::phone::{Binding, NewPhone, Phone, PhoneError, WrongPasscode, six_digits};
use crate::screens::door::own_path;
use crate::screens::pages::Page;
use crate::screens::phone::{self as screens, UnlockView};
use ::wallet::unlock::{Weakness, weakness};
use axum::extract::{Form, Query};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use std::sync::Arc;

/// Asks for the number.
pub(super) async fn welcome(asked: Asked) -> Response {
    asked
        .anyone(|door, page| {
            let (number, name) = match &*held(&door.0.stage) {
                Stage::Bound(_) => return Reply::to("/"),
                Stage::Named { number, name } => (number.clone(), name.clone()),
                _ => (door.0.settings.number.clone(), page.language.say("welcome-default-name")),
            };
            Reply::page(screens::welcome(page, &number, &name, None))
        })
        .await
}

#[derive(Deserialize)]
pub(super) struct Named {
    #[serde(default)]
    number: String,
    #[serde(default)]
    name: String,
}

/// Takes number and name.
pub(super) async fn name(asked: Asked, Form(typed): Form<Named>) -> Response {
    asked
        .anyone(move |door, page| {
            let number: String = typed.number.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
            let name = typed.name.trim();
            let digits = number.strip_prefix('+').unwrap_or_default();
            let fits = (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            let named = (1..=40).contains(&name.chars().count()) && !name.contains(char::is_control);
            if !fits || !named {
                let trouble = (!fits).then(|| page.language.say("welcome-wrong-number"));
                let html = screens::welcome(page, typed.number.trim(), name, trouble);
                return Ok(Reply::No(StatusCode::UNPROCESSABLE_ENTITY, html));
            }
            let mut stage = held(&door.0.stage);
            if let Stage::Bound(_) = &*stage {
                return Reply::to("/");
            }
            *stage = Stage::Named { number, name: name.to_owned() };
            Reply::to("/welcome/passcode")
        })
        .await
}

/// Asks for a passcode.
pub(super) async fn passcode(asked: Asked) -> Response {
    asked
        .anyone(|door, page| match &*held(&door.0.stage) {
            Stage::Bound(_) => Reply::to("/"),
            Stage::New => Reply::to("/welcome"),
            Stage::Binding(_) => Reply::to("/welcome/code"),
            Stage::Named { .. } => Reply::page(screens::passcode(page, None)),
        })
        .await
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    passcode: String,
    #[serde(default)]
    again: String,
}

/// Takes the passcode, makes the keys and has the code sent.
pub(super) async fn choose(asked: Asked, Form(typed): Form<Chosen>) -> Response {
    asked
        .anyone(move |door, page| {
            let mut stage = held(&door.0.stage);
            let Stage::Named { number, name } = &*stage else { return Reply::to("/welcome") };
            let weak = match weakness(typed.passcode.as_bytes(), number) {
                Some(Weakness::Length) => Some("passcode-short"),
                Some(Weakness::Simple) => Some("passcode-simple"),
                Some(Weakness::OwnNumber) => Some("passcode-yours"),
                None if typed.passcode != typed.again => Some("passcode-differs"),
                None => None,
            };
            let again = |word: &str| {
                let html = screens::passcode(page, Some(page.language.say(word)));
                Ok(Reply::No(StatusCode::UNPROCESSABLE_ENTITY, html))
            };
            if let Some(word) = weak {
                return again(word);
            }
            let settings = &door.0.settings;
            let new = NewPhone {
                directory: &settings.directory,
                number,
                name,
                platform: &settings.platform,
                telephone: settings.telephone,
                passcode: typed.passcode.as_bytes(),
                work: settings.work,
                watch: settings.watch.clone(),
            };
            match Binding::begin(&new, Arc::clone(&settings.clock)) {
                Ok(binding) => {
                    *stage = Stage::Binding(Box::new(binding));
                    Reply::to("/welcome/code")
                }
                Err(PhoneError::Client(ClientError::Problem(problem))) => {
                    let word = match problem.code.as_str() {
                        "too_many_codes" => "welcome-too-many",
                        _ => "welcome-wrong-number",
                    };
                    let html = screens::welcome(page, number, name, Some(page.language.say(word)));
                    Ok(Reply::No(StatusCode::CONFLICT, html))
                }
                Err(PhoneError::Client(ClientError::Unreachable(_))) => again("welcome-unreachable"),
                Err(error) => Err(error),
            }
        })
        .await
}

/// The newest message with a code in it.
fn arrived(binding: &Binding) -> Option<(String, String)> {
    let texts = binding.texts().unwrap_or_default();
    texts.into_iter().rev().find(|(from, text)| from == "Paiza" && six_digits(text).is_some())
}

/// Asks for the code.
pub(super) async fn code(asked: Asked) -> Response {
    asked
        .anyone(|door, page| match &*held(&door.0.stage) {
            Stage::Bound(_) => Reply::to("/"),
            Stage::New => Reply::to("/welcome"),
            Stage::Named { .. } => Reply::to("/welcome/passcode"),
            Stage::Binding(binding) => {
                Reply::page(screens::code(page, binding.number(), arrived(binding).as_ref(), None))
            }
        })
        .await
}

#[derive(Deserialize)]
pub(super) struct Code {
    #[serde(default)]
    code: String,
}

/// Takes the code; the right one makes the phone its owner's.
pub(super) async fn prove(asked: Asked, Form(typed): Form<Code>) -> Response {
    asked
        .anyone(move |door, page| {
            let mut stage = held(&door.0.stage);
            let Stage::Binding(binding) = &*stage else { return Reply::to("/welcome") };
            let digits: String = typed.code.chars().filter(char::is_ascii_digit).collect();
            let no = |word: &str| {
                let trouble = Some(page.language.say(word));
                let html = screens::code(page, binding.number(), arrived(binding).as_ref(), trouble);
                Ok(Reply::No(StatusCode::UNPROCESSABLE_ENTITY, html))
            };
            if digits.len() != 6 {
                return no("verify-six");
            }
            let confirmed = match binding.prove(&digits) {
                Ok(confirmed) => confirmed,
                Err(PhoneError::Client(ClientError::Problem(problem))) => {
                    return no(if problem.code == "code_wrong" { "code-wrong-plain" } else { "code-void" });
                }
                Err(PhoneError::Client(ClientError::Unreachable(_))) => return no("welcome-unreachable"),
                Err(error) => return Err(error),
            };
            let Stage::Binding(binding) = std::mem::replace(&mut *stage, Stage::New) else {
                unreachable!("it was looked at under this very lock")
            };
            let (phone, recovery) = binding.finish(confirmed)?;
            *stage = Stage::Bound(Arc::new(phone));
            *held(&door.0.recovery) = Some(recovery);
            Ok(Reply::Open("/welcome/done".to_owned()))
        })
        .await
}

/// Has another code sent.
pub(super) async fn send_again(asked: Asked) -> Response {
    asked
        .anyone(|door, page| {
            let mut stage = held(&door.0.stage);
            let Stage::Binding(binding) = &mut *stage else { return Reply::to("/welcome") };
            match binding.send_again() {
                Ok(()) => Reply::to("/welcome/code"),
                Err(PhoneError::Client(error)) => {
                    let unreachable = matches!(error, ClientError::Unreachable(_));
                    let word = if unreachable { "welcome-unreachable" } else { "welcome-too-many" };
                    let trouble = Some(page.language.say(word));
                    let html = screens::code(page, binding.number(), arrived(binding).as_ref(), trouble);
                    Ok(Reply::No(StatusCode::CONFLICT, html))
                }
                Err(error) => Err(error),
            }
        })
        .await
}

/// Shows the recovery code, to the browser that set the phone up alone.
pub(super) async fn recovery(asked: Asked) -> Response {
    let open = asked.is_open();
    asked
        .anyone(move |door, page| {
            let recovery = held(&door.0.recovery);
            match &*recovery {
                Some(code) if open => {
                    Reply::page(screens::recovery(page, code.as_deref(), &door.0.settings.platform))
                }
                _ => Reply::to("/"),
            }
        })
        .await
}

#[derive(Deserialize)]
pub(super) struct Done {
    #[serde(default)]
    then: String,
}

/// Its owner has written the code down.
pub(super) async fn done(asked: Asked, Form(Done { then }): Form<Done>) -> Response {
    let open = asked.is_open();
    asked
        .anyone(move |door, _| {
            if open {
                held(&door.0.recovery).take();
            }
            Reply::to(own_path(&then))
        })
        .await
}

#[derive(Deserialize)]
pub(super) struct Then {
    #[serde(default)]
    then: String,
}

pub(super) fn shut(
    door: &PhoneDoor,
    here: bool,
    then: &str,
    trouble: Option<String>,
) -> Result<UnlockView, PhoneError> {
    let then = own_path(then).to_owned();
    let ask = |phone: Arc<Phone>| door.passkey_ask(&phone, here, OPEN, "/unlock");
    let passkey = door.phone().map_or(Ok(None), ask)?;
    let platform = door.0.settings.platform.clone();
    Ok(UnlockView { trouble, then, to_pay: None, platform, passkey })
}

/// Asks for the passcode.
pub(super) async fn locked(asked: Asked, Query(Then { then }): Query<Then>) -> Response {
    let (open, here) = (asked.is_open(), asked.here);
    asked
        .anyone(move |door, page| {
            if door.phone().is_none() {
                return Reply::to("/welcome");
            }
            if open {
                return Reply::to(own_path(&then));
            }
            if door.phone().is_some_and(|phone| phone.can_be_opened().is_ok_and(|can| !can)) {
                return Reply::page(screens::gone(page, &door.0.settings.platform));
            }
            Reply::page(screens::unlock(page, &shut(door, here, &then, None)?))
        })
        .await
}

#[derive(Deserialize)]
pub(super) struct Passcode {
    #[serde(default)]
    passcode: String,
    #[serde(default)]
    then: String,
}

/// Opens the phone.
pub(super) async fn unlock(asked: Asked, Form(typed): Form<Passcode>) -> Response {
    let here = asked.here;
    asked
        .anyone(move |door, page| {
            let Some(phone) = door.phone() else { return Reply::to("/welcome") };
            match phone.unlock(typed.passcode.as_bytes()) {
                Ok(verified) => {
                    *held(&door.0.verified) = Some(Arc::new(verified));
                    door.catch_up(&phone);
                    Ok(Reply::Open(own_path(&typed.then).to_owned()))
                }
                Err(PhoneError::WrongPasscode(WrongPasscode::Rebind)) => {
                    Ok(Reply::No(StatusCode::FORBIDDEN, screens::gone(page, &door.0.settings.platform)))
                }
                Err(PhoneError::WrongPasscode(wrong)) => {
                    let view = shut(door, here, &typed.then, Some(sentence(page, wrong)))?;
                    Ok(Reply::No(StatusCode::FORBIDDEN, screens::unlock(page, &view)))
                }
                Err(error) => Err(error),
            }
        })
        .await
}

/// Why the passcode did not open it.
pub(super) fn sentence(page: &Page, wrong: WrongPasscode) -> String {
    match wrong {
        WrongPasscode::Again { tries_left, .. } => {
            page.language.say_count("unlock-wrong", "tries", tries_left as usize)
        }
        WrongPasscode::Wait(until) => page.language.say_text("unlock-wait", "time", &view::time(page, until)),
        WrongPasscode::Rebind => page.language.say("unlock-gone"),
    }
}

/// A phone that has forgotten its keys begins anew, without its cards. One that can be opened does not.
pub(super) async fn again(asked: Asked) -> Response {
    asked
        .anyone(|door, _| {
            let mut stage = held(&door.0.stage);
            let Stage::Bound(phone) = &*stage else { return Reply::to("/welcome") };
            if phone.can_be_opened()? {
                return Reply::to("/unlock");
            }
            phone.give_up()?;
            *stage = Stage::New;
            drop(stage);
            door.begin_anew();
            Reply::to("/welcome")
        })
        .await
}

/// Closes the phone, for every browser.
pub(super) async fn lock(asked: Asked) -> Response {
    let open = asked.is_open();
    asked
        .anyone(move |door, _| {
            if open {
                door.0.sessions.end();
                held(&door.0.verified).take();
                door.0.tapping.close();
            }
            Reply::to("/unlock")
        })
        .await
}
