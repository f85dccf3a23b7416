//! Attacks on a phone in somebody's hand or in somebody's field: each refused, and each succeeding against a phone
//! without the one check it is about.

use super::scripts::{Field, SALE, atc_of, gpo};
use super::{Notice, UseRefusal};
use crate::card::Card;
use crate::card::Profile;
use crate::defences::{Defence, Defences};
use crate::testing::{self, Memory};
use crate::unlock::FRESH;
use std::time::Duration;

/// What a phone said to a reader: the counter of its cryptogram, or the word for its owner.
fn asked(field: &mut Field) -> String {
    field.application.reset();
    field.check("> aid\n");
    let answer = field.send(&gpo(SALE));
    match field.notice {
        Some(Notice::Tapped { .. }) => format!("counter {}", atc_of(&answer)),
        Some(notice) => notice.code().to_owned(),
        None => hex::encode(&answer[answer.len() - 2..]),
    }
}

/// Does the same to a phone with every check and to one without this; what each answered.
fn attacked(defence: Defence, attack: impl Fn(Field) -> String) -> [String; 2] {
    [Defences::ALL, Defences::ALL.danger_without(defence)]
        .map(|defences| attack(Field::contactless().defended(defences)))
}

#[test]
fn a_locked_phone_is_asked_to_pay() {
    let answers = attacked(Defence::Lock, |mut field| asked(&mut field));
    assert_eq!(answers, ["see_phone", "counter 1"]);
}

#[test]
fn one_verification_is_used_for_two_taps() {
    let answers = attacked(Defence::OneTap, |field| {
        let mut field = field.unlocked();
        assert_eq!(asked(&mut field), "counter 1");
        asked(&mut field)
    });
    assert_eq!(answers, ["see_phone", "counter 2"]);
}

#[test]
fn a_verification_is_used_after_its_minute() {
    let answers = attacked(Defence::OneTap, |field| {
        let mut field = field.unlocked();
        field.now = field.now.after(FRESH + Duration::from_millis(1));
        asked(&mut field)
    });
    assert_eq!(answers, ["see_phone", "counter 1"]);
}

#[test]
fn a_tap_is_torn_and_made_again() {
    let answers = attacked(Defence::CounterFirst, |field| {
        let mut field = field.unlocked();
        // The answer leaves the phone; the reader never gets it, somebody else does.
        assert_eq!(asked(&mut field), "counter 1");
        field.unlock();
        asked(&mut field)
    });
    assert_eq!(answers, ["counter 2", "counter 1"], "without the defence two cryptograms have one counter");
}

#[test]
fn more_is_asked_for_than_the_card_pays() {
    let limited = |card: Card| -> [String; 2] {
        [Defences::ALL, Defences::ALL.danger_without(Defence::Limits)].map(|defences| {
            let field = Field::new(Memory::with(card.clone(), 1..=10), Profile::Contactless);
            asked(&mut field.defended(defences).unlocked())
        })
    };
    let per_tap = Card { limit_per_tap: Some(1_249), ..testing::card() };
    assert_eq!(limited(per_tap), [UseRefusal::OverTapLimit.code(), "counter 1"]);
    let cumulative = Card { limit_cumulative: Some(1_249), ..testing::card() };
    assert_eq!(limited(cumulative), [UseRefusal::OverCumulativeLimit.code(), "counter 1"]);
}
