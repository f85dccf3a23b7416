//! `paiza exports`: payments and more as a file.

use super::Exports;
use super::caller::Caller;
use crate::output::{Failure, Output};
use serde_json::{Value, json};
use std::time::Duration;

/// Between two looks at an export that is written.
const LOOK: Duration = Duration::from_millis(200);

pub(crate) fn run(what: &Exports, output: Output) -> Result<(), Failure> {
    match what {
        Exports::Create { interface, what, format, merchant, from, to, into } => {
            let mut wish = json!({"what": what, "format": format, "from": from});
            let said = [("merchant", merchant), ("to", to)];
            said.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))).for_each(
                |(name, value)| {
                    wish[name] = json!(value);
                },
            );
            let caller = Caller(interface);
            let begun = caller.post("/v1/exports", Some(&wish))?;
            let Some(into) = into else {
                told(&begun, output);
                output.summary(json!({}));
                return Ok(());
            };
            let ended = ended(&caller, &begun)?;
            let bytes = caller.save(ended["result"]["url"].as_str().unwrap_or_default(), into)?;
            output.line(format!("{} rows, {bytes} bytes, in {}.", ended["progress"]["done"], into.display()));
            output.row(&ended);
        }
        Exports::Show { interface, operation } => {
            told(&Caller(interface).get(&format!("/v1/operations/{}", named(operation)?))?, output);
        }
        Exports::Cancel { interface, operation } => {
            let path = format!("/v1/operations/{}/cancel", named(operation)?);
            told(&Caller(interface).post(&path, None)?, output);
        }
        Exports::Get { interface, operation, into } => {
            let bytes =
                Caller(interface).save(&format!("/v1/operations/{}/result", named(operation)?), into)?;
            output.line(format!("{bytes} bytes are in {}.", into.display()));
        }
    }
    output.summary(json!({}));
    Ok(())
}

fn named(operation: &str) -> Result<&str, Failure> {
    let named = operation.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    named.then_some(operation).ok_or_else(|| Failure::usage("an export is named exp_ and 26 letters"))
}

/// The export once it has succeeded.
fn ended(caller: &Caller<'_>, begun: &Value) -> Result<Value, Failure> {
    let path = format!("/v1/operations/{}", begun["id"].as_str().unwrap_or_default());
    loop {
        let seen = caller.get(&path)?;
        match seen["status"].as_str() {
            Some("succeeded") => return Ok(seen),
            Some("waiting" | "running") => std::thread::park_timeout(LOOK),
            _ => {
                let meaning = seen["failure"]["meaning"].as_str().unwrap_or("it was cancelled");
                return Err(Failure::business(format!("nothing was exported: {meaning}")));
            }
        }
    }
}

fn told(operation: &Value, output: Output) {
    let text = |name: &str| operation[name].as_str().unwrap_or_default().to_owned();
    let progress = &operation["progress"];
    let total = progress["total"].as_u64().map_or_else(|| "?".to_owned(), |total| total.to_string());
    output.line(format!(
        "{}  {}  {}  {} of {total} rows",
        text("id"),
        text("what"),
        text("status"),
        progress["done"]
    ));
    output.row(operation);
}
