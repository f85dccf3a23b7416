//! The customer picks one of the issuer's ways of verification. There is no other list to pick from.

use crate::defences::Defence;
use crate::policy::Policy;
use crate::records::{DeviceId, Enrolment, EnrolmentId, EnrolmentState, Method};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use values::{Operation, Records, Timestamp};

/// Chooses, or chooses again while no proof was accepted; the issuer bounds how many codes it sends.
#[derive(Clone, Debug)]
pub struct ChooseMethod {
    /// Which enrolment.
    pub enrolment: EnrolmentId,
    /// The device whose signature the request carried.
    pub device: DeviceId,
    /// The issuer's id of the way.
    pub method: String,
    /// Which defences stand.
    pub policy: Policy,
}

/// Ask the issuer to send its code this way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// The issuer's id of the way.
    pub method: String,
}

impl Operation for ChooseMethod {
    type Answer = Chosen;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.choose_method";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Chosen, Refusal> {
        let found = records.find::<Enrolment>(&self.enrolment);
        let enrolment = found.filter(|found| found.device == self.device).ok_or(Refusal::EnrolmentUnknown)?;
        if enrolment.state == EnrolmentState::Expired || (enrolment.is_open() && now >= enrolment.expires) {
            return Err(Refusal::EnrolmentExpired);
        }
        if !matches!(enrolment.state, EnrolmentState::AwaitingChoice | EnrolmentState::AwaitingProof) {
            return Err(Refusal::EnrolmentNotWaiting);
        }
        let offered = enrolment.methods.iter().any(|Method { id, .. }| *id == self.method);
        if !offered && self.policy.defences.stands(Defence::StepUpChoice) {
            return Err(Refusal::MethodNotOffered);
        }
        records.put(Enrolment {
            state: EnrolmentState::AwaitingProof,
            chosen: Some(self.method.clone()),
            ..enrolment
        });
        Ok(Chosen { method: self.method.clone() })
    }
}
