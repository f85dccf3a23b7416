//! Operators set up programmes and controls. Both are data.

use crate::actor::Actor;
use crate::change::touch;
use crate::ops::Done;
use crate::records::{Controls, Programme, TokenReference, TokenState};
use crate::refusal::Refusal;
use crypto::emv_keys::Algorithm;
use values::{Operation, Records, Timestamp};

/// Adds or changes a programme. Tokens made before keep their range and expiry.
#[derive(Clone, Debug)]
pub struct DefineProgramme {
    /// The whole record.
    pub programme: Programme,
}

/// Adds or changes a class of controls; it counts from the next payment on.
#[derive(Clone, Debug)]
pub struct DefineControls {
    /// The whole record.
    pub controls: Controls,
}

/// Puts one token under another class of controls.
#[derive(Clone, Debug)]
pub struct AssignControls {
    /// Which token.
    pub token: TokenReference,
    /// Which class.
    pub controls: u16,
    /// Who.
    pub actor: Actor,
}

impl Operation for DefineProgramme {
    type Answer = Done;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.define_programme";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<Done, Refusal> {
        let programme = &self.programme;
        let known_algorithm = Algorithm::from_id(programme.algorithm).is_some();
        // A 19-digit number must stay below 2^63, so a range begins below 92.
        let fits = (10_000_000..92_000_000).contains(&programme.token_prefix);
        let named = (5..=16).contains(&programme.aid.0.len());
        if !known_algorithm || !fits || !named {
            return Err(Refusal::ProgrammeUnknown);
        }
        records.put(programme.clone());
        Ok(Done)
    }
}

impl Operation for DefineControls {
    type Answer = Done;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.define_controls";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<Done, Refusal> {
        records.put(self.controls.clone());
        Ok(Done)
    }
}

impl Operation for AssignControls {
    type Answer = Done;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.assign_controls";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Done, Refusal> {
        records.find::<Controls>(&self.controls).ok_or(Refusal::ProgrammeUnknown)?;
        let mut token = self.actor.token(records, self.token)?;
        let mut state: TokenState = records.find(&token.number).ok_or(Refusal::TokenUnknown)?;
        token.controls = self.controls;
        state.controls = self.controls;
        records.put(state);
        touch(records, token, now);
        Ok(Done)
    }
}
