//! Bills, followed from the provider to the billers: what one says was taken the other took, with the same receipt.

use psp::bills::{BillPayment, BillState};
use sandbox::billers::{BillerPayment, BillerState};
use std::collections::BTreeMap;
use store::Workspace;

/// What was read so far.
#[derive(Default)]
pub(super) struct Followed {
    paid: Option<Vec<BillPayment>>,
    taken: Option<BTreeMap<String, BillerPayment>>,
}

/// How many bills are the same at both.
pub(super) struct Report {
    pub(super) agreed: usize,
    pub(super) under_way: usize,
}

impl Followed {
    /// Reads a party's records, if it is the provider or the billers.
    pub(super) fn read(&mut self, name: &str, records: &mut Workspace<'_>) {
        match name {
            "platform/psp" => self.paid = Some(records.all::<BillPayment>()),
            "billers/billers" => {
                let all = records.all::<BillerPayment>().into_iter();
                self.taken = Some(all.map(|taken| (taken.transaction.clone(), taken)).collect());
            }
            _ => {}
        }
    }

    /// Compares both; nothing where one of them is not there. The first difference if there is one.
    pub(super) fn compare(self) -> Result<Option<Report>, String> {
        let (Some(paid), Some(mut taken)) = (self.paid, self.taken) else { return Ok(None) };
        let mut report = Report { agreed: 0, under_way: 0 };
        for bill in paid {
            let id = &bill.transaction;
            let known = taken.remove(id);
            if known.as_ref().is_some_and(|known| known.paise != bill.paise) {
                return Err(format!("{id}: {} paise at the provider, another sum at the biller", bill.paise));
            }
            let state = known.map(|known| known.state);
            let agrees = match (&bill.state, &state) {
                (BillState::Paying, None) | (BillState::Telling, _) => {
                    report.under_way += 1;
                    continue;
                }
                (BillState::Confirmed, Some(BillerState::Confirmed(receipt))) => {
                    bill.receipt.as_ref() == Some(receipt)
                }
                (BillState::Refunding | BillState::Refunded, Some(BillerState::Refused(_))) => true,
                (BillState::NotPaid, None) => true,
                _ => false,
            };
            if !agrees {
                let said = bill.state;
                return Err(format!("{id}: the provider says {said:?}, the biller {state:?}"));
            }
            report.agreed += 1;
        }
        match taken.into_keys().next() {
            Some(id) => Err(format!("{id}: taken by a biller, and the provider knows nothing of it")),
            None => Ok(Some(report)),
        }
    }
}
