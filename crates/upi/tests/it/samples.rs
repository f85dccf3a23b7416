//! Messages and codes that were seen in the world.

use crate::support::{NOW, organisation, pinned, sample};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto::p256::VerifyingKey;
use serde_json::Value;
use upi::bharat::BharatCode;
use upi::link::{Kind, Link};
use upi::signature::KeyRing;
use upi::xml;

/// The network's own signature over its own messages, with the key it names in them: an anchor of the whole profile.
#[test]
fn messages_that_the_network_signed() {
    for file in ["resp-list-keys-2016-03-11.xml", "resp-list-keys-2015-12-31.xml"] {
        let Some(bytes) = sample(file) else { return };
        let root = xml::read(&bytes).unwrap().root;
        let number = |name: &str| {
            let text = root.walk().into_iter().find(|element| element.name == name).unwrap().text().unwrap();
            STANDARD.decode(text.split_ascii_whitespace().collect::<String>()).unwrap()
        };
        let key = crypto::rsa_signature::VerifyingKey::from_numbers(&number("Modulus"), &number("Exponent"))
            .unwrap();
        let mut ring = KeyRing::new();
        ring.pin(organisation("NPCI"), pinned(&key));
        let verified = ring.verify(&bytes, NOW).unwrap_or_else(|why| panic!("{file}: {why}"));
        assert_eq!(verified.sender().as_str(), "NPCI");
        let changed = String::from_utf8(bytes).unwrap().replace("result=\"SUCCESS\"", "result=\"FAILURE\"");
        assert!(ring.verify(changed.as_bytes(), NOW).is_err());
    }
}

fn json(file: &str) -> Option<Value> {
    sample(file).map(|bytes| serde_json::from_slice(&bytes).unwrap())
}

#[test]
fn links() {
    let Some(samples) = json("qr-upi-uri.json") else { return };
    let samples = samples.as_array().unwrap();
    assert!(samples.len() >= 7);
    for sample in samples {
        let (text, expect) = (sample["uri"].as_str().unwrap(), &sample["expect"]);
        let link = Link::parse(text).unwrap_or_else(|why| panic!("{}: {why}", sample["id"]));
        assert_eq!(link.text(), text, "byte for byte");
        let request = &link.request;
        let is = |field: &str, found: Option<String>| {
            if let Some(expected) = expect.get(field) {
                assert_eq!(expected.as_str().map(str::to_owned), found, "{} {field}", sample["id"]);
            }
        };
        is("kind", Some(if request.kind == Kind::Pay { "pay" } else { "mandate" }.to_owned()));
        is("pa", Some(request.payee.to_string()));
        is("pn", request.name.clone());
        is("mc", request.category.map(|mc| mc.to_string()));
        is("mode", request.mode.clone());
        is("purpose", request.purpose.clone());
        is("orgid", request.organisation.clone());
        is("tr", request.reference.clone());
        is("tn", request.note.clone());
        is("url", request.url.clone());
        for (field, found) in [("am_paise", request.amount), ("mam_paise", request.least)] {
            if let Some(expected) = expect.get(field) {
                assert_eq!(expected.as_u64(), found.map(values::Money::minor), "{} {field}", sample["id"]);
            }
        }
        assert_eq!(expect["signed"].as_bool().unwrap(), link.value("sign").is_some(), "{}", sample["id"]);
        if let Some(length) = expect.get("sig_der_len") {
            let der = STANDARD.decode(link.value("sign").unwrap()).unwrap();
            assert_eq!(length.as_u64().unwrap(), der.len() as u64);
        }
        for (key, value) in expect.get("unknown").and_then(Value::as_object).into_iter().flatten() {
            assert_eq!(link.value(key), value.as_str());
        }
        if let (Some(mandate), Some(validity)) = (&request.mandate, expect.get("validity")) {
            let day = |at: Option<values::Timestamp>| upi::time::write(at.unwrap())[..10].to_owned();
            assert_eq!(validity[0].as_str(), Some(day(mandate.starts).as_str()));
            assert_eq!(validity[1].as_str(), Some(day(mandate.ends).as_str()));
            assert_eq!(expect["revokable"].as_bool(), mandate.revocable);
            assert_eq!(expect["share"].as_bool(), mandate.shared);
            assert_eq!(expect["block"].as_bool(), mandate.blocked);
            assert_eq!(upi::time::parse(expect["expires"].as_str().unwrap()), request.expires);
            is("amrule", mandate.amount_rule.clone());
            is("recur", mandate.recurrence.clone());
            is("txnType", mandate.action.clone());
        }
    }
}

#[test]
fn signed_links() {
    let Some(samples) = json("qr-signed-composed.json") else { return };
    let pem = samples["public_key_pem"].as_str().unwrap();
    let key = VerifyingKey::from_spki(crypto::pem::read(pem).unwrap().1.expose()).unwrap();
    for text in samples["valid"].as_array().unwrap() {
        let text = text.as_str().unwrap();
        assert!(Link::parse(text).unwrap().verify(&key).is_ok(), "{text}");
        for (from, to) in [("chai.corner", "chal.corner"), ("Chai%20", "Chai+"), ("5814", "5815")] {
            let changed = text.replacen(from, to, 1);
            assert!(Link::parse(&changed).unwrap().verify(&key).is_err(), "{changed}");
        }
    }
}

#[test]
fn bharat_codes() {
    let Some(samples) = json("qr-bharat.json") else { return };
    for sample in samples.as_array().unwrap() {
        let (text, expect) = (sample["qr"].as_str().unwrap(), &sample["expect"]);
        let code = BharatCode::parse(text).unwrap_or_else(|why| panic!("{}: {why}", sample["id"]));
        assert_eq!(code.text(), text, "byte for byte");
        assert_eq!(expect["vpa"].as_str(), code.payee.as_ref().map(|payee| payee.as_str()));
        assert_eq!(expect["am_paise"].as_u64(), code.amount.map(values::Money::minor));
        for (field, found) in [
            ("tr", code.reference.clone()),
            ("mcc", code.category.map(|mcc| mcc.to_string())),
            ("name", Some(code.name.clone())),
            ("city", Some(code.city.clone())),
            ("pin", code.postal_code.clone()),
            ("ifsc", code.account.as_ref().map(|(ifsc, _)| ifsc.as_str().to_owned())),
            ("account", code.account.as_ref().map(|(_, number)| number.as_str().to_owned())),
        ] {
            if let Some(expected) = expect.get(field) {
                assert_eq!(expected.as_str(), found.as_deref(), "{} {field}", sample["id"]);
            }
        }
        if let Some(least) = expect.get("mam_paise") {
            assert_eq!(least.as_u64(), code.least.map(values::Money::minor));
        }
    }
}
