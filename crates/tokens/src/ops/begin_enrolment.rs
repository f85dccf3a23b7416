//! A customer wants to add a card: the limits are checked and a slot is taken before the issuer is asked.

use crate::change;
use crate::day::Day;
use crate::defences::Defence;
use crate::digest::Digest16;
use crate::ops::topics;
use crate::policy::Policy;
use crate::records::{
    Customer, CustomerId, Device, DeviceId, DeviceState, Enrolment, EnrolmentId, EnrolmentState, Holding,
    PanRecord, Programme,
};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use values::{LastFour, Operation, Outbound, Records, Timestamp};

/// Begins an enrolment. The platform has read the card number; here it is a digest.
#[derive(Clone, Debug)]
pub struct BeginEnrolment {
    /// A fresh name.
    pub enrolment: EnrolmentId,
    /// Who adds the card.
    pub customer: CustomerId,
    /// The device whose signature the request carried.
    pub device: DeviceId,
    /// `crypto::hash::lookup_hash` of the card number.
    pub pan: Digest16,
    /// Its last four digits.
    pub last_four: LastFour,
    /// The programme that takes this card's range.
    pub programme: u16,
    /// Limits.
    pub policy: Policy,
}

/// What became of the wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Begun {
    /// Ask the issuer.
    Open {
        /// The enrolment.
        enrolment: EnrolmentId,
        /// Ends by itself then.
        expires: Timestamp,
    },
    /// No; but it was counted as an attempt of this device.
    Declined(Refusal),
}

impl Operation for BeginEnrolment {
    type Answer = Begun;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.begin_enrolment";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Begun, Refusal> {
        let mut customer: Customer = records.find(&self.customer).ok_or(Refusal::CustomerUnknown)?;
        let mut device: Device = records.find(&self.device).ok_or(Refusal::DeviceUnknown)?;
        let programme: Programme = records.find(&self.programme).ok_or(Refusal::CardNotSupported)?;
        self.check_device(&device)?;
        let limits = &self.policy;
        if limits.defences.stands(Defence::EightCards)
            && customer.live().max(device.live()) >= limits.live_cards_max
        {
            return Err(Refusal::TooManyCards);
        }
        let mut pan = records.find(&self.pan).unwrap_or_else(|| PanRecord::new(self.pan));
        let begun = pan.holdings.iter().find(|holding| holding.device == self.device);
        let given_up = match begun.map(|holding| records.find::<Enrolment>(&holding.enrolment)) {
            None => None,
            // The customer starts again, as a phone must that died before the proof was given.
            Some(Some(earlier)) if earlier.waits_for_customer() => Some(earlier),
            Some(_) => return Err(Refusal::CardAlreadyHere),
        };
        let today = Day::of(now, programme.zone);
        let counted = limits.defences.stands(Defence::Attempts);
        if !device.attempts.take(today, limits.attempts_device_daily) && counted {
            return Err(Refusal::TooManyAttempts);
        }
        if !pan.attempts.take(today, limits.attempts_card_daily) && counted {
            records.put(device);
            return Ok(Begun::Declined(Refusal::TooManyCardAttempts));
        }
        if let Some(earlier) = given_up {
            records.put(device);
            records.put(pan);
            change::end_enrolment(records, earlier, EnrolmentState::Abandoned, None, now);
            customer = records.find(&self.customer).ok_or(Refusal::CustomerUnknown)?;
            device = records.find(&self.device).ok_or(Refusal::DeviceUnknown)?;
            pan = records.find(&self.pan).unwrap_or_else(|| PanRecord::new(self.pan));
        }
        let id = self.enrolment;
        let expires = now.after(limits.enrolment_lifetime);
        customer.pending.push(id);
        device.pending.push(id);
        pan.holdings.push(Holding { device: self.device, enrolment: id, token: None });
        records.put(customer);
        records.put(device);
        records.put(pan);
        records.put(self.record(now, expires));
        records.send(Outbound {
            topic: topics::ENROLMENT_EXPIRES.to_owned(),
            key: id.to_string(),
            due: expires,
            body: id.to_string().into_bytes(),
        });
        Ok(Begun::Open { enrolment: id, expires })
    }
}

impl BeginEnrolment {
    fn check_device(&self, device: &Device) -> Result<(), Refusal> {
        match device.state {
            DeviceState::Pending => Err(Refusal::DeviceNotActive),
            DeviceState::Lost => Err(Refusal::DeviceLost),
            DeviceState::Active if device.customer != Some(self.customer) => Err(Refusal::DeviceUnknown),
            DeviceState::Active => Ok(()),
        }
    }

    fn record(&self, now: Timestamp, expires: Timestamp) -> Enrolment {
        Enrolment {
            id: self.enrolment,
            customer: self.customer,
            device: self.device,
            pan: self.pan,
            last_four: self.last_four,
            programme: self.programme,
            state: EnrolmentState::AwaitingIssuer,
            methods: Vec::new(),
            chosen: None,
            reason: None,
            token: None,
            created: now,
            expires,
        }
    }
}
