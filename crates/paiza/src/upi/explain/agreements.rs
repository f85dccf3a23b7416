//! What became of a mandate, with each debit under it, and of a purse.

use super::{Records, rupees, word};
use crate::output::{Failure, Output};
use sandbox::upi::directory::UpiDirectory;
use sandbox::upi::switch::UpiPayment;
use serde_json::json;
use std::path::Path;
use store::rooms::upi::stories::{self, DebitStory, MandateStory, PurseStory};
use store::{Schema, rooms};
use upi::machines::leg::Leg;

/// Tells of a mandate, by its number or by a transaction about it, or of a purse, by its number. False if it is neither.
pub(super) fn tell(
    data: &Path,
    name: &str,
    mut switch: &mut Records,
    output: Output,
) -> Result<bool, Failure> {
    let number = stories::mandate_of(&mut switch, name)?.unwrap_or_else(|| name.to_owned());
    for bank in &UpiDirectory::sandbox().banks {
        let path = data.join(format!("upi-bank-{}/bank", bank.id));
        if !store::sqlite::facts_path(&path).exists() {
            continue;
        }
        let schema = rooms::ledger::tables(rooms::upi::bank(Schema::new()));
        let mut records = Records::open(&path, schema)?;
        let mut at_bank = &mut records;
        if let Some(story) = stories::mandate(&number, &mut switch, &mut at_bank)? {
            mandate(&story, &bank.name, output);
            return Ok(true);
        }
        if let Some(story) = stories::purse(name, &mut at_bank)? {
            purse(&story, &bank.name, output);
            return Ok(true);
        }
    }
    Ok(false)
}

fn mandate(story: &MandateStory, bank: &str, output: Output) {
    let MandateStory { mandate, orders, debits } = story;
    let terms = &mandate.terms;
    let rule = terms.amount_rule.as_str().to_lowercase();
    output.line(format!(
        "{}: {} may debit {rule} {} {}, from {} to {}",
        mandate.number,
        terms.payee,
        rupees(terms.paise),
        terms.recurrence.pattern.as_str().to_lowercase(),
        terms.starts,
        terms.ends,
    ));
    let tail = mandate.account.get(mandate.account.len().saturating_sub(4)..).unwrap_or_default();
    let state = said(&mandate.state);
    output.line(format!(
        "  {state} at {bank}, account *{tail}, since {}",
        upi::time::write(mandate.changed_at)
    ));
    for order in orders {
        let (at, state) = (upi::time::write(order.at), said(&order.state));
        let who = UpiDirectory::sandbox().name_of(&order.origin);
        output.line(format!("  {at}  {who}: {} ({}): {state}", order.kind, order.id));
        output.row(&json!({
            "event": "order", "at": at, "by": who, "kind": order.kind, "transaction": order.id, "state": state,
        }));
    }
    debits.iter().for_each(|debit| told(debit, output));
    if debits.is_empty() {
        output.line("  no debit has reached the bank");
    }
    let made = debits.iter().filter(|debit| debit.debit.made.is_some()).count();
    output.summary(json!({
        "mandate": mandate.number, "state": state, "payee": terms.payee, "paise": terms.paise,
        "bank": bank, "debits": debits.len(), "made": made,
    }));
}

fn told(debit: &DebitStory, output: Output) {
    let DebitStory { debit, tries } = debit;
    let end = match &debit.made {
        Some(made) => format!("made by {made}"),
        None => "not made".to_owned(),
    };
    output.line(format!("  debit {}: {end}, tried {} times", debit.sequence, debit.tries));
    for payment in tries {
        let UpiPayment { id, at, paise, cause, .. } = payment;
        let code = payment.state.code().unwrap_or("01");
        let cause = cause.as_ref().map(|cause| format!("/{cause}")).unwrap_or_default();
        let (at, state) = (upi::time::write(*at), word(&payment.state));
        output.line(format!("    {at}  {id}: {}, {state} ({code}{cause})", rupees(*paise)));
        output.row(&json!({
            "event": "try", "debit": debit.sequence, "at": at, "transaction": id, "paise": paise,
            "state": state, "code": payment.state.code(), "cause": payment.cause,
        }));
    }
}

/// A state of the records as one word.
fn said(state: &impl serde::Serialize) -> String {
    match serde_json::to_value(state) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(serde_json::Value::Object(fields)) => {
            let each = fields.into_iter().map(|(word, what)| format!("{word} {what}").replace('"', ""));
            each.collect()
        }
        _ => String::new(),
    }
}

fn purse(story: &PurseStory, bank: &str, output: Output) {
    let PurseStory { purse, legs, paise: held } = story;
    let state = said(&purse.state);
    let tail = purse.account.get(purse.account.len().saturating_sub(4)..).unwrap_or_default();
    output.line(format!("Purse {}: {state} at {bank}, {} in it", purse.number, rupees(*held)));
    output.line(format!(
        "  filled from account *{tail}, opened {}, its phone showed {} cryptograms",
        upi::time::write(purse.at),
        purse.counter,
    ));
    for leg in legs {
        let way = if leg.leg == Leg::Credit { "in " } else { "out" };
        let (at, stands) =
            (upi::time::write(leg.at), if leg.state.stands() { "" } else { ", does not stand" });
        output.line(format!(
            "  {at}  {way} {}, {} ({}), {}{stands}",
            rupees(leg.paise),
            leg.other,
            leg.transaction,
            leg.code,
        ));
        output.row(&json!({
            "event": "leg", "at": at, "leg": leg.leg, "paise": leg.paise, "other": leg.other,
            "transaction": leg.transaction, "code": leg.code, "stands": leg.state.stands(),
        }));
    }
    output.summary(json!({
        "purse": purse.number, "state": state, "bank": bank, "paise": held, "counter": purse.counter, "legs": legs.len(),
    }));
}
