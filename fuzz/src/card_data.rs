//! What a card or a reader may send.

use crate::pieces;
use emv::apdu::{Command, Response};
use emv::describe::{self, Conversation, Line};
use emv::dol::Dol;
use emv::fci::{self, ApplicationFci};
use emv::objects::{Amount, CodeN3, Date, IssuerApplicationData, TrackTwo, UnpredictableNumber};
use emv::oda::{self, AuthorityKey, Certificate, StaticData};
use emv::tlv::{Objects, Tag};
use std::sync::LazyLock;

/// A tree that was accepted is the same tree after writing it.
pub fn tlv(data: &[u8]) {
    let _ = (emv::tlv::has_duplicate(data), emv::tlv::response_template(data));
    let _ = emv::tlv::find_deep(data, emv::tag::PAN);
    if emv::tlv::check(data).is_err() {
        return;
    }
    let mut written = Vec::new();
    rewrite(emv::tlv::objects(data), &mut written);
    assert!(written.len() <= data.len(), "lengths are written short");
    assert_eq!(leaves(&written), leaves(data));
}

fn rewrite(objects: Objects<'_>, out: &mut Vec<u8>) {
    for object in objects.map(|object| object.expect("the tree was checked")) {
        if object.tag.is_constructed() {
            emv::tlv::write_template(out, object.tag, |out| rewrite(object.children(), out));
        } else {
            emv::tlv::write(out, object.tag, object.value);
        }
    }
}

fn leaves(data: &[u8]) -> Vec<(usize, Tag, Vec<u8>)> {
    let mut leaves = Vec::new();
    let walked = emv::tlv::walk(data, |depth, object| {
        let value = if object.tag.is_constructed() { &[] } else { object.value };
        leaves.push((depth, object.tag, value.to_vec()));
    });
    walked.expect("the tree was checked");
    leaves
}

/// A command that was accepted is the same command after writing it.
pub fn apdu_command(data: &[u8]) {
    if let Ok(command) = Command::parse(data) {
        let written = command.to_bytes().expect("what was read can be written");
        assert_eq!(Command::parse(&written), Ok(command));
    }
}

/// A response is its bytes.
pub fn apdu_response(data: &[u8]) {
    if let Ok(response) = Response::parse(data) {
        assert_eq!(response.to_bytes(), data);
        let _ = (response.status.meaning(), response.status.tries_left());
    }
}

/// File control information and directories; what is kept of the former is read from its writing again.
pub fn fci(data: &[u8]) {
    if let Ok(read) = ApplicationFci::parse(data) {
        assert_eq!(ApplicationFci::parse(&read.to_bytes()).as_ref(), Ok(&read));
    }
    let _ = (fci::parse_ppse(data), fci::parse_pse(data), fci::parse_pse_record(data));
    let _ = fci::DirectoryEntry::parse(data);
}

/// A list asks for as many bytes as it says, and splits what was built for it.
pub fn dol(data: &[u8]) {
    let Ok(list) = Dol::parse(data) else { return };
    assert_eq!(list.as_bytes(), data);
    let mut built = Vec::new();
    list.build(|tag| (tag == emv::tag::AMOUNT).then_some(&[0, 0, 0, 0, 0x12, 0x50]), &mut built);
    assert_eq!(built.len(), list.values_length());
    let split = list.split(&built).expect("it was built for this list");
    assert_eq!(split.iter().count(), list.entries().count());
}

/// A locator is its entries.
pub fn afl(data: &[u8]) {
    if let Ok(locator) = emv::afl::Locator::parse(data) {
        let entries: Vec<_> = locator.entries().collect();
        assert_eq!(emv::afl::write(&entries), data);
        assert!(locator.records().count() <= 255 * entries.len());
    }
}

/// Requests and responses of DE 55 are the same after writing them.
pub fn de55(data: &[u8]) {
    use emv::de55::{Request, Response};
    if let Ok(request) = Request::parse(data) {
        let mut written = Vec::new();
        request.write(&mut written).expect("what was read can be written");
        assert_eq!(Request::parse(&written), Ok(request));
    }
    if let Ok(response) = Response::parse(data) {
        let mut written = Vec::new();
        response.write(&mut written).expect("what was read can be written");
        assert_eq!(Response::parse(&written), Ok(response));
    }
}

/// Track 2 in both its forms.
pub fn track_two(data: &[u8]) {
    if let Ok(track) = TrackTwo::parse(data) {
        assert_eq!(TrackTwo::parse(&track.to_bytes()).as_ref(), Ok(&track));
        assert_eq!(TrackTwo::from_text(track.as_text()).as_ref(), Ok(&track));
    }
    if let Ok(track) = TrackTwo::from_text(data) {
        let again = TrackTwo::from_text(track.as_text());
        assert_eq!(again.as_ref(), Ok(&track));
        let _ =
            (track.pan().is_ok(), track.token().is_ok(), track.service_code(), track.discretionary().len());
    }
}

/// UnionPay's issuer application data.
pub fn issuer_application_data(data: &[u8]) {
    if let Ok(read) = IssuerApplicationData::parse(data) {
        assert_eq!(IssuerApplicationData::parse(read.to_bytes().as_slice()), Ok(read));
    }
}

/// Certificates and signatures: pieces are the issuer's, the card's, the records, the signature. The authority is
/// the sandbox's.
pub fn oda_recover(data: &[u8]) {
    chain(data);
}

/// Checks the chain; whether it holds to its end.
pub fn chain(data: &[u8]) -> bool {
    static AUTHORITY: LazyLock<AuthorityKey> = LazyLock::new(sandbox::authority::public_key);
    let pieces = pieces(data);
    let piece = |place: usize| pieces.get(place).copied().unwrap_or_default().to_vec();
    let certificate =
        |place| Certificate { signed: piece(place), remainder: piece(place + 1), exponent: piece(place + 2) };
    let today = Date::from_bytes([0x26, 0x11, 0x22]).expect("a date");
    let number = b"6296600100000000000";
    let Ok(issuer) = oda::recover_issuer(&AUTHORITY, &certificate(0), number, today) else { return false };
    let mut records = StaticData::new();
    if !records.add_record(11, &piece(6)) {
        return false;
    }
    let _ = oda::verify_static(&issuer, &piece(7), &records);
    let Ok(card) = oda::recover_card(&issuer, &certificate(3), &records, number, today) else { return false };
    let said = oda::FddaData::V01 {
        unpredictable: UnpredictableNumber([1, 2, 3, 4]),
        amount: Amount::ZERO,
        currency: CodeN3::from_bytes([1, 0x56]).expect("digits"),
        card: &piece(8),
    };
    oda::verify_dynamic(&card, &piece(7), &said.to_bytes()).is_ok()
}

/// Anything is explained, on lines of their own.
pub fn describe(data: &[u8]) {
    one_line_each(&describe::describe_tlv(data));
    one_line_each(&describe::danger_describe_tlv_clear(data));
    one_line_each(&describe::describe_code(&String::from_utf8_lossy(data)));
    let mut conversation = Conversation::new();
    for (place, piece) in pieces(data).into_iter().enumerate() {
        let lines = if place % 2 == 0 { conversation.command(piece) } else { conversation.response(piece) };
        one_line_each(&lines);
    }
}

/// Who controls a value must not be able to forge a line of its own below it.
fn one_line_each(lines: &[Line]) {
    for line in lines {
        assert!(!line.to_string().chars().any(char::is_control), "a control character in a description");
    }
}
