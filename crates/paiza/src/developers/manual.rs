//! Completions and manual pages, made of the definition of the command line itself.

use super::{Completions, Manual};
use crate::cli::Cli;
use crate::examples::shown;
use crate::output::Failure;
use clap::CommandFactory;

pub(crate) fn completions(what: &Completions) {
    clap_complete::generate(what.shell, &mut shown(Cli::command()), "paiza", &mut std::io::stdout());
}

pub(crate) fn manual(what: &Manual) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::configuration(format!("{}: {error}", what.to.display()));
    std::fs::create_dir_all(&what.to).map_err(failed)?;
    clap_mangen::generate_to(shown(Cli::command()), &what.to).map_err(failed)
}
