//! Every leg, every fault: how the payment ends. The table is data; one test walks it.

use sim::{Fault, Rule, Town};
use std::time::Duration;
use upi::machines::switch::State;

/// A leg; the legs of which nothing arrives, so that this one is reached; then how the payment ends where of the leg the first
/// try is lost, no try arrives, it is doubled, a minute late, ten minutes late, overtaken by whatever else is under way.
///
/// `S` paid; `F` failed; `-` the switch was asked about it before it came, and closed it; `R` deemed, then given back. Whatever
/// the letter, the books of both banks and all that people were told are audited.
const TABLE: &str = "
ReqPay PAY              |                                                              | S - S S - S
RespPay PAY             |                                                              | S S S S S S
ReqAuthDetails          |                                                              | S F S F F S
RespAuthDetails         |                                                              | S F S F F S
ReqPay DEBIT            |                                                              | S F S F F S
RespPay DEBIT           |                                                              | S F S F F S
ReqPay CREDIT           |                                                              | S F S F F S
RespPay CREDIT          |                                                              | S S S S S S
ReqTxnConfirmation      |                                                              | S S S S S S
RespTxnConfirmation     |                                                              | S S S S S S
ReqChkTxn               | RespPay PAY                                                  | S S S S S S
RespChkTxn              | RespPay PAY                                                  | S S S S S S
ReqChkTxn CREDIT        | RespPay CREDIT                                               | S F S F F S
RespChkTxn CREDIT       | RespPay CREDIT                                               | S F S F F S
ReqPay REVERSAL DEBIT   | RespPay DEBIT                                                | F F F F F F
RespPay REVERSAL DEBIT  | RespPay DEBIT                                                | F F F F F F
ReqPay REVERSAL CREDIT  | RespPay CREDIT, RespChkTxn CREDIT                            | F S F R S F
RespPay REVERSAL CREDIT | RespPay CREDIT, RespChkTxn CREDIT                            | F R F R R F
ReqComplaint            | RespPay CREDIT, RespChkTxn CREDIT, RespPay REVERSAL CREDIT   | R R R R R R
RespComplaint           | RespPay CREDIT, RespChkTxn CREDIT, ReqPay REVERSAL CREDIT    | S S S S S S
";

/// One payment with one fault; how it ended.
fn ended(leg: &str, given: &[&str], fault: Fault, seed: u64) -> char {
    let mut town = Town::new(seed);
    let asha = town.person(1, "amber", "482913");
    town.person(2, "banyan", "573829");
    let opened = town.sums().0;
    let given = given.iter().map(|leg| Rule { leg: (*leg).to_owned(), fault: Fault::Silent });
    town.rules = std::iter::once(Rule { leg: leg.to_owned(), fault }).chain(given).collect();
    let paid = town.pay(asha, "amber", "person2@paiza", 3000, "482913");
    let until = town.now.after(Duration::from_secs(86_400));
    while town.now < until && town.step() {}
    assert!(town.struck.iter().all(|struck| *struck), "{leg} {fault:?}: a message of these never was");
    // After a day the wires are good again, and what never arrived arrives, far too late.
    town.rules.clear();
    town.run();
    let state = town.found_at_switch(&paid).map(|payment| payment.state);
    town.audit(opened).unwrap_or_else(|wrong| panic!("{leg} {fault:?}: {wrong}"));
    match state {
        Some(State::Success) => 'S',
        Some(State::Failed(code)) if code == "U04" => '-',
        Some(State::Failed(_)) => 'F',
        Some(State::Returned) => 'R',
        other => panic!("{leg} {fault:?}: {other:?}"),
    }
}

#[test]
fn every_fault_on_every_leg_ends_as_the_table_says() {
    let mut wrong = Vec::new();
    for (row, seed) in TABLE.trim().lines().zip(1..) {
        let [leg, given, ends] = row.split('|').map(str::trim).collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        let given: Vec<&str> = given.split(", ").filter(|leg| !leg.is_empty()).collect();
        let found: Vec<char> = Fault::ALL.into_iter().map(|fault| ended(leg, &given, fault, seed)).collect();
        let found = found.iter().map(char::to_string).collect::<Vec<_>>().join(" ");
        if found != ends {
            wrong.push(format!("{leg} | {given:?} | {found}, not {ends}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
