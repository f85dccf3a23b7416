//! Every refusal can be provoked; none exists on paper only.

use crate::actor::Actor;
use crate::digest::Digest;
use crate::ops::*;
use crate::records::*;
use crate::refusal::Refusal;
use crate::testing::{City, controls, programme};
use crate::text::Name;

// Those that the other scenarios and the attacks provoke stand there by name; this test reads their sources, so a
// refusal without a scenario is found. The file itself provokes the rest.
#[test]
fn each_refusal_has_a_scenario() {
    let sources = [
        include_str!("enrolling.rs"),
        include_str!("living.rs"),
        include_str!("paying.rs"),
        include_str!("refusals.rs"),
        include_str!("../attacks.rs"),
        include_str!("../code_attacks.rs"),
    ];
    let missing: Vec<_> = Refusal::ALL
        .iter()
        .filter(|refusal| {
            let (variant, code) = (format!("Refusal::{refusal:?}"), format!("\"{}\"", refusal.code()));
            !sources.iter().any(|source| source.contains(&variant) || source.contains(&code))
        })
        .collect();
    assert!(missing.is_empty(), "no scenario for {missing:?}");
}

#[test]
fn strangers_and_unknown_names() {
    let mut city = City::new();
    let token = city.token();
    let (customer, device) = (token.customer, token.device);
    let (nobody, nothing, policy) = (city.fresh(), city.fresh(), city.policy);
    assert_eq!(city.begin(nobody, device, 9), Err(Refusal::CustomerUnknown));
    let unknown = city.fresh();
    assert_eq!(city.begin(customer, unknown, 9), Err(Refusal::DeviceUnknown));
    let pending = city.device();
    assert_eq!(city.begin(customer, pending, 9), Err(Refusal::DeviceNotActive));
    let other = city.customer("+8613900139000").1;
    assert_eq!(city.begin(customer, other, 9), Err(Refusal::DeviceUnknown), "not this customer's");
    let begin = BeginEnrolment {
        enrolment: nothing,
        customer,
        device,
        pan: Digest([9; 16]),
        last_four: values::LastFour::from_ascii(b"1111").unwrap(),
        programme: 99,
        policy,
    };
    assert_eq!(city.run(begin), Err(Refusal::CardNotSupported));
    let decision = Decision::Red;
    assert_eq!(city.run(ConcludeEnrolment { enrolment: nothing, decision }), Err(Refusal::EnrolmentUnknown));
    let lost = ReportLost { customer: nobody, device: None, reporter: Reporter::Authenticated, policy };
    assert_eq!(city.run(lost), Err(Refusal::CustomerUnknown));
}

#[test]
fn a_device_keeps_its_keys() {
    let mut city = City::new();
    let device = city.device();
    let known: Device = city.find(device);
    let name = Name::parse("Phone").unwrap();
    let again = RegisterDevice { device, name: name.clone(), keys: known.keys.clone() };
    assert_eq!(city.run(again.clone()), Ok(Done));
    let mut swapped = known.keys.clone();
    std::mem::swap(&mut swapped.agreement, &mut swapped.verification);
    assert_eq!(city.run(RegisterDevice { keys: swapped, ..again.clone() }), Err(Refusal::DeviceExists));
    let broken = DeviceKeys { signing: vec![0; 65], ..known.keys };
    assert_eq!(city.run(RegisterDevice { keys: broken, ..again }), Err(Refusal::KeyInvalid));
    assert_eq!(Refusal::from(Name::parse("").unwrap_err()), Refusal::NameInvalid);
}

#[test]
fn programmes_and_controls_are_checked_data() {
    let mut city = City::new();
    let token = city.token();
    let wrong: [fn(&mut Programme); 3] =
        [|p| p.algorithm = 9, |p| p.token_prefix = 99_000_000, |p| p.aid = Aid(vec![1])];
    for change in wrong {
        let mut programme = programme();
        change(&mut programme);
        assert_eq!(city.run(DefineProgramme { programme }), Err(Refusal::ProgrammeUnknown));
    }
    let (reference, actor) = (token.reference, Actor::Customer(token.customer));
    let assign = AssignControls { token: reference, controls: 2, actor };
    assert_eq!(city.run(assign.clone()), Err(Refusal::ProgrammeUnknown));
    city.run(DefineControls { controls: Controls { id: 2, payment_max: 10, ..controls() } }).unwrap();
    city.run(assign).unwrap();
    assert_eq!(city.pay(&token, 1, 11).0, "amount_over_limit");
}
