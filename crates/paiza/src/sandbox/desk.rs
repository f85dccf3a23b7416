//! What the people of a bank and of the network do while a city runs, over their desks.

use crate::cli::BankDesk;
use crate::output::{Failure, Output};
use sandbox::test_cards::of_bank;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use server::city::ports;
use server::client::{ClientError, agent, answer};
use values::{Currency, Money};

/// A bank's desk: where it was said to be, or the documented port.
fn desk_of(bank: &str, at: Option<&str>) -> Result<String, Failure> {
    let place = ports::place(bank).ok_or_else(|| Failure::usage(format!("there is no bank {bank}")))?;
    match at {
        Some(at) => addressed(at),
        None => Ok(format!("127.0.0.1:{}", ports::DESK + 1 + place)),
    }
}

pub(crate) fn addressed(at: &str) -> Result<String, Failure> {
    let port = at.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    port.map(|_| at.to_owned()).ok_or_else(|| Failure::usage("--at is HOST:PORT"))
}

fn failure(error: ClientError) -> Failure {
    match error {
        ClientError::Problem(_) => Failure::business(error),
        ClientError::Unreachable(why) => {
            Failure::unreachable(format!("nobody answers at this desk; is the city running? ({why})"))
        }
        ClientError::Unreadable(_) => Failure::malformed("what answers there is no desk"),
    }
}

fn post(at: &str, path: &str, body: &Value) -> Result<Value, Failure> {
    send(at, path, body)
}

/// Sends something to a desk, and reads what it says.
pub(crate) fn send<A: DeserializeOwned>(at: &str, path: &str, body: &impl Serialize) -> Result<A, Failure> {
    let body = serde_json::to_vec(body).map_err(Failure::malformed)?;
    let request = agent().post(format!("http://{at}{path}")).header("content-type", "application/json");
    answer(request.send(body.as_slice())).map_err(failure)
}

/// Reads what a desk has.
pub(crate) fn fetch<A: DeserializeOwned>(at: &str, path: &str) -> Result<A, Failure> {
    answer(agent().get(format!("http://{at}{path}")).call()).map_err(failure)
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A card's whole number: what was typed, or the test card of these last four digits.
fn whole(bank: &str, number: &str) -> Result<String, Failure> {
    if number.len() != 4 {
        let wrong = |_| Failure::usage("--number is a card number, or the last four digits of a test card");
        return values::Pan::parse(number.as_bytes()).map(|_| number.to_owned()).map_err(wrong);
    }
    let mut found = of_bank(bank).filter(|card| card.pan().expose().ends_with(number.as_bytes()));
    let (first, second) = (found.next(), found.next());
    let card = first.filter(|_| second.is_none());
    let card = card.ok_or_else(|| Failure::usage("these four digits do not name one test card"))?;
    Ok(String::from_utf8_lossy(card.pan().expose()).into_owned())
}

/// Makes new plastic; what stands on it is shown, as the customer would get it by post.
pub(super) fn replace(
    desk: &BankDesk,
    number: &str,
    expiry: Option<&str>,
    output: Output,
) -> Result<(), Failure> {
    let at = desk_of(&desk.bank, desk.at.as_deref())?;
    let mut wish = json!({"number": whole(&desk.bank, number)?});
    if let Some(expiry) = expiry {
        values::Expiry::from_yymm(expiry.as_bytes()).map_err(|_| Failure::usage("--expiry is YYMM"))?;
        wish["expiry"] = json!(expiry);
    }
    let made = post(&at, "/admin/cards/replace", &wish)?;
    let [number, expiry, cvv2, sequence] =
        ["number", "expiry", "cvv2", "sequence"].map(|name| word(&made[name]));
    output.line(format!(
        "The new card is {number}, good until {expiry} (YYMM), CVV2 {cvv2}, plastic {sequence}."
    ));
    output.line("Its account and its tokens are those of the old one, which pays no more.");
    output.line("Phones show the new number's end after `paiza phone sync`.");
    output.summary(made);
    Ok(())
}

pub(super) fn card(
    BankDesk { bank, at }: &BankDesk,
    number: &str,
    state: &str,
    output: Output,
) -> Result<(), Failure> {
    const STATES: &[&str] = &["active", "blocked", "lost", "stolen", "closed"];
    if !STATES.contains(&state) {
        return Err(Failure::usage(format!("the state is one of {}", STATES.join(", "))));
    }
    let at = desk_of(bank, at.as_deref())?;
    let done = post(&at, "/admin/cards", &json!({"number": whole(bank, number)?, "state": state}))?;
    output.line(format!("The card was {} and is {}.", word(&done["before"]), word(&done["state"])));
    output.summary(done);
    Ok(())
}

/// One dispute in a line.
fn dispute_line(dispute: &Value) -> String {
    let [payment, state, claim, raised] =
        ["payment", "state", "claim", "raised_at"].map(|name| word(&dispute[name]));
    let [amount, credited] = ["amount", "credited"].map(|name| dispute[name].as_u64().unwrap_or_default());
    let currency = dispute["currency"].as_str().unwrap_or_default();
    let decimal = |minor| match Currency::from_alpha(currency).map(|currency| Money::new(minor, currency)) {
        Some(Ok(money)) => money.to_decimal(),
        _ => minor.to_string(),
    };
    let (claimed, credited) = (decimal(amount), decimal(credited));
    format!(
        "{payment}  {state:<9}  {claim:<12}  {claimed} {currency} claimed, {credited} credited  since {raised}"
    )
}

pub(super) fn disputes(desk: &BankDesk, output: Output) -> Result<(), Failure> {
    let disputes: Vec<Value> = fetch(&desk_of(&desk.bank, desk.at.as_deref())?, "/admin/disputes")?;
    for dispute in &disputes {
        output.line(dispute_line(dispute));
        output.row(dispute);
    }
    if disputes.is_empty() {
        output.line("Nobody has disputed a payment.");
    }
    output.summary(json!({"disputes": disputes.len()}));
    Ok(())
}

pub(super) fn end_dispute(
    desk: &BankDesk,
    payment: &str,
    ending: &str,
    output: Output,
) -> Result<(), Failure> {
    if !["uphold", "reject"].contains(&ending) {
        return Err(Failure::usage("--end is uphold or reject"));
    }
    let at = desk_of(&desk.bank, desk.at.as_deref())?;
    let ended = post(&at, "/admin/disputes", &json!({"payment": payment, "ending": ending}))?;
    output.line(dispute_line(&ended));
    output.summary(ended);
    Ok(())
}

pub(super) fn cards(desk: &BankDesk, output: Output) -> Result<(), Failure> {
    let at = desk_of(&desk.bank, desk.at.as_deref())?;
    let cards: Value = answer(agent().get(format!("http://{at}/admin/cards")).call()).map_err(failure)?;
    let cards = cards.as_array().cloned().unwrap_or_default();
    for card in &cards {
        let [last_four, product, expiry, state] =
            ["last_four", "product", "expiry", "state"].map(|name| word(&card[name]));
        output.line(format!("card ****{last_four}  {product:<6}  until {expiry}  {state}"));
        for token in card["tokens"].as_array().into_iter().flatten() {
            let by = token["changed_by"].as_str();
            let said = by.map(|by| format!(" (by {by}, {})", word(&token["at"]))).unwrap_or_default();
            let stopped = if token["stopped_here"] == json!(true) { ", stopped by this bank" } else { "" };
            let [end, state] = ["last_four", "state"].map(|name| word(&token[name]));
            output.line(format!("    token ****{end}  {state}{said}{stopped}"));
        }
        output.row(card);
    }
    output.summary(json!({"cards": cards.len()}));
    Ok(())
}

pub(super) fn rules(
    bank: &str,
    change: Option<Value>,
    at: Option<&str>,
    output: Output,
) -> Result<(), Failure> {
    let at = desk_of(bank, at)?;
    if let Some(mut change) = change {
        if let Some(fields) = change.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
        post(&at, "/admin/rules", &change)?;
    }
    let rules: Value = answer(agent().get(format!("http://{at}/admin/rules")).call()).map_err(failure)?;
    let rules = rules.as_array().cloned().unwrap_or_default();
    output.line("condition         enabled  from  outcome");
    for rule in &rules {
        let [condition, enabled, threshold, outcome] =
            ["condition", "enabled", "threshold", "outcome"].map(|name| word(&rule[name]));
        output.line(format!("{condition:<17} {enabled:<8} {threshold:>4}  {outcome}"));
        output.row(rule);
    }
    output.summary(json!({"rules": rules.len()}));
    Ok(())
}

pub(super) fn cut_over(at: &str, output: Output) -> Result<(), Failure> {
    let settled = post(&addressed(at)?, "/admin/cutover", &json!({}))?;
    let mut differences = 0;
    for row in settled.as_array().into_iter().flatten() {
        let found = row["differences"].as_array().map_or(0, Vec::len);
        differences += found;
        output.line(format!(
            "{} {} {:<24} {:<6} {:>12} {}  {found} differences  {}",
            row["date"],
            word(&row["code"]),
            word(&row["name"]),
            word(&row["side"]),
            word(&row["net"]),
            word(&row["currency"]),
            word(&row["path"])
        ));
        output.row(row);
    }
    if differences > 0 {
        return Err(Failure::integrity(format!("{differences} payments differ between file and records")));
    }
    output.summary(json!({"differences": 0}));
    Ok(())
}
