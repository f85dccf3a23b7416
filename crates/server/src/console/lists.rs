//! The records as tables to be read: tokens, devices, merchants, what is open, settlement, rules, limits.

use super::asking::path;
use super::door::{Console, Desk, time};
use super::look::{self, Columns, Wanted};
use crate::screens::console::{Cell, Table};
use crate::screens::terminal::{amount, chip};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde::Deserialize;
use store::{Store, StoreError};
use values::Timestamp;

#[derive(Deserialize)]
pub(super) struct After {
    #[serde(default)]
    after: String,
}

pub(super) async fn tokens(
    State(console): State<Console>,
    Query(After { after }): Query<After>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let make = move |desk: &Desk| {
        let rows = look::page(&desk.console.sources.tokens, look::TOKENS, "reference", &after)?;
        Ok(desk.show("console-tokens", &[paged(desk.tokens_table(&rows), "/tokens")]))
    };
    Desk::new(console, &headers, &uri, "/tokens").answer(make).await
}

pub(super) async fn devices(
    State(console): State<Console>,
    Query(After { after }): Query<After>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let make = move |desk: &Desk| {
        let asked = "SELECT id, name, state, customer, created FROM devices";
        let rows = look::page(&desk.console.sources.tokens, asked, "id", &after)?;
        let row = |row: &Vec<store::Value>| {
            let row = Columns(row);
            let (kind, icon, name) = match row.word(2).as_str() {
                "active" => ("ok", "check", "device-active"),
                "lost" => ("bad", "close", "device-lost"),
                _ => ("wait", "hourglass", "device-pending"),
            };
            vec![
                Cell::code(row.text(0)).to(path("device", &row.text(0))),
                Cell::text(row.text(1)),
                Cell::chip(chip(kind, icon, &desk.say(name))),
                Cell::code(row.text(3)),
                Cell::code(time(Timestamp::from_millis(row.number(4)))),
            ]
        };
        let columns = [
            ("column-id", ""),
            ("column-name", ""),
            ("column-state", ""),
            ("column-customer", ""),
            ("column-since", ""),
        ];
        let rows = rows.rows.iter().map(row).collect();
        let table = desk.table("console-devices", &columns, rows, "console-no-devices");
        Ok(desk.show("console-devices", &[paged(table, "/devices")]))
    };
    Desk::new(console, &headers, &uri, "/devices").answer(make).await
}

/// All rows of a small table as cells.
fn rows_of(
    store: &Store,
    asked: &str,
    row: impl Fn(&Columns<'_>) -> Vec<Cell>,
) -> Result<Vec<Vec<Cell>>, StoreError> {
    Ok(store.rows(asked, &[])?.rows.iter().map(|values| row(&Columns(values))).collect())
}

pub(super) async fn merchants(
    State(console): State<Console>,
    Query(After { after }): Query<After>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let make = move |desk: &Desk| {
        let acquirer = &desk.console.sources.acquirer;
        let asked = "SELECT id, acceptor, name, city, category, state FROM merchants";
        let found = look::page(acquirer, asked, "id", &after)?;
        let state = |word: &str| match word {
            "active" => chip("ok", "check", &desk.say("merchant-active")),
            _ => chip("bad", "close", &desk.say("merchant-closed")),
        };
        let row = |row: &Vec<store::Value>| {
            let row = Columns(row);
            vec![
                Cell::code(row.text(0)).to(path("merchant", &row.text(0))),
                Cell::code(row.text(1)),
                Cell::text(row.text(2)),
                Cell::text(row.text(3)),
                Cell::number(format!("{:04}", row.number(4))),
                Cell::chip(state(&row.word(5))),
            ]
        };
        let columns = [
            ("column-id", ""),
            ("column-acceptor", ""),
            ("column-name", ""),
            ("column-city", ""),
            ("column-category", "number"),
            ("column-state", ""),
        ];
        let rows = found.rows.iter().map(row).collect();
        let shops = desk.table("console-merchants", &columns, rows, "console-no-merchants");
        let asked = "SELECT t.id, m.name, t.state, t.batch FROM terminals t \
                     LEFT JOIN merchants m ON m.id = t.merchant ORDER BY t.id LIMIT 100";
        let rows = rows_of(acquirer, asked, |row| {
            vec![
                Cell::code(row.text(0)).to(path("terminal", &row.text(0))),
                Cell::text(row.text(1)),
                Cell::chip(state(&row.word(2))),
                Cell::number(format!("{:06}", row.number(3))),
            ]
        })?;
        let columns =
            [("column-terminal", ""), ("column-to", ""), ("column-state", ""), ("column-batch", "number")];
        let terminals = desk.table("console-terminals", &columns, rows, "console-no-terminals");
        Ok(desk.show("console-merchants", &[paged(shops, "/merchants"), terminals]))
    };
    Desk::new(console, &headers, &uri, "/merchants").answer(make).await
}

pub(super) async fn reversals(State(console): State<Console>, headers: HeaderMap, uri: Uri) -> Response {
    let make = |desk: &Desk| {
        let sources = &desk.console.sources;
        let wanted = Wanted { state: "unknown".to_owned(), ..Wanted::default() };
        let (open, _) = look::payments(&sources.acquirer, &wanted)?;
        let open = Table {
            title: desk.say("console-open"),
            empty: desk.say("console-none-open"),
            ..desk.payments_table(&open)
        };
        let mut waiting = Vec::new();
        for (name, store) in [("flow-acquirer", &sources.acquirer), ("flow-gateway", &sources.tokens)] {
            // The body of a message is its receiver's business.
            let asked =
                "SELECT topic, count(*), min(due), max(attempts) FROM outbox GROUP BY topic ORDER BY topic";
            waiting.extend(rows_of(store, asked, |row| {
                vec![
                    Cell::text(desk.say(name)),
                    Cell::code(row.text(0)),
                    Cell::number(row.number(1).to_string()),
                    Cell::code(time(Timestamp::from_millis(row.number(2)))),
                    Cell::number(row.number(3).to_string()),
                ]
            })?);
        }
        let columns = [
            ("column-party", ""),
            ("column-topic", ""),
            ("column-count", "number"),
            ("column-due", ""),
            ("column-attempts", "number"),
        ];
        let waiting = desk.table("console-waiting", &columns, waiting, "console-none-waiting");
        let asked = "SELECT terminal, number, sales_count, sales_amount, currency, refunds_amount, closed_at \
                     FROM batches WHERE balanced = 0 ORDER BY closed_at DESC LIMIT 50";
        let breaks = rows_of(&sources.acquirer, asked, |row| {
            let money = |minor| {
                let (minor, currency, decimals) = look::money(minor, row.number(4));
                Cell { class: "number", ..Cell::chip(amount(&desk.page, minor, currency, decimals)) }
            };
            vec![
                Cell::code(row.text(0)),
                Cell::number(format!("{:06}", row.number(1))),
                Cell::number(row.number(2).to_string()),
                money(row.number(3)),
                money(row.number(5)),
                Cell::code(time(Timestamp::from_millis(row.number(6)))),
            ]
        })?;
        let columns = [
            ("column-terminal", ""),
            ("column-batch", "number"),
            ("column-count", "number"),
            ("column-sales", "number"),
            ("column-refunds", "number"),
            ("column-closed", ""),
        ];
        let breaks = desk.table("console-breaks", &columns, breaks, "console-no-breaks");
        Ok(desk.show("console-reversals", &[open, waiting, breaks]))
    };
    Desk::new(console, &headers, &uri, "/reversals").answer(make).await
}

pub(super) async fn settlement(State(console): State<Console>, headers: HeaderMap, uri: Uri) -> Response {
    let make = |desk: &Desk| {
        let sources = &desk.console.sources;
        let mut tables = Vec::new();
        if let Some(network) = &sources.network {
            let asked = "SELECT d.date, d.state, p.institution, p.currency, p.debit_count, p.debit, p.credit_count, p.credit \
                         FROM settlement_days d LEFT JOIN settlement_positions p ON p.date = d.date \
                         ORDER BY d.date DESC, p.institution LIMIT 200";
            let rows = rows_of(network, asked, |row| {
                let money = |place| {
                    let (minor, currency, decimals) = look::money(row.number(place), row.number(3));
                    Cell { class: "number", ..Cell::chip(amount(&desk.page, minor, currency, decimals)) }
                };
                let state = row.word(1);
                vec![
                    Cell::code(row.number(0).to_string()),
                    Cell::chip(chip(
                        if state == "open" { "wait" } else { "ok" },
                        "doc",
                        &desk.say(day_name(&state)),
                    )),
                    Cell::code(row.text(2)),
                    Cell::number(row.number(4).to_string()),
                    money(5),
                    Cell::number(row.number(6).to_string()),
                    money(7),
                ]
            })?;
            let columns = [
                ("column-day", ""),
                ("column-state", ""),
                ("column-institution", ""),
                ("column-count", "number"),
                ("column-debit", "number"),
                ("column-count", "number"),
                ("column-credit", "number"),
            ];
            tables.push(desk.table("console-days", &columns, rows, "console-no-days"));
        }
        let asked = "SELECT terminal, number, state, sales_count, sales_amount, currency, refunds_amount, balanced, opened_at \
                     FROM batches ORDER BY opened_at DESC, terminal LIMIT 100";
        let rows = rows_of(&sources.acquirer, asked, |row| {
            let money = |place| {
                let (minor, currency, decimals) = look::money(row.number(place), row.number(5));
                Cell { class: "number", ..Cell::chip(amount(&desk.page, minor, currency, decimals)) }
            };
            let (kind, icon, name) = match (row.word(2).as_str(), row.some_number(7)) {
                ("open", _) => ("wait", "clock", "batch-open"),
                (_, Some(0)) => ("warn", "alert", "batch-differs"),
                _ => ("ok", "check", "batch-closed"),
            };
            vec![
                Cell::code(row.text(0)),
                Cell::number(format!("{:06}", row.number(1))),
                Cell::chip(chip(kind, icon, &desk.say(name))),
                Cell::number(row.number(3).to_string()),
                money(4),
                money(6),
                Cell::code(time(Timestamp::from_millis(row.number(8)))),
            ]
        })?;
        let columns = [
            ("column-terminal", ""),
            ("column-batch", "number"),
            ("column-state", ""),
            ("column-count", "number"),
            ("column-sales", "number"),
            ("column-refunds", "number"),
            ("column-since", ""),
        ];
        tables.push(desk.table("console-batches", &columns, rows, "console-no-batches"));
        Ok(desk.show("console-settlement", &tables))
    };
    Desk::new(console, &headers, &uri, "/settlement").answer(make).await
}

fn day_name(state: &str) -> &'static str {
    match state {
        "open" => "day-open",
        "closing" => "day-closing",
        "delivered" => "day-delivered",
        _ => "day-closed",
    }
}

pub(super) async fn rules(State(console): State<Console>, headers: HeaderMap, uri: Uri) -> Response {
    let make = |desk: &Desk| {
        let mut tables = Vec::new();
        for (bank, store) in &desk.console.sources.banks {
            let rules = store.read(|records| sandbox::issuer::rules::rules(records))?;
            let row = |rule: &sandbox::issuer::rules::RiskRule| {
                let (kind, icon, name) =
                    if rule.enabled { ("ok", "check", "rule-on") } else { ("", "pause", "rule-off") };
                vec![
                    Cell::code(word_of(&rule.condition))
                        .to(path("rule", &format!("{bank}/{}", word_of(&rule.condition)))),
                    Cell::number(rule.threshold.to_string()),
                    Cell::code(word_of(&rule.outcome)),
                    Cell::chip(chip(kind, icon, &desk.say(name))),
                ]
            };
            let columns = [
                ("column-condition", ""),
                ("column-threshold", "number"),
                ("column-outcome", ""),
                ("column-state", ""),
            ];
            let rows = rules.iter().map(row).collect();
            tables.push(Table {
                title: bank.clone(),
                ..desk.table("console-rules", &columns, rows, "console-no-rules")
            });
        }
        if tables.is_empty() {
            tables.push(desk.table("console-rules", &[], Vec::new(), "console-no-rules"));
        }
        Ok(desk.show("console-rules", &tables))
    };
    Desk::new(console, &headers, &uri, "/rules").answer(make).await
}

/// A word of a closed set as records spell it.
fn word_of(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| Some(value.as_str()?.to_owned())).unwrap_or_default()
}

pub(super) async fn limits(State(console): State<Console>, headers: HeaderMap, uri: Uri) -> Response {
    let make = |desk: &Desk| {
        let sources = &desk.console.sources;
        let asked = "SELECT name, currency, payment_max, unverified_max, transit_max, daily_max, daily_count_max \
                     FROM controls ORDER BY id LIMIT 100";
        let cell = |minor: i64, currency: i64| {
            let (minor, currency, decimals) = look::money(minor, currency);
            Cell { class: "number", ..Cell::chip(amount(&desk.page, minor, currency, decimals)) }
        };
        let rows = rows_of(&sources.tokens, asked, |row| {
            let money = |place| cell(row.number(place), row.number(1));
            let count = Cell::number(row.number(6).to_string());
            vec![Cell::text(row.text(0)), money(2), money(3), money(4), money(5), count]
        })?;
        let columns = [
            ("column-name", ""),
            ("limit-payment", "number"),
            ("limit-unverified", "number"),
            ("limit-transit", "number"),
            ("limit-day", "number"),
            ("limit-count", "number"),
        ];
        let tokens = desk.table("limits-tokens", &columns, rows, "console-no-limits");
        let asked =
            "SELECT name, currency, limit_payment, limit_daily FROM merchants ORDER BY name LIMIT 100";
        let rows = rows_of(&sources.acquirer, asked, |row| {
            let money = |place| cell(row.number(place), row.number(1));
            vec![Cell::text(row.text(0)), money(2), money(3)]
        })?;
        let columns = [("column-name", ""), ("limit-payment", "number"), ("limit-day", "number")];
        let merchants = desk.table("limits-merchants", &columns, rows, "console-no-merchants");
        Ok(desk.show("console-limits", &[tokens, merchants]))
    };
    Desk::new(console, &headers, &uri, "/limits").answer(make).await
}

/// Splits a page off a list that was asked for one row more.
fn paged(mut table: Table, path: &str) -> Table {
    if table.rows.len() > look::ROWS {
        table.rows.truncate(look::ROWS);
        let last = table.rows.last().and_then(|row| row.first()).map(|cell| cell.text.clone());
        table.next = last.map(|last| format!("{path}?after={last}"));
    }
    table
}
