//! Bills and recharges: what a biller says is due is kept for a while, paid once to the biller's address, told to the biller, and
//! given back if the biller does not take it.
//!
//! A biller is a customer of the provider without a phone: an address, an account, a merchant's name. Its own system is asked and
//! told over a wire of its own, by whoever runs this room; what must be told is left in the outbox of the commit in which the
//! payment ended.

use crate::binding::customer_of;
use crate::defences::Defence;
use crate::party::Psp;
use crate::payments::{Begun, Pay};
use crate::records::{
    Customer, DeviceId, Direction, LinkedAccount, Merchant, OwnAddress, Payment, PaymentState,
    UsedTransaction,
};
use crate::refunds::Refund;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use upi::complaints::{PaidTo, back_by};
use upi::mail::Desk;
use upi::messages::Credential;
use values::{Currency, Id, Money, Operation, Outbound, Record, Records, Timestamp};

/// Messages to billers, for whoever delivers them; the key is the transaction.
pub const TOPIC: &str = "psp.biller";
/// How long what a biller said is due can be paid without asking again.
const GOOD_FOR: Duration = Duration::from_secs(30 * 60);
/// When a refund is tried again that came to nothing, or that the payment has not come for.
const REFUND_AGAIN: Duration = Duration::from_secs(60);
/// `purpose` of payments to billers.
const PURPOSE: &str = "10";

/// What may be paid on a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmountRule {
    /// What is due, to the paisa.
    Exact,
    /// That or more.
    ExactAndAbove,
    /// That or less.
    ExactAndBelow,
}

impl AmountRule {
    /// Whether so much may be paid where so much is due.
    pub fn allows(self, paid: u64, due: u64) -> bool {
        match self {
            AmountRule::Exact => paid == due,
            AmountRule::ExactAndAbove => paid >= due,
            AmountRule::ExactAndBelow => (1..=due).contains(&paid),
        }
    }
}

/// What is to be paid, as the biller said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The biller, by its name in the directory.
    pub biller: String,
    /// The biller's name for people.
    pub biller_name: String,
    /// By what the biller knows its customer: names and values.
    pub parameters: Vec<(String, String)>,
    /// The bill's number; none of a recharge.
    pub number: Option<String>,
    /// The plan of a recharge.
    pub plan: Option<String>,
    /// The biller's customer.
    pub customer_name: Option<String>,
    /// The month it is for, `2026-11`.
    pub period: Option<String>,
    /// The last day on which it is not late, `2026-11-20`.
    pub due_on: Option<String>,
    /// Paise that are due.
    pub paise: u64,
    /// What may be paid.
    pub rule: AmountRule,
}

/// A bill or a recharge that a customer looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// Its name here.
    pub id: String,
    /// The customer, 12 digits.
    pub mobile: String,
    /// What is to be paid.
    pub terms: Terms,
    /// The address that is paid.
    pub payee: String,
    /// When the biller said so.
    pub at: Timestamp,
}

impl Record for Bill {
    type Key = String;
    const TABLE: &'static str = "psp_bills";
    fn key(&self) -> String {
        self.id.clone()
    }
}

/// How far the payment of a bill is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillState {
    /// The money is on its way, or nobody knows yet.
    Paying,
    /// It was not paid.
    NotPaid,
    /// The biller has the money and is told for what.
    Telling,
    /// The biller took it for the bill.
    Confirmed,
    /// The biller did not, and the money goes back.
    Refunding,
    /// It is back.
    Refunded,
}

/// A bill that was paid, or was to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillPayment {
    /// The customer, 12 digits.
    pub mobile: String,
    /// The payment, by its transaction.
    pub transaction: String,
    /// The bill.
    pub bill: String,
    /// What was to be paid.
    pub terms: Terms,
    /// Paise that were paid.
    pub paise: u64,
    /// How far it is.
    pub state: BillState,
    /// The biller's receipt.
    pub receipt: Option<String>,
    /// Why the biller did not take it: a code.
    pub reason: Option<String>,
    /// The transaction by which the money goes back.
    pub refund: Option<String>,
    /// When it was ordered.
    pub at: Timestamp,
    /// When that was last heard of.
    pub changed_at: Timestamp,
}

impl Record for BillPayment {
    type Key = (String, String);
    const TABLE: &'static str = "psp_bill_payments";
    fn key(&self) -> Self::Key {
        (self.mobile.clone(), self.transaction.clone())
    }
}

/// A bill of a biller that is paid or being paid, so that nobody pays it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillClaim {
    /// The biller.
    pub biller: String,
    /// The bill's number; of a recharge the name of the bill here.
    pub number: String,
    /// By which transaction.
    pub transaction: String,
}

impl Record for BillClaim {
    type Key = (String, String);
    const TABLE: &'static str = "psp_bill_claims";
    fn key(&self) -> Self::Key {
        (self.biller.clone(), self.number.clone())
    }
}

/// What a biller is told: it has this money for this bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The customer, 12 digits; the provider's own affair.
    pub mobile: String,
    /// The payment, by its transaction.
    pub transaction: String,
    /// What a customer quotes.
    pub reference: String,
    /// What was to be paid.
    pub terms: Terms,
    /// Paise that were paid.
    pub paise: u64,
}

/// A biller as the provider takes it on.
#[derive(Clone, Debug)]
pub struct NewBiller {
    /// Its name in the directory.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Merchant category, four digits.
    pub category: String,
    /// Its address, of this provider.
    pub address: String,
    /// Its account at its bank.
    pub account: LinkedAccount,
}

/// Takes billers on as merchants.
pub struct Onboard {
    /// Which.
    pub billers: Vec<NewBiller>,
}

impl Operation for Onboard {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "psp.onboard";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Refusal> {
        for biller in &self.billers {
            let mobile = customer_name(&biller.id);
            if records.find::<OwnAddress>(&biller.address).is_some_and(|known| known.mobile != mobile) {
                return Err(Refusal::AddressTaken);
            }
            let at = records.find::<Customer>(&mobile).map_or(now, |known| known.at);
            let reference = biller.account.reference.clone();
            let address = biller.address.clone();
            records.put(OwnAddress { address, mobile: mobile.clone(), reference, removed_at: None, at });
            records.put(Customer {
                mobile,
                // No phone acts for it.
                device: Id::from_u128(0),
                accounts: vec![biller.account.clone()],
                addresses: vec![biller.address.clone()],
                listed: Vec::new(),
                merchant: Some(Merchant { name: biller.name.clone(), category: biller.category.clone() }),
                balances: Vec::new(),
                passwords: Vec::new(),
                at,
            });
        }
        Ok(())
    }
}

/// Under what a biller stands among the provider's customers: no mobile number looks like it.
fn customer_name(biller: &str) -> String {
    format!("biller {biller}")
}

/// Keeps what a biller said is due, for a customer who looks at it.
pub struct KeepBill {
    /// The customer's phone.
    pub device: DeviceId,
    /// A fresh name.
    pub id: String,
    /// What is to be paid.
    pub terms: Terms,
}

impl Operation for KeepBill {
    type Answer = Bill;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.keep_bill";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Bill, Refusal> {
        let mobile = customer_of(records, self.device)?.mobile;
        let biller = records.find::<Customer>(&customer_name(&self.terms.biller));
        let payee = biller.and_then(|biller| biller.addresses.first().cloned()).ok_or(Refusal::NotFound)?;
        let bill = Bill { id: self.id.clone(), mobile, terms: self.terms.clone(), payee, at: now };
        if claim_of(records, &bill).is_some() {
            return Err(Refusal::BillPaid);
        }
        records.put(bill.clone());
        Ok(bill)
    }
}

fn claim_key(bill: &str, terms: &Terms) -> (String, String) {
    (terms.biller.clone(), terms.number.clone().unwrap_or_else(|| bill.to_owned()))
}

fn claim_of<W: Records>(records: &mut W, bill: &Bill) -> Option<BillClaim> {
    records.find::<BillClaim>(&claim_key(&bill.id, &bill.terms))
}

/// Pays a bill. The same order again is the same payment; another order for the same bill is refused.
pub struct PayBill {
    /// The provider.
    pub psp: Psp,
    /// The customer's phone.
    pub device: DeviceId,
    /// The bill.
    pub bill: String,
    /// The transaction, made by the phone: the PIN is bound to it.
    pub transaction: String,
    /// The account; the first linked one if empty.
    pub reference: String,
    /// How much, rupees.
    pub amount: Money,
    /// The PIN.
    pub pin: Credential,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl Operation for PayBill {
    type Answer = Payment;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.pay_bill";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Payment, Refusal> {
        let mobile = customer_of(records, self.device)?.mobile;
        let key = (mobile.clone(), self.transaction.clone());
        if let Some(known) = records.find::<BillPayment>(&key) {
            let same = known.bill == self.bill && known.paise == self.amount.minor();
            let payment = records.find::<Payment>(&(key.0, key.1, Direction::Sent));
            return payment.filter(|_| same).ok_or(Refusal::TransactionUsed);
        }
        let bill = self.payable(records, &mobile, now)?;
        let merchant = records.find::<Customer>(&customer_name(&bill.terms.biller));
        let merchant = merchant.and_then(|biller| biller.merchant);
        let begun = Begun { purpose: Some(PURPOSE.to_owned()), ..Begun::default() };
        let payment = Pay {
            psp: self.psp.clone(),
            device: self.device,
            transaction: self.transaction.clone(),
            reference: self.reference.clone(),
            payee: bill.payee.clone(),
            payee_name: Some(bill.terms.biller_name.clone()),
            payee_category: merchant.map(|merchant| merchant.category),
            amount: self.amount,
            note: Some(note_of(&bill.terms)),
            begun,
            pin: self.pin.clone(),
            entropy: self.entropy,
        }
        .apply(records, now)?;
        let (biller, number) = claim_key(&bill.id, &bill.terms);
        records.put(BillClaim { biller, number, transaction: self.transaction.clone() });
        records.put(BillPayment {
            mobile,
            transaction: self.transaction.clone(),
            bill: bill.id,
            terms: bill.terms,
            paise: self.amount.minor(),
            state: BillState::Paying,
            receipt: None,
            reason: None,
            refund: None,
            at: now,
            changed_at: now,
        });
        Ok(payment)
    }
}

impl PayBill {
    /// The bill, if this customer may pay it now, and so much.
    fn payable<W: Records>(&self, records: &mut W, mobile: &str, now: Timestamp) -> Result<Bill, Refusal> {
        let stands = |defence| self.psp.stands(defence);
        let bill = records.find::<Bill>(&self.bill);
        let bill = bill.filter(|bill| bill.mobile == mobile || !stands(Defence::BillOwner));
        let bill = bill.ok_or(Refusal::NotFound)?;
        if claim_of(records, &bill).is_some() && stands(Defence::BillOnce) {
            return Err(Refusal::BillPaid);
        }
        if now.since(bill.at) >= GOOD_FOR && stands(Defence::BillLife) {
            return Err(Refusal::BillOver);
        }
        let is_allowed = bill.terms.rule.allows(self.amount.minor(), bill.terms.paise);
        if self.amount.currency() != Currency::INR || (!is_allowed && stands(Defence::BillAmount)) {
            return Err(Refusal::AmountInvalid);
        }
        Ok(bill)
    }
}

/// What the payment says it is for.
fn note_of(terms: &Terms) -> String {
    match (&terms.number, terms.parameters.first()) {
        (Some(number), _) => format!("Bill {number}"),
        (None, Some((_, value))) => format!("Recharge {value}"),
        (None, None) => "Recharge".to_owned(),
    }
    .chars()
    .take(50)
    .collect()
}

/// A payment ended, or a refund: what it means for the bill behind it.
pub(crate) fn ended<W: Records>(desk: &mut Desk<'_, W>, payment: &Payment) {
    if let Some(original) = &payment.original {
        return refund_ended(desk, original, payment);
    }
    let key = (payment.mobile.clone(), payment.id.clone());
    let bill = desk.records.find::<BillPayment>(&key).filter(|bill| bill.state == BillState::Paying);
    let Some(bill) = bill else { return };
    let state = match payment.state {
        PaymentState::Success => BillState::Telling,
        PaymentState::Failed => BillState::NotPaid,
        PaymentState::Pending | PaymentState::Deemed => return,
    };
    if state == BillState::Telling {
        let told = Told {
            mobile: bill.mobile.clone(),
            transaction: bill.transaction.clone(),
            reference: payment.reference.clone(),
            terms: bill.terms.clone(),
            paise: bill.paise,
        };
        let body = serde_json::to_vec(&told).expect("texts and numbers are JSON");
        let (topic, key) = (TOPIC.to_owned(), bill.transaction.clone());
        desk.records.send(Outbound { topic, key, due: desk.now, body });
        // Who was paid and says nothing by then has the money claimed back.
        desk.wake_at(&alarm_of(&bill), back_by(payment.at, PaidTo::Merchant));
    } else {
        desk.records.remove::<BillClaim>(&claim_key(&bill.bill, &bill.terms));
    }
    desk.records.put(BillPayment { state, changed_at: desk.now, ..bill });
}

fn refund_ended<W: Records>(desk: &mut Desk<'_, W>, original: &str, refund: &Payment) {
    let Some(mobile) = desk.records.find::<UsedTransaction>(&original.to_owned()).map(|used| used.mobile)
    else {
        return;
    };
    let Some(bill) = desk.records.find::<BillPayment>(&(mobile, original.to_owned())) else { return };
    if bill.state != BillState::Refunding || bill.refund.as_ref() != Some(&refund.id) {
        return;
    }
    let changed_at = desk.now;
    match refund.state {
        PaymentState::Success => {
            desk.records.put(BillPayment { state: BillState::Refunded, changed_at, ..bill });
        }
        PaymentState::Failed => {
            desk.wake_at(&alarm_of(&bill), desk.now.after(REFUND_AGAIN));
            desk.records.put(BillPayment { refund: None, changed_at, ..bill });
        }
        PaymentState::Pending | PaymentState::Deemed => {}
    }
}

fn alarm_of(bill: &BillPayment) -> String {
    format!("bill {} {}", bill.mobile, bill.transaction)
}

/// What a biller answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It took the money for the bill; its receipt.
    Confirmed(String),
    /// It did not; why, as a code.
    Refused(String),
}

/// A biller said what became of a payment.
pub struct BillerSaid {
    /// The provider.
    pub psp: Psp,
    /// The customer, 12 digits.
    pub mobile: String,
    /// The payment, by its transaction.
    pub transaction: String,
    /// What.
    pub said: Said,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl Operation for BillerSaid {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "psp.biller_said";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Refusal> {
        let key = (self.mobile.clone(), self.transaction.clone());
        let bill = records.find::<BillPayment>(&key).ok_or(Refusal::NotFound)?;
        // Said again it is the same; what was decided once stays.
        if bill.state != BillState::Telling {
            return Ok(());
        }
        match &self.said {
            Said::Confirmed(receipt) => {
                let receipt = Some(receipt.clone());
                records.put(BillPayment { state: BillState::Confirmed, receipt, changed_at: now, ..bill });
            }
            Said::Refused(reason) => {
                records.remove::<BillClaim>(&claim_key(&bill.bill, &bill.terms));
                let (alarm, reason) = (alarm_of(&bill), Some(reason.clone()));
                records.put(BillPayment { state: BillState::Refunding, reason, changed_at: now, ..bill });
                let mut desk = Desk::new(self.psp.identity_of(), records, now, self.entropy);
                woken(&self.psp, &mut desk, &alarm);
            }
        }
        Ok(())
    }
}

/// A biller was paid. If it has refused the bill already, because word of that was quicker, the money goes back now.
pub(crate) fn came<W: Records>(psp: &Psp, desk: &mut Desk<'_, W>, transaction: &str) {
    let used = desk.records.find::<UsedTransaction>(&transaction.to_owned());
    let bill = used.and_then(|used| desk.records.find::<BillPayment>(&(used.mobile, used.id)));
    if let Some(bill) = bill {
        woken(psp, desk, &alarm_of(&bill));
    }
}

/// A dispute brought the money of a bill back: nothing more is given back, and the bill may be paid again.
pub(crate) fn paid_back<W: Records>(desk: &mut Desk<'_, W>, mobile: &str, transaction: &str) {
    let bill = desk.records.find::<BillPayment>(&(mobile.to_owned(), transaction.to_owned()));
    let Some(bill) = bill.filter(|bill| bill.state != BillState::Refunded) else { return };
    desk.let_sleep(&alarm_of(&bill));
    desk.records.remove::<BillClaim>(&claim_key(&bill.bill, &bill.terms));
    desk.records.put(BillPayment { state: BillState::Refunded, changed_at: desk.now, ..bill });
}

/// Claims back what a biller never answered for. Gives back what a biller did not take, once the biller has it to give; false if this alarm is about something else.
pub(crate) fn woken<W: Records>(psp: &Psp, desk: &mut Desk<'_, W>, what: &str) -> bool {
    let Some((mobile, transaction)) = what.strip_prefix("bill ").and_then(|rest| rest.split_once(' ')) else {
        return false;
    };
    let bill = desk.records.find::<BillPayment>(&(mobile.to_owned(), transaction.to_owned()));
    if bill.as_ref().is_some_and(|bill| bill.state == BillState::Telling) {
        crate::disputes::not_told(psp, desk, mobile, transaction);
        return true;
    }
    let bill = bill.filter(|bill| bill.state == BillState::Refunding && bill.refund.is_none());
    let Some(bill) = bill else { return true };
    let biller = desk.records.find::<Customer>(&customer_name(&bill.terms.biller));
    let refund = Refund {
        psp: psp.clone(),
        device: Id::from_u128(0),
        original: bill.transaction.clone(),
        amount: None,
        note: Some("Bill not taken".to_owned()),
        transaction: desk.new_transaction().as_str().to_owned(),
        entropy: desk.draw(),
    };
    let now = desk.now;
    let begun = biller.map(|biller| refund.give_back(desk.records, now, &biller));
    match begun {
        Some(Ok(payment)) => {
            desk.records.put(BillPayment { refund: Some(payment.id), changed_at: now, ..bill });
        }
        // That the biller was paid may be told later than that the payer has paid.
        _ => desk.wake_at(&alarm_of(&bill), now.after(REFUND_AGAIN)),
    }
    true
}
