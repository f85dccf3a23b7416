//! Mandates on the phone's screens: the list, one of them with its terms and debits, and one before it is made.

use super::{AccountView, Sum};
use crate::screens::pages::{Page, made};
use askama::Template;

/// A mandate in a list.
#[derive(Clone, Debug, Default)]
pub struct MandateRow {
    /// Where its page is.
    pub href: String,
    /// What it is for.
    pub name: String,
    /// Who is paid, or who pays.
    pub other: String,
    /// How much at most.
    pub amount: Sum,
    /// How it stands: the name of a sentence, without `mandate-state-`.
    pub state: &'static str,
}

/// What was approved, in sentences.
#[derive(Clone, Debug, Default)]
pub struct TermsView {
    /// What it is for.
    pub name: String,
    /// Who is paid: the name that its provider registered, where it is known.
    pub payee: String,
    /// The payee's address.
    pub address: String,
    /// Whether it is this person's money that leaves.
    pub pays: bool,
    /// The amount of one debit, or the most of it.
    pub amount: Sum,
    /// Whether it is always the amount.
    pub exact: bool,
    /// How often, and on which days.
    pub pattern: String,
    /// From when until when.
    pub days: String,
    /// Whether the payer may take it back.
    pub revocable: bool,
    /// Whether the amount is set aside.
    pub blocks: bool,
}

/// One debit.
#[derive(Clone, Debug, Default)]
pub struct DebitView {
    /// How much.
    pub amount: Sum,
    /// How it stands: the name of a sentence, without `mandate-debit-`.
    pub state: &'static str,
    /// When it is due or was made, or why it was not.
    pub when: String,
}

/// What the page of a mandate shows.
#[derive(Clone, Debug, Default)]
pub struct MandateView {
    /// The path of its page.
    pub path: String,
    /// What was, or is to be, approved.
    pub terms: TermsView,
    /// How it stands: the name of a sentence, without `mandate-state-`.
    pub state: &'static str,
    /// Whether nobody vouches for the link that asks for it.
    pub unsigned: bool,
    /// Why it was not made, if so.
    pub trouble: Option<String>,
    /// Its number.
    pub number: Option<String>,
    /// Its debits, the newest first.
    pub debits: Vec<DebitView>,
    /// Whether this person may approve or decline it.
    pub decides: bool,
    /// Whether it may be paused.
    pub pauses: bool,
    /// Whether it may go on.
    pub goes_on: bool,
    /// Whether it may be revoked.
    pub revokes: bool,
    /// Whether this person may present a debit.
    pub presents: bool,
    /// The accounts that can be debited, where there is something to approve.
    pub accounts: Vec<AccountView>,
    /// A sentence about the amount that was typed.
    pub wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "phone/upi/mandates.html")]
struct Mandates<'a> {
    page: &'a Page,
    rows: &'a [MandateRow],
}

/// All mandates, those that wait for their owner first.
pub fn upi_mandates(page: &Page, rows: &[MandateRow]) -> String {
    made(Mandates { page, rows })
}

#[derive(Template)]
#[template(path = "phone/upi/mandate.html")]
struct Mandate<'a> {
    page: &'a Page,
    view: &'a MandateView,
}

/// A mandate: its terms, how it stands, its debits, what can be done with it.
pub fn upi_mandate(page: &Page, view: &MandateView) -> String {
    made(Mandate { page, view })
}

// What these templates call.
impl Page {
    /// How a mandate or a debit stands: the sentence of a family that its state chooses.
    fn mandate_word(&self, family: &str, state: &str) -> String {
        self.say(&format!("mandate-{family}-{state}"))
    }
}
