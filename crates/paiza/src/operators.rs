//! `paiza operators`: what is done about operators on the machine itself.

use crate::cli::DataDir;
use crate::output::{Failure, Output};
use clap::Subcommand;
use serde_json::json;
use server::city::ports;
use server::client::{ClientError, agent, answer};
use server::console::recovery::{Note, Recovery};

#[derive(Subcommand)]
pub(crate) enum Operators {
    /// Let two operators come back who lost their passkeys
    ///
    /// It takes the operators' key, so it works on the platform's own machine alone, while the console runs. Each of the two gets
    /// a link of their own and a code for the other: neither comes back alone. The log says that it was done; whoever of them
    /// comes in by a passkey takes their way back away.
    ///
    /// Example: paiza operators recover Ada Grace
    Recover {
        /// One of them, by name or identifier
        first: String,
        /// The other one
        second: String,
        #[command(flatten)]
        data: DataDir,
        /// The console
        #[arg(long = "at", value_name = "HOST:PORT", default_value_t = format!("127.0.0.1:{}", ports::CONSOLE))]
        at: String,
    },
}

pub(crate) fn run(what: &Operators, output: Output) -> Result<(), Failure> {
    let Operators::Recover { first, second, data, at } = what;
    let file = data.data.join("platform/operators.key");
    let key = std::fs::read_to_string(&file)
        .map_err(|error| Failure::configuration(format!("{}: {error}", file.display())))?;
    let wish = Recovery { key, operators: [first.clone(), second.clone()] };
    let body = serde_json::to_vec(&wish).expect("texts are JSON");
    let request = agent().post(format!("http://{at}/recover")).header("content-type", "application/json");
    let notes: [Note; 2] = answer(request.send(&body[..])).map_err(failure)?;
    for note in &notes {
        output.line(format!("For {}, and nobody else:", note.name));
        output.line(format!("  come in at  {}", note.link));
        output.line(format!("  tell the other one this code, which they type  {}", note.code_for_other));
        output.row(&json!(note));
    }
    output.line("Good once, within a day. Each needs the other's code.");
    output.summary(json!({}));
    Ok(())
}

fn failure(error: ClientError) -> Failure {
    match error {
        ClientError::Problem(_) => Failure::business(error),
        ClientError::Unreachable(why) => {
            Failure::unreachable(format!("nobody answers there; does the console run? ({why})"))
        }
        ClientError::Unreadable(_) => Failure::malformed("what answers there is no console"),
    }
}
