//! The phone's own pages: what its owner sees, made from plain values that its door hands in.
//!
//! Read `first_run` (setting a phone up), `cards` (home, adding, one card), `tapping`, `coding` (by code), `upi` (from a bank account), `requests` (asked for, addresses), `bills`, `splits`, `mandates`, `disputes`, `purse`,
//! `looking_back` (history, texts), `own` (settings, devices, privacy).

mod bills;
mod cards;
mod coding;
mod disputes;
mod first_run;
mod looking_back;
mod mandates;
mod mini;
mod own;
mod privacy;
mod purse;
mod requests;
mod slip;
mod splits;
mod tapping;
#[cfg(test)]
mod tests;
mod upi;

pub use bills::{
    BillPaidView, BillView, BillerField, BillerView, PlanView, upi_bill, upi_bill_paid, upi_biller, upi_bills,
};
pub use cards::{
    AccountAtHome, AddView, CardView, DetailView, HomeView, KnownView, VerifyView, add, added, art_preview,
    card, home, not_added, remove, verify,
};
pub use coding::{ByCodeView, PayCodeView, by_code, pay_code};
pub use disputes::{ClaimView, DisputeView, upi_claim, upi_dispute};
pub use first_run::{PasskeyAsk, UnlockView, code, gone, passcode, recovery, unlock, welcome};
use looking_back::receipt_sentence;
pub use looking_back::{HistoryView, MonthView, ReceiptView, RowView, TextView, history, inbox, receipt};
pub use mandates::{DebitView, MandateRow, MandateView, TermsView, upi_mandate, upi_mandates};
pub use own::{DeviceRow, OwnPasskey, PasskeyOffer, YouView, devices, own_passkey, parties, you};
pub use privacy::{
    AccessRow, ConsentRow, HereView, LeaveView, PrivacyView, ThereView, leave, left, privacy_centre,
};
pub use purse::{PurseView, upi_purse};
pub use requests::{RequestRow, RequestView, upi_addresses, upi_blocked, upi_request, upi_requests};
pub use slip::{HistoryLine, Slip, history_paper, share};
pub use splits::{NewSplitView, ShareView, SplitRow, upi_share, upi_split, upi_split_new, upi_splits};
pub use tapping::{Choice, CodeView, EndView, ReadyView, TapState, tap, tap_inside};
pub use upi::{
    AccountView, CardOfAccountView, ConfirmView, FoundView, NewPinView, PinView, ReceiveView, StepView,
    UpiHomeView, UpiReceiptView, WhomView, upi_accounts, upi_address, upi_balance, upi_banks, upi_card,
    upi_confirm, upi_home, upi_new_pin, upi_no, upi_pin, upi_receipt, upi_receive, upi_register, upi_unsent,
    upi_whom,
};

use super::pages::{Page, made};
use askama::Template;

/// The style sheet of the phone: everybody's, then its own.
pub fn style_sheet() -> String {
    let parts = [include_str!("../../templates/style.css"), include_str!("../../templates/phone/phone.css")];
    super::palette::custom_properties() + &parts.concat()
}

/// What the phone's pages add where the browser runs scripts; they all work without.
pub const SCRIPT: &str = include_str!("../../templates/phone/phone.js");

/// What pages of account payment look like beyond that, and what a payment's page that waits does.
pub const UPI_STYLE: &str = include_str!("../../templates/phone/upi/upi.css");
/// See [`UPI_STYLE`].
pub const UPI_SCRIPT: &str = include_str!("../../templates/phone/upi/upi.js");

/// An amount of money as pages take it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// In minor units.
    pub minor: i64,
    /// ISO 4217 code; empty if it is none.
    pub currency: &'static str,
    /// How many digits the minor units have.
    pub decimals: u8,
}

// What templates call.
impl Page {
    fn sum(&self, sum: &Sum) -> String {
        self.money(sum.minor, sum.currency, sum.decimals)
    }

    fn plain_sum(&self, sum: &Sum) -> String {
        self.plain_money(sum.minor, sum.currency, sum.decimals)
    }
}

/// The tabs: name, path, icon, word.
type Entry = (&'static str, &'static str, &'static str, &'static str);
const TABS: [Entry; 4] = [
    ("home", "/", "home", "tab-home"),
    ("history", "/history", "history", "tab-history"),
    ("inbox", "/inbox", "chat", "tab-inbox"),
    ("you", "/you", "user", "tab-you"),
];

#[derive(Template)]
#[template(path = "phone/tabs.html")]
struct Tabs<'a> {
    page: &'a Page,
    tab: &'a str,
    unread: usize,
    entries: &'static [Entry],
}

fn tabs(page: &Page, tab: &str, unread: usize) -> String {
    made(Tabs { page, tab, unread, entries: &TABS })
}

#[derive(Template)]
#[template(path = "phone/problem.html")]
struct Problem<'a> {
    page: &'a Page,
    title: String,
    text: String,
    figure: &'static str,
    back: &'a str,
}

/// Something did not work: what, what still works, and a way back.
pub fn problem(page: &Page, title: &str, text: &str, back: &str) -> String {
    made(Problem { page, title: page.say(title), text: page.say(text), figure: "not-done", back })
}
