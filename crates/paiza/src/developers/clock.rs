//! `paiza clock`: the clock of a running sandbox.

use super::Clock;
use super::caller::Caller;
use crate::output::{Failure, Output};
use serde_json::{Value, json};
use server::test_mode::{Moment, moment, span};
use values::Timestamp;

const PATH: &str = "/v1/test_helpers/clock";

pub(crate) fn run(what: &Clock, output: Output) -> Result<(), Failure> {
    let post =
        |interface, act: &str, body: Option<&Value>| Caller(interface).post(&format!("{PATH}/{act}"), body);
    let told = match what {
        Clock::Show { interface } => Caller(interface).get(PATH)?,
        Clock::Freeze { interface } => post(interface, "freeze", None)?,
        Clock::Resume { interface } => post(interface, "resume", None)?,
        Clock::Advance { interface, by } => {
            let wrong = || Failure::usage(format!("{by} is no length of time: 90m, 12h, 30d, 1w or 1d12h"));
            let by = span(by).ok_or_else(wrong)?;
            post(interface, "advance", Some(&json!({"by_seconds": by.as_secs()})))?
        }
        Clock::Goto { interface, to } => {
            let wrong =
                || Failure::usage(format!("{to} is no moment: 2027-01-31, 2027-01-31T09:30:00Z or now"));
            let body = match moment(to).ok_or_else(wrong)? {
                Moment::Machine => json!({}),
                Moment::At(at) => json!({"to": written(at)}),
            };
            post(interface, "goto", Some(&body))?
        }
    };
    show(&told, output);
    Ok(())
}

fn written(at: Timestamp) -> String {
    server::platform_http::developers::time::write(at)
}

fn show(told: &Value, output: Output) {
    let now = told["now"].as_str().unwrap_or_default();
    let how = match (told["state"].as_str(), told["real"].as_bool()) {
        (Some("frozen"), _) => "it stands still",
        (_, Some(true)) => "it runs with the machine's own time",
        _ => "it was moved, and runs",
    };
    output.line(format!("{now}  {how}"));
    let waiting = told["waiting"].as_array().cloned().unwrap_or_default();
    if told["waiting"].is_array() && waiting.is_empty() {
        output.line("Everything that fell due is done.");
    }
    for one in &waiting {
        output.line(format!("still waits: {}", one.as_str().unwrap_or_default()));
    }
    output.summary(told.clone());
}
