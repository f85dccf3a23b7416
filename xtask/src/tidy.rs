//! The habits of the house that no compiler checks.
//!
//! The edges between rooms stand in `ARCHITECTURE.md`; the manifests must agree with it. Core rooms name no
//! clock, I/O, randomness or async. A secret never derives `Debug`. What is long says why. Only tests switch
//! defences off, and `docs/attacks.md` names tests that exist.

use crate::source::{Source, rust_files};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A room as `ARCHITECTURE.md` draws it.
struct Room {
    floor: u8,
    uses: Vec<String>,
}

const LONGEST_FILE: usize = 800;
const LONGEST_FUNCTION: usize = 100;

/// What a core room must not name, and why.
const FORBIDDEN_IN_CORE: &[(&str, &str)] = &[
    ("std::fs", "a core room reads no files"),
    ("std::net", "a core room opens no sockets"),
    ("std::env", "a core room reads no environment"),
    ("std::process", "a core room starts nothing"),
    ("std::thread", "a core room starts no threads"),
    ("thread::spawn", "a core room starts no threads"),
    ("SystemTime", "a core room is told the time"),
    ("Instant::now", "a core room is told the time"),
    ("Timestamp::now", "a core room is told the time"),
    ("async fn", "a core room does not wait"),
    (".await", "a core room does not wait"),
    ("random::", "a core room is handed its randomness"),
    ("SystemRandom", "a core room is handed its randomness"),
    ("println!", "a core room prints nothing"),
    ("tokio", "a core room does not wait"),
];

/// Lists every breach; an error if there is one.
pub(crate) fn check(root: &Path) -> Result<(), String> {
    let drawn = rooms_in_architecture(root)?;
    let mut breaches = edges(root, &drawn);
    for (room, drawn) in &drawn {
        let sources = rust_files(&root.join("crates").join(room).join("src"));
        let tests: Vec<PathBuf> = sources.iter().flat_map(test_modules).collect();
        for source in sources {
            let is_test = tests
                .iter()
                .any(|test| source.path.starts_with(test) || source.path == test.with_extension("rs"));
            if drawn.floor <= 4 && !is_test {
                core_names_nothing_outside(room, &source, &mut breaches);
            }
            secrets_do_not_print(&source, &mut breaches);
        }
    }
    crate::switches::check(root, &mut breaches);
    crate::attacks::check(root, &mut breaches);
    let everywhere = ["crates", "xtask", "fuzz"].map(|folder| rust_files(&root.join(folder)));
    everywhere.iter().flatten().for_each(|source| length_is_explained(source, &mut breaches));
    if breaches.is_empty() {
        return Ok(());
    }
    let root = format!("{}/", root.display());
    Err(format!("{}\ntidy: {} breaches", breaches.join("\n").replace(&root, ""), breaches.len()))
}

/// Where the modules lie that exist for tests alone: `#[cfg(test)]` before `mod name;`.
fn test_modules(source: &Source) -> Vec<PathBuf> {
    let inside = match source.path.file_stem().and_then(|stem| stem.to_str()) {
        Some("lib" | "mod" | "main") | None => source.path.parent().unwrap_or(Path::new("")).to_owned(),
        Some(_) => source.path.with_extension(""),
    };
    let parts = source.text.split("#[cfg(test)]").skip(1);
    let names = parts.filter_map(|rest| {
        let rest = rest.trim_start();
        rest.strip_prefix("pub(crate) ")
            .unwrap_or(rest)
            .strip_prefix("mod ")?
            .split_once(';')
            .map(|(name, _)| name)
    });
    names.filter(|name| !name.contains(' ')).map(|name| inside.join(name)).collect()
}

/// Rows of the form "| `emv` | 3 | `values` `crypto` | ... |".
fn rooms_in_architecture(root: &Path) -> Result<BTreeMap<String, Room>, String> {
    let text =
        fs::read_to_string(root.join("ARCHITECTURE.md")).map_err(|e| format!("ARCHITECTURE.md: {e}"))?;
    let rooms: BTreeMap<_, _> = text.lines().filter_map(room_in_row).collect();
    if rooms.is_empty() { Err("ARCHITECTURE.md: no table of rooms".to_owned()) } else { Ok(rooms) }
}

fn room_in_row(line: &str) -> Option<(String, Room)> {
    let cells: Vec<&str> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
    let name = cells.first()?.strip_prefix('`')?.strip_suffix('`')?;
    let floor = cells.get(1)?.parse().ok()?;
    let uses = cells.get(2)?.split_whitespace().map(|word| word.trim_matches('`').to_owned()).collect();
    Some((name.to_owned(), Room { floor, uses }))
}

fn edges(root: &Path, drawn: &BTreeMap<String, Room>) -> Vec<String> {
    let mut breaches = Vec::new();
    let folders = fs::read_dir(root.join("crates")).into_iter().flatten().flatten();
    for name in folders.map(|entry| entry.file_name().to_string_lossy().into_owned()) {
        if !drawn.contains_key(&name) {
            breaches.push(format!("crates/{name}: not drawn in ARCHITECTURE.md"));
        }
    }
    for (name, room) in drawn {
        let path = root.join("crates").join(name).join("Cargo.toml");
        let manifest = fs::read_to_string(&path).unwrap_or_default();
        let Ok(manifest) = manifest.parse::<toml::Table>() else {
            breaches.push(format!("{}: not a manifest", path.display()));
            continue;
        };
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        if lints != Some(&toml::Value::Boolean(true)) {
            breaches.push(format!("crates/{name}: does not inherit the lints"));
        }
        let used: Vec<String> = manifest
            .get("dependencies")
            .and_then(|table| table.as_table())
            .into_iter()
            .flatten()
            .map(|(used, _)| used.clone())
            .filter(|used| drawn.contains_key(used))
            .collect();
        for used in used.iter().filter(|used| !room.uses.contains(used)) {
            breaches.push(format!("crates/{name}: uses `{used}`, which ARCHITECTURE.md does not draw"));
        }
        for missing in room.uses.iter().filter(|drawn| !used.contains(drawn)) {
            breaches.push(format!(
                "crates/{name}: ARCHITECTURE.md draws an edge to `{missing}` that is not there"
            ));
        }
        for above in used.iter().filter(|used| drawn[*used].floor >= room.floor) {
            breaches.push(format!("crates/{name}: `{above}` is not on a lower floor"));
        }
    }
    breaches
}

fn core_names_nothing_outside(room: &str, source: &Source, breaches: &mut Vec<String>) {
    for (number, line) in source.product_lines() {
        let code = line.split("//").next().unwrap_or_default();
        for (name, why) in FORBIDDEN_IN_CORE {
            // The one room that wraps ciphers also wraps the generator its algorithms need.
            let allowed = room == "crypto" && matches!(*name, "random::" | "SystemRandom");
            if code.contains(name) && !allowed {
                breaches.push(format!("{}:{number}: {name}: {why}", source.path.display()));
            }
        }
    }
}

/// A type that holds a raw secret must write its own masked `Debug`.
fn secrets_do_not_print(source: &Source, breaches: &mut Vec<String>) {
    const SECRET_FIELDS: &[&str] = &[
        "pin",
        "otp",
        "cvv2",
        "passcode",
        "one_time_password",
        "secret",
        "master_key",
        "session_key",
        "private_key",
        "card_key",
    ];
    const RAW: &[&str] = &["[u8", "Vec<u8>", "String", "u128", "u64"];
    let mut derives_debug = false;
    for (number, line) in source.product_lines() {
        let code = line.trim();
        if code.starts_with("#[derive(") {
            derives_debug = code.contains("Debug");
        } else if code == "}" {
            derives_debug = false;
        } else if derives_debug
            && let Some((field, kind)) = code.trim_start_matches("pub ").split_once(':')
            && SECRET_FIELDS.contains(&field.trim())
            && RAW.iter().any(|raw| kind.trim().starts_with(raw))
        {
            breaches.push(format!(
                "{}:{number}: a raw secret in a type that derives Debug",
                source.path.display()
            ));
        }
    }
}

fn length_is_explained(source: &Source, breaches: &mut Vec<String>) {
    let lines = source.text.lines().count();
    if lines > LONGEST_FILE && !source.says_why_long(0) {
        breaches
            .push(format!("{}: {lines} lines and no `// long: ` reason at its top", source.path.display()));
    }
    for (start, length) in source.long_functions(LONGEST_FUNCTION) {
        if !source.says_why_long(start) {
            let path = source.path.display();
            breaches.push(format!("{path}:{start}: a function of {length} lines and no `// long: ` reason"));
        }
    }
}
