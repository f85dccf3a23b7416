//! `paiza bench enrol`: cards added from sealed card data to first keys.

use super::Place;
use crate::output::{Failure, Output};

pub(super) fn run(_cards: u32, _phones: usize, _place: &Place, _output: Output) -> Result<(), Failure> {
    Err(Failure::usage("not in this build"))
}
