//! Payments: begun by a bound phone, ended by what the switch says, asked for while it says nothing.

use crate::asking::{account_on_wire, linked, payer, use_transaction};
use crate::binding::customer_of;
use crate::party::Psp;
use crate::records::{DeviceId, Direction, Payment, PaymentState, Question, QuestionState, UsedTransaction};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use upi::address::Address;
use upi::codes::{self, Advice, Moved, Whereabouts};
use upi::complaints::{PaidTo, back_by};
use upi::ids::{CustomerReference, TransactionId};
use upi::limits::may_call;
use upi::mail::Desk;
use upi::messages::{Credential, Party, Response, Transaction};
use values::{Currency, Money, Operation, Records, Timestamp};

/// When the switch is asked how a payment stands that nobody said the end of: after it began. Then every so often.
const CHECKS: [Duration; 3] = [Duration::from_secs(90), Duration::from_secs(600), Duration::from_secs(3_600)];
const LATER_CHECKS: Duration = Duration::from_secs(7_200);
/// A status check names a payment of at most 90 days ago.
const CHECKED_FOR: Duration = Duration::from_secs(90 * 86_400);

/// How a payment began, as a link says it that was scanned or followed; typed by hand if nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Begun {
    /// `initiationMode`; 00 if absent.
    pub mode: Option<String>,
    /// `purpose`; 00 if absent.
    pub purpose: Option<String>,
    /// The merchant's reference (`refId`), 1 to 35 letters or digits.
    pub reference: Option<String>,
}

/// Ways in which a phone may begin: by hand, codes, links and tags, signed or not. Mandates and remittances begin elsewhere.
const MODES: [&str; 6] = ["00", "01", "02", "04", "05", "06"];

impl Begun {
    fn is_usable(&self) -> bool {
        let is_word = |text: &str, longest| {
            (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        self.mode.as_deref().is_none_or(|mode| MODES.contains(&mode))
            && self.purpose.as_deref().is_none_or(|purpose| is_word(purpose, 2))
            && self.reference.as_deref().is_none_or(|reference| is_word(reference, 35))
    }
}

/// Pays an address.
pub struct Pay {
    /// The provider.
    pub psp: Psp,
    /// The phone that pays.
    pub device: DeviceId,
    /// The transaction, made by the phone: the PIN is bound to it. The same one again is the same payment.
    pub transaction: String,
    /// The account; the first linked one if empty.
    pub reference: String,
    /// Who is paid.
    pub payee: String,
    /// The name that was shown.
    pub payee_name: Option<String>,
    /// The category that was told with it: by when late money is promised follows from it, nothing else.
    pub payee_category: Option<String>,
    /// How much, rupees.
    pub amount: Money,
    /// What the payer writes.
    pub note: Option<String>,
    /// How it began.
    pub begun: Begun,
    /// The PIN.
    pub pin: Credential,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl Operation for Pay {
    type Answer = Payment;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.pay";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Payment, Refusal> {
        let customer = customer_of(records, self.device)?;
        let key = (customer.mobile.clone(), self.transaction.clone(), Direction::Sent);
        if let Some(known) = records.find::<Payment>(&key) {
            return if self.is(&known) { Ok(known) } else { Err(Refusal::TransactionUsed) };
        }
        let account = linked(&customer, &self.reference)?.clone();
        let payee = Address::parse(&self.payee).map_err(|_| Refusal::AddressInvalid)?;
        let own = customer.addresses.first().cloned().ok_or(Refusal::AddressMissing)?;
        if crate::blocking::is_blocked(records, &customer.mobile, &self.payee) {
            return Err(Refusal::AddressBlocked);
        }
        if self.amount.is_zero() || self.amount.currency() != Currency::INR {
            return Err(Refusal::AmountInvalid);
        }
        if self.note.as_deref().is_some_and(|note| !is_note(note)) {
            return Err(Refusal::NoteInvalid);
        }
        if !self.begun.is_usable() {
            return Err(Refusal::LinkUnusable);
        }
        let mut desk = Desk::new(self.psp.identity_of(), records, now, self.entropy);
        let id = use_transaction(&mut desk, &self.psp, &customer, &self.transaction)?;
        let drawn = desk.draw();
        let sequence = u32::from_be_bytes(*drawn.first_chunk().expect("32 bytes hold 4"));
        let reference = CustomerReference::new(now, sequence);
        let mut transaction = Transaction::new(id, "PAY", now);
        transaction.note.clone_from(&self.note);
        transaction.reference = Some(reference.clone());
        let said = |text: &Option<String>| Some(text.clone().unwrap_or_else(|| "00".to_owned()));
        transaction.mode = said(&self.begun.mode);
        transaction.purpose = said(&self.begun.purpose);
        transaction.merchant_reference.clone_from(&self.begun.reference);
        let mut message = desk.message("ReqPay", transaction);
        let mut from = payer(&self.psp, &customer, self.device);
        from.account = account_on_wire(&account);
        from.amount = Some(self.amount);
        from.credentials = vec![self.pin.clone()];
        let mut to = Party::new(payee);
        to.amount = Some(self.amount);
        message.payer = Some(from);
        message.payees = vec![to];
        let which = (customer.mobile.as_str(), self.transaction.as_str(), Direction::Sent);
        let other = self.payee.to_ascii_lowercase();
        let category = self.payee_category.clone().filter(|category| is_category(category));
        let payment = Payment {
            other_name: self.payee_name.clone(),
            note: self.note.clone(),
            reference: reference.as_str().to_owned(),
            category,
            ..Payment::begins(which, (&own, &other), &account.reference, self.amount.minor(), now)
        };
        asked(&mut desk, &message.head.message, "ReqPay", &payment);
        desk.records.put(payment.clone());
        desk.wake_at(&payment.id, now.after(CHECKS[0]));
        desk.post(self.psp.switch(), &message);
        Ok(payment)
    }
}

impl Pay {
    /// Whether a payment of this name is this one.
    fn is(&self, known: &Payment) -> bool {
        known.other.eq_ignore_ascii_case(&self.payee)
            && known.paise == self.amount.minor()
            && known.note == self.note
            && (self.reference.is_empty() || known.account == self.reference)
    }
}

/// A note that messages may carry.
pub(crate) fn is_note(note: &str) -> bool {
    (1..=50).contains(&note.chars().count()) && !note.chars().any(char::is_control)
}

/// A merchant category is four digits.
fn is_category(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Remembers that the switch was asked about a payment.
pub(crate) fn asked<W: Records>(
    desk: &mut Desk<'_, W>,
    message: &upi::ids::MessageId,
    api: &str,
    payment: &Payment,
) {
    desk.records.put(Question {
        message: message.as_str().to_owned(),
        api: api.to_owned(),
        mobile: payment.mobile.clone(),
        about: payment.id.clone(),
        state: QuestionState::Waiting,
        at: desk.now,
    });
}

/// The payment that a customer sent, or asked for, under this name.
pub(crate) fn begun<W: Records>(records: &mut W, mobile: &str, id: &str) -> Option<Payment> {
    let key = |way| (mobile.to_owned(), id.to_owned(), way);
    records.find(&key(Direction::Sent)).or_else(|| records.find(&key(Direction::Received)))
}

/// The switch said how a payment stands.
pub(crate) fn told<W: Records>(desk: &mut Desk<'_, W>, mut payment: Payment, response: &Response) {
    let code = response.code.clone().unwrap_or_else(|| "00".to_owned());
    let state = match (response.result.as_str(), code.as_str()) {
        ("SUCCESS", _) => PaymentState::Success,
        ("DEEMED", _) => PaymentState::Deemed,
        // On its way, or the debit is still to be taken back: that is not an end.
        (_, "01" | "RR") => PaymentState::Pending,
        _ => PaymentState::Failed,
    };
    let is_end = matches!(payment.state, PaymentState::Success | PaymentState::Failed);
    if is_end && payment.state != state {
        return desk.records.note("psp.payment_contradicted", &payment.id, &code);
    }
    let side = |name: &str| response.settled.iter().find(|settled| settled.side == name);
    let of = |name: &str| side(name).and_then(|settled| settled.code.clone());
    let cause = of("PAYER").into_iter().chain(of("PAYEE")).find(|found| *found != code && found != "00");
    match state {
        PaymentState::Pending => {}
        // The back office comes to it when a cycle ends, and what it says may be lost on its way here.
        PaymentState::Deemed => desk.wake_at(&payment.id, desk.now.after(LATER_CHECKS)),
        PaymentState::Success | PaymentState::Failed => desk.let_sleep(&payment.id),
    }
    let began_to_fail = state == PaymentState::Failed && payment.state != PaymentState::Failed;
    payment.state = state;
    payment.code = code;
    payment.cause = cause;
    payment.changed_at = desk.now;
    let category = side("PAYEE").and_then(|settled| settled.element.attribute("code"));
    payment.category = category.map(str::to_owned).or(payment.category);
    if began_to_fail {
        crate::refunds::failed(desk, &payment);
    }
    if matches!(payment.state, PaymentState::Success | PaymentState::Failed) {
        crate::purses::told(desk, &payment);
    }
    desk.records.put(payment.clone());
    crate::merchants::note(desk.records, &payment);
    crate::bills::ended(desk, &payment);
}

/// Nobody said how a payment ended: the switch is asked, as often as the network allows.
pub(crate) fn check<W: Records>(psp: &Psp, desk: &mut Desk<'_, W>, id: &str) {
    let Some(mobile) = desk.records.find::<UsedTransaction>(&id.to_owned()).map(|used| used.mobile) else {
        return;
    };
    let Some(mut payment) = begun(desk.records, &mobile, id) else { return };
    let is_open = matches!(payment.state, PaymentState::Pending | PaymentState::Deemed);
    if !is_open || desk.now.since(payment.at) >= CHECKED_FOR {
        return;
    }
    let next = match CHECKS.get(payment.checks.len() + 1) {
        Some(wait) => payment.at.after(*wait).max(desk.now.after(CHECKS[0])),
        None => desk.now.after(LATER_CHECKS),
    };
    desk.wake_at(id, next);
    payment.checks.retain(|at| desk.now.since(*at) < LATER_CHECKS);
    if !may_call("status_check", &payment.checks, payment.at, desk.now) {
        return;
    }
    let Some(original) = TransactionId::parse(id) else { return };
    let mut transaction = Transaction::new(desk.new_transaction(), "ChkTxn", desk.now);
    transaction.original = Some(original);
    transaction.original_at = Some(payment.at);
    let message = desk.message("ReqChkTxn", transaction);
    asked(desk, &message.head.message, "ReqChkTxn", &payment);
    desk.post(psp.switch(), &message);
    payment.checks.push(desk.now);
    desk.records.put(payment);
}

impl Payment {
    /// What the person is told.
    pub fn advice(&self) -> Advice {
        let outcome = codes::classify(&self.code, self.cause.as_deref());
        match self.state {
            PaymentState::Success => Advice::Done,
            PaymentState::Pending | PaymentState::Deemed => Advice::BeingChecked,
            // The switch says that it is over, so whatever was debited is on its way back.
            PaymentState::Failed if outcome.moved == Moved::No => outcome.advice,
            PaymentState::Failed => Advice::ComesBack,
        }
    }

    /// Where the money is, and the moment by which it is where it belongs, while nobody knows how the payment ended. Who is paid
    /// counts as a merchant until somebody said otherwise: that is the later moment.
    pub fn pending(&self) -> Option<(Whereabouts, Timestamp)> {
        let is_open = matches!(self.state, PaymentState::Pending | PaymentState::Deemed);
        let paid_to = self.category.as_deref().map_or(PaidTo::Merchant, PaidTo::of_category);
        is_open.then(|| (Whereabouts::of(&self.code), back_by(self.at, paid_to)))
    }

    /// The amount.
    pub fn amount(&self) -> Money {
        Money::new(self.paise, Currency::INR).unwrap_or(Money::zero(Currency::INR))
    }
}
