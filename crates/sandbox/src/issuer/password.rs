//! One-time passwords: six digits, three minutes, three tries, one use, bound to one enrolment
//! (`product-conventions` section 9).
//!
//! What is kept is a keyed digest over the enrolment's reference and the digits.

use super::card::BankCard;
use super::enrolment::{CardEnrolment, EnrolmentState, SMS};
use super::notice;
use crate::defences::{Defence, Defences};
use crate::digest::Digest;
use crate::keys::{self, IssuerKeys};
use crypto::vault::Envelope;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use values::{Operation, Record, Records, SecretBytes, Timestamp, constant_time_eq};

/// How long a password is valid.
pub const VALID: Duration = Duration::from_secs(3 * 60);
/// Tries for one password.
pub const TRIES: u8 = 3;
/// Passwords sent for one card within ten minutes.
pub const SENDS_SHORT: usize = 3;
/// Passwords sent for one card within 24 hours.
pub const SENDS_DAY: usize = 10;
const SHORT: Duration = Duration::from_secs(10 * 60);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The password an enrolment waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeChallenge {
    /// The enrolment it is bound to.
    pub reference: String,
    /// Keyed digest of reference and digits.
    pub code: Digest,
    /// Tries that are left; 0 makes it void.
    pub tries_left: u8,
    /// From then on it is void.
    pub expires_at: Timestamp,
    /// The message that asked for it.
    pub asked_by: Digest,
    /// The last message that was checked against it, and what was answered.
    pub checked_by: Option<(Digest, Checked)>,
}

impl Record for CodeChallenge {
    type Key = String;
    const TABLE: &'static str = "code_challenges";
    fn key(&self) -> String {
        self.reference.clone()
    }
}

/// When passwords were sent for a card within the last 24 hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeSends {
    /// The card.
    pub card: Digest,
    /// When.
    pub sent: Vec<Timestamp>,
}

impl Record for CodeSends {
    type Key = Digest;
    const TABLE: &'static str = "code_sends";
    fn key(&self) -> Digest {
        self.card
    }
}

/// The keyed digest that stands for a password.
pub(super) fn code_digest(keys: &IssuerKeys, reference: &str, digits: &[u8]) -> Digest {
    // The digits have a fixed length, so that the boundary between the two cannot be moved.
    let tag = keys.passwords().tag(&[digits, reference.as_bytes()].concat());
    Digest(*tag.first_chunk().expect("32 bytes hold 16"))
}

/// Digits of a password.
pub const DIGITS: usize = 6;

/// Sends a password; made by [`SendCode::new`].
#[derive(Clone)]
pub struct SendCode {
    reference: String,
    method: String,
    code: Digest,
    sealed: Envelope,
    message: Digest,
    /// Which checks stand.
    pub defences: Defences,
}

/// What became of the wish for a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeSent {
    /// It is on its way.
    Sent,
    /// No enrolment of this reference waits for proof.
    NotWaiting,
    /// The issuer offered no such method.
    MethodUnknown,
    /// Too many were sent within ten minutes or 24 hours.
    TooMany,
}

impl SendCode {
    /// Makes a password of entropy. `message` names the request, so that its repeat sends nothing twice.
    pub(super) fn new(
        keys: &IssuerKeys,
        reference: &str,
        method: &str,
        message: Digest,
        entropy: [u8; 32],
    ) -> SendCode {
        let (head, _) = entropy.split_first_chunk::<8>().expect("32 bytes hold 8");
        // 2^64 is so much more than 10^6 that no password is likelier than another.
        let digits = SecretBytes::new(format!("{:06}", u64::from_be_bytes(*head) % 1_000_000).into_bytes());
        let seal_with = crypto::hash::sha256_pieces(&[b"one-time password envelope", &entropy]);
        SendCode {
            reference: reference.to_owned(),
            method: method.to_owned(),
            code: code_digest(keys, reference, digits.expose()),
            sealed: keys::seal(keys.vault(), digits.expose(), &notice::code_context(message), seal_with),
            message,
            defences: Defences::ALL,
        }
    }
}

impl Operation for SendCode {
    type Answer = CodeSent;
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "issuer.send_code";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<CodeSent, Self::Refusal> {
        let waiting = |enrolment: &CardEnrolment| {
            enrolment.state == EnrolmentState::Waiting && now.since(enrolment.at) < DAY
        };
        let known = records.find::<CodeChallenge>(&self.reference);
        if known.is_some_and(|known| known.asked_by == self.message) {
            return Ok(CodeSent::Sent);
        }
        let enrolment = records.find::<CardEnrolment>(&self.reference).filter(waiting);
        let card = enrolment.and_then(|enrolment| records.find::<BankCard>(&enrolment.card));
        let Some(card) = card else { return Ok(CodeSent::NotWaiting) };
        if self.method != SMS && self.defences.stands(Defence::PasswordMethod) {
            return Ok(CodeSent::MethodUnknown);
        }
        let fresh = CodeSends { card: card.key, sent: vec![] };
        let mut sends = records.find::<CodeSends>(&card.key).unwrap_or(fresh);
        sends.sent.retain(|at| now.since(*at) < DAY);
        let lately = sends.sent.iter().filter(|at| now.since(**at) < SHORT).count();
        let too_many = lately >= SENDS_SHORT || sends.sent.len() >= SENDS_DAY;
        if too_many && self.defences.stands(Defence::PasswordSends) {
            return Ok(CodeSent::TooMany);
        }
        sends.sent.push(now);
        records.put(sends);
        records.put(CodeChallenge {
            reference: self.reference.clone(),
            code: self.code,
            tries_left: TRIES,
            expires_at: now.after(VALID),
            asked_by: self.message,
            checked_by: None,
        });
        notice::send_password(records, &card, self.message, self.sealed.clone(), now);
        Ok(CodeSent::Sent)
    }
}

/// Checks a password; made by [`super::prepare`] from the sealed one.
#[derive(Clone)]
pub struct CheckCode {
    /// The enrolment.
    pub(super) reference: String,
    /// Keyed digest of what the customer typed.
    pub(super) code: Digest,
    /// The request's name, so that its repeat is no second try.
    pub(super) message: Digest,
    /// Which checks stand.
    pub defences: Defences,
}

/// What became of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checked {
    /// Right: the enrolment is approved.
    Right,
    /// Wrong, and so many tries are left.
    Wrong(u8),
    /// Wrong for the last time, or tried again after that: a new password is needed.
    Void,
    /// Too late: a new password is needed.
    Expired,
    /// None was sent, or it was used.
    None,
}

impl Operation for CheckCode {
    type Answer = Checked;
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "issuer.check_code";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Checked, Self::Refusal> {
        let Some(mut challenge) = records.find::<CodeChallenge>(&self.reference) else {
            return Ok(Checked::None);
        };
        let lives_once = self.defences.stands(Defence::PasswordLife);
        if !self.defences.stands(Defence::PasswordTries) {
            challenge.tries_left = TRIES;
        }
        match challenge.checked_by {
            Some((message, answer)) if message == self.message => return Ok(answer),
            Some((_, Checked::Right)) if lives_once => return Ok(Checked::None),
            _ => {}
        }
        if challenge.tries_left == 0 {
            return Ok(Checked::Void);
        }
        if now >= challenge.expires_at && lives_once {
            return Ok(Checked::Expired);
        }
        challenge.tries_left -= 1;
        let right = constant_time_eq(&challenge.code.0, &self.code.0);
        let answer = match challenge.tries_left {
            _ if right => Checked::Right,
            0 => Checked::Void,
            left => Checked::Wrong(left),
        };
        if let Some(enrolment) = records.find::<CardEnrolment>(&self.reference).filter(|_| right) {
            records.put(CardEnrolment { state: EnrolmentState::Approved, ..enrolment });
        }
        challenge.checked_by = Some((self.message, answer));
        records.put(challenge);
        Ok(answer)
    }
}
