//! The issuer has looked at the customer's proof.

use crate::change::{end_enrolment, set_standing, touch};
use crate::ops::topics;
use crate::records::{
    Assurance, Enrolment, EnrolmentId, EnrolmentState, Life, Standing, Suspender, Token, TokenReference,
};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use values::{Operation, Records, Timestamp};

/// What the issuer says about the proof. The issuer counts the tries; we only carry them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Accepted.
    Right,
    /// Not accepted; so many tries are left.
    Wrong {
        /// Tries left at the issuer.
        tries_left: u8,
    },
    /// The code is spent; there will be no token.
    Void,
}

/// Concludes a step-up by the issuer's word.
#[derive(Clone, Copy, Debug)]
pub struct ConcludeStepUp {
    /// Which enrolment.
    pub enrolment: EnrolmentId,
    /// The issuer's word.
    pub proof: Proof,
}

/// What it led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SteppedUp {
    /// The token is active.
    Active {
        /// Its reference.
        token: TokenReference,
    },
    /// Try again.
    Wrong {
        /// Tries left.
        tries_left: u8,
    },
    /// The token is gone and the slot free.
    Declined,
}

impl Operation for ConcludeStepUp {
    type Answer = SteppedUp;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.conclude_step_up";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<SteppedUp, Refusal> {
        let enrolment: Enrolment = records.find(&self.enrolment).ok_or(Refusal::EnrolmentUnknown)?;
        if enrolment.state == EnrolmentState::Expired {
            return Err(Refusal::EnrolmentExpired);
        }
        if enrolment.state != EnrolmentState::AwaitingProof {
            return Err(Refusal::EnrolmentNotWaiting);
        }
        match self.proof {
            Proof::Wrong { tries_left: tries_left @ 1.. } => Ok(SteppedUp::Wrong { tries_left }),
            Proof::Wrong { tries_left: 0 } | Proof::Void => {
                let reason = Some(Refusal::IssuerDeclined);
                end_enrolment(records, enrolment, EnrolmentState::Declined, reason, now);
                Ok(SteppedUp::Declined)
            }
            Proof::Right => {
                let reference = enrolment.token.ok_or(Refusal::EnrolmentNotWaiting)?;
                records.cancel(topics::ENROLMENT_EXPIRES, &enrolment.id.to_string());
                records.put(Enrolment { state: EnrolmentState::Completed, ..enrolment });
                activate(records, reference, now)?;
                Ok(SteppedUp::Active { token: reference })
            }
        }
    }
}

// Suspenders that came meanwhile stay.
fn activate<W: Records>(records: &mut W, reference: TokenReference, now: Timestamp) -> Result<(), Refusal> {
    let mut token: Token = records.find(&reference).ok_or(Refusal::TokenUnknown)?;
    token.assurance = Assurance::IssuerAuthentication;
    let standing = Standing { life: Life::Active, ..token.standing };
    if token.standing == standing {
        touch(records, token, now);
    } else {
        set_standing(records, token, standing, Suspender::Issuer, now);
    }
    Ok(())
}
