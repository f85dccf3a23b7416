//! What phones ask to be able to show it.

use super::door::{Door, Received};
use super::problem::Trouble;
use super::routes::{body, customer};
use crate::api::phone as wire;
use axum::Json;
use axum::extract::State;
use iso8583::OriginalData;
use platform::DisputeWish;
use platform::tidings::{PaymentEnd, Tiding};
use std::time::Duration;
use tokens::records::DeviceState;
use values::{Currency, Money};

/// How long a phone may be kept waiting for news of its tap; it asks again if there were none.
const WAIT_MOST_MS: u64 = 5_000;

/// How a tap of this phone ended; waits for it as long as it is asked to.
pub(super) fn tap(door: &Door, received: &Received) -> Result<wire::TapEnd, Trouble> {
    let device = received.active_device(door)?;
    let profile = door.service.profile(&device, received.id()?)?;
    let counter: u16 = received.named(1).parse().map_err(|_| Trouble::not_found())?;
    let wait_ms = received.query.strip_prefix("wait_ms=").and_then(|text| text.parse().ok()).unwrap_or(0);
    let patience = Duration::from_millis(u64::min(wait_ms, WAIT_MOST_MS));
    let tiding = door.service.tidings().of(profile.token.number, counter, patience);
    Ok(tiding.map_or_else(wire::TapEnd::unknown, tap_end))
}

/// What the gateway knows of a payment, as its phone is told.
pub(super) fn tap_end(tiding: Tiding) -> wire::TapEnd {
    let (state, response_code) = match tiding.end {
        PaymentEnd::Approved => ("approved", None),
        PaymentEnd::Declined(code) => ("declined", Some(code.to_string())),
        PaymentEnd::TakenBack => ("taken_back", None),
        PaymentEnd::Unknown => ("unknown", None),
    };
    wire::TapEnd {
        state: state.to_owned(),
        // Who gave a reason of its own did not ask the bank.
        response_code: response_code.filter(|_| tiding.refusal.is_none()),
        reason: tiding.refusal,
        merchant: tiding.merchant,
        reference: tiding.reference,
        original: String::from_utf8_lossy(&tiding.original.to_digits()).into_owned(),
        amount: Some(tiding.amount.minor()),
        currency: Some(tiding.amount.currency().numeric()),
    }
}

/// A payment of this phone is disputed.
pub(super) fn raise_dispute(door: &Door, received: &Received) -> Result<wire::DisputeAnswer, Trouble> {
    let ask: wire::DisputeAsk = body(received)?;
    let currency =
        ask.currency.and_then(Currency::from_numeric).ok_or_else(|| Trouble::invalid("/currency"))?;
    let amount = ask.amount.and_then(|minor| Money::new(minor, currency).ok());
    let amount = amount.ok_or_else(|| Trouble::invalid("/amount"))?;
    let claim = ask.claim.clone().ok_or_else(|| Trouble::invalid("/claim"))?;
    dispute(door, received, &ask, &DisputeWish::Raise { claim, amount })
}

/// How a dispute of a payment of this phone stands.
pub(super) fn look_at_dispute(door: &Door, received: &Received) -> Result<wire::DisputeAnswer, Trouble> {
    dispute(door, received, &body(received)?, &DisputeWish::Look)
}

/// A dispute is given up.
pub(super) fn withdraw_dispute(door: &Door, received: &Received) -> Result<wire::DisputeAnswer, Trouble> {
    dispute(door, received, &body(received)?, &DisputeWish::Withdraw)
}

fn dispute(
    door: &Door,
    received: &Received,
    ask: &wire::DisputeAsk,
    wish: &DisputeWish,
) -> Result<wire::DisputeAnswer, Trouble> {
    let device = received.active_device(door)?;
    let payment = OriginalData::parse(ask.original.as_bytes()).map_err(|_| Trouble::invalid("/original"))?;
    let verdict = door.service.dispute(&device, received.id()?, payment, wish)?;
    let dispute = serde_json::from_str(&verdict.dispute).ok();
    let reason = dispute.is_none().then(|| match verdict.reason.is_empty() {
        true => "dispute_not_taken".to_owned(),
        false => verdict.reason,
    });
    Ok(wire::DisputeAnswer { reason, dispute })
}

/// Public: who types a card number is told at once whether it can be added.
pub(super) async fn card_ranges(State(door): State<Door>) -> Json<wire::CardRanges> {
    let range = |range: &platform::CardRange| wire::CardRange {
        prefix: range.prefix,
        length: range.length,
        issuer: range.issuer.clone(),
        issuer_name: range.issuer_name.clone(),
        product: range.product.clone(),
    };
    Json(wire::CardRanges { data: door.service.ranges().iter().map(range).collect() })
}

/// The phones of the customer whose phone asks.
pub(super) fn devices(door: &Door, received: &Received) -> Result<wire::DeviceList, Trouble> {
    let devices = door.service.devices_of(customer(door, received)?)?;
    Ok(wire::DeviceList { data: devices.iter().map(device_view).collect() })
}

/// A phone as its owner sees it.
pub(super) fn device_view(device: &tokens::records::Device) -> wire::DeviceView {
    wire::DeviceView {
        device: device.id.to_string(),
        name: device.name.to_string(),
        state: match device.state {
            DeviceState::Pending => "pending",
            DeviceState::Active => "active",
            DeviceState::Lost => "lost",
        }
        .to_owned(),
        cards: device.tokens.len(),
        since: device.created.millis(),
    }
}
