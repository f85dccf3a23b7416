//! Disputes of account payments, followed from the switch to the books of both banks: what was paid back stands at both, once, and what
//! came to nothing at none.

use ledger::Transfer;
use sandbox::upi::bank::{UpiDisputeCase, dispute_movement};
use sandbox::upi::directory::UpiDirectory;
use sandbox::upi::switch::UpiDispute;
use std::collections::BTreeMap;
use store::Workspace;
use upi::disputes::{Side, State};
use values::Records;

/// What was read so far.
#[derive(Default)]
pub(super) struct Followed {
    disputes: Option<Vec<UpiDispute>>,
    /// By organisation and payment: what a side booked, paise.
    booked: BTreeMap<(String, String, Side), Option<u64>>,
}

/// How many disputes are the same everywhere.
#[derive(Default)]
pub(super) struct Report {
    pub(super) agreed: usize,
    pub(super) under_way: usize,
}

impl Followed {
    /// Reads a party's records, if it is one of account payment.
    pub(super) fn read(&mut self, name: &str, records: &mut Workspace<'_>) {
        if name == "upi-switch/switch" {
            self.disputes = Some(records.all::<UpiDispute>());
        }
        let banks = &UpiDirectory::sandbox().banks;
        let Some(bank) = banks.iter().find(|bank| name == format!("upi-bank-{}/bank", bank.id)) else {
            return;
        };
        for case in records.all::<UpiDisputeCase>() {
            let line = records.find::<Transfer>(&dispute_movement(&case.payment, case.side));
            let key = (bank.organisation.clone(), case.payment, case.side);
            self.booked.insert(key, line.map(|line| line.posted));
        }
    }

    /// Compares the switch with the banks that were read; nothing where there are no disputes. The first difference if there is one.
    pub(super) fn compare(self) -> Result<Option<Report>, String> {
        let Some(disputes) = self.disputes.filter(|disputes| !disputes.is_empty()) else { return Ok(None) };
        let mut report = Report::default();
        for dispute in disputes {
            if !dispute.state.has_ended() {
                report.under_way += 1;
                continue;
            }
            let expected = matches!(dispute.state, State::PaidBack(_)).then_some(dispute.paise);
            for (bank, side) in [(&dispute.payer_bank, Side::Payer), (&dispute.payee_bank, Side::Payee)] {
                let found =
                    self.booked.get(&(bank.clone(), dispute.payment.clone(), side)).copied().flatten();
                if found != expected {
                    let number = &dispute.number;
                    return Err(format!(
                        "{number}: {side:?} at {bank} booked {found:?} paise, not {expected:?}"
                    ));
                }
            }
            report.agreed += 1;
        }
        Ok(Some(report))
    }
}
