//! What an issuer tells the token service of its cards' tokens: signed HTTP, until it has arrived.

use super::issuer::Issuer;
use crate::api::{CardDataKey, IssuerEvent, NewCard};
use crate::client::{Client, ClientError, Freshness};
use crate::phone::decode;
use crate::test_mode::Crossing;
use crate::trace::{Watch, Wire, show};
use crypto::p256::AgreementPublic;
use platform::replacement_context;
use sandbox::Digest;
use sandbox::issuer::card::{BankCard, CardState, TOPIC_TOKEN_LIFECYCLE};
use sandbox::issuer::{TokenLifecycle, TokenLink, replace};
use sandbox::keys::issuer_signing_key;
use std::net::SocketAddr;
use std::sync::Arc;
use store::{Arrival, Deliverer};
use values::{Outbound, Records, SecretBytes, TokenNumber};

/// What carries a bank's token events to the token service at this address; faults may strike on the way.
pub fn deliverer(
    issuer: &Issuer,
    platform: SocketAddr,
    watch: Watch,
    crossing: Option<Arc<Crossing>>,
) -> (String, Deliverer) {
    let bank = issuer.bank();
    let client = Client::new(&platform.to_string(), &format!("issuer:{}", bank.id), issuer_signing_key(bank));
    let events = Events { issuer: issuer.clone(), client: client.through(crossing), watch };
    let deliver: Deliverer = Box::new(move |outbound| events.deliver(outbound));
    (TOPIC_TOKEN_LIFECYCLE.to_owned(), deliver)
}

struct Events {
    issuer: Issuer,
    client: Client,
    watch: Watch,
}

impl Events {
    fn deliver(&self, outbound: &Outbound) -> Arrival {
        let bank = self.issuer.bank();
        let Ok(told) = serde_json::from_slice::<TokenLifecycle>(&outbound.body) else {
            tracing::error!(bank = bank.id, "a token event of our own cannot be read");
            return Arrival::Delivered;
        };
        let made = match told.replaced {
            Some(card) => self.replacement(told.token, card),
            None => self.action_now(told.token).map(|action| (action, None)),
        };
        let Some((action, sealed_card)) = made else { return Arrival::Retry };
        let token = told.token.digits();
        let event = IssuerEvent { token, action: action.to_owned(), sealed_card };
        let body = serde_json::to_vec(&event).unwrap_or_default();
        show(&self.watch, &bank.name, "platform", Wire::Http, "POST /v1/issuer-events", &body);
        self.send(outbound, &event)
    }

    /// What the bank wants of a token as its card stands now. A message that waited may have been overtaken by a
    /// later one; said late, its own word would undo the later one.
    fn action_now(&self, token: TokenNumber) -> Option<&'static str> {
        let found = self.issuer.store().read(move |records| {
            let link = records.find::<TokenLink>(&token)?;
            records.find::<BankCard>(&link.card).map(|card| card.state)
        });
        match found.ok()? {
            Some(CardState::Active) => Some("resume"),
            Some(CardState::Lost | CardState::Stolen | CardState::Blocked) => Some("suspend"),
            Some(CardState::Closed | CardState::Replaced) | None => Some("delete"),
        }
    }

    /// The number of the last plastic that took a card's place, opened and sealed again to the token service. For the
    /// same reason as above it is the last one, whichever the message was about.
    fn replacement(&self, token: TokenNumber, card: Digest) -> Option<(&'static str, Option<String>)> {
        let issuer = &self.issuer;
        let latest = issuer.store().read(move |records| replace::latest(records, card)).ok()?;
        let Some((new, pan)) = latest.and_then(|new| Some((new.clone(), new.number(issuer.keys())?))) else {
            tracing::error!(bank = issuer.bank().id, "a new plastic's number cannot be opened");
            return self.action_now(token).map(|action| (action, None));
        };
        let number = str::from_utf8(pan.expose()).ok()?.to_owned();
        let new = NewCard { pan: number, expiry: new.expiry.to_yymm(), art: None };
        let json = SecretBytes::new(serde_json::to_vec(&new).ok()?);
        let key = self.key()?;
        let sealed =
            crypto::jwe::seal(&key, "card-data", json.expose(), &replacement_context(&issuer.bank().id));
        Some(("replace", Some(sealed)))
    }

    /// The token service's key for card data, as it is now. A sandbox bank asks for it where it sends its events; a real
    /// one would be given it beforehand.
    fn key(&self) -> Option<AgreementPublic> {
        let asked = self.client.get::<CardDataKey>("/v1/card-data-key", &self.fresh());
        let key = asked.ok().and_then(|answer| decode(&answer.card_data_key).ok());
        let key = key.and_then(|bytes| AgreementPublic::from_sec1(&bytes).ok());
        if key.is_none() {
            tracing::warn!(bank = self.issuer.bank().id, "the token service's key is not to be had now");
        }
        key
    }

    fn fresh(&self) -> Freshness {
        Freshness { now: self.issuer.store().clock().now(), nonce: crypto::random::bytes() }
    }

    fn send(&self, outbound: &Outbound, event: &IssuerEvent) -> Arrival {
        let bank = self.issuer.bank();
        // What is said is how the card stands now, so every try is a request of its own: the answer to an earlier one would
        // tell of another standing.
        let fresh = self.fresh();
        let request_key = format!("{}-{}", outbound.key, hex::encode(fresh.nonce));
        let sent = self.client.post::<serde_json::Value>("/v1/issuer-events", &request_key, event, &fresh);
        match sent {
            Ok(_) => Arrival::Delivered,
            // A token that is gone needs no stopping.
            Err(ClientError::Problem(problem)) if problem.status == 404 => Arrival::Delivered,
            // Saying it again would get the same answer.
            Err(ClientError::Problem(problem)) if FINAL.contains(&problem.code.as_str()) => {
                tracing::error!(bank = bank.id, code = problem.code, "a token event was refused for good");
                Arrival::Delivered
            }
            Err(error) => {
                tracing::warn!(%error, bank = bank.id, "a token event was not taken");
                Arrival::Retry
            }
        }
    }
}

/// Refusals that another try does not change.
const FINAL: &[&str] = &["request_invalid", "card_not_supported", "token_deleted", "token_expired"];
