//! The contact path: begin, read records, sign, then ask and be told.
//!
//! The card never approves by itself: asked for a yes it answers with a question to the issuer, and says
//! yes only to an issuer that proved itself (JR/T 0025.5 chapters 10 to 13).

use super::contactless::options_values;
use super::cryptogram;
use super::files::{self, CDOL1, CDOL2, CONTACT_PDOL, DDOL};
use super::{CardApplication, Context, Notice, Pending, Reaction, Stage, Wish, refuse, respond, status};
use crate::card::Profile;
use crate::keys::UseRefusal;
use emv::apdu::{Command, StatusWord};
use emv::dol::{Dol, Values};
use emv::objects::{Amount, CodeN3, CryptogramKind, Cvr};
use emv::tag;
use emv::tlv::write;
use values::{Secret, constant_time_eq};

/// The transaction has begun; nothing is used up yet.
pub(super) struct Initiated {
    signed: bool,
}

/// The issuer is being asked. The key lives here until the second cryptogram, and nowhere else.
pub(super) struct Asked {
    session_key: Secret<16>,
    cryptogram: [u8; 8],
    atc: u16,
    results: Cvr,
    issuer: Issuer,
}

/// What is known of the issuer's answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Issuer {
    Silent,
    Impostor,
    /// It proved itself, and gave this response code.
    Proved([u8; 2]),
}

fn list(bytes: &'static [u8]) -> Dol<'static> {
    Dol::parse(bytes).expect("the list is ours")
}

impl CardApplication {
    /// GET PROCESSING OPTIONS: which records there are.
    pub(super) fn initiate(&mut self, command: &Command<'_>, context: &Context<'_>) -> Reaction {
        if !matches!(self.stage, Stage::Selected) {
            return status(StatusWord::CONDITIONS_NOT_SATISFIED);
        }
        if let Err(word) = options_values(command, list(CONTACT_PDOL)) {
            return status(word);
        }
        if let Some(refusal) = self.obstacle(context.now) {
            return refuse(StatusWord::CONDITIONS_NOT_SATISFIED, Notice::Refused(refusal));
        }
        if self.verified(context).is_none() {
            return refuse(StatusWord::SEE_PHONE, Notice::Unlock);
        }
        self.begin(Stage::Initiated(Initiated { signed: false }));
        let answer = files::template(tag::RESPONSE_FORMAT_2, |out| {
            write(out, tag::AIP, files::interchange_profile(&self.card, Profile::Contact).as_bytes());
            write(out, tag::AFL, &files::file_locator(&self.card, Profile::Contact));
        });
        respond(&answer)
    }

    /// INTERNAL AUTHENTICATE: the card proves that it has its private key (EMV 4.4 Book 2, 6.5).
    pub(super) fn internal_authenticate(&mut self, command: &Command<'_>, context: &Context<'_>) -> Reaction {
        let Stage::Initiated(initiated) = &mut self.stage else {
            return status(StatusWord::CONDITIONS_NOT_SATISFIED);
        };
        let Some(private) = &self.private else {
            return status(StatusWord::NOT_SUPPORTED);
        };
        if let Err(word) = no_parameters(command) {
            return status(word);
        }
        if command.data.len() != list(DDOL).values_length() {
            return status(StatusWord::WRONG_LENGTH);
        }
        let Some(signature) = cryptogram::sign_challenge(private, command.data, &context.entropy) else {
            return status(StatusWord::INTERNAL);
        };
        initiated.signed = true;
        respond(&files::template(tag::RESPONSE_FORMAT_2, |out| {
            write(out, tag::SIGNED_DYNAMIC_DATA, &signature);
        }))
    }

    /// GENERATE AC, first or second.
    pub(super) fn generate_ac(&mut self, command: &Command<'_>, context: &Context<'_>) -> Reaction {
        // No combined signature (P1 bit 5): the interchange profile offers none.
        let wanted = match command.p1 {
            0x00 => CryptogramKind::Aac,
            0x40 => CryptogramKind::Tc,
            0x80 => CryptogramKind::Arqc,
            _ => return status(StatusWord::WRONG_PARAMETERS),
        };
        if command.p2 != 0 {
            return status(StatusWord::WRONG_PARAMETERS);
        }
        match &self.stage {
            Stage::Initiated(_) => self.first(wanted, command, context),
            Stage::Asked(_) => self.second(wanted, command),
            _ => status(StatusWord::CONDITIONS_NOT_SATISFIED),
        }
    }

    fn first(&mut self, wanted: CryptogramKind, command: &Command<'_>, context: &Context<'_>) -> Reaction {
        let Ok(values) = list(CDOL1).split(command.data) else {
            return status(StatusWord::WRONG_LENGTH);
        };
        let Some((amount, currency)) = amount_and_currency(values) else {
            return status(StatusWord::WRONG_DATA);
        };
        if let Some(refusal) = self.obstacle(context.now) {
            return refuse(StatusWord::CONDITIONS_NOT_SATISFIED, Notice::Refused(refusal));
        }
        let counts = currency.currency() == Some(self.card.currency);
        if self.card.limit_per_tap.is_some_and(|limit| counts && amount.minor() > limit) {
            return refuse(StatusWord::CONDITIONS_NOT_SATISFIED, Notice::Refused(UseRefusal::OverTapLimit));
        }
        let Some(verified) = self.verified(context) else {
            return refuse(StatusWord::SEE_PHONE, Notice::Unlock);
        };
        let pending = Pending {
            serial: self.serial,
            wish: Wish::GenerateAc,
            decision: if wanted == CryptogramKind::Aac { wanted } else { CryptogramKind::Arqc },
            values: command.data.to_vec(),
            amount_minor: amount.minor(),
            currency: currency.numeric(),
            verified: true,
        };
        let Stage::Initiated(initiated) = std::mem::replace(&mut self.stage, Stage::Idle) else {
            return status(StatusWord::CONDITIONS_NOT_SATISFIED);
        };
        self.commit(Some(initiated), pending, Some(verified.ticket()))
    }

    /// The answer to the first GENERATE AC, once the counter is durable.
    pub(super) fn answer_first(
        &mut self,
        pending: &Pending,
        initiated: Option<Initiated>,
        atc: u16,
        session_key: Secret<16>,
    ) -> Option<Vec<u8>> {
        let values = list(CDOL1).split(&pending.values).ok()?;
        let mut results = cryptogram::first_results(pending.decision, pending.verified);
        if initiated?.signed {
            results = results.with(Cvr::DDA_PERFORMED);
        }
        let interchange = files::interchange_profile(&self.card, Profile::Contact);
        let cryptogram = cryptogram::compute(&self.card, &session_key, values, interchange, atc, results)?;
        if pending.decision == CryptogramKind::Arqc {
            self.stage =
                Stage::Asked(Asked { session_key, cryptogram, atc, results, issuer: Issuer::Silent });
        }
        Some(self.cryptogram_answer(pending.decision, atc, cryptogram, results))
    }

    /// EXTERNAL AUTHENTICATE: the issuer proves itself, once (JR/T 0025.5 chapter 12).
    pub(super) fn external_authenticate(&mut self, command: &Command<'_>) -> Reaction {
        let Stage::Asked(asked) = &mut self.stage else {
            return status(StatusWord::CONDITIONS_NOT_SATISFIED);
        };
        if asked.issuer != Issuer::Silent {
            return status(StatusWord::CONDITIONS_NOT_SATISFIED);
        }
        if let Err(word) = no_parameters(command) {
            return status(word);
        }
        // The proof, the response code it covers, and up to six bytes of the issuer's own.
        let (Some((proof, rest)), 10..=16) = (command.data.split_first_chunk::<8>(), command.data.len())
        else {
            return status(StatusWord::WRONG_LENGTH);
        };
        let code = [rest[0], rest[1]];
        let algorithm = self.card.algorithm.into();
        let expected = crypto::arpc::method_1(algorithm, &asked.session_key, asked.cryptogram, code);
        if !constant_time_eq(&expected, proof) {
            asked.issuer = Issuer::Impostor;
            return status(StatusWord::AUTHENTICATION_FAILED);
        }
        asked.issuer = Issuer::Proved(code);
        status(StatusWord::OK)
    }

    fn second(&mut self, wanted: CryptogramKind, command: &Command<'_>) -> Reaction {
        if wanted == CryptogramKind::Arqc {
            return status(StatusWord::WRONG_PARAMETERS);
        }
        let Ok(values) = list(CDOL2).split(command.data) else {
            return status(StatusWord::WRONG_LENGTH);
        };
        let Stage::Asked(asked) = std::mem::replace(&mut self.stage, Stage::Answered(None)) else {
            return status(StatusWord::CONDITIONS_NOT_SATISFIED);
        };
        let told: Option<[u8; 2]> = values.array(tag::RESPONSE_CODE);
        // The terminal may not turn the issuer's no into a yes: the code it passes on is the proved one.
        let approved = matches!((asked.issuer, told), (Issuer::Proved(code), Some(told)) if code == told && is_yes(code));
        let decision =
            if wanted == CryptogramKind::Tc && approved { CryptogramKind::Tc } else { CryptogramKind::Aac };
        let mut results = with_second(asked.results, decision);
        if asked.issuer == Issuer::Impostor {
            results = results.with(Cvr::ISSUER_AUTHENTICATION_FAILED);
        }
        if matches!(told, Some([b'Y' | b'Z', b'3'])) {
            results = results.with(Cvr::UNABLE_TO_GO_ONLINE);
        }
        let interchange = files::interchange_profile(&self.card, Profile::Contact);
        let made =
            cryptogram::compute(&self.card, &asked.session_key, values, interchange, asked.atc, results);
        made.map_or(status(StatusWord::WRONG_DATA), |cryptogram| {
            respond(&self.cryptogram_answer(decision, asked.atc, cryptogram, results))
        })
    }

    fn cryptogram_answer(
        &self,
        decision: CryptogramKind,
        atc: u16,
        cryptogram: [u8; 8],
        results: Cvr,
    ) -> Vec<u8> {
        files::template(tag::RESPONSE_FORMAT_2, |out| {
            write(out, tag::CID, &[decision.cid().bits()]);
            write(out, tag::ATC, &atc.to_be_bytes());
            write(out, tag::CRYPTOGRAM, &cryptogram);
            write(out, tag::IAD, &cryptogram::issuer_data(&self.card, results));
        })
    }
}

/// Response codes with which the issuer says yes (ISO 8583 field 39).
fn is_yes(code: [u8; 2]) -> bool {
    matches!(&code, b"00" | b"10" | b"11")
}

/// JR/T 0025.5 Annex A: byte 2 bits 8-7 are the kind of the second cryptogram.
fn with_second(results: Cvr, kind: CryptogramKind) -> Cvr {
    let mut bytes = results.to_bytes();
    bytes[1] = bytes[1] & 0x3F | kind.cid().bits();
    Cvr::from_bytes(bytes)
}

fn amount_and_currency(values: Values<'_, '_>) -> Option<(Amount, CodeN3)> {
    if !cryptogram::is_usable(values) {
        return None;
    }
    let amount = Amount::parse(values.find(tag::AMOUNT)?).ok()?;
    Some((amount, CodeN3::parse(values.find(tag::CURRENCY)?).ok()?))
}

fn no_parameters(command: &Command<'_>) -> Result<(), StatusWord> {
    if command.p1 == 0 && command.p2 == 0 { Ok(()) } else { Err(StatusWord::WRONG_PARAMETERS) }
}
