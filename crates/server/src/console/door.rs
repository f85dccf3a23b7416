//! The console's door: who is let in, then pages to read.

use super::acts::Acts;
use super::entry::Visitor;
use super::look::{self, Columns, PaymentRow, Sources, Wanted};
use super::porter::{Porter, Refused};
use super::tape::{Kept, Tape};
use super::{accounts, asking, entry, lists, recovery, registers, test_tools};
use crate::screens::console::{
    self as screen, Cell, Entry, Filter, Frame, Journey, Line, Metric, Tab, Table,
};
use crate::screens::door::{Leave, common, page_of, script, show, show_with};
use crate::screens::flow::Flow;
use crate::screens::guard;
use crate::screens::live::{Closing, Source, stream};
use crate::screens::pages::{self, Page};
use crate::screens::terminal::{amount, chip};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use store::StoreError;
use tokio::sync::watch;
use values::Timestamp;

/// Every page behind the door; `{payment}` is a reference, `{transaction}` a payment by account, `{token}`, `{device}`, `{merchant}`, `{operator}` and
/// `{proposal}` are names. For whoever wants to see them all.
pub const PAGES: &[&str] = &[
    "/",
    "/?payment={payment}",
    "/payments",
    "/payments?state=approved",
    "/payments?state=declined",
    "/payments?state=unknown",
    "/payments/{payment}",
    "/account-payments",
    "/account-payments/{transaction}",
    "/search?q={payment}",
    "/tokens",
    "/devices",
    "/merchants",
    "/reversals",
    "/settlement",
    "/rules",
    "/limits",
    "/proposals",
    "/proposals/{proposal}",
    "/subject?kind=token&name={token}",
    "/subject?kind=device&name={device}",
    "/subject?kind=merchant&name={merchant}",
    "/subject?kind=operator&name={operator}",
    "/subject?kind=operator&name=new",
    "/subject?kind=key&name=new",
    "/keys",
    "/operators",
    "/audit",
    "/passkeys",
    "/clock",
    "/faults",
];

/// What is before somebody is let in.
pub const OUTSIDE: &[&str] =
    &["/enter", "/assets/paiza.css", "/assets/mark.svg", "/assets/console.js", "/assets/passkey.js"];

/// The largest body that is read: a form with what a browser says of a passkey.
const BODY_MOST: usize = 16 * 1024;
/// Payments beside the drawing.
const NEWEST: usize = 9;
/// What counts as the last minutes.
const RECENT: Duration = Duration::from_secs(5 * 60);

#[derive(Clone)]
pub(super) struct Console {
    pub(super) sources: Sources,
    tape: Option<Arc<Tape>>,
    pub(super) porter: Porter,
    pub(super) acts: Arc<Acts>,
}

/// The console over these records, behind this porter; with a tape it shows messages too. What is approved is carried out
/// by `acts`.
pub(crate) fn router(sources: Sources, tape: Option<Arc<Tape>>, porter: Porter, acts: Arc<Acts>) -> Router {
    let console = Console { sources, tape, porter, acts };
    Router::new()
        .route("/", get(live))
        .route("/payments", get(payments))
        .route("/payments/{reference}", get(payment))
        .route("/account-payments", get(accounts::list))
        .route("/account-payments/{transaction}", get(accounts::story))
        .route("/search", get(search))
        .route("/tokens", get(lists::tokens))
        .route("/devices", get(lists::devices))
        .route("/merchants", get(lists::merchants))
        .route("/reversals", get(lists::reversals))
        .route("/settlement", get(lists::settlement))
        .route("/rules", get(lists::rules))
        .route("/limits", get(lists::limits))
        .merge(test_tools::routes())
        .route("/events", get(events))
        .route("/subject", get(asking::subject))
        .route("/proposals", get(registers::proposals).post(asking::propose))
        .route("/proposals/{id}", get(asking::proposal))
        .route("/proposals/{id}/approve", post(asking::approve))
        .route("/proposals/{id}/decline", post(asking::decline))
        .route("/keys", get(registers::keys))
        .route("/operators", get(registers::people))
        .route("/audit", get(registers::log))
        .route("/passkeys", get(registers::passkeys).post(registers::add_passkey))
        .route("/leave", post(entry::leave))
        .fallback(missing)
        // Everything above is behind the door, also what is not there.
        .layer(middleware::from_fn_with_state(console.clone(), entry::let_in))
        .route("/enter", get(entry::page).post(entry::enter))
        .route("/enrol", get(entry::enrol_page).post(entry::enrol))
        .route("/recover", post(recovery::recover))
        .route("/assets/passkey.js", get(async || script(crate::screens::PASSKEY_SCRIPT)))
        .route("/assets/console.js", get(async || script(screen::SCRIPT)))
        .merge(common())
        .layer(DefaultBodyLimit::max(BODY_MOST))
        .layer(middleware::from_fn(guard::own_pages_alone))
        .with_state(console)
}

/// What every handler of a page starts from.
pub(super) struct Desk {
    pub(super) console: Console,
    pub(super) page: Page,
    pub(super) frame: Frame,
}

impl Desk {
    pub(super) fn new(console: Console, headers: &HeaderMap, uri: &Uri, section: &'static str) -> Desk {
        let last = console.tape.as_ref().map(|tape| *tape.changes().borrow());
        let who = console.porter.name(entry::word(headers));
        let test = console.sources.test.as_ref().map(test_tools::state);
        let frame = Frame { section, search: String::new(), last, who, test };
        Desk { console, page: page_of(headers, uri), frame }
    }

    /// Reads where it may wait for the disk, then makes the page.
    pub(super) async fn answer(
        self,
        make: impl FnOnce(&Desk) -> Result<Option<String>, StoreError> + Send + 'static,
    ) -> Response {
        self.answer_with(StatusCode::OK, make).await
    }

    /// The same with another status.
    pub(super) async fn answer_with(
        self,
        status: StatusCode,
        make: impl FnOnce(&Desk) -> Result<Option<String>, StoreError> + Send + 'static,
    ) -> Response {
        let made = tokio::task::spawn_blocking(move || {
            let html = make(&self);
            (self, html)
        });
        let Ok((desk, html)) = made.await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
        let leave = Leave { script: true, ..Leave::default() };
        match html {
            Ok(Some(html)) => show_with(status, html, &leave),
            Ok(None) => {
                show_with(StatusCode::NOT_FOUND, screen::failed(&desk.page, &desk.frame, true), &leave)
            }
            Err(error) => {
                tracing::warn!(%error, "the console's question was not answered");
                let html = screen::failed(&desk.page, &desk.frame, false);
                show_with(StatusCode::SERVICE_UNAVAILABLE, html, &leave)
            }
        }
    }

    /// A page that was made already, with a status of its own.
    pub(super) fn said(&self, status: StatusCode, html: String) -> Response {
        show_with(status, html, &Leave { script: true, ..Leave::default() })
    }

    /// Why nothing was done.
    pub(super) fn refused(&self, no: Refused) -> Response {
        match no {
            Refused::Down => {
                self.said(StatusCode::SERVICE_UNAVAILABLE, screen::failed(&self.page, &self.frame, false))
            }
            _ => show(StatusCode::FORBIDDEN, pages::refused(&self.page)),
        }
    }

    /// As [`Desk::answer`], but where there is nothing to show it leads on.
    pub(super) async fn answer_or(
        self,
        make: impl FnOnce(&Desk) -> Result<Option<String>, StoreError> + Send + 'static,
        otherwise: &str,
    ) -> Response {
        let made = tokio::task::spawn_blocking(move || {
            let html = make(&self);
            (self, html)
        });
        match made.await {
            Ok((desk, Ok(Some(html)))) => desk.said(StatusCode::OK, html),
            Ok((_, Ok(None))) => Redirect::to(otherwise).into_response(),
            Ok((desk, Err(error))) => desk.refused(error.into()),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }

    pub(super) fn say(&self, name: &str) -> String {
        self.page.language.say(name)
    }

    pub(super) fn table(
        &self,
        title: &str,
        columns: &[(&str, &'static str)],
        rows: Vec<Vec<Cell>>,
        empty: &str,
    ) -> Table {
        let columns = columns.iter().map(|(name, class)| (self.say(name), *class)).collect();
        Table { title: self.say(title), columns, rows, empty: self.say(empty), next: None }
    }

    pub(super) fn show(&self, title: &str, tables: &[Table]) -> Option<String> {
        Some(screen::tables(&self.page, &self.frame, &self.say(title), None, &[], tables))
    }

    pub(super) fn payments_table(&self, rows: &[PaymentRow]) -> Table {
        let columns = [
            ("column-time", ""),
            ("column-amount", "number"),
            ("column-to", ""),
            ("column-kind", ""),
            ("column-entry", ""),
            ("column-state", ""),
            ("column-token", ""),
            ("column-reference", ""),
        ];
        let row = |payment: &PaymentRow| {
            let (minor, currency, decimals) = payment.money;
            let path = format!("/payments/{}", payment.reference);
            vec![
                Cell::code(time(payment.at)),
                Cell { class: "number", ..Cell::chip(amount(&self.page, minor, currency, decimals)) },
                Cell::text(payment.merchant.clone()),
                Cell::text(self.say(kind_name(&payment.kind))),
                Cell::text(self.say(entry_name(&payment.entry_mode))),
                Cell::chip(screen::state_chip(&self.page, &payment.state, payment.response_code.as_deref())),
                Cell::code(format!("\u{2022}\u{2022}\u{2022}\u{2022} {}", payment.last_four)),
                Cell::code(payment.reference.clone()).to(path),
            ]
        };
        self.table("console-payments", &columns, rows.iter().map(row).collect(), "console-no-payments")
    }

    fn token_rows(&self, rows: &store::Rows) -> Vec<Vec<Cell>> {
        let row = |row: &Vec<store::Value>| {
            let row = Columns(row);
            let standing: serde_json::Value = serde_json::from_str(&row.text(4)).unwrap_or_default();
            let life = standing["life"].as_str().unwrap_or_default();
            let by = standing["suspenders"].as_str().unwrap_or_default();
            let (kind, icon, name) = match (life, by) {
                ("active", "") => ("ok", "check", "token-active"),
                ("active", _) => ("warn", "pause", "token-suspended"),
                ("inactive", _) => ("wait", "hourglass", "token-inactive"),
                ("deleted", _) => ("bad", "trash", "token-deleted"),
                _ => ("", "clock", "token-expired"),
            };
            let word = if by.is_empty() { self.say(name) } else { format!("{}: {by}", self.say(name)) };
            let ending =
                |place| Cell::code(format!("\u{2022}\u{2022}\u{2022}\u{2022} {:04}", row.number(place)));
            vec![
                Cell::code(row.text(0)).to(asking::path("token", &row.text(0))),
                ending(1),
                ending(2),
                Cell::text(row.text(3)),
                Cell::chip(chip(kind, icon, &word)),
                Cell::code(row.text(5)),
                Cell::code(time(Timestamp::from_millis(row.number(6)))),
            ]
        };
        rows.rows.iter().map(row).collect()
    }

    pub(super) fn tokens_table(&self, rows: &store::Rows) -> Table {
        let columns = [
            ("column-reference", ""),
            ("column-token", ""),
            ("column-card", ""),
            ("column-issuer", ""),
            ("column-state", ""),
            ("column-device", ""),
            ("column-since", ""),
        ];
        self.table("console-tokens", &columns, self.token_rows(rows), "console-no-tokens")
    }
}

/// A moment as machines write it, UTC.
pub(super) fn time(at: Timestamp) -> String {
    let text = at.to_string();
    text.split_once('.').map_or(text.clone(), |(seconds, _)| seconds.replace('T', " "))
}

fn clock(at: Timestamp) -> String {
    let text = time(at);
    text.split_once(' ').map_or(text.clone(), |(_, clock)| clock.to_owned())
}

fn kind_name(kind: &str) -> &'static str {
    match kind {
        "sale" => "till-sale",
        "pre_authorisation" => "till-preauth",
        "completion" => "till-complete-kind",
        _ => "till-refund-kind",
    }
}

/// How the card was read, by the first two digits of DE 22.
fn entry_name(entry_mode: &str) -> &'static str {
    match entry_mode.get(..2) {
        Some("05") => "entry-contact",
        Some("07") => "entry-tap",
        Some("03") => "entry-shown-code",
        Some("04") => "entry-scanned-code",
        Some("01" | "81") => "entry-in-app",
        _ => "entry-other",
    }
}

#[derive(Deserialize)]
struct Looking {
    #[serde(default)]
    payment: String,
    #[serde(default)]
    message: u64,
}

async fn live(
    State(console): State<Console>,
    Query(looking): Query<Looking>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    Desk::new(console, &headers, &uri, "/").answer(move |desk| desk.live(&looking).map(Some)).await
}

impl Desk {
    fn live(&self, looking: &Looking) -> Result<String, StoreError> {
        let acquirer = &self.console.sources.acquirer;
        let now = acquirer.clock().now();
        let since = Timestamp::from_millis(now.millis().saturating_sub(RECENT.as_millis() as i64));
        let pulse = look::pulse(&self.console.sources, since)?;
        let metrics = self.metrics(&pulse, since);
        let (rows, _) = look::payments(acquirer, &Wanted::default())?;
        let chosen = match looking.payment.as_str() {
            "" => rows.first().cloned(),
            reference => look::payment(acquirer, reference)?,
        };
        let entry = |row: &PaymentRow| Entry {
            path: format!("/?payment={}", row.reference),
            time: clock(row.at),
            money: row.money,
            to: row.merchant.clone(),
            chip: screen::state_chip(&self.page, &row.state, row.response_code.as_deref()),
            reference: row.reference.clone(),
            chosen: chosen.as_ref().is_some_and(|chosen| chosen.reference == row.reference),
        };
        let entries: Vec<Entry> = rows.iter().take(NEWEST).map(entry).collect();
        let path = |reference: &str| format!("/?payment={reference}&message=");
        let journey = chosen.map(|row| self.journey(&row, looking.message, &path(&row.reference)));
        Ok(screen::live(&self.page, &self.frame, &metrics, &entries, journey.as_ref()))
    }

    fn metrics(&self, pulse: &look::Pulse, since: Timestamp) -> Vec<Metric> {
        let metric =
            |name: &str, value: String, chip: Option<String>| Metric { label: self.say(name), value, chip };
        let none = || "\u{2013}".to_owned();
        let share = (pulse.answered > 0).then(|| pulse.approved * 1000 / pulse.answered);
        let low = share.is_some_and(|share| share < 970);
        let waits = self.console.tape.as_ref().map(|tape| tape.waits(since)).unwrap_or_default();
        let slowest = waits.get(waits.len().saturating_sub(1 + waits.len() / 100));
        let unknown =
            (pulse.unknown > 0).then(|| chip("wait", "hourglass", &self.say("console-asked-again")));
        let left_out = self.console.tape.as_ref().map_or(0, |tape| tape.left_out());
        let mut metrics = vec![
            metric(
                "metric-approved",
                share.map_or_else(none, |share| format!("{}.{} %", share / 10, share % 10)),
                low.then(|| chip("bad", "alert", &self.say("console-below"))),
            ),
            metric(
                "metric-slowest",
                slowest.map_or_else(none, |wait| format!("{} ms", wait.as_millis())),
                None,
            ),
            metric("metric-unknown", pulse.unknown.to_string(), unknown),
            metric("metric-waiting", pulse.waiting.to_string(), None),
        ];
        if left_out > 0 {
            metrics.push(metric("metric-left-out", left_out.to_string(), None));
        }
        metrics
    }

    /// One payment's way. `message` is the number of the message that is looked at; 0 is the request of the acquirer.
    fn journey(&self, row: &PaymentRow, message: u64, path: &str) -> Journey {
        let kept = self.console.tape.as_ref();
        let kept = kept.map(|tape| tape.of(&row.reference, &row.terminal, row.trace)).unwrap_or_default();
        let chosen = kept.iter().find(|kept| kept.number == message);
        let chosen = chosen.or_else(|| kept.iter().find(|kept| kept.from == "acquirer" && !kept.is_answer));
        let chosen = chosen.or(kept.first());
        let began = kept.first().map_or(Duration::ZERO, |first| first.after);
        let hop = |kept: &Kept| {
            let mut two = [kept.from.clone(), kept.to.clone()];
            two.sort();
            two
        };
        let here = chosen.map(hop);
        let mut hops: Vec<(_, Filter)> = Vec::new();
        for one in &kept {
            let between = hop(one);
            if !hops.iter().any(|(known, _)| *known == between) {
                let name = format!("{} \u{2013} {}", self.party(&one.from), self.party(&one.to));
                let chosen = here.as_ref() == Some(&between);
                hops.push((between, Filter { path: format!("{path}{}", one.number), name, chosen }));
            }
        }
        let way = |kept: &Kept| format!("{} \u{2192} {}", self.party(&kept.from), self.party(&kept.to));
        let tab = |one: &Kept| Tab {
            path: format!("{path}{}", one.number),
            title: one.title.clone(),
            way: way(one),
            after: one.after.saturating_sub(began).as_millis().to_string(),
            bytes: one.bytes,
            chosen: chosen.is_some_and(|chosen| chosen.number == one.number),
        };
        let lines = |kept: &Kept| {
            let line = |line: &super::tape::Explained| Line {
                tag: line.tag.clone(),
                depth: line.depth.min(3),
                name: line.name.clone(),
                value: line.value.clone(),
            };
            kept.lines.iter().map(line).collect()
        };
        Journey {
            facts: self.facts(row),
            chip: screen::state_chip(&self.page, &row.state, row.response_code.as_deref()),
            flow: flow(&kept, chosen, &row.last_four),
            hops: hops.into_iter().map(|(_, filter)| filter).collect(),
            tabs: kept.iter().filter(|one| here == Some(hop(one))).map(tab).collect(),
            message: chosen.map(|kept| {
                let bytes = self.page.language.say_count("console-bytes", "count", kept.bytes);
                (kept.title.clone(), format!("{}, {bytes}", way(kept)), lines(kept))
            }),
        }
    }

    /// A party's name as wires know it, for people; a bank's name is its own.
    fn party(&self, name: &str) -> String {
        match name {
            "phone" => self.say("flow-phone"),
            "terminal" => self.say("flow-terminal"),
            "acquirer" => self.say("flow-acquirer"),
            "network" => self.say("flow-network"),
            "token gateway" => self.say("flow-gateway"),
            bank => bank.to_owned(),
        }
    }

    fn facts(&self, row: &PaymentRow) -> Vec<(String, String)> {
        let (minor, currency, decimals) = row.money;
        let written = self.page.language.money(i64::try_from(minor).unwrap_or(i64::MAX), currency, decimals);
        let mut facts = vec![
            ("column-amount", format!("{}{}{}", written.sign, written.whole, written.part)),
            ("column-kind", self.say(kind_name(&row.kind))),
            ("column-entry", self.say(entry_name(&row.entry_mode))),
            ("column-to", row.merchant.clone()),
            ("column-time", format!("{} UTC", time(row.at))),
            ("column-reference", row.reference.clone()),
            ("column-id", row.id.clone()),
            ("column-terminal", row.terminal.clone()),
            ("column-batch", format!("{:06}", row.batch)),
            ("column-trace", format!("{:06}, {:06}", row.trace, row.network_trace)),
            ("column-token", format!("\u{2022}\u{2022}\u{2022}\u{2022} {}", row.last_four)),
        ];
        let optional = [
            ("column-answer", row.response_code.clone()),
            ("column-approval", row.approval_code.clone()),
            ("column-reversal", row.reversal_reason.clone()),
            ("column-settled", row.settled_on.map(|date| format!("{:02}-{:02}", date / 100, date % 100))),
        ];
        facts.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
        facts.into_iter().map(|(name, value)| (self.say(name), value)).collect()
    }
}

/// Where messages of a payment went: five hops, the last one to the bank, whatever its name.
fn flow(kept: &[Kept], chosen: Option<&Kept>, token: &str) -> Flow {
    const PARTIES: [&str; 5] = ["phone", "terminal", "acquirer", "network", "token gateway"];
    let mut flow = Flow { token: token.to_owned(), seen: !kept.is_empty(), ..Flow::default() };
    let bank = kept.iter().find(|kept| kept.from == "token gateway" && kept.to != "network");
    flow.bank = bank.map(|kept| kept.to.clone()).unwrap_or_default();
    for (place, hop) in flow.hops.iter_mut().enumerate() {
        let near = PARTIES[place];
        let far = PARTIES.get(place + 1).copied().unwrap_or(&flow.bank);
        let here =
            |kept: &&Kept| (kept.from == near && kept.to == far) || (kept.from == far && kept.to == near);
        // The terminal asks the phone; everywhere else the nearer party asks.
        let asked: Vec<&Kept> = kept.iter().filter(here).filter(|kept| !kept.is_answer).collect();
        let answers: Vec<&Kept> = kept.iter().filter(here).filter(|kept| kept.is_answer).collect();
        let (Some(first), Some(last)) = (asked.first(), asked.last()) else { continue };
        hop.asked = Some(if first.is_apdu { format!("{} APDU", asked.len()) } else { last.title.clone() });
        hop.answered = answers.last().map(|answer| {
            let wait = answer.after.saturating_sub(if first.is_apdu { first.after } else { last.after });
            let wait = if wait.as_millis() < 10 {
                format!("{}.{} ms", wait.as_millis(), wait.subsec_micros() / 100 % 10)
            } else {
                format!("{} ms", wait.as_millis())
            };
            if first.is_apdu { wait } else { format!("{}, {wait}", answer.title) }
        });
        hop.chosen = chosen.is_some_and(|chosen| here(&chosen));
    }
    flow
}

async fn payments(
    State(console): State<Console>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let make = move |desk: &Desk| {
        let (rows, next) = look::payments(&desk.console.sources.acquirer, &wanted)?;
        let states = [("", "filter-any"), ("approved", "state-approved"), ("declined", "state-declined")];
        let filters = states.into_iter().chain([("unknown", "state-unknown")]).map(|(state, name)| Filter {
            path: if state.is_empty() { "/payments".to_owned() } else { format!("/payments?state={state}") },
            name: desk.say(name),
            chosen: state == wanted.state,
        });
        let state = match wanted.state.as_str() {
            state @ ("approved" | "declined" | "unknown") => format!("&state={state}"),
            _ => String::new(),
        };
        let table = Table {
            next: next.map(|next| format!("/payments?after={next}{state}")),
            ..desk.payments_table(&rows)
        };
        let filters: Vec<Filter> = filters.collect();
        let title = desk.say("console-payments");
        Ok(Some(screen::tables(&desk.page, &desk.frame, &title, None, &filters, &[table])))
    };
    Desk::new(console, &headers, &uri, "/payments").answer(make).await
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    message: u64,
}

async fn payment(
    State(console): State<Console>,
    Path(reference): Path<String>,
    Query(Message { message }): Query<Message>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let make = move |desk: &Desk| {
        let Some(row) = look::payment(&desk.console.sources.acquirer, &reference)? else { return Ok(None) };
        let journey = desk.journey(&row, message, &format!("/payments/{}?message=", row.reference));
        Ok(Some(screen::payment(&desk.page, &desk.frame, &row.reference, &journey)))
    };
    Desk::new(console, &headers, &uri, "/payments").answer(make).await
}

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    q: String,
}

/// What may be searched for. Of a number as long as a card's only the last four digits are looked up, and shown.
pub(super) fn searchable(typed: &str) -> (String, bool) {
    let name: String = typed.chars().filter(|c| !c.is_whitespace() && !c.is_control()).take(64).collect();
    // A reference has twelve characters; a number of more digits may be a card's (ISO/IEC 7812), however it is written.
    let plain: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let digits = plain.split(|c: char| !c.is_ascii_digit()).max_by_key(|run| run.len()).unwrap_or_default();
    if digits.len() > 12 { (digits[digits.len() - 4..].to_owned(), true) } else { (name, false) }
}

async fn search(
    State(console): State<Console>,
    Query(Question { q }): Query<Question>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let (name, shortened) = searchable(&q);
    let mut desk = Desk::new(console, &headers, &uri, "/payments");
    desk.frame.search.clone_from(&name);
    let make = move |desk: &Desk| {
        let sources = &desk.console.sources;
        let (found, tokens) = match name.as_str() {
            "" => (Vec::new(), store::Rows { columns: Vec::new(), rows: Vec::new() }),
            name => {
                (look::payments_named(&sources.acquirer, name)?, look::tokens_named(&sources.tokens, name)?)
            }
        };
        // No trace, no page: see `entry`.
        let behind = found.iter().map(|payment| look::token_behind(sources, &payment.reference));
        let behind = behind.collect::<Result<Vec<_>, _>>()?.into_iter().flatten();
        let named = tokens.rows.iter().map(|row| Columns(row).text(0));
        let seen = named.chain(behind.map(|token| token.to_string()));
        entry::saw_tokens(&desk.console, &visitor, seen)?;
        let count = found.len() + tokens.rows.len();
        let title = desk.page.language.say_count("search-found", "count", count) + " " + &name;
        let note = desk.say(if shortened { "search-shortened" } else { "search-note" });
        let tables = [desk.tokens_table(&tokens), desk.payments_table(&found)];
        Ok(Some(screen::tables(&desk.page, &desk.frame, &title, Some(&note), &[], &tables)))
    };
    desk.answer(make).await
}

async fn missing(State(console): State<Console>, headers: HeaderMap, uri: Uri) -> Response {
    Desk::new(console, &headers, &uri, "/").answer(|_| Ok(None)).await
}

/// The tape's growing, for one page that follows.
struct Following {
    changes: watch::Receiver<u64>,
    seen: u64,
}

impl Source for Following {
    async fn next(&mut self) -> Option<Event> {
        let seen = self.seen;
        let last = *self.changes.wait_for(|last| *last > seen).await.ok()?;
        self.seen = last;
        Some(Event::default().id(last.to_string()).data(last.to_string()))
    }
}

#[derive(Deserialize)]
struct Seen {
    #[serde(default)]
    after: u64,
}

async fn events(
    State(console): State<Console>,
    Query(Seen { after }): Query<Seen>,
    Extension(closing): Extension<Closing>,
    headers: HeaderMap,
) -> Response {
    let Some(tape) = &console.tape else { return StatusCode::NOT_FOUND.into_response() };
    let resumed = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    stream(Following { changes: tape.changes(), seen: resumed.unwrap_or(after) }, closing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_card_number_only_its_end_is_searched_for() {
        for (typed, expected, shortened) in [
            ("630014045000", "630014045000", false),
            (" 8816 ", "8816", false),
            ("tok_01JD8Q4M7Z", "tok_01JD8Q4M7Z", false),
            ("6216 6001 0000 0000 016", "0016", true),
            ("6216600100000000016", "0016", true),
            ("card 6216-6001-0000-0000-016!", "0016", true),
            ("", "", false),
        ] {
            assert_eq!(searchable(typed), (expected.to_owned(), shortened), "{typed}");
        }
        assert_eq!(searchable(&"x".repeat(900)).0.len(), 64);
    }
}
