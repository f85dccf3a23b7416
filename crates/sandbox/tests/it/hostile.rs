//! Whatever stands in a message is answered; nothing panics and no money appears.

use crate::bank::{Bank, Tap, test_card};
use iso8583::{Message, Mti};
use proptest::prelude::*;
use sandbox::network;
use sandbox::test_cards::Behaviour;

const FIELDS: [u8; 18] = [2, 3, 4, 7, 11, 15, 22, 23, 32, 35, 37, 39, 43, 48, 49, 55, 70, 90];
const TYPES: [Mti; 8] = [
    Mti::AUTHORISATION,
    Mti::FINANCIAL,
    Mti::FINANCIAL_ADVICE,
    Mti::REVERSAL,
    Mti::REVERSAL_ADVICE,
    Mti::NETWORK,
    Mti::SETTLEMENT,
    Mti::FINANCIAL_ANSWER,
];

fn content() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..60),
        "[0-9]{0,42}".prop_map(String::into_bytes),
        Just(b"6216600100000000016".to_vec()),
        Just(b"6296600100000000018".to_vec()),
        Just(b"330000".to_vec()),
        Just([0xD0, 1, 1, 0xD4, 1, b'x', 0xD2, 0].to_vec()),
    ]
}

proptest! {
    #[test]
    fn any_change_of_a_tap_is_answered(
        mti in 0..TYPES.len(),
        edits in proptest::collection::vec((0..FIELDS.len(), proptest::option::of(content())), 0..6),
    ) {
        let card = test_card("boc", Behaviour::Approve);
        let mut bank = Bank::open("boc");
        let mut message = bank.tap(card, &Tap::default());
        message.mti = TYPES[mti];
        for (place, content) in edits {
            match content {
                Some(content) => message.set(FIELDS[place], &content),
                None => message.remove(FIELDS[place]),
            };
        }
        // The harness checks after each message that the books sum to zero.
        for _ in 0..2 {
            prop_assert!(bank.exchange(&message).is_some());
        }
        let _ = (network::prepare(&message), network::answered(&message), network::route(&message));
    }

    #[test]
    fn any_text_is_no_settlement_file(text in "(H\\|PAIZA-SETTLEMENT\\|1\\|[0-9|]{0,40}\n)?[DTPRC0-9a-f|+\n-]{0,200}") {
        prop_assert!(network::check_file(&text, &[]).is_err());
    }

    #[test]
    fn any_body_is_opened_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let bank = Bank::open("boc");
        let _ = (network::open_reversal(&bytes), sandbox::issuer::open_sms(&bank.keys, "00", &bytes));
        let empty: Option<Message> = network::open_reversal(&[]);
        prop_assert!(empty.is_none());
    }
}
