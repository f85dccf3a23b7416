//! What the documentation and the description say about the interface is tried.

use crate::api::{Caller, NOODLES, NOODLES_ID, PLATFORM};
use crate::small_city::SmallCity;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

/// The blocks of a language in docs/api.md.
fn blocks(language: &str) -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api.md");
    let text = std::fs::read_to_string(path).unwrap();
    let open = format!("```{language}\n");
    text.split(&open).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// Runs a program over a file; its output, or nothing where the machine has no such program.
fn run(program: &str, file: &Path) -> Option<String> {
    let Ok(output) = Command::new(program).arg(file).output() else {
        eprintln!("SKIPPED: there is no {program} on this machine");
        return None;
    };
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_ten_lines_of_the_documentation_take_a_payment() {
    let city = SmallCity::new();
    let folder = tempfile::tempdir().unwrap();
    let at = city.city.addresses.platform.to_string();
    let mut references = Vec::new();
    for (language, program, ending) in
        [("curl", "sh", "sh"), ("python", "python3", "py"), ("typescript", "node", "mjs")]
    {
        let [block] = &blocks(language)[..] else { panic!("one {language} block") };
        let file = folder.path().join(format!("example.{ending}"));
        std::fs::write(&file, block.replace("127.0.0.1:8080", &at)).unwrap();
        let Some(said) = run(program, &file) else { continue };
        let reference = match language {
            "curl" => serde_json::from_str::<Value>(&said).unwrap()["reference"].as_str().unwrap().to_owned(),
            _ => said.trim().strip_prefix("approved ").unwrap_or_else(|| panic!("{said}")).to_owned(),
        };
        references.push(reference);
    }
    assert!(!references.is_empty() && references.iter().all(|reference| *reference == references[0]));
    let listed = Caller::new(&city, NOODLES).get("/v1/payments").json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1, "one request, one payment");

    let [block] = &blocks("curl-batch")[..] else { panic!("one batch") };
    let file = folder.path().join("batch.sh");
    std::fs::write(&file, block.replace("127.0.0.1:8080", &at)).unwrap();
    if let Some(said) = run("sh", &file) {
        let said: Value = serde_json::from_str(&said).unwrap();
        let made = said["items"].as_array().unwrap().iter().all(|item| item["status"] == 201);
        assert!(made && said["items"].as_array().unwrap().len() == 2, "{said}");
    }
}

/// The receiver that the documentation shows believes what is signed and nothing else.
#[test]
fn the_documented_receiver_checks_what_it_gets() {
    let folder = tempfile::tempdir().unwrap();
    let [block] = &blocks("python-webhook")[..] else { panic!("one receiver") };
    // The example of the Standard Webhooks specification's reference libraries.
    let tried = r#"
secret, other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "A" * 32
good = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
body = b'{"test": 2432232314}'
def tried(secrets=[secret], signature=good, id="msg_p5jXN8AQM9LWM0D4loKWxJek", at="1614265330", body=body, now=1614265331):
    return verified(secrets, {"webhook-id": id, "webhook-timestamp": at, "webhook-signature": signature}, body, now)
yes = [tried(), tried(secrets=[other, secret]), tried(signature="v1,AAAA " + good), tried(signature=good + " v1a,x"),
       tried(now=1614265330 + 300)]
no = [tried(secrets=[other]), tried(body=body + b" "), tried(id="msg_other"), tried(at="1614265329"), tried(signature=""),
      tried(now=1614265330 + 301), tried(now=1614265330 - 301), tried(signature=good[3:]), tried(signature="v2," + good[3:])]
print(all(yes), any(no))
"#;
    let file = folder.path().join("receiver.py");
    std::fs::write(&file, format!("{block}{tried}")).unwrap();
    if let Some(said) = run("python3", &file) {
        assert_eq!(said.trim(), "True False");
    }
}

/// Where a value is not what a schema says.
fn breach(description: &Value, schema: &Value, value: &Value, place: &str) -> Option<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.strip_prefix("#/components/schemas/").unwrap();
        return breach(description, &description["components"]["schemas"][name], value, place);
    }
    if let Some(kinds) = schema["anyOf"].as_array() {
        let all = kinds.iter().all(|kind| breach(description, kind, value, place).is_some());
        return all.then(|| place.to_owned());
    }
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.clone(),
        one => vec![one.clone()],
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let words = schema["enum"].as_array();
    if !kinds.contains(&json!(kind)) || words.is_some_and(|words| !words.contains(value)) {
        return Some(format!("{place}: {value}"));
    }
    if let Some(text) = value.as_str() {
        let length = text.chars().count() as u64;
        let short = schema["minLength"].as_u64().is_some_and(|least| length < least);
        let long = schema["maxLength"].as_u64().is_some_and(|most| length > most);
        return (short || long).then(|| format!("{place}: {text}"));
    }
    if let Some(items) = value.as_array() {
        let each = items.iter().enumerate();
        return each
            .map(|(n, item)| breach(description, &schema["items"], item, &format!("{place}/{n}")))
            .find_map(|b| b);
    }
    let object = value.as_object()?;
    for name in schema["required"].as_array().into_iter().flatten() {
        if !object.contains_key(name.as_str().unwrap()) {
            return Some(format!("{place}/{name} is missing"));
        }
    }
    let known = |(name, inner): (&String, &Value)| match schema["properties"].get(name) {
        Some(schema) => breach(description, schema, inner, &format!("{place}/{name}")),
        None if schema["additionalProperties"] == false => Some(format!("{place}/{name} is not described")),
        None => None,
    };
    object.iter().find_map(known)
}

/// Every operation is tried as the description says, and answers what it says.
// long: one walk over all operations, with what each of them is about.
#[test]
fn every_example_works_and_every_answer_is_as_described() {
    let city = crate::phone_upi::city();
    let platform = Caller::new(&city, PLATFORM);
    let body = |value: u64, kind: &str| json!({"amount": {"value": value, "currency": "CNY"}, "test_card": "0016", "merchant": NOODLES_ID, "kind": kind});
    let pay = |key: &str, kind: &str| platform.post("/v1/payments", key, &body(1250, kind)).json();
    let (paid, voided, set_aside) = (pay("a", "sale"), pay("b", "sale"), pay("c", "pre_authorisation"));
    let wanted = json!({"amount": {"value": 1250, "currency": "CNY"}, "merchant": NOODLES_ID});
    let want = |key: &str| platform.post_at_once("/v1/payments", key, &wanted).json();
    let (waiting, unwanted) = (want("d"), want("e"));
    let refund = platform
        .post("/v1/refunds", "r", &json!({"payment": paid["id"], "amount": {"value": 1, "currency": "CNY"}}))
        .json();
    let hook = platform.post("/v1/webhook_endpoints", "w", &json!({"url": "http://127.0.0.1:9/"})).json();
    let struck = json!({"leg": "settlement-files", "what": "partial"});
    let fault = platform.post("/v1/test_helpers/faults", "f", &struck).json();
    let mut event = Value::Null;
    crate::street::eventually("an event", || {
        event = platform.get("/v1/events").json()["data"][0].clone();
        !event.is_null()
    });
    let token = platform.get(&format!("/v1/tokens/{}", city.token)).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut things = HashMap::from([
        ("{merchant}", NOODLES_ID.to_owned()),
        ("{terminal}", text(&paid["terminal"])),
        ("{refund}", text(&refund["id"])),
        ("{settlement}", format!("{}-{:06}", text(&paid["terminal"]), paid["batch"].as_u64().unwrap())),
        ("{token}", city.token.to_string()),
        ("{device}", text(&token["device"])),
        ("{event}", text(&event["id"])),
        ("{webhook_endpoint}", text(&hook["id"])),
        ("{fault}", text(&fault["id"])),
        ("{operation}", crate::api_exports::exported(&platform)),
    ]);
    let account = crate::api::by_account(&city);
    things.extend(account.iter().map(|(name, thing)| (*name, thing.clone())));
    let description = platform.get("/openapi.json").json();
    let paths = description["paths"].as_object().unwrap().iter();
    let mut operations: Vec<(&String, &String, &Value)> = paths
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().iter().map(move |(method, it)| (path, method, it))
        })
        .collect();
    // What is deleted is of no more use, and a clock that was moved on has left behind what was waited for.
    operations.sort_by_key(|(_, _, operation)| {
        let name = operation["operationId"].as_str().unwrap();
        (name.ends_with("_clock"), name.starts_with("delete"), name == "delete_faults")
    });
    for (path, method, operation) in operations {
        let name = operation["operationId"].as_str().unwrap();
        // A stream has no end; an export may have ended before anybody cancels it.
        if name == "stream_events" || name == "cancel_operation" {
            continue;
        }
        let payment = match name {
            "void_payment" => &voided,
            "complete_payment" => &set_aside,
            "present_card" => &waiting,
            "cancel_payment" => &unwanted,
            _ => &paid,
        };
        things.insert("{payment}", text(&payment["id"]));
        let at = things.iter().fold(path.clone(), |path, (name, thing)| path.replace(name, thing));
        let query = match path.as_str() {
            "/v1/payments" | "/v1/refunds" => format!("?merchant={NOODLES_ID}"),
            "/v1/upi/payments" | "/v1/upi/refunds" => "?merchant=mer_00000000000000000000000004".to_owned(),
            "/v1/tokens" => "?issuer=boc".to_owned(),
            "/v1/cards" | "/v1/devices" => format!("?customer={}", text(&token["customer"])),
            _ => String::new(),
        };
        let mut example =
            operation["requestBody"]["content"]["application/json"]["examples"]["sandbox"]["value"].clone();
        match name {
            "create_refund" => example["payment"] = paid["id"].clone(),
            "create_upi_refund" => example["payment"] = json!(things["{upi_payment}"]),
            _ => {}
        }
        let answer = match method.as_str() {
            "get" => platform.get(&format!("{at}{query}")),
            _ if example.is_null() => platform.send("POST", &at, &[("idempotency-key", name)], None),
            method => {
                let headers = [("idempotency-key", name), ("content-type", "application/json")];
                platform.send(&method.to_uppercase(), &at, &headers, Some(example.to_string().into_bytes()))
            }
        };
        let described = &operation["responses"][answer.status.to_string()];
        assert!(
            (200..300).contains(&answer.status) && !described.is_null(),
            "{name}: {} {}",
            answer.status,
            answer.text
        );
        let kind = answer.header("content-type").split(';').next().unwrap();
        let told = &described["content"][kind];
        assert!(!told.is_null(), "{name}: {kind} is not described");
        if kind != "application/json" {
            continue;
        }
        let schema = &told["schema"];
        assert_eq!(breach(&description, schema, &answer.json(), ""), None, "{name}: {}", answer.text);
    }
    let problem = &description["components"]["schemas"]["Problem"];
    let unknown = platform.get("/v1/merchants/mer_1").json();
    assert_eq!(breach(&description, problem, &unknown, ""), None);
    let wrong = breach(&description, &description["components"]["schemas"]["Merchant"], &unknown, "");
    assert!(wrong.is_some(), "this check can fail");
}

/// The description that is kept beside the documentation is the one that is served.
/// `PAIZA_UPDATE=1 cargo test -p server --test it kept_description` writes it anew.
#[test]
fn the_kept_description_is_the_one_that_is_served() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let served = server::platform_http::developers::openapi::text();
    if std::env::var_os("PAIZA_UPDATE").is_some() {
        std::fs::write(path, &served).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap();
    assert!(kept == served, "docs/openapi.json is not what the routes say; see this test");
}
