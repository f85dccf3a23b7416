//! Attacks on the gateway, each defeated by a named defence, and each seen to succeed without it.

use crate::actor::Actor;
use crate::defences::Defence;
use crate::digest::Digest;
use crate::gateway::{EntryMode, Verification};
use crate::ops::*;
use crate::records::*;
use crate::refusal::Refusal;
use crate::testing::{City, Tap};
use emv::objects::{Aip, Amount, CryptogramKind, Cvr, Date, TransactionType};
use values::{Country, Currency, Expiry, MerchantCategory, Money};

/// One edit of an honest tap; `Message` edits what the network carries, `Card` what the phone computes over.
enum Edit {
    Message(fn(&mut Tap)),
    Card(fn(&mut Tap)),
}

fn try_attack(edit: &Edit, without: Option<Defence>) -> &'static str {
    let mut city = City::less(without);
    let token = city.token();
    let mut tap = city.tap(&token, 1, 1000);
    if let Edit::Card(edit) = edit {
        edit(&mut tap);
    }
    let mut chip = city.chip(&tap, &token);
    if let Edit::Message(edit) = edit {
        edit(&mut tap);
        chip.aid = Some(tap.aid);
        chip.transaction = tap.transaction;
    }
    city.present(tap.presentment, &chip)
}

#[test]
// long: a table of attacks, one row each.
fn every_edited_field_is_noticed() {
    use Edit::{Card, Message};
    let table: &[(&str, Edit, Defence, &str)] = &[
        (
            "amount of the message raised",
            Message(|t| t.presentment.amount = Money::new(100_000, Currency::CNY).unwrap()),
            Defence::Amount,
            "amount_mismatch",
        ),
        (
            "cryptogram over zero used for a purchase",
            Card(|t| t.transaction.amount = Amount::ZERO),
            Defence::Amount,
            "amount_mismatch",
        ),
        (
            "amount raised in message and chip data alike",
            Message(|t| {
                t.presentment.amount = Money::new(100_000, Currency::CNY).unwrap();
                t.transaction.amount = Amount::from_minor(100_000).unwrap();
            }),
            Defence::Cryptogram,
            "cryptogram_wrong",
        ),
        (
            "currency of the cryptogram is a cheap one",
            Card(|t| t.transaction.currency = Currency::JPY.into()),
            Defence::Currency,
            "currency_mismatch",
        ),
        (
            "yesterday's week-old tap",
            Card(|t| t.transaction.date = Date::from_bytes([0x26, 0x11, 0x15]).unwrap()),
            Defence::Date,
            "date_mismatch",
        ),
        (
            "date of the message moved",
            Message(|t| t.presentment.local_date = Some((6, 1))),
            Defence::Date,
            "date_mismatch",
        ),
        (
            "a refund's cryptogram pays",
            Card(|t| t.transaction.kind = TransactionType::REFUND),
            Defence::TransactionType,
            "type_mismatch",
        ),
        (
            "another application answered",
            Message(|t| t.aid = emv::objects::Aid::unionpay_credit()),
            Defence::Aid,
            "aid_mismatch",
        ),
        (
            "a tap dressed up as contact",
            Message(|t| t.presentment.entry = EntryMode::Contact),
            Defence::Profile,
            "profile_mismatch",
        ),
        (
            "the contact profile answered a tap",
            Card(|t| t.transaction.aip = Aip::default().with(Aip::DDA)),
            Defence::Profile,
            "profile_mismatch",
        ),
        (
            "verification claimed that the phone never made",
            Card(|t| t.cvr = Cvr::at_tap(CryptogramKind::Arqc)),
            Defence::Verification,
            "verification_forged",
        ),
        (
            "unpredictable number exchanged",
            Message(|t| t.transaction.unpredictable.0[0] ^= 1),
            Defence::Cryptogram,
            "cryptogram_wrong",
        ),
        (
            "expiry of the message moved",
            Message(|t| t.presentment.expiries[0] = Some(Expiry::new(35, 1).unwrap())),
            Defence::TokenData,
            "token_data_mismatch",
        ),
        (
            "sequence number of another card",
            Message(|t| t.presentment.psn = Some(2)),
            Defence::TokenData,
            "token_data_mismatch",
        ),
        (
            "locked phone relayed from a gate to a shop",
            Card(|t| {
                t.cvr = Cvr::at_tap(CryptogramKind::Arqc);
                t.presentment.verification = Verification::None;
            }),
            Defence::Limits,
            "verification_required",
        ),
        (
            "used in a way that is off",
            Message(|t| t.presentment.entry = EntryMode::InApp),
            Defence::Domain,
            "mode_not_allowed",
        ),
        (
            "used at a casino",
            Message(|t| t.presentment.category = MerchantCategory::try_from(7995).unwrap()),
            Defence::Domain,
            "merchant_not_allowed",
        ),
        (
            "used abroad",
            Card(|t| t.transaction.country = Country::from_numeric(392).unwrap().into()),
            Defence::Domain,
            "country_not_allowed",
        ),
        (
            "paid in a currency without limits",
            Card(|t| {
                t.transaction.currency = Currency::JPY.into();
                t.presentment.amount = Money::new(1000, Currency::JPY).unwrap();
            }),
            Defence::Domain,
            "currency_not_allowed",
        ),
        (
            "over the limit",
            Card(|t| {
                t.transaction.amount = Amount::from_minor(500_001).unwrap();
                t.presentment.amount = Money::new(500_001, Currency::CNY).unwrap();
            }),
            Defence::Limits,
            "amount_over_limit",
        ),
        (
            "counter beyond the keys",
            Card(|t| t.transaction.atc = emv::objects::Atc::new(11)),
            Defence::Window,
            "counter_not_issued",
        ),
    ];
    for (name, edit, defence, code) in table {
        assert_eq!(try_attack(edit, None), *code, "{name}");
        assert_eq!(try_attack(edit, Some(*defence)), "admitted", "{name}, without {defence:?}");
    }
    assert_eq!(try_attack(&Card(|_| {}), None), "admitted", "the honest tap");
}

#[test]
fn every_byte_under_the_cryptogram_counts() {
    let mut city = City::new();
    let token = city.token();
    let tap = city.tap(&token, 1, 1000);
    let honest = city.chip(&tap, &token);
    let mut bytes = Vec::new();
    honest.write(&mut bytes).unwrap();
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut edited = bytes.clone();
            edited[place] ^= 1 << bit;
            let presentment = crate::gateway::Presentment { chip: Some(&edited), ..tap.presentment };
            // What passes is what was said: a renamed object that was zero anyway changes nothing.
            if city.screen_bytes(presentment).is_ok() {
                let read = emv::de55::Request::parse(&edited).unwrap();
                assert_eq!(read.transaction, honest.transaction, "bit {bit} of byte {place}");
            }
        }
        let torn = crate::gateway::Presentment { chip: Some(&bytes[..place]), ..tap.presentment };
        assert!(city.screen_bytes(torn).is_err(), "torn at {place}");
    }
    assert_eq!(city.screen_bytes(tap.presentment).unwrap_err(), Refusal::CryptogramMissing);
    let garbage = crate::gateway::Presentment { chip: Some(&[0xFF; 40]), ..tap.presentment };
    assert_eq!(city.screen_bytes(garbage).unwrap_err(), Refusal::ChipDataMalformed);
    assert_eq!(city.present(tap.presentment, &honest), "admitted");
}

#[test]
fn claims_about_a_token_are_compared_in_the_writer() {
    let screen_claimed = |city: &mut City, tap: &Tap, chip: &emv::de55::Request| {
        let mut bytes = Vec::new();
        chip.write(&mut bytes).unwrap();
        let said = crate::gateway::Presentment { chip: Some(&bytes), ..tap.presentment };
        let expiry = said.expiries.into_iter().flatten().next();
        let state = TokenState::claimed(said.number, said.psn.unwrap_or(0), expiry, 1);
        let programme = crate::testing::programme();
        let parts = crate::gateway::Parts { state: &state, programme: &programme };
        crate::gateway::screen(&said, parts, &city.master, &city.policy, city.now)
    };
    let mut city = City::new();
    let token = city.token();
    let honest = city.tap(&token, 1, 1000);
    let chip = city.chip(&honest, &token);
    for edit in [
        |t: &mut Tap| t.presentment.expiries = [Some(Expiry::new(35, 1).unwrap()); 2],
        |t: &mut Tap| t.presentment.expiries = [None, Some(Expiry::new(29, 10).unwrap())],
    ] {
        let mut tap = honest;
        edit(&mut tap);
        let screened = screen_claimed(&mut city, &tap, &chip).unwrap();
        assert_eq!(city.admit(screened), "token_data_mismatch");
    }
    let mut two = honest;
    two.presentment.expiries[0] = Some(Expiry::new(35, 1).unwrap());
    assert_eq!(screen_claimed(&mut city, &two, &chip).unwrap_err(), Refusal::TokenDataMismatch);
    // Another sequence number means another key, even if somebody had it.
    let other = Token { psn: 2, ..token.clone() };
    let mut tap = honest;
    tap.presentment.psn = Some(2);
    let forged = city.chip(&tap, &other);
    let screened = screen_claimed(&mut city, &tap, &forged).unwrap();
    assert_eq!(city.admit(screened), "token_data_mismatch");
    let screened = screen_claimed(&mut city, &honest, &chip).unwrap();
    assert_eq!(city.admit(screened), "admitted", "nothing of that used the counter up");
}

#[test]
fn key_sets_versions_and_declines_are_not_mixed() {
    let mut city = City::new();
    let token = city.token();
    let tap = city.tap(&token, 1, 1000);
    for (place, value) in [(1, 2), (2, 0x17), (7, 4)] {
        // Key index, cryptogram version (one that covers less), algorithm.
        let mut chip = city.chip(&tap, &token);
        let mut data = chip.issuer_data.as_slice().to_vec();
        data[place] = value;
        chip.issuer_data = emv::inline::Inline::copy_of(&data).unwrap();
        assert_eq!(city.present(tap.presentment, &chip), "key_scheme_mismatch");
    }
    for kind in [CryptogramKind::Aac, CryptogramKind::Tc] {
        let mut declined = tap;
        declined.cvr = Cvr::at_tap(kind);
        let chip = city.chip(&declined, &token);
        assert_eq!(city.present(tap.presentment, &chip), "not_an_online_request");
    }
}

#[test]
fn a_cryptogram_of_one_token_is_worthless_for_another() {
    let mut city = City::new();
    let victim = city.token();
    let (thief, device) = city.customer("+8613900139000");
    let own = city.card(thief, device, 2);
    city.keys(&own, 0).unwrap();
    let tap = city.tap(&victim, 1, 1000);
    let chip = city.chip(&tap, &own);
    assert_eq!(city.present(tap.presentment, &chip), "cryptogram_wrong");
    // Nor does a message that names the victim in one field and the thief in another pass.
    let mut mixed = city.tap(&own, 1, 1000);
    mixed.presentment.track_number = Some(victim.number);
    let chip = city.chip(&mixed, &own);
    assert_eq!(city.present(mixed.presentment, &chip), "token_data_mismatch");
}

#[test]
fn counters_replayed_rolled_back_jumped_and_reordered() {
    for (without, second) in [(None, "counter_replayed"), (Some(Defence::Replay), "admitted")] {
        let mut city = City::less(without);
        let token = city.token();
        let tap = city.tap(&token, 3, 1000);
        let chip = city.chip(&tap, &token);
        assert_eq!(city.present(tap.presentment, &chip), "admitted");
        // The same cryptogram under another name of the message.
        let renamed = crate::gateway::Presentment { message: Digest([200; 16]), ..tap.presentment };
        assert_eq!(city.present(renamed, &chip), second);
        assert_eq!(city.pay(&token, 2, 1000).0, "admitted", "late, but its own");
        assert_eq!(city.standing(&token), Standing::ACTIVE, "a replay is no clone");
    }
    // A counter jumped, rolled back out of sight, at the edge.
    for (counter, code) in [(165, "counter_too_far"), (68, "counter_too_old"), (164, "admitted")] {
        for (without, expected) in [(None, code), (Some(Defence::Window), "admitted")] {
            let mut city = City::less(without);
            let token = city.token();
            let mut state: TokenState = city.find(token.number);
            (state.issued_through, state.highest) = (500, 100);
            values::Records::put(&mut city.memory, state);
            assert_eq!(city.pay(&token, counter, 100).0, expected, "{counter}, without {without:?}");
        }
    }
}

#[test]
fn a_cloned_phone_is_found_at_its_first_common_counter() {
    let mut city = City::new();
    let token = city.token();
    assert_eq!(city.pay(&token, 1, 100).0, "admitted");
    // The copy pays with the same key: another message, another unpredictable number, genuine.
    assert_eq!(city.pay(&token, 1, 200).0, "clone_suspected");
    assert_eq!(city.standing(&token).suspenders.to_string(), "fraud");
    assert_eq!(city.pay(&token, 2, 100).0, "token_suspended");
    let customer = Actor::Customer(token.customer);
    city.resume(&token, customer).unwrap();
    assert_eq!(city.standing(&token).suspenders.to_string(), "fraud", "not the customer's to lift");
    let mut city = City::less(Some(Defence::Replay));
    let token = city.token();
    assert_eq!(city.pay(&token, 1, 100).0, "admitted");
    assert_eq!(city.pay(&token, 1, 200).0, "admitted", "without the defence both phones pay");
}

#[test]
fn a_phone_restored_from_a_backup_is_found_when_it_asks_for_keys() {
    let mut city = City::new();
    let token = city.token();
    for counter in 1..=5 {
        assert_eq!(city.pay(&token, counter, 100).0, "admitted");
    }
    assert_eq!(city.keys(&token, 3), Ok(Issued::CloneSuspected));
    assert_eq!(city.standing(&token).suspenders.to_string(), "fraud");
    assert_eq!(city.keys(&token, 5), Err(Refusal::TokenSuspended));
    let mut city = City::less(Some(Defence::Backup));
    let token = city.token();
    for counter in 1..=5 {
        assert_eq!(city.pay(&token, counter, 100).0, "admitted");
    }
    let got = city.keys(&token, 3);
    assert!(matches!(got, Ok(Issued::Batch { .. })), "without the defence the copy gets keys: {got:?}");
}

#[test]
fn a_payment_after_its_reversal() {
    for (without, code) in [(None, "reversed_before"), (Some(Defence::EarlyReversal), "admitted")] {
        let mut city = City::less(without);
        let token = city.token();
        let tap = city.tap(&token, 1, 1000);
        let chip = city.chip(&tap, &token);
        let (original, number) = (tap.presentment.message, token.number);
        city.run(crate::gateway::Reverse { original, number }).unwrap();
        assert_eq!(city.present(tap.presentment, &chip), code);
    }
}

#[test]
fn more_payments_in_a_day_than_the_controls_allow() {
    for (without, code) in [(None, "daily_count_over_limit"), (Some(Defence::Limits), "admitted")] {
        let mut city = City::less(without);
        let token = city.token();
        let controls = Controls { daily_count_max: 2, ..crate::testing::controls() };
        city.run(DefineControls { controls }).unwrap();
        for counter in 1..=2 {
            assert_eq!(city.pay(&token, counter, 1000).0, "admitted");
        }
        assert_eq!(city.pay(&token, 3, 1000).0, code, "without {without:?}");
    }
}

/// The code that binds a phone: asked for too often, or told too late.
#[test]
fn codes_are_bounded_in_number_and_in_time() {
    let number = || City::phone("+8613800138000");
    for (without, refusal) in [(None, Some(Refusal::TooManyCodes)), (Some(Defence::CodeSends), None)] {
        let mut city = City::less(without);
        let (device, policy) = (city.device(), city.policy);
        let mut ask =
            |code| city.run(RequestCode { phone: number(), device, digest: Digest([code; 16]), policy });
        assert!((1..=3).all(|code| ask(code).is_ok()));
        assert_eq!(ask(4).err(), refusal, "without {without:?}");
    }
    for (without, refusal) in [(None, Some(Refusal::CodeVoid)), (Some(Defence::CodeLife), None)] {
        let mut city = City::less(without);
        let (device, policy, guess) = (city.device(), city.policy, Digest([1; 16]));
        city.run(RequestCode { phone: number(), device, digest: guess, policy }).unwrap();
        city.wait(3 * 60);
        let new_customer = city.fresh();
        let told = ConfirmPhone { phone: number(), device, guess, new_customer, recovery: None, policy };
        assert_eq!(city.run(told).err(), refusal, "without {without:?}");
    }
}

#[test]
fn a_service_restored_from_an_old_backup_takes_no_used_counter_again() {
    for skipped in [false, true] {
        let mut city = City::new();
        let token = city.token();
        let backup = city.memory.clone();
        let tap = city.tap(&token, 1, 1000);
        let chip = city.chip(&tap, &token);
        assert_eq!(city.present(tap.presentment, &chip), "admitted");
        city.memory = backup;
        if skipped {
            city.run(SkipKeys { token: token.reference, margin: 1000 }).unwrap();
        }
        let expected = if skipped { "keys_revoked" } else { "admitted" };
        assert_eq!(city.present(tap.presentment, &chip), expected);
        // The phone goes on from its own record, beyond everything that was used.
        let Ok(Issued::Batch { first, .. }) = city.keys(&token, 1) else { panic!("no keys") };
        assert_eq!(city.pay(&token, first, 1000).0, "admitted");
    }
    // A phone that is ahead of the restored service pulls it up.
    let mut city = City::new();
    let token = city.token();
    let issued = city.keys(&token, 25);
    assert!(
        matches!(issued, Ok(Issued::Batch { first: 26, last: 35, revoked_through: 25, .. })),
        "{issued:?}"
    );
    assert_eq!(city.pay(&token, 9, 1000).0, "keys_revoked");
    assert_eq!(city.memory.notes.last().unwrap().0, "service_behind_phone");
}

#[test]
fn a_token_pays_in_no_state_but_active() {
    type Change = fn(&mut City, &Token);
    let states: [(Change, &str); 3] = [
        (
            |city, token| {
                city.suspend(token, Actor::Platform).unwrap();
            },
            "token_suspended",
        ),
        (
            |city, token| {
                let standing = Standing { life: Life::Inactive, ..Standing::ACTIVE };
                let state = TokenState { standing, ..city.find(token.number) };
                values::Records::put(&mut city.memory, state);
            },
            "token_inactive",
        ),
        (
            |city, token| {
                let suspenders = Suspenders::NONE.with(Suspender::Issuer);
                let standing = Standing { suspenders, ..Standing::ACTIVE };
                let state = TokenState { standing, ..city.find(token.number) };
                values::Records::put(&mut city.memory, state);
            },
            "token_suspended",
        ),
    ];
    for (change, code) in states {
        let mut city = City::new();
        let token = city.token();
        change(&mut city, &token);
        assert_eq!(city.pay(&token, 1, 100).0, code);
        city.policy.defences = city.policy.defences.danger_without(Defence::Standing);
        // A suspension by the rules has revoked the keys as well: two defences, one behind the other.
        let revoked = city.find::<TokenState>(token.number).revoked_through > 0;
        let without = if revoked { "keys_revoked" } else { "admitted" };
        assert_eq!(city.pay(&token, 2, 100).0, without, "without the check of standing");
    }
}

/// Whoever has the customer's session lifts what the fraud watch, or the platform, or a deletion has ended.
#[test]
fn what_others_ended_is_not_the_customers_to_begin_again() {
    type End = fn(&mut City, &Token);
    let cloned: End = |city, token| {
        assert_eq!(city.pay(token, 1, 100).0, "admitted");
        assert_eq!(city.pay(token, 1, 200).0, "clone_suspected");
    };
    let lost: End = |city, token| {
        city.suspend(token, Actor::Platform).unwrap();
    };
    let deleted: End = |city, token| {
        city.run(Delete { token: token.reference, actor: Actor::Platform }).unwrap();
    };
    for (end, defence, code) in [
        (cloned, Defence::Suspenders, "token_suspended"),
        (lost, Defence::Suspenders, "token_suspended"),
        (deleted, Defence::Final, "token_deleted"),
    ] {
        for (without, expected) in [(None, code), (Some(defence), "admitted")] {
            let mut city = City::less(without);
            let token = city.token();
            end(&mut city, &token);
            let _ = city.resume(&token, Actor::Customer(token.customer));
            // Its old keys are revoked; with new ones it pays.
            let counter = if city.keys(&token, 10).is_ok() { 11 } else { 2 };
            assert_eq!(city.pay(&token, counter, 100).0, expected, "without {without:?}");
        }
    }
}

#[test]
fn a_recovery_secret_is_not_found_by_guessing() {
    for (without, found) in [(None, Err(Refusal::RecoveryRefused)), (Some(Defence::RecoveryTries), Ok(1))] {
        let mut city = City::less(without);
        let token = city.token();
        let (customer, policy) = (token.customer, city.policy);
        let mut report = |secret: u8| {
            let reporter = Reporter::Recovery(Digest([secret; 16]));
            city.run(ReportLost { customer, device: None, reporter, policy })
        };
        for guess in 0..20 {
            let _ = report(guess);
        }
        let reported = report(42).map(|reported| match reported {
            Reported::Suspended { tokens } => tokens,
            Reported::WrongSecret => 0,
        });
        assert_eq!(reported, found, "without {without:?}");
    }
}

#[test]
fn one_operator_opens_no_card_number() {
    let refused = Err(Refusal::DetokenisationRefused);
    for (without, opened) in [(None, refused), (Some(Defence::TwoOperators), Ok(()))] {
        let mut city = City::less(without);
        let token = city.token();
        let policy = city.policy;
        let mut grant = |agrees: &str| {
            let (id, purpose) = (city.fresh(), crate::vault::Purpose::Dispute);
            let (requested_by, approved_by) = ("ann".to_owned(), agrees.to_owned());
            let grant = Grant { id, number: token.number, purpose, requested_by, approved_by, policy };
            city.run(grant).map(|_| ())
        };
        assert_eq!(grant("ann"), opened, "alone");
        for _ in 0..10 {
            let _ = grant("bob");
        }
        assert_eq!(grant("bob"), opened, "once more than a day allows");
    }
}

#[test]
fn limits_of_enrolment_fall_with_their_defence() {
    let mut city = City::new();
    let (customer, device) = city.customer("+8613800138000");
    for without in [Defence::EightCards, Defence::Attempts] {
        city.policy.defences = city.policy.defences.danger_without(without);
    }
    for pan in 0..9 {
        city.begin(customer, device, pan).unwrap();
    }
    assert_eq!(city.find::<Customer>(customer).live(), 9);

    let mut city = City::new();
    city.policy.defences = city.policy.defences.danger_without(Defence::StepUpChoice);
    let (customer, device) = city.customer("+8613800138000");
    let enrolment = city.begin(customer, device, 1).unwrap();
    let strong = Method { id: "app".into(), kind: "app".into(), masked: String::new() };
    let decision = Decision::Yellow(city.provision(), vec![strong]);
    city.run(ConcludeEnrolment { enrolment, decision }).unwrap();
    let policy = city.policy;
    let weak = ChooseMethod { enrolment, device, method: "none".into(), policy };
    assert!(city.run(weak).is_ok(), "without the defence a client picks what it likes");

    let mut city = City::new();
    city.policy.defences = city.policy.defences.danger_without(Defence::CodeTries);
    let (device, phone) = (city.device(), City::phone("+8613800138000"));
    let (policy, digest) = (city.policy, Digest([1; 16]));
    city.run(RequestCode { phone: phone.clone(), device, digest, policy }).unwrap();
    let new_customer = city.fresh();
    for guess in (0..50u8).filter(|guess| *guess != 1).chain([1]) {
        let guess = Digest([guess; 16]);
        let phone = phone.clone();
        let tried = ConfirmPhone { phone, device, guess, new_customer, recovery: None, policy };
        city.run(tried).unwrap();
    }
    assert_eq!(city.find::<Device>(device).state, DeviceState::Active);

    let mut city = City::new();
    let token = city.token();
    let thief = city.customer("+8613900139000").1;
    city.policy.defences = city.policy.defences.danger_without(Defence::DeviceBinding);
    let (reference, policy) = (token.reference, city.policy);
    let steal = IssueKeys { token: reference, device: thief, highest_used: 0, wanted: 10, policy };
    assert!(matches!(city.run(steal), Ok(Issued::Batch { .. })));
}
