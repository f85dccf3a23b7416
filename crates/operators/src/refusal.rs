//! Every no of this room.

/// Why an operation of an operator was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such operator, proposal or passkey.
    #[error("there is no such thing")]
    Unknown,
    /// The operator was disabled, or has not come yet.
    #[error("this operator is not active")]
    NotActive,
    /// An auditor looks and does not act.
    #[error("an auditor does not act")]
    LooksOnly,
    /// Who asked for it cannot approve it.
    #[error("who asked for it cannot approve it")]
    SamePerson,
    /// Who approves has to show a passkey of theirs for this proposal.
    #[error("a passkey of the approver is needed")]
    PasskeyNeeded,
    /// It was approved, declined or withdrawn before.
    #[error("it was decided already")]
    Decided,
    /// It was asked for too long ago.
    #[error("it was asked for too long ago")]
    Expired,
    /// A reason is missing, a name is too long, nothing would change.
    #[error("{0} does not fit")]
    Invalid(&'static str),
    /// The passkey belongs to somebody already.
    #[error("this passkey belongs to somebody already")]
    PasskeyTaken,
    /// The invitation was used, is too old, or one of its halves is wrong.
    #[error("this invitation lets nobody in")]
    Invitation,
    /// There are two operators: more come by invitation.
    #[error("there are operators; others come by their invitation")]
    Founded,
}

impl Refusal {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::Unknown => "not_found",
            Refusal::NotActive => "operator_inactive",
            Refusal::LooksOnly => "operator_looks_only",
            Refusal::SamePerson => "same_person",
            Refusal::PasskeyNeeded => "passkey_needed",
            Refusal::Decided => "decided_already",
            Refusal::Expired => "proposal_expired",
            Refusal::Invalid(_) => "invalid",
            Refusal::PasskeyTaken => "passkey_taken",
            Refusal::Invitation => "invitation_refused",
            Refusal::Founded => "founded_already",
        }
    }
}
