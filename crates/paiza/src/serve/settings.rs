//! `paiza config show`: what holds, and where each setting comes from.

use super::config::Config;
use super::{PASSPHRASE, PASSPHRASE_FILE};
use crate::cli::Settings;
use crate::output::{Failure, Output};
use serde_json::json;
use std::path::Path;

/// A setting: its name in a file, what holds, and where that was said.
struct Setting {
    name: String,
    value: String,
    origin: String,
}

pub(crate) fn run(what: &Settings, output: Output) -> Result<(), Failure> {
    let Settings::Show { config: file, origin } = what;
    for setting in settings(file.as_deref())? {
        let Setting { name, value, origin: from } = &setting;
        match origin {
            true => output.line(format!("{name:<28} {value:<36} {from}")),
            false => output.line(format!("{name} = {value}")),
        }
        output.row(&json!({"name": name, "value": value, "origin": from}));
    }
    output.summary(json!({}));
    Ok(())
}

fn settings(file: Option<&Path>) -> Result<Vec<Setting>, Failure> {
    let said = match file {
        Some(path) => Config::read(path).and_then(|_| said(path))?,
        None => toml::Table::new(),
    };
    let place = file.map_or_else(String::new, |path| path.display().to_string());
    let setting = |(name, documented): (String, String)| match holds(&said, &name) {
        Some(value) => Setting { name, value, origin: place.clone() },
        None => Setting { name, value: documented, origin: "default".to_owned() },
    };
    let mut settings: Vec<Setting> = Config::documented().into_iter().map(setting).collect();
    // What the environment says comes before a file, and is never shown.
    for name in [PASSPHRASE, PASSPHRASE_FILE] {
        if std::env::var_os(name).is_some() {
            let setting = settings.iter_mut().find(|setting| setting.name == "keys.passphrase_file");
            let setting = setting.expect("the passphrase is a setting");
            setting.value =
                if name == PASSPHRASE { "(hidden)" } else { "(named by the environment)" }.to_owned();
            setting.origin = name.to_owned();
            break;
        }
    }
    Ok(settings)
}

/// What a file says, as it says it; that it is understood was seen before.
fn said(path: &Path) -> Result<toml::Table, Failure> {
    let wrong =
        |error: &dyn std::fmt::Display| Failure::configuration(format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
    text.parse().map_err(|error| wrong(&error))
}

/// What a file says of a setting, if it does.
fn holds(said: &toml::Table, name: &str) -> Option<String> {
    match name.split_once('.') {
        None => said.get(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
        Some((outer, rest)) => holds(said.get(outer)?.as_table()?, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_tells_where_it_comes_from() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("paiza.toml");
        std::fs::write(
            &file,
            "listen.http = '127.0.0.1:9'\n[issuers.boc]\nmac = 'none'\n[waits]\nissuer_ms = 2000",
        )
        .unwrap();
        let shown = settings(Some(&file)).unwrap();
        let find = |name: &str| {
            let setting =
                shown.iter().find(|setting| setting.name == name).unwrap_or_else(|| panic!("{name}"));
            (setting.value.as_str(), setting.origin == "default")
        };
        assert_eq!(find("listen.http"), ("127.0.0.1:9", false));
        assert_eq!(find("listen.desk"), ("127.0.0.1:8609", true));
        assert_eq!(find("issuers.boc.mac"), ("none", false));
        assert_eq!(find("issuers.harbour.mac"), ("aes-cmac", true));
        assert_eq!(find("waits.issuer_ms"), ("2000", false));
        assert_eq!(find("sandbox"), ("false", true));
    }

    /// A setting that a file may hold and that is not shown would be one that nobody finds.
    #[test]
    fn every_name_that_a_file_may_hold_is_shown() {
        let names: Vec<String> = settings(None).unwrap().into_iter().map(|setting| setting.name).collect();
        for section in ["", "listen.", "network.", "keys.", "webhooks.", "test_shop.", "waits.", "telephone."]
        {
            let shown = names.iter().filter(|name| {
                name.strip_prefix(section).is_some_and(|rest| !section.is_empty() || !rest.contains('.'))
            });
            assert!(shown.count() > 0, "{section}");
        }
        for name in &names {
            let wrong = format!("{name} = 0.5");
            let refused = Config::parse(&wrong).expect_err(name);
            assert!(!refused.contains("unknown field"), "{name}: {refused}");
        }
    }
}
