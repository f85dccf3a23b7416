//! An enrolment that was not finished ends: by its timer, or because the customer gave up.

use crate::change;
use crate::ops::Done;
use crate::records::{DeviceId, Enrolment, EnrolmentId, EnrolmentState};
use crate::refusal::Refusal;
use values::{Operation, Records, Timestamp};

/// Why it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its time is over.
    Expired,
    /// The customer gave up, on this device.
    Abandoned(DeviceId),
}

/// Ends an enrolment and frees its slot. For one that has ended already it does nothing.
#[derive(Clone, Copy, Debug)]
pub struct EndEnrolment {
    /// Which.
    pub enrolment: EnrolmentId,
    /// Why.
    pub ending: Ending,
}

impl Operation for EndEnrolment {
    type Answer = Done;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.end_enrolment";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Done, Refusal> {
        let enrolment: Enrolment = records.find(&self.enrolment).ok_or(Refusal::EnrolmentUnknown)?;
        let (state, reason) = match self.ending {
            Ending::Abandoned(device) if device != enrolment.device => return Err(Refusal::EnrolmentUnknown),
            Ending::Expired if now < enrolment.expires => return Err(Refusal::TooEarly),
            Ending::Abandoned(_) => (EnrolmentState::Abandoned, None),
            Ending::Expired => (EnrolmentState::Expired, Some(Refusal::EnrolmentExpired)),
        };
        if enrolment.is_open() {
            change::end_enrolment(records, enrolment, state, reason, now);
        }
        Ok(Done)
    }
}
