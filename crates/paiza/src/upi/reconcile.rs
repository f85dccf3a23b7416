//! `paiza upi reconcile`: network, log and books of a bank, row by row as they are read; every leg is classified.

use crate::output::{Failure, Output};
use clap::Args;
use serde_json::json;
use sim::Dice;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;
use upi::settlement::{Comparison, Finding, Line, Outcome, Role, Row, RowState, Source, Writer, read_line};
use values::Timestamp;

/// So many breaks are told to people one by one; rows of JSON have all of them.
const SHOWN: usize = 20;
/// Rows in memory before they are written.
const BLOCK: u64 = 4_096;

/// Example: paiza upi reconcile settlement/701001-*.csv
#[derive(Args)]
pub(crate) struct Reconcile {
    /// Files of one bank, in any order: the network's, its log, its books
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Make the files first: so many rows in all, with breaks of every class planted; wants three names, for network, log
    /// and books
    #[arg(long, value_name = "ROWS")]
    plant: Option<u64>,
    /// From which everything planted follows
    #[arg(long, default_value_t = 1, requires = "plant")]
    seed: u64,
}

pub(super) fn run(what: &Reconcile, output: Output) -> Result<(), Failure> {
    let planted = what.plant.map(|rows| plant(&what.files, rows, what.seed)).transpose()?;
    let began = Instant::now();
    let mut comparison = Comparison::default();
    for path in &what.files {
        read(path, &mut comparison)?;
    }
    let mut shown = 0;
    let tally = comparison.finish(|finding| {
        if shown < SHOWN {
            output.line(line(&finding));
        }
        shown += 1;
        output.row(&json!({
            "transaction": finding.transaction, "role": finding.role.word(), "outcome": finding.outcome.word(),
            "act": finding.outcome.act(), "network": finding.paise[0], "log": finding.paise[1],
            "books": finding.paise[2],
        }));
    });
    if shown > SHOWN {
        output.line(format!("... and {} more", shown - SHOWN));
    }
    let seconds = began.elapsed().as_secs_f64();
    let legs: u64 = tally.legs.iter().sum();
    let mut summary = json!({ "rows": tally.rows, "legs": legs, "seconds": seconds });
    for outcome in Outcome::ALL {
        summary[outcome.word()] = json!(tally.of(*outcome));
        if let Some(planted) = &planted {
            summary["planted"][outcome.word()] = json!(planted[*outcome as usize]);
        }
    }
    output.line(format!(
        "{} rows, {legs} legs, {} of them not matched; {seconds:.1} s",
        tally.rows,
        tally.breaks()
    ));
    match &planted {
        Some(planted) if *planted != tally.legs => {
            Err(Failure::integrity("what was planted was not found").with(summary))
        }
        None if tally.breaks() > 0 => {
            Err(Failure::business(format!("{} of {legs} legs are not matched", tally.breaks())).with(summary))
        }
        _ => {
            output.summary(summary);
            Ok(())
        }
    }
}

fn line(finding: &Finding) -> String {
    let Finding { transaction, role, outcome, paise } = finding;
    let [network, log, books] = paise.map(|paise| paise.map_or("-".to_owned(), |paise| paise.to_string()));
    let (role, word, act) = (role.word(), outcome.word(), outcome.act());
    format!("{transaction} {role}: {word}; network {network}, log {log}, books {books}: {act}")
}

/// Reads a file row by row, and sees that it is whole.
fn read(path: &Path, comparison: &mut Comparison) -> Result<(), Failure> {
    let wrong = |why: &dyn std::fmt::Display| Failure::configuration(format!("{}: {why}", path.display()));
    let mut file = BufReader::with_capacity(1 << 20, File::open(path).map_err(|error| wrong(&error))?);
    let (mut text, mut number) = (String::new(), 0u64);
    let (mut rows, mut sum, mut ended) = (0u64, 0u64, false);
    loop {
        text.clear();
        number += 1;
        if file.read_line(&mut text).map_err(|error| wrong(&error))? == 0 {
            break;
        }
        let parsed = read_line(text.trim_end_matches(['\n', '\r']));
        match parsed.map_err(|bad| wrong(&format!("line {number}, {bad}")))? {
            _ if ended => return Err(wrong(&format!("line {number}: after the last line"))),
            Line::Header if number == 1 => {}
            _ if number == 1 => return Err(wrong(&"line 1 is not the header")),
            Line::Header => return Err(wrong(&format!("line {number}: a second header"))),
            Line::Row(row) => {
                comparison.take(&row).map_err(|bad| wrong(&format!("line {number}, {bad}")))?;
                rows += 1;
                sum = sum.saturating_add(row.paise);
            }
            Line::Control(counted, summed) if (counted, summed) == (rows, sum) => ended = true,
            Line::Control(..) => return Err(wrong(&"the last line counts other rows than there are")),
        }
    }
    if ended { Ok(()) } else { Err(wrong(&"there is no last line: the file was cut off")) }
}

/// A planted file.
struct Planted {
    path: PathBuf,
    file: BufWriter<File>,
    rows: Writer,
    source: Source,
}

impl Planted {
    fn row(&mut self, row: &Row<'_>) -> Result<(), Failure> {
        self.rows.row(&Row { source: self.source, ..*row });
        if self.rows.rows().is_multiple_of(BLOCK) { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let text = self.rows.take();
        let written = self.file.write_all(text.as_bytes());
        written.map_err(|error| Failure::configuration(format!("{}: {error}", self.path.display())))
    }

    fn finish(mut self) -> Result<(), Failure> {
        let text = std::mem::take(&mut self.rows).finish();
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.flush());
        written.map_err(|error| Failure::configuration(format!("{}: {error}", self.path.display())))
    }
}

/// Writes the three files, one leg in a hundred broken; how many legs come out how.
fn plant(paths: &[PathBuf], rows: u64, seed: u64) -> Result<[u64; Outcome::ALL.len()], Failure> {
    let [network, log, books] = paths else {
        return Err(Failure::usage("--plant wants three names: network, log, books"));
    };
    let open = |path: &PathBuf, source| {
        let file = File::create(path);
        let file = file.map_err(|error| Failure::configuration(format!("{}: {error}", path.display())))?;
        Ok(Planted { path: path.clone(), file: BufWriter::new(file), rows: Writer::new(), source })
    };
    let mut files = [open(network, Source::Network)?, open(log, Source::Log)?, open(books, Source::Books)?];
    let mut dice = Dice::new(seed);
    let mut counted = [0; Outcome::ALL.len()];
    let mut written = 0;
    while written < rows {
        let outcome = if dice.happens(990) {
            Outcome::Matched
        } else {
            Outcome::ALL[dice.below(Outcome::ALL.len() as u64) as usize]
        };
        counted[outcome as usize] += 1;
        written += leg(&mut files, &mut dice, outcome)?;
    }
    files.into_iter().try_for_each(Planted::finish)?;
    Ok(counted)
}

/// One leg that comes out so; how many rows it is.
fn leg(files: &mut [Planted; 3], dice: &mut Dice, outcome: Outcome) -> Result<u64, Failure> {
    let name: String = dice.bytes()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let (transaction, reference) = (format!("PZA{name}"), format!("{:012}", dice.below(1_000_000_000_000)));
    let (payer, payee) =
        (format!("payer{}@paiza", dice.below(9_999)), format!("payee{}@paiza", dice.below(9_999)));
    let is_credit =
        matches!(outcome, Outcome::CreditConfirmed | Outcome::CreditReturned) || dice.happens(500);
    let (role, kind) = if is_credit { (Role::Beneficiary, "CREDIT") } else { (Role::Remitter, "DEBIT") };
    let is_deemed = matches!(outcome, Outcome::CreditConfirmed | Outcome::CreditReturned);
    // 20261130-04 ends at 09:00 of that day in India.
    let end = 1_796_009_400_000;
    let at = if outcome == Outcome::NextCycle { end - 60_000 } else { end - 3_600_000 };
    let at = Timestamp::from_millis(at);
    let row = Row {
        source: Source::Network,
        cycle: "20261130-04",
        role,
        kind: "U3",
        transaction: &transaction,
        reference: &reference,
        leg: (kind, "PAY"),
        state: if is_deemed { RowState::Deemed } else { RowState::Success },
        codes: (if is_deemed { "RB" } else { "00" }, "00"),
        paise: 100 + dice.below(1_000_000),
        payer: (&payer, "AMBR0000001", "SAVINGS"),
        payee: (&payee, "BNYN0000001", "SAVINGS"),
        about: ("0000", "00", "00"),
        at: (at, at),
        date: "2026-11-30",
    };
    let booked = Row { state: RowState::Success, ..row };
    let [network, log, books] = files;
    let has = |of: &[Outcome]| !of.contains(&outcome);
    let mut rows = 0;
    if has(&[Outcome::Reverse, Outcome::NextCycle]) {
        network.row(&row)?;
        rows += 1;
    }
    if has(&[Outcome::Post, Outcome::CreditReturned, Outcome::LogDiffers]) {
        log.row(&booked)?;
        rows += 1;
    }
    if has(&[Outcome::Post, Outcome::CreditReturned]) {
        let paise = if outcome == Outcome::Hold { booked.paise + 1 } else { booked.paise };
        books.row(&Row { paise, ..booked })?;
        rows += 1;
    }
    if outcome == Outcome::Twice {
        books.row(&booked)?;
        rows += 1;
    }
    Ok(rows)
}
