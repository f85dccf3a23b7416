//! A bank that is silent does not hurt others: it is left alone, what would need it is declined before anything is debited, and
//! it is tried again by one payment at a time.

use psp::records::PaymentState;
use sandbox::defences::{Defence, Defences};
use sandbox::upi::switch::{BankHealth, MOST_WAITING, SILENCES};
use sim::Town;
use std::time::Duration;
use upi::machines::switch::State;
use values::Records;

const BANYAN: &str = "701002";
const SWITCH: &str = "700000";

fn health_or_none(town: &mut Town) -> Option<BankHealth> {
    town.records(SWITCH).find::<BankHealth>(&BANYAN.to_owned())
}

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

/// What a provider that asks in a storm is told.
fn asked_in_a_storm(defences: Defences) -> Vec<Option<String>> {
    let mut town = Town::defended(5, defences);
    let asha = town.person(1, "amber", "482913");
    town.person(2, "banyan", "573829");
    let paid = town.pay(asha, "amber", "person2@paiza", 100, "482913");
    town.run();
    let payment = town.at_switch(&paid);
    let mut ask = |_| {
        let check = town.status_check(&payment);
        town.arrive(SWITCH, &check)
    };
    (0..5).map(&mut ask).collect()
}

#[test]
fn status_checks_are_bounded_at_the_switch() {
    let no = Some("U80".to_owned());
    assert_eq!(asked_in_a_storm(Defences::ALL), [None, None, None, no.clone(), no]);
    let open = Defences::ALL.danger_without(Defence::StatusChecks);
    assert_eq!(asked_in_a_storm(open), [None, None, None, None, None]);
}

/// At most so much waits for one bank; what would be more is declined before anybody is debited.
#[test]
fn only_so_much_waits_for_a_bank() {
    let mut town = Town::new(6);
    let asha = town.person(1, "amber", "482913");
    town.person(2, "banyan", "573829");
    for (waiting, end) in
        [(MOST_WAITING - 1, State::Success), (MOST_WAITING, State::Failed("U84".to_owned()))]
    {
        let first = town.pay(asha, "amber", "person2@paiza", 100, "482913");
        town.run();
        let known = health_or_none(&mut town);
        let known = known.unwrap_or_else(|| panic!("{:?} waited for the bank", town.at_switch(&first)));
        town.records(SWITCH).put(BankHealth { waiting, ..known.clone() });
        let paid = town.pay(asha, "amber", "person2@paiza", 100, "482913");
        town.run();
        assert_eq!(town.at_switch(&paid).state, end, "{waiting} wait");
        town.records(SWITCH).put(known);
    }
    assert_eq!(town.balance("701002", "Ravi Menon"), 800_000 + 300, "nobody was debited for the last one");
    assert_eq!(town.balance("701001", "Asha Rao"), 2_500_000 - 300);
}
