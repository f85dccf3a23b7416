//! Behaviour from end to end, told as steps of a small city in memory.

use crate::actor::Actor;
use crate::digest::{Digest, Digest16};
use crate::gateway::{Admission, Admit, IssuerAnswer, Reversal, Reverse, Settle, TurnAway};
use crate::ops::*;
use crate::policy::Policy;
use crate::records::*;
use crate::refusal::Refusal;
use crate::testing::{City, controls, programme};
use crate::text::{IssuerId, Name};
use crate::vault::{Evidence, Purpose};
use values::*;

fn code(refusal: Refusal) -> &'static str {
    refusal.code()
}

fn settle(city: &mut City, message: Digest16, answer: IssuerAnswer) -> Result<Outcome, Refusal> {
    city.run(Settle { message, answer })
}

#[test]
fn a_card_is_added_and_pays() {
    let mut city = City::new();
    let token = city.token();
    assert!(programme().owns(token.number) && token.standing == Standing::ACTIVE);
    assert_eq!((token.expiry.year(), token.expiry.month()), (29, 11));
    let (answer, message) = city.pay(&token, 1, 1250);
    assert_eq!(answer, "admitted");
    assert_eq!(settle(&mut city, message, IssuerAnswer::Approved), Ok(Outcome::Approved));
    let passage: Passage = city.find(message);
    assert_eq!((passage.purpose, passage.counter), (Some(Purpose::Payment), Some(1)));
    for column in &city.memory.columns {
        assert!(!column.contains("4111111111111111"), "no card number in a column: {column}");
    }
}
