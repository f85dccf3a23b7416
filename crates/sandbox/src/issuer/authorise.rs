//! The issuer's decision on a payment, in the order of `card-payments` section 11: duplicate, state of card and
//! token, what was found in the message (cryptogram, verification), limits, funds.
//!
//! | message | kind | in the books |
//! | --- | --- | --- |
//! | 0200 DE3 00 | purchase | posted at once |
//! | 0100 DE3 00 or 03 | pre-authorisation | held |
//! | 0200 or 0220 DE3 00 with DE 90 | completion | posts the hold, lets the rest go |
//! | 0100, 0200 or 0220 DE3 20 with DE 90 | void or linked refund | releases the hold, or gives back at most what is left |
//! | 0200 or 0220 DE3 20 | refund | gives back |
//!
//! The record of an authorisation is itself the memory of duplicates: the same message key with the same
//! content gets the first answer again, and a refusal once it was reversed.

use super::books::{self, Movement};
use super::card::{BankCard, CardState, CardUse, TokenLink};
use super::notice::{self, Event};
use super::reason::Reason;
use crate::defences::{Defence, Defences};
use crate::digest::Digest;
use crate::test_cards::{Behaviour, LATE};
use serde::{Deserialize, Serialize};
use values::time::Zone;
use values::{Currency, Money, Operation, Record, Records, Timestamp, TokenNumber};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Goods for money, at once.
    Purchase,
    /// Money set aside for a purchase to come.
    PreAuthorisation,
    /// The purchase that a pre-authorisation was for.
    Completion,
    /// Money back, of a payment named or of none.
    GiveBack,
}

/// Where an authorisation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Money is set aside.
    Held,
    /// Money moved.
    Posted,
    /// What was set aside was let go, without a reversal.
    Released,
    /// Nothing was approved.
    Declined,
    /// It was approved and taken back.
    Reversed,
    /// Its reversal came first; it will be refused when it comes.
    ReversedUnseen,
}

/// What the issuer remembers of one message about money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorisation {
    /// Digest of the message key, as DE 90 of a reversal can name it.
    pub key: Digest,
    /// What was asked for.
    pub kind: Kind,
    /// Where it stands.
    pub state: State,
    /// The card.
    pub card: Digest,
    /// The token that was used, if one was.
    pub token: Option<TokenNumber>,
    /// The amount asked for, minor units.
    pub amount: u64,
    /// Its currency.
    pub currency: Currency,
    /// What moved, minor units.
    pub posted: u64,
    /// What of it was given back since, minor units.
    pub given_back: u64,
    /// The authorisation that this one completes or gives back.
    pub original: Option<Digest>,
    /// Why it was approved or declined.
    pub reason: Reason,
    /// Retrieval reference number, DE 37.
    pub reference: String,
    /// System trace audit number, DE 11.
    pub stan: u32,
    /// Name and place of the merchant.
    pub merchant: String,
    /// When it was decided.
    pub at: Timestamp,
    /// The settlement date the network gave it, `MMDD` (DE 15); 0 without one.
    pub settled_on: u16,
    /// The settlement date of its reversal, `MMDD`; 0 without one.
    pub reversed_on: u16,
}

impl Record for Authorisation {
    type Key = Digest;
    const TABLE: &'static str = "authorisations";
    fn key(&self) -> Digest {
        self.key
    }
}

/// When the answer is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// At once.
    Now,
    /// This many milliseconds later.
    AfterMs(u32),
    /// Not at all.
    Never,
}

/// The answer to a message about money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Why; gives DE 39.
    pub reason: Reason,
    /// The approval code, DE 38, of an approval.
    pub approval: Option<String>,
    /// When the answer is to be sent.
    pub timing: Timing,
}

/// A payment to decide on, made by [`super::prepare`] from a message.
#[derive(Clone, Debug)]
pub struct Authorise {
    /// Digest of the message key.
    pub key: Digest,
    /// What is asked for.
    pub kind: Kind,
    /// The card.
    pub card: Digest,
    /// The token, if one was used.
    pub token: Option<TokenNumber>,
    /// How much.
    pub amount: Money,
    /// The authorisation to complete or give back.
    pub original: Option<Digest>,
    /// What preparing found wrong: cryptogram, amounts, verification.
    pub found: Option<Reason>,
    /// DE 37.
    pub reference: String,
    /// DE 11.
    pub stan: u32,
    /// DE 43.
    pub merchant: String,
    /// DE 15.
    pub settled_on: u16,
    /// Which checks stand.
    pub defences: Defences,
}

impl Operation for Authorise {
    type Answer = Decision;
    // A decline is an answer that leaves a trace, so nothing is refused.
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "issuer.authorise";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Decision, Self::Refusal> {
        let known = records.find::<Authorisation>(&self.key);
        let card = records.find::<BankCard>(&self.card);
        let behaviour = card.as_ref().map_or(Behaviour::Approve, |card| card.behaviour);
        if let Some(known) = known {
            if !self.is_remembered(&known) {
                return self.as_if_new(records).apply(records, now);
            }
            return Ok(self.again(records, &known, behaviour));
        }
        let outcome = match &card {
            None => Err(Reason::CardUnknown),
            Some(card) => self.decide(records, card, now),
        };
        let (state, posted, reason) = match outcome {
            Ok((state, posted)) => (state, posted, Reason::Approved),
            Err(reason) => (State::Declined, 0, reason),
        };
        records.put(self.record(state, posted, reason, now));
        if let (Some(card), Reason::Approved) = (&card, reason) {
            self.tell(records, card, now);
        }
        Ok(decision(self.key, reason, behaviour))
    }
}

impl Authorise {
    /// Whether a message of this key was here before, as far as this bank looks.
    fn is_remembered(&self, known: &Authorisation) -> bool {
        self.defences.stands(match known.state {
            State::Reversed | State::ReversedUnseen => Defence::IssuerEarlyReversal,
            _ => Defence::IssuerRepeats,
        })
    }

    /// The same under a name that no message had yet, as if there were no memory of names.
    fn as_if_new(&self, records: &mut impl Records) -> Authorise {
        let mut key = self.key;
        while records.find::<Authorisation>(&key).is_some() {
            key = key.with("again");
        }
        Authorise { key, ..self.clone() }
    }

    /// The answer to a key that was seen before.
    fn again(&self, records: &mut impl Records, known: &Authorisation, behaviour: Behaviour) -> Decision {
        let same = (known.kind, known.amount, known.currency, known.original)
            == (self.kind, self.amount.minor(), self.amount.currency(), self.original)
            && books::same_account(records, known.card, self.card);
        match known.state {
            State::Reversed | State::ReversedUnseen => decision(self.key, Reason::ReversedBefore, behaviour),
            _ if !same => decision(self.key, Reason::DuplicateDiffers, behaviour),
            _ => decision(self.key, known.reason, behaviour),
        }
    }

    fn decide(
        &self,
        records: &mut impl Records,
        card: &BankCard,
        now: Timestamp,
    ) -> Result<(State, u64), Reason> {
        if self.amount.is_zero() {
            return Err(Reason::AmountInvalid);
        }
        match self.kind {
            Kind::Purchase | Kind::PreAuthorisation => {
                if self.defences.stands(Defence::Standing) {
                    may_spend(records, card, self.token, now)?;
                }
                as_documented(card.behaviour)?;
                let found = self.found.filter(|_| self.defences.stands(Defence::ChipData));
                found.map_or(Ok(()), Err)?;
                self.spend(records, card, now)
            }
            Kind::Completion => self.complete(records, now),
            Kind::GiveBack => self.give_back(records, card, now),
        }
    }

    fn spend(
        &self,
        records: &mut impl Records,
        card: &BankCard,
        now: Timestamp,
    ) -> Result<(State, u64), Reason> {
        let used = self.within_limits(records, card, now)?;
        let moved = if self.kind == Kind::Purchase {
            let order = books::spend(self.key, card.account, self.amount, Movement::Purchase);
            ledger::transfer(records, order, now).map(|_| (State::Posted, self.amount.minor()))
        } else {
            let order = books::spend(self.key, card.account, self.amount, Movement::PreAuthorisation);
            ledger::hold(records, order, now).map(|_| (State::Held, 0))
        };
        let moved = moved.map_err(reason_of)?;
        records.put(used);
        Ok(moved)
    }

    /// The card's use of today with this payment in it.
    fn within_limits(
        &self,
        records: &mut impl Records,
        card: &BankCard,
        now: Timestamp,
    ) -> Result<CardUse, Reason> {
        let today = day(now);
        let before = records.find::<CardUse>(&card.account).filter(|used| used.day == today);
        let (spent, count) = before.map_or((0, 0), |used| (used.spent, used.count));
        let amount = self.amount.minor();
        if amount > card.limit_single {
            return Err(Reason::LimitSingle);
        }
        let spent =
            spent.checked_add(amount).filter(|sum| *sum <= card.limit_daily).ok_or(Reason::LimitDaily)?;
        let count =
            count.checked_add(1).filter(|count| *count <= card.limit_count).ok_or(Reason::LimitCount)?;
        Ok(CardUse { card: card.account, day: today, spent, count })
    }

    fn complete(&self, records: &mut impl Records, now: Timestamp) -> Result<(State, u64), Reason> {
        let original = self.original(records)?;
        if original.state != State::Held {
            return Err(Reason::OriginalOver);
        }
        if self.amount.minor() > original.amount {
            return Err(Reason::OriginalAmount);
        }
        let transfer = values::Id::from_u128(original.key.as_u128());
        ledger::post(records, transfer, self.amount, now).map_err(reason_of)?;
        // What was posted stands in the completion alone, so that it is given back once.
        records.put(Authorisation { state: State::Posted, ..original });
        Ok((State::Posted, self.amount.minor()))
    }

    fn give_back(
        &self,
        records: &mut impl Records,
        card: &BankCard,
        now: Timestamp,
    ) -> Result<(State, u64), Reason> {
        let amount = self.amount.minor();
        if self.original.is_some() {
            let original = self.original(records)?;
            match original.state {
                State::Held if amount == original.amount => {
                    let transfer = values::Id::from_u128(original.key.as_u128());
                    ledger::release(records, transfer, now).map_err(reason_of)?;
                    records.put(Authorisation { state: State::Released, ..original });
                    return Ok((State::Released, 0));
                }
                State::Held => return Err(Reason::OriginalAmount),
                State::Posted if original.kind == Kind::GiveBack => return Err(Reason::OriginalOver),
                State::Posted if amount > original.posted - original.given_back => {
                    return Err(Reason::OriginalAmount);
                }
                State::Posted => {
                    let given_back = original.given_back + amount;
                    records.put(Authorisation { given_back, ..original });
                }
                _ => return Err(Reason::OriginalOver),
            }
        } else if matches!(card.state, CardState::Closed) {
            return Err(Reason::CardClosed);
        }
        let order = books::give_back(self.key, card.account, self.amount, Movement::GivenBack);
        ledger::transfer(records, order, now).map_err(reason_of)?;
        Ok((State::Posted, amount))
    }

    /// The authorisation that this one is about, which must be of the same account.
    fn original(&self, records: &mut impl Records) -> Result<Authorisation, Reason> {
        let key = self.original.ok_or(Reason::OriginalUnknown)?;
        let original = records.find::<Authorisation>(&key).ok_or(Reason::OriginalUnknown)?;
        if !books::same_account(records, original.card, self.card) {
            return Err(Reason::OriginalOfAnotherCard);
        }
        if original.currency != self.amount.currency() {
            return Err(Reason::CurrencyOther);
        }
        Ok(original)
    }

    fn record(&self, state: State, posted: u64, reason: Reason, now: Timestamp) -> Authorisation {
        Authorisation {
            key: self.key,
            kind: self.kind,
            state,
            card: self.card,
            token: self.token,
            amount: self.amount.minor(),
            currency: self.amount.currency(),
            posted,
            given_back: 0,
            original: self.original,
            reason,
            reference: self.reference.clone(),
            stan: self.stan,
            merchant: self.merchant.clone(),
            at: now,
            settled_on: self.settled_on,
            reversed_on: 0,
        }
    }

    fn tell(&self, records: &mut impl Records, card: &BankCard, now: Timestamp) {
        let event = match self.kind {
            Kind::Purchase | Kind::Completion => Event::Purchase,
            Kind::PreAuthorisation => Event::PreAuthorisation,
            Kind::GiveBack => Event::GivenBack,
        };
        notice::send(records, card, event, self.key, self.amount, &self.merchant, now);
    }
}

/// What the states of card and token say to a payment.
fn may_spend(
    records: &mut impl Records,
    card: &BankCard,
    token: Option<TokenNumber>,
    now: Timestamp,
) -> Result<(), Reason> {
    match card.state {
        CardState::Active => {}
        CardState::Lost => return Err(Reason::CardLost),
        CardState::Stolen => return Err(Reason::CardStolen),
        CardState::Blocked => return Err(Reason::CardBlocked),
        CardState::Closed => return Err(Reason::CardClosed),
        CardState::Replaced => return Err(Reason::CardReplaced),
    }
    let today = now.civil(Zone::Shanghai);
    // The plastic's expiry counts only without a token, which has an expiry of its own.
    if let Some(link) = token.and_then(|token| records.find::<TokenLink>(&token)) {
        if link.card != card.key {
            return Err(Reason::TokenOfAnotherCard);
        }
        if link.stopped {
            return Err(Reason::TokenStopped);
        }
        if link.expiry.is_past(today) {
            return Err(Reason::TokenExpired);
        }
    }
    if card.expiry.is_past(today) {
        return Err(Reason::CardExpired);
    }
    Ok(())
}

/// What a test card is documented to be declined with.
fn as_documented(behaviour: Behaviour) -> Result<(), Reason> {
    match behaviour {
        Behaviour::Decline05 => Err(Reason::TestDecline05),
        Behaviour::Decline51 => Err(Reason::TestDecline51),
        Behaviour::Decline54 => Err(Reason::TestDecline54),
        Behaviour::Decline61 => Err(Reason::TestDecline61),
        Behaviour::Decline62 => Err(Reason::TestDecline62),
        _ => Ok(()),
    }
}

fn decision(key: Digest, reason: Reason, behaviour: Behaviour) -> Decision {
    let approved = reason == Reason::Approved;
    let timing = match behaviour {
        Behaviour::Timeout if approved => Timing::Never,
        Behaviour::Late if approved => Timing::AfterMs(LATE.as_millis() as u32),
        _ => Timing::Now,
    };
    // Six digits that follow from the message, so that a repeat gets the same.
    let approval = approved.then(|| format!("{:06}", key.as_u128() % 1_000_000));
    Decision { reason, approval, timing }
}

/// What a refusal of the ledger means to a payment.
pub(super) fn reason_of(refusal: ledger::Refusal) -> Reason {
    use ledger::Refusal;
    match refusal {
        Refusal::InsufficientFunds => Reason::FundsInsufficient,
        Refusal::CurrencyMismatch => Reason::CurrencyOther,
        Refusal::ExceedsHold => Reason::OriginalAmount,
        Refusal::AlreadyPosted | Refusal::AlreadyReleased => Reason::OriginalOver,
        Refusal::UnknownTransfer => Reason::OriginalUnknown,
        Refusal::ZeroAmount | Refusal::Overflow => Reason::AmountInvalid,
        Refusal::UnknownAccount => Reason::CardUnknown,
        Refusal::ExistsDifferent(_) | Refusal::SameAccount | Refusal::AccountNotEmpty => {
            Reason::DuplicateDiffers
        }
    }
}

/// The business day in Shanghai, as `YYYYMMDD`.
pub(super) fn day(now: Timestamp) -> u32 {
    let civil = now.civil(Zone::Shanghai);
    u32::from(civil.year.unsigned_abs()) * 10_000 + u32::from(civil.month) * 100 + u32::from(civil.day)
}
