//! Disputes at random: payers claim what they paid, banks accept and defend, payers go on or give up, the network decides.

use crate::town::{PSP, SWITCH, Town, banks};
use psp::disputes::{self, Dispute, RaiseDispute};
use psp::records::{DeviceId, Payment};
use sandbox::upi::bank::UpiDisputeCase;
use sandbox::upi::bank::disputes::ActOnDispute;
use sandbox::upi::switch::UpiDispute;
use sandbox::upi::switch::disputes::Rule;
use upi::disputes::{Act, Side, State};
use values::{Currency, Money, Operation};

impl Town {
    /// One of these people claims a payment back, or a part of it, for a reason that fits it.
    pub fn dispute_something(&mut self, devices: &[(String, DeviceId)]) {
        let now = self.now;
        let payments = self.records(PSP).all::<Payment>();
        let old = payments.into_iter().filter(|payment| now.since(payment.at).as_secs() > 200);
        let claims: Vec<_> = old.filter(|payment| !disputes::possible(payment, now).is_empty()).collect();
        let Some(payment) = self.one_of(&claims) else { return };
        let Some((_, device)) = devices.iter().find(|(mobile, _)| *mobile == payment.mobile) else { return };
        let Some(reason) = self.one_of(&disputes::possible(&payment, now)) else { return };
        let amount = match self.dice.below(2) {
            0 => None,
            _ => Money::new(1 + self.dice.below(payment.paise), Currency::INR).ok(),
        };
        let (psp, entropy) = (self.psp(), self.dice.bytes());
        let (device, payment, reason) = (*device, payment.id, reason.key.to_owned());
        // Too often, or known already: that is right too.
        let _ = self.at_psp(RaiseDispute { psp, device, payment, reason, amount, entropy });
    }

    /// Somebody who may say something in a dispute says it.
    pub fn argue(&mut self, devices: &[(String, DeviceId)]) {
        match self.dice.below(3) {
            0 => self.rule_something(),
            1 => self.payer_says(devices),
            _ => self.bank_says(),
        }
    }

    pub(crate) fn one_of<T: Clone>(&mut self, all: &[T]) -> Option<T> {
        if all.is_empty() {
            return None;
        }
        Some(all[self.dice.below(all.len() as u64) as usize].clone())
    }

    fn rule_something(&mut self) {
        let all = self.records(SWITCH).all::<UpiDispute>();
        let ready: Vec<_> =
            all.into_iter().filter(|dispute| dispute.state == State::ArbitrationContinued).collect();
        let Some(dispute) = self.one_of(&ready) else { return };
        let (now, entropy, for_payer) = (self.now, self.dice.bytes(), self.dice.below(2) == 0);
        let rule = Rule { switch: self.switch(), payment: dispute.payment, for_payer, entropy };
        let _ = rule.apply(self.records(SWITCH), now);
    }

    fn payer_says(&mut self, devices: &[(String, DeviceId)]) {
        let now = self.now;
        let all = self.records(PSP).all::<Dispute>();
        let open: Vec<_> = all.into_iter().filter(|dispute| !dispute.choices(now).is_empty()).collect();
        let Some(dispute) = self.one_of(&open) else { return };
        let choices = dispute.choices(now);
        // Most go on.
        let act = if choices.contains(&Act::Escalate) && self.dice.below(8) > 0 {
            Act::Escalate
        } else {
            choices[0]
        };
        let Some((_, device)) = devices.iter().find(|(mobile, _)| *mobile == dispute.mobile) else { return };
        if act == Act::Withdraw && self.dice.below(8) > 0 {
            return;
        }
        let (psp, entropy) = (self.psp(), self.dice.bytes());
        let (device, payment) = (*device, dispute.payment);
        let _ = self.at_psp(disputes::ActOnDispute { psp, device, payment, act, entropy });
    }

    fn bank_says(&mut self) {
        let names = banks();
        let organisation = names[self.dice.below(names.len() as u64) as usize];
        let all = self.records(organisation).all::<UpiDisputeCase>();
        let open: Vec<_> = all
            .into_iter()
            .filter(|case| case.side == Side::Payee && !case.state.choices(Side::Payee).is_empty())
            .collect();
        let Some(case) = self.one_of(&open) else { return };
        let act = if self.dice.below(4) == 0 { Act::Accept } else { Act::Defend };
        let (now, entropy, bank) = (self.now, self.dice.bytes(), self.bank(organisation));
        let (payment, side, code) = (case.payment, case.side, "111".to_owned());
        // What the network said meanwhile makes it too late.
        let _ =
            ActOnDispute { bank, payment, side, act, code, entropy }.apply(self.records(organisation), now);
    }
}
