//! What an issuer tells the platform of its cards' tokens: signed HTTP, until it has arrived.

use super::issuer::Issuer;
use crate::api::IssuerEvent;
use crate::client::{Client, ClientError, Freshness};
use crate::trace::{Watch, Wire, show};
use sandbox::issuer::card::{BankCard, CardState, TOPIC_TOKEN_LIFECYCLE};
use sandbox::issuer::{TokenLifecycle, TokenLink};
use sandbox::keys::issuer_signing_key;
use std::net::SocketAddr;
use store::{Arrival, Deliverer};
use values::{Outbound, Records, TokenNumber};

/// What carries a bank's token events to the platform at this address.
pub fn deliverer(issuer: &Issuer, platform: SocketAddr, watch: Watch) -> (String, Deliverer) {
    let bank = issuer.bank();
    let client = Client::new(&platform.to_string(), &format!("issuer:{}", bank.id), issuer_signing_key(bank));
    let issuer = issuer.clone();
    let deliver: Deliverer = Box::new(move |outbound| {
        let Ok(told) = serde_json::from_slice::<TokenLifecycle>(&outbound.body) else {
            tracing::error!(bank = bank.id, "a token event of our own cannot be read");
            return Arrival::Delivered;
        };
        let Some(action) = action_now(&issuer, told.token) else { return Arrival::Retry };
        let event = IssuerEvent { token: told.token.digits().to_string(), action: action.to_owned() };
        let body = serde_json::to_vec(&event).unwrap_or_default();
        show(&watch, &bank.name, "platform", Wire::Http, "POST /v1/issuer-events", &body);
        send(&client, &issuer, outbound, &event)
    });
    (TOPIC_TOKEN_LIFECYCLE.to_owned(), deliver)
}

/// What the bank wants of a token as its card stands now. A message that waited may have been overtaken by a
/// later one; said late, its own word would undo the later one.
fn action_now(issuer: &Issuer, token: TokenNumber) -> Option<&'static str> {
    let found = issuer.store().read(move |records| {
        let link = records.find::<TokenLink>(&token)?;
        records.find::<BankCard>(&link.card).map(|card| card.state)
    });
    match found.ok()? {
        Some(CardState::Active) => Some("resume"),
        Some(CardState::Lost | CardState::Stolen | CardState::Blocked) => Some("suspend"),
        Some(CardState::Closed) | None => Some("delete"),
    }
}

fn send(client: &Client, issuer: &Issuer, outbound: &Outbound, event: &IssuerEvent) -> Arrival {
    let fresh = Freshness { now: issuer.store().clock().now(), nonce: crypto::random::bytes() };
    let sent = client.post::<serde_json::Value>("/v1/issuer-events", &outbound.key, event, &fresh);
    match sent {
        Ok(_) => Arrival::Delivered,
        // A token that is gone needs no stopping.
        Err(ClientError::Problem(problem)) if problem.status == 404 => Arrival::Delivered,
        Err(error) => {
            tracing::warn!(%error, bank = issuer.bank().id, "a token event was not taken");
            Arrival::Retry
        }
    }
}
