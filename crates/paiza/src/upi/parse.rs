//! `paiza upi qr parse`.

use super::input::{self, Row};
use super::{Parse, Tally};
use crate::output::{Failure, Output};
use ::upi::describe::{self, Line};
use ::upi::tools::{self, LinkSignature, Refusal};
use crypto::p256::VerifyingKey;
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn run(what: &Parse, output: Output) -> Result<(), Failure> {
    let key = what.key.as_deref().map(public_key).transpose()?;
    let rows = match (&what.text, &what.file) {
        (Some(text), _) if text != "-" => vec![Row { id: None, line: 1, text: text.clone() }],
        (_, file) => {
            let text = input::text(file.as_deref().unwrap_or(Path::new("-")))?;
            input::rows(&text).map_err(Failure::usage)?
        }
    };
    let mut tally = Tally::default();
    for row in &rows {
        let read = Scanned::read(&row.text, key.as_ref());
        tally.count(read.is_ok());
        let (mut told, lines) = match read {
            Ok(read) => read,
            Err(why) => {
                let place = if rows.len() > 1 { format!("line {}: ", row.line) } else { String::new() };
                output.line(format!("{place}refused, {}: {}", why.code, why.refused));
                (json!(why), Vec::new())
            }
        };
        if let (Some(id), Some(fields)) = (&row.id, told.as_object_mut()) {
            fields.insert("id".to_owned(), id.clone());
        }
        lines.iter().for_each(|line| output.line(line.to_string()));
        output.row(&told);
    }
    if rows.is_empty() {
        return Err(Failure::usage("nothing to read"));
    }
    tally.conclude("were refused", output)
}

pub(super) fn public_key(path: &Path) -> Result<VerifyingKey, Failure> {
    let wrong = || Failure::configuration(format!("{} is not a public key of P-256", path.display()));
    let (label, bytes) = input::key(path)?;
    if label != "PUBLIC KEY" {
        return Err(wrong());
    }
    VerifyingKey::from_spki(bytes.expose()).map_err(|_| wrong())
}

/// A text that a camera read: for programs, and for people.
pub(crate) struct Scanned;

impl Scanned {
    /// Reads a link or a Bharat QR; why not, otherwise.
    pub(crate) fn read(text: &str, key: Option<&VerifyingKey>) -> Result<(Value, Vec<Line>), Refusal> {
        let scanned = tools::scan(text, key)?;
        let lines = match &scanned {
            tools::Scanned::Bharat(code) => describe::bharat(code),
            tools::Scanned::Link(link, signature) => {
                let mut lines = describe::link(link);
                if *signature == LinkSignature::Verified {
                    lines.retain(|line| line.value != "unsigned");
                }
                lines
            }
        };
        Ok((json!(scanned.row()), lines))
    }
}
