//! Mandates: what merchants ask for, what was approved, and what may be done with it. The bank's page for the PIN says whom, how
//! much and how often, and what is typed into it approves these terms and no others.

use super::super::held;
use super::super::visit::{Asked, Reply, Visit};
use super::paying::Approval;
use super::{Place, Trouble, declined, no, rupees, to};
use crate::screens::phone::{self as screens, DebitView, MandateRow, MandateView, PinView, TermsView};
use crate::upi::app::mandates::ShownMandate;
use crate::upi::phone::{UpiPhone, UpiPhoneError};
use ::upi::link::Link;
use ::upi::mandate::{AmountRule, Day, DayRule, Recurrence, State, Terms};
use axum::extract::{Form, Path, Query};
use axum::response::Response;
use psp::mandates::records::{DebitState, MandateDebit, MandateSide};
use psp::records::LinkedAccount;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use values::{Currency, Money};

/// How long a mandate that is made is waited for before its page is shown.
const LOOKS: Duration = Duration::from_millis(2500);

/// The state as sentences name it.
fn state_of(shown: &ShownMandate, today: Day) -> &'static str {
    match &shown.mandate.state {
        State::Active | State::Paused if today > shown.mandate.terms.ends => "over",
        State::Requested => "requested",
        State::Making => "making",
        State::Active => "active",
        State::Paused => "paused",
        State::Revoked => "revoked",
        State::Declined => "declined",
        State::Failed(_) => "failed",
        State::Completed => "completed",
    }
}

impl Visit {
    fn today(&self) -> Day {
        Day::of(self.door.now())
    }

    fn mandate_row(&self, shown: &ShownMandate) -> MandateRow {
        let mandate = &shown.mandate;
        MandateRow {
            href: format!("/upi/mandates/{}", mandate.id),
            name: mandate.terms.name.clone(),
            other: mandate.other_name.clone().unwrap_or_else(|| mandate.other.clone()),
            amount: rupees(mandate.terms.amount()),
            state: state_of(shown, self.today()),
        }
    }

    /// How often, and on which days, in a sentence.
    fn pattern(&self, recurrence: Recurrence) -> String {
        let say = |name: &str| self.page.language.say(name);
        let often = say(&format!("mandate-pattern-{}", recurrence.pattern.as_str().to_lowercase()));
        let Some((day, rule)) = recurrence.rule else { return often };
        let rule = match rule {
            DayRule::Before => "before",
            DayRule::On => "on",
            DayRule::After => "after",
        };
        let day = self.page.language.say_count(&format!("mandate-day-{rule}"), "count", usize::from(day));
        format!("{often}, {day}")
    }

    fn date(&self, day: Day) -> String {
        let (year, month, day) = day.civil();
        self.page.language.date(year, month, day)
    }

    fn days(&self, terms: &Terms) -> String {
        format!("{} – {}", self.date(terms.starts), self.date(terms.ends))
    }

    fn terms_view(&self, terms: &Terms, payee: Option<&str>, pays: bool) -> TermsView {
        TermsView {
            name: terms.name.clone(),
            payee: payee.unwrap_or(&terms.payee).to_owned(),
            address: terms.payee.clone(),
            pays,
            amount: rupees(terms.amount()),
            exact: terms.amount_rule == AmountRule::Exact,
            pattern: self.pattern(terms.recurrence),
            days: self.days(terms),
            revocable: terms.revocable,
            blocks: terms.blocks,
        }
    }

    fn debit_view(&self, debit: &MandateDebit) -> DebitView {
        let when = match (&debit.code, debit.due.or(debit.notice.map(|notice| notice.at))) {
            (Some(code), _) => declined(&self.page, code),
            (None, Some(at)) if debit.state == DebitState::Presented => self.date(Day::of(at)),
            _ => self.date(Day::of(debit.changed_at)),
        };
        DebitView {
            amount: rupees(Money::new(debit.paise, Currency::INR).unwrap_or(Money::zero(Currency::INR))),
            state: match debit.state {
                DebitState::Presented => "presented",
                DebitState::Tried => "tried",
                DebitState::Made => "made",
                DebitState::Failed => "failed",
            },
            when,
        }
    }

    fn mandate_page(
        &self,
        upi: &UpiPhone,
        shown: &ShownMandate,
        wrong: Option<String>,
    ) -> Result<String, Trouble> {
        let mandate = &shown.mandate;
        let pays = mandate.side == MandateSide::Payer;
        let state = state_of(shown, self.today());
        let stands = matches!(state, "active" | "paused");
        let is_over = mandate.expires_at.is_some_and(|until| self.door.now() >= until);
        let decides = pays && state == "requested" && !is_over;
        let payee = if pays { mandate.other_name.as_deref() } else { Some(mandate.other.as_str()) };
        let trouble = match &mandate.state {
            State::Failed(code) => Some(declined(&self.page, code)),
            _ => mandate.refused.as_deref().map(|code| declined(&self.page, code)),
        };
        let accounts = if decides { self.account_views(upi, &*self.mine(upi)?) } else { Vec::new() };
        let view = MandateView {
            path: format!("/upi/mandates/{}", mandate.id),
            terms: self.terms_view(&mandate.terms, payee, pays),
            state,
            unsigned: false,
            trouble,
            number: mandate.number.clone(),
            debits: shown.debits.iter().map(|debit| self.debit_view(debit)).collect(),
            decides,
            pauses: pays && state == "active",
            goes_on: pays && state == "paused",
            revokes: stands && (mandate.terms.revocable || !pays),
            presents: !pays && state == "active",
            accounts: accounts.into_iter().filter(|account| account.has_pin).collect(),
            wrong,
        };
        Ok(screens::upi_mandate(&self.page, &view))
    }
}

/// A mandate that a link asks for, until its PIN was typed.
pub(in super::super) struct Proposed {
    /// Names this proposal: the PIN's form carries it.
    name: String,
    terms: Terms,
    payee: String,
    /// Whether nobody vouches for the link.
    unsigned: bool,
}

/// The page of what a link asks for.
const NEW: &str = "/upi/mandates/new";

impl Visit {
    /// Takes up the mandate that a link asks for; the name of a sentence if nobody could approve it as it is.
    pub(super) fn propose(
        &self,
        upi: &UpiPhone,
        link: &Link,
        vouched: bool,
    ) -> Result<Result<Reply, &'static str>, Trouble> {
        let whose = upi.look_up(link.request.payee.as_str())?;
        let terms = Terms::asked_by(&link.request, &whose.category);
        let Some(terms) = terms.filter(|terms| terms.check(self.today()).is_ok()) else {
            return Ok(Err("upi-link-mandate"));
        };
        let name = hex::encode(crypto::random::bytes::<16>());
        let proposed = Proposed { name, terms, payee: whose.name, unsigned: !vouched };
        held(&self.door.0.upi).proposed = Some(Arc::new(proposed));
        to(NEW).map(Ok)
    }

    fn proposed(&self) -> Option<Arc<Proposed>> {
        held(&self.door.0.upi).proposed.clone()
    }

    fn proposed_pin_page(
        &self,
        upi: &UpiPhone,
        proposed: &Proposed,
        (place, account): &(usize, LinkedAccount),
        trouble: Option<String>,
    ) -> String {
        let terms = &proposed.terms;
        let view = PinView {
            account: self.account_view(upi, *place, account),
            length: usize::from(account.pin_length),
            payment: Some((proposed.payee.clone(), rupees(terms.amount()))),
            again: Some(format!("{} ({})", self.pattern(terms.recurrence), self.days(terms))),
            approves: format!("{} {}", proposed.name, account.reference),
            action: format!("{NEW}/pin"),
            back: NEW,
            trouble,
        };
        screens::upi_pin(&self.page, &view)
    }
}

/// What a link asks for, before anything is approved.
pub(in super::super) async fn proposal(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            visit.upi(|upi| {
                let Some(proposed) = visit.proposed() else { return to("/upi/mandates") };
                let accounts = visit.account_views(upi, &*visit.mine(upi)?);
                let view = MandateView {
                    path: NEW.to_owned(),
                    terms: visit.terms_view(&proposed.terms, Some(&proposed.payee), true),
                    state: "requested",
                    decides: true,
                    unsigned: proposed.unsigned,
                    accounts: accounts.into_iter().filter(|account| account.has_pin).collect(),
                    ..MandateView::default()
                };
                Ok(Reply::Page(screens::upi_mandate(&visit.page, &view)))
            })
        })
        .await
}

/// Asks for the PIN with which it is made.
pub(in super::super) async fn proposal_pin(asked: Asked, Query(chosen): Query<Chosen>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let Some(proposed) = visit.proposed() else { return to("/upi/mandates") };
                let account = visit.account_at(upi, chosen.place)?.map(|(account, _)| account);
                match account.filter(|account| account.has_pin) {
                    Some(account) => {
                        let at = (chosen.place.0.saturating_sub(1), account);
                        Ok(Reply::Page(visit.proposed_pin_page(upi, &proposed, &at, None)))
                    }
                    None => to(NEW),
                }
            })
        })
        .await
}

/// Makes it: the PIN is sealed for these terms and nothing else.
pub(in super::super) async fn make(asked: Asked, Form(approval): Form<Approval>) -> Response {
    let (approved, pin) = approval.split();
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let Some(proposed) = visit.proposed() else { return to("/upi/mandates") };
                // A PIN approves what its own page showed: another link since then wants the PIN again.
                let named = approved.split_once(' ').filter(|(name, _)| *name == proposed.name);
                let Some((_, reference)) = named else { return to(NEW) };
                let mine = visit.mine(upi)?;
                let mut accounts = mine.accounts.iter().cloned().enumerate();
                let at = accounts.find(|(_, account)| account.reference == reference && account.has_pin);
                let Some(at) = at else { return to(NEW) };
                let again = |trouble| visit.proposed_pin_page(upi, &proposed, &at, Some(trouble));
                let terms = (&proposed.terms, Some(proposed.payee.as_str()));
                let order =
                    match visit.by_pin((&at.1, &pin), again, |pin| upi.mandate_order(&at.1, terms, pin))? {
                        Ok(order) => order,
                        Err(reply) => return Ok(reply),
                    };
                if !visit.take_proposed(&proposed) {
                    return to("/upi/mandates");
                }
                upi.make_mandate(&order)?;
                // However long it takes, its own page says how it stands.
                let _ = upi.see_mandate(&order.transaction, LOOKS);
                to(&format!("/upi/mandates/{}", order.transaction))
            })
        })
        .await
}

impl Visit {
    /// Takes the proposal away, so that it is made once: false if another request did.
    fn take_proposed(&self, proposed: &Arc<Proposed>) -> bool {
        let mut state = held(&self.door.0.upi);
        let is_it = state.proposed.as_ref().is_some_and(|current| Arc::ptr_eq(current, proposed));
        if is_it {
            state.proposed = None;
        }
        is_it
    }
}

/// Lets what a link asks for be.
pub(in super::super) async fn let_be(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            visit.upi(|_| {
                held(&visit.door.0.upi).proposed = None;
                to("/upi/mandates")
            })
        })
        .await
}

/// All mandates, those that wait for their owner first.
pub(in super::super) async fn list(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            visit.upi(|upi| {
                let all = upi.mandates()?;
                let mut rows: Vec<_> = all.iter().map(|shown| visit.mandate_row(shown)).collect();
                rows.sort_by_key(|row| row.state != "requested");
                Ok(Reply::Page(screens::upi_mandates(&visit.page, &rows)))
            })
        })
        .await
}

/// One of them.
pub(in super::super) async fn one(asked: Asked, Path(id): Path<String>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let shown = upi.mandate(&id)?;
                Ok(Reply::Page(visit.mandate_page(upi, &shown, None)?))
            })
        })
        .await
}

#[derive(Deserialize)]
pub(in super::super) struct Chosen {
    #[serde(rename = "account", default)]
    place: Place,
}

impl Visit {
    /// The account that a mandate debits, or, before it is approved, the named one; and its place.
    fn account_of(
        &self,
        upi: &UpiPhone,
        shown: &ShownMandate,
        named: &str,
    ) -> Result<Option<(usize, LinkedAccount)>, Trouble> {
        let mine = self.mine(upi)?;
        let wanted = match &shown.mandate.state {
            State::Requested => named,
            _ => &shown.mandate.account,
        };
        let mut accounts = mine.accounts.iter().cloned().enumerate();
        Ok(accounts.find(|(_, account)| account.reference == wanted && account.has_pin))
    }

    fn mandate_pin_page(
        &self,
        upi: &UpiPhone,
        shown: &ShownMandate,
        (place, account): &(usize, LinkedAccount),
        trouble: Option<String>,
    ) -> String {
        let mandate = &shown.mandate;
        let name = mandate.other_name.clone().unwrap_or_else(|| mandate.other.clone());
        let terms = &mandate.terms;
        let view = PinView {
            account: self.account_view(upi, *place, account),
            length: usize::from(account.pin_length),
            payment: Some((name, rupees(terms.amount()))),
            again: Some(format!("{} ({})", self.pattern(terms.recurrence), self.days(terms))),
            approves: approves(shown, account),
            action: format!("/upi/mandates/{}/pin", mandate.id),
            back: "/upi/mandates",
            trouble,
        };
        screens::upi_pin(&self.page, &view)
    }
}

/// What a PIN's form names: these terms and this account.
fn approves(shown: &ShownMandate, account: &LinkedAccount) -> String {
    format!("{} {}", shown.mandate.terms.fingerprint(), account.reference)
}

/// Asks for the PIN: to approve a mandate, or to let it go on.
pub(in super::super) async fn pin(
    asked: Asked,
    Path(id): Path<String>,
    Query(chosen): Query<Chosen>,
) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let shown = upi.mandate(&id)?;
                let wants = matches!(shown.mandate.state, State::Requested | State::Paused);
                let named = visit.account_at(upi, chosen.place)?.map(|(account, _)| account.reference);
                let at = visit.account_of(upi, &shown, named.as_deref().unwrap_or_default())?;
                match at.filter(|_| wants) {
                    Some(at) => Ok(Reply::Page(visit.mandate_pin_page(upi, &shown, &at, None))),
                    None => to(&format!("/upi/mandates/{id}")),
                }
            })
        })
        .await
}

/// Approves a mandate, or lets it go on.
pub(in super::super) async fn approve(
    asked: Asked,
    Path(id): Path<String>,
    Form(approval): Form<Approval>,
) -> Response {
    let (approved, pin) = approval.split();
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let shown = upi.mandate(&id)?;
                let path = format!("/upi/mandates/{id}");
                let named = approved.split_once(' ').map_or("", |(_, account)| account);
                let Some(at) = visit.account_of(upi, &shown, named)? else { return to(&path) };
                // A PIN approves what its own page showed.
                if approved != approves(&shown, &at.1) {
                    return to(&path);
                }
                let again = |trouble| visit.mandate_pin_page(upi, &shown, &at, Some(trouble));
                let done = visit.by_pin((&at.1, &pin), again, |pin| match shown.mandate.state {
                    State::Requested => upi.approve_mandate(&shown, &at.1, pin).map(|_| ()),
                    State::Paused => upi.unpause_mandate(&shown, pin).map(|_| ()),
                    _ => Ok(()),
                })?;
                match done {
                    Ok(()) => {
                        // However long it takes, its own page says how it stands.
                        let _ = upi.see_mandate(&id, LOOKS);
                        to(&path)
                    }
                    Err(reply) => Ok(reply),
                }
            })
        })
        .await
}

/// Does something that wants no PIN, and shows the mandate.
async fn change(
    asked: Asked,
    id: String,
    change: fn(&UpiPhone, &str) -> Result<ShownMandate, UpiPhoneError>,
) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                change(upi, &id)?;
                to(&format!("/upi/mandates/{id}"))
            })
        })
        .await
}

/// Does not approve it.
pub(in super::super) async fn decline(asked: Asked, Path(id): Path<String>) -> Response {
    change(asked, id, UpiPhone::decline_mandate).await
}

/// Lets it rest.
pub(in super::super) async fn pause(asked: Asked, Path(id): Path<String>) -> Response {
    change(asked, id, UpiPhone::pause_mandate).await
}

/// Ends it.
pub(in super::super) async fn revoke(asked: Asked, Path(id): Path<String>) -> Response {
    change(asked, id, UpiPhone::revoke_mandate).await
}

#[derive(Deserialize)]
pub(in super::super) struct Amount {
    #[serde(default)]
    amount: String,
}

/// Presents the next debit, as its payee.
pub(in super::super) async fn debit(
    asked: Asked,
    Path(id): Path<String>,
    Form(typed): Form<Amount>,
) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let again = |name: &str| {
                    let shown = upi.mandate(&id)?;
                    no(visit.mandate_page(upi, &shown, Some(visit.page.language.say(name)))?)
                };
                let Ok(amount) = Money::parse(typed.amount.trim(), Currency::INR) else {
                    return again("scan-wrong-amount");
                };
                match upi.present_debit(&id, Some(amount)) {
                    Ok(_) => to(&format!("/upi/mandates/{id}")),
                    Err(error) => match super::code_of(&error) {
                        Some("amount_invalid") => again("mandate-no-amount"),
                        Some("debit_presented") => again("mandate-no-presented"),
                        Some("no_debit_due") => again("mandate-no-due"),
                        _ => Err(error.into()),
                    },
                }
            })
        })
        .await
}
