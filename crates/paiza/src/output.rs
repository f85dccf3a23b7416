//! What the command prints: text for people, or JSON Lines for programs.
//!
//! With `--json` stdout carries JSON Lines only, the last one a summary with `"ok"`; text goes to stderr.

use serde_json::{Value, json};
use std::io::Write;

/// Why a command did not do what was asked, with its exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    pub(crate) text: String,
    /// A stable code for programs.
    pub(crate) kind: &'static str,
    /// What the last row tells beside that, such as how many cases passed.
    pub(crate) summary: serde_json::Map<String, Value>,
}

impl Failure {
    fn new(code: u8, kind: &'static str, text: impl ToString) -> Failure {
        Failure { code, kind, text: text.to_string(), summary: serde_json::Map::new() }
    }

    /// Adds fields to the last row.
    pub(crate) fn with(mut self, summary: Value) -> Failure {
        if let Value::Object(fields) = summary {
            self.summary.extend(fields);
        }
        self
    }

    /// Exit code 1: what was to be read is there, but broken.
    pub(crate) fn malformed(text: impl ToString) -> Failure {
        Failure::new(1, "malformed", text)
    }

    /// Exit code 1: a business no, or cases that failed.
    pub(crate) fn business(text: impl ToString) -> Failure {
        Failure::new(1, "business", text)
    }

    /// Exit code 2: the command was not understood.
    pub(crate) fn usage(text: impl ToString) -> Failure {
        Failure::new(2, "usage", text)
    }

    /// Exit code 3: a file, a port or a setting is not as it should be.
    pub(crate) fn configuration(text: impl ToString) -> Failure {
        Failure::new(3, "configuration", text)
    }

    /// Exit code 4: a counterparty cannot be reached.
    pub(crate) fn unreachable(text: impl ToString) -> Failure {
        Failure::new(4, "unreachable", text)
    }

    /// Exit code 5: the records do not agree with themselves.
    pub(crate) fn integrity(text: impl ToString) -> Failure {
        Failure::new(5, "integrity", text)
    }
}

/// Where a command prints.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Output {
        Output { json }
    }

    /// Whether stdout is for programs.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// A line for people.
    pub(crate) fn line(self, text: impl AsRef<str>) {
        // A reader who goes away (a pager that is closed) is no failure of ours.
        let _ = if self.json {
            writeln!(std::io::stderr(), "{}", harmless(text.as_ref()))
        } else {
            writeln!(std::io::stdout(), "{}", harmless(text.as_ref()))
        };
    }

    /// A row for programs; people do not see it.
    pub(crate) fn row(self, row: &Value) {
        if self.json {
            let _ = writeln!(std::io::stdout(), "{}", escaped(&row.to_string()));
        }
    }

    /// The last row for programs.
    pub(crate) fn summary(self, mut summary: Value) {
        if let Some(fields) = summary.as_object_mut() {
            fields.entry("ok").or_insert(Value::Bool(true));
        }
        self.row(&summary);
    }

    /// Says why the command ends with another code than 0.
    pub(crate) fn failure(self, failure: &Failure) {
        let mut row = json!({"ok": false, "kind": failure.kind, "detail": failure.text});
        if let Some(fields) = row.as_object_mut() {
            fields.extend(failure.summary.clone());
        }
        self.row(&row);
        let _ = writeln!(std::io::stderr(), "{}", harmless(&failure.text));
    }
}

/// Whether a terminal would obey it rather than show it: control characters, and those that turn the direction of
/// writing, by which a text can look like another.
fn is_obeyed(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A text that came from anywhere, without what a terminal would obey.
fn harmless(text: &str) -> String {
    text.chars().filter(|letter| matches!(letter, '\n' | '\t') || !is_obeyed(*letter)).collect()
}

/// JSON with the same written as escapes, so that it stays the same JSON.
fn escaped(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut shown, letter| {
        match is_obeyed(letter) {
            true => shown.push_str(&format!("\\u{:04x}", u32::from(letter))),
            false => shown.push(letter),
        }
        shown
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nothing_that_is_shown() {
        let evil = "PAIZA\u{1b}]0;owned\u{7} \u{9b}31m\u{202e}TEA\u{2066}\r\u{0}\tok";
        assert_eq!(harmless(evil), "PAIZA]0;owned 31mTEA\tok");
        let row = json!({"name": evil});
        let shown = escaped(&row.to_string());
        assert!(!shown.contains(is_obeyed), "{shown}");
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), row, "the same JSON");
    }
}
