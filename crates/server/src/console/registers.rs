//! What operators keep among themselves: proposals, operators, keys of the developers' interface, the log.

use super::asking::path;
use super::door::{Console, Desk, time};
use super::entry::Visitor;
use super::look::Columns;
use super::porter::Refused;
use crate::screens::console::{Cell, Table};
use crate::screens::operators::{self as screen, PasskeysView, Register};
use crate::screens::terminal::chip;
use axum::Extension;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use operators::{
    Note, Operator, OperatorId, OperatorPasskey, OperatorState, Proposal, ProposalId, ProposalState, Said,
};
use serde::Deserialize;
use std::collections::HashMap;
use store::rooms::operators::questions;
use store::{StoreError, Value};
use values::{Records, Timestamp};

/// Rows on one page.
const ROWS: i64 = 50;

#[derive(Deserialize)]
pub(super) struct After {
    #[serde(default)]
    after: String,
}

impl Desk {
    fn register(&self, register: Register) -> String {
        screen::register(&self.page, &self.frame, &register)
    }

    pub(super) fn proposal_chip(&self, state: ProposalState) -> String {
        screen::proposal_chip(&self.page, state.word())
    }
}

/// Everything that was asked for, newest first.
pub(super) async fn proposals(
    State(console): State<Console>,
    Query(After { after }): Query<After>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let make = move |desk: &Desk| {
        let from = if after.is_empty() { "\u{7f}".to_owned() } else { after };
        let store = desk.console.porter.store();
        let parameters = [Value::Text(from), Value::Integer(ROWS + 1)];
        let ids = store.rows(questions::PROPOSALS_BEFORE, &parameters)?;
        let ids: Vec<ProposalId> =
            ids.rows.iter().filter_map(|row| Columns(row).text(0).parse().ok()).collect();
        let (found, names) = store.read(move |records| {
            let found: Vec<Proposal> = ids.iter().filter_map(|id| records.find(id)).collect();
            let all: Vec<Operator> = records.all();
            let names = all.into_iter().map(|operator| (operator.id, operator.name));
            (found, names.collect::<HashMap<OperatorId, String>>())
        })?;
        let now = store.clock().now();
        let name = |id: Option<OperatorId>| id.and_then(|id| names.get(&id).cloned()).unwrap_or_default();
        let row = |proposal: &Proposal| {
            vec![
                Cell::text(desk.say(&screen::act_name(proposal.act.word())))
                    .to(format!("/proposals/{}", proposal.id)),
                Cell::code(proposal.subject.clone()),
                Cell::chip(desk.proposal_chip(proposal.state_at(now))),
                Cell::text(name(Some(proposal.asker))),
                Cell::text(name(proposal.decider)),
                Cell::code(time(proposal.asked_at)),
            ]
        };
        let columns = [
            ("column-act", ""),
            ("column-subject", ""),
            ("column-state", ""),
            ("column-asker", ""),
            ("column-decider", ""),
            ("column-time", ""),
        ];
        let more = found.len() > ROWS as usize;
        let shown = &found[..found.len().min(ROWS as usize)];
        let next = shown.last().filter(|_| more).map(|last| format!("/proposals?after={}", last.id));
        let rows = shown.iter().map(row).collect();
        let table = Table { next, ..desk.table("console-proposals", &columns, rows, "console-no-proposals") };
        let register = Register { note: "proposals-note", action: None, search: None, table };
        Ok(Some(desk.register(register)))
    };
    Desk::new(console, &headers, &uri, "/proposals").answer(make).await
}

/// Who runs the platform.
pub(super) async fn people(State(console): State<Console>, headers: HeaderMap, uri: Uri) -> Response {
    let make = |desk: &Desk| {
        let mut people = desk.console.porter.store().read(|records| records.all::<Operator>())?;
        people.sort_by_key(|operator| operator.id);
        let row = |operator: &Operator| {
            let (kind, icon, name) = match operator.state {
                OperatorState::Invited => ("wait", "hourglass", "operator-invited"),
                OperatorState::Active => ("ok", "check", "operator-active"),
                OperatorState::Disabled => ("bad", "close", "operator-disabled"),
            };
            vec![
                Cell::text(operator.name.clone()).to(path("operator", &operator.id.to_string())),
                Cell::code(operator.id.to_string()),
                Cell::text(desk.say(&format!("role-{}", operator.role.word()))),
                Cell::chip(chip(kind, icon, &desk.say(name))),
                Cell::number(operator.passkeys.len().to_string()),
                Cell::code(time(operator.created)),
            ]
        };
        let columns = [
            ("column-name", ""),
            ("column-id", ""),
            ("column-role", ""),
            ("column-state", ""),
            ("column-passkeys", "number"),
            ("column-since", ""),
        ];
        let rows = people.iter().map(row).collect();
        let table = desk.table("console-operators", &columns, rows, "console-no-operators");
        let action = Some((path("operator", "new"), "act-invite"));
        Ok(Some(desk.register(Register { note: "operators-note", action, search: None, table })))
    };
    Desk::new(console, &headers, &uri, "/operators").answer(make).await
}

/// Keys of the developers' interface.
pub(super) async fn keys(State(console): State<Console>, headers: HeaderMap, uri: Uri) -> Response {
    let make = |desk: &Desk| {
        let row = |key: &std::sync::Arc<developers::ApiKey>| {
            let (kind, icon, name) = match key.revoked_at {
                None => ("ok", "check", "key-active"),
                Some(_) => ("bad", "close", "key-revoked"),
            };
            vec![
                Cell::code(key.id.to_string()).to(path("key", &key.id.to_string())),
                Cell::text(key.name.clone()),
                Cell::code(key.tenant.to_string()),
                Cell::code(format!("\u{2026}{}", key.ends_with)),
                Cell::chip(chip(kind, icon, &desk.say(name))),
                Cell::code(time(key.created_at)),
            ]
        };
        let columns = [
            ("column-id", ""),
            ("column-name", ""),
            ("column-tenant", ""),
            ("column-ends", ""),
            ("column-state", ""),
            ("column-since", ""),
        ];
        let rows = desk.console.acts.keys().iter().map(row).collect();
        let table = desk.table("console-keys", &columns, rows, "console-no-keys");
        let action = Some((path("key", "new"), "act-make-key"));
        Ok(Some(desk.register(Register { note: "keys-note", action, search: None, table })))
    };
    Desk::new(console, &headers, &uri, "/keys").answer(make).await
}

#[derive(Deserialize)]
pub(super) struct Searched {
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
}

/// The pattern in whose likeness the log is searched.
fn pattern(typed: &str) -> String {
    let mut pattern = "%".to_owned();
    for letter in typed.trim().to_lowercase().chars().filter(|c| !c.is_control()).take(80) {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern + "%"
}

/// The log, newest first.
pub(super) async fn log(
    State(console): State<Console>,
    Query(Searched { q, after }): Query<Searched>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let make = move |desk: &Desk| {
        let store = desk.console.porter.store();
        // Who reads the log is in the log; paging on and looking again is one reading.
        if desk.console.porter.looks_at(&visitor.word, "audit log") {
            note_reading(desk, &visitor, &q)?;
        }
        let from = after.parse().unwrap_or(i64::MAX);
        let parameters = [Value::Integer(from), Value::Text(pattern(&q)), Value::Integer(ROWS + 1)];
        let found = store.rows(questions::AUDIT_BEFORE, &parameters)?;
        let row = |row: &Vec<Value>| {
            let row = Columns(row);
            let proposal = row.some_text(8);
            let result = row.text(5);
            let (kind, icon) = if result == "ok" { ("ok", "check") } else { ("bad", "close") };
            vec![
                Cell::number(row.number(0).to_string()),
                Cell::code(time(Timestamp::from_millis(row.number(1)))),
                Cell::text(row.text(2)),
                Cell::code(row.text(3)),
                Cell { link: proposal.map(|id| format!("/proposals/{id}")), ..Cell::code(row.text(4)) },
                Cell::chip(chip(kind, icon, &result)),
                Cell::code(row.text(6)),
                Cell::code(row.text(7)),
            ]
        };
        let columns = [
            ("column-number", "number"),
            ("column-time", ""),
            ("column-name", ""),
            ("column-act", ""),
            ("column-subject", ""),
            ("column-result", ""),
            ("column-where", ""),
            ("column-request", ""),
        ];
        let shown = &found.rows[..found.rows.len().min(ROWS as usize)];
        let last = shown.last().filter(|_| found.rows.len() > ROWS as usize);
        let next = last.map(|last| {
            let query: String = q.bytes().map(|byte| format!("%{byte:02X}")).collect();
            format!("/audit?q={query}&after={}", Columns(last).number(0))
        });
        let rows = shown.iter().map(row).collect();
        let table = Table { next, ..desk.table("console-audit", &columns, rows, "console-no-audit") };
        Ok(Some(desk.register(Register { note: "audit-note", action: None, search: Some(q), table })))
    };
    Desk::new(console, &headers, &uri, "/audit").answer(make).await
}

fn note_reading(desk: &Desk, visitor: &Visitor, query: &str) -> Result<(), StoreError> {
    let shown: String = query.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect();
    let said = Said {
        who: Some(visitor.operator),
        act: "view",
        subject: format!("audit log {shown}").trim_end().to_owned(),
        result: "ok".to_owned(),
        ..Said::default()
    };
    desk.console.porter.store().call(Note { said, occasion: visitor.occasion.clone() }).map(drop)
}

fn own_passkeys(
    desk: &Desk,
    visitor: &Visitor,
    trouble: Option<String>,
) -> Result<Option<String>, StoreError> {
    let operator = visitor.operator;
    let porter = &desk.console.porter;
    let found = porter.store().read(move |records| {
        let operator: Operator = records.find(&operator)?;
        let passkeys = operator.passkeys.iter().filter_map(|id| records.find::<OperatorPasskey>(id));
        let passkeys: Vec<OperatorPasskey> = passkeys.collect();
        Some((operator, passkeys))
    })?;
    let Some((operator, passkeys)) = found else { return Ok(None) };
    let short = |passkey: &OperatorPasskey| passkey.credential.as_str().chars().take(12).collect::<String>();
    let view = PasskeysView {
        name: operator.name.clone(),
        role: operator.role.word(),
        sandbox: operator.sandbox,
        passkeys: passkeys.iter().map(|it| (short(it), time(it.added))).collect(),
        known: operator.passkeys.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(" "),
        challenge: porter.making_challenge(&visitor.word),
        user: crate::phone::encode(&operator.id.as_u128().to_be_bytes()),
        trouble,
    };
    Ok(Some(screen::passkeys(&desk.page, &desk.frame, &view)))
}

/// One's own passkeys.
pub(super) async fn passkeys(
    State(console): State<Console>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let make = move |desk: &Desk| own_passkeys(desk, &visitor, None);
    Desk::new(console, &headers, &uri, "/passkeys").answer(make).await
}

#[derive(Deserialize)]
pub(super) struct Adding {
    #[serde(default)]
    proof: String,
}

/// Adds one to one's own passkeys.
pub(super) async fn add_passkey(
    State(console): State<Console>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    uri: Uri,
    sent: Result<Form<Adding>, FormRejection>,
) -> Response {
    let desk = Desk::new(console, &headers, &uri, "/passkeys");
    let proof = sent.map(|Form(sent)| sent.proof).unwrap_or_default();
    let adding = move || {
        let added = desk.console.porter.add_passkey(&visitor.word, &proof, &visitor.occasion);
        let html = match added {
            Ok(()) | Err(Refused::Down) => Ok(None),
            Err(_) => own_passkeys(&desk, &visitor, Some(desk.say("porter-passkey-wrong"))),
        };
        (added, html, desk)
    };
    match tokio::task::spawn_blocking(adding).await {
        Ok((Ok(()), ..)) => Redirect::to("/passkeys").into_response(),
        Ok((Err(_), Ok(Some(html)), desk)) => desk.said(StatusCode::UNPROCESSABLE_ENTITY, html),
        Ok((Err(no), _, desk)) => desk.refused(no),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn what_is_searched_for_is_taken_as_it_is() {
        for (typed, expected) in [("", "%%"), (" Ada ", "%ada%"), ("100%_\\", "%100\\%\\_\\\\%")] {
            assert_eq!(pattern(typed), expected);
        }
        assert_eq!(pattern(&"x".repeat(900)).len(), 82);
    }
}
