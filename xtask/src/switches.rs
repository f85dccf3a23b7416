//! A defence can be switched off by tests alone: the feature for it is nobody's but theirs.
//!
//! Cargo joins the features that normal and build dependencies ask for, and those of dev-dependencies only when tests
//! are built. So it is enough to look at the manifests.

use std::fs;
use std::path::Path;

/// The feature that lets a test take a defence away; the room that has it.
const FEATURE: &str = "danger-defences-off";
const ROOM: &str = "values";
/// What is shipped: not even its tests are built with the feature.
const PRODUCT: &str = "paiza";

/// Every breach, in every manifest of the workspace.
pub(crate) fn check(root: &Path, breaches: &mut Vec<String>) {
    let folders = ["crates", "fuzz"].map(|folder| fs::read_dir(root.join(folder)));
    let folders = folders.into_iter().flatten().flatten().flatten().map(|entry| entry.path());
    let more = ["", "fuzz", "xtask"].map(|folder| root.join(folder));
    for manifest in folders.chain(more).map(|folder| folder.join("Cargo.toml")) {
        let Ok(text) = fs::read_to_string(&manifest) else { continue };
        let Ok(table) = text.parse::<toml::Table>() else {
            breaches.push(format!("{}: not a manifest", manifest.display()));
            continue;
        };
        breaches
            .extend(in_manifest(&table).into_iter().map(|what| format!("{}: {what}", manifest.display())));
    }
}

/// What is wrong with one manifest.
fn in_manifest(manifest: &toml::Table) -> Vec<String> {
    let name = manifest.get("package").and_then(|package| package.get("name")).and_then(toml::Value::as_str);
    let mut wrong = Vec::new();
    let mut at = Vec::new();
    places(&toml::Value::Table(manifest.clone()), &mut Vec::new(), &mut at);
    for place in at {
        let words: Vec<&str> = place.iter().map(String::as_str).collect();
        let allowed = match words.as_slice() {
            ["features", FEATURE] => name == Some(ROOM),
            ["dev-dependencies", ROOM, "features"] => name != Some(PRODUCT),
            _ => false,
        };
        if !allowed {
            wrong.push(format!("{FEATURE} in {}: only tests may switch a defence off", words.join(".")));
        }
    }
    wrong
}

/// Where the feature is named: as a key, or in a list.
fn places(value: &toml::Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                path.push(key.clone());
                if key == FEATURE {
                    found.push(path.clone());
                }
                places(value, path, found);
                path.pop();
            }
        }
        toml::Value::Array(items) => items.iter().for_each(|item| places(item, path, found)),
        toml::Value::String(text) if text.contains(FEATURE) => found.push(path.clone()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches(manifest: &str) -> usize {
        in_manifest(&manifest.parse().unwrap()).len()
    }

    #[test]
    fn only_dev_dependencies_ask_for_the_switches() {
        let switched = "{ workspace = true, features = [\"danger-defences-off\"] }";
        let named = |name: &str, rest: &str| format!("[package]\nname = \"{name}\"\n{rest}\n");
        for (manifest, expected) in [
            (named("values", "[features]\ndanger-defences-off = []"), 0),
            (named("tokens", &format!("[dev-dependencies]\nvalues = {switched}")), 0),
            // Shipped is what a normal or build dependency asks for, on any target.
            (named("tokens", &format!("[dependencies]\nvalues = {switched}")), 1),
            (named("tokens", &format!("[build-dependencies]\nvalues = {switched}")), 1),
            (named("tokens", &format!("[target.'cfg(unix)'.dependencies]\nvalues = {switched}")), 1),
            // A feature that brings it, by default or by another name.
            (named("values", "[features]\ndefault = [\"danger-defences-off\"]\ndanger-defences-off = []"), 1),
            (named("values", "[features]\ntesting = [\"danger-defences-off\"]\ndanger-defences-off = []"), 1),
            (named("server", "[features]\ntesting = [\"values/danger-defences-off\"]"), 1),
            (named("server", "[features]\ndanger-defences-off = []"), 1),
            (format!("[workspace.dependencies]\nvalues = {switched}"), 1),
            // The product's own tests run what is shipped.
            (named("paiza", &format!("[dev-dependencies]\nvalues = {switched}")), 1),
            (named("paiza", "[dependencies]\nvalues.workspace = true"), 0),
        ] {
            assert_eq!(breaches(&manifest), expected, "{manifest}");
        }
    }

    #[test]
    fn this_workspace_keeps_the_rule_and_its_tests_use_the_switches() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut found = Vec::new();
        check(root, &mut found);
        assert_eq!(found, [""; 0]);
        let server = fs::read_to_string(root.join("crates/server/Cargo.toml")).unwrap();
        assert!(server.contains(FEATURE), "the rule looks for a feature that exists");
    }
}
