//! The sums inside the databases: books balance, batches are what their payments make them, a settlement day is
//! zero in sum.

use acquiring::records::{Batch, Payment};
use ledger::{Account, Totals, Transfer};
use sandbox::issuer::books::disputes_account;
use sandbox::issuer::{Authorisation, CardDispute, DisputeState};
use sandbox::network::SettlementPosition;
use std::collections::{BTreeMap, HashMap};
use store::Workspace;
use values::Records;

/// The first sum that does not hold, or how many were recomputed.
pub(super) type Checked = Result<usize, String>;

/// Every account is what its transfers make it, and debits equal credits in each currency.
pub(super) fn ledger(records: &mut Workspace<'_>) -> Checked {
    let transfers = records.all::<Transfer>();
    let mut totals: HashMap<_, Totals> = HashMap::new();
    for transfer in &transfers {
        for account in [transfer.debit, transfer.credit] {
            totals.entry(account).or_default().add(account, transfer);
        }
    }
    let accounts = records.all::<Account>();
    let mut sums: BTreeMap<u16, [i128; 2]> = BTreeMap::new();
    for account in &accounts {
        let made = totals.remove(&account.id).unwrap_or_default();
        if Totals::of(account) != made {
            return Err(format!("account {}: its counters are not what its transfers make them", account.id));
        }
        let sum = sums.entry(account.currency.numeric()).or_default();
        sum[0] += i128::from(account.debits_posted) - i128::from(account.credits_posted);
        sum[1] += i128::from(account.debits_pending) - i128::from(account.credits_pending);
    }
    if let Some(account) = totals.keys().next() {
        return Err(format!("account {account}: there are transfers and no account"));
    }
    match sums.iter().find(|(_, sum)| **sum != [0, 0]) {
        Some((currency, _)) => Err(format!("currency {currency:03}: debits and credits differ")),
        None => Ok(accounts.len() + transfers.len()),
    }
}

/// The same of a card issuer, and what its customers have of disputed payments is what its account of disputes gave, and no
/// more than what their payments count as given back.
pub(super) fn issuer(records: &mut Workspace<'_>) -> Checked {
    let counted = ledger(records)?;
    let disputes = records.all::<CardDispute>();
    let mut sum = 0i128;
    for dispute in &disputes {
        let payment = records.find::<Authorisation>(&dispute.payment);
        let given_back = payment.map_or(0, |payment| payment.given_back);
        let fell = matches!(dispute.state, DisputeState::Rejected | DisputeState::Withdrawn);
        if dispute.credited > given_back || (fell && dispute.credited > 0) {
            return Err(format!("dispute of {}: its customer has what was not given", dispute.payment));
        }
        sum += i128::from(dispute.credited);
    }
    let given = records.find::<Account>(&disputes_account()).map_or(0, |account| account.balance());
    if i128::from(given) != sum {
        return Err(format!("disputes: their account gave {given}, customers have {sum}"));
    }
    Ok(counted + disputes.len())
}

/// Every batch counts the payments that say they count in it.
pub(super) fn batches(records: &mut Workspace<'_>) -> Checked {
    let mut counted: HashMap<_, [u64; 4]> = HashMap::new();
    let payments = records.all::<Payment>();
    for payment in payments.iter().filter(|payment| payment.counted) {
        let sums = counted.entry((payment.terminal, payment.batch)).or_default();
        let place = if payment.kind.is_sale() { 0 } else { 2 };
        if payment.kind.is_sale() || payment.kind == acquiring::records::PaymentKind::Refund {
            sums[place] += 1;
            sums[place + 1] += payment.amount;
        }
    }
    let batches = records.all::<Batch>();
    for batch in &batches {
        let sums = counted.remove(&(batch.terminal, batch.number)).unwrap_or_default();
        let kept = [
            u64::from(batch.sales_count),
            batch.sales_amount,
            u64::from(batch.refunds_count),
            batch.refunds_amount,
        ];
        if kept != sums {
            return Err(format!(
                "batch {} of {}: not what its payments make it",
                batch.number, batch.terminal
            ));
        }
    }
    Ok(batches.len() + payments.len())
}

/// Every line of the operators' log is the one that was written, and none is missing.
pub(super) fn audit(records: &mut Workspace<'_>) -> Checked {
    let mut entries = records.all::<operators::AuditEntry>();
    entries.sort_by_key(|entry| entry.number);
    let head = records.find::<operators::AuditHead>(&operators::audit::Only);
    let lines = operators::audit::check(&entries, head.as_ref());
    lines.map(|lines| lines as usize).map_err(|broken| format!("audit log, {broken}"))
}

/// What institutions owe and are owed on a day is the same.
pub(super) fn positions(records: &mut Workspace<'_>) -> Checked {
    let mut sums: BTreeMap<(u32, u16), i128> = BTreeMap::new();
    let positions = records.all::<SettlementPosition>();
    for position in &positions {
        let sum = sums.entry((position.date, position.currency.numeric())).or_default();
        *sum += i128::from(position.credit) - i128::from(position.debit);
    }
    match sums.iter().find(|(_, sum)| **sum != 0) {
        Some(((date, currency), sum)) => {
            Err(format!("day {date}, currency {currency:03}: positions sum to {sum}"))
        }
        None => Ok(positions.len()),
    }
}
