//! Disputes of payments with cards, on their way from a phone to its card's issuer. Nothing of them is kept here: the issuer
//! knows each payment and decides.

use crate::error::Error;
use crate::issuer_line::{Question, Verdict};
use crate::token_service::TokenService;
use iso8583::{OriginalData, Tag};
use tokens::records::{Device, TokenReference};
use tokens::refusal::Refusal;
use values::Money;

/// What a customer wants of a dispute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DisputeWish {
    /// To raise it: what went wrong, and how much of the payment is claimed.
    Raise {
        /// A word that the issuer knows.
        claim: String,
        /// How much.
        amount: Money,
    },
    /// To know how it stands.
    Look,
    /// To give it up.
    Withdraw,
}

impl TokenService {
    /// Asks the issuer of a token of this device about a payment that the token made, named as hosts name it.
    pub fn dispute(
        &self,
        device: &Device,
        reference: TokenReference,
        payment: OriginalData,
        wish: &DisputeWish,
    ) -> Result<Verdict, Error> {
        let token = self.profile(device, reference)?.token;
        let range = self.range_of_programme(token.programme).ok_or(Refusal::ProgrammeUnknown)?;
        let number = token.number.digits().into_bytes();
        let mut parts = vec![(Tag::TOKEN_NUMBER, &number[..])];
        let (question, amount) = match wish {
            DisputeWish::Raise { claim, amount } => {
                parts.push((Tag::CLAIM, claim.as_bytes()));
                (Question::Dispute, Some(*amount))
            }
            DisputeWish::Look => (Question::DisputeState, None),
            DisputeWish::Withdraw => (Question::DisputeEnd, None),
        };
        let about = Some((payment, amount));
        Ok(self.issuers.ask_about(question, range.prefix, about, &parts, self.now())?)
    }
}
