//! The door of a till: its screen over HTTP on this machine alone, and nothing else.
//!
//! There is no login, as there is none at a terminal: whoever stands before it is the cashier. A page of another site is
//! not; see `screens::guard`.

mod handing_on;

use super::face::{Face, Happened, Trouble, View};
use super::{Order, Till};
use crate::picture;
use crate::pos::records::{Entry, EntryKind, EntryState};
use crate::pos::{Ended, ScanError, Verdict};
use crate::screens::door::{Leave, chosen, common, keeping, kept, page_of, script, show_with};
use crate::screens::guard;
use crate::screens::live::{Closing, Source, stream};
use crate::screens::pages::{self, Page};
use crate::screens::terminal::{self as screen, Busy, Detail, Outcome, Row, Shop};
use crate::screens::words::Language;
use axum::body::Bytes;
use axum::extract::multipart::MultipartRejection;
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, Multipart, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use iso8583::Stan;
use serde::Deserialize;
use serde_json::json;
use std::collections::VecDeque;
use terminal::lights::{Light, Message};
use tokio::sync::watch;
use values::{Currency, Money};

/// Every page of the door that can be looked at, as it stands when the terminal is idle; `{payment}` is a batch and a
/// trace number. For whoever wants to see them all.
pub const PAGES: &[&str] = &[
    "/",
    "/?typed=1250",
    "/scan?typed=1250",
    "/receipt",
    "/payments",
    "/payments/{payment}",
    "/batch",
    "/settings",
];

/// Where its forms lead.
pub const FORMS: &[&str] = &[
    "/sale",
    "/scan",
    "/code",
    "/code/read",
    "/cancel",
    "/again",
    "/next",
    "/payments/{payment}/complete",
    "/payments/{payment}/refund",
    "/payments/{payment}/void",
    "/batch",
    "/settings",
    "/preferences",
];

const SOUND_COOKIE: &str = "paiza-sound";
/// The largest body that is read: a form of three short fields.
const BODY_MOST: usize = 4 * 1024;
/// The largest form with a photograph of a code.
const SCAN_MOST: usize = picture::BYTES_MOST + BODY_MOST;
/// The most that can be typed: twelve digits (DE 4).
const TYPED_MOST: u64 = 999_999_999_999;
/// Payments on one page.
const ROWS: usize = 20;

#[derive(Clone)]
struct Counter {
    till: Till,
    /// Origins whose pages may show the screen in a frame.
    framed_by: Vec<String>,
}

/// The screen of a till. Pages of these origins, `http://127.0.0.1:8080`, may show it in a frame.
pub fn router(till: Till, framed_by: Vec<String>) -> Router {
    Router::new()
        .route("/", get(face))
        .route("/sale", post(sale))
        .route("/scan", get(scan_page).post(scan).layer(DefaultBodyLimit::max(SCAN_MOST)))
        .route("/code", post(show_code))
        .route("/code/read", post(read_code).layer(DefaultBodyLimit::max(SCAN_MOST)))
        .route("/cancel", post(cancel))
        .route("/again", post(again))
        .route("/next", post(next))
        .route("/receipt", get(receipt))
        .route("/receipt/{file}", get(handing_on::last))
        .route("/payments", get(payments))
        .route("/payments/{batch}/{trace}", get(payment))
        .route("/payments/{batch}/{trace}/{act}", get(handing_on::earlier).post(follow))
        .route("/batch", get(batch).post(close_batch))
        .route("/settings", get(settings).post(set))
        .route("/events", get(events))
        .route("/assets/terminal.js", get(async || script(screen::SCRIPT)))
        .route("/assets/scan.js", get(async || script(crate::screens::SCAN_SCRIPT)))
        .merge(common())
        .layer(DefaultBodyLimit::max(BODY_MOST))
        .layer(middleware::from_fn(guard::own_pages_alone))
        .with_state(Counter { till, framed_by })
}

type Sent<T> = Result<Form<T>, FormRejection>;

impl Counter {
    fn shop(&self, headers: &HeaderMap, view: &View) -> Shop {
        let configuration = &self.till.shop().configuration;
        Shop {
            name: configuration.merchant.name.clone(),
            terminal: configuration.device.id.clone(),
            currency: configuration.currency.alpha().to_owned(),
            decimals: decimals(configuration.currency),
            turn: view.turn,
            last: view.last,
            silent: kept(headers, SOUND_COOKIE) == Some("off"),
        }
    }

    fn show(&self, status: StatusCode, html: String) -> Response {
        let framed_by = self.framed_by.clone();
        let leave = Leave { script: true, framed_by, camera: true, ..Leave::default() };
        show_with(status, html, &leave)
    }

    /// What was sent is no form of ours.
    fn unreadable(&self, headers: &HeaderMap, uri: &Uri) -> Response {
        self.show(StatusCode::BAD_REQUEST, pages::refused(&page_of(headers, uri)))
    }

    fn currency(&self) -> Currency {
        self.till.shop().configuration.currency
    }

    /// The journal, read where it may wait for the disk.
    async fn journal(&self) -> Option<Vec<Entry>> {
        let till = self.till.clone();
        tokio::task::spawn_blocking(move || till.journal()).await.ok()?.ok()
    }

    fn records_fail(&self, headers: &HeaderMap, uri: &Uri) -> Response {
        self.not_done(headers, uri, &[trouble(page_of(headers, uri).language, Trouble::Records)])
    }

    fn not_done(&self, headers: &HeaderMap, uri: &Uri, lines: &[String]) -> Response {
        let (page, view) = (page_of(headers, uri), self.till.view());
        let shown = Outcome {
            end: "not-done",
            title: &page.language.say("till-not-done"),
            amount: None,
            lines,
            receipt: false,
            again: false,
        };
        let html = screen::ended(&page, &self.shop(headers, &view), &shown);
        self.show(StatusCode::SERVICE_UNAVAILABLE, html)
    }
}

fn decimals(currency: Currency) -> u8 {
    u8::try_from(currency.exponent()).unwrap_or(0)
}

/// An amount with its currency, as screens take it.
fn parts(money: Money) -> (u64, &'static str, u8) {
    (money.minor(), money.currency().alpha(), decimals(money.currency()))
}

fn to_screen() -> Response {
    Redirect::to("/").into_response()
}

#[derive(Deserialize)]
struct Typed {
    #[serde(default)]
    typed: String,
    #[serde(default)]
    key: String,
}

/// What is typed after one more key.
fn pressed(typed: &str, key: &str) -> u64 {
    let before = typed.parse::<u64>().ok().filter(|typed| *typed <= TYPED_MOST).unwrap_or(0);
    let after = match key {
        "back" => before / 10,
        "clear" => 0,
        "00" => before.saturating_mul(100),
        key => match key.parse::<u64>() {
            Ok(digit) if digit < 10 => before.saturating_mul(10).saturating_add(digit),
            _ => before,
        },
    };
    if after > TYPED_MOST { before } else { after }
}

async fn face(
    State(counter): State<Counter>,
    query: Result<Query<Typed>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let view = counter.till.view();
    let (page, shop) = (page_of(&headers, &uri), counter.shop(&headers, &view));
    let typed = query.map_or(Typed { typed: String::new(), key: String::new() }, |Query(typed)| typed);
    // What a key led to has an address of its own, so that looking at it again does not press the key again.
    if !typed.key.is_empty() {
        return Redirect::to(&format!("/?typed={}", pressed(&typed.typed, &typed.key))).into_response();
    }
    let html = match &view.face {
        Face::Idle => screen::keypad(&page, &shop, pressed(&typed.typed, "")),
        Face::Busy(order, light) => busy(&page, &shop, *order, *light),
        Face::Code(order, text) => code(&page, &shop, *order, text),
        Face::Ended(ended) => outcome(&page, &shop, ended),
        Face::Closed(closed) => {
            let language = page.language;
            let next = if closed.balanced { "till-batch-next" } else { "till-batch-differs" };
            let lines = [language.say_text(next, "number", &format!("{:06}", closed.next))];
            let shown = Outcome {
                end: if closed.balanced { "done" } else { "unknown" },
                title: &language.say_text("till-batch-done", "number", &format!("{:06}", closed.batch)),
                amount: None,
                lines: &lines,
                receipt: false,
                again: false,
            };
            screen::ended(&page, &shop, &shown)
        }
        Face::Failed(order, why) => failed(&page, &shop, *order, *why),
    };
    counter.show(StatusCode::OK, html)
}

fn busy(page: &Page, shop: &Shop, order: Order, light: Option<Light>) -> String {
    let language = page.language;
    let (title, amount, by_card) = match order {
        Order::ByCard(EntryKind::PreAuthorisation, amount) => ("till-preauth", Some(amount), true),
        Order::ByCard(_, amount) => ("till-amount", Some(amount), true),
        Order::ScanCode(amount) => ("till-amount", Some(amount), false),
        Order::ShowCode(amount) => ("till-amount", amount, false),
        Order::Follow(kind, _, amount) => (kind_name(kind), amount, false),
        Order::CloseBatch => ("till-closing", None, false),
    };
    let instruct = light.map_or("till-working", |light| light_name(light.message));
    let shown = Busy {
        title: &language.say(title),
        amount: amount.map(parts),
        lights: light.map_or(0, |light| light.status.lights_on()),
        by_card,
        instruct: &language.say(instruct),
    };
    screen::busy(page, shop, &shown)
}

/// The code for a phone to scan.
fn code(page: &Page, shop: &Shop, order: Order, text: &str) -> String {
    let Some(drawing) = picture::draw(text) else { return busy(page, shop, order, None) };
    let amount = match order {
        Order::ShowCode(amount) => amount.map(parts),
        _ => None,
    };
    screen::code(page, shop, &screen::Code { amount, drawing: &drawing, text })
}

/// What the cashier has to know of how a payment ended. Why a bank declined is told on the customer's phone.
fn outcome(page: &Page, shop: &Shop, ended: &Ended) -> String {
    let language = page.language;
    let (end, title) = match (ended.verdict, ended.kind) {
        (Verdict::Approved, EntryKind::Sale) => ("done", "till-approved"),
        (Verdict::Approved, EntryKind::PreAuthorisation) => ("done", "till-set-aside-done"),
        (Verdict::Approved, EntryKind::Completion) => ("done", "till-completed"),
        (Verdict::Approved, EntryKind::Refund) => ("done", "till-refunded"),
        (Verdict::Approved, EntryKind::Void) => ("done", "till-voided"),
        (Verdict::Unanswered | Verdict::Undone, _) => ("unknown", "till-unknown"),
        (_, EntryKind::Sale | EntryKind::PreAuthorisation) => ("not-done", "till-not-paid"),
        (_, _) => ("not-done", "till-not-done"),
    };
    let by_card = ended.verification.is_some();
    let line = match (ended.verdict, ended.approval_code) {
        (Verdict::Approved, Some(code)) if ended.kind == EntryKind::Sale => {
            Some(language.say_text("till-approved-code", "code", code.as_str()))
        }
        (Verdict::Approved, _) => None,
        (Verdict::Declined, _) if by_card => Some(language.say("till-declined")),
        (Verdict::Declined, _) => Some(language.say("till-follow-declined")),
        (Verdict::CardFailed, _) => Some(language.say("till-card-failed")),
        (Verdict::Unreached, _) => Some(language.say("till-unreached")),
        (Verdict::Unanswered, _) if ended.kind.is_reversible() => Some(language.say("till-unanswered")),
        (Verdict::Unanswered, _) => Some(language.say("till-unanswered-repeat")),
        (Verdict::Undone, _) => Some(language.say("till-undone")),
    };
    let lines: Vec<String> = line.into_iter().collect();
    let shown = Outcome {
        end,
        title: &language.say(title),
        amount: Some(parts(ended.amount)),
        lines: &lines,
        receipt: !ended.receipt.is_empty(),
        again: by_card && end == "not-done",
    };
    screen::ended(page, shop, &shown)
}

fn failed(page: &Page, shop: &Shop, order: Order, why: Trouble) -> String {
    let lines = [trouble(page.language, why)];
    let (title, amount, again) = match order {
        Order::ByCard(_, amount) => ("till-not-paid", Some(amount), true),
        Order::ScanCode(amount) => ("till-not-paid", Some(amount), false),
        Order::ShowCode(amount) => ("till-not-paid", amount, false),
        Order::Follow(_, _, amount) => ("till-not-done", amount, false),
        Order::CloseBatch => ("till-not-done", None, false),
    };
    let shown = Outcome {
        end: "not-done",
        title: &page.language.say(title),
        amount: amount.map(parts),
        lines: &lines,
        receipt: false,
        again,
    };
    screen::ended(page, shop, &shown)
}

fn trouble(language: Language, why: Trouble) -> String {
    language.say(match why {
        Trouble::AcquirerRefused(code) => {
            return language.say_text("till-acquirer-refused", "code", &code.to_string());
        }
        Trouble::NoCard => "till-no-card",
        Trouble::Code(ScanError::NotACode) => "till-code-broken",
        Trouble::Code(ScanError::OtherNetwork) => "till-code-other",
        Trouble::Code(ScanError::Expired) => "till-code-over",
        Trouble::Code(ScanError::Nothing) => "till-enter-first",
        Trouble::Reader => "till-reader",
        Trouble::Unreachable => "till-unreached",
        Trouble::UnknownPayment => "till-unknown-payment",
        Trouble::NotPossible => "till-not-possible",
        Trouble::BatchClosed => "till-batch-closed",
        Trouble::Records => "till-records",
    })
}

fn kind_name(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Sale => "till-sale",
        EntryKind::PreAuthorisation => "till-preauth",
        EntryKind::Completion => "till-complete-kind",
        EntryKind::Refund => "till-refund-kind",
        EntryKind::Void => "till-void-kind",
    }
}

fn light_name(message: Message) -> &'static str {
    match message {
        Message::Approved => "light-approved",
        Message::NotAuthorised => "light-not-authorised",
        Message::EnterPin => "light-enter-pin",
        Message::ProcessingError => "light-processing-error",
        Message::RemoveCard => "light-remove-card",
        Message::PresentCard => "light-present-card",
        Message::Processing => "light-processing",
        Message::CardReadOk => "light-card-read-ok",
        Message::InsertOrSwipe => "light-insert-or-swipe",
        Message::PresentOneCard => "light-present-one-card",
        Message::ApprovedSign => "light-approved-sign",
        Message::Authorising => "light-authorising",
        Message::TryAnotherCard => "light-try-another-card",
        Message::InsertCard => "light-insert-card",
        Message::SeePhone => "light-see-phone",
        Message::PresentAgain => "light-present-again",
    }
}

#[derive(Deserialize)]
struct Charge {
    typed: u64,
    kind: String,
    turn: u64,
}

async fn sale(State(counter): State<Counter>, headers: HeaderMap, uri: Uri, sent: Sent<Charge>) -> Response {
    let Ok(Form(wish)) = sent else { return counter.unreadable(&headers, &uri) };
    let kind = match wish.kind.as_str() {
        "sale" => EntryKind::Sale,
        "preauth" => EntryKind::PreAuthorisation,
        _ => return counter.unreadable(&headers, &uri),
    };
    let amount = Money::new(wish.typed, counter.currency()).ok().filter(|amount| !amount.is_zero());
    let Some(amount) = amount else { return counter.unreadable(&headers, &uri) };
    // A till that is busy shows what it is busy with.
    let _ = counter.till.order(wish.turn, Order::ByCard(kind, amount));
    to_screen()
}

/// Where a customer's code is scanned: a hand scanner types it, a photograph has it.
async fn scan_page(
    State(counter): State<Counter>,
    query: Result<Query<Typed>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let typed = query.map_or(0, |Query(typed)| pressed(&typed.typed, ""));
    if typed == 0 {
        return to_screen();
    }
    let (page, shop) = (page_of(&headers, &uri), counter.shop(&headers, &counter.till.view()));
    counter.show(StatusCode::OK, screen::scan(&page, &shop, typed, None))
}

async fn scan(
    State(counter): State<Counter>,
    headers: HeaderMap,
    uri: Uri,
    sent: Result<Multipart, MultipartRejection>,
) -> Response {
    let Ok(sent) = sent else { return counter.unreadable(&headers, &uri) };
    let Some(fields) = picture::form(sent).await else { return counter.unreadable(&headers, &uri) };
    let typed = pressed(picture::text(&fields, "typed"), "");
    let turn = picture::text(&fields, "turn").parse::<u64>();
    let amount = Money::new(typed, counter.currency()).ok().filter(|amount| !amount.is_zero());
    let (Some(amount), Ok(turn)) = (amount, turn) else { return counter.unreadable(&headers, &uri) };
    let found = tokio::task::spawn_blocking(move || picture::code_in(&fields)).await;
    let Ok(Ok(code)) = found else {
        let (page, shop) = (page_of(&headers, &uri), counter.shop(&headers, &counter.till.view()));
        let html = screen::scan(&page, &shop, typed, Some("till-code-none"));
        return counter.show(StatusCode::UNPROCESSABLE_ENTITY, html);
    };
    let _ = counter.till.order_by_code(turn, amount, &code);
    to_screen()
}

/// Reads one look through the camera, for a browser that reads no codes itself. Nothing is kept of it.
async fn read_code(photograph: Bytes) -> Response {
    picture::looked(photograph).await
}

#[derive(Deserialize)]
struct CodeWish {
    #[serde(default)]
    typed: String,
    turn: u64,
}

/// Shows a code for the amount that was typed, or for one that the customer says.
async fn show_code(
    State(counter): State<Counter>,
    headers: HeaderMap,
    uri: Uri,
    sent: Sent<CodeWish>,
) -> Response {
    let Ok(Form(wish)) = sent else { return counter.unreadable(&headers, &uri) };
    let amount = Money::new(pressed(&wish.typed, ""), counter.currency()).ok();
    let amount = amount.filter(|amount| !amount.is_zero());
    let _ = counter.till.order(wish.turn, Order::ShowCode(amount));
    to_screen()
}

async fn cancel(State(counter): State<Counter>) -> Response {
    counter.till.give_up();
    to_screen()
}

#[derive(Deserialize)]
struct Turn {
    turn: u64,
}

async fn again(State(counter): State<Counter>, headers: HeaderMap, uri: Uri, sent: Sent<Turn>) -> Response {
    let Ok(Form(Turn { turn })) = sent else { return counter.unreadable(&headers, &uri) };
    let order = match counter.till.view().face {
        Face::Ended(ended) if ended.verdict != Verdict::Approved && ended.verification.is_some() => {
            Order::ByCard(ended.kind, ended.amount)
        }
        Face::Failed(order @ Order::ByCard(..), _) => order,
        _ => return to_screen(),
    };
    let _ = counter.till.order(turn, order);
    to_screen()
}

async fn next(State(counter): State<Counter>, headers: HeaderMap, uri: Uri, sent: Sent<Turn>) -> Response {
    let Ok(Form(Turn { turn })) = sent else { return counter.unreadable(&headers, &uri) };
    counter.till.clear(turn);
    to_screen()
}

async fn receipt(State(counter): State<Counter>, headers: HeaderMap, uri: Uri) -> Response {
    let view = counter.till.view();
    let Face::Ended(ended) = &view.face else { return to_screen() };
    let (page, shop) = (page_of(&headers, &uri), counter.shop(&headers, &view));
    counter.show(StatusCode::OK, screen::receipt(&page, &shop, &ended.receipt))
}

fn row(page: &Page, counter: &Counter, entry: &Entry) -> Row {
    let at = entry.at.civil(counter.till.shop().zone);
    let (kind, icon, word) = match entry.state {
        EntryState::Sent => ("wait", "hourglass", "till-state-sent"),
        EntryState::Approved => ("ok", "check", "till-state-approved"),
        EntryState::Declined => ("bad", "close", "till-state-declined"),
        EntryState::Reversing => ("wait", "hourglass", "till-state-reversing"),
        EntryState::Reversed | EntryState::Voided => ("wait", "undo", "till-state-reversed"),
        EntryState::Completed => ("ok", "check", "till-state-completed"),
        EntryState::Disputed => ("warn", "alert", "till-state-disputed"),
    };
    let (minor, currency, decimals) = parts(entry.money());
    Row {
        batch: entry.batch,
        trace: entry.trace.to_string(),
        kind: page.language.say(kind_name(entry.kind)),
        time: format!("{:02}-{:02} {:02}:{:02}", at.month, at.day, at.hour, at.minute),
        // A code that nobody paid has no card.
        last_four: match entry.token {
            None if entry.reference.is_none() => "––––".to_owned(),
            _ => entry.last_four.to_string(),
        },
        money: screen::amount(page, minor, currency, decimals),
        struck: matches!(entry.state, EntryState::Declined | EntryState::Reversed | EntryState::Voided),
        chip: screen::chip(kind, icon, &page.language.say(word)),
    }
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    after: String,
}

async fn payments(
    State(counter): State<Counter>,
    Query(After { after }): Query<After>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let Some(journal) = counter.journal().await else { return counter.records_fail(&headers, &uri) };
    let (page, shop) = (page_of(&headers, &uri), counter.shop(&headers, &counter.till.view()));
    let cursor = |entry: &Entry| format!("{}-{}", entry.batch, entry.trace);
    let from = journal.iter().position(|entry| cursor(entry) == after).map_or(0, |place| place + 1);
    let shown = journal.get(from..).unwrap_or_default();
    let next = shown.get(ROWS - 1).filter(|_| shown.len() > ROWS).map(cursor);
    let rows: Vec<Row> = shown.iter().take(ROWS).map(|entry| row(&page, &counter, entry)).collect();
    counter.show(StatusCode::OK, screen::payments(&page, &shop, &rows, next.as_deref()))
}

/// The entry of this name, if there is one.
async fn entry_of(counter: &Counter, batch: u32, trace: &str) -> Option<Entry> {
    let trace: Stan = trace.parse::<u32>().ok().and_then(Stan::new)?;
    counter.journal().await?.into_iter().find(|entry| (entry.batch, entry.trace) == (batch, trace))
}

async fn payment(
    State(counter): State<Counter>,
    Path((batch, trace)): Path<(u32, String)>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let Some(entry) = entry_of(&counter, batch, &trace).await else {
        return Redirect::to("/payments").into_response();
    };
    show_payment(&counter, &headers, &uri, &entry, None)
}

fn show_payment(
    counter: &Counter,
    headers: &HeaderMap,
    uri: &Uri,
    entry: &Entry,
    wrong: Option<&str>,
) -> Response {
    let (page, shop) = (page_of(headers, uri), counter.shop(headers, &counter.till.view()));
    let stands = entry.state == EntryState::Approved && entry.reference.is_some();
    let shown = Detail {
        row: &row(&page, counter, entry),
        lines: &counter.till.slip(entry),
        decimal: &entry.money().to_decimal(),
        wrong,
        can_complete: stands && entry.kind == EntryKind::PreAuthorisation,
        can_refund: stands && matches!(entry.kind, EntryKind::Sale | EntryKind::Completion),
        can_void: stands && entry.kind.is_reversible(),
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    counter.show(status, screen::payment(&page, &shop, &shown))
}

#[derive(Deserialize)]
struct FollowWish {
    turn: u64,
    #[serde(default)]
    amount: String,
}

async fn follow(
    State(counter): State<Counter>,
    Path((batch, trace, act)): Path<(u32, String, String)>,
    headers: HeaderMap,
    uri: Uri,
    sent: Sent<FollowWish>,
) -> Response {
    let Ok(Form(wish)) = sent else { return counter.unreadable(&headers, &uri) };
    let kind = match act.as_str() {
        "complete" => EntryKind::Completion,
        "refund" => EntryKind::Refund,
        "void" => EntryKind::Void,
        _ => return counter.unreadable(&headers, &uri),
    };
    let Some(entry) = entry_of(&counter, batch, &trace).await else {
        return Redirect::to("/payments").into_response();
    };
    let Some(reference) = entry.reference else { return Redirect::to("/payments").into_response() };
    let amount = match kind {
        EntryKind::Void => None,
        _ => {
            let most = entry.money();
            let amount = Money::parse(wish.amount.trim(), most.currency()).ok();
            match amount.filter(|amount| !amount.is_zero() && amount.minor() <= most.minor()) {
                Some(amount) => Some(amount),
                None => {
                    let wrong = wrong_amount(page_of(&headers, &uri).language, most);
                    return show_payment(&counter, &headers, &uri, &entry, Some(&wrong));
                }
            }
        }
    };
    let _ = counter.till.order(wish.turn, Order::Follow(kind, reference, amount));
    to_screen()
}

/// Which amounts can be given back or taken of a payment.
fn wrong_amount(language: Language, most: Money) -> String {
    let text = |minor: u64| {
        let (_, currency, decimals) = parts(most);
        let written = language.money(i64::try_from(minor).unwrap_or(i64::MAX), currency, decimals);
        format!("{}{}{}", written.sign, written.whole, written.part)
    };
    language.say_texts("till-wrong-amount", &[("least", &text(1)), ("most", &text(most.minor()))])
}

async fn batch(State(counter): State<Counter>, headers: HeaderMap, uri: Uri) -> Response {
    let till = counter.till.clone();
    let read = tokio::task::spawn_blocking(move || till.batch()).await;
    let Ok(Ok((number, sales, refunds))) = read else { return counter.records_fail(&headers, &uri) };
    let (page, shop) = (page_of(&headers, &uri), counter.shop(&headers, &counter.till.view()));
    let sums = ((sales.count, sales.amount), (refunds.count, refunds.amount));
    counter.show(StatusCode::OK, screen::batch(&page, &shop, number, sums.0, sums.1))
}

async fn close_batch(
    State(counter): State<Counter>,
    headers: HeaderMap,
    uri: Uri,
    sent: Sent<Turn>,
) -> Response {
    let Ok(Form(Turn { turn })) = sent else { return counter.unreadable(&headers, &uri) };
    let _ = counter.till.order(turn, Order::CloseBatch);
    to_screen()
}

async fn settings(State(counter): State<Counter>, headers: HeaderMap, uri: Uri) -> Response {
    let (page, shop) = (page_of(&headers, &uri), counter.shop(&headers, &counter.till.view()));
    counter.show(StatusCode::OK, screen::settings(&page, &shop))
}

#[derive(Deserialize)]
struct Wishes {
    #[serde(default)]
    sound: String,
    #[serde(default)]
    language: String,
    #[serde(default)]
    theme: String,
}

async fn set(State(counter): State<Counter>, headers: HeaderMap, uri: Uri, sent: Sent<Wishes>) -> Response {
    let Ok(Form(wish)) = sent else { return counter.unreadable(&headers, &uri) };
    let silent = wish.sound != "on";
    let answer = chosen(&wish.language, &wish.theme, Redirect::to("/settings").into_response());
    keeping(SOUND_COOKIE, silent.then_some("off"), answer)
}

/// What happens at the till, for one screen that looks on.
struct Looking {
    till: Till,
    changed: watch::Receiver<u64>,
    language: Language,
    seen: u64,
    waiting: VecDeque<(u64, Happened)>,
}

impl Source for Looking {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((number, happened)) = self.waiting.pop_front() {
                self.seen = number;
                return Event::default().id(number.to_string()).json_data(told(self.language, happened)).ok();
            }
            self.waiting.extend(self.till.shared.log().since(self.seen));
            if self.waiting.is_empty() {
                self.changed.changed().await.ok()?;
            }
        }
    }
}

fn told(language: Language, happened: Happened) -> serde_json::Value {
    match happened {
        Happened::Light(light) => json!({
            "kind": "light", "status": light.status, "on": light.status.lights_on(),
            "text": language.say(light_name(light.message)),
        }),
        Happened::Face => json!({"kind": "face"}),
    }
}

#[derive(Deserialize)]
struct Seen {
    #[serde(default)]
    after: u64,
}

async fn events(
    State(counter): State<Counter>,
    Query(Seen { after }): Query<Seen>,
    Extension(closing): Extension<Closing>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let resumed = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let looking = Looking {
        changed: counter.till.shared.last.subscribe(),
        language: page_of(&headers, &uri).language,
        seen: resumed.unwrap_or(after),
        waiting: VecDeque::new(),
        till: counter.till,
    };
    stream(looking, closing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_make_an_amount_and_never_more_than_twelve_digits() {
        for (typed, key, expected) in [
            ("", "1", 1),
            ("12", "5", 125),
            ("12", "00", 1200),
            ("125", "back", 12),
            ("125", "clear", 0),
            ("125", "", 125),
            ("125", "12", 125),
            ("125", "-1", 125),
            ("x", "1", 1),
            ("99999999999999999999", "1", 1),
            ("999999999999", "9", 999_999_999_999),
            ("99999999999", "00", 99_999_999_999),
        ] {
            assert_eq!(pressed(typed, key), expected, "{typed} {key}");
        }
    }
}
