//! A mandate begins: its payee asks for it and the payer approves with the PIN, or the payer makes it.

use super::records::{Mandate, MandateNumber, MandateSide};
use super::{party, put_question};
use crate::asking::{account_on_wire, linked, payer, use_transaction};
use crate::binding::customer_of;
use crate::party::Psp;
use crate::records::{Customer, DeviceId};
use crate::refusal::Refusal;
use std::time::Duration;
use upi::address::Address;
use upi::ids::{MandateNumber as Number, MessageId, TransactionId};
use upi::mail::{Desk, response};
use upi::mandate::{Day, State, Terms};
use upi::messages::{Credential, Message, PartyKind, Transaction};
use values::{Operation, Records, Timestamp};

/// A payer has so long to say, at most, minutes.
const LONGEST_MINUTES: u32 = 64_800;

/// What every message about a mandate says of its transaction: `type`, and who began it.
pub(super) fn transaction(id: TransactionId, kind: &str, side: MandateSide, now: Timestamp) -> Transaction {
    let mut transaction = Transaction::new(id, kind, now);
    transaction.mode = Some("00".to_owned());
    transaction.purpose = Some("14".to_owned());
    let initiator = if side == MandateSide::Payer { "PAYER" } else { "PAYEE" };
    transaction.initiated_by = Some(initiator.to_owned());
    transaction
}

impl Mandate {
    /// One that begins at `at` between a customer and somebody else.
    pub(super) fn begins(
        id: &str,
        (side, mobile): (MandateSide, &str),
        (own, other): (&str, &str),
        terms: &Terms,
        state: State,
        at: Timestamp,
    ) -> Mandate {
        Mandate {
            id: id.to_owned(),
            side,
            mobile: mobile.to_owned(),
            number: None,
            own: own.to_owned(),
            other: other.to_owned(),
            other_name: None,
            account: String::new(),
            terms: terms.clone(),
            state,
            refused: None,
            standing: None,
            message: String::new(),
            newest: 0,
            expires_at: None,
            at,
            changed_at: at,
        }
    }

    /// The payee of the messages about it.
    pub(super) fn payee(&self) -> Result<upi::messages::Party, Refusal> {
        let mut payee = party(&self.terms.payee)?;
        payee.name = if self.side == MandateSide::Payer { self.other_name.clone() } else { None };
        payee.kind = Some(PartyKind::Entity);
        payee.category = Some(self.terms.category.clone());
        payee.amount = Some(self.terms.amount());
        Ok(payee)
    }
}

/// A merchant asks somebody for a mandate.
pub struct RequestMandate {
    /// The provider.
    pub psp: Psp,
    /// The merchant's phone.
    pub device: DeviceId,
    /// Who is asked.
    pub payer: String,
    /// The terms; payee and category are the merchant's own.
    pub terms: Terms,
    /// How long the payer may wait, minutes.
    pub minutes: u32,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl Operation for RequestMandate {
    type Answer = Mandate;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.request_mandate";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Mandate, Refusal> {
        let customer = customer_of(records, self.device)?;
        let merchant = customer.merchant.clone().ok_or(Refusal::NotAMerchant)?;
        let account = linked(&customer, "")?.clone();
        let own = customer.addresses.first().cloned().ok_or(Refusal::AddressMissing)?;
        let from = Address::parse(&self.payer).map_err(|_| Refusal::AddressInvalid)?.to_lower();
        if !(1..=LONGEST_MINUTES).contains(&self.minutes) {
            return Err(Refusal::TimeInvalid);
        }
        let terms = Terms { payee: own.clone(), category: merchant.category.clone(), ..self.terms.clone() };
        terms.check(Day::of(now)).map_err(Refusal::MandateTerms)?;
        let mut desk = Desk::new(self.psp.identity_of(), records, now, self.entropy);
        let id = desk.new_transaction();
        let side = MandateSide::Payee;
        let mut about = transaction(id.clone(), "CREATE", side, now);
        about.expires_after_minutes = Some(self.minutes);
        let mut message = desk.message("ReqMandate", about);
        let mut payee = payer(&self.psp, &customer, self.device);
        payee.name = Some(merchant.name);
        payee.kind = Some(PartyKind::Entity);
        payee.category = Some(merchant.category);
        payee.account = account_on_wire(&account);
        payee.amount = Some(terms.amount());
        let mut asked = party(&from)?;
        asked.amount = Some(terms.amount());
        message.payer = Some(asked);
        message.payees = vec![payee];
        message.rest = vec![terms.element(None)];
        let ends = now.after(Duration::from_secs(60 * u64::from(self.minutes)));
        let mandate = Mandate {
            account: account.reference,
            expires_at: Some(ends),
            ..Mandate::begins(
                id.as_str(),
                (side, &customer.mobile),
                (&own, &from),
                &terms,
                State::Requested,
                now,
            )
        };
        put_question(&mut desk, &message, &customer.mobile);
        desk.post(self.psp.switch(), &message);
        desk.records.put(mandate.clone());
        Ok(mandate)
    }
}

/// A payer makes a mandate, by hand or by a link.
pub struct MakeMandate {
    /// The provider.
    pub psp: Psp,
    /// The payer's phone.
    pub device: DeviceId,
    /// The transaction, made by the phone: the PIN is bound to it. The same one again is the same mandate.
    pub transaction: String,
    /// The account; the first linked one if empty.
    pub reference: String,
    /// The name that was shown for the payee.
    pub payee_name: Option<String>,
    /// The terms.
    pub terms: Terms,
    /// The PIN, typed for them.
    pub pin: Credential,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl Operation for MakeMandate {
    type Answer = Mandate;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.make_mandate";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Mandate, Refusal> {
        let customer = customer_of(records, self.device)?;
        let side = MandateSide::Payer;
        if let Some(known) = records.find::<Mandate>(&(self.transaction.clone(), side)) {
            let same = known.mobile == customer.mobile && known.terms == self.terms;
            return if same { Ok(known) } else { Err(Refusal::TransactionUsed) };
        }
        let account = linked(&customer, &self.reference)?.clone();
        let own = customer.addresses.first().cloned().ok_or(Refusal::AddressMissing)?;
        self.terms.check(Day::of(now)).map_err(Refusal::MandateTerms)?;
        let mut desk = Desk::new(self.psp.identity_of(), records, now, self.entropy);
        let id = use_transaction(&mut desk, &self.psp, &customer, &self.transaction)?;
        let number = new_number(&mut desk, &self.psp)?;
        let mut message = desk.message("ReqMandate", transaction(id, "CREATE", side, now));
        message.transaction.mandate = Some(number.clone());
        let mut from = payer(&self.psp, &customer, self.device);
        from.account = account_on_wire(&account);
        from.amount = Some(self.terms.amount());
        from.credentials = vec![self.pin.clone()];
        let mandate = Mandate {
            number: Some(number.clone()),
            other_name: self.payee_name.clone(),
            account: account.reference,
            ..Mandate::begins(
                &self.transaction,
                (side, &customer.mobile),
                (&own, &self.terms.payee),
                &self.terms,
                State::Making,
                now,
            )
        };
        message.payer = Some(from);
        message.payees = vec![mandate.payee()?];
        message.rest = vec![self.terms.element(Some(&number))];
        desk.records.put(MandateNumber { number, side, id: mandate.id.clone() });
        put_question(&mut desk, &message, &customer.mobile);
        desk.post(self.psp.switch(), &message);
        desk.records.put(mandate.clone());
        Ok(mandate)
    }
}

/// The number of a mandate whose payer is this provider's.
fn new_number<W: Records>(desk: &mut Desk<'_, W>, psp: &Psp) -> Result<String, Refusal> {
    let drawn = *desk.draw().first_chunk().expect("32 bytes hold 16");
    let number = Number::mint(drawn, psp.handle()).ok_or(Refusal::AddressInvalid)?;
    Ok(number.as_str().to_owned())
}

/// The payer approves a mandate that a merchant asks for with the PIN, or declines.
pub struct DecideMandate {
    /// The provider.
    pub psp: Psp,
    /// The payer's phone.
    pub device: DeviceId,
    /// The mandate, by its transaction.
    pub id: String,
    /// The account that is debited, and the PIN sealed to its bank; nothing to decline.
    pub approval: Option<(String, Credential)>,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl Operation for DecideMandate {
    type Answer = Mandate;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.decide_mandate";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Mandate, Refusal> {
        let customer = customer_of(records, self.device)?;
        let side = MandateSide::Payer;
        let mandate = records.find::<Mandate>(&(self.id.clone(), side));
        let mandate = mandate.filter(|known| known.mobile == customer.mobile).ok_or(Refusal::NotFound)?;
        if mandate.state != State::Requested {
            // Said again it is the same decision.
            let same = match &self.approval {
                None => mandate.state == State::Declined,
                Some(_) => mandate.number.is_some(),
            };
            return if same { Ok(mandate) } else { Err(Refusal::RequestOver) };
        }
        if mandate.expires_at.is_some_and(|until| now >= until) {
            return Err(Refusal::RequestOver);
        }
        let mut desk = Desk::new(self.psp.identity_of(), records, now, self.entropy);
        let number = new_number(&mut desk, &self.psp)?;
        let mut message = self.answer(&mut desk, &customer, &mandate)?;
        let mut changed = Mandate { state: State::Declined, changed_at: now, ..mandate };
        if let (Some((reference, pin)), Some(from)) = (&self.approval, &mut message.payer) {
            let account = linked(&customer, reference)?;
            from.account = account_on_wire(account);
            from.credentials = vec![pin.clone()];
            message.transaction.mandate = Some(number.clone());
            message.rest = vec![changed.terms.element(Some(&number))];
            changed.state = State::Making;
            changed.number = Some(number.clone());
            changed.account.clone_from(&account.reference);
            desk.records.put(MandateNumber { number, side, id: changed.id.clone() });
        }
        desk.post(self.psp.switch(), &message);
        desk.records.put(changed.clone());
        Ok(changed)
    }
}

impl DecideMandate {
    fn answer<W: Records>(
        &self,
        desk: &mut Desk<'_, W>,
        customer: &Customer,
        mandate: &Mandate,
    ) -> Result<Message, Refusal> {
        let id = TransactionId::parse(&mandate.id).ok_or(Refusal::NotFound)?;
        let to = MessageId::parse(&mandate.message).ok_or(Refusal::NotFound)?;
        let about = transaction(id, "CREATE", MandateSide::Payee, mandate.at);
        let mut message = desk.message("RespAuthMandate", about);
        let outcome = if self.approval.is_some() { Ok(()) } else { Err("ZA") };
        message.response = Some(response(&to, outcome));
        let mut from = payer(&self.psp, customer, self.device);
        from.address = Address::parse(&mandate.own).map_err(|_| Refusal::AddressInvalid)?;
        from.amount = Some(mandate.terms.amount());
        message.payer = Some(from);
        message.payees = vec![mandate.payee()?];
        message.rest = vec![mandate.terms.element(None)];
        Ok(message)
    }
}
