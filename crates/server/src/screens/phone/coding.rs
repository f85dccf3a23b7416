//! Paying by code: which way, and what a scanned code asks for.

use super::{Choice, PasskeyAsk, Sum};
use crate::screens::pages::{Page, made};
use askama::Template;

/// What the page with both ways shows.
#[derive(Clone, Debug, Default)]
pub struct ByCodeView {
    /// Why the code that was scanned is not paid.
    pub trouble: Option<String>,
}

#[derive(Template)]
#[template(path = "phone/by_code.html")]
struct ByCode<'a> {
    page: &'a Page,
    trouble: Option<&'a str>,
}

/// Show a code, or scan one.
pub fn by_code(page: &Page, view: &ByCodeView) -> String {
    made(ByCode { page, trouble: view.trouble.as_deref() })
}

/// What a scanned code asks for.
#[derive(Clone, Debug, Default)]
pub struct PayCodeView {
    /// The shop, by its acquirer's register.
    pub merchant: String,
    /// Its town.
    pub city: String,
    /// What it sells, four digits.
    pub category: String,
    /// How much, if the code fixes it.
    pub fixed: Option<Sum>,
    /// Code of the currency.
    pub currency: &'static str,
    /// The amount as typed.
    pub typed: String,
    /// Whether the code is made for one payment.
    pub single: bool,
    /// Whether this phone never paid there.
    pub first_time: bool,
    /// The cards that can pay, one chosen.
    pub cards: Vec<Choice>,
    /// A sentence about the amount.
    pub wrong_amount: Option<String>,
    /// A sentence about the passcode.
    pub wrong_passcode: Option<String>,
    /// Host and port of the platform.
    pub platform: String,
    /// The passkey, where its owner added one.
    pub passkey: Option<PasskeyAsk>,
}

#[derive(Template)]
#[template(path = "phone/pay_code.html")]
struct PayCode<'a> {
    page: &'a Page,
    view: &'a PayCodeView,
    pay: String,
}

/// Whom, how much, with which card; the passcode or the passkey approves it.
pub fn pay_code(page: &Page, view: &PayCodeView) -> String {
    let pay = match &view.fixed {
        Some(fixed) => page.language.say_text("paycode-pay", "amount", &page.plain_sum(fixed)),
        None => page.say("paycode-pay-this"),
    };
    made(PayCode { page, view, pay })
}
