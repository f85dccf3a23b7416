//! The phone itself: settings, devices, who sees what.

use super::tabs;
use crate::screens::pages::{Page, made};
use crate::screens::tablet::PARTY;
use askama::Template;

/// What the settings show.
#[derive(Clone, Debug, Default)]
pub struct YouView {
    /// The telephone number.
    pub number: String,
    /// Host and port of the platform.
    pub platform: String,
    /// Texts that nobody looked at.
    pub unread: usize,
    /// The clocks it can tell the time by: name, the name of the word for it, whether it is this one.
    pub zones: [(&'static str, &'static str, bool); 3],
}

#[derive(Template)]
#[template(path = "phone/you.html")]
struct You<'a> {
    page: &'a Page,
    view: &'a YouView,
    tabs: String,
}

/// The settings.
pub fn you(page: &Page, view: &YouView) -> String {
    made(You { page, view, tabs: tabs(page, "you", view.unread) })
}

/// A new passkey that is offered.
#[derive(Clone, Debug, Default)]
pub struct PasskeyOffer {
    /// What is signed.
    pub challenge: String,
    /// For what the authenticator computes a secret.
    pub salt: String,
    /// The owner's name for the authenticator, base64url.
    pub user: String,
    /// The owner's name for people.
    pub name: String,
}

/// The passkey of the phone's owner.
#[derive(Clone, Debug, Default)]
pub struct OwnPasskey {
    /// Whether there is one, and whether it pays.
    pub pays: Option<bool>,
    /// What is offered, where the browser takes passkeys.
    pub offer: Option<PasskeyOffer>,
    /// Where it does.
    pub elsewhere: String,
    /// Why none was added.
    pub trouble: Option<String>,
}

#[derive(Template)]
#[template(path = "phone/passkey.html")]
struct Passkey<'a> {
    page: &'a Page,
    view: &'a OwnPasskey,
}

/// The passkey: what it does, and how one is added or removed.
pub fn own_passkey(page: &Page, view: &OwnPasskey) -> String {
    made(Passkey { page, view })
}

/// A phone of the same owner.
#[derive(Clone, Debug, Default)]
pub struct DeviceRow {
    /// What its owner calls it.
    pub name: String,
    /// Since when.
    pub since: String,
    /// Live cards on it.
    pub cards: usize,
    /// Whether it is this one.
    pub here: bool,
    /// Whether it was reported lost.
    pub lost: bool,
}

#[derive(Template)]
#[template(path = "phone/devices.html")]
struct Devices<'a> {
    page: &'a Page,
    devices: &'a [DeviceRow],
    platform: &'a str,
}

/// The phones of this owner.
pub fn devices(page: &Page, devices: &[DeviceRow], platform: &str) -> String {
    made(Devices { page, devices, platform })
}

#[derive(Template)]
#[template(path = "phone/parties.html")]
struct Parties<'a> {
    page: &'a Page,
    tablet: String,
    parties: [(&'static str, &'static str, &'static str); 5],
}

/// What each party sees of a tap.
pub fn parties(page: &Page) -> String {
    let tablet = format!(
        "<svg class=\"party\" width=\"28\" height=\"44\" viewBox=\"0 0 56 88\" aria-hidden=\"true\"><path fill-rule=\"evenodd\" d=\"{}\"/></svg>",
        PARTY.path()
    );
    let parties = [
        ("privacy-phone", "privacy-phone-sees", "privacy-phone-not"),
        ("privacy-shop", "privacy-shop-sees", "privacy-shop-not"),
        ("privacy-network", "privacy-network-sees", "privacy-network-not"),
        ("privacy-service", "privacy-service-sees", "privacy-service-not"),
        ("privacy-bank", "privacy-bank-sees", "privacy-bank-not"),
    ];
    made(Parties { page, tablet, parties })
}
