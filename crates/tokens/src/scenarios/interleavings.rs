//! Random interleavings of everything that can happen to a token, against a plain model.

use crate::actor::Actor;
use crate::digest::Digest16;
use crate::gateway::{IssuerAnswer, Reverse, Settle};
use crate::records::*;
use crate::testing::City;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Step {
    Pay { counter: u16, minor: u64 },
    Settle { which: usize, answer: u8 },
    Reverse { which: usize },
    Suspend(usize),
    Resume(usize),
    Keys,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (1u16..40, 0u64..300_000).prop_map(|(counter, minor)| Step::Pay { counter, minor }),
        3 => (any::<usize>(), 0u8..3).prop_map(|(which, answer)| Step::Settle { which, answer }),
        2 => any::<usize>().prop_map(|which| Step::Reverse { which }),
        1 => (0usize..4).prop_map(Step::Suspend),
        2 => (0usize..4).prop_map(Step::Resume),
        2 => Just(Step::Keys),
    ];
    prop::collection::vec(step, 1..60)
}

/// What must be true whatever happens: a counter pays once, the day's sum is the sum of what stands, and
/// nothing passes while anybody suspends.
fn run(steps: Vec<Step>) {
    let mut city = City::new();
    let token = city.token();
    let actors =
        [Actor::Customer(token.customer), Actor::Platform, Actor::Issuer(token.issuer.clone()), Actor::Fraud];
    let mut suspended = [false; 4];
    let mut admitted: BTreeMap<u16, Digest16> = BTreeMap::new();
    let mut standing: BTreeMap<Digest16, (u64, Outcome)> = BTreeMap::new();
    let mut messages = Vec::new();
    let mut used = 0;
    for step in steps {
        match step {
            Step::Pay { counter, minor } => {
                let (answer, message) = city.pay(&token, counter, minor);
                if answer == "admitted" {
                    assert!(!suspended.contains(&true), "nothing passes while suspended");
                    assert_eq!(admitted.insert(counter, message), None, "a counter pays once");
                    standing.insert(message, (minor, Outcome::Pending));
                    messages.push(message);
                }
                if answer == "clone_suspected" {
                    suspended[3] = true;
                }
                used = used.max(city.find::<TokenState>(token.number).highest);
            }
            Step::Settle { which, answer } if !messages.is_empty() => {
                let message = messages[which % messages.len()];
                let said = [IssuerAnswer::Approved, IssuerAnswer::Declined, IssuerAnswer::Unknown];
                let outcome = city.run(Settle { message, answer: said[usize::from(answer)] }).unwrap();
                let before = &mut standing.get_mut(&message).unwrap().1;
                let settled = !matches!(*before, Outcome::Pending | Outcome::Unknown);
                assert!(!settled || outcome == *before, "a definite outcome stays");
                *before = outcome;
            }
            Step::Reverse { which } if !messages.is_empty() => {
                let original = messages[which % messages.len()];
                city.run(Reverse { original, number: token.number }).unwrap();
                standing.get_mut(&original).unwrap().1 = Outcome::Reversed;
            }
            Step::Settle { .. } | Step::Reverse { .. } => {}
            Step::Suspend(who) => {
                city.suspend(&token, actors[who].clone()).unwrap();
                suspended[who] = true;
            }
            Step::Resume(who) => {
                city.resume(&token, actors[who].clone()).unwrap();
                suspended[who] = false;
            }
            Step::Keys => {
                let _enough_or_suspended = city.keys(&token, used);
            }
        }
        let state: TokenState = city.find(token.number);
        let stands = |outcome| matches!(outcome, Outcome::Pending | Outcome::Approved | Outcome::Unknown);
        let sum: u64 =
            standing.values().filter(|(_, outcome)| stands(*outcome)).map(|(minor, _)| minor).sum();
        assert_eq!(u64::from(state.spent_minor), sum, "the day's sum is the sum of what stands");
        assert!(state.issued_through - state.highest.min(state.issued_through) <= 40);
        let set = city.standing(&token).suspenders;
        assert_eq!(Suspender::ALL.map(|who| set.contains(who)), suspended);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn nothing_is_paid_twice_and_nothing_is_lost(steps in steps()) {
        run(steps);
    }
}
