//! Silence, lateness, restarts: the customer's balance is right in the end, and every payment has one fate.

use crate::shop::Shop;
use crate::town::{CARD, Town, TownPlan, eventually, yuan};
use crate::wire::{SideDoor, Way};
use acquiring::records::PaymentState;
use server::city::{DEMO_MERCHANTS, Waits};
use std::time::Duration;

const SILENT: &str = "6216600100000000107";
const LATE: &str = "6216600100000000115";

/// Parties that wait so little that a silent one costs no time.
fn impatient() -> TownPlan {
    let short = Duration::from_millis;
    let waits = Waits {
        gateway: short(1500),
        network: short(2000),
        acquirer: short(2500),
        late: short(3500),
        ..Waits::FIELD
    };
    TownPlan { waits, ..TownPlan::default() }
}

fn states(town: &Town) -> Vec<PaymentState> {
    town.payments().iter().map(|payment| payment.state).collect()
}

#[test]
fn a_silent_issuer_keeps_no_money() {
    let town = Town::planned(impatient());
    let (phone, _) = town.phone_with("li", SILENT);
    let shop = Shop::open(&town);
    let before = town.available(SILENT);
    let code = shop.pay(&town, &phone, 1000).expect("the terminal is told something");
    assert_ne!(code, "00");
    // The issuer booked it and said nothing; the terminal asks for its money back too.
    eventually("the issuer has booked it", || before - town.available(SILENT) == 1000);
    assert_eq!(shop.reverse(shop.last_trace(), yuan(1000)).as_deref(), Some("00"));
    town.until("the money is back", || town.available(SILENT) == before);
    town.until("the acquirer knows", || {
        states(&town).iter().all(|s| matches!(s, PaymentState::Reversed | PaymentState::Declined))
    });
    town.assert_whole();
}

#[test]
fn a_late_answer_is_reversed() {
    let town = Town::planned(impatient());
    let (phone, _) = town.phone_with("li", LATE);
    let shop = Shop::open(&town);
    let before = town.available(LATE);
    let code = shop.pay(&town, &phone, 1000).expect("the terminal is told something");
    assert_ne!(code, "00");
    town.until("the money is back", || town.available(LATE) == before);
    town.until("the acquirer knows", || {
        states(&town).iter().all(|s| matches!(s, PaymentState::Reversed | PaymentState::Declined))
    });
    town.assert_whole();
}

#[test]
fn what_is_owed_survives_a_restart_of_everybody() {
    for card in [SILENT, LATE] {
        let town = Town::planned(impatient());
        let (phone, _) = town.phone_with("li", card);
        let shop = Shop::open(&town);
        let before = town.available(card);
        assert_ne!(shop.pay(&town, &phone, 1000).as_deref(), Some("00"));
        let trace = shop.last_trace();
        drop(shop);
        let town = town.restart();
        let shop = Shop::at(&town, &DEMO_MERCHANTS[0], town.city.addresses.acquirer, trace);
        assert_eq!(shop.reverse(trace, yuan(1000)).as_deref(), Some("00"));
        town.until("the money is back", || town.available(card) == before);
        town.assert_whole();
    }
}

#[test]
fn a_reversal_on_its_way_survives_a_restart() {
    let town = Town::planned(impatient());
    let (phone, _) = town.phone_with("li", CARD);
    let before = town.available(CARD);
    let door = SideDoor::open(&town);
    let shop = Shop::at(&town, &DEMO_MERCHANTS[0], door.address, 0);
    // The answer to the terminal's payment is lost between network and acquirer.
    door.interceptor.deal(|way, frame| if way == Way::Back { Vec::new() } else { vec![frame] });
    let code = shop.pay(&town, &phone, 1000);
    assert_ne!(code.as_deref(), Some("00"));
    assert_eq!(before - town.available(CARD), 1000, "the issuer approved");
    drop((shop, door));
    let town = town.restart();
    town.until("the money is back", || town.available(CARD) == before);
    town.until("the payment is undone", || states(&town) == [PaymentState::Reversed]);
    town.assert_whole();
}

#[test]
fn a_reversal_that_comes_first_stops_its_payment() {
    let town = Town::start();
    let (phone, _) = town.phone_with("li", CARD);
    let shop = Shop::open(&town);
    let before = town.available(CARD);
    let message = shop.message(&shop.tap(&town, &phone, 1000));
    let trace = shop.last_trace();
    assert!(shop.reverse(trace, yuan(1000)).is_some());
    let code = shop.send(message).expect("an answer");
    assert_ne!(code, "00");
    assert_eq!(town.available(CARD), before);
}

#[test]
fn every_order_of_payment_repeat_and_reversal_ends_the_same() {
    // Payment, its repeat, its reversal, the reversal's repeat: however they arrive, what was reversed is not paid.
    let town = Town::start();
    let (phone, _) = town.phone_with("li", CARD);
    let shop = Shop::open(&town);
    let shop = shop.patient(Duration::from_secs(2));
    let before = town.available(CARD);
    for order in permutations(4) {
        phone.sync().unwrap();
        let message = shop.message(&shop.tap(&town, &phone, 1000));
        let trace = shop.last_trace();
        for step in order {
            if step < 2 {
                shop.send(message.clone());
            } else {
                shop.reverse(trace, yuan(1000));
            }
        }
    }
    town.until("nothing is paid", || town.available(CARD) == before);
    eventually("every payment has ended", || {
        states(&town).iter().all(|state| *state == PaymentState::Reversed)
    });
    town.assert_whole();
}

/// Every order of the numbers below `count`.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(count - 1);
    shorter
        .iter()
        .flat_map(|order| {
            (0..=order.len()).map(move |place| {
                let mut longer = order.clone();
                longer.insert(place, count - 1);
                longer
            })
        })
        .collect()
}
