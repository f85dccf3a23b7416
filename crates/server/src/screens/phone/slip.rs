//! A receipt that is handed on: as text, as a paper, or shared from the page that shows what would be.

use super::looking_back::look;
use super::{HistoryView, ReceiptView, RowView, UpiReceiptView, receipt_sentence};
use crate::paper::{Column, Paper, Part, Sheet, is_hidden};
use crate::screens::pages::{Page, made};
use askama::Template;

/// What is handed on of a payment. The bank's texts are not: they tell of more than this payment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slip {
    /// How it ended, in a word.
    pub state: String,
    /// How much.
    pub amount: String,
    /// Whom.
    pub name: String,
    /// How it ended, in a sentence.
    pub said: String,
    /// Names and what they are.
    pub facts: Vec<(String, String)>,
}

impl Slip {
    fn of(page: &Page, row: &RowView, said: String) -> Slip {
        Slip {
            state: page.say(look(row.state).2),
            amount: page.plain_sum(&row.amount),
            name: row.name.clone(),
            said,
            facts: Vec::new(),
        }
    }

    /// Of a payment with a card.
    pub fn by_card(page: &Page, view: &ReceiptView) -> Slip {
        let facts = [
            ("upi-fact-reference", view.reference.clone().unwrap_or_default()),
            ("receipt-when", view.when.clone()),
            ("receipt-how", page.say(view.paid_by)),
            ("receipt-card", view.card.clone()),
            ("receipt-saw", format!("•••• {}", view.token_last_four)),
            ("receipt-counter", view.counter.to_string()),
        ];
        let known = facts.into_iter().filter(|(_, what)| !what.is_empty());
        let facts = known.map(|(name, what)| (page.say(name), what)).collect();
        Slip { facts, ..Slip::of(page, &view.row, page.say(receipt_sentence(view.row.state))) }
    }

    /// Of a payment from or into an account.
    pub fn by_account(page: &Page, view: &UpiReceiptView) -> Slip {
        let facts = [
            ("receipt-when", view.when.as_str()),
            ("upi-fact-address", &view.address),
            ("upi-fact-account", &view.account),
            ("upi-fact-note", view.note.as_deref().unwrap_or_default()),
            ("upi-fact-reference", &view.reference),
            ("bank-answer", &view.code),
            ("upi-fact-ask", &view.ask),
        ];
        let known = facts.into_iter().filter(|(_, what)| !what.is_empty());
        let facts = known.map(|(name, what)| (page.say(name), what.to_owned())).collect();
        Slip { facts, ..Slip::of(page, &view.row, format!("{} {}", view.said, view.next).trim().to_owned()) }
    }

    /// As text, a line for everything.
    pub fn text(&self, page: &Page) -> String {
        let head = [
            page.say("slip-title"),
            format!("{} – {}", self.amount, self.state),
            self.name.clone(),
            self.said.clone(),
            String::new(),
        ];
        let facts = self
            .facts
            .iter()
            .map(|(name, what)| page.language.say_texts("slip-fact", &[("name", name), ("what", what)]));
        let lines = head.into_iter().chain(facts).chain([String::new(), page.say("slip-made")]);
        lines.map(|line| shown(&line) + "\n").collect()
    }

    /// As a paper.
    pub fn paper(&self, page: &Page) -> Paper {
        Paper {
            title: page.say("slip-title"),
            language: page.language.tag(),
            sheet: Sheet::A5,
            parts: vec![
                Part::Heading(page.say("slip-title")),
                Part::Large(self.amount.clone()),
                Part::Words(format!("{} – {}", self.name, self.state)),
                Part::Words(self.said.clone()),
                Part::Facts(self.facts.clone()),
                Part::Quiet(page.say("slip-made")),
            ],
        }
    }
}

/// A line without what cannot be seen, or turns the direction of other letters.
fn shown(line: &str) -> String {
    let letters = line.chars().filter(|letter| !is_hidden(*letter));
    letters.map(|letter| if letter.is_whitespace() { ' ' } else { letter }).collect()
}

#[derive(Template)]
#[template(path = "phone/share.html")]
struct Share<'a> {
    page: &'a Page,
    text: String,
    at: &'a str,
}

/// What would be handed on, and the ways to do so; `at` is the path of the receipt.
pub fn share(page: &Page, slip: &Slip, at: &str) -> String {
    made(Share { page, text: slip.text(page), at })
}

/// A payment in a list on paper: as in the history, with the moment and by what it was paid.
#[derive(Clone, Debug, Default)]
pub struct HistoryLine {
    /// The day and the time.
    pub when: String,
    /// By what.
    pub how: String,
    /// The rest.
    pub row: RowView,
}

/// Everything that is looked for in the history, as a paper.
pub fn history_paper(page: &Page, view: &HistoryView, lines: &[HistoryLine]) -> Paper {
    let column = |head: &str, share: f32, right: bool| Column { head: page.say(head), share, right };
    let columns = vec![
        column("receipt-when", 0.2, false),
        column("history-whom", 0.3, false),
        column("receipt-how", 0.17, false),
        column("paycode-amount", 0.17, true),
        column("history-state", 0.16, false),
    ];
    let cells = |line: &HistoryLine| {
        let state = page.say(look(line.row.state).2);
        vec![
            line.when.clone(),
            line.row.name.clone(),
            line.how.clone(),
            page.plain_sum(&line.row.amount),
            state,
        ]
    };
    let mut parts = vec![Part::Heading(page.say("tab-history"))];
    let what = page.say(page.shown(view.show));
    parts.push(Part::Quiet(match view.words.is_empty() {
        true => what,
        false => page.language.say_texts("history-found", &[("what", &what), ("words", &view.words)]),
    }));
    for month in &view.months {
        let sums = |name: &str, sums: &[super::Sum]| {
            let each: String = sums.iter().map(|sum| format!(" {}", page.plain_sum(sum))).collect();
            if sums.is_empty() { String::new() } else { format!(", {}{each}", page.say(name)) }
        };
        let (out, into) = (sums("history-out", &month.out), sums("history-in", &month.into));
        parts.push(Part::Words(format!("{}{out}{into}", month.name)));
    }
    parts.push(Part::Table(columns, lines.iter().map(cells).collect()));
    parts.push(Part::Quiet(page.say("slip-made")));
    Paper { title: page.say("tab-history"), language: page.language.tag(), sheet: Sheet::A4, parts }
}
