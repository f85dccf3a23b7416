//! A debit under a mandate is tried: once, and three times more at most.
//!
//! On the payee's side it is a request for money that names the mandate; on the payer's side it is judged by the terms, and
//! answered without the customer where no PIN is wanted.

use super::making::transaction;
use super::numbered;
use super::records::{DebitState, Mandate, MandateDebit, MandateSide, MandateTry};
use crate::asking::{account_on_wire, linked, payer};
use crate::party::Psp;
use crate::payments::{asked, begun};
use crate::records::{Customer, Direction, Payment, PaymentState, UnderMandate, UsedTransaction};
use std::time::Duration;
use upi::ids::CustomerReference;
use upi::limits::{MANDATE_ATTEMPTS, mandate_may_execute};
use upi::mail::{Desk, response};
use upi::mandate::{Attempt, Day, Kept, No, Pattern, State, next_quiet};
use upi::messages::{Credential, Message, PartyKind};
use values::{Currency, MerchantCategory, Money, Records};

/// How long the payer's side has to answer, minutes; longer where it has to ask for the PIN.
const MINUTES: u32 = 30;
const MINUTES_WITH_PIN: u32 = 12 * 60;
/// Between two tries.
const TRIED_AGAIN: Duration = Duration::from_secs(3_600);

/// It is time for a debit: `NUMBER SEQUENCE`.
pub(crate) fn wake<W: Records>(psp: &Psp, desk: &mut Desk<'_, W>, what: &str) {
    let named = what.split_once(' ').and_then(|(number, sequence)| Some((number, sequence.parse().ok()?)));
    let Some((number, sequence)) = named else { return };
    let key = (number.to_owned(), MandateSide::Payee, sequence);
    let debit = desk.records.find::<MandateDebit>(&key);
    let waits = |debit: &MandateDebit| matches!(debit.state, DebitState::Presented | DebitState::Failed);
    if let Some(debit) = debit.filter(|debit| waits(debit) && debit.due.is_some())
        && let Some(mandate) = numbered(desk.records, number, MandateSide::Payee)
    {
        execute(psp, desk, &mandate, debit);
    }
}

/// Tries a debit, if it may be tried now.
pub(super) fn execute<W: Records>(psp: &Psp, desk: &mut Desk<'_, W>, mandate: &Mandate, debit: MandateDebit) {
    let now = desk.now;
    let gone = match &mandate.state {
        State::Active => None,
        State::Paused => Some("QA"),
        _ => Some("QC"),
    };
    let due = mandate.terms.due(debit.sequence);
    let late = due.is_none_or(|due| Day::of(now) > due.until).then_some("QR");
    if let Some(code) = gone.or(late) {
        let (state, code, due) = (DebitState::Failed, Some(code.to_owned()), None);
        desk.records.put(MandateDebit { state, code, due, changed_at: now, ..debit });
        return;
    }
    if !mandate_may_execute(now) {
        let due = next_quiet(now);
        desk.wake_at(&debit.alarm(), due);
        desk.records.put(MandateDebit { due: Some(due), ..debit });
        return;
    }
    if let Some(payment) = send(psp, desk, mandate, &debit) {
        desk.records.put(MandateTry {
            transaction: payment.id.clone(),
            side: MandateSide::Payee,
            number: debit.number.clone(),
            sequence: debit.sequence,
        });
        desk.records.put(MandateDebit {
            tries: debit.tries + 1,
            transaction: Some(payment.id.clone()),
            state: DebitState::Tried,
            due: None,
            changed_at: now,
            ..debit
        });
        crate::merchants::note(desk.records, &payment);
        desk.records.put(payment);
    }
}

/// Leaves the request for the switch.
fn send<W: Records>(
    psp: &Psp,
    desk: &mut Desk<'_, W>,
    mandate: &Mandate,
    debit: &MandateDebit,
) -> Option<Payment> {
    let now = desk.now;
    let customer = desk.records.find::<Customer>(&mandate.mobile)?;
    let merchant = customer.merchant.clone()?;
    let account = linked(&customer, "").ok()?.clone();
    let amount = Money::new(debit.paise, Currency::INR).ok()?;
    let id = desk.new_transaction();
    let drawn = desk.draw();
    let sequence = u32::from_be_bytes(*drawn.first_chunk().expect("32 bytes hold 4"));
    let reference = CustomerReference::new(now, sequence);
    let category: MerchantCategory = mandate.terms.category.parse().ok()?;
    let is_small = debit.paise <= upi::limits::mandate_without_pin(category, now).payment_paise;
    let minutes = if is_small { MINUTES } else { MINUTES_WITH_PIN };
    let mut about = transaction(id.clone(), "COLLECT", MandateSide::Payee, now);
    about.initiated_by = None;
    about.subtype = Some("MANDATE".to_owned());
    about.mode = Some("11".to_owned());
    about.mandate = Some(debit.number.clone());
    about.reference = Some(reference.clone());
    about.note = Some(mandate.terms.name.clone());
    about.expires_after_minutes = Some(minutes);
    let mut message = desk.message("ReqPay", about);
    let mut to = payer(psp, &customer, customer.device);
    to.address = upi::address::Address::parse(&mandate.own).ok()?;
    to.name = Some(merchant.name);
    to.kind = Some(PartyKind::Entity);
    to.category = Some(merchant.category);
    to.account = account_on_wire(&account);
    to.amount = Some(amount);
    let mut from = super::party(&mandate.other).ok()?;
    from.sequence = Some(debit.sequence.to_string());
    from.amount = Some(amount);
    message.payer = Some(from);
    message.payees = vec![to];
    let which = (mandate.mobile.as_str(), id.as_str(), Direction::Received);
    let between = (mandate.own.as_str(), mandate.other.as_str());
    let payment = Payment {
        note: Some(mandate.terms.name.clone()),
        reference: reference.as_str().to_owned(),
        ..Payment::begins(which, between, &account.reference, debit.paise, now)
    };
    desk.records.put(UsedTransaction { id: payment.id.clone(), mobile: mandate.mobile.clone(), at: now });
    asked(desk, &message.head.message, "ReqPay", &payment);
    desk.wake_at(&payment.id, now.after(Duration::from_secs(60 * u64::from(minutes) + 90)));
    desk.post(psp.switch(), &message);
    Some(payment)
}

/// The switch asks the payer's side whether it pays a debit under a mandate.
pub(crate) fn came<W: Records>(
    psp: &Psp,
    desk: &mut Desk<'_, W>,
    customer: &Customer,
    message: &Message,
) -> Result<(), &'static str> {
    let number = message.transaction.mandate.clone().ok_or("U07")?;
    let payee = message.payees.first().ok_or("U07")?;
    let amount = payee.amount.ok_or("U07")?;
    let sequence = message.payer.as_ref().and_then(|payer| payer.sequence.as_deref()?.parse().ok());
    let sequence: u32 = sequence.ok_or("U07")?;
    let known = numbered(desk.records, &number, MandateSide::Payer);
    let Some(mandate) = known.filter(|mandate| mandate.mobile == customer.mobile) else {
        return answer(psp, desk, customer, message, Err("QC"));
    };
    let key = (number.clone(), MandateSide::Payer, sequence);
    let debit = desk.records.find::<MandateDebit>(&key).unwrap_or_else(|| {
        MandateDebit::begins(&number, sequence, &customer.mobile, amount.minor(), desk.now)
    });
    let kept = Kept {
        terms: &mandate.terms,
        state: &mandate.state,
        made: mandate.at,
        tries: debit.tries,
        // While one try is under way there is no other.
        is_made: matches!(debit.state, DebitState::Tried | DebitState::Made),
        newest: mandate.newest,
        notice: Some(debit.notice),
    };
    let address = payee.address.to_lower();
    let attempt = Attempt { payee: &address, paise: amount.minor(), sequence, has_pin: false, at: desk.now };
    let judged = kept.allows(&attempt, psp.judging());
    if let Err(no) = judged
        && no != No::Pin
    {
        return answer(psp, desk, customer, message, Err(no.provider_code()));
    }
    let transaction = message.transaction.id.as_str().to_owned();
    desk.records.put(MandateTry {
        transaction: transaction.clone(),
        side: MandateSide::Payer,
        number,
        sequence,
    });
    desk.records.put(MandateDebit {
        tries: debit.tries + 1,
        transaction: Some(transaction),
        state: DebitState::Tried,
        paise: amount.minor(),
        changed_at: desk.now,
        ..debit
    });
    if judged.is_err() {
        let under = UnderMandate { number: mandate.number.unwrap_or_default(), account: mandate.account };
        return crate::collects::came(desk, customer, message, Some(under));
    }
    answer(psp, desk, customer, message, Ok(&mandate))
}

/// Answers in the customer's place: yes with what the bank gave for the mandate.
fn answer<W: Records>(
    psp: &Psp,
    desk: &mut Desk<'_, W>,
    customer: &Customer,
    message: &Message,
    outcome: Result<&Mandate, &'static str>,
) -> Result<(), &'static str> {
    let mut answer = desk.answer(message, response(&message.head.message, outcome.map(|_| ())));
    let asked = message.payer.as_ref().ok_or("U07")?;
    let mut from = payer(psp, customer, customer.device);
    from.address = asked.address.clone();
    from.sequence.clone_from(&asked.sequence);
    from.amount = asked.amount;
    if let Ok(mandate) = outcome {
        from.account = linked(customer, &mandate.account).ok().and_then(account_on_wire);
        from.credentials = vec![Credential::standing(mandate.standing.as_deref().unwrap_or_default())];
        let payment = sent(mandate, message).ok_or("U07")?;
        desk.records.put(Payment { at: desk.now, changed_at: desk.now, ..payment });
    }
    answer.payer = Some(from);
    answer.payees.clone_from(&message.payees);
    desk.post(psp.switch(), &answer);
    Ok(())
}

/// The payment that the customer sees.
fn sent(mandate: &Mandate, message: &Message) -> Option<Payment> {
    let payee = message.payees.first()?;
    let reference = message.transaction.reference.as_ref();
    let which = (mandate.mobile.as_str(), message.transaction.id.as_str(), Direction::Sent);
    let (paise, at) = (payee.amount?.minor(), message.transaction.at?);
    let between = (mandate.own.as_str(), mandate.other.as_str());
    Some(Payment {
        other_name: payee.name.clone(),
        note: message.transaction.note.clone(),
        reference: reference.map(|text| text.as_str().to_owned()).unwrap_or_default(),
        category: payee.category.clone(),
        ..Payment::begins(which, between, &mandate.account, paise, at)
    })
}

/// The payer's side hears how a try ended.
pub(crate) fn ended<W: Records>(desk: &mut Desk<'_, W>, id: &str, state: PaymentState, code: &str) {
    conclude(desk, (id, MandateSide::Payer), state, code);
}

/// The payee's side hears how a try ended, and tries again where that can help.
pub(crate) fn told<W: Records>(desk: &mut Desk<'_, W>, mobile: &str, id: &str) {
    let Some(payment) = begun(desk.records, mobile, id) else { return };
    let code = payment.cause.clone().unwrap_or(payment.code.clone());
    let Some((mandate, debit)) = conclude(desk, (id, MandateSide::Payee), payment.state, &code) else {
        return;
    };
    // What the payer, the payer's side or the terms refused is refused again.
    let is_final = code == "ZA" || code.starts_with('Q') || code.starts_with('V');
    if debit.state != DebitState::Failed || is_final || debit.tries >= MANDATE_ATTEMPTS {
        return;
    }
    let next = next_quiet(desk.now.after(TRIED_AGAIN));
    let in_time = mandate.terms.due(debit.sequence).is_some_and(|due| Day::of(next) <= due.until);
    if in_time {
        desk.wake_at(&debit.alarm(), next);
        desk.records.put(MandateDebit { due: Some(next), ..debit });
    }
}

fn conclude<W: Records>(
    desk: &mut Desk<'_, W>,
    (id, side): (&str, MandateSide),
    state: PaymentState,
    code: &str,
) -> Option<(Mandate, MandateDebit)> {
    let tried = desk.records.find::<MandateTry>(&(id.to_owned(), side))?;
    let key = (tried.number.clone(), side, tried.sequence);
    let debit = desk.records.find::<MandateDebit>(&key)?;
    let mandate = numbered(desk.records, &tried.number, side)?;
    let state = match state {
        PaymentState::Success => DebitState::Made,
        PaymentState::Failed if debit.transaction.as_deref() == Some(id) => DebitState::Failed,
        _ => return None,
    };
    if debit.state == DebitState::Made || debit.state == state {
        return None;
    }
    let code = (state == DebitState::Failed).then(|| code.to_owned());
    let changed = MandateDebit { state, code, due: None, changed_at: desk.now, ..debit };
    desk.records.put(changed.clone());
    let mut of_it = mandate;
    if state == DebitState::Made {
        of_it.newest = of_it.newest.max(tried.sequence);
        if of_it.terms.recurrence.pattern == Pattern::OneTime && of_it.state != State::Revoked {
            of_it.state = State::Completed;
            of_it.changed_at = desk.now;
        }
        desk.records.put(of_it.clone());
    }
    Some((of_it, changed))
}
