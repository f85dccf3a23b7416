//! Four eyes: a subject with what can be asked for about it, what was asked for, and the word of another on it.

use super::acts::{Seen, Typed, changes, kind_of, offered};
use super::door::{Console, Desk, time};
use super::entry::Visitor;
use super::porter::{Refused, code, digest_of_code, run, secret};
use crate::screens::operators::{self as screen, ActView, ApprovalAsk, ProposalView, Secret, SubjectView};
use crate::screens::pages;
use axum::Extension;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use crypto::hash::{sha256, sha256_pieces};
use developers::KeyText;
use operators::{
    Act, Approve, Ask, Change, Decline, Note, Operator, OperatorId, Proposal, ProposalId, ProposalState,
    Refusal, Said,
};
use serde::Deserialize;
use std::time::Duration;
use store::StoreError;
use values::{Id, Idempotency, Records};

/// For so long a page waits for what was approved to be carried out, before it says that this is under way.
const PATIENCE: Duration = Duration::from_secs(3);

/// A subject by kind and name.
#[derive(Deserialize)]
pub(super) struct Named {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    name: String,
}

/// Where a subject is looked at.
pub(super) fn path(kind: &str, name: &str) -> String {
    let mut path = format!("/subject?kind={kind}&name=");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path += &format!("%{byte:02X}");
        }
    }
    path
}

/// A subject, and what can be asked for about it.
pub(super) async fn subject(
    State(console): State<Console>,
    Query(Named { kind, name }): Query<Named>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let make = move |desk: &Desk| subject_page(desk, &kind, &name, None, &Typed::new());
    Desk::new(console, &headers, &uri, "/proposals").answer(make).await
}

fn subject_page(
    desk: &Desk,
    kind: &str,
    name: &str,
    trouble: Option<String>,
    typed: &Typed,
) -> Result<Option<String>, StoreError> {
    let acts = &desk.console.acts;
    let new = name == "new" && matches!(kind, "key" | "operator");
    let seen = if new { None } else { acts.look(kind, name)? };
    if seen.is_none() && !new {
        return Ok(None);
    }
    let words: Vec<ActView> =
        offered(kind, seen.as_ref()).into_iter().map(|act| act_view(act, seen.as_ref(), typed)).collect();
    let view = SubjectView {
        kind: kind.to_owned(),
        name: name.to_owned(),
        facts: seen.unwrap_or_default().into_iter().map(|(what, now)| (what.to_owned(), now)).collect(),
        acts: words,
        form: secret(),
        trouble,
    };
    Ok(Some(screen::subject(&desk.page, &desk.frame, &view)))
}

/// An act with the fields that are typed for it, filled with what stands now.
fn act_view(act: Act, seen: Option<&Seen>, typed: &Typed) -> ActView {
    let names: &[&str] = match act {
        Act::ChangeLimits => &["limit_payment", "limit_daily"],
        Act::ChangeRule => &["enabled", "threshold", "outcome"],
        Act::MakeKey => &["tenant", "name"],
        Act::Invite => &["name", "role"],
        _ => &[],
    };
    let stands = |name: &str| {
        let now = seen.and_then(|seen| seen.iter().find(|(what, _)| *what == name));
        now.map(|(_, now)| now.clone()).unwrap_or_default()
    };
    let field = |name: &&str| {
        let choices: &[&str] = match *name {
            "enabled" => &["on", "off"],
            "outcome" => &["GREEN", "YELLOW", "RED"],
            "role" => &["operator", "auditor"],
            _ => &[],
        };
        let value = typed.get(*name).cloned().unwrap_or_else(|| stands(name));
        screen::FieldView { name: (*name).to_owned(), value, choices: choices.to_vec() }
    };
    ActView {
        word: act.word(),
        // What cannot be taken back looks like it.
        grave: matches!(act, Act::DeleteToken | Act::LoseDevice | Act::CloseMerchant | Act::Disable),
        fields: names.iter().map(field).collect(),
    }
}

/// Everything a form of an act may hold.
type Sent = Result<Form<Typed>, FormRejection>;

/// What a form asks for.
struct Wish {
    act: Act,
    name: String,
    reason: String,
    form: String,
    typed: Typed,
}

impl Wish {
    fn read(mut typed: Typed) -> Option<Wish> {
        let mut take = |name: &str| typed.remove(name);
        let act = Act::parse(&take("act")?)?;
        let (name, reason) = (take("subject")?, take("reason").unwrap_or_default());
        let form = take("form").filter(|form| (48..=52).contains(&form.len()))?;
        Some(Wish { act, name, reason, form, typed })
    }

    /// The same form sent again asks for nothing more; other content under its name is refused.
    fn once(&self, asker: OperatorId) -> Idempotency {
        let half = |digest: [u8; 32]| *digest.first_chunk().expect("32 bytes hold 16");
        let mut typed: Vec<_> = self.typed.iter().map(|(name, text)| format!("{name}={text}")).collect();
        typed.sort();
        let content = [self.act.word(), &self.name, &self.reason, &typed.join("\n")].join("\0");
        Idempotency {
            key: half(sha256_pieces(&[b"proposal\0", asker.to_string().as_bytes(), self.form.as_bytes()])),
            fingerprint: half(sha256(content.as_bytes())),
        }
    }
}

/// What came of asking.
enum Asked {
    At(ProposalId),
    /// With something that is shown once, to the asker.
    With(ProposalId, Secret),
    No(Option<String>),
}

fn ask(desk: &Desk, visitor: &Visitor, wish: &Wish) -> Result<Asked, Refused> {
    let acts = &desk.console.acts;
    let kind = kind_of(wish.act);
    let again = |desk: &Desk, name: &str| {
        let trouble = Some(desk.say(name));
        subject_page(desk, kind, &wish.name, trouble, &wish.typed).map(Asked::No)
    };
    let makes_new = matches!(wish.act, Act::MakeKey | Act::Invite);
    let seen = if makes_new { Some(Seen::new()) } else { acts.look(kind, &wish.name)? };
    let Some(mut changes) = seen.and_then(|seen| changes(wish.act, &seen, &wish.typed)) else {
        return Ok(again(desk, "ask-invalid")?);
    };
    let now = desk.console.porter.store().clock().now();
    let (subject, digest, shown) = match wish.act {
        Act::MakeKey => {
            let text = KeyText::mint(&crypto::random::bytes());
            let ends_with = text.ends_with();
            changes.push(Change { what: "ends_with".to_owned(), before: String::new(), after: ends_with });
            let name = changes.iter().find(|change| change.what == "name").map(|change| change.after.clone());
            (name.unwrap_or_default(), Some(text.digest()), Some(Secret::Key(text.expose().to_owned())))
        }
        Act::Invite => {
            let word = secret();
            let digest = hex::encode(sha256(word.as_bytes()));
            let link = format!("{}/enter?link={word}", desk.console.porter.ceremonies().origin());
            let operator: OperatorId = Id::mint(now, crypto::random::bytes());
            (operator.to_string(), Some(digest), Some(Secret::Link(link)))
        }
        _ => (wish.name.clone(), None, None),
    };
    let id = Id::mint(now, crypto::random::bytes());
    let asked = Ask {
        id,
        act: wish.act,
        subject,
        changes,
        reason: wish.reason.clone(),
        asker: visitor.operator,
        secret: digest,
        form: Some(wish.once(visitor.operator)),
        occasion: visitor.occasion.clone(),
    };
    match run(desk.console.porter.store(), asked) {
        // A form that came again has its first answer; its secret was shown then.
        Ok(first) => Ok(match shown.filter(|_| first == id) {
            Some(shown) => Asked::With(first, shown),
            None => Asked::At(first),
        }),
        Err(Refused::No(Refusal::Invalid(_))) => Ok(again(desk, "ask-reason-missing")?),
        Err(refused) => Err(refused),
    }
}

/// Asks for an act.
pub(super) async fn propose(
    State(console): State<Console>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    uri: Uri,
    sent: Sent,
) -> Response {
    let desk = Desk::new(console, &headers, &uri, "/proposals");
    let wish = sent.ok().and_then(|Form(typed)| Wish::read(typed));
    let Some(wish) = wish else {
        return crate::screens::door::show(StatusCode::BAD_REQUEST, pages::refused(&desk.page));
    };
    let asked = move || {
        let asked = ask(&desk, &visitor, &wish);
        let shown = match &asked {
            Ok(Asked::With(id, secret)) => proposal_page(&desk, &visitor, *id, None, Some(secret)),
            _ => Ok(None),
        };
        if let Err(Refused::No(refusal)) = &asked {
            refused(&desk, &visitor, "propose", wish.act.word(), None, *refusal);
        }
        (asked, shown, desk)
    };
    let Ok((asked, shown, desk)) = tokio::task::spawn_blocking(asked).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    match asked {
        Ok(Asked::At(id)) => Redirect::to(&format!("/proposals/{id}")).into_response(),
        Ok(Asked::With(..)) => desk.answer(move |_| shown).await,
        Ok(Asked::No(Some(html))) => desk.said(StatusCode::UNPROCESSABLE_ENTITY, html),
        Ok(Asked::No(None)) => desk.answer(|_| Ok(None)).await,
        Err(no) => desk.refused(no),
    }
}

/// Writes a no down; the operation that said it changed nothing.
fn refused(
    desk: &Desk,
    visitor: &Visitor,
    act: &'static str,
    subject: &str,
    of: Option<ProposalId>,
    no: Refusal,
) {
    let said = Said {
        who: Some(visitor.operator),
        act,
        subject: subject.to_owned(),
        result: no.code().to_owned(),
        proposal: of,
        ..Said::default()
    };
    let note = Note { said, occasion: visitor.occasion.clone() };
    if let Err(error) = run(desk.console.porter.store(), note) {
        tracing::warn!(?error, "a no is not in the log");
    }
}

/// A proposal, and what this operator may say on it.
pub(super) async fn proposal(
    State(console): State<Console>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let make = move |desk: &Desk| match id.parse() {
        Ok(id) => proposal_page(desk, &visitor, id, None, None),
        Err(_) => Ok(None),
    };
    Desk::new(console, &headers, &uri, "/proposals").answer(make).await
}

fn proposal_page(
    desk: &Desk,
    visitor: &Visitor,
    id: ProposalId,
    trouble: Option<String>,
    secret: Option<&Secret>,
) -> Result<Option<String>, StoreError> {
    let store = desk.console.porter.store();
    let now = store.clock().now();
    let viewer = visitor.operator;
    let found = store.read(move |records| {
        let proposal: Proposal = records.find(&id)?;
        let passkeys = records.find::<Operator>(&viewer).map(|viewer| viewer.passkeys).unwrap_or_default();
        let mut name = |id: Option<OperatorId>| {
            id.and_then(|id| records.find::<Operator>(&id)).map(|operator| operator.name)
        };
        let (asker, decider) = (name(Some(proposal.asker)), name(proposal.decider));
        Some((proposal, asker.unwrap_or_default(), decider, passkeys))
    })?;
    let Some((proposal, asker, decider, passkeys)) = found else { return Ok(None) };
    let state = proposal.state_at(now);
    let open = state == ProposalState::Asked;
    let view = ProposalView {
        id: proposal.id.to_string(),
        word: proposal.act.word(),
        subject: proposal.subject.clone(),
        changes: proposal
            .changes
            .iter()
            .map(|it| (it.what.clone(), it.before.clone(), it.after.clone()))
            .collect(),
        reason: proposal.reason.clone(),
        asker,
        asked_at: time(proposal.asked_at),
        expires_at: open.then(|| time(proposal.expires_at)),
        state: state.word(),
        decider,
        decided_at: proposal.decided_at.map(time),
        result: proposal.result.filter(|result| result != "ok"),
        own: proposal.asker == viewer,
        passkey: (open && !passkeys.is_empty()).then(|| ApprovalAsk {
            challenge: desk.console.porter.approval_challenge(&visitor.word, id),
            credentials: passkeys.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(" "),
        }),
        open,
        trouble,
        secret: secret.cloned(),
    };
    Ok(Some(screen::proposal(&desk.page, &desk.frame, &view)))
}

#[derive(Default, Deserialize)]
pub(super) struct Approval {
    #[serde(default)]
    proof: String,
}

/// Approves a proposal with a passkey that is shown for it, and waits a moment for it to be carried out.
pub(super) async fn approve(
    State(console): State<Console>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
    sent: Result<Form<Approval>, FormRejection>,
) -> Response {
    let Ok(id) = id.parse::<ProposalId>() else { return missing(console, &headers, &uri).await };
    let mut ended = console.acts.ended();
    let desk = Desk::new(console, &headers, &uri, "/proposals");
    // Shown to the approver alone, whose word makes it good.
    let code = code();
    let (asked, by) = (code.clone(), visitor.clone());
    let proof = sent.map(|Form(sent)| sent.proof).unwrap_or_default();
    let approving = move || {
        let porter = &desk.console.porter;
        let shown = match proof.is_empty() {
            true => Ok(None),
            false => porter.approves(&by.word, id, &proof, &by.occasion).map(Some),
        };
        let done = shown.and_then(|passkey| {
            let approve = Approve {
                proposal: id,
                approver: by.operator,
                passkey,
                secret: Some(digest_of_code(&asked)),
                defences: porter.defences(),
                occasion: by.occasion.clone(),
            };
            run(porter.store(), approve)
        });
        if let Err(Refused::No(refusal)) = done {
            refused(&desk, &by, "approve", &id.to_string(), Some(id), refusal);
        }
        (done, desk)
    };
    let Ok((done, desk)) = tokio::task::spawn_blocking(approving).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if let Err(no) = done {
        return decided(desk, &visitor, id, no).await;
    }
    let store = desk.console.porter.store().clone();
    let under_way = move || {
        let found = store.read(move |records| records.find::<Proposal>(&id));
        found.is_ok_and(|found| found.is_some_and(|found| found.state == ProposalState::Approved))
    };
    let waiting = async {
        loop {
            let look = under_way.clone();
            if !tokio::task::spawn_blocking(look).await.unwrap_or(false) || ended.changed().await.is_err() {
                return;
            }
        }
    };
    // Who does not see it end yet sees it under way: nothing hangs on this page.
    let _ = tokio::time::timeout(PATIENCE, waiting).await;
    let make = move |desk: &Desk| {
        let invited = desk.console.porter.store().read(move |records| {
            records.find::<Proposal>(&id).is_some_and(|proposal| proposal.act == Act::Invite)
        })?;
        let secret = invited.then_some(Secret::Code(code));
        if secret.is_none() {
            return Ok(None);
        }
        proposal_page(desk, &visitor, id, None, secret.as_ref())
    };
    desk.answer_or(make, &format!("/proposals/{id}")).await
}

/// Says no to a proposal, or takes one's own back.
pub(super) async fn decline(
    State(console): State<Console>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let Ok(id) = id.parse::<ProposalId>() else { return missing(console, &headers, &uri).await };
    let desk = Desk::new(console, &headers, &uri, "/proposals");
    let by = visitor.clone();
    let declining = move || {
        let decline = Decline { proposal: id, by: by.operator, occasion: by.occasion.clone() };
        let done = run(desk.console.porter.store(), decline);
        if let Err(Refused::No(refusal)) = done {
            refused(&desk, &by, "decline", &id.to_string(), Some(id), refusal);
        }
        (done, desk)
    };
    match tokio::task::spawn_blocking(declining).await {
        Ok((Ok(()), _)) => Redirect::to(&format!("/proposals/{id}")).into_response(),
        Ok((Err(no), desk)) => decided(desk, &visitor, id, no).await,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn missing(console: Console, headers: &HeaderMap, uri: &Uri) -> Response {
    Desk::new(console, headers, uri, "/proposals").answer(|_| Ok(None)).await
}

/// The proposal once more, with why nothing was decided.
async fn decided(desk: Desk, visitor: &Visitor, id: ProposalId, no: Refused) -> Response {
    let Refused::No(refusal) = no else { return desk.refused(no) };
    let trouble = desk.say(match refusal {
        Refusal::SamePerson => "no-same-person",
        Refusal::LooksOnly => "no-looks-only",
        Refusal::PasskeyNeeded => "no-passkey-needed",
        Refusal::Expired => "no-expired",
        Refusal::NotActive => "no-not-active",
        _ => "no-decided",
    });
    let forbidden = matches!(refusal, Refusal::SamePerson | Refusal::PasskeyNeeded);
    let status = if forbidden { StatusCode::FORBIDDEN } else { StatusCode::CONFLICT };
    let viewer = visitor.clone();
    let made = tokio::task::spawn_blocking(move || {
        let html = proposal_page(&desk, &viewer, id, Some(trouble), None);
        (html, desk)
    });
    match made.await {
        Ok((Ok(Some(html)), desk)) => desk.said(status, html),
        Ok((_, desk)) => desk.answer(|_| Ok(None)).await,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
