//! What phones ask about addresses: their own, those of whom they want nothing, and to be forgotten with all of them.

use super::{Call, LISTED, No, shown};
use axum::response::Response;
use platform::psp::PaymentService;
use psp::records::DeviceId;
use serde::{Deserialize, Serialize};

/// Names an address.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The address.
    pub address: String,
}

/// Blocks an address.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewBlock {
    /// The address.
    pub address: String,
    /// Whether it is reported too.
    pub report: bool,
}

/// Answers what is asked here; nothing if it is something else.
pub(super) fn answer(
    service: &PaymentService,
    device: DeviceId,
    call: &Call,
    rest: &[&str],
) -> Option<Result<Response, No>> {
    let answer = || match (call.method.as_str(), rest) {
        ("GET", ["blocked"]) => Ok(Some(shown(&service.blocked(device, LISTED)?))),
        ("POST", ["blocked"]) => {
            let new: NewBlock = call.read()?;
            Ok(Some(shown(&service.block(device, &new.address, new.report)?)))
        }
        ("POST", ["blocked", "remove"]) => {
            let named: Named = call.read()?;
            Ok(Some(shown(&service.unblock(device, &named.address)?)))
        }
        ("POST", ["addresses", "first"]) => {
            let named: Named = call.read()?;
            Ok(Some(shown(&service.first_address(device, &named.address)?)))
        }
        ("POST", ["addresses", "remove"]) => {
            let named: Named = call.read()?;
            Ok(Some(shown(&service.remove_address(device, &named.address)?)))
        }
        ("POST", ["leave"]) => Ok(Some(shown(&service.leave(device)?))),
        _ => Ok(None),
    };
    answer().transpose()
}
