//! The command `paiza`: arguments, configuration, wiring. It decides nothing about money.

mod cli;
mod decode;
mod emv;
mod output;

use clap::Parser;
use cli::{Cli, Command};
use output::{Failure, Output};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.json);
    let done = match cli.command {
        Command::Decode(what) => decode::run(&what, &output),
        Command::Emv(what) => emv::run(&what, &output),
        _ => Err(Failure::usage("not in this build")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.code)
        }
    }
}
