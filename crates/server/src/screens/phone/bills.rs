//! Bills and recharges: who takes them, what is due, what became of it.

use super::{AccountView, RowView, Sum};
use crate::screens::pages::{Page, made};
use askama::Template;

#[derive(Template)]
#[template(path = "phone/upi/bills.html")]
struct Bills<'a> {
    page: &'a Page,
    groups: &'a [(String, Vec<(String, String)>)],
    paid: &'a [RowView],
}

/// Billers by what they bill for, each with its name in the directory and for people; and the bills that were paid last.
pub fn upi_bills(page: &Page, groups: &[(String, Vec<(String, String)>)], paid: &[RowView]) -> String {
    made(Bills { page, groups, paid })
}

/// A field by which a biller knows its customer.
#[derive(Clone, Debug, Default)]
pub struct BillerField {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub label: String,
    /// Whether only digits are in it.
    pub digits: bool,
    /// How many characters at most.
    pub most: usize,
    /// What was typed.
    pub typed: String,
}

/// A plan for a prepaid number.
#[derive(Clone, Debug, Default)]
pub struct PlanView {
    /// Its name.
    pub id: String,
    /// What it costs.
    pub amount: Sum,
    /// What it is.
    pub what: String,
}

/// A biller, and what it asks for.
#[derive(Clone, Debug, Default)]
pub struct BillerView {
    /// Its name in the directory.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// By what it knows its customers.
    pub fields: Vec<BillerField>,
    /// What can be recharged.
    pub plans: Vec<PlanView>,
    /// The plan that is chosen.
    pub chosen: String,
    /// Why it did not do.
    pub wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "phone/upi/biller.html")]
struct Biller<'a> {
    page: &'a Page,
    view: &'a BillerView,
}

/// Asks by what the biller knows its customer, and which plan if there are any.
pub fn upi_biller(page: &Page, view: &BillerView) -> String {
    made(Biller { page, view })
}

/// A bill that can be paid.
#[derive(Clone, Debug, Default)]
pub struct BillView {
    /// The biller.
    pub name: String,
    /// What it is about: names and values.
    pub facts: Vec<(String, String)>,
    /// What is due.
    pub due: Sum,
    /// Whether more or less may be paid.
    pub open: bool,
    /// The amount as typed.
    pub typed: String,
    /// A sentence about the amount.
    pub wrong: Option<String>,
    /// The accounts that can pay: those with a PIN.
    pub accounts: Vec<AccountView>,
}

#[derive(Template)]
#[template(path = "phone/upi/bill.html")]
struct Bill<'a> {
    page: &'a Page,
    view: &'a BillView,
    pay: String,
}

/// What is due, and from which account it is paid.
pub fn upi_bill(page: &Page, view: &BillView) -> String {
    let pay = match view.open {
        true => page.say("paycode-pay-this"),
        false => page.language.say_text("paycode-pay", "amount", &page.plain_sum(&view.due)),
    };
    made(Bill { page, view, pay })
}

/// A bill that was paid, as it stands.
#[derive(Clone, Debug, Default)]
pub struct BillPaidView {
    /// As in the list.
    pub row: RowView,
    /// What happened.
    pub said: String,
    /// What it was about, and what the biller answered: names and values.
    pub facts: Vec<(String, String)>,
    /// The payment's own page.
    pub payment: String,
    /// Whether the page may change by itself.
    pub waits: bool,
}

#[derive(Template)]
#[template(path = "phone/upi/bill_paid.html")]
struct BillPaid<'a> {
    page: &'a Page,
    view: &'a BillPaidView,
    figure: &'static str,
    ground: &'static str,
}

/// What became of a bill that was paid.
pub fn upi_bill_paid(page: &Page, view: &BillPaidView) -> String {
    let (figure, ground) = match view.row.state {
        "paid" => ("done", " ok-head"),
        "not-paid" | "back" => ("not-done", ""),
        _ => ("unknown", " wait-head"),
    };
    made(BillPaid { page, view, figure, ground })
}
