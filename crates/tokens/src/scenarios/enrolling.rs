//! Phones, codes and adding cards.

use crate::actor::Actor;
use crate::digest::Digest;
use crate::ops::*;
use crate::records::*;
use crate::refusal::Refusal;
use crate::testing::{City, programme};
use crate::text::Par;

const NUMBER: &str = "+8613800138000";
const DAY: u64 = 86_400;

fn request(city: &mut City, device: DeviceId) -> Result<CodeSent, Refusal> {
    let (phone, policy) = (City::phone(NUMBER), city.policy);
    city.run(RequestCode { phone, device, digest: Digest([1; 16]), policy })
}

fn guess(city: &mut City, device: DeviceId, code: u8) -> Result<Confirmation, Refusal> {
    let (phone, policy, new_customer) = (City::phone(NUMBER), city.policy, city.fresh());
    let guess = Digest([code; 16]);
    city.run(ConfirmPhone { phone, device, guess, new_customer, recovery: None, policy })
}

fn method(id: &str) -> Method {
    Method { id: id.into(), kind: "sms".into(), masked: "+86 138****8000".into() }
}

fn choose(city: &mut City, enrolment: EnrolmentId, device: DeviceId, id: &str) -> Result<Chosen, Refusal> {
    let (method, policy) = (id.to_owned(), city.policy);
    city.run(ChooseMethod { enrolment, device, method, policy })
}

/// An enrolment to which the issuer said yellow.
fn yellow(city: &mut City) -> (CustomerId, DeviceId, EnrolmentId, TokenReference) {
    let (customer, device) = city.customer(NUMBER);
    let enrolment = city.begin(customer, device, 1).unwrap();
    let decision = Decision::Yellow(city.provision(), vec![method("m1"), method("m2")]);
    match city.run(ConcludeEnrolment { enrolment, decision }).unwrap() {
        Concluded::Inactive { token, methods } => {
            assert_eq!(methods.len(), 2);
            (customer, device, enrolment, token)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_a_hundred_wrong_guesses_three_are_looked_at() {
    let mut city = City::new();
    let device = city.device();
    request(&mut city, device).unwrap();
    let answers: Vec<_> = (0..100).map(|_| guess(&mut city, device, 9)).collect();
    let looked_at = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(looked_at, 3);
    assert_eq!(answers[2], Ok(Confirmation::Wrong { tries_left: 0 }));
    assert_eq!(guess(&mut city, device, 1), Err(Refusal::CodeVoid), "the right one comes too late");
}

#[test]
fn a_code_is_good_for_three_minutes_once_and_on_one_device() {
    let mut city = City::new();
    let (device, other) = (city.device(), city.device());
    request(&mut city, device).unwrap();
    assert_eq!(guess(&mut city, other, 1), Err(Refusal::CodeVoid), "another device cannot answer");
    city.wait(3 * 60 - 1);
    assert!(matches!(guess(&mut city, device, 1), Ok(Confirmation::Confirmed { new: true, .. })));
    assert_eq!(guess(&mut city, device, 1), Err(Refusal::CodeVoid), "used up");
    request(&mut city, device).unwrap();
    city.wait(3 * 60);
    assert_eq!(guess(&mut city, device, 1), Err(Refusal::CodeVoid), "too late");
}

#[test]
fn codes_are_sent_three_times_in_ten_minutes_and_ten_times_a_day() {
    let mut city = City::new();
    let device = city.device();
    let mut sent = 0;
    for _ in 0..3 {
        for _ in 0..3 {
            request(&mut city, device).unwrap();
            sent += 1;
        }
        assert_eq!(request(&mut city, device), Err(Refusal::TooManyCodes));
        city.wait(10 * 60);
    }
    request(&mut city, device).unwrap();
    city.wait(10 * 60);
    assert_eq!(
        (sent, request(&mut city, device)),
        (9, Err(Refusal::TooManyCodes)),
        "the eleventh of the day"
    );
    city.wait(DAY);
    request(&mut city, device).unwrap();
}

#[test]
fn a_second_phone_joins_the_same_customer_and_does_not_change_hands() {
    let mut city = City::new();
    let (customer, _) = city.customer(NUMBER);
    city.wait(DAY);
    let (again, second) = city.customer(NUMBER);
    assert_eq!(customer, again);
    assert_eq!(city.find::<Customer>(customer).devices.len(), 2);
    let (phone, policy) = (City::phone("+8613900139000"), city.policy);
    let digest = Digest([1; 16]);
    city.run(RequestCode { phone: phone.clone(), device: second, digest, policy }).unwrap();
    let new_customer = city.fresh();
    let take = ConfirmPhone { phone, device: second, guess: digest, new_customer, recovery: None, policy };
    assert_eq!(city.run(take), Err(Refusal::DeviceExists));
}

#[test]
fn the_ninth_card_is_refused_whether_the_eight_are_ready_or_under_way() {
    let mut city = City::new();
    let (customer, first) = city.customer(NUMBER);
    let mut devices = vec![first];
    for _ in 0..15 {
        city.wait(DAY);
        devices.push(city.customer(NUMBER).1);
    }
    // Sixty-four additions from sixteen devices at once: every second one concluded, the rest under way.
    let mut live = 0;
    for round in 0..64u8 {
        let device = devices[usize::from(round) % devices.len()];
        match city.begin(customer, device, round) {
            Ok(enrolment) => {
                live += 1;
                if round % 2 == 0 {
                    let decision = Decision::Green(city.provision());
                    city.run(ConcludeEnrolment { enrolment, decision }).unwrap();
                }
            }
            Err(refusal) => assert_eq!(refusal, Refusal::TooManyCards),
        }
    }
    assert_eq!((live, city.find::<Customer>(customer).live()), (8, 8));
    // Room again once one is deleted, or one under way is declined.
    let token = city.find::<Customer>(customer).tokens[0];
    city.run(Delete { token, actor: Actor::Customer(customer) }).unwrap();
    let enrolment = city.begin(customer, devices[9], 200).unwrap();
    assert_eq!(city.begin(customer, devices[9], 201), Err(Refusal::TooManyCards));
    assert_eq!(city.run(ConcludeEnrolment { enrolment, decision: Decision::Red }), Ok(Concluded::Declined));
    city.begin(customer, devices[9], 201).unwrap();
}

#[test]
fn attempts_are_counted_per_device_and_per_card_even_when_declined() {
    let mut city = City::new();
    let (customer, device) = city.customer(NUMBER);
    for _ in 0..3 {
        let enrolment = city.begin(customer, device, 1).unwrap();
        city.run(ConcludeEnrolment { enrolment, decision: Decision::Red }).unwrap();
    }
    // The fourth of this card is an answer: it counts for the device.
    assert_eq!(city.begin(customer, device, 1), Err(Refusal::TooManyCardAttempts));
    city.begin(customer, device, 2).unwrap();
    assert_eq!(city.begin(customer, device, 3), Err(Refusal::TooManyAttempts), "the sixth from this device");
    let (stranger, elsewhere) = city.customer("+8613900139000");
    assert_eq!(city.begin(stranger, elsewhere, 1), Err(Refusal::TooManyCardAttempts), "by anybody");
    city.wait(DAY);
    city.begin(customer, device, 1).unwrap();
}

#[test]
fn one_card_has_one_account_reference_on_every_device() {
    let mut city = City::new();
    let (customer, device) = city.customer(NUMBER);
    let first = city.card(customer, device, 1);
    assert_eq!(city.begin(customer, device, 1), Err(Refusal::CardAlreadyHere));
    let (stranger, elsewhere) = city.customer("+8613900139000");
    let second = city.card(stranger, elsewhere, 1);
    assert_eq!(first.par, second.par);
    assert_ne!(first.number, second.number);
    assert_ne!(city.card(customer, device, 2).par, first.par);
}

#[test]
fn a_step_up_is_the_issuers_choice_alone() {
    let mut city = City::new();
    let (_, device, enrolment, reference) = yellow(&mut city);
    let token: Token = city.find(reference);
    assert_eq!(token.standing.life, Life::Inactive);
    assert_eq!(city.keys(&token, 0), Err(Refusal::TokenInactive), "no keys before the proof");
    for absent in ["m3", "none", ""] {
        assert_eq!(choose(&mut city, enrolment, device, absent), Err(Refusal::MethodNotOffered));
    }
    let right = ConcludeStepUp { enrolment, proof: Proof::Right };
    assert_eq!(city.run(right), Err(Refusal::EnrolmentNotWaiting), "nothing chosen yet");
    let other = city.device();
    assert_eq!(choose(&mut city, enrolment, other, "m1"), Err(Refusal::EnrolmentUnknown));
    choose(&mut city, enrolment, device, "m1").unwrap();
    choose(&mut city, enrolment, device, "m2").unwrap();
    let wrong = ConcludeStepUp { enrolment, proof: Proof::Wrong { tries_left: 1 } };
    assert_eq!(city.run(wrong), Ok(SteppedUp::Wrong { tries_left: 1 }));
    assert_eq!(city.run(right), Ok(SteppedUp::Active { token: reference }));
    let token: Token = city.find(reference);
    assert_eq!((token.assurance, token.standing), (Assurance::IssuerAuthentication, Standing::ACTIVE));
    city.keys(&token, 0).unwrap();
    assert!(!city.memory.sent.keys().any(|(topic, _)| topic == topics::ENROLMENT_EXPIRES));
    assert_eq!(city.run(right), Err(Refusal::EnrolmentNotWaiting));
}

#[test]
fn a_spent_code_or_a_passed_time_frees_the_slot() {
    for proof in [Proof::Void, Proof::Wrong { tries_left: 0 }] {
        let mut city = City::new();
        let (customer, device, enrolment, reference) = yellow(&mut city);
        choose(&mut city, enrolment, device, "m1").unwrap();
        assert_eq!(city.run(ConcludeStepUp { enrolment, proof }), Ok(SteppedUp::Declined));
        assert_eq!(city.find::<Customer>(customer).live() + city.find::<Device>(device).live(), 0);
        assert_eq!(city.find::<Token>(reference).standing.life, Life::Deleted);
        assert_eq!(city.find::<Enrolment>(enrolment).reason, Some(Refusal::IssuerDeclined));
    }
    for concluded in [false, true] {
        let mut city = City::new();
        let (customer, device, enrolment) = if concluded {
            let (customer, device, enrolment, _) = yellow(&mut city);
            (customer, device, enrolment)
        } else {
            let (customer, device) = city.customer(NUMBER);
            (customer, device, city.begin(customer, device, 1).unwrap())
        };
        let end = EndEnrolment { enrolment, ending: Ending::Expired };
        assert_eq!(city.run(end), Err(Refusal::TooEarly));
        assert_eq!(city.memory.sent.keys().filter(|(t, _)| t == topics::ENROLMENT_EXPIRES).count(), 1);
        city.wait(15 * 60);
        city.run(end).unwrap();
        city.run(end).unwrap();
        assert_eq!(city.find::<Customer>(customer).live() + city.find::<Device>(device).live(), 0);
        let decision = Decision::Green(city.provision());
        let late = city.run(ConcludeEnrolment { enrolment, decision });
        assert_eq!(late, Err(Refusal::EnrolmentExpired), "a late yes makes no token");
        city.begin(customer, device, 1).unwrap();
    }
}

#[test]
fn a_yellow_without_a_way_is_a_no_and_giving_up_frees_the_slot() {
    let mut city = City::new();
    let (customer, device) = city.customer(NUMBER);
    let enrolment = city.begin(customer, device, 1).unwrap();
    let decision = Decision::Yellow(city.provision(), Vec::new());
    assert_eq!(city.run(ConcludeEnrolment { enrolment, decision }), Ok(Concluded::Declined));
    let enrolment = city.begin(customer, device, 2).unwrap();
    let other = city.device();
    let end = |device| EndEnrolment { enrolment, ending: Ending::Abandoned(device) };
    assert_eq!(city.run(end(other)), Err(Refusal::EnrolmentUnknown));
    city.run(end(device)).unwrap();
    assert_eq!(city.find::<Customer>(customer).live(), 0);
    assert_eq!(city.find::<PanRecord>(Digest([2; 16])).holdings, []);
}

#[test]
fn a_customer_starts_again_only_what_waits_for_them() {
    let mut city = City::new();
    let (customer, device, first, reference) = yellow(&mut city);
    let second = city.begin(customer, device, 1).unwrap();
    assert_eq!(city.find::<Enrolment>(first).state, EnrolmentState::Abandoned);
    assert_eq!(city.find::<Token>(reference).standing.life, Life::Deleted);
    assert_eq!(city.find::<Customer>(customer).live(), 1, "one slot, not two");
    assert_eq!(city.begin(customer, device, 1), Err(Refusal::CardAlreadyHere), "the issuer is being asked");
    let decision = Decision::Green(city.provision());
    city.run(ConcludeEnrolment { enrolment: second, decision }).unwrap();
    assert_eq!(city.begin(customer, device, 1), Err(Refusal::CardAlreadyHere), "it is there");
}

#[test]
fn a_used_number_is_never_given_out_again() {
    let mut city = City::new();
    let (customer, device) = city.customer(NUMBER);
    let first = city.card(customer, device, 1);
    let conclude = |city: &mut City, pan, change: &dyn Fn(&mut Provision)| {
        let enrolment = city.begin(customer, device, pan).unwrap();
        let mut provision = city.provision();
        change(&mut provision);
        city.run(ConcludeEnrolment { enrolment, decision: Decision::Green(provision) })
    };
    let taken = |provision: &mut Provision| provision.candidates[0].number = first.number;
    assert_eq!(conclude(&mut city, 2, &taken), Err(Refusal::NumbersTaken));
    // Nor one that is a live card's, nor one of another range.
    let card = |provision: &mut Provision| provision.candidates[0].as_card = Digest([1; 16]);
    assert_eq!(conclude(&mut city, 3, &card), Err(Refusal::NumbersTaken));
    let foreign = values::TokenNumber::parse(b"4111111111111111").unwrap();
    let outside = |provision: &mut Provision| provision.candidates[0].number = foreign;
    assert_eq!(conclude(&mut city, 4, &outside), Err(Refusal::NumbersTaken));
    let second = |provision: &mut Provision| {
        let mut other = provision.candidates[0].clone();
        other.number = first.number;
        provision.candidates.insert(0, other);
    };
    assert!(conclude(&mut city, 5, &second).is_ok(), "the next candidate is taken");
    // Not even after it was purged.
    city.run(Delete { token: first.reference, actor: Actor::Platform }).unwrap();
    let purge = Purge { token: first.reference, policy: city.policy };
    assert_eq!(city.run(purge), Err(Refusal::TooEarly));
    city.wait(180 * DAY);
    city.run(purge).unwrap();
    assert_eq!(conclude(&mut city, 6, &taken), Err(Refusal::NumbersTaken));
    assert_eq!(programme().par_controller, "PZ01");
    assert!(Par::parse(first.par.as_str()).is_ok());
}
