//! A settlement day of the whole city: the network closes it, each institution checks its own file.

use super::{City, CityError, Waits};
use crate::hosts::issuer::Issuer;
use crate::hosts::network::Network;
use crate::hosts::settlement::{
    self, ClosedDay, Evening, SettlementError, check_as_acquirer, check_as_issuer, close_day,
};
use crate::test_mode::Crossing;
use platform::acquirer::Acquirer;
use sandbox::directory::Directory;
use sandbox::network::{Difference, read_file};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use values::Money;

/// Which way the net amount of a day moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The institution pays.
    Debit,
    /// The institution receives.
    Credit,
    /// Nothing moves.
    Even,
}

impl Side {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Side::Debit => "debit",
            Side::Credit => "credit",
            Side::Even => "even",
        }
    }
}

/// One institution's day.
#[derive(Clone, Debug)]
pub struct SettledInstitution {
    /// Institution code, 8 digits.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// The settlement day, `YYYYMMDD`.
    pub date: u32,
    /// The net amount, in the network's currency.
    pub net: Money,
    /// Which way it moves.
    pub side: Side,
    /// The file the network wrote for it.
    pub file: String,
    /// Where the file lies.
    pub path: PathBuf,
    /// What the institution's own records say otherwise; empty when both sides agree.
    pub differences: Vec<Difference>,
}

impl City {
    /// Ends the settlement day: the network cuts over, closes the old day and writes a file for each institution;
    /// each institution checks its file against its own records.
    pub fn cut_over(&self) -> Result<Vec<SettledInstitution>, CityError> {
        self.settlement.cut_over()
    }
}

/// Who takes part in settling a day, and where the files go. Clones share everything.
#[derive(Clone)]
pub struct SettlementDesk {
    pub(super) network: Network,
    pub(super) acquirer: Option<Acquirer>,
    pub(super) issuers: Vec<Issuer>,
    pub(super) data: PathBuf,
    pub(super) waits: Waits,
    /// Where faults may strike the files.
    pub(super) crossing: Option<Arc<Crossing>>,
    /// One day ends at a time.
    pub(super) busy: Arc<Mutex<()>>,
}

impl SettlementDesk {
    /// Ends the settlement day: the network cuts over, closes the old day and writes a file for each institution; those
    /// it knows check theirs. What an earlier call began and could not bring to its end is finished instead.
    pub fn cut_over(&self) -> Result<Vec<SettledInstitution>, CityError> {
        let _alone = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let left = settlement::undelivered(&self.network).map_err(failed)?;
        let mut closed = Vec::new();
        for date in left {
            closed.push(settlement::closed_day(&self.network, date).map_err(failed)?);
        }
        if closed.is_empty() {
            let patience = self.waits.network + self.waits.gateway;
            closed.push(close_day(&self.network, patience).map_err(failed)?);
        }
        let mut settled = Vec::new();
        for day in closed {
            let date = day.date;
            settled.extend(self.hand_out(day)?);
            settlement::delivered(&self.network, date).map_err(failed)?;
        }
        Ok(settled)
    }

    /// When the open day ends by itself: at the end of its date. Nothing while no day was opened.
    pub(crate) fn evening(&self) -> Result<Option<Evening>, CityError> {
        settlement::evening(&self.network).map_err(failed)
    }

    /// Ends the open day because its date is over. A day on which nothing was asked is passed over, and one whose reversals
    /// still travel ends later. What was settled.
    pub(crate) fn end_by_itself(&self, evening: Evening) -> Result<Vec<SettledInstitution>, CityError> {
        match settlement::at_evening(&self.network, evening).map_err(failed)? {
            true => self.cut_over(),
            false => Ok(Vec::new()),
        }
    }

    /// Gives each institution its file and has it checked. A second time it writes the same.
    fn hand_out(&self, closed: ClosedDay) -> Result<Vec<SettledInstitution>, CityError> {
        let (on, folder) = (closed.on(), self.data.join("network/settlement"));
        let mut settled = Vec::new();
        for (code, file) in closed.files {
            let earlier = earlier_files(&folder, &code, closed.date)?;
            let file =
                self.crossing.as_ref().map_or(file.as_str(), |crossing| crossing.file(&file)).to_owned();
            let path = write(&folder, &format!("{:08}-{code}.txt", closed.date), &file)?;
            let bank = self.issuers.iter().find(|issuer| issuer.bank().code == code);
            let (name, differences) = match bank {
                Some(issuer) => {
                    let found = check_as_issuer(issuer, closed.date, &file);
                    (issuer.bank().name.clone(), found.map_err(failed)?)
                }
                None => match self.acquirer.as_ref().filter(|of| of.institution().id.as_str() == code) {
                    Some(acquirer) => {
                        let found = check_as_acquirer(acquirer, &file, &earlier, on);
                        ("Paiza acquiring".to_owned(), found.map_err(failed)?)
                    }
                    // It lives elsewhere: its file is written, its records are its own.
                    None => (name_of(&code), Vec::new()),
                },
            };
            let (net, side) = net_of(&file).map_err(failed)?;
            settled.push(SettledInstitution {
                code,
                name,
                date: closed.date,
                net,
                side,
                file,
                path,
                differences,
            });
        }
        Ok(settled)
    }
}

fn failed(error: SettlementError) -> CityError {
    CityError::Settlement(error)
}

fn name_of(code: &str) -> String {
    let directory = Directory::sandbox();
    let banks = directory.institutions.iter().map(|bank| (&bank.code, &bank.name));
    let acquirers = directory.acquirers.iter().map(|acquirer| (&acquirer.code, &acquirer.name));
    let found = banks.chain(acquirers).find(|(known, _)| *known == code);
    found.map_or_else(|| format!("institution {code}"), |(_, name)| name.clone())
}

fn net_of(file: &str) -> Result<(Money, Side), SettlementError> {
    let net: i64 = read_file(file)?.iter().map(|line| line.net).sum();
    let side = match net {
        0 => Side::Even,
        ..0 => Side::Debit,
        _ => Side::Credit,
    };
    let net = Money::new(net.unsigned_abs(), Directory::sandbox().network.currency());
    Ok((net.map_err(|_| SettlementError::Disagree)?, side))
}

/// The files an institution was given for earlier days.
fn earlier_files(folder: &Path, code: &str, date: u32) -> Result<Vec<String>, CityError> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut files = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let of_day = name.strip_suffix(&format!("-{code}.txt")).and_then(|day| day.parse::<u32>().ok());
        if of_day.is_some_and(|day| day < date) {
            let read = std::fs::read_to_string(entry.path());
            files.push(read.map_err(|error| CityError::Io { what: name, error })?);
        }
    }
    Ok(files)
}

/// Written beside and renamed: a file is whole or not there.
fn write(folder: &Path, name: &str, file: &str) -> Result<PathBuf, CityError> {
    let io = |error| CityError::Io { what: folder.display().to_string(), error };
    std::fs::create_dir_all(folder).map_err(io)?;
    let (path, beside) = (folder.join(name), folder.join(format!("{name}.new")));
    std::fs::write(&beside, file).and_then(|()| std::fs::rename(&beside, &path)).map_err(io)?;
    Ok(path)
}
