//! `paiza upi explain`: the story of a payment, a mandate or a purse, from the records of the switch and the banks in a data directory. A city may be
//! running there; what it did in the last moments may not be in its tables yet.

mod agreements;

use crate::output::{Failure, Output};
use clap::Args;
use sandbox::upi::bank::{UpiLeg, compensation_movement, dispute_movement, movements};
use sandbox::upi::directory::UpiDirectory;
use sandbox::upi::switch::{UpiDispute, UpiDisputeStep, UpiPayment, UpiStep};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use store::driver::View;
use store::rooms::upi::stories::Look;
use store::{Schema, look_up, rooms};
use upi::disputes::Side;
use upi::machines::leg::Leg;
use upi::machines::switch::State;
use values::{Currency, Money, Timestamp};

/// Example: paiza upi explain PZA0d8f2b1c4e6a4f7ab2c3d4e5f6071829
#[derive(Args)]
pub(crate) struct Explain {
    /// The transaction of a payment; or a mandate, by its number or a transaction about it; or the number of a purse
    transaction: String,
    /// Where the records lie
    #[arg(long, default_value = "paiza-data")]
    data: PathBuf,
}

/// A database as it was a moment ago, with what its tables hold.
struct Records {
    view: Box<dyn View>,
    schema: Schema,
}

impl Records {
    fn open(path: &Path, schema: Schema) -> Result<Records, Failure> {
        let failed =
            |error: &dyn std::fmt::Display| Failure::configuration(format!("{}: {error}", path.display()));
        if !store::sqlite::facts_path(path).exists() {
            return Err(failed(&"there is no such database"));
        }
        let mut view = store::sqlite::view(path).map_err(|error| failed(&error))?;
        view.refresh().map_err(|error| failed(&error))?;
        Ok(Records { view, schema })
    }

    fn find<R: values::Record>(&mut self, key: &R::Key) -> Result<Option<R>, Failure> {
        look_up(self.view.as_mut(), &self.schema, key).map_err(Failure::integrity)
    }
}

impl Look for &mut Records {
    type Error = Failure;

    fn one<R: values::Record + Send + 'static>(&mut self, key: R::Key) -> Result<Option<R>, Failure>
    where
        R::Key: Send,
    {
        self.find::<R>(&key)
    }

    fn rows(&mut self, sql: &'static str, of: &[store::Value]) -> Result<Vec<Vec<store::Value>>, Failure> {
        Ok(self.view.ask(sql, of).map_err(Failure::integrity)?.rows)
    }
}

pub(super) fn run(what: &Explain, output: Output) -> Result<(), Failure> {
    let mut switch = Records::open(&what.data.join("upi-switch/switch"), rooms::upi::switch(Schema::new()))?;
    let Some(payment) = switch.find::<UpiPayment>(&what.transaction)? else {
        return match agreements::tell(&what.data, &what.transaction, &mut switch, output)? {
            true => Ok(()),
            false => Err(Failure::business("nobody knows such a transaction, mandate or purse")),
        };
    };
    headline(&payment, output);
    for number in 1..=payment.steps {
        if let Some(step) = switch.find::<UpiStep>(&(payment.id.clone(), number))? {
            show_step(&payment, &step, output);
        }
    }
    let dispute = switch.find::<UpiDispute>(&payment.id)?;
    if let Some(dispute) = &dispute {
        show_dispute(&payment, dispute, &mut switch, output)?;
    }
    let mut stands = Vec::new();
    for bank in &UpiDirectory::sandbox().banks {
        let path = what.data.join(format!("upi-bank-{}/bank", bank.id));
        if [&payment.payer.bank, &payment.payee.bank].contains(&&bank.organisation) {
            let schema = rooms::ledger::tables(rooms::upi::bank(Schema::new()));
            show_bank(&payment, &bank.name, &mut Records::open(&path, schema)?, &mut stands, output)?;
        }
    }
    for (bank, leg) in &stands {
        let (who, whom) = match leg {
            Leg::Debit => (bank.as_str(), "the network"),
            Leg::Credit => ("the network", bank.as_str()),
        };
        output.line(format!("  {who} owes {whom} {}", rupees(payment.paise)));
        output.row(&json!({ "event": "owes", "who": who, "whom": whom, "paise": payment.paise }));
    }
    let next = dispute.as_ref().and_then(|dispute| dispute.due_at).or(payment.due_at).map(upi::time::write);
    match &next {
        Some(at) => output.line(format!("  next deadline {at}")),
        None => output.line("  nothing is waited for any more"),
    }
    output.summary(json!({
        "transaction": payment.id, "state": word(&payment.state), "code": payment.state.code(),
        "cause": payment.cause, "next_deadline": next,
        "dispute": dispute.map(|dispute| dispute.state.to_string()),
    }));
    Ok(())
}

fn rupees(paise: u64) -> String {
    Money::new(paise, Currency::INR).map(|money| money.to_string()).unwrap_or_default()
}

/// A state in words: `credit_sent`, `failed U30`.
fn word(state: &State) -> String {
    match serde_json::to_value(state) {
        Ok(Value::String(word)) => word,
        Ok(Value::Object(fields)) => fields
            .into_iter()
            .map(|(word, what)| format!("{word} {}", what.as_str().map_or(what.to_string(), str::to_owned)))
            .collect(),
        _ => String::new(),
    }
}

fn headline(payment: &UpiPayment, output: Output) {
    let name = |side: &sandbox::upi::switch::Side| {
        side.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default()
    };
    output.line(format!(
        "{}: {}{} pays {}{} {}",
        payment.id,
        payment.payer.address,
        name(&payment.payer),
        payment.payee.address,
        name(&payment.payee),
        rupees(payment.paise),
    ));
    let code = payment.state.code().unwrap_or("01");
    let cause = payment.cause.as_ref().map(|cause| format!("/{cause}")).unwrap_or_default();
    let reference = payment.reference.as_deref().unwrap_or("-");
    output.line(format!("  {} ({code}{cause}), reference {reference}", word(&payment.state)));
}

fn after(payment: &UpiPayment, at: Timestamp) -> u128 {
    at.since(payment.at).as_millis()
}

fn show_step(payment: &UpiPayment, step: &UpiStep, output: Output) {
    let sent = step.sent.map(|sent| format!(", sends {sent:?}")).unwrap_or_default();
    let late = if step.late { " (too late: kept, and changed nothing)" } else { "" };
    let ms = after(payment, step.at);
    output.line(format!("  {ms:>7} ms  {}: {}{sent}{late}", step.cause, word(&step.state)));
    output.row(&json!({
        "event": "step", "after_ms": ms as u64, "cause": step.cause, "message": step.message,
        "state": word(&step.state), "sent": step.sent, "late": step.late,
    }));
}

/// The steps of a payment's dispute.
fn show_dispute(
    payment: &UpiPayment,
    dispute: &UpiDispute,
    switch: &mut Records,
    output: Output,
) -> Result<(), Failure> {
    output.line(format!(
        "  dispute {}: {} for reason {}, {}",
        dispute.number,
        rupees(dispute.paise),
        dispute.reason,
        dispute.state,
    ));
    if dispute.state.is_stuck() {
        output.line(
            "  a bank does not do its part: the network's people have to see to it (paiza upi dispute all)",
        );
    }
    for number in 1..=dispute.steps {
        let Some(step) = switch.find::<UpiDisputeStep>(&(payment.id.clone(), number))? else { continue };
        let who = if step.by.is_empty() { "the network" } else { UpiDirectory::sandbox().name_of(&step.by) };
        let act = step.act.map_or_else(|| "raised".to_owned(), upi::disputes::words::word_of);
        let code = if step.code.is_empty() { String::new() } else { format!(" ({})", step.code) };
        let ms = after(payment, step.at);
        output.line(format!("  {ms:>7} ms  {who}: {act}{code}: {}", step.state));
        output.row(&json!({
            "event": "dispute", "after_ms": ms as u64, "by": who, "act": act, "code": step.code,
            "state": step.state.to_string(),
        }));
    }
    Ok(())
}

/// The legs that a bank knows, and what its books hold of them.
fn show_bank(
    payment: &UpiPayment,
    name: &str,
    records: &mut Records,
    stands: &mut Vec<(String, Leg)>,
    output: Output,
) -> Result<(), Failure> {
    for leg in [Leg::Debit, Leg::Credit] {
        let Some(known) = records.find::<UpiLeg>(&(payment.id.clone(), leg))? else { continue };
        let tail = known.account.get(known.account.len().saturating_sub(4)..).unwrap_or_default();
        let state = serde_json::to_value(&known.state).unwrap_or_default();
        let state = state.as_str().map(str::to_owned).unwrap_or_else(|| {
            state.as_object().and_then(|fields| fields.keys().next().cloned()).unwrap_or_default()
        });
        let ms = after(payment, known.at);
        output.line(format!("  {ms:>7} ms  {name}: {leg:?} {state} ({}), account *{tail}", known.code));
        output.row(&json!({
            "event": "leg", "bank": name, "leg": leg, "state": state, "code": known.code, "account": tail,
        }));
        if known.state.stands() {
            stands.push((name.to_owned(), leg));
        }
    }
    for (leg, undone, id) in movements(&payment.id) {
        if let Some(line) = records.find::<ledger::Transfer>(&id)? {
            let what = if undone { "taken back" } else { "booked" };
            let (ms, amount) = (after(payment, line.ended_at), rupees(line.posted));
            output.line(format!("  {ms:>7} ms  {name}: {leg:?} {what}, {amount}"));
            output.row(&json!({
                "event": "book", "bank": name, "leg": leg, "undone": undone, "transfer": id, "paise": line.posted,
            }));
        }
    }
    for (side, what) in [(Side::Payee, "given back for a dispute"), (Side::Payer, "got back by a dispute")] {
        if let Some(line) = records.find::<ledger::Transfer>(&dispute_movement(&payment.id, side))? {
            let (ms, amount) = (after(payment, line.ended_at), rupees(line.posted));
            output.line(format!("  {ms:>7} ms  {name}: {amount} {what}"));
            output
                .row(&json!({ "event": "dispute_booked", "bank": name, "side": side, "paise": line.posted }));
        }
    }
    if let Some(line) = records.find::<ledger::Transfer>(&compensation_movement(&payment.id))? {
        let (ms, amount) = (after(payment, line.ended_at), rupees(line.posted));
        output.line(format!("  {ms:>7} ms  {name}: {amount} for the delay"));
        output.row(&json!({ "event": "compensation", "bank": name, "paise": line.posted }));
    }
    Ok(())
}
