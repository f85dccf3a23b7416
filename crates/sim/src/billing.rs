//! Bills at random: people look at what a biller says is due and pay it, now and then somebody else's; the biller takes the money, thinks
//! about it, or does not take it. What is said to billers and what they say is lost as other messages are.

use crate::faults::Fate;
use crate::people::sealed;
use crate::town::{PSP, SWITCH, Town};
use ledger::testing::MemoryRecords;
use psp::bills::{
    AmountRule, Bill, BillPayment, BillState, BillerSaid, KeepBill, NewBiller, Onboard, PayBill, Said, TOPIC,
    Terms, Told,
};
use psp::records::{DeviceId, LinkedAccount};
use sandbox::billers::directory::{Biller, BillerDirectory};
use sandbox::billers::{BillerPayment, BillerState, THINKS_FOR, TakePayment, due};
use sandbox::upi::directory::UpiDirectory;
use sandbox::upi::switch::UpiDispute;
use std::time::Duration;
use upi::credential::Secret;
use upi::disputes::State as DisputeState;
use values::{Currency, Money, Operation, Outbound, Records, Timestamp};

/// When a biller is told again that did not hear, or was not heard.
const AGAIN: Duration = Duration::from_secs(5);

impl Town {
    /// Billers whose address is the provider's are open from now on, and are told of what they are paid.
    pub fn open_billers(&mut self) {
        let handle = format!("@{}", UpiDirectory::sandbox().psps[0].handles[0]);
        let entries = BillerDirectory::sandbox().billers.iter();
        let own = entries.filter(|biller| biller.address.ends_with(&handle));
        let billers = own.map(taken_on).collect();
        self.at_psp(Onboard { billers }).expect("nobody has their addresses");
        self.billers = Some(MemoryRecords::default());
    }

    /// Somebody looks at a bill or a plan of a biller and pays it; or pays a bill that was looked at before.
    pub fn pay_a_bill(&mut self, device: DeviceId, (bank, pin): (&str, &str)) {
        let bill = match self.dice.below(8) {
            0 => {
                let kept = self.records(PSP).all::<Bill>();
                self.one_of(&kept)
            }
            _ => self.look_at_a_bill(device),
        };
        let Some(bill) = bill else { return };
        let paise = match bill.terms.rule {
            AmountRule::Exact => bill.terms.paise,
            AmountRule::ExactAndAbove => bill.terms.paise + self.dice.below(500),
            AmountRule::ExactAndBelow => 1 + self.dice.below(bill.terms.paise),
        };
        let transaction = self.transaction();
        let pin = sealed(Secret::Pin, pin, &transaction, paise, &bill.payee, bank);
        let (psp, entropy) = (self.psp(), self.dice.bytes());
        let Ok(amount) = Money::new(paise, Currency::INR) else { return };
        let (bill, reference) = (bill.id, String::new());
        // It is another's, was paid or is too old by now: that is refused, and right.
        let _ = self.at_psp(PayBill { psp, device, bill, transaction, reference, amount, pin, entropy });
    }

    fn look_at_a_bill(&mut self, device: DeviceId) -> Option<Bill> {
        let all: Vec<&Biller> = BillerDirectory::sandbox().billers.iter().collect();
        let biller = self.one_of(&all)?;
        let parameters: Vec<_> =
            biller.parameters.iter().map(|rule| (rule.name.clone(), self.number(rule.most))).collect();
        let terms = match self.one_of(&biller.plans) {
            Some(plan) => {
                let plan_terms = terms_of(biller, parameters, plan.paise());
                Terms { plan: Some(plan.id.clone()), ..plan_terms }
            }
            None => {
                let now = self.now;
                let found = due(self.billers.as_mut()?, &biller.id, &parameters, now).ok()?;
                Terms { number: Some(found.number), ..terms_of(biller, parameters, found.paise) }
            }
        };
        let id: String = self.dice.bytes()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        self.at_psp(KeepBill { device, id, terms }).ok()
    }

    /// A customer's number of so many digits: few of them, so that bills meet, and with all endings that behave in their own way.
    fn number(&mut self, digits: usize) -> String {
        let ending = [4, 4, 5, 5, 2, 3, 0, 1][self.dice.below(8) as usize];
        let place = self.dice.below(100);
        format!("{:0>digits$}", format!("9{place:02}{ending:02}"))
    }

    /// What waits to be said to billers.
    fn for_billers(&mut self) -> Vec<Outbound> {
        let sent = self.records(PSP).sent.values();
        sent.filter(|outbound| outbound.topic == TOPIC).cloned().collect()
    }

    /// When a biller is told next, if billers are open.
    pub(crate) fn next_for_billers(&self) -> Option<Timestamp> {
        self.billers.as_ref()?;
        let sent = self.at_provider().sent.values();
        sent.filter(|outbound| outbound.topic == TOPIC).map(|outbound| outbound.due).min()
    }

    /// Tells billers what is due to be told, in the weather of this town, and the provider what they say.
    pub(crate) fn tell_billers(&mut self) {
        if self.billers.is_none() || self.is_away(PSP) {
            return;
        }
        let now = self.now;
        for outbound in self.for_billers().into_iter().filter(|outbound| outbound.due <= now) {
            let told: Told =
                serde_json::from_slice(&outbound.body).expect("a message of our own can be read");
            let fate = self.weather.fate(&mut self.dice);
            let again = match fate {
                Fate::Lost => Some(AGAIN),
                Fate::Held(time) | Fate::Crash(time, false) => Some(time),
                Fate::AckLost | Fate::Crash(_, true) => {
                    self.biller_takes(&told);
                    Some(AGAIN)
                }
                Fate::Arrives => match self.biller_takes(&told) {
                    BillerState::Pending => Some(THINKS_FOR),
                    BillerState::Confirmed(receipt) => self.heard(&told, Said::Confirmed(receipt)),
                    BillerState::Refused(reason) => self.heard(&told, Said::Refused(reason)),
                },
            };
            match again {
                Some(wait) => self.records(PSP).send(Outbound { due: now.after(wait), ..outbound }),
                None => self.records(PSP).cancel(TOPIC, &outbound.key),
            }
        }
    }

    fn biller_takes(&mut self, told: &Told) -> BillerState {
        let terms = &told.terms;
        let take = TakePayment {
            transaction: told.transaction.clone(),
            biller: terms.biller.clone(),
            parameters: terms.parameters.clone(),
            subject: terms.number.clone().or(terms.plan.clone()).unwrap_or_default(),
            paise: told.paise,
        };
        let now = self.now;
        let Ok(state) = take.apply(self.billers.as_mut().expect("billers are open"), now);
        state
    }

    fn heard(&mut self, told: &Told, said: Said) -> Option<Duration> {
        let (psp, entropy) = (self.psp(), self.dice.bytes());
        let (mobile, transaction) = (told.mobile.clone(), told.transaction.clone());
        self.at_psp(BillerSaid { psp, mobile, transaction, said, entropy }).expect("the bill is known");
        None
    }

    /// Whether provider and billers say the same of every bill; how many were taken, and how many came back. Nothing waits any more.
    pub(crate) fn audit_bills(&mut self) -> Result<(u64, u64), String> {
        let Some(billers) = &self.billers else { return Ok((0, 0)) };
        let mut taken: std::collections::BTreeMap<String, BillerPayment> =
            billers.all::<BillerPayment>().into_iter().map(|one| (one.transaction.clone(), one)).collect();
        let (mut confirmed, mut back) = (0, 0);
        for bill in self.records(PSP).all::<BillPayment>() {
            let at_biller = taken.remove(&bill.transaction).map(|known| known.state);
            let dispute = self.records(SWITCH).find::<UpiDispute>(&bill.transaction);
            let was_paid_back =
                dispute.is_some_and(|dispute| matches!(dispute.state, DisputeState::PaidBack(_)));
            let agrees = match (&bill.state, &at_biller) {
                (BillState::Confirmed, Some(BillerState::Confirmed(receipt))) => {
                    bill.receipt.as_ref() == Some(receipt) && !was_paid_back
                }
                (BillState::Refunded, Some(BillerState::Refused(_))) => true,
                (BillState::Refunded, Some(BillerState::Confirmed(_))) => was_paid_back,
                (BillState::NotPaid, None) => true,
                _ => false,
            };
            if !agrees {
                return Err(format!(
                    "{}: the provider says {:?}, the biller {at_biller:?}",
                    bill.transaction, bill.state
                ));
            }
            confirmed += u64::from(bill.state == BillState::Confirmed);
            back += u64::from(bill.state == BillState::Refunded);
        }
        match taken.into_keys().next() {
            Some(id) => Err(format!("{id}: taken by a biller, and the provider knows nothing of it")),
            None => Ok((confirmed, back)),
        }
    }
}

fn taken_on(biller: &Biller) -> NewBiller {
    NewBiller {
        id: biller.id.clone(),
        name: biller.name.clone(),
        category: biller.merchant_category.clone(),
        address: biller.address.clone(),
        account: LinkedAccount {
            reference: biller.account.clone(),
            ifsc: biller.ifsc(),
            masked: biller.account.clone(),
            kind: "CURRENT".to_owned(),
            holder: biller.name.clone(),
            has_pin: false,
            pin_length: 6,
        },
    }
}

fn terms_of(biller: &Biller, parameters: Vec<(String, String)>, paise: u64) -> Terms {
    Terms {
        biller: biller.id.clone(),
        biller_name: biller.name.clone(),
        parameters,
        number: None,
        plan: None,
        customer_name: None,
        period: None,
        due_on: None,
        paise,
        rule: match biller.rule.as_str() {
            "exact_and_above" => AmountRule::ExactAndAbove,
            "exact_and_below" => AmountRule::ExactAndBelow,
            _ => AmountRule::Exact,
        },
    }
}
