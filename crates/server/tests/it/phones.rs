//! A customer with two phones: each arranges its own cards, and the platform keeps all of them in one order.

use crate::small_city::{SmallCity, typed};
use crypto::passphrase::Work;
use sandbox::test_cards::{Behaviour, of_bank, test_cards};
use server::phone::{Added, NewPhone, Phone};
use values::{Id, id::kinds};

const NUMBER: &str = "+8613800000001";

/// Adds the next plain test card; the bank does not mind whose phone it is.
fn add(phone: &mut Phone, place: usize) -> Id<kinds::Token> {
    let plain = test_cards().iter().filter(|card| card.behaviour == Behaviour::Approve);
    let pans = plain.map(|card| String::from_utf8(card.pan().expose().to_vec()).unwrap());
    let pan = pans.filter(|pan| pan != crate::street::CARD).nth(place).unwrap();
    match phone.add_card(&typed(&pan), None).unwrap() {
        Added::Active(token) => token,
        Added::Declined { reason } => panic!("{pan}: {reason}"),
    }
}

fn order_at_the_platform(city: &SmallCity) -> Vec<String> {
    let customer = city.record().customer;
    let cards = city.city.tokens.tokens_of(customer).unwrap();
    cards.tokens.iter().map(|token| token.reference.to_string()).collect()
}

#[test]
fn each_phone_orders_its_own_cards_among_all() {
    let mut city = SmallCity::new();
    let folder = tempfile::tempdir().unwrap();
    let new = NewPhone {
        directory: &folder.path().join("second"),
        number: NUMBER,
        name: "second",
        platform: &city.city.addresses.platform.to_string(),
        telephone: city.city.addresses.telephone,
        passcode: b"135790",
        work: Work::TEST,
        watch: None,
    };
    let (mut second, _) = Phone::set_up(&new, city.clock.clone()).unwrap();
    let first = city.token;
    let there = [add(&mut second, 0), add(&mut second, 1)];
    let here = add(&mut city.phone, 2);
    let names = |tokens: &[Id<kinds::Token>]| tokens.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(order_at_the_platform(&city), names(&[first, there[0], there[1], here]));
    second.reorder(vec![there[1], there[0]]).unwrap();
    assert_eq!(order_at_the_platform(&city), names(&[first, there[1], there[0], here]));
    city.phone.reorder(vec![here, first]).unwrap();
    assert_eq!(order_at_the_platform(&city), names(&[here, there[1], there[0], first]));
    // What was deleted offline is told before the rest is ordered.
    let also = add(&mut second, 3);
    second.delete(there[0]).unwrap();
    second.reorder(vec![also, there[1]]).unwrap();
    assert_eq!(order_at_the_platform(&city), names(&[here, also, first, there[1]]));
    let (cards, _) = second.cards().unwrap();
    assert_eq!(cards.iter().map(|card| card.token).collect::<Vec<_>>(), [also, there[1]]);
    // A card whose adding was begun and left is nobody's to order yet.
    let waiting = of_bank("boc").find(|card| card.behaviour == Behaviour::StepUp).unwrap();
    let typed = typed(str::from_utf8(waiting.pan().expose()).unwrap());
    assert_eq!(second.begin_adding(&typed).unwrap().state, "step_up");
    second.reorder(vec![there[1], also]).unwrap();
    assert_eq!(second.cards().unwrap().0.len(), 2);
}
