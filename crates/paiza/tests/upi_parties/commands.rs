//! Purses and mandates by hand, from the command line.

use super::{Process, done, paiza, parties};
use serde_json::Value;
use std::path::Path;

/// Registers somebody, with a linked account, its PIN and an address.
pub(super) fn person(who: [&str; 6], [provider, telephone]: &[String; 2], folder: &Path) {
    let [name, number, bank, card, expiry, pin] = who;
    let at = ["--provider", provider, "--telephone", telephone];
    done(&[&["upi", "register", "--data", name, "--number", number], &at[..]].concat(), folder);
    done(&["upi", "link", "--data", name, "--bank", bank], folder);
    let card = ["--card", card, "--expiry", expiry, "--pin", pin];
    done(&[&["upi", "pin", "--data", name], &card[..]].concat(), folder);
    done(&["upi", "address", "--data", name, &format!("{name}@paiza")], folder);
}

pub(super) const ASHA: [&str; 6] = ["asha", "+919800000001", "AMBR", "417201", "1230", "482913"];
pub(super) const CHAI: [&str; 6] = ["chai", "+919800000005", "BNYN", "417205", "0930", "620573"];

#[test]
fn a_purse_is_opened_filled_spent_asked_and_closed_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (mut parties, told) = parties(folder);
    person(ASHA, &told, folder);
    person(CHAI, &told, folder);
    let purse = |words: &str| {
        let all = format!("upi purse {words}");
        paiza(&all.split(' ').collect::<Vec<_>>(), folder)
    };
    let text = |value: &str| Value::from(value);
    assert_eq!(purse("balance --data asha").0, 1, "there is none");
    let (code, opened) = purse("open --data asha --amount 500.00 --pin 482913");
    assert_eq!((code, &opened["state"]), (0, &text("success")), "{opened}");
    let (code, spent) = purse("pay --data asha --to chai@paiza --amount 30.00 --note tea");
    assert_eq!((code, &spent["state"]), (0, &text("success")), "{spent}");
    assert_eq!(purse("pay --data asha --to chai@paiza --amount 470.01").0, 1, "more than is in it");
    let (code, filled) = purse("fill --data asha --amount 100.00 --pin 482913");
    assert_eq!((code, &filled["state"]), (0, &text("success")), "{filled}");
    for words in ["balance --data asha", "balance --data asha --ask"] {
        assert_eq!(purse(words).1["balance"], "570.00", "{words}");
    }
    let (code, closed) = purse("close --data asha");
    assert_eq!((code, &closed["amount"]), (0, &text("570.00")), "{closed}");
    assert_eq!(purse("balance --data asha").0, 1, "it is closed");
    let balance = done(&["upi", "balance", "--data", "asha", "--pin", "482913"], folder);
    assert_eq!(balance["balance"], "24970.00");
    parties.switch.terminate();
    parties.others.iter_mut().for_each(Process::terminate);
    done(&["verify", "--data", "city"], folder);
}

#[test]
fn a_mandate_is_asked_for_approved_paused_and_revoked_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (mut parties, told) = parties(folder);
    person(ASHA, &told, folder);
    person(CHAI, &told, folder);
    let merchant = ["upi", "merchant", "--data", "chai", "--name", "Chai Corner", "--category", "5814"];
    done(&merchant, folder);
    let terms = ["--name", "Tea club", "--amount", "499.00", "--until", "2030-12-31"];
    let ask = ["upi", "mandate", "ask", "--data", "chai", "--payer", "asha@paiza"];
    let asked = done(&[&ask[..], &terms[..]].concat(), folder);
    let id = asked["mandate"].as_str().unwrap_or_else(|| panic!("{asked}"));
    let of = |words: &str, more: &[&str]| {
        let words: Vec<&str> = ["upi", "mandate"].into_iter().chain(words.split(' ')).collect();
        paiza(&[&words[..], &[id], more].concat(), folder)
    };
    let state = |(code, told): (i32, Value), expected: &str| {
        assert_eq!((code, &told["state"]), (0, &Value::from(expected)), "{told}");
    };
    // Word of it may still be on its way to its payer.
    let waits = || done(&["upi", "mandate", "list", "--data", "asha"], folder)["mandates"] == 1;
    while !waits() {}
    state(of("approve --data asha", &["--pin", "482913"]), "active");
    state(of("pause --data asha", &[]), "paused");
    state(of("unpause --data asha", &["--pin", "482913"]), "active");
    let (code, presented) = of("debit --data chai", &["--amount", "350.00"]);
    assert_eq!(code, 0, "{presented}");
    state(of("revoke --data asha", &[]), "revoked");
    assert_eq!(of("pause --data asha", &[]).0, 1, "it is over");
    parties.switch.terminate();
    parties.others.iter_mut().for_each(Process::terminate);
    done(&["verify", "--data", "city"], folder);
}
