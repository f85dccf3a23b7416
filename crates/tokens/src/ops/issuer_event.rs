//! The issuer tells what happened to a card: all its tokens follow.

use crate::actor::Actor;
use crate::change::{set_standing, touch};
use crate::digest::Digest16;
use crate::ops::Done;
use crate::records::{Holding, Life, PanRecord, Standing, Suspender, Token, VaultEntry};
use crate::refusal::Refusal;
use crate::text::IssuerId;
use crypto::vault::Envelope;
use values::{LastFour, Operation, Records, Timestamp, TokenNumber};

/// New plastic: the card number changes, the tokens and the account reference stay.
#[derive(Clone, Debug)]
pub struct Replacement {
    /// Digest of the new card number.
    pub pan: Digest16,
    /// Its last four digits.
    pub last_four: LastFour,
    /// The new card number sealed anew for each live token of the old one (`vault::seal`).
    pub envelopes: Vec<(TokenNumber, Envelope)>,
}

/// What happened to the card.
#[derive(Clone, Debug)]
pub enum Lifecycle {
    /// Blocked for now.
    Suspended,
    /// Unblocked.
    Resumed,
    /// The account is closed.
    Closed,
    /// The plastic was replaced.
    Replaced(Replacement),
}

/// An event of the issuer about one card.
#[derive(Clone, Debug)]
pub struct IssuerEvent {
    /// The issuer whose link it came over.
    pub issuer: IssuerId,
    /// Digest of the card number.
    pub pan: Digest16,
    /// What happened.
    pub event: Lifecycle,
}

impl Operation for IssuerEvent {
    type Answer = Done;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.issuer_event";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Done, Refusal> {
        let pan: PanRecord = records.find(&self.pan).ok_or(Refusal::TokenUnknown)?;
        let issuer = Actor::Issuer(self.issuer.clone());
        let references: Vec<_> = pan.tokens().collect();
        let tokens: Vec<Token> = references
            .into_iter()
            .map(|reference| issuer.token(records, reference))
            .collect::<Result<_, _>>()?;
        if let Lifecycle::Replaced(replacement) = &self.event {
            replace(records, pan, tokens, replacement, now)?;
            return Ok(Done);
        }
        for token in tokens {
            let Standing { life, suspenders } = token.standing;
            let standing = match self.event {
                Lifecycle::Suspended => Standing { life, suspenders: suspenders.with(Suspender::Issuer) },
                Lifecycle::Resumed => Standing { life, suspenders: suspenders.without(Suspender::Issuer) },
                Lifecycle::Closed => Standing { life: Life::Deleted, suspenders },
                Lifecycle::Replaced(_) => token.standing,
            };
            set_standing(records, token, standing, now);
        }
        Ok(Done)
    }
}

fn replace<W: Records>(
    records: &mut W,
    mut old: PanRecord,
    tokens: Vec<Token>,
    replacement: &Replacement,
    now: Timestamp,
) -> Result<(), Refusal> {
    let mut new = records.find(&replacement.pan).unwrap_or_else(|| PanRecord::new(replacement.pan));
    // A card that was replaced twice keeps one account reference; two cards that had one each cannot merge.
    if new.par.is_some() && old.par.is_some() && new.par != old.par {
        return Err(Refusal::Stale);
    }
    new.par = old.par.clone().or(new.par);
    let (moved, waiting): (Vec<Holding>, Vec<Holding>) =
        old.holdings.iter().copied().partition(|holding| holding.token.is_some());
    new.holdings.extend(moved);
    old.holdings = waiting;
    records.put(old);
    records.put(new);
    for mut token in tokens {
        let sealed = replacement.envelopes.iter().find(|(number, _)| *number == token.number);
        let (number, envelope) = sealed.cloned().ok_or(Refusal::Stale)?;
        records.put(VaultEntry { number, reference: token.reference, envelope });
        token.pan = replacement.pan;
        token.last_four = replacement.last_four;
        touch(records, token, now);
    }
    Ok(())
}
