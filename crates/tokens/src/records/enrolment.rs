//! One attempt to add a card, from the customer's request to a token or an end.

use super::{CustomerId, DeviceId, EnrolmentId, TokenReference};
use crate::digest::Digest16;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use values::{LastFour, Record, Timestamp};

/// One way in which the issuer lets the customer prove the card is theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// The issuer's name for it.
    pub id: String,
    /// What it is: `sms`, `app`, `call`.
    pub kind: String,
    /// Where it goes, masked by the issuer (`+86 138****8000`).
    pub masked: String,
}

/// Where an enrolment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnrolmentState {
    /// The issuer has been asked.
    AwaitingIssuer,
    /// The issuer wants a step-up; the customer chooses how.
    AwaitingChoice,
    /// The issuer was told to send a code and waits for the customer's answer.
    AwaitingProof,
    /// There is an active token.
    Completed,
    /// The issuer said no, or the proof failed.
    Declined,
    /// Not finished in time.
    Expired,
    /// Given up by the customer, or the token was deleted meanwhile.
    Abandoned,
}

/// An enrolment. It holds no card data, not even sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// Opaque name; also the reference on the wire to the issuer.
    pub id: EnrolmentId,
    /// Who adds the card.
    pub customer: CustomerId,
    /// On which device.
    pub device: DeviceId,
    /// Which card.
    pub pan: Digest16,
    /// For screens.
    pub last_four: LastFour,
    /// The programme under which it gets a token.
    pub programme: u16,
    /// Where it stands.
    pub state: EnrolmentState,
    /// The ways the issuer offered; fixed by its decision.
    pub methods: Vec<Method>,
    /// The way the customer chose.
    pub chosen: Option<String>,
    /// Why it ended, if it ended badly.
    pub reason: Option<Refusal>,
    /// The token, once there is one.
    pub token: Option<TokenReference>,
    /// When it began.
    pub created: Timestamp,
    /// Ends by itself then.
    pub expires: Timestamp,
}

impl Enrolment {
    /// Whether the customer is to choose a way of proof, or to give the proof.
    pub fn waits_for_customer(&self) -> bool {
        matches!(self.state, EnrolmentState::AwaitingChoice | EnrolmentState::AwaitingProof)
    }

    /// Whether it may still become an active token.
    pub fn is_open(&self) -> bool {
        use EnrolmentState::{AwaitingChoice, AwaitingIssuer, AwaitingProof};
        matches!(self.state, AwaitingIssuer | AwaitingChoice | AwaitingProof)
    }
}

impl Record for Enrolment {
    type Key = EnrolmentId;
    const TABLE: &'static str = "enrolments";
    fn key(&self) -> EnrolmentId {
        self.id
    }
}
