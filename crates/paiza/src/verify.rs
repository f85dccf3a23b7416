//! `paiza verify`: recomputes every chain, table and sum of the databases in a directory.
//!
//! Chains and tables are read beside a running party; sums want the database to themselves.

mod books;

use crate::cli::DataDir;
use crate::output::{Failure, Output};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use store::{Schema, Store, SystemClock, Workspace, rooms};

/// Every database a party may have, where it lies, and its tables.
fn known() -> Vec<(String, Schema)> {
    let mut known = vec![
        ("platform/tokens".to_owned(), rooms::tokens::tables(Schema::new())),
        ("platform/acquirer".to_owned(), rooms::acquiring::tables(Schema::new())),
        ("network/network".to_owned(), rooms::network::tables(Schema::new())),
        ("telephone/telephone".to_owned(), rooms::telephone::tables(Schema::new())),
        ("phone".to_owned(), rooms::wallet::tables(Schema::new()).forget_folded_facts()),
    ];
    for bank in &sandbox::directory::Directory::sandbox().institutions {
        let schema = rooms::ledger::tables(rooms::issuer::tables(Schema::new()));
        known.push((format!("issuer-{}/issuer", bank.id), schema));
    }
    known
}

pub(crate) fn run(what: &DataDir, output: Output) -> Result<(), Failure> {
    let mut checked = 0;
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
        let sums = sums(&name, &path, schema)?;
        let counted = sums.map_or_else(String::new, |sums| format!(", {sums} records sum up"));
        output.line(format!("{name}: {} facts, chain and tables agree{counted}", report.facts));
        output.row(&json!({"database": name, "ok": true, "facts": report.facts, "summed": sums}));
        checked += 1;
    }
    if checked == 0 {
        return Err(Failure::configuration(format!("there is no database in {}", what.data.display())));
    }
    output.summary(json!({"databases": checked}));
    Ok(())
}

/// Recomputes the sums of databases that have any.
fn sums(name: &str, path: &Path, schema: Schema) -> Result<Option<usize>, Failure> {
    let check: fn(&mut Workspace<'_>) -> books::Checked = match name {
        "platform/acquirer" => books::batches,
        "network/network" => books::positions,
        name if name.starts_with("issuer-") => books::ledger,
        _ => return Ok(None),
    };
    let in_use = |error: store::StoreError| {
        Failure::configuration(format!("{name}: {error}; end the party that uses it first"))
    };
    let store = Store::open(path, schema, Arc::new(SystemClock)).map_err(in_use)?;
    let checked = store.read(move |records| check(records)).map_err(Failure::integrity)?;
    store.close();
    checked.map(Some).map_err(|bad| Failure::integrity(format!("{name}, {bad}")))
}

fn exists(path: &Path) -> bool {
    store::sqlite::facts_path(path).exists()
}
