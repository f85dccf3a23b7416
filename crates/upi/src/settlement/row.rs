//! One leg of a payment in a file: the columns of reference, written and read as they stand, comma between them. No value
//! of ours holds a comma or a quote, so there is nothing to escape; a file that has one is refused.

use super::cycle::Cycle;
use std::fmt::Write;
use values::Timestamp;

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The network.
    Network,
    /// What the bank answered: its log of the switch.
    Log,
    /// The bank's books.
    Books,
}

/// Which side of the payment the bank is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The payer's bank.
    Remitter,
    /// The payee's bank.
    Beneficiary,
}

/// How the leg stands by this source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowState {
    /// Paid; booked.
    Success,
    /// Not paid; not booked, or taken back.
    Failed,
    /// Paid between the banks, and nobody knows whether the payee has it.
    Deemed,
}

macro_rules! words {
    ($($name:ident { $($variant:ident $word:literal)* })*) => {$(
        impl $name {
            /// As it stands in a file.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            fn read(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)* _ => None }
            }
        }
    )*};
}

words! {
    Source { Network "NETWORK" Log "LOG" Books "BOOKS" }
    Role { Remitter "REM" Beneficiary "BEN" }
    RowState { Success "SUCCESS" Failed "FAILED" Deemed "DEEMED" }
}

/// The header of every file.
const HEADER: &str = "source,cycle,role,kind,txnId,custRef,type,subType,state,switchCode,bankCode,amountPaise,payerVpa,\
payerIfsc,payerAcType,payeeVpa,payeeIfsc,payeeAcType,mcc,mode,purpose,umn,txnTs,respTs,settDate";
const COLUMNS: usize = 25;
/// What the last line begins with.
const CONTROL: &str = "CONTROL,";

/// A row, borrowed from its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// Who says it.
    pub source: Source,
    /// The cycle, by name.
    pub cycle: &'a str,
    /// Which side.
    pub role: Role,
    /// U2 to a merchant, U3 to a person, UC a collect.
    pub kind: &'a str,
    /// The transaction.
    pub transaction: &'a str,
    /// What a customer quotes.
    pub reference: &'a str,
    /// `type` and `subType` of the leg's message.
    pub leg: (&'a str, &'a str),
    /// How it stands.
    pub state: RowState,
    /// The switch's code and the bank's.
    pub codes: (&'a str, &'a str),
    /// Paise.
    pub paise: u64,
    /// The payer's address, branch and type of account.
    pub payer: (&'a str, &'a str, &'a str),
    /// The payee's.
    pub payee: (&'a str, &'a str, &'a str),
    /// Merchant category, `initiationMode`, `purpose`.
    pub about: (&'a str, &'a str, &'a str),
    /// When the payment came, and when this was said.
    pub at: (Timestamp, Timestamp),
    /// The date it settles on.
    pub date: &'a str,
}

/// What a line of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly every line is a row, and none is kept")]
pub enum Line<'a> {
    /// The header.
    Header,
    /// A row.
    Row(Row<'a>),
    /// The last line: how many rows there are, and what they sum to.
    Control(u64, u64),
}

/// Why a line is none: which column, counted from 1. Its content is not quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {what}")]
pub struct BadRow {
    /// The column.
    pub column: usize,
    /// What it should be.
    pub what: &'static str,
}

/// Reads a line without its end.
pub fn read_line(line: &str) -> Result<Line<'_>, BadRow> {
    if line == HEADER {
        return Ok(Line::Header);
    }
    let bad = |column: usize, what: &'static str| BadRow { column, what };
    if let Some(rest) = line.strip_prefix(CONTROL) {
        let both = rest.split_once(',').and_then(|(rows, sum)| Some((rows.parse().ok()?, sum.parse().ok()?)));
        let (rows, sum) = both.ok_or(bad(2, "a count and a sum"))?;
        return Ok(Line::Control(rows, sum));
    }
    let mut parts = [""; COLUMNS];
    let mut count = 0;
    for part in line.split(',') {
        *parts.get_mut(count).ok_or(bad(COLUMNS + 1, "one column too many"))? = part;
        count += 1;
    }
    if count != COLUMNS {
        return Err(bad(count, "a row has 25 columns"));
    }
    let moment = |column: usize| {
        let millis = parts[column - 1].parse().map_err(|_| bad(column, "milliseconds since 1970"))?;
        Ok(Timestamp::from_millis(millis))
    };
    let needed = |column: usize, what| {
        if parts[column - 1].is_empty() { Err(bad(column, what)) } else { Ok(parts[column - 1]) }
    };
    Ok(Line::Row(Row {
        source: Source::read(parts[0]).ok_or(bad(1, "NETWORK, LOG or BOOKS"))?,
        cycle: needed(2, "a cycle")?,
        role: Role::read(parts[2]).ok_or(bad(3, "REM or BEN"))?,
        kind: parts[3],
        transaction: needed(5, "a transaction")?,
        reference: parts[5],
        leg: (parts[6], parts[7]),
        state: RowState::read(parts[8]).ok_or(bad(9, "SUCCESS, FAILED or DEEMED"))?,
        codes: (parts[9], parts[10]),
        paise: parts[11].parse().map_err(|_| bad(12, "paise"))?,
        payer: (parts[12], parts[13], parts[14]),
        payee: (parts[15], parts[16], parts[17]),
        about: (parts[18], parts[19], parts[20]),
        at: (moment(23)?, moment(24)?),
        date: parts[24],
    }))
}

/// Writes a file.
#[derive(Debug)]
pub struct Writer {
    text: String,
    rows: u64,
    sum: u64,
}

impl Default for Writer {
    fn default() -> Writer {
        Writer::new()
    }
}

impl Writer {
    /// A file without rows.
    pub fn new() -> Writer {
        Writer { text: format!("{HEADER}\n"), rows: 0, sum: 0 }
    }

    /// One more row.
    pub fn row(&mut self, row: &Row<'_>) {
        let Row { source, cycle, role, kind, transaction, reference, leg, state, .. } = row;
        let (source, role, state) = (source.word(), role.word(), state.word());
        let ((kind_of_leg, subtype), (switch, bank)) = (leg, row.codes);
        let ((payer, payer_ifsc, payer_type), (payee, payee_ifsc, payee_type)) = (row.payer, row.payee);
        let (category, mode, purpose) = row.about;
        let (came, said) = (row.at.0.millis(), row.at.1.millis());
        let written = writeln!(
            self.text,
            "{source},{cycle},{role},{kind},{transaction},{reference},{kind_of_leg},{subtype},{state},{switch},{bank},{},\
             {payer},{payer_ifsc},{payer_type},{payee},{payee_ifsc},{payee_type},{category},{mode},{purpose},,{came},\
             {said},{}",
            row.paise, row.date,
        );
        written.expect("a text takes what is written to it");
        self.rows += 1;
        self.sum = self.sum.saturating_add(row.paise);
    }

    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// What was written since this was last asked for, so that a long file need not be held as a whole.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// The last line.
    pub fn finish(mut self) -> String {
        writeln!(self.text, "{CONTROL}{},{}", self.rows, self.sum)
            .expect("a text takes what is written to it");
        self.text
    }
}

impl Row<'_> {
    /// When the cycle it is filed under ends, if its name is one.
    pub fn cycle_ends(&self) -> Option<Timestamp> {
        Cycle::parse(self.cycle).map(|cycle| cycle.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn row() -> Row<'static> {
        Row {
            source: Source::Network,
            cycle: "20261130-04",
            role: Role::Remitter,
            kind: "U3",
            transaction: "PZA0d8f2b1c4e6a4f7ab2c3d4e5f6071829",
            reference: "633408123456",
            leg: ("DEBIT", "PAY"),
            state: RowState::Success,
            codes: ("00", "00"),
            paise: 3000,
            payer: ("asha@paiza", "AMBR0000001", "SAVINGS"),
            payee: ("ravi@paiza", "BNYN0000001", "SAVINGS"),
            about: ("0000", "00", "00"),
            at: (Timestamp::from_millis(1_795_305_600_000), Timestamp::from_millis(1_795_305_600_250)),
            date: "2026-11-30",
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut file = Writer::new();
        file.row(&row());
        let text = file.finish();
        let lines: Vec<_> = text.lines().map(|line| read_line(line).unwrap()).collect();
        assert_eq!(lines, [Line::Header, Line::Row(row()), Line::Control(1, 3000)]);
    }

    #[test]
    fn a_broken_row_names_its_column() {
        let mut file = Writer::new();
        file.take();
        file.row(&row());
        let good = file.take();
        let good = good.trim_end();
        for (from, to, column) in [
            ("NETWORK", "NOBODY", 1),
            (",REM,", ",REMITTER,", 3),
            (",SUCCESS,", ",PAID,", 9),
            (",3000,", ",30.00,", 12),
            (",3000,", ",-3000,", 12),
            (",3000,", ",3000,,", 26),
            (",,1795305600000", ",,now", 23),
            (",2026-11-30", "", 24),
            (",PZA0d8f2b1c4e6a4f7ab2c3d4e5f6071829,", ",,", 5),
        ] {
            assert!(good.contains(from), "{from}");
            assert_eq!(read_line(&good.replace(from, to)).unwrap_err().column, column, "{from} {to}");
        }
        assert!(read_line("CONTROL,1").is_err() && read_line("").is_err());
    }
}
