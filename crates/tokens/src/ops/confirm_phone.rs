//! The device answers the code; the number then is its customer's.

use crate::day::DailyCount;
use crate::defences::Defence;
use crate::digest::Digest16;
use crate::policy::Policy;
use crate::records::{Customer, CustomerId, Device, DeviceId, DeviceState, PhoneConfirmation};
use crate::refusal::Refusal;
use crate::text::PhoneNumber;
use serde::{Deserialize, Serialize};
use values::{Operation, Records, Timestamp};

/// A guess at the code. The first confirmation of a number makes its customer.
#[derive(Clone, Debug)]
pub struct ConfirmPhone {
    /// The number.
    pub phone: PhoneNumber,
    /// The device that asked for the code.
    pub device: DeviceId,
    /// `code_digest` of the guess.
    pub guess: Digest16,
    /// A fresh name, used if the number has no customer yet.
    pub new_customer: CustomerId,
    /// Keyed digest of the recovery secret made for a new customer.
    pub recovery: Option<Digest16>,
    /// Limits.
    pub policy: Policy,
}

/// What a guess was worth. A wrong one is an answer, because it was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirmation {
    /// The number is proved and the device active.
    Confirmed {
        /// Whose number it is.
        customer: CustomerId,
        /// Whether the customer was made just now.
        new: bool,
    },
    /// Not the code.
    Wrong {
        /// Guesses left; at 0 the code is void.
        tries_left: u8,
    },
}

impl Operation for ConfirmPhone {
    type Answer = Confirmation;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.confirm_phone";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Confirmation, Refusal> {
        let mut device: Device = records.find(&self.device).ok_or(Refusal::DeviceUnknown)?;
        if device.state == DeviceState::Lost {
            return Err(Refusal::DeviceLost);
        }
        let mut phone: PhoneConfirmation = records.find(&self.phone).ok_or(Refusal::CodeVoid)?;
        let mut code = phone.code.take().ok_or(Refusal::CodeVoid)?;
        let defences = self.policy.defences;
        let spent = code.tries_left == 0 && defences.stands(Defence::CodeTries);
        let late = now >= code.expires && defences.stands(Defence::CodeLife);
        if spent || late || code.device != self.device {
            return Err(Refusal::CodeVoid);
        }
        if !code.digest.matches(&self.guess) {
            code.tries_left = code.tries_left.saturating_sub(1);
            let tries_left = code.tries_left;
            phone.code = Some(code);
            records.put(phone);
            return Ok(Confirmation::Wrong { tries_left });
        }
        let owner = phone.customer.and_then(|customer| records.find::<Customer>(&customer));
        // A device does not change hands: its cards would go with it.
        if device.customer.is_some() && device.customer != owner.as_ref().map(|customer| customer.id) {
            return Err(Refusal::DeviceExists);
        }
        let new = owner.is_none();
        let mut customer = owner.unwrap_or_else(|| self.fresh_customer(now));
        if !customer.devices.contains(&device.id) {
            customer.devices.push(device.id);
        }
        let id = customer.id;
        phone.customer = Some(id);
        device.customer = Some(id);
        device.state = DeviceState::Active;
        records.put(customer);
        records.put(device);
        records.put(phone);
        Ok(Confirmation::Confirmed { customer: id, new })
    }
}

impl ConfirmPhone {
    fn fresh_customer(&self, now: Timestamp) -> Customer {
        Customer {
            id: self.new_customer,
            phone: self.phone.clone(),
            devices: Vec::new(),
            tokens: Vec::new(),
            pending: Vec::new(),
            default_token: None,
            recovery: self.recovery,
            recovery_tries: DailyCount::default(),
            created: now,
        }
    }
}
