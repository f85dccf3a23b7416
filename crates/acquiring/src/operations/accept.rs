//! A terminal asks for a payment.

use crate::defences::Defence;
use crate::names::Reference;
use crate::network_line::reference;
use crate::operations::TIMEOUT_TOPIC;
use crate::operations::intent::{expected, taken};
use crate::operations::shared::Undertaking;
use crate::operations::shared::{
    admitted, change_batch, change_original, fingerprint, outbound, request_key,
};
use crate::records::{
    Institution, Merchant, MerchantDay, Payment, PaymentKind, PaymentState, Purpose, Terminal, TerminalTrace,
    TraceCounter,
};
use crate::refusal::Refusal;
use crate::terminal_line::PaymentRequest;
use iso8583::Stan;
use serde::{Deserialize, Serialize};
use values::{Id, Idempotency, LastFour, Operation, Records, Timestamp, TokenNumber, id::kinds};

/// Checks a payment and records it as pending, before the network is asked.
#[derive(Clone, Debug)]
pub struct Accept {
    /// What the terminal asks.
    pub request: PaymentRequest,
    /// Who we are.
    pub institution: Institution,
    /// The name the payment gets, unless it was wanted under one of its own.
    pub id: Id<kinds::Payment>,
}

/// A payment that now goes to the network.
///
/// A repeat gets this answer again: look at the record to see where the payment stands by then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    /// The payment, pending.
    pub payment: Payment,
    /// Its merchant, for the message.
    pub merchant: Merchant,
}

impl Operation for Accept {
    type Answer = Accepted;
    type Refusal = Refusal;
    const NAME: &'static str = "acquiring.accept";

    fn idempotency(&self) -> Option<Idempotency> {
        if !self.stands(Defence::Repeats) {
            return None;
        }
        let request = &self.request;
        let number = request.token.map_or(0, TokenNumber::as_u64).to_be_bytes();
        let last_four = request.last_four.map_or(u16::MAX, u16::from).to_be_bytes();
        Some(Idempotency {
            key: request_key(b'P', &request.terminal, request.batch, request.trace),
            fingerprint: fingerprint(&[
                &[request.kind as u8],
                request.acceptor.padded(),
                &request.amount.minor().to_be_bytes(),
                &request.amount.currency().numeric().to_be_bytes(),
                request.entry_mode.padded(),
                &number,
                &last_four,
                request.original.as_ref().map_or(&[][..], |original| original.padded()),
            ]),
        })
    }

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Accepted, Refusal> {
        let request = &self.request;
        let undertaking = match request.kind {
            PaymentKind::Refund => Undertaking::PayBack,
            _ => Undertaking::Sell,
        };
        let (terminal, mut merchant) = admitted(records, &request.terminal, &request.acceptor, undertaking)?;
        self.check_trace(records, &terminal)?;
        self.check_amount(&merchant)?;
        // Only ever another than the recorded one when its check was taken away.
        merchant.category = request.category.unwrap_or(merchant.category);
        let original = self.original(records, &merchant)?;
        let day = self.count_in_day(records, &merchant, now)?;
        let (stan, reference) = next_reference(records, &self.institution, now)?;
        let mut payment = self.payment(&merchant, original.as_ref(), stan, reference, now)?;
        if let Some(intent) = expected(records, &payment) {
            payment.id = intent.id;
            taken(records, intent, &payment);
        }
        if let Some(day) = day {
            records.put(day);
        }
        change_original(records, &payment, |original| match payment.kind {
            PaymentKind::Refund => original.refund_pending += payment.amount,
            _ => original.completed_by = Some(reference),
        });
        change_batch(records, &payment, |batch| batch.pending_count += 1);
        records.put(Terminal { last_trace: request.trace, ..terminal });
        records.put(TerminalTrace {
            terminal: request.terminal,
            batch: request.batch,
            trace: request.trace,
            purpose: Purpose::Payment,
            reference: Some(reference),
        });
        records.put(payment.clone());
        records.send(outbound(TIMEOUT_TOPIC, reference, now.after(self.institution.answer_within)));
        Ok(Accepted { payment, merchant })
    }
}

impl Accept {
    fn stands(&self, defence: Defence) -> bool {
        self.institution.defences.stands(defence)
    }

    fn check_trace<W: Records>(&self, records: &mut W, terminal: &Terminal) -> Result<(), Refusal> {
        let request = &self.request;
        let used = records.find::<TerminalTrace>(&(request.terminal, request.batch, request.trace));
        match used.map(|used| used.purpose) {
            Some(Purpose::ReversedUnseen) if self.stands(Defence::EarlyReversal) => {
                Err(Refusal::ReversedBefore)
            }
            Some(Purpose::Payment | Purpose::Void) if self.stands(Defence::Repeats) => {
                Err(Refusal::TraceUsed)
            }
            Some(_) => Ok(()),
            None if request.batch != terminal.batch => Err(Refusal::WrongBatch),
            None => Ok(()),
        }
    }

    fn check_amount(&self, merchant: &Merchant) -> Result<(), Refusal> {
        let (request, amount) = (&self.request, self.request.amount);
        let other_category = request.category.is_some_and(|category| category != merchant.category);
        if other_category && self.stands(Defence::Category) {
            return Err(Refusal::WrongCategory);
        }
        if amount.currency() != merchant.currency {
            return Err(Refusal::WrongCurrency);
        }
        if amount.is_zero() {
            return Err(Refusal::ZeroAmount);
        }
        // A refund is bounded by what was paid.
        let limited = self.stands(Defence::Limits) && request.kind != PaymentKind::Refund;
        if limited && amount.minor() > merchant.limit_payment {
            return Err(Refusal::PaymentLimit);
        }
        Ok(())
    }

    /// The payment that is completed or paid back, if one is, and if it leaves enough.
    fn original<W: Records>(&self, records: &mut W, merchant: &Merchant) -> Result<Option<Payment>, Refusal> {
        let request = &self.request;
        if matches!(request.kind, PaymentKind::Sale | PaymentKind::PreAuthorisation) {
            return Ok(None);
        }
        let named = request.original.ok_or(Refusal::Incomplete)?;
        let original: Payment = records
            .find(&named)
            .filter(|original: &Payment| original.merchant == merchant.id)
            .ok_or(Refusal::OriginalNotFound)?;
        let fits = match request.kind {
            PaymentKind::Refund => original.kind.is_sale(),
            _ => original.kind == PaymentKind::PreAuthorisation && original.completed_by.is_none(),
        };
        if !fits || original.state != PaymentState::Approved {
            return Err(Refusal::OriginalNotApproved);
        }
        // A refund goes to the token that paid, so there must be one; what was presented must be that card.
        let other = request.token.is_some() && request.token != original.token;
        let other_end = request.last_four.is_some_and(|four| four != original.last_four);
        if other || other_end || (request.kind == PaymentKind::Refund && original.token.is_none()) {
            return Err(Refusal::WrongCard);
        }
        let left = match request.kind {
            PaymentKind::Refund => original.refundable(),
            _ => original.amount,
        };
        let above = request.amount.minor() > left && self.stands(Defence::Original);
        if original.currency != request.amount.currency() || above {
            return Err(Refusal::AboveOriginal);
        }
        Ok(Some(original))
    }

    fn count_in_day<W: Records>(
        &self,
        records: &mut W,
        merchant: &Merchant,
        now: Timestamp,
    ) -> Result<Option<MerchantDay>, Refusal> {
        if !self.request.kind.is_sale() {
            return Ok(None);
        }
        let day = self.institution.day(now);
        let nothing = MerchantDay { merchant: merchant.id, day, sales_amount: 0 };
        let so_far: MerchantDay = records.find(&(merchant.id, day)).unwrap_or(nothing);
        let limit = if self.stands(Defence::Limits) { merchant.limit_daily } else { u64::MAX };
        so_far.with(self.request.amount, limit).ok_or(Refusal::DailyLimit).map(Some)
    }

    fn payment(
        &self,
        merchant: &Merchant,
        original: Option<&Payment>,
        stan: Stan,
        reference: Reference,
        now: Timestamp,
    ) -> Result<Payment, Refusal> {
        let request = &self.request;
        let last_four: Option<LastFour> = request.last_four.or(original.map(|original| original.last_four));
        Ok(Payment {
            reference,
            id: self.id,
            kind: request.kind,
            state: PaymentState::Pending,
            merchant: merchant.id,
            terminal: request.terminal,
            batch: request.batch,
            terminal_trace: request.trace,
            stan,
            amount: request.amount.minor(),
            currency: request.amount.currency(),
            token: request.token.or(original.and_then(|original| original.token)),
            last_four: last_four.ok_or(Refusal::Incomplete)?,
            entry_mode: request.entry_mode,
            card_sequence: request.card_sequence.or(original.and_then(|original| original.card_sequence)),
            accepted_at: now,
            day: self.institution.day(now),
            response_code: None,
            approval_code: None,
            reversal_reason: None,
            original: original.map(Payment::as_original),
            completed_by: None,
            refunded: 0,
            refund_pending: 0,
            settled_on: None,
            counted: false,
        })
    }
}

/// The next free trace number and the reference made of it. A reference may be taken if a million payments came
/// within an hour, or after ten years to the hour.
fn next_reference<W: Records>(
    records: &mut W,
    institution: &Institution,
    now: Timestamp,
) -> Result<(Stan, Reference), Refusal> {
    const TRIES: usize = 64;
    let mut stan = next_stan(records, institution);
    for _ in 0..TRIES {
        let name = reference(now, stan);
        if records.find::<Payment>(&name).is_none() {
            records.put(TraceCounter { institution: institution.id, last: stan });
            return Ok((stan, name));
        }
        stan = stan.next();
    }
    Err(Refusal::NoTraceNumber)
}

/// The number after the last one used towards the network.
pub(super) fn next_stan<W: Records>(records: &mut W, institution: &Institution) -> Stan {
    let first = Stan::new(0).expect("zero is a number of six digits");
    records.find::<TraceCounter>(&institution.id).map_or(first, |counter| counter.last).next()
}
