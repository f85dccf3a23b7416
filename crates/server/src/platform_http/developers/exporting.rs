//! Writes exports: a courier of the interface's outbox reads a slice of the tables, writes it as text, and commits it together
//! with how far the export came.

use super::teller::names;
use super::{Api, events, payments, settlements};
use acquiring::Merchant;
use acquiring::records::{Batch, Terminal};
use developers::export::{ExpireExport, Format, TOPIC, What, WriteSlice};
use developers::{Endpoint, Export, Tenant};
use serde::Serialize;
use serde_json::Value as Json;
use store::rooms::developers::lists::{Bound, List};
use store::{Arrival, Lanes, Outcome, StoreError, Value};
use values::{Id, Outbound, Records, id::kinds};

/// Exports that are written at a time.
const AT_ONCE: usize = 2;
/// Rows of a slice, at most.
const ROWS: usize = 500;
/// A slice ends with the row that makes it as long as this.
const BYTES: usize = 256 * 1024;

/// What writes exports.
pub(super) fn lanes(api: &Api) -> Lanes {
    let api = api.clone();
    let deliver = move |outbound: &Outbound| deliver(&api, outbound);
    Lanes { topic: TOPIC, lane: |outbound| outbound.key.clone(), width: AT_ONCE, deliver: Box::new(deliver) }
}

fn deliver(api: &Api, outbound: &Outbound) -> Arrival {
    let Ok(id) = outbound.key.parse::<Id<kinds::Export>>() else { return Arrival::Delivered };
    match go_on(api, id) {
        Ok(()) => Arrival::Delivered,
        Err(error) => {
            tracing::warn!(%error, export = %id, "a slice is not written yet");
            Arrival::Retry
        }
    }
}

/// Writes the next slice of an export, or forgets what it wrote.
fn go_on(api: &Api, id: Id<kinds::Export>) -> Result<(), StoreError> {
    let Some(export) = api.store().read(move |records| records.find::<Export>(&id))? else { return Ok(()) };
    if !export.state.is_under_way() {
        api.store().call(ExpireExport { id })?;
        return Ok(());
    }
    let total = match export.total {
        Some(total) => total,
        None => rows(api, &export, None)?.total,
    };
    let found = rows(api, &export, Some(ROWS))?.found;
    let endpoints = api.store().read(|records| records.all::<Endpoint>())?;
    let slice = slice(&export, &found, total);
    let slice = WriteSlice {
        names: names(api),
        endpoints: endpoints.iter().map(|endpoint| endpoint.id).collect(),
        ..slice
    };
    // A slice that was written before, or an export that was cancelled meanwhile, is nothing to do again.
    if let Outcome::Done(Some(told)) = api.store().call(slice)? {
        api.told(told);
    }
    Ok(())
}

/// What these rows make of an export: as many of them as fit.
fn slice(export: &Export, found: &[(String, String)], total: u64) -> WriteSlice {
    let columns = columns(export.what);
    let mut text = String::new();
    if export.format == Format::Csv && export.pieces == 0 {
        write_line(&mut text, columns.iter().map(|(name, _)| (*name).to_owned()));
    }
    let mut rows: usize = 0;
    for (_, row) in found {
        if text.len() >= BYTES {
            break;
        }
        match export.format {
            Format::JsonLines => {
                text.push_str(row);
                text.push('\n');
            }
            Format::Csv => {
                let row: Json = serde_json::from_str(row).expect("it was written as JSON just now");
                write_line(&mut text, columns.iter().map(|(_, place)| cell(row.pointer(place))));
            }
        }
        rows += 1;
    }
    WriteSlice {
        id: export.id,
        after: export.last_row.clone(),
        text: text.into_bytes(),
        rows: rows as u64,
        last: rows.checked_sub(1).map(|last| found[last].0.clone()),
        total,
        done: rows == found.len() && found.len() < ROWS,
        names: [0; 16],
        endpoints: Vec::new(),
    }
}

/// Rows of an export, each with its name and as it is told, and how many there are in all.
struct Rows {
    found: Vec<(String, String)>,
    total: u64,
}

/// At most so many rows after where an export stands, oldest first; or how many there are in all.
fn rows(api: &Api, export: &Export, most: Option<usize>) -> Result<Rows, StoreError> {
    match export.what {
        What::Payments | What::Refunds => {
            let merchant = export.merchant.map(|merchant| merchant.to_string()).unwrap_or_default();
            let list = born(List::payments(&merchant, export.what == What::Refunds), export);
            let store = api.acquirer().store();
            let Some(most) = most else { return counted(store, &list) };
            let (sql, parameters) = list.page(export.last_row.clone().map(Value::Text), true, most);
            Ok(Rows { found: told(payments::page(store, &sql, &parameters)?), total: 0 })
        }
        What::Events => {
            let whose = match (&export.tenant, export.merchant) {
                (Tenant::Platform, None) => None,
                (_, Some(merchant)) => Some(Tenant::Merchant(merchant).to_string()),
                (tenant, None) => Some(tenant.to_string()),
            };
            let list = born(List::events(whose.as_deref()), export);
            let Some(most) = most else { return counted(api.store(), &list) };
            let last = export.last_row.as_ref().and_then(|last| last.parse().ok()).map(Value::Integer);
            let (sql, parameters) = list.page(last, true, most);
            let events = events::found(api, &sql, &parameters)?;
            let views = events.iter().map(|event| (event.number.to_string(), events::view(event)));
            Ok(Rows { found: told(views.collect()), total: 0 })
        }
        What::Settlements => {
            let batches = batches(api, export)?;
            let total = batches.len() as u64;
            let name = |batch: &Batch| settlements::name(batch);
            let after = |batch: &Batch| export.last_row.as_ref().is_none_or(|last| name(batch) > *last);
            let rest = batches.iter().filter(|batch| after(batch)).take(most.unwrap_or(0));
            let views = rest.map(|batch| (name(batch), settlements::view(batch)));
            Ok(Rows { found: told(views.collect()), total })
        }
    }
}

fn born(list: List, export: &Export) -> List {
    list.born(Bound::AtLeast, export.since).born(Bound::Before, export.before)
}

fn counted(store: &store::Store, list: &List) -> Result<Rows, StoreError> {
    let (sql, parameters) = list.total();
    let rows = store.rows(&sql, &parameters)?.rows;
    let total = match rows.first().and_then(|row| row.first()) {
        Some(Value::Integer(count)) => u64::try_from(*count).unwrap_or(0),
        _ => 0,
    };
    Ok(Rows { found: Vec::new(), total })
}

/// The batches of an export, by their names.
fn batches(api: &Api, export: &Export) -> Result<Vec<Batch>, StoreError> {
    let wanted = export.merchant;
    let mut batches = api.acquirer().store().read(move |records| {
        let mut all = records.all::<Batch>();
        all.retain(|batch| {
            let terminal = records.find::<Terminal>(&batch.terminal);
            let merchant = terminal.and_then(|terminal| records.find::<Merchant>(&terminal.merchant));
            wanted.is_none() || merchant.map(|merchant| merchant.id) == wanted
        });
        all
    })?;
    batches.retain(|batch| (export.since..export.before).contains(&batch.opened_at));
    batches.sort_by_cached_key(settlements::name);
    Ok(batches)
}

fn told<V: Serialize>(views: Vec<(String, V)>) -> Vec<(String, String)> {
    let json = |view: V| serde_json::to_string(&view).expect("the interface's types are JSON");
    views.into_iter().map(|(name, view)| (name, json(view))).collect()
}

/// The columns of a table, each with the place of its value in what is told of a thing.
fn columns(what: What) -> &'static [(&'static str, &'static str)] {
    match what {
        What::Payments | What::Refunds => &[
            ("id", "/id"),
            ("kind", "/kind"),
            ("status", "/status"),
            ("amount_value", "/amount/value"),
            ("amount_currency", "/amount/currency"),
            ("refunded_value", "/refunded/value"),
            ("merchant", "/merchant"),
            ("terminal", "/terminal"),
            ("batch", "/batch"),
            ("card_last_four", "/card/last_four"),
            ("card_entry_mode", "/card/entry_mode"),
            ("reference", "/reference"),
            ("approval_code", "/approval_code"),
            ("decline_code", "/decline/code"),
            ("failure_code", "/failure/code"),
            ("original", "/original"),
            ("created_at", "/created_at"),
            ("metadata", "/metadata"),
        ],
        What::Settlements => &[
            ("id", "/id"),
            ("terminal", "/terminal"),
            ("batch", "/batch"),
            ("status", "/status"),
            ("sales_count", "/sales_count"),
            ("sales_value", "/sales/value"),
            ("refunds_count", "/refunds_count"),
            ("refunds_value", "/refunds/value"),
            ("currency", "/sales/currency"),
            ("balanced", "/balanced"),
            ("opened_at", "/opened_at"),
            ("closed_at", "/closed_at"),
        ],
        What::Events => &[
            ("id", "/id"),
            ("type", "/type"),
            ("created", "/created"),
            ("object", "/object"),
            ("sequence", "/sequence"),
        ],
    }
}

fn cell(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => text.clone(),
        Some(Json::Object(members)) if members.is_empty() => String::new(),
        Some(other) => other.to_string(),
    }
}

/// A line of comma-separated values (RFC 4180). What a spreadsheet would take for a formula is made text by an apostrophe.
fn write_line(text: &mut String, cells: impl Iterator<Item = String>) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            text.push(',');
        }
        let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
        if cell.contains(['"', ',', '\n', '\r']) || formula {
            let mark = if formula { "'" } else { "" };
            text.push_str(&format!("\"{mark}{}\"", cell.replace('"', "\"\"")));
        } else {
            text.push_str(&cell);
        }
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let line = |cells: &[&str]| {
            let mut text = String::new();
            write_line(&mut text, cells.iter().map(|&cell| cell.to_owned()));
            text
        };
        assert_eq!(line(&["a", "", "1250"]), "a,,1250\r\n");
        assert_eq!(
            line(&["a,b", "say \"tea\"", "two\nlines"]),
            "\"a,b\",\"say \"\"tea\"\"\",\"two\nlines\"\r\n"
        );
        for formula in ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1"] {
            assert_eq!(line(&[formula]), format!("\"'{formula}\"\r\n"), "{formula:?}");
        }
    }
}
