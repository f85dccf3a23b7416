//! Payments: every behaviour card, every check, limits at the edge and beyond, duplicates, reversals.

use crate::bank::{Bank, Tap, cny, range_of, test_card, token_for};
use crypto::emv_keys::{Algorithm, session_key};
use emv::de55;
use iso8583::{Message, Mti, OriginalData, Tag};
use sandbox::Digest;
use sandbox::directory::Directory;
use sandbox::issuer::{BankCard, CardState, SetCardState, TokenLink, open_sms};
use sandbox::test_cards::{Behaviour, of_bank, test_cards};
use values::{Operation, Records};

#[test]
fn every_approving_card_of_every_bank_pays_and_the_answer_proves_it() {
    for bank_entry in &Directory::sandbox().institutions {
        let mut bank = Bank::open(&bank_entry.id);
        let approving = of_bank(&bank_entry.id).filter(|card| card.behaviour == Behaviour::Approve);
        for (card, stan) in approving.zip(1..) {
            let before = bank.available(card);
            let message = bank.tap(card, &Tap { stan, ..Tap::default() });
            let answer = bank.exchange(&message).unwrap();
            assert_eq!(
                (answer.mti, answer.text(39)),
                (Mti::FINANCIAL_ANSWER, Some("00")),
                "{}",
                bank_entry.id
            );
            assert_eq!((answer.get(11), answer.get(37)), (message.get(11), message.get(37)));
            assert_eq!(answer.text(38).unwrap().len(), 6);
            assert_eq!(bank.available(card), before - 1_250);
            let proof = de55::Response::parse(answer.get(55).unwrap()).unwrap().authentication.unwrap();
            let range = range_of(card);
            let algorithm = Algorithm::from_id(range.algorithm_id()).unwrap();
            let key = bank.keys.master(algorithm, range.dki).unwrap().derive_token_key(token_for(card), 1);
            let cryptogram = de55::Request::parse(message.get(55).unwrap()).unwrap().cryptogram;
            let expected =
                crypto::arpc::method_1(algorithm, &session_key(algorithm, &key, 1), cryptogram, *b"00");
            assert_eq!((proof.arpc, &proof.response_code), (expected, b"00"));
        }
    }
}

#[test]
fn behaviour_cards_do_what_their_row_says() {
    for (behaviour, expected, books_move) in [
        (Behaviour::Approve, "00", true),
        (Behaviour::StepUp, "00", true),
        (Behaviour::Red, "00", true),
        (Behaviour::Decline05, "05", false),
        (Behaviour::Decline51, "51", false),
        (Behaviour::Decline54, "54", false),
        (Behaviour::Decline61, "61", false),
        (Behaviour::Decline62, "62", false),
        (Behaviour::Lost, "41", false),
        (Behaviour::Stolen, "43", false),
        (Behaviour::Expired, "54", false),
        (Behaviour::LowFunds, "51", false),
        (Behaviour::Timeout, "silence", true),
        (Behaviour::Late, "00", true),
    ] {
        let mut bank = Bank::open("boc");
        let card = test_card("boc", behaviour);
        let before = bank.available(card);
        let message = bank.tap(card, &Tap::default());
        assert_eq!(bank.send(&message), expected, "{behaviour:?}");
        assert_eq!(bank.available(card), before - if books_move { 1_250 } else { 0 }, "{behaviour:?}");
        assert_eq!(bank.send(&message), expected, "{behaviour:?} again");
        assert_eq!(bank.available(card), before - if books_move { 1_250 } else { 0 }, "{behaviour:?} again");
    }
    let shown: std::collections::BTreeSet<_> =
        test_cards().iter().map(|card| card.behaviour.word()).collect();
    assert_eq!(shown.len(), 14, "the table above has every behaviour");
}

#[test]
fn what_is_edited_between_tap_and_issuer_is_found() {
    let card = test_card("boc", Behaviour::Approve);
    type Edit = fn(&mut Message);
    let edits: [(&str, Edit, &str); 10] = [
        (
            "amount",
            |m| {
                m.set_amount(cny(1_251));
            },
            "chip_amount_differs",
        ),
        (
            "currency",
            |m| {
                m.set_text(49, "840");
            },
            "chip_amount_differs",
        ),
        (
            "token",
            |m| {
                m.set_private(Tag::TOKEN_NUMBER, b"6296600100000000026");
            },
            "cryptogram_wrong",
        ),
        (
            "sequence",
            |m| {
                m.set_text(23, "002");
            },
            "cryptogram_wrong",
        ),
        (
            "no chip data",
            |m| {
                m.remove(55);
            },
            "cryptogram_missing",
        ),
        ("chip amount", |m| edit_chip(m, |chip| chip.transaction.amount = amount(1)), "cryptogram_wrong"),
        (
            "counter",
            |m| edit_chip(m, |chip| chip.transaction.atc = emv::objects::Atc::new(2)),
            "cryptogram_wrong",
        ),
        ("cryptogram", |m| edit_chip(m, |chip| chip.cryptogram[7] ^= 1), "cryptogram_wrong"),
        (
            "application",
            |m| edit_chip(m, |chip| chip.aid = Some(emv::objects::Aid::unionpay_credit())),
            "application_differs",
        ),
        ("key index", |m| edit_chip(m, |chip| chip.issuer_data = other_key(chip)), "cryptogram_wrong"),
    ];
    for (what, edit, reason) in edits {
        let mut bank = Bank::open("boc");
        let mut message = bank.tap(card, &Tap::default());
        edit(&mut message);
        assert_eq!(bank.send(&message), "05", "{what}");
        assert_eq!(bank.reason(&message), reason, "{what}");
        assert_eq!(bank.available(card), 500_000, "{what}");
    }
}

fn amount(minor: u64) -> emv::objects::Amount {
    emv::objects::Amount::from_minor(minor).unwrap()
}

fn other_key(chip: &de55::Request) -> emv::inline::Inline<32> {
    let mut data = chip.unionpay().unwrap();
    data.key_index = 2;
    data.to_bytes()
}

fn edit_chip(message: &mut Message, edit: impl FnOnce(&mut de55::Request)) {
    let mut chip = de55::Request::parse(message.get(55).unwrap()).unwrap();
    edit(&mut chip);
    let mut bytes = Vec::new();
    chip.write(&mut bytes).unwrap();
    message.set(55, &bytes);
}

#[test]
fn a_tap_without_sequence_number_is_checked_with_that_of_tokens() {
    let card = test_card("boc", Behaviour::Approve);
    let mut bank = Bank::open("boc");
    let mut message = bank.tap(card, &Tap::default());
    message.remove(23);
    assert_eq!(bank.send(&message), "00");
}

#[test]
fn verification_is_needed_above_the_limit_and_cannot_be_forged() {
    let card = test_card("boc", Behaviour::Approve);
    for (amount, verified, claimed, expected, reason) in [
        (100_000, false, 0, "00", "approved"),
        (100_001, false, 0, "55", "verification_missing"),
        (100_001, true, 1, "00", "approved"),
        (100_001, false, 1, "05", "verification_forged"),
        (100, false, 1, "05", "verification_forged"),
    ] {
        let mut bank = Bank::open("boc");
        let mut message = bank.tap(card, &Tap { amount, verified, ..Tap::default() });
        message.set_private(Tag::CUSTOMER_VERIFICATION, &[claimed]);
        assert_eq!(bank.send(&message), expected, "{amount} {verified} {claimed}");
        assert_eq!(bank.reason(&message), reason);
    }
}

#[test]
fn limits_hold_at_the_edge() {
    let card = test_card("boc", Behaviour::Approve);
    let mut bank = Bank::open("boc");
    let key = Digest(bank.keys.card_key(&card.pan()));
    let known = bank.records.find::<BankCard>(&key).unwrap();
    bank.records.put(BankCard { limit_single: 1_000, limit_daily: 2_500, limit_count: 4, ..known });
    let mut stan = 0;
    let mut pay = |bank: &mut Bank, amount| {
        stan += 1;
        let message = bank.tap(card, &Tap { amount, stan, atc: stan as u16, ..Tap::default() });
        (bank.send(&message), bank.reason(&message))
    };
    assert_eq!(pay(&mut bank, 1_001), ("61".into(), "limit_single"));
    assert_eq!(pay(&mut bank, 1_000), ("00".into(), "approved"));
    assert_eq!(pay(&mut bank, 1_000), ("00".into(), "approved"));
    assert_eq!(pay(&mut bank, 501), ("61".into(), "limit_daily"));
    assert_eq!(pay(&mut bank, 499), ("00".into(), "approved"));
    assert_eq!(pay(&mut bank, 1), ("00".into(), "approved"));
    assert_eq!(pay(&mut bank, 1), ("61".into(), "limit_daily"));
    // The next day in Shanghai begins at 16:00 UTC; on it the count is what runs out.
    bank.now = bank.now.after(std::time::Duration::from_secs(14 * 3600));
    for _ in 0..4 {
        assert_eq!(pay(&mut bank, 1), ("00".into(), "approved"));
    }
    assert_eq!(pay(&mut bank, 1), ("65".into(), "limit_count"));
}

#[test]
fn funds_are_spent_to_the_last_fen() {
    let card = test_card("boc", Behaviour::LowFunds);
    let mut bank = Bank::open("boc");
    for (stan, amount, expected) in [(1, 801, "51"), (2, 800, "00"), (3, 1, "51")] {
        let message = bank.tap(card, &Tap { amount, stan, ..Tap::default() });
        assert_eq!(bank.send(&message), expected);
    }
    assert_eq!((bank.available(card), bank.settlement()), (0, 800));
}

#[test]
fn a_duplicate_gets_the_same_answer_and_an_altered_one_none() {
    let card = test_card("boc", Behaviour::Approve);
    let mut bank = Bank::open("boc");
    let message = bank.tap(card, &Tap::default());
    let first = bank.exchange(&message).unwrap();
    let mut repeat = message.clone();
    repeat.mti = Mti::FINANCIAL.repeat();
    for again in [&message, &repeat] {
        let answer = bank.exchange(again).unwrap();
        assert_eq!(
            (answer.get(38), answer.get(39), answer.get(55)),
            (first.get(38), first.get(39), first.get(55))
        );
    }
    let altered = bank.tap(card, &Tap { amount: 9_999, ..Tap::default() });
    assert_eq!(bank.send(&altered), "94");
    assert_eq!(bank.available(card), 500_000 - 1_250);
}

#[test]
fn card_and_token_states_decide() {
    let card = test_card("boc", Behaviour::Approve);
    for (state, expected) in [
        (CardState::Active, "00"),
        (CardState::Lost, "41"),
        (CardState::Stolen, "43"),
        (CardState::Blocked, "62"),
        (CardState::Closed, "14"),
    ] {
        let mut bank = Bank::open("boc");
        let key = Digest(bank.keys.card_key(&card.pan()));
        SetCardState { card: key, state }.apply(&mut bank.records, bank.now).unwrap();
        let message = bank.tap(card, &Tap::default());
        assert_eq!(bank.send(&message), expected, "{state:?}");
    }
    let mut bank = Bank::open("boc");
    let other = test_card("boc", Behaviour::StepUp);
    let (mine, others) = (Digest(bank.keys.card_key(&card.pan())), Digest(bank.keys.card_key(&other.pan())));
    let expiry = values::Expiry::new(31, 1).unwrap();
    let link = TokenLink { token: token_for(card), card: others, expiry, stopped: false };
    for (stan, link, reason) in [
        (1, link.clone(), "token_of_another_card"),
        (2, TokenLink { card: mine, stopped: true, ..link.clone() }, "token_stopped"),
        (
            3,
            TokenLink { card: mine, expiry: values::Expiry::new(26, 10).unwrap(), ..link.clone() },
            "token_expired",
        ),
        (4, TokenLink { card: mine, ..link }, "approved"),
    ] {
        bank.records.put(link);
        let message = bank.tap(card, &Tap { stan, ..Tap::default() });
        bank.send(&message);
        assert_eq!(bank.reason(&message), reason);
    }
}

#[test]
fn a_reversal_restores_the_books_in_any_order() {
    let card = test_card("boc", Behaviour::Approve);
    let sale = (Mti::FINANCIAL, "000000");
    let hold = (Mti::AUTHORISATION, "030000");
    for kind in [sale, hold] {
        // The request and its reversal, each perhaps twice: every order of up to four.
        for order in [
            ["q", "q", "r", "r"],
            ["q", "r", "q", "r"],
            ["r", "q", "r", "q"],
            ["r", "r", "q", "q"],
            ["q", "r", "r", "q"],
            ["r", "q", "q", "r"],
        ] {
            let mut bank = Bank::open("boc");
            let request = bank.tap(card, &Tap { kind, ..Tap::default() });
            let reversal = bank.reversal(&request);
            let mut reversed = false;
            for step in order {
                if step == "r" {
                    assert_eq!(bank.send(&reversal), "00", "{order:?}");
                    reversed = true;
                } else {
                    assert_eq!(bank.send(&request), if reversed { "94" } else { "00" }, "{order:?}");
                }
            }
            assert_eq!((bank.available(card), bank.settlement()), (500_000, 0), "{order:?}");
        }
    }
}

#[test]
fn a_reversal_must_fit_its_original() {
    let card = test_card("boc", Behaviour::Approve);
    let mut bank = Bank::open("boc");
    let request = bank.tap(card, &Tap::default());
    bank.send(&request);
    let mut other_amount = bank.reversal(&request);
    other_amount.set_amount(cny(1));
    assert_eq!(bank.send(&other_amount), "64");
    let mut other_card = bank.reversal(&request);
    other_card.set(2, test_card("boc", Behaviour::StepUp).pan().expose());
    assert_eq!(bank.send(&other_card), "25");
    let mut nothing_named = bank.reversal(&request);
    nothing_named.remove(90);
    assert_eq!(bank.send(&nothing_named), "30");
    assert_eq!(bank.available(card), 500_000 - 1_250);
}

/// A message about an earlier one.
fn about(
    bank: &Bank,
    original: &Message,
    card: &sandbox::test_cards::TestCard,
    kind: (Mti, &'static str),
    amount: u64,
    stan: u64,
) -> Message {
    let mut message = bank.plain(card, &Tap { amount, stan, kind, ..Tap::default() });
    message.set_original(OriginalData::of(original));
    message
}

#[test]
fn a_pre_authorisation_is_completed_or_let_go_once() {
    let card = test_card("boc", Behaviour::Approve);
    let pre = (Mti::AUTHORISATION, "030000");
    let complete = (Mti::FINANCIAL_ADVICE, "000000");
    let cancel = (Mti::AUTHORISATION, "200000");
    let mut bank = Bank::open("boc");
    let held = bank.tap(card, &Tap { amount: 10_000, kind: pre, ..Tap::default() });
    assert_eq!(bank.send(&held), "00");
    assert_eq!((bank.available(card), bank.settlement()), (490_000, 0));
    let too_much = about(&bank, &held, card, complete, 10_001, 2);
    assert_eq!(bank.send(&too_much), "64");
    let done = about(&bank, &held, card, complete, 8_000, 3);
    assert_eq!(bank.send(&done), "00");
    assert_eq!(bank.send(&done), "00");
    assert_eq!((bank.available(card), bank.settlement()), (492_000, 8_000));
    for (kind, stan) in [(complete, 4), (cancel, 5)] {
        let again = about(&bank, &held, card, kind, 8_000, stan);
        assert_ne!(bank.send(&again), "00");
    }
    assert_ne!(bank.send(&bank.reversal(&held)), "00", "the hold is completed");
    assert_eq!(bank.send(&bank.reversal(&done)), "00");
    assert_eq!((bank.available(card), bank.settlement()), (500_000, 0));

    let second = bank.tap(card, &Tap { amount: 10_000, kind: pre, stan: 6, ..Tap::default() });
    bank.send(&second);
    let cancelled = about(&bank, &second, card, cancel, 10_000, 7);
    assert_eq!(bank.send(&cancelled), "00");
    assert_eq!(bank.available(card), 500_000);
    let late = about(&bank, &second, card, complete, 10_000, 8);
    assert_eq!(bank.send(&late), "12");
}

#[test]
fn no_more_is_given_back_than_was_paid() {
    let card = test_card("boc", Behaviour::Approve);
    let back = (Mti::FINANCIAL, "200000");
    let mut bank = Bank::open("boc");
    let sale = bank.tap(card, &Tap { amount: 10_000, ..Tap::default() });
    bank.send(&sale);
    for (stan, amount, expected) in [(2, 4_000, "00"), (3, 6_001, "64"), (4, 6_000, "00"), (5, 1, "64")] {
        let refund = about(&bank, &sale, card, back, amount, stan);
        assert_eq!(bank.send(&refund), expected, "{amount}");
        assert_eq!(bank.send(&refund), expected, "{amount} again");
    }
    assert_eq!((bank.available(card), bank.settlement()), (500_000, 0));
    // A refund that is reversed may be made again; a sale is reversed only when no refund of it stands.
    let last = about(&bank, &sale, card, back, 6_000, 4);
    assert_eq!(bank.send(&bank.reversal(&last)), "00");
    assert_eq!((bank.available(card), bank.settlement()), (494_000, 6_000));
    assert_eq!(bank.send(&bank.reversal(&sale)), "12");
    let first = about(&bank, &sale, card, back, 4_000, 2);
    assert_eq!(bank.send(&bank.reversal(&first)), "00");
    assert_eq!(bank.send(&bank.reversal(&sale)), "00");
    assert_eq!((bank.available(card), bank.settlement()), (500_000, 0));
    let unlinked = bank.plain(card, &Tap { amount: 500, stan: 9, kind: back, ..Tap::default() });
    assert_eq!(bank.send(&unlinked), "00");
    assert_eq!((bank.available(card), bank.settlement()), (500_500, -500));
    let unknown = about(&bank, &unlinked, test_card("boc", Behaviour::StepUp), back, 500, 10);
    assert_eq!(bank.send(&unknown), "25", "another card's payment");
}

#[test]
fn a_refund_taken_back_after_it_was_spent_becomes_a_debt() {
    let card = test_card("boc", Behaviour::LowFunds);
    let mut bank = Bank::open("boc");
    let refund = bank.plain(card, &Tap { amount: 500, kind: (Mti::FINANCIAL, "200000"), ..Tap::default() });
    bank.send(&refund);
    let spent = bank.tap(card, &Tap { amount: 1_300, stan: 2, ..Tap::default() });
    assert_eq!(bank.send(&spent), "00");
    assert_eq!(bank.send(&bank.reversal(&refund)), "00");
    assert_eq!((bank.available(card), bank.settlement()), (0, 1_300));
}

#[test]
fn messages_that_make_no_sense_are_answered() {
    let card = test_card("boc", Behaviour::Approve);
    let mut bank = Bank::open("boc");
    type Edit = fn(&mut Message);
    let edits: [(Edit, &str); 10] = [
        (
            |m| {
                m.remove(2);
            },
            "30",
        ),
        (
            |m| {
                m.set_text(2, "6216600100000000017");
            },
            "14",
        ),
        (
            |m| {
                m.set_text(2, "6216600199999999998");
            },
            "14",
        ),
        (
            |m| {
                m.remove(4);
            },
            "30",
        ),
        (
            |m| {
                m.set_text(49, "840");
            },
            "57",
        ),
        (
            |m| {
                m.set_text(49, "000");
            },
            "30",
        ),
        (
            |m| {
                m.remove(11);
            },
            "30",
        ),
        (
            |m| {
                m.remove(3);
            },
            "12",
        ),
        (
            |m| {
                m.set_text(3, "010000");
            },
            "12",
        ),
        (
            |m| {
                m.set(48, &[0xC1, 9]);
            },
            "30",
        ),
    ];
    for (number, (edit, expected)) in edits.into_iter().enumerate() {
        let mut message = bank.plain(card, &Tap { stan: number as u64 + 1, ..Tap::default() });
        edit(&mut message);
        assert_eq!(bank.send(&message), expected, "case {number}");
    }
    let mut hostile = bank.tap(card, &Tap { stan: 50, ..Tap::default() });
    hostile.set(55, &[0x9F, 0x26, 0x81]);
    assert_eq!(bank.send(&hostile), "30");
    let zero = bank.tap(card, &Tap { stan: 51, amount: 0, ..Tap::default() });
    assert_eq!(bank.send(&zero), "13");
    let mut echo = Message::new(Mti::NETWORK);
    echo.set_text(7, "1122020500").set_text(11, "000001").set_text(70, "301");
    assert_eq!(bank.send(&echo), "00");
}

#[test]
fn customers_are_told_and_the_disk_shows_no_number() {
    let card = test_card("boc", Behaviour::Approve);
    let mut bank = Bank::open("boc");
    let sale = bank.tap(card, &Tap::default());
    bank.send(&sale);
    bank.send(&sale);
    assert_eq!(bank.records.sent.len(), 1, "a duplicate tells nobody twice");
    bank.send(&bank.reversal(&sale));
    let texts: Vec<String> = bank
        .records
        .sent
        .values()
        .map(|message| open_sms(&bank.keys, &message.key, &message.body).unwrap())
        .map(|sms| String::from_utf8(sms.text.expose().to_vec()).unwrap())
        .collect();
    assert!(texts.iter().any(|text| text.contains("支出人民币12.50元,余额4987.50元")), "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("退回人民币12.50元,余额5000.00元")), "{texts:?}");
    let pan = card.pan();
    let disk = bank.records.dump();
    assert!(!disk.windows(pan.expose().len()).any(|bytes| bytes == pan.expose()));
    let declined = bank.tap(test_card("boc", Behaviour::Lost), &Tap { stan: 3, ..Tap::default() });
    bank.send(&declined);
    assert_eq!(bank.records.sent.len(), 2, "a decline is not a payment");
}
