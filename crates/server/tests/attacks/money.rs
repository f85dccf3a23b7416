//! Silence, lateness, restarts: the customer's balance is right in the end, and every payment has one fate.

use crate::shop::Shop;
use crate::town::{CARD, Town, yuan};
use crate::wire::{SideDoor, Way};
use acquiring::records::PaymentState;
use server::city::{DEMO_MERCHANTS, Waits};
use server::phone::Phone;
use std::time::Duration;

const SILENT: &str = "6216600100000000107";
const LATE: &str = "6216600100000000115";

/// Parties that wait so little for a payment that a silent one costs no time.
fn impatient() -> Waits {
    let short = Duration::from_millis;
    Waits {
        gateway: short(1000),
        network: short(1500),
        acquirer: short(2000),
        late: short(4000),
        ..Waits::FIELD
    }
}

/// A town of such parties, and a phone with this card, which was added before they became so.
fn hurried(pan: &str) -> (Town, Phone) {
    let town = Town::start();
    let (phone, _) = town.phone_with("li", pan);
    phone.store().close();
    drop(phone);
    let town = town.hurried(impatient());
    let phone = crate::crashed::moved(&town, "li");
    (town, phone)
}

fn states(town: &Town) -> Vec<PaymentState> {
    town.payments().iter().map(|payment| payment.state).collect()
}

#[test]
fn a_silent_issuer_keeps_no_money() {
    let (town, phone) = hurried(SILENT);
    let shop = Shop::open(&town);
    let before = town.available(SILENT);
    let code = shop.pay(&town, &phone, 1000).expect("the terminal is told something");
    assert_ne!(code, "00");
    // The issuer books it and says nothing; network, acquirer and terminal each want the money back, in any order.
    assert_eq!(shop.reverse(shop.last_trace(), yuan(1000)).as_deref(), Some("00"));
    town.until("the money is back", || town.available(SILENT) == before);
    town.until("the acquirer knows", || {
        states(&town).iter().all(|s| matches!(s, PaymentState::Reversed | PaymentState::Declined))
    });
    town.assert_whole();
}

#[test]
fn a_late_answer_is_reversed() {
    let (town, phone) = hurried(LATE);
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
        let (town, phone) = hurried(card);
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
    let (town, phone) = hurried(CARD);
    let before = town.available(CARD);
    let door = SideDoor::open(&town);
    let shop = Shop::at(&town, &DEMO_MERCHANTS[0], door.address, 0);
    // The answer to the terminal's payment is lost between network and acquirer.
    door.interceptor.deal(|way, frame| if way == Way::Back { Vec::new() } else { vec![frame] });
    let code = shop.pay(&town, &phone, 1000);
    assert_ne!(code.as_deref(), Some("00"));
    let approved = town.city.issuers.iter().flat_map(|issuer| {
        issuer.store().read(|records| records.all::<sandbox::issuer::Authorisation>()).unwrap()
    });
    let approved = approved.filter(|known| known.reason == sandbox::issuer::Reason::Approved);
    assert_eq!(approved.count(), 1, "the issuer approved, whatever became of it since");
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

/// A payment or its reversal, the first time or again.
#[derive(Clone, Copy, PartialEq)]
enum Event {
    Pay,
    Reverse,
}

/// Every order of up to `longest` of them in which there is a payment.
fn orders(longest: u32) -> Vec<Vec<Event>> {
    let order = |length: u32, bits: u32| {
        let event = |place| if bits >> place & 1 == 1 { Event::Pay } else { Event::Reverse };
        (0..length).map(event).collect()
    };
    (1..=longest).flat_map(|length| (1..1 << length).map(move |bits| order(length, bits))).collect()
}

#[test]
fn payment_and_reversal_repeated_in_every_order_up_to_six_have_one_fate() {
    let town = Town::start();
    let holders = [("li", CARD), ("zhao", "6216600200000010")];
    let shop = Shop::open(&town);
    let orders = orders(6);
    assert_eq!(orders.len(), 120);
    // A card pays at most a hundred times a day.
    for ((name, card), orders) in holders.into_iter().zip(orders.chunks(60)) {
        let (phone, _) = town.phone_with(name, card);
        let before = town.available(card);
        for order in orders {
            phone.sync().unwrap();
            let message = shop.message(&shop.tap(&town, &phone, 1000));
            let trace = shop.last_trace();
            for event in order {
                match event {
                    Event::Pay => shop.send(message.clone()),
                    Event::Reverse => shop.reverse(trace, yuan(1000)),
                };
            }
        }
        // Whatever was reversed, before or after it came, once or often, is not paid.
        let stand = orders.iter().filter(|order| !order.contains(&Event::Reverse)).count() as u64;
        town.until("the rest is given back", || before - town.available(card) == stand * 1000);
    }
    let whole = orders.iter().filter(|order| !order.contains(&Event::Reverse)).count();
    town.until("merchants believe the same", || {
        let states = states(&town);
        let approved = states.iter().filter(|state| **state == PaymentState::Approved).count();
        let open =
            |state: &PaymentState| matches!(state, PaymentState::Pending | PaymentState::ReversalPending);
        approved == whole && !states.iter().any(open)
    });
    town.assert_whole();
}
