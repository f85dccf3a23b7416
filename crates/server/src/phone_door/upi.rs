//! Paying from a bank account, on the phone's screen: the state of it, and its first page.
//!
//! It is for the owner of an open phone, like everything here; money leaves by the PIN of the account alone, which is typed on
//! a page of its own that says whom and how much, and is sealed to the bank at once. What a PIN approves is named by the
//! form it is typed into, so that no other page can put another payee under it.
//!
//! Read `set_up` (number, account, address, PIN), `paying` (whom, how much, the PIN, the end), `asked_for` (what merchants ask
//! for), `bills`, `splits`, `mandates` (leave to debit again), `purse` (a balance spent without a PIN), `pins` (what a typed PIN does), `disputes` (what is claimed of a payment), `looking` (balance, receipts, the own code), `addresses` (the own ones, those that are blocked).

pub(super) mod addresses;
pub(super) mod asked_for;
pub(super) mod bills;
pub(super) mod disputes;
pub(super) mod looking;
pub(super) mod mandates;
pub(super) mod paying;
mod pins;
pub(super) mod purse;
pub(super) mod set_up;
pub(super) mod splits;

use super::visit::{Asked, Reply, Visit};
use super::{PhoneDoor, held};
use crate::client::ClientError;
use crate::phone::PhoneError;
use crate::screens::pages::Page;
use crate::screens::phone::{self as screens, AccountAtHome, AccountView, Sum, UpiHomeView};
use crate::screens::words::Language;
use crate::upi::app::mandates::ShownMandate;
use crate::upi::app::{Mine, NewPayment, Shown};
use crate::upi::phone::{UpiPhone, UpiPhoneError, advice_of};
use ::upi::codes;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use psp::mandates::records::MandateSide;
use psp::records::LinkedAccount;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use values::Money;

/// The phone's line to a provider of account payment.
#[derive(Clone, Debug)]
pub struct UpiLine {
    /// Where the provider listens.
    pub provider: SocketAddr,
    /// The number of its SIM that is offered when it is set up; may be empty.
    pub number: String,
}

/// The place of a linked account, counted from 1. What is no number is the place of none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place(usize);

impl<'a> Deserialize<'a> for Place {
    fn deserialize<D: serde::Deserializer<'a>>(from: D) -> Result<Place, D::Error> {
        Ok(Place(String::deserialize(from)?.parse().unwrap_or(0)))
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// So many payments are shown on the first page.
const RECENT: usize = 5;

/// What the phone keeps of account payment while it is switched on.
#[derive(Default)]
pub(super) struct State {
    phone: Option<Arc<UpiPhone>>,
    /// What the number has, as it was told last: for pages that ask nobody.
    mine: Option<Arc<Mine>>,
    /// The banks whose accounts can be linked: name, and the first four letters of their branch codes.
    banks: Option<Arc<Vec<(String, String)>>>,
    /// What a bank listed last.
    found: Option<Arc<set_up::Found>>,
    /// The one-time password that was asked for.
    password: Option<Arc<set_up::PasswordAsked>>,
    /// What is to be paid, until its PIN was typed.
    draft: Option<Arc<paying::Draft>>,
    /// The mandate that a link asks for, until its PIN was typed.
    proposed: Option<Arc<mandates::Proposed>>,
    /// An order of which nobody knows whether the provider has it, and the name it was shown with.
    unsent: Option<Arc<(NewPayment, String)>>,
    /// What goes into the purse, or comes back from a lost one, until its PIN was typed.
    purse: Option<Arc<purse::Decided>>,
    /// The last order that was approved.
    last: Option<String>,
    /// The bill that is looked at.
    bill: Option<Arc<bills::Looked>>,
    /// The last bill that was paid, by its transaction.
    last_bill: Option<String>,
    /// How many requests for money waited when that was last asked.
    asked_for: usize,
    /// The last payments, newest first, as each was told of last: for pages that ask nobody.
    heard: Vec<Shown>,
}

impl State {
    /// Keeps what was told of one payment.
    fn hear(&mut self, shown: &Shown) {
        match self.heard.iter_mut().find(|known| known.payment.id == shown.payment.id) {
            Some(known) => *known = shown.clone(),
            None => self.heard.insert(0, shown.clone()),
        }
    }
}

/// Why a page cannot be made.
pub(super) enum Trouble {
    Upi(UpiPhoneError),
    Phone(PhoneError),
}

impl From<UpiPhoneError> for Trouble {
    fn from(error: UpiPhoneError) -> Trouble {
        Trouble::Upi(error)
    }
}

impl From<PhoneError> for Trouble {
    fn from(error: PhoneError) -> Trouble {
        Trouble::Phone(error)
    }
}

/// A form that has to be typed again.
fn no(html: String) -> Result<Reply, Trouble> {
    Ok(Reply::No(StatusCode::UNPROCESSABLE_ENTITY, html))
}

fn to(path: &str) -> Result<Reply, Trouble> {
    Ok(Reply::To(path.to_owned()))
}

/// A code of the provider's own no, if the error is one.
fn code_of(error: &UpiPhoneError) -> Option<&str> {
    match error {
        UpiPhoneError::Client(error) => error.code(),
        _ => None,
    }
}

/// Whether this no of the provider's says that another phone has the number now, or that this one was never bound.
fn is_unbound(code: &str) -> bool {
    matches!(code, "device_not_bound" | "device_unknown" | "signature_invalid")
}

/// The language of sentences about codes.
fn spoken(language: Language) -> codes::Language {
    match language {
        Language::English | Language::Pseudo => codes::Language::English,
        Language::Hindi => codes::Language::Hindi,
        Language::Chinese => codes::Language::Chinese,
    }
}

/// What a bank's no means, and what to do.
fn declined(page: &Page, code: &str) -> String {
    let (advice, language) = (advice_of(code), spoken(page.language));
    format!("{} {}", advice.say(language), advice.next(language))
}

/// Rupees for a page.
fn rupees(money: Money) -> Sum {
    Sum { minor: i64::try_from(money.minor()).unwrap_or(i64::MAX), currency: "INR", decimals: 2 }
}

/// The last four digits of an account's number.
fn tail(account: &LinkedAccount) -> String {
    account.masked.get(account.masked.len().saturating_sub(4)..).unwrap_or_default().to_owned()
}

impl PhoneDoor {
    fn upi_folder(&self) -> PathBuf {
        self.0.settings.directory.join("upi")
    }

    /// The phone in account payment, if it was registered.
    fn upi_phone(&self) -> Result<Option<Arc<UpiPhone>>, UpiPhoneError> {
        let mut state = held(&self.0.upi);
        let folder = self.upi_folder();
        if state.phone.is_none() && folder.join("upi.json").exists() {
            let settings = &self.0.settings;
            let phone = UpiPhone::open(&folder, Arc::clone(&settings.clock), settings.watch.clone())?;
            state.phone = Some(Arc::new(phone));
        }
        Ok(state.phone.clone())
    }

    /// Asks what there is of the account, for the phone's first page: that one asks nobody itself.
    pub(super) fn hear_of_account(&self) -> Result<(), UpiPhoneError> {
        let Some(phone) = self.upi_phone()? else { return Ok(()) };
        let now = self.now();
        let waiting = phone.requests()?.iter().filter(|request| now < request.expires_at).count();
        let (mine, banks, heard) = (phone.mine()?, phone.banks()?, phone.payments()?);
        let mut state = held(&self.0.upi);
        state.asked_for = waiting;
        state.mine = Some(Arc::new(mine));
        state.banks = Some(Arc::new(banks));
        state.heard = heard;
        Ok(())
    }

    /// Forgets what the phone had of account payment: its key and its number's binding.
    pub(super) fn forget_upi(&self) {
        *held(&self.0.upi) = State::default();
        if let Err(error) = std::fs::remove_dir_all(self.upi_folder())
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the folder of account payment stays");
        }
    }
}

impl Visit {
    /// What the first page says of the account, if this phone can have one; asks nobody.
    pub(super) fn account_at_home(&self) -> Option<AccountAtHome> {
        self.door.0.settings.upi.as_ref()?;
        let say = |name: &str| self.page.language.say(name);
        let is_set_up = self.door.upi_folder().join("upi.json").exists();
        let state = held(&self.door.0.upi);
        let mine = state.mine.as_ref().filter(|_| is_set_up);
        let first = mine.and_then(|mine| mine.accounts.first());
        let line = first.map(|account| {
            let letters = account.ifsc.get(..4).unwrap_or_default();
            let mut banks = state.banks.iter().flat_map(|banks| banks.iter());
            let bank = banks.find(|(_, code)| code == letters).map_or(letters, |(name, _)| name.as_str());
            format!("{bank} ••\u{a0}{}", tail(account))
        });
        let address = mine.and_then(|mine| mine.addresses.first().cloned());
        let otherwise = if is_set_up { "home-upi-open" } else { "home-upi-set-up" };
        let asked = state.asked_for;
        Some(AccountAtHome {
            first: line.unwrap_or_else(|| say("home-upi")),
            second: address.unwrap_or_else(|| say(otherwise)),
            pays: is_set_up,
            balance: first.is_some_and(|account| account.has_pin).then_some("/upi/balance/1"),
            asked: (asked > 0).then(|| self.page.language.say_count("home-upi-asked", "count", asked)),
        })
    }

    fn upi_phone(&self) -> Result<Option<Arc<UpiPhone>>, UpiPhoneError> {
        self.door.upi_phone()
    }

    /// Ends what the provider of account payment has of the phone's owner, over the wire; what stands in the way, as the name of a
    /// sentence.
    pub(super) fn leave_account(&self) -> Option<&'static str> {
        let left = match self.upi_phone() {
            Ok(Some(upi)) if self.door.0.settings.upi.is_some() => upi.leave(),
            Ok(_) => return None,
            Err(error) => Err(error),
        };
        let error = left.err()?;
        match code_of(&error) {
            Some("purse_open") => Some("leave-purse-first"),
            // It was left before, or another phone has the number.
            Some(code) if is_unbound(code) => None,
            _ => {
                tracing::warn!(%error, "the provider of account payment was not left");
                Some("leave-account-later")
            }
        }
    }

    /// Does something with the phone in account payment; leads to where it is set up if it is not.
    pub(super) fn upi(
        &self,
        work: impl FnOnce(&UpiPhone) -> Result<Reply, Trouble>,
    ) -> Result<Reply, PhoneError> {
        if self.door.0.settings.upi.is_none() {
            return Reply::to("/");
        }
        let phone = match self.upi_phone() {
            Ok(Some(phone)) => phone,
            Ok(None) => return Reply::to("/upi/register"),
            Err(error) => return Ok(self.no(&error)),
        };
        match work(&phone) {
            Ok(reply) => Ok(reply),
            Err(Trouble::Phone(error)) => Err(error),
            Err(Trouble::Upi(error)) => Ok(self.no(&error)),
        }
    }

    /// What went wrong, as a page for people.
    fn no(&self, error: &UpiPhoneError) -> Reply {
        let page = &self.page;
        let problem = |status, title, text| Reply::No(status, screens::problem(page, title, text, "/upi"));
        match error {
            UpiPhoneError::Client(ClientError::Unreachable(_)) | UpiPhoneError::Telephone(_) => {
                problem(StatusCode::SERVICE_UNAVAILABLE, "offline-title", "upi-offline")
            }
            UpiPhoneError::NoAnswer | UpiPhoneError::NoPassword => {
                problem(StatusCode::GATEWAY_TIMEOUT, "upi-silent-title", "upi-silent")
            }
            UpiPhoneError::Declined { code, .. } => {
                let html = screens::upi_no(page, "upi-declined", declined(page, code), "/upi");
                Reply::No(StatusCode::CONFLICT, html)
            }
            UpiPhoneError::Client(ClientError::Problem(problem)) => match problem.code.as_str() {
                code if is_unbound(code) => Reply::To("/upi/register".to_owned()),
                "too_often" | "account_not_listed" => {
                    let name = format!("upi-no-{}", problem.code.replace('_', "-"));
                    let html = screens::upi_no(page, "wrong-title", page.language.say(&name), "/upi");
                    Reply::No(StatusCode::CONFLICT, html)
                }
                _ => Reply::No(
                    StatusCode::CONFLICT,
                    screens::problem(page, "wrong-title", "wrong-text", "/upi"),
                ),
            },
            error => {
                tracing::warn!(%error, "the phone in account payment");
                problem(StatusCode::INTERNAL_SERVER_ERROR, "wrong-title", "wrong-text")
            }
        }
    }

    /// What the number has, as the provider says now.
    fn mine(&self, upi: &UpiPhone) -> Result<Arc<Mine>, Trouble> {
        let mine = Arc::new(upi.mine()?);
        held(&self.door.0.upi).mine = Some(Arc::clone(&mine));
        Ok(mine)
    }

    /// The banks, asked for once.
    fn banks(&self, upi: &UpiPhone) -> Result<Arc<Vec<(String, String)>>, UpiPhoneError> {
        if let Some(banks) = held(&self.door.0.upi).banks.clone() {
            return Ok(banks);
        }
        let banks = Arc::new(upi.banks()?);
        held(&self.door.0.upi).banks = Some(Arc::clone(&banks));
        Ok(banks)
    }

    /// The name of the bank of a branch; its letters where nobody told the name.
    fn bank(&self, upi: &UpiPhone, ifsc: &str) -> String {
        let letters = ifsc.get(..4).unwrap_or_default();
        let banks = self.banks(upi).ok();
        let known = banks
            .and_then(|banks| banks.iter().find(|(_, code)| code == letters).map(|(name, _)| name.clone()));
        known.unwrap_or_else(|| letters.to_owned())
    }

    fn account_view(&self, upi: &UpiPhone, place: usize, account: &LinkedAccount) -> AccountView {
        AccountView {
            place: place + 1,
            bank: self.bank(upi, &account.ifsc),
            tail: tail(account),
            holder: account.holder.clone(),
            has_pin: account.has_pin,
        }
    }

    fn account_views(&self, upi: &UpiPhone, mine: &Mine) -> Vec<AccountView> {
        let all = mine.accounts.iter().enumerate();
        all.map(|(place, account)| self.account_view(upi, place, account)).collect()
    }

    /// The account at this place, counted from 1, with how pages name it.
    fn account_at(
        &self,
        upi: &UpiPhone,
        place: Place,
    ) -> Result<Option<(LinkedAccount, AccountView)>, Trouble> {
        let mine = self.mine(upi)?;
        let at = place.0.checked_sub(1);
        let found = at.and_then(|at| mine.accounts.get(at).map(|account| (at, account)));
        Ok(found.map(|(at, account)| (account.clone(), self.account_view(upi, at, account))))
    }
}

#[derive(Deserialize)]
pub(super) struct Note {
    #[serde(default)]
    note: String,
}

/// Whether a mandate waits for this customer to decide.
fn is_asked(shown: &ShownMandate) -> bool {
    shown.mandate.side == MandateSide::Payer && shown.mandate.state == ::upi::mandate::State::Requested
}

/// What may be said about what was just done: the words are ours, never those of an address.
const NOTES: [&str; 4] = ["linked", "pin", "address", "first"];

/// The first page of account payment.
pub(super) async fn home(asked: Asked, Query(note): Query<Note>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let mine = visit.mine(upi)?;
                let rows = visit.upi_rows(upi, "")?;
                let note = NOTES.iter().find(|known| **known == note.note);
                let pending = rows.first().filter(|paid| paid.row.state == "checked");
                let asked = visit.requests_waiting(upi)?;
                let view = UpiHomeView {
                    asked: (asked > 0)
                        .then(|| visit.page.language.say_count("home-upi-asked", "count", asked)),
                    address: mine.addresses.first().cloned().unwrap_or_default(),
                    accounts: visit.account_views(upi, &mine),
                    mandates_asked: upi.mandates()?.iter().filter(|shown| is_asked(shown)).count(),
                    note: note.map(|note| visit.page.language.say(&format!("upi-done-{note}"))),
                    pending: pending.map(|paid| paid.row.clone()),
                    recent: rows.iter().take(RECENT).map(|paid| paid.row.clone()).collect(),
                };
                Ok(Reply::Page(screens::upi_home(&visit.page, &view)))
            })
        })
        .await
}
