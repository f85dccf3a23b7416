//! Wires that lose messages and Acks, banks that fall silent: no money is made or lost, nothing is booked twice, and every
//! payment ends.

use psp::records::PaymentState;
use sandbox::upi::bank::UpiLeg;
use sim::{Town, Weather};
use std::time::Duration;
use upi::machines::leg::Leg;
use upi::machines::switch::State;

const AMBER: &str = "701001";
const BANYAN: &str = "701002";
const ALL: (i64, i64) = (18_750_000, 0);

fn pair(town: &mut Town) -> psp::records::DeviceId {
    let asha = town.person(1, "amber", "482913");
    town.person(2, "banyan", "573829");
    asha
}

/// Whether a leg of a payment stands in a bank's books.
fn stands(town: &mut Town, bank: &str, payment: &str, leg: Leg) -> bool {
    let legs = town.records(bank).all::<UpiLeg>();
    legs.iter().any(|known| known.transaction == payment && known.leg == leg && known.state.stands())
}

#[test]
fn lost_and_doubled_messages_make_and_lose_no_money() {
    let mut ends = sim::audit::Ends::default();
    for seed in 1..=30 {
        let mut town = Town::new(seed);
        let asha = pair(&mut town);
        let heavy = seed % 3 == 0;
        town.weather =
            Weather { lost: if heavy { 8_500 } else { 3_000 }, ack_lost: 1_000, ..Weather::default() };
        for n in 0..8 {
            town.pay(asha, "amber", "person2@paiza", 1000 + n, "482913");
        }
        town.run();
        let found = town.audit(ALL.0).unwrap_or_else(|wrong| panic!("{seed}: {wrong}"));
        ends.success += found.success;
        ends.failed += found.failed;
        ends.returned += found.returned;
        ends.unknown += found.unknown;
    }
    // The wires were bad enough to be a test, and good enough for payments to go through.
    assert!(ends.success > 20 && ends.failed > 20 && ends.unknown > 20, "{ends:?}");
}

#[test]
fn a_payers_bank_that_falls_silent_gives_the_money_back() {
    let mut town = Town::new(7);
    let asha = pair(&mut town);
    let paid = town.pay(asha, "amber", "person2@paiza", 3000, "482913");
    // The debit is booked, and its answer never leaves the bank.
    while !stands(&mut town, AMBER, &paid, Leg::Debit) {
        assert!(town.deliver_one());
    }
    town.silent.push(AMBER.to_owned());
    town.settle_for(Duration::from_secs(90));
    assert!(matches!(town.at_switch(&paid).state, State::ReversalPending(_)));
    let told = town.sent(&paid);
    assert_eq!((told.state, told.code.as_str()), (PaymentState::Pending, "RR"));
    // It comes back: the reversal is answered, and the late answer to the debit changes nothing.
    town.silent.clear();
    town.run();
    assert_eq!(town.at_switch(&paid).state, State::Failed("U67".to_owned()));
    assert_eq!(town.sent(&paid).state, PaymentState::Failed);
    assert_eq!(town.balance(AMBER, "Asha Rao"), 2_500_000);
    assert_eq!(town.sums(), ALL);
}

#[test]
fn a_payees_bank_that_credited_and_fell_silent_is_asked_then_deemed() {
    let mut town = Town::new(8);
    let asha = pair(&mut town);
    let paid = town.pay(asha, "amber", "person2@paiza", 3000, "482913");
    while !stands(&mut town, BANYAN, &paid, Leg::Credit) {
        assert!(town.deliver_one());
    }
    town.silent.push(BANYAN.to_owned());
    town.settle_for(Duration::from_secs(120));
    assert_eq!(town.at_switch(&paid).state, State::Deemed);
    assert_eq!(town.sent(&paid).state, PaymentState::Deemed);
    // It stays with the payee: nobody takes a debit back whose credit may stand.
    assert!(stands(&mut town, AMBER, &paid, Leg::Debit) && stands(&mut town, BANYAN, &paid, Leg::Credit));
    let (place, back_by) = town.sent(&paid).pending().unwrap();
    assert_eq!(place, upi::codes::Whereabouts::BetweenBanks);
    assert_eq!(upi::time::write(back_by), "2026-11-24T00:00:00.000+05:30", "the payee is a person: T+1");
    // The back office asks at the end of each cycle until the bank is back, and then it is known.
    town.settle_for(Duration::from_secs(6 * 3_600));
    assert_eq!(town.at_switch(&paid).state, State::Deemed);
    town.silent.clear();
    town.run();
    assert_eq!(town.at_switch(&paid).state, State::Success);
    assert_eq!((town.sent(&paid).state, town.sent(&paid).pending()), (PaymentState::Success, None));
    assert_eq!(town.audit(ALL.0).unwrap().success, 1);
}

#[test]
fn a_payees_bank_that_is_back_in_time_is_asked_and_the_payment_goes_through() {
    let mut town = Town::new(9);
    let asha = pair(&mut town);
    let paid = town.pay(asha, "amber", "person2@paiza", 3000, "482913");
    while !stands(&mut town, BANYAN, &paid, Leg::Credit) {
        assert!(town.deliver_one());
    }
    town.silent.push(BANYAN.to_owned());
    town.settle_for(Duration::from_secs(17));
    assert_eq!(town.at_switch(&paid).state, State::Status(1));
    town.silent.clear();
    town.run();
    assert_eq!(town.at_switch(&paid).state, State::Success);
    assert_eq!(town.sent(&paid).state, PaymentState::Success);
    assert_eq!(town.sums(), ALL);
}

#[test]
fn a_reversal_that_comes_before_its_debit_blocks_it_for_ever() {
    let mut town = Town::new(10);
    let asha = pair(&mut town);
    let paid = town.pay(asha, "amber", "person2@paiza", 3000, "482913");
    // Everything but the debit itself arrives.
    let is_debit = |body: &[u8]| {
        let envelope = upi::mail::Envelope::read(body).unwrap();
        let message = sim::town::read(&envelope.document);
        message.name == "ReqPay" && message.transaction.kind.as_deref() == Some("DEBIT")
    };
    let mut held = None;
    for _ in 0..200 {
        if held.is_none() {
            let found = town.waiting().into_iter().find(|(_, message)| is_debit(&message.body));
            if let Some((from, message)) = found {
                values::Records::cancel(town.records(&from), upi::mail::TOPIC, &message.key);
                held = Some(upi::mail::Envelope::read(&message.body).unwrap());
            }
        }
        if !town.deliver_one() {
            town.pass(Duration::from_secs(5));
        }
        if held.is_some() && town.at_switch(&paid).state.is_final() {
            break;
        }
    }
    assert_eq!(town.at_switch(&paid).state, State::Failed("U67".to_owned()));
    let late = held.unwrap();
    assert_eq!(town.arrive(AMBER, &late.document), None, "it is taken, and declined");
    town.run();
    assert!(!stands(&mut town, AMBER, &paid, Leg::Debit));
    assert_eq!(town.balance(AMBER, "Asha Rao"), 2_500_000);
    assert_eq!(town.sums(), ALL);
}

#[test]
fn a_switch_that_is_away_for_hours_ends_what_it_never_heard_of() {
    let mut town = Town::new(11);
    let asha = pair(&mut town);
    town.silent.push("700000".to_owned());
    let paid = town.pay(asha, "amber", "person2@paiza", 3000, "482913");
    town.settle_for(Duration::from_secs(24_000));
    assert_eq!(town.sent(&paid).state, PaymentState::Pending, "nobody knows, so nobody says");
    town.silent.clear();
    town.run();
    let told = town.sent(&paid);
    assert_eq!((told.state, told.code.as_str()), (PaymentState::Failed, "U04"));
    assert_eq!(town.sums(), ALL);
}

/// A payee's bank that never got the credit, and fell silent: the money comes back late, with what the delay costs.
#[test]
fn money_that_comes_back_late_brings_its_compensation() {
    let mut town = Town::new(12);
    let asha = pair(&mut town);
    let paid = town.pay(asha, "amber", "person2@paiza", 3000, "482913");
    while !stands(&mut town, AMBER, &paid, Leg::Debit) {
        assert!(town.deliver_one());
    }
    town.silent.push(BANYAN.to_owned());
    // Paid on the 22nd: in time until the end of the 23rd. The bank is back on the 26th.
    town.settle_for(Duration::from_secs(4 * 86_400));
    assert_eq!(town.at_switch(&paid).state, State::Deemed);
    town.silent.clear();
    town.run();
    assert_eq!(town.at_switch(&paid).state, State::Returned);
    assert_eq!(town.sent(&paid).state, PaymentState::Failed);
    assert_eq!(town.all_sums().compensation, 30_000, "24th, 25th and 26th");
    assert_eq!(town.balance(AMBER, "Asha Rao"), 2_500_000 + 30_000);
    assert_eq!(town.audit(ALL.0).unwrap().returned, 1);
}
