//! Payments flow while parties die.

use crate::books;
use crate::city::{BANKS, City, HARBOUR, Party};
use store::Failpoint;

/// At which passes of a place a party is killed: each operation of a payment is one. 0: it never passes there.
fn passes(party: &str, place: Failpoint) -> u32 {
    match (party, place) {
        // What it is told it keeps; it tells nobody.
        ("telephone", Failpoint::AfterDelivery) => 0,
        ("telephone", _) => 1,
        (_, Failpoint::AfterDelivery | Failpoint::MidFold | Failpoint::AfterFold) => 1,
        (_, Failpoint::MidShelve | Failpoint::AfterShelve) => 1,
        ("platform", _) => 4,
        (_, _) => 2,
    }
}

/// The places that every party with records passes.
fn of_every_party() -> impl Iterator<Item = Failpoint> {
    Failpoint::ALL.iter().copied().filter(|place| place.name().starts_with("store."))
}

/// Kills these parties in every way, pays meanwhile, and looks at the books when all is quiet again.
fn killed(parties: &[&str]) {
    let mut city = City::start();
    for party in parties {
        for place in of_every_party() {
            for pass in 1..=passes(party, place) {
                city.arm(party, place, pass);
                city.pay_until_dead(party, place);
                city.revive(party);
            }
        }
        city.kill_while_authorising(party);
        city.revive(party);
    }
    let approved = city.settle_down();
    assert!(approved > 0, "somebody was paid");
    city.close_and_prove();
}

#[test]
fn the_platform_and_the_telephone_network_die_everywhere() {
    killed(&["platform", "telephone"]);
}

#[test]
fn the_network_and_the_banks_die_everywhere() {
    killed(&["network", BANKS[HARBOUR], BANKS[0]]);
}

/// Phones and terminals are processes too: each command is killed at every place it passes, at every pass.
#[test]
fn a_phone_and_a_terminal_die_everywhere() {
    let mut city = City::start();
    for party in [Party::Phone, Party::Terminal] {
        let own = format!("{}.", party.word());
        let places = Failpoint::ALL
            .iter()
            .filter(|place| place.name().starts_with(&own) || place.name().starts_with("store."));
        for place in places {
            let deaths = (1..).take_while(|pass| city.sale_with_death(party, *place, *pass)).count();
            let delivers = *place == Failpoint::AfterDelivery;
            assert_eq!(deaths == 0, delivers, "{party:?} passes {}: {deaths} times", place.name());
        }
    }
    city.settle_down();
    city.close_and_prove();
}

#[test]
fn every_fail_point_belongs_to_somebody_who_is_killed_there() {
    for place in Failpoint::ALL {
        let owner = place.name().split_once('.').unwrap().0;
        assert!(["store", "phone", "pos"].contains(&owner), "nobody is killed at {}", place.name());
    }
}

#[test]
fn a_byte_changed_in_a_fact_is_found_and_named() {
    let mut city = City::start();
    city.settle_down();
    city.close();
    books::a_changed_byte_in_a_log_is_found(&city.data());
    books::a_changed_byte_is_found(&city.data());
}
