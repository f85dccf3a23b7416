//! Taps of well-meaning cards: each line of the tables is one rule of kernel 7 or of the entry point.

use crate::support::*;
use terminal::configuration::Configuration;
use terminal::lights::{Message, Status};
use terminal::online::HostAnswer;
use terminal::outcome::{Cvm, Ending};
use terminal::sale::Interface;
use values::{Currency, Money, TokenNumber};

#[test]
fn a_tap_goes_online_and_is_approved() {
    let run = tap(&Card::phone(false), 1250);
    assert_eq!(run.verdict(), (Ending::Approved, "approved_online"));
    assert_eq!(run.commands.len(), 3, "directory, application, processing options");
    let request = run.request.unwrap();
    assert_eq!(request.number_digits(), number().as_bytes());
    assert_eq!((request.transaction_counter, request.sequence_number), (7, Some(1)));
    assert_eq!((request.cvm, request.interface.entry_mode()), (Cvm::None, "07"));
    let message = emv::de55::Request::parse(&request.icc_data).unwrap();
    assert_eq!(message.cryptogram, request.cryptogram);
    assert!(hex::encode_upper(&request.icc_data).starts_with("9F260811223344556677889F2701809F1008"));
    let receipt = run.outcome.receipt.unwrap();
    assert_eq!(receipt.approval_code.as_deref(), Some("123456"));
    let lines = receipt.lines().join("\n");
    assert!(lines.contains("CNY 12.50") && lines.contains("APPROVED") && lines.contains("0007"), "{lines}");
    assert!(!lines.contains(&number()), "{lines}");
    let shown: Vec<_> = run.outcome.lights.iter().map(|light| light.message).collect();
    assert_eq!(
        shown,
        [
            Message::PresentCard,
            Message::Processing,
            Message::CardReadOk,
            Message::Authorising,
            Message::Approved
        ]
    );
    assert_eq!(run.outcome.lights[0].status, Status::ReadyToRead);
}

#[test]
fn token_data_travels_typed_and_in_the_chip_data() {
    let mut card = Card::phone(true);
    card.set("9F24", &hex::encode("Q1HJZ28RKA1EBL470G9XYG90R5D3E"));
    card.set("9F25", "4321");
    card.set("9F19", "012345678901");
    card.set("9F6E", "0844008020");
    card.set("9F63", "00010203040506070809101112131415");
    let run = tap(&card, 150_000);
    let request = run.request.unwrap();
    assert_eq!(request.account_reference.as_deref(), Some("Q1HJZ28RKA1EBL470G9XYG90R5D3E"));
    assert_eq!(request.token_requestor.as_deref(), Some("12345678901"));
    assert_eq!(request.card_last_four.map(|four| four.to_string()).as_deref(), Some("4321"));
    assert!(request.icc_data.len() <= 255);
    let message = emv::de55::Request::parse(&request.icc_data).unwrap();
    assert!(message.par.is_some() && message.token_requestor.is_some());
    assert!(message.ctq.is_some_and(|ctq| ctq.has(emv::objects::Ctq::DEVICE_VERIFIED)));
    assert!(run.outcome.receipt.as_ref().unwrap().lines().iter().any(|line| line.contains("**** 4321")));
    // Neither the wish nor the outcome prints the number.
    for text in [format!("{request:?}"), format!("{:?}", run.outcome)] {
        assert!(!text.contains(&number()) && text.contains(&number()[15..]), "{text}");
    }
}

#[test]
fn the_processing_options_command_carries_the_sale() {
    let run = tap(&Card::phone(false), 1250);
    let expected =
        "80A80000248322 26804080 000000001250 000000000000 0156 0000000000 0156 261122 00 4D1C9903 01 00";
    assert_eq!(run.commands[2], bytes(expected));
}

#[test]
fn the_host_has_the_last_word() {
    let card = Card::phone(false);
    let shop = Configuration::sample_shop();
    let with = |host: Option<HostAnswer>| {
        let mut card = card.clone();
        run(&shop, Interface::Contactless, sale(1250), |c| Some(card.answer(c)), host)
    };
    let no = with(Some(HostAnswer { response_code: *b"51", ..HostAnswer::default() }));
    assert_eq!(no.verdict(), (Ending::Declined, "host_declined"));
    assert!(!no.outcome.reversal_needed);
    assert_eq!(no.outcome.receipt.unwrap().response_code.as_deref(), Some("51"));
    let part = with(Some(HostAnswer { response_code: *b"10", ..HostAnswer::default() }));
    assert!(part.outcome.reversal_needed, "a part was booked and is not taken");
    let silent = with(None);
    assert_eq!(silent.verdict(), (Ending::Declined, "host_silent"));
    assert!(silent.outcome.reversal_needed);
}

#[test]
fn limits_decide_before_the_card_comes() {
    let verdict = |minor| {
        let run = tap(&Card::phone(true), minor);
        let qualifiers = run.commands.get(2).map(|command| hex::encode_upper(&command[7..11]));
        (run.outcome.reason.code(), qualifiers.unwrap_or_default(), run.outcome.cvm)
    };
    for (minor, reason, qualifiers, cvm) in [
        (0, "approved_online", "26804080", Cvm::Device),
        (1, "approved_online", "26804080", Cvm::Device),
        (99_999, "approved_online", "26804080", Cvm::Device),
        (100_000, "approved_online", "26C04080", Cvm::Device),
        (4_999_999, "approved_online", "26C04080", Cvm::Device),
        (5_000_000, "above_contactless_limit", "", Cvm::None),
        (1_000_000_000_000, "amount_too_large", "", Cvm::None),
    ] {
        assert_eq!(verdict(minor), (reason, qualifiers.to_owned(), cvm), "{minor}");
    }
    let over = tap(&Card::phone(true), 5_000_000);
    assert_eq!(over.outcome.ending, Ending::TryAnotherInterface);
}

#[test]
fn an_offline_reader_asks_no_host() {
    let mut shop = Configuration::sample_shop();
    shop.device.online = false;
    assert_eq!(tap_in(&shop, &Card::phone(false), 0).verdict(), (Ending::EndApplication, "amount_zero"));
    let run = tap_in(&shop, &Card::phone(false), 100);
    assert_eq!(run.verdict(), (Ending::Declined, "online_not_possible"));
}

#[test]
fn verification_follows_both_sides() {
    // Card's qualifiers, its verification results, amount, terminal's qualifiers.
    for (ctq, results, minor, ttq, expected) in [
        (Some("0000"), "A0", 1250, "26004080", Ok(Cvm::None)),
        (Some("0080"), "A4", 1250, "26004080", Ok(Cvm::Device)),
        (Some("0080"), "A0", 1250, "26004080", Ok(Cvm::None)),
        (Some("0080"), "A0", 200_000, "26004080", Err("unproven_device_verification")),
        (Some("0080"), "A6", 200_000, "26004080", Err("unproven_device_verification")),
        (Some("0080"), "A4", 200_000, "26004080", Ok(Cvm::Device)),
        (Some("8000"), "A0", 200_000, "26004080", Ok(Cvm::OnlinePin)),
        (Some("8000"), "A0", 1250, "26004080", Ok(Cvm::OnlinePin)),
        (Some("8000"), "A0", 200_000, "22004080", Err("no_verification_method")),
        (Some("4000"), "A0", 200_000, "22004080", Ok(Cvm::Signature)),
        (Some("C000"), "A0", 200_000, "22004080", Ok(Cvm::Signature)),
        (Some("0000"), "A0", 200_000, "26004080", Err("no_verification_method")),
        (None, "A0", 200_000, "26004080", Ok(Cvm::Signature)),
        (None, "A0", 200_000, "24004080", Err("no_verification_method")),
        (None, "A0", 1250, "24004080", Ok(Cvm::None)),
    ] {
        let mut shop = Configuration::sample_shop();
        let limits = shop.applications[0].contactless.as_mut().unwrap();
        limits.qualifiers = bytes(ttq).try_into().unwrap();
        let mut card = Card::phone(false);
        card.remove("9F6C");
        if let Some(ctq) = ctq {
            card.set("9F6C", ctq);
        }
        card.set("9F10", &format!("07010103{results}000001"));
        let run = tap_in(&shop, &card, minor);
        let got = match run.outcome.ending {
            Ending::Approved => Ok(run.outcome.cvm),
            _ => Err(run.outcome.reason.code()),
        };
        assert_eq!(got, expected, "{ctq:?} {results} {minor} {ttq}");
    }
}

#[test]
fn the_cards_decision_is_followed() {
    type Edit = &'static [(&'static str, &'static str)];
    let table: [(Edit, Ending, &str); 12] = [
        (&[("9F10", "0701010380000001"), ("9F27", "00")], Ending::Declined, "card_declined"),
        // An offline approval where the host was asked for.
        (&[("9F10", "0701010390000001"), ("9F27", "40")], Ending::Declined, "unexpected_cryptogram"),
        (&[("9F10", "07010103B0000001")], Ending::EndApplication, "invalid_object"),
        (&[("9F27", "40")], Ending::EndApplication, "invalid_object"),
        (&[("9F10", "0701010380000001")], Ending::EndApplication, "invalid_object"),
        (&[("9F10", "07010104A0000001")], Ending::EndApplication, "invalid_object"),
        (&[("9F36", "000001")], Ending::EndApplication, "invalid_object"),
        (&[("9F26", "11")], Ending::EndApplication, "invalid_object"),
        (&[("5A", "6228000000000000116F")], Ending::EndApplication, "invalid_number"),
        (&[("57", "6228000000000000116D30122010000000005F")], Ending::EndApplication, "invalid_number"),
        (&[("57", "62")], Ending::EndApplication, "invalid_number"),
        (&[("5F24", "261031")], Ending::Declined, "expired"),
    ];
    for (edits, ending, reason) in table {
        let mut card = Card::phone(false);
        edits.iter().for_each(|(tag, value)| card.set(tag, value));
        assert_eq!(tap(&card, 1250).verdict(), (ending, reason), "{edits:?}");
    }
    for tag in ["82", "9F36", "57", "9F10", "9F26"] {
        let mut card = Card::phone(false);
        card.remove(tag);
        assert_eq!(tap(&card, 1250).verdict(), (Ending::EndApplication, "missing_object"), "{tag}");
    }
    for tag in ["9F27", "5F34", "9F6C"] {
        let mut card = Card::phone(false);
        card.remove(tag);
        assert_eq!(tap(&card, 1250).verdict(), (Ending::Approved, "approved_online"), "{tag}");
    }
}

#[test]
fn cards_that_must_not_pay_do_not() {
    let mut card = Card::phone(false);
    card.set("57", &format!("{}D26102010000000000F", number()));
    assert_eq!(tap(&card, 1250).verdict(), (Ending::Declined, "expired"));
    let mut shop = Configuration::sample_shop();
    shop.exceptions.insert(TokenNumber::parse(number().as_bytes()).unwrap());
    let refused = tap_in(&shop, &Card::phone(false), 1250);
    assert_eq!(refused.verdict(), (Ending::Declined, "on_exception_list"));
}

#[test]
fn applications_are_tried_in_order_of_priority() {
    let (debit, credit) = (DEBIT.to_owned(), "A000000333010102".to_owned());
    let mut card = Card::phone(false);
    card.directory = vec![(debit.clone(), 2), (credit.clone(), 1), ("A0000000031010".to_owned(), 1)];
    let selected = |run: &Run| -> Vec<String> {
        let selects = run.commands.iter().skip(1).filter(|c| c[1] == 0xA4);
        selects.map(|c| hex::encode_upper(&c[5..c.len() - 1])).collect()
    };
    assert_eq!(selected(&tap(&card, 100)), std::slice::from_ref(&credit));
    card.options_status.insert(credit.clone(), 0x6985);
    let second = tap(&card, 100);
    assert_eq!(second.verdict(), (Ending::Approved, "approved_online"));
    assert_eq!(selected(&second), [credit, debit.clone()]);
    card.options_status.insert(debit, 0x6985);
    assert_eq!(tap(&card, 100).verdict(), (Ending::TryAnotherInterface, "applications_exhausted"));
    card.pdol = bytes("9F0206");
    assert_eq!(tap(&card, 100).verdict(), (Ending::TryAnotherInterface, "applications_exhausted"));
    let mut shop = Configuration::sample_shop();
    shop.applications.iter_mut().for_each(|line| line.contact = None);
    assert_eq!(tap_in(&shop, &card, 100).verdict(), (Ending::SelectNext, "applications_exhausted"));
}

#[test]
fn longer_identifiers_match_where_that_is_allowed() {
    let mut card = Card::phone(false);
    card.directory = vec![(format!("{DEBIT}07"), 1)];
    assert_eq!(tap(&card, 100).verdict(), (Ending::Approved, "approved_online"));
    let mut shop = Configuration::sample_shop();
    shop.applications.iter_mut().for_each(|line| line.partial_match = false);
    assert_eq!(tap_in(&shop, &card, 100).verdict(), (Ending::EndApplication, "no_application"));
}

#[test]
fn a_locked_phone_sends_its_owner_to_it() {
    let mut card = Card::phone(false);
    card.options_status.insert(DEBIT.to_owned(), 0x6986);
    let run = tap(&card, 200_000);
    assert_eq!(run.verdict(), (Ending::SeePhone, "see_phone"));
    assert_eq!(run.outcome.message, Message::SeePhone);
    for status in [0x6283, 0x6700, 0x6982, 0x6D00, 0x9001] {
        card.options_status.insert(DEBIT.to_owned(), status);
        assert_eq!(tap(&card, 100).verdict(), (Ending::EndApplication, "unexpected_status"));
    }
}

#[test]
fn attempts_are_counted() {
    let shop = Configuration::sample_shop();
    let torn = |attempt| {
        let sale = terminal::sale::Sale { attempt, ..sale(100) };
        run(&shop, Interface::Contactless, sale, |_| None, None).verdict()
    };
    assert_eq!(torn(1), (Ending::TryAgain, "card_removed"));
    assert_eq!(torn(2), (Ending::TryAgain, "card_removed"));
    assert_eq!(torn(3), (Ending::EndApplication, "too_many_attempts"));
    assert_eq!(torn(4), (Ending::EndApplication, "too_many_attempts"));
}

#[test]
fn a_date_that_does_not_exist_begins_nothing() {
    for (month, day) in [(13, 1), (0, 1), (2, 30), (255, 255)] {
        let mut impossible = sale(100);
        (impossible.at.month, impossible.at.day) = (month, day);
        let shop = Configuration::sample_shop();
        let run = run(&shop, Interface::Contactless, impossible, |_| None, None);
        assert_eq!(run.verdict(), (Ending::EndApplication, "invalid_sale"));
    }
}

#[test]
fn one_currency_only() {
    let shop = Configuration::sample_shop();
    let mut foreign = sale(100);
    foreign.amount = Money::new(100, Currency::USD).unwrap();
    let run = run(&shop, Interface::Contactless, foreign, |_| None, None);
    assert_eq!(run.verdict(), (Ending::EndApplication, "currency_not_accepted"));
    assert!(run.commands.is_empty());
}
