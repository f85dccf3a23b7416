//! The purse on the phone's screens.

use super::{AccountView, Sum};
use crate::screens::pages::{Page, made};
use askama::Template;

/// What the purse's page shows.
#[derive(Clone, Debug, Default)]
pub struct PurseView {
    /// What is in it; nothing where there is none.
    pub balance: Option<Sum>,
    /// The page of an order of which nobody has said how it ended.
    pub waiting: Option<String>,
    /// Whether this number has one on another phone.
    pub elsewhere: bool,
    /// At most so much lies in it.
    pub most_in: Sum,
    /// At most so much leaves it at a time.
    pub most_at_once: Sum,
    /// At most so much leaves it in a day.
    pub most_a_day: Sum,
    /// The accounts that it can be filled from.
    pub accounts: Vec<AccountView>,
    /// The place of the chosen one.
    pub chosen: usize,
    /// The amount as typed.
    pub typed: String,
    /// A sentence about the amount.
    pub wrong: Option<String>,
    /// A sentence about what was just done.
    pub note: Option<String>,
}

#[derive(Template)]
#[template(path = "phone/upi/purse.html")]
struct Purse<'a> {
    page: &'a Page,
    view: &'a PurseView,
    button: String,
}

/// The purse: what is in it, how it is opened, filled and closed, and its limits.
pub fn upi_purse(page: &Page, view: &PurseView) -> String {
    let button = match (&view.balance, view.elsewhere) {
        (Some(_), _) => "purse-fill",
        (None, true) => "purse-close-lost",
        (None, false) => "purse-open",
    };
    made(Purse { page, view, button: page.language.say(button) })
}
