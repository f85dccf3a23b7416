//! Attacks at the provider's door and on the texts that bind phones: each succeeds where its check is taken away.

use crate::upi_town::UpiTown;
use crypto::p256::SigningKey;
use psp::records::DeviceState;
use server::defences::{Defence, Defences};
use server::hosts::telephone::Telephone;
use server::http_signature::{Claims, SignatureHeaders, SignedRequest, sign};
use server::upi::app::DeviceStatus;
use std::net::SocketAddr;
use std::time::Duration;
use store::Clock;

const PATH: &str = "/v1/upi/device";

/// A request that somebody saw on its way.
struct Seen {
    authority: String,
    headers: SignatureHeaders,
}

impl Seen {
    /// Sends it, once more maybe; whether the provider took it.
    fn sent(&self, at: SocketAddr) -> bool {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        let agent: ureq::Agent = config.into();
        let request = agent
            .get(format!("http://{at}{PATH}"))
            .header("host", &self.authority)
            .header("content-digest", &self.headers.content_digest)
            .header("signature-input", &self.headers.signature_input)
            .header("signature", &self.headers.signature);
        let mut answer = request.call().unwrap();
        answer.status() == 200 && answer.body_mut().read_json::<DeviceStatus>().is_ok()
    }
}

/// A phone's question whether it is bound.
fn asked(town: &UpiTown) -> Seen {
    let key = SigningKey::generate();
    let registered = town.parties.service.register_device(&key.public().to_sec1()).unwrap();
    let authority = town.parties.psp_at.to_string();
    let (created, nonce) = (town.clock.now(), "00112233".to_owned());
    let claims = Claims { created, key_id: registered.device.to_string(), nonce };
    let request = SignedRequest {
        method: "GET",
        authority: &authority,
        path: PATH,
        query: "",
        idempotency_key: "",
        body: b"",
    };
    let headers = sign(&request, &claims, |base| key.sign(base));
    Seen { authority, headers }
}

fn town(doors: Defences) -> UpiTown {
    UpiTown::planned(|plan| plan.defences.doors = doors)
}

fn sent_again(doors: Defences) -> bool {
    let town = town(doors);
    let seen = asked(&town);
    assert!(seen.sent(town.parties.psp_at), "the phone's own request is taken");
    seen.sent(town.parties.psp_at)
}

#[test]
fn a_phones_request_is_taken_once() {
    assert!(!sent_again(Defences::ALL));
    assert!(sent_again(Defences::ALL.danger_without(Defence::Nonce)));
}

fn sent_again_after_a_restart(doors: Defences) -> bool {
    let town = town(doors);
    let seen = asked(&town);
    assert!(seen.sent(town.parties.psp_at), "the phone's own request is taken");
    town.clock.advance(Duration::from_secs(2));
    let town = town.restarted(|plan| plan.defences.doors = doors);
    seen.sent(town.parties.psp_at)
}

#[test]
fn a_provider_that_forgot_what_it_saw_takes_nothing_from_before() {
    assert!(!sent_again_after_a_restart(Defences::ALL));
    assert!(sent_again_after_a_restart(Defences::ALL.danger_without(Defence::Nonce)));
}

/// Somebody registers a phone of their own and sends its token in the name of another's number, from a computer.
fn bound_to_anothers_number(doors: Defences) -> bool {
    let town = town(doors);
    let service = &town.parties.service;
    let key = SigningKey::generate();
    let registered = service.register_device(&key.public().to_sec1()).unwrap();
    let telephone = Telephone::at(town.telephone.at, None);
    let sent = telephone.send("forged", "+919800000001", &registered.send_to, &registered.text);
    for (sequence, text) in telephone.inbox(service.binding_number(), 0).unwrap() {
        service.take_text(sequence, text.from.trim_start_matches('+'), &text.text).unwrap();
    }
    let is_bound = service.device(registered.device).unwrap().state == DeviceState::Bound;
    assert_eq!(sent.is_ok(), is_bound);
    is_bound
}

#[test]
fn a_text_in_the_name_of_a_number_comes_from_its_sim() {
    assert!(!bound_to_anothers_number(Defences::ALL));
    assert!(bound_to_anothers_number(Defences::ALL.danger_without(Defence::SimProof)));
}
