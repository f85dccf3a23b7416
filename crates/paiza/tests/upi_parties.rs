//! Every party of account payment as a process of its own, and phones by hand.

#[path = "upi_parties/commands.rs"]
mod commands;
#[path = "upi_parties/marker.rs"]
mod marker;
#[path = "kill/process.rs"]
#[allow(dead_code, reason = "the tests of kills use more of it")]
mod process;

use process::Process;
use serde_json::Value;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// Addresses nobody listens at.
fn free<const N: usize>() -> [String; N] {
    let listeners: Vec<TcpListener> = (0..N).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    std::array::from_fn(|n| listeners[n].local_addr().unwrap().to_string())
}

/// Runs a command to its end: its exit code and the last row it printed.
fn paiza(arguments: &[&str], folder: &Path) -> (i32, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paiza"));
    let output = command.arg("--json").args(arguments).current_dir(folder).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text.lines().last().unwrap_or_else(|| panic!("{arguments:?} says nothing"));
    (output.status.code().unwrap(), serde_json::from_str(last).unwrap())
}

fn done(arguments: &[&str], folder: &Path) -> Value {
    let (code, last) = paiza(arguments, folder);
    assert_eq!(code, 0, "{arguments:?}: {last}");
    last
}

struct Parties {
    switch: Process,
    arguments: Vec<String>,
    others: Vec<Process>,
}

fn start(name: &str, arguments: &[String]) -> Process {
    let mut process = Process::start(name, arguments, None);
    assert!(process.says("\"ready\""), "{name}: {}", process.said());
    process
}

fn arguments(words: &str, listen: &str, folder: &Path, more: &[String]) -> Vec<String> {
    let data = folder.join("city").display().to_string();
    let words = words.split(' ').chain(["--data", &data, "--listen", listen]).map(str::to_owned);
    ["--json".to_owned()].into_iter().chain(words).chain(more.iter().cloned()).collect()
}

fn parties(folder: &Path) -> (Parties, [String; 2]) {
    let (parties, told, _) = started(folder, false);
    (parties, told)
}

/// The same with another provider, and where that listens; all of them speak TLS with one another.
fn with_second(folder: &Path) -> (Parties, [String; 2], String) {
    started(folder, true)
}

fn started(folder: &Path, second: bool) -> (Parties, [String; 2], String) {
    let [telephone, provider, switch, amber, banyan, billers, mitra] = free();
    let [for_parties, of_mitra] = free();
    let at = |organisation: &str, address: &str| ["--at".to_owned(), format!("{organisation}={address}")];
    let by_telephone = ["--telephone".to_owned(), telephone.clone()];
    let to_switch = at("700000", &switch);
    let locked: Vec<String> = if second {
        let folder = folder.join("certificates").display().to_string();
        done(&["sandbox", "upi-certificates", "--out", &folder], Path::new("."));
        vec!["--tls".to_owned(), folder]
    } else {
        Vec::new()
    };
    let apart = |at: &String| if second { vec!["--parties".to_owned(), at.clone()] } else { Vec::new() };
    let (own, other) = if second { (&for_parties, &of_mitra) } else { (&provider, &mitra) };
    let of_bank: Vec<String> = [&by_telephone[..], &to_switch, &locked].concat();
    let everybody: Vec<String> =
        [at("700001", own), at("700002", other), at("701001", &amber), at("701002", &banyan)].concat();
    let everybody = [&everybody[..], &locked].concat();
    let with_billers =
        [&of_bank[..], &apart(&for_parties), &["--billers".to_owned(), billers.clone()]].concat();
    let network = start("telephone", &arguments("sandbox telephone", &telephone, folder, &[]));
    let mut others = vec![
        network,
        start("amber", &arguments("sandbox upi-bank --bank amber", &amber, folder, &of_bank)),
        start("banyan", &arguments("sandbox upi-bank --bank banyan", &banyan, folder, &of_bank)),
        start("billers", &arguments("sandbox billers", &billers, folder, &[])),
        start("provider", &arguments("upi provider", &provider, folder, &with_billers)),
    ];
    if second {
        let more = [of_bank, apart(&of_mitra)].concat();
        others.push(start("mitra", &arguments("upi provider --provider mitra", &mitra, folder, &more)));
    }
    let arguments = arguments("sandbox upi-switch", &switch, folder, &everybody);
    let switch = start("switch", &arguments);
    (Parties { switch, arguments, others }, [provider, telephone], mitra)
}

#[test]
fn two_providers_in_processes_of_their_own_pay_across_the_switch_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (mut parties, [provider, telephone], mitra) = with_second(folder);
    for (name, number, bank, card, expiry, pin, provider, handle) in [
        ("asha", "+919800000001", "AMBR", "417201", "1230", "482913", &provider, "paiza"),
        ("chai", "+919800000005", "BNYN", "417205", "0930", "620573", &mitra, "mitra"),
    ] {
        let at = ["--provider", provider, "--telephone", &telephone];
        done(&[&["upi", "register", "--data", name, "--number", number], &at[..]].concat(), folder);
        assert_eq!(done(&["upi", "link", "--data", name, "--bank", bank], folder)["linked"], 1);
        let card = ["--card", card, "--expiry", expiry, "--pin", pin];
        done(&[&["upi", "pin", "--data", name], &card[..]].concat(), folder);
        done(&["upi", "address", "--data", name, &format!("{name}@{handle}")], folder);
    }
    // Each provider makes addresses of its own handle and no other.
    let (code, refused) = paiza(&["upi", "address", "--data", "chai", "chai.corner@paiza"], folder);
    assert_eq!((code, &refused["code"]), (1, &Value::from("address_invalid")), "{refused}");
    let pay = |from: &str, to: &str, amount: &str, pin: &str| {
        paiza(&["upi", "pay", "--data", from, "--to", to, "--amount", amount, "--pin", pin], folder)
    };
    let (code, paid) = pay("asha", "chai@mitra", "30.00", "482913");
    assert_eq!((code, &paid["state"]), (0, &Value::from("success")), "{paid}");
    assert_eq!(pay("chai", "asha@paiza", "12.00", "620573").0, 0);
    assert_eq!(done(&["upi", "history", "--data", "chai"], folder)["payments"], 2);
    let balance = |name: &str, pin: &str| {
        done(&["upi", "balance", "--data", name, "--pin", pin], folder)["balance"].clone()
    };
    assert_eq!(balance("chai", "620573"), "18.00");

    parties.switch.terminate();
    parties.others.iter_mut().for_each(Process::terminate);
    let verified = done(&["verify", "--data", "city"], folder);
    assert_eq!(verified["account_payments"]["agreed"], 2, "{verified}");
}

#[test]
fn parties_in_processes_of_their_own_pay_one_another() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (mut parties, [provider, telephone]) = parties(folder);
    for (name, number, bank, card, expiry, pin) in [
        ("asha", "+919800000001", "AMBR", "417201", "1230", "482913"),
        ("ravi", "+919800000002", "BNYN", "417202", "1129", "573829"),
    ] {
        let at = ["--provider", &provider, "--telephone", &telephone];
        done(&[&["upi", "register", "--data", name, "--number", number], &at[..]].concat(), folder);
        assert_eq!(done(&["upi", "link", "--data", name, "--bank", bank], folder)["linked"], 1);
        let card = ["--card", card, "--expiry", expiry, "--pin", pin];
        done(&[&["upi", "pin", "--data", name], &card[..]].concat(), folder);
        done(&["upi", "address", "--data", name, &format!("{name}@paiza")], folder);
    }
    let pay = |amount: &str, pin: &str| {
        let what = ["upi", "pay", "--data", "asha", "--to", "ravi@paiza", "--amount", amount, "--pin", pin];
        paiza(&what, folder)
    };
    let (code, paid) = pay("30.00", "482913");
    assert_eq!((code, &paid["state"]), (0, &Value::from("success")), "{paid}");
    let (code, wrong) = pay("30.00", "482914");
    assert_eq!((code, &wrong["cause"]), (1, &Value::from("ZM")), "{wrong}");

    // The switch dies without a warning and comes back: it knows what it did, and goes on.
    parties.switch.kill();
    parties.switch = start("switch", &parties.arguments);
    assert_eq!(pay("12.00", "482913").0, 0);
    // A link that was scanned says whom, how much and what for; nobody changes its amount.
    let link = "upi://pay?pa=ravi@paiza&pn=Somebody&am=8.00&cu=INR&tr=ORD42&tn=chai&mode=01";
    let scanned = done(&["upi", "pay", "--data", "asha", "--link", link, "--pin", "482913"], folder);
    assert_eq!((&scanned["amount"], &scanned["state"]), (&Value::from("8.00"), &Value::from("success")));
    let more = ["upi", "pay", "--data", "asha", "--link", link, "--amount", "80.00", "--pin", "482913"];
    assert_eq!(paiza(&more, folder).0, 2);
    let balance = done(&["upi", "balance", "--data", "ravi", "--pin", "573829"], folder);
    assert_eq!(balance["balance"], "8050.00");
    assert_eq!(done(&["upi", "history", "--data", "ravi"], folder)["payments"], 3);
    let transaction = paid["transaction"].as_str().unwrap();
    let told = done(&["upi", "explain", transaction, "--data", "city"], folder);
    assert_eq!((&told["state"], &told["next_deadline"]), (&Value::from("success"), &Value::Null));

    // A bill is paid to its biller's account, once, and the biller says so.
    let bill = ["upi", "bill", "--data", "asha", "KONK00000ELE01", "--with", "consumer_number=1234567890"];
    assert_eq!(done(&bill, folder)["rule"], "exact");
    let paid_bill = done(&[&bill[..], &["--pay", "--pin", "482913"]].concat(), folder);
    assert_eq!(paid_bill["state"], "confirmed", "{paid_bill}");
    let (code, again) = paiza(&[&bill[..], &["--pay", "--pin", "482913"]].concat(), folder);
    assert_eq!((code, &again["code"]), (1, &Value::from("nothing_due")), "{again}");

    // Ravi gives a part of it back, and no more than came; of what was paid nobody claims that it failed.
    let back =
        |amount: &str| paiza(&["upi", "refund", "--data", "ravi", transaction, "--amount", amount], folder);
    let (code, refund) = back("10.00");
    assert_eq!((code, &refund["state"]), (0, &Value::from("success")), "{refund}");
    assert_eq!(back("20.01").1["code"], "refund_too_much");
    let balance = done(&["upi", "balance", "--data", "ravi", "--pin", "573829"], folder);
    assert_eq!(balance["balance"], "8040.00");
    let claim = ["upi", "dispute", "raise", "--data", "asha", transaction, "--reason", "debit_not_returned"];
    let (code, refused) = paiza(&claim, folder);
    assert_eq!((code, &refused["code"]), (1, &Value::from("nothing_to_dispute")), "{refused}");

    // Ended politely, their records agree with one another: three and a bill paid, one declined.
    parties.switch.terminate();
    parties.others.iter_mut().for_each(Process::terminate);
    let verified = done(&["verify", "--data", "city"], folder);
    assert_eq!(verified["account_payments"]["agreed"], 6);
    assert_eq!(verified["bills"]["agreed"], 1);

    // Six hours later the cycle is over: it settles to zero, once, and all three say the same of every leg.
    std::fs::write(folder.join("city/clock.json"), r#"{"ahead_ms":21600000,"frozen_at_ms":null}"#).unwrap();
    for _ in 0..2 {
        let settled = done(&["upi", "settle", "--data", "city", "--out", "settlement"], folder);
        assert!(settled["cycles"].as_u64().unwrap() >= 1, "{settled}");
    }
    assert_eq!(done(&["verify", "--data", "city"], folder)["account_payments"]["agreed"], 6);
    for bank in ["701001", "701002"] {
        let files = std::fs::read_dir(folder.join("settlement")).unwrap().flatten().map(|file| file.path());
        let of_bank =
            |path: &std::path::PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(bank);
        let files: Vec<String> = files.filter(of_bank).map(|path| path.display().to_string()).collect();
        let words = ["upi", "reconcile"].into_iter().chain(files.iter().map(String::as_str));
        let compared = done(&words.collect::<Vec<_>>(), folder);
        // Three payments, the bill, the refund, and the payment that was declined.
        assert_eq!(
            (&compared["matched"], &compared["legs"]),
            (&Value::from(6), &Value::from(6)),
            "{compared}"
        );
    }
}
