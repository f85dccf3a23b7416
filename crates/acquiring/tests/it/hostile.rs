//! A terminal or a network that sends anything at all.

use crate::books::World;
use acquiring::network_line::NetworkAnswer;
use acquiring::operations::{Accept, CloseBatch, Conclude, OpenBill, Reverse, SignOn, Void};
use acquiring::terminal_line::{Request, accepted, read, refused, settled};
use iso8583::{Message, Mti, Profile, ResponseCode, field};
use proptest::prelude::*;

fn any_request() -> impl Strategy<Value = Message> {
    let types = ["0100", "0200", "0220", "0400", "0420", "0500", "0800", "0210", "0201"];
    let fields = prop_oneof![2..=63u8, Just(3u8), Just(60), Just(41), Just(70)];
    let contents = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..50),
        "[0-9]{0,40}".prop_map(String::into_bytes),
        Just(b"000000".to_vec()),
        Just(b"200000".to_vec()),
        Just(b"PZ000001".to_vec()),
        Just(b"104110054110001".to_vec()),
    ];
    (prop::sample::select(types.to_vec()), proptest::collection::vec((fields, contents), 0..20)).prop_map(
        |(mti, fields)| {
            let mut message = Message::new(Mti::from_ascii(mti.as_bytes()).unwrap());
            for (number, content) in fields {
                message.set(number, &content);
            }
            message
        },
    )
}

/// A right request with some elements replaced.
fn nearly_right() -> impl Strategy<Value = Message> {
    let contents = prop_oneof!["[0-9]{0,31}", "[ -~]{0,40}"];
    let changes = proptest::collection::vec((2..=63u8, contents), 0..3);
    (0..4usize, changes).prop_map(|(kind, changes)| {
        let (world, totals) = (World::new(), crate::books::tally(0, 0));
        let (terminal, amount) = (world.terminal(1, 1), crate::books::yuan("1"));
        let mut message = match kind {
            0 => {
                let card = crate::books::card(crate::books::TOKEN);
                terminal.payment(acquiring::records::PaymentKind::Sale, amount, &card, None)
            }
            1 => terminal.void("632600000001".parse().unwrap(), amount),
            2 => terminal.reversal(amount, ResponseCode::NO_ANSWER),
            _ => terminal.settlement(totals, totals),
        };
        for (number, content) in changes {
            message.set_text(number, &content);
        }
        message
    })
}

fn swallow(message: &Message) {
    let mut world = World::new();
    world.approved(acquiring::records::PaymentKind::Sale, 7, "1");
    let institution = world.institution.clone();
    match read(message, &institution) {
        Ok(Request::Payment(request)) => {
            let _ = world.run(&Accept {
                request,
                institution: institution.clone(),
                id: values::Id::from_u128(1),
            });
        }
        Ok(Request::Void(request)) => drop(world.run(&Void { request })),
        Ok(Request::Reversal(request)) => drop(world.run(&Reverse { request })),
        Ok(Request::Settlement(request)) => drop(world.run(&CloseBatch { request })),
        Ok(Request::Bill(request)) => drop(world.run(&OpenBill { request })),
        Ok(Request::CodeNews(_)) => {}
        Ok(Request::Network(request)) => {
            let acceptor = request.acceptor.unwrap_or(crate::books::merchant().acceptor);
            let _ = world.run(&SignOn { terminal: request.terminal, acceptor });
        }
        Err(refusal) => assert!(!refusal.response_code().is_approved()),
    }
    if let Ok(answer) = NetworkAnswer::read(message) {
        let _ = world.run(&Conclude { answer });
    }
    // A message that came off a wire can be answered on it.
    let mut bytes = Vec::new();
    if Profile::Pos.encode(message, &mut bytes).is_ok() {
        let answers = [
            accepted(message, world.now, &institution),
            refused(message, ResponseCode::FORMAT_ERROR),
            settled(message, false, world.now, &institution),
        ];
        for answer in answers {
            assert!(answer.has(field::RESPONSE_CODE));
            Profile::Pos.encode(&answer, &mut bytes).unwrap();
        }
    }
}

proptest! {
    #[test]
    fn any_message(message in any_request()) {
        swallow(&message);
    }

    #[test]
    fn any_change_of_a_right_message(message in nearly_right()) {
        swallow(&message);
    }
}
