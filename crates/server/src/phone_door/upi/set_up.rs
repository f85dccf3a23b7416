//! Setting account payment up: the number, an account, the address, the PIN.

use super::super::held;
use super::super::visit::{Asked, Reply, Visit};
use super::{Place, Trouble, code_of, declined, is_unbound, no, tail, to};
use crate::screens::phone::{self as screens, AccountView, CardOfAccountView, FoundView, NewPinView};
use crate::upi::phone::{NewUpiPhone, UpiPhone, UpiPhoneError};
use ::upi::address::Mobile;
use axum::extract::{Form, Path};
use axum::http::StatusCode;
use axum::response::Response;
use psp::records::LinkedAccount;
use serde::Deserialize;
use std::sync::Arc;
use values::SecretBytes;

/// What a bank listed.
pub(in super::super) struct Found {
    /// The question by which its accounts are linked.
    question: String,
    bank: String,
    accounts: Vec<LinkedAccount>,
}

/// A one-time password that was asked for.
pub(in super::super) struct PasswordAsked {
    /// The account's name at its bank.
    account: String,
    card: String,
    expiry: String,
    /// The last text that came before it.
    before: u32,
}

/// Asks for the number of the SIM.
pub(in super::super) async fn number(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            let Some(line) = &visit.door.0.settings.upi else { return Reply::to("/") };
            match visit.is_bound() {
                Ok(true) => Reply::to("/upi"),
                Ok(false) => Reply::page(screens::upi_register(&visit.page, &line.number, None)),
                Err(error) => Ok(visit.no(&error)),
            }
        })
        .await
}

#[derive(Deserialize)]
pub(in super::super) struct Number {
    #[serde(default)]
    number: String,
}

/// Sends the text that binds the phone to its number, and waits until the provider has it.
pub(in super::super) async fn register(asked: Asked, Form(typed): Form<Number>) -> Response {
    asked
        .owner(move |visit| {
            let settings = &visit.door.0.settings;
            let Some(line) = &settings.upi else { return Reply::to("/") };
            let number: String = typed.number.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
            let Some(mobile) = Mobile::parse(&number) else {
                let trouble = visit.page.language.say("upi-register-wrong");
                let html = screens::upi_register(&visit.page, typed.number.trim(), Some(&trouble));
                return Ok(Reply::No(StatusCode::UNPROCESSABLE_ENTITY, html));
            };
            // A phone that acts for its number goes on doing so, whatever form is sent; while nobody says whether it does,
            // nothing of it is forgotten.
            match visit.is_bound() {
                Ok(false) => {}
                Ok(true) => return Reply::to("/upi"),
                Err(error) => return Ok(visit.no(&error)),
            }
            // What was begun before does not count: a phone is bound as a whole, or not at all.
            visit.door.forget_upi();
            let number = format!("+{}", mobile.to_wire());
            let new = NewUpiPhone {
                directory: &visit.door.upi_folder(),
                number: &number,
                provider: line.provider,
                telephone: settings.telephone,
                watch: settings.watch.clone(),
            };
            match UpiPhone::register(&new, Arc::clone(&settings.clock)) {
                Ok(phone) => held(&visit.door.0.upi).phone = Some(Arc::new(phone)),
                Err(error) => {
                    visit.door.forget_upi();
                    return Ok(visit.no(&error));
                }
            }
            visit.upi(|upi| visit.next_step(upi, ""))
        })
        .await
}

impl Visit {
    /// Whether the provider says that this phone acts for its number; an error if it says nothing.
    fn is_bound(&self) -> Result<bool, UpiPhoneError> {
        let Some(upi) = self.upi_phone()? else { return Ok(false) };
        match upi.mine() {
            Ok(_) => Ok(true),
            Err(error) if code_of(&error).is_some_and(is_unbound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What setting up lacks next: an account, an address, a PIN; else the first page, with a note.
    fn next_step(&self, upi: &UpiPhone, note: &str) -> Result<Reply, Trouble> {
        let mine = self.mine(upi)?;
        let without = mine.accounts.iter().position(|account| !account.has_pin);
        match without {
            _ if mine.accounts.is_empty() => to("/upi/banks"),
            _ if mine.addresses.is_empty() => to("/upi/address"),
            Some(place) => to(&format!("/upi/pin/{}", place + 1)),
            None => to(&format!("/upi?note={note}")),
        }
    }

    fn banks_page(&self, upi: &UpiPhone, trouble: Option<&str>) -> Result<String, Trouble> {
        Ok(screens::upi_banks(&self.page, &self.banks(upi)?, trouble))
    }
}

/// Asks at which bank the account is.
pub(in super::super) async fn banks(asked: Asked) -> Response {
    asked.owner(|visit| visit.upi(|upi| Ok(Reply::Page(visit.banks_page(upi, None)?)))).await
}

#[derive(Deserialize)]
pub(in super::super) struct Bank {
    #[serde(default)]
    bank: String,
}

/// Asks the bank which accounts the number has.
pub(in super::super) async fn ask_bank(asked: Asked, Form(chosen): Form<Bank>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let banks = visit.banks(upi)?;
                let Some((bank, code)) = banks.iter().find(|(_, code)| *code == chosen.bank) else {
                    return to("/upi/banks");
                };
                match upi.accounts(code) {
                    Ok((question, accounts)) => {
                        let found = Found { question, bank: bank.clone(), accounts };
                        held(&visit.door.0.upi).found = Some(Arc::new(found));
                        to("/upi/accounts")
                    }
                    Err(UpiPhoneError::Declined { code, .. }) => {
                        no(visit.banks_page(upi, Some(&declined(&visit.page, &code)))?)
                    }
                    Err(error) => Err(error.into()),
                }
            })
        })
        .await
}

/// The accounts that the bank listed.
pub(in super::super) async fn accounts(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            visit.upi(|upi| {
                let Some(found) = held(&visit.door.0.upi).found.clone() else { return to("/upi/banks") };
                let mine = visit.mine(upi)?;
                let linked = |account: &LinkedAccount| {
                    mine.accounts.iter().any(|known| known.reference == account.reference)
                };
                let view = |account: &LinkedAccount| FoundView {
                    reference: account.reference.clone(),
                    tail: tail(account),
                    holder: account.holder.clone(),
                    linked: linked(account),
                };
                let views: Vec<FoundView> = found.accounts.iter().map(view).collect();
                Ok(Reply::Page(screens::upi_accounts(&visit.page, &found.bank, &views)))
            })
        })
        .await
}

#[derive(Deserialize)]
pub(in super::super) struct Chosen {
    #[serde(default)]
    account: String,
}

/// Links one of them.
pub(in super::super) async fn link(asked: Asked, Form(chosen): Form<Chosen>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let found = held(&visit.door.0.upi).found.clone();
                let listed = found
                    .filter(|found| found.accounts.iter().any(|account| account.reference == chosen.account));
                let Some(found) = listed else { return to("/upi/banks") };
                upi.link(&found.question, &chosen.account)?;
                visit.next_step(upi, "linked")
            })
        })
        .await
}

#[derive(Deserialize)]
pub(in super::super) struct First {
    #[serde(rename = "account", default)]
    place: Place,
}

/// Pays from and into the account at this place first.
pub(in super::super) async fn first(asked: Asked, Form(chosen): Form<First>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let Some((account, _)) = visit.account_at(upi, chosen.place)? else { return to("/upi") };
                upi.set_default(&account.reference)?;
                to("/upi?note=first")
            })
        })
        .await
}

/// Asks for the name in the address; the holder's first name is offered.
pub(in super::super) async fn name(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            visit.upi(|upi| {
                let mine = visit.mine(upi)?;
                let Some(account) = mine.accounts.first() else { return to("/upi/banks") };
                let first = account.holder.split_whitespace().next().unwrap_or_default();
                let offered: String = first.chars().filter(char::is_ascii_alphanumeric).collect();
                let offered = offered.to_ascii_lowercase();
                let html = screens::upi_address(&visit.page, &offered, upi.handle(), None);
                Ok(Reply::Page(html))
            })
        })
        .await
}

#[derive(Deserialize)]
pub(in super::super) struct Name {
    #[serde(default)]
    name: String,
}

/// Makes the address.
pub(in super::super) async fn make_address(asked: Asked, Form(typed): Form<Name>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let (name, handle) = (typed.name.trim(), upi.handle());
                let own = name.strip_suffix(handle).and_then(|rest| rest.strip_suffix('@')).unwrap_or(name);
                let made = upi.make_address(&format!("{own}@{handle}"), "");
                let refused = made.as_ref().err().and_then(code_of);
                if let Some(code @ ("address_taken" | "address_invalid")) = refused {
                    let trouble = visit.page.language.say(&format!("upi-no-{}", code.replace('_', "-")));
                    return no(screens::upi_address(&visit.page, name, handle, Some(&trouble)));
                }
                made?;
                visit.next_step(upi, "address")
            })
        })
        .await
}

/// Asks for the debit card of the account.
pub(in super::super) async fn card(asked: Asked, Path(place): Path<Place>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let Some((_, account)) = visit.account_at(upi, place)? else { return to("/upi") };
                let view = CardOfAccountView { account, ..CardOfAccountView::default() };
                Ok(Reply::Page(screens::upi_card(&visit.page, &view)))
            })
        })
        .await
}

#[derive(Deserialize)]
pub(in super::super) struct Card {
    #[serde(default)]
    card: String,
    #[serde(default)]
    expiry: String,
}

/// Month and year as messages have them, `1230`.
fn month(typed: &str) -> Option<String> {
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    let plain = typed.chars().all(|c| c.is_ascii_digit() || c == '/' || c.is_whitespace());
    let is_month = digits.get(..2).is_some_and(|month| ("01"..="12").contains(&month));
    (plain && digits.len() == 4 && is_month).then_some(digits)
}

/// Has the bank send a one-time password.
pub(in super::super) async fn ask_password(
    asked: Asked,
    Path(place): Path<Place>,
    Form(typed): Form<Card>,
) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let Some((account, shown)) = visit.account_at(upi, place)? else { return to("/upi") };
                let card = typed.card.trim();
                let say = |name: &str| Some(visit.page.language.say(name));
                let six = card.len() == 6 && card.bytes().all(|byte| byte.is_ascii_digit());
                let wrong_card = if six { None } else { say("upi-card-wrong") };
                let expiry = month(&typed.expiry);
                let (Some(expiry), None) = (&expiry, &wrong_card) else {
                    let wrong_expiry = if expiry.is_none() { say("add-wrong-expiry") } else { None };
                    let (card, expiry) = (card.to_owned(), typed.expiry.clone());
                    let view = CardOfAccountView { account: shown, card, expiry, wrong_card, wrong_expiry };
                    return no(screens::upi_card(&visit.page, &view));
                };
                let before = upi.ask_password(&account)?;
                let (card, expiry, account) = (card.to_owned(), expiry.clone(), account.reference);
                let asked = PasswordAsked { account, card, expiry, before };
                held(&visit.door.0.upi).password = Some(Arc::new(asked));
                to(&format!("/upi/pin/{place}/new"))
            })
        })
        .await
}

impl Visit {
    fn new_pin_page(
        &self,
        upi: &UpiPhone,
        (account, shown): (&LinkedAccount, AccountView),
        before: u32,
        trouble: Option<String>,
    ) -> String {
        let arrived = upi.text_after(before).ok().flatten().map(|text| (text.from, text.text));
        let length = usize::from(account.pin_length);
        screens::upi_new_pin(&self.page, &NewPinView { account: shown, length, arrived, trouble })
    }
}

/// Asks for the one-time password and the new PIN.
pub(in super::super) async fn new_pin(asked: Asked, Path(place): Path<Place>) -> Response {
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let Some((account, shown)) = visit.account_at(upi, place)? else { return to("/upi") };
                let password = held(&visit.door.0.upi).password.clone();
                match password.filter(|asked| asked.account == account.reference) {
                    Some(asked) => {
                        Ok(Reply::Page(visit.new_pin_page(upi, (&account, shown), asked.before, None)))
                    }
                    None => to(&format!("/upi/pin/{place}")),
                }
            })
        })
        .await
}

// Holds a PIN, so it is not shown.
#[derive(Deserialize)]
pub(in super::super) struct NewPin {
    #[serde(default)]
    code: String,
    #[serde(default)]
    pin: String,
    #[serde(default)]
    again: String,
}

/// Whether a text is a PIN of so many digits.
pub(super) fn is_pin(pin: &SecretBytes, length: u8) -> bool {
    let pin = pin.expose();
    pin.len() == usize::from(length) && pin.iter().all(u8::is_ascii_digit)
}

/// Sets the PIN.
pub(in super::super) async fn set_pin(
    asked: Asked,
    Path(place): Path<Place>,
    Form(typed): Form<NewPin>,
) -> Response {
    let NewPin { code, pin, again } = typed;
    let [code, pin, again] = [code, pin, again].map(|text| SecretBytes::new(text.into_bytes()));
    asked
        .owner(move |visit| {
            visit.upi(|upi| {
                let Some((account, shown)) = visit.account_at(upi, place)? else { return to("/upi") };
                let password = held(&visit.door.0.upi).password.clone();
                let Some(asked) = password.filter(|asked| asked.account == account.reference) else {
                    return to(&format!("/upi/pin/{place}"));
                };
                let language = visit.page.language;
                let wrong = |trouble: String| {
                    let html = visit.new_pin_page(upi, (&account, shown), asked.before, Some(trouble));
                    no(html)
                };
                if !is_pin(&code, 6) {
                    return wrong(language.say("verify-six"));
                }
                if !is_pin(&pin, account.pin_length) {
                    let length = usize::from(account.pin_length);
                    return wrong(language.say_count("upi-pin-length", "count", length));
                }
                if pin.expose() != again.expose() {
                    return wrong(language.say("passcode-differs"));
                }
                match upi.set_pin_by(&account, (&asked.card, &asked.expiry), &code, &pin) {
                    Ok(()) => {
                        held(&visit.door.0.upi).password = None;
                        to("/upi?note=pin")
                    }
                    Err(UpiPhoneError::Declined { code, .. }) => wrong(declined(&visit.page, &code)),
                    Err(error) => Err(error.into()),
                }
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_read_as_people_write_it() {
        for typed in ["1230", "12 / 30", "12/30"] {
            assert_eq!(month(typed).as_deref(), Some("1230"));
        }
        for wrong in ["", "1330", "0030", "123", "12/2030", "1a2b30", "１２30"] {
            assert_eq!(month(wrong), None, "{wrong}");
        }
    }
}
