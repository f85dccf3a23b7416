//! Who asks for a change of a token, and what that lets them do.

use crate::records::{CustomerId, Suspender, Token, TokenReference};
use crate::refusal::Refusal;
use crate::text::IssuerId;
use values::Records;

/// Somebody who may change a token. Made by the shell from an authenticated session or link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The customer, for their own tokens.
    Customer(CustomerId),
    /// An operator of the platform.
    Platform,
    /// The issuer, for tokens of its own cards.
    Issuer(IssuerId),
    /// Our watch for clones, or an operator who clears its alarm.
    Fraud,
}

impl Actor {
    /// As whom it suspends.
    pub fn suspender(&self) -> Suspender {
        match self {
            Actor::Customer(_) => Suspender::Customer,
            Actor::Platform => Suspender::Platform,
            Actor::Issuer(_) => Suspender::Issuer,
            Actor::Fraud => Suspender::Fraud,
        }
    }

    /// The token, if this actor may touch it. Somebody else's token is as unknown as one that is not there.
    pub(crate) fn token<W: Records>(
        &self,
        records: &mut W,
        reference: TokenReference,
    ) -> Result<Token, Refusal> {
        let token = records.find::<Token>(&reference).ok_or(Refusal::TokenUnknown)?;
        let theirs = match self {
            Actor::Customer(customer) => token.customer == *customer,
            Actor::Issuer(issuer) => token.issuer == *issuer,
            Actor::Platform | Actor::Fraud => true,
        };
        if theirs { Ok(token) } else { Err(Refusal::TokenUnknown) }
    }
}
