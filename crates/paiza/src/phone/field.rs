//! `paiza phone present`: the phone in the field of a reader.

use super::{address, failure, nth, open, passcode};
use crate::cli::{CardProfile, PhoneDir};
use crate::output::{Failure, Output};
use serde_json::json;
use server::phone::{PresentError, Presentation};
use server::vpcd::VpcdError;
use std::cell::RefCell;
use wallet::application::Notice;
use wallet::card::Profile;

/// How the phone is to be held.
pub(super) struct Wish<'a> {
    pub(super) vpcd: &'a str,
    pub(super) atr: Option<&'a str>,
    pub(super) profile: CardProfile,
    pub(super) card: Option<usize>,
    pub(super) taps: u32,
    pub(super) locked: bool,
}

pub(super) fn run(dir: &PhoneDir, wish: &Wish<'_>, output: Output) -> Result<(), Failure> {
    let reader = address(wish.vpcd)?;
    let atr = wish.atr.map(hex::decode).transpose();
    let answer_to_reset = atr.map_err(|_| Failure::usage("--atr: not hex digits"))?;
    let code = if wish.locked { None } else { Some(passcode(dir)?) };
    let phone = open(dir)?;
    let card = wish.card.map(|number| nth(&phone, number)).transpose()?;
    if wish.profile == CardProfile::Contact {
        let (_, default) = phone.cards().map_err(failure)?;
        if let Some(token) = card.as_ref().map(|card| card.token).or(default) {
            phone.certify_contact(token).map_err(failure)?;
        }
    }
    let how = Presentation {
        reader,
        answer_to_reset,
        profile: match wish.profile {
            CardProfile::Contactless => Profile::Contactless,
            CardProfile::Contact => Profile::Contact,
        },
        card: card.map(|card| card.token),
        taps: wish.taps,
        watch: None,
    };
    // What went wrong with the passcode is told after the field is left: the reader has its answer by then.
    let wrong = RefCell::new(None);
    let verify = || {
        let code = code.as_deref()?;
        match phone.unlock(code.as_bytes()) {
            Ok(verified) => Some(verified),
            Err(error) => {
                wrong.replace(Some(error));
                None
            }
        }
    };
    let told = |notice: Notice| {
        output.line(notice.to_string());
        output.row(&json!({"event": notice.code()}));
    };
    let taps = phone.present(&how, verify, told);
    if let Some(error) = wrong.take() {
        return Err(failure(error));
    }
    let taps = taps.map_err(|error| match error {
        PresentError::Phone(error) => failure(error),
        PresentError::Reader(VpcdError::Socket(error)) => {
            Failure::unreachable(format!("no reader listens at {reader}: {error}"))
        }
        other => Failure::business(other),
    })?;
    // Keys that ran low are fetched while there is a network; a tap never waits for that.
    if let Err(error) = phone.sync() {
        tracing::info!(%error, "not in step with the platform");
    }
    if taps == 0 {
        return Err(Failure::business("Nothing was tapped."));
    }
    output.summary(json!({"taps": taps}));
    Ok(())
}
