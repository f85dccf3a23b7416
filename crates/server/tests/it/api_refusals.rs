//! Every refusal that the description promises is brought about: for each operation, and for each code that it says it may
//! answer with, the request that is answered with this code and no other.

mod asking;
mod ground;
mod provoking;
mod waiting;

use ground::{Ground, Operation};
use std::path::Path;

/// What no request brings about: of which operation (or `*`), which code, and why.
const NEVER: &[(&str, &str, &str)] = &[
    (
        "*",
        "internal",
        "it is our own mistake, and none is known; problem.rs has a test of how one would be told",
    ),
    (
        "create_terminal",
        "name_taken",
        "the name is thirty-five random bits, so nobody meets it twice on purpose",
    ),
];

/// Those that take a clock that moves; they come after all that need things as they stand.
const BY_CLOCK: &[&str] = &["request_timeout", "answer_timeout"];
/// The one that nothing can be asked after: the records are closed.
const LAST: &str = "unavailable";

/// Operations and codes that were not brought about, and what was answered instead.
#[derive(Default)]
struct Missed(Vec<String>);

impl Missed {
    fn look(&mut self, operation: &Operation, code: &str, answer: Option<&crate::api::Answer>) {
        let said = match answer {
            Some(answer) if answer.header("content-type") == "application/problem+json" => answer.problem(),
            Some(answer) => format!("{} {}", answer.status, answer.text),
            None => "nobody knows how".to_owned(),
        };
        if said != code {
            self.0.push(format!("{} {code}: {said}", operation.name));
        }
    }
}

fn never(operation: &Operation, code: &str) -> bool {
    NEVER.iter().any(|(name, known, _)| (*name == "*" || *name == operation.name) && *known == code)
}

#[test]
fn every_refusal_that_an_operation_promises_is_brought_about() {
    let ground = Ground::new();
    let operations = ground.operations();
    assert!(operations.len() > 60, "{}", operations.len());
    for (name, code, _) in NEVER {
        let promised = operations
            .iter()
            .filter(|operation| *name == "*" || operation.name == *name)
            .any(|operation| operation.codes.contains(*code));
        assert!(promised, "{name} does not promise {code}, so it needs no reason");
    }
    let mut missed = Missed::default();
    let mut tried = 0;
    for operation in &operations {
        for code in &operation.codes {
            if never(operation, code) || BY_CLOCK.contains(&code.as_str()) || code == LAST {
                continue;
            }
            missed.look(operation, code, provoking::provoke(&ground, operation, code).as_ref());
            tried += 1;
        }
    }
    for code in BY_CLOCK {
        let promising: Vec<&Operation> =
            operations.iter().filter(|operation| operation.codes.contains(*code)).collect();
        let answers = waiting::provoke(&ground, code, &promising);
        for (operation, answer) in promising.iter().zip(&answers) {
            missed.look(operation, code, Some(answer));
            tried += 1;
        }
    }
    tried += without_records(&ground, &operations, &mut missed);
    assert!(missed.0.is_empty(), "{} of {tried}: {:#?}", missed.0.len(), missed.0);
    assert!(tried > 1000, "{tried}");
}

/// Closes every database, and asks what needs one.
fn without_records(ground: &Ground, operations: &[Operation], missed: &mut Missed) -> usize {
    let promising: Vec<&Operation> =
        operations.iter().filter(|operation| operation.codes.contains(LAST)).collect();
    let asks: Vec<_> = promising.iter().map(|operation| (operation, ground.ask(operation))).collect();
    let clock = ground.city.data().join("clock.json");
    bar(&clock);
    ground.stores().iter().for_each(|(_, store)| store.close());
    for (operation, ask) in &asks {
        if operation.name == "resume_clock" {
            // Only one that stands still is changed by that.
            std::fs::remove_dir_all(&clock).unwrap();
            ground.posted("/v1/test_helpers/clock/freeze", &serde_json::Value::Null);
            bar(&clock);
        }
        let ask = match operation.name.as_str() {
            "stream_events" => ask.clone().with("Last-Event-ID", "evt_00000000000000000000000009"),
            _ => ask.clone(),
        };
        missed.look(operation, LAST, Some(&ask.of(ground.door)));
    }
    asks.len()
}

/// The clock of a sandbox is kept in a file: a folder in its place cannot be written.
fn bar(clock: &Path) {
    let _ = std::fs::remove_file(clock);
    std::fs::create_dir(clock).unwrap();
    std::fs::write(clock.join("in the way"), "").unwrap();
}
