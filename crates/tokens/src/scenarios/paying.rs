//! Payments through the gateway: limits, answers, follow-ups, reversals, repeats.

use crate::actor::Actor;
use crate::digest::{Digest, Digest16};
use crate::gateway::*;
use crate::ops::*;
use crate::records::*;
use crate::refusal::Refusal;
use crate::testing::{City, controls, programme};
use crate::vault::{Evidence, Purpose};
use values::*;

fn settle(city: &mut City, message: Digest16, answer: IssuerAnswer) -> Outcome {
    city.run(Settle { message, answer }).unwrap()
}

fn spent(city: &mut City, token: &Token) -> (u32, u8) {
    let state: TokenState = city.find(token.number);
    (state.spent_minor, state.spent_count)
}

fn reverse(city: &mut City, token: &Token, original: Digest16) -> &'static str {
    match city.run(Reverse { original, number: token.number }).unwrap() {
        Reversal::PassOn(evidence) => {
            assert_eq!(evidence.purpose(), Purpose::Reversal);
            "pass_on"
        }
        Reversal::NothingToUndo => "nothing",
        Reversal::Remembered => "remembered",
    }
}

/// A message without a cryptogram that refers to an earlier one.
fn follow(
    city: &mut City,
    token: &Token,
    kind: Kind,
    original: Digest16,
    minor: u64,
) -> (&'static str, Digest16) {
    let tap = city.tap(token, 1, minor);
    let presentment = Presentment { kind, original: Some(original), ..tap.presentment };
    let answer = match city.screen_bytes(presentment) {
        Ok(screened) => city.admit(screened),
        Err(refusal) => refusal.code(),
    };
    (answer, presentment.message)
}

#[test]
fn a_card_is_added_and_pays() {
    let mut city = City::new();
    let token = city.token();
    assert!(programme().owns(token.number) && token.standing == Standing::ACTIVE);
    assert_eq!((token.expiry.year(), token.expiry.month()), (29, 11));
    let (answer, message) = city.pay(&token, 1, 1250);
    assert_eq!(answer, "admitted");
    assert_eq!(settle(&mut city, message, IssuerAnswer::Approved), Outcome::Approved);
    let passage: Passage = city.find(message);
    assert_eq!((passage.purpose, passage.counter), (Some(Purpose::Payment), Some(1)));
    assert!(!city.memory.columns.iter().any(|column| column.contains("4111111111111111")));
}

#[test]
fn limits_hold_at_the_edge_and_refuse_one_above() {
    let mut city = City::new();
    let token = city.token();
    for (counter, minor, answer) in [
        (1, 500_001, "amount_over_limit"),
        (2, 500_000, "admitted"),
        (3, 500_000, "admitted"),
        (4, 1, "daily_amount_over_limit"),
        (5, 0, "admitted"),
    ] {
        assert_eq!(city.pay(&token, counter, minor).0, answer, "{counter}");
    }
    assert_eq!(spent(&mut city, &token), (1_000_000, 3));
    // The limit is the day's, in the programme's zone: it is noon, and midnight is twelve hours away.
    city.wait(12 * 3600 - 1);
    assert_eq!(city.pay(&token, 6, 1).0, "daily_amount_over_limit");
    city.wait(1);
    assert_eq!(city.pay(&token, 7, 1).0, "admitted");
    city.run(DefineControls { controls: Controls { daily_count_max: 2, ..controls() } }).unwrap();
    assert_eq!(city.pay(&token, 8, 1).0, "admitted");
    assert_eq!(city.pay(&token, 9, 1).0, "daily_count_over_limit");
    // Amounts beyond what the counters hold are over the limit, never wrapped.
    let endless = Controls { id: 2, payment_max: u64::MAX, daily_max: u32::MAX, ..controls() };
    city.run(DefineControls { controls: endless }).unwrap();
    let (reference, actor) = (token.reference, Actor::Platform);
    city.run(AssignControls { token: reference, controls: 2, actor }).unwrap();
    assert_eq!(city.pay(&token, 10, 999_999_999_999).0, "daily_amount_over_limit");
}

#[test]
fn unverified_taps_ride_but_do_not_shop() {
    let mut city = City::new();
    let token = city.token();
    let bus = MerchantCategory::try_from(4131).unwrap();
    let grocer = MerchantCategory::try_from(5411).unwrap();
    for (counter, category, minor, answer) in [
        (1, bus, 2_000, "admitted"),
        (2, bus, 2_001, "verification_required"),
        (3, grocer, 1, "verification_required"),
    ] {
        let mut tap = city.tap(&token, counter, minor);
        tap.cvr = emv::objects::Cvr::at_tap(emv::objects::CryptogramKind::Arqc);
        tap.presentment.category = category;
        tap.presentment.verification = Verification::None;
        let chip = city.chip(&tap, &token);
        assert_eq!(city.present(tap.presentment, &chip), answer);
    }
}

#[test]
fn a_decline_and_a_reversal_give_back_the_limits_but_not_the_counter() {
    let mut city = City::new();
    let token = city.token();
    let (_, declined) = city.pay(&token, 1, 400_000);
    assert_eq!(settle(&mut city, declined, IssuerAnswer::Declined), Outcome::Declined);
    assert_eq!(spent(&mut city, &token), (0, 0));
    let (_, unknown) = city.pay(&token, 2, 300_000);
    assert_eq!(settle(&mut city, unknown, IssuerAnswer::Unknown), Outcome::Unknown);
    assert_eq!(spent(&mut city, &token), (300_000, 1));
    for _ in 0..3 {
        assert_eq!(reverse(&mut city, &token, unknown), "pass_on");
        assert_eq!(spent(&mut city, &token), (0, 0));
    }
    assert_eq!(settle(&mut city, unknown, IssuerAnswer::Approved), Outcome::Reversed, "a late yes");
    let (_, approved) = city.pay(&token, 3, 100_000);
    settle(&mut city, approved, IssuerAnswer::Approved);
    assert_eq!(
        settle(&mut city, approved, IssuerAnswer::Declined),
        Outcome::Approved,
        "the first answer counts"
    );
    // What is given back belongs to its own day.
    city.wait(86_400);
    city.pay(&token, 4, 50_000);
    assert_eq!(reverse(&mut city, &token, approved), "pass_on");
    assert_eq!(spent(&mut city, &token), (50_000, 1));
    for counter in 1..=4 {
        assert_ne!(city.pay(&token, counter, 1).0, "admitted", "{counter} is used up");
    }
}

#[test]
fn a_repeated_message_passes_again_and_counts_once() {
    let mut city = City::new();
    let token = city.token();
    let tap = city.tap(&token, 1, 1000);
    let chip = city.chip(&tap, &token);
    assert_eq!(city.present(tap.presentment, &chip), "admitted");
    assert_eq!(city.present(tap.presentment, &chip), "repeat");
    assert_eq!(spent(&mut city, &token), (1000, 1));
    let message = tap.presentment.message;
    assert_eq!(reverse(&mut city, &token, message), "pass_on");
    assert_eq!(city.present(tap.presentment, &chip), "reversed_before");
    // A message that was refused stays refused.
    let tap = city.tap(&token, 2, 500_001);
    let chip = city.chip(&tap, &token);
    for _ in 0..2 {
        assert_eq!(city.present(tap.presentment, &chip), "amount_over_limit");
    }
    assert_eq!(reverse(&mut city, &token, tap.presentment.message), "nothing");
}

#[test]
fn a_reversal_before_its_message_stops_it() {
    let mut city = City::new();
    let token = city.token();
    let tap = city.tap(&token, 1, 1000);
    let chip = city.chip(&tap, &token);
    let message = tap.presentment.message;
    assert_eq!(reverse(&mut city, &token, message), "remembered");
    assert_eq!(reverse(&mut city, &token, message), "remembered");
    assert_eq!(city.present(tap.presentment, &chip), "reversed_before");
    assert_eq!(spent(&mut city, &token), (0, 0));
    let renamed = Presentment { message: Digest([200; 16]), ..tap.presentment };
    assert_eq!(city.present(renamed, &chip), "counter_replayed", "its counter is used up all the same");
    let timer = (topics::FORESTALLED_EXPIRES.to_owned(), message.to_string());
    assert!(city.memory.sent.contains_key(&timer));
    city.run(ForgetForestalled { message }).unwrap();
    assert_eq!(city.pay(&token, 2, 1000).0, "admitted");
    // A reversal under another token's number undoes nothing of this one.
    let (stranger, elsewhere) = city.customer("+8613900139000");
    let other = city.card(stranger, elsewhere, 2);
    let (_, mine) = city.pay(&token, 3, 1000);
    assert_eq!(reverse(&mut city, &other, mine), "remembered");
    assert_eq!(city.find::<Passage>(mine).outcome, Outcome::Pending);
}

#[test]
fn refunds_voids_and_completions_stand_on_an_earlier_payment() {
    let mut city = City::new();
    let token = city.token();
    let nowhere = Digest([99; 16]);
    assert_eq!(follow(&mut city, &token, Kind::Refund, nowhere, 1).0, "original_unknown");
    let (_, sale) = city.pay(&token, 1, 1000);
    assert_eq!(follow(&mut city, &token, Kind::Refund, sale, 1).0, "original_not_open", "not approved yet");
    settle(&mut city, sale, IssuerAnswer::Approved);
    assert_eq!(follow(&mut city, &token, Kind::Completion, sale, 1).0, "original_not_open");
    assert_eq!(follow(&mut city, &token, Kind::Refund, sale, 1001).0, "original_amount_exceeded");
    assert_eq!(follow(&mut city, &token, Kind::Refund, sale, 600).0, "admitted");
    let (answer, second) = follow(&mut city, &token, Kind::Refund, sale, 400);
    assert_eq!(answer, "admitted");
    assert_eq!(follow(&mut city, &token, Kind::Refund, sale, 1).0, "original_amount_exceeded");
    assert_eq!(follow(&mut city, &token, Kind::Void, sale, 1000).0, "original_not_open", "refunded already");
    settle(&mut city, second, IssuerAnswer::Declined);
    assert_eq!(follow(&mut city, &token, Kind::Refund, sale, 400).0, "admitted", "the declined one gave way");

    let (_, sale) = city.pay(&token, 2, 1000);
    settle(&mut city, sale, IssuerAnswer::Approved);
    assert_eq!(follow(&mut city, &token, Kind::Void, sale, 999).0, "original_amount_exceeded");
    let (_, void) = follow(&mut city, &token, Kind::Void, sale, 1000);
    settle(&mut city, void, IssuerAnswer::Approved);
    assert_eq!(city.find::<Passage>(sale).outcome, Outcome::Voided);
    assert_eq!(spent(&mut city, &token), (1000, 1), "the first sale alone");
    assert_eq!(reverse(&mut city, &token, void), "pass_on");
    assert_eq!(city.find::<Passage>(sale).outcome, Outcome::Approved, "the void itself was undone");

    // Another token's payment is no original of mine.
    let (stranger, elsewhere) = city.customer("+8613900139000");
    let other = city.card(stranger, elsewhere, 2);
    assert_eq!(follow(&mut city, &other, Kind::Refund, sale, 1).0, "original_unknown");
}

#[test]
fn a_pre_authorisation_is_completed_once() {
    let mut city = City::new();
    let token = city.token();
    let mut tap = city.tap(&token, 1, 1000);
    tap.transaction.kind = emv::objects::TransactionType::PRE_AUTHORISATION;
    tap.presentment.kind = Kind::PreAuthorisation;
    let chip = city.chip(&tap, &token);
    assert_eq!(city.present(tap.presentment, &chip), "admitted");
    let held = tap.presentment.message;
    settle(&mut city, held, IssuerAnswer::Approved);
    assert_eq!(follow(&mut city, &token, Kind::Refund, held, 1).0, "original_not_open");
    assert_eq!(follow(&mut city, &token, Kind::Completion, held, 1001).0, "original_amount_exceeded");
    city.suspend(&token, Actor::Platform).unwrap();
    assert_eq!(follow(&mut city, &token, Kind::Completion, held, 900).0, "token_suspended");
    city.resume(&token, Actor::Platform).unwrap();
    let (answer, done) = follow(&mut city, &token, Kind::Completion, held, 900);
    assert_eq!(answer, "admitted");
    assert_eq!(follow(&mut city, &token, Kind::Completion, held, 50).0, "original_not_open");
    settle(&mut city, done, IssuerAnswer::Approved);
    // Money back finds its way even to a token that was deleted meanwhile.
    city.run(Delete { token: token.reference, actor: Actor::Platform }).unwrap();
    assert_eq!(follow(&mut city, &token, Kind::Refund, done, 900).0, "admitted");
    assert_eq!(follow(&mut city, &token, Kind::Completion, held, 50).0, "token_deleted");
}

#[test]
fn what_was_turned_away_leaves_a_trace_and_paints_over_nothing() {
    let mut city = City::new();
    let token = city.token();
    let tap = city.tap(&token, 1, 1000);
    let turned = TurnAway::new(&tap.presentment, Refusal::CryptogramWrong);
    city.run(turned).unwrap();
    let message = tap.presentment.message;
    assert_eq!(city.find::<Passage>(message).refusal, Some(Refusal::CryptogramWrong));
    let chip = city.chip(&tap, &token);
    assert_eq!(
        city.present(tap.presentment, &chip),
        "admitted",
        "the honest message is not blocked by a forgery"
    );
    city.run(turned).unwrap();
    assert_eq!(city.find::<Passage>(message).outcome, Outcome::Pending);
    assert_eq!(city.memory.notes.last().unwrap().0, "message_name_reused");
}

#[test]
fn entry_modes_are_those_of_the_list() {
    for (digits, expected) in [
        (&b"051"[..], Some(EntryMode::Contact)),
        (b"071", Some(EntryMode::Contactless)),
        (b"032", Some(EntryMode::Qr)),
        (b"042", Some(EntryMode::Scan)),
        (b"012", Some(EntryMode::InApp)),
        (b"812", Some(EntryMode::InApp)),
        (b"021", None), // stripe
        (b"911", None), // contactless stripe data
        (b"951", None), // fallback
        (b"0", None),
        (b"", None),
    ] {
        assert_eq!(EntryMode::from_de22(digits), expected);
    }
}

#[test]
fn a_message_is_named_by_its_token_too() {
    let key = crypto::hash::HmacKey::new(&[1; 32]);
    let [one, two] = [&b"5555555555554444"[..], b"378282246310005"].map(|n| TokenNumber::parse(n).unwrap());
    assert_eq!(
        message_digest(&key, one, [0x11, 0x29, 0x23, 0x59, 0x59], b"k"),
        message_digest(&key, one, [0x11, 0x29, 0x23, 0x59, 0x59], b"k")
    );
    assert_ne!(
        message_digest(&key, one, [0x11, 0x29, 0x23, 0x59, 0x59], b"k"),
        message_digest(&key, two, [0x11, 0x29, 0x23, 0x59, 0x59], b"k")
    );
    assert_ne!(
        message_digest(&key, one, [0x11, 0x29, 0x23, 0x59, 0x59], &[7; 64]),
        message_digest(&key, one, [0x11, 0x29, 0x23, 0x59, 0x59], &[7; 65])
    );
}
