//! `paiza logs`: what was asked of the interface, as it is answered.

use super::Logs;
use crate::output::{Failure, Output};
use serde_json::{Value, json};
use server::client::{ClientError, agent, answer};
use std::time::Duration;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);

pub(crate) fn run(what: &Logs, output: Output) -> Result<(), Failure> {
    let Logs::Tail { desk, count, from_start } = what;
    let ask = |query: &str| -> Result<Value, Failure> {
        answer(agent().get(format!("http://{}/admin/requests{query}", desk.at)).call()).map_err(failure)
    };
    let mut last = if *from_start { 0 } else { ask("")?["last"].as_u64().unwrap_or(0) };
    let mut shown = 0;
    while count.is_none_or(|count| shown < count) {
        let page = ask(&format!("?after={last}"))?;
        let lines = page["lines"].as_array().map_or(&[][..], Vec::as_slice);
        let left = count.map_or(usize::MAX, |count| usize::try_from(count - shown).unwrap_or(usize::MAX));
        for line in lines.iter().take(left) {
            show(line, output);
            shown += 1;
        }
        // A platform that was started anew counts from 1 again.
        let now = page["last"].as_u64().unwrap_or(0);
        last = if ask("")?["last"].as_u64().unwrap_or(0) < last { 0 } else { now };
        if lines.is_empty() {
            std::thread::sleep(LOOK);
        }
    }
    output.summary(json!({"lines": shown}));
    Ok(())
}

fn show(line: &Value, output: Output) {
    let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let more = match line["code"].as_str() {
        Some(code) => format!("  {code}"),
        None => String::new(),
    };
    output.line(format!(
        "{}  {} {:<6} {}  {} ms  {}  {}{more}",
        text("ts"),
        line["status"],
        text("method"),
        text("route"),
        line["latency_ms"],
        line["tenant"].as_str().unwrap_or("nobody"),
        text("request_id"),
    ));
    output.row(line);
}

fn failure(error: ClientError) -> Failure {
    match error {
        ClientError::Problem(_) => Failure::business(error),
        ClientError::Unreachable(why) => {
            Failure::unreachable(format!("nobody answers at this desk; is the platform running? ({why})"))
        }
        ClientError::Unreadable(_) => Failure::malformed("what answers there is no desk"),
    }
}
