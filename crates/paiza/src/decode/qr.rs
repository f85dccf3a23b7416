//! `paiza decode qr`: a payment code, the shop's or the customer's, field by field.

use super::{Verdict, row};
use crate::output::{Failure, Output};
use emv::describe::{Line, describe_code};
use std::io::BufRead;

pub(super) fn run(code: Option<&str>, output: Output) -> Result<(), Failure> {
    let mut verdict = Verdict::new();
    let mut explain = |text: &str| {
        let lines = describe_code(text.trim());
        for line in &lines {
            output.line(line.to_string());
            output.row(&row(line));
        }
        verdict.add("", broken(&lines));
    };
    match code {
        Some(code) => explain(code),
        None => {
            for text in std::io::stdin().lock().lines() {
                let text = text.map_err(Failure::usage)?;
                if !text.trim().is_empty() {
                    explain(&text);
                }
            }
        }
    }
    verdict.conclude(output)
}

fn broken(lines: &[Line]) -> Result<(), String> {
    match lines.first() {
        Some(line) if line.name == "not a payment code" => Err(format!("not a payment code: {}", line.value)),
        _ => Ok(()),
    }
}
