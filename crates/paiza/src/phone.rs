//! `paiza phone`: a phone by hand.

mod field;
mod screen;

use crate::cli::{Phone as What, PhoneDir};
use crate::output::{Failure, Output};
use crate::passcode::ask;
use crypto::passphrase::Work;
use serde_json::json;
use server::api::CardData;
use server::client::ClientError;
use server::phone::{Added, NewPhone, Phone, PhoneError};
use server::test_mode::FollowedClock;
use std::net::SocketAddr;
use std::sync::Arc;
use store::{Clock, SystemClock};
use wallet::card::Card;

pub(crate) fn run(what: &What, output: Output) -> Result<(), Failure> {
    match what {
        What::New { phone, number, name, platform, telephone } => {
            let telephone = address(telephone)?;
            set_up(phone, number, name, platform, telephone, output)
        }
        What::Add { phone, pan, expiry, cvv2, bank_phone } => {
            let typed = |given: &Option<String>, question| given.clone().map_or_else(|| ask(question), Ok);
            let card = CardData {
                pan: typed(pan, "Card number")?.replace(' ', ""),
                expiry: typed(expiry, "Expiry (YYMM)")?,
                cvv2: typed(cvv2, "Security code")?,
                phone: String::new(),
            };
            add(phone, card, bank_phone.as_deref(), output)
        }
        What::Screen { phone, listen, platform, telephone, provider, vpcd } => {
            let at = screen::Wires { listen, platform, telephone, provider, vpcd };
            screen::run(phone, &at, output)
        }
        What::Cards { phone } => list(&open(phone)?, output),
        What::Present { phone, vpcd, atr, profile, card, taps, locked } => {
            let wish = field::Wish {
                vpcd,
                atr: atr.as_deref(),
                profile: *profile,
                card: *card,
                taps: *taps,
                locked: *locked,
            };
            field::run(phone, &wish, output)
        }
        What::Qr(what) => crate::code::phone(what, output),
        What::Inbox { phone } => inbox(&mut open(phone)?, output),
        What::History { phone } => history(&open(phone)?, output),
        What::Default { phone, card } => {
            let phone = open(phone)?;
            let card = nth(&phone, *card)?;
            phone.set_default(card.token).map_err(failure)?;
            done(output, "This card is tapped first now.")
        }
        What::Order { phone, cards } => {
            let phone = open(phone)?;
            let order = cards.iter().map(|number| nth(&phone, *number).map(|card| card.token));
            let order = order.collect::<Result<_, _>>()?;
            phone.reorder(order).map_err(failure)?;
            list(&phone, output)
        }
        What::Nickname { phone, card, name } => {
            let phone = open(phone)?;
            let card = nth(&phone, *card)?;
            phone.rename(card.token, name).map_err(failure)?;
            done(output, "Named.")
        }
        What::Suspend { phone, card } => {
            let phone = open(phone)?;
            phone.suspend(nth(&phone, *card)?.token).map_err(failure)?;
            told_or_later(&phone, output, "Suspended")
        }
        What::Resume { phone, card } => {
            let phone = open(phone)?;
            phone.resume(nth(&phone, *card)?.token).map_err(failure)?;
            told_or_later(&phone, output, "Resumed")
        }
        What::Delete { phone, card } => {
            let phone = open(phone)?;
            phone.delete(nth(&phone, *card)?.token).map_err(failure)?;
            told_or_later(&phone, output, "Deleted")
        }
        What::Sync { phone } => {
            let told = open(phone)?.sync().map_err(failure)?;
            output.line(format!("In step with the platform; {told} things were told."));
            output.summary(json!({"told": told}));
            Ok(())
        }
    }
}

fn done(output: Output, text: &str) -> Result<(), Failure> {
    output.line(text);
    output.summary(json!({}));
    Ok(())
}

/// What was done here counts here at once; the platform hears of it now or when it can be reached.
fn told_or_later(phone: &Phone, output: Output, what: &str) -> Result<(), Failure> {
    match phone.sync() {
        Ok(_) => done(output, &format!("{what}, here and at the platform.")),
        Err(PhoneError::Client(ClientError::Unreachable(_))) => {
            done(output, &format!("{what} here; the platform is told when it can be reached."))
        }
        Err(error) => Err(failure(error)),
    }
}

pub(crate) fn address(text: &str) -> Result<SocketAddr, Failure> {
    text.parse().map_err(|_| Failure::usage(format!("{text}: not an address such as 127.0.0.1:8086")))
}

pub(crate) fn open(phone: &PhoneDir) -> Result<Phone, Failure> {
    let platform = Phone::platform_of(&phone.data);
    Phone::open(&phone.data, clock_of(platform.as_deref())?, None).map_err(failure)
}

/// The clock of the city that this platform belongs to, for a phone's signatures to be of now; the machine's where it
/// cannot be asked.
pub(crate) fn clock_of(platform: Option<&str>) -> Result<Arc<dyn Clock>, Failure> {
    let machine = Arc::new(SystemClock);
    let Some(platform) = platform else { return Ok(machine) };
    let followed = FollowedClock::start(platform, machine);
    Ok(Arc::new(followed.map_err(Failure::configuration)?))
}

pub(crate) fn passcode(phone: &PhoneDir) -> Result<String, Failure> {
    phone.passcode.clone().map_or_else(|| ask("Passcode of the phone"), Ok)
}

/// The exit code of what went wrong on a phone.
pub(crate) fn failure(error: PhoneError) -> Failure {
    match error {
        PhoneError::Client(ClientError::Problem(problem)) => {
            Failure::business(format!("{} ({})", problem.detail, problem.code))
        }
        PhoneError::Client(error) => Failure::unreachable(error),
        PhoneError::Refused(text) => Failure::business(text),
        PhoneError::NoCode => Failure::business(PhoneError::NoCode),
        error @ PhoneError::Passcode(_) => Failure::usage(error),
        error => Failure::configuration(error),
    }
}

fn set_up(
    dir: &PhoneDir,
    number: &str,
    name: &str,
    platform: &str,
    telephone: SocketAddr,
    output: Output,
) -> Result<(), Failure> {
    let passcode = passcode(dir)?;
    let new = NewPhone {
        directory: &dir.data,
        number,
        name,
        platform,
        telephone,
        passcode: passcode.as_bytes(),
        work: Work::PHONE,
        watch: None,
    };
    let (_, recovery) = Phone::set_up(&new, clock_of(Some(new.platform))?).map_err(failure)?;
    output.line(format!("{name} is bound to {number}."));
    if let Some(code) = &recovery {
        output.line(format!("Keep this recovery code elsewhere: {code}"));
        output.line(
            "With it all cards can be suspended from any browser: http://".to_owned()
                + platform
                + "/lost-phone",
        );
    }
    output.summary(json!({"recovery_code": recovery}));
    Ok(())
}

fn add(dir: &PhoneDir, mut card: CardData, bank_phone: Option<&str>, output: Output) -> Result<(), Failure> {
    let mut phone = open(dir)?;
    let known = bank_phone.unwrap_or(phone.number());
    let elsewhere = known != phone.number();
    // The bank knows the number as it is dialled at home.
    card.phone = known.trim_start_matches("+86").to_owned();
    let mut ask_code = |place: &str| ask(&format!("One-time password, sent to {place}")).ok();
    match phone.add_card(&card, elsewhere.then_some(&mut ask_code)).map_err(failure)? {
        Added::Active(token) => {
            output.line("The card is on this phone and ready to tap.");
            output.summary(json!({"state": "active", "token": token.to_string()}));
            Ok(())
        }
        Added::Declined { reason } => {
            Err(Failure::business(format!("Your bank did not allow this card to be added ({reason}).")))
        }
    }
}

/// The n-th card as listed, counted from 1.
pub(crate) fn nth(phone: &Phone, number: usize) -> Result<Card, Failure> {
    let (cards, _) = phone.cards().map_err(failure)?;
    let found = number.checked_sub(1).and_then(|place| cards.into_iter().nth(place));
    found.ok_or_else(|| {
        Failure::usage(format!("there is no card {number} on this phone; `paiza phone cards` lists them"))
    })
}

fn list(phone: &Phone, output: Output) -> Result<(), Failure> {
    let (cards, default) = phone.cards().map_err(failure)?;
    for (number, card) in (1..).zip(&cards) {
        let keys = phone.counter(card.token).map_err(failure)?.keys_left;
        let mark = if default == Some(card.token) { "*" } else { " " };
        let name = card.nickname.as_deref().unwrap_or(&card.issuer);
        let state = if card.suspended_here {
            "suspended".to_owned()
        } else {
            format!("{:?}", card.state).to_lowercase()
        };
        output.line(format!(
            "{mark}{number}  {name}  {}  card ****{}  token ****{}  {state}  {keys} keys",
            card.label,
            card.last_four,
            card.number.last_four(),
        ));
        output.row(&json!({
            "card": number, "token": card.token.to_string(), "issuer": card.issuer, "label": card.label,
            "card_last_four": card.last_four.to_string(), "token_last_four": card.number.last_four().to_string(),
            "card_expiry": card.card_expiry.map(values::Expiry::to_yymm), "state": state, "default": default == Some(card.token), "keys_left": keys,
        }));
    }
    if cards.is_empty() {
        output.line("There is no card on this phone.");
    }
    output.summary(json!({"cards": cards.len()}));
    Ok(())
}

fn inbox(phone: &mut Phone, output: Output) -> Result<(), Failure> {
    phone.fetch_texts().map_err(failure)?;
    let texts = phone.texts().map_err(failure)?;
    for text in &texts {
        output.line(format!("{}  {}: {}", text.at, text.sender, text.text));
        output.row(&json!({"at": text.at.to_string(), "from": text.sender, "text": text.text}));
    }
    output.summary(json!({"texts": texts.len()}));
    Ok(())
}

fn history(phone: &Phone, output: Output) -> Result<(), Failure> {
    let taps = phone.taps().map_err(failure)?;
    for tap in &taps {
        let currency = values::Currency::from_numeric(tap.currency);
        let amount = currency.and_then(|currency| values::Money::new(tap.amount_minor, currency).ok());
        let amount = amount.map_or_else(|| tap.amount_minor.to_string(), |amount| amount.to_string());
        output.line(format!("{}  {amount}  ATC {}  {:?}", tap.at, tap.atc, tap.outcome));
        output.row(&json!({"at": tap.at.to_string(), "amount": amount, "atc": tap.atc}));
    }
    output.summary(json!({"taps": taps.len()}));
    Ok(())
}
