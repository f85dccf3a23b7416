//! A defence can be switched off, and a party made to die at a chosen point, by tests alone: the features for it are
//! nobody's but theirs.
//!
//! Cargo joins the features that normal and build dependencies ask for, and those of dev-dependencies only when tests
//! are built. So it is enough to look at the manifests.

use std::fs;
use std::path::Path;

/// A feature for tests.
struct Switch {
    feature: &'static str,
    /// The room that has it.
    room: &'static str,
    /// Whether the tests of what is shipped may be built with it.
    in_product_tests: bool,
}

const SWITCHES: [Switch; 2] = [
    // Takes a defence away; the product's own tests run what is shipped.
    Switch { feature: "danger-defences-off", room: "values", in_product_tests: false },
    // Dies at a point; whoever kills the product's processes needs it.
    Switch { feature: "failpoints", room: "store", in_product_tests: true },
];
/// What is shipped.
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
    SWITCHES.iter().flat_map(|switch| breaches_of(switch, manifest)).collect()
}

fn breaches_of(switch: &Switch, manifest: &toml::Table) -> Vec<String> {
    let Switch { feature, room, in_product_tests } = *switch;
    let name = manifest.get("package").and_then(|package| package.get("name")).and_then(toml::Value::as_str);
    let mut wrong = Vec::new();
    let mut at = Vec::new();
    places(&toml::Value::Table(manifest.clone()), feature, &mut Vec::new(), &mut at);
    for place in at {
        let words: Vec<&str> = place.iter().map(String::as_str).collect();
        let allowed = match words.as_slice() {
            ["features", named] if *named == feature => name == Some(room),
            ["dev-dependencies", of, "features"] if *of == room => in_product_tests || name != Some(PRODUCT),
            _ => false,
        };
        if !allowed {
            wrong.push(format!("{feature} in {}: only tests may ask for it", words.join(".")));
        }
    }
    wrong
}

/// Where the feature is named: as a key, or in a list.
fn places(value: &toml::Value, feature: &str, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                path.push(key.clone());
                if key == feature {
                    found.push(path.clone());
                }
                places(value, feature, path, found);
                path.pop();
            }
        }
        toml::Value::Array(items) => items.iter().for_each(|item| places(item, feature, path, found)),
        toml::Value::String(text) if text.contains(feature) => found.push(path.clone()),
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
        let dying = "{ workspace = true, features = [\"failpoints\"] }";
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
            (named("paiza", &format!("[dev-dependencies]\nstore = {dying}")), 0),
            (named("paiza", &format!("[dependencies]\nstore = {dying}")), 1),
            (named("server", "[features]\nfailpoints = [\"store/failpoints\"]"), 2),
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
        for switch in SWITCHES {
            assert!(server.contains(switch.feature), "the rule looks for a feature that exists");
        }
    }
}
