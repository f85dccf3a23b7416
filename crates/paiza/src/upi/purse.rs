//! `paiza upi purse`: a small balance on the phone, spent without a PIN.

use super::phone::{PhoneDir, TypedPin, WhichAccount, concluded, failure, linked, open};
use crate::output::{Failure, Output};
use clap::Subcommand;
use psp::payments::Begun;
use serde_json::json;
use server::upi::app::Shown;
use server::upi::phone::UpiPhone;
use server::upi::phone::purse::FromPurse;
use std::time::Duration;
use values::{Currency, Money};

/// How long the person looks at the screen.
const LOOKS: Duration = Duration::from_secs(60);

/// What is done with a purse.
#[derive(Subcommand)]
pub(crate) enum PurseCommand {
    /// Open one, with its first money and the PIN of the account
    Open {
        #[command(flatten)]
        phone: PhoneDir,
        /// Rupees, such as 500.00: at most 5,000 lie in a purse
        #[arg(long)]
        amount: String,
        #[command(flatten)]
        account: WhichAccount,
        #[command(flatten)]
        typed: TypedPin,
    },
    /// Put more into it, with the PIN of its account
    Fill {
        #[command(flatten)]
        phone: PhoneDir,
        /// Rupees, such as 500.00
        #[arg(long)]
        amount: String,
        #[command(flatten)]
        typed: TypedPin,
    },
    /// Pay from it, without a PIN: at most 1,000 rupees at a time, 4,000 in a day
    Pay {
        #[command(flatten)]
        phone: PhoneDir,
        /// Who is paid
        #[arg(long)]
        to: String,
        /// Rupees, such as 30.00
        #[arg(long)]
        amount: String,
        /// What the payee reads
        #[arg(long)]
        note: Option<String>,
    },
    /// What the phone has in it; with --ask, what the bank says
    Balance {
        #[command(flatten)]
        phone: PhoneDir,
        /// Ask the bank, and believe it
        #[arg(long)]
        ask: bool,
    },
    /// Empty it into its account and close it
    Close {
        #[command(flatten)]
        phone: PhoneDir,
        /// The phone's purse is lost: close it with the PIN; this is what is in it, in rupees
        #[arg(long)]
        lost: Option<String>,
        #[command(flatten)]
        typed: TypedPin,
    },
}

fn rupees(text: &str) -> Result<Money, Failure> {
    Money::parse(text, Currency::INR).map_err(|_| Failure::usage("--amount is rupees, such as 30.00"))
}

pub(crate) fn run(what: &PurseCommand, output: Output) -> Result<(), Failure> {
    match what {
        PurseCommand::Open { phone, amount, account, typed } => {
            let (phone, amount) = (open(phone)?, rupees(amount)?);
            let account = linked(&phone, account)?;
            let shown = phone.open_purse(&account, amount, &typed.read()?).map_err(failure)?;
            ended(&phone, &shown, output)
        }
        PurseCommand::Fill { phone, amount, typed } => {
            let phone = open(phone)?;
            let shown = phone.fill_purse(rupees(amount)?, &typed.read()?).map_err(failure)?;
            ended(&phone, &shown, output)
        }
        PurseCommand::Pay { phone, to, amount, note } => {
            let (phone, amount) = (open(phone)?, rupees(amount)?);
            let whose = phone.look_up(to).map_err(failure)?;
            output.line(format!("{amount} to {} ({to}) from the purse", whose.name));
            let shown = phone.pay_from_purse(&FromPurse {
                payee: to,
                whose: (&whose.name, &whose.category),
                amount,
                note: note.as_deref(),
                begun: Begun::default(),
            });
            ended(&phone, &shown.map_err(failure)?, output)
        }
        PurseCommand::Balance { phone, ask } => {
            let phone = open(phone)?;
            let kept = match ask {
                true => Some(phone.reconcile_purse().map_err(failure)?),
                false => phone.conclude_purse(Duration::ZERO).map_err(failure)?,
            };
            let kept = kept.ok_or_else(|| Failure::business("this phone has no purse"))?;
            let waits = if kept.waits() { " (an order is on its way)" } else { "" };
            output.line(format!("In the purse: {}{waits}", kept.balance()));
            output.summary(json!({ "balance": kept.balance().to_decimal(), "waits": kept.waits() }));
            Ok(())
        }
        PurseCommand::Close { phone, lost, typed } => {
            let phone = open(phone)?;
            let shown = match lost {
                Some(amount) => Some(phone.close_lost_purse(rupees(amount)?, &typed.read()?)),
                None => phone.close_purse().transpose(),
            };
            match shown.transpose().map_err(failure)? {
                Some(shown) => ended(&phone, &shown, output),
                None => {
                    output.line("The purse was empty. It is closed.");
                    output.summary(json!({}));
                    Ok(())
                }
            }
        }
    }
}

/// Looks at an order until it has ended, shows how, and makes the phone's balance what it is since.
fn ended(phone: &UpiPhone, shown: &Shown, output: Output) -> Result<(), Failure> {
    let outcome = concluded(phone, &shown.payment.id, output);
    phone.conclude_purse(LOOKS).map_err(failure)?;
    outcome
}
