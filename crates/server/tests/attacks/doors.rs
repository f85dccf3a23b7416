//! Somebody at a door: with a stolen session at the platform's, without the key of the line at a host's.

use crate::enrolled::{Stolen, key_of};
use crate::proof::Attack;
use crate::shop::Shop;
use crate::town::{CARD, Off, Token, Town, acquirer_dialect};
use crate::wire::{BETTER_CATEGORY, SideDoor, meddle};
use crypto::p256::SigningKey;
use server::city::DEMO_MERCHANTS;
use server::defences::Defence;
use std::time::Duration;
use tokens::Actor;

/// The owner's session in a thief's hands.
struct Session<'a> {
    stolen: Stolen<'a>,
    token: Token,
    device: String,
    owners: SigningKey,
    thiefs: SigningKey,
}

impl Session<'_> {
    fn of(town: &Town) -> Session<'_> {
        let (_owner, token) = town.phone_with("li", CARD);
        let (_thief, _) = town.set_up("thief", "+8613811110004");
        let ((owners, device), (thiefs, _)) = (key_of(town, "li"), key_of(town, "thief"));
        let path = format!("/v1/tokens/{token}/suspend");
        Session { stolen: Stolen { town, path, body: b"{}".to_vec() }, token, device, owners, thiefs }
    }

    fn standing(&self) -> tokens::records::Token {
        let token = self.token;
        let store = self.stolen.town.city.tokens.store();
        store.read(move |records| values::Records::find(records, &token)).unwrap().unwrap()
    }

    /// What a request came to: obeyed, if it stopped the owner's card.
    fn outcome(&self, answer: (u16, String)) -> String {
        let standing = self.standing().standing;
        let obeyed = !standing.suspenders.is_empty() || standing.life == tokens::records::Life::Deleted;
        assert_eq!(obeyed, answer.0 == 200, "{answer:?}");
        if obeyed { "obeyed".to_owned() } else { answer.1 }
    }
}

fn signed_by_another_key(town: &Town) -> String {
    let session = Session::of(town);
    let headers = session.stolen.sign(&session.thiefs, &session.device, "a");
    session.outcome(session.stolen.send(&session.stolen.path, &headers, b"{}"))
}

/// It names the owner's key and bears no signature at all.
fn signed_by_nobody(town: &Town) -> String {
    let session = Session::of(town);
    let mut headers = session.stolen.sign(&session.thiefs, &session.device, "a");
    headers.signature = "paiza=::".to_owned();
    session.outcome(session.stolen.send(&session.stolen.path, &headers, b"{}"))
}

fn signed_for_another_path(town: &Town) -> String {
    let session = Session::of(town);
    let headers = session.stolen.sign(&session.owners, &session.device, "a");
    let elsewhere = format!("/v1/tokens/{}/delete", session.token);
    session.outcome(session.stolen.send(&elsewhere, &headers, b"{}"))
}

fn signed_over_another_body(town: &Town) -> String {
    let session = Session::of(town);
    let headers = session.stolen.sign(&session.owners, &session.device, "a");
    session.outcome(session.stolen.send(&session.stolen.path, &headers, b"{ }"))
}

/// The owner stops the card and lets it go again; then somebody says the owner's first request once more. It has its effect
/// once in any case, for its key is remembered; but whoever says it again would be told the owner's answer.
fn said_again(town: &Town) -> String {
    let session = Session::of(town);
    let headers = session.stolen.sign(&session.owners, &session.device, "a");
    assert_eq!(session.stolen.send(&session.stolen.path, &headers, b"{}").0, 200);
    let customer = Actor::Customer(session.standing().customer);
    town.city.tokens.resume(session.token, customer).unwrap();
    let (status, code) = session.stolen.send(&session.stolen.path, &headers, b"{}");
    assert!(session.standing().standing.suspenders.is_empty(), "the card is stopped again");
    if status == 200 { "told".to_owned() } else { code }
}

/// A request that was held back for an hour.
fn said_late(town: &Town) -> String {
    let session = Session::of(town);
    let headers = session.stolen.sign(&session.owners, &session.device, "a");
    town.clock.advance(Duration::from_secs(3600));
    session.outcome(session.stolen.send(&session.stolen.path, &headers, b"{}"))
}

#[test]
fn a_stolen_session_without_the_key_is_refused() {
    for attack in [signed_by_nobody, signed_by_another_key, signed_for_another_path, signed_over_another_body]
    {
        let signature = [Off::Door(Defence::Signature)];
        Attack::new(attack, "signature_invalid", "obeyed").stopped_by(&signature).prove();
    }
}

#[test]
fn a_request_is_taken_once() {
    let nonce = [Off::Door(Defence::Nonce)];
    Attack::new(said_again, "signature_invalid", "told").stopped_by(&nonce).prove();
}

#[test]
fn a_request_is_taken_when_it_is_made() {
    let freshness = [Off::Door(Defence::Freshness)];
    Attack::new(said_late, "signature_invalid", "obeyed").stopped_by(&freshness).prove();
}

/// At the betting shop, with somebody on the acquirer's line who makes a noodle shop of it and has no key.
fn an_edited_line(town: &Town) -> String {
    let (phone, _) = town.phone_with("li", CARD);
    let door = SideDoor::open(town);
    door.interceptor.deal(meddle(acquirer_dialect(), false, BETTER_CATEGORY));
    let shop = Shop::at(town, &DEMO_MERCHANTS[2], door.address, 0);
    shop.pay(town, &phone, 1000).expect("an answer")
}

#[test]
fn an_edited_line_is_refused() {
    let mac = [Off::Door(Defence::LineMac)];
    Attack::new(an_edited_line, "A0", "00").stopped_by(&mac).prove();
}
