//! A card on the phone: a token, how it looks, and what it may do.

use crate::keys::{Counter, wipe_keys};
use crate::phone::Phone;
use serde::{Deserialize, Serialize};
use values::id::kinds;
use values::{
    Country, Currency, Expiry, Id, LastFour, Operation, Outbound, Record, Records, Timestamp, TokenNumber,
};

/// Live cards a phone holds at most; the platform enforces the same where the truth is.
pub const CARDS_MOST: usize = 8;

/// Where a card is in its life, as the token service last said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardState {
    /// Waits for the issuer's step-up.
    Verifying,
    /// Pays.
    Active,
    /// Somebody at the other end stopped it; it may come back.
    Suspended,
    /// Gone for good.
    Deleted,
}

/// How the card behaves at a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// UnionPay contactless, always online: one GET PROCESSING OPTIONS and it is done.
    Contactless,
    /// The same, and offline at gates where terminal and certificates allow (fDDA).
    Offline,
    /// Contact style: records, dynamic data authentication, GENERATE AC.
    Contact,
}

/// The algorithm of a card's cryptograms, by its UnionPay identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// Identifier 01.
    TripleDes,
    /// Identifier 04.
    Sm4,
    /// Identifier A1, of this project.
    Aes,
}

impl From<Algorithm> for crypto::emv_keys::Algorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::TripleDes => Self::TripleDes,
            Algorithm::Sm4 => Self::Sm4,
            Algorithm::Aes => Self::Aes,
        }
    }
}

/// What a card of the contact or offline profile proves itself with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificates {
    /// The profile whose records they vouch for; another profile shows other records.
    pub profile: Profile,
    /// Index of the authority's key (tag 8F).
    pub authority_index: u8,
    /// Issuer certificate (tag 90).
    #[serde(with = "crate::octets")]
    pub issuer: Vec<u8>,
    /// What of the issuer's modulus did not fit the certificate (tag 92); may be empty.
    #[serde(with = "crate::octets")]
    pub issuer_remainder: Vec<u8>,
    /// Issuer exponent (tag 9F32).
    #[serde(with = "crate::octets")]
    pub issuer_exponent: Vec<u8>,
    /// Card certificate (tag 9F46).
    #[serde(with = "crate::octets")]
    pub card: Vec<u8>,
    /// What of the card's modulus did not fit (tag 9F48); may be empty.
    #[serde(with = "crate::octets")]
    pub card_remainder: Vec<u8>,
    /// Card exponent (tag 9F47).
    #[serde(with = "crate::octets")]
    pub card_exponent: Vec<u8>,
    /// The card's private key, sealed to the device's agreement key (compact JWE).
    pub key_sealed: String,
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Certificates(authority {:02X})", self.authority_index)
    }
}

/// A card on the phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The token's name at the platform.
    pub token: Id<kinds::Token>,
    /// The token itself, as readers see it.
    pub number: TokenNumber,
    /// The token's expiry, not the plastic's.
    pub expiry: Expiry,
    /// The token's sequence number (tag 5F34), 0 to 99.
    pub sequence: u8,
    /// Application identifier, 5 to 16 bytes (tag 84).
    #[serde(with = "crate::octets")]
    pub aid: Vec<u8>,
    /// Application label (tag 50), 1 to 16 characters.
    pub label: String,
    /// The last four digits of the card behind the token (tag 9F25).
    pub last_four: LastFour,
    /// The last month of the card behind the token, to be shown; not known for cards added before it was told.
    pub card_expiry: Option<Expiry>,
    /// Who issued it, for people.
    pub issuer: String,
    /// Reference of the picture.
    pub art: String,
    /// What the customer calls it.
    pub nickname: Option<String>,
    /// What the token service last said of it.
    pub state: CardState,
    /// The version of that state; older news is ignored.
    pub state_version: u64,
    /// The customer switched it off on this phone.
    pub suspended_here: bool,
    /// Algorithm of its cryptograms.
    pub algorithm: Algorithm,
    /// Derivation key index (DKI), which names the issuer's master key set.
    pub key_index: u8,
    /// How it behaves at a reader.
    pub profile: Profile,
    /// The currency it counts in (tag 9F51).
    pub currency: Currency,
    /// Where it was issued (tag 5F28).
    pub country: Country,
    /// Service code in track 2, three digits, 2xx for a chip card.
    pub service_code: u16,
    /// Token requestor id (tag 9F19), 11 digits; empty if not given.
    pub requestor: String,
    /// Payment account reference (tag 9F24), 29 characters; empty if not given.
    pub par: String,
    /// The most one tap may be, in minor units of `currency`.
    pub limit_per_tap: Option<u64>,
    /// The most all taps on one batch of keys may come to, in minor units of `currency`.
    pub limit_cumulative: Option<u64>,
    /// For the contact and offline profiles.
    pub certificates: Option<Certificates>,
}

impl Record for Card {
    type Key = Id<kinds::Token>;
    const TABLE: &'static str = "cards";
    fn key(&self) -> Id<kinds::Token> {
        self.token
    }
}

impl Card {
    /// Whether both the service and the customer let it pay.
    pub fn pays(&self) -> bool {
        self.state == CardState::Active && !self.suspended_here
    }

    /// The certificates that vouch for the records of this profile.
    pub fn certificates_for(&self, profile: Profile) -> Option<&Certificates> {
        self.certificates.as_ref().filter(|certificates| certificates.profile == profile)
    }
}

/// Why a change of the cards was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The phone has not been bound to anybody.
    #[error("this phone is not bound")]
    NotBound,
    /// Eight cards are on it already.
    #[error("this phone holds eight cards already")]
    Full,
    /// No such card on this phone.
    #[error("there is no such card on this phone")]
    UnknownCard,
    /// The card was deleted, which is final.
    #[error("this card was deleted")]
    Deleted,
    /// A token of this name is there with another number.
    #[error("another card has this reference")]
    Conflict,
    /// The profile of the card cannot be presented (label, identifier or code out of range).
    #[error("the card profile is not usable")]
    Profile,
    /// The new order does not name each card once.
    #[error("the order must name each card once")]
    Order,
    /// A nickname has 1 to 40 characters.
    #[error("a nickname has 1 to 40 characters")]
    Nickname,
}

impl Refusal {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::NotBound => "not_bound",
            Refusal::Full => "wallet_full",
            Refusal::UnknownCard => "unknown_card",
            Refusal::Deleted => "card_deleted",
            Refusal::Conflict => "card_conflict",
            Refusal::Profile => "card_profile",
            Refusal::Order => "order_incomplete",
            Refusal::Nickname => "nickname_length",
        }
    }
}

/// Puts a card on the phone; the first one becomes the default. A second time it changes nothing.
#[derive(Clone, Debug)]
pub struct AddCard {
    /// The card as the token service described it.
    pub card: Card,
}

impl Operation for AddCard {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "wallet.add_card";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), Refusal> {
        let mut phone = Phone::of(records).ok_or(Refusal::NotBound)?;
        let card = &self.card;
        if let Some(known) = records.find::<Card>(&card.token) {
            return match known.state {
                CardState::Deleted => Err(Refusal::Deleted),
                _ if known.number != card.number => Err(Refusal::Conflict),
                _ => Ok(()),
            };
        }
        if phone.cards.len() >= CARDS_MOST {
            return Err(Refusal::Full);
        }
        let presentable = (5..=16).contains(&card.aid.len())
            && (1..=16).contains(&card.label.len())
            && card.label.is_ascii()
            && card.sequence <= 99
            && card.service_code <= 999
            && (card.requestor.is_empty() || is_digits(&card.requestor, 11))
            && (card.par.is_empty() || (card.par.len() == 29 && card.par.is_ascii()));
        if !presentable {
            return Err(Refusal::Profile);
        }
        phone.cards.push(card.token);
        phone.default_card.get_or_insert(card.token);
        records.put(phone);
        records.put(Counter::new(card.token));
        records.put(card.clone());
        Ok(())
    }
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The card behind a token as its holder knows it; another one when the issuer replaced it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plastic {
    /// The last four digits of its number.
    pub last_four: LastFour,
    /// Its last month, if it is told.
    pub expiry: Option<Expiry>,
    /// Reference of the picture.
    pub art: String,
}

/// The token service says where a token is in its life, and which card is behind it. Older news than already known is
/// ignored.
#[derive(Clone, Debug)]
pub struct UpdateCard {
    /// Which card.
    pub token: Id<kinds::Token>,
    /// Where it is now.
    pub state: CardState,
    /// Counts the changes of this token at the service.
    pub version: u64,
    /// The card behind it, if that was told too.
    pub plastic: Option<Plastic>,
}

impl Operation for UpdateCard {
    type Answer = CardState;
    type Refusal = Refusal;
    const NAME: &'static str = "wallet.update_card";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<CardState, Refusal> {
        let mut card = records.find::<Card>(&self.token).ok_or(Refusal::UnknownCard)?;
        if card.state == CardState::Deleted || self.version <= card.state_version {
            return Ok(card.state);
        }
        if self.state == CardState::Deleted {
            bury(records, card);
            return Ok(CardState::Deleted);
        }
        if self.state == CardState::Suspended {
            wipe_keys(records, self.token);
        }
        card.state = self.state;
        card.state_version = self.version;
        if let Some(Plastic { last_four, expiry, art }) = self.plastic.clone() {
            (card.last_four, card.card_expiry, card.art) = (last_four, expiry, art);
        }
        records.put(card);
        Ok(self.state)
    }
}

/// Makes this card the one that answers when none was opened.
#[derive(Clone, Copy, Debug)]
pub struct SetDefault {
    /// Which card.
    pub token: Id<kinds::Token>,
}

impl Operation for SetDefault {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "wallet.set_default";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), Refusal> {
        live(records, self.token)?;
        let mut phone = Phone::of(records).ok_or(Refusal::NotBound)?;
        phone.default_card = Some(self.token);
        records.put(phone);
        Ok(())
    }
}

/// Puts the cards in another order.
#[derive(Clone, Debug)]
pub struct Reorder {
    /// Every live card, each once.
    pub order: Vec<Id<kinds::Token>>,
}

impl Operation for Reorder {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "wallet.reorder";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), Refusal> {
        let mut phone = Phone::of(records).ok_or(Refusal::NotBound)?;
        let (mut old, mut new) = (phone.cards.clone(), self.order.clone());
        old.sort();
        new.sort();
        if old != new {
            return Err(Refusal::Order);
        }
        phone.cards.clone_from(&self.order);
        records.put(phone);
        Ok(())
    }
}

/// Gives the card a name of the customer's own.
#[derive(Clone, Debug)]
pub struct Rename {
    /// Which card.
    pub token: Id<kinds::Token>,
    /// 1 to 40 characters, or none.
    pub nickname: Option<String>,
}

impl Operation for Rename {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "wallet.rename_card";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), Refusal> {
        let mut card = live(records, self.token)?;
        let fits = |name: &String| (1..=40).contains(&name.chars().count());
        if !self.nickname.as_ref().is_none_or(fits) {
            return Err(Refusal::Nickname);
        }
        card.nickname.clone_from(&self.nickname);
        records.put(card);
        Ok(())
    }
}

/// Gives a card the certificates of a profile, made for it by the token service.
#[derive(Clone, Debug)]
pub struct SetCertificates {
    /// Which card.
    pub token: Id<kinds::Token>,
    /// Its certificates; they replace those of another profile.
    pub certificates: Certificates,
}

impl Operation for SetCertificates {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "wallet.set_certificates";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), Refusal> {
        let card = live(records, self.token)?;
        records.put(Card { certificates: Some(self.certificates.clone()), ..card });
        Ok(())
    }
}

/// Switches a card off on this phone: its keys are wiped at once, the platform is told when it can be.
#[derive(Clone, Copy, Debug)]
pub struct Suspend {
    /// Which card.
    pub token: Id<kinds::Token>,
}

impl Operation for Suspend {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "wallet.suspend_card";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Refusal> {
        let mut card = live(records, self.token)?;
        if !card.suspended_here {
            wipe_keys(records, self.token);
            card.suspended_here = true;
            records.put(card);
            records.cancel("platform.resume", &self.token.to_string());
            tell_platform(records, "platform.suspend", self.token, now);
        }
        Ok(())
    }
}

/// Lifts the customer's own suspension; not that of anybody else.
#[derive(Clone, Copy, Debug)]
pub struct Resume {
    /// Which card.
    pub token: Id<kinds::Token>,
}

impl Operation for Resume {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "wallet.resume_card";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Refusal> {
        let mut card = live(records, self.token)?;
        if card.suspended_here {
            card.suspended_here = false;
            records.put(card);
            records.cancel("platform.suspend", &self.token.to_string());
            tell_platform(records, "platform.resume", self.token, now);
        }
        Ok(())
    }
}

/// Takes a card off the phone for good. Works without a network; a second time it changes nothing.
#[derive(Clone, Copy, Debug)]
pub struct Delete {
    /// Which card.
    pub token: Id<kinds::Token>,
}

impl Operation for Delete {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "wallet.delete_card";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Refusal> {
        let card = records.find::<Card>(&self.token).ok_or(Refusal::UnknownCard)?;
        if card.state != CardState::Deleted {
            bury(records, card);
            records.cancel("platform.suspend", &self.token.to_string());
            records.cancel("platform.resume", &self.token.to_string());
            tell_platform(records, "platform.delete", self.token, now);
        }
        Ok(())
    }
}

fn live<W: Records>(records: &mut W, token: Id<kinds::Token>) -> Result<Card, Refusal> {
    let card = records.find::<Card>(&token).ok_or(Refusal::UnknownCard)?;
    if card.state == CardState::Deleted { Err(Refusal::Deleted) } else { Ok(card) }
}

fn bury<W: Records>(records: &mut W, mut card: Card) {
    wipe_keys(records, card.token);
    if let Some(mut phone) = Phone::of(records) {
        phone.cards.retain(|token| *token != card.token);
        if phone.default_card == Some(card.token) {
            phone.default_card = phone.cards.first().copied();
        }
        records.put(phone);
    }
    card.state = CardState::Deleted;
    card.certificates = None;
    records.put(card);
}

/// The body is the token's reference; the deliverer signs the request with the device key.
fn tell_platform<W: Records>(records: &mut W, topic: &str, token: Id<kinds::Token>, now: Timestamp) {
    let key = token.to_string();
    let body = key.clone().into_bytes();
    records.send(Outbound { topic: topic.to_owned(), key, due: now, body });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::{cards, presented};
    use crate::testing::{self, Memory, NOON};

    fn named(number: u128) -> Card {
        Card { token: Id::from_u128(number), ..testing::card() }
    }

    fn full() -> Memory {
        let mut memory = Memory::with_phone();
        for number in 1..=8 {
            memory.run(&AddCard { card: named(number) }, NOON).unwrap();
        }
        memory
    }

    fn order(memory: &mut Memory) -> Vec<u128> {
        cards(memory).iter().map(|card| card.token.as_u128()).collect()
    }

    #[test]
    fn eight_cards_and_no_ninth() {
        let mut memory = full();
        assert_eq!(memory.run(&AddCard { card: named(9) }, NOON), Err(Refusal::Full));
        memory.run(&AddCard { card: named(3) }, NOON).unwrap();
        memory.run(&Delete { token: Id::from_u128(3) }, NOON).unwrap();
        memory.run(&AddCard { card: named(9) }, NOON).unwrap();
        assert_eq!(order(&mut memory), [1, 2, 4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn a_card_is_what_it_was_when_it_comes_again() {
        let mut memory = full();
        let other = values::TokenNumber::parse(b"4111111111111111").unwrap();
        assert_eq!(
            memory.run(&AddCard { card: Card { number: other, ..named(1) } }, NOON),
            Err(Refusal::Conflict)
        );
        memory.run(&Delete { token: Id::from_u128(1) }, NOON).unwrap();
        assert_eq!(memory.run(&AddCard { card: named(1) }, NOON), Err(Refusal::Deleted));
    }

    #[test]
    fn a_profile_that_cannot_be_presented_is_not_stored() {
        let mut memory = Memory::with_phone();
        for card in [
            Card { aid: vec![0xA0; 4], ..named(1) },
            Card { aid: vec![0xA0; 17], ..named(1) },
            Card { label: String::new(), ..named(1) },
            Card { label: "银联".to_owned(), ..named(1) },
            Card { sequence: 100, ..named(1) },
            Card { service_code: 1000, ..named(1) },
            Card { requestor: "1234567890".to_owned(), ..named(1) },
            Card { par: "short".to_owned(), ..named(1) },
        ] {
            assert_eq!(memory.run(&AddCard { card }, NOON), Err(Refusal::Profile));
        }
        assert_eq!(Memory::default().run(&AddCard { card: named(1) }, NOON), Err(Refusal::NotBound));
    }

    #[test]
    fn the_customer_orders_names_and_prefers() {
        let mut memory = full();
        assert_eq!(presented(&mut memory, None).unwrap().token.as_u128(), 1);
        memory.run(&SetDefault { token: Id::from_u128(5) }, NOON).unwrap();
        assert_eq!(presented(&mut memory, None).unwrap().token.as_u128(), 5);
        assert_eq!(presented(&mut memory, Some(Id::from_u128(6))).unwrap().token.as_u128(), 6);
        let reversed: Vec<_> = (1..=8).rev().map(Id::from_u128).collect();
        memory.run(&Reorder { order: reversed.clone() }, NOON).unwrap();
        assert_eq!(order(&mut memory), [8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(memory.run(&Reorder { order: reversed[1..].to_vec() }, NOON), Err(Refusal::Order));
        assert_eq!(memory.run(&Reorder { order: vec![reversed[0]; 8] }, NOON), Err(Refusal::Order));

        let rename = |name: Option<String>| Rename { token: Id::from_u128(2), nickname: name };
        memory.run(&rename(Some("红色的卡".to_owned())), NOON).unwrap();
        for name in [String::new(), "x".repeat(41)] {
            assert_eq!(memory.run(&rename(Some(name)), NOON), Err(Refusal::Nickname));
        }
        memory.run(&rename(None), NOON).unwrap();
        // The default card goes: the first of the order takes its place.
        memory.run(&Delete { token: Id::from_u128(5) }, NOON).unwrap();
        assert_eq!(presented(&mut memory, None).unwrap().token.as_u128(), 8);
        assert_eq!(memory.run(&SetDefault { token: Id::from_u128(5) }, NOON), Err(Refusal::Deleted));
        assert_eq!(memory.run(&SetDefault { token: Id::from_u128(77) }, NOON), Err(Refusal::UnknownCard));
    }

    #[test]
    fn deleting_is_final_and_tells_the_platform_when_it_can() {
        let mut memory = Memory::with_card();
        let token = testing::token();
        let told =
            |memory: &Memory, topic: &str| memory.sent.contains_key(&(topic.to_owned(), token.to_string()));
        memory.run(&Suspend { token }, NOON).unwrap();
        assert!(told(&memory, "platform.suspend"));
        memory.run(&Resume { token }, NOON).unwrap();
        assert!(told(&memory, "platform.resume") && !told(&memory, "platform.suspend"));
        memory.run(&Delete { token }, NOON).unwrap();
        assert!(told(&memory, "platform.delete") && !told(&memory, "platform.resume"));
        memory.sent.clear();
        memory.run(&Delete { token }, NOON).unwrap();
        assert!(memory.sent.is_empty());
        let news = UpdateCard { token, state: CardState::Active, version: 99, plastic: None };
        assert_eq!(memory.run(&news, NOON), Ok(CardState::Deleted));
        assert_eq!(memory.run(&Resume { token }, NOON), Err(Refusal::Deleted));
    }

    #[test]
    fn suspensions_are_independent_and_old_news_is_ignored() {
        let mut memory = Memory::with_card();
        let token = testing::token();
        let news = |state, version| UpdateCard { token, state, version, plastic: None };
        memory.run(&Suspend { token }, NOON).unwrap();
        memory.run(&news(CardState::Suspended, 3), NOON).unwrap();
        memory.run(&Resume { token }, NOON).unwrap();
        assert!(!memory.card().pays(), "resumed here, still suspended there");
        assert_eq!(memory.run(&news(CardState::Active, 2), NOON), Ok(CardState::Suspended));
        memory.run(&news(CardState::Active, 4), NOON).unwrap();
        assert!(memory.card().pays());
        memory.run(&news(CardState::Deleted, 5), NOON).unwrap();
        assert!(cards(&mut memory).is_empty());
    }
}
