//! What a customer is told of what is held, and of who looked; and leaving.

use crate::consoles::Operator;
use crate::phone_screens::Screen;
use crate::small_city::SmallCity;
use crate::street::{NOW, eventually};
use tokens::records::{Customer, Device, DeviceId, Life, PhoneConfirmation, Token, VaultEntry};
use tokens::text::PhoneNumber;
use values::Records;

#[test]
fn customers_see_who_looked_at_their_card_phone_and_payment_and_at_nobody_elses() {
    let operator = Operator::inside();
    let paid = operator.paid("12.50").reference.unwrap();
    let phone = &operator.city.phone;
    let held = phone.held().unwrap();
    assert!(held.accesses_known && held.accesses.is_empty(), "{held:?}");
    assert_eq!((held.phone_number.as_str(), held.recovery_code), (phone.number(), true));
    let card = &held.cards[0];
    assert_eq!((held.cards.len(), card.state.as_str(), card.kept_until), (1, "active", None));

    let (token, device) = (card.token.clone(), held.devices[0].device.clone());
    operator.get("/merchants");
    operator.get(&format!("/subject?kind=device&name={device}"));
    operator.get(&format!("/payments/{paid}"));
    operator.get(&format!("/subject?kind=token&name={token}"));
    let looks: Vec<_> = operator.city.phone.held().unwrap().accesses;
    let told: Vec<_> =
        looks.iter().map(|look| (look.who.as_str(), look.act.as_str(), look.subject.clone())).collect();
    let of = |subject: String| ("Asha", "view", subject);
    let expected =
        [of(format!("token {token}")), of(format!("token {token}")), of(format!("device {device}"))];
    assert_eq!(told, expected, "the payment is the card's, the last first");
    // What a search finds is looked at too, once for all that it finds of a card.
    let before = looks.len();
    for name in [token.clone(), paid.to_string()] {
        operator.get(&format!("/search?q={name}"));
        let now = operator.city.phone.held().unwrap().accesses;
        assert_eq!(now[0].subject, format!("token {token}"), "{name}");
    }
    operator.get("/search?q=nothing");
    assert_eq!(operator.city.phone.held().unwrap().accesses.len(), before + 2);
    assert!(looks.iter().all(|look| look.at >= NOW.millis() && look.result == "ok"));

    // Somebody else's phone hears nothing of it.
    let screen = Screen::new(&operator.city);
    screen.set_up();
    let page = screen.get("/you/privacy").body;
    assert!(page.contains("Nobody.") && !page.contains("Asha"), "{page}");
    assert!(page.contains("Nothing: there is no card."), "{page}");
}

#[test]
fn what_is_held_is_shown_and_taken_along() {
    let city = SmallCity::new();
    let screen = Screen::new(&city);
    screen.set_up();
    let card = screen.add("6216600100000000057", "13800000005");
    let token = card.header("location").trim_start_matches("/cards/").split('/').next().unwrap().to_owned();
    let page = screen.get("/you/privacy").body;
    for part in [
        "+8613800000002",
        "Withdraw",
        &format!("/cards/{token}/remove"),
        "Nobody runs a console",
        "Recovery code",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    eventually("the code's message is on the phone", || {
        let inbox = screen.get("/inbox").body;
        inbox.contains("class=\"bubble")
    });
    let file = screen.get("/you/privacy.json");
    assert!(file.header("content-disposition").contains("paiza-privacy.json"));
    let told: serde_json::Value = serde_json::from_str(&file.body).unwrap();
    assert_eq!(told["phone"]["number"], "+8613800000002");
    assert_eq!(told["phone"]["cards"][0]["token"], token.as_str());
    assert_eq!(told["token_service"]["cards"][0]["token"], token.as_str());
    assert!(told["phone"]["messages"].as_array().is_some_and(|texts| !texts.is_empty()));
    assert!(!file.body.contains("6216600100000000057"), "the number was forgotten");
    // A removed card is told of, until its number goes.
    screen.post(&format!("/cards/{token}/remove"), &[]);
    eventually("the token service knows that it is removed", || {
        let page = screen.get("/you/privacy").body;
        page.contains("sealed number kept until") && page.contains("Nothing: there is no card.")
    });
}

#[test]
fn leaving_wants_the_passcode_and_leaves_nobody_behind() {
    let city = SmallCity::new();
    let screen = Screen::new(&city);
    screen.set_up();
    screen.add("6216600100000000057", "13800000005");
    let told: serde_json::Value = serde_json::from_str(&screen.get("/you/privacy.json").body).unwrap();
    let device: DeviceId = told["phone"]["device"].as_str().unwrap().parse().unwrap();
    let store = city.city.tokens.store();
    let (customer, token) = store
        .read(move |records| {
            let device: Device = records.find(&device).unwrap();
            (device.customer.unwrap(), records.find::<Token>(&device.tokens[0]).unwrap())
        })
        .unwrap();

    let asked = screen.get("/you/privacy/leave").body;
    assert!(asked.contains("The card on this phone") && asked.contains("this is your last phone"), "{asked}");
    let wrong = screen.post("/you/privacy/leave", &[("passcode", "135791")]);
    assert!(wrong.status == 403 && wrong.body.contains("9 tries are left"), "{}", wrong.body);
    assert_eq!(screen.get("/you").status, 200, "nothing was done");
    let left = screen.post("/you/privacy/leave", &[("passcode", crate::phone_screens::PASSCODE)]);
    assert!(left.status == 200 && left.body.contains("this phone is nobody"), "{}", left.body);
    assert_eq!(screen.get("/you").header("location"), "/welcome");

    let number = PhoneNumber::parse("+8613800000002").unwrap();
    let (reference, sealed) = (token.reference, token.number);
    store
        .read(move |records| {
            assert!(
                records.find::<Device>(&device).is_none() && records.find::<Customer>(&customer).is_none()
            );
            assert_eq!(records.find::<PhoneConfirmation>(&number).unwrap().customer, None);
            assert_eq!(records.find::<Token>(&reference).unwrap().standing.life, Life::Deleted);
            assert!(records.find::<VaultEntry>(&sealed).is_some(), "for refunds");
        })
        .unwrap();
    // The same phone begins anew, as somebody new.
    let page = screen.set_up();
    assert!(page.contains("class=\"panel recovery code\""), "a new recovery code: {page}");
    assert!(screen.get("/").body.contains("No card yet"));
}

#[test]
fn leaving_ends_what_the_provider_of_account_payment_has() {
    let city = crate::phone_upi::city();
    let (ravi, _folder) = crate::phone_upi::payee(&city);
    let screen = Screen::new(&city);
    screen.set_up();
    crate::phone_upi::set_up(&screen);
    assert_eq!(ravi.look_up("asha@paiza").unwrap().name, "Asha Rao");
    let asked = screen.get("/you/privacy/leave").body;
    assert!(asked.contains("Your addresses and linked accounts"), "{asked}");
    let leave = || screen.post("/you/privacy/leave", &[("passcode", crate::phone_screens::PASSCODE)]);
    assert_eq!(leave().status, 200);
    assert!(ravi.look_up("asha@paiza").is_err(), "nobody is paid there");
    let store = city.city.upi().unwrap().service.store();
    let (customers, states) = store
        .read(|records| {
            let customers = records.all::<psp::records::Customer>();
            let states = records.all::<psp::records::Device>().into_iter().map(|device| device.state);
            (customers, states.collect::<Vec<_>>())
        })
        .unwrap();
    let left = customers.iter().find(|customer| customer.mobile == "919800000001").unwrap();
    assert!(left.accounts.is_empty() && left.addresses.is_empty(), "{left:?}");
    assert!(states.contains(&psp::records::DeviceState::Left), "{states:?}");
    // Whoever begins anew with the same number links the account again, and can have the same address.
    screen.set_up();
    screen.follow("/upi/register", &[("number", "98000 00001")]);
    let accounts = screen.follow("/upi/banks", &[("bank", "AMBR")]).body;
    let reference = crate::phone_upi::value(&accounts, "account").to_owned();
    screen.follow("/upi/accounts", &[("account", &reference)]);
    let home = screen.follow("/upi/address", &[("name", "asha")]).body;
    assert!(home.contains("This address is yours"), "the PIN is at the bank still: {home}");
    assert_eq!(ravi.look_up("asha@paiza").unwrap().name, "Asha Rao");
}

#[test]
fn whoever_cannot_leave_the_provider_leaves_nothing() {
    let city = crate::phone_upi::city();
    let _payee = crate::phone_upi::payee(&city);
    let screen = Screen::new(&city);
    screen.set_up();
    crate::phone_upi::set_up(&screen);
    city.city.upi().unwrap().service.store().close();
    let refused = screen.post("/you/privacy/leave", &[("passcode", crate::phone_screens::PASSCODE)]);
    assert!(refused.status == 409 && refused.body.contains("Nothing was deleted"), "{}", refused.body);
    assert_eq!(screen.get("/you").status, 200, "the phone is its owner's still");
}
