//! Whom a customer wants nothing of, and several addresses of one customer, over the real wires.

use crate::street::eventually;
use crate::upi_town::{ASHA, CHAI, DEV, MEERA, RAVI, UpiTown, rupees};
use psp::records::PaymentState;
use server::upi::phone::{UpiPhone, UpiPhoneError};

fn refused<T: std::fmt::Debug>(outcome: Result<T, UpiPhoneError>) -> String {
    match outcome {
        Err(UpiPhoneError::Client(error)) => error.code().unwrap().to_owned(),
        other => panic!("not refused: {other:?}"),
    }
}

/// A merchant asks; how that ended at once, or nothing while the payer decides.
fn asked(merchant: &UpiPhone, payer: &UpiPhone, from: &str) -> Option<String> {
    let id = merchant.collect(from, rupees("10.00"), None, 30).unwrap().payment.id;
    let mut end = None;
    eventually("the request came or was refused", || {
        let payment = merchant.payment(&id).unwrap().payment;
        if payment.state == PaymentState::Failed {
            end = Some(format!("{}/{}", payment.code, payment.cause.unwrap_or_default()));
        }
        end.is_some() || payer.requests().unwrap().iter().any(|request| request.id == id)
    });
    end
}

#[test]
fn what_a_blocked_address_asks_for_is_refused_before_it_is_seen() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let chai = town.person(CHAI, "chai@paiza", "620573");
    chai.become_merchant("Chai Corner", "5814").unwrap();
    assert_eq!(asked(&chai, &asha, "asha@paiza"), None);
    asha.block("CHAI@paiza", false).unwrap();
    asha.block("chai@paiza", false).unwrap();
    let blocked = asha.blocked().unwrap();
    assert_eq!((blocked.len(), blocked[0].address.as_str(), blocked[0].reported), (1, "chai@paiza", false));
    let before = asha.requests().unwrap().len();
    assert_eq!(asked(&chai, &asha, "asha@paiza").as_deref(), Some("U19/TM"));
    assert_eq!(asha.requests().unwrap().len(), before);

    // Nor is it paid by mistake, by hand or from a code.
    assert_eq!(refused(asha.resolve("Chai@paiza")), "address_blocked");
    let account = &asha.mine().unwrap().accounts[0];
    let pin = crate::upi_town::pin("482913");
    let order = asha.order(account, ("chai@PAIZA", None), rupees("1.00"), None, &pin).unwrap();
    assert_eq!(refused(asha.pay(&order)), "address_blocked");
    assert_eq!(refused(asha.block("asha@paiza", false)), "address_invalid", "one's own");
    assert_eq!(refused(asha.block("no address", true)), "address_invalid");

    asha.unblock("chai@paiza").unwrap();
    assert_eq!(refused(asha.unblock("chai@paiza")), "not_found");
    assert_eq!(asked(&chai, &asha, "asha@paiza"), None);
    assert_eq!(asha.resolve("chai@paiza").unwrap(), "Chai Corner");
    town.all_books_agree();
}

#[test]
fn what_three_customers_report_is_spam_for_everybody_until_a_report_ends() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let chai = town.person(CHAI, "chai@paiza", "620573");
    chai.become_merchant("Chai Corner", "5814").unwrap();
    let others = [(RAVI, "ravi@paiza"), (MEERA, "meera@paiza"), (DEV, "dev@paiza")].map(|(who, address)| {
        let digits = if matches!(who.1, "BNYN") { "573829" } else { "4829" };
        town.person(who, address, digits)
    });
    assert_eq!(
        refused(others[0].block("chai@paiza", true)),
        "nothing_to_report",
        "it never asked for anything"
    );
    for (other, (_, address)) in
        others.iter().zip([(RAVI, "ravi@paiza"), (MEERA, "meera@paiza"), (DEV, "dev@paiza")])
    {
        assert_eq!(asked(&chai, other, address), None);
    }
    for other in &others[..2] {
        other.block("chai@paiza", true).unwrap();
        other.block("chai@paiza", true).unwrap();
    }
    assert_eq!(asked(&chai, &asha, "asha@paiza"), None, "two are not enough, however often they say it");
    others[2].block("chai@paiza", true).unwrap();
    assert_eq!(asked(&chai, &asha, "asha@paiza").as_deref(), Some("U19/S0"));
    // Who blocks without a report does not end one, and who unblocks does.
    others[0].block("chai@paiza", false).unwrap();
    assert_eq!(asked(&chai, &asha, "asha@paiza").as_deref(), Some("U19/S0"));
    others[0].unblock("chai@paiza").unwrap();
    assert_eq!(asked(&chai, &asha, "asha@paiza"), None);
    // Reports count for thirty days.
    others[0].block("chai@paiza", true).unwrap();
    assert_eq!(asked(&chai, &asha, "asha@paiza").as_deref(), Some("U19/S0"));
    town.clock.advance(std::time::Duration::from_secs(30 * 86_400 + 1));
    assert_eq!(asked(&chai, &asha, "asha@paiza"), None);
}

#[test]
fn one_customer_is_paid_at_several_addresses_until_one_is_given_up() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let ravi = town.person(RAVI, "ravi@paiza", "573829");
    assert_eq!(refused(asha.remove_address("asha@paiza")), "address_last");
    asha.make_address("rao.asha@paiza", "").unwrap();
    for to in ["asha@paiza", "rao.asha@paiza"] {
        assert_eq!(town.pay(&ravi, to, "10.00", "573829").payment.state, PaymentState::Success);
    }
    eventually("both payments came", || asha.payments().unwrap().len() == 2);
    asha.first_address("Rao.Asha@paiza").unwrap();
    assert_eq!(asha.mine().unwrap().addresses, ["rao.asha@paiza", "asha@paiza"]);
    let paid = town.pay(&asha, "ravi@paiza", "5.00", "482913").payment;
    assert_eq!(paid.own, "rao.asha@paiza", "payments go out under the first");

    asha.remove_address("asha@paiza").unwrap();
    assert_eq!(refused(asha.remove_address("asha@paiza")), "not_found");
    assert_eq!(refused(asha.first_address("asha@paiza")), "not_found");
    let nobody = town.pay(&ravi, "asha@paiza", "10.00", "573829").payment;
    assert_eq!((nobody.code.as_str(), nobody.cause.as_deref()), ("U29", Some("ZH")));
    assert_eq!(refused(ravi.make_address("asha@paiza", "")), "address_taken", "nobody else gets it");
    asha.make_address("asha@paiza", "").unwrap();
    assert_eq!(asha.mine().unwrap().addresses, ["rao.asha@paiza", "asha@paiza"]);
    assert_eq!(town.pay(&ravi, "asha@paiza", "1.00", "573829").payment.state, PaymentState::Success);
    town.all_books_agree();
}
