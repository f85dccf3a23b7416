//! What happens to tokens after they were made: by the customer, by the platform, by the issuer.

use crate::error::{Error, answer};
use crate::token_service::TokenService;
use tokens::Actor;
use tokens::ops::{
    Arrange, Arrangement, Delete, IssuerEvent, Lifecycle, ReportLost, Reported, Reporter, Resume, Suspend,
};
use tokens::records::{CustomerId, DeviceId, PhoneConfirmation, Standing, TokenReference, VaultEntry};
use tokens::refusal::Refusal;
use tokens::text::{IssuerId, PhoneNumber};
use values::{Pan, Records, TokenNumber};

/// What an issuer wants done with one token of its cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerAction {
    /// Stop it for now.
    Suspend,
    /// Lift the issuer's own suspension, and no other.
    Resume,
    /// End it for ever.
    Delete,
}

impl IssuerAction {
    /// Reads the word of the interface.
    pub fn parse(word: &str) -> Option<IssuerAction> {
        match word {
            "suspend" => Some(IssuerAction::Suspend),
            "resume" => Some(IssuerAction::Resume),
            "delete" => Some(IssuerAction::Delete),
            _ => None,
        }
    }
}

impl TokenService {
    /// Does what an issuer says of a token, which must be of a card of its own.
    pub fn issuer_token(
        &self,
        issuer: IssuerId,
        number: TokenNumber,
        action: IssuerAction,
    ) -> Result<(), Error> {
        let found = self.store.read(move |records| records.find::<VaultEntry>(&number))?;
        let token = found.ok_or(Refusal::TokenUnknown)?.reference;
        let actor = Actor::Issuer(issuer);
        match action {
            IssuerAction::Suspend => self.suspend(token, actor).map(|_| ()),
            IssuerAction::Resume => self.resume(token, actor).map(|_| ()),
            IssuerAction::Delete => self.delete(token, actor),
        }
    }

    /// Suspends a token in this actor's name.
    pub fn suspend(&self, token: TokenReference, actor: Actor) -> Result<Standing, Error> {
        answer(self.store.call(Suspend { token, actor }))
    }

    /// Lifts this actor's suspension and no other.
    pub fn resume(&self, token: TokenReference, actor: Actor) -> Result<Standing, Error> {
        answer(self.store.call(Resume { token, actor }))
    }

    /// Deletes a token for ever.
    pub fn delete(&self, token: TokenReference, actor: Actor) -> Result<(), Error> {
        answer(self.store.call(Delete { token, actor })).map(|_| ())
    }

    /// Order, default card and nicknames.
    pub fn arrange(&self, customer: CustomerId, arrangement: Arrangement) -> Result<(), Error> {
        answer(self.store.call(Arrange { customer, arrangement })).map(|_| ())
    }

    /// The customer's phone is lost: from any browser, with the recovery code. Every card is suspended at once.
    ///
    /// Whether the number has a customer makes no difference to the answer for a wrong code.
    pub fn report_lost(&self, phone: &str, recovery_code: &[u8]) -> Result<u16, Error> {
        let phone = PhoneNumber::parse(phone).map_err(|_| Error::Invalid("/phone_number"))?;
        let guess = self.recovery_digest(&phone, &recovery_code.to_ascii_uppercase());
        let found = self.store.read(move |records| records.find::<PhoneConfirmation>(&phone))?;
        let customer =
            found.and_then(|confirmation| confirmation.customer).ok_or(Refusal::RecoveryRefused)?;
        let reporter = Reporter::Recovery(guess);
        let report = ReportLost { customer, device: None, reporter, policy: self.policy };
        match answer(self.store.call(report))? {
            Reported::Suspended { tokens } => Ok(tokens),
            Reported::WrongSecret => Err(Refusal::RecoveryRefused.into()),
        }
    }

    /// An operator, or the customer on another of their phones, reports one device lost.
    pub fn report_device_lost(&self, customer: CustomerId, device: DeviceId) -> Result<u16, Error> {
        let reporter = Reporter::Authenticated;
        let report = ReportLost { customer, device: Some(device), reporter, policy: self.policy };
        match answer(self.store.call(report))? {
            Reported::Suspended { tokens } => Ok(tokens),
            Reported::WrongSecret => Err(Refusal::RecoveryRefused.into()),
        }
    }

    /// The issuer tells what happened to one of its cards.
    pub fn issuer_event(&self, issuer: IssuerId, pan: &Pan, event: Lifecycle) -> Result<(), Error> {
        let pan = self.keys.pan_digest(pan);
        answer(self.store.call(IssuerEvent { issuer, pan, event })).map(|_| ())
    }
}
