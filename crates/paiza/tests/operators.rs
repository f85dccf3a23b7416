//! `paiza operators recover`, as somebody on the platform's machine runs it while the console runs.

use serde_json::Value;
use server::city::{City, Plan, Ports};
use server::console::tape::Tape;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use store::SystemClock;

fn recover(data: &Path, at: &str, names: [&str; 2]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paiza"));
    command.args(["--json", "operators", "recover", names[0], names[1], "--at", at, "--data"]).arg(data);
    command.output().unwrap()
}

/// Exit code, and everything that was said.
fn said(output: &Output) -> (Option<i32>, String) {
    let text = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat();
    (output.status.code(), text)
}

#[test]
fn the_command_gives_each_of_two_a_note_and_says_why_it_gives_none() {
    let folder = tempfile::tempdir().unwrap();
    let tape = Tape::start(Arc::new(SystemClock)).unwrap();
    let documented = Plan::sandbox(folder.path(), Arc::new(SystemClock)).unwrap();
    let plan = Plan { ports: Ports::Free, watch: Some(tape.clone()), ..documented };
    let mut city = City::start(&plan).unwrap();
    city.open_console(&plan, Some(tape)).unwrap();
    // Who the operators are is written down when their links are made.
    city.console_links().unwrap();
    let at = city.addresses.console.unwrap().to_string();

    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (code, text) = said(&recover(folder.path(), &nobody, ["Asha", "Wei"]));
    assert!(code == Some(4) && text.contains("does the console run?"), "{code:?} {text}");
    let elsewhere = tempfile::tempdir().unwrap();
    let (code, text) = said(&recover(elsewhere.path(), &at, ["Asha", "Wei"]));
    assert!(code == Some(3) && text.contains("operators.key"), "no key, no way back: {code:?} {text}");
    std::fs::create_dir(elsewhere.path().join("platform")).unwrap();
    std::fs::write(elsewhere.path().join("platform/operators.key"), "a guess of somebody's").unwrap();
    let (code, text) = said(&recover(elsewhere.path(), &at, ["Asha", "Wei"]));
    assert!(code == Some(1) && text.contains("not the operators' key"), "{code:?} {text}");
    assert!(!text.contains("a guess"), "{text}");
    for names in [["Asha", "Mallory"], ["Asha", "Asha"]] {
        let (code, text) = said(&recover(folder.path(), &at, names));
        assert_eq!(code, Some(1), "{names:?}: {text}");
        assert!(!text.contains("/enter?link="), "{text}");
    }

    let output = recover(folder.path(), &at, ["Asha", "Wei"]);
    let (code, text) = said(&output);
    assert_eq!(code, Some(0), "{text}");
    let key = std::fs::read_to_string(folder.path().join("platform/operators.key")).unwrap();
    assert!(!text.contains(key.trim()), "the key stays where it is");
    let lines: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [asha, wei, summary] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((&asha["name"], &wei["name"], &summary["ok"]), (&"Asha".into(), &"Wei".into(), &true.into()));
    for member in ["link", "code_for_other"] {
        let two = [asha, wei].map(|note| note[member].as_str().filter(|text| !text.is_empty()).unwrap());
        assert_ne!(two[0], two[1], "{member}");
    }
    assert!(asha["link"].as_str().unwrap().contains("/enter?link="), "{asha}");
}
