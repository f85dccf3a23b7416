//! `paiza emv`: known answers, and the test certification authority.

mod authority;
mod blocks;
mod cryptograms;
mod fields;
mod messages;
mod vectors;

use crate::cli::Emv;
use crate::output::{Failure, Output};

pub(crate) fn run(what: &Emv, output: &Output) -> Result<(), Failure> {
    match what {
        Emv::Vectors { file } => vectors::run(file, *output),
        Emv::Capk => authority::run(*output),
    }
}
