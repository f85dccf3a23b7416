//! `paiza upi dispute`: what a payer claims of a payment that has ended, and what the people of banks and of the network do about it.

use super::phone::{PhoneDir, failure, open};
use crate::output::{Failure, Output};
use crate::sandbox::desk;
use clap::{Args, Subcommand, ValueEnum};
use sandbox::upi::bank::{UpiDisputeAct, UpiDisputeCase};
use sandbox::upi::directory::UpiDirectory;
use sandbox::upi::switch::UpiDispute;
use serde_json::json;
use server::city::desk::disputes::{Again, BankAct, Verdict};
use server::city::ports;
use server::upi::app::DisputeShown;
use std::time::{Duration, Instant};
use upi::disputes::{Act, Side};
use values::{Currency, Money, Timestamp};

/// How long a bank's clerk waits for the network.
const LOOKS: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Disputes of payers, and the desks at which they are worked on.
#[derive(Subcommand)]
pub(crate) enum DisputeCommand {
    /// Claim a payment back that has ended; without --reason, say what may be claimed of it
    Raise {
        #[command(flatten)]
        named: Named,
        /// Why, such as goods_not_received
        #[arg(long)]
        reason: Option<String>,
        /// Rupees, such as 10.00; all of it if absent
        #[arg(long, requires = "reason")]
        amount: Option<String>,
    },
    /// How a dispute stands, by when somebody has to say something, and whom to ask
    Show(Named),
    /// All of this phone's
    List {
        #[command(flatten)]
        phone: PhoneDir,
    },
    /// Go one step further, where the payee's side said no
    Escalate(Named),
    /// Give the claim up
    Withdraw(Named),
    /// At the desk of a bank: the disputes of its customers
    Cases {
        #[command(flatten)]
        desk: Desk,
    },
    /// At the desk of a bank: do something in a dispute
    Act {
        #[command(flatten)]
        desk: Desk,
        /// The payment, by its transaction
        transaction: String,
        /// What
        #[arg(value_enum)]
        act: DeskAct,
        /// The network's code of the reason, such as 111
        #[arg(long, default_value = "")]
        code: String,
    },
    /// At the desk of the network: all disputes, those first in which a bank does not do its part
    All {
        #[command(flatten)]
        desk: NetworkDesk,
    },
    /// At the desk of the network: decide a dispute in which both sides were heard, or a bank does not do its part
    Verdict {
        #[command(flatten)]
        desk: NetworkDesk,
        /// The payment, by its transaction
        transaction: String,
        /// For whom
        #[arg(long = "for", value_enum)]
        favour: Favour,
    },
    /// At the desk of the network: ask the bank once more that does not do its part
    Again {
        #[command(flatten)]
        desk: NetworkDesk,
        /// The payment, by its transaction
        transaction: String,
    },
}

/// A payment that this phone sent.
#[derive(Args)]
pub(crate) struct Named {
    #[command(flatten)]
    phone: PhoneDir,
    /// The payment, by its transaction
    transaction: String,
}

/// The desk of a bank.
#[derive(Args)]
pub(crate) struct Desk {
    /// The bank
    #[arg(long)]
    bank: String,
    /// Its desk, HOST:PORT; the documented one if absent
    #[arg(long)]
    at: Option<String>,
}

/// The desk of the network.
#[derive(Args)]
pub(crate) struct NetworkDesk {
    /// Its desk, HOST:PORT; the documented one if absent
    #[arg(long)]
    at: Option<String>,
}

impl NetworkDesk {
    fn authority(&self) -> Result<String, Failure> {
        authority(self.at.as_deref(), 0)
    }
}

/// What the people of a bank do: accept and defend for the payee, escalate and withdraw for the payer.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum DeskAct {
    /// Give the claim back
    Accept,
    /// Show that it is wrong
    Defend,
    /// Go one step further
    Escalate,
    /// Give it up
    Withdraw,
}

impl DeskAct {
    fn act(self) -> (Side, Act) {
        match self {
            DeskAct::Accept => (Side::Payee, Act::Accept),
            DeskAct::Defend => (Side::Payee, Act::Defend),
            DeskAct::Escalate => (Side::Payer, Act::Escalate),
            DeskAct::Withdraw => (Side::Payer, Act::Withdraw),
        }
    }
}

/// For whom the network decides.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Favour {
    /// The money goes back
    Payer,
    /// It stays
    Payee,
}

impl Desk {
    fn authority(&self) -> Result<String, Failure> {
        let banks = &UpiDirectory::sandbox().banks;
        let place = (1u16..).zip(banks).find(|(_, bank)| bank.id == self.bank).map(|(place, _)| place);
        let place = place.ok_or_else(|| Failure::usage(format!("there is no bank {}", self.bank)))?;
        authority(self.at.as_deref(), place)
    }
}

fn authority(at: Option<&str>, place: u16) -> Result<String, Failure> {
    at.map_or_else(|| Ok(format!("127.0.0.1:{}", ports::UPI_DESK + place)), desk::addressed)
}

pub(super) fn run(what: &DisputeCommand, output: Output) -> Result<(), Failure> {
    match what {
        DisputeCommand::Raise { named, reason, amount } => {
            raise(named, reason.as_deref(), amount.as_deref(), output)
        }
        DisputeCommand::Show(named) => {
            let found = open(&named.phone)?.dispute(&named.transaction).map_err(failure)?;
            let dispute = found.dispute.ok_or_else(|| Failure::business("there is no dispute about it"))?;
            concluded(&dispute, output)
        }
        DisputeCommand::List { phone } => {
            let all = open(phone)?.disputes().map_err(failure)?;
            all.iter().for_each(|dispute| show(dispute, output));
            output.summary(json!({ "disputes": all.len() }));
            Ok(())
        }
        DisputeCommand::Escalate(named) => own_act(named, Act::Escalate, output),
        DisputeCommand::Withdraw(named) => own_act(named, Act::Withdraw, output),
        DisputeCommand::Cases { desk } => cases(desk, output),
        DisputeCommand::Act { desk, transaction, act, code } => {
            desk_act(desk, transaction, *act, code, output)
        }
        DisputeCommand::All { desk } => all(desk, output),
        DisputeCommand::Verdict { desk, transaction, favour } => {
            let verdict = Verdict { payment: transaction.clone(), for_payer: *favour == Favour::Payer };
            ruled(&desk::send(&desk.authority()?, "/admin/disputes/verdict", &verdict)?, output)
        }
        DisputeCommand::Again { desk, transaction } => {
            let again = Again { payment: transaction.clone() };
            ruled(&desk::send(&desk.authority()?, "/admin/disputes/again", &again)?, output)
        }
    }
}

fn ruled(dispute: &UpiDispute, output: Output) -> Result<(), Failure> {
    output.line(format!("{}: {}", dispute.number, dispute.state));
    output.summary(json!({
        "payment": dispute.payment, "number": dispute.number, "state": dispute.state.to_string(),
    }));
    Ok(())
}

fn all(desk: &NetworkDesk, output: Output) -> Result<(), Failure> {
    let mut all: Vec<UpiDispute> = desk::fetch(&desk.authority()?, "/admin/disputes")?;
    all.sort_by_key(|dispute| !dispute.state.is_stuck());
    for dispute in &all {
        let due = until(dispute.due_at).map(|due| format!(", until {due}")).unwrap_or_default();
        let waits = if dispute.state.is_stuck() { ": a bank does not do its part" } else { "" };
        let (number, payment, claim) = (&dispute.number, &dispute.payment, rupees(dispute.paise));
        output.line(format!("{number} about {payment}: {claim}, {}{due}{waits}", dispute.state));
        output.row(&json!({
            "payment": payment, "number": number, "reason": dispute.reason, "paise": dispute.paise,
            "state": dispute.state.to_string(), "due": until(dispute.due_at),
            "stuck": dispute.state.is_stuck(), "choices": dispute.state.choices(Side::Network),
        }));
    }
    let stuck = all.iter().filter(|dispute| dispute.state.is_stuck()).count();
    output.summary(json!({ "disputes": all.len(), "stuck": stuck }));
    Ok(())
}

fn raise(named: &Named, reason: Option<&str>, amount: Option<&str>, output: Output) -> Result<(), Failure> {
    let phone = open(&named.phone)?;
    let Some(reason) = reason else {
        let reasons = phone.dispute(&named.transaction).map_err(failure)?.reasons;
        let words = if reasons.is_empty() { "nothing".to_owned() } else { reasons.join(", ") };
        output.line(format!("Of this payment may be claimed: {words}"));
        output.summary(json!({ "reasons": reasons }));
        return Ok(());
    };
    let parsed = amount.map(|text| Money::parse(text, Currency::INR)).transpose();
    let amount = parsed.map_err(|_| Failure::usage("--amount is rupees, such as 10.00"))?;
    concluded(&phone.raise_dispute(&named.transaction, reason, amount).map_err(failure)?, output)
}

fn own_act(named: &Named, act: Act, output: Output) -> Result<(), Failure> {
    concluded(&open(&named.phone)?.act_on_dispute(&named.transaction, act).map_err(failure)?, output)
}

fn rupees(paise: u64) -> String {
    Money::new(paise, Currency::INR).map(|money| money.to_string()).unwrap_or_default()
}

fn until(due: Option<Timestamp>) -> Option<String> {
    due.map(upi::time::write)
}

/// A dispute as its payer sees it: the news, then by when and whom to ask.
fn show(dispute: &DisputeShown, output: Output) {
    let number = dispute.number.as_deref().unwrap_or("not yet numbered");
    output.line(format!(
        "{} about {}: {} ({})",
        number,
        dispute.payment,
        rupees(dispute.paise),
        dispute.reason
    ));
    for news in &dispute.news {
        output.line(format!("  {}  {}", upi::time::write(news.at), news.said[0]));
    }
    match (&dispute.refused, until(dispute.due_at)) {
        (Some(code), _) => output.line(format!("  The network did not take it ({code}).")),
        (None, Some(due)) => output.line(format!("  Until {due}. {}", dispute.ask[0])),
        (None, None) => output.line(format!("  {}", dispute.ask[0])),
    }
    output.row(&json!({
        "payment": dispute.payment, "number": dispute.number, "reason": dispute.reason, "paise": dispute.paise,
        "state": dispute.state.map(|state| state.to_string()), "due": until(dispute.due_at),
        "refused": dispute.refused, "choices": dispute.choices,
    }));
}

fn concluded(dispute: &DisputeShown, output: Output) -> Result<(), Failure> {
    show(dispute, output);
    if let Some(code) = &dispute.refused {
        return Err(Failure::business(format!("the network did not take it ({code})")));
    }
    output.summary(json!({
        "payment": dispute.payment, "number": dispute.number,
        "state": dispute.state.map(|state| state.to_string()), "due": until(dispute.due_at),
    }));
    Ok(())
}

fn cases(desk: &Desk, output: Output) -> Result<(), Failure> {
    let cases: Vec<UpiDisputeCase> = desk::fetch(&desk.authority()?, "/admin/disputes")?;
    for case in &cases {
        let due = until(case.due_at).map(|due| format!(", until {due}")).unwrap_or_default();
        let side = if case.side == Side::Payer { "payer" } else { "payee" };
        output.line(format!(
            "{} about {}: {} for the {side}'s side, reason {}, {}{due}",
            case.number,
            case.payment,
            rupees(case.paise),
            case.reason,
            case.state,
        ));
        output.row(&json!({
            "payment": case.payment, "number": case.number, "side": side, "reason": case.reason,
            "paise": case.paise, "state": case.state.to_string(), "due": until(case.due_at),
            "advanced": case.is_advanced, "choices": case.state.choices(case.side),
        }));
    }
    output.summary(json!({ "cases": cases.len() }));
    Ok(())
}

fn desk_act(desk: &Desk, transaction: &str, act: DeskAct, code: &str, output: Output) -> Result<(), Failure> {
    let at = desk.authority()?;
    let (side, act) = act.act();
    let wish = BankAct { payment: transaction.to_owned(), side, act, code: code.to_owned() };
    let mut said: UpiDisputeAct = desk::send(&at, "/admin/disputes", &wish)?;
    let began = Instant::now();
    while said.outcome.is_none() && began.elapsed() < LOOKS {
        std::thread::sleep(LOOK_AGAIN);
        said = desk::fetch(&at, &format!("/admin/disputes/acts/{}", said.message))?;
    }
    match said.outcome.as_deref() {
        Some("00") => {
            output.line("The network took it.");
            output.summary(json!({ "payment": said.payment, "act": said.act, "outcome": "00" }));
            Ok(())
        }
        Some(code) => Err(Failure::business(format!("the network did not take it ({code})"))),
        None => Err(Failure::unreachable("the network has not answered yet")),
    }
}
