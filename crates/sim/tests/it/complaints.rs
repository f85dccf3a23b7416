//! Complaints: about what has not ended alone, not too soon and not too often; the bank that can know is asked at once.

use psp::Refusal;
use psp::complaints::Complain;
use psp::records::{Complaint, ComplaintState, DeviceId, PaymentState};
use sim::Town;
use std::time::Duration;
use upi::machines::switch::State;
use values::Records;

const BANYAN: &str = "701002";

fn complain(town: &mut Town, device: DeviceId, transaction: &str) -> Result<Complaint, Refusal> {
    let (psp, entropy) = (town.psp(), town.dice.bytes());
    let transaction = transaction.to_owned();
    town.at_psp(Complain { psp, device, transaction, entropy })
}

fn complaint(town: &mut Town, transaction: &str) -> Complaint {
    let key = ("919800000001".to_owned(), transaction.to_owned());
    town.records("700001").find::<Complaint>(&key).unwrap()
}

/// Debited, and the payee's bank silent since: deemed.
fn deemed(town: &mut Town, device: DeviceId) -> String {
    let paid = town.pay(device, "amber", "person2@paiza", 3000, "482913");
    while town.found_at_switch(&paid).is_none_or(|payment| payment.state != State::CreditSent) {
        assert!(town.deliver_one());
    }
    town.silent.push(BANYAN.to_owned());
    town.settle_for(Duration::from_secs(120));
    assert_eq!(town.at_switch(&paid).state, State::Deemed);
    paid
}

#[test]
fn a_complaint_has_the_bank_asked_at_once() {
    let mut town = Town::new(1);
    let asha = town.person(1, "amber", "482913");
    town.person(2, "banyan", "573829");
    let opened = town.sums().0;
    let paid = deemed(&mut town, asha);
    assert_eq!(complain(&mut town, asha, &paid), Err(Refusal::TooOften), "three minutes are not over");
    town.settle_for(Duration::from_secs(61));
    assert_eq!(complain(&mut town, asha, &paid).unwrap().state, ComplaintState::Raised);
    town.settle_for(Duration::from_secs(30));
    let told = complaint(&mut town, &paid);
    assert_eq!((told.state, told.result), (ComplaintState::WithParty, None));
    assert!(told.number.unwrap().starts_with("CRN"));
    // The bank is back; nobody waits for the end of the cycle.
    town.silent.clear();
    town.settle_for(Duration::from_secs(60));
    assert_eq!(town.at_switch(&paid).state, State::Returned);
    let told = complaint(&mut town, &paid);
    assert_eq!((told.state, told.result.as_deref()), (ComplaintState::Resolved, Some("DRC")));
    assert_eq!(town.sent(&paid).state, PaymentState::Failed);
    town.audit(opened).unwrap();
}

#[test]
fn only_what_has_not_ended_is_complained_of_and_three_times_a_day() {
    let mut town = Town::new(2);
    let asha = town.person(1, "amber", "482913");
    let ravi = town.person(2, "banyan", "573829");
    let paid = town.pay(asha, "amber", "person2@paiza", 100, "482913");
    town.run();
    town.pass(Duration::from_secs(300));
    assert_eq!(complain(&mut town, asha, &paid), Err(Refusal::NothingToComplainOf));
    assert_eq!(complain(&mut town, ravi, &paid), Err(Refusal::NotFound), "another's payment");
    let open = deemed(&mut town, asha);
    town.settle_for(Duration::from_secs(180));
    for _ in 0..3 {
        complain(&mut town, asha, &open).unwrap();
        town.settle_for(Duration::from_secs(60));
    }
    assert_eq!(complain(&mut town, asha, &open), Err(Refusal::TooOften));
}
