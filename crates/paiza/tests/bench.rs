//! The benches run at all, in small: what they report has the form that programs read. No times are judged.

use serde_json::Value;
use std::process::Command;

fn bench(arguments: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paiza"));
    let output = command.arg("--json").arg("bench").args(arguments).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    serde_json::from_str(out.lines().last().unwrap()).unwrap()
}

fn all_numbers(summary: &Value, keys: &[&str]) {
    assert_eq!(summary["ok"], true);
    for key in keys {
        assert!(summary[key].is_number(), "{key} in {summary}");
    }
}

#[test]
fn taps() {
    for algorithm in ["3des", "sm4", "aes"] {
        let summary = bench(&["tap", "--algorithm", algorithm, "--tokens", "200", "--seconds", "1"]);
        all_numbers(
            &summary,
            &[
                "authorisations_per_s",
                "p50_ms",
                "p99_ms",
                "paced_p50_ms",
                "paced_p99_ms",
                "cpu_us",
                "bytes_written",
                "limit_per_s",
                "echo_per_s",
                "ratio",
                "tokens",
                "memory_bytes",
            ],
        );
        assert_eq!(summary["algorithm"], algorithm);
    }
}

#[test]
fn enrolments() {
    let summary = bench(&["enrol", "--cards", "3", "--phones", "2"]);
    all_numbers(&summary, &["cards_per_s", "p50_ms", "p99_ms", "limit_per_s", "ratio", "cards", "phones"]);
    assert_eq!(summary["cards"], 3);
}

#[test]
fn account_payments() {
    let summary = bench(&["upi", "--in-flight", "4", "--seconds", "1"]);
    let keys = [
        "payments_per_s",
        "p50_ms",
        "p99_ms",
        "limit_per_s",
        "ratio",
        "payments",
        "cpu_ms",
        "paced_per_s",
        "paced_p50_ms",
        "paced_p99_ms",
        "signatures_per_payment",
    ];
    all_numbers(&summary, &keys);
    let shares = summary["cpu_ms_by_party"].as_object().unwrap();
    let parties: Vec<&str> = shares.keys().map(String::as_str).collect();
    assert_eq!(parties, ["bank", "billers", "phones", "psp", "switch", "telephone"]);
    // Ten messages, each with its Ack.
    let signatures = summary["signatures_per_payment"].as_f64().unwrap();
    assert!((19.0..22.0).contains(&signatures), "{summary}");
    let unsigned = bench(&["upi", "--in-flight", "4", "--seconds", "1", "--unsigned"]);
    all_numbers(&unsigned, &["payments_per_s", "p50_ms", "p99_ms", "payments", "cpu_ms"]);
    assert_eq!(unsigned["signatures_per_payment"], 0.0);
}
