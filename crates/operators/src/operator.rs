//! Who runs the platform: named people, each with the passkeys by which they are known.
//!
//! The first two are *founded* by who has the operators' key of this machine, since before them nobody could be asked. From
//! then on one comes by *invitation*: asked for by one operator, approved by another. Its two halves, a link and a code,
//! are shown to one of them each, so that neither can come in the new one's place.

use crate::audit::{Occasion, Said, append};
use crate::defences::{Defence, Defences};
use crate::refusal::Refusal;
use passkeys::{CredentialId, PublicKey, Registered};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use values::id::kinds;
use values::{Id, Operation, Record, Records, Residency, Timestamp};

/// The name of an operator.
pub type OperatorId = Id<kinds::Operator>;

/// An invitation is good for so long.
pub const INVITATION_LASTS: Duration = Duration::from_secs(24 * 60 * 60);
/// So many active operators have to be there before others come by invitation alone.
pub const FOUNDERS: usize = 2;
/// So many passkeys has one operator at most.
const PASSKEYS_MOST: usize = 10;

/// What an operator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// See everything; ask for acts, and approve those of others.
    Operator,
    /// See everything.
    Auditor,
}

impl Role {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Role::Operator => "operator",
            Role::Auditor => "auditor",
        }
    }

    /// The role of this word.
    pub fn parse(word: &str) -> Option<Role> {
        [Role::Operator, Role::Auditor].into_iter().find(|role| role.word() == word)
    }
}

/// Whether an operator may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorState {
    /// Not yet: the invitation is on its way.
    Invited,
    /// Yes.
    Active,
    /// No more.
    Disabled,
}

/// The two halves of an invitation, each by its digest in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Of the link, which the asker has.
    pub link: String,
    /// Of the code, which the approver has.
    pub code: String,
    /// Good before this moment.
    pub until: Timestamp,
}

/// An operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// Their name in records.
    pub id: OperatorId,
    /// Their name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may come in.
    pub state: OperatorState,
    /// Whether they belong to a sandbox: a printed link lets them in without a passkey.
    pub sandbox: bool,
    /// Since when.
    pub created: Timestamp,
    /// How they come in for the first time, or come back.
    pub invitation: Option<Invitation>,
    /// Their passkeys, oldest first.
    pub passkeys: Vec<CredentialId>,
}

impl Record for Operator {
    type Key = OperatorId;
    const TABLE: &'static str = "operators";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> OperatorId {
        self.id
    }
}

/// A passkey of an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorPasskey {
    /// The credential's name.
    pub credential: CredentialId,
    /// Whose it is.
    pub operator: OperatorId,
    /// Its public key.
    pub public: PublicKey,
    /// Its counter of signatures.
    pub counter: u32,
    /// When it was added.
    pub added: Timestamp,
}

impl Record for OperatorPasskey {
    type Key = CredentialId;
    const TABLE: &'static str = "operator_passkeys";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> CredentialId {
        self.credential.clone()
    }
}

/// How many operators are active, as one record, so that operations can ask without seeing all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorCount {
    /// Active ones.
    pub active: u32,
}

impl Record for OperatorCount {
    type Key = crate::audit::Only;
    const TABLE: &'static str = "operator_count";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> crate::audit::Only {
        crate::audit::Only
    }
}

/// How many operators are active.
pub fn active<W: Records>(records: &mut W) -> usize {
    records.find::<OperatorCount>(&crate::audit::Only).unwrap_or_default().active as usize
}

pub(crate) fn count<W: Records>(records: &mut W, change: i32) {
    let active = records.find::<OperatorCount>(&crate::audit::Only).unwrap_or_default().active;
    records.put(OperatorCount { active: active.saturating_add_signed(change) });
}

/// The operator of this name, if they may come in.
pub(crate) fn active_operator<W: Records>(records: &mut W, id: &OperatorId) -> Result<Operator, Refusal> {
    let operator = records.find::<Operator>(id).ok_or(Refusal::Unknown)?;
    if operator.state == OperatorState::Active { Ok(operator) } else { Err(Refusal::NotActive) }
}

/// Whether a name can be one: 1 to 60 characters, none of them a control character.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=60).contains(&name.chars().count()) && !name.contains(char::is_control) && name.trim() == name
}

/// A passkey that is to be somebody's.
#[derive(Clone, Debug)]
pub struct NewPasskey(pub Registered);

impl NewPasskey {
    fn give<W: Records>(
        &self,
        records: &mut W,
        operator: &mut Operator,
        defences: Defences,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let Registered { credential, public, counter, .. } = &self.0;
        let taken = records.find::<OperatorPasskey>(credential).is_some();
        if taken && defences.stands(Defence::OneOwner) {
            return Err(Refusal::PasskeyTaken);
        }
        if operator.passkeys.len() >= PASSKEYS_MOST {
            return Err(Refusal::Invalid("the number of passkeys"));
        }
        operator.passkeys.push(credential.clone());
        records.put(OperatorPasskey {
            credential: credential.clone(),
            operator: operator.id,
            public: public.clone(),
            counter: *counter,
            added: now,
        });
        Ok(())
    }
}

fn told(operator: &Operator, act: &'static str) -> Said {
    Said {
        who: Some(operator.id),
        name: operator.name.clone(),
        act,
        subject: operator.id.to_string(),
        result: "ok".to_owned(),
        proposal: None,
    }
}

/// Makes one of the first operators, by who has the operators' key.
#[derive(Clone, Debug)]
pub struct Found {
    /// The name in records.
    pub id: OperatorId,
    /// The name.
    pub name: String,
    /// The first passkey.
    pub passkey: NewPasskey,
    /// Which checks stand.
    pub defences: Defences,
    /// Where.
    pub occasion: Occasion,
}

impl Operation for Found {
    type Answer = Operator;
    type Refusal = Refusal;
    const NAME: &'static str = "operators.found";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Operator, Refusal> {
        if !is_name(&self.name) {
            return Err(Refusal::Invalid("the name"));
        }
        if active(records) >= FOUNDERS && self.defences.stands(Defence::Founders) {
            return Err(Refusal::Founded);
        }
        let mut operator = Operator {
            id: self.id,
            name: self.name.clone(),
            role: Role::Operator,
            state: OperatorState::Active,
            sandbox: false,
            created: now,
            invitation: None,
            passkeys: Vec::new(),
        };
        self.passkey.give(records, &mut operator, self.defences, now)?;
        count(records, 1);
        records.put(operator.clone());
        append(records, now, told(&operator, "found"), &self.occasion);
        Ok(operator)
    }
}

/// Makes a named operator of a sandbox, who comes in by a printed link; who is there already stays.
#[derive(Clone, Debug)]
pub struct EnrolSandbox {
    /// The name in records.
    pub id: OperatorId,
    /// The name.
    pub name: String,
}

impl Operation for EnrolSandbox {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "operators.enrol_sandbox";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), ()> {
        if records.find::<Operator>(&self.id).is_some() {
            return Ok(());
        }
        let operator = Operator {
            id: self.id,
            name: self.name.clone(),
            role: Role::Operator,
            state: OperatorState::Active,
            sandbox: true,
            created: now,
            invitation: None,
            passkeys: Vec::new(),
        };
        count(records, 1);
        append(records, now, told(&operator, "enrol"), &Occasion::default());
        records.put(operator);
        Ok(())
    }
}

/// Lets an invited operator come, or one come back, with both halves of the invitation and a passkey.
#[derive(Clone, Debug)]
pub struct EnrolInvited {
    /// Who.
    pub operator: OperatorId,
    /// Digest of the link.
    pub link: String,
    /// Digest of the code.
    pub code: String,
    /// The first passkey.
    pub passkey: NewPasskey,
    /// Which checks stand.
    pub defences: Defences,
    /// Where.
    pub occasion: Occasion,
}

impl Operation for EnrolInvited {
    type Answer = Operator;
    type Refusal = Refusal;
    const NAME: &'static str = "operators.enrol";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Operator, Refusal> {
        let mut operator: Operator = records.find(&self.operator).ok_or(Refusal::Invitation)?;
        let invitation = operator.invitation.take().filter(|_| operator.state != OperatorState::Disabled);
        let invitation = invitation.ok_or(Refusal::Invitation)?;
        // Digests of what was random: to compare them tells nothing about what they were made of.
        let code = invitation.code == self.code || !self.defences.stands(Defence::BothHalves);
        if invitation.link != self.link || !code || now >= invitation.until {
            return Err(Refusal::Invitation);
        }
        let returns = operator.state == OperatorState::Active;
        // What was lost lets nobody in any more.
        for lost in operator.passkeys.drain(..) {
            records.remove::<OperatorPasskey>(&lost);
        }
        self.passkey.give(records, &mut operator, self.defences, now)?;
        operator.state = OperatorState::Active;
        count(records, i32::from(!returns));
        records.put(operator.clone());
        append(records, now, told(&operator, if returns { "return" } else { "enrol" }), &self.occasion);
        Ok(operator)
    }
}

/// Lets two operators come back who lost their passkeys, by who is at the machine itself. The way in of each has two halves,
/// as an invitation has, and each is handed the other's second one: neither comes back alone. Until they do, their passkeys
/// stay good, and whoever comes in by one of them takes the way back away.
#[derive(Clone, Debug)]
pub struct Recover {
    /// Who, with the digests of both halves: link and code.
    pub who: [(OperatorId, String, String); 2],
    /// Where.
    pub occasion: Occasion,
}

impl Operation for Recover {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "operators.recover";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Refusal> {
        if self.who[0].0 == self.who[1].0 {
            return Err(Refusal::SamePerson);
        }
        for (id, link, code) in &self.who {
            let mut operator = active_operator(records, id)?;
            if operator.role != Role::Operator {
                return Err(Refusal::LooksOnly);
            }
            let until = now.after(INVITATION_LASTS);
            operator.invitation = Some(Invitation { link: link.clone(), code: code.clone(), until });
            append(records, now, told(&operator, "recover"), &self.occasion);
            records.put(operator);
        }
        Ok(())
    }
}

/// Gives an operator another passkey, asked for from a session of their own.
#[derive(Clone, Debug)]
pub struct AddPasskey {
    /// Who.
    pub operator: OperatorId,
    /// The passkey.
    pub passkey: NewPasskey,
    /// Which checks stand.
    pub defences: Defences,
    /// Where.
    pub occasion: Occasion,
}

impl Operation for AddPasskey {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "operators.add_passkey";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Refusal> {
        let mut operator = active_operator(records, &self.operator)?;
        self.passkey.give(records, &mut operator, self.defences, now)?;
        append(records, now, told(&operator, "add_passkey"), &self.occasion);
        records.put(operator);
        Ok(())
    }
}
