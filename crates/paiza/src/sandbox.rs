//! `paiza sandbox`: counterparties alone, their test keys and test cards.

use crate::cli::Sandbox;
use crate::output::{Failure, Output};
use serde_json::json;

pub(crate) fn run(what: &Sandbox, output: Output) -> Result<(), Failure> {
    match what {
        Sandbox::Keys => keys(output),
        Sandbox::Cards => cards(output),
        _ => Err(Failure::usage("not in this build")),
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
