//! The issuer tells what happened to a card: all its tokens follow.

use crate::actor::Actor;
use crate::change::{set_standing, touch};
use crate::digest::Digest16;
use crate::ops::Done;
use crate::records::{
    Detokenisation, Holding, Life, PanRecord, RetiredNumber, Standing, Suspender, Token, TokenState,
    VaultEntry,
};
use crate::refusal::Refusal;
use crate::text::IssuerId;
use crate::vault::Purpose;
use crypto::vault::Envelope;
use values::id::kinds;
use values::{Expiry, Id, LastFour, Operation, Records, Timestamp, TokenNumber};

/// New plastic: the card number changes, the tokens and the account reference stay.
#[derive(Clone, Debug)]
pub struct Replacement {
    /// Digest of the new card number.
    pub pan: Digest16,
    /// The new card number read as a token number: it must not be one.
    pub as_token: Option<TokenNumber>,
    /// Its last four digits.
    pub last_four: LastFour,
    /// Its last month.
    pub expiry: Expiry,
    /// Its card face, if the issuer named one.
    pub art: Option<String>,
    /// The new card number sealed anew for each live token of the old one.
    pub resealed: Vec<Resealed>,
}

/// The new card number behind one token.
#[derive(Clone, Debug)]
pub struct Resealed {
    /// The token.
    pub number: TokenNumber,
    /// The card number sealed for it (`vault::seal`).
    pub envelope: Envelope,
    /// A fresh name for the record of this access to the vault.
    pub access: Id<kinds::Event>,
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
            self.replace(records, pan, tokens, replacement, now)?;
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
            set_standing(records, token, standing, Suspender::Issuer, now);
        }
        Ok(Done)
    }
}

impl IssuerEvent {
    fn replace<W: Records>(
        &self,
        records: &mut W,
        mut old: PanRecord,
        tokens: Vec<Token>,
        replacement: &Replacement,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        // Said a second time, nothing is left to be moved.
        if replacement.pan == self.pan {
            return Ok(());
        }
        if let Some(number) = replacement.as_token
            && (records.find::<TokenState>(&number).is_some()
                || records.find::<RetiredNumber>(&number).is_some())
        {
            return Err(Refusal::CardNotSupported);
        }
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
            let sealed = replacement.resealed.iter().find(|sealed| sealed.number == token.number);
            let sealed = sealed.ok_or(Refusal::Stale)?;
            let (number, envelope) = (sealed.number, sealed.envelope.clone());
            records.put(VaultEntry { number, reference: token.reference, envelope });
            records.put(Detokenisation {
                id: sealed.access,
                number,
                purpose: Purpose::Replacement,
                requested_by: format!("issuer:{}", self.issuer.as_str()),
                approved_by: "token service".to_owned(),
                at: now,
            });
            token.pan = replacement.pan;
            token.last_four = replacement.last_four;
            token.card_expiry = Some(replacement.expiry);
            token.art = replacement.art.clone().unwrap_or(token.art);
            touch(records, token, now);
        }
        Ok(())
    }
}
