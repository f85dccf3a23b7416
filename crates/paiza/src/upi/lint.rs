//! `paiza upi lint`.

use super::{Lint, Tally, input};
use crate::output::{Failure, Output};
use ::upi::messages::Profile;
use ::upi::tools;
use serde_json::json;

pub(super) fn run(what: &Lint, output: Output) -> Result<(), Failure> {
    let own = what.profile.as_deref().map(|path| {
        let text = input::text(path)?;
        Profile::parse(&text).map_err(|why| Failure::configuration(format!("{}: {why}", path.display())))
    });
    let own = own.transpose()?;
    let profile = own.as_ref().unwrap_or(Profile::public());
    let mut tally = Tally::default();
    for file in &what.files {
        let name = file.display().to_string();
        let bytes = input::bytes(file)?;
        let findings = tools::lint(&bytes, profile);
        tally.count(findings.is_empty());
        for finding in &findings {
            output.line(format!("{name}: {finding}"));
            output.row(&json!({
                "file": name, "code": finding.code, "path": finding.path, "at": finding.at, "problem": finding.problem,
            }));
        }
        output.row(&json!({ "file": name, "ok": findings.is_empty(), "findings": findings.len() }));
        if findings.is_empty() {
            output.line(format!("{name}: as {} {} has it", profile.name, profile.version));
        }
    }
    tally.conclude("break rules", output)
}
