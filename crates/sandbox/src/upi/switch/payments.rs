//! A payment on its way: each message, and each deadline that passes, is one step of `upi::machines::switch`.

use super::Switch;
use super::records::{Side, UnderMandate, UpiPayment, UpiStep};
use super::{disputes, health, mandates, positions, refunds, send};
use crate::defences::Defence;
use crate::upi::directory::UpiDirectory;
use std::time::Duration;
use upi::address::AddressKind;
use upi::limits::may_call;
use upi::machines::switch::{self as machine, Answer, Beginning, Input, Outgoing, State, Step};
use upi::mail::{Desk, response};
use upi::messages::{Account, Message, Party, PartyKind};
use upi::settlement::Cycle;
use values::{Records, Timestamp};

/// Until when the answer is waited for, or the next thing happens.
fn deadline(payment: &UpiPayment, now: Timestamp) -> Option<Timestamp> {
    let within = |seconds| Some(now.after(Duration::from_secs(seconds)));
    match payment.state {
        State::AuthSent | State::DebitSent | State::CreditSent => within(15),
        State::Status(_) | State::CreditReversalSent | State::DebitReversalSent(_) => within(10),
        // The longer it lasts the less often the payer's bank is asked, so that it is not asked to death when it is back.
        State::ReversalPending(_) | State::ReturnSent => {
            within(now.since(payment.at).as_secs().clamp(REVERSALS_FIRST, REVERSALS_LAST))
        }
        // The back office comes to it when a cycle ends.
        State::Deemed => Some(Cycle::at(now).until),
        State::WaitPayer => payment.expires_at,
        State::Success | State::Failed(_) | State::Returned => None,
    }
}

/// How long it is remembered that a provider asked.
const CHECKS_KEPT: Duration = Duration::from_secs(7_200);
/// Seconds between two reversals of a debit: first, and at most.
const REVERSALS_FIRST: u64 = 30;
const REVERSALS_LAST: u64 = 3_600;

/// A payer pays, or a merchant asks for money.
pub(super) fn begin<W: Records>(
    switch: &Switch,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<(), &'static str> {
    let (payer, payee) = message.payer.as_ref().zip(message.payees.first()).ok_or("U07")?;
    let amount = payer.amount.ok_or("U07")?;
    let sender = &message.head.organisation;
    let collects = message.transaction.kind.as_deref() == Some("COLLECT");
    let (beginning, beginner) = if collects { (Beginning::Collect, payee) } else { (Beginning::Pay, payer) };
    // People do not ask people for money any more.
    let is_merchant = payee.kind == Some(PartyKind::Entity);
    if collects && !is_merchant && switch.defences.stands(Defence::MerchantsCollect) {
        return Err("U10");
    }
    let minutes = message.transaction.expires_after_minutes.map(u64::from);
    if collects && minutes.is_none() {
        return Err("U07");
    }
    if let Some(code) = mandates::bars(switch, desk, message) {
        return Err(code);
    }
    // Only the provider of an address speaks for it.
    if switch.directory.resolver(&beginner.address) != Some(sender.as_str()) {
        return Err("U17");
    }
    // A transaction has one beginning: the same one again is Received already, another one is not taken.
    if desk.records.find::<UpiPayment>(&message.transaction.id.as_str().to_owned()).is_some() {
        return Err("U01");
    }
    let text = |part: &Option<String>| part.clone();
    let mut payment = UpiPayment {
        id: message.transaction.id.as_str().to_owned(),
        origin: sender.clone(),
        origin_message: message.head.message.as_str().to_owned(),
        beginning,
        state: State::AuthSent,
        payer: side(switch, payer),
        payee: side(switch, payee),
        paise: amount.minor(),
        note: text(&message.transaction.note),
        reference: message.transaction.reference.as_ref().map(|reference| reference.as_str().to_owned()),
        mode: text(&message.transaction.mode),
        purpose: text(&message.transaction.purpose),
        merchant_reference: text(&message.transaction.merchant_reference),
        credentials: payer.credentials.clone(),
        cause: None,
        told: None,
        steps: 0,
        at: desk.now,
        changed_at: desk.now,
        expires_at: minutes.filter(|_| collects).map(|wait| desk.now.after(Duration::from_secs(60 * wait))),
        mandate: under_mandate(message),
        original: None,
        refunded: 0,
        checks: Vec::new(),
        settled_at: None,
        returned_at: None,
        due_at: None,
    };
    let id = message.head.message.as_str();
    let mut step = machine::begin(beginning);
    let nobody_to_ask = match beginning {
        Beginning::Collect => payment.payer.provider.is_empty(),
        _ => payment.payee.provider.is_empty() || payment.payer.bank.is_empty(),
    };
    if nobody_to_ask {
        step.send = None;
    }
    enter(desk, &mut payment, step, "payment came", id);
    if let Some(code) = unroutable(&payment) {
        payment.cause = Some(code.to_owned());
        push(desk, payment, &Input::Authorised(Answer::No("U29".to_owned())), "no such place", id);
    } else if nobody_to_ask {
        // The address is the account: there is nobody who would resolve it.
        push(desk, payment, &Input::Authorised(Answer::Yes), "account named", id);
    } else {
        desk.records.put(payment);
    }
    Ok(())
}

/// The debit under a mandate that a payee asks for.
fn under_mandate(message: &Message) -> Option<UnderMandate> {
    let transaction = &message.transaction;
    let number = transaction.mandate.clone().filter(|_| transaction.subtype.as_deref() == Some("MANDATE"))?;
    let sequence = message.payer.as_ref()?.sequence.clone()?;
    Some(UnderMandate { number, sequence })
}

/// Why nobody can be asked about a payment, if so: the code that goes with U29.
fn unroutable(payment: &UpiPayment) -> Option<&'static str> {
    if payment.beginning == Beginning::Collect {
        let to = (&payment.payer.provider, &payment.payee.bank);
        return (to.0.is_empty() || to.1.is_empty()).then_some("ZH");
    }
    if payment.payer.bank.is_empty() {
        return Some("U28");
    }
    (payment.payee.provider.is_empty() && payment.payee.bank.is_empty()).then_some("ZH")
}

pub(super) fn side(switch: &Switch, party: &Party) -> Side {
    let mut side = Side {
        address: party.address.to_lower(),
        name: party.name.clone(),
        category: party.category.clone(),
        device: party.device.as_ref().map(|device| device.0.clone()).unwrap_or_default(),
        ..Side::default()
    };
    let resolver = switch.directory.resolver(&party.address).unwrap_or_default();
    if party.address.kind() == AddressKind::Account {
        let branch = party.address.handle().get(..11).unwrap_or_default();
        side.at(switch.directory, branch, party.address.name());
    } else {
        side.provider = resolver.to_owned();
    }
    if let Some(Account::Number { ifsc, number, .. }) = &party.account {
        side.at(switch.directory, ifsc.as_str(), number.as_str());
    }
    side
}

impl Side {
    /// The account of this side is there.
    pub(super) fn at(&mut self, directory: &UpiDirectory, ifsc: &str, account: &str) {
        self.bank = directory.bank_of(ifsc).map(|bank| bank.organisation.clone()).unwrap_or_default();
        self.ifsc = ifsc.to_ascii_uppercase();
        self.account = account.to_owned();
    }
}

/// Gives a payment one input.
pub(super) fn push<W: Records>(
    desk: &mut Desk<'_, W>,
    payment: UpiPayment,
    input: &Input,
    cause: &str,
    message: &str,
) {
    health::hear(desk, &payment, input);
    let is_asked = matches!(payment.state, State::AuthSent | State::WaitPayer);
    if is_asked
        && *input == Input::Authorised(Answer::Yes)
        && let Some(code) = health::declines(desk, &payment)
    {
        let no = Input::Authorised(Answer::No(code.to_owned()));
        return push(desk, payment, &no, "a bank is not well", message);
    }
    step(desk, payment, input, cause, message);
}

/// The same for what says nothing of how a bank fares.
pub(super) fn step<W: Records>(
    desk: &mut Desk<'_, W>,
    mut payment: UpiPayment,
    input: &Input,
    cause: &str,
    message: &str,
) {
    let step = payment.state.advance(payment.beginning, input);
    enter(desk, &mut payment, step, cause, message);
    desk.records.put(payment);
}

/// Takes a step: writes it down, sends what it sends, sets the next deadline, tells both sides of an end.
pub(super) fn enter<W: Records>(
    desk: &mut Desk<'_, W>,
    payment: &mut UpiPayment,
    step: Step,
    cause: &str,
    message: &str,
) {
    payment.steps += 1;
    desk.records.put(UpiStep {
        payment: payment.id.clone(),
        number: payment.steps,
        state: step.state.clone(),
        cause: cause.to_owned(),
        message: message.to_owned(),
        sent: step.send,
        late: step.late,
        at: desk.now,
    });
    if step.late {
        return;
    }
    let before = std::mem::replace(&mut payment.state, step.state);
    payment.changed_at = desk.now;
    health::moved(desk, payment, &before);
    positions::moved(desk, payment, &before);
    refunds::moved(desk, payment);
    disputes::payment_ended(desk, payment);
    if let Some(outgoing) = step.send {
        send::step(desk, payment, outgoing);
        if outgoing == Outgoing::Debit {
            payment.credentials.clear();
        }
    }
    payment.due_at = deadline(payment, desk.now);
    match payment.due_at {
        Some(due) => desk.wake_at(&payment.id, due),
        None => desk.let_sleep(&payment.id),
    }
    let code = payment.state.code().map(str::to_owned);
    if code.is_some() && code != payment.told {
        payment.told = code;
        send::ended(desk, payment);
    }
}

/// A deadline passed.
pub(super) fn timed_out<W: Records>(desk: &mut Desk<'_, W>, id: &str) {
    let Some(payment) = desk.records.find::<UpiPayment>(&id.to_owned()) else { return };
    if payment.due_at.is_none_or(|due| due > desk.now) {
        return;
    }
    let input = match &payment.state {
        State::AuthSent | State::WaitPayer => Input::AuthorisationTimedOut,
        State::DebitSent => Input::DebitTimedOut,
        State::CreditSent => Input::CreditTimedOut,
        State::Status(_) => Input::StatusTimedOut,
        State::CreditReversalSent => Input::CreditReversalTimedOut,
        State::DebitReversalSent(_) | State::ReversalPending(_) | State::ReturnSent => {
            Input::DebitReversalTimedOut
        }
        State::Deemed => Input::AdjudicationDue,
        State::Success | State::Failed(_) | State::Returned => return,
    };
    push(desk, payment, &input, "no answer in time", "");
}

/// Somebody answered what was sent for a payment.
pub(super) fn answered<W: Records>(
    desk: &mut Desk<'_, W>,
    id: &str,
    sent: Outgoing,
    message: &Message,
) -> Result<(), &'static str> {
    let mut payment = desk.records.find::<UpiPayment>(&id.to_owned()).ok_or("U04")?;
    let told = message.response.as_ref().ok_or("U07")?;
    let code = told.code.clone().unwrap_or_default();
    let said = || if told.succeeded() { Answer::Yes } else { Answer::No(code.clone()) };
    let input = match sent {
        Outgoing::Authorise if told.succeeded() => {
            if payment.beginning == Beginning::Collect {
                approved(&mut payment, message.payer.as_ref().ok_or("U07")?)
            } else {
                resolved(&mut payment, message.payees.first().ok_or("U07")?)
            }
        }
        Outgoing::Authorise => {
            let code = if payment.beginning == Beginning::Collect { "U19" } else { "U29" };
            Input::Authorised(Answer::No(code.to_owned()))
        }
        Outgoing::Debit => Input::Debited(said()),
        Outgoing::Credit => Input::Credited(said()),
        Outgoing::Status => Input::StatusAnswered(said()),
        Outgoing::ReverseCredit => Input::CreditReversalAnswered(code_of(told.succeeded(), &code)),
        Outgoing::ReverseDebit => Input::DebitReversalAnswered(code_of(told.succeeded(), &code)),
        Outgoing::Adjudicate => super::complaints::adjudicated(message).ok_or("U07")?,
    };
    let asks_why = matches!(sent, Outgoing::Authorise | Outgoing::Debit | Outgoing::Credit);
    if asks_why && !told.succeeded() && is_waiting(&payment.state, sent) {
        payment.cause = Some(code);
    }
    let words = format!("{} answered", message.head.organisation);
    push(desk, payment, &input, &words, message.head.message.as_str());
    Ok(())
}

fn code_of(succeeded: bool, code: &str) -> String {
    if succeeded { "00".to_owned() } else { code.to_owned() }
}

/// Whether the answer to this is still waited for.
fn is_waiting(state: &State, sent: Outgoing) -> bool {
    match sent {
        Outgoing::Authorise => matches!(state, State::AuthSent | State::WaitPayer),
        Outgoing::Debit => *state == State::DebitSent,
        Outgoing::Credit => matches!(state, State::CreditSent | State::Status(_)),
        Outgoing::Status | Outgoing::ReverseCredit | Outgoing::ReverseDebit | Outgoing::Adjudicate => true,
    }
}

/// The payee's provider said where the payee's account is.
fn resolved(payment: &mut UpiPayment, payee: &Party) -> Input {
    let mut side = payment.payee.clone();
    if let Some(Account::Number { ifsc, number, .. }) = &payee.account {
        side.at(UpiDirectory::sandbox(), ifsc.as_str(), number.as_str());
    }
    side.name.clone_from(&payee.name);
    side.category.clone_from(&payee.category);
    let no = |code: &str| Input::Authorised(Answer::No(code.to_owned()));
    if side.address != payee.address.to_lower() || side.bank.is_empty() {
        payment.cause = Some("ZH".to_owned());
        return no("U29");
    }
    if (&side.ifsc, &side.account) == (&payment.payer.ifsc, &payment.payer.account) {
        return no("U96");
    }
    payment.payee = side;
    Input::Authorised(Answer::Yes)
}

/// The payer approved what a merchant asks for.
fn approved(payment: &mut UpiPayment, payer: &Party) -> Input {
    let no = |code: &str| Input::Authorised(Answer::No(code.to_owned()));
    if payment.state != State::WaitPayer {
        return Input::Authorised(Answer::Yes);
    }
    let mut side = payment.payer.clone();
    if let Some(Account::Number { ifsc, number, .. }) = &payer.account {
        side.at(UpiDirectory::sandbox(), ifsc.as_str(), number.as_str());
    }
    side.name.clone_from(&payer.name);
    side.category.clone_from(&payer.category);
    side.device = payer.device.as_ref().map(|device| device.0.clone()).unwrap_or_default();
    if side.address != payer.address.to_lower() || side.bank.is_empty() {
        payment.cause = Some("ZH".to_owned());
        return no("U19");
    }
    if (&side.ifsc, &side.account) == (&payment.payee.ifsc, &payment.payee.account) {
        return no("U96");
    }
    payment.payer = side;
    payment.credentials.clone_from(&payer.credentials);
    Input::Authorised(Answer::Yes)
}

/// A message for a payment had no effect at its receiver: that is known, so nothing needs to be asked.
pub(super) fn refused<W: Records>(
    desk: &mut Desk<'_, W>,
    id: &str,
    sent: Outgoing,
    message: &str,
    code: &str,
) {
    let Some(mut payment) = desk.records.find::<UpiPayment>(&id.to_owned()) else { return };
    let input = match sent {
        Outgoing::Authorise => Input::Authorised(Answer::No("U18".to_owned())),
        Outgoing::Debit => Input::DebitUnreachable,
        Outgoing::Credit => Input::CreditUnreachable,
        // These are asked again at their deadlines.
        Outgoing::Status | Outgoing::ReverseCredit | Outgoing::ReverseDebit | Outgoing::Adjudicate => {
            return desk.records.note("upi_switch.not_taken", message, code);
        }
    };
    if is_waiting(&payment.state, sent) {
        payment.cause = Some(code.to_owned());
    }
    push(desk, payment, &input, "message refused", message);
}

/// A provider asks what became of a payment. One that has not come cannot come any more: who is told so would pay again.
pub(super) fn status<W: Records>(
    switch: &Switch,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<(), &'static str> {
    let original = message.transaction.original.as_ref().ok_or("U07")?.as_str().to_owned();
    let asker = message.head.organisation.clone();
    let is_bounded = switch.defences.stands(Defence::StatusChecks);
    let may_ask =
        |payment: &UpiPayment, now| may_call("status_check", &payment.checks, Timestamp::from_millis(0), now);
    let payment = match desk.records.find::<UpiPayment>(&original) {
        Some(payment)
            if ![&payment.origin, &payment.payee.provider, &payment.payer.provider].contains(&&asker) =>
        {
            return Err("U17");
        }
        // Nobody asks in a storm, whatever a provider's own clock says.
        Some(payment) if is_bounded && !may_ask(&payment, desk.now) => return Err("U80"),
        Some(mut payment) => {
            payment.checks.retain(|at| desk.now.since(*at) < CHECKS_KEPT);
            payment.checks.push(desk.now);
            desk.records.put(payment.clone());
            payment
        }
        None => {
            let closed = never_came(&original, message, desk.now);
            desk.records.put(closed.clone());
            closed
        }
    };
    let told = match &payment.state {
        State::Success => response(&message.head.message, Ok(())),
        State::Deemed | State::ReturnSent => {
            let mut deemed = response(&message.head.message, Err("RB"));
            deemed.result = "DEEMED".to_owned();
            deemed
        }
        state => response(&message.head.message, Err(state.code().unwrap_or("01"))),
    };
    let mut answer = desk.answer(message, told);
    if let Some(told) = &mut answer.response {
        told.settled = send::settled(&payment);
    }
    desk.post(&asker, &answer);
    Ok(())
}

fn never_came(id: &str, message: &Message, now: Timestamp) -> UpiPayment {
    UpiPayment {
        id: id.to_owned(),
        origin: message.head.organisation.clone(),
        origin_message: message.head.message.as_str().to_owned(),
        beginning: Beginning::Pay,
        state: State::Failed("U04".to_owned()),
        payer: Side::default(),
        payee: Side::default(),
        paise: 0,
        note: None,
        reference: None,
        mode: None,
        purpose: None,
        merchant_reference: None,
        credentials: Vec::new(),
        cause: None,
        told: Some("U04".to_owned()),
        steps: 0,
        at: now,
        changed_at: now,
        expires_at: None,
        mandate: None,
        original: None,
        refunded: 0,
        checks: vec![now],
        settled_at: None,
        returned_at: None,
        due_at: None,
    }
}
