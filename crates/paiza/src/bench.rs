//! `paiza bench`: load on the real path, next to the limit of the same machine in the same run.

mod api;
mod enrol;
mod limit;
mod load;
mod plant;
mod tap;
mod taps;
mod upi;
mod usage;

use crate::cli::Bench;
use crate::output::{Failure, Output};
use std::path::{Path, PathBuf};

pub(crate) fn run(what: &Bench, output: Output) -> Result<(), Failure> {
    match what {
        Bench::Tap { algorithm, tokens, seconds, in_flight, data } => {
            let plan = tap::Plan {
                algorithm: *algorithm,
                tokens: (*tokens).max(1),
                seconds: (*seconds).max(1),
                in_flight: (*in_flight).max(1),
            };
            tap::run(&plan, &Place::new(data.as_deref())?, output)
        }
        Bench::Api { callers, seconds } => {
            let time = std::time::Duration::from_secs((*seconds).max(1));
            api::run((*callers).max(1), time, &Place::new(None)?, output)
        }
        Bench::Upi { in_flight, seconds, unsigned } => {
            let time = std::time::Duration::from_secs((*seconds).max(1));
            upi::run((*in_flight).max(1), time, *unsigned, &Place::new(None)?, output)
        }
        Bench::Enrol { cards, phones } => {
            enrol::run((*cards).max(1), (*phones).max(1), &Place::new(None)?, output)
        }
    }
}

/// A folder of its own for one run, gone with it.
struct Place(PathBuf);

impl Place {
    fn new(under: Option<&Path>) -> Result<Place, Failure> {
        let under = under.map_or_else(std::env::temp_dir, Path::to_owned);
        let path = under.join(format!("paiza-bench-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|e| configuration(&path.display().to_string(), e))?;
        Ok(Place(path))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn configuration(what: &str, error: impl std::fmt::Display) -> Failure {
    Failure::configuration(format!("{what}: {error}"))
}
