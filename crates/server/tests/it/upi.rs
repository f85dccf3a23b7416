//! Account payment over its real wires: register, link, set a PIN, pay; and every no on the way.

use crate::upi_town::{ASHA, CHAI, DEV, MEERA, RAVI, UpiTown, pin, rupees};
use base64::Engine;
use crypto::rsa_signature::SigningKey;
use psp::records::{Direction, PaymentState};
use sandbox::upi::keys::signing_key;
use server::upi::phone::UpiPhoneError;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use upi::messages::{Acknowledgement, Profile};

fn declined<T: std::fmt::Debug>(outcome: Result<T, UpiPhoneError>) -> String {
    match outcome {
        Err(UpiPhoneError::Declined { code, .. }) => code,
        other => panic!("not declined: {other:?}"),
    }
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, UpiPhoneError>) -> String {
    match outcome {
        Err(UpiPhoneError::Client(error)) => error.code().unwrap().to_owned(),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn two_people_register_link_set_a_pin_and_one_pays_the_other() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha.rao@paiza", "482913");
    let ravi = town.person(RAVI, "Ravi@paiza", "573829");
    assert_eq!(asha.banks().unwrap().len(), 4);
    assert_eq!(asha.resolve("ravi@paiza").unwrap(), "Ravi Menon");
    let paid = town.pay(&asha, "ravi@paiza", "30.00", "482913");
    assert_eq!((paid.payment.state, paid.payment.code.as_str()), (PaymentState::Success, "00"));
    assert_eq!(paid.payment.reference.len(), 12);
    assert_eq!(town.balance(&asha, "482913"), "24970.00");
    assert_eq!(town.balance(&ravi, "573829"), "8030.00");
    town.all_books_agree();

    crate::street::eventually("the payee sees the payment", || ravi.payments().unwrap().len() == 1);
    let received = &ravi.payments().unwrap()[0].payment;
    assert_eq!((received.direction, received.paise), (Direction::Received, 3000));
    assert_eq!((received.other.as_str(), received.own.as_str()), ("asha.rao@paiza", "ravi@paiza"));
    let said = |phone: &server::upi::phone::UpiPhone, part: &str| {
        phone.texts().unwrap().iter().any(|text| text.text.contains(part))
    };
    crate::street::eventually("both banks text", || {
        said(&asha, "Sent Rs.30.00 from Amber Bank A/C *0016 to ravi@paiza")
            && said(&ravi, "A/C X0027 credited by 30.00")
    });
}

#[test]
fn an_account_is_paid_by_its_number_and_branch_too() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let to = "40040000000049@DEOD0000001.ifsc.npci";
    assert_eq!(asha.resolve(to).unwrap(), "Dev Sharma");
    assert_eq!(town.pay(&asha, to, "12.50", "482913").payment.state, PaymentState::Success);
    let nobody = town.pay(&asha, "40040000000099@DEOD0000001.ifsc.npci", "1.00", "482913").payment;
    assert_eq!(nobody.state, PaymentState::Failed);
    assert_eq!((nobody.code.as_str(), nobody.cause.as_deref()), ("U31", Some("XI")));
    assert_eq!(town.balance(&asha, "482913"), "24987.50", "what could not be credited came back");
    town.all_books_agree();
}

#[test]
fn the_same_order_again_is_the_same_payment() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let _ravi = town.person(RAVI, "ravi@paiza", "573829");
    let account = &asha.mine().unwrap().accounts[0];
    let order = asha.order(account, ("ravi@paiza", None), rupees("5.00"), None, &pin("482913")).unwrap();
    for _ in 0..3 {
        asha.pay(&order).unwrap();
    }
    asha.see_end(&order.transaction, std::time::Duration::from_secs(30)).unwrap();
    asha.pay(&order).unwrap();
    assert_eq!(town.balance(&asha, "482913"), "24995.00");
    let other = server::upi::app::NewPayment { amount: "6.00".to_owned(), ..order };
    assert_eq!(refused(asha.pay(&other)), "transaction_used");
    town.all_books_agree();
}

#[test]
fn what_a_bank_declines_says_why_and_moves_nothing() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let dev = town.person(DEV, "dev@paiza", "4829");
    let meera = town.person(MEERA, "meera@paiza", "7391");
    let pair = |phone, to: &str, amount: &str, digits: &str| {
        let payment = town.pay(phone, to, amount, digits).payment;
        assert_eq!(payment.state, PaymentState::Failed, "{payment:?}");
        format!("{}/{}", payment.code, payment.cause.unwrap_or_default())
    };
    assert_eq!(pair(&dev, "asha@paiza", "500.01", "4829"), "U30/Z9");
    assert_eq!(pair(&asha, "nobody@paiza", "1.00", "482913"), "U29/ZH");
    assert_eq!(pair(&asha, "nobody@elsewhere", "1.00", "482913"), "U29/ZH");
    assert_eq!(pair(&asha, "asha@paiza", "1.00", "482913"), "U96/");
    assert_eq!(pair(&asha, "dev@paiza", "5000.01", "482913"), "U30/FP", "a new user's first day");
    assert_eq!(pair(&meera, "dev@paiza", "50000.01", "7391"), "U30/ZU", "the bank's own limit");
    // The first day is over: the network's limit of one payment is next.
    town.clock.advance(std::time::Duration::from_secs(86_401));
    assert_eq!(town.pay(&asha, "dev@paiza", "6000.00", "482913").payment.state, PaymentState::Success);
    assert_eq!(town.sums(), (18_750_000, 0));

    assert_eq!(pair(&asha, "dev@paiza", "1.00", "482914"), "U30/ZM");
    assert_eq!(pair(&asha, "dev@paiza", "1.00", "482914"), "U30/ZM");
    assert_eq!(pair(&asha, "dev@paiza", "1.00", "482914"), "U30/Z6");
    assert_eq!(pair(&asha, "dev@paiza", "1.00", "482913"), "U30/Z6", "the right one comes too late");
    let account = &asha.mine().unwrap().accounts[0];
    assert_eq!(declined(asha.balance(account, &pin("482913"))), "Z6");
    // A PIN that is set anew ends that.
    asha.set_pin(account, ("417201", "1230"), &pin("620573")).unwrap();
    assert_eq!(town.pay(&asha, "dev@paiza", "1.00", "620573").payment.state, PaymentState::Success);
    town.all_books_agree();
}

#[test]
fn a_pin_is_set_by_its_card_and_password_alone() {
    let town = UpiTown::new();
    let asha = town.register(ASHA.0).unwrap();
    assert_eq!(declined(asha.accounts("BNYN")), "XH", "she has none there");
    let (question, accounts) = asha.accounts("AMBR").unwrap();
    assert_eq!(accounts[0].masked, "XXXXXXXXXX0016");
    assert_eq!(refused(asha.link(&question, "AMBR00000000000000000000")), "account_not_listed");
    asha.link(&question, &accounts[0].reference).unwrap();
    let set = |card, digits: &str| asha.set_pin(&accounts[0], card, &pin(digits));
    assert_eq!(declined(set(("417299", "1230"), "482913")), "XN");
    assert_eq!(declined(set(("417201", "1130"), "482913")), "XL");
    assert_eq!(declined(set(("417201", "1230"), "4829")), "RM", "this bank wants six digits");
    assert_eq!(declined(set(("417201", "1230"), "123456")), "RM", "anybody would guess it");
    set(("417201", "1230"), "482913").unwrap();
    asha.change_pin(&accounts[0], &pin("482913"), &pin("739164")).unwrap();
    assert_eq!(declined(asha.balance(&accounts[0], &pin("482913"))), "ZM");
    assert_eq!(asha.balance(&accounts[0], &pin("739164")).unwrap(), "25000.00");
}

#[test]
fn a_second_phone_takes_the_number_over_and_addresses_stay_whose_they_are() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let ravi = town.person(RAVI, "ravi@paiza", "573829");
    assert_eq!(refused(ravi.make_address("ASHA@paiza", "")), "address_taken");
    assert_eq!(refused(ravi.make_address("ravi@elsewhere", "")), "address_invalid");
    assert_eq!(refused(ravi.make_address("9800000001@paiza", "")), "address_invalid", "another's number");
    ravi.make_address("9800000002@paiza", "").unwrap();
    let second = town.register(ASHA.0).unwrap();
    assert_eq!(refused(asha.mine()), "device_not_bound");
    assert_eq!(second.mine().unwrap().addresses, ["asha@paiza"]);
}

#[test]
fn a_merchant_asks_and_the_payer_approves_or_declines_or_waits_too_long() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let chai = town.person(CHAI, "chai@paiza", "620573");
    assert_eq!(refused(chai.collect("asha@paiza", rupees("30.00"), None, 30)), "not_a_merchant");
    assert_eq!(refused(asha.become_merchant("Asha", "5814")), "not_a_merchant", "no current account");
    chai.become_merchant("Chai Corner", "5814").unwrap();
    assert_eq!(asha.resolve("chai@paiza").unwrap(), "Chai Corner");
    let ask = |amount: &str| {
        let asked = chai.collect("asha@paiza", rupees(amount), Some("two chai"), 30).unwrap().payment;
        assert_eq!((asked.state, asked.direction), (PaymentState::Pending, Direction::Received));
        let request = || asha.requests().unwrap().into_iter().find(|request| request.id == asked.id);
        crate::street::eventually("the payer sees it", || request().is_some());
        request().unwrap()
    };
    let ends = |phone: &server::upi::phone::UpiPhone, id: &str| {
        crate::street::eventually("it ends", || {
            phone.payment(id).unwrap().payment.state != PaymentState::Pending
        });
        phone.payment(id).unwrap().payment
    };
    let account = &asha.mine().unwrap().accounts[0];

    let request = ask("30.00");
    assert_eq!((request.payee_name.as_str(), request.paise), ("Chai Corner", 3000));
    asha.approve(&request, account, &pin("482913")).unwrap();
    assert_eq!(ends(&asha, &request.id).state, PaymentState::Success);
    assert_eq!(ends(&chai, &request.id).state, PaymentState::Success);
    assert_eq!(town.balance(&chai, "620573"), "30.00");
    // Approved again it is the same payment.
    asha.approve(&request, account, &pin("482913")).unwrap();
    assert!(asha.requests().unwrap().is_empty());

    let request = ask("40.00");
    asha.decline(&request.id).unwrap();
    let told = ends(&chai, &request.id);
    assert_eq!((told.state, told.code.as_str()), (PaymentState::Failed, "U19"));
    assert_eq!(told.cause.as_deref(), Some("ZA"));
    assert_eq!(refused(asha.approve(&request, account, &pin("482913"))), "request_over");

    let request = ask("50.00");
    town.clock.advance(Duration::from_secs(30 * 60 + 1));
    let told = ends(&chai, &request.id);
    assert_eq!((told.state, told.code.as_str()), (PaymentState::Failed, "U69"));
    assert_eq!(refused(asha.approve(&request, account, &pin("482913"))), "request_over");
    let nobody = chai.collect("nobody@paiza", rupees("1.00"), None, 30).unwrap().payment;
    assert_eq!(ends(&chai, &nobody.id).state, PaymentState::Failed);
    assert_eq!(town.balance(&asha, "482913"), "24970.00");
    town.all_books_agree();
}

/// The code of the Ack that a party answers a document with; `None` if it took it.
fn post(at: SocketAddr, api: &str, document: &[u8]) -> Option<String> {
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let agent: ureq::Agent = config.into();
    let url = format!("http://{at}/upi/{api}/2.0/urn:txnid:x");
    let mut answer = agent.post(url).content_type("application/xml").send(document).unwrap();
    assert_eq!(answer.status(), 200);
    let body = answer.body_mut().read_to_vec().unwrap();
    let document = upi::xml::read(&body).unwrap();
    Acknowledgement::read(&document, Profile::public()).unwrap().error
}

/// A signed message, signed anew with another key, after its text was changed.
fn resigned(document: &[u8], change: impl Fn(String) -> String, key: &SigningKey) -> Vec<u8> {
    let text = String::from_utf8(document.to_vec()).unwrap();
    let (before, rest) = text.split_once("<Signature").unwrap();
    let after = rest.split_once("</Signature>").unwrap().1;
    upi::signature::sign(change(format!("{before}{after}")).as_bytes(), key).unwrap()
}

#[test]
fn forged_altered_and_repeated_messages_move_nothing() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let ravi = town.person(RAVI, "ravi@paiza", "573829");
    let paid = town.pay(&asha, "ravi@paiza", "30.00", "482913").payment;
    let about = town.recorder.about(&format!("POST /upi/ReqPay/2.0/urn:txnid:{}", paid.id));
    let of_kind = |kind: &str| {
        let named = format!("type=\"{kind}\"");
        let is = |bytes: &&Vec<u8>| String::from_utf8_lossy(bytes).contains(&named);
        about.iter().find(is).unwrap().clone()
    };
    let (pay, debit, credit) = (of_kind("PAY"), of_kind("DEBIT"), of_kind("CREDIT"));
    let bank = |name: &str| town.parties.banks.iter().find(|(id, ..)| id == name).unwrap().1;
    let (amber, banyan, switch) = (bank("amber"), bank("banyan"), town.parties.switch_at);

    // The very same bytes again: the same Ack, and nothing else.
    for _ in 0..3 {
        assert_eq!(post(switch, "ReqPay", &pay), None);
        assert_eq!(post(amber, "ReqPay", &debit), None);
        assert_eq!(post(banyan, "ReqPay", &credit), None);
    }
    // Other bytes under a name that is taken, even from who may sign them.
    let (own, foreign) = (signing_key("700000").unwrap(), signing_key("700001").unwrap());
    let more = |text: String| text.replace("30.00", "3000.00");
    assert_eq!(post(banyan, "ReqPay", &resigned(&credit, more, &own)).as_deref(), Some("U01"));
    // Another name for the same leg with another amount: not booked, and not the first answer either.
    let renamed = |text: String| more(text).replace("msgId=\"SWT", "msgId=\"SWX");
    assert_eq!(post(banyan, "ReqPay", &resigned(&credit, renamed, &own)), None);
    // Somebody else's signature, none at all, one over something else.
    let new = |text: String| text.replace("msgId=\"SWT", "msgId=\"SWY");
    assert_eq!(post(banyan, "ReqPay", &resigned(&credit, new, &foreign)).as_deref(), Some("U55"));
    let stranger = SigningKey::generate();
    assert_eq!(post(banyan, "ReqPay", &resigned(&credit, new, &stranger)).as_deref(), Some("U55"));
    let text = String::from_utf8(credit.clone()).unwrap();
    let unsigned =
        format!("{}{}", text.split_once("<Signature").unwrap().0, text.split_once("</Signature>").unwrap().1);
    assert_eq!(post(banyan, "ReqPay", unsigned.as_bytes()).as_deref(), Some("U15"));
    let altered = text.replace("30.00", "3000.00");
    assert_eq!(post(banyan, "ReqPay", altered.as_bytes()).as_deref(), Some("U15"));
    // A provider has nothing to say to a bank, nor under another path than the message's own.
    let as_provider = |text: String| new(text).replace("orgId=\"700000\"", "orgId=\"700001\"");
    assert_eq!(post(banyan, "ReqPay", &resigned(&credit, as_provider, &foreign)).as_deref(), Some("U17"));
    assert_eq!(post(banyan, "ReqChkTxn", &credit).as_deref(), Some("U05"));
    assert_eq!(post(banyan, "ReqPay", b"<ReqPay").as_deref(), Some("U05"));
    // Out of its time.
    town.clock.advance(Duration::from_secs(301));
    assert_eq!(post(amber, "ReqPay", &debit).as_deref(), Some("H03"));

    assert_eq!(town.balance(&asha, "482913"), "24970.00");
    assert_eq!(town.balance(&ravi, "573829"), "8030.00");
    town.all_books_agree();
}

/// Digits as they would lie in files and on wires, whoever wrote them there.
fn encodings(digits: &str) -> Vec<Vec<u8>> {
    let wide: Vec<u8> = digits.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let packed = hex::decode(digits).unwrap();
    // Base64 of a longer text shows its inner letters in one of three ways.
    let encoded = (0..3).map(|shift| {
        let text = format!("{}{digits}", &"xxx"[..shift]);
        let all = base64::engine::general_purpose::STANDARD_NO_PAD.encode(text);
        let from = (shift * 8).div_ceil(6);
        all.as_bytes()[from..all.len() - 1].to_vec()
    });
    let mut each = vec![digits.as_bytes().to_vec(), wide, hex::encode(digits).into_bytes(), packed];
    each.extend(encoded);
    each
}

fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

#[test]
fn a_pin_is_found_nowhere_outside_the_banks_boundary() {
    let town = UpiTown::new();
    let marker = "739164285017";
    assert_eq!(encodings(marker).len(), 7);
    // Twelve digits, so that nothing else looks like them: this bank takes six, and declines what it opened.
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let _ravi = town.person(RAVI, "ravi@paiza", "573829");
    let chai = town.person(CHAI, "chai@paiza", "620573");
    chai.become_merchant("Chai Corner", "5814").unwrap();
    let account = &asha.mine().unwrap().accounts[0];
    // The right one in between keeps the account from being locked.
    let still = || assert_eq!(town.balance(&asha, "482913"), "25000.00");
    let ended = |id: &str| asha.see_end(id, Duration::from_secs(30)).unwrap().payment;
    let is_wrong = |payment: psp::records::Payment| assert_eq!(payment.cause.as_deref(), Some("ZM"));
    is_wrong(town.pay(&asha, "ravi@paiza", "30.00", marker).payment);
    still();
    let terms = crate::upi_mandates::monthly();
    let order = asha.mandate_order(account, (&terms, None), &pin(marker)).unwrap();
    asha.make_mandate(&order).unwrap();
    let mandate = asha.see_mandate(&order.transaction, Duration::from_secs(30)).unwrap().mandate;
    assert_eq!(mandate.state, upi::mandate::State::Failed("ZM".to_owned()));
    still();
    is_wrong(ended(&asha.open_purse(account, rupees("50.00"), &pin(marker)).unwrap().payment.id));
    asha.conclude_purse(Duration::from_secs(30)).unwrap();
    still();
    let of = vec![("consumer_number".to_owned(), "1234567890".to_owned())];
    let bill = asha.fetch_bill("KONK00000ELE01", &of).unwrap();
    let due = values::Money::new(bill.terms.paise, values::Currency::INR).unwrap();
    let order = asha.bill_order(account, &bill, due, &pin(marker)).unwrap();
    asha.pay_bill(&bill.id, &order).unwrap();
    is_wrong(ended(&order.transaction));
    town.running.iter().flat_map(server::city::Running::stores).for_each(|(_, store)| store.flush().unwrap());
    let mut kept = Vec::new();
    files(town.data(), &mut kept);
    assert!(kept.len() > 20, "there is something to look through");
    kept.push(("wires".to_owned(), town.recorder.everything()));
    let has = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).any(|part| part == what);
    // The search finds what is there: an address, in the files and on the wires.
    assert!(kept.iter().filter(|(_, bytes)| has(bytes, b"ravi@paiza")).count() > 5);
    for (name, bytes) in &kept {
        for encoded in encodings(marker) {
            assert!(!has(bytes, &encoded), "{name} has the PIN");
        }
    }
}
