//! The phone's own addresses, and those that are blocked.

use super::super::visit::{Asked, Reply, Visit};
use super::{Trouble, code_of, no, to};
use crate::screens::phone as screens;
use crate::upi::phone::{UpiPhone, UpiPhoneError};
use axum::extract::{Form, Query};
use axum::response::Response;
use serde::Deserialize;

/// What may be said about what was just done.
const NOTES: [&str; 4] = ["first", "removed", "blocked", "unblocked"];

fn note(visit: &Visit, note: &super::Note) -> Option<String> {
    let known = NOTES.iter().find(|known| **known == note.note)?;
    Some(visit.page.language.say(&format!("addresses-note-{known}")))
}

/// The owner's own.
pub(in super::super) async fn own(asked: Asked, Query(said): Query<super::Note>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let mine = visit.mine(upi)?;
                let note = note(visit, &said);
                Ok(Reply::Page(screens::upi_addresses(&visit.page, &mine.addresses, note.as_deref())))
            })
        })
        .await
}

#[derive(Deserialize)]
pub(in super::super) struct Named {
    #[serde(default)]
    address: String,
    #[serde(default)]
    report: String,
}

/// Does something with an address; what is not there any more leads back all the same.
async fn act(
    asked: Asked,
    named: Named,
    then: &'static str,
    work: impl FnOnce(&UpiPhone, &str) -> Result<(), UpiPhoneError> + Send + 'static,
) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| match work(upi, named.address.trim()) {
                Err(error) if matches!(code_of(&error), Some("not_found" | "address_last")) => {
                    to(then.split('?').next().unwrap_or(then))
                }
                done => {
                    done?;
                    visit.mine(upi)?;
                    to(then)
                }
            })
        })
        .await
}

/// Pays under an address, and shows it first.
pub(in super::super) async fn first(asked: Asked, Form(named): Form<Named>) -> Response {
    act(asked, named, "/upi/addresses?note=first", UpiPhone::first_address).await
}

/// Gives an address up.
pub(in super::super) async fn remove(asked: Asked, Form(named): Form<Named>) -> Response {
    act(asked, named, "/upi/addresses?note=removed", UpiPhone::remove_address).await
}

/// Those that are blocked.
pub(in super::super) async fn blocked(asked: Asked, Query(said): Query<super::Note>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let note = note(visit, &said);
                Ok(Reply::Page(visit.blocked_page(upi, "", None, note.as_deref())?))
            })
        })
        .await
}

impl Visit {
    fn blocked_page(
        &self,
        upi: &UpiPhone,
        typed: &str,
        wrong: Option<&str>,
        note: Option<&str>,
    ) -> Result<String, Trouble> {
        let blocked: Vec<_> = upi.blocked()?.into_iter().map(|one| (one.address, one.reported)).collect();
        Ok(screens::upi_blocked(&self.page, &blocked, (typed, wrong), note))
    }
}

/// Blocks an address that was typed.
pub(in super::super) async fn block(asked: Asked, Form(named): Form<Named>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let address = named.address.trim();
                match upi.block(address, named.report == "yes") {
                    Err(error) if code_of(&error) == Some("address_invalid") => {
                        let wrong = visit.page.language.say("blocked-wrong");
                        no(visit.blocked_page(upi, address, Some(&wrong), None)?)
                    }
                    done => {
                        done?;
                        to("/upi/blocked?note=blocked")
                    }
                }
            })
        })
        .await
}

/// Ends a block.
pub(in super::super) async fn unblock(asked: Asked, Form(named): Form<Named>) -> Response {
    act(asked, named, "/upi/blocked?note=unblocked", UpiPhone::unblock).await
}
