//! The commands of README and docs are run, as they stand there.

use std::fs::File;
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

/// Starts a command that goes on, and waits until it says that it is ready.
fn background(arguments: &str, directory: &Path, ready: &str) -> Ended {
    use std::io::{BufRead, BufReader};
    let mut child = paiza(arguments, directory).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    let running = Ended(child);
    let is_ready = out.by_ref().map_while(Result::ok).any(|line| line.contains(ready));
    assert!(is_ready, "paiza {arguments} ended before it was ready; are its ports taken?");
    std::thread::spawn(move || out.map_while(Result::ok).for_each(drop));
    running
}

impl Ended {
    /// Waits until it has done what it was started for.
    fn by_itself(mut self, what: &str) {
        assert!(self.0.wait().unwrap().success(), "{what} failed");
    }

    /// Presses Ctrl-C.
    fn interrupted(self, what: &str) {
        let asked = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status().unwrap();
        assert!(asked.success());
        self.by_itself(what);
    }
}

/// What runs in the background of the reader's shells.
#[derive(Default)]
struct Shells {
    /// Ended with Ctrl-C.
    parties: Vec<(String, Ended)>,
    /// End by themselves.
    sales: Vec<(String, Ended)>,
}

impl Shells {
    /// A terminal has its directory to itself, and a city its ports: who comes next waits until they are free.
    fn sales_end(&mut self) {
        self.sales.drain(..).for_each(|(what, sale)| sale.by_itself(&what));
    }

    fn parties_end(&mut self) {
        self.sales_end();
        self.parties.drain(..).for_each(|(what, party)| party.interrupted(&what));
    }

    fn start(&mut self, arguments: &str, directory: &Path) {
        if arguments.starts_with("pos ") {
            self.sales_end();
            let sale = background(arguments, directory, "present a card");
            return self.sales.push((arguments.to_owned(), sale));
        }
        if self.parties.first().is_some_and(|(what, _)| what == "up") {
            self.parties_end();
        }
        let party = background(arguments, directory, "Ctrl-C ends it.");
        self.parties.push((arguments.to_owned(), party));
    }
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let directory = tempfile::tempdir().unwrap();
    // The documented ports are the machine's, so one test has them at a time.
    let ports = File::create(std::env::temp_dir().join("paiza-pcscd.lock")).unwrap();
    ports.lock().unwrap();
    let mut shells = Shells::default();
    let (mut ran, mut parties) = (0, 0);
    for line in commands(&readme) {
        match line.as_str() {
            "cargo run --release -- up" => shells.start("up", directory.path()),
            // This very run.
            "cargo test --workspace" => {}
            line if line.ends_with('&') => {
                let arguments = line.trim_end_matches('&').trim_start_matches("paiza ").trim();
                shells.start(arguments, directory.path());
            }
            line => {
                let arguments = line.strip_prefix("paiza ").unwrap_or_else(|| panic!("not run: {line}"));
                let output = paiza(arguments, directory.path()).output().unwrap();
                let error = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{line}: {error}");
            }
        }
        ran += 1;
        parties = parties.max(shells.parties.len());
    }
    shells.parties_end();
    assert!(ran >= 16 && parties >= 4);
    let verified = paiza("verify --data paiza-data --json", directory.path()).output().unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let rows = String::from_utf8_lossy(&verified.stdout);
    let summary: serde_json::Value = serde_json::from_str(rows.lines().last().unwrap()).unwrap();
    assert_eq!((&summary["payments"], &summary["under_way"]), (&2.into(), &0.into()), "{summary}");
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
