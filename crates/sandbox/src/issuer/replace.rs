//! New plastic for an account: another number, another expiry, the same books; tokens stay and are told.
//!
//! The new number is kept sealed under a key of the issuer and leaves the bank in two ways only: on the plastic (the
//! answer to the clerk), and sealed again to the token service when its outbox delivers.

use super::card::{BankCard, CardRefusal, CardState, CardTokens, TokenLifecycle, TokenLink};
use crate::digest::Digest;
use crate::directory::Range;
use crate::keys::{self, IssuerKeys};
use crate::test_cards::Behaviour;
use crypto::vault::Envelope;
use serde::{Deserialize, Serialize};
use values::card::luhn_check_digit;
use values::{Expiry, LastFour, Operation, Pan, Record, Records, SecretBytes, Timestamp, TokenNumber};

/// One plastic that took the place of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardReplacement {
    /// The card that was replaced.
    pub old: Digest,
    /// The card that took its place.
    pub new: Digest,
    /// The last four digits of its number.
    pub last_four: LastFour,
    /// The last month in which it is good.
    pub expiry: Expiry,
    /// Which plastic of the account it is.
    pub sequence: u8,
    /// Its number, sealed; see [`CardReplacement::number`].
    pub number: Envelope,
    /// When it was made.
    pub at: Timestamp,
}

impl Record for CardReplacement {
    type Key = Digest;
    const TABLE: &'static str = "card_replacements";
    fn key(&self) -> Digest {
        self.old
    }
}

impl CardReplacement {
    /// Opens the new card's number.
    pub fn number(&self, keys: &IssuerKeys) -> Option<Pan> {
        let opened = keys::open(keys.vault(), &self.number, &context(self.new))?;
        Pan::parse(opened.expose()).ok()
    }
}

// The envelope of one card must not open under another's name.
fn context(card: Digest) -> Vec<u8> {
    [b"paiza:new-plastic:".as_slice(), &card.0].concat()
}

/// A number that may become a card's, made outside the writer.
#[derive(Clone, Debug)]
pub struct NewPlastic {
    key: Digest,
    last_four: LastFour,
    number: Envelope,
}

impl NewPlastic {
    /// A number of the range, Luhn-valid, its middle made of entropy alone.
    pub fn new(keys: &IssuerKeys, range: &Range, entropy: [u8; 32]) -> Option<NewPlastic> {
        let (head, _) = entropy.split_first_chunk::<16>()?;
        let middle = range.length.checked_sub(9)?;
        let random = u128::from_be_bytes(*head) % 10u128.checked_pow(u32::try_from(middle).ok()?)?;
        let mut digits = format!("{:08}{random:0middle$}", range.pan_prefix).into_bytes();
        digits.push(luhn_check_digit(&digits)?);
        let digits = SecretBytes::new(digits);
        let pan = Pan::parse(digits.expose()).ok()?;
        let key = Digest(keys.card_key(&pan));
        let seal_with = crypto::hash::sha256_pieces(&[b"new plastic envelope", &entropy]);
        let number = keys::seal(keys.vault(), pan.expose(), &context(key), seal_with);
        Some(NewPlastic { key, last_four: pan.last_four(), number })
    }
}

/// The bank makes new plastic for a card's account. A second time it answers with what was made the first time.
#[derive(Clone, Debug)]
pub struct ReplaceCard {
    /// The card in the customer's hands, or no longer there.
    pub card: Digest,
    /// Numbers in order of preference; the first that is free is taken. They are of the card's own range.
    pub candidates: Vec<NewPlastic>,
    /// The last month of the new plastic.
    pub expiry: Expiry,
}

impl Operation for ReplaceCard {
    type Answer = CardReplacement;
    type Refusal = CardRefusal;
    const NAME: &'static str = "issuer.replace_card";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<CardReplacement, CardRefusal> {
        let old = records.find::<BankCard>(&self.card).ok_or(CardRefusal::Unknown)?;
        if let Some(made) = records.find::<CardReplacement>(&self.card) {
            return Ok(made);
        }
        if old.state.is_final() {
            return Err(CardRefusal::Closed);
        }
        let free = self.candidates.iter().find(|one| records.find::<BankCard>(&one.key).is_none());
        let plastic = free.ok_or(CardRefusal::NumbersTaken)?;
        let new = BankCard {
            key: plastic.key,
            last_four: plastic.last_four,
            expiry: self.expiry,
            sequence: old.sequence.wrapping_add(1) % 100,
            // What the bank itself stopped stays stopped; what was lost is not lost any more.
            state: if old.state == CardState::Blocked { CardState::Blocked } else { CardState::Active },
            behaviour: match old.behaviour {
                Behaviour::Lost | Behaviour::Stolen | Behaviour::Expired => Behaviour::Approve,
                other => other,
            },
            ..old.clone()
        };
        let made = CardReplacement {
            old: old.key,
            new: new.key,
            last_four: new.last_four,
            expiry: new.expiry,
            sequence: new.sequence,
            number: plastic.number.clone(),
            at: now,
        };
        hand_over(records, &old, &new, now);
        records.put(BankCard { state: CardState::Replaced, ..old });
        records.put(new);
        records.put(made.clone());
        Ok(made)
    }
}

/// The tokens of the old card are the new one's; the token service hears of each.
fn hand_over(records: &mut impl Records, old: &BankCard, new: &BankCard, now: Timestamp) {
    let Some(known) = records.find::<CardTokens>(&old.key) else { return };
    let stopped = new.state != CardState::Active;
    for token in &known.tokens {
        if let Some(link) = records.find::<TokenLink>(token) {
            let lifted = link.stopped && !stopped;
            records.put(TokenLink { card: new.key, stopped, ..link });
            tell(records, *token, old.key, now);
            if lifted {
                TokenLifecycle { token: *token, action: "resume".to_owned(), replaced: None }
                    .send(records, now);
            }
        }
    }
    records.remove::<CardTokens>(&old.key);
    records.put(CardTokens { card: new.key, ..known });
}

/// Leaves word for the token service that the card behind a token was replaced.
pub(super) fn tell(records: &mut impl Records, token: TokenNumber, replaced: Digest, now: Timestamp) {
    TokenLifecycle { token, action: "replace".to_owned(), replaced: Some(replaced) }.send(records, now);
}

/// The last of the plastics that took the place of a card, one after another; `None` if it was never replaced.
pub fn latest(records: &mut impl Records, card: Digest) -> Option<CardReplacement> {
    let mut found = records.find::<CardReplacement>(&card)?;
    while let Some(next) = records.find::<CardReplacement>(&found.new) {
        found = next;
    }
    Some(found)
}
