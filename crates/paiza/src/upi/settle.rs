//! `paiza upi settle`: the cycles that are over, from the records of parties that do not run: what each bank pays and gets, the
//! files for both sides, and the booking at each bank.

use crate::output::{Failure, Output};
use crate::sandbox::left_clock;
use clap::Args;
use sandbox::upi::bank::{BookCycle, UpiDisputeCase, UpiLeg};
use sandbox::upi::directory::{UpiBank, UpiDirectory};
use sandbox::upi::settlement::{
    bank_dispute_row, bank_row, booked, counts_from, cycle_of, dispute_booked, is_over, logged,
    network_dispute_row, network_row,
};
use sandbox::upi::switch::{Position, UpiDispute, UpiDisputeStep, UpiPayment};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use store::{Clock, Outcome, Schema, Store, Workspace, rooms};
use upi::disputes::Side;
use upi::machines::leg::Leg;
use upi::settlement::{Cycle, Role, Source, Writer};
use values::{Currency, Money, Records, Timestamp};

/// A dispute that counts between the banks, its payment, and since when.
type Counted = (UpiDispute, UpiPayment, Timestamp);

/// Example: paiza upi settle --data paiza-data --out settlement
#[derive(Args)]
pub(crate) struct Settle {
    /// Where the records lie; end the parties that use them first
    #[arg(long, default_value = "paiza-data")]
    data: PathBuf,
    /// Where the files are written
    #[arg(long, default_value = "paiza-settlement")]
    out: PathBuf,
}

pub(super) fn run(what: &Settle, output: Output) -> Result<(), Failure> {
    let now = left_clock(&what.data)?.now();
    let switch = open(&what.data, "upi-switch/switch", rooms::upi::switch(Schema::new()))?;
    let read = switch.read(|records| {
        let steps = records.all::<UpiDisputeStep>();
        let counted = steps.iter().filter_map(|step| Some((step.payment.clone(), counts_from(step)?)));
        let disputes = counted
            .filter_map(|(payment, at)| Some((records.find(&payment)?, records.find(&payment)?, at)))
            .collect::<Vec<_>>();
        (records.all::<UpiPayment>(), records.all::<Position>(), disputes)
    });
    let (payments, positions, disputes) = read.map_err(Failure::integrity)?;
    switch.close();
    std::fs::create_dir_all(&what.out).map_err(|error| cannot_write(&what.out, &error))?;
    let over = |name: &str| Cycle::parse(name).is_some_and(|cycle| is_over(&cycle, now));
    let positions: Vec<Position> = positions.into_iter().filter(|position| over(&position.cycle)).collect();
    let cycles: BTreeSet<String> = positions.iter().map(|position| position.cycle.clone()).collect();
    for cycle in &cycles {
        sums_to_zero(cycle, &positions)?;
    }
    for bank in &UpiDirectory::sandbox().banks {
        network_files(&what.out, bank, (&payments, &disputes), now)?;
        let own = positions.iter().filter(|position| position.bank == bank.organisation);
        let own: Vec<Position> = own.cloned().collect();
        // A bank whose records lie elsewhere settles there.
        if exists(&what.data, &books_of(bank)) {
            own_books(what, bank, &own, now)?;
        } else if !own.is_empty() {
            output.line(format!("{}: its records are not here, and its books are left alone", bank.name));
        }
    }
    for position in &positions {
        let name = UpiDirectory::sandbox().name_of(&position.bank);
        let (pays, gets) = (rupees(position.pays), rupees(position.gets));
        output.line(format!("{}  {name}: pays {pays}, gets {gets}", position.cycle));
        output.row(&json!({
            "cycle": position.cycle, "bank": position.bank, "pays": position.pays, "gets": position.gets,
        }));
    }
    output.line(format!("{} cycles are settled; the files lie in {}", cycles.len(), what.out.display()));
    output.summary(json!({ "cycles": cycles.len(), "positions": positions.len(), "out": what.out }));
    Ok(())
}

fn rupees(paise: u64) -> String {
    Money::new(paise, Currency::INR).map(|money| money.to_string()).unwrap_or_default()
}

fn cannot_write(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::configuration(format!("{} cannot be written: {error}", path.display()))
}

fn books_of(bank: &UpiBank) -> String {
    format!("upi-bank-{}/bank", bank.id)
}

fn exists(data: &Path, name: &str) -> bool {
    store::sqlite::facts_path(&data.join(name)).exists()
}

fn open(data: &Path, name: &str, schema: Schema) -> Result<Store, Failure> {
    let path = data.join(name);
    if !exists(data, name) {
        return Err(Failure::configuration(format!("{}: there is no such database", path.display())));
    }
    let in_use = |error| Failure::configuration(format!("{name}: {error}; end the party that uses it first"));
    Store::open(&path, schema, left_clock(data)?).map_err(in_use)
}

fn sums_to_zero(cycle: &str, positions: &[Position]) -> Result<(), Failure> {
    let of_cycle = positions.iter().filter(|position| position.cycle == cycle);
    let (pays, gets) = of_cycle.fold((0u64, 0u64), |sums, position| {
        (sums.0.saturating_add(position.pays), sums.1.saturating_add(position.gets))
    });
    if pays == gets {
        return Ok(());
    }
    Err(Failure::integrity(format!("{cycle}: banks pay {pays} and get {gets} paise")))
}

fn write(out: &Path, name: &str, file: Writer) -> Result<(), Failure> {
    let path = out.join(name);
    std::fs::write(&path, file.finish()).map_err(|error| cannot_write(&path, &error))
}

/// What the network tells a bank: one file for each cycle and role.
fn network_files(
    out: &Path,
    bank: &UpiBank,
    (payments, disputes): (&[UpiPayment], &[Counted]),
    now: Timestamp,
) -> Result<(), Failure> {
    let mut files: BTreeMap<(String, Role), Writer> = BTreeMap::new();
    for payment in payments {
        let Some(cycle) = cycle_of(payment).filter(|cycle| is_over(cycle, now)) else { continue };
        for (role, side) in [(Role::Remitter, &payment.payer), (Role::Beneficiary, &payment.payee)] {
            if side.bank == bank.organisation {
                let file = files.entry((cycle.to_string(), role)).or_default();
                network_row(file, payment, role, &cycle);
            }
        }
    }
    for (dispute, payment, at) in disputes {
        let cycle = Cycle::of_disputes(*at);
        let banks = [(Role::Remitter, &dispute.payer_bank), (Role::Beneficiary, &dispute.payee_bank)];
        for (role, _) in
            banks.into_iter().filter(|(_, own)| **own == bank.organisation && is_over(&cycle, now))
        {
            let file = files.entry((cycle.to_string(), role)).or_default();
            network_dispute_row(file, (dispute, payment), role, *at);
        }
    }
    for ((cycle, role), file) in files {
        write(out, &format!("{}-{cycle}-{}-NETWORK.csv", bank.organisation, role.word()), file)?;
    }
    Ok(())
}

/// What a bank knows of disputes, each with its leg of the payment and whether its books hold its side.
fn disputed(records: &mut Workspace<'_>) -> Vec<(UpiDisputeCase, UpiLeg, bool)> {
    let cases = records.all::<UpiDisputeCase>().into_iter();
    let with_leg = cases.filter_map(|case| {
        let leg = if case.side == Side::Payee { Leg::Credit } else { Leg::Debit };
        let leg = records.find::<UpiLeg>(&(case.payment.clone(), leg))?;
        let is_booked = dispute_booked(records, &case);
        Some((case, leg, is_booked))
    });
    with_leg.collect()
}

/// What a bank compares that with, and its booking of what it pays and gets.
fn own_books(what: &Settle, bank: &UpiBank, positions: &[Position], now: Timestamp) -> Result<(), Failure> {
    let schema = rooms::ledger::tables(rooms::upi::bank(Schema::new()));
    let store = open(&what.data, &books_of(bank), schema)?;
    let read = store.read(|records| {
        let legs = records.all::<UpiLeg>();
        legs.into_iter().map(|leg| (booked(records, &leg), leg)).collect::<Vec<_>>()
    });
    let legs = read.map_err(Failure::integrity)?;
    let cases = store.read(disputed).map_err(Failure::integrity)?;
    let mut files: BTreeMap<(String, Source), Writer> = BTreeMap::new();
    for (booked, leg) in &legs {
        let cycle = Cycle::at(leg.at);
        if !is_over(&cycle, now) {
            continue;
        }
        let mut row = |source, state| {
            let file = files.entry((cycle.to_string(), source)).or_default();
            bank_row(file, bank, leg, source, state);
        };
        row(Source::Log, logged(leg));
        if let Some(state) = booked {
            row(Source::Books, *state);
        }
    }
    for (case, leg, is_booked) in &cases {
        let Some(at) = case.booked_at.filter(|at| is_over(&Cycle::of_disputes(*at), now)) else { continue };
        let cycle = Cycle::of_disputes(at).to_string();
        let sources = [(Source::Log, true), (Source::Books, *is_booked)];
        for (source, _) in sources.into_iter().filter(|(_, says)| *says) {
            let file = files.entry((cycle.clone(), source)).or_default();
            bank_dispute_row(file, bank, (case, leg), source, at);
        }
    }
    for ((cycle, source), file) in files {
        write(&what.out, &format!("{}-{cycle}-{}.csv", bank.organisation, source.word()), file)?;
    }
    for Position { cycle, pays, gets, .. } in positions {
        let book = BookCycle { cycle: cycle.clone(), pays: *pays, gets: *gets };
        match store.call(book).map_err(Failure::integrity)? {
            Outcome::Done(_) | Outcome::Repeated(_) => {}
            Outcome::Refused(why) => {
                return Err(Failure::integrity(format!("{cycle} at {}: {why:?}", bank.name)));
            }
            Outcome::Mismatch => return Err(Failure::integrity(format!("{cycle} at {}", bank.name))),
        }
    }
    store.close();
    Ok(())
}
