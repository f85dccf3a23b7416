//! New plastic: another number, the same account, the same tokens.

use crate::bank::{Bank, NOON, Tap, range_of, test_card, token_for};
use iso8583::{Message, Mti};
use sandbox::Digest;
use sandbox::issuer::card::TOPIC_TOKEN_LIFECYCLE;
use sandbox::issuer::{
    BankCard, CardEnrolment, CardRefusal, CardReplacement, CardState, CardTokens, CardUse, EnrolmentState,
    Linked, NewPlastic, Outcome, Provisioned, ReplaceCard, SetCardState, TokenLifecycle, TokenLink,
};
use sandbox::test_cards::{Behaviour, TestCard};
use values::{Expiry, Operation, Pan, Records};

fn key(bank: &Bank, card: &TestCard) -> Digest {
    Digest(bank.keys.card_key(&card.pan()))
}

fn order(bank: &Bank, card: Digest, like: &TestCard, seeds: &[u8]) -> ReplaceCard {
    let plastic = |seed: &u8| NewPlastic::new(&bank.keys, range_of(like), [*seed; 32]).unwrap();
    ReplaceCard {
        card,
        candidates: seeds.iter().map(plastic).collect(),
        expiry: Expiry::new(31, 11).unwrap(),
    }
}

fn link(bank: &mut Bank, card: &TestCard) {
    let (token, of) = (token_for(card), key(bank, card));
    bank.records.put(TokenLink { token, card: of, expiry: Expiry::new(29, 11).unwrap(), stopped: false });
    bank.records.put(CardTokens { card: of, tokens: vec![token] });
}

/// The same message as the token gateway sends it after the card was replaced.
fn with_number(mut message: Message, number: &Pan) -> Message {
    message.set(2, number.expose());
    message
}

fn told(bank: &Bank) -> Vec<TokenLifecycle> {
    let sent = bank.records.sent.values().filter(|message| message.topic == TOPIC_TOKEN_LIFECYCLE);
    sent.map(|message| serde_json::from_slice(&message.body).unwrap()).collect()
}

#[test]
fn the_account_goes_on_under_a_new_number_and_the_old_one_pays_no_more() {
    let card = test_card("boc", Behaviour::Approve);
    let mut bank = Bank::open("boc");
    link(&mut bank, card);
    let before = bank.tap(card, &Tap { stan: 1, atc: 1, ..Tap::default() });
    assert_eq!(bank.send(&before), "00");
    let of = key(&bank, card);
    let replace = order(&bank, of, card, &[1, 2]);
    let made = replace.apply(&mut bank.records, NOON).unwrap();
    assert_eq!(replace.apply(&mut bank.records, NOON), Ok(made.clone()), "asked twice, made once");
    let number = made.number(&bank.keys).unwrap();
    assert_eq!((number.issuer_prefix(), number.expose().len()), (card.pan().issuer_prefix(), 19));
    assert_eq!((made.sequence, number.last_four()), (1, made.last_four));

    let tap = |stan, atc| Tap { stan, atc, ..Tap::default() };
    let old = bank.tap(card, &tap(2, 2));
    assert_eq!((bank.send(&old).as_str(), bank.reason(&old)), ("41", "card_replaced"));
    let new = with_number(bank.tap(card, &tap(3, 3)), &number);
    assert_eq!(bank.send(&new), "00");
    assert_eq!(bank.available(card), 500_000 - 2 * 1_250, "one account");
    let used = bank.records.find::<CardUse>(&of).unwrap();
    assert_eq!((used.spent, used.count), (2_500, 2), "the day's limits are not had twice");
    // What was paid before is repeated and taken back under the new number.
    assert_eq!(bank.send(&with_number(before.clone(), &number)), "00");
    let reversal = with_number(bank.reversal(&before), &number);
    assert_eq!(bank.send(&reversal), "00");
    assert_eq!(bank.available(card), 500_000 - 1_250);
    let mut refund = bank.plain(card, &Tap { stan: 7, kind: (Mti::FINANCIAL, "200000"), ..Tap::default() });
    refund.set(2, number.expose()).set_original(iso8583::OriginalData::of(&new));
    assert_eq!(bank.send(&refund), "00");
    assert_eq!(bank.available(card), 500_000);
}

#[test]
fn tokens_move_and_the_token_service_is_told_once_for_each() {
    let card = test_card("boc", Behaviour::Approve);
    let mut bank = Bank::open("boc");
    link(&mut bank, card);
    let of = key(&bank, card);
    SetCardState { card: of, state: CardState::Lost }.apply(&mut bank.records, NOON).unwrap();
    let made = order(&bank, of, card, &[1]).apply(&mut bank.records, NOON).unwrap();
    let moved = bank.records.find::<TokenLink>(&token_for(card)).unwrap();
    assert_eq!((moved.card, moved.stopped), (made.new, false), "what was lost is not lost any more");
    assert!(bank.records.find::<CardTokens>(&of).is_none());
    let actions: Vec<_> = told(&bank).into_iter().map(|told| (told.action, told.replaced)).collect();
    let expected = [("suspend", None), ("replace", Some(of)), ("resume", None)];
    assert_eq!(actions.len(), expected.len());
    for (action, replaced) in expected {
        assert!(actions.contains(&(action.to_owned(), replaced)), "{action} in {actions:?}");
    }
    // Nobody brings the old plastic back.
    let again = SetCardState { card: of, state: CardState::Active }.apply(&mut bank.records, NOON);
    assert_eq!(again, Ok(CardState::Replaced));
    assert_eq!(bank.records.find::<BankCard>(&of).unwrap().state, CardState::Replaced);
    let claimed = SetCardState { card: made.new, state: CardState::Replaced }.apply(&mut bank.records, NOON);
    assert_eq!(claimed, Err(CardRefusal::NeedsPlastic));
    // The new plastic can be replaced in its turn.
    let third = order(&bank, made.new, card, &[9]).apply(&mut bank.records, NOON).unwrap();
    assert_eq!((third.sequence, bank.records.find::<BankCard>(&third.new).unwrap().account), (2, of));
    assert_eq!(sandbox::issuer::replace::latest(&mut bank.records, of).unwrap(), third);
}

#[test]
fn a_token_made_meanwhile_is_linked_to_the_new_plastic() {
    let card = test_card("boc", Behaviour::Approve);
    let mut bank = Bank::open("boc");
    let of = key(&bank, card);
    bank.records.put(CardEnrolment {
        reference: "enr_1".to_owned(),
        card: of,
        device: "dev_1".to_owned(),
        outcome: Outcome::Green,
        reason: "approved".to_owned(),
        condition: None,
        state: EnrolmentState::Approved,
        token: None,
        requestor: None,
        account_reference: None,
        at: NOON,
    });
    let made = order(&bank, of, card, &[1]).apply(&mut bank.records, NOON).unwrap();
    assert!(told(&bank).is_empty(), "there is nobody to tell of yet");
    let provisioned = Provisioned {
        reference: "enr_1".to_owned(),
        token: token_for(card),
        expiry: Expiry::new(29, 11).unwrap(),
        requestor: "62900000001".to_owned(),
        account_reference: "PZ01".to_owned(),
        defences: sandbox::defences::Defences::ALL,
    };
    assert_eq!(provisioned.apply(&mut bank.records, NOON), Ok(Linked::Yes));
    assert_eq!(bank.records.find::<TokenLink>(&token_for(card)).unwrap().card, made.new);
    assert_eq!(told(&bank).last().map(|told| told.replaced), Some(Some(of)));
}

#[test]
fn what_cannot_be_replaced_is_not_and_numbers_are_never_used_twice() {
    let card = test_card("boc", Behaviour::Approve);
    let mut bank = Bank::open("boc");
    let of = key(&bank, card);
    let unknown = order(&bank, Digest([9; 16]), card, &[1]);
    assert_eq!(unknown.apply(&mut bank.records, NOON), Err(CardRefusal::Unknown));
    let other = test_card("boc", Behaviour::LowFunds);
    let first = order(&bank, of, card, &[1]).apply(&mut bank.records, NOON).unwrap();
    let taken = order(&bank, key(&bank, other), card, &[1]);
    assert_eq!(taken.apply(&mut bank.records, NOON), Err(CardRefusal::NumbersTaken));
    let next = order(&bank, key(&bank, other), card, &[1, 2]).apply(&mut bank.records, NOON).unwrap();
    assert_ne!(next.new, first.new);
    // What the bank itself stopped stays stopped; a closed account gets no plastic.
    SetCardState { card: next.new, state: CardState::Blocked }.apply(&mut bank.records, NOON).unwrap();
    let blocked = order(&bank, next.new, card, &[3]).apply(&mut bank.records, NOON).unwrap();
    assert_eq!(bank.records.find::<BankCard>(&blocked.new).unwrap().state, CardState::Blocked);
    SetCardState { card: blocked.new, state: CardState::Closed }.apply(&mut bank.records, NOON).unwrap();
    let closed = order(&bank, blocked.new, card, &[4]).apply(&mut bank.records, NOON);
    assert_eq!(closed, Err(CardRefusal::Closed));
    // A card that was lost or had expired is an ordinary card again.
    for behaviour in [Behaviour::Lost, Behaviour::Stolen, Behaviour::Expired] {
        let Some(card) = sandbox::test_cards::of_bank("boc").find(|card| card.behaviour == behaviour) else {
            continue;
        };
        let of = key(&bank, card);
        let made = order(&bank, of, card, &[20 + behaviour as u8]).apply(&mut bank.records, NOON).unwrap();
        let new = bank.records.find::<BankCard>(&made.new).unwrap();
        assert_eq!((new.state, new.behaviour), (CardState::Active, Behaviour::Approve));
    }
}

#[test]
fn no_number_of_a_plastic_is_on_the_disk() {
    let card = test_card("boc", Behaviour::Approve);
    let mut bank = Bank::open("boc");
    link(&mut bank, card);
    let made = order(&bank, key(&bank, card), card, &[5]).apply(&mut bank.records, NOON).unwrap();
    let number = made.number(&bank.keys).unwrap();
    let text = serde_json::to_string(&bank.records.all::<CardReplacement>()).unwrap()
        + &serde_json::to_string(&bank.records.all::<BankCard>()).unwrap()
        + &bank
            .records
            .sent
            .values()
            .map(|sent| String::from_utf8_lossy(&sent.body).into_owned())
            .collect::<String>();
    let digits = str::from_utf8(number.expose()).unwrap();
    assert!(!text.contains(digits) && !text.contains(&digits[8..18]), "{text}");
    // Moved to another row, the envelope does not open.
    let moved = CardReplacement { new: Digest([1; 16]), ..made };
    assert!(moved.number(&bank.keys).is_none());
}
