//! A payment with a card is disputed at the phone's own screen: it goes to the card's bank over the wires of verification, the
//! bank's people answer at their desk, and the phone shows what became of it.

use crate::issuers::post;
use crate::phone_screens::{PASSCODE, Screen};
use crate::small_city::{SmallCity, typed};
use sandbox::issuer::dispute::CREDITED_WITHIN;
use serde_json::{Value, json};
use server::api::phone::DisputeAsk;
use server::client::agent;
use server::phone::Added;
use server::pos::Verdict;
use std::time::Duration;

/// The paths of payments made with the screen's phone, one for each of these amounts.
fn paid<const N: usize>(city: &SmallCity, screen: &mut Screen, amounts: [&str; N]) -> [String; N] {
    screen.set_up();
    let added = screen.add("6216600100000000024", "");
    assert_eq!(added.header("location"), "/cards/verify", "{}", added.body);
    let choose = screen.get("/cards/verify").body;
    let way = choose.split("name=\"way\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    screen.follow("/cards/verify/way", &[("way", &way)]);
    let code = screen.code("/cards/verify");
    let added = screen.post("/cards/verify/code", &[("code", &code)]);
    let card = added.header("location").trim_start_matches("/cards/").split('/').next().unwrap().to_owned();
    let mut counter = 0;
    amounts.map(|amount| {
        city.clock.advance(Duration::from_secs(61));
        screen.follow("/tap", &[("passcode", PASSCODE), ("card", &card)]);
        assert_eq!(screen.sale(city, amount), Verdict::Approved);
        screen.ended();
        counter += 1;
        format!("/history/{card}/{counter}")
    })
}

/// What the bank's people see of the payment of this amount.
fn at_the_bank(city: &SmallCity, minor: u64) -> Value {
    let at = city.desk("boc");
    let text = agent().get(format!("http://{at}/admin/disputes")).call().unwrap().body_mut().read_to_string();
    let all: Vec<Value> = serde_json::from_str(&text.unwrap()).unwrap();
    all.into_iter().find(|dispute| dispute["paid"] == minor).unwrap()
}

fn end(city: &SmallCity, dispute: &Value, ending: &str) -> u16 {
    let at = city.desk("boc");
    let body = json!({"payment": dispute["payment"], "ending": ending});
    post(at, &at.to_string(), "/admin/disputes", &body).0
}

/// A browser's own session ends while nobody is there.
fn opened(screen: &Screen) {
    screen.post("/unlock", &[("passcode", PASSCODE)]);
}

#[test]
fn a_disputed_payment_is_decided_by_its_bank_and_followed_on_the_phone() {
    let city = SmallCity::new();
    let mut screen = Screen::new(&city);
    let [goods, stranger, given_up] = paid(&city, &mut screen, ["12.50", "8.00", "3.00"]);
    let receipt = screen.get(&goods).body;
    assert!(
        receipt.contains(&format!("href=\"{goods}/dispute\"")) && receipt.contains("Reference (RRN)"),
        "{receipt}"
    );
    let at = format!("{goods}/dispute");
    let form = screen.get(&at).body;
    for part in ["I did not make this payment", "I did not get what I paid for", "value=\"12.50\"", "90 days"]
    {
        assert!(form.contains(part), "{part}: {form}");
    }
    for (reason, amount, why) in [
        ("because", "12.50", "Choose what went wrong"),
        ("not_received", "0", "more than nothing"),
        ("not_received", "12.51", "no more than is left"),
    ] {
        let refused = screen.post(&at, &[("reason", reason), ("amount", amount)]);
        assert!(refused.status == 422 && refused.body.contains(why), "{reason} {amount}: {}", refused.body);
    }
    let open = screen.follow(&at, &[("reason", "not_received"), ("amount", "12.50")]).body;
    assert!(open.contains("looks into it") && open.contains(&format!("action=\"{at}/withdraw\"")), "{open}");

    // The bank's people agree, once.
    let claim = at_the_bank(&city, 1_250);
    assert_eq!((&claim["claim"], &claim["state"]), (&json!("not_received"), &json!("open")));
    assert!(claim["merchant"].as_str().unwrap().contains("PAIZA NOODLES"), "{claim}");
    assert_eq!(end(&city, &claim, "withdraw"), 400, "the customer does that");
    assert_eq!(end(&city, &claim, "uphold"), 200);
    assert_eq!(end(&city, &claim, "reject"), 409);
    let upheld = screen.get(&at).body;
    assert!(
        upheld.contains("agreed") && upheld.contains("12.50") && !upheld.contains("/withdraw"),
        "{upheld}"
    );
    assert_eq!(at_the_bank(&city, 1_250)["credited"], 1_250);

    // What the customer did not pay is lent after ten days, and taken back when the bank finds otherwise.
    let at = format!("{stranger}/dispute");
    screen.follow(&at, &[("reason", "not_mine"), ("amount", "8.00")]);
    city.clock.advance(CREDITED_WITHIN);
    city.in_time("the amount is lent", || at_the_bank(&city, 800)["credited"] == 800);
    opened(&screen);
    let lent = screen.get(&at).body;
    assert!(lent.contains("has lent you") && lent.contains("8.00"), "{lent}");
    assert_eq!(end(&city, &at_the_bank(&city, 800), "reject"), 200);
    assert_eq!(at_the_bank(&city, 800)["credited"], 0);
    assert!(screen.get(&at).body.contains("did not agree"));

    // Given up by its customer.
    let at = format!("{given_up}/dispute");
    screen.follow(&at, &[("reason", "wrong_amount"), ("amount", "1.00")]);
    let over = screen.follow(&format!("{at}/withdraw"), &[]).body;
    assert!(over.contains("You withdrew it"), "{over}");
    for nothing in ["/history/tok_x/1/dispute", "/history/tok_x/x/dispute"] {
        assert_eq!(screen.get(nothing).status, 404, "{nothing}");
    }
}

/// Whoever asks names a payment; that of another token is none of theirs.
#[test]
fn a_phone_disputes_no_payment_of_another_phone() {
    let mut city = SmallCity::new();
    let Added::Active(other) = city.phone.add_card(&typed("6216600100000000057"), None).unwrap() else {
        panic!("the card was not added")
    };
    assert_eq!(city.tap("7.00"), Verdict::Approved);
    let tap = city.phone.taps().unwrap().pop().unwrap();
    city.phone.learn_end(tap.token, tap.atc, Duration::from_secs(1)).unwrap();
    let paid = city.phone.taps().unwrap().pop().unwrap();
    let ask = DisputeAsk {
        original: paid.original.clone().unwrap(),
        claim: Some("not_mine".to_owned()),
        amount: Some(700),
        currency: Some(156),
    };
    let about = DisputeAsk { original: ask.original.clone(), ..DisputeAsk::default() };
    let answered = |token, act: &str, ask: &DisputeAsk| {
        let answer = city.phone.dispute(token, act, ask).unwrap();
        (answer.reason, answer.dispute.map(|dispute| dispute.state))
    };
    let no = |reason: &str| (Some(reason.to_owned()), None);
    assert_eq!(answered(other, "", &ask), no("payment_unknown"));
    assert_eq!(answered(city.token, "", &ask), (None, Some("open".to_owned())), "its own token may");
    assert_eq!(answered(other, "", &ask), no("payment_unknown"));
    assert_eq!(answered(other, "look", &about), no("dispute_unknown"));
    assert_eq!(answered(other, "withdraw", &about), no("dispute_unknown"));
    assert_eq!(answered(city.token, "look", &about).1.as_deref(), Some("open"));
    let broken = DisputeAsk { original: "0200".to_owned(), ..DisputeAsk::default() };
    assert!(city.phone.dispute(city.token, "look", &broken).is_err());
}
