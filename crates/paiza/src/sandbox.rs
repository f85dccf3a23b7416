//! `paiza sandbox`: counterparties alone, what their people do, their test keys and test cards.

pub(crate) mod desk;
mod host;
mod upi;

pub(crate) use host::left_clock;
pub(crate) use upi::{UpiDesk, UpiHost, provider};

use crate::cli::{CardWork, Sandbox};
use crate::output::{Failure, Output};
use serde_json::json;

pub(crate) fn run(what: &Sandbox, output: Output) -> Result<(), Failure> {
    match what {
        Sandbox::Keys => keys(output),
        Sandbox::Cards => cards(output),
        Sandbox::Card { work: Some(CardWork::Replace { desk, number, expiry }), .. } => {
            desk::replace(desk, number, expiry.as_deref(), output)
        }
        Sandbox::Card { work: Some(CardWork::List { desk }), .. } => desk::cards(desk, output),
        Sandbox::Card { work: Some(CardWork::Disputes { desk, payment, end }), .. } => {
            match payment.as_deref().zip(end.as_deref()) {
                Some((payment, ending)) => desk::end_dispute(desk, payment, ending, output),
                None => desk::disputes(desk, output),
            }
        }
        Sandbox::Card { work: None, desk, number, state } => {
            let missing = || Failure::usage("--number and --state are needed");
            let number = number.as_deref().ok_or_else(missing)?;
            desk::card(desk, number, state.as_deref().ok_or_else(missing)?, output)
        }
        Sandbox::Rules { bank, set, enabled, threshold, outcome, at } => {
            let change = set.as_ref().map(|condition| {
                json!({"condition": condition, "enabled": enabled, "threshold": threshold, "outcome": outcome})
            });
            desk::rules(bank, change, at.as_deref(), output)
        }
        Sandbox::Cutover { at } => desk::cut_over(at, output),
        Sandbox::Network { line, verification, desk, gateway, issuers, answer_within_ms } => {
            let ports = host::Ports { verification: verification.as_deref(), desk: desk.as_deref() };
            host::network(line, ports, gateway, issuers, *answer_within_ms, output)
        }
        Sandbox::Issuer { line, bank, verification, desk, telephone, platform } => {
            let ports = host::Ports { verification: verification.as_deref(), desk: desk.as_deref() };
            host::issuer(line, bank, ports, telephone, platform, output)
        }
        Sandbox::UpiSwitch { host, desk } => upi::switch(host, desk, output),
        Sandbox::UpiCertificates { out } => upi::certificates(out, output),
        Sandbox::UpiBank { host, desk, bank, telephone } => upi::bank(host, desk, (bank, telephone), output),
        Sandbox::Billers { data, listen } => upi::all_billers(&data.data, listen, output),
        Sandbox::Telephone { data, listen } => host::telephone(&data.data, listen, output),
    }
}

fn keys(output: Output) -> Result<(), Failure> {
    output.line("TEST KEYS of the sandbox. Everybody has them; they protect nothing.");
    output.line("Each is the SHA-256 of a public label, shortened to 16 bytes (DES keys with odd parity).");
    let keys = sandbox::keys::list();
    for key in &keys {
        output.line(format!("{}  {}", key.hex, key.name));
        output.row(&json!({"name": key.name, "key": key.hex}));
    }
    output.summary(json!({"keys": keys.len()}));
    Ok(())
}

fn cards(output: Output) -> Result<(), Failure> {
    output.line(sandbox::test_cards::to_markdown());
    let cards = sandbox::test_cards::test_cards();
    for card in cards {
        let bank = sandbox::directory::Directory::sandbox().institution(&card.bank);
        let cvv2 = bank.map(|bank| sandbox::keys::IssuerKeys::sandbox(bank).cvv2(&card.pan(), card.expiry()));
        let cvv2 = cvv2.map(|code| String::from_utf8_lossy(code.expose()).into_owned());
        output.row(&json!({
            "bank": card.bank, "number": String::from_utf8_lossy(card.pan().expose()), "expiry": card.expiry().to_yymm(), "cvv2": cvv2,
            "phone": card.phone, "behaviour": card.behaviour.word(), "funds": card.funds().to_decimal(),
        }));
    }
    output.summary(json!({"cards": cards.len()}));
    Ok(())
}
