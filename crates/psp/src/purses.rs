//! Purses: a small balance on a customer's phone, whose money lies at the bank. The provider carries what the phone says; what is in
//! the purse is the bank's to know.

use crate::asking::{account_on_wire, linked, payer, use_transaction};
use crate::binding::customer_of;
use crate::party::Psp;
use crate::payments::{Begun, asked, is_note};
use crate::records::{Customer, DeviceId, Direction, Payment, PaymentState, Question, QuestionState};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use upi::address::{AccountNumber, Address, Ifsc};
use upi::ids::CustomerReference;
use upi::mail::Desk;
use upi::messages::{Account, Credential, Party, Transaction};
use upi::purse::Purpose;
use values::{Currency, Money, Operation, Record, Records, Timestamp};

/// When the switch is asked how an order stands that nobody said the end of.
const FIRST_CHECK: Duration = Duration::from_secs(90);

/// A customer's purse: one at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purse {
    /// The customer, 12 digits.
    pub mobile: String,
    /// Its reference at the bank, 18 digits.
    pub purse: String,
    /// The branch.
    pub ifsc: String,
    /// The account that it is filled from, by reference.
    pub account: String,
    /// How it stands.
    pub state: PurseState,
    /// The order that opens or closes it, while nobody has said how that ended.
    pub pending: Option<String>,
    /// When it was ordered.
    pub at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
}

/// How a purse stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PurseState {
    /// It is being opened.
    Opening,
    /// It is spent from.
    Open,
    /// It was emptied into its account.
    Closed,
}

impl Record for Purse {
    type Key = String;
    const TABLE: &'static str = "psp_purses";
    fn key(&self) -> String {
        self.mobile.clone()
    }
}

impl Payment {
    /// Whether it left a purse: what it came from is then a purse's reference, 18 digits, and no account's.
    pub fn is_from_purse(&self) -> bool {
        let is_reference = self.account.len() == 18 && self.account.bytes().all(|byte| byte.is_ascii_digit());
        self.direction == Direction::Sent && is_reference
    }
}

/// What is done with a purse, also as a phone says it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Wish {
    /// Open one, with its first money: the PIN, and the purse's key, sealed.
    First {
        /// Its reference, made by the phone.
        purse: String,
        /// The account; the first linked one if empty.
        account: String,
        /// PIN and key.
        credentials: Vec<Credential>,
    },
    /// Put more into it, with the PIN.
    More {
        /// The PIN.
        pin: Credential,
    },
    /// Pay somebody from it.
    Spend {
        /// Who is paid.
        payee: String,
        /// The name that was shown.
        payee_name: Option<String>,
        /// The category that was told with it.
        payee_category: Option<String>,
        /// What the payer writes.
        note: Option<String>,
        /// How it began.
        begun: Begun,
        /// The phone's cryptogram.
        cryptogram: Credential,
    },
    /// Empty it into its account and close it: the phone's cryptogram, or the PIN where the phone's purse is lost.
    Close {
        /// Either.
        proof: Credential,
    },
}

/// Orders something of a purse.
pub struct OrderPurse {
    /// The provider.
    pub psp: Psp,
    /// The phone.
    pub device: DeviceId,
    /// The transaction, made by the phone: the same one again is the same order.
    pub transaction: String,
    /// How much.
    pub amount: Money,
    /// What.
    pub wish: Wish,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

/// The two sides of an order, as messages and the customer's list have them.
struct Sides {
    from: Account,
    from_name: String,
    to: Address,
    credentials: Vec<Credential>,
    purpose: Purpose,
    begun: Begun,
    note: Option<String>,
    payee_name: Option<String>,
    payee_category: Option<String>,
}

fn on_wire(ifsc: &str, number: &str) -> Result<Account, Refusal> {
    let parts = Ifsc::parse(ifsc).zip(AccountNumber::parse(number));
    let (ifsc, number) = parts.ok_or(Refusal::AccountUnknown)?;
    Ok(Account::Number { ifsc, number, kind: None })
}

fn account_address(number: &str, ifsc: &str) -> Result<Address, Refusal> {
    Address::parse(&format!("{number}@{ifsc}.ifsc.npci")).map_err(|_| Refusal::AddressInvalid)
}

impl Operation for OrderPurse {
    type Answer = Payment;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.order_purse";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Payment, Refusal> {
        let customer = customer_of(records, self.device)?;
        let key = (customer.mobile.clone(), self.transaction.clone(), Direction::Sent);
        if let Some(known) = records.find::<Payment>(&key) {
            let same = known.paise == self.amount.minor();
            return if same { Ok(known) } else { Err(Refusal::TransactionUsed) };
        }
        if self.amount.is_zero() || self.amount.currency() != Currency::INR {
            return Err(Refusal::AmountInvalid);
        }
        let known = records.find::<Purse>(&customer.mobile);
        let sides = self.sides(&customer, known.as_ref())?;
        let mut desk = Desk::new(self.psp.identity_of(), records, now, self.entropy);
        self.remember(&mut desk, &customer, known)?;
        self.send(&mut desk, &customer, sides)
    }
}

impl OrderPurse {
    fn sides(&self, customer: &Customer, known: Option<&Purse>) -> Result<Sides, Refusal> {
        let open = || known.filter(|purse| purse.state == PurseState::Open).ok_or(Refusal::NoPurse);
        let plain = |from, from_name: &str, to, credentials, purpose, note: &str| Sides {
            from,
            from_name: from_name.to_owned(),
            to,
            credentials,
            purpose,
            begun: Begun::default(),
            note: Some(note.to_owned()),
            payee_name: None,
            payee_category: None,
        };
        match &self.wish {
            Wish::First { purse, account, credentials } => {
                if known.is_some_and(|known| known.state != PurseState::Closed) {
                    return Err(Refusal::PurseOpen);
                }
                let account = linked(customer, account)?;
                let from = account_on_wire(account).ok_or(Refusal::AccountUnknown)?;
                let to = account_address(purse, &account.ifsc)?;
                Ok(plain(from, &account.reference, to, credentials.clone(), Purpose::First, "Purse opened"))
            }
            Wish::More { pin } => {
                let purse = open()?;
                let account = linked(customer, &purse.account)?;
                let from = account_on_wire(account).ok_or(Refusal::AccountUnknown)?;
                let to = account_address(&purse.purse, &purse.ifsc)?;
                Ok(plain(from, &account.reference, to, vec![pin.clone()], Purpose::More, "Purse filled"))
            }
            Wish::Spend { payee, payee_name, payee_category, note, begun, cryptogram } => {
                let purse = open()?;
                if note.as_deref().is_some_and(|note| !is_note(note)) {
                    return Err(Refusal::NoteInvalid);
                }
                Ok(Sides {
                    from: on_wire(&purse.ifsc, &purse.purse)?,
                    from_name: purse.purse.clone(),
                    to: Address::parse(payee).map_err(|_| Refusal::AddressInvalid)?,
                    credentials: vec![cryptogram.clone()],
                    purpose: Purpose::Spend,
                    begun: begun.clone(),
                    note: note.clone(),
                    payee_name: payee_name.clone(),
                    payee_category: payee_category.clone(),
                })
            }
            Wish::Close { proof } => {
                let purse = open()?;
                let from = on_wire(&purse.ifsc, &purse.purse)?;
                let to = account_address(&purse.account, &purse.ifsc)?;
                Ok(plain(from, &purse.purse, to, vec![proof.clone()], Purpose::Close, "Purse closed"))
            }
        }
    }

    /// What is kept of a purse that is opened or closed.
    fn remember<W: Records>(
        &self,
        desk: &mut Desk<'_, W>,
        customer: &Customer,
        known: Option<Purse>,
    ) -> Result<(), Refusal> {
        let (now, pending) = (desk.now, Some(self.transaction.clone()));
        let purse = match (&self.wish, known) {
            (Wish::First { purse, account, .. }, _) => {
                let account = linked(customer, account)?;
                Purse {
                    mobile: customer.mobile.clone(),
                    purse: purse.clone(),
                    ifsc: account.ifsc.clone(),
                    account: account.reference.clone(),
                    state: PurseState::Opening,
                    pending,
                    at: now,
                    changed_at: now,
                }
            }
            (Wish::Close { .. }, Some(known)) => Purse { pending, changed_at: now, ..known },
            _ => return Ok(()),
        };
        desk.records.put(purse);
        Ok(())
    }

    /// Leaves the message for the switch.
    fn send<W: Records>(
        &self,
        desk: &mut Desk<'_, W>,
        customer: &Customer,
        sides: Sides,
    ) -> Result<Payment, Refusal> {
        let now = desk.now;
        let own = customer.addresses.first().cloned().ok_or(Refusal::AddressMissing)?;
        let id = use_transaction(desk, &self.psp, customer, &self.transaction)?;
        let drawn = desk.draw();
        let sequence = u32::from_be_bytes(*drawn.first_chunk().expect("32 bytes hold 4"));
        let reference = CustomerReference::new(now, sequence);
        let mut transaction = Transaction::new(id, "PAY", now);
        transaction.note.clone_from(&sides.note);
        transaction.reference = Some(reference.clone());
        transaction.mode = Some(sides.begun.mode.clone().unwrap_or_else(|| "00".to_owned()));
        transaction.purpose = Some(sides.purpose.code().to_owned());
        transaction.merchant_reference.clone_from(&sides.begun.reference);
        let mut message = desk.message("ReqPay", transaction);
        let mut from = payer(&self.psp, customer, self.device);
        from.account = Some(sides.from);
        from.amount = Some(self.amount);
        from.credentials = sides.credentials;
        let other = sides.to.to_lower();
        let mut to = Party::new(sides.to);
        to.amount = Some(self.amount);
        message.payer = Some(from);
        message.payees = vec![to];
        let which = (customer.mobile.as_str(), self.transaction.as_str(), Direction::Sent);
        let payment = Payment {
            other_name: sides.payee_name,
            note: sides.note,
            reference: reference.as_str().to_owned(),
            category: sides.payee_category,
            ..Payment::begins(which, (&own, &other), &sides.from_name, self.amount.minor(), now)
        };
        asked(desk, &message.head.message, "ReqPay", &payment);
        desk.records.put(payment.clone());
        desk.wake_at(&payment.id, now.after(FIRST_CHECK));
        desk.post(self.psp.switch(), &message);
        Ok(payment)
    }
}

/// Somebody said how an order ended: a purse is open, or closed, from then on.
pub(crate) fn told<W: Records>(desk: &mut Desk<'_, W>, payment: &Payment) {
    let Some(purse) = desk.records.find::<Purse>(&payment.mobile) else { return };
    if purse.pending.as_deref() != Some(payment.id.as_str()) {
        return;
    }
    let state = match (payment.state, purse.state) {
        (PaymentState::Success, PurseState::Opening) => PurseState::Open,
        (PaymentState::Success, _) | (PaymentState::Failed, PurseState::Opening) => PurseState::Closed,
        (PaymentState::Failed, state) => state,
        (PaymentState::Pending | PaymentState::Deemed, _) => return,
    };
    desk.records.put(Purse { state, pending: None, changed_at: desk.now, ..purse });
}

/// Asks the bank what is in the purse, or closes an empty one: the phone shows its cryptogram.
pub struct AskPurse {
    /// The provider.
    pub psp: Psp,
    /// The phone.
    pub device: DeviceId,
    /// The transaction that the cryptogram is bound to.
    pub transaction: String,
    /// Whether it is to be closed.
    pub closes: bool,
    /// The phone's cryptogram.
    pub cryptogram: Credential,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl Operation for AskPurse {
    /// The name of the question.
    type Answer = String;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.ask_purse";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<String, Refusal> {
        let customer = customer_of(records, self.device)?;
        let purse = records.find::<Purse>(&customer.mobile);
        let purse = purse.filter(|purse| purse.state == PurseState::Open).ok_or(Refusal::NoPurse)?;
        let mut desk = Desk::new(self.psp.identity_of(), records, now, self.entropy);
        let id = use_transaction(&mut desk, &self.psp, &customer, &self.transaction)?;
        let mut transaction = Transaction::new(id, "BalEnq", now);
        transaction.purpose = self.closes.then(|| Purpose::CloseEmpty.code().to_owned());
        let mut message = desk.message("ReqBalEnq", transaction);
        let mut from = payer(&self.psp, &customer, self.device);
        from.account = Some(on_wire(&purse.ifsc, &purse.purse)?);
        from.credentials = vec![self.cryptogram.clone()];
        message.payer = Some(from);
        let name = message.head.message.as_str().to_owned();
        desk.records.put(Question {
            message: name.clone(),
            api: message.name.clone(),
            mobile: customer.mobile,
            about: self.transaction.clone(),
            state: QuestionState::Waiting,
            at: now,
        });
        if self.closes {
            let pending = Some(self.transaction.clone());
            desk.records.put(Purse { pending, changed_at: now, ..purse });
        }
        desk.post(self.psp.switch(), &message);
        Ok(name)
    }
}

/// The bank answered a question about a purse: one that was empty is closed.
pub(crate) fn answered<W: Records>(desk: &mut Desk<'_, W>, question: &Question) {
    if let Some(purse) = desk.records.find::<Purse>(&question.mobile)
        && purse.pending.as_ref() == Some(&question.about)
    {
        desk.records.put(Purse { state: PurseState::Closed, pending: None, changed_at: desk.now, ..purse });
    }
}
