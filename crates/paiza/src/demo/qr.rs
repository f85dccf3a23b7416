//! Paying by code: the phone shows one, the shop shows one, forgeries; then the books.

use super::stage::{PASSCODE, Stage};
use super::tap::{add, text_arrives};
use crate::output::Failure;
use crate::phone::failure;
use emv::describe::describe_code;
use server::phone::{CodeError, Phone, Scanned};
use server::pos::{Ended, Patience, Pos, Shown, Verdict};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use values::id::kinds;
use values::{Currency, Id, Money};

/// How long the terminal's code waits for the phone.
const SHOWN_FOR: Duration = Duration::from_secs(30);

pub(super) fn run(stage: &Stage) -> Result<(), Failure> {
    stage.say("A phone with a card, and no radio.");
    let (mut phone, _) = stage.phone("lin-mei", "+8613800000001")?;
    let card = add(&mut phone, "6216600100000000016")?;
    let mut pos = stage.terminal("counter-1", "PZ000001")?;
    shown_by_the_phone(stage, &mut phone, card, &mut pos)?;
    shown_by_the_shop(stage, &phone, card, &mut pos)?;
    forged(stage, &phone, &pos)?;
    stage.say("Codes count as taps do: one is taken back, one is refunded, the batch agrees.");
    books(stage, &mut pos)
}

fn shown_by_the_phone(
    stage: &Stage,
    phone: &mut Phone,
    card: Id<kinds::Token>,
    pos: &mut Pos,
) -> Result<(), Failure> {
    stage.say("The phone shows a code with a proof in it; the counter is durable before there is a code.");
    let verified = phone.unlock(PASSCODE).map_err(failure)?;
    let code = phone.show_code(Some(card), &verified).map_err(refused)?;
    explain(stage, &code.text);
    stage.expect("one counter was used", phone.counter(card).map_err(failure)?.atc == code.counter)?;
    let again = phone.show_code(Some(card), &verified);
    let no = matches!(&again, Err(error @ CodeError::NoKey(_)) if error.code() == "see_phone");
    stage.expect("one passcode makes one code", no)?;

    stage.say("The shop scans it and asks for CNY 36.50.");
    let ended = pos.sale_by_code(money("36.50")?, &code.text).map_err(crate::pos::failure)?;
    slip(stage, &ended);
    stage.expect("the sale is approved", ended.verdict == Verdict::Approved)?;
    let end = phone.learn_end(card, code.counter, Duration::from_secs(1)).map_err(failure)?;
    stage.expect("the phone knows how much was paid", end.amount == Some(3650) && end.state == "approved")?;
    stage.expect("the bank's text message came", text_arrives(phone, "36.50"))?;

    stage.say("Somebody photographed the code and asks for more.");
    let ended = pos.sale_by_code(money("99.00")?, &code.text).map_err(crate::pos::failure)?;
    stage.expect("a code pays once", ended.verdict == Verdict::Declined)
}

fn shown_by_the_shop(
    stage: &Stage,
    phone: &Phone,
    card: Id<kinds::Token>,
    pos: &mut Pos,
) -> Result<(), Failure> {
    stage.say("The shop shows a code for CNY 12.50; the phone scans it and its owner approves.");
    let ended = paid_at(stage, pos, Some("12.50"), |text| {
        explain(stage, text);
        let scanned = phone.look_at_code(text).map_err(refused)?;
        stage.expect("the phone says whom it pays", scanned.shop.merchant == "PAIZA NOODLES")?;
        stage.expect("the amount is fixed", scanned.amount == Some(money("12.50")?))?;
        pay(phone, card, &scanned, "12.50")
    })?;
    slip(stage, &ended);
    stage.expect("the terminal learns that it was paid", ended.verdict == Verdict::Approved)?;

    stage.say("The code on the wall names no amount; the customer says CNY 4.00.");
    let ended = paid_at(stage, pos, None, |text| {
        explain(stage, text);
        let scanned = phone.look_at_code(text).map_err(refused)?;
        stage.expect("no amount is fixed", scanned.amount.is_none())?;
        pay(phone, card, &scanned, "4.00")
    })?;
    stage.expect("the terminal shows what came", ended.amount == money("4.00")?)
}

/// Shows a code at the terminal and has `customer` pay it.
fn paid_at(
    stage: &Stage,
    pos: &mut Pos,
    amount: Option<&str>,
    customer: impl FnOnce(&str) -> Result<(), Failure>,
) -> Result<Ended, Failure> {
    let amount = amount.map(money).transpose()?;
    let (tell, shown) = mpsc::channel();
    pos.on_shown(move |what| {
        if let Shown::Code { text, .. } = what {
            let _ = tell.send(text);
        }
    });
    let ended = std::thread::scope(|scope| {
        let terminal = scope.spawn(|| {
            let until = Instant::now() + SHOWN_FOR;
            let wait = || {
                std::thread::park_timeout(Duration::from_millis(50));
                if Instant::now() < until { Patience::GoOn } else { Patience::GiveUp }
            };
            match amount {
                Some(amount) => pos.sale_by_shown_code(amount, wait),
                None => pos.show_open_code(wait),
            }
        });
        let text =
            shown.recv_timeout(SHOWN_FOR).map_err(|_| Failure::business("expected: a code is shown"))?;
        customer(&text)?;
        terminal.join().map_err(|_| Failure::business("the terminal failed"))?.map_err(crate::pos::failure)
    })?;
    let ended = ended.ok_or_else(|| Failure::business("expected: the terminal hears of the payment"))?;
    stage.output.line(format!("    the terminal shows: {}", ended.sentence));
    Ok(ended)
}

fn pay(phone: &Phone, card: Id<kinds::Token>, scanned: &Scanned, amount: &str) -> Result<(), Failure> {
    let verified = phone.unlock(PASSCODE).map_err(failure)?;
    let paid = phone.pay_code(scanned, Some(card), money(amount)?, &verified).map_err(refused)?;
    match paid.end.state.as_str() {
        "approved" => Ok(()),
        other => Err(Failure::business(format!("expected: the payment is approved, not {other}"))),
    }
}

fn forged(stage: &Stage, phone: &Phone, pos: &Pos) -> Result<(), Failure> {
    stage.say("Forged codes are refused with a reason, and nothing is sent.");
    let genuine = pos.open_code().map_err(crate::pos::failure)?;
    let mut offer = emv::qr::offer::Offer::parse(&genuine).map_err(Failure::business)?;
    let reason = |text: &str| match phone.look_at_code(text) {
        Err(error) => error.code().to_owned(),
        Ok(_) => "paid".to_owned(),
    };
    let changed = genuine.replacen("PAIZA", "PAlZA", 1);
    stage.expect("a changed letter: its check digits do not fit", reason(&changed) == "code_checksum")?;
    offer.name = "PAlZA NOODLES".to_owned();
    let renamed = offer.to_text().map_err(Failure::business)?;
    stage.expect("another name, well made: not the shop's", reason(&renamed) == "code_name_differs")
}

fn books(stage: &Stage, pos: &mut Pos) -> Result<(), Failure> {
    let journal = pos.journal().map_err(crate::pos::failure)?;
    let paid = journal.iter().filter(|entry| entry.reference.is_some() && entry.amount != 400);
    let references: Vec<_> = paid.filter_map(|entry| entry.reference).collect();
    let [first, second] = references[..] else {
        return Err(Failure::business("expected: two payments with references"));
    };
    let void = pos.void(first).map_err(crate::pos::failure)?;
    stage.expect("the code that was scanned is taken back", void.verdict == Verdict::Approved)?;
    let refund = pos.refund(second, money("2.50")?).map_err(crate::pos::failure)?;
    stage.expect("the code that was shown is refunded in part", refund.verdict == Verdict::Approved)?;
    let closed = pos.close_batch().map_err(crate::pos::failure)?;
    stage.expect("terminal and acquirer count the same", closed.balanced && closed.sales.count == 2)?;
    for (party, store) in stage.city.stores() {
        let report = store.verify().map_err(Failure::integrity)?;
        stage.expect(&format!("{party}: {} facts agree with the tables", report.facts), report.is_ok())?;
    }
    Ok(())
}

fn explain(stage: &Stage, text: &str) {
    for line in describe_code(text) {
        stage.output.line(format!("    {line}"));
    }
}

fn slip(stage: &Stage, ended: &Ended) {
    for line in &ended.receipt {
        stage.output.line(format!("    | {line}"));
    }
}

fn money(amount: &str) -> Result<Money, Failure> {
    Money::parse(amount, Currency::CNY).map_err(Failure::configuration)
}

fn refused(error: CodeError) -> Failure {
    Failure::business(format!("{error} ({})", error.code()))
}
