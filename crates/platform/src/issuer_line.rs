//! Asking an issuer about a card: account verification messages through the card network (0100, DE 3 330000).
//!
//! The card data inside is sealed to the issuer, so the network routes by the card's prefix and reads nothing.

use crate::line::{HostAnswer, HostLine};
use iso8583::{Message, Mti, OriginalData, Tag};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use values::time::Zone;
use values::{Money, Timestamp};

/// What is asked (DE 48, D0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// May this card be added, and how sure is the issuer of the customer?
    Eligibility = 1,
    /// Send the customer a code.
    SendCode = 2,
    /// Is this the code?
    CheckCode = 3,
    /// The token is on the phone.
    Provisioned = 4,
    /// No question: where a token stands now.
    TokenState = 5,
    /// A payment is disputed.
    Dispute = 6,
    /// How does a dispute stand?
    DisputeState = 7,
    /// A dispute is given up.
    DisputeEnd = 8,
}

/// How an issuer answered; the parts it may leave out are empty.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// DE 39.
    pub response_code: String,
    /// `GREEN`, `YELLOW` or `RED`.
    pub decision: String,
    /// Step-up methods as JSON.
    pub methods: String,
    /// Card profile as JSON.
    pub profile: String,
    /// A stable reason code.
    pub reason: String,
    /// Tries that are left.
    pub tries_left: Option<u8>,
    /// A dispute as JSON.
    pub dispute: String,
}

/// The issuer gave no answer that can be acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoVerdict {
    /// Nothing was sent; trying again is safe.
    #[error("the issuer cannot be reached")]
    NotSent,
    /// The question may have been answered without our hearing it.
    #[error("the issuer did not answer in time")]
    Silence,
}

/// The token service's line into the network.
pub struct IssuerLine {
    line: Arc<dyn HostLine>,
    institution: String,
    stan: AtomicU32,
    wait: Duration,
}

impl IssuerLine {
    /// A line that asks as `institution` (DE 32) and waits so long for each answer.
    pub fn new(line: Arc<dyn HostLine>, institution: &str, wait: Duration) -> IssuerLine {
        let start = u32::from_be_bytes(crypto::random::bytes());
        IssuerLine { line, institution: institution.to_owned(), stan: AtomicU32::new(start), wait }
    }

    /// Asks about a card of this prefix; `parts` are entries of DE 48.
    pub fn ask(
        &self,
        question: Question,
        prefix: u32,
        parts: &[(Tag, &[u8])],
        now: Timestamp,
    ) -> Result<Verdict, NoVerdict> {
        self.ask_about(question, prefix, None, parts, now)
    }

    /// The same about a payment, and an amount of it.
    pub fn ask_about(
        &self,
        question: Question,
        prefix: u32,
        payment: Option<(OriginalData, Option<Money>)>,
        parts: &[(Tag, &[u8])],
        now: Timestamp,
    ) -> Result<Verdict, NoVerdict> {
        let mut message = Message::new(Mti::AUTHORISATION);
        let civil = now.civil(Zone::Utc);
        let transmitted = format!(
            "{:02}{:02}{:02}{:02}{:02}",
            civil.month, civil.day, civil.hour, civil.minute, civil.second
        );
        let stan = self.stan.fetch_add(1, Ordering::Relaxed) % 999_999 + 1;
        message.set_text(3, "330000").set_text(7, &transmitted).set_text(11, &format!("{stan:06}"));
        message.set_text(32, &self.institution).set_text(33, &self.institution);
        if let Some((original, amount)) = payment {
            message.set_original(original);
            if let Some(amount) = amount {
                message.set_amount(amount);
            }
        }
        message.set_private(Tag::VERIFICATION_FUNCTION, &[question as u8]);
        message.set_private(Tag::CARD_PREFIX, format!("{prefix:08}").as_bytes());
        for (tag, value) in parts {
            message.set_private(*tag, value);
        }
        match self.line.ask_and_wait(message, self.wait) {
            HostAnswer::Message(answer) => verdict(&answer),
            HostAnswer::Silence => Err(NoVerdict::Silence),
            HostAnswer::NotSent => Err(NoVerdict::NotSent),
        }
    }
}

fn verdict(answer: &Message) -> Result<Verdict, NoVerdict> {
    let response_code = answer.text(39).unwrap_or_default().to_owned();
    // 91 and 68 come from the network when the issuer itself was silent.
    if matches!(response_code.as_str(), "68" | "91" | "98") {
        return Err(NoVerdict::Silence);
    }
    let Ok(private) = answer.private_data() else {
        return Ok(Verdict { response_code, ..Verdict::default() });
    };
    let text = |tag| private.text(tag).unwrap_or_default().to_owned();
    Ok(Verdict {
        response_code,
        decision: text(Tag::DECISION),
        methods: text(Tag::STEP_UP_METHODS),
        profile: text(Tag::CARD_PROFILE),
        reason: text(Tag::REASON),
        tries_left: private.byte(Tag::TRIES_LEFT),
        dispute: text(Tag::DISPUTE),
    })
}
