//! A debit is presented: its payer is told a day before, and has that day to pause or revoke.

use super::debiting::execute;
use super::hearing::element;
use super::making::transaction;
use super::records::{DebitState, Mandate, MandateDebit, MandateSide};
use super::{numbered, own, party, put_question};
use crate::binding::customer_of;
use crate::party::Psp;
use crate::records::DeviceId;
use crate::refusal::Refusal;
use upi::mail::{Desk, response};
use upi::mandate::{AmountRule, Day, DueDebit, Notice, State, Terms, needs_notice, soonest};
use upi::messages::Message;
use values::{Currency, Money, Operation, Records, Timestamp};

/// A merchant presents the next debit under a mandate. It is made by itself, as soon as the rules allow.
pub struct PresentDebit {
    /// The provider.
    pub psp: Psp,
    /// The merchant's phone.
    pub device: DeviceId,
    /// The mandate, by the transaction that made it.
    pub id: String,
    /// How much; the mandate's amount if nothing is said.
    pub amount: Option<Money>,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl Operation for PresentDebit {
    type Answer = MandateDebit;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.present_debit";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<MandateDebit, Refusal> {
        let customer = customer_of(records, self.device)?;
        let mandate = own(records, &customer.mobile, &self.id)?;
        if mandate.side != MandateSide::Payee || mandate.state != State::Active {
            return Err(Refusal::MandateOver);
        }
        let number = mandate.number.clone().ok_or(Refusal::MandateOver)?;
        let amount = self.amount.unwrap_or(mandate.terms.amount());
        if amount.is_zero() || amount.currency() != Currency::INR || amount.minor() > mandate.terms.paise {
            return Err(Refusal::AmountInvalid);
        }
        let (next, due) = next_due(records, &mandate, amount, now)?;
        let key = (number.clone(), MandateSide::Payee, next.sequence);
        if let Some(known) = records.find::<MandateDebit>(&key) {
            let is_open = matches!(known.state, DebitState::Presented | DebitState::Tried);
            let same = is_open && known.paise == amount.minor();
            return if same { Ok(known) } else { Err(Refusal::DebitPresented) };
        }
        let mut desk = Desk::new(self.psp.identity_of(), records, now, self.entropy);
        let debit = MandateDebit {
            number,
            side: MandateSide::Payee,
            sequence: next.sequence,
            mobile: mandate.mobile.clone(),
            paise: amount.minor(),
            notice: None,
            tries: 0,
            transaction: None,
            state: DebitState::Presented,
            code: None,
            due: Some(due),
            at: now,
            changed_at: now,
        };
        desk.records.put(debit.clone());
        if needs_notice(&mandate.terms, next.sequence, debit.paise, mandate.at, due) {
            self.notify(&mut desk, &mandate, (&debit, &next))?;
        }
        if due <= now {
            execute(&self.psp, &mut desk, &mandate, debit.clone());
        } else {
            desk.wake_at(&debit.alarm(), due);
        }
        let key = (debit.number.clone(), MandateSide::Payee, debit.sequence);
        Ok(desk.records.find::<MandateDebit>(&key).unwrap_or(debit))
    }
}

/// The next debit that can still be made in time, and when.
fn next_due<W: Records>(
    records: &mut W,
    mandate: &Mandate,
    amount: Money,
    now: Timestamp,
) -> Result<(DueDebit, Timestamp), Refusal> {
    let number = mandate.number.clone().unwrap_or_default();
    let (mut day, mut newest) = (Day::of(now), mandate.newest);
    // The day of this one may be too near for its notice: then it is the next.
    for _ in 0..3 {
        let next = mandate.terms.next_debit(day, newest).ok_or(Refusal::NoDebitDue)?;
        let key = (number.clone(), MandateSide::Payee, next.sequence);
        let known = records.find::<MandateDebit>(&key);
        if let Some(known) = known.filter(|known| known.state != DebitState::Failed) {
            return Ok((next, known.due.unwrap_or(now)));
        }
        match soonest(&mandate.terms, next.sequence, (amount, mandate.at), now) {
            Some(due) => return Ok((next, due)),
            None => (day, newest) = (next.until.plus(1), next.sequence),
        }
    }
    Err(Refusal::NoDebitDue)
}

impl MandateDebit {
    /// What its side is woken for.
    pub(super) fn alarm(&self) -> String {
        format!("mandate {} {}", self.number, self.sequence)
    }
}

impl PresentDebit {
    /// Tells the payer's side.
    fn notify<W: Records>(
        &self,
        desk: &mut Desk<'_, W>,
        mandate: &Mandate,
        (debit, next): (&MandateDebit, &DueDebit),
    ) -> Result<(), Refusal> {
        let now = desk.now;
        let id = desk.new_transaction();
        let mut about = transaction(id, "NOTIFY", MandateSide::Payee, now);
        about.original = upi::ids::TransactionId::parse(&mandate.id);
        about.mandate = Some(debit.number.clone());
        let mut message = desk.message("ReqMandate", about);
        let amount = Money::new(debit.paise, Currency::INR).map_err(|_| Refusal::AmountInvalid)?;
        let mut from = party(&mandate.other)?;
        from.amount = Some(amount);
        let mut to = mandate.payee()?;
        to.amount = Some(amount);
        message.payer = Some(from);
        message.payees = vec![to];
        let from = debit.due.map_or(next.from, Day::of);
        let this = Terms {
            paise: debit.paise,
            amount_rule: AmountRule::Exact,
            starts: from,
            ends: next.until,
            ..mandate.terms.clone()
        };
        let element = this.element(Some(&debit.number));
        message.rest = vec![element.with("seqNum", &debit.sequence.to_string())];
        put_question(desk, &message, &mandate.mobile);
        desk.post(self.psp.switch(), &message);
        Ok(())
    }
}

/// The number, and the amount, of the debit that a notice is about.
fn of_notice(message: &Message) -> Option<(u32, u64)> {
    let mandate = element(message)?;
    let amount = Money::parse(mandate.child("Amount")?.attribute("value")?, Currency::INR).ok()?;
    Some((mandate.attribute("seqNum")?.parse().ok()?, amount.minor()))
}

/// A payee announces a debit to a customer of this provider.
pub(crate) fn noticed<W: Records>(
    psp: &Psp,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<(), &'static str> {
    let number = message.transaction.mandate.as_deref().ok_or("U07")?;
    let payee = message.payees.first().ok_or("U07")?.address.to_lower();
    let (sequence, paise) = of_notice(message).ok_or("U07")?;
    let known = numbered(desk.records, number, MandateSide::Payer);
    let outcome = match &known {
        None => Err("QC"),
        Some(mandate) if mandate.terms.payee != payee => Err("QI"),
        Some(mandate) => announced(desk, mandate, (number, sequence, paise)),
    };
    let mut answer = desk.answer(message, response(&message.head.message, outcome));
    answer.rest = element(message).cloned().into_iter().collect();
    desk.post(psp.switch(), &answer);
    Ok(())
}

fn announced<W: Records>(
    desk: &mut Desk<'_, W>,
    mandate: &Mandate,
    (number, sequence, paise): (&str, u32, u64),
) -> Result<(), &'static str> {
    if !matches!(mandate.state, State::Active | State::Paused) {
        return Err("QC");
    }
    if paise == 0 || paise > mandate.terms.paise {
        return Err("QH");
    }
    if mandate.terms.due(sequence).is_none() {
        return Err("QR");
    }
    let now = desk.now;
    let key = (number.to_owned(), MandateSide::Payer, sequence);
    let notice = Some(Notice { paise, at: now });
    let changed = match desk.records.find::<MandateDebit>(&key) {
        Some(known) if matches!(known.state, DebitState::Tried | DebitState::Made) => return Err("QB"),
        // Said again it is the notice it was: its day counts from when it was first said.
        Some(known) if known.notice.is_some_and(|notice| notice.paise == paise) => return Ok(()),
        Some(known) => MandateDebit { notice, paise, changed_at: now, ..known },
        None => {
            MandateDebit { notice, ..MandateDebit::begins(number, sequence, &mandate.mobile, paise, now) }
        }
    };
    desk.records.put(changed);
    Ok(())
}

impl MandateDebit {
    /// One that the payer's side hears of.
    pub(super) fn begins(
        number: &str,
        sequence: u32,
        mobile: &str,
        paise: u64,
        now: Timestamp,
    ) -> MandateDebit {
        MandateDebit {
            number: number.to_owned(),
            side: MandateSide::Payer,
            sequence,
            mobile: mobile.to_owned(),
            paise,
            notice: None,
            tries: 0,
            transaction: None,
            state: DebitState::Presented,
            code: None,
            due: None,
            at: now,
            changed_at: now,
        }
    }
}

/// The payer's side does not take a notice: the debit will not be made.
pub(super) fn refused<W: Records>(desk: &mut Desk<'_, W>, mandate: &Mandate, message: &Message, code: &str) {
    let number = mandate.number.clone().unwrap_or_default();
    let Some(sequence) = element(message).and_then(|found| found.attribute("seqNum")?.parse().ok()) else {
        return;
    };
    let key = (number, MandateSide::Payee, sequence);
    if let Some(debit) = desk.records.find::<MandateDebit>(&key)
        && debit.state == DebitState::Presented
    {
        desk.let_sleep(&debit.alarm());
        let (state, code, due) = (DebitState::Failed, Some(code.to_owned()), None);
        desk.records.put(MandateDebit { state, code, due, changed_at: desk.now, ..debit });
    }
}
