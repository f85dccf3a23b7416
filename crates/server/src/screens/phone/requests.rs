//! What merchants ask for, the owner's own addresses, and those that are blocked.

use super::{AccountView, Sum};
use crate::screens::pages::{Page, made};
use askama::Template;

/// A request for money, as in the list.
#[derive(Clone, Debug, Default)]
pub struct RequestRow {
    /// The transaction.
    pub id: String,
    /// The merchant's name, as its provider says it.
    pub name: String,
    /// The merchant's address.
    pub address: String,
    /// Until when it can be paid.
    pub until: String,
    /// How much.
    pub amount: Sum,
}

#[derive(Template)]
#[template(path = "phone/upi/requests.html")]
struct Requests<'a> {
    page: &'a Page,
    rows: &'a [RequestRow],
    note: Option<&'a str>,
}

/// All requests that can still be paid.
pub fn upi_requests(page: &Page, rows: &[RequestRow], note: Option<&str>) -> String {
    made(Requests { page, rows, note })
}

/// One request.
#[derive(Clone, Debug, Default)]
pub struct RequestView {
    /// As in the list.
    pub row: RequestRow,
    /// What for.
    pub note: Option<String>,
    /// The owner's address that was asked.
    pub own: String,
    /// The accounts that can pay: those with a PIN.
    pub accounts: Vec<AccountView>,
}

#[derive(Template)]
#[template(path = "phone/upi/request.html")]
struct Request<'a> {
    page: &'a Page,
    view: &'a RequestView,
    letters: String,
    pay: String,
}

/// Who asks, for how much, until when; and paying, declining, blocking.
pub fn upi_request(page: &Page, view: &RequestView) -> String {
    let initials = view.row.name.split_whitespace().filter_map(|word| word.chars().next());
    let pay = page.language.say_text("paycode-pay", "amount", &page.plain_sum(&view.row.amount));
    made(Request { page, view, letters: initials.take(2).collect(), pay })
}

#[derive(Template)]
#[template(path = "phone/upi/addresses.html")]
struct Addresses<'a> {
    page: &'a Page,
    addresses: &'a [String],
    note: Option<&'a str>,
}

/// The owner's own addresses; the first is paid with and shown.
pub fn upi_addresses(page: &Page, addresses: &[String], note: Option<&str>) -> String {
    made(Addresses { page, addresses, note })
}

#[derive(Template)]
#[template(path = "phone/upi/blocked.html")]
struct Blocked<'a> {
    page: &'a Page,
    blocked: &'a [(String, bool)],
    typed: &'a str,
    wrong: Option<&'a str>,
    note: Option<&'a str>,
}

/// The blocked addresses, each with whether it was reported; and blocking another, as typed and what is wrong with it.
pub fn upi_blocked(
    page: &Page,
    blocked: &[(String, bool)],
    (typed, wrong): (&str, Option<&str>),
    note: Option<&str>,
) -> String {
    made(Blocked { page, blocked, typed, wrong, note })
}
