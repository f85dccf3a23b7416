//! What a phone sends again under the same request key is answered as it was the first time.

use crate::small_city::SmallCity;
use crate::street::eventually;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crypto::p256::SigningKey;
use server::api::{ConfirmDevice, DeviceConfirmed, DeviceRegistered, RegisterDevice};
use server::client::{Client, ClientError, Freshness};
use server::hosts::telephone::Telephone;
use server::phone::DeviceKeyring;

const NUMBER: &str = "+8613800007777";

fn fresh(city: &SmallCity) -> Freshness {
    Freshness { now: store::Clock::now(&*city.clock), nonce: crypto::random::bytes() }
}

fn code<A>(answer: Result<A, ClientError>) -> String {
    answer.err().and_then(|error| error.code().map(str::to_owned)).unwrap_or_default()
}

/// The newest code in the inbox, which reaches it some time after it was asked for.
fn sent(city: &SmallCity) -> String {
    let telephone = Telephone::at(city.city.addresses.telephone, None);
    let mut texts = Vec::new();
    eventually("the code arrives", || {
        texts = telephone.inbox(NUMBER, 0).unwrap();
        !texts.is_empty()
    });
    let digits = |part: &&str| part.len() == 6 && part.bytes().all(|byte| byte.is_ascii_digit());
    let newest = &texts.last().unwrap().1.text;
    newest.split(|letter: char| !letter.is_ascii_digit()).find(digits).unwrap().to_owned()
}

#[test]
fn a_repeat_is_answered_once_carried_out_and_kept_sealed() {
    let city = SmallCity::new();
    let platform = city.city.addresses.platform.to_string();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("keystore");
    let key = DeviceKeyring::create(&at).unwrap().signing;
    let public = URL_SAFE_NO_PAD.encode(key.public().to_sec1());
    let wish = RegisterDevice {
        phone_number: NUMBER.to_owned(),
        name: "phone".to_owned(),
        signing_key: public.clone(),
        agreement_key: public.clone(),
        verification_key: public.clone(),
    };
    let client = Client::new(&platform, "new", key);
    let register =
        |wish: &RegisterDevice| client.post::<DeviceRegistered>("/v1/devices", "one", wish, &fresh(&city));
    let first = register(&wish).unwrap();
    assert_eq!(register(&wish).unwrap().device, first.device, "one device");
    let other = RegisterDevice { name: "another".to_owned(), ..wish.clone() };
    assert_eq!(code(register(&other)), "idempotency_key_reused");

    let client = Client::new(&platform, &first.device, DeviceKeyring::open(&at).unwrap().signing);
    let path = format!("/v1/devices/{}/confirm", first.device);
    let confirm = |request_key: &str, code: &str| {
        let wish = ConfirmDevice { phone_number: NUMBER.to_owned(), code: code.to_owned() };
        client.post::<DeviceConfirmed>(&path, request_key, &wish, &fresh(&city))
    };
    let right = sent(&city);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    // A wrong code is counted once, however often its request is repeated.
    for _ in 0..12 {
        assert_eq!(code(confirm("wrong", wrong)), "code_wrong");
    }
    let bound = confirm("right", &right).unwrap();
    let again = confirm("right", &right).unwrap();
    assert_eq!((&again.customer, &again.recovery_code), (&bound.customer, &bound.recovery_code));
    let secret = bound.recovery_code.unwrap();
    let rows = city.city.tokens.store().rows("SELECT body FROM answers", &[]).unwrap().rows;
    assert!(rows.len() >= 3);
    for row in rows {
        let Some(store::Value::Text(body)) = row.first() else { panic!("a body") };
        assert!(!body.contains(&secret) && !body.contains(&first.device), "what is remembered is sealed");
    }
    // Under another's signature the same key is another request, and a signature is good once.
    let thief = Client::new(&platform, &first.device, SigningKey::generate());
    let stolen = ConfirmDevice { phone_number: NUMBER.to_owned(), code: right };
    let answer = thief.post::<DeviceConfirmed>(&path, "right", &stolen, &fresh(&city));
    assert_eq!(code(answer), "signature_invalid");
}
