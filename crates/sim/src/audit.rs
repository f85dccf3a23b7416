//! Whether all books, the switch, and what people were told agree, once everything has ended.

use crate::town::{PSP, SWITCH, Town, banks};
use ledger::{Account, Transfer};
use psp::records::{Direction, Payment, PaymentState};
use sandbox::upi::bank::{
    BookCycle, UpiAccount, UpiDisputeCase, UpiLeg, compensation_account, dispute_account, dispute_movement,
    reserve_account, settlement_account,
};
use sandbox::upi::switch::{BankHealth, Position, UpiDispute, UpiPayment};
use std::collections::BTreeMap;
use upi::disputes::{Side, State as DisputeState};
use upi::machines::leg::Leg;
use upi::machines::switch::{Beginning, State};
use values::{Operation, Records};

/// What the books hold, in paise; all houses counted as what they owe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Customers have it.
    pub customers: i64,
    /// Banks settle it with one another.
    pub settlement: i64,
    /// It went over the central bank.
    pub reserve: i64,
    /// Banks gave it for money that came back late.
    pub compensation: i64,
    /// Banks paid it in disputes for customers who had too little.
    pub advanced: i64,
}

/// How many payments ended how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Paid.
    pub success: u64,
    /// Nothing stands.
    pub failed: u64,
    /// Deemed first, then given back.
    pub returned: u64,
    /// Of all of them, those about which nobody knew for a while: asked, reversed or deemed on their way.
    pub unknown: u64,
    /// Of those that were paid: given back by their merchants.
    pub refunds: u64,
    /// Disputes that ended for the payer.
    pub paid_back: u64,
    /// Disputes that ended for the payee.
    pub closed: u64,
    /// Bills that their billers took.
    pub bills: u64,
    /// Bills whose money came back, because the biller did not take it or a dispute said so.
    pub bills_back: u64,
    /// Mandates at banks.
    pub mandates: u64,
    /// Of them, counted on both sides, those that stand otherwise at a provider: what was said of one overtook what was said before.
    pub mandates_apart: u64,
    /// Debits made under them.
    pub debits: u64,
    /// Purses at banks.
    pub purses: u64,
}

impl Ends {
    /// Adds those of another day.
    pub fn add(&mut self, other: &Ends) {
        let Ends { success, failed, returned, unknown, refunds, paid_back, closed, .. } = other;
        let Ends { bills, bills_back, mandates, mandates_apart, debits, purses, .. } = other;
        for (all, more) in [
            (&mut self.success, success),
            (&mut self.failed, failed),
            (&mut self.returned, returned),
            (&mut self.unknown, unknown),
            (&mut self.refunds, refunds),
            (&mut self.paid_back, paid_back),
            (&mut self.closed, closed),
            (&mut self.bills, bills),
            (&mut self.bills_back, bills_back),
            (&mut self.mandates, mandates),
            (&mut self.mandates_apart, mandates_apart),
            (&mut self.debits, debits),
            (&mut self.purses, purses),
        ] {
            *all += more;
        }
    }
}

impl Town {
    /// What a customer has, in paise.
    pub fn balance(&mut self, organisation: &str, holder: &str) -> i64 {
        let all = self.records(organisation).all::<UpiAccount>();
        let account = all.into_iter().find(|account| account.holder == holder).expect("the bank has it");
        self.balance_of(organisation, &account)
    }

    /// What is on an account, in paise.
    pub fn balance_of(&mut self, organisation: &str, account: &UpiAccount) -> i64 {
        self.records(organisation).find::<Account>(&account.books).map_or(0, |books| books.balance())
    }

    /// What all books hold.
    pub fn all_sums(&mut self) -> Sums {
        let mut sums = Sums::default();
        for bank in banks() {
            let records = self.records(bank);
            let accounts = records.all::<UpiAccount>();
            let mut of = |id| records.find::<Account>(&id).map_or(0, |account| account.balance());
            sums.customers += accounts.iter().map(|account| of(account.books)).sum::<i64>();
            sums.settlement += of(settlement_account());
            sums.reserve += of(reserve_account());
            sums.compensation += of(compensation_account());
            sums.advanced += of(dispute_account());
        }
        sums
    }

    /// What all customers have together, and what all banks settle together: the second is nothing, always.
    pub fn sums(&mut self) -> (i64, i64) {
        let sums = self.all_sums();
        (sums.customers, sums.settlement)
    }

    /// The central bank settles every cycle there is, once more if it did before; the first thing that is wrong if any is.
    pub fn settle_cycles(&mut self) -> Result<usize, String> {
        let positions = self.records(SWITCH).all::<Position>();
        let mut by_cycle: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for position in &positions {
            let sums = by_cycle.entry(position.cycle.clone()).or_default();
            *sums = (sums.0 + position.pays, sums.1 + position.gets);
        }
        if let Some((cycle, sums)) = by_cycle.iter().find(|(_, (pays, gets))| pays != gets) {
            return Err(format!("positions of {cycle} do not sum to zero: {sums:?}"));
        }
        let now = self.now;
        for Position { cycle, bank, pays, gets, .. } in positions {
            let books = BookCycle { cycle: cycle.clone(), pays, gets };
            books
                .apply(self.records(&bank), now)
                .map_err(|refusal| format!("{cycle} at {bank}: {refusal:?}"))?;
        }
        Ok(by_cycle.len())
    }

    /// Checks everything; the first thing that is wrong, or how payments ended. `opened` is what all customers had.
    pub fn audit(&mut self, opened: i64) -> Result<Ends, String> {
        self.settle_cycles()?;
        let sums = self.all_sums();
        // What banks gave left their houses: it is with customers now.
        if sums.customers - sums.compensation - sums.advanced != opened {
            return Err(format!("customers had {opened}, and now: {sums:?}"));
        }
        for bank in banks() {
            let records = self.records(bank);
            let open = records.find::<Account>(&settlement_account()).map_or(0, |account| account.balance());
            if open != 0 {
                return Err(format!("{bank} still settles {open} after all cycles"));
            }
        }
        if let Some(health) =
            self.records(SWITCH).all::<BankHealth>().iter().find(|health| health.waiting != 0)
        {
            return Err(format!("nothing is under way, and yet: {health:?}"));
        }
        let mut standing = self.standing();
        let payments = self.records(SWITCH).all::<UpiPayment>();
        let mut ends = Ends::default();
        let mut refunded: BTreeMap<&str, u64> = BTreeMap::new();
        for payment in &payments {
            ended(payment, &mut standing, &mut ends)?;
            if let (Some(original), State::Success) = (&payment.original, &payment.state) {
                *refunded.entry(original).or_default() += payment.paise;
            }
        }
        if let Some((leg, paise)) = standing.first_key_value() {
            return Err(format!("{leg:?} stands with {paise} paise, and the switch knows nothing of it"));
        }
        let disputes = self.disputes(&mut ends)?;
        for payment in &payments {
            let given_back = refunded.get(payment.id.as_str()).copied().unwrap_or(0)
                + disputes.get(payment.id.as_str()).copied().unwrap_or(0);
            if given_back != payment.refunded || given_back > payment.paise {
                return Err(format!("{}: {given_back} paise given back of {payment:?}", payment.id));
            }
        }
        self.told(&payments)?;
        Ok(ends)
    }

    /// The same, and that provider, banks and billers agree about bills, mandates and purses.
    pub fn audit_all(&mut self, opened: i64) -> Result<Ends, String> {
        let ends = self.audit(opened)?;
        let (bills, bills_back) = self.audit_bills()?;
        let (mandates, debits, mandates_apart) = self.audit_mandates()?;
        let purses = self.audit_purses()?;
        Ok(Ends { bills, bills_back, mandates, mandates_apart, debits, purses, ..ends })
    }

    /// All disputes have ended, and both banks booked what that says, once; what each gave back of its payment.
    fn disputes(&mut self, ends: &mut Ends) -> Result<BTreeMap<String, u64>, String> {
        let mut given_back = BTreeMap::new();
        for dispute in self.records(SWITCH).all::<UpiDispute>() {
            let is_paid = matches!(dispute.state, DisputeState::PaidBack(_));
            if !dispute.state.has_ended() {
                return Err(format!(
                    "the dispute about {} has not ended: {:?}",
                    dispute.payment, dispute.state
                ));
            }
            *(if is_paid { &mut ends.paid_back } else { &mut ends.closed }) += 1;
            for (bank, side) in [(&dispute.payer_bank, Side::Payer), (&dispute.payee_bank, Side::Payee)] {
                // A payment that failed early never had a bank on this side.
                if bank.is_empty() {
                    continue;
                }
                let records = self.records(bank);
                let case = records.find::<UpiDisputeCase>(&(dispute.payment.clone(), side));
                let says = case.as_ref().is_some_and(|case| case.booked_at.is_some());
                let line = records.find::<Transfer>(&dispute_movement(&dispute.payment, side));
                let booked = line.map(|line| line.posted);
                if booked != is_paid.then_some(dispute.paise) || says != is_paid {
                    return Err(format!("{dispute:?}: {side:?} at {bank} booked {booked:?}, {case:?}"));
                }
            }
            if is_paid {
                given_back.insert(dispute.payment, dispute.paise);
            }
        }
        Ok(given_back)
    }

    /// All legs that stand in a bank's books: bank, transaction, leg, with their paise.
    fn standing(&mut self) -> BTreeMap<(String, String, Leg), u64> {
        let mut standing = BTreeMap::new();
        for bank in banks() {
            let legs = self.records(bank).all::<UpiLeg>().into_iter().filter(|leg| leg.state.stands());
            standing.extend(legs.map(|leg| ((bank.to_owned(), leg.transaction, leg.leg), leg.paise)));
        }
        standing
    }

    /// Whether people were told what is.
    fn told(&mut self, payments: &[UpiPayment]) -> Result<(), String> {
        let at_switch: BTreeMap<&str, &State> =
            payments.iter().map(|payment| (payment.id.as_str(), &payment.state)).collect();
        for payment in self.records(PSP).all::<Payment>() {
            let state = at_switch.get(payment.id.as_str()).copied();
            let is_right = match payment.state {
                PaymentState::Success => state == Some(&State::Success),
                PaymentState::Failed => matches!(state, None | Some(State::Failed(_) | State::Returned)),
                PaymentState::Pending | PaymentState::Deemed => false,
            };
            if !is_right {
                let way = if payment.direction == Direction::Sent { "sent" } else { "received" };
                return Err(format!(
                    "{} ({way}) was told as {:?} and is {state:?}",
                    payment.id, payment.state
                ));
            }
        }
        Ok(())
    }
}

/// A payment has ended, and both banks have of it what they should; takes its legs from those that stand.
fn ended(
    payment: &UpiPayment,
    standing: &mut BTreeMap<(String, String, Leg), u64>,
    ends: &mut Ends,
) -> Result<(), String> {
    let count = match payment.state {
        State::Success => &mut ends.success,
        State::Failed(_) => &mut ends.failed,
        State::Returned => &mut ends.returned,
        _ => return Err(format!("{} has not ended: {:?}", payment.id, payment.state)),
    };
    *count += 1;
    let expected = (payment.state == State::Success).then_some(payment.paise);
    for (bank, leg) in [(&payment.payer.bank, Leg::Debit), (&payment.payee.bank, Leg::Credit)] {
        let found = standing.remove(&(bank.clone(), payment.id.clone(), leg));
        if found != expected {
            let (id, state) = (&payment.id, &payment.state);
            return Err(format!("{id} is {state:?}: {leg:?} at {bank} is {found:?}, not {expected:?}"));
        }
    }
    // An undisturbed payment takes four steps or fewer, a refund three.
    ends.unknown += u64::from(payment.steps > 4);
    ends.refunds += u64::from(payment.beginning == Beginning::Refund && payment.state == State::Success);
    Ok(())
}
