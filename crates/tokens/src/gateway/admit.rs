//! Admission: the one place where a payment is let through, in the writer, one after another.

use super::screen::{Chip, Screened};
use crate::change::set_standing;
use crate::day::Day;
use crate::defences::Defence;
use crate::digest::Digest16;
use crate::policy::Policy;
use crate::records::controls::Use;
use crate::records::{
    CodeDay, Controls, Forestalled, Kind, Mode, Outcome, Passage, Standing, Suspender, Token, TokenState,
    VaultEntry,
};
use crate::refusal::Refusal;
use crate::vault::{Evidence, Purpose};
use crate::window::{Verdict, fingerprint};
use crypto::vault::Envelope;
use serde::{Deserialize, Serialize};
use values::{Operation, Records, Timestamp, TokenNumber};

/// Lets a screened message through, or not.
#[derive(Clone, Copy, Debug)]
pub struct Admit {
    /// The message.
    pub screened: Screened,
    /// Limits.
    pub policy: Policy,
}

/// Evidence that a message was let through and recorded: the vault opens the card number for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Admitted {
    message: Digest16,
    number: TokenNumber,
    purpose: Purpose,
    // Not part of the recorded answer: who reads the facts later has no business with it.
    #[serde(skip)]
    envelope: Option<Envelope>,
}

impl Admitted {
    /// The message's name, for `Settle`.
    pub fn message(&self) -> Digest16 {
        self.message
    }

    /// The sealed card number. None in an answer that was read back from the facts.
    pub fn envelope(&self) -> Option<&Envelope> {
        self.envelope.as_ref()
    }

    pub(crate) fn take<W: Records>(
        records: &mut W,
        message: Digest16,
        number: TokenNumber,
        purpose: Purpose,
    ) -> Result<Admitted, Refusal> {
        let entry = records.find::<VaultEntry>(&number).ok_or(Refusal::TokenUnknown)?;
        Ok(Admitted { message, number, purpose, envelope: Some(entry.envelope) })
    }
}

impl Evidence for Admitted {
    fn number(&self) -> TokenNumber {
        self.number
    }
    fn purpose(&self) -> Purpose {
        self.purpose
    }
}

/// What became of a message. A refusal here is an answer: it is recorded, and its counter is used up.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Admission {
    /// Pass it on with the card number.
    Admitted(Admitted),
    /// The same message again: pass it on again, the issuer answers the same.
    Repeat(Admitted),
    /// Refused and recorded.
    Refused(Refusal),
}

impl Operation for Admit {
    type Answer = Admission;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.admit";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Admission, Refusal> {
        let message = &self.screened;
        let state = records.find::<TokenState>(&message.number).ok_or(Refusal::TokenUnknown)?;
        if !self.claims_hold(&state) {
            return Ok(self.refuse(records, Refusal::TokenDataMismatch, now));
        }
        match message.chip {
            Some(chip) => self.tap(records, state, chip, now),
            None => self.follow_up(records, state, now),
        }
    }
}

impl Admit {
    /// Screening took sequence number and expiry from the message; they must be the token's.
    fn claims_hold(&self, state: &TokenState) -> bool {
        let message = &self.screened;
        let holds = message.programme == state.programme
            && message.claimed_psn.is_none_or(|psn| psn == state.psn)
            && message.claimed_expiry.is_none_or(|expiry| expiry == state.expiry);
        holds || !self.policy.defences.stands(Defence::TokenData)
    }

    /// A payment with a cryptogram.
    fn tap<W: Records>(
        &self,
        records: &mut W,
        mut state: TokenState,
        chip: Chip,
        now: Timestamp,
    ) -> Result<Admission, Refusal> {
        let (policy, print) = (&self.policy, fingerprint(&chip.cryptogram.0));
        let mut window = state.window();
        let verdict = match window.judge(chip.counter, policy.counter_ahead_max) {
            Verdict::Seen if policy.defences.stands(Defence::Replay) => {
                return self.seen_before(records, &state, chip, now);
            }
            Verdict::Fresh | Verdict::Seen => Ok(()),
            Verdict::TooOld => Err(Refusal::CounterTooOld),
            Verdict::TooFar => Err(Refusal::CounterTooFar),
            Verdict::NotIssued => Err(Refusal::CounterNotIssued),
            // Keys are revoked because the token stopped paying; as long as it does not pay, that is the reason.
            Verdict::Revoked if policy.defences.stands(Defence::Standing) => {
                Err(state.standing.usable().err().unwrap_or(Refusal::KeysRevoked))
            }
            Verdict::Revoked => Err(Refusal::KeysRevoked),
        };
        if let Err(refusal) = verdict
            && policy.defences.stands(Defence::Window)
        {
            // A genuine cryptogram at a counter that cannot be: worth a look. The window stays where it is, so
            // that nobody can push it away from the phone.
            return Ok(self.refuse(records, refusal, now));
        }
        // Used up from here on, whatever else is wrong (card-payments, issuer order of checks).
        window.mark(chip.counter, print);
        state.set_window(window);
        let today = Day::of(now, self.screened.zone);
        let decided = self.decide(records, &mut state, today, now);
        records.put(state);
        match decided {
            Err(refusal) => Ok(self.refuse(records, refusal, now)),
            Ok(()) => self.pass(records, Some(today), now),
        }
    }

    fn decide<W: Records>(
        &self,
        records: &mut W,
        state: &mut TokenState,
        today: Day,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let (message, defences) = (&self.screened, self.policy.defences);
        let reversed = records.find::<Forestalled>(&message.message).is_some();
        if reversed && defences.stands(Defence::EarlyReversal) {
            return Err(Refusal::ReversedBefore);
        }
        if defences.stands(Defence::Standing) {
            state.standing.usable()?;
            if state.expiry.is_past(now.civil(message.zone)) {
                return Err(Refusal::TokenExpired);
            }
        }
        let controls: Controls = records.find(&state.controls).ok_or(Refusal::ProgrammeUnknown)?;
        let amount_minor = message.amount.minor();
        let payment = Use {
            mode: message.mode,
            category: message.category,
            currency: message.amount.currency(),
            country: message.country,
            amount_minor,
            verified: message.verified,
            online_pin: message.online_pin,
        };
        if defences.stands(Defence::Domain) {
            controls.admit_domain(&payment)?;
        }
        if defences.stands(Defence::Limits) {
            controls.admit_amount(&payment)?;
            let most = if message.online_pin { u32::MAX } else { controls.code_daily_max };
            let by_code = (message.mode == Mode::Qr)
                .then(|| CodeDay::with(records, state.number, today, amount_minor, most))
                .transpose()?;
            state.spend(today, amount_minor, controls.daily_max, controls.daily_count_max)?;
            by_code.into_iter().for_each(|day| records.put(day));
        }
        Ok(())
    }

    /// The counter was seen: the same message again, somebody's replay, or a second phone with the same keys.
    fn seen_before<W: Records>(
        &self,
        records: &mut W,
        state: &TokenState,
        chip: Chip,
        now: Timestamp,
    ) -> Result<Admission, Refusal> {
        let message = &self.screened;
        let first = records.find::<Passage>(&message.message);
        if let Some(first) = first.filter(|first| {
            first.counter == Some(chip.counter)
                && first.cryptogram == Some(chip.cryptogram)
                && first.amount == message.amount
                && first.kind == message.kind
        }) {
            return repeat(records, &first);
        }
        let remembered = state.window().remembered(chip.counter);
        if remembered.is_none_or(|known| known == fingerprint(&chip.cryptogram.0)) {
            return Ok(self.refuse(records, Refusal::CounterReplayed, now));
        }
        // Keys are used once, so two genuine cryptograms for one counter come from two phones.
        let reference = records.find::<VaultEntry>(&state.number).map(|entry| entry.reference);
        if let Some(token) = reference.and_then(|reference| records.find::<Token>(&reference)) {
            records.note("clone_suspected", &token.reference.to_string(), "two cryptograms for one counter");
            let suspenders = token.standing.suspenders.with(Suspender::Fraud);
            let standing = Standing { suspenders, ..token.standing };
            set_standing(records, token, standing, Suspender::Fraud, now);
        }
        Ok(self.refuse(records, Refusal::CloneSuspected, now))
    }

    /// A completion, refund or void: it has no cryptogram, so it stands on the earlier payment it names.
    fn follow_up<W: Records>(
        &self,
        records: &mut W,
        state: TokenState,
        now: Timestamp,
    ) -> Result<Admission, Refusal> {
        let message = &self.screened;
        if let Some(first) = records.find::<Passage>(&message.message) {
            let same = first.kind == message.kind
                && first.amount == message.amount
                && first.original == message.original;
            return if same { repeat(records, &first) } else { Err(Refusal::Stale) };
        }
        if records.find::<Forestalled>(&message.message).is_some() {
            return Ok(self.refuse(records, Refusal::ReversedBefore, now));
        }
        // A lock stops whatever takes money; giving it back stays possible.
        if message.kind == Kind::Completion && self.policy.defences.stands(Defence::Standing) {
            state.standing.usable()?;
        }
        let name = message.original.ok_or(Refusal::OriginalUnknown)?;
        let found = records.find::<Passage>(&name).filter(|found| found.number == message.number);
        let mut original = found.ok_or(Refusal::OriginalUnknown)?;
        let follows = match message.kind {
            Kind::Completion => original.kind == Kind::PreAuthorisation && original.followed_minor == 0,
            Kind::Refund => matches!(original.kind, Kind::Purchase | Kind::Completion),
            Kind::Void => original.kind != Kind::Refund && original.followed_minor == 0,
            Kind::Purchase | Kind::PreAuthorisation => false,
        };
        if !follows || original.outcome != Outcome::Approved {
            return Err(Refusal::OriginalNotOpen);
        }
        let (amount, whole) = (message.amount.minor(), original.amount.minor());
        let followed = original.followed_minor.checked_add(amount).filter(|sum| *sum <= whole);
        let same_currency = message.amount.currency() == original.amount.currency();
        let all_of_it = message.kind != Kind::Void || amount == whole;
        original.followed_minor =
            followed.filter(|_| same_currency && all_of_it).ok_or(Refusal::OriginalAmountExceeded)?;
        records.put(original);
        self.pass(records, None, now)
    }

    fn pass<W: Records>(
        &self,
        records: &mut W,
        counted: Option<Day>,
        now: Timestamp,
    ) -> Result<Admission, Refusal> {
        let (message, purpose) = (&self.screened, self.screened.kind.purpose());
        let admitted = Admitted::take(records, message.message, message.number, purpose)?;
        records.put(Passage { purpose: Some(purpose), counted, ..self.passage(now) });
        Ok(Admission::Admitted(admitted))
    }

    fn refuse<W: Records>(&self, records: &mut W, refusal: Refusal, now: Timestamp) -> Admission {
        // What was let through under this name is not painted over by a forgery of the same name.
        if records.find::<Passage>(&self.screened.message).is_none() {
            let outcome = Outcome::Refused;
            records.put(Passage { refusal: Some(refusal), outcome, ..self.passage(now) });
        } else {
            records.note("message_name_reused", &self.screened.message.to_string(), refusal.code());
        }
        Admission::Refused(refusal)
    }

    fn passage(&self, now: Timestamp) -> Passage {
        let message = &self.screened;
        Passage {
            message: message.message,
            number: message.number,
            kind: message.kind,
            counter: message.chip.map(|chip| chip.counter),
            cryptogram: message.chip.map(|chip| chip.cryptogram),
            amount: message.amount,
            category: message.category,
            mode: message.mode,
            verified: message.verified,
            refusal: None,
            purpose: None,
            original: message.original,
            outcome: Outcome::Pending,
            followed_minor: 0,
            counted: None,
            at: now,
        }
    }
}

fn repeat<W: Records>(records: &mut W, first: &Passage) -> Result<Admission, Refusal> {
    if let Some(refusal) = first.refusal {
        return Ok(Admission::Refused(refusal));
    }
    if matches!(first.outcome, Outcome::Reversed | Outcome::Voided) {
        return Ok(Admission::Refused(Refusal::ReversedBefore));
    }
    let admitted = Admitted::take(records, first.message, first.number, first.kind.purpose())?;
    Ok(Admission::Repeat(admitted))
}
