//! Cards on the phone: adding one, keeping its keys filled, telling the platform what was done offline.

use super::{Phone, PhoneError, decode};
use crate::api;
use crate::client::ClientError;
use ::wallet::card::{
    AddCard, Algorithm, Card, CardState, Certificates, Delete, Plastic, Profile, Rename, Reorder, Resume,
    SetCertificates, SetDefault, Suspend, UpdateCard,
};
use ::wallet::history::{TapOutcome, TapRecord};
use ::wallet::keys::{Counter, KeySlot, PassOver, StoreKeys};
use ::wallet::phone::cards;
use crypto::p256::AgreementPublic;
use platform::CARD_DATA_CONTEXT;
use store::Backoff;
use values::id::kinds;
use values::{Country, Currency, Expiry, Id, LastFour, Records, TokenNumber};

/// As many keys as are made at a time.
const KEYS_LOST_MOST: u16 = 10;

/// How adding a card ended.
#[derive(Debug)]
pub enum Added {
    /// The card is on the phone, with keys.
    Active(Id<kinds::Token>),
    /// The bank said no.
    Declined {
        /// Its reason, coarse on purpose.
        reason: String,
    },
}

/// Asks the customer for a one-time password that was sent to the place named; none if there is no answer.
pub type AskCode<'a> = &'a mut dyn FnMut(&str) -> Option<String>;

impl Phone {
    /// Adds a card: seals what the customer typed, lets the issuer decide, proves who one is if asked.
    ///
    /// A code sent to this phone is read from its inbox; `ask` is for codes that go elsewhere: it is told where,
    /// masked, and gives what the customer typed.
    pub fn add_card(&mut self, typed: &api::CardData, ask: Option<AskCode<'_>>) -> Result<Added, PhoneError> {
        let enrolment = self.begin_adding(typed)?;
        let enrolment = match enrolment.state.as_str() {
            "step_up" => self.step_up(enrolment, ask)?,
            _ => enrolment,
        };
        match (enrolment.state.as_str(), enrolment.token) {
            ("approved", Some(token)) => Ok(Added::Active(self.take_card(&token)?)),
            _ => Ok(Added::Declined {
                reason: enrolment.reason.unwrap_or_else(|| "issuer_declined".to_owned()),
            }),
        }
    }

    /// Sends sealed card data and gets the issuer's first word.
    pub fn begin_adding(&self, typed: &api::CardData) -> Result<api::Enrolment, PhoneError> {
        let key = decode(&self.settings.card_data_key)?;
        let key = AgreementPublic::from_sec1(&key)
            .map_err(|_| PhoneError::Refused("the platform's key is not usable".to_owned()))?;
        let json = values::SecretBytes::new(serde_json::to_vec(typed).expect("four strings are JSON"));
        let sealed_card = crypto::jwe::seal(&key, "card-data", json.expose(), CARD_DATA_CONTEXT);
        self.post("/v1/cards", &api::AddCard { sealed_card })
    }

    fn step_up(
        &mut self,
        enrolment: api::Enrolment,
        ask: Option<AskCode<'_>>,
    ) -> Result<api::Enrolment, PhoneError> {
        let nothing = || PhoneError::Refused("the bank offers no way of verification".to_owned());
        let method = enrolment.methods.first().ok_or_else(nothing)?;
        let request = api::RequestCode { method: method.id.clone() };
        let path = format!("/v1/enrolments/{}/code", enrolment.enrolment);
        let _: serde_json::Value = self.post(&path, &request)?;
        let code = match ask {
            Some(ask) => ask(&method.masked).ok_or(PhoneError::NoCode)?,
            None => self.wait_for_code("")?,
        };
        self.answer_code(&enrolment, &code)
    }

    /// Asks the issuer to send a code; the customer chooses among the ways the issuer offered.
    pub fn request_code(&self, enrolment: &str, method: &str) -> Result<(), PhoneError> {
        let path = format!("/v1/enrolments/{enrolment}/code");
        let _: serde_json::Value = self.post(&path, &api::RequestCode { method: method.to_owned() })?;
        Ok(())
    }

    /// Seals a code to the issuer and sends it.
    pub fn answer_code(&self, enrolment: &api::Enrolment, code: &str) -> Result<api::Enrolment, PhoneError> {
        let key = decode(enrolment.issuer_key.as_deref().unwrap_or_default())?;
        let key = AgreementPublic::from_sec1(&key)
            .map_err(|_| PhoneError::Refused("the issuer's key is not usable".to_owned()))?;
        let context = format!("paiza:one-time-password:{}", enrolment.enrolment);
        let sealed_code = crypto::jwe::seal(&key, "issuer", code.as_bytes(), &context);
        let path = format!("/v1/enrolments/{}/verify", enrolment.enrolment);
        self.post(&path, &api::VerifyCode { sealed_code })
    }

    /// Fetches an active token and its first keys onto the phone.
    pub fn take_card(&self, token: &str) -> Result<Id<kinds::Token>, PhoneError> {
        let path = format!("/v1/tokens/{token}/provision");
        let provisioned: api::Provisioned = self.post(&path, &serde_json::json!({}))?;
        let card = card_of(&provisioned.card)?;
        let token = card.token;
        self.run(AddCard { card })?;
        let none_came = provisioned.keys.is_empty();
        self.store_keys(token, provisioned.keys)?;
        if none_came {
            self.replenish(token)?;
        }
        Ok(token)
    }

    fn store_keys(&self, token: Id<kinds::Token>, keys: Vec<api::SealedKey>) -> Result<(), PhoneError> {
        let slot = |key: api::SealedKey| KeySlot {
            token,
            atc: key.atc,
            device_part: key.device_part,
            user_part: Some(key.user_part),
            good_until: None,
        };
        self.run(StoreKeys { token, keys: keys.into_iter().map(slot).collect() })?;
        Ok(())
    }

    /// The cards on this phone, in their order, and the one that is tapped first.
    pub fn cards(&self) -> Result<(Vec<Card>, Option<Id<kinds::Token>>), PhoneError> {
        let found = self.store.read(|records| cards(records))?;
        Ok((found, self.record()?.default_card))
    }

    /// The counter of a card.
    pub fn counter(&self, token: Id<kinds::Token>) -> Result<Counter, PhoneError> {
        let found = self.store.read(move |records| records.find::<Counter>(&token))?;
        Ok(found.unwrap_or_else(|| Counter::new(token)))
    }

    /// Taps made with this phone, oldest first.
    pub fn taps(&self) -> Result<Vec<TapRecord>, PhoneError> {
        let mut taps = self.store.read(|records| records.all::<TapRecord>())?;
        taps.sort_by_key(|tap| (tap.at, tap.atc));
        Ok(taps)
    }

    /// The same without codes that were shown and never scanned, as far as this phone knows.
    pub fn payments(&self) -> Result<Vec<TapRecord>, PhoneError> {
        let mut taps = self.taps()?;
        taps.retain(|tap| tap.outcome != TapOutcome::Presented || tap.amount_minor > 0);
        Ok(taps)
    }

    /// Makes a card the one that is tapped first.
    pub fn set_default(&self, token: Id<kinds::Token>) -> Result<(), PhoneError> {
        self.run(SetDefault { token })?;
        let arrange = api::Arrange { default: Some(token.to_string()), ..api::Arrange::default() };
        let _: serde_json::Value = self.post("/v1/arrangement", &arrange)?;
        Ok(())
    }

    /// Puts the cards into this order; every live card is named once.
    pub fn reorder(&self, order: Vec<Id<kinds::Token>>) -> Result<(), PhoneError> {
        self.run(Reorder { order })?;
        // What was done offline is told first: the platform orders the cards that are there.
        self.sync()?;
        let (cards, _) = self.cards()?;
        let names = cards.iter().map(|card| card.token.to_string()).collect();
        let arrange = api::Arrange { order: Some(names), ..api::Arrange::default() };
        let _: serde_json::Value = self.post("/v1/arrangement", &arrange)?;
        Ok(())
    }

    /// Names a card.
    pub fn rename(&self, token: Id<kinds::Token>, name: &str) -> Result<(), PhoneError> {
        self.run(Rename { token, nickname: Some(name.to_owned()) })?;
        let nickname = Some((token.to_string(), name.to_owned()));
        let _: serde_json::Value =
            self.post("/v1/arrangement", &api::Arrange { nickname, ..api::Arrange::default() })?;
        Ok(())
    }

    /// Suspends a card here at once, and at the platform as soon as it can be reached.
    pub fn suspend(&self, token: Id<kinds::Token>) -> Result<(), PhoneError> {
        self.run(Suspend { token })
    }

    /// Resumes a card that was suspended here.
    pub fn resume(&self, token: Id<kinds::Token>) -> Result<(), PhoneError> {
        self.run(Resume { token })
    }

    /// Deletes a card for ever; works without a network.
    pub fn delete(&self, token: Id<kinds::Token>) -> Result<(), PhoneError> {
        self.run(Delete { token })
    }

    /// Carries out what waits for the network, then learns what became of the cards. Answers how many things
    /// were told.
    pub fn sync(&self) -> Result<usize, PhoneError> {
        let mut told = 0;
        for (topic, verb) in [
            ("platform.delete", "delete"),
            ("platform.suspend", "suspend"),
            ("platform.resume", "resume"),
            ("platform.replenish", "keys"),
        ] {
            let (messages, _) = self.store.due(topic, 64)?;
            for message in messages {
                let token = String::from_utf8_lossy(&message.body).into_owned();
                match self.tell(&token, verb) {
                    // A definite no ends it too: repeating would get the same answer.
                    Ok(()) | Err(PhoneError::Client(crate::client::ClientError::Problem(_))) => {
                        self.store.delivered(&message)?;
                        told += 1;
                    }
                    Err(error) => {
                        self.store.failed(&message, Backoff::default())?;
                        return Err(error);
                    }
                }
            }
        }
        self.learn_states()?;
        Ok(told)
    }

    fn tell(&self, token: &str, verb: &str) -> Result<(), PhoneError> {
        if verb == "keys" {
            let id = token.parse().map_err(|_| PhoneError::Refused("not a token".to_owned()))?;
            return self.replenish(id);
        }
        let _: serde_json::Value =
            self.post(&format!("/v1/tokens/{token}/{verb}"), &serde_json::json!({}))?;
        Ok(())
    }

    /// Fetches more single-use keys.
    pub fn replenish(&self, token: Id<kinds::Token>) -> Result<(), PhoneError> {
        let enough = |error: &PhoneError| matches!(error, PhoneError::Client(ClientError::Problem(problem)) if problem.code == "keys_enough");
        match self.ask_for_keys(token) {
            // Keys were made for this phone and never came: it died, or the line did. Without giving their counters up
            // it would never get others.
            Err(error) if enough(&error) && self.counter(token)?.keys_left == 0 => {
                self.run(PassOver { token, count: KEYS_LOST_MOST })?;
                self.ask_for_keys(token)
            }
            asked => asked,
        }
    }

    fn ask_for_keys(&self, token: Id<kinds::Token>) -> Result<(), PhoneError> {
        let highest_used = self.counter(token)?.atc;
        let path = format!("/v1/tokens/{token}/keys");
        let replenished: api::Replenished = self.post(&path, &api::Replenish { highest_used })?;
        self.store_keys(token, replenished.keys)
    }

    /// Fetches what a chip card in a slot shows to be believed, if this card has not got it yet.
    pub fn certify_contact(&self, token: Id<kinds::Token>) -> Result<(), PhoneError> {
        let card = self.store.read(move |records| records.find::<Card>(&token))?;
        if card.is_some_and(|card| card.certificates_for(Profile::Contact).is_some()) {
            return Ok(());
        }
        let path = format!("/v1/tokens/{token}/certificates");
        let wish = api::WantCertificates { profile: "contact".to_owned() };
        let made: api::CardCertificates = self.post(&path, &wish)?;
        let bytes = |text: &str| {
            hex::decode(text)
                .map_err(|_| PhoneError::Client(crate::client::ClientError::Unreadable("a certificate")))
        };
        let certificates = Certificates {
            profile: Profile::Contact,
            authority_index: made.authority_index,
            issuer: bytes(&made.issuer)?,
            issuer_remainder: bytes(&made.issuer_remainder)?,
            issuer_exponent: bytes(&made.issuer_exponent)?,
            card: bytes(&made.card)?,
            card_remainder: bytes(&made.card_remainder)?,
            card_exponent: bytes(&made.card_exponent)?,
            key_sealed: made.key_sealed,
        };
        self.run(SetCertificates { token, certificates })
    }

    /// Fetches tokens that were made for this phone and that it never took: it died between the two.
    fn take_what_was_missed(&self, list: &api::TokenList) -> Result<(), PhoneError> {
        let mine = |view: &&api::TokenView| view.device == self.settings.device && view.state == "active";
        for view in list.data.iter().filter(mine) {
            let Ok(token) = view.token.parse::<Id<kinds::Token>>() else { continue };
            // A card that was deleted here is remembered here.
            if self.store.read(move |records| records.find::<Card>(&token))?.is_none() {
                self.take_card(&view.token)?;
            }
        }
        Ok(())
    }

    fn learn_states(&self) -> Result<(), PhoneError> {
        let list: api::TokenList = self.get("/v1/tokens")?;
        self.take_what_was_missed(&list)?;
        let (cards, _) = self.cards()?;
        for card in cards {
            let there = list.data.iter().find(|view| view.token == card.token.to_string());
            let (state, version, plastic) = match there {
                Some(view) => (state_of(&view.state), view.version, plastic_of(view)),
                None => (CardState::Deleted, u64::MAX, None),
            };
            let resumed = card.state == CardState::Suspended && state == CardState::Active;
            self.run(UpdateCard { token: card.token, state, version, plastic })?;
            // A suspension wiped the keys; they do not come back by themselves.
            if (resumed || self.counter(card.token)?.keys_left == 0) && state == CardState::Active {
                match self.replenish(card.token) {
                    Ok(())
                    | Err(
                        PhoneError::Client(crate::client::ClientError::Problem(_)) | PhoneError::Refused(_),
                    ) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }
}

/// The card behind the token as the platform tells of it; what cannot be read is left as it was.
fn plastic_of(view: &api::TokenView) -> Option<Plastic> {
    let last_four = LastFour::from_ascii(view.card_last_four.as_bytes()).ok()?;
    let expiry = view.card_expiry.as_ref().map(|yymm| Expiry::from_yymm(yymm.as_bytes()).ok());
    Some(Plastic { last_four, expiry: expiry.flatten(), art: view.art.clone() })
}

fn state_of(state: &str) -> CardState {
    match state {
        "active" => CardState::Active,
        "inactive" => CardState::Verifying,
        "suspended" => CardState::Suspended,
        _ => CardState::Deleted,
    }
}

pub(crate) fn card_of(profile: &api::CardProfile) -> Result<Card, PhoneError> {
    let unreadable = |what: &'static str| PhoneError::Client(crate::client::ClientError::Unreadable(what));
    let algorithm = match profile.algorithm {
        0x01 => Algorithm::TripleDes,
        0x04 => Algorithm::Sm4,
        0xA1 => Algorithm::Aes,
        _ => return Err(unreadable("an algorithm")),
    };
    Ok(Card {
        token: profile.token.parse().map_err(|_| unreadable("a token reference"))?,
        number: TokenNumber::parse(profile.number.as_bytes()).map_err(|_| unreadable("a token number"))?,
        expiry: Expiry::from_yymm(profile.expiry.as_bytes()).map_err(|_| unreadable("an expiry"))?,
        sequence: profile.sequence_number,
        aid: hex::decode(&profile.aid).map_err(|_| unreadable("an application identifier"))?,
        label: profile.label.clone(),
        last_four: LastFour::from_ascii(profile.card_last_four.as_bytes())
            .map_err(|_| unreadable("last four"))?,
        card_expiry: profile
            .card_expiry
            .as_ref()
            .map(|yymm| Expiry::from_yymm(yymm.as_bytes()).map_err(|_| unreadable("the card's expiry")))
            .transpose()?,
        issuer: profile.issuer.clone(),
        art: profile.art.clone(),
        nickname: None,
        state: CardState::Active,
        state_version: profile.version,
        suspended_here: false,
        algorithm,
        key_index: profile.key_index,
        profile: Profile::Contactless,
        currency: Currency::from_numeric(profile.currency).ok_or_else(|| unreadable("a currency"))?,
        country: Country::CHINA,
        // Good for national and international use, online.
        service_code: 220,
        requestor: profile.requestor_id.clone(),
        par: profile.par.clone(),
        limit_per_tap: Some(profile.tap_limit_minor),
        limit_cumulative: Some(profile.cumulative_limit_minor),
        certificates: None,
    })
}
