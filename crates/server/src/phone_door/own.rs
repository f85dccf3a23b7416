//! The phone itself.

use super::visit::{Asked, Reply};
use super::{PhoneDoor, view};
use crate::screens::door::keeping;
use crate::screens::phone::{self as screens, DeviceRow, YouView};
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use values::Timestamp;
use values::time::Zone;

/// The settings.
pub(super) async fn you(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            let you = YouView {
                number: visit.phone.number().to_owned(),
                platform: visit.phone.platform().to_owned(),
                unread: visit.unread()?,
                zones: Zone::ALL.map(|zone| (zone.name(), view::zone_name(zone), zone == visit.page.zone)),
            };
            Reply::page(screens::you(&visit.page, &you))
        })
        .await
}

#[derive(Deserialize)]
pub(super) struct Clock {
    #[serde(default)]
    zone: String,
}

/// Another clock by which the phone tells the time; what is none of them is the one of its number's country.
pub(super) async fn choose_clock(State(door): State<PhoneDoor>, Form(wish): Form<Clock>) -> Response {
    let zone = Zone::parse(&wish.zone).map(Zone::name);
    keeping(&door.0.sessions.zone_cookie(), zone, Redirect::to("/you").into_response())
}

/// The phones of its owner.
pub(super) async fn devices(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            let list = visit.phone.devices()?;
            let row = |device: &crate::api::phone::DeviceView| DeviceRow {
                name: device.name.clone(),
                since: view::date(&visit.page, Timestamp::from_millis(device.since)),
                cards: device.cards,
                here: device.device == visit.phone.device(),
                lost: device.state == "lost",
            };
            let rows: Vec<_> = list.data.iter().map(row).collect();
            Reply::page(screens::devices(&visit.page, &rows, visit.phone.platform()))
        })
        .await
}

/// Who sees what.
pub(super) async fn parties(asked: Asked) -> Response {
    asked.owner(|visit| Reply::page(screens::parties(&visit.page))).await
}
