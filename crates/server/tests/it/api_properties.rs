//! Calls made at random from the description (Schemathesis), good ones and bad ones: none is answered with a status, a
//! header or a body that the description does not know, and none with a 500.
//!
//! Where the tool is not installed the test says so and is passed over, unless `CI` or `PAIZA_REQUIRE_ALL` is set;
//! `.ci/run` installs it into `target/schemathesis`.

use crate::api::{Caller, NOODLES_ID, PLATFORM};
use crate::small_city::SmallCity;
use serde_json::json;
use server::platform_http::developers::Limits;
use std::path::{Path, PathBuf};
use std::process::Command;

fn tool() -> Option<PathBuf> {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/schemathesis/bin/schemathesis");
    if tool.exists() {
        return Some(tool);
    }
    let required = ["CI", "PAIZA_REQUIRE_ALL"].iter().any(|name| std::env::var_os(name).is_some());
    assert!(!required, "there is no Schemathesis at {}; .ci/run installs it", tool.display());
    eprintln!("SKIPPED: there is no Schemathesis at {}", tool.display());
    None
}

#[test]
fn no_call_at_random_is_answered_with_something_else_than_the_description_says() {
    let Some(tool) = tool() else { return };
    let mut city =
        SmallCity::planned(|plan| plan.api_limits = Limits { per_second: 100_000, burst: 1_000_000 });
    city.open_upi();
    let account = crate::api::by_account(&city);
    // Something to be found.
    let platform = Caller::new(&city, PLATFORM);
    let amount = json!({"value": 1250, "currency": "CNY"});
    let paid = platform.post(
        "/v1/payments",
        "p",
        &json!({"amount": amount, "test_card": "0016", "merchant": NOODLES_ID}),
    );
    let half = json!({"payment": paid.json()["id"], "amount": {"value": 1, "currency": "CNY"}});
    let refund = platform.post("/v1/refunds", "r", &half);
    let endpoint = platform.post("/v1/webhook_endpoints", "w", &json!({"url": "http://127.0.0.1:9/"}));
    let made = [&paid, &refund, &endpoint].map(|answer| answer.status);
    assert_eq!(made, [201; 3], "{} {} {}", paid.text, refund.text, endpoint.text);
    let mut known = vec![
        ("PAIZA_PAYMENT".to_owned(), paid.json()["id"].as_str().unwrap().to_owned()),
        ("PAIZA_REFUND".to_owned(), refund.json()["id"].as_str().unwrap().to_owned()),
        ("PAIZA_ENDPOINT".to_owned(), endpoint.json()["id"].as_str().unwrap().to_owned()),
        ("PAIZA_TOKEN".to_owned(), city.token.to_string()),
    ];
    known.push(("PAIZA_OPERATION".to_owned(), crate::api_exports::exported(&platform)));
    let upper = |name: &str| format!("PAIZA_{}", name.trim_matches(['{', '}']).to_uppercase());
    known.extend(account.map(|(name, thing)| (upper(name), thing)));
    let at = format!("http://{}/openapi.json", city.city.addresses.platform);
    assert!(tested(&tool, &at, &known) >= 35);
}

/// Calls at random, and finds nothing wrong; how many operations there were.
fn tested(tool: &Path, at: &str, known: &[(String, String)]) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let examples = std::env::var("PAIZA_EXAMPLES").unwrap_or_else(|_| "6".to_owned());
    let output = Command::new(tool)
        .current_dir(folder.path())
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", &data)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .envs(known.iter().cloned())
        .arg("--config-file")
        .arg(data.join("schemathesis.toml"))
        .args(["run", at])
        .args(["--header", &format!("Authorization: Bearer {PLATFORM}")])
        .args(["--seed", "1", "--max-examples", &examples, "--generation-deterministic", "--no-color"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    // A run that tried nothing would be no success.
    let tested = said.lines().find(|line| line.contains("Tested:")).unwrap_or_else(|| panic!("{said}"));
    tested.split_whitespace().find_map(|word| word.parse().ok()).unwrap()
}
