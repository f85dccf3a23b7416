//! The phone itself.

use super::view;
use super::visit::{Asked, Reply};
use crate::screens::phone::{self as screens, DeviceRow, YouView};
use axum::response::Response;
use values::Timestamp;

/// The settings.
pub(super) async fn you(asked: Asked) -> Response {
    asked
        .owner(|visit| {
            let you = YouView {
                number: visit.phone.number().to_owned(),
                platform: visit.phone.platform().to_owned(),
                unread: visit.unread()?,
            };
            Reply::page(screens::you(&visit.page, &you))
        })
        .await
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
pub(super) async fn privacy(asked: Asked) -> Response {
    asked.owner(|visit| Reply::page(screens::privacy(&visit.page))).await
}
