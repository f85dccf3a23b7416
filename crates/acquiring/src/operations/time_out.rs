//! The network did not answer, or has answered a reversal.

use crate::names::Reference;
use crate::operations::ADVICE_TOPIC;
use crate::operations::shared::{begin_reversal, count, no_longer_pending, outbound};
use crate::records::{Payment, PaymentKind, PaymentState};
use crate::refusal::Refusal;
use iso8583::ResponseCode;
use serde::{Deserialize, Serialize};
use values::{Operation, Records, Timestamp};

/// No answer came in time. A payment that was answered after all is left as it is.
#[derive(Clone, Copy, Debug)]
pub struct TimedOut {
    /// Which payment.
    pub reference: Reference,
}

impl Operation for TimedOut {
    /// The payment as it now stands.
    type Answer = Payment;
    type Refusal = Refusal;
    const NAME: &'static str = "acquiring.timed_out";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Payment, Refusal> {
        let mut payment: Payment = records.find(&self.reference).ok_or(Refusal::UnknownPayment)?;
        if payment.state != PaymentState::Pending {
            return Ok(payment);
        }
        if payment.kind != PaymentKind::Refund {
            begin_reversal(records, &mut payment, ResponseCode::NO_ANSWER, now);
            return Ok(payment);
        }
        // An advice tells what has happened: it is repeated, and the terminal may take it for done.
        no_longer_pending(records, &payment);
        payment.state = PaymentState::Advised;
        count(records, &mut payment);
        records.send(outbound(ADVICE_TOPIC, payment.reference, now));
        records.put(payment.clone());
        Ok(payment)
    }
}

/// Whether a reversal needs to be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// It is done; the outbox may forget it.
    Done,
    /// The answer was not one that ends it: send again later.
    Again,
}

/// The network answered a reversal (0430).
#[derive(Clone, Copy, Debug)]
pub struct ReversalAnswered {
    /// Which payment.
    pub reference: Reference,
    /// What it said. 00 and 25 (it never saw the original, so there is nothing to undo) end the reversal.
    pub code: ResponseCode,
}

impl Operation for ReversalAnswered {
    type Answer = Settled;
    type Refusal = Refusal;
    const NAME: &'static str = "acquiring.reversal_answered";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<Settled, Refusal> {
        let mut payment: Payment = records.find(&self.reference).ok_or(Refusal::UnknownPayment)?;
        let ends = [ResponseCode::APPROVED, ResponseCode::ORIGINAL_NOT_FOUND].contains(&self.code);
        match payment.state {
            PaymentState::Reversed => Ok(Settled::Done),
            PaymentState::ReversalPending if ends => {
                payment.state = PaymentState::Reversed;
                records.cancel(super::REVERSAL_TOPIC, payment.reference.as_str());
                records.put(payment);
                Ok(Settled::Done)
            }
            PaymentState::ReversalPending => {
                records.note("acquiring.reversal_refused", self.reference.as_str(), self.code.meaning());
                Ok(Settled::Again)
            }
            // Nothing was being reversed: an answer out of nowhere.
            _ => Err(Refusal::UnknownPayment),
        }
    }
}
