//! Attacks on a login by passkey: each is refused, and each succeeds without its check.

use crate::testing::{Authenticator, attested};
use crate::{
    Asserted, Assertion, Defence, Defences, Expected, PublicKey, Refusal, challenge, register, verify,
};

const CHALLENGE: &[u8] = b"sixteen bytes or";
const ORIGIN: &str = "http://localhost:8085";

fn expected(defences: Defences) -> Expected<'static> {
    Expected { relying_party: "localhost", origin: ORIGIN, challenge: CHALLENGE, defences }
}

fn authenticator() -> Authenticator {
    Authenticator::new(b"a credential", "localhost", ORIGIN)
}

fn public(authenticator: &mut Authenticator) -> PublicKey {
    let (client, object) = authenticator.make(CHALLENGE);
    register(&expected(Defences::ALL), &client, &object).unwrap().public
}

#[test]
fn who_registered_logs_in() {
    let mut authenticator = authenticator();
    let (client, object) = authenticator.make(CHALLENGE);
    assert_eq!(challenge(&client).as_deref(), Some(CHALLENGE));
    let made = register(&expected(Defences::ALL), &client, &object).unwrap();
    assert_eq!((made.credential, made.counter), (authenticator.credential(), 1));
    let mut counter = made.counter;
    for _ in 0..3 {
        let login = authenticator.sign(CHALLENGE);
        let asserted = verify(&expected(Defences::ALL), &made.public, counter, &login).unwrap();
        assert_eq!(*asserted.credential(), authenticator.credential());
        counter = asserted.counter();
    }
    // One that does not count says 0 each time.
    (authenticator.counts, authenticator.counter) = (false, 0);
    let login = authenticator.sign(CHALLENGE);
    assert!(verify(&expected(Defences::ALL), &made.public, 0, &login).is_ok());
}

type Attack = (&'static str, Defence, Refusal, fn(&mut Authenticator) -> Assertion);

const ATTACKS: &[Attack] = &[
    ("a page elsewhere", Defence::Origin, Refusal::ClientData("the origin"), |it| {
        "http://localhost:8081".clone_into(&mut it.origin);
        it.sign(CHALLENGE)
    }),
    ("a name that begins like ours", Defence::Origin, Refusal::ClientData("the origin"), |it| {
        "http://localhost:8085.evil.example".clone_into(&mut it.origin);
        it.sign(CHALLENGE)
    }),
    ("our page in a frame", Defence::Origin, Refusal::ClientData("the origin"), |it| {
        it.framed = true;
        it.sign(CHALLENGE)
    }),
    ("another relying party", Defence::RelyingParty, Refusal::RelyingParty, |it| {
        "evil.example".clone_into(&mut it.relying_party);
        it.sign(CHALLENGE)
    }),
    ("an assertion sent again", Defence::Challenge, Refusal::ClientData("the challenge"), |it| {
        it.sign(b"an earlier one..")
    }),
    ("a registration as a login", Defence::Ceremony, Refusal::ClientData("the ceremony"), |it| {
        let client = it.client_data("webauthn.create", CHALLENGE);
        it.sign_data(client)
    }),
    ("nobody was verified", Defence::UserVerification, Refusal::NotVerified, |it| {
        it.verifies = false;
        it.sign(CHALLENGE)
    }),
    ("another's key", Defence::Signature, Refusal::Signature, |it| {
        let mut other = Authenticator::new(b"a credential", "localhost", ORIGIN);
        other.counter = it.counter;
        other.sign(CHALLENGE)
    }),
    ("a copied authenticator", Defence::Counter, Refusal::Counter, |it| {
        it.counter = 0;
        it.sign(CHALLENGE)
    }),
];

#[test]
fn each_attack_is_refused_and_succeeds_without_its_check() {
    for (what, defence, refusal, attack) in ATTACKS {
        let attempt = |defences: Defences| -> Result<Asserted, Refusal> {
            let mut authenticator = authenticator();
            let public = public(&mut authenticator);
            let sent = attack(&mut authenticator);
            verify(&expected(defences), &public, 1, &sent)
        };
        assert_eq!(attempt(Defences::ALL).err(), Some(*refusal), "{what}");
        assert!(attempt(Defences::ALL.danger_without(*defence)).is_ok(), "{what}");
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let mut authenticator = authenticator();
    let public = public(&mut authenticator);
    let good = authenticator.sign(CHALLENGE);
    let flip = |change: &dyn Fn(&mut Assertion) -> &mut Vec<u8>, length: usize| {
        for place in 0..8 * length {
            let mut bad = good.clone();
            change(&mut bad)[place / 8] ^= 1 << (place % 8);
            assert!(verify(&expected(Defences::ALL), &public, 1, &bad).is_err(), "bit {place}");
        }
    };
    flip(&|it| &mut it.client_data, good.client_data.len());
    flip(&|it| &mut it.authenticator_data, good.authenticator_data.len());
    flip(&|it| &mut it.signature, good.signature.len());
}

#[test]
fn no_bytes_make_it_panic_and_a_shortened_registration_is_refused() {
    let mut authenticator = authenticator();
    let (client, object) = authenticator.make(CHALLENGE);
    let expected = expected(Defences::ALL);
    for length in 0..object.len() {
        assert!(register(&expected, &client, &object[..length]).is_err(), "{length}");
    }
    for length in 0..client.len() {
        assert!(register(&expected, &client[..length], &object).is_err(), "{length}");
    }
    for place in 0..object.len() {
        for value in 0..=255 {
            let mut other = object.clone();
            other[place] = value;
            let _ = register(&expected, &client, &other);
        }
    }
    let longer = [&object[..], &[0]].concat();
    assert!(register(&expected, &client, &longer).is_err());
}

#[test]
fn another_kind_of_key_is_refused() {
    let mut authenticator = authenticator();
    let (client, object) = authenticator.make(CHALLENGE);
    let data = object[30..].to_vec();
    let object = attested(&data);
    assert!(register(&expected(Defences::ALL), &client, &object).is_ok());
    let key = data.len() - authenticator.cose_key().len();
    // The algorithm -7 becomes -8 (EdDSA); the curve 1 becomes 2.
    for (place, value) in [(key + 4, 0x27), (key + 6, 0x02), (key + 2, 0x01)] {
        let mut other = data.clone();
        other[place] = value;
        let refused = register(&expected(Defences::ALL), &client, &attested(&other));
        assert_eq!(refused, Err(Refusal::Algorithm), "{place}");
    }
    // A point that is not on the curve.
    let mut other = data.clone();
    *other.last_mut().unwrap() ^= 1;
    assert!(register(&expected(Defences::ALL), &client, &attested(&other)).is_err());
}
