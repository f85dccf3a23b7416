//! The customer arranges their cards: which is the default, in which order, under which names.

use crate::actor::Actor;
use crate::change::touch;
use crate::ops::Done;
use crate::records::{Customer, CustomerId, TokenReference};
use crate::refusal::Refusal;
use crate::text::Name;
use values::{Operation, Records, Timestamp};

/// What is arranged.
#[derive(Clone, Debug)]
pub enum Arrangement {
    /// This card is used when none is chosen.
    Default(TokenReference),
    /// All live cards in their new order.
    Order(Vec<TokenReference>),
    /// What a card is called; none goes back to the issuer's name.
    Nickname(TokenReference, Option<Name>),
}

/// Arranges a customer's cards.
#[derive(Clone, Debug)]
pub struct Arrange {
    /// Whose.
    pub customer: CustomerId,
    /// What.
    pub arrangement: Arrangement,
}

impl Operation for Arrange {
    type Answer = Done;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.arrange";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Done, Refusal> {
        let mut customer: Customer = records.find(&self.customer).ok_or(Refusal::CustomerUnknown)?;
        match &self.arrangement {
            Arrangement::Default(token) => {
                if !customer.tokens.contains(token) {
                    return Err(Refusal::TokenUnknown);
                }
                customer.default_token = Some(*token);
                records.put(customer);
            }
            Arrangement::Order(order) => {
                let sorted = |tokens: &[TokenReference]| {
                    let mut tokens = tokens.to_vec();
                    tokens.sort_unstable();
                    tokens
                };
                if sorted(order) != sorted(&customer.tokens) {
                    return Err(Refusal::Stale);
                }
                customer.tokens.clone_from(order);
                records.put(customer);
            }
            Arrangement::Nickname(reference, name) => {
                let mut token = Actor::Customer(self.customer).token(records, *reference)?;
                token.nickname.clone_from(name);
                touch(records, token, now);
            }
        }
        Ok(Done)
    }
}
