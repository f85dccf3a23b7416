//! The issuer's cards: who they belong to, what state they are in, which tokens stand in for them.

use super::books;
use crate::digest::Digest;
use crate::directory::{Directory, Institution, Product};
use crate::keys::IssuerKeys;
use crate::test_cards::{Behaviour, Language, of_bank};
use serde::{Deserialize, Serialize};
use values::{Expiry, LastFour, Operation, Outbound, Record, Records, Residency, Timestamp, TokenNumber};

/// What may be done with a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardState {
    /// In use.
    Active,
    /// Reported lost.
    Lost,
    /// Reported stolen.
    Stolen,
    /// Stopped by the bank.
    Blocked,
    /// Gone for good.
    Closed,
    /// Another plastic with another number took its place, for good.
    Replaced,
}

impl CardState {
    /// Whether no other state follows.
    pub fn is_final(self) -> bool {
        matches!(self, CardState::Closed | CardState::Replaced)
    }

    /// The word in interfaces and records.
    pub fn word(self) -> &'static str {
        match self {
            CardState::Active => "active",
            CardState::Lost => "lost",
            CardState::Stolen => "stolen",
            CardState::Blocked => "blocked",
            CardState::Closed => "closed",
            CardState::Replaced => "replaced",
        }
    }
}

/// A card as its issuer knows it. The number itself is nowhere in the records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankCard {
    /// The keyed digest of its number.
    pub key: Digest,
    /// The account in the books: that of the first plastic, whatever number a replacement has.
    pub account: Digest,
    /// Counts the plastics of this account, from 0.
    pub sequence: u8,
    /// The last four digits of its number.
    pub last_four: LastFour,
    /// The first eight digits of its number, which name the product's range.
    pub prefix: u32,
    /// The last month in which it is good.
    pub expiry: Expiry,
    /// Debit or credit.
    pub product: Product,
    /// What may be done with it.
    pub state: CardState,
    /// What it does as a test card.
    pub behaviour: Behaviour,
    /// The customer's phone number; empty for a customer who wants no messages.
    pub phone: String,
    /// The language of messages.
    pub language: Language,
    /// The most one payment may be, minor units.
    pub limit_single: u64,
    /// The most a day's payments may be together, minor units.
    pub limit_daily: u64,
    /// The most payments of a day.
    pub limit_count: u32,
}

impl Record for BankCard {
    type Key = Digest;
    const TABLE: &'static str = "bank_cards";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> Digest {
        self.key
    }
}

/// What an account's cards spent on its last day of use (Shanghai time). Small, as every payment writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardUse {
    /// The account ([`BankCard::account`]), so that a replaced card does not get the day's limits anew.
    pub card: Digest,
    /// The day, as `YYYYMMDD`.
    pub day: u32,
    /// Spent or held on that day, minor units.
    pub spent: u64,
    /// Payments on that day.
    pub count: u32,
}

impl Record for CardUse {
    type Key = Digest;
    const TABLE: &'static str = "card_uses";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> Digest {
        self.card
    }
}

/// Which card a token stands in for, as the token service told the issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenLink {
    /// The token.
    pub token: TokenNumber,
    /// The card.
    pub card: Digest,
    /// The token's own expiry.
    pub expiry: Expiry,
    /// Whether the issuer itself stopped it.
    pub stopped: bool,
}

impl Record for TokenLink {
    type Key = TokenNumber;
    const TABLE: &'static str = "token_links";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> TokenNumber {
        self.token
    }
}

/// The tokens of one card, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardTokens {
    /// The card.
    pub card: Digest,
    /// Its tokens.
    pub tokens: Vec<TokenNumber>,
}

impl Record for CardTokens {
    type Key = Digest;
    const TABLE: &'static str = "card_tokens";
    fn key(&self) -> Digest {
        self.card
    }
}

/// Default limits of a new card: one payment, a day's payments (minor units), and their number.
pub const LIMITS: (u64, u64, u32) = (5_000_000, 10_000_000, 100);

impl BankCard {
    /// A card in use with default limits and nothing special about it.
    pub fn new(key: Digest, prefix: u32, last_four: LastFour, expiry: Expiry, product: Product) -> BankCard {
        BankCard {
            key,
            account: key,
            sequence: 0,
            last_four,
            prefix,
            expiry,
            product,
            state: CardState::Active,
            behaviour: Behaviour::Approve,
            phone: String::new(),
            language: Language::Chinese,
            limit_single: LIMITS.0,
            limit_daily: LIMITS.1,
            limit_count: LIMITS.2,
        }
    }
}

/// Opens accounts and cards. What is already open stays as it is.
#[derive(Clone)]
pub struct OpenCards {
    cards: Vec<(BankCard, u64)>,
}

impl OpenCards {
    /// Cards with their opening balance (debit) or credit limit (credit) in minor units.
    pub fn new(cards: Vec<(BankCard, u64)>) -> OpenCards {
        OpenCards { cards }
    }

    /// The documented test cards of a bank.
    pub fn sandbox(bank: &Institution, keys: &IssuerKeys) -> OpenCards {
        let card = |test: &crate::test_cards::TestCard| {
            let pan = test.pan();
            let key = Digest(keys.card_key(&pan));
            let fresh = BankCard::new(key, pan.issuer_prefix(), pan.last_four(), test.expiry(), test.product);
            let state = match test.behaviour {
                Behaviour::Lost => CardState::Lost,
                Behaviour::Stolen => CardState::Stolen,
                _ => CardState::Active,
            };
            let (behaviour, phone, language) = (test.behaviour, test.phone.clone(), test.language);
            (BankCard { state, behaviour, phone, language, ..fresh }, test.funds().minor())
        };
        OpenCards { cards: of_bank(&bank.id).map(card).collect() }
    }
}

impl Operation for OpenCards {
    /// How many were new.
    type Answer = u32;
    type Refusal = ledger::Refusal;
    const NAME: &'static str = "issuer.open_cards";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<u32, ledger::Refusal> {
        let currency = Directory::sandbox().network.currency();
        books::open_house(records, currency)?;
        let mut opened = 0;
        for (card, funds) in &self.cards {
            if records.find::<BankCard>(&card.key).is_none() {
                books::open_card(records, card, *funds, currency, now)?;
                records.put(card.clone());
                opened += 1;
            }
        }
        Ok(opened)
    }
}

/// The topic under which the issuer tells the token service that a token must stop, run again or go, or that the card
/// behind it was replaced.
pub const TOPIC_TOKEN_LIFECYCLE: &str = "issuer.token_lifecycle";

/// What the token service is told, as JSON in the body of an [`Outbound`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenLifecycle {
    /// The token.
    pub token: TokenNumber,
    /// `suspend`, `resume`, `delete` or `replace`.
    pub action: String,
    /// The card that was replaced, if that is what happened.
    #[serde(default)]
    pub replaced: Option<Digest>,
}

impl TokenLifecycle {
    /// Leaves word for the token service.
    pub(super) fn send(self, records: &mut impl Records, now: Timestamp) {
        let name =
            [&self.token.as_u64().to_be_bytes()[..], self.action.as_bytes(), &now.millis().to_be_bytes()];
        records.send(Outbound {
            topic: TOPIC_TOKEN_LIFECYCLE.to_owned(),
            key: Digest::of(&name).to_string(),
            due: now,
            body: serde_json::to_vec(&self).expect("strings and numbers serialise"),
        });
    }
}

/// The bank changes what may be done with a card; its tokens follow.
#[derive(Clone, Debug)]
pub struct SetCardState {
    /// The card.
    pub card: Digest,
    /// What it is from now on.
    pub state: CardState,
}

/// Why the bank does not do what its clerk wants with a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardRefusal {
    /// The issuer knows no such card.
    #[error("unknown card")]
    Unknown,
    /// A card becomes replaced by its new plastic alone ([`super::ReplaceCard`]).
    #[error("a replaced card needs a new plastic")]
    NeedsPlastic,
    /// The card is closed, and its account gets no new plastic.
    #[error("the card is closed")]
    Closed,
    /// None of the numbers handed in was free; ask again with others.
    #[error("no free card number")]
    NumbersTaken,
}

impl Operation for SetCardState {
    /// What it was before.
    type Answer = CardState;
    type Refusal = CardRefusal;
    const NAME: &'static str = "issuer.set_card_state";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<CardState, CardRefusal> {
        let card = records.find::<BankCard>(&self.card).ok_or(CardRefusal::Unknown)?;
        let before = card.state;
        if before == self.state || before.is_final() {
            return Ok(before);
        }
        if self.state == CardState::Replaced {
            return Err(CardRefusal::NeedsPlastic);
        }
        let tokens = records.find::<CardTokens>(&self.card).map(|known| known.tokens).unwrap_or_default();
        let action = match self.state {
            CardState::Active => "resume",
            CardState::Closed | CardState::Replaced => "delete",
            CardState::Lost | CardState::Stolen | CardState::Blocked => "suspend",
        };
        for token in tokens {
            if let Some(link) = records.find::<TokenLink>(&token) {
                records.put(TokenLink { stopped: self.state != CardState::Active, ..link });
            }
            TokenLifecycle { token, action: action.to_owned(), replaced: None }.send(records, now);
        }
        records.put(BankCard { state: self.state, ..card });
        Ok(before)
    }
}
