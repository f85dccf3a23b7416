//! Statements and totals: what transfers say about an account, and nothing else.

use crate::account::Account;
use crate::transfer::{Transfer, TransferState};
use values::{Id, Timestamp, id::kinds};

/// One line of a statement: money that moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The transfer behind it.
    pub transfer: Id<kinds::Transfer>,
    /// When it was posted.
    pub at: Timestamp,
    /// The other account.
    pub counterparty: Id<kinds::Account>,
    /// The caller's kind of movement.
    pub code: u16,
    /// Minor units on the account's own side: above zero made the balance grow.
    pub change: i64,
    /// The balance after this line, minor units.
    pub balance: i64,
}

/// The posted transfers of an account in order of posting, each with the balance after it.
///
/// Pass every transfer of the account, in any order; those of others and those not posted are left out.
pub fn statement<'a>(account: &Account, transfers: impl IntoIterator<Item = &'a Transfer>) -> Vec<Line> {
    let mut moved: Vec<&Transfer> = transfers
        .into_iter()
        .filter(|t| t.state == TransferState::Posted && (t.debit == account.id || t.credit == account.id))
        .collect();
    moved.sort_by_key(|t| (t.ended_at, t.id));
    let empty = Account::new(account.id, account.currency, account.kind);
    let balance_after = |totals: &Totals| Account {
        debits_posted: totals.debits_posted,
        credits_posted: totals.credits_posted,
        ..empty.clone()
    };
    let mut totals = Totals::default();
    let mut balance = 0;
    let line = |transfer: &Transfer| {
        totals.add(account.id, transfer);
        let (before, after) = (balance, balance_after(&totals).balance());
        balance = after;
        let leaves = transfer.debit == account.id;
        Line {
            transfer: transfer.id,
            at: transfer.ended_at,
            counterparty: if leaves { transfer.credit } else { transfer.debit },
            code: transfer.code,
            change: after - before,
            balance: after,
        }
    };
    moved.into_iter().map(line).collect()
}

/// The four counters of an account, as its transfers make them: `paiza verify` compares the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Set aside to leave, minor units.
    pub debits_pending: u64,
    /// Left, minor units.
    pub debits_posted: u64,
    /// Set aside to arrive, minor units.
    pub credits_pending: u64,
    /// Arrived, minor units.
    pub credits_posted: u64,
}

impl Totals {
    /// The counters as they stand in the account.
    pub fn of(account: &Account) -> Totals {
        Totals {
            debits_pending: account.debits_pending,
            debits_posted: account.debits_posted,
            credits_pending: account.credits_pending,
            credits_posted: account.credits_posted,
        }
    }

    /// Counts one transfer for this account; others leave the counters as they are.
    pub fn add(&mut self, account: Id<kinds::Account>, transfer: &Transfer) {
        let pending = if transfer.state == TransferState::Held { transfer.amount } else { 0 };
        if transfer.debit == account {
            self.debits_pending = self.debits_pending.saturating_add(pending);
            self.debits_posted = self.debits_posted.saturating_add(transfer.posted);
        }
        if transfer.credit == account {
            self.credits_pending = self.credits_pending.saturating_add(pending);
            self.credits_posted = self.credits_posted.saturating_add(transfer.posted);
        }
    }
}
