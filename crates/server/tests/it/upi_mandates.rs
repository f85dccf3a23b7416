//! Mandates over the real wires, from asking to the debit.

use crate::street::{NOW, eventually};
use crate::upi_town::{ASHA, CHAI, UpiTown, pin};
use psp::mandates::records::DebitState;
use server::upi::phone::{UpiPhone, UpiPhoneError};
use std::time::Duration;
use store::Clock;
use upi::mandate::{AmountRule, Day, DayRule, Pattern, Recurrence, State, Terms};

pub(crate) fn monthly() -> Terms {
    let today = Day::of(NOW);
    Terms {
        name: "Tea club".to_owned(),
        payee: "chai@paiza".to_owned(),
        category: "5814".to_owned(),
        paise: 120_000,
        amount_rule: AmountRule::Max,
        recurrence: Recurrence { pattern: Pattern::Monthly, rule: Some((5, DayRule::On)) },
        starts: today,
        ends: today.plus(400),
        revocable: true,
        blocks: false,
    }
}

fn state(phone: &UpiPhone, id: &str) -> State {
    phone.mandate(id).unwrap().mandate.state
}

#[test]
fn a_mandate_is_approved_told_of_and_debited_and_made_by_a_link() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let chai = town.person(CHAI, "chai@paiza", "620573");
    chai.become_merchant("Chai Corner", "5814").unwrap();
    let asked = chai.request_mandate("asha@paiza", &monthly(), 30).unwrap().mandate;
    eventually("the payer sees it", || asha.mandates().unwrap().len() == 1);
    let shown = asha.mandates().unwrap().remove(0);
    assert_eq!((&shown.mandate.id, &shown.mandate.terms), (&asked.id, &monthly()));
    let account = &asha.mine().unwrap().accounts[0];
    asha.approve_mandate(&shown, account, &pin("482913")).unwrap();
    assert_eq!(asha.see_mandate(&asked.id, Duration::from_secs(30)).unwrap().mandate.state, State::Active);
    eventually("the payee hears of it", || state(&chai, &asked.id) == State::Active);

    let debit = chai.present_debit(&asked.id, None).unwrap();
    eventually("the payer is told of the debit", || !asha.mandate(&asked.id).unwrap().debits.is_empty());
    assert_eq!(town.balance(&chai, "620573"), "0.00");
    let due = debit.due.unwrap();
    town.clock.advance(due.since(town.clock.now()) + Duration::from_secs(1));
    let made = |phone: &UpiPhone| phone.mandate(&asked.id).unwrap().debits[0].state == DebitState::Made;
    eventually("it is made", || made(&chai) && made(&asha));
    assert_eq!(town.balance(&chai, "620573"), "1200.00");

    asha.pause_mandate(&asked.id).unwrap();
    eventually("the payee hears that it rests", || state(&chai, &asked.id) == State::Paused);
    let wrong = asha.unpause_mandate(&asha.mandate(&asked.id).unwrap(), &pin("482914"));
    assert!(matches!(wrong, Err(UpiPhoneError::Declined { code, .. }) if code == "ZM"));
    asha.unpause_mandate(&asha.mandate(&asked.id).unwrap(), &pin("482913")).unwrap();
    asha.revoke_mandate(&asked.id).unwrap();
    eventually("the payee hears that it ended", || state(&chai, &asked.id) == State::Revoked);

    // The same by a link that the merchant shows.
    let starts = Day::of(town.clock.now());
    let terms = Terms { starts, ends: starts.plus(90), name: "Milk".to_owned(), ..monthly() };
    let link = terms.link("Chai Corner").unwrap();
    let read = upi::link::Link::parse(link.text()).unwrap();
    let whose = asha.look_up(read.request.payee.as_str()).unwrap();
    let read = Terms::asked_by(&read.request, &whose.category).unwrap();
    assert_eq!(read, terms);
    let order = asha.mandate_order(account, (&read, Some(&whose.name)), &pin("482913")).unwrap();
    for _ in 0..2 {
        asha.make_mandate(&order).unwrap();
    }
    let made = asha.see_mandate(&order.transaction, Duration::from_secs(30)).unwrap().mandate;
    assert_eq!((made.state, asha.mandates().unwrap().len()), (State::Active, 2));
    eventually("the payee has it too", || chai.mandates().unwrap().len() == 2);
    town.all_books_agree();
}
