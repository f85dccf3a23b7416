//! Adding a card: limits first, then the issuer's decision, then a token or none.
//!
//! The card number is in clear only between opening what the phone sealed and sealing it again, to the issuer and
//! into the vault. What the client sends never decides how strong the proof must be: only the issuer's answer does.

use crate::error::{Error, answer};
use crate::issuer_line::{NoVerdict, Question, Verdict};
use crate::token_service::{CardRange, TokenService};
use iso8583::Tag;
use serde::Deserialize;
use store::Message;
use tokens::ops::{
    BeginEnrolment, Begun, Candidate, ChooseMethod, ConcludeEnrolment, ConcludeStepUp, Concluded, Decision,
    EndEnrolment, Ending, Proof, Provision, SteppedUp, topics,
};
use tokens::records::{
    Customer, Device, DeviceId, Enrolment, EnrolmentId, EnrolmentState, Method, Programme, Token,
    TokenReference,
};
use tokens::refusal::Refusal;
use tokens::text::Par;
use tokens::{numbers, vault};
use values::{Expiry, Pan, Records, Secret, SecretBytes};

/// Binds sealed card data to its purpose.
pub const CARD_DATA_CONTEXT: &str = "paiza:card-data";

/// Where an enrolment stands, for the phone.
#[derive(Clone, Debug)]
pub enum Progress {
    /// There is an active token.
    Approved(TokenReference),
    /// The issuer wants proof.
    StepUp {
        /// The ways it offers.
        methods: Vec<Method>,
        /// The issuer's public key (SEC1), to seal the code to.
        issuer_key: Vec<u8>,
    },
    /// The code was not right.
    WrongCode {
        /// Tries left.
        tries_left: u8,
    },
    /// No token.
    Declined {
        /// The issuer's reason, coarse on purpose.
        reason: String,
    },
}

/// What the customer typed. No `Debug`, wiped by its parts.
struct Typed {
    pan: Pan,
    expiry: Expiry,
    /// As it was sealed, to be sealed again to the issuer.
    json: SecretBytes,
}

#[derive(Deserialize)]
struct CardJson<'a> {
    pan: &'a str,
    expiry: &'a str,
}

impl TokenService {
    /// Takes sealed card data from a device and asks the issuer.
    pub fn add_card(&self, device: &Device, sealed: &str) -> Result<(EnrolmentId, Progress), Error> {
        let customer = device.customer.ok_or(Refusal::DeviceNotActive)?;
        let typed = self.open_card(sealed)?;
        let range = self
            .range(typed.pan.issuer_prefix(), typed.pan.expose().len())
            .ok_or(Refusal::CardNotSupported)?
            .clone();
        let enrolment = self.mint();
        let begin = BeginEnrolment {
            enrolment,
            customer,
            device: device.id,
            pan: self.keys.pan_digest(&typed.pan),
            last_four: typed.pan.last_four(),
            programme: range.programme,
            policy: self.policy,
        };
        match answer(self.store.call(begin))? {
            Begun::Declined(refusal) => return Err(refusal.into()),
            Begun::Open { .. } => {}
        }
        let verdict = match self.ask_eligibility(enrolment, device, customer, &typed, &range) {
            Ok(verdict) => verdict,
            Err(no_verdict) => {
                // The slot is given back; the attempt stays counted.
                let ending = Ending::Abandoned(device.id);
                answer(self.store.call(EndEnrolment { enrolment, ending }))?;
                return Err(no_verdict.into());
            }
        };
        let progress = self.conclude(enrolment, &typed, &range, &verdict)?;
        Ok((enrolment, progress))
    }

    /// Ends enrolments whose issuer an earlier process had asked: nobody waits for that answer any more, and the card
    /// may be added again. How many there were.
    pub fn end_unanswered(&self) -> Result<usize, Error> {
        let left = self.store.read(|records| {
            let timers = records.all::<Message>();
            let open = timers.iter().filter(|timer| timer.topic == topics::ENROLMENT_EXPIRES);
            let open: Vec<EnrolmentId> = open.filter_map(|timer| timer.key.parse().ok()).collect();
            let open = open.iter().filter_map(|id| records.find::<Enrolment>(id));
            open.filter(|enrolment| enrolment.state == EnrolmentState::AwaitingIssuer).collect::<Vec<_>>()
        })?;
        for Enrolment { id: enrolment, device, .. } in &left {
            let ending = Ending::Abandoned(*device);
            answer(self.store.call(EndEnrolment { enrolment: *enrolment, ending }))?;
        }
        Ok(left.len())
    }

    fn open_card(&self, sealed: &str) -> Result<Typed, Error> {
        let invalid = Error::Invalid("/sealed_card");
        let json =
            crypto::jwe::open(self.keys.card_data(), sealed, CARD_DATA_CONTEXT).map_err(|_| invalid)?;
        let read: CardJson<'_> =
            serde_json::from_slice(json.expose()).map_err(|_| Error::Invalid("/sealed_card"))?;
        let pan = Pan::parse(read.pan.as_bytes()).map_err(|_| Error::Invalid("/sealed_card/pan"))?;
        let expiry = Expiry::from_yymm(read.expiry.as_bytes());
        let expiry = expiry.map_err(|_| Error::Invalid("/sealed_card/expiry"))?;
        Ok(Typed { pan, expiry, json })
    }

    fn ask_eligibility(
        &self,
        enrolment: EnrolmentId,
        device: &Device,
        customer: tokens::records::CustomerId,
        typed: &Typed,
        range: &CardRange,
    ) -> Result<Verdict, NoVerdict> {
        let public = self.keys.issuer(&range.issuer).ok_or(NoVerdict::NotSent)?;
        let kid = format!("{}-1", range.issuer);
        let sealed = crypto::jwe::seal(public, &kid, typed.json.expose(), CARD_DATA_CONTEXT);
        let risk = serde_json::json!({
            "device": device.id.to_string(),
            "wallet": customer.to_string(),
            "country": 156,
        });
        let reference = enrolment.to_string();
        let parts = [
            (Tag::SEALED_CARD, sealed.as_bytes()),
            (Tag::RISK_DATA, &risk.to_string().into_bytes()[..]),
            (Tag::ENROLMENT, reference.as_bytes()),
        ];
        self.issuers.ask(Question::Eligibility, range.prefix, &parts, self.now())
    }

    fn conclude(
        &self,
        enrolment: EnrolmentId,
        typed: &Typed,
        range: &CardRange,
        verdict: &Verdict,
    ) -> Result<Progress, Error> {
        let decision = match verdict.decision.as_str() {
            "GREEN" => Decision::Green(self.provision(typed, range)?),
            "YELLOW" => {
                let methods = serde_json::from_str(&verdict.methods).unwrap_or_default();
                Decision::Yellow(self.provision(typed, range)?, methods)
            }
            _ => Decision::Red,
        };
        match answer(self.store.call(ConcludeEnrolment { enrolment, decision }))? {
            Concluded::Active { token } => Ok(Progress::Approved(token)),
            Concluded::Inactive { methods, .. } => {
                let issuer_key = self.issuer_key(&range.issuer);
                Ok(Progress::StepUp { methods, issuer_key })
            }
            Concluded::Declined => {
                let reason = if verdict.reason.is_empty() { "issuer_declined" } else { &verdict.reason };
                Ok(Progress::Declined { reason: reason.to_owned() })
            }
        }
    }

    fn issuer_key(&self, issuer: &str) -> Vec<u8> {
        self.keys.issuer(issuer).map(|key| key.to_sec1().to_vec()).unwrap_or_default()
    }

    /// Everything a new token may need, made before the writer decides.
    fn provision(&self, typed: &Typed, range: &CardRange) -> Result<Provision, Error> {
        let id = range.programme;
        let programme = self.store.read(move |records| records.find::<Programme>(&id))?;
        let programme = programme.ok_or(Refusal::ProgrammeUnknown)?;
        let candidates = (0..4).filter_map(|_| self.candidate(typed, &programme)).collect();
        let par = Par::from_entropy(&programme.par_controller, crypto::random::bytes());
        Ok(Provision {
            reference: self.mint(),
            candidates,
            par: par.map_err(|_| Refusal::ProgrammeUnknown)?,
            psn: 1,
            card_expiry: Some(typed.expiry),
            art: None,
        })
    }

    fn candidate(&self, typed: &Typed, programme: &Programme) -> Option<Candidate> {
        let number = numbers::token_number_for(programme, &typed.pan, crypto::random::bytes())?;
        let entropy = Secret::new(crypto::random::bytes());
        let envelope = vault::seal(self.keys.vault(), number, &typed.pan, typed.expiry, &entropy).ok()?;
        let as_card = self.keys.card_digest(number.digits().as_bytes());
        Some(Candidate { number, as_card, envelope })
    }

    /// The customer chose a way; the issuer is asked to send its code.
    pub fn request_code(&self, device: DeviceId, enrolment: EnrolmentId, method: &str) -> Result<(), Error> {
        let choose = ChooseMethod { enrolment, device, method: method.to_owned(), policy: self.policy };
        let chosen = answer(self.store.call(choose))?;
        let (range, reference) = self.range_of_enrolment(enrolment)?;
        let parts = [(Tag::ENROLMENT, reference.as_bytes()), (Tag::METHOD, chosen.method.as_bytes())];
        let verdict = self.issuers.ask(Question::SendCode, range.prefix, &parts, self.now())?;
        if verdict.response_code == "00" { Ok(()) } else { Err(Refusal::TooManyCodes.into()) }
    }

    /// The customer's code, sealed to the issuer; we carry it and cannot read it.
    pub fn verify_code(
        &self,
        device: DeviceId,
        enrolment: EnrolmentId,
        sealed: &str,
    ) -> Result<Progress, Error> {
        let record = self.enrolment(enrolment)?;
        if record.device != device {
            return Err(Refusal::EnrolmentUnknown.into());
        }
        if record.state != EnrolmentState::AwaitingProof {
            return Err(Refusal::EnrolmentNotWaiting.into());
        }
        let (range, reference) = self.range_of_enrolment(enrolment)?;
        let parts = [(Tag::ENROLMENT, reference.as_bytes()), (Tag::SEALED_PASSWORD, sealed.as_bytes())];
        let verdict = self.issuers.ask(Question::CheckCode, range.prefix, &parts, self.now())?;
        let proof = match (verdict.response_code.as_str(), verdict.tries_left) {
            ("00", _) => Proof::Right,
            (_, Some(tries_left @ 1..)) => Proof::Wrong { tries_left },
            _ => Proof::Void,
        };
        Ok(match answer(self.store.call(ConcludeStepUp { enrolment, proof }))? {
            SteppedUp::Active { token } => Progress::Approved(token),
            SteppedUp::Wrong { tries_left } => Progress::WrongCode { tries_left },
            SteppedUp::Declined => Progress::Declined { reason: "code_void".to_owned() },
        })
    }

    /// An enrolment of any state.
    pub fn enrolment(&self, id: EnrolmentId) -> Result<Enrolment, Error> {
        let found = self.store.read(move |records| records.find::<Enrolment>(&id))?;
        found.ok_or(Error::Refused(Refusal::EnrolmentUnknown))
    }

    fn range_of_enrolment(&self, id: EnrolmentId) -> Result<(CardRange, String), Error> {
        let record = self.enrolment(id)?;
        let range = self.range_of_programme(record.programme).ok_or(Refusal::ProgrammeUnknown)?;
        Ok((range.clone(), id.to_string()))
    }

    /// Tells the issuer that a token is on the phone, so that it knows whose token arrives later.
    pub fn tell_issuer(&self, token: &Token) -> Result<(), Error> {
        let range = self.range_of_programme(token.programme).ok_or(Refusal::ProgrammeUnknown)?;
        let reference = token.enrolment.to_string();
        let parts = [
            (Tag::ENROLMENT, reference.as_bytes()),
            (Tag::TOKEN_NUMBER, &token.number.digits().into_bytes()[..]),
            (Tag::TOKEN_EXPIRY, &token.expiry.to_yymm().into_bytes()[..]),
            (Tag::TOKEN_REQUESTOR, token.requestor.as_str().as_bytes()),
            (Tag::ACCOUNT_REFERENCE, token.par.as_str().as_bytes()),
        ];
        let verdict = self.issuers.ask(Question::Provisioned, range.prefix, &parts, self.now())?;
        if verdict.response_code == "00" { Ok(()) } else { Err(Error::Issuer(NoVerdict::Silence)) }
    }

    /// All tokens of a customer, in their order, and which is tapped first.
    pub fn tokens_of(&self, customer: tokens::records::CustomerId) -> Result<Cards, Error> {
        let found = self.store.read(move |records| {
            let customer = records.find::<Customer>(&customer)?;
            let tokens = customer.tokens.iter().filter_map(|token| records.find::<Token>(token)).collect();
            Some(Cards { tokens, default: customer.default_token })
        })?;
        found.ok_or(Error::Refused(Refusal::CustomerUnknown))
    }
}

/// A customer's live tokens.
pub struct Cards {
    /// In the customer's order.
    pub tokens: Vec<Token>,
    /// The one tapped first.
    pub default: Option<TokenReference>,
}
