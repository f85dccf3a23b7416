//! The UnionPay contactless path: one GET PROCESSING OPTIONS decides, and answers with everything.
//!
//! The terminal also says whether it knows the SM algorithms (tag DF69). A card of two algorithms would choose
//! by it; this one has a single algorithm, which is between it and its issuer, so the answer does not depend
//! on it.

use super::files::{self, CONTACTLESS_PDOL};
use super::{CardApplication, Context, Notice, Pending, Reaction, Stage, Wish, cryptogram, refuse, status};
use crate::card::Profile;
use crate::defences::Defence;
use crate::keys::UseRefusal;
use emv::apdu::{Command, StatusWord};
use emv::dol::{Dol, Values};
use emv::objects::{Amount, CodeN3, CryptogramKind, Ctq, Ttq};
use emv::oda::CardAuthentication;
use emv::tag;
use emv::tlv::{self, write, write_template};
use values::Secret;

/// What the terminal said, in the shape the decision needs.
struct Request {
    wishes: Ttq,
    amount: Amount,
    currency: CodeN3,
}

pub(super) fn pdol() -> Dol<'static> {
    Dol::parse(CONTACTLESS_PDOL).expect("the list is ours")
}

impl CardApplication {
    /// GET PROCESSING OPTIONS: decides without using anything up (JR/T 0025.12 7.4).
    pub(super) fn processing_options(&mut self, command: &Command<'_>, context: &Context<'_>) -> Reaction {
        if !matches!(self.stage, Stage::Selected) {
            // Also a second time: one selection, one answer.
            return status(StatusWord::CONDITIONS_NOT_SATISFIED);
        }
        let values = match options_values(command, pdol()) {
            Ok(values) => values,
            Err(word) => return status(word),
        };
        if let Some(refusal) = self.obstacle(context.now) {
            return refuse(StatusWord::CONDITIONS_NOT_SATISFIED, Notice::Refused(refusal));
        }
        let Some(request) = read_request(values) else {
            return status(StatusWord::WRONG_DATA);
        };
        let Some(decision) = self.decide(&request) else {
            return refuse(StatusWord::CONDITIONS_NOT_SATISFIED, Notice::NotHere);
        };
        let verified = self.verified(context);
        // Only a card with gate keys may try without its owner; whether the next key is such a one is the
        // operation's to say.
        let may_try = self.profile == Profile::Offline && !request.wishes.has(Ttq::CVM_REQUIRED);
        if verified.is_none() && !may_try && self.defences.stands(Defence::Lock) {
            return refuse(StatusWord::SEE_PHONE, Notice::Unlock);
        }
        if self
            .card
            .limit_per_tap
            .is_some_and(|limit| self.counts(&request) && request.amount.minor() > limit)
            && self.defences.stands(Defence::Limits)
        {
            return refuse(StatusWord::CONDITIONS_NOT_SATISFIED, Notice::Refused(UseRefusal::OverTapLimit));
        }
        let pending = Pending {
            serial: self.serial,
            wish: Wish::ProcessingOptions,
            decision,
            values: values.as_bytes().to_vec(),
            amount_minor: request.amount.minor(),
            currency: request.currency.numeric(),
            verified: verified.is_some(),
        };
        self.commit(None, pending, verified.map(|verified| verified.ticket()))
    }

    /// Online, or a signed yes at a gate: always with version 01 of the signature, which tag 9F69 announces, since
    /// only that one covers the amount. A reader that can do neither is told to try another way, which uses
    /// up no key, where a card with plastic's unlimited keys would answer with a declining cryptogram.
    fn decide(&self, request: &Request) -> Option<CryptogramKind> {
        if !request.wishes.has(Ttq::QUICS) {
            return None;
        }
        let offline = self.profile == Profile::Offline
            && !request.wishes.has(Ttq::ONLINE_CRYPTOGRAM_REQUIRED)
            && self.counts(request);
        match (offline, request.wishes.has(Ttq::OFFLINE_ONLY)) {
            (true, _) => Some(CryptogramKind::Tc),
            (false, true) => None,
            (false, false) => Some(CryptogramKind::Arqc),
        }
    }

    fn counts(&self, request: &Request) -> bool {
        request.currency.currency() == Some(self.card.currency)
    }

    /// The answer, once the counter is durable (JR/T 0025.12 tables 11 and 12).
    pub(super) fn answer_options(
        &mut self,
        pending: &Pending,
        atc: u16,
        session_key: &Secret<16>,
        context: &Context<'_>,
    ) -> Option<Vec<u8>> {
        let values = pdol().split(&pending.values).ok()?;
        let interchange = files::interchange_profile(&self.card, self.profile);
        let results = cryptogram::first_results(pending.decision, pending.verified);
        let cryptogram = cryptogram::compute(&self.card, session_key, values, interchange, atc, results)?;
        let qualifiers =
            if pending.verified { Ctq::default().with(Ctq::DEVICE_VERIFIED) } else { Ctq::default() };
        let signed = match pending.decision {
            CryptogramKind::Tc => Some(self.sign_offline(values, atc, qualifiers, context)?),
            CryptogramKind::Arqc | CryptogramKind::Aac => None,
        };
        let mut out = Vec::new();
        write_template(&mut out, tag::RESPONSE_FORMAT_2, |out| {
            write(out, tag::AIP, interchange.as_bytes());
            write(out, tag::ATC, &atc.to_be_bytes());
            write(out, tag::TRACK_TWO, &files::track_two(&self.card));
            write(out, tag::PSN, &[files::sequence(&self.card)]);
            write(out, tag::IAD, &cryptogram::issuer_data(&self.card, results));
            write(out, tag::CRYPTOGRAM, &cryptogram);
            write(out, tag::CID, &[pending.decision.cid().bits()]);
            write(out, tag::CTQ, qualifiers.as_bytes());
            match &signed {
                Some((_, signature)) => {
                    write(out, tag::AFL, &files::file_locator(&self.card, self.profile));
                    write(out, tag::SIGNED_DYNAMIC_DATA, signature);
                }
                None => files::token_data(out, &self.card),
            }
        });
        self.stage = Stage::Answered(signed.map(|(data, _)| data));
        Some(out)
    }

    /// Signs the tap (fDDA version 01): the counter, the terminal's number, amount and currency, and tag 9F69.
    fn sign_offline(
        &self,
        values: Values<'_, '_>,
        atc: u16,
        qualifiers: Ctq,
        context: &Context<'_>,
    ) -> Option<([u8; 8], Vec<u8>)> {
        let [a, b, c, d, ..] = context.entropy;
        let data = CardAuthentication { number: [a, b, c, d], ctq: qualifiers };
        let signature = cryptogram::sign_tap(self.private.as_ref()?, atc, values, data)?;
        Some((data.to_bytes(), signature))
    }
}

/// The terminal's values out of the command template, of exactly the length that was asked for.
pub(super) fn options_values<'v>(
    command: &Command<'v>,
    wanted: Dol<'static>,
) -> Result<Values<'static, 'v>, StatusWord> {
    if command.p1 != 0 || command.p2 != 0 {
        return Err(StatusWord::WRONG_PARAMETERS);
    }
    let template = tlv::unwrap_template(command.data, tag::COMMAND_TEMPLATE);
    let values = template.ok().flatten().ok_or(StatusWord::WRONG_LENGTH)?;
    wanted.split(values).map_err(|_| StatusWord::WRONG_LENGTH)
}

fn read_request(values: Values<'_, '_>) -> Option<Request> {
    if !cryptogram::is_usable(values) {
        return None;
    }
    Some(Request {
        wishes: Ttq::parse(values.find(tag::TTQ)?)?,
        amount: Amount::parse(values.find(tag::AMOUNT)?).ok()?,
        currency: CodeN3::parse(values.find(tag::CURRENCY)?).ok()?,
    })
}
