//! Asks for what must not stand on a command line.

use crate::output::Failure;
use std::io::{BufRead, IsTerminal, Write};

/// A line from the terminal, without echo if it is one; from standard input otherwise.
pub(crate) fn ask(question: &str) -> Result<String, Failure> {
    let input = std::io::stdin();
    let failed = |error: std::io::Error| Failure::configuration(format!("standard input: {error}"));
    if input.is_terminal() {
        let mut error = std::io::stderr();
        write!(error, "{question}: ").and_then(|()| error.flush()).map_err(failed)?;
    }
    let mut line = String::new();
    if input.lock().read_line(&mut line).map_err(failed)? == 0 {
        return Err(Failure::usage(format!(
            "{question} is needed, on the command line or on standard input"
        )));
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
