//! One payment from end to end, and the attacks on a PIN that its bank withstands.

use psp::asking::About;
use psp::records::{PaymentState, Reply};
use sandbox::defences::{Defence, Defences};
use sim::Town;
use sim::people::sealed;
use upi::credential::Secret;

const AMBER: &str = "701001";
const BANYAN: &str = "701002";

#[test]
fn a_payment_is_debited_and_credited() {
    let mut town = Town::new(1);
    let asha = town.person(1, "amber", "482913");
    town.person(2, "banyan", "573829");
    let resolved = town.ask(asha, About::Resolve { address: "person2@paiza".to_owned() }).unwrap();
    assert!(matches!(resolved, Reply::Resolved { name, .. } if name == "Ravi Menon"));
    let paid = town.pay(asha, "amber", "person2@paiza", 3000, "482913");
    town.run();
    assert_eq!(town.sent(&paid).state, PaymentState::Success);
    assert_eq!(town.balance(AMBER, "Asha Rao"), 2_497_000);
    assert_eq!(town.balance(BANYAN, "Ravi Menon"), 803_000);
    assert_eq!(town.sums(), (18_750_000, 0));
}

#[test]
fn one_time_passwords_are_ten_a_day() {
    let mut town = Town::new(6);
    let asha = town.person(1, "amber", "482913");
    let reference = town.records("700001").all::<psp::records::Customer>()[0].accounts[0].reference.clone();
    let ask = |town: &mut Town| town.ask(asha, About::Password { reference: reference.clone() });
    for sent in 2..=10 {
        assert!(ask(&mut town).is_ok(), "password {sent} of the day");
    }
    assert_eq!(ask(&mut town), Err("too_often".to_owned()));
    town.pass(std::time::Duration::from_secs(86_400));
    assert!(ask(&mut town).is_ok());
}

/// Somebody takes over the address to which others pay.
fn address_taken_over(defences: psp::defences::Defences) -> bool {
    let mut town = Town::new(5);
    town.person(1, "amber", "482913");
    let ravi = town.person(2, "banyan", "573829");
    let make = psp::accounts::MakeAddress {
        psp: town.psp(),
        device: ravi,
        address: "Person1@paiza".to_owned(),
        reference: String::new(),
        defences,
    };
    town.at_psp(make).is_ok()
}

#[test]
fn an_address_stays_whose_it_is() {
    let all = psp::defences::Defences::ALL;
    assert!(!address_taken_over(all));
    assert!(address_taken_over(all.danger_without(psp::defences::Defence::AddressOwner)));
}

/// A provider that changes what is paid, or to whom, after the PIN was typed.
fn redirected(defences: Defences) -> PaymentState {
    let mut town = Town::defended(2, defences);
    let asha = town.person(1, "amber", "482913");
    town.person(4, "deodar", "5739");
    let transaction = town.transaction();
    let typed_for = sealed(Secret::Pin, "482913", &transaction, 3000, "person2@paiza", "amber");
    let order = town.order(asha, "person4@paiza", 300_000, typed_for, &transaction);
    town.at_psp(order).unwrap();
    town.run();
    town.sent(&transaction).state
}

#[test]
fn a_pin_counts_for_what_it_was_typed_for() {
    assert_eq!(redirected(Defences::ALL), PaymentState::Failed);
    let open = Defences::ALL.danger_without(Defence::CredentialPurpose);
    assert_eq!(redirected(open), PaymentState::Success);
}

/// A block that was seen once is asked about again under the same transaction: by a switch that repeats a balance enquiry.
fn balance_again(defences: Defences) -> Result<Reply, String> {
    let mut town = Town::defended(3, defences);
    let asha = town.person(1, "amber", "482913");
    let reference = town.records("700001").all::<psp::records::Customer>()[0].accounts[0].reference.clone();
    let transaction = town.transaction();
    let pin = sealed(Secret::Pin, "482913", &transaction, 0, "", "amber");
    let ask = |town: &mut Town| {
        let about = About::Balance {
            reference: reference.clone(),
            transaction: transaction.clone(),
            pin: pin.clone(),
        };
        town.ask(asha, about)
    };
    assert_eq!(ask(&mut town), Ok(Reply::Balance("25000.00".to_owned())));
    // The provider would not let the transaction be used again; a dishonest one forgets it.
    values::Records::remove::<psp::records::UsedTransaction>(town.records("700001"), &transaction);
    ask(&mut town)
}

#[test]
fn a_block_is_good_once() {
    assert_eq!(balance_again(Defences::ALL), Err("XF".to_owned()));
    let open = Defences::ALL.danger_without(Defence::CredentialOnce);
    assert_eq!(balance_again(open), Ok(Reply::Balance("25000.00".to_owned())));
}

/// All PINs of four digits that begin like the right one, one after another.
fn guessed(defences: Defences) -> bool {
    let mut town = Town::defended(4, defences);
    let meera = town.person(3, "coral", "7391");
    town.person(4, "deodar", "5739");
    (7380..7400).any(|guess: u32| {
        let paid = town.pay(meera, "coral", "person4@paiza", 100, &guess.to_string());
        town.run();
        town.sent(&paid).state == PaymentState::Success
    })
}

#[test]
fn a_pin_is_not_guessed() {
    assert!(!guessed(Defences::ALL));
    assert!(guessed(Defences::ALL.danger_without(Defence::PinTries)));
}

#[test]
fn of_a_hundred_wrong_pins_three_are_looked_at() {
    let mut town = Town::new(4);
    let asha = town.person(1, "amber", "482913");
    let meera = town.person(3, "coral", "7391");
    town.person(4, "deodar", "5739");
    let wrong = (1000..1100).map(|guess: u32| guess.to_string());
    let all: Vec<String> = wrong.map(|pin| town.pay(meera, "coral", "person4@paiza", 100, &pin)).collect();
    town.run();
    // Why the debit failed, as the bank said.
    let codes: Vec<Option<String>> = all.iter().map(|paid| town.sent(paid).cause).collect();
    let of = |code: &str| codes.iter().filter(|known| known.as_deref() == Some(code)).count();
    assert_eq!((of("ZM"), of("Z6")), (2, 98), "{codes:?}");
    // The PIN is blocked, not the person: the right one pays nothing any more, and money still arrives.
    let late = town.pay(meera, "coral", "person4@paiza", 100, "7391");
    town.run();
    assert_eq!(town.sent(&late).cause.as_deref(), Some("Z6"));
    let paid = town.pay(asha, "amber", "person3@paiza", 100, "482913");
    town.run();
    assert_eq!(town.sent(&paid).state, PaymentState::Success);
}

#[test]
fn accounts_are_listed_twenty_five_times_a_day_and_balances_asked_fifty_times() {
    let mut town = Town::new(6);
    let asha = town.person(1, "amber", "482913");
    let customer = town.records("700001").all::<psp::records::Customer>()[0].clone();
    let (reference, ifsc) = (customer.accounts[0].reference.clone(), customer.accounts[0].ifsc.clone());
    let list = |town: &mut Town| town.ask(asha, About::Accounts { ifsc: ifsc.clone() });
    let balance = |town: &mut Town| {
        let transaction = town.transaction();
        let pin = sealed(Secret::Pin, "482913", &transaction, 0, "", "amber");
        town.ask(asha, About::Balance { reference: reference.clone(), transaction, pin })
    };
    // Its account was found by one list.
    for listed in 2..=25 {
        assert!(list(&mut town).is_ok(), "list {listed} of the day");
    }
    assert_eq!(list(&mut town), Err("too_often".to_owned()));
    for asked in 1..=50 {
        assert!(balance(&mut town).is_ok(), "balance {asked} of the day");
    }
    assert_eq!(balance(&mut town), Err("too_often".to_owned()));
    town.pass(std::time::Duration::from_secs(86_400));
    assert!(list(&mut town).is_ok() && balance(&mut town).is_ok());
}
