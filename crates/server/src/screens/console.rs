//! The console's screens: payments as they flow, one payment's way, lists, what a search found.

use super::flow::Flow;
use super::pages::{Page, made};
use super::terminal::{amount, chip};
use super::test_tools::TestState;
use askama::Template;

/// The sections of the rail: name, path, icon.
pub const SECTIONS: &[(&str, &str, &str)] = &[
    ("console-live", "/", "network"),
    ("console-payments", "/payments", "history"),
    ("console-accounts", "/account-payments", "bank"),
    ("console-tokens", "/tokens", "vault"),
    ("console-devices", "/devices", "phone"),
    ("console-merchants", "/merchants", "store"),
    ("console-reversals", "/reversals", "undo"),
    ("console-settlement", "/settlement", "doc"),
    ("console-rules", "/rules", "shield"),
    ("console-limits", "/limits", "filter"),
    ("console-proposals", "/proposals", "check"),
    ("console-keys", "/keys", "key"),
    ("console-operators", "/operators", "user"),
    ("console-audit", "/audit", "info"),
];

/// What every page of the console shows.
pub struct Frame {
    /// Path of the section it belongs to.
    pub section: &'static str,
    /// What is searched for.
    pub search: String,
    /// The last message of the tape when it was made; none where nobody watches the wires.
    pub last: Option<u64>,
    /// The operator who looks, by name.
    pub who: String,
    /// How the clock and the wires of a sandbox are; none elsewhere.
    pub test: Option<TestState>,
}

// What templates call.
impl Frame {
    pub(super) fn sections(&self) -> &'static [(&'static str, &'static str, &'static str)] {
        SECTIONS
    }
}

/// A number of the strip above, with a chip if something is off.
pub struct Metric {
    /// What it is.
    pub label: String,
    /// How much.
    pub value: String,
    /// A chip, as [`chip`] made it.
    pub chip: Option<String>,
}

/// A payment in a list.
pub struct Entry {
    /// Where it is looked at.
    pub path: String,
    /// When it was made, UTC.
    pub time: String,
    /// The amount in minor units, with currency and decimals.
    pub money: (u64, &'static str, u8),
    /// To whom.
    pub to: String,
    /// Its state, as [`state_chip`] made it.
    pub chip: String,
    /// DE 37.
    pub reference: String,
    /// Whether it is the one that is looked at.
    pub chosen: bool,
}

// What templates call.
impl Entry {
    fn amount(&self, page: &Page) -> String {
        amount(page, self.money.0, self.money.1, self.money.2)
    }
}

/// A message that can be looked at.
pub struct Tab {
    /// Where it is looked at.
    pub path: String,
    /// Its type.
    pub title: String,
    /// From whom to whom.
    pub way: String,
    /// When, after the first of the payment, in milliseconds.
    pub after: String,
    /// Its length.
    pub bytes: usize,
    /// Whether it is the one that is looked at.
    pub chosen: bool,
}

/// A line of a message: tag, depth, name, value.
pub struct Line {
    /// Data element; empty below one.
    pub tag: String,
    /// `0`, `1` or `2`.
    pub depth: usize,
    /// What it is called.
    pub name: String,
    /// What it holds, masked.
    pub value: String,
}

/// One payment and its way.
pub struct Journey {
    /// What is known of it: label and value.
    pub facts: Vec<(String, String)>,
    /// Its state, as [`state_chip`] made it.
    pub chip: String,
    /// The drawing.
    pub flow: Flow,
    /// Between whom messages of it went.
    pub hops: Vec<Filter>,
    /// Those between the two that are looked at.
    pub tabs: Vec<Tab>,
    /// The message that is looked at: its title, its way, its lines.
    pub message: Option<(String, String, Vec<Line>)>,
}

// What templates call.
impl Journey {
    fn drawing(&self, page: &Page) -> String {
        self.flow.drawing(page)
    }
}

#[derive(Template)]
#[template(path = "console/live.html")]
struct Live<'a> {
    page: &'a Page,
    frame: &'a Frame,
    metrics: &'a [Metric],
    entries: &'a [Entry],
    journey: Option<&'a Journey>,
}

/// Payments as they flow, and the way of the one that is looked at.
pub fn live(
    page: &Page,
    frame: &Frame,
    metrics: &[Metric],
    entries: &[Entry],
    journey: Option<&Journey>,
) -> String {
    made(Live { page, frame, metrics, entries, journey })
}

#[derive(Template)]
#[template(path = "console/payment.html")]
struct Payment<'a> {
    page: &'a Page,
    frame: &'a Frame,
    title: &'a str,
    journey: &'a Journey,
}

/// One payment on a page of its own.
pub fn payment(page: &Page, frame: &Frame, title: &str, journey: &Journey) -> String {
    made(Payment { page, frame, title, journey })
}

/// A cell of a table.
#[derive(Clone, Default)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// `number`, `code`, or nothing.
    pub class: &'static str,
    /// Where it leads.
    pub link: Option<String>,
    /// A chip in place of the text, as [`chip`] made it.
    pub chip: Option<String>,
}

impl Cell {
    /// Plain text.
    pub fn text(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), ..Cell::default() }
    }

    /// A name of machines.
    pub fn code(text: impl Into<String>) -> Cell {
        Cell { class: "code", ..Cell::text(text) }
    }

    /// A number.
    pub fn number(text: impl Into<String>) -> Cell {
        Cell { class: "number", ..Cell::text(text) }
    }

    /// A chip.
    pub fn chip(chip: String) -> Cell {
        Cell { chip: Some(chip), ..Cell::default() }
    }

    /// The same, leading there.
    #[must_use]
    pub fn to(self, link: String) -> Cell {
        Cell { link: Some(link), ..self }
    }
}

/// A table: what it is about, its columns and rows.
pub struct Table {
    /// The heading; the title of the page if it is the only table.
    pub title: String,
    /// Names of the columns, in the page's language; a column of numbers says so.
    pub columns: Vec<(String, &'static str)>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
    /// What will come here.
    pub empty: String,
    /// Where it goes on.
    pub next: Option<String>,
}

/// A choice above a table.
pub struct Filter {
    /// Where it leads.
    pub path: String,
    /// What it is called.
    pub name: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

#[derive(Template)]
#[template(path = "console/tables.html")]
struct Tables<'a> {
    page: &'a Page,
    frame: &'a Frame,
    title: &'a str,
    note: Option<&'a str>,
    filters: &'a [Filter],
    tables: &'a [Table],
}

/// Tables to be read. One that is empty says what will come.
pub fn tables(
    page: &Page,
    frame: &Frame,
    title: &str,
    note: Option<&str>,
    filters: &[Filter],
    tables: &[Table],
) -> String {
    made(Tables { page, frame, title, note, filters, tables })
}

#[derive(Template)]
#[template(path = "console/failed.html")]
struct Failed<'a> {
    page: &'a Page,
    frame: &'a Frame,
    title: String,
    next: String,
}

/// What the console says when records do not answer, or when there is nothing of a name.
pub fn failed(page: &Page, frame: &Frame, missing: bool) -> String {
    let names = if missing {
        ("console-missing", "console-missing-next")
    } else {
        ("console-down", "console-down-next")
    };
    made(Failed { page, frame, title: page.say(names.0), next: page.say(names.1) })
}

/// The state of a payment as records say it, with the answer of a bank that declined.
pub fn state_chip(page: &Page, state: &str, code: Option<&str>) -> String {
    let (kind, icon, name) = match state {
        "approved" => ("ok", "check", "state-approved"),
        "completed" => ("ok", "check", "state-completed"),
        "declined" => ("bad", "close", "state-declined"),
        "pending" | "advised" => ("wait", "hourglass", "state-unknown"),
        "reversal_pending" => ("wait", "hourglass", "state-reversing"),
        "reversed" => ("wait", "undo", "state-reversed"),
        _ => ("", "info", "state-other"),
    };
    let word = match (state, code) {
        ("declined", Some(code)) => format!("{} {code}", page.say(name)),
        _ => page.say(name),
    };
    chip(kind, icon, &word)
}

/// The script of all screens of the console.
pub const SCRIPT: &str = include_str!("../../templates/console/console.js");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screens::flow::Hop;
    use crate::screens::words::{LANGUAGES, Language};

    const HOSTILE: &str = "<b>\"'&";

    fn hostile() -> String {
        HOSTILE.to_owned()
    }

    fn all(language: Language) -> Vec<String> {
        let page =
            Page { language, theme: Some("dark"), path: "/".to_owned(), zone: values::time::Zone::Utc };
        let test = TestState { now: hostile(), frozen: false, real: false, faults: 2 };
        let frame =
            Frame { section: "/", search: hostile(), last: Some(1), who: hostile(), test: Some(test) };
        let hop = Hop { asked: Some(hostile()), answered: Some(hostile()), chosen: true };
        let flow = Flow {
            hops: [hop.clone(), hop.clone(), hop.clone(), hop, Hop::default()],
            bank: "<b>\"".to_owned(),
            token: "8816".to_owned(),
            seen: true,
        };
        let line = Line { tag: hostile(), depth: 1, name: hostile(), value: hostile() };
        let tab = Tab {
            path: "/".to_owned(),
            title: hostile(),
            way: hostile(),
            after: "1".to_owned(),
            bytes: 3,
            chosen: true,
        };
        let chip = state_chip(&page, "declined", Some(HOSTILE));
        let journey = Journey {
            facts: vec![(hostile(), hostile())],
            chip: chip.clone(),
            flow,
            hops: vec![Filter { path: hostile(), name: hostile(), chosen: true }],
            tabs: vec![tab],
            message: Some((hostile(), hostile(), vec![line])),
        };
        let entry = Entry {
            path: "/".to_owned(),
            time: hostile(),
            money: (u64::MAX, "INR", 2),
            to: hostile(),
            chip: chip.clone(),
            reference: hostile(),
            chosen: true,
        };
        let metric = Metric { label: hostile(), value: hostile(), chip: Some(chip.clone()) };
        let row =
            vec![Cell::text(HOSTILE).to(format!("/{HOSTILE}")), Cell::number(HOSTILE), Cell::chip(chip)];
        let table = |rows| Table {
            title: hostile(),
            columns: vec![(hostile(), ""), (hostile(), "number"), (hostile(), "")],
            rows,
            empty: hostile(),
            next: Some(format!("/{HOSTILE}")),
        };
        let filter = Filter { path: "/".to_owned(), name: hostile(), chosen: true };
        let two = [table(vec![row]), table(Vec::new())];
        vec![
            live(&page, &frame, &[metric], &[entry], Some(&journey)),
            live(&page, &frame, &[], &[], None),
            payment(&page, &frame, HOSTILE, &journey),
            tables(&page, &frame, HOSTILE, Some(HOSTILE), &[filter], &two),
            tables(&page, &frame, HOSTILE, None, &[], &two[1..]),
            failed(&page, &frame, true),
            failed(&page, &frame, false),
        ]
    }

    #[test]
    fn screens_keep_the_policy_of_content() {
        for language in LANGUAGES {
            for html in all(language) {
                for never in ["<b>", "=\"\"'", " style=", "<style", "http://", "https://", "onclick"] {
                    assert!(!html.contains(never), "{never} in {html}");
                }
                assert!(html.matches("<script").count() <= 1, "our own alone");
                assert_eq!(html.matches("<h1").count(), 1, "{html}");
                assert_eq!(html.matches("<main").count(), 1);
            }
        }
    }

    /// A name without a sentence would be shown as it is.
    #[test]
    fn whatever_the_console_says_has_words() {
        let code = [
            include_str!("../console/door.rs"),
            include_str!("../console/lists.rs"),
            include_str!("../console/registers.rs"),
            include_str!("../console/entry.rs"),
            include_str!("../console/asking.rs"),
            include_str!("flow.rs"),
        ];
        let families = [
            "console-",
            "column-",
            "state-",
            "token-",
            "device-",
            "batch-",
            "day-",
            "limit-",
            "limits-",
            "flow-",
            "porter-",
            "no-",
            "ask-",
            "operator-",
            "key-",
        ];
        let mut said = 0;
        for text in code.iter().flat_map(|code| code.split('"').skip(1).step_by(2)) {
            if families.iter().any(|family| text.starts_with(family)) {
                for language in LANGUAGES {
                    assert_ne!(language.say_text(text, "last", "8816"), text, "{language:?}");
                }
                said += 1;
            }
        }
        assert!(said > 80, "{said}");
        for (name, ..) in SECTIONS {
            assert_ne!(Language::Hindi.say(name), *name);
        }
    }
}
