//! Money that is asked for: a merchant asks, the payer's provider shows it, the payer approves with the PIN or declines. People
//! do not ask people: that was ended by the network's circular in force 2025-10-01.

use crate::asking::{account_on_wire, linked, payer};
use crate::binding::customer_of;
use crate::mandates::records::{Mandate, MandateNumber, MandateSide};
use crate::party::Psp;
use crate::payments::{asked, is_note};
use crate::records::{
    CollectRequest, CollectState, Customer, DeviceId, Direction, Merchant, Payment, PaymentState,
    UnderMandate, UsedTransaction,
};
use crate::refusal::Refusal;
use std::time::Duration;
use upi::address::Address;
use upi::ids::{CustomerReference, MessageId, TransactionId};
use upi::mail::{Desk, response};
use upi::messages::{Credential, Message, Party, PartyKind, Transaction};
use values::{Currency, MerchantCategory, Money, Operation, Records, Timestamp};

/// The longest time that a request may wait for its payer, minutes.
const LONGEST_MINUTES: u32 = 64_800;

/// The holder of a current account takes payments as a merchant.
pub struct BecomeMerchant {
    /// The phone that asks.
    pub device: DeviceId,
    /// The name that payers see.
    pub name: String,
    /// Merchant category.
    pub category: MerchantCategory,
}

impl Operation for BecomeMerchant {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "psp.become_merchant";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), Refusal> {
        let customer = customer_of(records, self.device)?;
        let account = linked(&customer, "")?;
        let is_name = (1..=40).contains(&self.name.chars().count())
            && !self.name.chars().any(|letter| letter.is_control());
        if account.kind != "CURRENT" || !is_name || u16::from(self.category) == 0 {
            return Err(Refusal::NotAMerchant);
        }
        let merchant = Some(Merchant { name: self.name.clone(), category: self.category.to_string() });
        records.put(Customer { merchant, ..customer });
        Ok(())
    }
}

/// A merchant asks for money.
pub struct Collect {
    /// The provider.
    pub psp: Psp,
    /// The merchant's phone.
    pub device: DeviceId,
    /// Who is asked.
    pub payer: String,
    /// How much, rupees.
    pub amount: Money,
    /// What for.
    pub note: Option<String>,
    /// How long the payer may wait, minutes.
    pub minutes: u32,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl Operation for Collect {
    type Answer = Payment;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.collect";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Payment, Refusal> {
        let customer = customer_of(records, self.device)?;
        self.ask(records, now, &customer)
    }
}

impl Collect {
    /// The same for a customer who is known already.
    pub(crate) fn ask<W: Records>(
        &self,
        records: &mut W,
        now: Timestamp,
        customer: &Customer,
    ) -> Result<Payment, Refusal> {
        let merchant = customer.merchant.clone().ok_or(Refusal::NotAMerchant)?;
        let account = linked(customer, "")?.clone();
        let from = Address::parse(&self.payer).map_err(|_| Refusal::AddressInvalid)?;
        let own = customer.addresses.first().cloned().ok_or(Refusal::AddressMissing)?;
        if self.amount.is_zero() || self.amount.currency() != Currency::INR {
            return Err(Refusal::AmountInvalid);
        }
        if self.note.as_deref().is_some_and(|note| !is_note(note)) {
            return Err(Refusal::NoteInvalid);
        }
        if !(1..=LONGEST_MINUTES).contains(&self.minutes) {
            return Err(Refusal::TimeInvalid);
        }
        let mut desk = Desk::new(self.psp.identity_of(), records, now, self.entropy);
        let id = desk.new_transaction();
        let drawn = desk.draw();
        let sequence = u32::from_be_bytes(*drawn.first_chunk().expect("32 bytes hold 4"));
        let reference = CustomerReference::new(now, sequence);
        let mut transaction = Transaction::new(id.clone(), "COLLECT", now);
        transaction.note.clone_from(&self.note);
        transaction.reference = Some(reference.clone());
        transaction.mode = Some("00".to_owned());
        transaction.purpose = Some("00".to_owned());
        transaction.expires_after_minutes = Some(self.minutes);
        let mut message = desk.message("ReqPay", transaction);
        let mut payee = payer(&self.psp, customer, self.device);
        payee.name = Some(merchant.name);
        payee.kind = Some(PartyKind::Entity);
        payee.category = Some(merchant.category);
        payee.account = account_on_wire(&account);
        payee.amount = Some(self.amount);
        let mut party = Party::new(from);
        party.amount = Some(self.amount);
        message.payer = Some(party);
        message.payees = vec![payee];
        let which = (customer.mobile.as_str(), id.as_str(), Direction::Received);
        let other = self.payer.to_ascii_lowercase();
        let payment = Payment {
            note: self.note.clone(),
            reference: reference.as_str().to_owned(),
            ..Payment::begins(which, (&own, &other), &account.reference, self.amount.minor(), now)
        };
        let used = UsedTransaction { id: payment.id.clone(), mobile: customer.mobile.clone(), at: now };
        desk.records.put(used);
        asked(&mut desk, &message.head.message, "ReqPay", &payment);
        desk.records.put(payment.clone());
        crate::merchants::note(desk.records, &payment);
        // Nobody is asked how it stands while the payer may still wait.
        desk.wake_at(&payment.id, now.after(Duration::from_secs(60 * u64::from(self.minutes) + 90)));
        desk.post(self.psp.switch(), &message);
        Ok(payment)
    }
}

/// The switch asks whether a customer of this provider pays what a merchant asks for.
pub(crate) fn came<W: Records>(
    desk: &mut Desk<'_, W>,
    customer: &Customer,
    message: &Message,
    mandate: Option<UnderMandate>,
) -> Result<(), &'static str> {
    let payee = message.payees.first().ok_or("U07")?;
    let amount = payee.amount.ok_or("U07")?;
    let minutes = message.transaction.expires_after_minutes.ok_or("U07")?;
    let began = message.transaction.at.unwrap_or(desk.now);
    let reference = message.transaction.reference.as_ref();
    desk.records.put(CollectRequest {
        mobile: customer.mobile.clone(),
        id: message.transaction.id.as_str().to_owned(),
        message: message.head.message.as_str().to_owned(),
        own: message.payer.as_ref().map(|payer| payer.address.to_lower()).unwrap_or_default(),
        payee: payee.address.to_lower(),
        payee_name: payee.name.clone().unwrap_or_default(),
        category: payee.category.clone().unwrap_or_default(),
        paise: amount.minor(),
        note: message.transaction.note.clone(),
        reference: reference.map(|text| text.as_str().to_owned()).unwrap_or_default(),
        state: CollectState::Open,
        mandate,
        expires_at: began.after(Duration::from_secs(60 * u64::from(minutes))),
        at: desk.now,
    });
    Ok(())
}

/// The payer approves with the PIN, or declines.
pub struct Decide {
    /// The provider.
    pub psp: Psp,
    /// The payer's phone.
    pub device: DeviceId,
    /// The request, by its transaction.
    pub id: String,
    /// The account that pays, and the PIN sealed to its bank; nothing to decline.
    pub approval: Option<(String, Credential)>,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl Operation for Decide {
    /// The payment, if it was approved.
    type Answer = Option<Payment>;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.decide";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Option<Payment>, Refusal> {
        let customer = customer_of(records, self.device)?;
        let key = (customer.mobile.clone(), self.id.clone());
        let request = records.find::<CollectRequest>(&key).ok_or(Refusal::NotFound)?;
        let wanted = if self.approval.is_some() { CollectState::Approved } else { CollectState::Declined };
        if request.state == wanted {
            let key = (customer.mobile, self.id.clone(), Direction::Sent);
            return Ok(records.find::<Payment>(&key));
        }
        // Too late is too late, even if the notice of it is still on its way.
        if request.state != CollectState::Open || now >= request.expires_at {
            return Err(Refusal::RequestOver);
        }
        let mut desk = Desk::new(self.psp.identity_of(), records, now, self.entropy);
        let mut message = self.answer(&mut desk, &customer, &request)?;
        let mut payment = None;
        if let (Some((reference, pin)), Some(party)) = (&self.approval, &mut message.payer) {
            // A mandate debits the account that it was approved for.
            let reference = request.mandate.as_ref().map_or(reference, |mandate| &mandate.account);
            let account = linked(&customer, reference)?;
            party.account = account_on_wire(account);
            party.credentials = vec![pin.clone()];
            party.credentials.extend(standing(desk.records, &request));
            payment = Some(approved(&request, &account.reference, now));
        }
        desk.post(self.psp.switch(), &message);
        payment.iter().for_each(|payment| desk.records.put(payment.clone()));
        desk.records.put(CollectRequest { state: wanted, ..request });
        Ok(payment)
    }
}

impl Decide {
    fn answer<W: Records>(
        &self,
        desk: &mut Desk<'_, W>,
        customer: &Customer,
        request: &CollectRequest,
    ) -> Result<Message, Refusal> {
        let invalid = Refusal::NotFound;
        let id = TransactionId::parse(&request.id).ok_or(invalid)?;
        let to = MessageId::parse(&request.message).ok_or(invalid)?;
        let mut transaction = Transaction::new(id, "COLLECT", request.at);
        transaction.note.clone_from(&request.note);
        transaction.reference = CustomerReference::parse(&request.reference);
        if let Some(mandate) = &request.mandate {
            transaction.mode = Some("11".to_owned());
            transaction.mandate = Some(mandate.number.clone());
        }
        let mut message = desk.message("RespAuthDetails", transaction);
        let outcome = if self.approval.is_some() { Ok(()) } else { Err("ZA") };
        message.response = Some(response(&to, outcome));
        let amount = Money::new(request.paise, Currency::INR).map_err(|_| Refusal::AmountInvalid)?;
        let mut party = payer(&self.psp, customer, self.device);
        party.address = Address::parse(&request.own).map_err(|_| Refusal::AddressInvalid)?;
        party.amount = Some(amount);
        let mut payee = Party::new(Address::parse(&request.payee).map_err(|_| Refusal::AddressInvalid)?);
        payee.name = Some(request.payee_name.clone());
        payee.kind = Some(PartyKind::Entity);
        payee.category = Some(request.category.clone());
        payee.amount = Some(amount);
        message.payer = Some(party);
        message.payees = vec![payee];
        Ok(message)
    }
}

/// What the bank gave for the mandate that a request is under.
fn standing<W: Records>(records: &mut W, request: &CollectRequest) -> Option<Credential> {
    let under = request.mandate.as_ref()?;
    let named = records.find::<MandateNumber>(&(under.number.clone(), MandateSide::Payer))?;
    let mandate = records.find::<Mandate>(&(named.id, MandateSide::Payer))?;
    mandate.standing.as_deref().map(Credential::standing)
}

fn approved(request: &CollectRequest, account: &str, now: Timestamp) -> Payment {
    let which = (request.mobile.as_str(), request.id.as_str(), Direction::Sent);
    Payment {
        other_name: Some(request.payee_name.clone()),
        note: request.note.clone(),
        reference: request.reference.clone(),
        category: Some(request.category.clone()),
        ..Payment::begins(which, (&request.own, &request.payee), account, request.paise, now)
    }
}

/// The switch says how a payment ended that a merchant asked for: to the payer's side.
pub(crate) fn ended<W: Records>(
    desk: &mut Desk<'_, W>,
    mobile: &str,
    id: &str,
    state: PaymentState,
    code: &str,
) {
    if let Some(request) = desk.records.find::<CollectRequest>(&(mobile.to_owned(), id.to_owned()))
        && request.state == CollectState::Open
    {
        desk.records.put(CollectRequest { state: CollectState::Expired, ..request });
    }
    let sent = desk.records.find::<Payment>(&(mobile.to_owned(), id.to_owned(), Direction::Sent));
    if let Some(payment) = sent.filter(|payment| payment.state != PaymentState::Success) {
        let changed_at = desk.now;
        desk.records.put(Payment { state, code: code.to_owned(), changed_at, ..payment });
    }
    crate::mandates::ended(desk, id, state, code);
}
