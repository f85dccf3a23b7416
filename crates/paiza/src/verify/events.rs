//! Whether every fact that promises an event has exactly one: of the right kind, in the order of the facts, counted without a gap;
//! and whether every delivery of a webhook that waits has its message in the outbox, and no other has.

use developers::{Event, Happening, Reading};
use server::platform_http::developers::promised;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use store::rooms::developers::questions;
use store::{Schema, Store, StoreError, SystemClock, Value};
use values::Timestamp;

/// Facts read at a time.
const AT_ONCE: i64 = 5000;

/// Looks at the events of the platform whose records lie in this directory: how many there are, or the first that is wrong.
pub(super) fn check(data: &Path, known: &[(String, Schema)]) -> Result<Option<usize>, String> {
    let Some(own) = open(data, "developers", known)? else { return Ok(None) };
    let look = own.read(|records| (records.all::<Reading>(), records.all::<Event>()));
    let (readings, events) = look.map_err(said)?;
    let mut expected = Expected::default();
    for source in ["acquirer", "tokens", "psp"] {
        let through = readings.iter().find(|reading| reading.source == source).map_or(0, |read| read.fact);
        if let Some(store) = open(data, source, known)? {
            expected.read(source, &store, through).map_err(said)?;
            store.close();
        }
    }
    let lost = own.rows(questions::DELIVERIES_WITHOUT_MESSAGE, &[]).map_err(said)?;
    let idle = own.rows(questions::MESSAGES_WITHOUT_DELIVERY, &[]).map_err(said)?;
    own.close();
    let named = |row: &[Value]| format!("{:?}", row.first().and_then(Value::as_text).unwrap_or_default());
    if let Some(row) = lost.rows.first() {
        return Err(format!("webhook_deliveries: {} waits, and no message brings it", named(row)));
    }
    if let Some(row) = idle.rows.first() {
        return Err(format!("outbox: the message {} brings nothing that waits", named(row)));
    }
    expected.compare(events).map(Some)
}

fn said(error: StoreError) -> String {
    error.to_string()
}

fn open(data: &Path, name: &str, known: &[(String, Schema)]) -> Result<Option<Store>, String> {
    let name = format!("platform/{name}");
    let path = data.join(&name);
    let schema = known.iter().find(|(known, _)| *known == name).map(|(_, schema)| schema.clone());
    let Some(schema) = schema.filter(|_| super::exists(&path)) else { return Ok(None) };
    Store::open(&path, schema, Arc::new(SystemClock)).map(Some).map_err(said)
}

/// What the facts promise: of each thing, the kinds of its events in order, and the fact that says so.
#[derive(Default)]
struct Expected(HashMap<String, Thing>);

#[derive(Default)]
struct Thing {
    state: String,
    kinds: Vec<(String, &'static str, u64)>,
}

impl Expected {
    /// Reads the facts of a database up to where they were told.
    fn read(&mut self, source: &'static str, store: &Store, through: u64) -> Result<(), StoreError> {
        let mut last: i64 = 0;
        loop {
            let rows =
                store.rows(questions::FACTS_AFTER, &[Value::Integer(last), Value::Integer(AT_ONCE)])?.rows;
            let full = rows.len() as i64 == AT_ONCE;
            for row in &rows {
                let [Value::Integer(fact), Value::Integer(at), Value::Blob(body)] = &row[..] else {
                    continue;
                };
                last = *fact;
                if *fact as u64 > through {
                    return Ok(());
                }
                for happening in promised(source, store, body, Timestamp::from_millis(*at))? {
                    self.happens(source, *fact as u64, &happening);
                }
            }
            if !full {
                return Ok(());
            }
        }
    }

    /// A thing that stands as before promises nothing.
    fn happens(&mut self, source: &'static str, fact: u64, happening: &Happening) {
        let first = !self.0.contains_key(&happening.subject);
        let thing = self.0.entry(happening.subject.clone()).or_default();
        if first || thing.state != happening.state {
            let kind = if first { &happening.first } else { &happening.later };
            thing.kinds.push((kind.clone(), source, fact));
            thing.state.clone_from(&happening.state);
        }
    }

    /// Compares with what was told: how many events there are, or the first that is wrong.
    fn compare(mut self, mut events: Vec<Event>) -> Result<usize, String> {
        events.sort_by_key(|event| event.number);
        let mut told: BTreeMap<&str, u64> = BTreeMap::new();
        for (place, event) in events.iter().enumerate() {
            if event.number != place as u64 + 1 {
                return Err(format!("events: number {} is missing or there twice", place + 1));
            }
            let sequence = told.entry(&event.subject).or_default();
            *sequence += 1;
            if event.sequence != *sequence {
                let about = format!("{} about {}", event.id, event.subject);
                return Err(format!(
                    "events: {about} is counted {} and is number {sequence}",
                    event.sequence
                ));
            }
            // What no fact of another database says is told in the commit in which it happens.
            if OF_OUR_OWN.iter().any(|kind| event.kind == *kind) {
                continue;
            }
            let place = usize::try_from(event.sequence - 1).unwrap_or(usize::MAX);
            match self.0.get(&event.subject).and_then(|thing| thing.kinds.get(place)) {
                Some((kind, ..)) if *kind == event.kind => {}
                Some((kind, source, fact)) => {
                    let instead = format!("fact {fact} of {source} promises {kind}");
                    return Err(format!(
                        "events: {} about {} is {}, {instead}",
                        event.id, event.subject, event.kind
                    ));
                }
                None => {
                    let about = format!("{} ({}) about {}", event.id, event.kind, event.subject);
                    return Err(format!("events: no fact promises {about}"));
                }
            }
        }
        self.0.retain(|subject, thing| {
            thing.kinds.len() as u64 > told.get(subject.as_str()).copied().unwrap_or(0)
        });
        let missing = self.0.iter().map(|(subject, thing)| {
            let told = usize::try_from(told.get(subject.as_str()).copied().unwrap_or(0)).unwrap_or(0);
            let (kind, source, fact) = &thing.kinds[told];
            (*source, *fact, format!("{kind} about {subject}"))
        });
        match missing.min() {
            None => Ok(events.len()),
            Some((source, fact, event)) => {
                Err(format!("events: {event} is missing, which fact {fact} of {source} promises"))
            }
        }
    }
}

/// Kinds of events that are told without a fact of another database.
const OF_OUR_OWN: [&str; 3] =
    [developers::webhook::PARKED, developers::export::SUCCEEDED, developers::export::FAILED];

#[cfg(test)]
mod tests {
    use super::*;
    use developers::Tenant;
    use values::Id;

    fn happening(state: &str) -> Happening {
        Happening {
            first: "payment.created".to_owned(),
            later: format!("payment.{state}"),
            subject: "pay_1".to_owned(),
            tenant: Tenant::Platform,
            state: state.to_owned(),
            at: Timestamp::from_millis(0),
            snapshot: None,
        }
    }

    fn event(number: u64, sequence: u64, kind: &str) -> Event {
        Event {
            number,
            id: Id::from_u128(number.into()),
            kind: kind.to_owned(),
            tenant: Tenant::Platform,
            subject: "pay_1".to_owned(),
            sequence,
            at: Timestamp::from_millis(0),
            snapshot: None,
        }
    }

    fn compared(events: Vec<Event>) -> Result<usize, String> {
        let mut expected = Expected::default();
        for (fact, state) in [(3, "open"), (4, "pending"), (5, "pending"), (9, "approved")] {
            expected.happens("acquirer", fact, &happening(state));
        }
        expected.compare(events)
    }

    #[test]
    fn each_promise_is_kept_once() {
        let created = || event(1, 1, "payment.created");
        let pending = || event(2, 2, "payment.pending");
        let approved = || event(3, 3, "payment.approved");
        assert_eq!(compared(vec![approved(), created(), pending()]), Ok(3));
        let wrong = |events: Vec<Event>, says: &str| {
            let told = compared(events).unwrap_err();
            assert!(told.contains(says), "{told}");
        };
        wrong(
            vec![created(), pending()],
            "payment.approved about pay_1 is missing, which fact 9 of acquirer promises",
        );
        wrong(vec![], "payment.created about pay_1 is missing, which fact 3 of acquirer promises");
        wrong(
            vec![created(), event(2, 2, "payment.declined"), approved()],
            "fact 4 of acquirer promises payment.pending",
        );
        wrong(vec![created(), pending(), approved(), event(4, 4, "payment.approved")], "no fact promises");
        wrong(vec![created(), pending(), event(3, 2, "payment.pending")], "is counted 2 and is number 3");
        wrong(vec![created(), approved()], "number 2 is missing");
        let parked = Event { subject: "whe_1".to_owned(), ..event(4, 1, developers::webhook::PARKED) };
        assert_eq!(compared(vec![created(), pending(), approved(), parked]), Ok(4));
    }
}
