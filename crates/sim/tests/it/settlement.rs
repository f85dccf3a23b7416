//! A rough day's payments, settled and compared: positions sum to zero in every cycle, files count what positions say, and
//! network, log and books of every bank say the same of every leg; whatever is broken then is found.

use ledger::Transfer;
use psp::collects::BecomeMerchant;
use psp::disputes::RaiseDispute;
use psp::records::DeviceId;
use sandbox::upi::bank::disputes::ActOnDispute;
use sandbox::upi::bank::{UpiDisputeCase, UpiLeg, dispute_movement, movements};
use sandbox::upi::directory::{UpiBank, UpiDirectory};
use sandbox::upi::settlement::{
    bank_dispute_row, bank_row, booked, counts_from, cycle_of, dispute_booked, logged, network_dispute_row,
    network_row,
};
use sandbox::upi::switch::{Position, UpiDispute, UpiDisputeStep, UpiPayment};
use sim::{Town, Weather};
use std::collections::BTreeMap;
use std::time::Duration;
use upi::disputes::{Act, Side as DisputeSide};
use upi::machines::leg::Leg;
use upi::settlement::{Comparison, Line, Outcome, Role, RowState, Source, Tally, Writer, read_line};
use values::{MerchantCategory, Operation, Records};

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
    let switch = town.records(SWITCH);
    for step in switch.all::<UpiDisputeStep>() {
        let Some(at) = counts_from(&step) else { continue };
        let dispute = switch.find::<UpiDispute>(&step.payment).unwrap();
        let payment = switch.find::<UpiPayment>(&step.payment).unwrap();
        for (role, own) in [(Role::Remitter, &dispute.payer_bank), (Role::Beneficiary, &dispute.payee_bank)] {
            if *own == bank.organisation {
                network_dispute_row(&mut network, (&dispute, &payment), role, at);
            }
        }
    }
    let records = town.records(&bank.organisation);
    for case in records.all::<UpiDisputeCase>() {
        let Some(at) = case.booked_at else { continue };
        let side = if case.side == DisputeSide::Payee { Leg::Credit } else { Leg::Debit };
        let leg = records.find::<UpiLeg>(&(case.payment.clone(), side)).unwrap();
        bank_dispute_row(&mut log, bank, (&case, &leg), Source::Log, at);
        if dispute_booked(records, &case) {
            bank_dispute_row(&mut books, bank, (&case, &leg), Source::Books, at);
        }
    }
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
        assert!(!text.contains("DISPUTE"));
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

/// A merchant's bank gives a claim back.
fn disputed_day() -> Town {
    let mut town = Town::new(5);
    let asha = town.person(1, "amber", "482913");
    let chai = town.person(5, "banyan", "620573");
    let category = MerchantCategory::try_from(5814).unwrap();
    town.at_psp(BecomeMerchant { device: chai, name: "Chai Corner".to_owned(), category }).unwrap();
    let opened = town.sums().0;
    let payment = town.pay(asha, "amber", "person5@paiza", 3000, "482913");
    town.settle_for(Duration::from_secs(300));
    claim_and_accept(&mut town, asha, &payment);
    town.run();
    town.audit(opened).unwrap();
    town
}

fn claim_and_accept(town: &mut Town, device: DeviceId, payment: &str) {
    let (psp, entropy) = (town.psp(), town.dice.bytes());
    let (payment, reason) = (payment.to_owned(), "goods_not_received".to_owned());
    let claim = RaiseDispute { psp, device, payment: payment.clone(), reason, amount: None, entropy };
    town.at_psp(claim).unwrap();
    town.settle();
    let (bank, side, act) = (town.bank("701002"), DisputeSide::Payee, Act::Accept);
    let (code, entropy, now) = (String::new(), town.dice.bytes(), town.now);
    let act = ActOnDispute { bank, payment, side, act, code, entropy };
    act.apply(town.records("701002"), now).unwrap();
    town.settle();
}

/// Both sides of a dispute stand in the files of its cycle, under its number, and what a bank's books lack of it is found.
#[test]
fn disputes_are_reconciled_too() {
    let mut town = disputed_day();
    for name in ["amber", "banyan"] {
        let bank = UpiDirectory::sandbox().bank(name).unwrap();
        let text = files(&mut town, bank);
        let rows: Vec<_> = text.lines().filter(|line| line.contains(",DISPUTE,")).collect();
        assert_eq!(rows.len(), 3, "{text}");
        assert!(rows.iter().all(|row| row.contains("-DC") && row.contains(",CRN") && row.contains(",3000,")));
        let (tally, found) = compared(&text);
        assert!(found.is_empty() && tally.of(Outcome::Matched) == 2, "{found:?}");
    }
    let payment = town.records(SWITCH).all::<UpiDispute>().remove(0).payment;
    let line = dispute_movement(&payment, DisputeSide::Payee);
    town.records("701002").remove::<Transfer>(&line);
    let bank = UpiDirectory::sandbox().bank("banyan").unwrap();
    assert_eq!(compared(&files(&mut town, bank)).1, [Outcome::Post]);
}
