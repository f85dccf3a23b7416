//! What is left to two people: an approval is a passkey shown for one proposal, a lost passkey has a way back that takes
//! both, and outside a sandbox no key and no desk does alone what two answer for.

use crate::api::{Caller, NOODLES, NOODLES_ID, PLATFORM};
use crate::issuers::post;
use crate::operators::{Browser, House, between, made, used};
use crate::small_city::SmallCity;
use acquiring::records::Merchant;
use operators::ProposalState;
use passkeys::testing::Authenticator;
use serde_json::{Value, json};
use values::{Id, Records};

/// A passkey of somebody who is in.
fn passkey_of(browser: &Browser, name: &str) -> Authenticator {
    let mut passkey = Authenticator::new(name.as_bytes(), "localhost", &format!("http://{}", browser.host()));
    let proof = made(&mut passkey, &browser.get("/passkeys").body);
    assert_eq!(browser.post("/passkeys", &[("proof", &proof)]).status, 303);
    passkey
}

#[test]
fn an_approval_takes_a_passkey_shown_for_that_proposal() {
    let house = House::open();
    let token = house.city.token.to_string();
    let (mut ashas, mut weis) = (passkey_of(&house.asha, "asha's"), passkey_of(&house.wei, "wei's"));
    let first = house.asha.asked("token", &token, "suspend_token", &[]);
    let second = house.asha.asked("token", &token, "delete_token", &[]);
    let approve = |proof: &str| house.wei.post(&format!("{first}/approve"), &[("proof", proof)]);
    let challenge = |browser: &Browser, proposal: &str| browser.get(proposal).body;

    let without = house.wei.approve(&first);
    assert_eq!(without.status, 403);
    assert!(without.body.contains("shown for this proposal"), "{}", without.body);
    let for_another = used(&mut weis, &challenge(&house.wei, &second));
    let to_come_in = used(&mut weis, &Browser::new(house.at).get("/enter").body);
    let anothers = used(&mut ashas, &challenge(&house.wei, &first));
    for proof in [for_another, to_come_in, anothers, "{}".to_owned()] {
        assert_eq!(approve(&proof).status, 403, "{proof}");
    }
    assert_eq!(house.state(&first), ProposalState::Asked);
    let proof = used(&mut weis, &challenge(&house.wei, &first));
    assert_eq!(approve(&proof).status, 303);
    assert_eq!(house.state(&first), ProposalState::Done);
    assert_eq!(approve(&proof).status, 403, "it was good once");
    let log = house.log();
    assert_eq!(log.iter().filter(|line| line.result == "passkey_needed").count(), 6);
}

fn recover(house: &House, key: &str, names: [&str; 2]) -> (u16, Value) {
    let host = house.asha.host();
    post(house.at, &host, "/recover", &json!({ "key": key, "operators": names }))
}

fn comes_back(house: &House, note: &Value, code: &Value) -> u16 {
    let browser = Browser::new(house.at);
    let link = note["link"].as_str().unwrap().split_once("link=").unwrap().1;
    let led = browser.post("/enter", &[("link", link)]);
    if led.header("location") != "/enrol" {
        return led.status;
    }
    let name = format!("new {}", note["name"]);
    let mut passkey = Authenticator::new(name.as_bytes(), "localhost", &format!("http://{}", browser.host()));
    let proof = made(&mut passkey, &browser.get("/enrol").body);
    browser.post("/enrol", &[("proof", &proof), ("code", code.as_str().unwrap())]).status
}

#[test]
fn two_who_lost_their_passkeys_come_back_with_each_others_help() {
    let house = House::open();
    let mut lost = passkey_of(&house.asha, "lost");
    let key = std::fs::read_to_string(house.city.data().join("platform/operators.key")).unwrap();
    assert_eq!(recover(&house, "guess", ["Asha", "Wei"]).0, 403);
    assert_eq!(recover(&house, &key, ["Asha", "Mallory"]).0, 409);
    assert_eq!(recover(&house, &key, ["Asha", "Asha"]).0, 409);
    let (status, notes) = recover(&house, &key, ["Asha", "Wei"]);
    assert_eq!(status, 200, "{notes}");
    let [asha, wei] = [&notes[0], &notes[1]];
    assert_eq!(comes_back(&house, asha, &asha["code_for_other"]), 403, "alone");
    assert_eq!(comes_back(&house, asha, &wei["code_for_other"]), 303);
    assert_eq!(comes_back(&house, asha, &wei["code_for_other"]), 403, "once");
    assert_eq!(house.asha.get("/").header("location"), "/enter", "what was open ended");
    assert_eq!(comes_back(&house, wei, &asha["code_for_other"]), 303);
    let browser = Browser::new(house.at);
    let proof = used(&mut lost, &browser.get("/enter").body);
    assert_eq!(browser.post("/enter", &[("proof", &proof)]).status, 403, "what was lost opens nothing");
    let acts: Vec<String> = house.log().into_iter().map(|line| line.act).collect();
    let count = |act: &str| acts.iter().filter(|known| *known == act).count();
    assert_eq!((count("recover"), count("return")), (2, 2), "{acts:?}");
}

fn patch(caller: &Caller, path: &str, body: &Value) -> crate::api::Answer {
    let key = crypto::hash::sha256(format!("{path} {body}").as_bytes());
    let key = hex::encode(&key[..8]);
    let headers = [("idempotency-key", key.as_str()), ("content-type", "application/json")];
    caller.send("PATCH", path, &headers, Some(body.to_string().into_bytes()))
}

#[test]
fn outside_a_sandbox_no_key_and_no_desk_does_alone_what_two_answer_for() {
    let house = House::of(SmallCity::planned(|plan| plan.test_mode = None));
    let (platform, noodles) = (Caller::new(&house.city, PLATFORM), Caller::new(&house.city, NOODLES));
    let (merchant, terminal) = (format!("/v1/merchants/{NOODLES_ID}"), "/v1/terminals/PZ000001".to_owned());
    let token = format!("/v1/tokens/{}", house.city.token);
    for (path, body) in [
        (&merchant, json!({"limit_payment": 1})),
        (&merchant, json!({"limit_daily": 1, "name": "X"})),
        (&merchant, json!({"status": "suspended"})),
        (&terminal, json!({"status": "blocked"})),
        (&terminal, json!({"status": "active"})),
    ] {
        let no = patch(&platform, path, &body);
        assert_eq!((no.status, no.problem().as_str()), (403, "two_operators_needed"), "{path} {body}");
        let where_to = no.json()["detail"].as_str().unwrap().to_owned();
        assert!(where_to.contains(&format!("http://{}/subject?kind=", house.asha.host())), "{where_to}");
    }
    for act in ["suspend", "resume", "delete"] {
        let no = platform.post(&format!("{token}/{act}"), act, &json!({}));
        assert_eq!((no.status, no.problem().as_str()), (403, "two_operators_needed"), "{act}");
    }
    let desk = house.city.desk("platform");
    let wish = json!({"tenant": "platform", "name": "alone"});
    assert_eq!(post(desk, &desk.to_string(), "/admin/keys", &wish).0, 403);
    let revocation = json!({"id": "key_00000000000000000000000001"});
    assert_eq!(post(desk, &desk.to_string(), "/admin/keys/revoke", &revocation).0, 403);

    // What harms nobody is done, and a shop stops its own terminal at once; letting it go on is for two.
    assert_eq!(patch(&platform, &merchant, &json!({"name": "PAIZA NOODLES 2"})).status, 200);
    assert_eq!(patch(&noodles, &terminal, &json!({"status": "blocked"})).status, 200);
    assert_eq!(patch(&noodles, &terminal, &json!({"status": "active"})).problem(), "two_operators_needed");
    let store = house.city.city.acquirer.store();
    let kept = store.read(|records| records.find::<Merchant>(&Id::from_u128(1))).unwrap().unwrap();
    assert_eq!((kept.name.as_str(), kept.limit_payment > 1), ("PAIZA NOODLES 2", true));
    house.asha.asked("terminal", "PZ000001", "unblock_terminal", &[]);
    assert!(!between(&house.asha.get("/proposals").body, "<tbody>", "</tbody>").is_empty());
}
