//! The purse: a small balance on the phone, filled with the PIN of an account and spent without.

use super::super::held;
use super::super::visit::{Asked, Reply, Visit};
use super::paying::Approval;
use super::{Place, Trouble, code_of, no, rupees, to};
use crate::screens::phone::{self as screens, PinView, PurseView};
use crate::upi::app::Shown;
use crate::upi::phone::purse::Kept;
use crate::upi::phone::{UpiPhone, UpiPhoneError};
use ::upi::limits::single;
use axum::extract::{Form, Query};
use axum::response::Response;
use psp::purses::PurseState;
use psp::records::LinkedAccount;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use values::{Currency, Money};

/// How long an order is waited for before its page is shown.
const LOOKS: Duration = Duration::from_millis(2500);

/// What the PIN is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Open,
    Fill,
    CloseLost,
}

/// What was decided and still wants the PIN.
pub(super) struct Decided {
    /// Names this decision: the PIN's form carries it.
    name: String,
    wish: Wish,
    amount: Money,
    /// The account, by reference.
    account: String,
}

#[derive(Default, Deserialize)]
pub(in super::super) struct Typed {
    #[serde(default)]
    amount: String,
    #[serde(rename = "account", default)]
    place: Place,
}

#[derive(Deserialize)]
pub(in super::super) struct Note {
    #[serde(default)]
    note: String,
}

/// What may be said about what was just done.
const NOTES: [&str; 3] = ["closed", "asked", "stuck"];

impl Visit {
    /// The purse, its last order concluded if somebody knows how that ended.
    pub(super) fn purse(&self, upi: &UpiPhone) -> Result<Option<Kept>, UpiPhoneError> {
        upi.conclude_purse(Duration::ZERO)
    }

    /// At most so much lies in a purse, leaves it at a time, and in a day.
    fn purse_limits(&self) -> [Money; 3] {
        let now = self.door.now();
        let (spend, balance) = (single("lite_payment", now), single("lite_balance", now));
        let paise = [
            balance.map(|limit| limit.payment_paise),
            spend.map(|limit| limit.payment_paise),
            spend.and_then(|limit| limit.day_paise),
        ];
        paise.map(|paise| Money::new(paise.unwrap_or(0), Currency::INR).unwrap_or(Money::zero(Currency::INR)))
    }

    /// The purse, if it can pay so much at once; nothing is known of an amount that is still to be typed.
    pub(super) fn purse_for(
        &self,
        upi: &UpiPhone,
        amount: Option<Money>,
    ) -> Result<Option<Kept>, UpiPhoneError> {
        let [_, most, _] = self.purse_limits();
        let fits = |kept: &Kept| {
            let amount = amount.map_or(1, |amount| amount.minor());
            !kept.waits() && amount <= kept.paise.min(most.minor())
        };
        Ok(self.purse(upi)?.filter(fits))
    }

    fn purse_page(
        &self,
        upi: &UpiPhone,
        (typed, wrong): (&Typed, Option<&str>),
        note: &str,
    ) -> Result<String, Trouble> {
        let kept = self.purse(upi)?;
        let mine = self.mine(upi)?;
        let known = upi.purse()?;
        let elsewhere = kept.is_none() && known.as_ref().is_some_and(|purse| purse.state == PurseState::Open);
        let accounts = self.account_views(upi, &mine).into_iter().filter(|account| account.has_pin);
        // One that is there is filled from its own account.
        let accounts: Vec<_> = match &known {
            Some(purse) if kept.is_some() || elsewhere => {
                let own = mine.accounts.iter().position(|account| account.reference == purse.account);
                accounts.filter(|account| Some(account.place) == own.map(|place| place + 1)).collect()
            }
            _ => accounts.collect(),
        };
        let chosen = accounts.iter().find(|account| account.place == typed.place.0).or(accounts.first());
        let [most_in, most_at_once, most_a_day] = self.purse_limits().map(rupees);
        let view = PurseView {
            balance: kept.as_ref().map(|kept| rupees(kept.balance())),
            waiting: kept.as_ref().and_then(Kept::waits_for).map(|order| format!("/upi/payments/{order}")),
            elsewhere,
            most_in,
            most_at_once,
            most_a_day,
            chosen: chosen.map_or(0, |account| account.place),
            accounts,
            typed: typed.amount.clone(),
            wrong: wrong.map(|name| self.page.language.say(name)),
            note: NOTES.contains(&note).then(|| self.page.language.say(&format!("purse-note-{note}"))),
        };
        Ok(screens::upi_purse(&self.page, &view))
    }
}

/// The purse, or how one is opened.
pub(in super::super) async fn show(asked: Asked, Query(note): Query<Note>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                if visit.mine(upi)?.addresses.is_empty() {
                    return to("/upi");
                }
                Ok(Reply::Page(visit.purse_page(upi, (&Typed::default(), None), &note.note)?))
            })
        })
        .await
}

/// Takes how much goes into it, or, of a lost one, comes back, and leads to the bank's page.
pub(in super::super) async fn decide(asked: Asked, Form(typed): Form<Typed>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let kept = visit.purse(upi)?;
                let again = |wrong| no(visit.purse_page(upi, (&typed, Some(wrong)), "")?);
                let known = upi.purse()?.filter(|purse| purse.state == PurseState::Open);
                let wish = match (&kept, &known) {
                    (Some(kept), _) if kept.waits() => return again("purse-wrong-waits"),
                    (Some(_), _) => Wish::Fill,
                    (None, Some(_)) => Wish::CloseLost,
                    (None, None) => Wish::Open,
                };
                let amount = Money::parse(typed.amount.trim(), Currency::INR).ok();
                let Some(amount) = amount.filter(|amount| !amount.is_zero()) else {
                    return again("scan-wrong-amount");
                };
                let held_already = kept.as_ref().map_or(0, |kept| kept.paise);
                let total = held_already.saturating_add(amount.minor());
                if wish != Wish::CloseLost && total > visit.purse_limits()[0].minor() {
                    return again("purse-wrong-most");
                }
                let account = match &known {
                    Some(purse) => purse.account.clone(),
                    None => match visit.account_at(upi, typed.place)? {
                        Some((account, _)) => account.reference,
                        None => return to("/upi/purse"),
                    },
                };
                let name = hex::encode(crypto::random::bytes::<16>());
                let decided = Decided { name, wish, amount, account };
                held(&visit.door.0.upi).purse = Some(Arc::new(decided));
                to("/upi/purse/pin")
            })
        })
        .await
}

impl Visit {
    fn purse_decided(&self, upi: &UpiPhone) -> Result<Option<(Arc<Decided>, usize, LinkedAccount)>, Trouble> {
        let Some(decided) = held(&self.door.0.upi).purse.clone() else { return Ok(None) };
        let mine = self.mine(upi)?;
        let mut accounts = mine.accounts.iter().cloned().enumerate();
        let found = accounts.find(|(_, account)| account.reference == decided.account && account.has_pin);
        Ok(found.map(|(place, account)| (decided, place, account)))
    }

    fn purse_pin_page(
        &self,
        upi: &UpiPhone,
        (decided, place, account): &(Arc<Decided>, usize, LinkedAccount),
        trouble: Option<String>,
    ) -> String {
        let what = match decided.wish {
            Wish::Open => "purse-pin-open",
            Wish::Fill => "purse-pin-fill",
            Wish::CloseLost => "purse-pin-close",
        };
        let view = PinView {
            account: self.account_view(upi, *place, account),
            length: usize::from(account.pin_length),
            payment: Some((self.page.language.say(what), rupees(decided.amount))),
            again: None,
            approves: decided.name.clone(),
            action: "/upi/purse/pin".to_owned(),
            back: "/upi/purse",
            trouble,
        };
        screens::upi_pin(&self.page, &view)
    }
}

/// Asks for the PIN.
pub(in super::super) async fn pin(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            visit.upi(|upi| match visit.purse_decided(upi)? {
                Some(at) => Ok(Reply::Page(visit.purse_pin_page(upi, &at, None))),
                None => to("/upi/purse"),
            })
        })
        .await
}

/// Opens, fills, or closes a lost one.
pub(in super::super) async fn approve(asked: Asked, Form(approval): Form<Approval>) -> Response {
    let (approves, pin) = approval.split();
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let at = visit.purse_decided(upi)?;
                // A PIN approves what its own page showed, once.
                let Some(at) = at.filter(|(decided, ..)| decided.name == approves) else {
                    return to("/upi/purse");
                };
                let (decided, _, account) = &at;
                let again = |trouble| visit.purse_pin_page(upi, &at, Some(trouble));
                let ordered = visit.by_pin((account, &pin), again, |pin| {
                    held(&visit.door.0.upi).purse = None;
                    match decided.wish {
                        Wish::Open => upi.open_purse(account, decided.amount, pin),
                        Wish::Fill => upi.fill_purse(decided.amount, pin),
                        Wish::CloseLost => upi.close_lost_purse(decided.amount, pin),
                    }
                })?;
                match ordered {
                    Ok(shown) => visit.purse_ordered(upi, &shown),
                    Err(reply) => Ok(reply),
                }
            })
        })
        .await
}

impl Visit {
    /// However long an order takes, its own page goes on looking.
    pub(super) fn purse_ordered(&self, upi: &UpiPhone, shown: &Shown) -> Result<Reply, Trouble> {
        let _ = upi.see_end(&shown.payment.id, LOOKS);
        let _ = upi.conclude_purse(Duration::ZERO);
        to(&format!("/upi/payments/{}", shown.payment.id))
    }
}

/// Empties it into its account and closes it.
pub(in super::super) async fn close(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            visit.upi(|upi| match visit.purse(upi)? {
                None => to("/upi/purse"),
                Some(kept) if kept.waits() => to("/upi/purse?note=stuck"),
                Some(_) => match upi.close_purse() {
                    Ok(Some(shown)) => visit.purse_ordered(upi, &shown),
                    Ok(None) => to("/upi/purse?note=closed"),
                    Err(error) if code_of(&error) == Some("no_purse") => to("/upi/purse"),
                    Err(error) => Err(error.into()),
                },
            })
        })
        .await
}

/// Asks the bank what is in it, and believes that.
pub(in super::super) async fn ask(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            visit.upi(|upi| {
                if visit.purse(upi)?.is_none() {
                    return to("/upi/purse");
                }
                upi.reconcile_purse()?;
                to("/upi/purse?note=asked")
            })
        })
        .await
}
