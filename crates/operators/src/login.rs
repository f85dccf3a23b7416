//! Coming in and leaving. A try is counted before it is looked at, so that many at once are no more tries than allowed.

use crate::audit::{Occasion, Said, append};
use crate::defences::{Defence, Defences};
use crate::operator::{Operator, OperatorId, OperatorPasskey, active_operator};
use crate::refusal::Refusal;
use passkeys::Asserted;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use values::{Operation, Record, Records, Residency, Timestamp};

/// So many tries in a row that were not right lock what they were tried with (PCI DSS 4.0, 8.3.4).
pub const TRIES_MOST: u32 = 10;
/// It is locked for so long.
pub const LOCKED: Duration = Duration::from_secs(30 * 60);

/// Tries with one thing: a credential, the operators' key, links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// What is tried: a credential's name, `key`, `link`, or `unknown` for all credentials that nobody knows.
    pub subject: String,
    /// Tries since the last right one.
    pub wrong: u32,
    /// Not before this moment.
    pub locked_until: Timestamp,
}

impl Record for Tries {
    type Key = String;
    const TABLE: &'static str = "operator_tries";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> String {
        self.subject.clone()
    }
}

/// Counts a try before it is looked at.
#[derive(Clone, Debug)]
pub struct BeginTry {
    /// What is tried.
    pub subject: String,
    /// Which checks stand.
    pub defences: Defences,
}

/// Whether the try is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trying {
    /// Yes.
    Go,
    /// No, and none before this moment.
    Locked(Timestamp),
}

impl Operation for BeginTry {
    type Answer = Trying;
    type Refusal = ();
    const NAME: &'static str = "operators.begin_try";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Trying, ()> {
        let fresh = || Tries { subject: self.subject.clone(), wrong: 0, locked_until: now };
        let mut tries = records.find::<Tries>(&self.subject).unwrap_or_else(fresh);
        if now < tries.locked_until && self.defences.stands(Defence::Tries) {
            return Ok(Trying::Locked(tries.locked_until));
        }
        tries.wrong += 1;
        if tries.wrong >= TRIES_MOST {
            // A right one at the last moment unlocks again.
            tries = Tries { wrong: 0, locked_until: now.after(LOCKED), ..tries };
        }
        records.put(tries);
        Ok(Trying::Go)
    }
}

/// Ends a try that was right, where it let nobody in yet: the count starts again.
#[derive(Clone, Debug)]
pub struct PassTry {
    /// What was tried.
    pub subject: String,
}

impl Operation for PassTry {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "operators.pass_try";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), ()> {
        records.remove::<Tries>(&self.subject);
        Ok(())
    }
}

/// Ends a try that was not right.
#[derive(Clone, Debug)]
pub struct FailTry {
    /// What was tried.
    pub subject: String,
    /// Why it was not right, as a stable code.
    pub why: &'static str,
    /// Where.
    pub occasion: Occasion,
}

impl Operation for FailTry {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "operators.fail_try";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), ()> {
        let passkey = passkeys::CredentialId::parse(&self.subject);
        let known = passkey.and_then(|credential| records.find::<OperatorPasskey>(&credential));
        let operator = known.and_then(|passkey| records.find::<Operator>(&passkey.operator));
        let said = Said {
            who: None,
            // Somebody tried to be this one.
            name: operator.map(|operator| operator.name).unwrap_or_default(),
            act: "login",
            subject: self.subject.clone(),
            result: self.why.to_owned(),
            proposal: None,
        };
        append(records, now, said, &self.occasion);
        Ok(())
    }
}

/// By what somebody comes in.
#[derive(Clone, Debug)]
pub enum By {
    /// By a passkey that was verified.
    Passkey(Asserted),
    /// By a printed link, of a sandbox alone.
    Link(OperatorId),
}

/// Lets an operator in.
#[derive(Clone, Debug)]
pub struct LogIn {
    /// By what.
    pub by: By,
    /// What the tries were counted under.
    pub subject: String,
    /// Where.
    pub occasion: Occasion,
}

impl Operation for LogIn {
    type Answer = Operator;
    type Refusal = Refusal;
    const NAME: &'static str = "operators.log_in";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Operator, Refusal> {
        let operator = match &self.by {
            By::Link(operator) => {
                active_operator(records, operator).and_then(|operator| match operator.sandbox {
                    true => Ok(operator),
                    false => Err(Refusal::NotActive),
                })?
            }
            By::Passkey(asserted) => {
                let mut passkey: OperatorPasskey =
                    records.find(asserted.credential()).ok_or(Refusal::Unknown)?;
                let mut operator = active_operator(records, &passkey.operator)?;
                // Who has a passkey needs no way back; nobody else is to take it.
                if operator.invitation.take().is_some() {
                    records.put(operator.clone());
                }
                passkey.counter = asserted.counter();
                records.put(passkey);
                operator
            }
        };
        records.remove::<Tries>(&self.subject);
        let said = Said {
            who: Some(operator.id),
            name: operator.name.clone(),
            act: "login",
            subject: self.subject.clone(),
            result: "ok".to_owned(),
            proposal: None,
        };
        append(records, now, said, &self.occasion);
        Ok(operator)
    }
}

/// Writes down that an operator left.
#[derive(Clone, Debug)]
pub struct LogOut {
    /// Who.
    pub operator: OperatorId,
    /// Where.
    pub occasion: Occasion,
}

impl Operation for LogOut {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "operators.log_out";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), ()> {
        let name = records.find::<Operator>(&self.operator).map(|operator| operator.name);
        let said = Said {
            who: Some(self.operator),
            name: name.unwrap_or_default(),
            act: "logout",
            subject: String::new(),
            result: "ok".to_owned(),
            proposal: None,
        };
        append(records, now, said, &self.occasion);
        Ok(())
    }
}
