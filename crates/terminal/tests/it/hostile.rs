//! Cards that mean harm: every conversation ends, with a name, within its bounds.

use crate::support::*;
use proptest::prelude::*;
use terminal::configuration::Configuration;
use terminal::outcome::{Ending, Reason};
use terminal::sale::Interface;
use terminal::transaction::{Step, Transaction};

/// A card of which one answer is replaced.
fn with_answer(place: usize, answer: Vec<u8>) -> Run {
    let mut card = Card::phone(false);
    let mut turn = 0;
    let replaced = move |command: &[u8]| {
        turn += 1;
        Some(if turn - 1 == place { answer.clone() } else { card.answer(command) })
    };
    let shop = Configuration::sample_shop();
    run(&shop, Interface::Contactless, sale(1250), replaced, Some(approval()))
}

/// The answers of the honest tap: directory, application, processing options.
fn honest_answers() -> Vec<Vec<u8>> {
    let mut answers = Vec::new();
    let mut card = Card::phone(false);
    let shop = Configuration::sample_shop();
    run(
        &shop,
        Interface::Contactless,
        sale(1250),
        |command| {
            answers.push(card.answer(command));
            answers.last().cloned()
        },
        Some(approval()),
    );
    answers
}

fn nested(depth: usize) -> Vec<u8> {
    (0..depth).fold(Vec::new(), |inner, _| tlv("70", &inner))
}

#[test]
fn broken_answers_have_names() {
    let gpo = |text: &str| ok(&bytes(text));
    for (place, answer, expected) in [
        (0, vec![], "malformed_answer"),
        (0, vec![0x90], "malformed_answer"),
        (0, [vec![0x41; 300], vec![0x90, 0x00]].concat(), "malformed_answer"),
        (0, gpo(""), "wrong_template"),
        (0, gpo("6F7F84"), "malformed_data"),
        (0, gpo("7700"), "wrong_template"),
        (0, ok(&tlv("6F", &nested(30))), "malformed_data"),
        (0, gpo("6F00"), "no_application"),
        (0, gpo("6F02A500"), "no_application"),
        (0, gpo("6F09A507BF0C0461024F00"), "no_application"),
        (1, gpo("6F00"), "application_mismatch"),
        (1, gpo("6F0A8408A000000333010102"), "application_mismatch"),
        (1, gpo("6F14 8408A000000333010101 A508 9F3805 9F6604 9F02"), "malformed_data"),
        (1, gpo("6F15 8408A000000333010101 A509 9F3806 9F66FF 9F02FF"), "data_request_too_long"),
        (2, gpo("8006 0000 08010100"), "wrong_template"),
        (2, gpo("7781"), "malformed_data"),
        (2, gpo("77 06 8284FFFFFFFF"), "malformed_data"),
        (2, gpo("7708 82020000 82020000"), "duplicate_object"),
        (2, gpo("7708 82020000 82020001"), "duplicate_object"),
        (2, gpo("7700 7700"), "wrong_template"),
        (2, ok(&tlv("77", &nested(30))), "malformed_data"),
        (2, vec![0x63, 0x00], "unexpected_status"),
    ] {
        let run = with_answer(place, answer.clone());
        let named = format!("{place} {}", hex::encode(&answer));
        assert_eq!(run.outcome.reason.code(), expected, "{named}");
        assert_eq!(run.outcome.ending, Ending::EndApplication, "{named}");
    }
}

#[test]
fn every_truncation_ends_with_a_name_and_without_payment() {
    for (place, answer) in honest_answers().into_iter().enumerate() {
        for length in 0..answer.len() {
            let run = with_answer(place, answer[..length].to_vec());
            assert_ne!(run.outcome.ending, Ending::Approved, "{place} {length}");
            assert!(run.request.is_none(), "{place} {length}");
        }
    }
}

#[test]
fn a_tear_at_every_command_asks_for_the_card_again() {
    for place in 0..honest_answers().len() {
        let mut card = Card::phone(false);
        let mut turn = 0;
        let shop = Configuration::sample_shop();
        let torn = |command: &[u8]| {
            turn += 1;
            (turn - 1 != place).then(|| card.answer(command))
        };
        let run = run(&shop, Interface::Contactless, sale(1250), torn, Some(approval()));
        assert_eq!(run.verdict(), (Ending::TryAgain, "card_removed"), "{place}");
        assert!(run.request.is_none());
    }
}

#[test]
fn a_card_may_leave_once_the_host_is_asked() {
    let mut card = Card::phone(false);
    let (mut machine, mut step) =
        Transaction::start(&Configuration::sample_shop(), Interface::Contactless, sale(1250));
    while let Step::Transmit(command) = step {
        (machine, step) = machine.card_said(&card.answer(&command));
    }
    assert!(matches!(step, Step::AuthoriseOnline(_)));
    let (machine, step) = machine.card_removed();
    assert!(matches!(step, Step::AwaitHost));
    let (machine, step) = machine.card_said(&[0x90, 0x00]);
    assert!(matches!(step, Step::AwaitHost));
    let (machine, step) = machine.cancel();
    assert!(matches!(step, Step::AwaitHost));
    let (machine, step) = machine.host_said(approval());
    assert!(matches!(&step, Step::Finished(o) if o.reason == Reason::ApprovedOnline));
    // Whatever is pushed afterwards, the outcome stands.
    let (machine, _) = machine.host_silent();
    let (machine, _) = machine.card_removed();
    let (_, step) = machine.card_said(&[0x6F, 0x00]);
    assert!(matches!(&step, Step::Finished(o) if o.reason == Reason::ApprovedOnline));
}

#[test]
fn two_cards_stop_the_tap() {
    let (machine, _) = Transaction::start(&Configuration::sample_shop(), Interface::Contactless, sale(1250));
    let (_, step) = machine.several_cards();
    assert!(
        matches!(&step, Step::Finished(o) if o.reason == Reason::SeveralCards && o.ending == Ending::TryAgain)
    );
}

#[test]
fn endless_chains_are_cut() {
    for answer in [&[0x61, 0x00][..], &[0x61, 0x10], &[0x00, 0x61, 0xFF], &[0x6C, 0x10]] {
        let shop = Configuration::sample_shop();
        let run = run(&shop, Interface::Contactless, sale(1250), |_| Some(answer.to_vec()), None);
        assert_ne!(run.outcome.ending, Ending::Approved);
        assert!(run.commands.len() <= 100);
    }
}

#[test]
fn chained_answers_are_one_answer() {
    let mut card = Card::phone(false);
    let mut rest: Vec<u8> = Vec::new();
    let shop = Configuration::sample_shop();
    let chained = |command: &[u8]| {
        if command[1] != 0xC0 {
            rest = card.answer(command);
            return Some(vec![0x61, rest.len() as u8 - 2]);
        }
        Some(std::mem::take(&mut rest))
    };
    let run = run(&shop, Interface::Contactless, sale(1250), chained, Some(approval()));
    assert_eq!(run.verdict(), (Ending::Approved, "approved_online"));
    assert_eq!(run.commands.len(), 6);
}

#[test]
fn a_directory_of_a_thousand_is_looked_at_in_part() {
    let mut card = Card::phone(false);
    card.directory = (0..10u8).map(|n| (format!("{DEBIT}{n:02X}"), 1)).collect();
    for (aid, _) in &card.directory {
        card.options_status.insert(aid.clone(), 0x6985);
    }
    let run = tap(&card, 100);
    assert_eq!(run.verdict(), (Ending::TryAnotherInterface, "applications_exhausted"));
    assert_eq!(run.commands.len(), 1 + 8 * 2);
}

#[test]
fn a_card_cannot_speak_for_the_terminal() {
    let mut card = Card::phone(false);
    card.set("9F02", "000000000001");
    card.set("5F2A", "0999");
    card.set("9F37", "00000000");
    card.set("95", "FFFFFFFFFF");
    let request = tap(&card, 1250).request.unwrap();
    let message = hex::encode_upper(&request.icc_data);
    for part in ["9F0206000000001250", "5F2A020156", "9F37044D1C9903", "95050000000000"] {
        assert!(message.contains(part), "{part} in {message}");
    }
}

#[test]
fn labels_cannot_steer_the_console() {
    let mut card = Card::phone(false);
    card.set("50", "1B5B324A0D0A41");
    let receipt = tap(&card, 1250).outcome.receipt.unwrap();
    assert!(receipt.lines().iter().all(|line| line.chars().all(|c| !c.is_control())));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_answers_end(answers in proptest::collection::vec(
        proptest::collection::vec(any::<u8>(), 0..40), 1..8), contact in any::<bool>()) {
        let interface = if contact { Interface::Contact } else { Interface::Contactless };
        let mut turn = 0;
        let shop = Configuration::sample_shop();
        let said = |_: &[u8]| {
            turn += 1;
            Some(ok(&answers[turn % answers.len()]))
        };
        let run = run(&shop, interface, sale(1250), said, Some(approval()));
        prop_assert_ne!(run.outcome.ending, Ending::Approved);
    }

    #[test]
    fn a_flipped_byte_ends(place in 0usize..3, at in any::<proptest::sample::Index>(), flip in 1u8..=255) {
        let mut answer = honest_answers().swap_remove(place);
        let at = at.index(answer.len());
        answer[at] ^= flip;
        let _ = with_answer(place, answer).verdict();
    }
}
