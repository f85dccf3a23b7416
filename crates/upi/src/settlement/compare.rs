//! Three who should say the same of each leg: the network, the bank's log of what it answered, the bank's books.
//!
//! A leg is found by transaction and role. What is remembered of it is small and of one size, so that a day fits into memory.

use super::row::{BadRow, Role, Row, RowState};
use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::Duration;

/// What was booked so shortly before its cycle ended may stand in the next file of the network.
const BORDER: Duration = Duration::from_secs(300);

macro_rules! outcomes {
    ($($(#[$about:meta])* $name:ident $word:literal $act:literal)*) => {
        /// What came of comparing a leg.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Outcome {
            $($(#[$about])* $name,)*
        }

        impl Outcome {
            /// All of them.
            pub const ALL: &'static [Outcome] = &[$(Outcome::$name),*];

            /// Its stable name.
            pub fn word(self) -> &'static str {
                match self { $(Outcome::$name => $word,)* }
            }

            /// What is to be done.
            pub fn act(self) -> &'static str {
                match self { $(Outcome::$name => $act,)* }
            }
        }
    };
}

outcomes! {
    /// All three say the same.
    Matched "matched" "nothing"
    /// Booked, and the network has none of it or says that it failed.
    Reverse "reverse" "take the booking back"
    /// Paid by the network, and not booked.
    Post "post" "book it"
    /// Deemed by the network; the payee has it.
    CreditConfirmed "credit_confirmed" "tell the network that the credit stands (TCC)"
    /// Deemed by the network; the payee does not have it.
    CreditReturned "credit_returned" "give it back to the payer's bank (RET)"
    /// Amount or account differ.
    Hold "hold" "hold it until both sides agree on amount and account"
    /// The same leg stands twice in one source.
    Twice "twice" "find out which of both is right before either counts"
    /// Books and network agree, and the bank's own log says otherwise.
    LogDiffers "log_differs" "find out why the log says otherwise"
    /// Booked at the end of its cycle: the network may have it in the next one.
    NextCycle "next_cycle" "look again with the next cycle's file"
}

/// A leg about which not all agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The transaction.
    pub transaction: String,
    /// Which side of it the bank is.
    pub role: Role,
    /// What is wrong.
    pub outcome: Outcome,
    /// Paise, by network, log and books; nothing where that one does not have it as paid.
    pub paise: [Option<u64>; 3],
}

/// How many legs came out how, and how many rows there were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows.
    pub rows: u64,
    /// Legs, by outcome; none is left out.
    pub legs: [u64; Outcome::ALL.len()],
}

impl Tally {
    /// How many legs came out so.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.legs[outcome as usize]
    }

    /// How many legs are not matched.
    pub fn breaks(&self) -> u64 {
        self.legs.iter().sum::<u64>() - self.of(Outcome::Matched)
    }
}

/// The longest name of a transaction (`Txn.id`).
const LONGEST: usize = 35;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    name: [u8; LONGEST],
    length: u8,
    role: Role,
}

/// What one source says of a leg.
#[derive(Clone, Copy)]
struct Said {
    state: RowState,
    paise: u64,
    /// Digest of the bank's own branch and the other side's address.
    accounts: u64,
    at_border: bool,
}

#[derive(Clone, Copy, Default)]
struct Leg {
    said: [Option<Said>; 3],
    twice: bool,
}

/// Takes rows of any of the three in any order.
#[derive(Default)]
pub struct Comparison {
    legs: BTreeMap<Key, Leg>,
    rows: u64,
}

impl Comparison {
    /// One more row.
    pub fn take(&mut self, row: &Row<'_>) -> Result<(), BadRow> {
        let bytes = row.transaction.as_bytes();
        let mut name = [0; LONGEST];
        let place =
            name.get_mut(..bytes.len()).ok_or(BadRow { column: 5, what: "at most 35 letters or digits" })?;
        place.copy_from_slice(bytes);
        let key = Key { name, length: bytes.len() as u8, role: row.role };
        let mut accounts = DefaultHasher::new();
        // A bank knows its own branch and the other side's address.
        let (own, other) = match row.role {
            Role::Remitter => (row.payer.1, row.payee.0),
            Role::Beneficiary => (row.payee.1, row.payer.0),
        };
        (own, other).hash(&mut accounts);
        let at_border = row.cycle_ends().is_some_and(|end| end.since(row.at.1) <= BORDER);
        let said = Said { state: row.state, paise: row.paise, accounts: accounts.finish(), at_border };
        let leg = self.legs.entry(key).or_default();
        let place = &mut leg.said[row.source as usize];
        leg.twice |= place.is_some();
        *place = Some(said);
        self.rows += 1;
        Ok(())
    }

    /// Compares every leg, and tells of each that is not matched, in the order of their names.
    pub fn finish(self, mut found: impl FnMut(Finding)) -> Tally {
        let mut tally = Tally { rows: self.rows, ..Tally::default() };
        for (key, leg) in self.legs {
            let outcome = leg.outcome(key.role);
            tally.legs[outcome as usize] += 1;
            if outcome != Outcome::Matched {
                let transaction = String::from_utf8_lossy(&key.name[..usize::from(key.length)]).into_owned();
                let paise = leg.said.map(|said| said.filter(Said::is_paid).map(|said| said.paise));
                found(Finding { transaction, role: key.role, outcome, paise });
            }
        }
        tally
    }
}

impl Said {
    fn is_paid(&self) -> bool {
        self.state != RowState::Failed
    }
}

impl Leg {
    fn outcome(&self, role: Role) -> Outcome {
        if self.twice {
            return Outcome::Twice;
        }
        let paid = self.said.map(|said| said.filter(Said::is_paid));
        let [network, log, books] = paid;
        let mut said = paid.into_iter().flatten().map(|said| (said.paise, said.accounts));
        let first = said.next();
        if said.any(|other| Some(other) != first) {
            return Outcome::Hold;
        }
        let is_deemed = network.is_some_and(|said| said.state == RowState::Deemed);
        match (network, books) {
            (Some(_), Some(_)) if is_deemed && role == Role::Beneficiary => Outcome::CreditConfirmed,
            (Some(_), None) if is_deemed && role == Role::Beneficiary => Outcome::CreditReturned,
            (Some(_), None) => Outcome::Post,
            // The network may not have come to it yet; where it says that it failed, it has.
            (None, Some(booked)) if booked.at_border && self.said[0].is_none() => Outcome::NextCycle,
            (None, Some(_)) => Outcome::Reverse,
            _ if log.is_some() != books.is_some() => Outcome::LogDiffers,
            _ => Outcome::Matched,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::{Line, Source, Writer, read_line};
    use super::*;
    use values::Timestamp;

    fn row(source: Source, role: Role, state: RowState) -> Row<'static> {
        Row {
            source,
            cycle: "20261130-04",
            role,
            kind: "U3",
            transaction: "PZA1",
            reference: "633408123456",
            leg: ("DEBIT", "PAY"),
            state,
            codes: ("00", "00"),
            paise: 3000,
            payer: ("asha@paiza", "AMBR0000001", "SAVINGS"),
            payee: ("ravi@paiza", "BNYN0000001", "SAVINGS"),
            about: ("0000", "00", "00"),
            at: (Timestamp::from_millis(1_000), Timestamp::from_millis(2_000)),
            date: "2026-11-30",
        }
    }

    fn compared(rows: &[Row<'_>]) -> Outcome {
        let mut comparison = Comparison::default();
        rows.iter().for_each(|row| comparison.take(row).unwrap());
        let mut found = Vec::new();
        let tally = comparison.finish(|finding| found.push(finding.outcome));
        assert_eq!(tally.legs.iter().sum::<u64>(), 1);
        found.first().copied().unwrap_or(Outcome::Matched)
    }

    /// One line for each: what network, log and books say of a leg (`S`uccess, `F`ailed, `D`eemed, `-` nothing).
    #[test]
    fn every_break_is_classified() {
        for (role, said, outcome) in [
            (Role::Remitter, "SSS", Outcome::Matched),
            (Role::Remitter, "F--", Outcome::Matched),
            (Role::Remitter, "FFF", Outcome::Matched),
            (Role::Remitter, "-F-", Outcome::Matched),
            (Role::Remitter, "DSS", Outcome::Matched),
            (Role::Remitter, "-SS", Outcome::Reverse),
            (Role::Remitter, "FSS", Outcome::Reverse),
            (Role::Remitter, "--S", Outcome::Reverse),
            (Role::Remitter, "S--", Outcome::Post),
            (Role::Remitter, "SS-", Outcome::Post),
            (Role::Remitter, "SFF", Outcome::Post),
            (Role::Remitter, "D--", Outcome::Post),
            (Role::Beneficiary, "SSS", Outcome::Matched),
            (Role::Beneficiary, "S--", Outcome::Post),
            (Role::Beneficiary, "DSS", Outcome::CreditConfirmed),
            (Role::Beneficiary, "D-S", Outcome::CreditConfirmed),
            (Role::Beneficiary, "D--", Outcome::CreditReturned),
            (Role::Beneficiary, "DF-", Outcome::CreditReturned),
            (Role::Beneficiary, "FSS", Outcome::Reverse),
            (Role::Beneficiary, "S-S", Outcome::LogDiffers),
            (Role::Beneficiary, "SFS", Outcome::LogDiffers),
            (Role::Beneficiary, "FS-", Outcome::LogDiffers),
        ] {
            let each = [Source::Network, Source::Log, Source::Books];
            let rows = each.into_iter().zip(said.chars()).filter_map(|(source, letter)| {
                let state = match letter {
                    'S' => RowState::Success,
                    'F' => RowState::Failed,
                    'D' => RowState::Deemed,
                    _ => return None,
                };
                Some(row(source, role, state))
            });
            assert_eq!(compared(&rows.collect::<Vec<_>>()), outcome, "{role:?} {said}");
        }
    }

    #[test]
    fn what_differs_is_held_and_what_stands_twice_is_neither() {
        let all = [Source::Network, Source::Log, Source::Books];
        let good = all.map(|source| row(source, Role::Remitter, RowState::Success));
        let changed = |place: usize, change: fn(&mut Row<'_>)| {
            let mut rows = good;
            change(&mut rows[place]);
            compared(&rows)
        };
        for place in 0..3 {
            assert_eq!(changed(place, |row| row.paise = 3001), Outcome::Hold);
            assert_eq!(changed(place, |row| row.payee.0 = "rav1@paiza"), Outcome::Hold);
            assert_eq!(changed(place, |row| row.payer.1 = "CORL0000001"), Outcome::Hold);
            let twice: Vec<_> = good.into_iter().chain([good[place]]).collect();
            assert_eq!(compared(&twice), Outcome::Twice);
        }
        assert_eq!(compared(&good), Outcome::Matched);
    }

    #[test]
    fn what_was_booked_at_the_border_may_be_in_the_next_file() {
        let end = row(Source::Books, Role::Remitter, RowState::Success).cycle_ends().unwrap();
        let mut booked = row(Source::Books, Role::Remitter, RowState::Success);
        booked.at.1 = Timestamp::from_millis(end.millis() - 300_000);
        assert_eq!(compared(&[booked]), Outcome::NextCycle);
        booked.at.1 = Timestamp::from_millis(end.millis() - 300_001);
        assert_eq!(compared(&[booked]), Outcome::Reverse);
        booked.at.1 = end;
        let failed = row(Source::Network, Role::Remitter, RowState::Failed);
        assert_eq!(compared(&[failed, booked]), Outcome::Reverse);
    }

    #[test]
    fn a_name_that_is_too_long_is_refused() {
        let mut file = Writer::new();
        let long = "P".repeat(36);
        file.row(&Row { transaction: &long, ..row(Source::Log, Role::Remitter, RowState::Success) });
        let text = file.finish();
        let Ok(Line::Row(row)) = read_line(text.lines().nth(1).unwrap()) else { panic!("no row") };
        assert_eq!(Comparison::default().take(&row).unwrap_err().column, 5);
    }
}
