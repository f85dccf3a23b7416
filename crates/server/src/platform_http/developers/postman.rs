//! The postman: carries events to webhook endpoints, signed as Standard Webhooks has it, by the published schedule.

use super::events::view;
use super::teller::names;
use super::{Api, webhooks};
use crate::test_mode::{self, Struck};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use developers::webhook::{Attempted, TOPIC, Tried, named, tag};
use developers::{Delivery, DeliveryState, Endpoint, Event};
use store::{Arrival, Lanes, Outcome};
use values::{Outbound, Records};

/// At most so many endpoints are called at once.
const AT_ONCE: usize = 64;

/// What carries events to endpoints. Each endpoint is a lane: one that is slow keeps nobody else waiting.
pub(super) fn lanes(api: &Api) -> Lanes {
    let api = api.clone();
    let deliver = move |outbound: &Outbound| deliver(&api, outbound);
    Lanes { topic: TOPIC, lane: endpoint_of, width: AT_ONCE, deliver: Box::new(deliver) }
}

fn endpoint_of(outbound: &Outbound) -> String {
    outbound.key.split('/').next().unwrap_or_default().to_owned()
}

fn deliver(api: &Api, outbound: &Outbound) -> Arrival {
    let Some((id, number)) = named(&outbound.body) else { return Arrival::Delivered };
    let found = api.store().read(move |records| {
        let delivery = records.find::<Delivery>(&(id, number))?;
        Some((records.find::<Endpoint>(&id)?, records.find::<Event>(&number)?, delivery))
    });
    let (endpoint, event, delivery) = match found {
        Ok(Some(found)) => found,
        // The endpoint was removed.
        Ok(None) => return Arrival::Delivered,
        Err(_) => return Arrival::Retry,
    };
    let tried = match endpoint.enabled.then(|| send(api, &endpoint, &event)) {
        None => Tried::Disabled,
        Some(Some(status)) => Tried::Status(status),
        Some(None) => Tried::Silence,
    };
    let Ok(endpoints) = api.store().read(|records| records.all::<Endpoint>()) else { return Arrival::Retry };
    // Nobody outside foresees the wait, and a sandbox that is moved through the same time twice waits twice alike.
    let (names, tries) = (names(api), delivery.attempts.to_be_bytes());
    let spread = crypto::hash::sha256_pieces(&[&names, &outbound.body, &tries]);
    let attempted = Attempted {
        endpoint: id,
        event: number,
        tried,
        entropy: *spread.first_chunk().expect("a digest has 32 bytes"),
        names,
        endpoints: endpoints.iter().map(|endpoint| endpoint.id).collect(),
    };
    match api.store().call(attempted) {
        // The next try has a message of its own, so this one is done with in any case.
        Ok(Outcome::Done((delivery, told))) => {
            if delivery.state == DeliveryState::Parked {
                tracing::warn!(endpoint = %id, event = %event.id, tries = delivery.attempts, "an event is parked");
            }
            if let Some(last) = told {
                api.told(last);
            }
            Arrival::Delivered
        }
        Ok(_) => Arrival::Delivered,
        Err(_) => Arrival::Retry,
    }
}

/// What an endpoint is told of an event: its name and what it is about, and the thing itself where the endpoint wants it.
fn said(endpoint: &Endpoint, event: &Event) -> Vec<u8> {
    let mut text = serde_json::to_string(&view(event)).expect("texts and numbers are JSON");
    if endpoint.full {
        text.truncate(text.len() - 1);
        text.push_str(&format!(",\"data\":{}}}", event.snapshot.as_deref().unwrap_or("null")));
    }
    text.into_bytes()
}

/// Sends an event; the status of the answer, if there was one.
fn send(api: &Api, endpoint: &Endpoint, event: &Event) -> Option<u16> {
    let secrets = webhooks::secrets_of(api, endpoint, api.now())?;
    let body = said(endpoint, event);
    let id = event.id.to_string();
    // Whoever checks it lives outside, so this is the machine's time, also where a sandbox's clock was moved.
    let seconds = api.store().clock().machine().millis().div_euclid(1000);
    let signed = |secret: &values::SecretBytes| {
        format!("v1,{}", STANDARD.encode(tag(secret.expose(), &id, seconds, &body)))
    };
    let content = developers::webhook::signed(&id, seconds, &body);
    let pairs = webhooks::pairs_of(api, endpoint, api.now());
    let by_pairs = pairs.iter().map(|pair| format!("v1a,{}", STANDARD.encode(pair.sign(&content))));
    let signatures: Vec<String> = secrets.iter().map(signed).chain(by_pairs).collect();
    let trace = api.0.traces.of(&event.subject).map(|trace| trace.lines(crypto::random::bytes()));
    let headers = format!(
        "webhook-id: {id}\r\nwebhook-timestamp: {seconds}\r\nwebhook-signature: {}\r\n{}",
        signatures.join(" "),
        trace.unwrap_or_default()
    );
    let go = |body: &[u8]| api.egress().post(&endpoint.url, &headers, body);
    let struck = |struck| match struck {
        Struck::Silence => None,
        Struck::Status(status) => Some(status),
    };
    test_mode::send(api.webhook_crossing(), &body, go, struck)
}
