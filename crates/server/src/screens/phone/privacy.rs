//! The privacy centre: what is held, what was agreed to, who looked, taking it along, leaving.

use crate::screens::pages::{Page, made};
use askama::Template;

/// What lies on the phone.
#[derive(Clone, Copy, Debug, Default)]
pub struct HereView {
    /// Cards.
    pub cards: usize,
    /// Payments.
    pub payments: usize,
    /// Messages.
    pub texts: usize,
}

/// A card that its owner agreed to have a token for.
#[derive(Clone, Debug, Default)]
pub struct ConsentRow {
    /// Its reference.
    pub token: String,
    /// Whether it is on this phone, where it can be removed.
    pub here: bool,
    /// Bank and last four.
    pub card: String,
    /// Since when.
    pub since: String,
}

/// Somebody at the platform looked, or acted.
#[derive(Clone, Debug, Default)]
pub struct AccessRow {
    /// When.
    pub when: String,
    /// Which operator did what, as a sentence.
    pub said: String,
    /// The card or the phone.
    pub subject: String,
}

/// What the token service holds.
#[derive(Clone, Debug, Default)]
pub struct ThereView {
    /// The telephone number.
    pub number: String,
    /// Since when.
    pub since: String,
    /// How many phones.
    pub devices: usize,
    /// Whether a recovery code is kept.
    pub recovery: bool,
    /// Cards that live.
    pub consents: Vec<ConsentRow>,
    /// Cards that were removed, and until when their sealed numbers are kept.
    pub kept: Vec<(String, String)>,
    /// Who looked, the last first.
    pub accesses: Vec<AccessRow>,
    /// Whether that is known.
    pub accesses_known: bool,
    /// How many more there are in the file.
    pub more: usize,
}

/// What the centre shows.
#[derive(Clone, Debug, Default)]
pub struct PrivacyView {
    /// On this phone.
    pub here: HereView,
    /// At the token service; nothing while it does not answer.
    pub there: Option<ThereView>,
    /// Host and port of the platform.
    pub platform: String,
}

#[derive(Template)]
#[template(path = "phone/privacy.html")]
struct Privacy<'a> {
    page: &'a Page,
    view: &'a PrivacyView,
}

/// The centre.
pub fn privacy_centre(page: &Page, view: &PrivacyView) -> String {
    made(Privacy { page, view })
}

/// What leaving does.
#[derive(Clone, Debug, Default)]
pub struct LeaveView {
    /// Cards on this phone.
    pub cards: usize,
    /// Whether it is the last phone, so that its owner is forgotten too.
    pub last: bool,
    /// Until when something of a card that was removed before is kept.
    pub kept_until: Option<String>,
    /// Whether the phone pays from a bank account too.
    pub account: bool,
    /// Why it was not done.
    pub trouble: Option<String>,
}

#[derive(Template)]
#[template(path = "phone/leave.html")]
struct Leave<'a> {
    page: &'a Page,
    view: &'a LeaveView,
}

/// Asks before everything is deleted.
pub fn leave(page: &Page, view: &LeaveView) -> String {
    made(Leave { page, view })
}

#[derive(Template)]
#[template(path = "phone/left.html")]
struct Left<'a> {
    page: &'a Page,
}

/// Everything is deleted.
pub fn left(page: &Page) -> String {
    made(Left { page })
}
