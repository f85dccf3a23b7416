//! Adding a card to a phone, as the issuer sees it: attempts counted, rules applied, a decision remembered.
//!
//! The client can never choose a weaker path: the outcome is kept here under the enrolment's reference, and a
//! token is linked to a card only if that outcome was green or the one-time password was right.

use super::card::{BankCard, CardState, CardTokens, TokenLink};
use super::replace;
use super::rules::{self, Condition, Facts, Outcome};
use super::standing;
use crate::defences::{Defence, Defences};
use crate::digest::Digest;
use crate::directory::{Art, Directory};
use crate::test_cards::Behaviour;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use values::time::Zone;
use values::{Country, Expiry, Operation, Record, Records, Timestamp, TokenNumber, constant_time_eq};

/// Attempts a device may make in 24 hours; the next one cools it for as long (`product-conventions` section 9).
pub const DEVICE_ATTEMPTS: usize = 5;
/// Attempts that may be made for one card in 24 hours.
pub const CARD_ATTEMPTS: usize = 3;
/// The sequence number of every token, as the card profile says.
pub const TOKEN_PSN: u8 = 1;
const DAY: Duration = Duration::from_secs(24 * 3600);
const HOUR: Duration = Duration::from_secs(3600);

/// Where an enrolment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnrolmentState {
    /// Declined.
    Declined,
    /// Waits for the customer's proof.
    Waiting,
    /// Approved, at once or by proof.
    Approved,
    /// A token was made of it.
    Provisioned,
}

/// One attempt to add a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardEnrolment {
    /// The token service's reference.
    pub reference: String,
    /// The card.
    pub card: Digest,
    /// The device.
    pub device: String,
    /// The decision.
    pub outcome: Outcome,
    /// Why, in the word that was sent.
    pub reason: String,
    /// The condition behind it, which is not sent.
    pub condition: Option<Condition>,
    /// Where it stands.
    pub state: EnrolmentState,
    /// The token that was made.
    pub token: Option<TokenNumber>,
    /// Its requestor.
    pub requestor: Option<String>,
    /// The payment account reference.
    pub account_reference: Option<String>,
    /// When it was decided.
    pub at: Timestamp,
}

impl Record for CardEnrolment {
    type Key = String;
    const TABLE: &'static str = "card_enrolments";
    fn key(&self) -> String {
        self.reference.clone()
    }
}

/// Attempts of a device, or for a card, within the last 24 hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// Digest of the device's name, or of the card.
    pub subject: Digest,
    /// When attempts were made.
    pub recent: Vec<Timestamp>,
    /// When one of them was not declined.
    pub added: Vec<Timestamp>,
    /// Until when every attempt is declined.
    pub cooling_until: Option<Timestamp>,
}

impl Record for Attempts {
    type Key = Digest;
    const TABLE: &'static str = "attempts";
    fn key(&self) -> Digest {
        self.subject
    }
}

impl Attempts {
    fn of(records: &mut impl Records, subject: Digest, now: Timestamp) -> (Attempts, bool) {
        let known = records.find::<Attempts>(&subject);
        let seen = known.is_some();
        let fresh = Attempts { subject, recent: vec![], added: vec![], cooling_until: None };
        let mut attempts = known.unwrap_or(fresh);
        attempts.recent.retain(|at| now.since(*at) < DAY);
        attempts.added.retain(|at| now.since(*at) < DAY);
        (attempts, seen)
    }
}

/// How a customer can prove to be the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// To be named when a code is asked for.
    pub id: String,
    /// What kind it is: `sms`.
    pub kind: String,
    /// Where it goes, masked.
    pub masked: String,
}

/// What a wallet shows of a card and needs to make a token of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CardProfile {
    /// The issuer's name.
    pub issuer: String,
    /// The product's name.
    pub name: String,
    /// `debit` or `credit`.
    pub product: crate::directory::Product,
    /// The card sequence number of tokens.
    pub psn: u8,
    /// The application identifier, hexadecimal.
    pub aid: String,
    /// Algorithm id of cryptograms, hexadecimal.
    pub algorithm: String,
    /// Derivation key index.
    pub dki: u8,
    /// The card face.
    pub art: Art,
}

/// The issuer's decision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Evaluation {
    /// Green, yellow or red.
    pub outcome: Outcome,
    /// Why; `approved` if green.
    pub reason: String,
    /// Ways to prove, if yellow.
    pub methods: Vec<Method>,
    /// What a wallet shows, unless red.
    pub profile: Option<CardProfile>,
}

/// The question whether a card may be added; made by [`super::prepare`] from sealed card data.
#[derive(Clone)]
pub struct Evaluate {
    /// The token service's reference.
    pub reference: String,
    /// The card that was typed in.
    pub card: Digest,
    /// Whether the CVV2 belongs to the number and expiry typed in.
    pub cvv2_right: bool,
    /// The expiry typed in.
    pub expiry: Expiry,
    /// The phone number typed in.
    pub phone: String,
    /// The device.
    pub device: String,
    /// Where the customer is.
    pub country: Country,
    /// Which checks stand.
    pub defences: Defences,
}

impl Operation for Evaluate {
    type Answer = Evaluation;
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "issuer.evaluate";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Evaluation, Self::Refusal> {
        let card = records.find::<BankCard>(&self.card);
        if let Some(known) = records.find::<CardEnrolment>(&self.reference) {
            let same = known.card == self.card && known.device == self.device;
            let red = || evaluation(Outcome::Red, "reference_used", None);
            return Ok(if same { evaluation(known.outcome, &known.reason, card.as_ref()) } else { red() });
        }
        let (outcome, reason, condition) = self.decide(records, card.as_ref(), now);
        let state = match outcome {
            Outcome::Green => EnrolmentState::Approved,
            Outcome::Yellow => EnrolmentState::Waiting,
            Outcome::Red => EnrolmentState::Declined,
        };
        records.put(CardEnrolment {
            reference: self.reference.clone(),
            card: self.card,
            device: self.device.clone(),
            outcome,
            reason: reason.to_owned(),
            condition,
            state,
            token: None,
            requestor: None,
            account_reference: None,
            at: now,
        });
        Ok(evaluation(outcome, reason, card.as_ref()))
    }
}

impl Evaluate {
    fn decide(
        &self,
        records: &mut impl Records,
        card: Option<&BankCard>,
        now: Timestamp,
    ) -> (Outcome, &'static str, Option<Condition>) {
        let (mut device, device_seen) =
            Attempts::of(records, Digest::of(&[b"device:", self.device.as_bytes()]), now);
        let (mut of_card, _) = Attempts::of(records, self.card.with("attempts"), now);
        let too_many = (Outcome::Red, "too_many_attempts", None);
        if !self.defences.stands(Defence::EnrolmentAttempts) {
            for counted in [&mut device, &mut of_card] {
                counted.recent.clear();
                counted.added.clear();
                counted.cooling_until = None;
            }
        }
        if device.cooling_until.is_some_and(|until| now < until) {
            return too_many;
        }
        if device.recent.len() >= DEVICE_ATTEMPTS {
            device.cooling_until = Some(now.after(DAY));
            records.note("issuer.device_cooling", &self.device, "too many attempts to add cards");
            records.put(device);
            return too_many;
        }
        if of_card.recent.len() >= CARD_ATTEMPTS {
            device.recent.push(now);
            records.put(device);
            return too_many;
        }
        let tokens = standing::live_tokens(records, self.card);
        let rules = rules::rules(records);
        let found =
            Found { evaluate: self, card, device: &device, device_seen, of_card: &of_card, tokens, now };
        let (outcome, condition) = match self.defences.stands(Defence::EnrolmentRules) {
            true => rules::evaluate(&rules, &found),
            false => (Outcome::Green, None),
        };
        device.recent.push(now);
        of_card.recent.push(now);
        if outcome != Outcome::Red {
            device.added.push(now);
        }
        records.put(device);
        records.put(of_card);
        (outcome, condition.map_or("approved", Condition::reason), condition)
    }
}

/// What is known of this attempt.
struct Found<'a> {
    evaluate: &'a Evaluate,
    card: Option<&'a BankCard>,
    device: &'a Attempts,
    device_seen: bool,
    of_card: &'a Attempts,
    tokens: usize,
    now: Timestamp,
}

impl Facts for Found<'_> {
    fn count(&self, condition: Condition) -> u32 {
        let of = |check: fn(&BankCard) -> bool| self.card.is_some_and(check);
        match condition {
            Condition::CardUnknown => u32::from(self.card.is_none()),
            Condition::WrongCvv2 => u32::from(!self.evaluate.cvv2_right),
            Condition::WrongExpiry => {
                u32::from(self.card.is_some_and(|card| card.expiry != self.evaluate.expiry))
            }
            Condition::WrongPhone => {
                let same =
                    |card: &BankCard| constant_time_eq(card.phone.as_bytes(), self.evaluate.phone.as_bytes());
                u32::from(!self.card.is_some_and(same))
            }
            Condition::LostStolen => {
                u32::from(of(|card| matches!(card.state, CardState::Lost | CardState::Stolen)))
            }
            Condition::CardStopped => {
                u32::from(of(|card| card.state == CardState::Blocked || card.state.is_final()))
            }
            Condition::CardExpired => {
                let today = self.now.civil(Zone::Shanghai);
                u32::from(self.card.is_some_and(|card| card.expiry.is_past(today)))
            }
            Condition::TestRed => u32::from(of(|card| card.behaviour == Behaviour::Red)),
            Condition::TestStepUp => u32::from(of(|card| card.behaviour == Behaviour::StepUp)),
            Condition::TokensPerCard => u32::try_from(self.tokens).unwrap_or(u32::MAX),
            Condition::Country => u32::from(self.evaluate.country != Country::CHINA),
            Condition::NewDevice => u32::from(!self.device_seen),
            Condition::CardsPerDay => self.device.added.len() as u32,
            Condition::Velocity => {
                self.of_card.recent.iter().filter(|at| self.now.since(**at) < HOUR).count() as u32
            }
        }
    }
}

fn evaluation(outcome: Outcome, reason: &str, card: Option<&BankCard>) -> Evaluation {
    let shown = card.filter(|_| outcome != Outcome::Red);
    let methods = shown.filter(|_| outcome == Outcome::Yellow).map(sms_method);
    Evaluation {
        outcome,
        reason: reason.to_owned(),
        methods: methods.into_iter().collect(),
        profile: shown.and_then(profile),
    }
}

fn sms_method(card: &BankCard) -> Method {
    Method { id: SMS.to_owned(), kind: SMS.to_owned(), masked: masked(&card.phone) }
}

/// The one method there is.
pub(super) const SMS: &str = "sms";

/// `138****0001`.
fn masked(phone: &str) -> String {
    let digits = phone.len();
    if digits < 8 || !phone.is_ascii() {
        return "****".to_owned();
    }
    format!("{}****{}", &phone[..3], &phone[digits - 4..])
}

fn profile(card: &BankCard) -> Option<CardProfile> {
    let (bank, range) = Directory::sandbox().by_pan_prefix(card.prefix)?;
    Some(CardProfile {
        issuer: bank.name.clone(),
        name: range.product_name.clone(),
        product: range.product,
        psn: TOKEN_PSN,
        aid: range.aid.clone(),
        algorithm: range.algorithm.clone(),
        dki: range.dki,
        art: range.art.clone(),
    })
}

/// The token service says which token was made of an enrolment.
#[derive(Clone, Debug)]
pub struct Provisioned {
    /// The token service's reference.
    pub reference: String,
    /// The token.
    pub token: TokenNumber,
    /// Its expiry.
    pub expiry: Expiry,
    /// Its requestor, 11 digits.
    pub requestor: String,
    /// The payment account reference.
    pub account_reference: String,
    /// Which checks stand.
    pub defences: Defences,
}

/// Whether the issuer took note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Linked {
    /// The token is linked to the card.
    Yes,
    /// No such enrolment.
    Unknown,
    /// The enrolment was declined or still waits for proof.
    NotApproved,
    /// The enrolment has another token, or the token another card.
    Taken,
}

impl Operation for Provisioned {
    type Answer = Linked;
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "issuer.provisioned";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Linked, Self::Refusal> {
        let Some(enrolment) = records.find::<CardEnrolment>(&self.reference) else {
            return Ok(Linked::Unknown);
        };
        match enrolment.state {
            EnrolmentState::Declined | EnrolmentState::Waiting if self.defences.stands(Defence::StepUp) => {
                records.note("issuer.step_up_skipped", &self.reference, "a token was made without approval");
                return Ok(Linked::NotApproved);
            }
            EnrolmentState::Provisioned if enrolment.token == Some(self.token) => return Ok(Linked::Yes),
            EnrolmentState::Provisioned => return Ok(Linked::Taken),
            EnrolmentState::Declined | EnrolmentState::Waiting | EnrolmentState::Approved => {}
        }
        if records.find::<TokenLink>(&self.token).is_some() {
            return Ok(Linked::Taken);
        }
        // The plastic may have been replaced while its token was being made.
        let replaced = replace::latest(records, enrolment.card);
        let card = replaced.as_ref().map_or(enrolment.card, |replacement| replacement.new);
        let stopped = records.find::<BankCard>(&card).is_none_or(|card| card.state != CardState::Active);
        records.put(TokenLink { token: self.token, card, expiry: self.expiry, stopped });
        let mut known = records.find::<CardTokens>(&card).unwrap_or(CardTokens { card, tokens: vec![] });
        known.tokens.push(self.token);
        records.put(known);
        if replaced.is_some() {
            replace::tell(records, self.token, enrolment.card, now);
        }
        records.put(CardEnrolment {
            state: EnrolmentState::Provisioned,
            token: Some(self.token),
            requestor: Some(self.requestor.clone()),
            account_reference: Some(self.account_reference.clone()),
            at: now,
            ..enrolment
        });
        Ok(Linked::Yes)
    }
}
