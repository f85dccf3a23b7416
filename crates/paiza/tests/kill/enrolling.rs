//! Cards are added while parties die: each is on its phone once in the end, with keys, and nothing is in its way.

use crate::city::{BANKS, City};
use crate::process::eventually;
use sandbox::test_cards::{TestCard, of_bank};
use std::collections::VecDeque;
use store::Failpoint;

/// A card that may be added takes so many tries at most before it is left alone for a day.
const TRIES: usize = 3;

/// Cards of these banks that can be added, those that need a one-time password first.
fn addable(banks: &[&str]) -> VecDeque<&'static TestCard> {
    let can = |card: &&TestCard| {
        let word = card.behaviour.word();
        ["approve", "step_up", "low_funds"].contains(&word) || word.starts_with("decline")
    };
    let free = |card: &&TestCard| !["13800000001", "13900000001"].contains(&card.phone.as_str());
    let mut cards: Vec<_> = banks.iter().flat_map(|bank| of_bank(bank)).filter(can).filter(free).collect();
    cards.sort_by_key(|card| card.behaviour.word() != "step_up");
    cards.into()
}

/// Whether a party passes a place while a card is added.
fn passes(party: &str, place: Failpoint) -> bool {
    place.name().starts_with("store.") && (party != "phone" || place != Failpoint::AfterDelivery)
}

/// Adds a card on a phone of its own, however often somebody dies meanwhile.
fn add(city: &mut City, party: &str, card: &TestCard, place: Failpoint, pass: u32) {
    let how = format!("{party} at {}:{pass}", place.name());
    let phone = city.path(&format!("{party}-{}-{pass}", place.name())).display().to_string();
    city.set_up(&phone, &format!("+86{}", card.phone));
    city.arm(party, place, pass);
    let mut dead = false;
    for attempt in 0..TRIES {
        let mut adding = city.add(&phone, card, party == "phone" && attempt == 0);
        let status = adding.ended();
        dead |= status.code().is_none();
        if party != "phone" && city.is_dead(party) {
            dead = true;
            city.revive(party);
        }
        if city.usable_cards(&phone) > 0 {
            break;
        }
        assert!(attempt + 1 < TRIES, "{how}: the card is not there: {}", adding.all_said());
    }
    if party != "phone" && !dead {
        // It may be about to do what it does when it has nothing else to do.
        eventually(&format!("{how} dies"), || city.is_dead(party));
        city.revive(party);
    }
    assert_eq!(city.usable_cards(&phone), 1, "{how}: one card, with keys");
}

/// A party dies everywhere while cards of these banks are added.
fn added(party: &str, banks: &[&str]) {
    let mut city = City::start();
    let mut cards = addable(banks);
    for place in Failpoint::ALL.iter().copied().filter(|place| passes(party, *place)) {
        // A bank is told of a card twice: may it be added, and it was.
        let most = match place {
            Failpoint::AfterAppend | Failpoint::BeforeCallback if BANKS.contains(&party) => 2,
            Failpoint::AfterAppend | Failpoint::BeforeCallback => 3,
            _ => 1,
        };
        for pass in 1..=most {
            // A bank has something to deliver if it sends a one-time password.
            let delivers = place == Failpoint::AfterDelivery;
            let card = if delivers { cards.pop_front() } else { cards.pop_back() };
            add(&mut city, party, card.expect("there are test cards enough"), place, pass);
        }
    }
    assert!(city.settle_down() as usize >= BANKS.len(), "both banks still pay");
    city.close_and_prove();
}

#[test]
fn a_card_is_added_though_the_platform_dies() {
    added("platform", &BANKS);
}

#[test]
fn a_card_is_added_though_the_bank_dies() {
    added(BANKS[0], &BANKS[..1]);
}

#[test]
fn a_card_is_added_though_the_phone_dies() {
    added("phone", &BANKS);
}
