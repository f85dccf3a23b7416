//! Webhooks: events sent to an address of the caller's, signed as Standard Webhooks has it, until they are taken.

use crate::event::{Event, Happening, tell_now};
use crate::tenant::Tenant;
use crypto::hash::HmacKey;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use values::{Id, Operation, Outbound, Record, Records, Residency, Timestamp, id::kinds};

/// Outbox topic: an event to be sent to an endpoint. The key is `endpoint/number`, the body the same.
pub const TOPIC: &str = "webhooks";
/// How long before each try: the first is made at once, and after the last an event is parked. Each wait is longer or
/// shorter by up to a fifth, so that what failed together is not tried again together.
pub const SCHEDULE: [Duration; 11] = {
    const fn minutes(count: u64) -> Duration {
        Duration::from_secs(60 * count)
    }
    [
        Duration::ZERO,
        Duration::from_secs(5),
        minutes(1),
        minutes(5),
        minutes(30),
        minutes(2 * 60),
        minutes(5 * 60),
        minutes(10 * 60),
        minutes(14 * 60),
        minutes(20 * 60),
        minutes(24 * 60),
    ]
};

/// How long to wait after so many tries, with two fresh random bytes; nothing after the last.
pub fn wait_after(tries: u32, entropy: [u8; 2]) -> Option<Duration> {
    let wait = SCHEDULE.get(usize::try_from(tries).ok()?)?;
    // From four to six fifths of it.
    let thousandths = 800 + u32::from(u16::from_be_bytes(entropy)) * 401 / 65_536;
    Some(*wait * thousandths / 1000)
}

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
    /// The secret before it, sealed likewise, while it signs too.
    pub previous: Option<Vec<u8>>,
    /// Until when that one signs.
    pub previous_until: Option<Timestamp>,
    /// Whether events are signed with a key pair too (`v1a`).
    pub asymmetric: bool,
    /// How often the secret was changed: each turn has a key pair of its own.
    pub turn: u32,
    /// Whether events carry their objects as they left them, beside their names.
    pub full: bool,
    /// Whether it is used; one that answered 410 is not.
    pub enabled: bool,
    /// When it was set up.
    pub created_at: Timestamp,
    /// The last fact of each database, by its name, when it was set up. No clock tells what came first: a sandbox's may
    /// stand still.
    pub set_up_after: BTreeMap<String, u64>,
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
    /// The sealed secrets that sign at this moment, the newest first.
    pub fn signing(&self, now: Timestamp) -> impl Iterator<Item = &[u8]> {
        let lives = self.previous_until.is_some_and(|until| now < until);
        let previous = self.previous.as_deref().filter(|_| lives);
        std::iter::once(self.sealed.as_slice()).chain(previous)
    }

    /// The turns whose key pairs sign at this moment, the newest first.
    pub fn turns(&self, now: Timestamp) -> impl Iterator<Item = u32> {
        let lives = self.previous_until.is_some_and(|until| now < until);
        let previous = self.turn.checked_sub(1).filter(|_| lives);
        std::iter::once(self.turn).chain(previous).filter(|_| self.asymmetric)
    }

    /// Whether what a fact of a database says happened since it was set up.
    pub fn hears(&self, source: &str, fact: u64) -> bool {
        self.set_up_after.get(source).is_none_or(|last| fact > *last)
    }

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
    /// Every try failed, or the endpoint is gone. It can be sent again.
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
    records.put(Delivery {
        endpoint: to.id,
        event: event.number,
        state: DeliveryState::Pending,
        attempts: 0,
        last_status: None,
        begun_at: now,
    });
    send(records, to.id, event.number, now);
}

fn send<W: Records>(records: &mut W, endpoint: Id<kinds::WebhookEndpoint>, event: u64, due: Timestamp) {
    // Padded, so that what is due at one moment leaves in the order in which it happened.
    let name = format!("{endpoint}/{event:020}");
    let body = name.clone().into_bytes();
    records.send(Outbound { topic: TOPIC.to_owned(), key: name, due, body });
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

/// Changes an endpoint. What is not said stays.
#[derive(Clone, Debug)]
pub struct ChangeEndpoint {
    /// Which.
    pub id: Id<kinds::WebhookEndpoint>,
    /// The address.
    pub url: Option<String>,
    /// The kinds that are wanted.
    pub kinds: Option<Vec<String>>,
    /// Whether it is used.
    pub enabled: Option<bool>,
    /// Whether events are signed with a key pair too.
    pub asymmetric: Option<bool>,
    /// Whether events carry their objects.
    pub full: Option<bool>,
}

impl Operation for ChangeEndpoint {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "developers.change_endpoint";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<(), ()> {
        let old = records.find::<Endpoint>(&self.id).ok_or(())?;
        records.put(Endpoint {
            url: self.url.clone().unwrap_or(old.url),
            kinds: self.kinds.clone().unwrap_or(old.kinds),
            enabled: self.enabled.unwrap_or(old.enabled),
            asymmetric: self.asymmetric.unwrap_or(old.asymmetric),
            full: self.full.unwrap_or(old.full),
            ..old
        });
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

/// Gives an endpoint a new secret. The old one signs beside it for a while, so that its owner can change over.
#[derive(Clone, Debug)]
pub struct RotateSecret {
    /// Which endpoint.
    pub id: Id<kinds::WebhookEndpoint>,
    /// The new secret, sealed under the platform's key.
    pub sealed: Vec<u8>,
    /// How long the old one signs too.
    pub keep_old_for: Duration,
}

impl Operation for RotateSecret {
    type Answer = Endpoint;
    type Refusal = ();
    const NAME: &'static str = "developers.rotate_secret";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Endpoint, ()> {
        let endpoint: Endpoint = records.find(&self.id).ok_or(())?;
        let kept = !self.keep_old_for.is_zero();
        let endpoint = Endpoint {
            previous: kept.then(|| endpoint.sealed.clone()),
            previous_until: kept.then(|| now.after(self.keep_old_for)),
            sealed: self.sealed.clone(),
            turn: endpoint.turn.saturating_add(1),
            ..endpoint
        };
        records.put(endpoint.clone());
        Ok(endpoint)
    }
}

/// Uses an endpoint again that was disabled. What was parked meanwhile is not sent by itself.
#[derive(Clone, Copy, Debug)]
pub struct EnableEndpoint {
    /// Which.
    pub id: Id<kinds::WebhookEndpoint>,
}

impl Operation for EnableEndpoint {
    type Answer = Endpoint;
    type Refusal = ();
    const NAME: &'static str = "developers.enable_endpoint";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<Endpoint, ()> {
        let endpoint: Endpoint = records.find(&self.id).ok_or(())?;
        let endpoint = Endpoint { enabled: true, ..endpoint };
        records.put(endpoint.clone());
        Ok(endpoint)
    }
}

/// Sends events again, to every endpoint that wants them.
#[derive(Clone, Debug)]
pub struct Resend {
    /// The events' numbers.
    pub events: Vec<u64>,
    /// The endpoints they are sent to.
    pub endpoints: Vec<Id<kinds::WebhookEndpoint>>,
    /// Leaves out what an endpoint has taken.
    pub undelivered: bool,
}

impl Operation for Resend {
    /// How many deliveries were begun.
    type Answer = u64;
    type Refusal = ();
    const NAME: &'static str = "developers.resend";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<u64, ()> {
        let found = self.endpoints.iter().filter_map(|id| records.find::<Endpoint>(id));
        let endpoints: Vec<Endpoint> = found.collect();
        let mut sent = 0;
        for number in &self.events {
            let event = records.find::<Event>(number).ok_or(())?;
            for endpoint in endpoints.iter().filter(|endpoint| endpoint.wants(&event)) {
                let known = records.find::<Delivery>(&(endpoint.id, *number));
                if self.undelivered && known.is_some_and(|known| known.state != DeliveryState::Parked) {
                    continue;
                }
                begin_delivery(records, endpoint, &event, now);
                sent += 1;
            }
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
    /// The endpoint is disabled; nothing was sent.
    Disabled,
}

/// The kind of the event that tells of a delivery that is parked. The event is about the endpoint.
pub const PARKED: &str = "webhook_endpoint.parked";

/// Writes a try down, and has the next one made when it is due. What is parked is told as an event.
#[derive(Clone, Debug)]
pub struct Attempted {
    /// Where to.
    pub endpoint: Id<kinds::WebhookEndpoint>,
    /// Which event.
    pub event: u64,
    /// What came of it.
    pub tried: Tried,
    /// Two bytes that nobody foresees: how much longer or shorter the wait is.
    pub entropy: [u8; 2],
    /// Sixteen secret bytes, from which the event has its name should it be parked.
    pub names: [u8; 16],
    /// Every endpoint that may want to know of it.
    pub endpoints: Vec<Id<kinds::WebhookEndpoint>>,
}

impl Operation for Attempted {
    /// The delivery as it stands now, and the number of the event that tells that it is parked.
    type Answer = (Delivery, Option<u64>);
    type Refusal = ();
    const NAME: &'static str = "developers.attempted";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(Delivery, Option<u64>), ()> {
        let mut delivery: Delivery = records.find(&(self.endpoint, self.event)).ok_or(())?;
        if self.tried != Tried::Disabled {
            delivery.attempts = delivery.attempts.saturating_add(1);
            delivery.last_status = match self.tried {
                Tried::Status(status) => Some(status),
                Tried::Silence | Tried::Disabled => None,
            };
        }
        let wait = wait_after(delivery.attempts, self.entropy);
        delivery.state = match (self.tried, wait) {
            (Tried::Status(200..=299), _) => DeliveryState::Delivered,
            (Tried::Status(410) | Tried::Disabled, _) | (_, None) => DeliveryState::Parked,
            (_, Some(wait)) => {
                // The message of the next try takes the place of this one's.
                send(records, self.endpoint, self.event, now.after(wait));
                DeliveryState::Pending
            }
        };
        // Gone is gone: nothing more is sent there.
        if self.tried == Tried::Status(410)
            && let Some(endpoint) = records.find::<Endpoint>(&self.endpoint)
        {
            records.put(Endpoint { enabled: false, ..endpoint });
        }
        records.put(delivery.clone());
        let told = match delivery.state {
            DeliveryState::Parked => self.tell(records, now),
            DeliveryState::Pending | DeliveryState::Delivered => None,
        };
        Ok((delivery, told))
    }
}

impl Attempted {
    /// Tells that it is parked. The endpoint itself does not hear it, and of such an event that is parked in its turn no
    /// endpoint does: it stands in the list, or two that are gone would tell one another for ever.
    fn tell<W: Records>(&self, records: &mut W, now: Timestamp) -> Option<u64> {
        let own: Endpoint = records.find(&self.endpoint)?;
        let about: Event = records.find(&self.event)?;
        let happening = Happening {
            first: PARKED.to_owned(),
            later: PARKED.to_owned(),
            subject: own.id.to_string(),
            tenant: own.tenant,
            state: format!("parked {}", self.event),
            at: now,
            snapshot: None,
        };
        let heard = self.endpoints.iter().filter(|id| **id != self.endpoint && about.kind != PARKED);
        let endpoints: Vec<Endpoint> = heard.filter_map(|id| records.find::<Endpoint>(id)).collect();
        tell_now(records, &happening, &self.names, endpoints.iter(), now)
    }
}

/// What is signed of a webhook (Standard Webhooks 1.0.0).
pub fn signed(id: &str, seconds: i64, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", seconds.to_string().as_bytes(), b".", body].concat()
}

/// The tag that stands in `webhook-signature` after `v1,`, before it is written in base64 (Standard Webhooks 1.0.0).
pub fn tag(secret: &[u8], id: &str, seconds: i64, body: &[u8]) -> [u8; 32] {
    HmacKey::new(secret).tag(&signed(id, seconds, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_follow_the_schedule_a_fifth_around() {
        let seconds = |wait: Option<Duration>| wait.map(|wait| wait.as_secs());
        assert_eq!(wait_after(0, [255, 255]), Some(Duration::ZERO), "the first try is made at once");
        assert_eq!(seconds(wait_after(1, [0, 0])), Some(4));
        assert_eq!(seconds(wait_after(1, [255, 255])), Some(6));
        assert_eq!(seconds(wait_after(2, [128, 0])), Some(60));
        let all: u64 = (0..11).filter_map(|tries| seconds(wait_after(tries, [128, 0]))).sum();
        assert_eq!(all / 3600, 75, "three days and a little");
        assert_eq!(wait_after(11, [0, 0]), None);
        assert_eq!(wait_after(u32::MAX, [0, 0]), None);
    }

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
