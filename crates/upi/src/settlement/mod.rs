//! Who owes whom at the end of a cycle, as files that both sides read, and whether all of them say the same.
//!
//! Read `cycle` (when a day is cut), `row` (one leg in a file), `compare` (books, log and the network's file of a bank,
//! leg by leg).
//!
//! The network's own layouts are not public; this one is ours: one CSV for each cycle, organisation and role, with a header,
//! and a last line that says how many rows there are and what they sum to.

mod compare;
mod cycle;
mod row;

pub use compare::{Comparison, Finding, Outcome, Tally};
pub use cycle::{Cycle, CycleKind};
pub use row::{BadRow, Line, Role, Row, RowState, Source, Writer, read_line};
