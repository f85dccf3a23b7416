//! Mandates on their way: made, paused, let go on, revoked (`upi::mandate::OrderState`). The switch keeps no mandate; it sees that
//! each side speaks for its own customer alone, and that what the payer approved is what the payee asked for.

use super::records::{About, MandateOrder};
use super::{Switch, send};
use crate::defences::Defence;
use crate::upi::directory::UpiDirectory;
use std::time::Duration;
use upi::address::{Address, AddressKind};
use upi::ids::{MandateNumber, MessageId, TransactionId};
use upi::limits::mandate_may_execute;
use upi::machines::switch::Answer;
use upi::mail::{Desk, response};
use upi::mandate::{OrderInput, OrderSend, OrderState, OrderStep, Terms};
use upi::messages::{Account, Confirmation, Message, Party, Profile, Settled, Transaction};
use upi::xml::Element;
use values::{Currency, Money, Records};

/// How long the payer's side has for what it answers by itself.
const PATIENCE: Duration = Duration::from_secs(3_600);
/// How long a bank has, first, and between two questions at most.
const BANK_FIRST: Duration = Duration::from_secs(15);
const BANK_AGAIN: (u64, u64) = (30, 3_600);

/// The element of a message about a mandate.
fn element(message: &Message) -> Option<&Element> {
    message.rest.iter().find(|element| element.name == "Mandate")
}

/// One side's provider orders something about a mandate.
pub(super) fn begin<W: Records>(
    switch: &Switch,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<(), &'static str> {
    let (payer, payee) = message.payer.as_ref().zip(message.payees.first()).ok_or("U07")?;
    let by_payer = match message.transaction.initiated_by.as_deref() {
        Some("PAYER") => true,
        Some("PAYEE") => false,
        _ => return Err("U07"),
    };
    let provider = |party: &Party| switch.directory.resolver(&party.address).map(str::to_owned);
    let (beginner, other) = if by_payer { (payer, payee) } else { (payee, payer) };
    // Only the provider of an address speaks for it.
    if provider(beginner).as_deref() != Some(message.head.organisation.as_str()) {
        return Err("U17");
    }
    let kind = message.transaction.kind.clone().unwrap_or_default();
    if !may_begin(&kind, by_payer) {
        return Err("U10");
    }
    let Some(other) = provider(other).filter(|_| other.address.kind() == AddressKind::Name) else {
        return refuse(desk, message, "ZH");
    };
    if kind == "NOTIFY" {
        return pass_on(desk, message, &other);
    }
    let id = message.transaction.id.as_str().to_owned();
    if desk.records.find::<MandateOrder>(&id).is_some() {
        return Err("U01");
    }
    let origin = message.head.organisation.clone();
    let (payer_provider, payee_provider) =
        if by_payer { (origin.clone(), other) } else { (other, origin.clone()) };
    let mut order = MandateOrder {
        id,
        kind,
        origin,
        origin_message: message.head.message.as_str().to_owned(),
        by_payer,
        payer_provider,
        payee_provider,
        bank: bank_of(payer).unwrap_or_default(),
        payer: payer.address.to_lower(),
        payee: payee.address.to_lower(),
        category: payee.category.clone(),
        number: message.transaction.mandate.clone(),
        standing: None,
        state: OrderState::AskingPayer,
        document: message.to_document(Profile::public()).to_bytes(),
        at: desk.now,
        changed_at: desk.now,
        due_at: None,
    };
    if by_payer && (order.bank.is_empty() || !is_numbered(switch, &order)) {
        return refuse(desk, message, "U28");
    }
    let step = OrderState::begin(by_payer);
    enter(desk, &mut order, step);
    desk.records.put(order);
    Ok(())
}

/// What each side may order.
fn may_begin(kind: &str, by_payer: bool) -> bool {
    match kind {
        "CREATE" | "REVOKE" => true,
        "PAUSE" | "UNPAUSE" => by_payer,
        "NOTIFY" => !by_payer,
        _ => false,
    }
}

/// The bank of the account that a side names.
fn bank_of(party: &Party) -> Option<String> {
    let Some(Account::Number { ifsc, .. }) = &party.account else { return None };
    UpiDirectory::sandbox().bank_of(ifsc.as_str()).map(|bank| bank.organisation.clone())
}

/// Whether it has a number, given by the payer's provider.
fn is_numbered(switch: &Switch, order: &MandateOrder) -> bool {
    let number = order.number.as_deref().and_then(MandateNumber::parse);
    let handle =
        number.and_then(|number| number.as_str().split_once('@').map(|(_, handle)| handle.to_owned()));
    let keeper = handle.and_then(|handle| switch.directory.psp_of(&handle));
    keeper.is_some_and(|keeper| keeper.organisation == order.payer_provider)
}

fn refuse<W: Records>(desk: &mut Desk<'_, W>, message: &Message, code: &str) -> Result<(), &'static str> {
    let answer = desk.answer(message, response(&message.head.message, Err(code)));
    desk.post(&message.head.organisation, &answer);
    Ok(())
}

/// A notice is for the payer's side alone, and its answer goes back.
fn pass_on<W: Records>(desk: &mut Desk<'_, W>, message: &Message, to: &str) -> Result<(), &'static str> {
    let head = desk.message(&message.name, message.transaction.clone()).head;
    let about = About::Relay {
        origin: message.head.organisation.clone(),
        origin_message: message.head.message.as_str().to_owned(),
        transaction: message.transaction.id.as_str().to_owned(),
        kind: message.transaction.kind.clone().unwrap_or_default(),
        answered: false,
    };
    let passed = Message { head, ..message.clone() };
    send::ask(desk, to, &passed, about);
    Ok(())
}

/// The message that began an order, or the payer's side of it since.
fn kept(order: &MandateOrder) -> Option<Message> {
    let document = upi::xml::read(&order.document).ok()?;
    Message::read_unsigned(&document, Profile::public()).ok()
}

/// Takes a step: sends what it sends, sets the next deadline, tells both sides of an end.
fn enter<W: Records>(desk: &mut Desk<'_, W>, order: &mut MandateOrder, step: OrderStep) {
    let was_asked = order.state == OrderState::AskingPayer;
    order.state = step.state;
    order.changed_at = desk.now;
    if let Some(outgoing) = step.send {
        ask(desk, order, outgoing);
    }
    let wait = match &order.state {
        OrderState::AskingPayer => kept(order)
            .and_then(|message| message.transaction.expires_after_minutes)
            .map_or(PATIENCE, |minutes| Duration::from_secs(60 * u64::from(minutes))),
        OrderState::AskingBank(1) => BANK_FIRST,
        OrderState::AskingBank(_) => {
            Duration::from_secs(desk.now.since(order.at).as_secs().clamp(BANK_AGAIN.0, BANK_AGAIN.1))
        }
        OrderState::Done | OrderState::Refused(_) => {
            order.due_at = None;
            desk.let_sleep(&alarm(&order.id));
            return ended(desk, order, was_asked);
        }
    };
    let due = desk.now.after(wait);
    order.due_at = Some(due);
    desk.wake_at(&alarm(&order.id), due);
}

fn alarm(id: &str) -> String {
    format!("mandate {id}")
}

fn ask<W: Records>(desk: &mut Desk<'_, W>, order: &MandateOrder, outgoing: OrderSend) {
    let Some(mut message) = kept(order) else { return };
    let (to, name) = match outgoing {
        OrderSend::AskPayer => (&order.payer_provider, "ReqAuthMandate"),
        OrderSend::AskBank => (&order.bank, "ReqMandate"),
    };
    message.head = desk.message(name, message.transaction.clone()).head;
    name.clone_into(&mut message.name);
    message.response = None;
    // Where a payee's account is concerns nobody here.
    for payee in &mut message.payees {
        payee.account = None;
        payee.device = None;
    }
    let about = About::Mandate { order: order.id.clone(), sent: Some(outgoing) };
    send::ask(desk, to, &message, about);
}

/// The payer's provider, or the payer's bank, answered.
pub(super) fn answered<W: Records>(
    switch: &Switch,
    desk: &mut Desk<'_, W>,
    id: &str,
    sent: OrderSend,
    message: &Message,
) -> Result<(), &'static str> {
    let mut order = desk.records.find::<MandateOrder>(&id.to_owned()).ok_or("U04")?;
    let told = message.response.as_ref().ok_or("U07")?;
    let code = told.code.clone().unwrap_or_default();
    let said = if told.succeeded() { Answer::Yes } else { Answer::No(code) };
    let input = match sent {
        OrderSend::AskBank => {
            if told.succeeded() {
                order.standing = standing(message);
            }
            OrderInput::BankSaid(said)
        }
        OrderSend::AskPayer if told.succeeded() => {
            OrderInput::PayerSaid(match approved(switch, &mut order, message) {
                Ok(()) => Answer::Yes,
                Err(code) => Answer::No(code.to_owned()),
            })
        }
        OrderSend::AskPayer => OrderInput::PayerSaid(said),
    };
    push(desk, order, &input).ok_or("U70")
}

fn push<W: Records>(desk: &mut Desk<'_, W>, mut order: MandateOrder, input: &OrderInput) -> Option<()> {
    let step = order.state.advance(input)?;
    enter(desk, &mut order, step);
    desk.records.put(order);
    Some(())
}

fn standing(message: &Message) -> Option<String> {
    message.rest.iter().find(|element| element.name == "Signature").and_then(Element::text)
}

/// The payer's side said yes: to what was asked, with an account.
fn approved(switch: &Switch, order: &mut MandateOrder, message: &Message) -> Result<(), &'static str> {
    if order.state != OrderState::AskingPayer {
        return Ok(());
    }
    let asked = kept(order).ok_or("U08")?;
    let (payer, payee) = message.payer.as_ref().zip(asked.payees.first()).ok_or("U07")?;
    let terms = |message: &Message| {
        element(message)
            .and_then(|mandate| Terms::read(mandate, &payee.address, order.category.as_deref().unwrap_or("")))
    };
    if terms(message) != terms(&asked) || payer.address.to_lower() != order.payer {
        return Err("U54");
    }
    order.bank = bank_of(payer).ok_or("U28")?;
    order.number.clone_from(&message.transaction.mandate);
    if !is_numbered(switch, order) {
        return Err("U17");
    }
    let mut approved = asked;
    approved.transaction.mandate.clone_from(&order.number);
    approved.transaction.expires_after_minutes = None;
    approved.payer = Some(payer.clone());
    approved.rest = element(message).cloned().into_iter().collect();
    order.document = approved.to_document(Profile::public()).to_bytes();
    Ok(())
}

/// A deadline passed.
pub(super) fn timed_out<W: Records>(desk: &mut Desk<'_, W>, id: &str) {
    let Some(order) = desk.records.find::<MandateOrder>(&id.to_owned()) else { return };
    if order.due_at.is_none_or(|due| due > desk.now) {
        return;
    }
    let input = match order.state {
        OrderState::AskingPayer => OrderInput::PayerSilent,
        _ => OrderInput::BankSilent,
    };
    push(desk, order, &input);
}

/// A question about a mandate had no effect at its receiver.
pub(super) fn refused<W: Records>(
    desk: &mut Desk<'_, W>,
    id: &str,
    sent: OrderSend,
    message: &str,
    code: &str,
) {
    let Some(order) = desk.records.find::<MandateOrder>(&id.to_owned()) else { return };
    let no = Answer::No(code.to_owned());
    let input = match sent {
        OrderSend::AskPayer => OrderInput::PayerSaid(no),
        OrderSend::AskBank => OrderInput::BankSaid(no),
    };
    if push(desk, order, &input).is_none() {
        desk.records.note("upi_switch.not_taken", message, code);
    }
}

/// Tells who began, and the other side if it was asked or has a mandate from now on.
fn ended<W: Records>(desk: &mut Desk<'_, W>, order: &mut MandateOrder, was_asked: bool) {
    let Some(mut message) = kept(order) else { return };
    // What proves the payer is not kept any longer.
    if let Some(payer) = &mut message.payer {
        payer.credentials.clear();
        payer.device = None;
    }
    order.document = message.to_document(Profile::public()).to_bytes();
    let outcome = match &order.state {
        OrderState::Refused(code) => Err(code.as_str()),
        _ => Ok(()),
    };
    let Some(to) = MessageId::parse(&order.origin_message) else { return };
    let mut answer = desk.answer(&message, response(&to, outcome));
    answer.transaction.mandate.clone_from(&order.number);
    answer.transaction.expires_after_minutes = None;
    answer.rest = parts(order, &message, order.by_payer);
    desk.post(&order.origin, &answer);
    if outcome.is_ok() || was_asked || !order.by_payer {
        confirm(desk, order);
    }
}

/// What of a mandate a side is told; what its bank gave for it is the payer's.
fn parts(order: &MandateOrder, message: &Message, is_payer: bool) -> Vec<Element> {
    let standing = order.standing.as_deref().filter(|_| is_payer);
    let signature = standing.map(|text| Element::new("Signature").with("id", "MANDATE").with_text(text));
    element(message).cloned().into_iter().chain(signature).collect()
}

/// Tells the side that did not begin how it ended.
pub(super) fn confirm<W: Records>(desk: &mut Desk<'_, W>, order: &MandateOrder) {
    let Some((message, id)) = kept(order).zip(TransactionId::parse(&order.id)) else { return };
    let given = message.transaction.at.unwrap_or(order.at);
    let mut transaction = Transaction::new(id, "TxnConfirmation", given);
    transaction.mandate.clone_from(&order.number);
    transaction.initiated_by.clone_from(&message.transaction.initiated_by);
    let mut confirmation = desk.message("ReqMandateConfirmation", transaction);
    let (status, code) = match &order.state {
        OrderState::Done => ("SUCCESS", "00"),
        OrderState::Refused(code) => ("FAILURE", code.as_str()),
        _ => return,
    };
    let side = |name: &str, address: &str| {
        let address = Address::parse(address).ok()?;
        Some(Settled::new(name, &address, Money::zero(Currency::INR), code, "000000"))
    };
    confirmation.confirmation = Some(Confirmation {
        status: status.to_owned(),
        code: Some(code.to_owned()),
        kind: Some(order.kind.clone()),
        note: None,
        settled: side("PAYER", &order.payer).into_iter().chain(side("PAYEE", &order.payee)).collect(),
    });
    confirmation.rest = parts(order, &message, !order.by_payer);
    let other = if order.by_payer { &order.payee_provider } else { &order.payer_provider };
    let about = About::Mandate { order: order.id.clone(), sent: None };
    send::ask(desk, other, &confirmation, about);
}

/// Tells of an end again.
pub(super) fn confirmed_again<W: Records>(desk: &mut Desk<'_, W>, id: &str) {
    if let Some(order) = desk.records.find::<MandateOrder>(&id.to_owned()) {
        confirm(desk, &order);
    }
}

/// Why a payee may not debit under a mandate now, if so: nobody is debited by itself in the hours that the network bars.
pub(super) fn bars<W>(switch: &Switch, desk: &Desk<'_, W>, message: &Message) -> Option<&'static str> {
    if message.transaction.subtype.as_deref() != Some("MANDATE") {
        return None;
    }
    if message.transaction.mandate.is_none() || message.transaction.mode.as_deref() != Some("11") {
        return Some("U07");
    }
    let is_barred = !mandate_may_execute(desk.now) && switch.defences.stands(Defence::MandateHours);
    is_barred.then_some("U80")
}
