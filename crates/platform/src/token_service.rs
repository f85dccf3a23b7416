//! The token service as one thing: its records, its keys, its line to the issuers.
//!
//! Use cases are methods in their own files: `devices` (binding a phone), `enrolment` (adding a card),
//! `provisioning` (keys for the phone), `lifecycle` (suspend, resume, delete, lost phone).

use crate::issuer_line::IssuerLine;
use crate::keys::PlatformKeys;
use crate::tidings::Tidings;
use std::sync::Arc;
use store::Store;
use tokens::policy::Policy;
use values::{Id, Timestamp};

/// A range of card numbers and the programme that makes tokens for it.
#[derive(Clone, Debug)]
pub struct CardRange {
    /// First eight digits of the card numbers.
    pub prefix: u32,
    /// How many digits they have.
    pub length: usize,
    /// The programme.
    pub programme: u16,
    /// The issuer's short name.
    pub issuer: String,
    /// The issuer's name for people.
    pub issuer_name: String,
    /// Name of the product.
    pub product: String,
}

/// Says the platform's own words to a telephone number.
pub trait Texting: Send + Sync {
    /// Sends a text message; `id` makes a repetition harmless.
    fn send(&self, id: &str, number: &str, text: &str);
}

/// The token service.
pub struct TokenService {
    pub(crate) store: Store,
    pub(crate) keys: Arc<PlatformKeys>,
    pub(crate) issuers: IssuerLine,
    pub(crate) ranges: Vec<CardRange>,
    pub(crate) texting: Arc<dyn Texting>,
    pub(crate) policy: Policy,
    pub(crate) tidings: Arc<Tidings>,
}

impl TokenService {
    /// Puts the parts together.
    pub fn new(
        store: Store,
        keys: Arc<PlatformKeys>,
        issuers: IssuerLine,
        ranges: Vec<CardRange>,
        texting: Arc<dyn Texting>,
        policy: Policy,
    ) -> TokenService {
        TokenService { store, keys, issuers, ranges, texting, policy, tidings: Arc::default() }
    }

    /// The limits it keeps.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// The records.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The keys.
    pub fn keys(&self) -> &PlatformKeys {
        &self.keys
    }

    /// How the last payments of tokens ended, for their phones.
    pub fn tidings(&self) -> &Tidings {
        &self.tidings
    }

    /// The card numbers that can be added.
    pub fn ranges(&self) -> &[CardRange] {
        &self.ranges
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.store.clock().now()
    }

    pub(crate) fn mint<K: values::id::Kind>(&self) -> Id<K> {
        Id::mint(self.now(), crypto::random::bytes())
    }

    pub(crate) fn range(&self, prefix: u32, length: usize) -> Option<&CardRange> {
        self.ranges.iter().find(|range| range.prefix == prefix && range.length == length)
    }

    pub(crate) fn range_of_programme(&self, programme: u16) -> Option<&CardRange> {
        self.ranges.iter().find(|range| range.programme == programme)
    }
}

impl TokenService {
    /// The issuer's name for people, by programme.
    pub fn issuer_name(&self, programme: u16) -> Option<String> {
        self.range_of_programme(programme).map(|range| range.issuer_name.clone())
    }
}
