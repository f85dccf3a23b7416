//! The tools of account payment over HTTP: what `paiza upi` says of a text or a message, and that nothing hostile gets further here.

use crate::api::{Answer, BOOKS, Caller, NOODLES, PLATFORM};
use crate::small_city::SmallCity;
use serde_json::{Value, json};

/// A balance enquiry of the sandbox's provider, with what is to stand around it and in it.
fn message(before: &str, note: &str) -> String {
    format!(
        "{before}<upi:ReqBalEnq xmlns:upi=\"http://npci.org/upi/schema/\"><Head ver=\"2.0\" \
         ts=\"2026-11-22T05:30:00.000+05:30\" orgId=\"700001\" msgId=\"PZA0d8f2b1c4e6a4f7ab2c3d4e5f6071829\"/><Txn \
         id=\"PZAa1b2c3d4e5f60718293a4b5c6d7e8f90\" ts=\"2026-11-22T05:30:00.000+05:30\" type=\"BalEnq\"{note}/><Payer \
         addr=\"asha@paiza\" type=\"PERSON\" code=\"0000\"/></upi:ReqBalEnq>"
    )
}

/// Asks without a request key: a question needs none.
fn ask(caller: &Caller, tool: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    caller.send("POST", &format!("/v1/upi/{tool}"), &headers, Some(body.to_string().into_bytes()))
}

fn told(caller: &Caller, tool: &str, body: &Value) -> Value {
    let answer = ask(caller, tool, body);
    assert_eq!(answer.status, 200, "{tool}: {}", answer.text);
    answer.json()
}

/// The problem that it has to be, and the rule with which its detail begins.
fn problem(caller: &Caller, tool: &str, body: &Value) -> (String, String) {
    let answer = ask(caller, tool, body);
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    (answer.problem(), detail.split(':').next().unwrap().to_owned())
}

#[test]
fn codes_are_read_made_and_signed() {
    let city = SmallCity::new();
    let caller = Caller::new(&city, NOODLES);
    let wanted = json!({
        "payee": "chai.corner@paiza", "name": "Chai Corner", "amount": {"value": 3000, "currency": "INR"},
        "category": "5814", "reference": "ORD42", "sign": true,
    });
    let made = told(&caller, "codes/make", &wanted);
    let read = |text: &Value, key: &Value| {
        let body = if key.is_null() { json!({"text": text}) } else { json!({"text": text, "key": key}) };
        told(&caller, "codes/parse", &body)
    };
    let parsed = read(&made["text"], &made["key"]);
    assert_eq!(
        [&parsed["ok"], &parsed["am_paise"], &parsed["orgid"], &parsed["signature"], &parsed["text"]],
        [&json!(true), &json!(3000), &json!("700001"), &json!("verified"), &made["text"]]
    );
    // One letter of it is another: the same key says no, and without a key nobody says yes.
    let changed = json!(made["text"].as_str().unwrap().replace("am=30.00", "am=80.00"));
    let refused = read(&changed, &made["key"]);
    assert_eq!((&refused["ok"], &refused["code"]), (&json!(false), &json!("signature_wrong")));
    assert_eq!(read(&changed, &Value::Null)["signature"], "unchecked");

    let shown =
        json!({"payee": "chai.corner@paiza", "name": "CHAI CORNER", "category": "5814", "city": "PUNE"});
    let bharat = told(&caller, "codes/make", &shown);
    let parsed = read(&bharat["text"], &Value::Null);
    assert_eq!([&parsed["kind"], &parsed["vpa"], &parsed["poi"]], ["bharat", "chai.corner@paiza", "11"]);
}

#[test]
fn hostile_codes_are_refused_with_rule_and_byte() {
    let city = SmallCity::new();
    let caller = Caller::new(&city, NOODLES);
    for (text, code, at) in [
        ("upi://collect?pa=a@b", "collect_link", Value::Null),
        ("upi://pay?pa=ch\u{430}i@paiza", "payee_invalid", json!(10)),
        ("upi://pay?pa=a@b&am=1e3", "value_invalid", json!(17)),
        ("upi://pay?pa=a@b&am=30.001", "value_invalid", json!(17)),
        ("upi://pay?pa=a@b&am=-1", "value_invalid", json!(17)),
        ("upi://pay?pa=a@b&am=1&AM=2", "parameter_repeated", json!(22)),
        ("upi://pay?pa=a@b&pn=x%E2%80%AEy", "text_hidden", json!(17)),
        ("upi://pay?pa=a@b&sign=MEUCIQ&x=1", "signature_not_last", json!(29)),
        ("upi://pay?pa=%zz", "escape_invalid", json!(13)),
        ("javascript:alert(1)", "not_a_link", Value::Null),
        ("00020101021163040000", "checksum_wrong", Value::Null),
    ] {
        let refused = told(&caller, "codes/parse", &json!({"text": text}));
        assert_eq!(
            [&refused["ok"], &refused["code"], &refused["at"]],
            [&json!(false), &json!(code), &at],
            "{text}"
        );
    }
    // What could not be read is not made either.
    for (body, rule) in [
        (json!({"payee": "nobody"}), "payee_invalid"),
        (json!({"payee": "a@b", "note": "x\u{202e}y"}), "text_hidden"),
        (json!({"payee": "a@b", "amount": {"value": 100, "currency": "CNY"}}), "value_invalid"),
        (json!({"payee": "a@b", "amount": {"value": 0, "currency": "INR"}}), "value_invalid"),
        (json!({"payee": "a@b", "parameters": [{"name": "pa", "value": "c@d"}]}), "parameter_repeated"),
        (json!({"payee": "a@b", "parameters": [{"name": "a&b", "value": "c"}]}), "parameter_name_invalid"),
        (
            json!({"payee": "a@b", "sign": true, "parameters": [{"name": "orgid", "value": "1"}]}),
            "organisation_unknown",
        ),
        (json!({"payee": "a@b", "city": "PUNE"}), "object_missing"),
        (json!({"payee": "a@b", "city": "PUNE", "note": "x"}), "not_in_a_code"),
    ] {
        let said = problem(&caller, "codes/make", &body);
        assert_eq!(said, ("upi_code_refused".to_owned(), rule.to_owned()), "{body}");
    }
    let no_key = json!({"text": "upi://pay?pa=a@b", "key": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"});
    assert_eq!(problem(&caller, "codes/parse", &no_key).0, "upi_key_refused");
}

#[test]
fn messages_are_linted_signed_and_verified() {
    let city = SmallCity::new();
    let caller = Caller::new(&city, BOOKS);
    let plain = message("", "");
    assert_eq!(told(&caller, "messages/lint", &json!({"document": plain}))["findings"], json!([]));
    let gift = plain.replace("\"BalEnq\"", "\"Gift\"");
    let linted = told(&caller, "messages/lint", &json!({"document": gift}));
    assert_eq!(
        (&linted["ok"], &linted["findings"][0]["path"]),
        (&json!(false), &json!("/ReqBalEnq/Txn/@type"))
    );
    assert!(linted["findings"][0]["at"].is_u64() && linted["findings"][0]["code"].is_string());

    let unsigned = told(&caller, "messages/verify", &json!({"document": plain}));
    assert_eq!((&unsigned["ok"], &unsigned["code"]), (&json!(false), &json!("U15")));
    let signed = told(&caller, "messages/sign", &json!({"document": plain}));
    assert_eq!(signed["organisation"], "700001");
    let verified = told(&caller, "messages/verify", &json!({"document": signed["document"]}));
    assert_eq!(verified, json!({"ok": true, "sender": "700001"}));
    // By another key, which is all that is handed over here, it is nobody's.
    let other = crypto::rsa_signature::SigningKey::generate().public().to_spki();
    let other = crypto::pem::write("PUBLIC KEY", &other);
    let keys = json!([{"organisation": "700001", "key": other}]);
    let refused = told(&caller, "messages/verify", &json!({"document": signed["document"], "keys": keys}));
    assert_eq!(refused["code"], "U55");
    let elsewhere = json!([{"organisation": "701001", "key": other}]);
    let refused =
        told(&caller, "messages/verify", &json!({"document": signed["document"], "keys": elsewhere}));
    assert_eq!(refused["code"], "U17");
    let broken = json!([{"organisation": "700001", "key": "no key"}]);
    assert_eq!(
        problem(&caller, "messages/verify", &json!({"document": plain, "keys": broken})).0,
        "upi_key_refused"
    );

    for (document, rule) in [
        (signed["document"].as_str().unwrap().to_owned(), "U15"),
        (plain.replace("700001", "799999"), "U17"),
        (plain.replace(" orgId=\"700001\"", ""), "U52"),
        ("<a".to_owned(), "U05"),
    ] {
        let said = problem(&caller, "messages/sign", &json!({"document": document}));
        assert_eq!(said, ("upi_message_refused".to_owned(), rule.to_owned()));
    }
}

#[test]
fn hostile_messages_get_no_further() {
    let city = SmallCity::new();
    let caller = Caller::new(&city, PLATFORM);
    for (document, says) in [
        (message("<!DOCTYPE x [<!ENTITY a \"b\">]>", ""), "document type"),
        (message("", " note=\"&a;\""), "entit"),
        (message("<!-- x -->", ""), "comment"),
        (message("<?php x?>", ""), "instruction"),
        (message("", "><![CDATA[x]]></Txn><Txn"), "CDATA"),
        ("<a>".repeat(100), "deep"),
        ("\u{0}".to_owned(), ""),
        (format!("<a>{}</a>", "x".repeat(280_000)), ""),
    ] {
        let linted = told(&caller, "messages/lint", &json!({"document": document}));
        let finding = &linted["findings"][0];
        assert_eq!((&linted["ok"], &finding["code"]), (&json!(false), &json!("U05")), "{says}");
        assert!(finding["problem"].as_str().unwrap().contains(says), "{finding}");
        let refused = told(&caller, "messages/verify", &json!({"document": document}));
        assert_eq!((&refused["ok"], &refused["code"]), (&json!(false), &json!("U05")), "{says}");
        assert!(refused["at"].is_u64());
        assert_eq!(problem(&caller, "messages/sign", &json!({"document": document})).1, "U05");
    }
    let signed = told(&caller, "messages/sign", &json!({"document": message("", "")}));
    let signed = signed["document"].as_str().unwrap();
    let (from, to) =
        (signed.find("<Signature").unwrap(), signed.find("</Signature>").unwrap() + "</Signature>".len());
    let signature = &signed[from..to];
    let value = signature.split("<SignatureValue>").nth(1).unwrap().split('<').next().unwrap();
    for (what, document, code) in [
        ("changed after it was signed", signed.replace("asha@", "ravi@"), "U15"),
        ("stripped", signed.replace(signature, ""), "U15"),
        ("twice", signed.replace(signature, &signature.repeat(2)), "U15"),
        ("misplaced", signed.replace(signature, &format!("<Meta>{signature}</Meta>")), "U15"),
        // The signed document lies in one that says something else.
        (
            "wrapped",
            signed.replace("<Head", &format!("<Ext>{}</Ext><Head", message("", "")).replace("asha", "ravi")),
            "U15",
        ),
        ("lenient base64", signed.replace(value, &value.replace('=', "")), "U15"),
        ("base64 with something in it", signed.replace(value, &format!("{value}!")), "U15"),
        ("a part of it", signed.replace("URI=\"\"", "URI=\"#x\""), "U15"),
    ] {
        let refused = told(&caller, "messages/verify", &json!({"document": document}));
        assert_eq!((&refused["ok"], &refused["code"]), (&json!(false), &json!(code)), "{what}: {refused}");
    }
    assert_eq!(
        told(&caller, "messages/verify", &json!({"document": signed}))["ok"],
        true,
        "so each was refused for what it says"
    );
}

/// Nothing is signed with public keys where anything real might believe it.
#[test]
fn nothing_is_signed_outside_a_sandbox() {
    let city = SmallCity::new();
    let caller = Caller::at(&crate::api_problems::alone(&city).to_string(), PLATFORM);
    let document = json!({"document": message("", "")});
    assert_eq!(ask(&caller, "messages/sign", &document).problem(), "test_mode_only");
    assert_eq!(ask(&caller, "messages/verify", &document).problem(), "test_mode_only");
    let link = json!({"payee": "a@b", "sign": true});
    assert_eq!(ask(&caller, "codes/make", &link).problem(), "test_mode_only");
    assert_eq!(told(&caller, "messages/lint", &document)["ok"], true);
    assert_eq!(told(&caller, "codes/make", &json!({"payee": "a@b"}))["text"], "upi://pay?pa=a@b&cu=INR");
}
