//! Screening: the checks of a message that need no shared state, done in parallel before the writer.
//!
//! Every value that the message and the chip data both carry must be the same, because the issuer books the
//! message and the cryptogram covers the chip data. (JR/T 0025.7 11.1; the attacks are named at `Defence`.)

use super::presentment::{EntryMode, Presentment, Verification};
use crate::day::Day;
use crate::defences::Defence;
use crate::digest::{Digest, Digest16};
use crate::policy::Policy;
use crate::records::{Kind, Mode, Programme, TokenState};
use crate::refusal::Refusal;
use crypto::emv_keys::MasterKey;
use emv::cryptogram::{NotGenuine, verify, verify_shown_code};
use emv::de55::Request;
use emv::objects::{Aip, Cid, CryptogramKind, CryptogramVersion, Ctq, TransactionType};
use emv::qr::consumer;
use values::time::{Civil, Zone};
use values::{Country, Expiry, MerchantCategory, Money, Timestamp, TokenNumber};

/// What screening needs to know of a token: its hot state and its programme.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The hot state, or [`TokenState::claimed`]; the writer compares what is used of it with the truth.
    pub state: &'a TokenState,
    /// The programme it names.
    pub programme: &'a Programme,
}

/// What the chip proved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chip {
    pub(crate) counter: u16,
    pub(crate) cryptogram: Digest<8>,
}

/// A message that was screened. Made only by [`screen`]; a payment in it has a genuine cryptogram over this
/// amount, currency, date and verification.
#[derive(Clone, Copy, Debug)]
pub struct Screened {
    pub(crate) message: Digest16,
    pub(crate) number: TokenNumber,
    pub(crate) kind: Kind,
    pub(crate) amount: Money,
    pub(crate) category: MerchantCategory,
    pub(crate) mode: Mode,
    pub(crate) country: Option<Country>,
    pub(crate) verified: bool,
    pub(crate) online_pin: bool,
    pub(crate) chip: Option<Chip>,
    pub(crate) original: Option<Digest16>,
    pub(crate) zone: Zone,
    // What the key was derived with and the message said: the writer compares it with the token.
    pub(crate) programme: u16,
    pub(crate) claimed_psn: Option<u8>,
    pub(crate) claimed_expiry: Option<Expiry>,
}

impl Screened {
    /// The token.
    pub fn number(&self) -> TokenNumber {
        self.number
    }

    /// The message's name.
    pub fn message(&self) -> Digest16 {
        self.message
    }

    /// The transaction counter, if there was a cryptogram.
    pub fn counter(&self) -> Option<u16> {
        self.chip.map(|chip| chip.counter)
    }

    /// Whether the customer was verified: by the device, proved by the cryptogram, or by a PIN in the message.
    pub fn verified(&self) -> bool {
        self.verified
    }
}

/// Screens a message. `master` is the key set that the programme names (algorithm and DKI).
///
/// A message without a cryptogram passes only if its kind refers to an earlier one; whether that exists is
/// for `Admit` to say.
pub fn screen(
    presentment: &Presentment<'_>,
    parts: Parts<'_>,
    master: &MasterKey,
    policy: &Policy,
    now: Timestamp,
) -> Result<Screened, Refusal> {
    let guard = Guard { policy, presentment, parts };
    guard.token_data()?;
    let mut screened = Screened {
        message: presentment.message,
        number: presentment.number,
        kind: presentment.kind,
        amount: presentment.amount,
        category: presentment.category,
        mode: presentment.entry.mode(presentment.category),
        country: presentment.country,
        verified: false,
        online_pin: presentment.verification == Verification::OnlinePin,
        chip: None,
        original: presentment.original,
        zone: parts.programme.zone,
        programme: parts.programme.id,
        claimed_psn: presentment.kind.needs_cryptogram().then_some(parts.state.psn),
        claimed_expiry: presentment.expiries.iter().flatten().next().copied(),
    };
    if !presentment.kind.needs_cryptogram() {
        return Ok(screened);
    }
    let chip = presentment.chip.ok_or(Refusal::CryptogramMissing)?;
    let request = Request::parse(chip).map_err(|_| Refusal::ChipDataMalformed)?;
    guard.amounts(&request)?;
    guard.dates(&request, now)?;
    guard.application(&request)?;
    screened.verified = guard.verification(&request)?;
    guard.cryptogram(&request, master)?;
    guard.code(&request, now)?;
    screened.country = request.transaction.country.country();
    screened.chip =
        Some(Chip { counter: request.transaction.atc.count(), cryptogram: Digest(request.cryptogram) });
    Ok(screened)
}

struct Guard<'a> {
    policy: &'a Policy,
    presentment: &'a Presentment<'a>,
    parts: Parts<'a>,
}

impl Guard<'_> {
    /// Refuses unless it holds, or the defence was switched off by an attack test.
    fn require(&self, defence: Defence, holds: bool, refusal: Refusal) -> Result<(), Refusal> {
        if holds || !self.policy.defences.stands(defence) { Ok(()) } else { Err(refusal) }
    }

    fn token_data(&self) -> Result<(), Refusal> {
        let (said, state) = (self.presentment, self.parts.state);
        let expiries_agree = said.expiries.iter().flatten().all(|expiry| *expiry == state.expiry);
        let holds = said.number == state.number
            && said.track_number.is_none_or(|number| number == state.number)
            && expiries_agree
            && said.psn.is_none_or(|psn| psn == state.psn);
        self.require(Defence::TokenData, holds, Refusal::TokenDataMismatch)
    }

    fn amounts(&self, request: &Request) -> Result<(), Refusal> {
        let (said, chip) = (self.presentment, &request.transaction);
        let same_amount = chip.amount.minor() == said.amount.minor();
        self.require(Defence::Amount, same_amount, Refusal::AmountMismatch)?;
        let same_currency = chip.currency.numeric() == said.amount.currency().numeric();
        self.require(Defence::Currency, same_currency, Refusal::CurrencyMismatch)?;
        let expected = match said.kind {
            Kind::PreAuthorisation => TransactionType::PRE_AUTHORISATION,
            _ => TransactionType::PURCHASE,
        };
        self.require(Defence::TransactionType, chip.kind == expected, Refusal::TypeMismatch)
    }

    fn dates(&self, request: &Request, now: Timestamp) -> Result<(), Refusal> {
        let (year, month, day) = request.transaction.date.parts();
        let chip_day = Day::from_yymmdd(year, month, day).ok_or(Refusal::ChipDataMalformed)?;
        let today = now.civil(self.parts.programme.zone);
        let near = |day: Day| chip_day.distance(day) <= self.policy.date_tolerance_days;
        let near_today = near(Day::from_civil(today));
        let near_local = self.presentment.local_date.is_none_or(|(month, day)| {
            // DE13 has no year: at the turn of the year it may be the one before or after.
            let years = [today.year - 1, today.year, today.year + 1];
            years
                .into_iter()
                .any(|year| near(Day::from_civil(Civil { year, month, day, hour: 0, minute: 0, second: 0 })))
        });
        self.require(Defence::Date, near_today && near_local, Refusal::DateMismatch)
    }

    fn application(&self, request: &Request) -> Result<(), Refusal> {
        let programme = self.parts.programme;
        let aid_holds = request.aid.is_some_and(|aid| aid.as_bytes() == programme.aid.0);
        self.require(Defence::Aid, aid_holds, Refusal::AidMismatch)?;
        // The contact profile authenticates itself offline, the tap profile does not; the profile is inside the
        // cryptogram, so a tap cannot be dressed up as a contact payment or the other way round.
        let contact_profile = request.transaction.aip.has(Aip::DDA);
        let contact_entry = self.presentment.entry == EntryMode::Contact;
        // So does the profile of codes: a tap is no code, a code is no tap.
        let code_profile = request.transaction.aip.has(Aip::ON_DEVICE_VERIFICATION);
        let code_entry = matches!(self.presentment.entry, EntryMode::Qr | EntryMode::Scan);
        let holds = contact_profile == contact_entry && code_profile == code_entry;
        self.require(Defence::Profile, holds, Refusal::ProfileMismatch)
    }

    /// What is asked of codes beyond a tap, once their cryptogram is known to be genuine: a code on a phone's screen is
    /// of this minute, a scanned one of this shop. Both were made after the customer's verification.
    fn code(&self, request: &Request, now: Timestamp) -> Result<(), Refusal> {
        let number = request.transaction.unpredictable;
        match self.presentment.entry {
            EntryMode::Qr => {
                let (born, policy) = (consumer::born(number), self.policy);
                let from_the_future = born.since(now) > policy.shown_code_tolerance;
                let too_old = now.since(born) > policy.shown_code_life + policy.shown_code_tolerance;
                self.require(Defence::ShownCodeLife, !from_the_future && !too_old, Refusal::CodeExpired)?;
            }
            EntryMode::Scan => {
                let here = number == self.presentment.place.number(request.transaction.atc);
                self.require(Defence::Place, here, Refusal::PlaceMismatch)?;
            }
            EntryMode::Contact | EntryMode::Contactless | EntryMode::InApp => return Ok(()),
        }
        let by_device = request.unionpay().is_ok_and(|card| card.cvr.is_device_verified());
        self.require(Defence::Verification, by_device, Refusal::VerificationRequired)
    }

    /// Whether the customer was verified. Claims outside the cryptogram count for nothing, and a claim that the
    /// cryptogram does not bear out is an attack.
    fn verification(&self, request: &Request) -> Result<bool, Refusal> {
        let card = request.unionpay().map_err(|_| Refusal::ChipDataMalformed)?;
        let online = card.cvr.first() == Some(CryptogramKind::Arqc)
            && request.cid.and_then(Cid::kind).is_none_or(|kind| kind == CryptogramKind::Arqc);
        if !online {
            return Err(Refusal::NotAnOnlineRequest);
        }
        let proved = card.cvr.is_device_verified();
        let claimed = self.presentment.verification == Verification::Device
            || request.ctq.is_some_and(|ctq| ctq.has(Ctq::DEVICE_VERIFIED));
        self.require(Defence::Verification, proved || !claimed, Refusal::VerificationForged)?;
        let believed = claimed && !self.policy.defences.stands(Defence::Verification);
        Ok(proved || believed || self.presentment.verification == Verification::OnlinePin)
    }

    fn cryptogram(&self, request: &Request, master: &MasterKey) -> Result<(), Refusal> {
        let (programme, state) = (self.parts.programme, self.parts.state);
        let card = request.unionpay().map_err(|_| Refusal::ChipDataMalformed)?;
        let algorithm = master.algorithm();
        // Version 17 covers amount, number and counter alone; our tokens send 01, so nothing else is accepted.
        let scheme_holds = algorithm.id() == programme.algorithm
            && card.key_index == programme.dki
            && card.version == CryptogramVersion::V01;
        if !scheme_holds {
            return Err(Refusal::KeySchemeMismatch);
        }
        let card_key = master.derive_token_key(state.number, state.psn);
        let genuine = match self.presentment.entry {
            EntryMode::Qr => verify_shown_code(*request, algorithm, &card_key),
            _ => verify(*request, algorithm, &card_key),
        };
        match genuine {
            Ok(_) => Ok(()),
            Err(NotGenuine::Algorithm) => Err(Refusal::KeySchemeMismatch),
            Err(NotGenuine::IssuerData(_)) => Err(Refusal::ChipDataMalformed),
            Err(NotGenuine::Mismatch) => self.require(Defence::Cryptogram, false, Refusal::CryptogramWrong),
        }
    }
}
