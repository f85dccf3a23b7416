//! Accounts: four counters that only transfers move.

use crate::transfer::{Applied, Refusal};
use serde::{Deserialize, Serialize};
use values::{Currency, Id, Money, Record, Records, Residency, id::kinds};

/// What an account is to the owner of the books; it decides which side a balance stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// What is owned or owed to us, such as a settlement account elsewhere; grows by debits.
    Asset,
    /// What we owe, such as a customer's deposit; grows by credits.
    Liability,
    /// What we earned; grows by credits.
    Income,
    /// What we spent; grows by debits.
    Expense,
}

/// What an account may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Nothing is forbidden: an account of the house.
    Unlimited,
    /// Debits, held and posted, stay within posted credits plus the overdraft: a customer's account.
    DebitsWithinCredits,
    /// Credits, held and posted, stay within posted debits plus the overdraft: a prepaid asset.
    CreditsWithinDebits,
}

/// An account of one currency. All counters are minor units and only ever compared, never shown bare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its name.
    pub id: Id<kinds::Account>,
    /// The one currency it holds.
    pub currency: Currency,
    /// Which side its balance stands on.
    pub kind: AccountKind,
    /// What it may not do.
    pub limit: Limit,
    /// How far past its own side the limit lets it go, minor units: an overdraft or a credit line.
    pub overdraft: u64,
    /// Set aside to leave, minor units.
    pub debits_pending: u64,
    /// Left, minor units.
    pub debits_posted: u64,
    /// Set aside to arrive, minor units.
    pub credits_pending: u64,
    /// Arrived, minor units.
    pub credits_posted: u64,
}

impl Record for Account {
    type Key = Id<kinds::Account>;
    const TABLE: &'static str = "accounts";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> Self::Key {
        self.id
    }
}

impl Account {
    /// An empty account without a limit.
    pub fn new(id: Id<kinds::Account>, currency: Currency, kind: AccountKind) -> Account {
        Account {
            id,
            currency,
            kind,
            limit: Limit::Unlimited,
            overdraft: 0,
            debits_pending: 0,
            debits_posted: 0,
            credits_pending: 0,
            credits_posted: 0,
        }
    }

    /// The same account, spending at most what it received plus `overdraft` minor units (0 for none).
    pub fn with_overdraft(self, overdraft: u64) -> Account {
        Account { limit: Limit::DebitsWithinCredits, overdraft, ..self }
    }

    /// What may still leave, minor units: received and overdraft, less what left and what is set aside.
    ///
    /// An account without such a limit may always send [`Money::MAX_MINOR`].
    pub fn available(&self) -> u64 {
        match self.limit {
            Limit::DebitsWithinCredits => {
                let most = u128::from(self.credits_posted) + u128::from(self.overdraft);
                let used = u128::from(self.debits_posted) + u128::from(self.debits_pending);
                u64::try_from(most.saturating_sub(used)).unwrap_or(u64::MAX).min(Money::MAX_MINOR)
            }
            Limit::Unlimited | Limit::CreditsWithinDebits => Money::MAX_MINOR,
        }
    }

    /// The posted balance in minor units on the account's own side; below zero when overdrawn.
    pub fn balance(&self) -> i64 {
        // Counters never pass i64::MAX (`within`), so the difference fits.
        let net = self.credits_posted as i64 - self.debits_posted as i64;
        match self.kind {
            AccountKind::Liability | AccountKind::Income => net,
            AccountKind::Asset | AccountKind::Expense => -net,
        }
    }

    /// Whether the account may have given what its debits now say.
    pub(crate) fn check_debits(&self) -> Result<(), Refusal> {
        let debits = u128::from(self.debits_pending) + u128::from(self.debits_posted);
        let most = u128::from(self.credits_posted) + u128::from(self.overdraft);
        within(debits, self.limit == Limit::DebitsWithinCredits, most)
    }

    /// Whether the account may have received what its credits now say.
    ///
    /// The two sides are checked apart: an account past a lowered limit may still receive.
    pub(crate) fn check_credits(&self) -> Result<(), Refusal> {
        let credits = u128::from(self.credits_pending) + u128::from(self.credits_posted);
        let most = u128::from(self.debits_posted) + u128::from(self.overdraft);
        within(credits, self.limit == Limit::CreditsWithinDebits, most)
    }

    fn is_untouched(&self) -> bool {
        self.debits_pending | self.debits_posted | self.credits_pending | self.credits_posted == 0
    }
}

fn within(sum: u128, limited: bool, most: u128) -> Result<(), Refusal> {
    if sum > u128::from(Money::MAX_MINOR) {
        Err(Refusal::Overflow)
    } else if limited && sum > most {
        Err(Refusal::InsufficientFunds)
    } else {
        Ok(())
    }
}

/// Opens an account. The same account again answers [`Applied::Exists`]; another one of that name is refused.
pub fn open_account(records: &mut impl Records, account: Account) -> Result<Applied, Refusal> {
    if !account.is_untouched() {
        return Err(Refusal::AccountNotEmpty);
    }
    match records.find::<Account>(&account.id) {
        None => {
            records.put(account);
            Ok(Applied::Done)
        }
        Some(known)
            if (known.currency, known.kind, known.limit)
                == (account.currency, account.kind, account.limit) =>
        {
            Ok(Applied::Exists)
        }
        Some(_) => Err(Refusal::ExistsDifferent("account")),
    }
}

/// Changes how far an account may overdraw. An account already past a lowered limit keeps what it has done
/// and can only receive.
pub fn change_limit(
    records: &mut impl Records,
    id: Id<kinds::Account>,
    limit: Limit,
    overdraft: u64,
) -> Result<Applied, Refusal> {
    let account = records.find::<Account>(&id).ok_or(Refusal::UnknownAccount)?;
    if (account.limit, account.overdraft) == (limit, overdraft) {
        return Ok(Applied::Exists);
    }
    records.put(Account { limit, overdraft, ..account });
    Ok(Applied::Done)
}
