//! The command `paiza`: arguments, configuration, wiring. It decides nothing about money.

mod bench;
mod cli;
mod code;
mod decode;
mod demo;
mod developers;
mod doctor;
mod emv;
mod examples;
mod log;
mod operators;
mod output;
mod passcode;
mod phone;
mod pos;
mod sandbox;
mod serve;
mod soak;
mod up;
mod upi;
mod verify;
mod watch;

use clap::{CommandFactory, FromArgMatches};
use cli::{Cli, Command};
use output::Output;
use std::process::ExitCode;

// Records are made on one thread and freed on another, for which the C library's allocator takes locks and
// returns memory to the system by the page: a tenth of a payment's cost under load.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let given = examples::shown(Cli::command()).get_matches();
    let cli = Cli::from_arg_matches(&given).unwrap_or_else(|error| error.exit());
    let output = Output::new(cli.json);
    let log = log::to_stderr();
    let done = match cli.command {
        Command::Up(what) => up::run(&what, output),
        Command::Serve(what) => serve::run(&what, output),
        Command::Demo(what) => demo::run(&what, output),
        Command::Phone(what) => phone::run(&what, output),
        Command::Pos(what) => pos::run(&what, output),
        Command::Sandbox(what) => sandbox::run(&what, output),
        Command::Keys(what) => developers::keys(&what, output),
        Command::Operators(what) => operators::run(&what, output),
        Command::Listen(what) => developers::listen(&what, output),
        Command::Trigger(what) => developers::trigger(&what, output),
        Command::Events(what) => developers::events(&what, output),
        Command::Exports(what) => developers::exports(&what, output),
        Command::Logs(what) => developers::logs(&what, output),
        Command::Samples(what) => developers::samples(&what, output),
        Command::Doctor(what) => doctor::run(&what, output),
        Command::Config(what) => serve::settings(&what, output),
        Command::Clock(what) => developers::clock(&what, output),
        Command::Fault(what) => developers::fault(&what, output),
        Command::Completions(what) => {
            developers::completions(&what);
            Ok(())
        }
        Command::Man(what) => developers::manual(&what),
        Command::Decode(what) => decode::run(&what, &output),
        Command::Emv(what) => emv::run(&what, &output),
        Command::Upi(what) => upi::run(&what, output),
        Command::Verify(what) => verify::run(&what, output),
        Command::Bench(what) => bench::run(&what, output),
        Command::Soak(what) => soak::run(&what, output),
    };
    drop(log);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.code)
        }
    }
}
