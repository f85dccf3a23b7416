//! What every noun of the interface does alike: tags, metadata, filters, links, totals, versions.

use crate::api::{Answer, BOOKS, Caller, NOODLES, NOODLES_ID, PLATFORM};
use crate::small_city::SmallCity;
use serde_json::{Value, json};

const BOC: &str = "sk_test_bankboc00000000000000000";

fn patch(caller: &Caller, path: &str, key: &str, tag: Option<&str>, body: &Value) -> Answer {
    let mut headers = vec![("idempotency-key", key), ("content-type", "application/json")];
    headers.extend(tag.map(|tag| ("if-match", tag)));
    caller.send("PATCH", path, &headers, Some(body.to_string().into_bytes()))
}

fn post_if(caller: &Caller, path: &str, key: &str, tag: &str) -> Answer {
    caller.send("POST", path, &[("idempotency-key", key), ("if-match", tag)], None)
}

fn pay(caller: &Caller, key: &str, metadata: &Value) -> Value {
    let amount = json!({"value": 1250, "currency": "CNY"});
    let paid = caller.post(
        "/v1/payments",
        key,
        &json!({"amount": amount, "test_card": "0016", "metadata": metadata}),
    );
    assert_eq!(paid.status, 201, "{}", paid.text);
    paid.json()
}

fn ids(page: &Answer) -> Vec<String> {
    assert_eq!(page.status, 200, "{}", page.text);
    page.json()["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_change_that_was_overtaken_is_refused() {
    let city = SmallCity::new();
    let platform = Caller::new(&city, PLATFORM);
    let at = format!("/v1/merchants/{NOODLES_ID}");
    let first = platform.get(&at);
    let tag = first.header("etag").to_owned();
    assert_eq!((tag.len(), platform.get(&at).header("etag")), (34, tag.as_str()));

    // Eight want to change what they read; one does.
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let change = |n: u32| {
            let (platform, at, tag) = (&platform, &at, &tag);
            scope.spawn(move || {
                patch(platform, at, &format!("race-{n}"), Some(tag), &json!({"limit_payment": 1000 + n}))
            })
        };
        let callers: Vec<_> = (0..8).map(change).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    });
    let won: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    let [won] = won[..] else { panic!("{} won", won.len()) };
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.problem() == "precondition_failed"));
    assert_eq!(platform.get(&at).text, won.text, "the answer is the thing as it stands");
    let now = platform.get(&at).header("etag").to_owned();
    assert_eq!(won.header("etag"), now);
    assert_ne!(now, tag);

    // A repeat of what was done gets its answer, whatever the tag says by now.
    let winner = answers.iter().position(|answer| answer.status == 200).unwrap();
    let again = patch(
        &platform,
        &at,
        &format!("race-{winner}"),
        Some(&tag),
        &json!({"limit_payment": 1000 + winner}),
    );
    assert_eq!((again.header("idempotent-replayed"), &again.text), ("true", &won.text));
    for (n, (tags, status)) in
        [("*", 200), (&format!("\"0\", {now}"), 412), ("\"0\"", 412), ("W/\"0\"", 412), ("0", 400)]
            .iter()
            .enumerate()
    {
        let answer = patch(&platform, &at, &format!("t{n}"), Some(tags), &json!({"city": "X"}));
        assert_eq!(answer.status, *status, "{tags}: {}", answer.text);
        if answer.status == 400 {
            assert_eq!(answer.json()["param"], "If-Match");
        }
    }
}

#[test]
fn every_noun_that_changes_looks_at_the_tag() {
    let city = SmallCity::new();
    let (platform, noodles, boc) =
        (Caller::new(&city, PLATFORM), Caller::new(&city, NOODLES), Caller::new(&city, BOC));
    let paid = pay(&noodles, "p", &json!({}));
    let payment = format!("/v1/payments/{}", paid["id"].as_str().unwrap());
    let terminal = format!("/v1/terminals/{}", paid["terminal"].as_str().unwrap());
    let hook = noodles.post("/v1/webhook_endpoints", "w", &json!({"url": "http://127.0.0.1:9/"})).json();
    let endpoint = format!("/v1/webhook_endpoints/{}", hook["id"].as_str().unwrap());
    let token = format!("/v1/tokens/{}", city.token);
    let old = "\"00000000000000000000000000000000\"";
    for (caller, at, body) in [
        (&platform, format!("/v1/merchants/{NOODLES_ID}"), json!({"status": "suspended"})),
        (&noodles, terminal, json!({"status": "blocked"})),
        (&noodles, payment.clone(), json!({"metadata": {"a": "b"}})),
        (&noodles, endpoint.clone(), json!({"status": "disabled"})),
    ] {
        let before = caller.get(&at);
        assert_eq!(patch(caller, &at, "o", Some(old), &body).problem(), "precondition_failed", "{at}");
        assert_eq!(caller.get(&at).text, before.text, "{at}");
        let done = patch(caller, &at, "n", Some(before.header("etag")), &body);
        assert_eq!((done.status, done.text == before.text), (200, false), "{at}: {}", done.text);
        assert_eq!(caller.get(&at).header("etag"), done.header("etag"), "{at}");
        // Everything back to where it was, for what comes after.
        let back = json!({"status": before.json()["status"]});
        if body["status"].is_string() {
            assert_eq!(patch(caller, &at, "b", None, &back).text, before.text, "{at}");
        }
    }
    for (caller, at) in [
        (&noodles, format!("{payment}/void")),
        (&boc, format!("{token}/suspend")),
        (&boc, format!("{token}/resume")),
        (&noodles, format!("{endpoint}/delete")),
    ] {
        assert_eq!(post_if(caller, &at, "o", old).problem(), "precondition_failed", "{at}");
    }
    assert_eq!(noodles.get(&payment).json()["status"], "approved", "nothing was voided");
    let tag = noodles.get(&payment).header("etag").to_owned();
    assert_eq!(post_if(&noodles, &format!("{payment}/void"), "n", &tag).status, 200);
    let tag = boc.get(&token).header("etag").to_owned();
    let suspended = post_if(&boc, &format!("{token}/suspend"), "n", &tag);
    assert_eq!((suspended.status, &suspended.json()["status"]), (200, &json!("suspended")));
    assert_eq!(boc.get(&token).header("etag"), suspended.header("etag"));
    assert_eq!(post_if(&noodles, &format!("{endpoint}/delete"), "n", "*").status, 200);
}

#[test]
fn callers_write_onto_things_and_find_them_by_it() {
    let city = SmallCity::new();
    let (platform, noodles) = (Caller::new(&city, PLATFORM), Caller::new(&city, NOODLES));
    let first = pay(&noodles, "1", &json!({"order": "2211", "till": "left"}));
    let second = pay(&noodles, "2", &json!({"order": "2212"}));
    assert_eq!(first["metadata"], json!({"order": "2211", "till": "left"}));
    let at = format!("/v1/payments/{}", first["id"].as_str().unwrap());
    assert_eq!(noodles.get(&at).json()["metadata"], first["metadata"]);

    let merged =
        patch(&noodles, &at, "m", None, &json!({"metadata": {"till": null, "guest": "Mei & \u{96f6}"}}));
    assert_eq!(
        merged.json()["metadata"],
        json!({"guest": "Mei & \u{96f6}", "order": "2211"}),
        "{}",
        merged.text
    );
    let found = |query: &str| ids(&noodles.get(&format!("/v1/payments?{query}")));
    assert_eq!(found("metadata[order]=2212"), [second["id"].as_str().unwrap()]);
    assert_eq!(
        found("metadata%5Bguest%5D=Mei+%26+%E9%9B%B6&metadata[order]=2211"),
        [first["id"].as_str().unwrap()]
    );
    assert!(found("metadata[till]=left").is_empty(), "what was taken away finds nothing");
    assert!(found("metadata[order]=2212&metadata[guest]=x").is_empty());
    assert!(ids(&Caller::new(&city, BOOKS).get("/v1/payments?metadata[order]=2211")).is_empty());

    // At most fifty words of at most five hundred characters.
    let words = |count: usize| -> Value {
        json!({"metadata": (0..count).map(|n| (format!("k{n}"), json!("v"))).collect::<serde_json::Map<_, _>>()})
    };
    assert_eq!(patch(&noodles, &at, "51", None, &words(51)).json()["param"], "/metadata");
    assert_eq!(
        patch(&noodles, &at, "49", None, &words(49)).json()["param"],
        "/metadata",
        "two are there already"
    );
    assert_eq!(patch(&noodles, &at, "48", None, &words(48)).status, 200);
    let long = |count: usize| json!({"metadata": {"order": "\u{96f6}".repeat(count)}});
    assert_eq!(patch(&noodles, &at, "501", None, &long(501)).json()["param"], "/metadata/order");
    assert_eq!(patch(&noodles, &at, "500", None, &long(500)).status, 200);

    // Each noun that has metadata takes it when it is made, and lists by it.
    let metadata = json!({"made": "here"});
    let tea =
        json!({"name": "TEA", "city": "X", "category": "5499", "currency": "CNY", "metadata": metadata});
    let half =
        json!({"payment": first["id"], "amount": {"value": 1, "currency": "CNY"}, "metadata": metadata});
    let hook = json!({"url": "http://127.0.0.1:9/", "metadata": metadata});
    for (caller, list, body) in [
        (&platform, "/v1/merchants", tea),
        (&noodles, "/v1/terminals", json!({"metadata": metadata})),
        (&noodles, "/v1/refunds", half),
        (&noodles, "/v1/webhook_endpoints", hook),
    ] {
        let made = caller.post(list, "made", &body);
        assert_eq!((made.status, &made.json()["metadata"]), (201, &metadata), "{list}: {}", made.text);
        let page = caller.get(&format!("{list}?metadata[made]=here&include=total"));
        assert_eq!(ids(&page), [made.json()["id"].as_str().unwrap()], "{list}");
        assert_eq!(page.json()["total"], 1, "{list}");
    }
    let city = city.restarted(|_| ());
    let noodles = Caller::new(&city, NOODLES);
    assert_eq!(noodles.get(&at).json()["metadata"]["guest"], "Mei & \u{96f6}", "after a restart");
}

#[test]
fn lists_are_narrowed_by_what_their_things_have() {
    let mut city = SmallCity::new();
    city.clock.advance(std::time::Duration::from_secs(1));
    let noodles = Caller::new(&city, NOODLES);
    let early = pay(&noodles, "1", &json!({}));
    city.clock.advance(std::time::Duration::from_secs(60));
    let late = pay(&noodles, "2", &json!({}));
    let (early_id, late_id) = (early["id"].as_str().unwrap(), late["id"].as_str().unwrap());
    let at = late["created_at"].as_str().unwrap();
    let found = |query: &str| ids(&noodles.get(&format!("/v1/payments?{query}")));
    assert_eq!(found(&format!("created[gte]={at}")), [late_id]);
    assert_eq!(found(&format!("created[lt]={at}")), [early_id]);
    assert_eq!(found(&format!("created[lte]={at}")), [late_id, early_id]);
    assert!(found(&format!("created[gt]={at}")).is_empty());
    let void = format!("/v1/payments/{late_id}/void");
    noodles.send("POST", &void, &[("idempotency-key", "v")], None);
    crate::street::eventually("the void is done", || {
        noodles.get(&format!("/v1/payments/{late_id}")).json()["status"] == "voided"
    });
    assert_eq!(
        (found("status=voided"), found("status=approved")),
        (vec![late_id.into()], vec![early_id.into()])
    );
    assert_eq!(noodles.post("/v1/settlements", "s", &json!({})).status, 201);
    assert_eq!(found("status=captured&kind=sale"), [early_id]);
    assert!(found("status=approved").is_empty() && found("kind=pre_authorisation").is_empty());
    let terminal = early["terminal"].as_str().unwrap();
    assert_eq!(found(&format!("terminal={terminal}&batch=1")).len(), 2);
    assert!(found(&format!("terminal={terminal}&batch=2")).is_empty());
    let reference = early["reference"].as_str().unwrap();
    assert_eq!(found(&format!("reference={reference}")), [early_id]);
    // Every status that the shape knows is a question that the tables understand.
    for status in ["pending", "completed", "declined", "reversing", "reversed", "voiding"] {
        assert!(found(&format!("status={status}")).is_empty(), "{status}");
    }
    for (path, count) in [
        ("/v1/settlements?status=captured", 1),
        (&format!("/v1/settlements?status=open&terminal={terminal}"), 1),
        ("/v1/terminals?status=blocked", 0),
        (&format!("/v1/terminals?merchant={NOODLES_ID}&status=active&limit=100"), 2),
        (&format!("/v1/events?type=payment.approved&object={early_id}"), 1),
        (&format!("/v1/events?object={early_id}&created[gt]={at}"), 0),
    ] {
        crate::street::eventually(path, || ids(&noodles.get(path)).len() == count);
    }
    let boc = Caller::new(&city, BOC);
    for (query, count) in
        [("status=active", 1), ("status=suspended", 0), ("status=inactive", 0), ("status=deleted", 0)]
    {
        let page = boc.get(&format!("/v1/tokens?{query}&include=total&customer={}", city.record().customer));
        assert_eq!((ids(&page).len(), &page.json()["total"]), (count, &json!(count)), "{query}");
    }
    for wrong in
        ["status=on", "created[gte]=yesterday", "created[eq]=1", "expand[]=card", "include=all", "metadata=x"]
    {
        assert_eq!(noodles.get(&format!("/v1/payments?{wrong}")).status, 400, "{wrong}");
    }
    let _ = city.open_terminal();
}

#[test]
fn links_are_expanded_as_deep_as_they_may_be_and_no_further_than_the_key_sees() {
    let city = SmallCity::new();
    let (platform, noodles, boc) =
        (Caller::new(&city, PLATFORM), Caller::new(&city, NOODLES), Caller::new(&city, BOC));
    let paid = pay(&noodles, "1", &json!({}));
    let at = format!("/v1/payments/{}", paid["id"].as_str().unwrap());
    let merchant = noodles.get(&format!("/v1/merchants/{NOODLES_ID}")).json();
    let whole = noodles.get(&format!("{at}?expand[]=merchant&expand[]=terminal.merchant"));
    assert_eq!(whole.json()["merchant"], merchant);
    assert_eq!(whole.json()["terminal"]["merchant"], merchant);
    assert_eq!(whole.json()["terminal"]["id"], paid["terminal"]);
    assert_eq!(whole.header("etag"), noodles.get(&at).header("etag"), "the tag is the thing's own");
    let plain = noodles.get(&at).text;
    let reading_order = |text: &str| text.find("\"status\"").unwrap() < text.find("\"amount\"").unwrap();
    assert!(reading_order(&plain) && reading_order(&whole.text), "members stay in their order");
    let list = noodles.get("/v1/payments?expand%5B%5D=terminal").json();
    assert_eq!(list["data"][0]["terminal"]["id"], paid["terminal"]);
    let deep = noodles.get(&format!("{at}?expand[]=terminal.merchant.x"));
    assert_eq!((deep.problem().as_str(), &deep.json()["param"]), ("parameter_invalid", &json!("expand[]")));

    // A bank knows the tokens of its cards, not the phones they live on.
    let token = format!("/v1/tokens/{}?expand[]=device", city.token);
    assert!(boc.get(&token).json()["device"].is_string());
    assert_eq!(platform.get(&token).json()["device"]["status"], "active");
    let customer = city.record().customer;
    let cards = boc.get(&format!("/v1/cards?customer={customer}&expand[]=tokens")).json();
    assert_eq!(cards["data"][0]["tokens"][0]["id"], city.token.to_string());

    // What a key may not retrieve, it may not expand.
    let desk = city.desk("platform");
    let wish = json!({"tenant": NOODLES_ID, "name": "narrow", "scopes": ["payments:read"]});
    let made = server::client::agent()
        .post(format!("http://{desk}/admin/keys"))
        .header("content-type", "application/json")
        .send(wish.to_string())
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    let secret = serde_json::from_str::<Value>(&made).unwrap()["secret"].as_str().unwrap().to_owned();
    let narrow = Caller::new(&city, &secret);
    assert_eq!(narrow.get(&at).status, 200);
    assert_eq!(narrow.get(&format!("{at}?expand[]=merchant")).problem(), "scope_missing");
}

#[test]
fn a_version_is_the_keys_own_and_is_told_back() {
    let city = SmallCity::new();
    let noodles = Caller::new(&city, NOODLES);
    let version = server::platform_http::developers::VERSION;
    let told = |headers: &[(&str, &str)]| {
        let answer = noodles.send("GET", "/v1/merchants", headers, None);
        (answer.status, answer.header("paiza-version").to_owned())
    };
    assert_eq!(told(&[]), (200, version.to_owned()));
    assert_eq!(told(&[("paiza-version", version)]), (200, version.to_owned()));
    let refused = noodles.send("GET", "/v1/merchants", &[("paiza-version", "2020-01-01")], None);
    assert_eq!(
        (refused.problem().as_str(), &refused.json()["param"]),
        ("version_unknown", &json!("Paiza-Version"))
    );
    assert!(refused.json()["detail"].as_str().unwrap().contains(version), "what is served is said");

    // A key that is pinned to a date which is not served any more says so, and still may name one that is.
    let text = "sk_test_pinned00000000000000000000";
    let parsed = developers::KeyText::parse(text).unwrap();
    city.city
        .api
        .add_key(developers::ApiKey {
            digest: parsed.digest(),
            id: values::Id::from_u128(7),
            tenant: developers::Tenant::Platform,
            scopes: vec![developers::Scope::MerchantsRead],
            version: "2019-05-05".to_owned(),
            name: "old".to_owned(),
            ends_with: parsed.ends_with(),
            created_at: values::Timestamp::from_millis(0),
            revoked_at: None,
        })
        .unwrap();
    let old = Caller::new(&city, text);
    assert_eq!(old.get("/v1/merchants").problem(), "version_unknown");
    assert_eq!(old.send("GET", "/v1/merchants", &[("paiza-version", version)], None).status, 200);
}

/// What callers write onto things is in no line of the log, however much is logged.
#[test]
fn metadata_is_never_logged() {
    use std::io::Write;
    use std::sync::{Arc, Mutex};
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl Write for Log {
        fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(line)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    // Every thread of this process is heard, whatever test it belongs to.
    let _ = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .try_init();
    let city = SmallCity::new();
    let noodles = Caller::new(&city, NOODLES);
    let marker = "marker7Q9Zmetadata";
    let paid = pay(&noodles, "1", &json!({"secret": marker}));
    let at = format!("/v1/payments/{}", paid["id"].as_str().unwrap());
    assert_eq!(patch(&noodles, &at, "m", None, &json!({"metadata": {"other": marker}})).status, 200);
    assert_eq!(ids(&noodles.get(&format!("/v1/payments?metadata[other]={marker}"))).len(), 1);
    let bad = json!({"metadata": {"other": format!("{marker}\u{7}")}});
    let refused = patch(&noodles, &at, "b", None, &bad);
    assert_eq!((refused.status, refused.text.contains(marker)), (400, false), "nor is it quoted");
    let lines = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(lines.contains("paiza::requests"), "this log hears the interface");
    // What the client of this test says of its own requests is its own.
    let quoting: Vec<&str> =
        lines.lines().filter(|line| line.contains(marker)).filter(|line| !line.contains("ureq")).collect();
    assert!(quoting.is_empty(), "{quoting:#?}");
}
