//! A PIN that is typed for a payment, a mandate, a purse and a bill is found nowhere outside its bank's boundary: in no file, no log, and no
//! process's memory.

use super::commands::{ASHA, CHAI, person};
use super::process::Process;
use super::{done, paiza, parties};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use memchr::memmem;
use serde_json::Value;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Twelve digits, so that nothing else looks like them: the bank takes six, and declines what it opened.
const MARKER: &str = "739164285017";
/// What is everywhere, so that the search is known to search.
const ADDRESS: &str = "chai@paiza";

/// A text as it would lie somewhere, whoever wrote it there.
fn encodings(text: &str) -> Vec<Vec<u8>> {
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut each = vec![text.as_bytes().to_vec(), wide, hex::encode(text).into_bytes()];
    each.extend(hex::decode(text));
    // Base64 of a longer text shows its inner letters in one of three ways.
    each.extend((0..3).map(|shift| {
        let all = STANDARD_NO_PAD.encode(format!("{}{text}", &"xxx"[..shift]));
        all.as_bytes()[(shift * 8).div_ceil(6)..all.len() - 1].to_vec()
    }));
    each
}

/// Whether one of these stands in the bytes.
fn stands(bytes: &[u8], needles: &[Vec<u8>]) -> bool {
    needles.iter().any(|needle| memmem::find(bytes, needle).is_some())
}

/// The parts of a process's memory that can be written and hold anything.
fn memory(process: &Process) -> Vec<Vec<u8>> {
    let about = format!("/proc/{}", process.id());
    let maps =
        std::fs::read_to_string(format!("{about}/smaps")).expect("a process of one's own is looked at");
    let mut memory = File::open(format!("{about}/mem")).expect("a process of one's own is looked at");
    let mut region = None;
    let mut parts = Vec::new();
    for line in maps.lines() {
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        if let Some((from, to)) = first.split_once('-') {
            let place = |text| u64::from_str_radix(text, 16).ok();
            region = place(from).zip(place(to)).filter(|_| rest.starts_with("rw"));
        } else if first == "Rss:" && rest.trim() != "0 kB" {
            let Some((from, to)) = region.take() else { continue };
            let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
            memory.seek(SeekFrom::Start(from)).unwrap();
            // A part that goes while it is looked at is no finding.
            if memory.read_exact(&mut bytes).is_ok() {
                parts.push(bytes);
            }
        }
    }
    assert!(parts.len() > 3, "there is memory to look at");
    parts
}

fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

/// Types the marker wherever a PIN is typed; each time it is declined, and the right one keeps the account from being locked.
fn type_everywhere(folder: &Path) {
    let until = [
        "--name",
        "Tea club",
        "--amount",
        "49.00",
        "--every",
        "month",
        "--day",
        "5",
        "--until",
        "2030-12-31",
    ];
    let mandate = [&["upi", "mandate", "make", "--data", "asha", "--to", ADDRESS][..], &until[..]].concat();
    let bill =
        ["upi", "bill", "--data", "asha", "KONK00000ELE01", "--with", "consumer_number=1234567890", "--pay"];
    let pay = ["upi", "pay", "--data", "asha", "--to", ADDRESS, "--amount", "30.00"];
    let (_, told) = paiza(&[&pay[..], &["--pin", MARKER]].concat(), folder);
    assert_eq!(told["cause"], "ZM", "its bank opened it: {told}");
    let orders: [&[&str]; 4] =
        [&pay, &mandate, &["upi", "purse", "open", "--data", "asha", "--amount", "50.00"], &bill];
    for order in orders {
        let (code, told) = paiza(&[order, &["--pin", MARKER]].concat(), folder);
        assert_eq!(code, 1, "{order:?}: {told}");
        let balance = done(&["upi", "balance", "--data", "asha", "--pin", "482913"], folder);
        assert_eq!(balance["balance"], Value::from("25000.00"));
    }
}

#[test]
fn a_pin_is_found_in_no_file_log_or_process() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (mut parties, told) = parties(folder);
    person(ASHA, &told, folder);
    person(CHAI, &told, folder);
    done(&["upi", "merchant", "--data", "chai", "--name", "Chai Corner", "--category", "5814"], folder);
    type_everywhere(folder);
    let (marker, address) = (encodings(MARKER), encodings(ADDRESS));
    assert_eq!(marker.len(), 7);
    let mut seen = 0;
    // Inside its boundary the payer's bank had it; everybody else carried it sealed.
    for process in parties.others.iter().chain([&parties.switch]).filter(|process| process.name() != "amber")
    {
        let parts = memory(process);
        seen += usize::from(parts.iter().any(|part| stands(part, &address)));
        let name = process.name();
        assert!(!parts.iter().any(|part| stands(part, &marker)), "{name} has the PIN in its memory");
    }
    // No bank of who is paid ever hears of it; the provider and the switch do.
    assert!(seen >= 2, "the search finds what is there: {seen}");
    parties.switch.terminate();
    parties.others.iter_mut().for_each(Process::terminate);
    let mut kept = Vec::new();
    files(folder, &mut kept);
    for process in parties.others.iter_mut().chain([&mut parties.switch]) {
        kept.push((format!("what {} said", process.name()), process.all_said().into_bytes()));
    }
    assert!(kept.iter().filter(|(_, bytes)| stands(bytes, &address)).count() > 5);
    for (name, bytes) in &kept {
        assert!(!stands(bytes, &marker), "{name} has the PIN");
    }
}
