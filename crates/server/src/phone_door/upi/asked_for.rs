//! What merchants ask for: a request is looked at, paid with the PIN, declined, or its sender blocked.

use super::super::held;
use super::super::view;
use super::super::visit::{Asked, Reply, Visit, nothing};
use super::paying::Approval;
use super::{Place, Trouble, code_of, rupees, to};
use crate::screens::phone::{self as screens, PinView, RequestRow, RequestView};
use crate::upi::phone::UpiPhone;
use axum::extract::{Form, Path, Query};
use axum::response::Response;
use psp::records::{CollectRequest, LinkedAccount};
use serde::Deserialize;
use std::time::Duration;
use values::{Currency, Money, Timestamp};

/// How long the end of an approved payment is waited for before its page is shown.
const LOOKS: Duration = Duration::from_millis(2500);
/// What may be said about what was just done.
const NOTES: [&str; 3] = ["declined", "blocked", "over"];

impl Visit {
    /// The requests that can still be paid, the newest first.
    fn open_requests(&self, upi: &UpiPhone) -> Result<Vec<CollectRequest>, Trouble> {
        let now = self.door.now();
        let mut open = upi.requests()?;
        open.retain(|request| now < request.expires_at);
        held(&self.door.0.upi).asked_for = open.len();
        Ok(open)
    }

    /// How many requests wait, for the first page of account payment.
    pub(super) fn requests_waiting(&self, upi: &UpiPhone) -> Result<usize, Trouble> {
        Ok(self.open_requests(upi)?.len())
    }

    fn until(&self, at: Timestamp) -> String {
        let (page, time) = (&self.page, view::time(&self.page, at));
        if view::day_of(page, at) == view::day_of(page, self.door.now()) {
            return page.language.say_text("request-until-today", "time", &time);
        }
        page.language.say_texts("request-until", &[("day", &view::date(page, at)), ("time", &time)])
    }

    fn request_row(&self, request: &CollectRequest) -> RequestRow {
        RequestRow {
            id: request.id.clone(),
            name: request.payee_name.clone(),
            address: request.payee.clone(),
            until: self.until(request.expires_at),
            amount: rupees(amount_of(request)),
        }
    }

    /// Does something with an open request; what is over leads back to the list.
    fn with_request(
        &self,
        upi: &UpiPhone,
        id: &str,
        work: impl FnOnce(&CollectRequest) -> Result<Reply, Trouble>,
    ) -> Result<Reply, Trouble> {
        if ::upi::ids::TransactionId::parse(id).is_none() {
            return Ok(nothing(&self.page)?);
        }
        match self.open_requests(upi)?.iter().find(|request| request.id == id) {
            Some(request) => work(request),
            // A form that is sent twice leads to what the first one did.
            None if upi.payment(id).is_ok() => to(&format!("/upi/payments/{id}")),
            None => to("/upi/requests?note=over"),
        }
    }
}

fn amount_of(request: &CollectRequest) -> Money {
    Money::new(request.paise, Currency::INR).unwrap_or(Money::zero(Currency::INR))
}

/// All that wait.
pub(in super::super) async fn list(asked: Asked, Query(note): Query<super::Note>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let open = visit.open_requests(upi)?;
                let rows: Vec<_> = open.iter().map(|request| visit.request_row(request)).collect();
                let note = NOTES.iter().find(|known| **known == note.note);
                let note = note.map(|note| visit.page.language.say(&format!("request-note-{note}")));
                Ok(Reply::Page(screens::upi_requests(&visit.page, &rows, note.as_deref())))
            })
        })
        .await
}

/// One of them.
pub(in super::super) async fn one(asked: Asked, Path(id): Path<String>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                visit.with_request(upi, &id, |request| {
                    let mine = visit.mine(upi)?;
                    let accounts = visit.account_views(upi, &mine);
                    let view = RequestView {
                        row: visit.request_row(request),
                        note: request.note.clone(),
                        own: request.own.clone(),
                        accounts: accounts.into_iter().filter(|account| account.has_pin).collect(),
                    };
                    Ok(Reply::Page(screens::upi_request(&visit.page, &view)))
                })
            })
        })
        .await
}

#[derive(Deserialize)]
pub(in super::super) struct Chosen {
    #[serde(default)]
    account: Place,
}

impl Visit {
    fn request_pin(
        &self,
        upi: &UpiPhone,
        request: &CollectRequest,
        (place, account): (usize, &LinkedAccount),
        trouble: Option<String>,
    ) -> String {
        let view = PinView {
            account: self.account_view(upi, place, account),
            length: usize::from(account.pin_length),
            payment: Some((request.payee_name.clone(), rupees(amount_of(request)))),
            again: None,
            approves: account.reference.clone(),
            action: format!("/upi/requests/{}/pin", request.id),
            back: "/upi/requests",
            trouble,
        };
        screens::upi_pin(&self.page, &view)
    }
}

/// The bank's page for the PIN: for whom and how much.
pub(in super::super) async fn pin(
    asked: Asked,
    Path(id): Path<String>,
    Query(chosen): Query<Chosen>,
) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                visit.with_request(upi, &id, |request| {
                    let mine = visit.mine(upi)?;
                    let place = chosen.account.0.saturating_sub(1);
                    match mine.accounts.get(place).filter(|account| account.has_pin) {
                        Some(account) => {
                            Ok(Reply::Page(visit.request_pin(upi, request, (place, account), None)))
                        }
                        None => to(&format!("/upi/requests/{id}")),
                    }
                })
            })
        })
        .await
}

/// Pays what is asked for. The PIN is sealed for this request, this amount and the account that its page showed.
pub(in super::super) async fn approve(
    asked: Asked,
    Path(id): Path<String>,
    Form(approval): Form<Approval>,
) -> Response {
    let (approves, pin) = approval.split();
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                visit.with_request(upi, &id, |request| {
                    let mine = visit.mine(upi)?;
                    let mut accounts = mine.accounts.iter().enumerate();
                    let Some(at) = accounts.find(|(_, account)| account.reference == approves) else {
                        return to(&format!("/upi/requests/{id}"));
                    };
                    let again = |trouble| visit.request_pin(upi, request, at, Some(trouble));
                    let approved =
                        visit.by_pin((at.1, &pin), again, |pin| match upi.approve(request, at.1, pin) {
                            Err(error) if code_of(&error) == Some("request_over") => Ok(false),
                            approved => approved.map(|()| true),
                        })?;
                    match approved {
                        Ok(true) => {
                            visit.open_requests(upi)?;
                            let _ = upi.see_end(&id, LOOKS);
                            to(&format!("/upi/payments/{id}"))
                        }
                        Ok(false) => to("/upi/requests?note=over"),
                        Err(reply) => Ok(reply),
                    }
                })
            })
        })
        .await
}

/// Does not pay it.
pub(in super::super) async fn decline(asked: Asked, Path(id): Path<String>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                visit.with_request(upi, &id, |request| match upi.decline(&request.id) {
                    Err(error) if code_of(&error) == Some("request_over") => to("/upi/requests?note=over"),
                    declined => {
                        declined?;
                        visit.open_requests(upi)?;
                        to("/upi/requests?note=declined")
                    }
                })
            })
        })
        .await
}

#[derive(Deserialize)]
pub(in super::super) struct Report {
    #[serde(default)]
    report: String,
}

/// Does not pay it, nor see any other of its sender.
pub(in super::super) async fn block(
    asked: Asked,
    Path(id): Path<String>,
    Form(report): Form<Report>,
) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                visit.with_request(upi, &id, |request| {
                    upi.block(&request.payee, report.report == "yes")?;
                    let of_sender = |other: &&CollectRequest| other.payee == request.payee;
                    for other in visit.open_requests(upi)?.iter().filter(of_sender) {
                        upi.decline(&other.id)?;
                    }
                    to("/upi/requests?note=blocked")
                })
            })
        })
        .await
}
