//! Suspending and resuming a token. Suspenders are a set: one cannot lift another's.

use crate::actor::Actor;
use crate::change::set_standing;
use crate::defences::{Defence, Defences};
use crate::policy::Policy;
use crate::records::{Life, Standing, Suspenders, TokenReference};
use crate::refusal::Refusal;
use values::{Operation, Records, Timestamp};

/// Suspends a token. A second time it does nothing.
#[derive(Clone, Debug)]
pub struct Suspend {
    /// Which.
    pub token: TokenReference,
    /// Who.
    pub actor: Actor,
}

/// Takes back one's own suspension. Without one it does nothing.
#[derive(Clone, Debug)]
pub struct Resume {
    /// Which.
    pub token: TokenReference,
    /// Who.
    pub actor: Actor,
    /// Which defences stand.
    pub policy: Policy,
}

impl Operation for Suspend {
    type Answer = Standing;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.suspend";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Standing, Refusal> {
        change(records, self.token, &self.actor, now, Defences::ALL, |standing| Standing {
            suspenders: standing.suspenders.with(self.actor.suspender()),
            ..standing
        })
    }
}

impl Operation for Resume {
    type Answer = Standing;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.resume";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Standing, Refusal> {
        let defences = self.policy.defences;
        change(records, self.token, &self.actor, now, defences, |standing| Standing {
            suspenders: match defences.stands(Defence::Suspenders) {
                true => standing.suspenders.without(self.actor.suspender()),
                false => Suspenders::NONE,
            },
            // Only ever another when its check was taken away.
            life: if standing.life == Life::Deleted { Life::Active } else { standing.life },
        })
    }
}

fn change<W: Records>(
    records: &mut W,
    token: TokenReference,
    actor: &Actor,
    now: Timestamp,
    defences: Defences,
    changed: impl FnOnce(Standing) -> Standing,
) -> Result<Standing, Refusal> {
    let token = actor.token(records, token)?;
    match token.standing.life {
        Life::Deleted if defences.stands(Defence::Final) => return Err(Refusal::TokenDeleted),
        Life::Expired => return Err(Refusal::TokenExpired),
        Life::Inactive | Life::Active | Life::Deleted => {}
    }
    let standing = changed(token.standing);
    set_standing(records, token, standing, actor.suspender(), now);
    Ok(standing)
}
