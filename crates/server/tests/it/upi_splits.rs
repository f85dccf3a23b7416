//! Bills that several people share, over the real wires: each pays a link, and the splitter sees who has.

use crate::street::eventually;
use crate::upi_town::{ASHA, MEERA, RAVI, UpiTown, pin, rupees};
use psp::records::PaymentState;
use server::upi::app::NewPayment;
use server::upi::phone::{UpiPhone, UpiPhoneError, begun_by};
use std::time::Duration;
use upi::link::Link;

fn refused<T: std::fmt::Debug>(outcome: Result<T, UpiPhoneError>) -> String {
    match outcome {
        Err(UpiPhoneError::Client(error)) => error.code().unwrap().to_owned(),
        other => panic!("not refused: {other:?}"),
    }
}

/// Pays what a link asks for, as whoever scans it does; another amount if one is given.
fn pay(phone: &UpiPhone, link: &str, digits: &str, instead: Option<&str>) -> String {
    let link = Link::parse(link).unwrap();
    let account = &phone.mine().unwrap().accounts[0];
    let amount = instead.map_or(link.request.amount.unwrap(), rupees);
    let note = link.request.note.as_deref();
    let whom = (link.request.payee.as_str(), None);
    let order = phone.order(account, whom, amount, note, &pin(digits)).unwrap();
    let order = NewPayment { begun: begun_by(&link, false), ..order };
    phone.pay(&order).unwrap();
    let end = phone.see_end(&order.transaction, Duration::from_secs(30)).unwrap();
    assert_eq!(end.payment.state, PaymentState::Success, "{end:?}");
    order.transaction
}

#[test]
fn each_pays_a_share_and_the_splitter_sees_who_has() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let ravi = town.person(RAVI, "ravi@paiza", "573829");
    let meera = town.person(MEERA, "meera@paiza", "7391");
    let people = [("Ravi".to_owned(), None), ("Meera".to_owned(), None)];
    let made = asha.split_bill("Dinner", rupees("1000.00"), &people, true).unwrap();
    let paise: Vec<u64> = made.split.shares.iter().map(|share| share.paise).collect();
    assert_eq!(paise, [33_334, 33_333, 33_333]);
    assert!(made.links[2].is_none(), "nobody asks the splitter");
    let links: Vec<&str> = made.links.iter().flatten().map(String::as_str).collect();
    let standing = || {
        let shares = asha.split(&made.split.id).unwrap().split.shares;
        shares.into_iter().map(|share| share.paid).collect::<Vec<_>>()
    };

    // A payment that is not all of a share, or says nothing of it, is no share.
    pay(&ravi, links[0], "573829", Some("10.00"));
    town.pay(&ravi, "asha@paiza", "333.34", "573829");
    let paid = pay(&ravi, links[0], "573829", None);
    eventually("the share is paid", || standing()[0].is_some());
    assert_eq!(standing(), [Some(paid.clone()), None, None]);
    // Paid a second time it is a payment like any other.
    pay(&ravi, links[0], "573829", None);
    let other = pay(&meera, links[1], "7391", None);
    eventually("both are paid", || standing()[1].is_some());
    assert_eq!(standing(), [Some(paid.clone()), Some(other), None]);
    assert_eq!(asha.splits().unwrap().len(), 1);
    let known = asha.payment(&paid).unwrap().payment;
    assert_eq!((known.paise, known.other.as_str()), (33_334, "ravi@paiza"));

    // What goes back of a share is told with it.
    asha.refund(&paid, Some(rupees("100.00")), None).unwrap();
    assert_eq!(asha.split(&made.split.id).unwrap().given_back, [10_000, 0, 0]);

    // It is the splitter's alone.
    assert_eq!(refused(ravi.split(&made.split.id)), "not_found");
    assert!(ravi.splits().unwrap().is_empty());
    town.all_books_agree();
}

#[test]
fn shares_that_do_not_sum_to_the_whole_are_none() {
    let town = UpiTown::new();
    let asha = town.person(ASHA, "asha@paiza", "482913");
    let named = |who: &str, amount: Option<&str>| (who.to_owned(), amount.map(rupees));
    let split = |note: &str, total: &str, people: &[_], with| {
        refused(asha.split_bill(note, rupees(total), people, with))
    };
    assert_eq!(split("Rent", "100.00", &[], true), "shares_invalid");
    assert_eq!(split("Rent", "100.00", &[named("", None)], true), "shares_invalid");
    assert_eq!(split("Rent", "100.00", &[named("Ravi", Some("40.00"))], false), "shares_invalid");
    assert_eq!(split("Rent", "0.01", &[named("Ravi", None)], true), "shares_invalid");
    assert_eq!(split("", "100.00", &[named("Ravi", None)], true), "note_invalid");
    assert_eq!(split("Rent", "0.00", &[named("Ravi", None)], true), "amount_invalid");
    let many: Vec<_> = (0..21).map(|place| named(&format!("P{place}"), None)).collect();
    assert_eq!(split("Rent", "100.00", &many, true), "shares_invalid");
    let fair = asha.split_bill("Rent", rupees("100.00"), &[named("Ravi", Some("40.00"))], true).unwrap();
    assert_eq!(fair.split.shares.iter().map(|share| share.paise).collect::<Vec<_>>(), [4_000, 6_000]);
}
