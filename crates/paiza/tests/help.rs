//! What the command says of itself, how it ends, and what it looks for on a machine.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn paiza(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paiza"));
    // Help is as wide as the terminal, and shows what the environment says.
    command.args(arguments).env("COLUMNS", "100");
    for name in
        ["PAIZA_CONFIG", "PAIZA_PASSPHRASE", "PAIZA_PASSPHRASE_FILE", "PAIZA_API_KEY", "PAIZA_PASSCODE"]
    {
        command.env_remove(name);
    }
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The commands that a help lists.
fn listed(help: &str) -> Vec<String> {
    let list = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    let lines = list.lines().take_while(|line| line.starts_with("  "));
    // What goes on from the line before is further in.
    let names =
        lines.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.map(str::to_owned).collect()
}

fn walk(path: &[String], into: &mut String) {
    let arguments: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
    let help = said(&paiza(&arguments));
    let inner = listed(&help);
    into.push_str(&format!("$ paiza {}\n\n{help}\n", arguments.join(" ")));
    for name in inner {
        walk(&[path, &[name]].concat(), into);
    }
}

/// The names that completions know: all there are, also those that the overview has in groups.
fn outermost() -> Vec<String> {
    let script = said(&paiza(&["completions", "fish"]));
    let names = script
        .lines()
        .filter_map(|line| line.split("__fish_paiza_needs_command\" -f -a \"").nth(1)?.split('"').next());
    names.map(str::to_owned).collect()
}

#[test]
fn the_help_of_every_command_is_as_it_was_last_looked_at() {
    let names = outermost();
    assert!(names.len() > 20, "{names:?}");
    let overview = said(&paiza(&["--help"]));
    let mut all = format!("$ paiza --help\n\n{overview}\n");
    for name in names {
        walk(&[name], &mut all);
    }
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/help.txt");
    if std::env::var_os("PAIZA_UPDATE").is_some() {
        std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
        std::fs::write(&kept, &all).unwrap();
    }
    let before = std::fs::read_to_string(&kept).unwrap_or_default();
    let first = before.lines().zip(all.lines()).find(|(before, now)| before != now);
    assert!(before == all, "help changed: {first:?}; look at it, then write it anew with PAIZA_UPDATE=1");
}

#[test]
fn the_overview_is_one_page_and_names_every_command() {
    let overview = said(&paiza(&["--help"]));
    assert!(overview.lines().count() <= 24, "{overview}");
    let hidden = ["completions", "man"];
    for name in outermost().iter().filter(|name| !hidden.contains(&name.as_str())) {
        let named = overview.split_whitespace().any(|word| word == name);
        assert!(named, "the overview has no {name}");
    }
}

/// Whoever sets NO_COLOR gets none, also where somebody else asks for colour.
#[test]
fn no_color_is_honoured() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paiza"));
    let output =
        command.args(["pos", "sale"]).env("NO_COLOR", "1").env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(!output.stderr.contains(&0x1b), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_exit_code_says_what_kind_of_failure_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("paiza.toml");
    std::fs::write(&wrong, "lisetn = 1").unwrap();
    let (wrong, empty) = (wrong.display().to_string(), folder.path().display().to_string());
    for (arguments, code) in [
        (&["samples", "list"][..], 0),
        (&["decode", "upi", "ZZ99"], 1),
        (&["pos", "sale"], 2),
        (&["samples", "show", "nothing"], 2),
        (&["config", "show", "--config", &wrong], 3),
        (&["verify", "--data", &empty], 3),
        (&["events", "list", "--at", "127.0.0.1:9"], 4),
        (&["logs", "tail", "--at", "127.0.0.1:9"], 4),
    ] {
        let output = paiza(arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn a_doctor_says_what_to_do_about_what_is_bad() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("paiza.toml");
    std::fs::write(&config, "[listen]\nhtpp = '127.0.0.1:1'").unwrap();
    let (config, data) = (config.display().to_string(), folder.path().display().to_string());
    let looked = |more: &[&str]| {
        let nobody = ["--json", "doctor", "--data", &data, "--at", "127.0.0.1:9", "--desk", "127.0.0.1:9"];
        let output = paiza(&[&nobody, more].concat());
        let rows: Vec<Value> =
            said(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (output.status.code(), rows)
    };
    let (code, rows) = looked(&["--config", &config]);
    assert_eq!(code, Some(3));
    let state = |rows: &[Value], check: &str| {
        let row = rows.iter().find(|row| row["check"] == check).unwrap_or_else(|| panic!("{check}"));
        (row["state"].as_str().unwrap().to_owned(), row["says"].as_str().unwrap().to_owned())
    };
    let (word, says) = state(&rows, "configuration");
    assert!(word == "bad" && says.contains("did you mean `http`?"), "{says}");
    let (_, rows) = looked(&[]);
    assert_eq!(state(&rows, "configuration").0, "good");
    assert!(state(&rows, "disk space").1.ends_with("MiB are free"));
    for row in rows.iter().filter(|row| row["check"].is_string()) {
        assert_eq!(row["state"] == "good", row["advice"].is_null(), "{row}");
    }
}
