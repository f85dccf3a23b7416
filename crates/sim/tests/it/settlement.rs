//! A rough day's payments, settled and compared: positions sum to zero in every cycle, files count what positions say, and
//! network, log and books of every bank say the same of every leg; whatever is broken then is found.

use ledger::Transfer;
use sandbox::upi::bank::{UpiLeg, movements};
use sandbox::upi::directory::{UpiBank, UpiDirectory};
use sandbox::upi::settlement::{bank_row, booked, cycle_of, logged, network_row};
use sandbox::upi::switch::{Position, UpiPayment};
use sim::{Town, Weather};
use std::collections::BTreeMap;
use std::time::Duration;
use upi::machines::leg::Leg;
use upi::settlement::{Comparison, Line, Outcome, Role, RowState, Source, Tally, Writer, read_line};
use values::Records;

const SWITCH: &str = "700000";

/// A day of payments back and forth, of which one was never heard of again by the payee's bank until it was deemed.
fn rough_day() -> Town {
    let mut town = Town::new(21);
    let asha = town.person(1, "amber", "482913");
    let ravi = town.person(2, "banyan", "573829");
    let opened = town.sums().0;
    town.weather = Weather::ROUGH;
    for hour in 0..12 {
        for n in 0..6 {
            town.pay(asha, "amber", "person2@paiza", 100 + hour * 10 + n, "482913");
            town.pay(ravi, "banyan", "person1@paiza", 200 + hour * 10 + n, "573829");
        }
        town.settle_for(Duration::from_secs(3_600));
    }
    town.run();
    town.audit(opened).unwrap();
    town
}

/// What network, log and books say of a bank.
fn files(town: &mut Town, bank: &UpiBank) -> String {
    let (mut network, mut log, mut books) = (Writer::new(), Writer::new(), Writer::new());
    for payment in town.records(SWITCH).all::<UpiPayment>() {
        let cycle = cycle_of(&payment).expect("everything has ended");
        for (role, side) in [(Role::Remitter, &payment.payer), (Role::Beneficiary, &payment.payee)] {
            if side.bank == bank.organisation {
                network_row(&mut network, &payment, role, &cycle);
            }
        }
    }
    let records = town.records(&bank.organisation);
    for leg in records.all::<UpiLeg>() {
        bank_row(&mut log, bank, &leg, Source::Log, logged(&leg));
        if let Some(state) = booked(records, &leg) {
            bank_row(&mut books, bank, &leg, Source::Books, state);
        }
    }
    [network, log, books].map(Writer::finish).concat()
}

fn compared(text: &str) -> (Tally, Vec<Outcome>) {
    let mut comparison = Comparison::default();
    for line in text.lines() {
        if let Line::Row(row) = read_line(line).unwrap() {
            comparison.take(&row).unwrap();
        }
    }
    let mut found = Vec::new();
    let tally = comparison.finish(|finding| found.push(finding.outcome));
    (tally, found)
}

#[test]
fn a_rough_day_settles_to_zero_and_all_three_say_the_same() {
    let mut town = rough_day();
    let mut cycles: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let positions = town.records(SWITCH).all::<Position>();
    for position in &positions {
        let sums = cycles.entry(position.cycle.clone()).or_default();
        *sums = (sums.0 + position.pays, sums.1 + position.gets);
    }
    assert!(cycles.len() > 5 && cycles.values().all(|(pays, gets)| pays == gets), "{cycles:?}");
    let mut legs = 0;
    for bank in &UpiDirectory::sandbox().banks {
        let text = files(&mut town, bank);
        let (tally, found) = compared(&text);
        assert!(found.is_empty(), "{}: {found:?}", bank.name);
        legs += tally.of(Outcome::Matched);
        // The rows of a bank are what its positions say; what was given back counts in both, and is none.
        let paid = |role: Role| -> u64 {
            let rows = text.lines().filter_map(|line| match read_line(line) {
                Ok(Line::Row(row)) => Some(row),
                _ => None,
            });
            let paid = rows.filter(|row| {
                row.source == Source::Network && row.role == role && row.state != RowState::Failed
            });
            paid.map(|row| row.paise).sum()
        };
        let own = positions.iter().filter(|position| position.bank == bank.organisation);
        let net: i64 = own.map(|position| position.gets as i64 - position.pays as i64).sum();
        assert_eq!(net, paid(Role::Beneficiary) as i64 - paid(Role::Remitter) as i64, "{}", bank.name);
    }
    assert!(legs > 200, "{legs}");
}

#[test]
fn what_is_missing_in_the_books_is_found() {
    let mut town = rough_day();
    let bank = UpiDirectory::sandbox().bank("amber").unwrap();
    let records = town.records(&bank.organisation);
    let leg =
        records.all::<UpiLeg>().into_iter().find(|leg| leg.state.stands() && leg.leg == Leg::Debit).unwrap();
    let id = movements(&leg.transaction)[0].2;
    records.remove::<Transfer>(&id);
    let (_, found) = compared(&files(&mut town, bank));
    assert_eq!(found, [Outcome::Post]);
}
