//! What happens to tokens after they were made: by the customer, by the platform, by the issuer.

use crate::error::{Error, answer};
use crate::issuer_line::Question;
use crate::token_service::TokenService;
use iso8583::Tag;
use serde::Deserialize;
use tokens::notice::TokenNotice;
use tokens::ops::{
    Arrange, Arrangement, Delete, IssuerEvent, Lifecycle, Replacement, ReportLost, Reported, Reporter,
    Resealed, Resume, Suspend,
};
use tokens::records::{
    CustomerId, DeviceId, PanRecord, PhoneConfirmation, Standing, Token, TokenReference, VaultEntry,
};
use tokens::refusal::Refusal;
use tokens::text::{IssuerId, PhoneNumber};
use tokens::{Actor, vault};
use values::{Expiry, Pan, Records, Secret, TokenNumber};

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

/// The longest reference of a card face, bytes.
const ART_MOST: usize = 128;

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

/// Binds the sealed number of a new plastic to its purpose and to the issuer that sends it.
pub fn replacement_context(issuer: &str) -> String {
    format!("paiza:card-replacement:{issuer}")
}

/// What an issuer seals.
#[derive(Deserialize)]
struct NewCardJson<'a> {
    pan: &'a str,
    expiry: &'a str,
    #[serde(default)]
    art: Option<&'a str>,
}

/// A card that took another's place. No `Debug`, wiped by its parts.
struct NewCard {
    pan: Pan,
    expiry: Expiry,
    art: Option<String>,
}

/// What an issuer made of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeTaken {
    /// It is on its record.
    Yes,
    /// It has no such token, now and later.
    Never,
    /// Not now; the same notice is to be sent again.
    NotYet,
}

impl TokenService {
    /// Tells the issuer where a token of its card stands, through the network like all that is about adding cards.
    pub fn notify_issuer(&self, notice: &TokenNotice) -> Result<NoticeTaken, Error> {
        let reference = notice.token;
        let found = self.store.read(move |records| records.find::<Token>(&reference))?;
        let Some(token) = found else { return Ok(NoticeTaken::Never) };
        let range = self.range_of_programme(token.programme).ok_or(Refusal::ProgrammeUnknown)?;
        let (enrolment, version) = (token.enrolment.to_string(), notice.version.to_string());
        let parts = [
            (Tag::ENROLMENT, enrolment.as_bytes()),
            (Tag::TOKEN_NUMBER, &token.number.digits().into_bytes()[..]),
            (Tag::ACCOUNT_REFERENCE, token.par.as_str().as_bytes()),
            (Tag::TOKEN_STATE, notice.state().as_bytes()),
            (Tag::CHANGED_BY, notice.by.name().as_bytes()),
            (Tag::STATE_VERSION, version.as_bytes()),
        ];
        let verdict = self.issuers.ask(Question::TokenState, range.prefix, &parts, self.now())?;
        Ok(match verdict.response_code.as_str() {
            "00" => NoticeTaken::Yes,
            // 25: never heard of it. 94: the enrolment made another token. 12 and 40: an issuer that takes no notices.
            "25" | "94" | "12" | "40" => NoticeTaken::Never,
            _ => NoticeTaken::NotYet,
        })
    }

    /// An issuer has put another plastic in the place of the card behind one of its tokens: the card's tokens and their
    /// account reference stay, and the vault holds the new number from now on. Said again, it changes nothing.
    pub fn replace_card(&self, issuer: IssuerId, number: TokenNumber, sealed: &str) -> Result<(), Error> {
        let new = self.open_new_card(&issuer, sealed)?;
        let found = self.store.read(move |records| {
            let entry = records.find::<VaultEntry>(&number)?;
            let token = records.find::<Token>(&entry.reference)?;
            let holdings = records.find::<PanRecord>(&token.pan)?;
            let others = holdings.tokens().filter_map(|other| records.find::<Token>(&other)).collect();
            Some((token, others))
        })?;
        let (token, others): (Token, Vec<Token>) = found.ok_or(Refusal::TokenUnknown)?;
        if token.issuer != issuer {
            return Err(Refusal::TokenUnknown.into());
        }
        // The new number is of the same issuer's same product: keys, application and controls go with it.
        let range = self.range(new.pan.issuer_prefix(), new.pan.expose().len());
        let range =
            range.filter(|range| range.issuer == issuer.as_str() && range.programme == token.programme);
        range.ok_or(Refusal::CardNotSupported)?;
        let resealed =
            others.iter().map(|token| self.reseal(token.number, &new)).collect::<Result<_, _>>()?;
        let replacement = Replacement {
            pan: self.keys.pan_digest(&new.pan),
            as_token: TokenNumber::parse(new.pan.expose()).ok(),
            last_four: new.pan.last_four(),
            expiry: new.expiry,
            art: new.art,
            resealed,
        };
        let event = Lifecycle::Replaced(replacement);
        answer(self.store.call(IssuerEvent { issuer, pan: token.pan, event })).map(|_| ())
    }

    fn open_new_card(&self, issuer: &IssuerId, sealed: &str) -> Result<NewCard, Error> {
        let invalid = || Error::Invalid("/sealed_card");
        let context = replacement_context(issuer.as_str());
        let json = crypto::jwe::open(self.keys.card_data(), sealed, &context).map_err(|_| invalid())?;
        let read: NewCardJson<'_> = serde_json::from_slice(json.expose()).map_err(|_| invalid())?;
        let art = read.art.map(str::to_owned);
        if art.as_ref().is_some_and(|art| art.len() > ART_MOST || art.chars().any(char::is_control)) {
            return Err(Error::Invalid("/sealed_card/art"));
        }
        let pan = Pan::parse(read.pan.as_bytes()).map_err(|_| Error::Invalid("/sealed_card/pan"))?;
        let expiry = Expiry::from_yymm(read.expiry.as_bytes());
        Ok(NewCard { pan, expiry: expiry.map_err(|_| Error::Invalid("/sealed_card/expiry"))?, art })
    }

    fn reseal(&self, number: TokenNumber, new: &NewCard) -> Result<Resealed, Error> {
        let entropy = Secret::new(crypto::random::bytes());
        let envelope = vault::seal(self.keys.vault(), number, &new.pan, new.expiry, &entropy);
        let envelope = envelope.map_err(|_| Error::Invalid("/sealed_card"))?;
        Ok(Resealed { number, envelope, access: self.mint() })
    }

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
        answer(self.store.call(Resume { token, actor, policy: self.policy }))
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
