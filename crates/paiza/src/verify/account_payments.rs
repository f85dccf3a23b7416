//! Account payments, followed from the switch to the books of both banks: what ended well stands at both, what failed at none.

use sandbox::upi::bank::UpiLeg;
use sandbox::upi::directory::UpiDirectory;
use sandbox::upi::switch::{Position, UpiDispute, UpiDisputeStep, UpiPayment};
use std::collections::{BTreeMap, BTreeSet};
use store::Workspace;
use upi::disputes::State as DisputeState;
use upi::machines::leg::Leg;
use upi::machines::switch::State;
use upi::settlement::Cycle;

/// What was read so far.
#[derive(Default)]
pub(super) struct Followed {
    payments: Option<Vec<UpiPayment>>,
    /// By organisation: the legs that stand, with their paise.
    standing: BTreeMap<String, BTreeMap<(String, Leg), u64>>,
}

/// Every position is what the payments of its cycle make it, and each cycle sums to zero.
pub(super) fn positions(records: &mut Workspace<'_>) -> Result<usize, String> {
    let mut made: BTreeMap<(String, String), [u64; 2]> = BTreeMap::new();
    let mut add = |cycle: Cycle, bank: &String, pays: u64, gets: u64| {
        let sums = made.entry((cycle.to_string(), bank.clone())).or_default();
        *sums = [sums[0].saturating_add(pays), sums[1].saturating_add(gets)];
    };
    for UpiPayment { payer, payee, paise, settled_at, returned_at, .. } in records.all::<UpiPayment>() {
        if let Some(at) = settled_at {
            add(Cycle::at(at), &payer.bank, paise, 0);
            add(Cycle::at(at), &payee.bank, 0, paise);
        }
        if let Some(at) = returned_at {
            add(Cycle::of_disputes(at), &payee.bank, paise, 0);
            add(Cycle::of_disputes(at), &payer.bank, 0, paise);
        }
    }
    let disputes = records.all::<UpiDispute>().into_iter().map(|dispute| (dispute.payment.clone(), dispute));
    let disputes: BTreeMap<_, _> = disputes.collect();
    let given_back = |step: &UpiDisputeStep| matches!(step.state, DisputeState::Paying(_));
    for step in records.all::<UpiDisputeStep>().into_iter().filter(given_back) {
        let dispute = disputes.get(&step.payment).ok_or("a step of no dispute")?;
        add(Cycle::of_disputes(step.at), &dispute.payee_bank, dispute.paise, 0);
        add(Cycle::of_disputes(step.at), &dispute.payer_bank, 0, dispute.paise);
    }
    let positions = records.all::<Position>();
    let kept = positions.iter().map(|kept| ((kept.cycle.clone(), kept.bank.clone()), [kept.pays, kept.gets]));
    let kept: BTreeMap<_, _> = kept.collect();
    if let Some(((cycle, bank), _)) = kept.iter().find(|(key, sums)| made.get(*key) != Some(*sums)) {
        return Err(format!("position of {bank} in {cycle}: not what its payments make it"));
    }
    if let Some(((cycle, bank), _)) = made.iter().find(|(key, _)| !kept.contains_key(*key)) {
        return Err(format!("position of {bank} in {cycle}: missing"));
    }
    Ok(positions.len())
}

/// How many payments are the same everywhere.
#[derive(Default)]
pub(super) struct Report {
    pub(super) agreed: usize,
    pub(super) under_way: usize,
}

impl Followed {
    /// Reads a party's records, if it is one of account payment.
    pub(super) fn read(&mut self, name: &str, records: &mut Workspace<'_>) {
        if name == "upi-switch/switch" {
            self.payments = Some(records.all::<UpiPayment>());
        }
        let banks = &UpiDirectory::sandbox().banks;
        if let Some(bank) = banks.iter().find(|bank| name == format!("upi-bank-{}/bank", bank.id)) {
            let legs = records.all::<UpiLeg>().into_iter().filter(|leg| leg.state.stands());
            let standing = legs.map(|leg| ((leg.transaction, leg.leg), leg.paise)).collect();
            self.standing.insert(bank.organisation.clone(), standing);
        }
    }

    /// Compares the switch with the banks that were read; nothing where there is no switch. The first difference if there
    /// is one.
    pub(super) fn compare(mut self) -> Result<Option<Report>, String> {
        let Some(payments) = self.payments.take() else { return Ok(None) };
        let mut report = Report::default();
        let mut open = BTreeSet::new();
        for payment in payments {
            let expected = match payment.state {
                State::Success => Some(payment.paise),
                State::Failed(_) | State::Returned => None,
                _ => {
                    open.insert(payment.id);
                    report.under_way += 1;
                    continue;
                }
            };
            let sides = [(&payment.payer.bank, Leg::Debit), (&payment.payee.bank, Leg::Credit)];
            for (bank, leg) in sides {
                let Some(standing) = self.standing.get_mut(bank) else { continue };
                let found = standing.remove(&(payment.id.clone(), leg));
                if found != expected {
                    let id = &payment.id;
                    return Err(format!("{id}: {leg:?} at {bank} is {found:?} paise, not {expected:?}"));
                }
            }
            report.agreed += 1;
        }
        // What the banks booked and the switch knows nothing of.
        for (bank, standing) in self.standing {
            if let Some(((id, leg), _)) = standing.into_iter().find(|((id, _), _)| !open.contains(id)) {
                return Err(format!("{id}: {leg:?} at {bank}, of which the switch knows nothing"));
            }
        }
        Ok(Some(report))
    }
}
