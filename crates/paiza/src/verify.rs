//! `paiza verify`: recomputes every chain, table and sum of the databases in a directory.
//!
//! Chains and tables are read beside a running party; sums want the database to themselves. Where several parties have
//! their records in the directory, payments are followed from one to the next.

mod account_payments;
mod bills;
mod books;
mod disputes;
mod events;
mod mandates;
mod payments;

use crate::cli::Verify;
use crate::output::{Failure, Output};
use payments::{Followed, Report};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use store::{Schema, Store, SystemClock, Workspace, rooms};

/// Where the operators' records lie.
const OPERATORS: &str = "platform/operators";

/// Every database a party may have, where it lies, and its tables.
pub(crate) fn known() -> Vec<(String, Schema)> {
    let mut known = vec![
        ("platform/tokens".to_owned(), rooms::developers::answers(rooms::tokens::tables(Schema::new()))),
        ("platform/acquirer".to_owned(), rooms::developers::answers(rooms::acquiring::tables(Schema::new()))),
        ("platform/developers".to_owned(), rooms::developers::tables(Schema::new())),
        (OPERATORS.to_owned(), rooms::operators::tables(Schema::new())),
        ("network/network".to_owned(), rooms::network::tables(Schema::new())),
        ("telephone/telephone".to_owned(), rooms::telephone::tables(Schema::new())),
        ("phone".to_owned(), rooms::wallet::tables(Schema::new()).forget_folded_facts()),
        ("phone-1/phone".to_owned(), rooms::wallet::tables(Schema::new()).forget_folded_facts()),
        ("phone-2/phone".to_owned(), rooms::wallet::tables(Schema::new()).forget_folded_facts()),
        ("pos.sqlite".to_owned(), server::pos::records::schema()),
        ("terminal/pos.sqlite".to_owned(), server::pos::records::schema()),
    ];
    known.push(("platform/psp".to_owned(), rooms::upi::psp(Schema::new())));
    for psp in sandbox::upi::directory::UpiDirectory::sandbox().psps.iter().skip(1) {
        known.push((format!("upi-psp-{}/psp", psp.id), rooms::upi::psp(Schema::new())));
    }
    known.push(("billers/billers".to_owned(), rooms::billers::tables(Schema::new())));
    known.push(("upi-switch/switch".to_owned(), rooms::upi::switch(Schema::new())));
    for bank in &sandbox::upi::directory::UpiDirectory::sandbox().banks {
        let schema = rooms::ledger::tables(rooms::upi::bank(Schema::new()));
        known.push((format!("upi-bank-{}/bank", bank.id), schema));
    }
    for bank in &sandbox::directory::Directory::sandbox().institutions {
        let schema = rooms::ledger::tables(rooms::issuer::tables(Schema::new()));
        known.push((format!("issuer-{}/issuer", bank.id), schema));
    }
    known
}

pub(crate) fn run(what: &Verify, output: Output) -> Result<(), Failure> {
    let Verify { data: what, audit_head } = what;
    let (mut checked, mut followed) = (0, Followed::default());
    for (name, schema) in known() {
        let path = what.data.join(&name);
        if !exists(&path) {
            continue;
        }
        let damaged = |error: &dyn std::fmt::Display| Failure::integrity(format!("{name}: {error}"));
        let mut view = store::sqlite::view(&path).map_err(|error| damaged(&error))?;
        let report = store::verify(view.as_mut(), &schema).map_err(|error| damaged(&error))?;
        if let Some(bad) = &report.bad {
            output.row(&json!({"database": name, "ok": false, "table": bad.table, "what": bad.what}));
            return Err(Failure::integrity(format!("{name}, {}: {}", bad.table, bad.what)));
        }
        drop(view);
        let sums = sums(&name, &path, schema, &mut followed)?;
        let counted = sums.map_or_else(String::new, |sums| format!(", {sums} records sum up"));
        output.line(format!("{name}: {} facts, chain and tables agree{counted}", report.facts));
        output.row(&json!({"database": name, "ok": true, "facts": report.facts, "summed": sums}));
        checked += 1;
        if name == OPERATORS {
            audit(&path, audit_head.as_deref(), output)?;
        }
    }
    if checked == 0 {
        return Err(Failure::configuration(format!("there is no database in {}", what.data.display())));
    }
    let mut summary = json!({"databases": checked});
    let told = events::check(&what.data, &known());
    if let Some(events) = told.map_err(|bad| Failure::integrity(format!("platform/developers, {bad}")))? {
        output.line(format!("{events} events are what the facts promise, each once"));
        output.row(&json!({"events": events}));
    }
    let account_payments = std::mem::take(&mut followed.account_payments).compare();
    let account_payments = account_payments
        .map_err(|difference| Failure::integrity(format!("{}: {difference}", what.data.display())))?;
    let disagree = |difference| Failure::integrity(format!("{}: {difference}", what.data.display()));
    let bills = std::mem::take(&mut followed.bills).compare().map_err(disagree)?;
    let mandates = std::mem::take(&mut followed.mandates).compare().map_err(disagree)?;
    let disputes = std::mem::take(&mut followed.disputes).compare().map_err(disagree)?;
    if let Some(Report { agreed, under_way }) = followed.compare().map_err(disagree)? {
        output.line(format!(
            "{agreed} payments are the same from acquirer to issuer, {under_way} are under way"
        ));
        summary = json!({"databases": checked, "payments": agreed, "under_way": under_way});
    }
    if let Some(report) = account_payments {
        let account_payments::Report { agreed, under_way } = report;
        output.line(format!(
            "{agreed} account payments are the same at the switch and at both banks, {under_way} are under way"
        ));
        summary["account_payments"] = json!({"agreed": agreed, "under_way": under_way});
    }
    if let Some(disputes::Report { agreed, under_way }) = disputes {
        output.line(format!(
            "{agreed} disputes are the same at the switch and at both banks, {under_way} are under way"
        ));
        summary["disputes"] = json!({"agreed": agreed, "under_way": under_way});
    }
    if let Some(bills::Report { agreed, under_way }) = bills {
        output
            .line(format!("{agreed} bills are the same at provider and billers, {under_way} are under way"));
        summary["bills"] = json!({"agreed": agreed, "under_way": under_way});
    }
    if let Some(mandates::Report { mandates, purses, under_way }) = mandates {
        output.line(format!(
            "{mandates} mandates and {purses} purses are the same at providers and banks, {under_way} are under way"
        ));
        summary["mandates"] = json!({"agreed": mandates, "purses": purses, "under_way": under_way});
    }
    output.summary(summary);
    Ok(())
}

/// Recomputes the sums of databases that have any, and reads what they say of payments.
fn sums(name: &str, path: &Path, schema: Schema, followed: &mut Followed) -> Result<Option<usize>, Failure> {
    let check: fn(&mut Workspace<'_>) -> books::Checked = match name {
        "platform/acquirer" => books::batches,
        "platform/tokens" | "platform/psp" | "billers/billers" => |_| Ok(0),
        name if name.starts_with("upi-psp-") => |_| Ok(0),
        "upi-switch/switch" => account_payments::positions,
        OPERATORS => books::audit,
        "network/network" => books::positions,
        name if name.starts_with("issuer-") => books::issuer,
        name if name.starts_with("upi-bank-") => books::ledger,
        _ => return Ok(None),
    };
    let in_use = |error: store::StoreError| {
        Failure::configuration(format!("{name}: {error}; end the party that uses it first"))
    };
    let store = Store::open(path, schema, Arc::new(SystemClock)).map_err(in_use)?;
    let (mut read, party) = (std::mem::take(followed), name.to_owned());
    let looked = store.read(move |records| {
        read.read(&party, records);
        (check(records), read)
    });
    let (checked, read) = looked.map_err(Failure::integrity)?;
    *followed = read;
    store.close();
    let checked = checked.map_err(|bad| Failure::integrity(format!("{name}, {bad}")))?;
    Ok((checked > 0).then_some(checked))
}

/// Tells the end of the operators' log, to be kept elsewhere; with one that was kept, sees that it is still in the log, which
/// nothing else notices if all files were rolled back together.
fn audit(path: &Path, kept: Option<&str>, output: Output) -> Result<(), Failure> {
    let store = Store::open(path, rooms::operators::tables(Schema::new()), Arc::new(SystemClock));
    let store = store.map_err(Failure::integrity)?;
    let mut log = store.read(|records| records.all::<operators::AuditEntry>()).map_err(Failure::integrity)?;
    store.close();
    log.sort_by_key(|entry| entry.number);
    if let Some(kept) = kept {
        let holds = log.iter().any(|entry| format!("{}:{}", entry.number, entry.chain) == kept);
        if !holds {
            return Err(Failure::integrity(format!("{OPERATORS}: the log does not hold {kept}")));
        }
    }
    if let Some(last) = log.last() {
        let head = format!("{}:{}", last.number, last.chain);
        output.line(format!("{OPERATORS}: the log ends with {head}"));
        output.row(&json!({"audit_head": head}));
    }
    Ok(())
}

fn exists(path: &Path) -> bool {
    store::sqlite::facts_path(path).exists()
}
