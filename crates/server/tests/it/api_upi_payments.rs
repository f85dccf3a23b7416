//! Payments by account for merchants with a key: asked for, paid by a signed code, seen, given back, told as events; and nobody else's.

use crate::api::{Caller, NOODLES, NOODLES_ID, PLATFORM};
use crate::phone_upi::{city, person};
use crate::small_city::SmallCity;
use crate::street::eventually;
use crate::upi_town::{ASHA, CHAI, pin, rupees};
use serde_json::{Value, json};
use server::upi::app::NewPayment;
use server::upi::phone::{UpiPhone, begun_by};
use upi::link::Link;

pub(crate) const CHAI_KEY: &str = "sk_test_chai00000000000000000000";
pub(crate) const CHAI_ID: &str = "mer_00000000000000000000000004";

fn inr(value: u64) -> Value {
    json!({"value": value, "currency": "INR"})
}

/// Pays a code as a phone does that scanned it.
pub(crate) fn pay_code(phone: &UpiPhone, text: &str) -> String {
    let link = Link::parse(text).unwrap();
    assert_eq!(phone.vouched(&link).unwrap(), server::upi::phone::Vouched::Yes);
    let account = &phone.mine().unwrap().accounts[0];
    let (payee, amount) = (link.request.payee.as_str(), link.request.amount.unwrap());
    let order = phone.order(account, (payee, None), amount, None, &pin("482913")).unwrap();
    let order = NewPayment { begun: begun_by(&link, true), ..order };
    phone.pay(&order).unwrap();
    order.transaction
}

/// The thing as it stands once its status is this.
fn standing(caller: &Caller, path: &str, status: &str) -> Value {
    let mut seen = Value::Null;
    eventually(&format!("{path} is {status}"), || {
        seen = caller.get(path).json();
        seen["status"] == status
    });
    seen
}

fn events_about(caller: &Caller, object: &Value) -> Vec<String> {
    let page = caller.get(&format!("/v1/events?object={}", object.as_str().unwrap())).json();
    let mut kinds: Vec<String> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["type"].as_str().unwrap().to_owned())
        .collect();
    kinds.reverse();
    kinds
}

#[test]
fn a_code_is_shown_paid_once_and_given_back() {
    let city = city();
    let chai = Caller::new(&city, CHAI_KEY);
    let (asha, _folder) = person(&city, ASHA, "asha@paiza", "482913");
    let wanted = json!({"amount": inr(3000), "note": "tea"});
    let code = chai.post("/v1/upi/codes", "c", &wanted);
    assert_eq!(code.status, 201, "{}", code.text);
    assert_eq!(chai.post("/v1/upi/codes", "c", &wanted).text, code.text, "once for its request key");
    let code = code.json();
    assert_eq!((&code["status"], &code["payment"]), (&json!("open"), &Value::Null));

    pay_code(&asha, code["text"].as_str().unwrap());
    let paid = standing(&chai, &format!("/v1/upi/codes/{}", code["id"].as_str().unwrap()), "paid");
    let payment = chai.get(&format!("/v1/upi/payments/{}", paid["payment"].as_str().unwrap())).json();
    assert_eq!(
        [&payment["status"], &payment["amount"], &payment["code"], &payment["other"], &payment["merchant"]],
        [&json!("succeeded"), &inr(3000), &code["id"], &json!("asha@paiza"), &json!(CHAI_ID)]
    );
    // Paid again it is a payment, and the code is still paid by the first.
    city.clock.advance(std::time::Duration::from_secs(1));
    pay_code(&asha, code["text"].as_str().unwrap());
    let list = || chai.get("/v1/upi/payments?status=succeeded&include=total").json();
    eventually("the second payment came", || list()["total"] == 2);
    assert_eq!(list()["data"][0]["code"], Value::Null);
    assert_eq!(list()["data"][1], payment);
    let first = chai.get("/v1/upi/payments?limit=1").json();
    let next = first["next_cursor"].as_str().unwrap();
    let second = chai.get(&format!("/v1/upi/payments?limit=1&starting_after={next}")).json();
    assert_eq!(second["data"][0], payment);

    let refund = json!({"payment": payment["id"], "amount": inr(1000), "note": "spilt"});
    let refunded = chai.post("/v1/upi/refunds", "r", &refund);
    assert_eq!(refunded.status, 201, "{}", refunded.text);
    assert_eq!(chai.post("/v1/upi/refunds", "r", &refund).text, refunded.text);
    let refunded = refunded.json();
    let back = standing(&chai, &format!("/v1/upi/refunds/{}", refunded["id"].as_str().unwrap()), "succeeded");
    assert_eq!([&back["kind"], &back["payment"]], [&json!("refund"), &payment["id"]]);
    let too_much =
        chai.post("/v1/upi/refunds", "r2", &json!({"payment": payment["id"], "amount": inr(2001)}));
    assert_eq!(too_much.problem(), "upi_refused");
    assert!(too_much.json()["detail"].as_str().unwrap().starts_with("refund_too_much: "));
    let seen = chai.get(&format!("/v1/upi/payments/{}", payment["id"].as_str().unwrap())).json();
    assert_eq!(seen["refunded"], inr(1000));
    assert_eq!(chai.get("/v1/upi/refunds").json()["data"].as_array().unwrap().len(), 1);

    eventually("all of it is told", || events_about(&chai, &back["id"]).len() == 2);
    assert_eq!(events_about(&chai, &code["id"]), ["upi_code.created", "upi_code.paid"]);
    assert_eq!(events_about(&chai, &payment["id"]), ["upi_payment.succeeded"]);
    assert_eq!(events_about(&chai, &back["id"]), ["upi_refund.pending", "upi_refund.succeeded"]);
    let noodles = Caller::new(&city, NOODLES);
    assert!(events_about(&noodles, &payment["id"]).is_empty(), "and to nobody else");
}

#[test]
fn a_payer_is_asked_and_says_yes_or_no() {
    let city = city();
    let chai = Caller::new(&city, CHAI_KEY);
    let (asha, _folder) = person(&city, ASHA, "asha@paiza", "482913");
    let ask = |key: &str| {
        let asked = chai.post(
            "/v1/upi/requests",
            key,
            &json!({"payer": "asha@paiza", "amount": inr(2500), "minutes": 30}),
        );
        assert_eq!(asked.status, 201, "{}", asked.text);
        asked.json()
    };
    let (first, second) = (ask("one"), ask("two"));
    assert_eq!([&first["status"], &first["kind"]], ["pending", "payment"]);
    eventually("both requests came", || asha.requests().unwrap().len() == 2);
    let requests = asha.requests().unwrap();
    let of = |asked: &Value| requests.iter().find(|request| request.id == asked["transaction"]).unwrap();
    assert_eq!(of(&first).payee_name, "PAIZA CHAI");
    let account = &asha.mine().unwrap().accounts[0];
    asha.approve(of(&first), account, &pin("482913")).unwrap();
    asha.decline(second["transaction"].as_str().unwrap()).unwrap();
    let path = |asked: &Value| format!("/v1/upi/payments/{}", asked["id"].as_str().unwrap());
    let paid = standing(&chai, &path(&first), "succeeded");
    assert_eq!(paid["amount"], inr(2500));
    let declined = standing(&chai, &path(&second), "failed");
    assert!(declined["failure"]["meaning"].is_string(), "{declined}");
    eventually("both ends are told", || events_about(&chai, &second["id"]).len() == 2);
    assert_eq!(events_about(&chai, &second["id"]), ["upi_payment.pending", "upi_payment.failed"]);
    for (body, code) in [
        (json!({"payer": "nobody", "amount": inr(1)}), "address_invalid"),
        (json!({"payer": "asha@paiza", "amount": inr(0)}), "amount_invalid"),
        (json!({"payer": "asha@paiza", "amount": {"value": 1, "currency": "CNY"}}), "amount_invalid"),
    ] {
        let refused = chai.post("/v1/upi/requests", code, &body);
        assert_eq!(refused.problem(), "upi_refused");
        assert!(refused.json()["detail"].as_str().unwrap().starts_with(code), "{}", refused.text);
    }
}

#[test]
fn the_operator_says_whose_an_address_is_and_it_is_nobody_elses() {
    let city = city();
    let (platform, noodles) = (Caller::new(&city, PLATFORM), Caller::new(&city, NOODLES));
    let (chai, _folder) = person(&city, CHAI, "chai@paiza", "620573");
    let tie = |caller: &Caller, key: &str, merchant: &str, address: &str| {
        caller.post("/v1/upi/accounts", key, &json!({"merchant": merchant, "address": address}))
    };
    let code = |caller: &Caller| caller.post("/v1/upi/codes", "c", &json!({"amount": inr(100)}));
    assert_eq!(code(&noodles).problem(), "upi_account_missing");
    assert!(
        tie(&platform, "1", NOODLES_ID, "chai@paiza").json()["detail"]
            .as_str()
            .unwrap()
            .starts_with("not_a_merchant")
    );
    chai.become_merchant("Chai Corner", "5814").unwrap();
    assert_eq!(
        tie(&noodles, "2", NOODLES_ID, "chai@paiza").problem(),
        "scope_missing",
        "nobody takes an address"
    );
    let tied = tie(&platform, "3", NOODLES_ID, "chai@paiza");
    assert_eq!((tied.status, &tied.json()["name"]), (201, &json!("Chai Corner")), "{}", tied.text);
    assert_eq!(tie(&platform, "4", NOODLES_ID, "chai@paiza").json(), tied.json());
    for (key, merchant, address) in [
        ("5", CHAI_ID, "chai@paiza"),
        ("6", NOODLES_ID, "paiza.chai@paiza"),
        ("7", NOODLES_ID, "nobody@paiza"),
    ] {
        assert_eq!(tie(&platform, key, merchant, address).problem(), "upi_refused", "{merchant} {address}");
    }
    assert_eq!(noodles.get("/v1/upi/accounts").json()["data"], json!([tied.json()]));
    assert_eq!(platform.get("/v1/upi/accounts?include=total").json()["total"], 2);
    assert_eq!(code(&noodles).status, 201);
    // What the phone of this merchant takes is the merchant's too.
    let (asha, _of_asha) = person(&city, ASHA, "asha@paiza", "482913");
    let account = &asha.mine().unwrap().accounts[0];
    let order = asha.order(account, ("chai@paiza", None), rupees("30.00"), None, &pin("482913")).unwrap();
    asha.pay(&order).unwrap();
    eventually("it came", || noodles.get("/v1/upi/payments").json()["data"].as_array().unwrap().len() == 1);
}

/// The provider may run elsewhere, or not at all.
#[test]
fn without_a_provider_nothing_is_paid_by_account() {
    let city = SmallCity::new();
    let noodles = Caller::new(&city, NOODLES);
    assert_eq!(noodles.get("/v1/upi/payments").problem(), "upi_not_connected");
    assert_eq!(noodles.get("/v1/upi/accounts").problem(), "upi_not_connected");
    let wanted = json!({"amount": inr(100)});
    assert_eq!(noodles.post("/v1/upi/codes", "c", &wanted).problem(), "upi_not_connected");
}
