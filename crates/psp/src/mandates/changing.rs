//! A mandate rests, goes on or ends. What takes leave away wants no PIN; what gives it back does.

use super::making::transaction;
use super::records::{Mandate, MandateSide};
use super::{own, party, put_question};
use crate::asking::{account_on_wire, linked, payer, use_transaction};
use crate::binding::customer_of;
use crate::party::Psp;
use crate::records::{Customer, DeviceId};
use crate::refusal::Refusal;
use upi::ids::TransactionId;
use upi::mail::Desk;
use upi::mandate::State;
use upi::messages::Credential;
use values::{Operation, Records, Timestamp};

/// What is to become of a mandate.
#[derive(Clone, Debug)]
pub enum Change {
    /// Nothing is debited until it goes on: the payer's to say.
    Pause,
    /// It goes on: the payer's to say, with the PIN.
    Unpause {
        /// The transaction, made by the phone.
        transaction: String,
        /// The PIN, typed for the mandate's terms.
        pin: Credential,
    },
    /// It ends: each side's to say.
    Revoke,
}

impl Change {
    fn kind(&self) -> &'static str {
        match self {
            Change::Pause => "PAUSE",
            Change::Unpause { .. } => "UNPAUSE",
            Change::Revoke => "REVOKE",
        }
    }
}

/// Changes a mandate.
pub struct ChangeMandate {
    /// The provider.
    pub psp: Psp,
    /// The phone of one of its sides.
    pub device: DeviceId,
    /// The mandate, by the transaction that made it.
    pub id: String,
    /// What is to become of it.
    pub change: Change,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl Operation for ChangeMandate {
    type Answer = Mandate;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.change_mandate";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Mandate, Refusal> {
        let customer = customer_of(records, self.device)?;
        let mandate = own(records, &customer.mobile, &self.id)?;
        if !self.may(&mandate)? {
            return Ok(mandate);
        }
        let mut desk = Desk::new(self.psp.identity_of(), records, now, self.entropy);
        self.send(&mut desk, &customer, &mandate)?;
        // What takes leave away holds here at once; the bank gives it back before it is given back here.
        let (state, changed_at) = match self.change {
            Change::Pause => (State::Paused, now),
            Change::Revoke => (State::Revoked, now),
            Change::Unpause { .. } => (mandate.state.clone(), mandate.changed_at),
        };
        let changed = Mandate { state, refused: None, changed_at, ..mandate };
        desk.records.put(changed.clone());
        Ok(changed)
    }
}

impl ChangeMandate {
    /// Whether there is something to do; `false` where it was done before.
    fn may(&self, mandate: &Mandate) -> Result<bool, Refusal> {
        let is_payer = mandate.side == MandateSide::Payer;
        match (&self.change, &mandate.state) {
            (Change::Pause, State::Paused) | (Change::Revoke, State::Revoked) => Ok(false),
            (Change::Unpause { .. }, State::Active) => Ok(false),
            (Change::Revoke, State::Active | State::Paused) if is_payer && !mandate.terms.revocable => {
                Err(Refusal::MandateStays)
            }
            (Change::Revoke, State::Active | State::Paused) => Ok(true),
            (Change::Pause, State::Active) | (Change::Unpause { .. }, State::Paused) if is_payer => Ok(true),
            _ => Err(Refusal::MandateOver),
        }
    }

    fn send<W: Records>(
        &self,
        desk: &mut Desk<'_, W>,
        customer: &Customer,
        mandate: &Mandate,
    ) -> Result<(), Refusal> {
        let id = match &self.change {
            Change::Unpause { transaction, .. } => use_transaction(desk, &self.psp, customer, transaction)?,
            _ => desk.new_transaction(),
        };
        let number = mandate.number.as_deref().ok_or(Refusal::MandateOver)?;
        let mut about = transaction(id, self.change.kind(), mandate.side, desk.now);
        about.original = TransactionId::parse(&mandate.id);
        about.mandate = Some(number.to_owned());
        let mut message = desk.message("ReqMandate", about);
        let (mut from, mut to);
        if mandate.side == MandateSide::Payer {
            from = payer(&self.psp, customer, self.device);
            from.address = party(&mandate.own)?.address;
            from.account = account_on_wire(linked(customer, &mandate.account)?);
            if let Change::Unpause { pin, .. } = &self.change {
                from.credentials = vec![pin.clone()];
            }
            to = mandate.payee()?;
        } else {
            from = party(&mandate.other)?;
            to = payer(&self.psp, customer, self.device);
            to.address = party(&mandate.own)?.address;
            to.name = None;
            to.kind = Some(upi::messages::PartyKind::Entity);
            to.category = Some(mandate.terms.category.clone());
            to.amount = Some(mandate.terms.amount());
        }
        from.amount = Some(mandate.terms.amount());
        message.payer = Some(from);
        message.payees = vec![to];
        message.rest = vec![mandate.terms.element(Some(number))];
        put_question(desk, &message, &customer.mobile);
        desk.post(self.psp.switch(), &message);
        Ok(())
    }
}
