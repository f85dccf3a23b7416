//! Mandates and purses, followed from the providers to the banks: both keep the same terms, what one says was debited the other booked
//! within them, and a purse that is closed holds nothing.

use psp::mandates::records::{DebitState, Mandate, MandateDebit, MandateSide};
use psp::purses::Purse;
use sandbox::upi::bank::{PurseState, UpiAccount, UpiLeg, UpiMandate, UpiMandateDebit, UpiPurse};
use sandbox::upi::directory::UpiDirectory;
use std::collections::BTreeMap;
use store::Workspace;
use upi::machines::leg::Leg;
use upi::mandate::State;
use values::Records;

/// What was read so far.
#[derive(Default)]
pub(super) struct Followed {
    providers: usize,
    banks: usize,
    /// As their payers' providers have them, by number.
    kept: BTreeMap<String, Mandate>,
    debits: Vec<MandateDebit>,
    purses: Vec<Purse>,
    /// As the banks have them.
    at_banks: BTreeMap<String, UpiMandate>,
    /// The debits that banks made, by mandate and number: their transaction.
    made: BTreeMap<(String, u32), String>,
    /// The debits that stand in the books: account and paise, by transaction.
    standing: BTreeMap<String, (String, u64)>,
    /// What banks keep of purses, and what is in each.
    at_bank: BTreeMap<String, (UpiPurse, i64)>,
}

/// How many are the same at both.
#[derive(Default)]
pub(super) struct Report {
    pub(super) mandates: usize,
    pub(super) purses: usize,
    pub(super) under_way: usize,
}

impl Followed {
    /// Reads a party's records, if it is a provider or a bank.
    pub(super) fn read(&mut self, name: &str, records: &mut Workspace<'_>) {
        if name == "platform/psp" || name.starts_with("upi-psp-") {
            self.providers += 1;
            let paid_by = |mandate: &Mandate| mandate.side == MandateSide::Payer;
            for mandate in records.all::<Mandate>().into_iter().filter(paid_by) {
                self.kept.extend(mandate.number.clone().map(|number| (number, mandate)));
            }
            let debits = records.all::<MandateDebit>().into_iter();
            self.debits.extend(debits.filter(|debit| debit.side == MandateSide::Payer));
            self.purses.extend(records.all::<Purse>());
        }
        if name.starts_with("upi-bank-") {
            self.banks += 1;
            let mandates = records.all::<UpiMandate>().into_iter();
            self.at_banks.extend(mandates.map(|mandate| (mandate.number.clone(), mandate)));
            for debit in records.all::<UpiMandateDebit>() {
                self.made.extend(debit.made.map(|made| ((debit.number, debit.sequence), made)));
            }
            let legs = records.all::<UpiLeg>().into_iter();
            let debits = legs.filter(|leg| leg.leg == Leg::Debit && leg.state.stands());
            self.standing.extend(debits.map(|leg| (leg.transaction, (leg.account, leg.paise))));
            for purse in records.all::<UpiPurse>() {
                let account = records.find::<UpiAccount>(&purse.number);
                let books = account.and_then(|account| records.find::<ledger::Account>(&account.books));
                let held = books.map_or(0, |books| books.balance());
                self.at_bank.insert(purse.number.clone(), (purse, held));
            }
        }
    }

    /// Compares both; nothing where the banks or a provider are not there. The first difference if there is one.
    pub(super) fn compare(self) -> Result<Option<Report>, String> {
        if self.providers == 0 || self.banks < UpiDirectory::sandbox().banks.len() {
            return Ok(None);
        }
        let mut report = Report::default();
        for (number, mandate) in &self.kept {
            match self.at_banks.get(number) {
                Some(at_bank) if at_bank.terms != mandate.terms => {
                    return Err(format!("mandate {number}: the bank keeps other terms than the provider"));
                }
                // An order about it may be on its way.
                Some(at_bank) if at_bank.state != mandate.state => report.under_way += 1,
                None if matches!(mandate.state, State::Active | State::Paused | State::Completed) => {
                    let state = &mandate.state;
                    return Err(format!(
                        "mandate {number}: {state:?} at the provider, and its bank has none"
                    ));
                }
                _ => report.mandates += 1,
            }
        }
        self.debits_agree(&mut report)?;
        self.purses_agree(&mut report)?;
        Ok(Some(report))
    }

    /// What banks debited under mandates keeps to the terms, and is what the providers say was made.
    fn debits_agree(&self, report: &mut Report) -> Result<(), String> {
        for ((number, sequence), transaction) in &self.made {
            let Some(mandate) = self.at_banks.get(number) else {
                return Err(format!("mandate {number}: debit {sequence} made, and there is no such mandate"));
            };
            let Some((account, paise)) = self.standing.get(transaction) else { continue };
            if *account != mandate.account || *paise > mandate.terms.paise {
                return Err(format!(
                    "mandate {number}: debit {sequence} ({transaction}) is not within its terms"
                ));
            }
        }
        for debit in &self.debits {
            let made = self.made.get(&(debit.number.clone(), debit.sequence));
            match debit.state {
                DebitState::Made if made.is_none() || made != debit.transaction.as_ref() => {
                    let MandateDebit { number, sequence, .. } = debit;
                    return Err(format!(
                        "mandate {number}: debit {sequence} is made at the provider, not at the bank"
                    ));
                }
                DebitState::Tried => report.under_way += 1,
                _ => {}
            }
        }
        Ok(())
    }

    /// No purse holds less than nothing, a closed one holds nothing, and one that its provider calls open is no closed one.
    fn purses_agree(&self, report: &mut Report) -> Result<(), String> {
        for (number, (purse, held)) in &self.at_bank {
            if *held < 0 || (purse.state == PurseState::Closed && *held != 0) {
                return Err(format!("purse {number}: {:?} with {held} paise in it", purse.state));
            }
        }
        for purse in &self.purses {
            let at_bank = self.at_bank.get(&purse.purse).map(|(kept, _)| kept.state);
            let open = purse.state == psp::purses::PurseState::Open;
            if purse.pending.is_some() {
                report.under_way += 1;
            } else if open && at_bank.is_none_or(|state| state == PurseState::Closed) {
                let number = &purse.purse;
                return Err(format!("purse {number}: open at the provider, {at_bank:?} at the bank"));
            } else {
                report.purses += 1;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use upi::mandate::{AmountRule, Day, Pattern, Recurrence, Terms};
    use values::Timestamp;

    const AT: Timestamp = Timestamp::from_millis(1_795_305_600_000);

    fn terms(paise: u64) -> Terms {
        Terms {
            name: "Milk".to_owned(),
            payee: "chai@paiza".to_owned(),
            category: "5814".to_owned(),
            paise,
            amount_rule: AmountRule::Max,
            recurrence: Recurrence { pattern: Pattern::Daily, rule: None },
            starts: Day::of(AT),
            ends: Day::of(AT).plus(30),
            revocable: true,
            blocks: false,
        }
    }

    /// One mandate that was debited once, at provider and bank alike, and an open purse.
    fn agreed() -> Followed {
        let number = "A@paiza".to_owned();
        let mandate = Mandate {
            id: "T".to_owned(),
            side: MandateSide::Payer,
            mobile: "919800000001".to_owned(),
            number: Some(number.clone()),
            own: String::new(),
            other: String::new(),
            other_name: None,
            account: String::new(),
            terms: terms(500),
            state: State::Active,
            refused: None,
            standing: None,
            message: String::new(),
            newest: 1,
            expires_at: None,
            at: AT,
            changed_at: AT,
        };
        let at_bank = UpiMandate {
            number: number.clone(),
            transaction: "T".to_owned(),
            account: "1001".to_owned(),
            terms: terms(500),
            state: State::Active,
            newest: 1,
            ordered_at: None,
            at: AT,
            changed_at: AT,
        };
        let debit = MandateDebit {
            number: number.clone(),
            side: MandateSide::Payer,
            sequence: 1,
            mobile: String::new(),
            paise: 400,
            notice: None,
            tries: 1,
            transaction: Some("D".to_owned()),
            state: DebitState::Made,
            code: None,
            due: None,
            at: AT,
            changed_at: AT,
        };
        let purse = Purse {
            mobile: String::new(),
            purse: "77".to_owned(),
            ifsc: String::new(),
            account: String::new(),
            state: psp::purses::PurseState::Open,
            pending: None,
            at: AT,
            changed_at: AT,
        };
        let kept = UpiPurse {
            number: "77".to_owned(),
            account: "1001".to_owned(),
            sealed_key: Vec::new(),
            counter: 1,
            state: PurseState::Open,
            at: AT,
            changed_at: AT,
        };
        Followed {
            providers: 1,
            banks: UpiDirectory::sandbox().banks.len(),
            kept: BTreeMap::from([(number.clone(), mandate)]),
            debits: vec![debit],
            purses: vec![purse],
            at_banks: BTreeMap::from([(number.clone(), at_bank)]),
            made: BTreeMap::from([((number, 1), "D".to_owned())]),
            standing: BTreeMap::from([("D".to_owned(), ("1001".to_owned(), 400))]),
            at_bank: BTreeMap::from([("77".to_owned(), (kept, 300))]),
        }
    }

    fn broken(change: impl FnOnce(&mut Followed)) -> String {
        let mut followed = agreed();
        change(&mut followed);
        followed.compare().map(drop).unwrap_err()
    }

    #[test]
    fn what_differs_is_found_and_named() {
        let report = agreed().compare().unwrap().unwrap();
        assert_eq!((report.mandates, report.purses, report.under_way), (1, 1, 0));
        let terms_of = |followed: &mut Followed| {
            followed.at_banks.values_mut().for_each(|mandate| mandate.terms = terms(900));
        };
        assert!(broken(terms_of).contains("other terms"));
        assert!(broken(|followed| followed.at_banks.clear()).contains("its bank has none"));
        assert!(broken(|followed| followed.made.clear()).contains("not at the bank"));
        let beyond = |followed: &mut Followed| {
            followed.standing.insert("D".to_owned(), ("1001".to_owned(), 501));
        };
        assert!(broken(beyond).contains("not within its terms"));
        let elsewhere = |followed: &mut Followed| {
            followed.standing.insert("D".to_owned(), ("2002".to_owned(), 400));
        };
        assert!(broken(elsewhere).contains("not within its terms"));
        let closed = |followed: &mut Followed| {
            followed.at_bank.values_mut().for_each(|(purse, _)| purse.state = PurseState::Closed);
        };
        assert!(broken(closed).contains("300 paise in it"));
        assert!(broken(|followed| followed.at_bank.clear()).contains("open at the provider"));
        let mut paused = agreed();
        paused.at_banks.values_mut().for_each(|mandate| mandate.state = State::Paused);
        assert_eq!(paused.compare().unwrap().unwrap().under_way, 1, "an order on its way is no difference");
    }
}
