//! Checks of the house itself: `cargo xtask ci` is what CI runs, `cargo xtask tidy` the part no compiler knows.

mod attacks;
mod source;
mod switches;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let task = std::env::args().nth(1).unwrap_or_default();
    let done = match task.as_str() {
        "ci" => ci(),
        "tidy" => tidy::check(&root()),
        _ => Err("usage: cargo xtask ci | tidy".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_owned()
}

/// Format, lints, the house, then every test: the journeys over the real wires are among them.
fn ci() -> Result<(), String> {
    cargo(&["fmt", "--all", "--check"])?;
    cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    tidy::check(&root())?;
    cargo(&["test", "--workspace"])
}

fn cargo(arguments: &[&str]) -> Result<(), String> {
    eprintln!("$ cargo {}", arguments.join(" "));
    let status = Command::new(env!("CARGO")).args(arguments).current_dir(root()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo {}: {status}", arguments[0])),
        Err(error) => Err(format!("cargo could not be started: {error}")),
    }
}
