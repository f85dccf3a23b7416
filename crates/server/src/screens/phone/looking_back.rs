//! What was paid with this phone, and the texts that came to it.

use super::{Sum, tabs};
use crate::screens::pages::{Page, made};
use askama::Template;

/// A payment in a list.
#[derive(Clone, Debug, Default)]
pub struct RowView {
    /// Its page.
    pub href: String,
    /// Where, or words for a shop that gave no name.
    pub name: String,
    /// When, by tap or by code, and with which card.
    pub second: String,
    /// How much.
    pub amount: Sum,
    /// `paid`, `received`, `checked`, `not-paid` or `back`.
    pub state: &'static str,
}

/// What the state of a payment looks like: class, icon, word.
pub(super) fn look(state: &str) -> (&'static str, &'static str, &'static str) {
    match state {
        "paid" => ("ok", "check", "chip-paid"),
        "received" => ("ok", "receive", "chip-received"),
        "not-paid" => ("bad", "close", "chip-not-paid"),
        "back" => ("wait", "undo", "chip-taken-back"),
        _ => ("wait", "hourglass", "chip-checked"),
    }
}

#[derive(Template)]
#[template(path = "phone/row.html")]
struct Row<'a> {
    page: &'a Page,
    row: &'a RowView,
    letters: String,
    class: &'static str,
    icon: &'static str,
    word: &'static str,
}

// What templates call.
impl Page {
    pub(super) fn tap_row(&self, row: &RowView) -> String {
        let (class, icon, word) = look(row.state);
        made(Row { page: self, row, letters: self.initials(&row.name), class, icon, word })
    }

    /// The first letters of a name's first two words.
    pub(super) fn initials(&self, name: &str) -> String {
        name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect()
    }

    /// The name of the word for some of the history.
    pub(super) fn shown(&self, name: &str) -> &'static str {
        match name {
            "out" => "history-show-out",
            "in" => "history-show-in",
            "waiting" => "history-show-waiting",
            _ => "history-show-all",
        }
    }

    pub(super) fn pay_chip(&self, state: &str) -> String {
        let (class, icon, word) = look(state);
        format!("<span class=\"chip {class}\">{}{}</span>", self.small_icon(icon), self.say(word))
    }
}

/// The payments of one month, with its name.
#[derive(Clone, Debug, Default)]
pub struct MonthView {
    /// Month and year.
    pub name: String,
    /// What was paid that month, by currency.
    pub out: Vec<Sum>,
    /// What was received.
    pub into: Vec<Sum>,
    /// Its payments, the last first.
    pub rows: Vec<RowView>,
}

/// What was paid, and what of it is looked for.
#[derive(Clone, Debug, Default)]
pub struct HistoryView {
    /// The last first.
    pub months: Vec<MonthView>,
    /// What is looked for.
    pub words: String,
    /// Which payments are shown, and which could be; the first of them are all.
    pub show: &'static str,
    /// See `show`.
    pub shown: [&'static str; 4],
    /// Those by account cannot be shown.
    pub missing: bool,
    /// Texts that nobody looked at.
    pub unread: usize,
}

impl HistoryView {
    /// Whether only some payments are looked for.
    fn is_part(&self) -> bool {
        !self.words.is_empty() || self.show != self.shown[0]
    }

    /// A query that looks for the same among these.
    fn query(&self, show: &str) -> String {
        let words = self.words.bytes().map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        });
        format!("?show={show}&q={}", words.collect::<String>())
    }
}

#[derive(Template)]
#[template(path = "phone/history.html")]
struct History<'a> {
    page: &'a Page,
    view: &'a HistoryView,
    tabs: String,
}

/// What was paid with this phone, by month.
pub fn history(page: &Page, view: &HistoryView) -> String {
    made(History { page, view, tabs: tabs(page, "history", view.unread) })
}

/// One payment.
#[derive(Clone, Debug, Default)]
pub struct ReceiptView {
    /// As in the list.
    pub row: RowView,
    /// The day and the time.
    pub when: String,
    /// Bank and last four of the card.
    pub card: String,
    /// What the shop saw of it.
    pub token_last_four: String,
    /// What was between phone and shop, the name of a sentence.
    pub paid_by: &'static str,
    /// The counter that names the tap.
    pub counter: u16,
    /// The reference on the shop's receipt, if it is known.
    pub reference: Option<String>,
    /// The bank's messages of that minute, if any came.
    pub texts: Vec<TextView>,
}

#[derive(Template)]
#[template(path = "phone/receipt.html")]
struct Receipt<'a> {
    page: &'a Page,
    view: &'a ReceiptView,
    figure: &'static str,
    ground: &'static str,
    sentence: String,
}

/// One payment and what is known of it.
pub fn receipt(page: &Page, view: &ReceiptView) -> String {
    let (figure, ground) = match view.row.state {
        "paid" => ("done", " ok-head"),
        "not-paid" => ("not-done", ""),
        _ => ("unknown", " wait-head"),
    };
    made(Receipt { page, view, figure, ground, sentence: page.say(receipt_sentence(view.row.state)) })
}

/// The name of the sentence for how a payment with a card ended.
pub(super) fn receipt_sentence(state: &str) -> &'static str {
    match state {
        "paid" => "receipt-paid",
        "not-paid" => "receipt-not-paid",
        "back" => "receipt-back",
        _ => "receipt-checked",
    }
}

/// A text message.
#[derive(Clone, Default)]
pub struct TextView {
    /// Who sent it.
    pub from: String,
    /// What it says.
    pub text: String,
    /// When it came.
    pub when: String,
    /// Whether nobody looked at it yet.
    pub unread: bool,
}

// It may hold a one-time password.
impl std::fmt::Debug for TextView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TextView(from {}, ****)", self.from)
    }
}

#[derive(Template)]
#[template(path = "phone/inbox.html")]
struct Inbox<'a> {
    page: &'a Page,
    days: &'a [(String, Vec<TextView>)],
    reachable: bool,
    tabs: String,
}

/// The texts by day, the last first; `reachable` says whether the telephone network could be asked for new ones.
pub fn inbox(page: &Page, days: &[(String, Vec<TextView>)], reachable: bool) -> String {
    made(Inbox { page, days, reachable, tabs: tabs(page, "inbox", 0) })
}
