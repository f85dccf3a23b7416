//! The owner's passkey: added and removed in the settings, used to open the screen and to pay.

use super::first_run::{sentence, shut};
use super::visit::{Asked, Reply, Visit};
use super::{PhoneDoor, held};
use crate::ceremony::{Ceremonies, Made, Shown};
use crate::phone::{Phone, PhoneError};
use crate::screens::door::own_path;
use crate::screens::pages::Page;
use crate::screens::phone::{self as screens, OwnPasskey, PasskeyAsk, PasskeyOffer};
use ::wallet::unlock::Verified;
use axum::extract::Form;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use std::net::SocketAddr;
use std::sync::Arc;

const ADD: &str = "phone: add";
/// For the screen.
pub(super) const OPEN: &str = "phone: open";
/// For a tap, or a code on the screen.
pub(super) const PAY: &str = "phone: pay";

impl PhoneDoor {
    /// Tells the door where it listens: passkeys belong to that place.
    pub fn listens_at(&self, at: SocketAddr) {
        let _ = self.0.ceremonies.set(Ceremonies::at(at, passkeys::Defences::ALL));
    }

    pub(super) fn ceremonies(&self) -> Option<&Ceremonies> {
        self.0.ceremonies.get()
    }

    /// What is offered beside the passcode, on a page that was asked for at `here` or not.
    pub(super) fn passkey_ask(
        &self,
        phone: &Phone,
        here: bool,
        purpose: &str,
        path: &str,
    ) -> Result<Option<PasskeyAsk>, PhoneError> {
        let Some((ceremonies, kept)) = self.ceremonies().zip(phone.passkey()?) else { return Ok(None) };
        Ok(Some(if purpose != OPEN && kept.lock.is_none() {
            PasskeyAsk::ScreenOnly
        } else if !here {
            PasskeyAsk::Elsewhere(format!("{}{path}", ceremonies.origin()))
        } else {
            PasskeyAsk::Here {
                challenge: ceremonies.challenge(purpose, self.now()),
                credential: kept.credential.as_str().to_owned(),
                salt: crate::phone::encode(&kept.salt),
            }
        }))
    }

    /// Whether what a browser sent is this phone's passkey, used for this; with the right to pay once if it gives it.
    pub(super) fn passkey_opens(
        &self,
        phone: &Phone,
        purpose: &str,
        proof: &str,
    ) -> Result<Option<Option<Verified>>, PhoneError> {
        let Some((ceremonies, kept)) = self.ceremonies().zip(phone.passkey()?) else { return Ok(None) };
        let Some(shown) = Shown::read(proof).filter(|shown| *shown.credential() == kept.credential) else {
            return Ok(None);
        };
        match ceremonies.asserted(purpose, (&kept.public, kept.counter), &shown, self.now()) {
            Ok(asserted) => Ok(Some(phone.use_passkey(asserted, shown.secret.as_ref())?)),
            Err(refusal) => {
                tracing::info!(code = refusal.code(), "a passkey did not open the phone");
                Ok(None)
            }
        }
    }
}

fn own(visit: &Visit, trouble: Option<String>) -> Result<Reply, PhoneError> {
    let Some(ceremonies) = visit.door.ceremonies() else { return super::visit::nothing(&visit.page) };
    let kept = visit.phone.passkey()?;
    let wrong = trouble.is_some();
    let offer = visit.here.then(|| PasskeyOffer {
        challenge: ceremonies.challenge(ADD, visit.door.now()),
        salt: crate::phone::encode(&visit.phone.passkey_salt()),
        user: crate::phone::encode(visit.phone.device().as_bytes()),
        name: visit.phone.number().to_owned(),
    });
    let view = OwnPasskey {
        pays: kept.as_ref().map(|kept| kept.lock.is_some()),
        offer,
        elsewhere: format!("{}/you/passkey", ceremonies.origin()),
        trouble,
    };
    let html = screens::own_passkey(&visit.page, &view);
    Ok(if wrong { Reply::No(StatusCode::UNPROCESSABLE_ENTITY, html) } else { Reply::Page(html) })
}

/// The settings' page of it.
pub(super) async fn page(asked: Asked) -> Response {
    asked.owner(|visit| own(visit, None)).await
}

#[derive(Deserialize)]
pub(super) struct Adding {
    #[serde(default)]
    passcode: String,
    #[serde(default)]
    proof: String,
}

/// Adds one.
pub(super) async fn add(asked: Asked, Form(sent): Form<Adding>) -> Response {
    asked
        .owner(move |visit| {
            let no = |word: &str| own(visit, Some(visit.page.language.say(word)));
            let Some(ceremonies) = visit.door.ceremonies() else { return no("passkey-not-made") };
            let Some(made) = Made::read(&sent.proof) else { return no("passkey-not-made") };
            let registered = match ceremonies.registered(ADD, &made, visit.door.now()) {
                Ok(registered) => registered,
                Err(refusal) => {
                    tracing::info!(code = refusal.code(), "a passkey was not added");
                    return no("passkey-not-made");
                }
            };
            match visit.phone.add_passkey(sent.passcode.as_bytes(), &registered, made.secret.as_ref()) {
                Ok(()) => Reply::to("/you/passkey"),
                Err(PhoneError::WrongPasscode(wrong)) => own(visit, Some(sentence(&visit.page, wrong))),
                Err(error) => Err(error),
            }
        })
        .await
}

/// Removes it.
pub(super) async fn remove(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            visit.phone.remove_passkey()?;
            Reply::to("/you/passkey")
        })
        .await
}

#[derive(Deserialize)]
pub(super) struct Opening {
    #[serde(default)]
    proof: String,
    #[serde(default)]
    then: String,
}

/// Opens the phone by it.
pub(super) async fn open(asked: Asked, Form(sent): Form<Opening>) -> Response {
    let here = asked.here;
    asked
        .anyone(move |door, page: &Page| {
            let Some(phone) = door.phone() else { return Reply::to("/welcome") };
            let Some(verified) = door.passkey_opens(&phone, OPEN, &sent.proof)? else {
                let trouble = Some(page.language.say("passkey-not-used"));
                let view = shut(door, here, &sent.then, trouble)?;
                return Ok(Reply::No(StatusCode::FORBIDDEN, screens::unlock(page, &view)));
            };
            if let Some(verified) = verified {
                *held(&door.0.verified) = Some(Arc::new(verified));
            }
            door.catch_up(&phone);
            Ok(Reply::Open(own_path(&sent.then).to_owned()))
        })
        .await
}
