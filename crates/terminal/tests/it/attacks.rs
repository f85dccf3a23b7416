//! Published attacks in which the terminal is the defender: each is refused, and each succeeds against a
//! terminal that lacks the one defence it is about (which only a test build can lack).

use crate::support::*;
use crate::traces::Trace;
use terminal::configuration::Configuration;
use terminal::defences::{Defence, Defences};
use terminal::outcome::{Cvm, Ending};
use terminal::sale::{Interface, SaleKind};
use values::{Currency, Money};

const FDDA: &str = "contactless-qpboc-offline-fdda01";
const FDDA_NUMBER: &str = "DFA400CF";

/// Runs an attack against a whole terminal, which must refuse for this reason, and against one without the
/// defence, which must approve.
fn check(name: &str, defence: Defence, refused_as: &str, attack: impl Fn(Defences) -> Run) {
    let defended = attack(Defences::default());
    assert_ne!(defended.outcome.ending, Ending::Approved, "{name}");
    assert_eq!(defended.outcome.reason.code(), refused_as, "{name}");
    let open = attack(Defences::ALL.danger_without(defence));
    assert_eq!(open.outcome.ending, Ending::Approved, "{name} without its defence: {}", open.outcome.reason);
}

fn shop(defences: Defences) -> Configuration {
    Configuration { defences, ..Configuration::sample_shop() }
}

/// Replaces bytes of an answer, where they are.
fn edit(answer: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    let text = hex::encode_upper(&answer);
    if !text.contains(from) {
        return answer;
    }
    bytes(&text.replacen(from, to, 1))
}

/// The recorded offline tap with edits made on the way from the card to the terminal.
fn recorded_tap(defences: Defences, minor: u64, cvm_limit: u64, edits: &[(&str, &str)]) -> Option<Run> {
    let mut trace = Trace::load(FDDA)?;
    trace.configuration.defences = defences;
    for line in &mut trace.configuration.applications {
        line.contactless.as_mut().unwrap().cvm_limit = cvm_limit;
    }
    let all: String = trace.turns.iter().map(|(_, answer)| hex::encode_upper(answer)).collect();
    assert!(edits.iter().all(|(from, _)| all.contains(from)), "an edit that edits nothing");
    let edited = |command: &[u8]| {
        let answer = trace.answer(command)?;
        Some(edits.iter().fold(answer, |answer, (from, to)| edit(answer, from, to)))
    };
    let sale = trace.sale(minor, FDDA_NUMBER);
    Some(run(&trace.configuration, Interface::Contactless, sale, edited, Some(approval())))
}

#[test]
fn a1_a_forged_claim_of_device_verification() {
    // Above the limit the card's qualifiers are edited on the way: "verified on the device".
    let mut card = Card::phone(false);
    card.set("9F6C", "0080");
    check("online", Defence::DeviceVerificationProof, "unproven_device_verification", |defences| {
        tap_in(&shop(defences), &card, 200_000)
    });
    if Trace::load(FDDA).is_none() {
        return;
    }
    let forged = |defences| recorded_tap(defences, 1, 1, &[("9F6C020000", "9F6C020080")]).unwrap();
    check("offline", Defence::DeviceVerificationProof, "qualifiers_altered", forged);
    assert_eq!(
        forged(Defences::ALL.danger_without(Defence::DeviceVerificationProof)).outcome.cvm,
        Cvm::Device
    );
}

#[test]
fn a2_every_pair_of_applications() {
    let names: Vec<String> =
        Configuration::sample_shop().applications.iter().map(|line| hex::encode_upper(&line.aid)).collect();
    for selected in &names {
        for shown in names.iter().filter(|name| *name != selected) {
            let mut card = Card::phone(false);
            card.directory = vec![(selected.clone(), 1)];
            card.renamed.insert(selected.clone(), shown.clone());
            check(shown, Defence::ApplicationName, "application_mismatch", |defences| {
                tap_in(&shop(defences), &card, 100)
            });
        }
    }
    let mut card = Card::phone(false);
    card.kernel = Some(2);
    check("kernel", Defence::ApplicationName, "no_application", |d| tap_in(&shop(d), &card, 100));
    // A brand this terminal does not take is not taken under any kernel.
    card.kernel = Some(7);
    card.directory = vec![("A0000000041010".to_owned(), 1)];
    assert_eq!(tap(&card, 100).verdict(), (Ending::EndApplication, "no_application"));
}

#[test]
fn a3_a_provoked_failure_of_authentication() {
    // The card is made to say "go online if authentication fails", then it is made to fail.
    let lenient = ("9F6C020000", "9F6C022000");
    for (name, edits) in [
        ("certificate corrupted", [lenient, ("B06DC1358E9D", "B06DC1358E9E")]),
        ("certificate missing", [lenient, ("9F468190", "9F458190")]),
        ("profile edited", [lenient, ("82022000", "82020000")]),
        ("verification list edited", [lenient, ("8E0A00000000000000001F00", "8E0A00000000000000001E00")]),
        ("expiry edited", [lenient, ("5F2403301231", "5F2403991231")]),
    ] {
        if Trace::load(FDDA).is_none() {
            return;
        }
        check(name, Defence::AuthenticationFailure, "authentication_failed", |defences| {
            recorded_tap(defences, 1, 100_000, &edits).unwrap()
        });
    }
}

#[test]
fn a3_over_contacts() {
    for (name, refused_as, from, to) in [
        ("profile edited", "authentication_downgraded", "82022000940C", "82020000940C"),
        ("certificate corrupted", "authentication_failed", "B06DC1358E9D", "B06DC1358E9E"),
        (
            "verification list edited",
            "authentication_failed",
            "8E0A00000000000000001F00",
            "8E0A00000000000000001E00",
        ),
        ("signature corrupted", "authentication_failed", "24AE3530ADA7", "24AE3530ADA8"),
    ] {
        let Some(trace) = Trace::load("contact-dda") else { return };
        let all: String = trace.turns.iter().map(|(_, answer)| hex::encode_upper(answer)).collect();
        assert!(all.contains(from), "an edit that edits nothing");
        check(name, Defence::AuthenticationFailure, refused_as, |defences| {
            let configuration = Configuration { defences, ..trace.configuration.clone() };
            let card = |command: &[u8]| {
                let answer = edit(trace.answer(command)?, from, to);
                // The recorded card refuses always; this one does what it is asked.
                let information = format!("9F2701{:02X}", command[2]);
                Some(if command[1] == 0xAE { edit(answer, "9F270100", &information) } else { answer })
            };
            let mut sale = trace.sale(1000, "718E1BD4");
            sale.kind = SaleKind::Purchase;
            run(&configuration, Interface::Contact, sale, card, Some(approval()))
        });
    }
}

#[test]
fn a4_a_made_up_cryptogram_offline() {
    for (name, minor, edits) in [
        ("another amount than signed", 2, [("", ""); 1]),
        ("signature made up", 1, [("2188EC3B57F3", "2188EC3B57F4")]),
        ("counter not the signed one", 1, [("9F36020001", "9F36020002")]),
        ("card's random number edited", 1, [("9F69080162F1A99A", "9F69080162F1A99B")]),
    ] {
        if Trace::load(FDDA).is_none() {
            return;
        }
        check(name, Defence::OfflineSignature, "authentication_failed", |defences| {
            recorded_tap(defences, minor, 100_000, &edits).unwrap()
        });
    }
}

#[test]
fn a4_a_weaker_signature_than_announced() {
    let Some(mut trace) = Trace::load(FDDA) else { return };
    for line in &mut trace.configuration.applications {
        line.contactless.as_mut().unwrap().qualifiers[3] = 0x80;
    }
    // Without 9F69 the card would be of version 00, which signs no amount.
    let card = |command: &[u8]| Some(edit(trace.answer(command)?, "9F6908", "DF6908"));
    let run = run(&trace.configuration, Interface::Contactless, trace.sale(1, FDDA_NUMBER), card, None);
    assert_eq!(run.verdict(), (Ending::Declined, "authentication_failed"));
}

#[test]
fn a8_a_downgrade_to_the_stripe() {
    let mut flagged = Card::phone(false);
    flagged.set("82", "0080");
    let mut bare = Card::phone(false);
    ["9F26", "9F36", "9F10", "9F27"].iter().for_each(|tag| bare.remove(tag));
    check("profile says stripe", Defence::StripeMode, "stripe_mode", |d| tap_in(&shop(d), &flagged, 100));
    check("track 2 alone", Defence::StripeMode, "missing_object", |d| tap_in(&shop(d), &bare, 100));
    // Stripe mode is not offered, even by a configuration that says so.
    let mut shop = Configuration::sample_shop();
    shop.applications[0].contactless.as_mut().unwrap().qualifiers = [0xA6, 0xC0, 0x40, 0x80];
    let run = tap_in(&shop, &Card::phone(false), 100);
    assert_eq!(run.commands[2][7..11], [0x26, 0x80, 0x40, 0x80]);
}

#[test]
fn a9_limits_in_another_currency() {
    // 999.99 dollars are above a limit of 1,000 yuan.
    check("dollars", Defence::Currency, "currency_not_accepted", |defences| {
        let mut card = Card::phone(false);
        let mut foreign = sale(0);
        foreign.amount = Money::new(99_999, Currency::USD).unwrap();
        let answer = |command: &[u8]| Some(card.answer(command));
        run(&shop(defences), Interface::Contactless, foreign, answer, Some(approval()))
    });
    let mut scaled = Configuration::sample_shop();
    scaled.currency_exponent = 0;
    assert_eq!(tap_in(&scaled, &Card::phone(false), 1).verdict(), (Ending::EndApplication, "misconfigured"));
    for code in [0, 999] {
        assert_eq!(Currency::from_numeric(code).is_some(), code == 999, "no currency has the code {code}");
    }
}

#[test]
fn a11_a_tear_after_the_card_approved() {
    let Some(trace) = Trace::load(FDDA) else { return };
    for place in 3..trace.turns.len() {
        check("torn records", Defence::WholeAnswers, "card_removed", |defences| {
            let configuration = Configuration { defences, ..trace.configuration.clone() };
            let mut turn = 0;
            let torn = |command: &[u8]| {
                turn += 1;
                if turn - 1 == place { None } else { trace.answer(command) }
            };
            run(&configuration, Interface::Contactless, trace.sale(1, FDDA_NUMBER), torn, None)
        });
    }
}

#[test]
fn a11_every_byte_of_the_offline_tap() {
    let Some(trace) = Trace::load(FDDA) else { return };
    for place in 0..trace.turns.len() {
        for length in 0..trace.turns[place].1.len() {
            let mut turn = 0;
            let cut = |command: &[u8]| {
                turn += 1;
                let mut answer = trace.answer(command)?;
                if turn - 1 == place {
                    answer.truncate(length);
                }
                Some(answer)
            };
            let run =
                run(&trace.configuration, Interface::Contactless, trace.sale(1, FDDA_NUMBER), cut, None);
            assert_ne!(run.outcome.ending, Ending::Approved, "{place} {length}");
        }
    }
}

#[test]
fn a12_the_second_of_two_values() {
    let mut card = Card::phone(false);
    card.options.push(("9F10".to_owned(), bytes("07010103A4000001")));
    check("duplicate object", Defence::DuplicateObjects, "duplicate_object", |d| {
        tap_in(&shop(d), &card, 100)
    });
}

#[test]
fn a12_the_largest_list_a_command_can_answer() {
    let mut card = Card::phone(false);
    for (list, reason) in [
        ("9F6604 9F02F8", "approved_online"),
        ("9F6604 9F02F9", "data_request_too_long"),
        ("9F66FF 9F66FF 9F66FF 9F66FF", "data_request_too_long"),
    ] {
        card.pdol = bytes(list);
        let run = tap(&card, 100);
        assert_eq!(run.outcome.reason.code(), reason, "{list}");
    }
}
