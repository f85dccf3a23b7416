//! The phone in the field of a reader.

use super::{Phone, PhoneError};
use crate::trace::{Watch, Wire, show};
use crate::vpcd::{CardEnd, Request, VpcdError};
use ::wallet::application::{Answer, CardApplication, Context, NoKey, Notice, Reaction};
use ::wallet::atr;
use ::wallet::card::{Card, Profile};
use ::wallet::keys::{Counter, UseKey, UsedKey};
use ::wallet::phone::{AfterWrong, BeginUnlock, Unlocking, presented};
use ::wallet::unlock::{self, Verified};
use std::net::SocketAddr;
use store::{Failpoint, Outcome};
use values::id::kinds;
use values::{Id, Records, Timestamp};

/// How the phone is held against a reader.
pub struct Presentation {
    /// Where the reader listens.
    pub reader: SocketAddr,
    /// Its answer to reset; the profile's own if none.
    pub answer_to_reset: Option<Vec<u8>>,
    /// How the card behaves.
    pub profile: Profile,
    /// Which card; the default card if none.
    pub card: Option<Id<kinds::Token>>,
    /// It leaves after so many taps.
    pub taps: u32,
    /// Who watches the wires.
    pub watch: Watch,
}

/// One thing the phone tells its owner while it is in the field.
pub type TapSeen = Notice;

/// Why the phone could not be presented.
#[derive(Debug, thiserror::Error)]
pub enum PresentError {
    /// The phone itself.
    #[error(transparent)]
    Phone(#[from] PhoneError),
    /// The socket to the reader.
    #[error(transparent)]
    Reader(#[from] VpcdError),
    /// There is no card to present.
    #[error("there is no card on this phone")]
    NoCard,
    /// The card cannot be presented in this profile.
    #[error(transparent)]
    Unpresentable(#[from] ::wallet::application::Unpresentable),
}

/// The passcode did not open the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongPasscode {
    /// Wrong; it may be tried again.
    #[error("wrong passcode; {tries_left} tries left")]
    Again {
        /// Before the keys are wiped.
        tries_left: u32,
        /// Not before this moment.
        not_before: Timestamp,
    },
    /// It was not looked at: too many wrong ones came before.
    #[error("too many wrong passcodes; wait until {0}")]
    Wait(Timestamp),
    /// The limit is reached and the keys are wiped.
    #[error("too many wrong passcodes; set this phone up again")]
    Rebind,
}

impl Phone {
    /// Opens the phone for one tap. The try is counted before the passcode is looked at.
    pub fn unlock(&self, passcode: &[u8]) -> Result<Verified, PhoneError> {
        let ticket = match self.run(BeginUnlock)? {
            Unlocking::Try(ticket) => ticket,
            Unlocking::Wait(until) => return Err(WrongPasscode::Wait(until).into()),
            Unlocking::Rebind => return Err(WrongPasscode::Rebind.into()),
        };
        let Some(lock) = self.record()?.lock else { return Err(WrongPasscode::Rebind.into()) };
        match unlock::open(ticket, &lock, passcode) {
            Ok(verified) => {
                self.run(verified.confirm())?;
                Ok(verified)
            }
            Err(fail) => match self.run(fail)? {
                AfterWrong::Again { tries_left, not_before } => {
                    Err(WrongPasscode::Again { tries_left, not_before }.into())
                }
                AfterWrong::Rebind => Err(WrongPasscode::Rebind.into()),
            },
        }
    }

    /// Enters a reader's field and answers it. `verify` is asked for the customer's verification before each
    /// tap (none keeps the phone locked); `tell` hears what the phone shows.
    pub fn present(
        &self,
        how: &Presentation,
        mut verify: impl FnMut() -> Option<Verified>,
        mut tell: impl FnMut(TapSeen),
    ) -> Result<u32, PresentError> {
        let mut application = self.application(how)?;
        let mut unlocked = verify();
        let mut field = CardEnd::connect(how.reader)?;
        let mut taps = 0;
        while taps < how.taps {
            if !self.tap(&mut field, &mut application, how, unlocked.as_ref(), &mut tell)? {
                return Ok(taps);
            }
            taps += 1;
            let (card, counter) = self.card_and_counter(Some(application.card().token))?;
            application.refresh(card, counter);
            if taps < how.taps {
                unlocked = verify();
            }
        }
        // The reader still has to read the last answer, and may want more of a contact card.
        self.stay(&mut field, &mut application, &how.watch);
        Ok(taps)
    }

    /// Answers the reader in whose field the phone is, for one tap, with what its owner verified before.
    pub fn present_once(
        &self,
        mut field: CardEnd,
        how: &Presentation,
        unlocked: Option<&Verified>,
        mut tell: impl FnMut(TapSeen),
    ) -> Result<(), PresentError> {
        let mut application = self.application(how)?;
        if self.tap(&mut field, &mut application, how, unlocked, &mut tell)? {
            self.stay(&mut field, &mut application, &how.watch);
        }
        Ok(())
    }

    /// Answers commands until a tap is made; false if the reader went away before.
    fn tap(
        &self,
        field: &mut CardEnd,
        application: &mut CardApplication,
        how: &Presentation,
        unlocked: Option<&Verified>,
        tell: &mut impl FnMut(TapSeen),
    ) -> Result<bool, PresentError> {
        let reset = how.answer_to_reset.clone();
        let reset = reset.unwrap_or_else(|| atr::for_profile(how.profile).to_vec());
        loop {
            let command = match field.request() {
                Ok(Request::Command(command)) => command,
                Ok(Request::AnswerToReset) => {
                    field.respond(&reset)?;
                    continue;
                }
                Ok(Request::PowerOff | Request::PowerOn | Request::Reset) => {
                    application.reset();
                    continue;
                }
                Err(VpcdError::Removed) => return Ok(false),
                Err(error) => return Err(error.into()),
            };
            show(&how.watch, "terminal", "phone", Wire::Apdu, "", &command);
            let answer = self.answer(application, &command, unlocked);
            show(&how.watch, "phone", "terminal", Wire::Apdu, "", &answer.bytes);
            field.respond(&answer.bytes)?;
            let Some(notice) = answer.notice else { continue };
            tell(notice);
            if matches!(notice, Notice::Tapped { .. }) {
                return Ok(true);
            }
        }
    }

    /// Answers until the reader is done with the card.
    fn stay(&self, field: &mut CardEnd, application: &mut CardApplication, watch: &Watch) {
        while let Ok(request) = field.request() {
            match request {
                Request::Command(command) => {
                    show(watch, "terminal", "phone", Wire::Apdu, "", &command);
                    let answer = self.answer(application, &command, None);
                    show(watch, "phone", "terminal", Wire::Apdu, "", &answer.bytes);
                    if field.respond(&answer.bytes).is_err() {
                        return;
                    }
                }
                Request::PowerOff | Request::Reset => return,
                Request::PowerOn | Request::AnswerToReset => {}
            }
        }
    }

    /// The card application for this presentation.
    pub fn application(&self, how: &Presentation) -> Result<CardApplication, PresentError> {
        let (card, counter) = self.card_and_counter(how.card)?;
        let device = self.keyring.agreement().map_err(PhoneError::from)?;
        Ok(CardApplication::present(card, counter, how.profile, device)?.defended(self.defences))
    }

    pub(super) fn card_and_counter(
        &self,
        token: Option<Id<kinds::Token>>,
    ) -> Result<(Card, Counter), PresentError> {
        let found = self.store.read(move |records| {
            let card = presented(records, token)?;
            let counter = records.find::<Counter>(&card.token).unwrap_or_else(|| Counter::new(card.token));
            Some((card, counter))
        });
        found.map_err(PhoneError::from)?.ok_or(PresentError::NoCard)
    }

    /// Answers one command; a cryptogram leaves only after its counter is durable.
    pub fn answer(
        &self,
        application: &mut CardApplication,
        command: &[u8],
        unlocked: Option<&Verified>,
    ) -> Answer {
        let context = Context { unlocked, now: self.store.clock().now(), entropy: crypto::random::bytes() };
        match application.command(command, &context) {
            Reaction::Respond(answer) => answer,
            Reaction::Commit(use_key, pending) => {
                let used = self.use_key(use_key);
                store::failpoint(Failpoint::AfterCounter);
                application.committed(pending, used, &context)
            }
        }
    }

    fn use_key(&self, use_key: UseKey) -> Result<UsedKey, NoKey> {
        match self.store.call(use_key) {
            Ok(Outcome::Done(used)) => Ok(used),
            Ok(Outcome::Refused(refusal)) => Err(NoKey::Refused(refusal)),
            Ok(Outcome::Repeated(_) | Outcome::Mismatch) | Err(_) => Err(NoKey::Storage),
        }
    }
}
