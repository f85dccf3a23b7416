//! What one operator asks for and another approves: a dangerous act, with what it changes from what to what, and why.
//!
//! Approved, it leaves as a message of the same commit, and is carried out where the subject lies, at least once and with
//! one effect. There the subject is compared with what it was when it was asked for; if it changed, nothing is done. What
//! became of it is reported here ([`Conclude`]).

use crate::audit::{Occasion, Said, append};
use crate::defences::{Defence, Defences};
use crate::operator::{
    INVITATION_LASTS, Invitation, Operator, OperatorId, OperatorPasskey, OperatorState, Role,
    active_operator, count, is_name,
};
use crate::refusal::Refusal;
use passkeys::Asserted;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use values::id::kinds;
use values::{Id, Idempotency, Operation, Outbound, Record, Records, Timestamp};

/// The name of a proposal.
pub type ProposalId = Id<kinds::Proposal>;

/// Who carries out what was approved hears of it by this topic.
pub const TOPIC: &str = "operators.approved";
/// What nobody decides on within this time is not approved any more.
pub const LASTS: Duration = Duration::from_secs(24 * 60 * 60);
/// A reason has so many characters.
const REASON: std::ops::RangeInclusive<usize> = 3..=400;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Suspend a token in the platform's name.
    SuspendToken,
    /// Lift the platform's suspension.
    ResumeToken,
    /// Delete a token for ever.
    DeleteToken,
    /// A device is lost: all its tokens are suspended and its signature counts no more.
    LoseDevice,
    /// A merchant takes no payments for now.
    SuspendMerchant,
    /// It takes payments again.
    ResumeMerchant,
    /// It never takes payments again.
    CloseMerchant,
    /// What a merchant may take at most.
    ChangeLimits,
    /// A terminal may not be used.
    BlockTerminal,
    /// It may be used again.
    UnblockTerminal,
    /// A key of the developers' interface opens something from now on.
    MakeKey,
    /// It opens nothing any more.
    RevokeKey,
    /// A sandbox bank's rule about adding cards.
    ChangeRule,
    /// Another operator.
    Invite,
    /// An operator comes in no more.
    Disable,
}

impl Act {
    /// Every act with its word.
    pub const ALL: [(Act, &'static str); 15] = [
        (Act::SuspendToken, "suspend_token"),
        (Act::ResumeToken, "resume_token"),
        (Act::DeleteToken, "delete_token"),
        (Act::LoseDevice, "lose_device"),
        (Act::SuspendMerchant, "suspend_merchant"),
        (Act::ResumeMerchant, "resume_merchant"),
        (Act::CloseMerchant, "close_merchant"),
        (Act::ChangeLimits, "change_limits"),
        (Act::BlockTerminal, "block_terminal"),
        (Act::UnblockTerminal, "unblock_terminal"),
        (Act::MakeKey, "make_key"),
        (Act::RevokeKey, "revoke_key"),
        (Act::ChangeRule, "change_rule"),
        (Act::Invite, "invite"),
        (Act::Disable, "disable"),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        let known = Act::ALL.iter().find(|(act, _)| *act == self);
        known.map(|(_, word)| *word).expect("the list holds every act")
    }

    /// The act of this word.
    pub fn parse(word: &str) -> Option<Act> {
        Act::ALL.iter().find(|(_, known)| *known == word).map(|(act, _)| *act)
    }
}

/// One thing about the subject that becomes another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What, by its stable word.
    pub what: String,
    /// What it was when it was asked for.
    pub before: String,
    /// What it is to be.
    pub after: String,
}

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// Somebody else has to decide.
    Asked,
    /// Approved; it is being carried out.
    Approved,
    /// Carried out.
    Done,
    /// Approved, but not carried out: the result says why.
    Failed,
    /// Another operator said no.
    Declined,
    /// Who asked took it back.
    Withdrawn,
    /// Nobody decided in time. Never kept: it is what [`Proposal::state_at`] answers.
    Expired,
}

impl ProposalState {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            ProposalState::Asked => "asked",
            ProposalState::Approved => "approved",
            ProposalState::Done => "done",
            ProposalState::Failed => "failed",
            ProposalState::Declined => "declined",
            ProposalState::Withdrawn => "withdrawn",
            ProposalState::Expired => "expired",
        }
    }
}

/// A dangerous act on its way through two pairs of eyes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Its name.
    pub id: ProposalId,
    /// What is to be done.
    pub act: Act,
    /// To what, by its name where it lies.
    pub subject: String,
    /// What of it changes.
    pub changes: Vec<Change>,
    /// Why.
    pub reason: String,
    /// Who asked.
    pub asker: OperatorId,
    /// When.
    pub asked_at: Timestamp,
    /// It can be approved before this moment.
    pub expires_at: Timestamp,
    /// Where it stands.
    pub state: ProposalState,
    /// Who decided.
    pub decider: Option<OperatorId>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// What came of it: `ok`, or why not.
    pub result: Option<String>,
    /// Digest of a secret that only the asker has: a key's text, the link of an invitation.
    pub asker_secret: Option<String>,
    /// Digest of a secret that only the approver has: the code of an invitation.
    pub approver_secret: Option<String>,
}

impl Record for Proposal {
    type Key = ProposalId;
    const TABLE: &'static str = "proposals";
    fn key(&self) -> ProposalId {
        self.id
    }
}

impl Proposal {
    /// Where it stands at this moment.
    pub fn state_at(&self, now: Timestamp) -> ProposalState {
        match self.state {
            ProposalState::Asked if now >= self.expires_at => ProposalState::Expired,
            state => state,
        }
    }

    /// What is to be, by the word of what changes.
    pub fn after(&self, what: &str) -> Option<&str> {
        self.changes.iter().find(|change| change.what == what).map(|change| change.after.as_str())
    }

    fn told(&self, act: &'static str, who: &Operator, result: &str) -> Said {
        Said {
            who: Some(who.id),
            name: who.name.clone(),
            act,
            subject: format!("{} {}", self.act.word(), self.subject),
            result: result.to_owned(),
            proposal: Some(self.id),
        }
    }
}

/// An operator who acts: an auditor does not.
fn acting<W: Records>(records: &mut W, id: &OperatorId) -> Result<Operator, Refusal> {
    let operator = active_operator(records, id)?;
    if operator.role == Role::Operator { Ok(operator) } else { Err(Refusal::LooksOnly) }
}

/// Asks for an act.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The name it will have.
    pub id: ProposalId,
    /// What is to be done.
    pub act: Act,
    /// To what.
    pub subject: String,
    /// What of it changes, as it stands now.
    pub changes: Vec<Change>,
    /// Why.
    pub reason: String,
    /// Who asks.
    pub asker: OperatorId,
    /// Digest of a secret that only the asker has.
    pub secret: Option<String>,
    /// The form that was sent: sent again, it asks for nothing more.
    pub form: Option<Idempotency>,
    /// Where.
    pub occasion: Occasion,
}

impl Operation for Ask {
    type Answer = ProposalId;
    type Refusal = Refusal;
    const NAME: &'static str = "operators.ask";

    fn idempotency(&self) -> Option<Idempotency> {
        self.form
    }

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<ProposalId, Refusal> {
        let asker = acting(records, &self.asker)?;
        let reason = self.reason.trim();
        if !REASON.contains(&reason.chars().count()) || reason.contains(|c: char| c.is_control() && c != '\n')
        {
            return Err(Refusal::Invalid("the reason"));
        }
        if !self.changes.iter().any(|change| change.before != change.after) {
            return Err(Refusal::Invalid("what changes"));
        }
        let proposal = Proposal {
            id: self.id,
            act: self.act,
            subject: self.subject.clone(),
            changes: self.changes.clone(),
            reason: reason.to_owned(),
            asker: asker.id,
            asked_at: now,
            expires_at: now.after(LASTS),
            state: ProposalState::Asked,
            decider: None,
            decided_at: None,
            result: None,
            asker_secret: self.secret.clone(),
            approver_secret: None,
        };
        append(records, now, proposal.told("propose", &asker, "ok"), &self.occasion);
        records.put(proposal);
        Ok(self.id)
    }
}

/// Approves what another asked for.
#[derive(Clone, Debug)]
pub struct Approve {
    /// Which.
    pub proposal: ProposalId,
    /// Who approves.
    pub approver: OperatorId,
    /// That they are there and mean this proposal: evidence of a passkey that signed a challenge for it. A sandbox's operator
    /// who has none approves without.
    pub passkey: Option<Asserted>,
    /// Digest of a secret that only the approver has.
    pub secret: Option<String>,
    /// Which checks stand.
    pub defences: Defences,
    /// Where.
    pub occasion: Occasion,
}

impl Approve {
    /// Whether the approver showed what this act asks for; what their passkey counts is kept.
    fn is_shown<W: Records>(&self, records: &mut W, approver: &Operator) -> bool {
        let Some(asserted) = &self.passkey else {
            return approver.sandbox && approver.passkeys.is_empty();
        };
        let found = records.find::<OperatorPasskey>(asserted.credential());
        let Some(mut passkey) = found.filter(|passkey| passkey.operator == approver.id) else { return false };
        passkey.counter = asserted.counter();
        records.put(passkey);
        true
    }
}

impl Operation for Approve {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "operators.approve";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Refusal> {
        let approver = acting(records, &self.approver)?;
        let mut proposal: Proposal = records.find(&self.proposal).ok_or(Refusal::Unknown)?;
        if proposal.asker == approver.id && self.defences.stands(Defence::TwoPeople) {
            return Err(Refusal::SamePerson);
        }
        if !self.is_shown(records, &approver) && self.defences.stands(Defence::FreshPasskey) {
            return Err(Refusal::PasskeyNeeded);
        }
        match proposal.state_at(now) {
            ProposalState::Asked => {}
            ProposalState::Expired if self.defences.stands(Defence::Expiry) => return Err(Refusal::Expired),
            ProposalState::Expired => {}
            _ if self.defences.stands(Defence::Once) => return Err(Refusal::Decided),
            _ => {}
        }
        // Who is no longer an operator does not ask for anything.
        acting(records, &proposal.asker)?;
        proposal.state = ProposalState::Approved;
        proposal.decider = Some(approver.id);
        proposal.decided_at = Some(now);
        proposal.approver_secret.clone_from(&self.secret);
        records.send(Outbound {
            topic: TOPIC.to_owned(),
            key: proposal.id.to_string(),
            due: now,
            body: proposal.id.to_string().into_bytes(),
        });
        append(records, now, proposal.told("approve", &approver, "ok"), &self.occasion);
        records.put(proposal);
        Ok(())
    }
}

/// Says no to what another asked for, or takes back what one asked for.
#[derive(Clone, Debug)]
pub struct Decline {
    /// Which.
    pub proposal: ProposalId,
    /// Who.
    pub by: OperatorId,
    /// Where.
    pub occasion: Occasion,
}

impl Operation for Decline {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "operators.decline";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Refusal> {
        let by = acting(records, &self.by)?;
        let mut proposal: Proposal = records.find(&self.proposal).ok_or(Refusal::Unknown)?;
        match proposal.state_at(now) {
            ProposalState::Asked => {}
            ProposalState::Expired => return Err(Refusal::Expired),
            _ => return Err(Refusal::Decided),
        }
        let (state, act) = match proposal.asker == by.id {
            true => (ProposalState::Withdrawn, "withdraw"),
            false => (ProposalState::Declined, "decline"),
        };
        proposal.state = state;
        proposal.decider = Some(by.id);
        proposal.decided_at = Some(now);
        append(records, now, proposal.told(act, &by, "ok"), &self.occasion);
        records.put(proposal);
        Ok(())
    }
}

/// Ends an approved proposal, once.
fn end<W: Records>(records: &mut W, mut proposal: Proposal, result: &str, now: Timestamp) {
    if proposal.state != ProposalState::Approved {
        return;
    }
    proposal.state = if result == "ok" { ProposalState::Done } else { ProposalState::Failed };
    proposal.result = Some(result.to_owned());
    // In the name of who approved it: it was done on their word.
    let approver = proposal.decider.and_then(|decider| records.find::<Operator>(&decider));
    if let Some(approver) = approver {
        let occasion = Occasion { place: "effect".to_owned(), request: String::new() };
        append(records, now, proposal.told("effect", &approver, result), &occasion);
    }
    records.put(proposal);
}

/// Writes down what came of an approved proposal. Said again, it changes nothing.
#[derive(Clone, Debug)]
pub struct Conclude {
    /// Which.
    pub proposal: ProposalId,
    /// `ok`, or the code of why not.
    pub result: String,
}

impl Operation for Conclude {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "operators.conclude";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Refusal> {
        let proposal: Proposal = records.find(&self.proposal).ok_or(Refusal::Unknown)?;
        end(records, proposal, &self.result, now);
        Ok(())
    }
}

/// Carries an approved invitation out: who is invited may come with both halves. Said again, it changes nothing.
#[derive(Clone, Debug)]
pub struct Invite {
    /// Which proposal.
    pub proposal: ProposalId,
}

impl Operation for Invite {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "operators.invite";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Refusal> {
        let proposal: Proposal = records.find(&self.proposal).ok_or(Refusal::Unknown)?;
        if proposal.state != ProposalState::Approved {
            return Ok(());
        }
        let id: OperatorId = proposal.subject.parse().map_err(|_| Refusal::Unknown)?;
        let name = proposal.after("name").unwrap_or_default().to_owned();
        let role = proposal.after("role").and_then(Role::parse).ok_or(Refusal::Invalid("the role"))?;
        let halves = proposal.asker_secret.clone().zip(proposal.approver_secret.clone());
        let (link, code) = halves.ok_or(Refusal::Invitation)?;
        if !is_name(&name) || records.find::<Operator>(&id).is_some() {
            end(records, proposal, "changed_since", now);
            return Ok(());
        }
        records.put(Operator {
            id,
            name,
            role,
            state: OperatorState::Invited,
            sandbox: false,
            created: now,
            invitation: Some(Invitation { link, code, until: now.after(INVITATION_LASTS) }),
            passkeys: Vec::new(),
        });
        end(records, proposal, "ok", now);
        Ok(())
    }
}

/// Carries it out that an operator comes in no more. Said again, it changes nothing.
#[derive(Clone, Debug)]
pub struct Disable {
    /// Which proposal.
    pub proposal: ProposalId,
    /// Which checks stand.
    pub defences: Defences,
}

impl Operation for Disable {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "operators.disable";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Refusal> {
        let proposal: Proposal = records.find(&self.proposal).ok_or(Refusal::Unknown)?;
        if proposal.state != ProposalState::Approved {
            return Ok(());
        }
        let id: OperatorId = proposal.subject.parse().map_err(|_| Refusal::Unknown)?;
        let mut operator: Operator = records.find(&id).ok_or(Refusal::Unknown)?;
        let before = proposal.changes.first().map(|change| change.before.clone());
        if before.as_deref() != Some(state_word(operator.state)) && self.defences.stands(Defence::Unchanged) {
            end(records, proposal, "changed_since", now);
            return Ok(());
        }
        for credential in operator.passkeys.drain(..) {
            records.remove::<OperatorPasskey>(&credential);
        }
        if operator.state == OperatorState::Active {
            count(records, -1);
        }
        operator.state = OperatorState::Disabled;
        operator.invitation = None;
        records.put(operator);
        end(records, proposal, "ok", now);
        Ok(())
    }
}

/// The word of a state, as proposals compare it.
pub fn state_word(state: OperatorState) -> &'static str {
    match state {
        OperatorState::Invited => "invited",
        OperatorState::Active => "active",
        OperatorState::Disabled => "disabled",
    }
}
