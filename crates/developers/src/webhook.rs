//! Webhooks: events sent to an address of the caller's, signed as Standard Webhooks has it, until they are taken.

use crate::event::Event;
use crate::tenant::Tenant;
use crypto::hash::HmacKey;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use values::{Id, Operation, Outbound, Record, Records, Residency, Timestamp, id::kinds};

/// Outbox topic: an event to be sent to an endpoint. The key is `endpoint/number`, the body the same.
pub const TOPIC: &str = "webhooks";
/// How long an event is tried before it is parked.
pub const TRIED_FOR: Duration = Duration::from_secs(3 * 86_400);

/// Where somebody wants events sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its name.
    pub id: Id<kinds::WebhookEndpoint>,
    /// Whose it is; it gets what this tenant may know.
    pub tenant: Tenant,
    /// The address.
    pub url: String,
    /// The kinds that are wanted; `*` is all of them.
    pub kinds: Vec<String>,
    /// The signing secret, sealed under the platform's key.
    pub sealed: Vec<u8>,
    /// Whether it is used; one that answered 410 is not.
    pub enabled: bool,
    /// When it was set up.
    pub created_at: Timestamp,
}

impl Record for Endpoint {
    type Key = Id<kinds::WebhookEndpoint>;
    const TABLE: &'static str = "webhook_endpoints";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> Self::Key {
        self.id
    }
}

impl Endpoint {
    /// Whether an event is for it.
    pub fn wants(&self, event: &Event) -> bool {
        let may_know = self.tenant == Tenant::Platform || self.tenant == event.tenant;
        let named = self.kinds.iter().any(|kind| kind == "*" || *kind == event.kind);
        self.enabled && may_know && named
    }
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is tried until it is taken.
    Pending,
    /// The endpoint answered with a 2xx.
    Delivered,
    /// It was tried for three days, or the endpoint is gone.
    Parked,
}

/// One event on its way to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Where to.
    pub endpoint: Id<kinds::WebhookEndpoint>,
    /// The event's number.
    pub event: u64,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// The status of the last answer; none if there was none.
    pub last_status: Option<u16>,
    /// When it began, or was begun anew.
    pub begun_at: Timestamp,
}

impl Record for Delivery {
    type Key = (Id<kinds::WebhookEndpoint>, u64);
    const TABLE: &'static str = "webhook_deliveries";
    fn key(&self) -> Self::Key {
        (self.endpoint, self.event)
    }
}

/// Puts an event on its way.
pub(crate) fn begin_delivery<W: Records>(records: &mut W, to: &Endpoint, event: &Event, now: Timestamp) {
    let name = format!("{}/{}", to.id, event.number);
    records.put(Delivery {
        endpoint: to.id,
        event: event.number,
        state: DeliveryState::Pending,
        attempts: 0,
        last_status: None,
        begun_at: now,
    });
    let body = name.clone().into_bytes();
    records.send(Outbound { topic: TOPIC.to_owned(), key: name, due: now, body });
}

/// Endpoint and event that an outbox message names.
pub fn named(body: &[u8]) -> Option<(Id<kinds::WebhookEndpoint>, u64)> {
    let (endpoint, event) = str::from_utf8(body).ok()?.split_once('/')?;
    Some((endpoint.parse().ok()?, event.parse().ok()?))
}

/// Sets an endpoint up.
#[derive(Clone, Debug)]
pub struct AddEndpoint {
    /// The endpoint.
    pub endpoint: Endpoint,
}

impl Operation for AddEndpoint {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "developers.add_endpoint";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<(), ()> {
        records.put(self.endpoint.clone());
        Ok(())
    }
}

/// Removes an endpoint: nothing is sent there any more.
#[derive(Clone, Copy, Debug)]
pub struct RemoveEndpoint {
    /// Which.
    pub id: Id<kinds::WebhookEndpoint>,
}

impl Operation for RemoveEndpoint {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "developers.remove_endpoint";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<(), ()> {
        records.find::<Endpoint>(&self.id).ok_or(())?;
        records.remove::<Endpoint>(&self.id);
        Ok(())
    }
}

/// Sends an event again, to every endpoint that wants it.
#[derive(Clone, Debug)]
pub struct Resend {
    /// The event's number.
    pub event: u64,
    /// The endpoints it is sent to.
    pub endpoints: Vec<Id<kinds::WebhookEndpoint>>,
}

impl Operation for Resend {
    /// To how many it is sent.
    type Answer = u64;
    type Refusal = ();
    const NAME: &'static str = "developers.resend";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<u64, ()> {
        let event = records.find::<Event>(&self.event).ok_or(())?;
        let mut sent = 0;
        for id in &self.endpoints {
            let Some(endpoint) = records.find::<Endpoint>(id).filter(|endpoint| endpoint.wants(&event))
            else {
                continue;
            };
            begin_delivery(records, &endpoint, &event, now);
            sent += 1;
        }
        Ok(sent)
    }
}

/// What one try came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// An answer with this status.
    Status(u16),
    /// No answer.
    Silence,
}

/// Writes a try down and says whether it was the last one.
#[derive(Clone, Copy, Debug)]
pub struct Attempted {
    /// Where to.
    pub endpoint: Id<kinds::WebhookEndpoint>,
    /// Which event.
    pub event: u64,
    /// What came of it.
    pub tried: Tried,
}

impl Operation for Attempted {
    /// Where the delivery stands now.
    type Answer = DeliveryState;
    type Refusal = ();
    const NAME: &'static str = "developers.attempted";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<DeliveryState, ()> {
        let mut delivery: Delivery = records.find(&(self.endpoint, self.event)).ok_or(())?;
        delivery.attempts = delivery.attempts.saturating_add(1);
        delivery.last_status = match self.tried {
            Tried::Status(status) => Some(status),
            Tried::Silence => None,
        };
        delivery.state = match delivery.last_status {
            Some(200..=299) => DeliveryState::Delivered,
            Some(410) => DeliveryState::Parked,
            _ if now.since(delivery.begun_at) >= TRIED_FOR => DeliveryState::Parked,
            _ => DeliveryState::Pending,
        };
        // Gone is gone: nothing more is sent there.
        if delivery.last_status == Some(410)
            && let Some(endpoint) = records.find::<Endpoint>(&self.endpoint)
        {
            records.put(Endpoint { enabled: false, ..endpoint });
        }
        records.put(delivery.clone());
        Ok(delivery.state)
    }
}

/// The tag that stands in `webhook-signature` after `v1,`, before it is written in base64 (Standard Webhooks 1.0.0).
pub fn tag(secret: &[u8], id: &str, seconds: i64, body: &[u8]) -> [u8; 32] {
    let signed = [id.as_bytes(), b".", seconds.to_string().as_bytes(), b".", body].concat();
    HmacKey::new(secret).tag(&signed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification's reference libraries.
    #[test]
    fn the_published_example_is_signed_alike() {
        // whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
        let secret: [u8; 24] = [
            0x31, 0xF2, 0x90, 0xF6, 0xBF, 0x06, 0x29, 0x8A, 0xAB, 0x4F, 0x08, 0xD4, 0x3C, 0x3F, 0x08, 0x2C,
            0xF6, 0x48, 0xA3, 0x62, 0xDA, 0x2D, 0xA4, 0xB0,
        ];
        let tag = tag(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b"{\"test\": 2432232314}");
        // v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=
        assert_eq!(crate::key::hex(&tag), "83484cf52b04f8e4cf2531adfed9882ad4b2665137b852442d594d20e2c9d4e1");
    }
}
