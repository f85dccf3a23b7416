//! The issuer has decided: green makes an active token, yellow one that waits for proof, red none.

use crate::change::{end_enrolment, free_slot, touch};
use crate::digest::Digest16;
use crate::ops::topics;
use crate::records::{
    Assurance, Customer, Device, Enrolment, EnrolmentId, EnrolmentState, Life, Method, PanRecord, Programme,
    RetiredNumber, Standing, Suspenders, Token, TokenReference, TokenState, VaultEntry,
};
use crate::refusal::Refusal;
use crate::text::Par;
use crypto::vault::Envelope;
use serde::{Deserialize, Serialize};
use values::time::Zone;
use values::{Expiry, Operation, Records, Timestamp, TokenNumber};

/// A token number that may be used, with what it needs if it is.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// From `numbers::token_number`, so from the programme's range.
    pub number: TokenNumber,
    /// The look-up digest the number would have as a card number: a live card of this number rules it out.
    pub as_card: Digest16,
    /// The card number sealed for this token number (`vault::seal`).
    pub envelope: Envelope,
}

/// What a new token is made of. All of it was made outside the writer.
#[derive(Clone, Debug)]
pub struct Provision {
    /// A fresh reference.
    pub reference: TokenReference,
    /// Numbers in order of preference; the first that was never used is taken. Four are plenty.
    pub candidates: Vec<Candidate>,
    /// A fresh account reference, used if the card has none yet.
    pub par: Par,
    /// Sequence number of the token (5F34).
    pub psn: u8,
    /// Last month of the card, to be shown.
    pub card_expiry: Option<Expiry>,
    /// Card art, if the issuer names another than the programme's.
    pub art: Option<String>,
}

/// The issuer's decision.
#[derive(Clone, Debug)]
pub enum Decision {
    /// Approved at once.
    Green(Provision),
    /// Approved, but the customer must prove themselves in one of these ways.
    Yellow(Provision, Vec<Method>),
    /// No.
    Red,
}

/// Concludes an enrolment by the issuer's decision. It comes once; a later one finds nothing waiting.
#[derive(Clone, Debug)]
pub struct ConcludeEnrolment {
    /// Which.
    pub enrolment: EnrolmentId,
    /// What the issuer said.
    pub decision: Decision,
}

/// What the decision led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Concluded {
    /// There is an active token.
    Active {
        /// Its reference.
        token: TokenReference,
    },
    /// There is an inactive token; one of these ways makes it active.
    Inactive {
        /// Its reference.
        token: TokenReference,
        /// The issuer's ways; the customer picks one of these or none.
        methods: Vec<Method>,
    },
    /// The issuer said no; the slot is free again.
    Declined,
}

impl Operation for ConcludeEnrolment {
    type Answer = Concluded;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.conclude_enrolment";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Concluded, Refusal> {
        let enrolment: Enrolment = records.find(&self.enrolment).ok_or(Refusal::EnrolmentUnknown)?;
        if enrolment.state == EnrolmentState::Expired {
            return Err(Refusal::EnrolmentExpired);
        }
        if enrolment.state != EnrolmentState::AwaitingIssuer {
            return Err(Refusal::EnrolmentNotWaiting);
        }
        match &self.decision {
            Decision::Red => {
                let reason = Some(Refusal::IssuerDeclined);
                end_enrolment(records, enrolment, EnrolmentState::Declined, reason, now);
                Ok(Concluded::Declined)
            }
            Decision::Green(provision) => {
                let token = make_token(records, &enrolment, provision, Life::Active, now)?;
                let completed = EnrolmentState::Completed;
                records.cancel(topics::ENROLMENT_EXPIRES, &enrolment.id.to_string());
                records.put(Enrolment { state: completed, token: Some(token), ..enrolment });
                Ok(Concluded::Active { token })
            }
            // A step-up without a way to step up is a no.
            Decision::Yellow(_, methods) if methods.is_empty() => {
                let reason = Some(Refusal::IssuerDeclined);
                end_enrolment(records, enrolment, EnrolmentState::Declined, reason, now);
                Ok(Concluded::Declined)
            }
            Decision::Yellow(provision, methods) => {
                let token = make_token(records, &enrolment, provision, Life::Inactive, now)?;
                let methods = methods.clone();
                records.put(Enrolment {
                    state: EnrolmentState::AwaitingChoice,
                    methods: methods.clone(),
                    token: Some(token),
                    ..enrolment
                });
                Ok(Concluded::Inactive { token, methods })
            }
        }
    }
}

fn make_token<W: Records>(
    records: &mut W,
    enrolment: &Enrolment,
    provision: &Provision,
    life: Life,
    now: Timestamp,
) -> Result<TokenReference, Refusal> {
    let programme: Programme = records.find(&enrolment.programme).ok_or(Refusal::ProgrammeUnknown)?;
    let candidate = first_unused(records, &programme, &provision.candidates)?;
    let mut pan: PanRecord = records.find(&enrolment.pan).ok_or(Refusal::Stale)?;
    let reference = provision.reference;
    let par = pan.par.get_or_insert_with(|| provision.par.clone()).clone();
    pan.holdings
        .iter_mut()
        .filter(|holding| holding.enrolment == enrolment.id)
        .for_each(|holding| holding.token = Some(reference));
    let token = Token {
        reference,
        number: candidate.number,
        expiry: expiry_after(now, programme.zone, programme.validity_months),
        psn: provision.psn,
        par,
        requestor: programme.requestor.clone(),
        issuer: programme.issuer.clone(),
        programme: programme.id,
        controls: programme.controls,
        customer: enrolment.customer,
        device: enrolment.device,
        enrolment: enrolment.id,
        pan: enrolment.pan,
        last_four: enrolment.last_four,
        card_expiry: provision.card_expiry,
        assurance: Assurance::CardData,
        standing: Standing { life, suspenders: Suspenders::NONE },
        nickname: None,
        art: provision.art.clone().unwrap_or_else(|| programme.art.clone()),
        version: 0,
        created: now,
        changed: now,
    };
    records.put(pan);
    free_slot(records, enrolment);
    join_lists(records, &token)?;
    records.put(TokenState::new(&token));
    records.put(VaultEntry { number: token.number, reference, envelope: candidate.envelope.clone() });
    touch(records, token, now);
    Ok(reference)
}

// The slot was taken at the beginning and is handed over here, so the eight cannot be passed in between.
fn join_lists<W: Records>(records: &mut W, token: &Token) -> Result<(), Refusal> {
    let mut customer: Customer = records.find(&token.customer).ok_or(Refusal::CustomerUnknown)?;
    let mut device: Device = records.find(&token.device).ok_or(Refusal::DeviceUnknown)?;
    customer.tokens.push(token.reference);
    customer.default_token.get_or_insert(token.reference);
    device.tokens.push(token.reference);
    records.put(customer);
    records.put(device);
    Ok(())
}

fn first_unused<'a, W: Records>(
    records: &mut W,
    programme: &Programme,
    candidates: &'a [Candidate],
) -> Result<&'a Candidate, Refusal> {
    let free = candidates.iter().find(|candidate| {
        let number = candidate.number;
        programme.owns(number)
            && records.find::<TokenState>(&number).is_none()
            && records.find::<RetiredNumber>(&number).is_none()
            && records.find::<PanRecord>(&candidate.as_card).is_none()
    });
    free.ok_or(Refusal::NumbersTaken)
}

/// The last month of something that is good for so many months from now.
fn expiry_after(now: Timestamp, zone: Zone, months: u16) -> Expiry {
    let today = now.civil(zone);
    let years = i32::from(today.year) - 2000;
    let month = (years * 12 + i32::from(today.month) - 1 + i32::from(months)).rem_euclid(1200);
    Expiry::new((month / 12) as u8, (month % 12) as u8 + 1).expect("a month of a century")
}
