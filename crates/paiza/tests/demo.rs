//! The demonstrations run the product; each exits 0 only if every expectation held.

use serde_json::Value;
use std::process::Command;

fn demo(journey: &str) -> (bool, Vec<Value>, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_paiza")).args(["demo", journey, "--json"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.success(), rows, String::from_utf8_lossy(&output.stderr).into_owned())
}

fn check(journey: &str, least: u64) {
    let (success, rows, people) = demo(journey);
    assert!(success, "{}", people.lines().rev().take(20).collect::<Vec<_>>().join("\n"));
    let summary = rows.last().unwrap();
    assert_eq!(summary["ok"], true);
    assert!(summary["expectations"].as_u64().unwrap() >= least, "{summary}");
    // Every message of the wires was understood by the describer.
    let messages: Vec<_> = rows.iter().filter(|row| row["event"] == "message").collect();
    assert!(messages.len() > 20);
    for message in messages {
        let lines = message["lines"].to_string();
        assert!(!lines.contains("not a message"), "{message}");
        // Masked: of a card number of the sandbox's ranges no more than the eight digits it is routed by.
        let shown =
            lines.split("621660").skip(1).map(|rest| rest.bytes().take_while(u8::is_ascii_digit).count());
        assert!(shown.max().unwrap_or(0) <= 2, "{message}");
    }
}

#[test]
fn enrol() {
    check("enrol", 5);
}

#[test]
fn qr() {
    check("qr", 15);
}

#[test]
fn tap() {
    check("tap", 12);
}

#[test]
fn upi() {
    check("upi", 10);
}
