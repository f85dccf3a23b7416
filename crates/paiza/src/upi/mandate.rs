//! `paiza upi mandate`: leave to debit an account again, made by its owner or asked for by a merchant.

use super::phone::{PhoneDir, TypedPin, WhichAccount, failure, linked, open};
use crate::output::{Failure, Output};
use clap::{Args, Subcommand, ValueEnum};
use psp::mandates::records::{DebitState, MandateDebit, MandateSide};
use serde_json::{Value, json};
use server::upi::app::mandates::ShownMandate;
use server::upi::phone::UpiPhone;
use std::time::Duration;
use store::{Clock, SystemClock};
use upi::link::{Caution, Kind, Link};
use upi::mandate::{AmountRule, Day, DayRule, Pattern, Recurrence, State, Terms};
use values::{Currency, Money};

/// How long the person looks at the screen while a mandate is made.
const LOOKS: Duration = Duration::from_secs(60);

/// What becomes of mandates.
#[derive(Subcommand)]
pub(crate) enum MandateCommand {
    /// Make one, as its payer: by hand, or by a link
    Make {
        #[command(flatten)]
        phone: PhoneDir,
        /// The merchant who may debit
        #[arg(long, required_unless_present = "link")]
        to: Option<String>,
        /// What this link asks for: the text of a code that was scanned
        #[arg(long, conflicts_with_all = ["to", "name", "amount", "from", "until"])]
        link: Option<String>,
        #[command(flatten)]
        terms: TermsArgs,
        #[command(flatten)]
        account: WhichAccount,
        #[command(flatten)]
        typed: TypedPin,
    },
    /// Ask somebody for one, as a merchant
    Ask {
        #[command(flatten)]
        phone: PhoneDir,
        /// Whose account is to be debited
        #[arg(long)]
        payer: String,
        #[command(flatten)]
        terms: TermsArgs,
        /// How long the payer may wait
        #[arg(long, default_value_t = 30)]
        minutes: u32,
    },
    /// A link by which anybody makes one for this merchant
    Link {
        #[command(flatten)]
        phone: PhoneDir,
        #[command(flatten)]
        terms: TermsArgs,
    },
    /// All of this phone's, as payer and as payee, with their last debits
    List {
        #[command(flatten)]
        phone: PhoneDir,
    },
    /// Approve one that a merchant asks for
    Approve {
        #[command(flatten)]
        named: Named,
        #[command(flatten)]
        account: WhichAccount,
        #[command(flatten)]
        typed: TypedPin,
    },
    /// Do not
    Decline(Named),
    /// Let one rest: nothing is debited until it goes on
    Pause(Named),
    /// Let it go on
    Unpause {
        #[command(flatten)]
        named: Named,
        #[command(flatten)]
        typed: TypedPin,
    },
    /// End one, as payer or as payee
    Revoke(Named),
    /// Present the next debit, as its payee: the payer is told a day before, and it is made by itself on its day
    Debit {
        #[command(flatten)]
        named: Named,
        /// Rupees, such as 30.00; the mandate's amount if absent
        #[arg(long)]
        amount: Option<String>,
    },
}

/// One of the phone's mandates.
#[derive(Args)]
pub(crate) struct Named {
    #[command(flatten)]
    phone: PhoneDir,
    /// The mandate, by the transaction that made it (`list` shows it)
    mandate: String,
}

/// How often.
#[derive(Clone, Copy, ValueEnum)]
enum Every {
    Once,
    Day,
    Week,
    Fortnight,
    Month,
    TwoMonths,
    Quarter,
    HalfYear,
    Year,
    AsPresented,
}

/// Which days around the named one.
#[derive(Clone, Copy, ValueEnum)]
enum When {
    Before,
    On,
    After,
}

/// The terms of a mandate.
#[derive(Args)]
pub(crate) struct TermsArgs {
    /// What it is for
    #[arg(long)]
    name: Option<String>,
    /// Rupees of one debit at most, such as 499.00
    #[arg(long)]
    amount: Option<String>,
    /// Exactly this amount each time
    #[arg(long)]
    exact: bool,
    /// How often
    #[arg(long, value_enum, default_value = "month")]
    every: Every,
    /// Which day of the week, fortnight or month, counted from 1; any if absent
    #[arg(long)]
    day: Option<u8>,
    /// That day, or those until it, or from it on
    #[arg(long, value_enum, default_value = "on", requires = "day")]
    when: When,
    /// Its first day, yyyy-mm-dd; today if absent
    #[arg(long)]
    from: Option<String>,
    /// Its last day, yyyy-mm-dd
    #[arg(long)]
    until: Option<String>,
    /// The payer cannot take it back
    #[arg(long)]
    stays: bool,
    /// The amount is blocked until it is debited: with --every once and --exact
    #[arg(long)]
    block: bool,
}

impl TermsArgs {
    fn terms(&self, payee: &str, category: &str) -> Result<Terms, Failure> {
        // A link says them itself, so the command line cannot ask for them.
        let (Some(name), Some(amount), Some(_)) = (&self.name, &self.amount, &self.until) else {
            return Err(Failure::usage("--name, --amount and --until are needed"));
        };
        let amount = Money::parse(amount, Currency::INR);
        let amount = amount.map_err(|_| Failure::usage("--amount is rupees, such as 499.00"))?;
        let day = |text: &Option<String>, name: &str| match text {
            Some(text) => Day::parse(text).ok_or_else(|| Failure::usage(format!("--{name} is yyyy-mm-dd"))),
            None => Ok(Day::of(SystemClock.now())),
        };
        let when = match self.when {
            When::Before => DayRule::Before,
            When::On => DayRule::On,
            When::After => DayRule::After,
        };
        Ok(Terms {
            name: name.clone(),
            payee: payee.to_ascii_lowercase(),
            category: category.to_owned(),
            paise: amount.minor(),
            amount_rule: if self.exact { AmountRule::Exact } else { AmountRule::Max },
            recurrence: Recurrence { pattern: self.every.pattern(), rule: self.day.map(|day| (day, when)) },
            starts: day(&self.from, "from")?,
            ends: day(&self.until, "until")?,
            revocable: !self.stays,
            blocks: self.block,
        })
    }
}

impl Every {
    fn pattern(self) -> Pattern {
        match self {
            Every::Once => Pattern::OneTime,
            Every::Day => Pattern::Daily,
            Every::Week => Pattern::Weekly,
            Every::Fortnight => Pattern::Fortnightly,
            Every::Month => Pattern::Monthly,
            Every::TwoMonths => Pattern::BiMonthly,
            Every::Quarter => Pattern::Quarterly,
            Every::HalfYear => Pattern::HalfYearly,
            Every::Year => Pattern::Yearly,
            Every::AsPresented => Pattern::AsPresented,
        }
    }
}

pub(crate) fn run(what: &MandateCommand, output: Output) -> Result<(), Failure> {
    match what {
        MandateCommand::Make { phone, to, link, terms, account, typed } => {
            let asked = (to.as_deref(), link.as_deref(), terms);
            make(&open(phone)?, asked, (account, typed), output)
        }
        MandateCommand::Ask { phone, payer, terms, minutes } => {
            let phone = open(phone)?;
            // The provider puts the merchant's own address and category in their place.
            let asked = phone.request_mandate(payer, &terms.terms("", "0000")?, *minutes).map_err(failure)?;
            output.line(format!("{payer} is asked; see `paiza upi mandate list`"));
            output.summary(summary(&asked));
            Ok(())
        }
        MandateCommand::Link { phone, terms } => link(&open(phone)?, terms, output),
        MandateCommand::List { phone } => list(&open(phone)?, output),
        MandateCommand::Approve { named, account, typed } => {
            let phone = open(&named.phone)?;
            let shown = phone.mandate(&named.mandate).map_err(failure)?;
            show(&shown, output);
            let account = linked(&phone, account)?;
            phone.approve_mandate(&shown, &account, &typed.read()?).map_err(failure)?;
            concluded(&phone, &named.mandate, output)
        }
        MandateCommand::Decline(named) => changed(named, UpiPhone::decline_mandate, output),
        MandateCommand::Pause(named) => changed(named, UpiPhone::pause_mandate, output),
        MandateCommand::Unpause { named, typed } => unpause(named, typed, output),
        MandateCommand::Revoke(named) => changed(named, UpiPhone::revoke_mandate, output),
        MandateCommand::Debit { named, amount } => {
            let amount = amount.as_deref().map(|text| Money::parse(text, Currency::INR)).transpose();
            let amount = amount.map_err(|_| Failure::usage("--amount is rupees, such as 30.00"))?;
            let debit = open(&named.phone)?.present_debit(&named.mandate, amount).map_err(failure)?;
            output.line(debit_line(&debit));
            output.summary(debit_row(&debit));
            Ok(())
        }
    }
}

fn make(
    phone: &UpiPhone,
    (to, link, terms): (Option<&str>, Option<&str>, &TermsArgs),
    (which, typed): (&WhichAccount, &TypedPin),
    output: Output,
) -> Result<(), Failure> {
    let link = link.map(Link::parse).transpose().map_err(Failure::malformed)?;
    let payee = link.as_ref().map_or(to.unwrap_or_default().to_owned(), |link| link.request.payee.to_lower());
    let whose = phone.look_up(&payee).map_err(failure)?;
    let terms = match &link {
        Some(link) => asked_by(phone, link, &whose.category, output)?,
        None => terms.terms(&payee, &whose.category)?,
    };
    terms.check(Day::of(SystemClock.now())).map_err(Failure::business)?;
    let account = linked(phone, which)?;
    output.line(format!("{} ({payee}) may debit {}:", whose.name, account.masked));
    output.line(words(&terms));
    let order =
        phone.mandate_order(&account, (&terms, Some(&whose.name)), &typed.read()?).map_err(failure)?;
    phone.make_mandate(&order).map_err(failure)?;
    concluded(phone, &order.transaction, output)
}

/// What a link asks for. What is odd about it is said.
fn asked_by(phone: &UpiPhone, link: &Link, category: &str, output: Output) -> Result<Terms, Failure> {
    if link.request.kind != Kind::Mandate {
        return Err(Failure::business("this link asks for a payment: `paiza upi pay --link` does"));
    }
    if link.is_expired(SystemClock.now()) {
        return Err(Failure::business("this link is good no more"));
    }
    link.cautions.iter().for_each(|caution| output.line(format!("  careful: {}", caution.code())));
    let is_signed = !link.cautions.contains(&Caution::Unsigned);
    if is_signed && !super::phone::is_vouched(phone, link)? {
        output.line("  careful: signature_not_checked");
    }
    let terms = Terms::asked_by(&link.request, category);
    terms.ok_or_else(|| {
        Failure::business("this link leaves out what has to be approved, or makes no new mandate")
    })
}

fn link(phone: &UpiPhone, terms: &TermsArgs, output: Output) -> Result<(), Failure> {
    let own = phone.mine().map_err(failure)?.addresses.into_iter().next();
    let own = own.ok_or_else(|| Failure::business("make an address first"))?;
    let whose = phone.look_up(&own).map_err(failure)?;
    let terms = terms.terms(&own, &whose.category)?;
    terms.check(Day::of(SystemClock.now())).map_err(Failure::business)?;
    let link = terms.link(&whose.name).map_err(Failure::business)?;
    output.line(link.text());
    output.summary(json!({ "link": link.text() }));
    Ok(())
}

fn changed(
    named: &Named,
    change: impl Fn(&UpiPhone, &str) -> Result<ShownMandate, server::upi::phone::UpiPhoneError>,
    output: Output,
) -> Result<(), Failure> {
    let shown = change(&open(&named.phone)?, &named.mandate).map_err(failure)?;
    show(&shown, output);
    output.summary(summary(&shown));
    Ok(())
}

fn unpause(named: &Named, typed: &TypedPin, output: Output) -> Result<(), Failure> {
    let phone = open(&named.phone)?;
    let shown = phone.mandate(&named.mandate).map_err(failure)?;
    let shown = phone.unpause_mandate(&shown, &typed.read()?).map_err(failure)?;
    show(&shown, output);
    output.summary(summary(&shown));
    Ok(())
}

/// Looks at a mandate until it is made or not, and shows how that ended.
fn concluded(phone: &UpiPhone, id: &str, output: Output) -> Result<(), Failure> {
    let shown = phone.see_mandate(id, LOOKS).map_err(failure)?;
    show(&shown, output);
    match &shown.mandate.state {
        State::Failed(code) => {
            let said = server::upi::phone::advice_of(code).say(upi::codes::Language::English);
            Err(Failure::business(format!("{said} ({code})")).with(summary(&shown)))
        }
        _ => {
            output.summary(summary(&shown));
            Ok(())
        }
    }
}

fn list(phone: &UpiPhone, output: Output) -> Result<(), Failure> {
    let all = phone.mandates().map_err(failure)?;
    for shown in &all {
        show(shown, output);
        output.row(&summary(shown));
    }
    output.summary(json!({ "mandates": all.len() }));
    Ok(())
}

/// The terms in a sentence.
fn words(terms: &Terms) -> String {
    let most = if terms.amount_rule == AmountRule::Exact { "exactly" } else { "at most" };
    let Recurrence { pattern, rule } = terms.recurrence;
    let rule = rule.map(|(day, rule)| format!(", {} day {day}", rule.as_str().to_lowercase()));
    let (pattern, rule) = (pattern.as_str().to_lowercase(), rule.unwrap_or_default());
    let (amount, starts, ends) = (terms.amount(), terms.starts, terms.ends);
    format!("  {}: {most} {amount}, {pattern}{rule}, {starts} to {ends}", terms.name)
}

fn show(shown: &ShownMandate, output: Output) {
    let mandate = &shown.mandate;
    let way = if mandate.side == MandateSide::Payer { "to" } else { "from" };
    let name = mandate.other_name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    output.line(format!("{}: {way} {}{name}", word(&mandate.state), mandate.other));
    output.line(words(&mandate.terms));
    output.line(format!("  mandate {}  number {}", mandate.id, mandate.number.as_deref().unwrap_or("-")));
    shown.debits.iter().for_each(|debit| output.line(format!("  {}", debit_line(debit))));
}

fn word(state: &State) -> &'static str {
    match state {
        State::Requested => "asked for",
        State::Making => "being made",
        State::Active => "active",
        State::Paused => "paused",
        State::Revoked => "revoked",
        State::Declined => "declined",
        State::Failed(_) => "not made",
        State::Completed => "completed",
    }
}

fn debit_line(debit: &MandateDebit) -> String {
    let amount = Money::new(debit.paise, Currency::INR).map(|money| money.to_string()).unwrap_or_default();
    let state = match debit.state {
        DebitState::Presented => "to come",
        DebitState::Tried => "being made",
        DebitState::Made => "made",
        DebitState::Failed => "not made",
    };
    let due = debit.due.map(|due| format!(", due {}", upi::time::write(due))).unwrap_or_default();
    let code = debit.code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
    format!("debit {}: {amount} {state}{code}{due}", debit.sequence)
}

fn debit_row(debit: &MandateDebit) -> Value {
    json!({
        "sequence": debit.sequence, "paise": debit.paise, "state": debit.state, "tries": debit.tries,
        "transaction": debit.transaction, "code": debit.code, "due": debit.due.map(upi::time::write),
    })
}

fn summary(shown: &ShownMandate) -> Value {
    let mandate = &shown.mandate;
    json!({
        "mandate": mandate.id, "number": mandate.number, "side": mandate.side, "other": mandate.other,
        "name": mandate.terms.name, "amount": mandate.terms.amount().to_decimal(),
        "pattern": mandate.terms.recurrence.pattern.as_str(), "starts": mandate.terms.starts,
        "ends": mandate.terms.ends, "state": word(&mandate.state),
        "debits": shown.debits.iter().map(debit_row).collect::<Vec<_>>(),
    })
}
