//! `paiza demo`: a scripted run over the real wires in a temporary directory, each message decoded.

mod enrol;
mod qr;
mod stage;
mod tap;
mod upi;

use crate::cli::{Demo, Journey};
use crate::output::{Failure, Output};
use serde_json::json;
use stage::Stage;

type Play = fn(&Stage) -> Result<(), Failure>;

pub(crate) fn run(what: &Demo, output: Output) -> Result<(), Failure> {
    let stage = Stage::set(what.data.as_deref(), output)?;
    let journeys: &[(&str, Play)] = match what.journey {
        Journey::Enrol => &[("enrol", enrol::run)],
        Journey::Tap => &[("tap", tap::run)],
        Journey::Qr => &[("qr", qr::run)],
        Journey::Upi => &[("upi", upi::run)],
        Journey::All => &[("enrol", enrol::run), ("tap", tap::run), ("qr", qr::run), ("upi", upi::run)],
    };
    for (name, journey) in journeys {
        output.line(format!("\n=== {name} ==="));
        journey(&stage)?;
    }
    output.line("\nEvery expectation held.");
    output.summary(json!({"expectations": stage.held()}));
    Ok(())
}
