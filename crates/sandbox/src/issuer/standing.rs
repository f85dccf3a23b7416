//! Where the tokens of the bank's cards stand, as the token service tells (verification function 05).
//!
//! It is for the bank's people and for counting: what a token may pay is decided at the token gateway, and by what the
//! bank itself stopped ([`super::TokenLink`]).

use super::card::{BankCard, CardTokens, TokenLink};
use super::enrolment::CardEnrolment;
use super::replace;
use crate::digest::Digest;
use serde::{Deserialize, Serialize};
use values::{Operation, Record, Records, Timestamp, TokenNumber};

/// The state of a token at the token service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenCondition {
    /// Waits for the customer's proof.
    Inactive,
    /// Pays.
    Active,
    /// Somebody stopped it for now.
    Suspended,
    /// Gone for good.
    Deleted,
    /// Past its last day.
    Expired,
}

impl TokenCondition {
    /// Reads the word on the wire.
    pub fn parse(word: &str) -> Option<TokenCondition> {
        match word {
            "inactive" => Some(TokenCondition::Inactive),
            "active" => Some(TokenCondition::Active),
            "suspended" => Some(TokenCondition::Suspended),
            "deleted" => Some(TokenCondition::Deleted),
            "expired" => Some(TokenCondition::Expired),
            _ => None,
        }
    }

    /// Whether it may still pay one day.
    pub fn is_live(self) -> bool {
        !matches!(self, TokenCondition::Deleted | TokenCondition::Expired)
    }
}

/// What the bank was last told of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenStanding {
    /// The token.
    pub token: TokenNumber,
    /// The card for which it was made.
    pub card: Digest,
    /// Its payment account reference.
    pub account_reference: String,
    /// Where it stands.
    pub condition: TokenCondition,
    /// Who changed that last: `customer`, `platform`, `issuer` or `fraud`.
    pub changed_by: String,
    /// Counts the token's changes; of two messages the higher counts.
    pub version: u32,
    /// When the bank was told.
    pub at: Timestamp,
}

impl Record for TokenStanding {
    type Key = TokenNumber;
    const TABLE: &'static str = "token_standings";
    fn key(&self) -> TokenNumber {
        self.token
    }
}

/// The token service says where a token stands.
#[derive(Clone, Debug)]
pub struct NoteStanding {
    /// The enrolment by which the token came.
    pub reference: String,
    /// The token.
    pub token: TokenNumber,
    /// Its payment account reference.
    pub account_reference: String,
    /// Where it stands.
    pub condition: TokenCondition,
    /// Who did it.
    pub changed_by: String,
    /// Counts the token's changes.
    pub version: u32,
}

/// Whether the bank took note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Noted {
    /// It is on record.
    Yes,
    /// The same, or something later, is on record.
    Known,
    /// No such enrolment.
    Unknown,
    /// The enrolment has another token.
    Taken,
}

impl Operation for NoteStanding {
    type Answer = Noted;
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "issuer.note_standing";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Noted, Self::Refusal> {
        let Some(enrolment) = records.find::<CardEnrolment>(&self.reference) else {
            return Ok(Noted::Unknown);
        };
        if enrolment.token.is_some_and(|token| token != self.token) {
            return Ok(Noted::Taken);
        }
        if let Some(known) = records.find::<TokenStanding>(&self.token) {
            // A message that was overtaken by a later one says nothing new.
            if known.version >= self.version {
                return Ok(Noted::Known);
            }
            if known.card != enrolment.card {
                return Ok(Noted::Taken);
            }
        }
        records.put(TokenStanding {
            token: self.token,
            card: enrolment.card,
            account_reference: self.account_reference.clone(),
            condition: self.condition,
            changed_by: self.changed_by.clone(),
            version: self.version,
            at: now,
        });
        Ok(Noted::Yes)
    }
}

/// How many tokens of a card may still pay one day.
pub(super) fn live_tokens(records: &mut impl Records, card: Digest) -> usize {
    let known = records.find::<CardTokens>(&card).map(|known| known.tokens).unwrap_or_default();
    let gone = |token: &TokenNumber, records: &mut _| {
        Records::find::<TokenStanding>(records, token).is_some_and(|known| !known.condition.is_live())
    };
    known.iter().filter(|token| !gone(token, records)).count()
}

/// A token for the bank's people; one without a link never came to a phone.
#[derive(Clone, Debug)]
pub struct ListedToken {
    /// The token.
    pub token: TokenNumber,
    /// The card it stands in for, and whether the bank stopped it.
    pub link: Option<TokenLink>,
    /// What the token service said of it, if there was anything to say since it was made.
    pub standing: Option<TokenStanding>,
}

/// The tokens behind each card of a listing, in the order of the cards.
pub fn tokens_of(
    records: &mut impl Records,
    cards: &[BankCard],
    links: Vec<TokenLink>,
    standings: Vec<TokenStanding>,
) -> Vec<Vec<ListedToken>> {
    let mut listed: Vec<Vec<ListedToken>> = cards.iter().map(|_| Vec::new()).collect();
    let place = |card: Digest| cards.iter().position(|known| known.key == card);
    let unlinked = standings.iter().filter(|one| links.iter().all(|link| link.token != one.token));
    let unlinked: Vec<TokenStanding> = unlinked.cloned().collect();
    for link in links {
        let standing = standings.iter().find(|standing| standing.token == link.token).cloned();
        if let Some(place) = place(link.card) {
            listed[place].push(ListedToken { token: link.token, link: Some(link), standing });
        }
    }
    for standing in unlinked {
        let card = replace::latest(records, standing.card).map_or(standing.card, |made| made.new);
        if let Some(place) = place(card) {
            listed[place].push(ListedToken { token: standing.token, link: None, standing: Some(standing) });
        }
    }
    listed
}
