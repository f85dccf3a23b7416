//! `paiza fault`: what goes wrong on the wires of a running sandbox.

use super::Fault;
use super::caller::Caller;
use crate::output::{Failure, Output};
use serde_json::{Value, json};
use server::test_mode;

const PATH: &str = "/v1/test_helpers/faults";

pub(crate) fn run(what: &Fault, output: Output) -> Result<(), Failure> {
    match what {
        Fault::Add { interface, leg, what } => {
            // What cannot be read is told here, with the word that is wrong.
            let wrong = |error: test_mode::FaultError| {
                let legs: Vec<&str> = test_mode::Leg::names().collect();
                let more = if error.part() == "leg" {
                    format!("; there are {}", legs.join(", "))
                } else {
                    String::new()
                };
                Failure::usage(format!("{error}{more}"))
            };
            test_mode::Fault::parse(leg, what).map_err(wrong)?;
            let added = Caller(interface).post(PATH, Some(&json!({"leg": leg, "what": what})))?;
            line(&added, output);
            output.summary(added);
        }
        Fault::List { interface } => {
            let page = Caller(interface).get(&format!("{PATH}?limit=100"))?;
            let faults = page["data"].as_array().cloned().unwrap_or_default();
            if faults.is_empty() {
                output.line("The wires are whole.");
            }
            for fault in &faults {
                line(fault, output);
                output.row(fault);
            }
            output.summary(json!({"faults": faults.len()}));
        }
        Fault::Remove { interface, fault } => {
            if fault.contains('/') {
                return Err(Failure::usage("a fault is named as `paiza fault list` shows it"));
            }
            let gone = Caller(interface).post(&format!("{PATH}/{fault}/delete"), None)?;
            output.line(format!("{fault} is off."));
            output.summary(gone);
        }
        Fault::Clear { interface } => {
            let gone = Caller(interface).post(&format!("{PATH}/clear"), None)?;
            output.line(format!("The wires are whole; {} faults were on.", gone["deleted"]));
            output.summary(gone);
        }
    }
    Ok(())
}

fn line(fault: &Value, output: Output) {
    let text = |name: &str| fault[name].as_str().unwrap_or_default().to_owned();
    let struck = &fault["struck"];
    output.line(format!("{}  {:<24} {:<28} struck {struck}", text("id"), text("leg"), text("what")));
}
