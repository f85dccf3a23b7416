//! The network has answered.

use crate::network_line::NetworkAnswer;
use crate::operations::ADVICE_TOPIC;
use crate::operations::shared::{
    batch_is_open, begin_reversal, change_batch, change_original, count, no_longer_pending, release, uncount,
};
use crate::records::{Batch, Payment, PaymentKind, PaymentState, Terminal};
use crate::refusal::Refusal;
use iso8583::ResponseCode;
use serde::{Deserialize, Serialize};
use values::{Operation, Records, Timestamp};

/// Takes the network's answer to a payment.
#[derive(Clone, Debug)]
pub struct Conclude {
    /// The answer.
    pub answer: NetworkAnswer,
}

/// How an answer met its payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The first answer: it decided.
    First,
    /// Another answer after the first; nothing changed.
    Repeat,
    /// Too late: a reversal had begun. An approval changes nothing any more.
    Late,
}

/// What an answer did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Concluded {
    /// The payment as it now stands.
    pub payment: Payment,
    /// How the answer met it.
    pub standing: Standing,
}

impl Operation for Conclude {
    type Answer = Concluded;
    type Refusal = Refusal;
    const NAME: &'static str = "acquiring.conclude";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Concluded, Refusal> {
        let mut payment: Payment = records.find(&self.answer.reference).ok_or(Refusal::UnknownPayment)?;
        self.check(&payment)?;
        let standing = match payment.state {
            PaymentState::Pending | PaymentState::Advised => Standing::First,
            PaymentState::ReversalPending | PaymentState::Reversed => Standing::Late,
            PaymentState::Approved | PaymentState::Declined | PaymentState::Completed => Standing::Repeat,
        };
        match standing {
            Standing::First => self.decide(records, &mut payment, now),
            Standing::Late => records.note("acquiring.late_answer", payment.reference.as_str(), ""),
            Standing::Repeat if payment.response_code != Some(self.answer.code) => {
                records.note("acquiring.contradicting_answer", payment.reference.as_str(), "");
            }
            Standing::Repeat => {}
        }
        Ok(Concluded { payment, standing })
    }
}

impl Conclude {
    fn check(&self, payment: &Payment) -> Result<(), Refusal> {
        let answer = &self.answer;
        let same = answer.mti == payment.kind.mti().answer()
            && answer.stan == payment.stan
            && answer.amount.is_none_or(|amount| amount == payment.money());
        if same { Ok(()) } else { Err(Refusal::AnswerMismatch) }
    }

    fn decide<W: Records>(&self, records: &mut W, payment: &mut Payment, now: Timestamp) {
        payment.response_code = Some(self.answer.code);
        payment.approval_code = self.answer.approval_code;
        payment.settled_on = self.answer.settled_on.filter(|_| self.answer.code.is_approved());
        // Part of the amount was not asked for: the goods cost all of it.
        let partly = self.answer.code == ResponseCode::PARTLY_APPROVED && payment.kind != PaymentKind::Refund;
        if partly {
            return begin_reversal(records, payment, ResponseCode::OTHER_ERROR, now);
        }
        no_longer_pending(records, payment);
        records.cancel(ADVICE_TOPIC, payment.reference.as_str());
        if self.answer.code.is_approved() {
            approve(records, payment);
        } else {
            decline(records, payment);
        }
        records.put(payment.clone());
    }
}

fn approve<W: Records>(records: &mut W, payment: &mut Payment) {
    payment.state = PaymentState::Approved;
    count(records, payment);
    change_original(records, payment, |original| match payment.kind {
        PaymentKind::Refund => {
            original.refund_pending = original.refund_pending.saturating_sub(payment.amount);
            original.refunded = original.refunded.saturating_add(payment.amount);
        }
        _ => original.state = PaymentState::Completed,
    });
}

fn decline<W: Records>(records: &mut W, payment: &mut Payment) {
    payment.state = PaymentState::Declined;
    release(records, payment);
    if payment.kind != PaymentKind::Refund {
        return;
    }
    change_original(records, payment, |original| {
        original.refund_pending = original.refund_pending.saturating_sub(payment.amount);
    });
    // It was told to the terminal as done when it was not answered in time.
    if payment.counted {
        records.note("acquiring.refund_refused", payment.reference.as_str(), "");
        if batch_is_open(records, payment) {
            uncount(records, payment);
        } else {
            correct(records, payment);
        }
    }
}

/// The batch that counted the refund is captured: the terminal's open one owes it to the merchant.
fn correct<W: Records>(records: &mut W, refund: &mut Payment) {
    refund.counted = false;
    let Some(terminal) = records.find::<Terminal>(&refund.terminal) else { return };
    let open = Payment { batch: terminal.batch, ..refund.clone() };
    change_batch(records, &open, |batch: &mut Batch| batch.correct(refund));
}
