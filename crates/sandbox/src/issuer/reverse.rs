//! Reversals: whatever a message did to the books is undone, once, also when the reversal comes first.

use super::authorise::{Authorisation, Kind, State, reason_of};
use super::books::{self, Movement};
use super::card::BankCard;
use super::notice::{self, Event};
use super::reason::Reason;
use crate::defences::{Defence, Defences};
use crate::digest::Digest;
use values::{Id, Money, Operation, Records, Timestamp};

/// Takes back the message that DE 90 names.
#[derive(Clone, Debug)]
pub struct Reverse {
    /// The authorisation to take back.
    pub original: Digest,
    /// The card in the reversal.
    pub card: Digest,
    /// The amount in the reversal.
    pub amount: Money,
    /// The settlement date of the reversal, DE 15.
    pub settled_on: u16,
    /// Which checks stand.
    pub defences: Defences,
}

impl Operation for Reverse {
    /// `Approved`, or why it is not accepted.
    type Answer = Reason;
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "issuer.reverse";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Reason, Self::Refusal> {
        let Some(known) = records.find::<Authorisation>(&self.original) else {
            // Accepted and remembered: the original will be refused when it comes.
            records.put(self.unseen(now));
            return Ok(Reason::Approved);
        };
        if !books::same_account(records, known.card, self.card) {
            return Ok(Reason::OriginalOfAnotherCard);
        }
        if known.state == State::Reversed && !self.defences.stands(Defence::IssuerReversalOnce) {
            return Ok(self.undo(records, known, now));
        }
        match known.state {
            State::Declined | State::Reversed | State::ReversedUnseen | State::Released => {
                Ok(Reason::Approved)
            }
            _ if known.amount != self.amount.minor() || known.currency != self.amount.currency() => {
                Ok(Reason::OriginalAmount)
            }
            // A refund of it stands: the two would give back more than was paid.
            State::Posted if known.given_back > 0 => Ok(Reason::OriginalOver),
            State::Posted if known.kind == Kind::PreAuthorisation => Ok(Reason::OriginalOver),
            State::Held | State::Posted => Ok(self.undo(records, known, now)),
        }
    }
}

impl Reverse {
    fn undo(&self, records: &mut impl Records, known: Authorisation, now: Timestamp) -> Reason {
        let id = match known.state {
            State::Reversed => known.key.with("reversal again"),
            _ => known.key.with("reversal"),
        };
        let posted = Money::new(known.posted, known.currency).expect("it was money when it was posted");
        let account = books::account_of(records, known.card);
        let undone = match (known.state, known.kind) {
            (State::Held, _) => ledger::release(records, Id::from_u128(known.key.as_u128()), now).map(|_| ()),
            (_, Kind::GiveBack) => {
                forget_give_back(records, &known);
                books::take_back(records, id, account, posted, now).map(|_| ())
            }
            _ => {
                let order = books::give_back(id, account, posted, Movement::Reversal);
                ledger::transfer(records, order, now).map(|_| ())
            }
        };
        if let Err(refusal) = undone {
            return reason_of(refusal);
        }
        if let Some(card) = records.find::<BankCard>(&known.card) {
            let event = if known.kind == Kind::GiveBack { Event::TakenBack } else { Event::Reversed };
            notice::send(records, &card, event, id, self.amount, &known.merchant, now);
        }
        close_hold(records, &known);
        records.put(Authorisation { state: State::Reversed, reversed_on: self.settled_on, ..known });
        Reason::Approved
    }

    fn unseen(&self, now: Timestamp) -> Authorisation {
        Authorisation {
            key: self.original,
            kind: Kind::Purchase,
            state: State::ReversedUnseen,
            card: self.card,
            token: None,
            amount: self.amount.minor(),
            currency: self.amount.currency(),
            posted: 0,
            given_back: 0,
            original: None,
            reason: Reason::ReversedBefore,
            reference: String::new(),
            stan: 0,
            merchant: String::new(),
            at: now,
            settled_on: 0,
            reversed_on: self.settled_on,
        }
    }
}

/// A refund that is taken back may be made again.
fn forget_give_back(records: &mut impl Records, refund: &Authorisation) {
    let original = refund.original.and_then(|key| records.find::<Authorisation>(&key));
    if let Some(original) = original {
        let given_back = original.given_back.saturating_sub(refund.posted);
        records.put(Authorisation { given_back, ..original });
    }
}

/// A completion that is taken back leaves its pre-authorisation taken back too: the hold is gone.
fn close_hold(records: &mut impl Records, completion: &Authorisation) {
    if completion.kind != Kind::Completion {
        return;
    }
    if let Some(original) = completion.original.and_then(|key| records.find::<Authorisation>(&key)) {
        records.put(Authorisation { state: State::Reversed, ..original });
    }
}
