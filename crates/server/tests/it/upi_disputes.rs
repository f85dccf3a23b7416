//! Disputes over the real wires: raised by a phone, argued at the desks of banks, decided by acts and by clocks.

use crate::street::eventually;
use crate::upi_town::{ASHA, CHAI, UpiTown, rupees};
use sandbox::upi::bank::UpiDisputeCase;
use server::city::desk::disputes::{BankAct, Verdict};
use server::upi::app::DisputeShown;
use server::upi::phone::{UpiPhone, UpiPhoneError};
use std::net::SocketAddr;
use std::time::Duration;
use upi::disputes::{Act, Ground, Side, State};

const DAY: Duration = Duration::from_secs(86_400);

fn ask<T: serde::de::DeserializeOwned>(at: SocketAddr, path: &str, body: Option<&str>) -> Result<T, String> {
    let agent = server::client::agent();
    let url = format!("http://{at}{path}");
    let answer = match body {
        Some(body) => agent.post(url).header("content-type", "application/json").send(body.as_bytes()),
        None => agent.get(url).call(),
    };
    server::client::answer(answer).map_err(|error| error.to_string())
}

fn desk(town: &UpiTown, bank: &str) -> SocketAddr {
    town.parties.bank_desks.iter().find(|(id, _)| id == bank).unwrap().1
}

fn act(town: &UpiTown, bank: &str, payment: &str, (side, act): (Side, Act)) -> Result<(), String> {
    let wish = BankAct { payment: payment.to_owned(), side, act, code: "111".to_owned() };
    let body = serde_json::to_string(&wish).unwrap();
    ask::<serde_json::Value>(desk(town, bank), "/admin/disputes", Some(&body)).map(drop)
}

fn reaches(phone: &UpiPhone, payment: &str, state: State) -> DisputeShown {
    let shown = || phone.dispute(payment).unwrap().dispute.unwrap();
    eventually("the dispute is where it should be", || shown().state == Some(state));
    shown()
}

/// Until the payee's bank was told of this state.
fn told(town: &UpiTown, payment: &str, state: State) {
    eventually("the bank was told", || {
        let cases: Vec<UpiDisputeCase> = ask(desk(town, "banyan"), "/admin/disputes", None).unwrap();
        cases.iter().any(|case| case.payment == payment && case.state == state)
    });
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, UpiPhoneError>) -> String {
    match outcome {
        Err(UpiPhoneError::Client(error)) => error.code().unwrap().to_owned(),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_dispute_is_raised_on_a_phone_argued_at_desks_and_paid_back() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let chai = town.person(CHAI, "chai@paiza", "620573");
    chai.become_merchant("Chai Corner", "5814").unwrap();
    let pay = |amount| town.pay(&asha, "chai@paiza", amount, "482913").payment.id;
    let (one, other) = (pay("30.00"), pay("12.00"));
    assert_eq!(refused(asha.raise_dispute(&one, "goods_not_received", None)), "too_often");
    town.clock.advance(Duration::from_secs(200));
    assert_eq!(refused(asha.raise_dispute(&one, "wrong_credit", None)), "nothing_to_dispute");
    assert_eq!(refused(asha.raise_dispute(&one, "paid_twice", Some(rupees("30.01")))), "amount_invalid");
    assert_eq!(refused(chai.dispute(&one)), "not_found", "nothing is claimed of it");
    assert!(asha.dispute(&one).unwrap().reasons.contains(&"paid_twice".to_owned()));
    let raised = asha.raise_dispute(&one, "goods_not_received", Some(rupees("20.00"))).unwrap();
    assert_eq!((raised.state, raised.paise), (Some(State::Complaint), 2_000));
    assert!(raised.number.unwrap().starts_with("CRN") && raised.due_at.is_some());

    told(&town, &one, State::Complaint);
    // Who was paid sees it, and can do nothing in it but through the bank.
    let received = reaches(&chai, &one, State::Complaint);
    assert!(received.received && received.choices.is_empty() && received.reason == "goods_not_received");
    assert_eq!(refused(chai.act_on_dispute(&one, Act::Withdraw)), "not_found");
    // The payer's side has not the word, and another bank knows nothing of it.
    assert!(act(&town, "amber", &one, (Side::Payer, Act::Escalate)).is_err());
    assert!(act(&town, "coral", &one, (Side::Payee, Act::Accept)).is_err());
    act(&town, "banyan", &one, (Side::Payee, Act::Defend)).unwrap();
    reaches(&asha, &one, State::Answered);
    asha.act_on_dispute(&one, Act::Escalate).unwrap();
    told(&town, &one, State::Chargeback);
    act(&town, "banyan", &one, (Side::Payee, Act::Accept)).unwrap();
    let ended = reaches(&asha, &one, State::PaidBack(Ground::Accepted));
    assert_eq!((ended.news.len(), ended.choices.len()), (6, 0));
    assert_eq!(town.balance(&asha, "482913"), "24978.00");
    assert_eq!(town.balance(&chai, "620573"), "22.00");

    // The other one is withdrawn, and cannot be raised again.
    asha.raise_dispute(&other, "paid_twice", None).unwrap();
    let withdrawn = asha.act_on_dispute(&other, Act::Withdraw).unwrap();
    assert_eq!(withdrawn.state, Some(State::Closed(Ground::Withdrawn)));
    assert_eq!(refused(asha.act_on_dispute(&other, Act::Escalate)), "dispute_not_now");
    let again = asha.raise_dispute(&other, "paid_twice", None).unwrap();
    assert_eq!(again.state, withdrawn.state, "it is the same one");
    assert_eq!(asha.disputes().unwrap().len(), 2);
    let verdict = Verdict { payment: other, for_payer: true };
    let body = serde_json::to_string(&verdict).unwrap();
    let ruled = ask::<serde_json::Value>(town.parties.switch_desk, "/admin/disputes/verdict", Some(&body));
    assert!(ruled.is_err(), "nothing is to be decided");
    town.all_books_agree();
}

#[test]
fn a_silent_bank_accepts_by_its_silence() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let chai = town.person(CHAI, "chai@paiza", "620573");
    chai.become_merchant("Chai Corner", "5814").unwrap();
    let paid = town.pay(&asha, "chai@paiza", "30.00", "482913").payment.id;
    town.clock.advance(Duration::from_secs(200));
    asha.raise_dispute(&paid, "merchant_not_told", None).unwrap();
    told(&town, &paid, State::Complaint);
    town.clock.advance(DAY * 4);
    reaches(&asha, &paid, State::Chargeback);
    town.clock.advance(DAY * 11);
    reaches(&asha, &paid, State::PaidBack(Ground::DeemedAccepted));
    reaches(&chai, &paid, State::PaidBack(Ground::DeemedAccepted));
    // With 100 rupees for each of the ten days after the fifth.
    assert_eq!(town.balance(&asha, "482913"), "26000.00");
    assert_eq!(town.sums(), (18_850_000, 0));
}
