//! Requests about accounts and addresses: passed on to who can answer, and the answer passed back. Keys and the list of
//! banks the switch answers itself.

use super::Switch;
use super::records::{About, Exchange};
use super::send;
use crate::upi::directory::UpiBank;
use crate::upi::keys;
use std::time::Duration;
use upi::credential::ALGORITHM;
use upi::ids::{MessageId, TransactionId};
use upi::mail::{Desk, response};
use upi::messages::{Account, Message, Transaction};
use upi::xml::Element;
use values::Records;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Passes a request on.
pub(super) fn pass_on<W: Records>(
    switch: &Switch,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<(), &'static str> {
    let origin = message.head.organisation.clone();
    let to = if message.name == "ReqValAdd" {
        let address = &message.payees.first().ok_or("U07")?.address;
        switch.directory.resolver(address).ok_or("ZH")
    } else {
        let payer = message.payer.as_ref().ok_or("U07")?;
        // Only the provider of an address speaks for it.
        if switch.directory.resolver(&payer.address) != Some(origin.as_str()) {
            return Err("U17");
        }
        let ifsc = branch(message).ok_or("U07")?;
        switch.directory.bank_of(&ifsc).map(|bank| bank.organisation.as_str()).ok_or("U97")
    };
    let to = match to {
        Ok(to) => to,
        Err(code) => {
            let mut answer = desk.answer(message, response(&message.head.message, Err(code)));
            answer.payer = None;
            desk.post(&origin, &answer);
            return Ok(());
        }
    };
    let head = desk.message(&message.name, message.transaction.clone()).head;
    let about = About::Relay {
        origin,
        origin_message: message.head.message.as_str().to_owned(),
        transaction: message.transaction.id.as_str().to_owned(),
        kind: message.transaction.kind.clone().unwrap_or_default(),
        answered: false,
    };
    let passed = Message { head, ..message.clone() };
    send::ask(desk, to, &passed, about);
    let due = desk.now.after(PATIENCE);
    desk.wake_at(&format!("exchange {}", passed.head.message), due);
    Ok(())
}

/// The branch that a request is about. A request for the accounts of a number names the bank and no account.
fn branch(message: &Message) -> Option<String> {
    let payer = message.payer.as_ref()?;
    if let Some(Account::Number { ifsc, .. }) = &payer.account {
        return Some(ifsc.as_str().to_owned());
    }
    let account = payer.rest.iter().find(|element| element.name == "Ac")?;
    let detail = account.children_named("Detail").find(|detail| detail.attribute("name") == Some("IFSC"))?;
    detail.attribute("value").map(str::to_owned)
}

/// Passes an answer back, once.
pub(super) fn answered<W: Records>(
    desk: &mut Desk<'_, W>,
    exchange: Exchange,
    message: &Message,
) -> Result<(), &'static str> {
    let About::Relay { origin, origin_message, answered: false, .. } = &exchange.about else {
        return Err("U70");
    };
    let (origin, to) = (origin.clone(), MessageId::parse(origin_message).ok_or("U04")?);
    let head = desk.message(&message.name, message.transaction.clone()).head;
    let mut passed = Message { head, ..message.clone() };
    if let Some(response) = &mut passed.response {
        response.to = to;
    }
    desk.post(&origin, &passed);
    close(desk, exchange);
    Ok(())
}

fn close<W: Records>(desk: &mut Desk<'_, W>, mut exchange: Exchange) {
    if let About::Relay { answered, .. } = &mut exchange.about {
        *answered = true;
    }
    desk.let_sleep(&format!("exchange {}", exchange.message));
    desk.records.put(exchange);
}

/// Nobody answered in time.
pub(super) fn timed_out<W: Records>(desk: &mut Desk<'_, W>, message: &str) {
    if let Some(exchange) = desk.records.find::<Exchange>(&message.to_owned()) {
        refused(desk, exchange, "U98");
    }
}

/// Whoever was asked does not answer: the asker is told why.
pub(super) fn refused<W: Records>(desk: &mut Desk<'_, W>, exchange: Exchange, code: &str) {
    let About::Relay { origin, origin_message, transaction, kind, answered: false } = &exchange.about else {
        return;
    };
    let ids = TransactionId::parse(transaction).zip(MessageId::parse(origin_message));
    let Some((transaction, to)) = ids else { return };
    let transaction = Transaction::new(transaction, kind, desk.now);
    let mut answer = desk.message(&exchange.api.replacen("Req", "Resp", 1), transaction);
    answer.response = Some(response(&to, Err(code)));
    desk.post(origin, &answer);
    close(desk, exchange);
}

/// The keys to which PINs are sealed, one for each bank. Phones check the switch's signature over them.
pub(super) fn keys<W: Records>(
    switch: &Switch,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<(), &'static str> {
    let key = |bank: &UpiBank| {
        let value = hex::encode(keys::pin_key(bank).public().to_sec1());
        Element::new("key")
            .with("code", "NPCI")
            .with("owner", &bank.ifsc)
            .with("type", "P-256")
            .with("ki", ALGORITHM)
            .with_child(Element::new("keyValue").with_text(&value))
    };
    let list = switch.directory.banks.iter().map(key).fold(Element::new("keyList"), Element::with_child);
    let mut answer = desk.answer(message, response(&message.head.message, Ok(())));
    answer.rest = vec![list];
    desk.post(&message.head.organisation, &answer);
    Ok(())
}

/// The banks whose accounts can be linked.
pub(super) fn banks<W: Records>(
    switch: &Switch,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<(), &'static str> {
    let entry = |bank: &UpiBank| {
        Element::new("AccPvd")
            .with("name", &bank.name)
            .with("iin", &bank.organisation)
            .with("ifsc", &bank.ifsc)
            .with("active", "Y")
            .with("prods", "UPI")
            .with("mobRegFormat", "FORMAT1")
    };
    let list = switch.directory.banks.iter().map(entry).fold(Element::new("AccPvdList"), Element::with_child);
    let mut answer = desk.answer(message, response(&message.head.message, Ok(())));
    answer.rest = vec![list];
    desk.post(&message.head.organisation, &answer);
    Ok(())
}
