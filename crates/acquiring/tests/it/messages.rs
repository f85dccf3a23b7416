//! The messages themselves: through both codecs, masked in print, the same after a restart.

use crate::books::{TOKEN, World, card, merchant, tally, yuan};
use acquiring::network_line::{NetworkAnswer, NetworkCode, network_management, request, reversal};
use acquiring::records::PaymentKind;
use acquiring::terminal_line::{accepted, answer, refused, settled, signed_on};
use iso8583::{Message, MessageKey, OriginalData, Profile, ResponseCode, Stan};

fn through(profile: Profile, message: &Message) -> Message {
    let mut bytes = Vec::new();
    profile.encode(message, &mut bytes).unwrap();
    profile.decode(&bytes).unwrap()
}

#[test]
fn a_tap_goes_to_the_network_with_all_it_needs() {
    let mut world = World::new();
    let track = format!("{TOKEN}=30122010000000000");
    let tap = acquiring::terminal_line::Card { track_two: Some(track.as_bytes()), ..card(TOKEN) };
    let mut inbound = world.terminal(1, 1).payment(PaymentKind::Sale, yuan("12.50"), &tap, None);
    inbound.remove(2);
    let inbound = world.wire(&inbound);
    let taken = world.submit(&inbound).unwrap();
    let message =
        through(Profile::Net, &request(&taken.payment, &taken.merchant, &world.institution, Some(&inbound)));
    let expected = [
        (2, TOKEN),
        (3, "000000"),
        (4, "000000001250"),
        (7, "1122000000"),
        (11, "000001"),
        (12, "080000"),
        (13, "1122"),
        (14, "3012"),
        (18, "5411"),
        (19, "156"),
        (22, "072"),
        (23, "001"),
        (25, "00"),
        (32, "01040000"),
        (33, "00010000"),
        (35, track.as_str()),
        (37, "632600000001"),
        (41, "PZ000001"),
        (42, "104110054110001"),
        (43, "PAIZA TEST SHOP         BEIJING      156"),
        (49, "156"),
    ];
    assert_eq!(message.mti.to_string(), "0200");
    for (field, text) in expected {
        assert_eq!(message.text(field), Some(text), "DE {field}");
    }
    assert_eq!(message.get(55), inbound.get(55));
    assert_eq!(message.fields().count(), expected.len() + 1);
    assert!(!world.books.dump().contains("3012201"), "no track is kept");
}

#[test]
fn a_reversal_is_built_from_the_record_alone_and_names_the_original() {
    let mut world = World::new();
    let inbound = world.terminal(1, 1).payment(PaymentKind::Sale, yuan("12.50"), &card(TOKEN), None);
    let taken = world.submit(&inbound).unwrap();
    let sale = request(&taken.payment, &taken.merchant, &world.institution, Some(&inbound));
    let reversing = world.time_out(&taken.payment);
    let message = through(Profile::Net, &reversal(&reversing, &merchant(), &world.institution));
    assert_eq!(message.original(), Some(OriginalData::of(&sale)));
    assert_eq!((message.text(39), message.text(2)), (Some("98"), Some(TOKEN)));
    for field in [3, 4, 7, 11, 32, 33, 37, 41, 42, 49] {
        assert_eq!(message.get(field), sale.get(field), "DE {field}");
    }
    assert!(!message.has(52) && !message.has(55) && !message.has(35));
    let again = reversal(&world.payment(reversing.reference), &merchant(), &world.institution);
    assert_eq!(again, message, "the same after a restart");
    let mut repeat = again.clone();
    repeat.mti = repeat.mti.repeat();
    assert_eq!(MessageKey::of(&repeat), MessageKey::of(&message));
}

#[test]
fn completions_and_refunds_name_what_they_follow() {
    let mut world = World::new();
    let set_aside = world.approved(PaymentKind::PreAuthorisation, 1, "100.00");
    let completion = world.pay(PaymentKind::Completion, 2, "80.00", Some(set_aside.reference)).unwrap();
    let first = request(&set_aside, &merchant(), &world.institution, None);
    assert_eq!((first.mti.to_string().as_str(), first.text(25)), ("0100", Some("06")));
    let second = through(Profile::Net, &request(&completion, &merchant(), &world.institution, None));
    assert_eq!(second.original(), Some(OriginalData::of(&first)));
    assert_eq!((second.text(38), second.text(25)), (Some("974556"), Some("06")));
    world.conclude(&completion, ResponseCode::APPROVED).unwrap();
    let refund = world.pay(PaymentKind::Refund, 3, "5.00", Some(completion.reference)).unwrap();
    let third = through(Profile::Net, &request(&refund, &merchant(), &world.institution, None));
    assert_eq!((third.mti.to_string().as_str(), third.text(3)), ("0220", Some("200000")));
    assert_eq!(third.original(), Some(OriginalData::of(&second)));
}

#[test]
fn terminals_are_answered_in_their_own_line() {
    let mut world = World::new();
    let inbound = world.terminal(1, 1).payment(PaymentKind::Sale, yuan("12.50"), &card(TOKEN), None);
    let inbound = world.wire(&inbound);
    let pending = world.submit(&inbound).unwrap().payment;
    let mut network = request(&pending, &merchant(), &world.institution, Some(&inbound));
    network.mti = network.mti.answer();
    network.set_text(39, "00").set_text(38, "974556").set(55, &[0x91, 2, 0x30, 0x30]);
    let concluded = world
        .run(&acquiring::operations::Conclude { answer: NetworkAnswer::read(&network).unwrap() })
        .unwrap();
    let told =
        through(Profile::Pos, &answer(&inbound, &concluded.payment, Some(&network), &world.institution));
    assert_eq!(
        (told.mti.to_string().as_str(), told.text(39), told.text(38)),
        ("0210", Some("00"), Some("974556"))
    );
    assert_eq!((told.text(37), told.get(55)), (Some("632600000001"), Some(&[0x91, 2, 0x30, 0x30][..])));
    assert_eq!((told.text(11), told.text(60)), (inbound.text(11), inbound.text(60)));
    assert!(!told.has(2) && !told.has(35));
    let unanswered = answer(&inbound, &pending, None, &world.institution);
    assert_eq!(unanswered.text(39), Some("98"));
    let no = through(Profile::Pos, &refused(&inbound, ResponseCode::BAD_MERCHANT));
    assert_eq!(no.text(39), Some("03"));
    let undone = world.terminal(1, 1).reversal(yuan("12.50"), ResponseCode::NO_ANSWER);
    assert_eq!(accepted(&undone, world.now, &world.institution).mti.to_string(), "0410");
}

#[test]
fn settlement_and_sign_on_answers() {
    let world = World::new();
    let totals = world.terminal(9, 1).settlement(tally(2, 2500), tally(1, 100));
    for (balanced, code, flag) in [(true, "00", "1"), (false, "95", "2")] {
        let told = through(Profile::Pos, &settled(&totals, balanced, world.now, &world.institution));
        assert_eq!(told.text(39), Some(code));
        assert_eq!(told.text(48), Some(format!("000000002500002000000000100001{flag}").as_str()));
    }
    let hello = world.terminal(1, 1).network(1);
    let told = through(Profile::Pos, &signed_on(&hello, 7, world.now, &world.institution));
    assert_eq!((told.text(60), told.text(70)), (Some("00000007001"), Some("001")));
}

#[test]
fn the_line_is_managed() {
    let world = World::new();
    let stan = Stan::new(5).unwrap();
    for (code, number) in
        [(NetworkCode::SignOn, "001"), (NetworkCode::SignOff, "002"), (NetworkCode::Echo, "301")]
    {
        let message = through(Profile::Net, &network_management(code, stan, &world.institution, world.now));
        assert_eq!((message.text(70), message.text(33)), (Some(number), Some("01040000")));
    }
}

#[test]
fn cards_print_nothing() {
    assert_eq!(format!("{:?}", card(TOKEN)), "Card(****, 072)");
    let mut world = World::new();
    let sale = world.pay(PaymentKind::Sale, 1, "1", None).unwrap();
    assert!(!format!("{sale:?}").contains("62166239"));
}
