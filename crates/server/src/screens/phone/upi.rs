//! Paying from a bank account: setting it up, whom and how much, the bank's page for the PIN, and how it ended.

use super::{Problem, RowView, Sum};
use crate::screens::pages::{Page, made};
use askama::Template;

/// A linked account as pages name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountView {
    /// Counted from 1, in the order of its owner.
    pub place: usize,
    /// Its bank.
    pub bank: String,
    /// The last four digits of its number.
    pub tail: String,
    /// Who holds it, as the bank says.
    pub holder: String,
    /// Whether a PIN is set.
    pub has_pin: bool,
}

impl AccountView {
    /// `Amber Bank •• 0016`.
    pub(super) fn line(&self) -> String {
        format!("{} ••\u{a0}{}", self.bank, self.tail)
    }
}

/// What the first page of account payment shows.
#[derive(Clone, Debug, Default)]
pub struct UpiHomeView {
    /// The address that others pay; empty before one was made.
    pub address: String,
    /// Linked accounts; the first is paid from and into.
    pub accounts: Vec<AccountView>,
    /// A sentence about what was just done.
    pub note: Option<String>,
    /// A sentence about requests for money that wait.
    pub asked: Option<String>,
    /// How many mandates wait for their owner to decide.
    pub mandates_asked: usize,
    /// A payment of which nobody knows yet how it ended.
    pub pending: Option<RowView>,
    /// The last payments.
    pub recent: Vec<RowView>,
}

#[derive(Template)]
#[template(path = "phone/upi/home.html")]
struct Home<'a> {
    page: &'a Page,
    view: &'a UpiHomeView,
}

/// The address, the accounts, what to do with them, what was paid last.
pub fn upi_home(page: &Page, view: &UpiHomeView) -> String {
    made(Home { page, view })
}

#[derive(Template)]
#[template(path = "phone/upi/register.html")]
struct Register<'a> {
    page: &'a Page,
    number: &'a str,
    trouble: Option<&'a str>,
}

/// Asks for the number of the SIM from which the phone proves itself by a text.
pub fn upi_register(page: &Page, number: &str, trouble: Option<&str>) -> String {
    made(Register { page, number, trouble })
}

#[derive(Template)]
#[template(path = "phone/upi/banks.html")]
struct Banks<'a> {
    page: &'a Page,
    banks: &'a [(String, String)],
    trouble: Option<&'a str>,
}

/// Asks at which bank the account is: name, and the first four letters of its branch codes.
pub fn upi_banks(page: &Page, banks: &[(String, String)], trouble: Option<&str>) -> String {
    made(Banks { page, banks, trouble })
}

/// An account that a bank listed.
#[derive(Clone, Debug, Default)]
pub struct FoundView {
    /// The bank's name for it.
    pub reference: String,
    /// The last four digits of its number.
    pub tail: String,
    /// Who holds it.
    pub holder: String,
    /// Whether it is linked already.
    pub linked: bool,
}

#[derive(Template)]
#[template(path = "phone/upi/accounts.html")]
struct Accounts<'a> {
    page: &'a Page,
    bank: &'a str,
    found: &'a [FoundView],
}

/// The accounts that the number has at a bank.
pub fn upi_accounts(page: &Page, bank: &str, found: &[FoundView]) -> String {
    made(Accounts { page, bank, found })
}

#[derive(Template)]
#[template(path = "phone/upi/address.html")]
struct Address<'a> {
    page: &'a Page,
    name: &'a str,
    handle: &'a str,
    trouble: Option<&'a str>,
}

/// Asks for the name in front of the provider's handle.
pub fn upi_address(page: &Page, name: &str, handle: &str, trouble: Option<&str>) -> String {
    made(Address { page, name, handle, trouble })
}

/// What setting a PIN begins with.
#[derive(Clone, Debug, Default)]
pub struct CardOfAccountView {
    /// The account.
    pub account: AccountView,
    /// The last six digits of its debit card, as typed.
    pub card: String,
    /// The card's last month, as typed.
    pub expiry: String,
    /// A sentence about the digits.
    pub wrong_card: Option<String>,
    /// A sentence about the month.
    pub wrong_expiry: Option<String>,
}

#[derive(Template)]
#[template(path = "phone/upi/card.html")]
struct CardOfAccount<'a> {
    page: &'a Page,
    view: &'a CardOfAccountView,
}

/// Asks for the debit card of the account, by which the bank knows its customer.
pub fn upi_card(page: &Page, view: &CardOfAccountView) -> String {
    made(CardOfAccount { page, view })
}

/// What the bank's page for a new PIN shows. No PIN is ever shown again.
#[derive(Clone, Debug, Default)]
pub struct NewPinView {
    /// The account.
    pub account: AccountView,
    /// How many digits its bank wants.
    pub length: usize,
    /// The bank's message, as a phone shows it on top.
    pub arrived: Option<(String, String)>,
    /// Why it was not set.
    pub trouble: Option<String>,
}

#[derive(Template)]
#[template(path = "phone/upi/new_pin.html")]
struct NewPin<'a> {
    page: &'a Page,
    view: &'a NewPinView,
}

/// Asks for the one-time password and the new PIN.
pub fn upi_new_pin(page: &Page, view: &NewPinView) -> String {
    made(NewPin { page, view })
}

/// What the bank's page for a PIN shows.
#[derive(Clone, Debug, Default)]
pub struct PinView {
    /// The account.
    pub account: AccountView,
    /// How many digits its PIN has.
    pub length: usize,
    /// Whom and how much, if it is a payment; else it is the balance that is asked for.
    pub payment: Option<(String, Sum)>,
    /// How often it is paid, and from when until when, if it is more than one payment.
    pub again: Option<String>,
    /// What the form belongs to, so that a PIN is never used for what another page shows.
    pub approves: String,
    /// Where the form leads.
    pub action: String,
    /// Where closing leads.
    pub back: &'static str,
    /// Why the last try did not do.
    pub trouble: Option<String>,
}

#[derive(Template)]
#[template(path = "phone/upi/pin.html")]
struct Pin<'a> {
    page: &'a Page,
    view: &'a PinView,
    kind: &'static str,
}

/// The bank's own page: for what, and the PIN.
pub fn upi_pin(page: &Page, view: &PinView) -> String {
    let kind = if view.payment.is_some() { "metal" } else { "act" };
    made(Pin { page, view, kind })
}

#[derive(Template)]
#[template(path = "phone/upi/balance.html")]
struct Balance<'a> {
    page: &'a Page,
    account: &'a AccountView,
    sum: &'a Sum,
}

/// What may still leave an account.
pub fn upi_balance(page: &Page, account: &AccountView, sum: &Sum) -> String {
    made(Balance { page, account, sum })
}

/// What asking for whom to pay shows.
#[derive(Clone, Debug, Default)]
pub struct WhomView {
    /// The address as typed.
    pub typed: String,
    /// A sentence about the address.
    pub wrong: Option<String>,
    /// Why the code or link is not paid.
    pub trouble: Option<String>,
}

#[derive(Template)]
#[template(path = "phone/upi/whom.html")]
struct Whom<'a> {
    page: &'a Page,
    view: &'a WhomView,
}

/// An address, a code or a link.
pub fn upi_whom(page: &Page, view: &WhomView) -> String {
    made(Whom { page, view })
}

/// What is shown before a payment is approved.
#[derive(Clone, Debug, Default)]
pub struct ConfirmView {
    /// The name that the payee's provider has registered.
    pub name: String,
    /// The address.
    pub address: String,
    /// The bank behind it, where it is known.
    pub bank: Option<String>,
    /// How much, if the link fixes it.
    pub fixed: Option<Sum>,
    /// The amount as typed, or as the link suggests.
    pub typed: String,
    /// What the payee reads.
    pub note: String,
    /// Whether the link says the note.
    pub note_fixed: bool,
    /// The accounts that can pay.
    pub accounts: Vec<AccountView>,
    /// The place of the chosen one.
    pub chosen: usize,
    /// What is in the purse, where that can pay.
    pub purse: Option<Sum>,
    /// Whether the purse is chosen.
    pub purse_chosen: bool,
    /// Whether nobody vouches for the link that was scanned.
    pub unsigned: bool,
    /// Whether this person never paid there.
    pub first_time: bool,
    /// A sentence about the amount.
    pub wrong_amount: Option<String>,
    /// A sentence about the note.
    pub wrong_note: Option<String>,
}

#[derive(Template)]
#[template(path = "phone/upi/confirm.html")]
struct Confirm<'a> {
    page: &'a Page,
    view: &'a ConfirmView,
    letters: String,
    pay: String,
}

/// Whom, how much, from which account.
pub fn upi_confirm(page: &Page, view: &ConfirmView) -> String {
    let pay = match &view.fixed {
        Some(fixed) => page.language.say_text("paycode-pay", "amount", &page.plain_sum(fixed)),
        None => page.say("paycode-pay-this"),
    };
    let initials = view.name.split_whitespace().filter_map(|word| word.chars().next());
    made(Confirm { page, view, letters: initials.take(2).collect(), pay })
}

/// What being paid shows.
#[derive(Clone, Debug, Default)]
pub struct ReceiveView {
    /// Who is paid.
    pub name: String,
    /// The address.
    pub address: String,
    /// Its place among the owner's, counted from 1.
    pub place: usize,
    /// The account that it arrives in.
    pub account: AccountView,
    /// The code, drawn.
    pub panel: String,
    /// What it says.
    pub text: String,
    /// How much it asks for.
    pub amount: Option<Sum>,
    /// The amount as typed.
    pub typed: String,
    /// A sentence about the amount.
    pub wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "phone/upi/receive.html")]
struct Receive<'a> {
    page: &'a Page,
    view: &'a ReceiveView,
}

/// The owner's own code.
pub fn upi_receive(page: &Page, view: &ReceiveView) -> String {
    made(Receive { page, view })
}

/// A step of a payment that is not over: whether it was done, what, and when.
#[derive(Clone, Debug, Default)]
pub struct StepView {
    /// `yes`, `now` or `later`.
    pub stands: &'static str,
    /// What.
    pub what: String,
    /// When, or what is known of it.
    pub when: String,
}

/// A payment from or into an account, as it stands.
#[derive(Clone, Debug, Default)]
pub struct UpiReceiptView {
    /// As in the list.
    pub row: RowView,
    /// What happened.
    pub said: String,
    /// What happens next; empty where nothing does.
    pub next: String,
    /// Where the money is, step by step, while nobody knows how it ends.
    pub steps: Vec<StepView>,
    /// The other side's address.
    pub address: String,
    /// The day and the time.
    pub when: String,
    /// The account.
    pub account: String,
    /// What the payer wrote.
    pub note: Option<String>,
    /// What a customer quotes.
    pub reference: String,
    /// The codes, for those who ask the bank.
    pub code: String,
    /// Whom to ask.
    pub ask: String,
    /// Whether the page may change by itself.
    pub waits: bool,
    /// Where what is claimed of it is shown, or may be claimed.
    pub dispute: Option<(String, String)>,
    /// Where the same is tried again, if nothing was taken.
    pub again: Option<String>,
}

#[derive(Template)]
#[template(path = "phone/upi/receipt.html")]
struct Receipt<'a> {
    page: &'a Page,
    view: &'a UpiReceiptView,
    figure: &'static str,
    ground: &'static str,
}

/// How a payment ended, or where it stands.
pub fn upi_receipt(page: &Page, view: &UpiReceiptView) -> String {
    let (figure, ground) = match view.row.state {
        "paid" | "received" => ("done", " ok-head"),
        "not-paid" => ("not-done", ""),
        _ => ("unknown", " wait-head"),
    };
    made(Receipt { page, view, figure, ground })
}

#[derive(Template)]
#[template(path = "phone/upi/unsent.html")]
struct Unsent<'a> {
    page: &'a Page,
    name: &'a str,
    sum: &'a Sum,
}

/// The provider did not answer: nobody knows whether it has the order. The same one can be sent again.
pub fn upi_unsent(page: &Page, name: &str, sum: &Sum) -> String {
    made(Unsent { page, name, sum })
}

/// Somebody said no: what, and what to do.
pub fn upi_no(page: &Page, title: &str, text: String, back: &str) -> String {
    made(Problem { page, title: page.say(title), text, figure: "not-done", back })
}
