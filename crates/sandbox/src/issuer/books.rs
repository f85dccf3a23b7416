//! The issuer's accounts in the ledger: one per card, and four of the house.
//!
//! | account | kind | debited by | credited by |
//! | --- | --- | --- | --- |
//! | a card | liability, limited | payments | refunds, reversals, opening balance |
//! | settlement | liability | refunds, reversals | payments: what the bank owes the network |
//! | opening | asset | opening balances | |
//! | receivable | asset | reversed refunds and ended credits that the customer had spent | |
//! | disputes | asset | credits of disputes | credits that were taken back |

use super::card::BankCard;
use crate::digest::Digest;
use crate::directory::Product;
use ledger::{Account, AccountKind, Applied, Order, Refusal};
use values::{Currency, Id, Money, Records, Timestamp, id::kinds};

/// What a transfer was for; stands in its `code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Movement {
    /// Opening balance.
    Opening = 1,
    /// Purchase.
    Purchase = 2,
    /// Hold of a pre-authorisation, posted by its completion.
    PreAuthorisation = 3,
    /// Money given back to the customer by the merchant.
    GivenBack = 4,
    /// A payment that was reversed.
    Reversal = 5,
    /// What a customer has of a disputed payment.
    Dispute = 6,
}

fn house(name: &str) -> Id<kinds::Account> {
    Id::from_u128(Digest::of(&[b"sandbox house account ", name.as_bytes()]).as_u128())
}

/// What the bank owes the network.
pub fn settlement_account() -> Id<kinds::Account> {
    house("settlement")
}

/// What customers brought.
pub fn opening_account() -> Id<kinds::Account> {
    house("opening")
}

/// What customers owe beyond their limits.
pub fn receivable_account() -> Id<kinds::Account> {
    house("receivable")
}

/// What the bank gave customers for disputed payments.
pub fn disputes_account() -> Id<kinds::Account> {
    house("disputes")
}

/// The account behind a card, by [`BankCard::account`].
pub fn card_account(card: Digest) -> Id<kinds::Account> {
    Id::from_u128(card.as_u128())
}

pub(super) fn open_house(records: &mut impl Records, currency: Currency) -> Result<(), Refusal> {
    for (id, kind) in [
        (settlement_account(), AccountKind::Liability),
        (opening_account(), AccountKind::Asset),
        (receivable_account(), AccountKind::Asset),
    ] {
        ledger::open_account(records, Account::new(id, currency, kind))?;
    }
    Ok(())
}

pub(super) fn open_card(
    records: &mut impl Records,
    card: &BankCard,
    funds: u64,
    currency: Currency,
    now: Timestamp,
) -> Result<(), Refusal> {
    let account = Account::new(card_account(card.account), currency, AccountKind::Liability);
    match card.product {
        Product::Credit => ledger::open_account(records, account.with_overdraft(funds))?,
        Product::Debit => {
            ledger::open_account(records, account.with_overdraft(0))?;
            let amount = Money::new(funds, currency).map_err(|_| Refusal::Overflow)?;
            let id = Id::from_u128(card.account.with("opening").as_u128());
            let (debit, credit) = (opening_account(), card_account(card.account));
            ledger::transfer(
                records,
                Order { id, debit, credit, amount, code: Movement::Opening as u16 },
                now,
            )?
        }
    };
    Ok(())
}

/// A payment from a card's account to the network.
pub(super) fn spend(id: Digest, account: Digest, amount: Money, movement: Movement) -> Order {
    Order {
        id: Id::from_u128(id.as_u128()),
        debit: card_account(account),
        credit: settlement_account(),
        amount,
        code: movement as u16,
    }
}

/// Money from the network back to a card's account.
pub(super) fn give_back(id: Digest, account: Digest, amount: Money, movement: Movement) -> Order {
    let Order { debit, credit, .. } = spend(id, account, amount, movement);
    Order { debit: credit, credit: debit, ..spend(id, account, amount, movement) }
}

/// Opens the account of disputes, if it is not there yet.
pub(super) fn open_disputes(records: &mut impl Records, currency: Currency) -> Result<Applied, Refusal> {
    ledger::open_account(records, Account::new(disputes_account(), currency, AccountKind::Asset))
}

/// Money of the bank's own to a card's account, for a disputed payment.
pub(super) fn dispute_credit(id: Digest, account: Digest, amount: Money) -> Order {
    Order { debit: disputes_account(), ..give_back(id, account, amount, Movement::Dispute) }
}

/// Takes a credit back from a card's account; what the customer has spent already becomes a debt to the bank.
pub(super) fn take_credit_back(
    records: &mut impl Records,
    order: Order,
    now: Timestamp,
) -> Result<Applied, Refusal> {
    match ledger::transfer(records, order, now) {
        Err(Refusal::InsufficientFunds) => {
            ledger::transfer(records, Order { debit: receivable_account(), ..order }, now)
        }
        done => done,
    }
}

/// Takes a refund back from a card's account; what the customer has spent already becomes a debt to the bank.
pub(super) fn take_back(
    records: &mut impl Records,
    id: Digest,
    account: Digest,
    amount: Money,
    now: Timestamp,
) -> Result<Applied, Refusal> {
    take_credit_back(records, spend(id, account, amount, Movement::Reversal), now)
}

/// The account of a card that may have been replaced since.
pub(super) fn account_of(records: &mut impl Records, card: Digest) -> Digest {
    records.find::<BankCard>(&card).map_or(card, |card| card.account)
}

/// Whether both are plastics of one account.
pub(super) fn same_account(records: &mut impl Records, one: Digest, other: Digest) -> bool {
    one == other || account_of(records, one) == account_of(records, other)
}

/// What an account may still spend, minor units.
pub(super) fn available(records: &mut impl Records, account: Digest) -> u64 {
    records.find::<Account>(&card_account(account)).map_or(0, |account| account.available())
}
