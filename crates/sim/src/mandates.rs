//! Mandates at random: made, asked for, approved or declined, debited, paused, let go on and ended, and debited beyond what was approved.

use crate::people::sealed;
use crate::town::{PSP, Town, banks};
use psp::mandates::records::{DebitState, Mandate, MandateDebit, MandateSide};
use psp::mandates::{Change, ChangeMandate, DecideMandate, MakeMandate, PresentDebit, RequestMandate};
use psp::records::DeviceId;
use sandbox::upi::bank::{UpiLeg, UpiMandate, UpiMandateDebit};
use std::collections::BTreeMap;
use upi::credential::{Purpose, Secret};
use upi::machines::leg::Leg;
use upi::mandate::{AmountRule, Day, Pattern, Recurrence, State, Terms};
use upi::messages::Credential;
use values::{Currency, Money};

/// Who lets a merchant debit.
#[derive(Clone, Copy)]
pub struct Debited<'a> {
    /// Their phone.
    pub device: DeviceId,
    /// Their address.
    pub address: &'a str,
    /// Their bank.
    pub bank: &'a str,
    /// Their PIN.
    pub pin: &'a str,
}

impl Debited<'_> {
    fn approves(&self, terms: &Terms, transaction: &str) -> Credential {
        let Purpose { transaction, paise, payee } = terms.purpose(transaction);
        sealed(Secret::Pin, self.pin, &transaction, paise, &payee, self.bank)
    }
}

impl Town {
    /// A merchant asks somebody for a mandate, or somebody makes one.
    pub fn begin_mandate(&mut self, who: Debited<'_>, (merchant, payee): (DeviceId, &str)) {
        let terms = self.terms(payee);
        let (psp, entropy) = (self.psp(), self.dice.bytes());
        if self.dice.below(2) == 0 {
            let (device, payer, minutes) = (merchant, who.address.to_owned(), 1 + self.dice.below(60) as u32);
            // Terms without a day in them are refused.
            let _ = self.at_psp(RequestMandate { psp, device, payer, terms, minutes, entropy });
            return;
        }
        let transaction = self.transaction();
        let pin = who.approves(&terms, &transaction);
        let (device, reference, payee_name) = (who.device, String::new(), None);
        let _ =
            self.at_psp(MakeMandate { psp, device, transaction, reference, payee_name, terms, pin, entropy });
    }

    fn terms(&mut self, payee: &str) -> Terms {
        const PATTERNS: [Pattern; 4] =
            [Pattern::OneTime, Pattern::Daily, Pattern::AsPresented, Pattern::Weekly];
        let pattern = PATTERNS[self.dice.below(4) as usize];
        let starts = Day::of(self.now);
        let blocks = pattern == Pattern::OneTime && self.dice.below(2) == 0;
        let amount_rule = if blocks || self.dice.below(2) == 0 { AmountRule::Exact } else { AmountRule::Max };
        Terms {
            name: "Tea club".to_owned(),
            payee: payee.to_owned(),
            category: "5814".to_owned(),
            paise: 100 + self.dice.below(5_000),
            amount_rule,
            recurrence: Recurrence { pattern, rule: None },
            starts,
            ends: starts.plus(3 + self.dice.below(20) as i32),
            revocable: self.dice.below(8) > 0,
            blocks,
        }
    }

    /// Somebody who was asked for a mandate approves it or does not, or changes one that is theirs.
    pub fn think_about_mandates(&mut self, who: Debited<'_>, mobile: &str) {
        let all = self.records(PSP).all::<Mandate>();
        let own: Vec<_> =
            all.into_iter().filter(|one| one.mobile == mobile && one.side == MandateSide::Payer).collect();
        let Some(mandate) = self.one_of(&own) else { return };
        let (psp, entropy) = (self.psp(), self.dice.bytes());
        let (device, id) = (who.device, mandate.id.clone());
        if mandate.state == State::Requested {
            let approves = self.dice.below(5) > 0;
            let approval = approves.then(|| (String::new(), who.approves(&mandate.terms, &id)));
            // Too late is an answer too.
            let _ = self.at_psp(DecideMandate { psp, device, id, approval, entropy });
            return;
        }
        let change = match self.dice.below(4) {
            0 => Change::Revoke,
            1 => Change::Pause,
            _ if mandate.state == State::Paused => {
                let transaction = self.transaction();
                let pin = who.approves(&mandate.terms, &transaction);
                Change::Unpause { transaction, pin }
            }
            _ => return,
        };
        let _ = self.at_psp(ChangeMandate { psp, device, id, change, entropy });
    }

    /// The merchant presents a debit under one of its mandates, or ends it.
    pub fn present_something(&mut self, merchant: DeviceId) {
        let all = self.records(PSP).all::<Mandate>();
        let of = |one: &Mandate| one.side == MandateSide::Payee && one.state == State::Active;
        let active: Vec<_> = all.into_iter().filter(of).collect();
        let Some(mandate) = self.one_of(&active) else { return };
        let (psp, entropy) = (self.psp(), self.dice.bytes());
        let (device, id) = (merchant, mandate.id);
        if self.dice.below(12) == 0 {
            let change = Change::Revoke;
            let _ = self.at_psp(ChangeMandate { psp, device, id, change, entropy });
            return;
        }
        // Of an exact one only its own amount is allowed, and no more than is agreed of any.
        let amount = match self.dice.below(3) {
            0 => Money::new(1 + self.dice.below(mandate.terms.paise + 50), Currency::INR).ok(),
            _ => None,
        };
        let _ = self.at_psp(PresentDebit { psp, device, id, amount, entropy });
    }

    /// Provider and bank keep the same terms, and what one says was debited the other booked within them; how many mandates and debits there
    /// are, and how many mandates stand otherwise at a provider than at the bank, because two orders about one overtook one another: both judge
    /// each debit, so that nothing is debited which either of them does not allow. Nothing is under way any more.
    pub(crate) fn audit_mandates(&mut self) -> Result<(u64, u64, u64), String> {
        let (mut at_banks, mut made, mut standing) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for bank in banks() {
            let records = self.records(bank);
            at_banks.extend(records.all::<UpiMandate>().into_iter().map(|one| (one.number.clone(), one)));
            let debits = records.all::<UpiMandateDebit>().into_iter();
            made.extend(debits.filter_map(|debit| Some(((debit.number, debit.sequence), debit.made?))));
            let legs = records.all::<UpiLeg>().into_iter();
            let stand = legs.filter(|leg| leg.leg == Leg::Debit && leg.state.stands());
            standing.extend(stand.map(|leg| (leg.transaction, (leg.account, leg.paise))));
        }
        let mut apart = 0;
        for mandate in self.records(PSP).all::<Mandate>() {
            let known = mandate.number.as_ref().and_then(|number| at_banks.get(number));
            let agrees = match known {
                Some(known) => {
                    apart += u64::from(known.state != mandate.state);
                    known.terms == mandate.terms
                }
                None => !matches!(mandate.state, State::Active | State::Paused | State::Completed),
            };
            if !agrees {
                return Err(format!("{mandate:?} at the provider, and {known:?} at the bank"));
            }
        }
        for ((number, sequence), transaction) in &made {
            let Some(mandate) = at_banks.get(number) else {
                return Err(format!("{number}: debit {sequence} made without a mandate"));
            };
            let leg = standing.get(transaction);
            if leg.is_none_or(|(account, paise)| *account != mandate.account || *paise > mandate.terms.paise)
            {
                return Err(format!(
                    "{number}: debit {sequence} ({transaction}) is {leg:?} of {:?}",
                    mandate.terms
                ));
            }
        }
        for debit in self.records(PSP).all::<MandateDebit>() {
            let at_bank = made.get(&(debit.number.clone(), debit.sequence));
            let agrees = match debit.state {
                DebitState::Made => at_bank == debit.transaction.as_ref(),
                DebitState::Failed => at_bank.is_none(),
                // Its mandate ended, or rests, before it was due.
                DebitState::Presented => at_bank.is_none(),
                DebitState::Tried => false,
            };
            if !agrees {
                return Err(format!("{debit:?} at the provider, and {at_bank:?} at the bank"));
            }
        }
        Ok((at_banks.len() as u64, made.len() as u64, apart))
    }
}
