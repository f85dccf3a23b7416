//! A bank that is silent does not hurt others: it is left alone, what would need it is declined before anything is debited, and
//! it is tried again by one payment at a time.

use psp::records::PaymentState;
use sandbox::upi::switch::{BankHealth, SILENCES};
use sim::Town;
use std::time::Duration;
use upi::machines::switch::State;
use values::Records;

const BANYAN: &str = "701002";
const SWITCH: &str = "700000";

fn health(town: &mut Town) -> BankHealth {
    town.records(SWITCH).find::<BankHealth>(&BANYAN.to_owned()).unwrap()
}

#[test]
fn a_silent_bank_is_left_alone_and_others_are_not_hurt() {
    let mut town = Town::new(3);
    let asha = town.person(1, "amber", "482913");
    let _ravi = town.person(2, "banyan", "573829");
    let meera = town.person(3, "coral", "7391");
    let opened = town.sums().0;
    town.silent.push(BANYAN.to_owned());
    let mut first = Vec::new();
    for _ in 0..SILENCES {
        first.push(town.pay(asha, "amber", "person2@paiza", 100, "482913"));
    }
    town.settle_for(Duration::from_secs(14));
    assert_eq!(health(&mut town).waiting, SILENCES);
    town.settle_for(Duration::from_secs(4));
    assert!(health(&mut town).alone_until.is_some());

    // What needs it is declined at once, and nobody is debited; what does not need it goes through.
    let needs = town.pay(asha, "amber", "person2@paiza", 100, "482913");
    let other = town.pay(meera, "coral", "person1@paiza", 100, "7391");
    town.settle_for(Duration::from_secs(2));
    assert_eq!(town.at_switch(&needs).state, State::Failed("U81".to_owned()));
    assert!(town.at_switch(&needs).steps <= 3, "no leg of it was ever sent");
    assert_eq!(town.sent(&other).state, PaymentState::Success);

    // It is back: one payment tries it, and then all go.
    town.silent.clear();
    town.run();
    town.pass(Duration::from_secs(700));
    let tried = town.pay(asha, "amber", "person2@paiza", 100, "482913");
    town.run();
    assert_eq!(town.at_switch(&tried).state, State::Success);
    assert_eq!((health(&mut town).silences, health(&mut town).waiting), (0, 0));
    town.audit(opened).unwrap();
}

/// How often a bank that stays silent for a day is asked to take a debit back: ever more seldom.
#[test]
fn a_silent_bank_is_not_asked_to_death() {
    let mut town = Town::new(4);
    let asha = town.person(1, "amber", "482913");
    town.person(2, "banyan", "573829");
    let paid = town.pay(asha, "amber", "person2@paiza", 100, "482913");
    town.silent.push("701001".to_owned());
    town.settle_for(Duration::from_secs(86_400));
    let payment = town.at_switch(&paid);
    assert!(matches!(payment.state, State::ReversalPending(_)), "{payment:?}");
    assert!((30..60).contains(&payment.steps), "{} steps in a day", payment.steps);
    town.silent.clear();
    town.run();
    assert_eq!(town.at_switch(&paid).state, State::Failed("U67".to_owned()));
}

/// A provider that asks in a storm is told to wait.
#[test]
fn status_checks_are_bounded_at_the_switch() {
    let mut town = Town::new(5);
    let asha = town.person(1, "amber", "482913");
    town.person(2, "banyan", "573829");
    let paid = town.pay(asha, "amber", "person2@paiza", 100, "482913");
    town.run();
    let payment = town.at_switch(&paid);
    let asked: Vec<Option<String>> = (0..5)
        .map(|_| {
            let check = town.status_check(&payment);
            town.arrive(SWITCH, &check)
        })
        .collect();
    let no = Some("U80".to_owned());
    assert_eq!(asked, [None, None, None, no.clone(), no]);
}
