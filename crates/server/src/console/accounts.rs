//! Account payments as their parties have them: the newest, and the story of one: steps at the switch, legs and books at the
//! banks, who owes whom, and the next deadline. What `paiza upi explain` tells, in the operator's language.
//!
//! The switch and the banks are institutions of their own; an operator sees this only where a sandbox runs them in the same process.

use super::agreements;
use super::door::{Console, Desk, time};
use super::look::Columns;
use crate::screens::console::{self as screen, Cell, Table};
use crate::screens::terminal::{amount, chip};
use ::upi::machines::leg::Leg;
use ::upi::machines::switch::State as Stand;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use sandbox::upi::bank::{UpiLeg, movements};
use sandbox::upi::directory::UpiDirectory;
use sandbox::upi::switch::{UpiDispute, UpiDisputeStep, UpiPayment, UpiStep};
use store::{Store, StoreError, Value};
use values::{Records, Timestamp};

/// Payments in the list.
const NEWEST: i64 = 25;
/// What is said of a payment.
const PAYMENT: [(&str, &str); 7] = [
    ("column-time", ""),
    ("column-amount", "number"),
    ("column-from", ""),
    ("column-to", ""),
    ("column-state", ""),
    ("column-reference", ""),
    ("column-transaction", ""),
];

/// The records of account payment that run in the same process.
#[derive(Clone)]
pub struct AccountSources {
    /// The switch.
    pub switch: Store,
    /// Each bank: its organisation, its name, its records.
    pub banks: Vec<(String, String, Store)>,
}

/// Where a payment or a leg stands, as its word in the records.
pub(super) fn word(state: &impl serde::Serialize) -> String {
    let told = serde_json::to_value(state).unwrap_or_default();
    let named = told.as_object().and_then(|fields| fields.keys().next().cloned());
    told.as_str().map(str::to_owned).or(named).unwrap_or_default()
}

pub(super) fn rupees(desk: &Desk, paise: u64) -> Cell {
    Cell { class: "number", ..Cell::chip(amount(&desk.page, paise, "INR", 2)) }
}

pub(super) fn state_chip(desk: &Desk, word: &str, code: Option<&str>) -> Cell {
    let (kind, icon, name) = match word {
        "success" => ("ok", "check", "state-approved"),
        "failed" => ("bad", "close", "state-declined"),
        "returned" => ("wait", "undo", "state-reversed"),
        "reversal_pending" | "debit_reversal_sent" | "credit_reversal_sent" => {
            ("wait", "hourglass", "state-reversing")
        }
        "deemed" => ("wait", "hourglass", "account-deemed"),
        _ => ("wait", "hourglass", "state-unknown"),
    };
    let code = code.filter(|code| *code != "00").map(|code| format!(" {code}")).unwrap_or_default();
    Cell::chip(chip(kind, icon, &format!("{}{code}", desk.say(name))))
}

/// The newest payments.
pub(super) async fn list(State(console): State<Console>, headers: HeaderMap, uri: Uri) -> Response {
    let make = |desk: &Desk| {
        let Some(sources) = &desk.console.sources.accounts else {
            let table = desk.table("console-accounts", &[], Vec::new(), "account-elsewhere");
            return Ok(desk.show("console-accounts", &[table]));
        };
        let asked = "SELECT id, state, payer, payee, paise, at, reference FROM upi_payments ORDER BY at DESC, id LIMIT $1";
        let found = sources.switch.rows(asked, &[Value::Integer(NEWEST)])?;
        let row = |row: &Vec<Value>| {
            let row = Columns(row);
            let side =
                |place| -> serde_json::Value { serde_json::from_str(&row.text(place)).unwrap_or_default() };
            let address = |place| Cell::text(side(place)["address"].as_str().unwrap_or_default());
            let state: Option<Stand> = serde_json::from_str(&row.text(1)).ok();
            let shown = state.as_ref().map(|state| state_chip(desk, &word(state), state.code()));
            vec![
                Cell::code(time(Timestamp::from_millis(row.number(5)))),
                rupees(desk, u64::try_from(row.number(4)).unwrap_or(0)),
                address(2),
                address(3),
                shown.unwrap_or_default(),
                Cell::code(row.text(6)),
                Cell::code(row.text(0)).to(format!("/account-payments/{}", row.text(0))),
            ]
        };
        let rows = found.rows.iter().map(row).collect();
        let table = desk.table("console-accounts", &PAYMENT, rows, "console-no-payments");
        Ok(desk.show("console-accounts", &[table]))
    };
    Desk::new(console, &headers, &uri, "/account-payments").answer(make).await
}

/// The story of one; of a mandate or a purse where it is no payment.
pub(super) async fn story(
    State(console): State<Console>,
    Path(transaction): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let make = move |desk: &Desk| {
        let Some(sources) = &desk.console.sources.accounts else { return Ok(None) };
        let asked = transaction.clone();
        let found = sources.switch.read(move |records| {
            let payment = records.find::<UpiPayment>(&asked)?;
            let step = |number| records.find::<UpiStep>(&(payment.id.clone(), number));
            let steps: Vec<UpiStep> = (1..=payment.steps).filter_map(step).collect();
            let dispute = records.find::<UpiDispute>(&payment.id);
            let step = |number| records.find::<UpiDisputeStep>(&(payment.id.clone(), number));
            let argued: Vec<_> =
                (1..=dispute.as_ref().map_or(0, |dispute| dispute.steps)).filter_map(step).collect();
            Some((payment, steps, (dispute, argued)))
        })?;
        let Some((payment, steps, (dispute, argued))) = found else {
            return agreements::page(desk, sources, &transaction);
        };
        let (legs, books, owed) = at_the_banks(desk, &sources.banks, &payment)?;
        let mut tables = vec![facts(desk, &payment), steps_table(desk, &payment, &steps), legs, books, owed];
        tables.extend(agreements::behind(desk, &payment));
        if dispute.is_some() {
            tables.push(dispute_table(desk, &payment, &argued));
        }
        let is_stuck = dispute.as_ref().is_some_and(|dispute| dispute.state.is_stuck());
        let due = dispute
            .and_then(|dispute| dispute.due_at)
            .or(payment.due_at)
            .map(|due| desk.page.language.say_text("account-due", "time", &time(due)));
        let rest = if is_stuck { "account-dispute-stuck" } else { "account-over" };
        let note = due.unwrap_or_else(|| desk.say(rest));
        Ok(Some(screen::tables(&desk.page, &desk.frame, &payment.id, Some(&note), &[], &tables)))
    };
    Desk::new(console, &headers, &uri, "/account-payments").answer(make).await
}

fn facts(desk: &Desk, payment: &UpiPayment) -> Table {
    let name = |side: &sandbox::upi::switch::Side| {
        let name = side.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        Cell::text(format!("{}{name}", side.address))
    };
    let cause = payment.cause.as_ref().map(|cause| format!("/{cause}")).unwrap_or_default();
    let code = payment.state.code().map(|code| format!("{code}{cause}"));
    let row = vec![
        Cell::code(time(payment.at)),
        rupees(desk, payment.paise),
        name(&payment.payer),
        name(&payment.payee),
        state_chip(desk, &word(&payment.state), code.as_deref()),
        Cell::code(payment.reference.clone().unwrap_or_default()),
    ];
    // Its name is the title.
    desk.table("console-facts", &PAYMENT[..PAYMENT.len() - 1], vec![row], "console-no-payments")
}

fn after(payment: &UpiPayment, at: Timestamp) -> Cell {
    Cell::number(format!("{} ms", at.since(payment.at).as_millis()))
}

fn steps_table(desk: &Desk, payment: &UpiPayment, steps: &[UpiStep]) -> Table {
    let row = |step: &UpiStep| {
        let late = if step.late { desk.say("account-late") } else { String::new() };
        vec![
            after(payment, step.at),
            // As the switch wrote it down.
            Cell::code(step.cause.clone()),
            Cell::code(word(&step.state)),
            Cell::code(word(&step.sent)),
            Cell::text(late),
        ]
    };
    let columns = [
        ("column-after", "number"),
        ("column-cause", ""),
        ("column-state", ""),
        ("column-sends", ""),
        ("column-note", ""),
    ];
    desk.table("account-steps", &columns, steps.iter().map(row).collect(), "console-no-payments")
}

/// The steps of its dispute.
fn dispute_table(desk: &Desk, payment: &UpiPayment, steps: &[UpiDisputeStep]) -> Table {
    let row = |step: &UpiDisputeStep| {
        let who = match step.by.as_str() {
            "" => desk.say("account-network"),
            by => UpiDirectory::sandbox().name_of(by).to_owned(),
        };
        vec![
            after(payment, step.at),
            Cell::text(who),
            Cell::code(step.act.map(::upi::disputes::words::word_of).unwrap_or_default()),
            Cell::code(step.state.to_string()),
            Cell::code(step.code.clone()),
        ]
    };
    let columns = [
        ("column-after", "number"),
        ("column-party", ""),
        ("column-cause", ""),
        ("column-state", ""),
        ("column-answer", ""),
    ];
    desk.table("account-dispute", &columns, steps.iter().map(row).collect(), "console-no-payments")
}

/// The legs that the banks know, what their books hold of them, and who owes whom by them.
fn at_the_banks(
    desk: &Desk,
    banks: &[(String, String, Store)],
    payment: &UpiPayment,
) -> Result<(Table, Table, Table), StoreError> {
    let (mut legs, mut books, mut owed) = (Vec::new(), Vec::new(), Vec::new());
    let leg_name = |leg: Leg| desk.say(if leg == Leg::Debit { "column-debit" } else { "column-credit" });
    for (organisation, bank, store) in banks {
        if ![&payment.payer.bank, &payment.payee.bank].contains(&organisation) {
            continue;
        }
        let id = payment.id.clone();
        let known = store.read(move |records| {
            [Leg::Debit, Leg::Credit].map(|leg| records.find::<UpiLeg>(&(id.clone(), leg)))
        })?;
        for leg in known.into_iter().flatten() {
            let tail = leg.account.get(leg.account.len().saturating_sub(4)..).unwrap_or_default();
            legs.push(vec![
                after(payment, leg.at),
                Cell::text(bank.clone()),
                Cell::text(leg_name(leg.leg)),
                Cell::code(word(&leg.state)),
                Cell::code(leg.code.clone()),
                Cell::code(format!("\u{2022}\u{2022} {tail}")),
            ]);
            if leg.state.stands() {
                let network = desk.say("account-network");
                let pair =
                    if leg.leg == Leg::Debit { [bank.clone(), network] } else { [network, bank.clone()] };
                let [who, whom] = pair.map(Cell::text);
                owed.push(vec![who, whom, rupees(desk, payment.paise)]);
            }
        }
        for (leg, undone, id) in movements(&payment.id) {
            let asked = "SELECT posted, ended_at, debit, credit FROM transfers WHERE id = $1";
            for row in &store.rows(asked, &[Value::Text(id.to_string())])?.rows {
                let row = Columns(row);
                books.push(vec![
                    after(payment, Timestamp::from_millis(row.number(1))),
                    Cell::text(bank.clone()),
                    Cell::text(leg_name(leg)),
                    Cell::text(desk.say(if undone { "account-undone" } else { "account-booked" })),
                    rupees(desk, u64::try_from(row.number(0)).unwrap_or(0)),
                    Cell::code(id.to_string()),
                ]);
            }
        }
    }
    let leg_columns = [
        ("column-after", "number"),
        ("column-party", ""),
        ("column-kind", ""),
        ("column-state", ""),
        ("column-answer", ""),
        ("column-account", ""),
    ];
    let book_columns = [
        ("column-after", "number"),
        ("column-party", ""),
        ("column-kind", ""),
        ("column-state", ""),
        ("column-amount", "number"),
        ("column-transfer", ""),
    ];
    let owed_columns = [("column-owes", ""), ("column-to", ""), ("column-amount", "number")];
    Ok((
        desk.table("account-legs", &leg_columns, legs, "account-no-legs"),
        desk.table("account-books", &book_columns, books, "account-no-books"),
        desk.table("account-owed", &owed_columns, owed, "account-nothing-owed"),
    ))
}
