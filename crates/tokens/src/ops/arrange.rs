//! The customer arranges their cards: which is the default, in which order, under which names.

use crate::actor::Actor;
use crate::change::touch;
use crate::ops::Done;
use crate::records::{Customer, CustomerId, DeviceId, Life, Token, TokenReference};
use crate::refusal::Refusal;
use crate::text::Name;
use values::{Operation, Records, Timestamp};

/// What is arranged.
#[derive(Clone, Debug)]
pub enum Arrangement {
    /// This card is used when none is chosen.
    Default(TokenReference),
    /// All live cards of one phone or several in their new order; those of other phones keep their places.
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
                customer.tokens = reordered(records, &customer.tokens, order)?;
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

/// A phone shows its own cards only, so an order names those of whole phones: each card of every phone that is named,
/// once; one that waits for the customer's proof is on no phone yet and may be left out. The places of the named cards
/// among all are filled anew.
fn reordered<W: Records>(
    records: &mut W,
    tokens: &[TokenReference],
    order: &[TokenReference],
) -> Result<Vec<TokenReference>, Refusal> {
    let found: Vec<Token> = tokens.iter().filter_map(|token| records.find::<Token>(token)).collect();
    let named = |token: &TokenReference| order.contains(token);
    let devices: Vec<DeviceId> =
        found.iter().filter(|token| named(&token.reference)).map(|token| token.device).collect();
    let must = |token: &&Token| {
        let is_on_phone = token.standing.life != Life::Inactive;
        named(&token.reference) || (is_on_phone && devices.contains(&token.device))
    };
    let mut places: Vec<TokenReference> = found.iter().filter(must).map(|token| token.reference).collect();
    let mut wanted = order.to_vec();
    places.sort_unstable();
    wanted.sort_unstable();
    if wanted != places || (order.is_empty() && !tokens.is_empty()) {
        return Err(Refusal::Stale);
    }
    let mut next = order.iter();
    let fill = |token: &TokenReference| if named(token) { next.next().copied() } else { Some(*token) };
    Ok(tokens.iter().filter_map(fill).collect())
}
