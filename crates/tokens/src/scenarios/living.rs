//! Living with a token: suspenders, loss, replacement, arranging, keys, opening a card number.

use crate::actor::Actor;
use crate::digest::Digest;
use crate::ops::report_lost::Reported;
use crate::ops::*;
use crate::policy::Policy;
use crate::records::*;
use crate::refusal::Refusal;
use crate::testing::City;
use crate::text::{IssuerId, Name};
use crate::vault::{Evidence, Purpose, open};
use values::{LastFour, Records};

fn boc() -> Actor {
    Actor::Issuer(IssuerId::parse("boc").unwrap())
}

#[test]
fn no_suspender_lifts_another() {
    let mut city = City::new();
    let token = city.token();
    let actors = [Actor::Customer(token.customer), Actor::Platform, boc(), Actor::Fraud];
    // Every set of suspenders, lifted in every order of one at a time.
    for set in 0..16usize {
        let inside = |i: usize| set & (1 << i) != 0;
        for (i, actor) in actors.iter().enumerate().filter(|(i, _)| inside(*i)) {
            city.suspend(&token, actor.clone()).unwrap();
            assert!(city.standing(&token).suspenders.contains(Suspender::ALL[i]));
        }
        for (i, actor) in actors.iter().enumerate() {
            city.resume(&token, actor.clone()).unwrap();
            let left = (i + 1..4).filter(|later| inside(*later)).count();
            let standing = city.standing(&token);
            assert_eq!(standing.suspenders.iter().count(), left);
            assert_eq!(standing.usable().is_ok(), left == 0);
        }
    }
}

#[test]
fn strangers_cannot_touch_a_token_nor_learn_that_it_exists() {
    let mut city = City::new();
    let token = city.token();
    let (stranger, _) = city.customer("+8613900139000");
    for actor in [Actor::Customer(stranger), Actor::Issuer(IssuerId::parse("icbc").unwrap())] {
        assert_eq!(city.suspend(&token, actor.clone()), Err(Refusal::TokenUnknown));
        assert_eq!(city.run(Delete { token: token.reference, actor }), Err(Refusal::TokenUnknown));
    }
    assert_eq!(city.standing(&token), Standing::ACTIVE);
}

#[test]
fn deletion_is_final_from_every_state_and_may_be_repeated() {
    let mut city = City::new();
    let token = city.token();
    city.suspend(&token, boc()).unwrap();
    let delete = Delete { token: token.reference, actor: Actor::Customer(token.customer) };
    for _ in 0..2 {
        city.run(delete.clone()).unwrap();
        assert_eq!(city.standing(&token).life, Life::Deleted);
    }
    let version = city.find::<Token>(token.reference).version;
    city.run(delete).unwrap();
    assert_eq!(city.find::<Token>(token.reference).version, version, "a repeat tells nobody anything");
    assert_eq!(city.resume(&token, boc()), Err(Refusal::TokenDeleted));
    assert_eq!(city.suspend(&token, Actor::Platform), Err(Refusal::TokenDeleted));
    assert_eq!(city.pay(&token, 1, 100).0, "token_deleted");
    assert_eq!(city.find::<Customer>(token.customer).live(), 0);
    city.card(token.customer, token.device, 1);
}

#[test]
fn a_lost_phone_stops_paying_at_once_from_any_browser() {
    let mut city = City::new();
    let first = city.token();
    let second = city.card(first.customer, first.device, 2);
    let (policy, customer) = (city.policy, first.customer);
    let report = |secret: u8| ReportLost {
        customer,
        device: None,
        reporter: Reporter::Recovery(Digest([secret; 16])),
        policy,
    };
    assert_eq!(city.run(report(1)), Ok(Reported::WrongSecret));
    assert_eq!(city.run(report(42)), Ok(Reported::Suspended { tokens: 2 }));
    for token in [&first, &second] {
        assert_eq!(city.standing(token).suspenders.to_string(), "platform");
        assert_eq!(city.keys(token, 0), Err(Refusal::DeviceLost));
    }
    assert_eq!(city.pay(&first, 1, 100).0, "token_suspended");
    assert_eq!(city.begin(customer, first.device, 3), Err(Refusal::DeviceLost));
    for _ in 0..4 {
        assert_eq!(city.run(report(1)), Ok(Reported::WrongSecret));
    }
    assert_eq!(city.run(report(42)), Err(Refusal::RecoveryRefused), "five wrong ones are enough for a day");
}

#[test]
fn the_issuers_events_reach_every_token_of_the_card() {
    let mut city = City::new();
    let first = city.token();
    let (stranger, elsewhere) = city.customer("+8613900139000");
    let second = city.card(stranger, elsewhere, 1);
    let issuer = IssuerId::parse("boc").unwrap();
    let event = |event| IssuerEvent { issuer: issuer.clone(), pan: Digest([1; 16]), event };
    city.run(event(Lifecycle::Suspended)).unwrap();
    for token in [&first, &second] {
        assert_eq!(city.standing(token).suspenders.to_string(), "issuer");
    }
    city.run(event(Lifecycle::Resumed)).unwrap();
    let other = IssuerEvent { issuer: IssuerId::parse("icbc").unwrap(), ..event(Lifecycle::Closed) };
    assert_eq!(city.run(other), Err(Refusal::TokenUnknown), "another issuer's cards");

    // New plastic: the same tokens, the same account reference, another card number.
    let pan = values::Pan::parse(b"5555555555554444").unwrap();
    let expiry = values::Expiry::new(31, 1).unwrap();
    let envelope = |number| {
        let entropy = values::Secret::new([9; 44]);
        let envelope = crate::vault::seal(&City::new().kek, number, &pan, expiry, &entropy).unwrap();
        Resealed { number, envelope, access: values::Id::from_u128(u128::from(number.as_u64())) }
    };
    let replaced = |resealed| Replacement {
        pan: Digest([77; 16]),
        as_token: None,
        last_four: LastFour::from_ascii(b"4444").unwrap(),
        expiry,
        art: Some("boc-new".to_owned()),
        resealed,
    };
    let replacement = |resealed| event(Lifecycle::Replaced(replaced(resealed)));
    let all = || vec![envelope(first.number), envelope(second.number)];
    let token = Replacement { as_token: Some(second.number), ..replaced(all()) };
    assert_eq!(
        city.run(event(Lifecycle::Replaced(token))),
        Err(Refusal::CardNotSupported),
        "a token's number"
    );
    let theirs = IssuerEvent { issuer: IssuerId::parse("icbc").unwrap(), ..replacement(all()) };
    assert_eq!(city.run(theirs), Err(Refusal::TokenUnknown), "another issuer's cards");
    assert_eq!(city.run(replacement(vec![envelope(first.number)])), Err(Refusal::Stale));
    city.run(replacement(all())).unwrap();
    let renewed: Token = city.find(first.reference);
    assert_eq!((renewed.number, renewed.expiry, &renewed.par), (first.number, first.expiry, &first.par));
    assert_eq!((renewed.last_four.to_string(), renewed.card_expiry), ("4444".to_owned(), Some(expiry)));
    assert_eq!((renewed.art.as_str(), renewed.version), ("boc-new", first.version + 3));
    for token in [&first, &second] {
        let access: Detokenisation = city.find(envelope(token.number).access);
        assert_eq!((access.number, access.purpose), (token.number, crate::vault::Purpose::Replacement));
        assert_eq!(access.requested_by, "issuer:boc");
    }
    let before = city.memory.columns.len();
    city.run(IssuerEvent { pan: Digest([77; 16]), ..replacement(all()) }).unwrap();
    assert_eq!(city.memory.columns.len(), before, "said again, it changes nothing");
    assert_eq!(city.find::<PanRecord>(Digest([77; 16])).par, Some(first.par.clone()));
    assert_eq!(city.find::<PanRecord>(Digest([1; 16])).holdings, []);
    city.run(IssuerEvent { pan: Digest([77; 16]), ..event(Lifecycle::Closed) }).unwrap();
    assert_eq!(city.standing(&first).life, Life::Deleted);
}

#[test]
fn cards_are_arranged_by_their_holder() {
    let mut city = City::new();
    let first = city.token();
    let second = city.card(first.customer, first.device, 2);
    let customer = first.customer;
    let arrange = |city: &mut City, arrangement| city.run(Arrange { customer, arrangement });
    assert_eq!(city.find::<Customer>(customer).default_token, Some(first.reference));
    arrange(&mut city, Arrangement::Default(second.reference)).unwrap();
    arrange(&mut city, Arrangement::Order(vec![second.reference, first.reference])).unwrap();
    for wrong in [vec![], vec![first.reference], vec![first.reference, first.reference]] {
        assert_eq!(arrange(&mut city, Arrangement::Order(wrong)), Err(Refusal::Stale));
    }
    // Another phone of the customer shows its own card alone, and orders no other.
    let mut there = city.find::<Customer>(customer);
    let elsewhere = city.device();
    there.devices.push(elsewhere);
    values::Records::put(&mut city.memory, there);
    let mut device: Device = city.find(elsewhere);
    (device.state, device.customer) = (DeviceState::Active, Some(customer));
    values::Records::put(&mut city.memory, device);
    let [third, fourth] = [3, 4].map(|pan| city.card(customer, elsewhere, pan));
    let order = |city: &mut City| city.find::<Customer>(customer).tokens;
    let all = [&second, &first, &third, &fourth].map(|token| token.reference);
    assert_eq!(order(&mut city), all);
    arrange(&mut city, Arrangement::Order(vec![fourth.reference, third.reference])).unwrap();
    assert_eq!(order(&mut city), [all[0], all[1], all[3], all[2]]);
    arrange(&mut city, Arrangement::Order(vec![first.reference, second.reference])).unwrap();
    assert_eq!(order(&mut city), [all[1], all[0], all[3], all[2]]);
    for wrong in [vec![all[0], all[2]], vec![all[0], all[1], all[2]], vec![all[2], all[2]], vec![]] {
        assert_eq!(arrange(&mut city, Arrangement::Order(wrong)), Err(Refusal::Stale));
    }
    arrange(&mut city, Arrangement::Order(vec![all[3], all[0], all[2], all[1]])).unwrap();
    assert_eq!(order(&mut city), [all[3], all[0], all[2], all[1]]);
    for token in [third, fourth] {
        city.run(Delete { token: token.reference, actor: Actor::Customer(customer) }).unwrap();
    }
    let lunch = Some(Name::parse("Lunch").unwrap());
    arrange(&mut city, Arrangement::Nickname(second.reference, lunch.clone())).unwrap();
    assert_eq!(city.find::<Token>(second.reference).nickname, lunch);
    city.run(Delete { token: second.reference, actor: Actor::Customer(customer) }).unwrap();
    let left: Customer = city.find(customer);
    assert_eq!((left.tokens, left.default_token), (vec![first.reference], Some(first.reference)));
    assert_eq!(arrange(&mut city, Arrangement::Default(second.reference)), Err(Refusal::TokenUnknown));
}

#[test]
fn keys_come_in_tens_and_never_more_than_twenty_ahead() {
    let mut city = City::new();
    let token = city.token();
    let batch = |issued| match issued {
        Ok(Issued::Batch { first, last, .. }) => (first, last),
        other => panic!("{other:?}"),
    };
    assert_eq!(batch(city.keys(&token, 0)), (11, 20));
    assert_eq!(city.keys(&token, 0), Err(Refusal::KeysEnough));
    // Six taps arrived, one more was torn: the phone's own record says seven.
    for counter in 1..=6 {
        assert_eq!(city.pay(&token, counter, 100).0, "admitted");
    }
    assert_eq!(batch(city.keys(&token, 7)), (21, 27));
    // The torn one may still come, late.
    assert_eq!(city.pay(&token, 7, 100).0, "admitted");
    let other = city.customer("+8613900139000").1;
    let (reference, policy) = (token.reference, city.policy);
    let thief = IssueKeys { token: reference, device: other, highest_used: 7, wanted: 10, policy };
    assert_eq!(city.run(thief), Err(Refusal::TokenUnknown));
    assert_eq!(city.find::<KeyBatch>((token.number, 21)).last, 27);
}

#[test]
fn a_counter_never_wraps() {
    let mut city = City::new();
    let token = city.token();
    let mut state: TokenState = city.find(token.number);
    (state.issued_through, state.highest) = (65_530, 65_530);
    values::Records::put(&mut city.memory, state);
    assert_eq!(city.keys(&token, 65_530), Err(Refusal::KeysExhausted));
}

#[test]
fn a_suspension_revokes_the_keys_that_are_out() {
    let mut city = City::new();
    let token = city.token();
    assert_eq!(city.pay(&token, 1, 100).0, "admitted");
    city.suspend(&token, Actor::Customer(token.customer)).unwrap();
    assert_eq!(city.keys(&token, 1), Err(Refusal::TokenSuspended));
    city.resume(&token, Actor::Customer(token.customer)).unwrap();
    assert_eq!(city.pay(&token, 2, 100).0, "keys_revoked");
    let issued = city.keys(&token, 2);
    assert!(
        matches!(issued, Ok(Issued::Batch { first: 11, last: 20, revoked_through: 10, .. })),
        "{issued:?}"
    );
    assert_eq!(city.pay(&token, 11, 100).0, "admitted");
}

#[test]
fn a_card_number_opens_for_two_operators_with_a_purpose() {
    let mut city = City::new();
    let token = city.token();
    let policy = city.policy;
    let grant = |city: &mut City, asks: &str, agrees: &str, purpose| {
        let id = city.fresh();
        let (requested_by, approved_by) = (asks.to_owned(), agrees.to_owned());
        city.run(Grant { id, number: token.number, purpose, requested_by, approved_by, policy })
    };
    let refused = Err(Refusal::DetokenisationRefused);
    for (asks, agrees, purpose) in [
        ("ann", "ann", Purpose::Dispute),
        ("ann", "Ann ", Purpose::Dispute),
        ("ann", "", Purpose::Dispute),
        ("ann", "bob", Purpose::Payment),
        ("ann", "bob", Purpose::Rewrap),
    ] {
        assert_eq!(grant(&mut city, asks, agrees, purpose), refused, "{asks} {agrees} {purpose:?}");
    }
    for _ in 0..10 {
        let granted = grant(&mut city, "ann", "bob", Purpose::Dispute).unwrap();
        assert_eq!(granted.purpose(), Purpose::Dispute);
        let entry: VaultEntry = city.find(token.number);
        assert!(open(&city.kek, token.number, &entry.envelope, &granted).is_ok());
    }
    assert_eq!(grant(&mut city, "ann", "cay", Purpose::Dispute), refused, "eleven in a day");
    assert_eq!(grant(&mut city, "cay", "bob", Purpose::Dispute), refused, "lent consent counts too");
    let opened = city.memory.columns.iter().filter(|column| column.contains("requested_by")).count();
    assert_eq!(opened, 10, "each is on record");
}

#[test]
fn the_vault_moves_under_a_new_key_while_cards_are_replaced() {
    let mut city = City::new();
    let token = city.token();
    let next = crypto::vault::KeyEncryptionKey::new(2, &values::Secret::new([8; 32]));
    let old: VaultEntry = city.find(token.number);
    let new = crate::vault::rewrap(&city.kek, &next, &old, &values::Secret::new([3; 44])).unwrap();
    let rewrap = Rewrap { old, new };
    assert_eq!(city.run(rewrap.clone()), Ok(Done));
    assert_eq!(city.run(rewrap.clone()), Err(Refusal::Stale), "the entry is another one now");
    let back = Rewrap { old: rewrap.new, new: rewrap.old };
    assert_eq!(city.run(back), Err(Refusal::Stale), "never back to an older key");
    city.kek = next;
    assert_eq!(city.pay(&token, 1, 100).0, "admitted");
}

#[test]
fn an_expired_token_makes_room() {
    let mut city = City::new();
    let token = city.token();
    let expire = Expire { token: token.reference };
    assert_eq!(city.run(expire), Err(Refusal::TooEarly));
    city.wait((3 * 366 + 7) * 86_400);
    assert_eq!(city.pay(&token, 1, 100).0, "token_expired");
    assert_eq!(city.keys(&token, 1), Err(Refusal::TokenExpired));
    city.run(expire).unwrap();
    assert_eq!(city.standing(&token).life, Life::Expired);
    assert_eq!(city.find::<Customer>(token.customer).live(), 0);
}

#[test]
fn the_issuer_is_told_where_a_token_stands_and_who_did_it() {
    let mut city = City::new();
    let token = city.token();
    let notice = |city: &City| {
        let key = (topics::ISSUER_NOTICE.to_owned(), token.reference.to_string());
        city.memory.sent.get(&key).map(|sent| crate::notice::TokenNotice::read(&sent.body).unwrap())
    };
    assert_eq!(notice(&city), None, "its making is told when it is on the phone");
    let customer = Actor::Customer(token.customer);
    let mut version = token.version;
    let mut told = |city: &City, state: &str, by| {
        let now = notice(city).unwrap();
        assert_eq!((now.state(), now.by), (state, by));
        assert!(now.version > version, "of two the later has the higher version");
        version = now.version;
    };
    city.suspend(&token, customer.clone()).unwrap();
    told(&city, "suspended", Suspender::Customer);
    city.suspend(&token, Actor::Platform).unwrap();
    told(&city, "suspended", Suspender::Platform);
    city.resume(&token, customer.clone()).unwrap();
    told(&city, "suspended", Suspender::Customer);
    city.resume(&token, Actor::Platform).unwrap();
    told(&city, "active", Suspender::Platform);
    // A name is the customer's own business.
    let name = Arrangement::Nickname(token.reference, Some(Name::parse("Lunch").unwrap()));
    let before = notice(&city);
    city.run(Arrange { customer: token.customer, arrangement: name }).unwrap();
    assert_eq!(notice(&city), before);
    city.run(Delete { token: token.reference, actor: customer }).unwrap();
    told(&city, "deleted", Suspender::Customer);
}

const NUMBER: &str = "+8613800138000";

#[test]
fn whoever_leaves_is_forgotten_with_the_last_phone() {
    let mut city = City::new();
    let (customer, first) = city.customer(NUMBER);
    let (_, second) = city.customer(NUMBER);
    let (kept, gone) = (city.card(customer, first, 1), city.card(customer, second, 2));
    city.keys(&kept, 0).unwrap();
    let waiting = city.begin(customer, second, 3).unwrap();
    let (stranger, elsewhere) = city.customer("+8613900139000");
    let leave = |device, customer| ForgetDevice { device, customer };
    assert_eq!(city.run(leave(elsewhere, customer)), Err(Refusal::DeviceUnknown));
    assert_eq!(city.run(leave(second, stranger)), Err(Refusal::DeviceUnknown));

    assert_eq!(city.run(leave(second, customer)), Ok(Forgotten { tokens: 1, customer: false }));
    assert_eq!(city.standing(&gone).life, Life::Deleted);
    assert_eq!(city.find::<Enrolment>(waiting).state, EnrolmentState::Abandoned);
    assert!(city.memory.find::<Device>(&second).is_none());
    let stays: Customer = city.find(customer);
    assert_eq!((stays.devices, stays.tokens, stays.pending.len()), (vec![first], vec![kept.reference], 0));
    assert_eq!(city.pay(&kept, 1, 100).0, "admitted");
    assert_eq!(city.run(leave(second, customer)), Err(Refusal::DeviceUnknown), "a second time");

    assert_eq!(city.run(leave(first, customer)), Ok(Forgotten { tokens: 1, customer: true }));
    assert!(city.memory.find::<Customer>(&customer).is_none());
    assert_eq!(city.find::<PhoneConfirmation>(City::phone(NUMBER)).customer, None);
    assert_ne!(city.pay(&kept, 2, 100).0, "admitted");
    // The sealed number stays for refunds, and goes in its time.
    assert!(city.memory.find::<VaultEntry>(&kept.number).is_some());
    let policy = Policy::STANDARD;
    city.wait(policy.retention.as_secs());
    city.run(Purge { token: kept.reference, policy }).unwrap();
    assert!(city.memory.find::<VaultEntry>(&kept.number).is_none());
    // Who comes back is somebody new.
    let (again, _) = city.customer(NUMBER);
    assert_ne!(again, customer);
}

#[test]
fn phones_that_were_lost_go_with_the_last_one() {
    let mut city = City::new();
    let (customer, lost) = city.customer(NUMBER);
    let token = city.card(customer, lost, 1);
    let report = ReportLost {
        customer,
        device: Some(lost),
        reporter: Reporter::Authenticated,
        policy: Policy::STANDARD,
    };
    city.run(report).unwrap();
    let (_, here) = city.customer(NUMBER);
    assert_eq!(
        city.run(ForgetDevice { device: here, customer }),
        Ok(Forgotten { tokens: 1, customer: true })
    );
    assert_eq!(city.standing(&token).life, Life::Deleted);
    assert!(city.memory.find::<Device>(&lost).is_none());
}
