//! What the switch says and asks about mandates.

use super::making::transaction;
use super::numbered;
use super::records::{Mandate, MandateNumber, MandateSide};
use crate::asking::{account_on_wire, linked, payer};
use crate::party::Psp;
use crate::records::{Customer, Question, QuestionState, Reply};
use std::time::Duration;
use upi::mail::{Desk, response};
use upi::mandate::{Day, State, Terms};
use upi::messages::{Message, Party};
use upi::xml::Element;
use values::Records;

/// The element of a message about a mandate.
pub(super) fn element(message: &Message) -> Option<&Element> {
    message.rest.iter().find(|element| element.name == "Mandate")
}

/// What the payer's bank gave for a mandate that it keeps from now on.
fn standing(message: &Message) -> Option<String> {
    let signature = message.rest.iter().find(|element| element.name == "Signature")?;
    signature.text().filter(|_| signature.attribute("id") == Some("MANDATE"))
}

/// The switch answers what was asked about a mandate.
pub(crate) fn answered<W: Records>(desk: &mut Desk<'_, W>, question: Question, message: &Message) {
    let Some(told) = &message.response else { return };
    let code = told.code.clone().unwrap_or_default();
    let outcome = if told.succeeded() { Ok(()) } else { Err(code.as_str()) };
    settle(desk, &question, message, outcome);
    let state = match outcome {
        Ok(()) => QuestionState::Answered(Reply::Done),
        Err(code) => QuestionState::Failed(code.to_owned()),
    };
    desk.records.put(Question { state, ..question });
}

/// The mandate that a question of a customer is about.
fn asked_about<W: Records>(
    desk: &mut Desk<'_, W>,
    question: &Question,
    message: &Message,
) -> Option<Mandate> {
    if let Some(number) = &message.transaction.mandate {
        let each = [MandateSide::Payer, MandateSide::Payee];
        let mut found = each.into_iter().filter_map(|side| numbered(desk.records, number, side));
        if let Some(found) = found.find(|mandate| mandate.mobile == question.mobile) {
            return Some(found);
        }
    }
    super::own(desk.records, &question.mobile, &question.about).ok()
}

fn settle<W: Records>(
    desk: &mut Desk<'_, W>,
    question: &Question,
    message: &Message,
    outcome: Result<(), &str>,
) {
    let Some(mut mandate) = asked_about(desk, question, message) else { return };
    let kind = message.transaction.kind.as_deref().unwrap_or_default();
    match (kind, outcome) {
        ("CREATE", Ok(())) => {
            let number = element(message).and_then(|mandate| mandate.attribute("umn"));
            if let (None, Some(number)) = (&mandate.number, number) {
                let (number, side) = (number.to_owned(), mandate.side);
                mandate.number = Some(number.clone());
                desk.records.put(MandateNumber { number, side, id: mandate.id.clone() });
            }
            mandate.standing = standing(message).filter(|_| mandate.side == MandateSide::Payer);
            mandate.state = State::Active;
        }
        ("CREATE", Err("ZA")) => mandate.state = State::Declined,
        ("CREATE", Err(code)) => mandate.state = State::Failed(code.to_owned()),
        // It was paused again since that was asked.
        ("UNPAUSE", _) if question.at < mandate.changed_at => return,
        ("UNPAUSE", Ok(())) if mandate.state == State::Paused => mandate.state = State::Active,
        ("UNPAUSE", Err(code)) => {
            let refused = Some(code.to_owned());
            return desk.records.put(Mandate { refused, ..mandate });
        }
        ("NOTIFY", Err(code)) => return super::noticing::refused(desk, &mandate, message, code),
        // Paused and revoked it is since the customer said so.
        _ => return,
    }
    mandate.changed_at = desk.now;
    desk.records.put(mandate);
}

/// A question about a mandate was not taken at all.
pub(crate) fn failed<W: Records>(desk: &mut Desk<'_, W>, question: &Question, code: &str) {
    if let Ok(mandate) = super::own(desk.records, &question.mobile, &question.about)
        && matches!(mandate.state, State::Requested | State::Making)
    {
        let state = State::Failed(code.to_owned());
        desk.records.put(Mandate { state, changed_at: desk.now, ..mandate });
    }
}

/// The switch asks the payer's side about a mandate: a payee asks for one, or ends one.
pub(crate) fn asked<W: Records>(
    psp: &Psp,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<(), &'static str> {
    let (from, to) = message.payer.as_ref().zip(message.payees.first()).ok_or("U07")?;
    match message.transaction.kind.as_deref() {
        Some("CREATE") => {
            let Some(customer) = psp.customer_reached(desk, from) else {
                return no(psp, desk, message, "ZH");
            };
            // Of whom the customer wants nothing the customer hears nothing.
            let asker = to.address.to_lower();
            match crate::blocking::refusal_of(desk.records, &customer.mobile, &asker, desk.now) {
                Some(code) => no(psp, desk, message, code),
                None => requested(desk, &customer, message, (from, to)),
            }
        }
        Some("REVOKE") => match psp.customer_at(desk, from) {
            Some(customer) => ended_by_payee(psp, desk, &customer, message, to),
            None => no(psp, desk, message, "ZH"),
        },
        _ => Err("U10"),
    }
}

fn no<W: Records>(
    psp: &Psp,
    desk: &mut Desk<'_, W>,
    message: &Message,
    code: &str,
) -> Result<(), &'static str> {
    let answer = desk.answer(message, response(&message.head.message, Err(code)));
    desk.post(psp.switch(), &answer);
    Ok(())
}

/// A merchant asks for a mandate: the customer decides.
fn requested<W: Records>(
    desk: &mut Desk<'_, W>,
    customer: &Customer,
    message: &Message,
    (from, to): (&Party, &Party),
) -> Result<(), &'static str> {
    let category = to.category.as_deref().unwrap_or("0000");
    let terms = element(message).and_then(|mandate| Terms::read(mandate, &to.address, category));
    let terms = terms.ok_or("U07")?;
    terms.check(Day::of(desk.now)).map_err(|_| "U07")?;
    let minutes = message.transaction.expires_after_minutes.ok_or("U07")?;
    let (id, side) = (message.transaction.id.as_str(), MandateSide::Payer);
    if desk.records.find::<Mandate>(&(id.to_owned(), side)).is_some() {
        return Err("U01");
    }
    let began = message.transaction.at.unwrap_or(desk.now);
    let (own, other) = (from.address.to_lower(), to.address.to_lower());
    desk.records.put(Mandate {
        other_name: to.name.clone(),
        message: message.head.message.as_str().to_owned(),
        expires_at: Some(began.after(Duration::from_secs(60 * u64::from(minutes)))),
        ..Mandate::begins(id, (side, &customer.mobile), (&own, &other), &terms, State::Requested, desk.now)
    });
    Ok(())
}

/// The payee ends a mandate: its payer's side says at which bank it is kept.
fn ended_by_payee<W: Records>(
    psp: &Psp,
    desk: &mut Desk<'_, W>,
    customer: &Customer,
    message: &Message,
    payee: &Party,
) -> Result<(), &'static str> {
    let number = message.transaction.mandate.as_deref().ok_or("U07")?;
    let known = numbered(desk.records, number, MandateSide::Payer);
    let known = known.filter(|mandate| {
        mandate.mobile == customer.mobile && mandate.terms.payee == payee.address.to_lower()
    });
    let Some(mandate) = known else { return no(psp, desk, message, "QI") };
    let mut answer = desk.answer(message, response(&message.head.message, Ok(())));
    let mut from = payer(psp, customer, customer.device);
    from.address = message.payer.as_ref().ok_or("U07")?.address.clone();
    from.account = linked(customer, &mandate.account).ok().and_then(account_on_wire);
    from.amount = Some(mandate.terms.amount());
    answer.transaction = upi::messages::Transaction {
        mandate: Some(number.to_owned()),
        original: message.transaction.original.clone(),
        ..transaction(message.transaction.id.clone(), "REVOKE", MandateSide::Payee, desk.now)
    };
    answer.payer = Some(from);
    answer.payees = vec![payee.clone()];
    answer.rest = vec![mandate.terms.element(Some(number))];
    desk.post(psp.switch(), &answer);
    if matches!(mandate.state, State::Active | State::Paused | State::Completed) {
        desk.records.put(Mandate { state: State::Revoked, changed_at: desk.now, ..mandate });
    }
    Ok(())
}

/// The switch tells the side that did not begin how it ended.
pub(crate) fn confirmed<W: Records>(
    psp: &Psp,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<(), &'static str> {
    let told = message.confirmation.as_ref().ok_or("U07")?;
    let side = match message.transaction.initiated_by.as_deref() {
        Some("PAYEE") => MandateSide::Payer,
        Some("PAYER") => MandateSide::Payee,
        _ => return Err("U07"),
    };
    let code = told.code.clone().unwrap_or_default();
    let outcome = if told.status == "SUCCESS" { Ok(()) } else { Err(code.as_str()) };
    match (told.kind.as_deref(), side) {
        (Some("CREATE"), MandateSide::Payer) => made_here(desk, message, outcome),
        (Some("CREATE"), MandateSide::Payee) => made_for_us(psp, desk, message, outcome)?,
        (Some(kind), side) => changed(desk, message, (kind, side), outcome),
        (None, _) => return Err("U07"),
    }
    let answer = desk.answer(message, response(&message.head.message, Ok(())));
    desk.post(psp.switch(), &answer);
    Ok(())
}

/// A mandate that a payee asked this customer for.
fn made_here<W: Records>(desk: &mut Desk<'_, W>, message: &Message, outcome: Result<(), &str>) {
    let key = (message.transaction.id.as_str().to_owned(), MandateSide::Payer);
    let Some(mandate) = desk.records.find::<Mandate>(&key) else { return };
    let state = match (outcome, &mandate.state) {
        (Ok(()), State::Making) => State::Active,
        (Err(code), State::Making | State::Requested) => State::Failed(code.to_owned()),
        _ => return,
    };
    desk.records.put(Mandate { state, standing: standing(message), changed_at: desk.now, ..mandate });
}

/// A payer made a mandate for a merchant of this provider.
fn made_for_us<W: Records>(
    psp: &Psp,
    desk: &mut Desk<'_, W>,
    message: &Message,
    outcome: Result<(), &str>,
) -> Result<(), &'static str> {
    let told = message.confirmation.as_ref().ok_or("U07")?;
    let address = |name: &str| {
        let found = told.settled.iter().find(|settled| settled.side == name);
        found.and_then(|settled| settled.address.clone()).ok_or("U07")
    };
    let (from, to) = (address("PAYER")?, address("PAYEE")?);
    let mandate = element(message).ok_or("U07")?;
    let number = mandate.attribute("umn").ok_or("U07")?.to_owned();
    let Some(customer) = psp.customer_at(desk, &Party::new(to.clone())) else { return Ok(()) };
    let Some(merchant) = customer.merchant.clone().filter(|_| outcome.is_ok()) else { return Ok(()) };
    let terms = Terms::read(mandate, &to, &merchant.category).ok_or("U07")?;
    let (id, side) = (message.transaction.id.as_str(), MandateSide::Payee);
    // Told again it is the same mandate, whatever became of it since.
    if desk.records.find::<Mandate>(&(id.to_owned(), side)).is_some() {
        return Ok(());
    }
    let account = customer.accounts.first().map(|account| account.reference.clone()).unwrap_or_default();
    let between = (to.to_lower(), from.to_lower());
    let at = message.transaction.at.unwrap_or(desk.now);
    desk.records.put(Mandate {
        number: Some(number.clone()),
        account,
        ..Mandate::begins(id, (side, &customer.mobile), (&between.0, &between.1), &terms, State::Active, at)
    });
    desk.records.put(MandateNumber { number, side, id: id.to_owned() });
    Ok(())
}

fn changed<W: Records>(
    desk: &mut Desk<'_, W>,
    message: &Message,
    (kind, side): (&str, MandateSide),
    outcome: Result<(), &str>,
) {
    let number = message.transaction.mandate.as_deref().unwrap_or_default();
    let Some(mandate) = numbered(desk.records, number, side) else { return };
    // What the payer said last counts, in whichever order it is heard of.
    let said_at = message.transaction.at.filter(|_| kind != "REVOKE").unwrap_or(desk.now);
    let state = match (kind, &mandate.state) {
        _ if outcome.is_err() => return,
        ("PAUSE" | "UNPAUSE", _) if said_at < mandate.changed_at => return,
        ("PAUSE", State::Active | State::Paused) => State::Paused,
        ("UNPAUSE", State::Active | State::Paused) => State::Active,
        ("REVOKE", State::Active | State::Paused | State::Completed) => State::Revoked,
        _ => return,
    };
    desk.records.put(Mandate { state, changed_at: said_at, ..mandate });
}
