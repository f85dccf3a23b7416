//! `paiza decode` as a person or a script runs it.

use std::io::Write;
use std::process::{Command, Stdio};

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn paiza(arguments: &[&str], input: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_paiza"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its input may be gone before all of it is written.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn decode(arguments: &[&str], input: &str) -> Ran {
    paiza(&[&["decode"], arguments].concat(), input)
}

/// An authorisation request as a network would send it: number 6216 6001 0000 0000 019, DE 55 inside.
fn request() -> Vec<u8> {
    let chip = "9F2608B97D3D7663F096D79F360200019F100807010103A40000015F2A0201569F02060000000012509F6C020080";
    let chip = hex::decode(chip).unwrap();
    let mut message = iso8583::Message::new(iso8583::Mti::FINANCIAL);
    message.set_text(2, "6216600100000000019").set_text(3, "000000").set_text(4, "000000001250");
    message.set_text(11, "000007").set_text(22, "072").set_text(49, "156").set(55, &chip);
    message.set_private(iso8583::Tag::CUSTOMER_VERIFICATION, &[1]);
    let mut bytes = Vec::new();
    iso8583::Profile::Net.encode(&message, &mut bytes).unwrap();
    bytes
}

#[test]
fn card_data_is_explained_and_masked() {
    let track = "57126216600100000000019D3012201000000000";
    let shown = decode(&["tlv", track], "");
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(shown.out.contains("****0019") && !shown.out.contains("62166001"), "{}", shown.out);
    let clear = decode(&["tlv", track, "--danger-clear"], "");
    assert!(clear.out.contains("6216600100000000019"));
    let qualifiers = decode(&["tlv", "9F66 04 27804080 9F6C 02 0080"], "").out;
    for words in
        ["terminal transaction qualifiers", "byte 1 bit 6", "byte 2 bit 8: customer verified on the device"]
    {
        assert!(qualifiers.contains(words), "{words} in {qualifiers}");
    }
}

#[test]
fn a_conversation_remembers_its_lists() {
    let script = "\
        > 00A4040008A00000033301010100\n\
        < 6F448408A000000333010101A538500E556E696F6E5061792044656269748701019F381B9F66049F02069F03069F1A0295055F2A02\
        9A039C019F3704DF69015F2D047A68656E9000\n\
        # the terminal's values\n\
        80A80000248322332000000000000000010000000000000156000000000001562611212147B24BD30000\n\
        6985\n";
    let told = decode(&["apdu"], script);
    assert_eq!(told.code, 0, "{}", told.err);
    for words in ["> SELECT", "9F02 amount, authorised: CNY 0.01", "< answer: 6985"] {
        assert!(told.out.contains(words), "{words} in {}", told.out);
    }
    let rows = decode(&["apdu", "--json"], script).out;
    let rows: Vec<serde_json::Value> = rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let named = rows.iter().find(|row| row["tag"] == "9F66").unwrap();
    assert_eq!((&named["message"], &named["direction"]), (&2.into(), &"response".into()));
    let last = rows.last().unwrap();
    assert_eq!((&last["ok"], &last["messages"]), (&true.into(), &4.into()));
}

#[test]
fn a_response_alone_is_known_as_one() {
    for (hex, words) in [
        ("9000", "< answer: 9000 fine"),
        ("6A82", "< answer: 6A82"),
        ("771082020000360200019F26080102030405060708", "< "),
        ("00B2010C00", "> READ RECORD"),
    ] {
        let told = decode(&["apdu", hex], "");
        assert!(told.out.starts_with(words), "{hex}: {}", told.out);
    }
}

#[test]
fn a_host_message_is_found_in_its_framing() {
    let bytes = request();
    let length = bytes.len();
    let two = [&(length as u16).to_be_bytes(), &bytes[..]].concat();
    let four = [&(length as u32).to_be_bytes(), &bytes[..]].concat();
    let digits = [format!("{length:04}").as_bytes(), &bytes[..]].concat();
    let counted = [&(length as u16 + 2).to_be_bytes(), &bytes[..]].concat();
    let tpdu = [&(length as u16 + 5).to_be_bytes(), &[0x60, 0, 3, 0, 0][..], &bytes].concat();
    for (captured, around) in [
        (bytes.clone(), "no framing"),
        (two.clone(), "a length of 2 bytes"),
        (four, "a length of 4 bytes"),
        (digits, "a length of 4 ASCII digits"),
        (counted, "a length of 2 bytes that counts itself"),
        (tpdu, "a length of 2 bytes and a TPDU"),
        ([&[0x60, 0, 3, 0, 0], &bytes[..]].concat(), "a TPDU without a length"),
    ] {
        let told = decode(&["iso8583", &hex::encode(captured)], "");
        assert_eq!(told.code, 0, "{around}: {}", told.err);
        let first = told.out.lines().next().unwrap();
        assert!(first.ends_with(around), "{around}: {first}");
        for words in
            ["DE 4 amount, transaction 000000001250 (CNY 12.50)", "algorithm: 01 (triple DES)", "****0019"]
        {
            assert!(told.out.contains(words), "{words} in {}", told.out);
        }
        assert!(!told.out.contains("62166001"));
    }
    let twice = decode(&["iso8583", &hex::encode([&two[..], &two].concat())], "");
    assert!(twice.out.contains("message 2 of 2"), "{}{}", twice.out, twice.err);
}

#[test]
fn what_cannot_be_read_ends_with_2_and_its_place() {
    for (arguments, input, place) in [
        (&["tlv", "9F3"][..], "", "half of byte 1"),
        (&["tlv", "9F3G"], "", "character 4"),
        (&["apdu"], "00A4\n9Z00\n", "line 2: character 2"),
        (&["iso8583"], "", "nothing to decode"),
        (&["iso8583", "30", "--profile", "visa"], "", "neither net nor pos"),
    ] {
        let ran = decode(arguments, input);
        assert_eq!(ran.code, 2, "{arguments:?}");
        assert!(ran.err.contains(place), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn what_is_broken_ends_with_1_and_its_place() {
    let whole = request();
    let cut = hex::encode(&whole[..60]);
    let framed = hex::encode([&(whole.len() as u16).to_be_bytes(), &whole[..60]].concat());
    let mut wrong_chip = whole.clone();
    let at = wrong_chip.windows(3).position(|part| part == [0x9F, 0x26, 8]).unwrap();
    wrong_chip[at + 2] = 0x7F;
    let wrong_chip = hex::encode(wrong_chip);
    for (arguments, place) in [
        (&["tlv", "9F36029F"][..], "at byte 2"),
        (&["apdu", "00A404000A00"], "not a command (6 bytes)"),
        (&["iso8583", &cut], "the message ends inside it"),
        (&["iso8583", &framed], "bytes, but 60 follow at byte 2"),
        (&["iso8583", &wrong_chip], "field 55 (chip data): not TLV at byte 2"),
        (&["iso8583", &hex::encode(&whole), "--profile", "pos"], "try --profile net"),
    ] {
        let ran = decode(arguments, "");
        assert_eq!(ran.code, 1, "{arguments:?}: {}", ran.out);
        assert!(ran.err.contains(place), "{arguments:?}: {}", ran.err);
        let json = decode(&[arguments, &["--json"]].concat(), "").out;
        let last: serde_json::Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
        assert_eq!((&last["ok"], &last["kind"]), (&false.into(), &"malformed".into()));
    }
}

#[test]
fn codes_of_both_kinds_are_explained_and_masked() {
    let seed = |name: &str| std::fs::read_to_string(format!("../../fuzz/corpus/{name}")).unwrap();
    let shop = decode(&["qr", &seed("qr_offer/bill")], "");
    assert_eq!(shop.code, 0, "{}", shop.err);
    for words in ["code shown by a merchant", "54 amount: CNY 36.50", "07 terminal: PZ000001", "dynamic"] {
        assert!(shop.out.contains(words), "{words} in {}", shop.out);
    }
    let phone = decode(&["qr"], &format!("{}\n", seed("qr_consumer/shown")));
    assert_eq!(phone.code, 0, "{}", phone.err);
    assert!(phone.out.contains("9F26 application cryptogram"), "{}", phone.out);
    assert!(phone.out.contains("****0018") && !phone.out.contains("62966001000"), "{}", phone.out);
    let rows = decode(&["qr", "--json", &seed("qr_offer/bill")], "").out;
    assert!(rows.lines().last().unwrap().contains("\"ok\":true"), "{rows}");
    let wrong = decode(&["qr", &seed("qr_offer/bill").replace("36.50", "36.51")], "");
    assert!(wrong.code == 1 && wrong.err.contains("checksum does not match"), "{} {}", wrong.code, wrong.err);
}
