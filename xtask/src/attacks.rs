//! `docs/attacks.md` does not rot: every test it names exists, every switch it names exists, and no switch is missing.
//! `docs/limits.md` neither: every row names a test, and the test exists.

use crate::source::{Source, rust_files};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const DOCUMENT: &str = "docs/attacks.md";
const LIMITS: &str = "docs/limits.md";

/// Every breach.
pub(crate) fn check(root: &Path, breaches: &mut Vec<String>) {
    let Ok(text) = fs::read_to_string(root.join(DOCUMENT)) else {
        breaches.push(format!("{DOCUMENT}: not there"));
        return;
    };
    let sources = rust_files(&root.join("crates"));
    let crates = root.join("crates");
    let tests: BTreeSet<String> = sources.iter().flat_map(|source| tests_of(&crates, source)).collect();
    let switches: BTreeSet<String> = sources.iter().flat_map(|source| switches_of(&crates, source)).collect();
    breaches.extend(compare(&text, &tests, &switches));
    match fs::read_to_string(root.join(LIMITS)) {
        Ok(text) => breaches.extend(limits(&text, &tests)),
        Err(_) => breaches.push(format!("{LIMITS}: not there")),
    }
}

/// What stands between back quotes in a row.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Rows without a test, and tests that do not exist.
fn limits(document: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let mut breaches = Vec::new();
    let rows = document.lines().enumerate().filter(|(_, line)| line.starts_with("| "));
    // The head of a table and the line below it name none.
    for (number, line) in rows.filter(|(_, line)| !line.contains("---") && !line.contains("| tests |")) {
        let named: Vec<&str> = quoted(line).filter(|word| word.contains("::")).collect();
        if named.is_empty() {
            breaches.push(format!("{LIMITS}:{}: a limit without a test", number + 1));
        }
        for missing in named.into_iter().filter(|word| !tests.contains(*word)) {
            breaches.push(format!("{LIMITS}:{}: there is no test {missing}", number + 1));
        }
    }
    breaches
}

/// What the document says and is not so, and what it leaves out.
fn compare(document: &str, tests: &BTreeSet<String>, switches: &BTreeSet<String>) -> Vec<String> {
    let mut breaches = Vec::new();
    let mut named = BTreeSet::new();
    for (number, line) in document.lines().enumerate().filter(|(_, line)| line.starts_with('|')) {
        // Every second piece between back quotes is code.
        let words: Vec<&str> = quoted(line).collect();
        let (mut has_test, mut has_switch) = (false, false);
        for word in &words {
            if word.contains('/') && word.contains("::") {
                has_test = true;
                if !tests.contains(*word) {
                    breaches.push(format!("{DOCUMENT}:{}: there is no test {word}", number + 1));
                }
            } else if let Some((_, variant)) = word.split_once("::")
                && variant.starts_with(char::is_uppercase)
            {
                has_switch = true;
                named.insert((*word).to_owned());
                if !switches.contains(*word) {
                    breaches.push(format!("{DOCUMENT}:{}: there is no switch {word}", number + 1));
                }
            }
        }
        if has_switch && !has_test {
            breaches.push(format!("{DOCUMENT}:{}: a defence without a test", number + 1));
        }
    }
    for missing in switches.difference(&named) {
        breaches.push(format!("{DOCUMENT}: says nothing of {missing}"));
    }
    breaches
}

/// The room and the file of a source, `room/stem`.
fn place(crates: &Path, source: &Source) -> Option<String> {
    let room = source.path.strip_prefix(crates).ok()?.components().next()?;
    let stem = source.path.file_stem()?.to_str()?;
    Some(format!("{}/{stem}", room.as_os_str().to_str()?))
}

/// The tests of a file, as `room/stem::name`.
fn tests_of(crates: &Path, source: &Source) -> Vec<String> {
    let Some(place) = place(crates, source) else { return Vec::new() };
    let marked = source.text.split("#[test]").skip(1);
    let names = marked.filter_map(|rest| rest.split_once("fn ")?.1.split_once('(').map(|(name, _)| name));
    names.map(|name| format!("{place}::{name}")).collect()
}

/// The switches of a room, as `room::Variant`: what its enum `Defence` in `defences.rs` lists.
fn switches_of(crates: &Path, source: &Source) -> Vec<String> {
    let Some(place) = place(crates, source) else { return Vec::new() };
    let (Some(room), Some((_, rest))) =
        (place.strip_suffix("/defences"), source.text.split_once("pub enum Defence {"))
    else {
        return Vec::new();
    };
    let body = rest.split_once("\n}").map_or(rest, |(body, _)| body);
    let variants = body.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    variants.filter_map(|line| line.strip_suffix(',')).map(|name| format!("{room}::{name}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_document_that_rots_is_noticed() {
        let (tests, switches) = (set(&["server/doors::refused"]), set(&["server::Nonce"]));
        let row = "| replay | `server::Nonce` | `server/doors::refused` |";
        let found = |document: &str| compare(document, &tests, &switches);
        assert_eq!(found(row), [""; 0]);
        for (document, breach) in [
            (
                "| replay | `server::Nonce` | `server/doors::renamed` |",
                "there is no test server/doors::renamed",
            ),
            ("| replay | `server::Never` | `server/doors::refused` |", "there is no switch server::Never"),
            ("| replay | `server::Nonce` | some day |", "a defence without a test"),
            ("no table at all", "says nothing of server::Nonce"),
        ] {
            assert!(found(document).iter().any(|found| found.contains(breach)), "{document}");
        }
    }

    #[test]
    fn a_limit_has_a_test_that_exists() {
        let tests = set(&["wallet/phone::ten"]);
        let head = "| what | tests |\n| --- | --- |\n";
        assert_eq!(limits(&format!("{head}| passcode | `wallet/phone::ten` |"), &tests), [""; 0]);
        for (row, breach) in [
            ("| passcode | `wallet/phone::nine` |", "there is no test wallet/phone::nine"),
            ("| passcode | some day |", "a limit without a test"),
        ] {
            assert!(limits(&format!("{head}{row}"), &tests)[0].contains(breach), "{row}");
        }
    }

    #[test]
    fn tests_and_switches_are_read_from_the_source() {
        let crates = Path::new("/crates");
        let source = |path: &str, text: &str| Source { path: crates.join(path), text: text.to_owned() };
        let file =
            source("server/tests/attacks/doors.rs", "#[test]\n// long: a story\nfn refused() {}\nfn no() {}");
        assert_eq!(tests_of(crates, &file), ["server/doors::refused"]);
        let text = "pub enum Defence {\n    /// Once.\n    Nonce,\n    Line,\n}\nfn f() { a, }";
        let file = source("server/src/defences.rs", text);
        assert_eq!(switches_of(crates, &file), ["server::Nonce", "server::Line"]);
        assert!(switches_of(crates, &source("server/src/city.rs", text)).is_empty());
    }
}
