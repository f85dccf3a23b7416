//! The process is killed at its most delicate places, and again by force at any place.
//!
//! Run with `cargo test -p store --features failpoints`. The test program runs itself again as the victim.

use crate::city::{Add, schema};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use store::{Failpoint, Outcome, Store, SystemClock};

const FOLDER: &str = "PAIZA_TEST_VICTIM";

/// Not a test of its own: counts without end, saying each number once it is acknowledged.
#[test]
fn victim() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let store = open(Path::new(&folder));
    loop {
        let answer = store.call(Add::new(1, 1)).unwrap().answer().unwrap();
        // The harness captures `println`; the parent must see it at once.
        use std::io::Write;
        // One write, so that a kill cannot cut a number short.
        std::io::stderr().write_all(format!("count {answer}\n").as_bytes()).unwrap();
        if answer.is_multiple_of(4) {
            // It would fold once it has nothing else to do, which is never.
            store.flush().unwrap();
        }
    }
}

fn open(folder: &Path) -> Store {
    Store::open(&folder.join("city.sqlite"), schema(), Arc::new(SystemClock)).unwrap()
}

/// Runs the victim until it dies or has said enough; the last number it said.
fn run_victim(folder: &Path, failpoint: Option<&str>) -> u64 {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "killed::victim", "--nocapture"]).env(FOLDER, folder);
    if let Some(failpoint) = failpoint {
        command.env("PAIZA_FAILPOINT", failpoint);
    }
    let mut victim = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut last = 0;
    let mut said = 0;
    for line in BufReader::new(victim.stderr.take().unwrap()).lines() {
        if let Some(count) = line.unwrap().strip_prefix("count ") {
            last = count.parse().unwrap();
            said += 1;
            if said == 40 && failpoint.is_none() {
                victim.kill().unwrap();
            }
        }
    }
    assert!(!victim.wait().unwrap().success());
    last
}

#[test]
fn nothing_acknowledged_is_lost_when_killed() {
    let folder = tempfile::tempdir().unwrap();
    // Every place that a store passes by itself, each a little later than the one before; and no place at all.
    let of_the_store = Failpoint::ALL.iter().filter(|place| place.name().starts_with("store."));
    let itself = |place: &&Failpoint| **place != Failpoint::AfterDelivery;
    let armed =
        of_the_store.filter(itself).zip(2..).map(|(place, count)| format!("{}:{count}", place.name()));
    let places: Vec<Option<String>> = armed.map(Some).chain([None]).collect();
    let mut before = 0;
    for place in places.iter().map(Option::as_deref) {
        // It may die before it says anything.
        let acknowledged = run_victim(folder.path(), place).max(before);
        let store = open(folder.path());
        let Ok(Outcome::Done(kept)) = store.call(Add::new(1, 0)) else { panic!("{place:?}") };
        // At most the one that was under way may be there beyond what was said.
        assert!((acknowledged..=acknowledged + 1).contains(&kept), "{place:?}: {acknowledged}, {kept}");
        assert!(store.verify().unwrap().is_ok());
        before = kept;
    }
}
