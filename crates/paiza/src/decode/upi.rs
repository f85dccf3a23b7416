//! Account payment: messages, links, Bharat QR, pairs of response codes.

use crate::output::{Failure, Output};
use crate::upi::Scanned;
use ::upi::describe::{self, Line};
use ::upi::xml;
use serde_json::json;
use std::io::Read;
use std::path::Path;

pub(crate) fn run(source: &str, clear: bool, output: Output) -> Result<(), Failure> {
    let text = text(source)?;
    let (kind, lines) = explain(text.trim_end_matches(['\n', '\r']), clear).map_err(Failure::malformed)?;
    for line in &lines {
        output.line(line.to_string());
        output.row(&json!({ "depth": line.depth, "name": line.name, "value": line.value }));
    }
    output.summary(json!({ "kind": kind }));
    Ok(())
}

/// The argument itself, the file it names, or standard input.
fn text(source: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    if source == "-" {
        let read = std::io::stdin().read_to_end(&mut bytes);
        read.map_err(|why| Failure::usage(format!("standard input cannot be read: {why}")))?;
    } else if source.starts_with('<') || !Path::new(source).is_file() {
        return Ok(source.to_owned());
    } else {
        let read = std::fs::read(source);
        bytes = read.map_err(|why| Failure::configuration(format!("{source} cannot be read: {why}")))?;
    }
    String::from_utf8(bytes).map_err(|_| Failure::malformed("not UTF-8"))
}

/// What kind of thing it is, and what it says.
fn explain(text: &str, clear: bool) -> Result<(&'static str, Vec<Line>), String> {
    if text.trim_start().starts_with('<') {
        let document = xml::read(text.as_bytes()).map_err(|why| why.to_string())?;
        let told = if clear { describe::danger_message_clear } else { describe::message };
        return Ok(("message", told(&document)));
    }
    let codes: Vec<&str> = text.split('/').collect();
    let is_code =
        |code: &&str| (2..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric());
    if codes.len() <= 2 && codes.iter().all(is_code) {
        return Ok(("codes", describe::codes(codes[0], codes.get(1).copied())));
    }
    Scanned::read(text, None).map(|(_, lines)| ("link", lines)).map_err(|why| why.refused)
}
