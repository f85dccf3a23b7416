//! What phones ask to be able to show it.

use super::door::Door;
use super::problem::Trouble;
use super::routes::{customer, id, work};
use crate::api::phone as wire;
use axum::Json;
use axum::extract::{Path, Query, Request, State};
use axum::response::Response;
use platform::tidings::PaymentEnd;
use std::time::Duration;
use tokens::records::DeviceState;

/// How long a phone may be kept waiting for news of its tap; it asks again if there were none.
const WAIT_MOST_MS: u64 = 5_000;

#[derive(serde::Deserialize)]
pub(super) struct Patience {
    #[serde(default)]
    wait_ms: u64,
}

/// How a tap of this phone ended; waits for it as long as it is asked to.
pub(super) async fn tap(
    State(door): State<Door>,
    Path((token, counter)): Path<(String, u16)>,
    Query(Patience { wait_ms }): Query<Patience>,
    request: Request,
) -> Result<Response, Trouble> {
    work(door, request, move |door, received| {
        let device = received.active_device(door)?;
        let profile = door.service.profile(&device, id(&token)?)?;
        let unknown = wire::TapEnd {
            state: "unknown".to_owned(),
            response_code: None,
            reason: None,
            merchant: String::new(),
            reference: String::new(),
        };
        let patience = Duration::from_millis(wait_ms.min(WAIT_MOST_MS));
        let Some(tiding) = door.service.tidings().of(profile.token.number, counter, patience) else {
            return Ok(unknown);
        };
        let (state, response_code) = match tiding.end {
            PaymentEnd::Approved => ("approved", None),
            PaymentEnd::Declined(code) => ("declined", Some(code.to_string())),
            PaymentEnd::TakenBack => ("taken_back", None),
            PaymentEnd::Unknown => ("unknown", None),
        };
        Ok(wire::TapEnd {
            state: state.to_owned(),
            // Who gave a reason of its own did not ask the bank.
            response_code: response_code.filter(|_| tiding.refusal.is_none()),
            reason: tiding.refusal,
            merchant: tiding.merchant,
            reference: tiding.reference,
        })
    })
    .await
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
pub(super) async fn devices(State(door): State<Door>, request: Request) -> Result<Response, Trouble> {
    work(door, request, |door, received| {
        let devices = door.service.devices_of(customer(door, received)?)?;
        let view = |device: &tokens::records::Device| wire::DeviceView {
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
        };
        Ok(wire::DeviceList { data: devices.iter().map(view).collect() })
    })
    .await
}
