//! A customer with two phones: each arranges its own cards, and the platform keeps all of them in one order.

use crate::small_city::{SmallCity, typed};
use crypto::passphrase::Work;
use sandbox::test_cards::{Behaviour, of_bank, test_cards};
use server::phone::{Added, NewPhone, Phone, PhoneError, WrongPasscode};
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

#[test]
fn of_a_hundred_passcodes_at_once_five_are_looked_at_and_a_restart_forgives_none() {
    let city = SmallCity::new();
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("guessed");
    let new = NewPhone {
        directory: &directory,
        number: NUMBER,
        name: "guessed",
        platform: &city.city.addresses.platform.to_string(),
        telephone: city.city.addresses.telephone,
        passcode: b"135790",
        work: Work::TEST,
        watch: None,
    };
    let (phone, _) = Phone::set_up(&new, city.clock.clone()).unwrap();
    let guess = |phone: &Phone, passcode: &[u8]| match phone.unlock(passcode) {
        Ok(_) => "right",
        Err(PhoneError::WrongPasscode(WrongPasscode::Again { .. })) => "wrong",
        Err(PhoneError::WrongPasscode(WrongPasscode::Wait(_))) => "wait",
        Err(error) => panic!("{error}"),
    };
    let looked_at = std::thread::scope(|scope| {
        let guesses: Vec<_> = (0..100).map(|_| scope.spawn(|| guess(&phone, b"135791"))).collect();
        guesses.into_iter().map(|one| one.join().unwrap()).filter(|end| *end == "wrong").count()
    });
    assert_eq!(looked_at, 5);
    assert_eq!(guess(&phone, b"135790"), "wait", "nor is the right one");
    drop(phone);
    let phone = Phone::open(&directory, city.clock.clone(), None).unwrap();
    assert_eq!(guess(&phone, b"135790"), "wait");
    city.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(guess(&phone, b"135791"), "wrong", "the sixth");
    city.clock.advance(std::time::Duration::from_secs(299));
    assert_eq!(guess(&phone, b"135790"), "wait");
    city.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(guess(&phone, b"135790"), "right");
}
