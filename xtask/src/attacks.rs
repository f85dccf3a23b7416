//! `docs/attacks.md` does not rot: every test it names exists, every switch it names exists, and no switch is missing.

use crate::source::{Source, rust_files};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const DOCUMENT: &str = "docs/attacks.md";

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
}

/// What the document says and is not so, and what it leaves out.
fn compare(document: &str, tests: &BTreeSet<String>, switches: &BTreeSet<String>) -> Vec<String> {
    let mut breaches = Vec::new();
    let mut named = BTreeSet::new();
    for (number, line) in document.lines().enumerate().filter(|(_, line)| line.starts_with('|')) {
        // Every second piece between back quotes is code.
        let words: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
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
