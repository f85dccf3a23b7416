//! Adding cards: approved at once, after a one-time password, and not at all.

use super::stage::{Stage, test_card};
use crate::output::Failure;
use crate::phone::failure;
use server::phone::Added;
use wallet::card::CardState;

pub(super) fn run(stage: &Stage) -> Result<(), Failure> {
    stage.say("A new phone registers its keys and proves its telephone number.");
    let (mut phone, recovery) = stage.phone("li-ming", "+8613800000001")?;
    stage.expect("a new customer gets a recovery code", recovery.is_some())?;

    stage.say("Li Ming adds a debit card; the issuer approves at once (green).");
    let added = phone.add_card(&test_card("6216600100000000016")?, None).map_err(failure)?;
    let Added::Active(token) = added else {
        return Err(Failure::business("expected: the card is approved"));
    };
    let keys = phone.counter(token).map_err(failure)?.keys_left;
    stage.expect("the token is on the phone with ten single-use keys", keys == 10)?;

    stage.say("Wang Fang's issuer wants proof (yellow): a one-time password by text message.");
    let (mut other, _) = stage.phone("wang-fang", "+8613800000002")?;
    let added = other.add_card(&test_card("6216600100000000024")?, None).map_err(failure)?;
    stage.expect("the code from the inbox made the token active", matches!(added, Added::Active(_)))?;
    let (cards, _) = other.cards().map_err(failure)?;
    stage.expect("the card is ready", cards.len() == 1 && cards[0].state == CardState::Active)?;

    stage.say("A wrong security code: the issuer declines (red), and does not say which part was wrong.");
    let mut wrong = test_card("6216600100000000032")?;
    wrong.cvv2 = if wrong.cvv2 == "000" { "001".to_owned() } else { "000".to_owned() };
    let added = phone.add_card(&wrong, None).map_err(failure)?;
    let declined = matches!(&added, Added::Declined { reason } if reason == "card_data_wrong");
    stage.expect("declined with card_data_wrong", declined)
}
