//! Messages doubled, reordered, late and reversed, in every order up to six: one fate with every check, and a wrong one
//! without the check it is about. And a bank that is shown what others should have stopped.

use crate::bank::{Bank, Tap, cny, test_card};
use crate::switching::{Network, answer, reversal, sale};
use sandbox::defences::{Defence, Defences};
use sandbox::issuer::{CardState, SetCardState};
use sandbox::network::Verdict;
use sandbox::test_cards::Behaviour;
use values::Operation;

/// Every word of up to `longest` of these letters.
fn words(letters: &str, longest: u32) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..longest {
        last = last
            .iter()
            .flat_map(|word| letters.chars().map(move |letter| format!("{word}{letter}")))
            .collect();
        all.extend(last.iter().cloned());
    }
    all
}

/// What the card paid after requests (`q`) and reversals (`r`) of one payment of 12.50 in this order.
fn paid(defences: Defences, order: &str) -> i64 {
    let card = test_card("boc", Behaviour::Approve);
    let mut bank = Bank::open("boc");
    bank.defences = defences;
    let request = bank.tap(card, &Tap::default());
    let back = bank.reversal(&request);
    for letter in order.chars() {
        bank.send(if letter == 'q' { &request } else { &back });
    }
    500_000 - bank.available(card) as i64
}

#[test]
fn requests_and_reversals_in_every_order_up_to_six_have_one_fate_at_the_issuer() {
    let orders = words("qr", 6);
    assert_eq!(orders.len(), 127);
    for order in &orders {
        let right = if order.contains('q') && !order.contains('r') { 1_250 } else { 0 };
        assert_eq!(paid(Defences::ALL, order), right, "{order}");
    }
    for (defence, order, wrong) in [
        (Defence::IssuerRepeats, "qq", 2_500),
        (Defence::IssuerRepeats, "qqqqqq", 7_500),
        (Defence::IssuerEarlyReversal, "rq", 1_250),
        (Defence::IssuerEarlyReversal, "qrq", 1_250),
        (Defence::IssuerReversalOnce, "qrr", -1_250),
    ] {
        assert_eq!(paid(Defences::ALL.danger_without(defence), order), wrong, "{order} without {defence:?}");
    }
}

/// What goes wrong at the network when request (`q`), answer (`a`), time-out (`t`) and reversal (`r`) come so.
fn harm(defences: Defences, order: &str) -> Option<&'static str> {
    let mut network = Network::new();
    network.defences = defences;
    let message = sale(1, 1_250);
    let (mut forwarded, mut passed_on, mut told_no, mut reversed, mut staged) = (0, false, false, false, 0);
    for letter in order.chars() {
        match letter {
            'q' if network.request(&message) == "forward" => {
                forwarded += 1;
                if reversed {
                    return Some("paid after its reversal");
                }
            }
            'a' if forwarded > 0 => {
                passed_on |= network.answered(&answer(&message, "00")) == Verdict::PassOn;
            }
            't' => told_no |= network.timed_out(&message).is_some(),
            'r' => {
                network.request(&reversal(&message));
                reversed = true;
            }
            _ => {}
        }
        // What is staged is delivered before the next event comes.
        let now_staged = network.staged().len();
        network.records.sent.clear();
        if letter == 'r' {
            staged += now_staged;
        }
        told_no &= now_staged == 0;
    }
    match () {
        () if forwarded > 1 => Some("forwarded twice"),
        () if staged > 1 => Some("reversed twice"),
        () if told_no && !passed_on && !reversed => Some("booked by the issuer and told as not paid"),
        () => None,
    }
}

#[test]
fn every_order_up_to_six_has_one_fate_at_the_network() {
    let orders = words("qatr", 6);
    assert_eq!(orders.len(), 5_461);
    for order in &orders {
        assert_eq!(harm(Defences::ALL, order), None, "{order}");
    }
    for (defence, order, wrong) in [
        (Defence::NetworkRepeats, "qq", "forwarded twice"),
        (Defence::NetworkRepeats, "qaq", "forwarded twice"),
        (Defence::NetworkEarlyReversal, "rq", "paid after its reversal"),
        (Defence::NetworkReversalOnce, "qarr", "reversed twice"),
        (Defence::LateAnswers, "qt", "booked by the issuer and told as not paid"),
        (Defence::LateAnswers, "qta", "booked by the issuer and told as not paid"),
    ] {
        let open = Defences::ALL.danger_without(defence);
        assert_eq!(harm(open, order), Some(wrong), "{order} without {defence:?}");
        assert!(orders.iter().filter(|order| harm(open, order).is_some()).count() > 100);
    }
}

/// What a bank answers to a message that should never have reached it.
type Shown = fn(&mut Bank) -> String;

#[test]
fn a_bank_looks_for_itself() {
    let forged: Shown = |bank| {
        let mut message = bank.tap(test_card("boc", Behaviour::Approve), &Tap::default());
        message.set_amount(cny(99_900));
        bank.send(&message)
    };
    let blocked: Shown = |bank| {
        let card = test_card("boc", Behaviour::Approve);
        let (key, state) = (sandbox::Digest(bank.keys.card_key(&card.pan())), CardState::Blocked);
        SetCardState { card: key, state }.apply(&mut bank.records, bank.now).unwrap();
        let message = bank.tap(card, &Tap::default());
        bank.send(&message)
    };
    for (name, shown, defence, refused) in [
        ("amount raised", forged, Defence::ChipData, "05"),
        ("card blocked", blocked, Defence::Standing, "62"),
    ] {
        let mut bank = Bank::open("boc");
        assert_eq!(shown(&mut bank), refused, "{name}");
        let mut bank = Bank::open("boc");
        bank.defences = Defences::ALL.danger_without(defence);
        assert_eq!(shown(&mut bank), "00", "{name}, without {defence:?}");
    }
}
