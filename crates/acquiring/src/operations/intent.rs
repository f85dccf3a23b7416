//! A merchant's system wants a payment, and a terminal takes it.
//!
//! An intent is made in one commit and waits for a card. When one is presented, a message in the outbox brings it to a
//! terminal ([`PRESENT_TOPIC`]): [`Expect`] says beforehand which request of the terminal it will be, and
//! [`Accept`](super::Accept) gives the payment of that request the intent's name, in the commit that accepts it. So
//! whoever dies in between, the intent is taken or it is not; nothing has to be guessed.

use crate::names::TerminalId;
use crate::operations::{EXPIRY_TOPIC, PRESENT_TOPIC};
use crate::records::{
    Expected, Intent, IntentState, Merchant, MerchantState, Payment, PaymentKind, Terminal, TerminalState,
};
use crate::refusal::Refusal;
use iso8583::Stan;
use std::time::Duration;
use values::{Id, LastFour, Money, Operation, Outbound, Records, Timestamp, id::kinds};

/// For so long an intent waits for a card.
pub const INTENT_LASTS: Duration = Duration::from_secs(24 * 60 * 60);

/// Why nothing was done about an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntentRefusal {
    /// There is no such merchant.
    NoMerchant,
    /// The merchant has no such terminal.
    NoTerminal,
    /// There is no such intent.
    NoIntent,
    /// It no longer waits for what is asked: this is how it stands.
    Standing(IntentState),
    /// The acquirer would not take it.
    Refused(Refusal),
}

/// Makes an intent.
#[derive(Clone, Debug)]
pub struct OpenIntent {
    /// Its name.
    pub id: Id<kinds::Payment>,
    /// Who is to be paid.
    pub merchant: Id<kinds::Merchant>,
    /// A sale or a pre-authorisation.
    pub kind: PaymentKind,
    /// How much.
    pub amount: Money,
    /// Where; chosen later if absent.
    pub terminal: Option<TerminalId>,
    /// The card that is presented at once, if one is.
    pub card: Option<LastFour>,
}

impl Operation for OpenIntent {
    type Answer = Intent;
    type Refusal = IntentRefusal;
    const NAME: &'static str = "acquiring.open_intent";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Intent, IntentRefusal> {
        let merchant: Merchant = records.find(&self.merchant).ok_or(IntentRefusal::NoMerchant)?;
        self.check(&merchant).map_err(IntentRefusal::Refused)?;
        if let Some(named) = self.terminal {
            let terminal: Terminal = records.find(&named).ok_or(IntentRefusal::NoTerminal)?;
            if terminal.merchant != merchant.id {
                return Err(IntentRefusal::NoTerminal);
            }
            if terminal.state == TerminalState::Blocked {
                return Err(IntentRefusal::Refused(Refusal::TerminalBlocked));
            }
        }
        let mut intent = Intent {
            id: self.id,
            merchant: merchant.id,
            kind: self.kind,
            amount: self.amount.minor(),
            currency: self.amount.currency(),
            terminal: self.terminal,
            card: None,
            state: IntentState::RequiresCard,
            reference: None,
            failure: None,
            failure_detail: None,
            // As its name has it, by which lists find it.
            created_at: self.id.born(),
        };
        match self.card {
            Some(card) => present(records, &mut intent, card, now),
            None => {
                let name = intent.id.to_string();
                let (due, body) = (now.after(INTENT_LASTS), name.clone().into_bytes());
                records.send(Outbound { topic: EXPIRY_TOPIC.to_owned(), key: name, due, body });
            }
        }
        records.put(intent.clone());
        Ok(intent)
    }
}

impl OpenIntent {
    /// What [`Accept`](super::Accept) will check again, said at once.
    fn check(&self, merchant: &Merchant) -> Result<(), Refusal> {
        match merchant.state {
            MerchantState::Active => {}
            MerchantState::Suspended | MerchantState::Closed => return Err(Refusal::MerchantInactive),
        }
        if self.amount.currency() != merchant.currency {
            return Err(Refusal::WrongCurrency);
        }
        if self.amount.is_zero() {
            return Err(Refusal::ZeroAmount);
        }
        if self.amount.minor() > merchant.limit_payment {
            return Err(Refusal::PaymentLimit);
        }
        Ok(())
    }
}

fn present<W: Records>(records: &mut W, intent: &mut Intent, card: LastFour, now: Timestamp) {
    intent.card = Some(card);
    intent.state = IntentState::Processing;
    let name = intent.id.to_string();
    let body = format!("{card}/{name}").into_bytes();
    records.send(Outbound { topic: PRESENT_TOPIC.to_owned(), key: name, due: now, body });
}

fn waiting<W: Records>(records: &mut W, id: Id<kinds::Payment>) -> Result<Intent, IntentRefusal> {
    let intent: Intent = records.find(&id).ok_or(IntentRefusal::NoIntent)?;
    match intent.state {
        IntentState::RequiresCard => Ok(intent),
        other => Err(IntentRefusal::Standing(other)),
    }
}

/// A card is presented for an intent that waits for one.
#[derive(Clone, Copy, Debug)]
pub struct PresentCard {
    /// The intent.
    pub id: Id<kinds::Payment>,
    /// The end of the card's number.
    pub card: LastFour,
}

impl Operation for PresentCard {
    type Answer = Intent;
    type Refusal = IntentRefusal;
    const NAME: &'static str = "acquiring.present_card";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Intent, IntentRefusal> {
        let mut intent = waiting(records, self.id)?;
        records.cancel(EXPIRY_TOPIC, &self.id.to_string());
        present(records, &mut intent, self.card, now);
        records.put(intent.clone());
        Ok(intent)
    }
}

/// The merchant wants an intent no more, for which no card was presented.
#[derive(Clone, Copy, Debug)]
pub struct CancelIntent {
    /// The intent.
    pub id: Id<kinds::Payment>,
}

impl Operation for CancelIntent {
    type Answer = Intent;
    type Refusal = IntentRefusal;
    const NAME: &'static str = "acquiring.cancel_intent";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<Intent, IntentRefusal> {
        let intent = Intent { state: IntentState::Cancelled, ..waiting(records, self.id)? };
        records.cancel(EXPIRY_TOPIC, &self.id.to_string());
        records.put(intent.clone());
        Ok(intent)
    }
}

/// Nobody presented a card for an intent in time. One that does not wait any more stays what it is.
#[derive(Clone, Copy, Debug)]
pub struct ExpireIntent {
    /// The intent.
    pub id: Id<kinds::Payment>,
}

impl Operation for ExpireIntent {
    type Answer = Intent;
    type Refusal = IntentRefusal;
    const NAME: &'static str = "acquiring.expire_intent";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<Intent, IntentRefusal> {
        let intent = Intent { state: IntentState::Expired, ..waiting(records, self.id)? };
        records.put(intent.clone());
        Ok(intent)
    }
}

/// Says which request of a terminal will be the payment of an intent, before the terminal makes it. The terminal owes
/// nothing: what it did earlier for the same intent has been told.
#[derive(Clone, Copy, Debug)]
pub struct Expect {
    /// The intent.
    pub id: Id<kinds::Payment>,
    /// The terminal.
    pub terminal: TerminalId,
    /// Its batch.
    pub batch: u32,
    /// The trace number of the request.
    pub trace: Stan,
}

impl Operation for Expect {
    /// The intent as it stands: if a terminal is at work on it, this one may take it.
    type Answer = Intent;
    type Refusal = IntentRefusal;
    const NAME: &'static str = "acquiring.expect";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<Intent, IntentRefusal> {
        let mut intent: Intent = records.find(&self.id).ok_or(IntentRefusal::NoIntent)?;
        if intent.state != IntentState::Processing {
            return Ok(intent);
        }
        if intent.terminal.is_some_and(|chosen| chosen != self.terminal) {
            return Err(IntentRefusal::NoTerminal);
        }
        let Expect { id, terminal, batch, trace } = *self;
        records.put(Expected { terminal, batch, trace, intent: id });
        if intent.terminal.is_none() {
            intent.terminal = Some(terminal);
            records.put(intent.clone());
        }
        Ok(intent)
    }
}

/// Ends an intent of which nothing came. One that was taken meanwhile stays what it is.
#[derive(Clone, Debug)]
pub struct FailIntent {
    /// The intent.
    pub id: Id<kinds::Payment>,
    /// Why, as a stable code.
    pub code: String,
    /// The same in a sentence about this very case, which may be shown to the merchant.
    pub detail: String,
}

impl Operation for FailIntent {
    /// How it stands.
    type Answer = Intent;
    type Refusal = IntentRefusal;
    const NAME: &'static str = "acquiring.fail_intent";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<Intent, IntentRefusal> {
        let mut intent: Intent = records.find(&self.id).ok_or(IntentRefusal::NoIntent)?;
        if intent.state == IntentState::Processing {
            let expected = intent.terminal.and_then(|terminal| records.find::<Expected>(&terminal));
            if let Some(expected) = expected.filter(|expected| expected.intent == self.id) {
                records.remove::<Expected>(&expected.terminal);
            }
            intent.state = IntentState::Failed;
            intent.failure = Some(self.code.clone());
            intent.failure_detail = Some(self.detail.clone());
            records.put(intent.clone());
        }
        Ok(intent)
    }
}

/// The intent that this payment is about to become, if its terminal was expected to ask for one.
pub(super) fn expected<W: Records>(records: &mut W, payment: &Payment) -> Option<Intent> {
    let expected: Expected = records.find(&payment.terminal)?;
    if (expected.batch, expected.trace) != (payment.batch, payment.terminal_trace) {
        return None;
    }
    records.find::<Intent>(&expected.intent).filter(|intent| intent.is_met_by(payment))
}

/// The payment of an intent was accepted.
pub(super) fn taken<W: Records>(records: &mut W, intent: Intent, payment: &Payment) {
    records.remove::<Expected>(&payment.terminal);
    records.put(Intent { state: IntentState::Taken, reference: Some(payment.reference), ..intent });
}
