//! Account payment: two phones register, link an account, set a PIN, and one pays the other; every message is shown.

use super::stage::Stage;
use crate::output::Failure;
use crate::upi::failure;
use psp::records::PaymentState;
use server::upi::app::Shown;
use server::upi::phone::UpiPhone;
use std::time::Duration;
use values::{Currency, Money, SecretBytes};

/// How long an end is waited for.
const PATIENCE: Duration = Duration::from_secs(40);

pub(super) fn run(stage: &Stage) -> Result<(), Failure> {
    stage.say("Asha's phone is bound to its number: it sends a text with a token that the provider made.");
    let asha = stage.upi_phone("asha", "+919800000001")?;
    stage.say("Which accounts has her number at Amber Bank? She links the one there is.");
    link(stage, &asha, "AMBR")?;
    stage.say("She sets a PIN: debit card, one-time password, and the PIN sealed to her bank's key.");
    set_pin(&asha, ("417201", "1230"), "482913")?;
    asha.make_address("asha@paiza", "").map_err(failure)?;

    stage.say("Ravi does the same at Banyan Bank.");
    let ravi = stage.upi_phone("ravi", "+919800000002")?;
    link(stage, &ravi, "BNYN")?;
    set_pin(&ravi, ("417202", "1129"), "573829")?;
    ravi.make_address("ravi@paiza", "").map_err(failure)?;

    stage.say("Asha asks whose ravi@paiza is, and pays 30 rupees: debit first, then credit.");
    let name = asha.resolve("ravi@paiza").map_err(failure)?;
    stage.expect("the registered name is shown before she pays", name == "Ravi Menon")?;
    let paid = pay(&asha, "ravi@paiza", "30.00", "482913")?;
    stage.expect("the payment went through", paid.payment.state == PaymentState::Success)?;
    stage.expect("Asha has 24,970.00 rupees", balance(&asha, "482913")? == "24970.00")?;
    stage.expect("Ravi has 8,030.00 rupees", balance(&ravi, "573829")? == "8030.00")?;

    stage.say("A wrong PIN: her bank declines, and nothing moved.");
    let wrong = pay(&asha, "ravi@paiza", "1.00", "482914")?;
    let pair = (wrong.payment.code.as_str(), wrong.payment.cause.as_deref());
    stage.expect("declined with U30 and the bank's ZM", pair == ("U30", Some("ZM")))?;
    stage.expect("the person is told what to do", !wrong.said[0].is_empty() && !wrong.next[0].is_empty())?;

    stage.say("Nobody has this address: the provider of the handle says so before anything is debited.");
    let nobody = pay(&asha, "nobody@paiza", "1.00", "482913")?;
    stage.expect("failed with U29", nobody.payment.code == "U29")?;
    stage.expect("her balance is the same", balance(&asha, "482913")? == "24970.00")
}

fn link(stage: &Stage, phone: &UpiPhone, bank: &str) -> Result<(), Failure> {
    let (question, accounts) = phone.accounts(bank).map_err(failure)?;
    stage.expect("the bank lists one account, its number masked", accounts.len() == 1)?;
    phone.link(&question, &accounts[0].reference).map_err(failure)
}

fn pin(digits: &str) -> SecretBytes {
    SecretBytes::new(digits.as_bytes().to_vec())
}

fn set_pin(phone: &UpiPhone, card: (&str, &str), digits: &str) -> Result<(), Failure> {
    let mine = phone.mine().map_err(failure)?;
    phone.set_pin(&mine.accounts[0], card, &pin(digits)).map_err(failure)
}

fn balance(phone: &UpiPhone, digits: &str) -> Result<String, Failure> {
    let mine = phone.mine().map_err(failure)?;
    phone.balance(&mine.accounts[0], &pin(digits)).map_err(failure)
}

fn pay(phone: &UpiPhone, to: &str, amount: &str, digits: &str) -> Result<Shown, Failure> {
    let mine = phone.mine().map_err(failure)?;
    let amount = Money::parse(amount, Currency::INR).map_err(Failure::configuration)?;
    let order =
        phone.order(&mine.accounts[0], (to, None), amount, Some("tea"), &pin(digits)).map_err(failure)?;
    phone.pay(&order).map_err(failure)?;
    phone.see_end(&order.transaction, PATIENCE).map_err(failure)
}
