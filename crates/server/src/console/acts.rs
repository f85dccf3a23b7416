//! Dangerous acts: how their subjects are looked at, what would change, and how what was approved is carried out.
//!
//! A subject is looked at twice, by the same code: when an act is asked for, and in the very operation that carries it out.
//! If the second look sees anything else than the first, nothing is done. The operation's answer, a no included, is
//! remembered under the proposal's name: carried out again after a crash, it has its first effect and no other.

use crate::platform_http::developers::Api;
use acquiring::names::TerminalId;
use acquiring::operations::{ChangeMerchant, RegisterMerchant, SetTerminalState};
use acquiring::records::{Merchant, MerchantState, Terminal, TerminalState};
use crypto::hash::sha256_pieces;
use developers::{ApiKey, Scope, Tenant};
use operators::{
    Act, Change, Conclude, Defence, Defences, Disable, Invite, Proposal, ProposalId, ProposalState,
};
use sandbox::issuer::rules::{self, Condition, RiskRule, SetRule};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use store::{Arrival, Deliverer, Outcome, Store, StoreError};
use tokens::ops::{Delete, ReportLost, Reporter, Resume, Suspend};
use tokens::records::{Device, DeviceState, Suspender, Suspenders, Token};
use tokens::{Actor, Policy};
use tokio::sync::watch;
use values::{Id, Idempotency, Money, Operation, Outbound, Records, Timestamp};

/// What a subject is, word by word, as it is compared.
pub(super) type Seen = Vec<(&'static str, String)>;

/// What is typed beside the act.
pub(super) type Typed = HashMap<String, String>;

/// The kinds of subjects, as addresses name them.
pub(super) fn kind_of(act: Act) -> &'static str {
    match act {
        Act::SuspendToken | Act::ResumeToken | Act::DeleteToken => "token",
        Act::LoseDevice => "device",
        Act::SuspendMerchant | Act::ResumeMerchant | Act::CloseMerchant | Act::ChangeLimits => "merchant",
        Act::BlockTerminal | Act::UnblockTerminal => "terminal",
        Act::MakeKey | Act::RevokeKey => "key",
        Act::ChangeRule => "rule",
        Act::Invite | Act::Disable => "operator",
    }
}

/// A word of a closed set as records spell it.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| Some(value.as_str()?.to_owned())).unwrap_or_default()
}

/// The value of a word.
fn value<T: DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}

fn look_token<W: Records>(records: &mut W, name: &str) -> Option<Seen> {
    let token: Token = records.find(&name.parse().ok()?)?;
    Some(vec![
        ("life", word(&token.standing.life)),
        ("suspended_by", token.standing.suspenders.to_string()),
        ("device", token.device.to_string()),
    ])
}

fn look_device<W: Records>(records: &mut W, name: &str) -> Option<Seen> {
    let device: Device = records.find(&name.parse().ok()?)?;
    let tokens: Vec<String> = device.tokens.iter().map(ToString::to_string).collect();
    let customer = device.customer.map(|customer| customer.to_string());
    Some(vec![
        ("state", word(&device.state)),
        ("tokens", tokens.join(" ")),
        ("customer", customer.unwrap_or_default()),
    ])
}

fn look_merchant<W: Records>(records: &mut W, name: &str) -> Option<Seen> {
    let merchant: Merchant = records.find(&name.parse().ok()?)?;
    let money = |minor| Money::new(minor, merchant.currency).map(Money::to_decimal).unwrap_or_default();
    Some(vec![
        ("name", merchant.name.clone()),
        ("state", word(&merchant.state)),
        ("limit_payment", money(merchant.limit_payment)),
        ("limit_daily", money(merchant.limit_daily)),
        ("currency", merchant.currency.alpha().to_owned()),
    ])
}

fn look_terminal<W: Records>(records: &mut W, name: &str) -> Option<Seen> {
    let terminal: Terminal = records.find(&TerminalId::parse(name.as_bytes()).ok()?)?;
    Some(vec![("state", word(&terminal.state)), ("merchant", terminal.merchant.to_string())])
}

fn look_rule<W: Records>(records: &mut W, condition: Condition) -> Option<Seen> {
    let rule = rules::rules(records).into_iter().find(|rule| rule.condition == condition)?;
    Some(vec![
        ("enabled", if rule.enabled { "on" } else { "off" }.to_owned()),
        ("threshold", rule.threshold.to_string()),
        ("outcome", rule.outcome.word().to_owned()),
    ])
}

fn look_key(key: &ApiKey) -> Seen {
    vec![
        ("name", key.name.clone()),
        ("tenant", key.tenant.to_string()),
        ("ends_with", key.ends_with.clone()),
        ("state", if key.revoked_at.is_some() { "revoked" } else { "active" }.to_owned()),
    ]
}

/// What would change about the subject; nothing if the act makes no sense of it, or what was typed cannot be read.
pub(super) fn changes(act: Act, seen: &Seen, typed: &Typed) -> Option<Vec<Change>> {
    let mut changes: Vec<Change> = seen
        .iter()
        .map(|(what, now)| Change { what: (*what).to_owned(), before: now.clone(), after: now.clone() })
        .collect();
    let given =
        |name: &str| typed.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let now = |name: &str| seen.iter().find(|(what, _)| *what == name).map(|(_, now)| now.clone());
    let mut set = |what: &str, after: String| match changes.iter_mut().find(|change| change.what == what) {
        Some(change) => change.after = after,
        None => changes.push(Change { what: what.to_owned(), before: String::new(), after }),
    };
    let platform = |with: bool| -> Option<String> {
        let names = now("suspended_by")?;
        let others = Suspender::ALL.into_iter().filter(|who| names.split('+').any(|name| name == who.name()));
        let set = others.fold(Suspenders::NONE, Suspenders::with);
        let changed = if with { set.with(Suspender::Platform) } else { set.without(Suspender::Platform) };
        Some(changed.to_string())
    };
    let alive = matches!(now("life").as_deref(), Some("active" | "inactive"));
    match act {
        Act::SuspendToken if alive => set("suspended_by", platform(true)?),
        Act::ResumeToken if alive => set("suspended_by", platform(false)?),
        Act::DeleteToken => set("life", "deleted".to_owned()),
        Act::LoseDevice if now("state")? == "active" => set("state", "lost".to_owned()),
        Act::SuspendMerchant if now("state")? == "active" => set("state", "suspended".to_owned()),
        Act::ResumeMerchant if now("state")? == "suspended" => set("state", "active".to_owned()),
        Act::CloseMerchant => set("state", "closed".to_owned()),
        Act::ChangeLimits if now("state")? != "closed" => {
            let currency = values::Currency::from_alpha(&now("currency")?)?;
            for limit in ["limit_payment", "limit_daily"] {
                if let Some(text) = given(limit) {
                    set(limit, Money::parse(&text, currency).ok()?.to_decimal());
                }
            }
        }
        Act::BlockTerminal => set("state", "blocked".to_owned()),
        Act::UnblockTerminal => set("state", "active".to_owned()),
        Act::MakeKey => {
            let tenant: Tenant = given("tenant")?.parse().ok()?;
            set("tenant", tenant.to_string());
            set("name", given("name").filter(|name| name.chars().count() <= 60)?);
            set("scopes", Scope::of(&tenant).into_iter().map(Scope::name).collect::<Vec<_>>().join(" "));
        }
        Act::RevokeKey if now("state")? == "active" => set("state", "revoked".to_owned()),
        Act::ChangeRule => {
            if let Some(enabled) = given("enabled").filter(|word| word == "on" || word == "off") {
                set("enabled", enabled);
            }
            if let Some(threshold) = given("threshold") {
                set("threshold", threshold.parse::<u32>().ok()?.to_string());
            }
            if let Some(outcome) = given("outcome") {
                set("outcome", value::<rules::Outcome>(&outcome)?.word().to_owned());
            }
        }
        Act::Invite => {
            set("name", given("name").filter(|name| name.chars().count() <= 60)?);
            set("role", operators::Role::parse(&given("role")?)?.word().to_owned());
        }
        Act::Disable if now("state")? != "disabled" => set("state", "disabled".to_owned()),
        _ => return None,
    }
    Some(changes)
}

/// What can be asked for about a subject that looks like this.
pub(super) fn offered(kind: &str, seen: Option<&Seen>) -> Vec<Act> {
    let sample = Typed::from(
        [("tenant", "platform"), ("name", "x"), ("role", "operator")]
            .map(|(name, text)| (name.to_owned(), text.to_owned())),
    );
    let of_new = |act: &Act| matches!(act, Act::MakeKey | Act::Invite);
    let makes_sense = |act: &Act| match seen {
        None => of_new(act),
        Some(_) if of_new(act) => false,
        Some(seen) => changes(*act, seen, &sample).is_some_and(|changes| {
            // These change what is typed.
            matches!(act, Act::ChangeLimits | Act::ChangeRule)
                || changes.iter().any(|change| change.before != change.after)
        }),
    };
    let acts = Act::ALL.into_iter().map(|(act, _)| act).filter(|act| kind_of(*act) == kind);
    acts.filter(makes_sense).collect()
}

/// Where acts are carried out.
pub(crate) struct Acts {
    api: Api,
    acquirer: Store,
    banks: Vec<(String, Store)>,
    operators: Store,
    defences: Defences,
    ended: watch::Sender<u64>,
}

impl Acts {
    pub(crate) fn new(
        api: Api,
        acquirer: Store,
        banks: Vec<(String, Store)>,
        operators: Store,
        defences: Defences,
    ) -> Acts {
        Acts { api, acquirer, banks, operators, defences, ended: watch::Sender::new(0) }
    }

    fn tokens(&self) -> &Store {
        self.api.tokens().store()
    }

    pub(super) fn keys(&self) -> Vec<Arc<ApiKey>> {
        self.api.keys()
    }

    /// Hears whenever something that was approved came to its end.
    pub(super) fn ended(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    /// A bank's rule by the subject's name: the bank, a stroke, the condition.
    fn rule(&self, name: &str) -> Option<(&Store, Condition)> {
        let (bank, condition) = name.rsplit_once('/')?;
        let (_, store) = self.banks.iter().find(|(known, _)| known == bank)?;
        Some((store, value(condition)?))
    }

    fn key(&self, name: &str) -> Option<Arc<ApiKey>> {
        self.api.keys().into_iter().find(|key| key.id.to_string() == name)
    }

    /// Looks at a subject; nothing if there is none of this name.
    pub(super) fn look(&self, kind: &str, name: &str) -> Result<Option<Seen>, StoreError> {
        let asked = name.to_owned();
        match kind {
            "token" => self.tokens().read(move |records| look_token(records, &asked)),
            "device" => self.tokens().read(move |records| look_device(records, &asked)),
            "merchant" => self.acquirer.read(move |records| look_merchant(records, &asked)),
            "terminal" => self.acquirer.read(move |records| look_terminal(records, &asked)),
            "rule" => match self.rule(name) {
                Some((bank, condition)) => bank.read(move |records| look_rule(records, condition)),
                None => Ok(None),
            },
            "key" => Ok(self.key(name).map(|key| look_key(&key))),
            "operator" => {
                let Ok(id) = name.parse() else { return Ok(None) };
                let found = self.operators.read(move |records| records.find::<operators::Operator>(&id))?;
                Ok(found.map(|operator| {
                    vec![
                        ("state", operators::proposal::state_word(operator.state).to_owned()),
                        ("name", operator.name),
                        ("role", operator.role.word().to_owned()),
                    ]
                }))
            }
            _ => Ok(None),
        }
    }

    /// Carries out what was approved, and writes down what came of it. May be called again with the same name.
    pub(super) fn carry_out(&self, id: ProposalId) -> Arrival {
        match self.try_to_carry_out(id) {
            Ok(()) => {
                self.ended.send_modify(|count| *count += 1);
                Arrival::Delivered
            }
            Err(error) => {
                tracing::warn!(%error, %id, "approved and not carried out yet");
                Arrival::Retry
            }
        }
    }

    fn try_to_carry_out(&self, id: ProposalId) -> Result<(), StoreError> {
        let found = self.operators.read(move |records| records.find::<Proposal>(&id))?;
        let Some(proposal) = found.filter(|found| found.state == ProposalState::Approved) else {
            return Ok(());
        };
        let effect = Effect {
            proposal: proposal.clone(),
            policy: self.api.tokens().policy(),
            defences: self.defences,
        };
        let result = match kind_of(proposal.act) {
            "token" | "device" => done(self.tokens().call(TokenEffect(effect))?),
            "merchant" | "terminal" => done(self.acquirer.call(AcquirerEffect(effect))?),
            "rule" => match self.rule(&proposal.subject) {
                Some((bank, condition)) => done(bank.call(RuleEffect(effect, condition))?),
                None => "not_here".to_owned(),
            },
            "key" => self.key_effect(effect)?,
            _ => {
                // Its subject lies beside it: both change in one commit.
                let outcome = match proposal.act {
                    Act::Invite => self.operators.call(Invite { proposal: id })?,
                    _ => self.operators.call(Disable { proposal: id, defences: self.defences })?,
                };
                let Outcome::Refused(refusal) = outcome else { return Ok(()) };
                refusal.code().to_owned()
            }
        };
        self.operators.call(Conclude { proposal: id, result })?;
        Ok(())
    }

    fn key_effect(&self, effect: Effect) -> Result<String, StoreError> {
        let digest = match effect.proposal.act {
            Act::MakeKey => effect.proposal.asker_secret.clone(),
            _ => self.key(&effect.proposal.subject).map(|key| key.digest.clone()),
        };
        let Some(digest) = digest else { return Ok("not_found".to_owned()) };
        let result = done(self.api.store().call(KeyEffect(effect, digest.clone()))?);
        self.api.take_up(&digest)?;
        Ok(result)
    }
}

/// What delivers approved proposals to whoever carries them out.
pub(crate) fn deliverers(acts: &Arc<Acts>) -> HashMap<String, Deliverer> {
    let acts = Arc::clone(acts);
    let deliver: Deliverer = Box::new(move |outbound: &Outbound| {
        let name = str::from_utf8(&outbound.body).ok().and_then(|name| name.parse().ok());
        name.map_or(Arrival::Delivered, |id| acts.carry_out(id))
    });
    HashMap::from([(operators::TOPIC.to_owned(), deliver)])
}

fn done(outcome: Outcome<String, Infallible>) -> String {
    match outcome {
        Outcome::Done(result) | Outcome::Repeated(result) => result,
        Outcome::Refused(never) => match never {},
        Outcome::Mismatch => "decided_already".to_owned(),
    }
}

/// An approved proposal where its subject lies.
#[derive(Clone)]
struct Effect {
    proposal: Proposal,
    policy: Policy,
    defences: Defences,
}

impl Effect {
    fn once(&self) -> Idempotency {
        let name = self.proposal.id.to_string();
        let half = |what: &[u8]| {
            let digest = sha256_pieces(&[b"operators: effect\0", what, name.as_bytes()]);
            *digest.first_chunk().expect("32 bytes hold 16")
        };
        Idempotency { key: half(b"key\0"), fingerprint: half(b"content\0") }
    }

    /// The subject still looks as it did when it was asked for.
    fn finds(&self, seen: Option<&Seen>) -> bool {
        let same = seen.is_some_and(|seen| {
            seen.iter().all(|(what, now)| {
                self.proposal.changes.iter().any(|change| change.what == *what && change.before == *now)
            })
        });
        same || !self.defences.stands(Defence::Unchanged)
    }

    /// What came of it, in one word.
    fn carried<T, E>(done: Result<T, E>, code: impl FnOnce(E) -> &'static str) -> String {
        done.map_or_else(code, |_| "ok").to_owned()
    }
}

const CHANGED: &str = "changed_since";

struct TokenEffect(Effect);

impl Operation for TokenEffect {
    type Answer = String;
    type Refusal = Infallible;
    const NAME: &'static str = "operators.token_effect";

    fn idempotency(&self) -> Option<Idempotency> {
        Some(self.0.once())
    }

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<String, Infallible> {
        let Effect { proposal, policy, .. } = &self.0;
        let seen = match proposal.act {
            Act::LoseDevice => look_device(records, &proposal.subject),
            _ => look_token(records, &proposal.subject),
        };
        if !self.0.finds(seen.as_ref()) {
            return Ok(CHANGED.to_owned());
        }
        if proposal.act == Act::LoseDevice {
            return Ok(lose(records, proposal, *policy, now));
        }
        let Ok(token) = proposal.subject.parse() else { return Ok("not_found".to_owned()) };
        let actor = Actor::Platform;
        let code = |refusal: tokens::Refusal| refusal.code();
        Ok(match proposal.act {
            Act::SuspendToken => Effect::carried(Suspend { token, actor }.apply(records, now), code),
            Act::ResumeToken => {
                Effect::carried(Resume { token, actor, policy: *policy }.apply(records, now), code)
            }
            _ => Effect::carried(Delete { token, actor }.apply(records, now), code),
        })
    }
}

fn lose<W: Records>(records: &mut W, proposal: &Proposal, policy: Policy, now: Timestamp) -> String {
    let device = proposal.subject.parse().ok().and_then(|id| records.find::<Device>(&id));
    let owned = device.and_then(|device| Some((device.id, device.customer?, device.state)));
    let Some((device, customer, DeviceState::Active)) = owned else { return "not_found".to_owned() };
    let report = ReportLost { customer, device: Some(device), reporter: Reporter::Authenticated, policy };
    Effect::carried(report.apply(records, now), |refusal| refusal.code())
}

struct AcquirerEffect(Effect);

impl Operation for AcquirerEffect {
    type Answer = String;
    type Refusal = Infallible;
    const NAME: &'static str = "operators.acquirer_effect";

    fn idempotency(&self) -> Option<Idempotency> {
        Some(self.0.once())
    }

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<String, Infallible> {
        let proposal = &self.0.proposal;
        let code = |refusal: acquiring::Refusal| refusal.code();
        if kind_of(proposal.act) == "terminal" {
            let seen = look_terminal(records, &proposal.subject);
            let Ok(terminal) = TerminalId::parse(proposal.subject.as_bytes()) else {
                return Ok("not_found".to_owned());
            };
            if !self.0.finds(seen.as_ref()) {
                return Ok(CHANGED.to_owned());
            }
            let state = match proposal.act {
                Act::BlockTerminal => TerminalState::Blocked,
                _ => TerminalState::Active,
            };
            return Ok(Effect::carried(SetTerminalState { terminal, state }.apply(records, now), code));
        }
        let seen = look_merchant(records, &proposal.subject);
        let found = proposal.subject.parse().ok().and_then(|id| records.find::<Merchant>(&id));
        let Some(merchant) = found else { return Ok("not_found".to_owned()) };
        if !self.0.finds(seen.as_ref()) {
            return Ok(CHANGED.to_owned());
        }
        let state = match proposal.act {
            Act::SuspendMerchant => MerchantState::Suspended,
            Act::ResumeMerchant => MerchantState::Active,
            Act::CloseMerchant => MerchantState::Closed,
            _ => return Ok(set_limits(records, proposal, merchant, now)),
        };
        let change = ChangeMerchant { state: Some(state), ..ChangeMerchant::of(merchant.id) };
        Ok(Effect::carried(change.apply(records, now), code))
    }
}

fn set_limits<W: Records>(
    records: &mut W,
    proposal: &Proposal,
    merchant: Merchant,
    now: Timestamp,
) -> String {
    let limit = |what: &str| Some(Money::parse(proposal.after(what)?, merchant.currency).ok()?.minor());
    let Some((limit_payment, limit_daily)) = limit("limit_payment").zip(limit("limit_daily")) else {
        return "invalid".to_owned();
    };
    let merchant = Merchant { limit_payment, limit_daily, ..merchant };
    Effect::carried(RegisterMerchant { merchant }.apply(records, now), |refusal| refusal.code())
}

struct RuleEffect(Effect, Condition);

impl Operation for RuleEffect {
    type Answer = String;
    type Refusal = Infallible;
    const NAME: &'static str = "operators.rule_effect";

    fn idempotency(&self) -> Option<Idempotency> {
        Some(self.0.once())
    }

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<String, Infallible> {
        let proposal = &self.0.proposal;
        if !self.0.finds(look_rule(records, self.1).as_ref()) {
            return Ok(CHANGED.to_owned());
        }
        let threshold = proposal.after("threshold").and_then(|text| text.parse().ok());
        let outcome = proposal.after("outcome").and_then(value);
        let Some((threshold, outcome)) = threshold.zip(outcome) else { return Ok("invalid".to_owned()) };
        let enabled = proposal.after("enabled") == Some("on");
        let rule = RiskRule { condition: self.1, enabled, threshold, outcome };
        match SetRule(rule).apply(records, now) {
            Ok(_) => Ok("ok".to_owned()),
            Err(never) => match never {},
        }
    }
}

/// A key, by its digest.
struct KeyEffect(Effect, String);

impl Operation for KeyEffect {
    type Answer = String;
    type Refusal = Infallible;
    const NAME: &'static str = "operators.key_effect";

    fn idempotency(&self) -> Option<Idempotency> {
        Some(self.0.once())
    }

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<String, Infallible> {
        let (proposal, digest) = (&self.0.proposal, &self.1);
        let kept = records.find::<ApiKey>(digest);
        if proposal.act == Act::MakeKey {
            return Ok(if kept.is_some() {
                CHANGED.to_owned()
            } else {
                make_key(records, proposal, digest, now)
            });
        }
        if !self.0.finds(kept.as_ref().map(look_key).as_ref()) {
            return Ok(CHANGED.to_owned());
        }
        let revoked = developers::RevokeKey { digest: digest.clone() }.apply(records, now);
        Ok(Effect::carried(revoked, |()| "not_found"))
    }
}

fn make_key<W: Records>(records: &mut W, proposal: &Proposal, digest: &str, now: Timestamp) -> String {
    let Some(tenant) = proposal.after("tenant").and_then(|text| text.parse::<Tenant>().ok()) else {
        return "invalid".to_owned();
    };
    let key = ApiKey {
        digest: digest.to_owned(),
        id: Id::from_u128(proposal.id.as_u128()),
        scopes: Scope::of(&tenant),
        tenant,
        version: crate::platform_http::developers::VERSION.to_owned(),
        name: proposal.after("name").unwrap_or_default().to_owned(),
        ends_with: proposal.after("ends_with").unwrap_or_default().to_owned(),
        created_at: now,
        revoked_at: None,
    };
    Effect::carried(developers::AddKey { key }.apply(records, now), |()| "invalid")
}
