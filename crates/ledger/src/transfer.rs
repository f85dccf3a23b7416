//! Transfers: the only way money moves, whole or in two phases.

use crate::account::Account;
use serde::{Deserialize, Serialize};
use values::{Currency, Id, Money, Record, Records, Timestamp, id::kinds};

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferState {
    /// The amount is set aside on both accounts.
    Held,
    /// `posted` of the amount has moved; the rest was let go.
    Posted,
    /// Nothing moved; all of it was let go.
    Released,
}

/// One movement from a debited to a credited account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Its name, chosen by the caller and kept across retries.
    pub id: Id<kinds::Transfer>,
    /// The account that gives.
    pub debit: Id<kinds::Account>,
    /// The account that receives.
    pub credit: Id<kinds::Account>,
    /// The currency of both.
    pub currency: Currency,
    /// What was asked for, minor units, above zero.
    pub amount: u64,
    /// What moved, minor units; at most `amount`.
    pub posted: u64,
    /// Where it stands.
    pub state: TransferState,
    /// The caller's kind of movement (purchase, refund, fee); the books do not read it.
    pub code: u16,
    /// When it was first asked for.
    pub at: Timestamp,
    /// When it was posted or released; equals `at` while held.
    pub ended_at: Timestamp,
}

impl Record for Transfer {
    type Key = Id<kinds::Transfer>;
    const TABLE: &'static str = "transfers";
    fn key(&self) -> Self::Key {
        self.id
    }
}

/// What a caller asks to be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The caller's name for it; the same name moves money once.
    pub id: Id<kinds::Transfer>,
    /// The account that gives.
    pub debit: Id<kinds::Account>,
    /// The account that receives.
    pub credit: Id<kinds::Account>,
    /// How much, above zero.
    pub amount: Money,
    /// The caller's kind of movement.
    pub code: u16,
}

/// Whether this call did it or an earlier one had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Applied {
    /// Done now.
    Done,
    /// Done before, in the same way; nothing changed.
    Exists,
}

/// Why nothing moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The account would pass its limit.
    #[error("not enough money in the account")]
    InsufficientFunds,
    /// No account of this name.
    #[error("unknown account")]
    UnknownAccount,
    /// No transfer of this name.
    #[error("unknown transfer")]
    UnknownTransfer,
    /// One account was named as both sides.
    #[error("a transfer needs two accounts")]
    SameAccount,
    /// Nothing was to be moved.
    #[error("an amount must be above zero")]
    ZeroAmount,
    /// The amount and an account differ in currency.
    #[error("amount and account differ in currency")]
    CurrencyMismatch,
    /// A counter would not fit.
    #[error("amount out of range")]
    Overflow,
    /// More was to be posted than had been held.
    #[error("more than was held")]
    ExceedsHold,
    /// It was posted before, or at another amount.
    #[error("already posted")]
    AlreadyPosted,
    /// It was released before.
    #[error("already released")]
    AlreadyReleased,
    /// The name is taken by something that differs in the field named.
    #[error("the name is taken by one with another {0}")]
    ExistsDifferent(&'static str),
    /// An account to be opened has counters already.
    #[error("a new account is empty")]
    AccountNotEmpty,
}

impl Refusal {
    /// The stable code, for answers and tests.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::InsufficientFunds => "insufficient_funds",
            Refusal::UnknownAccount => "unknown_account",
            Refusal::UnknownTransfer => "unknown_transfer",
            Refusal::SameAccount => "same_account",
            Refusal::ZeroAmount => "zero_amount",
            Refusal::CurrencyMismatch => "currency_mismatch",
            Refusal::Overflow => "overflow",
            Refusal::ExceedsHold => "exceeds_hold",
            Refusal::AlreadyPosted => "already_posted",
            Refusal::AlreadyReleased => "already_released",
            Refusal::ExistsDifferent(_) => "exists_different",
            Refusal::AccountNotEmpty => "account_not_empty",
        }
    }
}

/// Moves an amount at once.
///
/// The same order again answers [`Applied::Exists`], also after a hold of that name was posted in full.
pub fn transfer(records: &mut impl Records, order: Order, now: Timestamp) -> Result<Applied, Refusal> {
    enter(records, order, TransferState::Posted, now)
}

/// Sets an amount aside on both accounts, to be posted or released later.
///
/// The same order again answers [`Applied::Exists`], whatever became of it since.
pub fn hold(records: &mut impl Records, order: Order, now: Timestamp) -> Result<Applied, Refusal> {
    enter(records, order, TransferState::Held, now)
}

/// Moves `amount` of what was held, above zero, and lets the rest go.
pub fn post(
    records: &mut impl Records,
    id: Id<kinds::Transfer>,
    amount: Money,
    now: Timestamp,
) -> Result<Applied, Refusal> {
    let held = records.find::<Transfer>(&id).ok_or(Refusal::UnknownTransfer)?;
    if amount.currency() != held.currency {
        return Err(Refusal::CurrencyMismatch);
    }
    match held.state {
        TransferState::Posted if held.posted == amount.minor() => return Ok(Applied::Exists),
        TransferState::Posted => return Err(Refusal::AlreadyPosted),
        TransferState::Released => return Err(Refusal::AlreadyReleased),
        TransferState::Held => {}
    }
    if amount.is_zero() {
        return Err(Refusal::ZeroAmount);
    }
    if amount.minor() > held.amount {
        return Err(Refusal::ExceedsHold);
    }
    end(records, Transfer { state: TransferState::Posted, posted: amount.minor(), ended_at: now, ..held });
    Ok(Applied::Done)
}

/// Lets all of a hold go.
pub fn release(
    records: &mut impl Records,
    id: Id<kinds::Transfer>,
    now: Timestamp,
) -> Result<Applied, Refusal> {
    let held = records.find::<Transfer>(&id).ok_or(Refusal::UnknownTransfer)?;
    match held.state {
        TransferState::Released => Ok(Applied::Exists),
        TransferState::Posted => Err(Refusal::AlreadyPosted),
        TransferState::Held => {
            end(records, Transfer { state: TransferState::Released, ended_at: now, ..held });
            Ok(Applied::Done)
        }
    }
}

fn enter(
    records: &mut impl Records,
    order: Order,
    state: TransferState,
    now: Timestamp,
) -> Result<Applied, Refusal> {
    if let Some(known) = records.find::<Transfer>(&order.id) {
        return same_order(&known, &order, state);
    }
    if order.amount.is_zero() {
        return Err(Refusal::ZeroAmount);
    }
    if order.debit == order.credit {
        return Err(Refusal::SameAccount);
    }
    let mut debit = records.find::<Account>(&order.debit).ok_or(Refusal::UnknownAccount)?;
    let mut credit = records.find::<Account>(&order.credit).ok_or(Refusal::UnknownAccount)?;
    let currency = order.amount.currency();
    if debit.currency != currency || credit.currency != currency {
        return Err(Refusal::CurrencyMismatch);
    }
    let amount = order.amount.minor();
    let posted = if state == TransferState::Posted { amount } else { 0 };
    // Amounts and counters are at most i64::MAX each, so these u64 sums cannot wrap before they are checked.
    match state {
        TransferState::Posted => {
            debit.debits_posted += amount;
            credit.credits_posted += amount;
        }
        TransferState::Held | TransferState::Released => {
            debit.debits_pending += amount;
            credit.credits_pending += amount;
        }
    }
    debit.check_debits()?;
    credit.check_credits()?;
    records.put(debit);
    records.put(credit);
    records.put(Transfer {
        id: order.id,
        debit: order.debit,
        credit: order.credit,
        currency,
        amount,
        posted,
        state,
        code: order.code,
        at: now,
        ended_at: now,
    });
    Ok(Applied::Done)
}

/// A name used twice: the same order, or one that differs and where.
fn same_order(known: &Transfer, order: &Order, state: TransferState) -> Result<Applied, Refusal> {
    let differs = if known.debit != order.debit {
        Some("debit")
    } else if known.credit != order.credit {
        Some("credit")
    } else if known.currency != order.amount.currency() {
        Some("currency")
    } else if known.amount != order.amount.minor() {
        Some("amount")
    } else if known.code != order.code {
        Some("code")
    } else if state == TransferState::Posted && (known.state != state || known.posted != known.amount) {
        Some("state")
    } else {
        None
    };
    differs.map_or(Ok(Applied::Exists), |field| Err(Refusal::ExistsDifferent(field)))
}

/// Takes a hold off both accounts and moves what was posted of it.
fn end(records: &mut impl Records, ended: Transfer) {
    let mut debit = records.find::<Account>(&ended.debit).expect("a transfer names open accounts");
    let mut credit = records.find::<Account>(&ended.credit).expect("a transfer names open accounts");
    let held = "what a transfer holds is pending on both its accounts";
    debit.debits_pending = debit.debits_pending.checked_sub(ended.amount).expect(held);
    credit.credits_pending = credit.credits_pending.checked_sub(ended.amount).expect(held);
    debit.debits_posted += ended.posted;
    credit.credits_posted += ended.posted;
    records.put(debit);
    records.put(credit);
    records.put(ended);
}
