//! `paiza phone qr` and `paiza pos qr`: paying by code, by hand.

use crate::cli::{PhoneDir, PosLine};
use crate::output::{Failure, Output};
use crate::phone::{failure, nth, open, passcode};
use crate::pos;
use clap::{Args, Subcommand};
use serde_json::json;
use server::api::phone::TapEnd;
use server::phone::{CodeError, Phone};
use server::picture;
use server::pos::{Patience, Shown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use values::id::kinds;
use values::{Currency, Id, Money};

/// How often it is asked whether a shown code was paid.
const ASK_EVERY: Duration = Duration::from_millis(250);

#[derive(Subcommand)]
pub(crate) enum PhoneQr {
    /// Show a code to be scanned, and wait until it is paid or its minute is over
    Show {
        #[command(flatten)]
        phone: PhoneDir,
        /// Which card, counted from 1 as listed; the default card if absent
        #[arg(long)]
        card: Option<usize>,
        /// Draw it into this file, SVG
        #[arg(long)]
        svg: Option<PathBuf>,
        /// Only print it
        #[arg(long)]
        no_wait: bool,
    },
    /// Pay a shop's code
    Pay {
        #[command(flatten)]
        phone: PhoneDir,
        #[command(flatten)]
        code: Scanned,
        /// How much, if the code does not fix it
        #[arg(long)]
        amount: Option<String>,
        /// Which card, counted from 1 as listed; the default card if absent
        #[arg(long)]
        card: Option<usize>,
    },
}

#[derive(Subcommand)]
pub(crate) enum PosQr {
    /// Show a code to be scanned, and wait until it is paid
    Show {
        #[command(flatten)]
        line: PosLine,
        /// Amount; without one the customer says how much
        #[arg(long)]
        amount: Option<String>,
        /// Currency of the amount
        #[arg(long, default_value = "CNY")]
        currency: String,
        /// Draw it into this file, SVG
        #[arg(long)]
        svg: Option<PathBuf>,
        /// Take the code away after so many seconds
        #[arg(long, default_value_t = 300)]
        wait: u64,
    },
    /// Take a payment by the code on a phone's screen
    Scan {
        #[command(flatten)]
        line: PosLine,
        #[command(flatten)]
        code: Scanned,
        /// Amount
        #[arg(long)]
        amount: String,
        /// Currency of the amount
        #[arg(long, default_value = "CNY")]
        currency: String,
    },
}

/// A code that was scanned, one way or the other.
#[derive(Args)]
pub(crate) struct Scanned {
    /// The text of the code
    #[arg(required_unless_present = "picture", conflicts_with = "picture")]
    code: Option<String>,
    /// A picture of it, PNG or JPEG
    #[arg(long)]
    picture: Option<PathBuf>,
}

impl Scanned {
    fn text(&self) -> Result<String, Failure> {
        match (&self.code, &self.picture) {
            (Some(code), _) => Ok(code.clone()),
            (None, Some(path)) => {
                let unreadable =
                    |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", path.display()));
                let photograph = std::fs::read(path).map_err(|error| unreadable(&error))?;
                picture::read(&photograph).map_err(|error| unreadable(&error))
            }
            (None, None) => Err(Failure::usage("a code, or a picture of one")),
        }
    }
}

pub(crate) fn phone(what: &PhoneQr, output: Output) -> Result<(), Failure> {
    match what {
        PhoneQr::Show { phone: dir, card, svg, no_wait } => {
            let phone = open(dir)?;
            let card = chosen(&phone, *card)?;
            let verified = phone.unlock(passcode(dir)?.as_bytes()).map_err(failure)?;
            let code = phone.show_code(card, &verified).map_err(refused)?;
            print(&code.text, svg.as_deref(), output)?;
            output.row(&json!({
                "event": "code", "code": code.text, "atc": code.counter, "until": code.until.to_string(),
            }));
            if *no_wait {
                output.summary(json!({"atc": code.counter}));
                return Ok(());
            }
            output.line("It is good for one payment, for one minute.");
            let until = Instant::now() + wallet::code::SHOWN_FOR + Duration::from_secs(5);
            loop {
                let end =
                    phone.learn_end(code.token, code.counter, Duration::from_secs(2)).map_err(failure)?;
                if end.state != "unknown" {
                    return told(&end, output);
                }
                if Instant::now() > until {
                    return Err(Failure::business("Nobody scanned it within its minute."));
                }
                std::thread::park_timeout(ASK_EVERY);
            }
        }
        PhoneQr::Pay { phone: dir, code, amount, card } => {
            let text = code.text()?;
            let phone = open(dir)?;
            let card = chosen(&phone, *card)?;
            let scanned = phone.look_at_code(&text).map_err(refused)?;
            let amount = match (scanned.amount, amount) {
                (Some(fixed), None) => fixed,
                (_, Some(typed)) => Money::parse(typed, scanned.currency).map_err(Failure::usage)?,
                (None, None) => return Err(Failure::usage("--amount: this code does not fix it")),
            };
            output.line(format!("{amount} to {} in {}", scanned.shop.merchant, scanned.shop.city));
            let verified = phone.unlock(passcode(dir)?.as_bytes()).map_err(failure)?;
            let paid = phone.pay_code(&scanned, card, amount, &verified).map_err(refused)?;
            told(&paid.end, output)
        }
    }
}

fn chosen(phone: &Phone, card: Option<usize>) -> Result<Option<Id<kinds::Token>>, Failure> {
    card.map(|number| nth(phone, number).map(|card| card.token)).transpose()
}

fn refused(error: CodeError) -> Failure {
    match error {
        CodeError::Phone(error) => failure(error),
        error => Failure::business(format!("{error} ({})", error.code())),
    }
}

/// How a payment ended, as the platform told the phone.
fn told(end: &TapEnd, output: Output) -> Result<(), Failure> {
    let currency = end.currency.and_then(Currency::from_numeric);
    let amount = currency.zip(end.amount).and_then(|(currency, minor)| Money::new(minor, currency).ok());
    let amount = amount.map(|amount| amount.to_string());
    let merchant = end.merchant.split_whitespace().collect::<Vec<_>>().join(" ");
    let row = json!({
        "event": "ended", "state": end.state, "reason": end.reason, "response_code": end.response_code,
        "merchant": merchant, "amount": amount, "reference": end.reference,
    });
    if end.state == "approved" {
        output.line(format!("Paid: {} to {merchant}.", amount.unwrap_or_default()));
        output.summary(row);
        return Ok(());
    }
    output.row(&row);
    let why = end.reason.as_ref().or(end.response_code.as_ref()).map_or("not known yet", String::as_str);
    match end.state.as_str() {
        "unknown" => Err(Failure::unreachable("Nobody knows yet how it ended. Do not pay twice.")),
        _ => Err(Failure::business(format!("Not paid ({why}). Nothing was taken."))),
    }
}

pub(crate) fn pos(what: &PosQr, output: Output) -> Result<(), Failure> {
    match what {
        PosQr::Show { line, amount, currency, svg, wait } => {
            let amount = amount.as_ref().map(|amount| pos::money(amount, currency)).transpose()?;
            let mut pos = pos::open(line, output)?;
            let svg = svg.clone();
            pos.on_shown(move |shown| match &shown {
                Shown::Code { text, .. } => {
                    if let Err(failure) = print(text, svg.as_deref(), output) {
                        output.line(failure.text);
                    }
                    output.row(&json!({"event": "code", "code": text}));
                }
                other => pos::show(other, output),
            });
            let until = Instant::now() + Duration::from_secs(*wait);
            let waiting = || {
                if Instant::now() >= until {
                    return Patience::GiveUp;
                }
                std::thread::park_timeout(ASK_EVERY);
                Patience::GoOn
            };
            let ended = match amount {
                Some(amount) => pos.sale_by_shown_code(amount, waiting),
                None => pos.show_open_code(waiting),
            };
            match ended.map_err(pos::failure)? {
                Some(ended) => pos::ended(Ok(ended), output),
                None => Err(Failure::business("Nobody paid. The code is void.")),
            }
        }
        PosQr::Scan { line, code, amount, currency } => {
            let (text, amount) = (code.text()?, pos::money(amount, currency)?);
            let mut pos = pos::open(line, output)?;
            pos::ended(pos.sale_by_code(amount, &text), output)
        }
    }
}

/// Prints a code as text, and draws it if a file is named.
fn print(text: &str, svg: Option<&Path>, output: Output) -> Result<(), Failure> {
    output.line(text);
    let Some(path) = svg else { return Ok(()) };
    let drawing = picture::draw(text).ok_or_else(|| Failure::usage("the code is too long to be drawn"))?;
    std::fs::write(path, drawing.to_svg())
        .map_err(|error| Failure::configuration(format!("{}: {error}", path.display())))
}
