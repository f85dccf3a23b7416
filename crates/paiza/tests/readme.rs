//! The commands of README and docs are run, as they stand there.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The lines of every `sh` block, in order.
fn commands(text: &str) -> Vec<String> {
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

/// Ends a background process with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn paiza(arguments: &str, directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paiza"));
    command.args(arguments.split_whitespace()).current_dir(directory);
    command
}

/// Waits until `up` has printed where everything listens.
fn up(directory: &Path) -> Ended {
    use std::io::{BufRead, BufReader};
    let mut child = paiza("up", directory).stdout(Stdio::piped()).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let running = Ended(child);
    for line in out.lines().map_while(Result::ok) {
        if line.contains("Ctrl-C") {
            return running;
        }
    }
    panic!("paiza up ended before it was ready; are its ports taken?");
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut background: Vec<Child> = Vec::new();
    let mut running = None;
    let mut ran = 0;
    for line in commands(&readme) {
        match line.as_str() {
            "cargo run --release -- up" => running = Some(up(directory.path())),
            // This very run.
            "cargo test --workspace" => {}
            line if line.ends_with('&') => {
                let arguments = line.trim_end_matches('&').trim_start_matches("paiza ").to_owned();
                let mut child = paiza(&arguments, directory.path()).stdout(Stdio::piped()).spawn().unwrap();
                // It says so when it listens.
                let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
                let mut first = String::new();
                std::io::BufRead::read_line(&mut out, &mut first).unwrap();
                assert!(first.contains("present a card"), "{first}");
                std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
                background.push(child);
            }
            line => {
                let arguments = line.strip_prefix("paiza ").unwrap_or_else(|| panic!("not run: {line}"));
                let output = paiza(arguments, directory.path()).output().unwrap();
                let error = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{line}: {error}");
            }
        }
        ran += 1;
    }
    for mut child in background {
        assert!(child.wait().unwrap().success(), "a background command failed");
    }
    assert!(ran >= 10 && running.is_some());
    drop(running);
    let verified = paiza("verify --data paiza-data", directory.path()).output().unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
}

#[test]
fn what_up_suggests_is_what_the_readme_says() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let source = std::fs::read_to_string(root().join("crates/paiza/src/up.rs")).unwrap();
    let table = source.split("const TRY: &[&str] = &[").nth(1).unwrap().split("];").next().unwrap();
    for line in table.lines().filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\",")) {
        assert!(line == "paiza sandbox cards" || readme.contains(line), "{line}");
    }
}

#[test]
fn the_table_of_test_cards_is_the_one_the_code_reads() {
    let printed = paiza("sandbox cards", &root()).output().unwrap();
    let kept = std::fs::read_to_string(root().join("docs/test-cards.md")).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&printed.stdout).trim(),
        kept.trim(),
        "run: paiza sandbox cards > docs/test-cards.md"
    );
}

#[test]
fn the_test_command_of_ci_is_the_one_of_the_readme() {
    let script = std::fs::read_to_string(root().join(".ci/run")).unwrap();
    assert_eq!(script.lines().filter(|line| line.trim() == "cargo test --workspace").count(), 1);
}
