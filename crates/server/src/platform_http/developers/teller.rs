//! Reads the facts of the acquirer, of the token service and of the provider of account payment, and tells what happened as events.
//!
//! A thread of its own reads behind the commits, so no payment waits for it. How far it read becomes durable with the
//! events, so after a crash it goes on where they end.

use super::{Api, snapshots, tokens, upi_payments};
use ::tokens::records::{Device, Token};
use acquiring::records::{
    Batch, BatchState, Intent, IntentState, PaymentKind, PaymentState, Terminal, TerminalState,
};
use acquiring::{Merchant, Payment};
use developers::{Endpoint, Event, Happening, Reading, Tell, Tenant};
use psp::merchants::{MerchantCode, MerchantPayment};
use psp::records::Direction;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use store::fact::{Body, Left};
use store::rooms::developers::questions;
use store::{Bell, Outcome, Store, StoreError, Value, table_id};
use values::{Record, Records, Timestamp};

/// Facts read at a time.
const AT_ONCE: i64 = 500;
/// Between two looks when nobody rang: not every change leaves a message.
const LOOK: Duration = Duration::from_millis(100);

/// The thread; it ends when this is dropped.
pub(crate) struct Teller {
    ended: Arc<AtomicBool>,
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

impl Teller {
    /// Starts to read.
    pub(crate) fn start(api: &Api) -> std::io::Result<Teller> {
        let (ended, bell) = (Arc::new(AtomicBool::new(false)), Arc::new(Bell::default()));
        for store in [api.acquirer().store(), api.tokens().store()] {
            store.ring_on_any_message(&bell);
        }
        let _first = api.0.teller.set(Arc::clone(&bell));
        let (api, stop, wake) = (api.clone(), Arc::clone(&ended), Arc::clone(&bell));
        let read = move || {
            while !stop.load(Ordering::SeqCst) {
                match read_all(&api) {
                    Ok(true) => {}
                    Ok(false) => wake.wait(Some(LOOK)),
                    Err(StoreError::Stopped) => break,
                    Err(error) => {
                        tracing::warn!(%error, "the facts cannot be read; they will be");
                        wake.wait(Some(LOOK));
                    }
                }
            }
            api.fall_silent();
        };
        let thread = std::thread::Builder::new().name("teller".to_owned()).spawn(read)?;
        Ok(Teller { ended, bell, thread: Some(thread) })
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        self.bell.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The databases whose facts are told, by their names; the provider's only where there is one.
fn sources(api: &Api) -> Vec<(&'static str, Store, Reader)> {
    let mut sources = vec![
        ("acquirer", api.acquirer().store().clone(), of_acquirer as Reader),
        ("tokens", api.tokens().store().clone(), of_tokens as Reader),
    ];
    if let Some(accounts) = api.account_payments() {
        sources.push(("psp", accounts.service.store().clone(), of_accounts));
    }
    sources
}

/// Reads a piece of each database; whether there may be more.
fn read_all(api: &Api) -> Result<bool, StoreError> {
    let mut more = false;
    for (source, store, read) in sources(api) {
        more |= read_some(api, source, &store, read)?;
    }
    Ok(more)
}

/// The last fact of each database, also of what is not folded yet: what is asked for from here on comes after it.
pub(super) fn last_facts(api: &Api) -> Result<BTreeMap<String, u64>, StoreError> {
    let mut last = BTreeMap::new();
    for (source, store, _) in sources(api) {
        let rows = store.rows(questions::LAST_FACT, &[])?.rows;
        if let Some(Value::Integer(fact)) = rows.first().and_then(|row| row.first()) {
            last.insert(source.to_owned(), *fact as u64);
        }
    }
    Ok(last)
}

/// What was told since the start, counted.
#[derive(Clone, Default)]
pub(in crate::platform_http) struct Told {
    /// Events, by their kinds.
    pub(in crate::platform_http) kinds: BTreeMap<String, i64>,
    /// Declined payments, by what the network answered.
    pub(in crate::platform_http) declines: BTreeMap<String, i64>,
    /// The last event that was counted.
    through: u64,
}

impl Told {
    /// What will be told after this event.
    pub(super) fn after(event: u64) -> Told {
        Told { through: event, ..Told::default() }
    }
}

/// Counts what was told up to this event. Of payments that were declined it is known why.
fn count(api: &Api, last: u64, reasons: &BTreeMap<String, String>) -> Result<(), StoreError> {
    let first = api.told_kinds().through + 1;
    let told: Vec<Event> =
        api.store().read(move |records| (first..=last).filter_map(|n| records.find(&n)).collect())?;
    api.count(|counted| {
        counted.through = counted.through.max(last);
        for event in told {
            if event.kind == "payment.declined" {
                let reason = reasons.get(&event.subject).map_or("unknown", String::as_str);
                *counted.declines.entry(reason.to_owned()).or_default() += 1;
            }
            *counted.kinds.entry(event.kind).or_default() += 1;
        }
    });
    Ok(())
}

/// Why a payment was declined, where that is what a record says.
fn decline(table: u16, record: &[u8]) -> Option<(String, String)> {
    let payment =
        changed::<Payment>(table, record).filter(|payment| payment.state == PaymentState::Declined)?;
    Some((payment.id.to_string(), payment.response_code?.to_string()))
}

/// How many facts of each database have not been told.
pub(super) fn untold(api: &Api) -> Result<Vec<(&'static str, i64)>, StoreError> {
    let mut untold = Vec::new();
    for (source, store, _) in sources(api) {
        let rows = store.folded_rows(questions::LAST_FACT, &[])?.rows;
        let last = match rows.first().and_then(|row| row.first()) {
            Some(Value::Integer(fact)) => *fact,
            _ => 0,
        };
        untold.push((source, (last - read_through(api, source)? as i64).max(0)));
    }
    Ok(untold)
}

/// The last fact of a database that was read.
fn read_through(api: &Api, source: &'static str) -> Result<u64, StoreError> {
    let name = source.to_owned();
    Ok(api.store().read(move |records| records.find::<Reading>(&name))?.map_or(0, |read| read.fact))
}

/// Whether every fact of all databases was read, also those not folded before.
pub(super) fn has_told_all(api: &Api) -> Result<bool, StoreError> {
    for (source, store, _) in sources(api) {
        let before = read_through(api, source)?;
        let parameters = [Value::Integer(before as i64), Value::Integer(1)];
        if !store.rows(questions::FACTS_AFTER, &parameters)?.rows.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The secret bytes from which events have their names.
pub(super) fn names(api: &Api) -> [u8; 16] {
    let tag = api.tokens().keys().codes().tag(b"names of events");
    *tag.first_chunk().expect("a tag has 32 bytes")
}

type Reader = fn(&Store, u16, &[u8], Timestamp) -> Result<Option<Happening>, StoreError>;

fn read_some(api: &Api, source: &'static str, store: &Store, read: Reader) -> Result<bool, StoreError> {
    let before = read_through(api, source)?;
    let parameters = [Value::Integer(before as i64), Value::Integer(AT_ONCE)];
    let rows = store.folded_rows(questions::FACTS_AFTER, &parameters)?.rows;
    let mut through = before;
    let mut happenings = Vec::new();
    let mut reasons = BTreeMap::new();
    let endpoints = api.store().read(|records| records.all::<Endpoint>())?;
    let full = endpoints.iter().any(|endpoint| endpoint.full);
    for row in &rows {
        let [Value::Integer(sequence), Value::Integer(at), Value::Blob(body)] = &row[..] else { continue };
        through = *sequence as u64;
        let changes = Body::read(body).map(|body| body.changes).unwrap_or_default();
        for change in changes {
            if let Left::Record(record) = change.left {
                let mut happening = read(store, change.table, record, Timestamp::from_millis(*at))?;
                if let Some(happening) = happening.as_mut().filter(|_| full) {
                    happening.snapshot = snapshots::of(api, change.table, record, happening.at)?;
                }
                reasons.extend(decline(change.table, record));
                happenings.extend(happening.map(|happening| (through, happening)));
            }
        }
    }
    if through == before {
        return Ok(false);
    }
    let tell = Tell {
        source,
        through,
        happenings,
        entropy: names(api),
        endpoints: endpoints.iter().map(|endpoint| endpoint.id).collect(),
    };
    if let Outcome::Done(last) = api.store().call(tell)? {
        api.told(last);
        count(api, last, &reasons)?;
    }
    Ok(rows.len() as i64 == AT_ONCE)
}

/// What a fact of a database says happened, each to be told once, as far as things do not stand as before.
pub fn promised(
    source: &str,
    store: &Store,
    body: &[u8],
    at: Timestamp,
) -> Result<Vec<Happening>, StoreError> {
    let read: Reader = match source {
        "acquirer" => of_acquirer,
        "tokens" => of_tokens,
        "psp" => of_accounts,
        _ => return Ok(Vec::new()),
    };
    let mut happenings = Vec::new();
    for change in Body::read(body).map(|body| body.changes).unwrap_or_default() {
        if let Left::Record(record) = change.left {
            happenings.extend(read(store, change.table, record, at)?);
        }
    }
    Ok(happenings)
}

/// A record of this kind, if that is what changed. One written by an earlier shape of it is passed over.
pub(super) fn changed<R: Record>(table: u16, record: &[u8]) -> Option<R> {
    (table == table_id(R::TABLE)).then(|| postcard::from_bytes(record).ok()).flatten()
}

fn of_acquirer(
    store: &Store,
    table: u16,
    record: &[u8],
    at: Timestamp,
) -> Result<Option<Happening>, StoreError> {
    if let Some(payment) = changed::<Payment>(table, record) {
        return Ok(Some(of_payment(&payment, at)));
    }
    if let Some(intent) = changed::<Intent>(table, record) {
        return Ok(of_intent(&intent, at));
    }
    if let Some(merchant) = changed::<Merchant>(table, record) {
        let digest = crypto::hash::sha256(record);
        return Ok(Some(Happening {
            first: "merchant.created".to_owned(),
            later: "merchant.updated".to_owned(),
            subject: merchant.id.to_string(),
            tenant: Tenant::Merchant(merchant.id),
            state: hex::encode(&digest[..8]),
            at,
            snapshot: None,
        }));
    }
    if let Some(terminal) = changed::<Terminal>(table, record) {
        let state = match terminal.state {
            TerminalState::Active => "active",
            TerminalState::Blocked => "blocked",
        };
        return Ok(Some(Happening {
            first: "terminal.created".to_owned(),
            later: "terminal.updated".to_owned(),
            subject: terminal.id.to_string(),
            tenant: Tenant::Merchant(terminal.merchant),
            state: state.to_owned(),
            at,
            snapshot: None,
        }));
    }
    let Some(batch) = changed::<Batch>(table, record).filter(|batch| batch.state == BatchState::Captured)
    else {
        return Ok(None);
    };
    let id = batch.terminal;
    let terminal = store.read(move |records| records.find::<Terminal>(&id))?;
    Ok(terminal.map(|terminal| Happening {
        first: "settlement.captured".to_owned(),
        later: "settlement.captured".to_owned(),
        subject: format!("{}-{:06}", batch.terminal, batch.number),
        tenant: Tenant::Merchant(terminal.merchant),
        state: "captured".to_owned(),
        at,
        snapshot: None,
    }))
}

/// What becomes of an intent that the acquirer took is told by its payment.
fn of_intent(intent: &Intent, at: Timestamp) -> Option<Happening> {
    let state = match intent.state {
        IntentState::RequiresCard => "requires_card",
        IntentState::Processing => "processing",
        IntentState::Taken => return None,
        IntentState::Failed => "failed",
        IntentState::Cancelled => "cancelled",
        IntentState::Expired => "expired",
    };
    Some(Happening {
        first: "payment.created".to_owned(),
        later: format!("payment.{state}"),
        subject: intent.id.to_string(),
        tenant: Tenant::Merchant(intent.merchant),
        state: state.to_owned(),
        at,
        snapshot: None,
    })
}

fn of_payment(payment: &Payment, at: Timestamp) -> Happening {
    let state = match payment.state {
        PaymentState::Pending | PaymentState::Advised => "pending",
        PaymentState::Approved => "approved",
        PaymentState::Declined => "declined",
        PaymentState::Completed => "completed",
        PaymentState::ReversalPending if payment.is_voided() => "voiding",
        PaymentState::ReversalPending => "reversing",
        PaymentState::Reversed if payment.is_voided() => "voided",
        PaymentState::Reversed => "reversed",
    };
    let noun = if payment.kind == PaymentKind::Refund { "refund" } else { "payment" };
    let kind = format!("{noun}.{state}");
    Happening {
        first: kind.clone(),
        later: kind,
        subject: payment.id.to_string(),
        tenant: Tenant::Merchant(payment.merchant),
        state: state.to_owned(),
        at,
        snapshot: None,
    }
}

fn of_accounts(_: &Store, table: u16, record: &[u8], at: Timestamp) -> Result<Option<Happening>, StoreError> {
    if let Some(payment) = changed::<MerchantPayment>(table, record) {
        let state = upi_payments::status(payment.state);
        let noun = if payment.direction == Direction::Sent { "upi_refund" } else { "upi_payment" };
        let kind = format!("{noun}.{state}");
        return Ok(Some(Happening {
            first: kind.clone(),
            later: kind,
            subject: payment.id.to_string(),
            tenant: Tenant::Merchant(payment.merchant),
            state: state.to_owned(),
            at,
            snapshot: None,
        }));
    }
    Ok(changed::<MerchantCode>(table, record).map(|code| Happening {
        first: "upi_code.created".to_owned(),
        later: "upi_code.paid".to_owned(),
        subject: code.id.to_string(),
        tenant: Tenant::Merchant(code.merchant),
        state: if code.payment.is_some() { "paid" } else { "open" }.to_owned(),
        at,
        snapshot: None,
    }))
}

fn of_tokens(_: &Store, table: u16, record: &[u8], at: Timestamp) -> Result<Option<Happening>, StoreError> {
    if let Some(token) = changed::<Token>(table, record) {
        let state = tokens::status(&token.standing);
        return Ok(Some(Happening {
            first: "token.created".to_owned(),
            later: format!("token.{state}"),
            subject: token.reference.to_string(),
            tenant: Tenant::Issuer(token.issuer.to_string()),
            // Suspended by one more, or by one less, is another standing.
            state: format!("{state} {}", token.standing.suspenders),
            at,
            snapshot: None,
        }));
    }
    Ok(changed::<Device>(table, record).map(|device| {
        let state = format!("{:?}", device.state).to_lowercase();
        Happening {
            first: "device.registered".to_owned(),
            later: format!("device.{state}"),
            subject: device.id.to_string(),
            tenant: Tenant::Platform,
            state,
            at,
            snapshot: None,
        }
    }))
}
