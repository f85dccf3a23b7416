//! What an issuer's own records say of a settlement day, to be compared with the network's file.

use super::authorise::{Authorisation, Kind, State};
use crate::network::Movement;

/// The movements of these authorisations on the settlement day `MMDD`: paid to the network below zero,
/// received above.
pub fn movements<'a>(
    authorisations: impl IntoIterator<Item = &'a Authorisation>,
    date: u16,
) -> Vec<Movement> {
    let mut movements = Vec::new();
    for known in
        authorisations.into_iter().filter(|known| known.posted > 0 && known.kind != Kind::PreAuthorisation)
    {
        // Amounts on the wire have twelve digits.
        let amount = i64::try_from(known.posted).unwrap_or(i64::MAX);
        let net = if known.kind == Kind::GiveBack { amount } else { -amount };
        if known.settled_on == date {
            movements.push(Movement { message: known.key, net });
        }
        if known.state == State::Reversed && known.reversed_on == date {
            movements.push(Movement { message: known.key, net: -net });
        }
    }
    movements
}
