//! What an institution or a terminal may send.

use iso8583::framing::{Frame, Garbage};
use iso8583::{Deframer, Framing, MessageKey, OriginalData, PrivateData, Profile, Tag};

/// Messages between institutions.
pub fn iso_net(data: &[u8]) {
    message(Profile::Net, data);
}

/// Messages of terminals.
pub fn iso_pos(data: &[u8]) {
    message(Profile::Pos, data);
}

/// A message that was accepted is the same message after writing it.
fn message(profile: Profile, data: &[u8]) {
    let Ok(message) = profile.decode(data) else { return };
    let mut written = Vec::new();
    profile.encode(&message, &mut written).expect("what was read can be written");
    assert_eq!(profile.decode(&written).as_ref(), Ok(&message));
    let _ = iso8583::mac::verify(profile, data, &message, |_| [0; 8]);
    let _ = (MessageKey::of(&message).to_bytes(), MessageKey::of_terminal(&message).to_bytes());
    let _ = (message.original(), message.amount(), message.stan(), message.expiry(), message.last_four());
    let _ = message.private_data().is_ok();
    for line in iso8583::describe::describe(&message, emv::describe::describe_texts) {
        assert!(!line.to_string().chars().any(char::is_control), "a control character in a description");
    }
}

const FRAMINGS: [&str; 8] = [
    "binary2",
    "binary4",
    "ascii4",
    "binary2+inclusive",
    "binary2+tpdu",
    "ascii4+unionpay",
    "binary4+inclusive+tpdu",
    "ascii4+inclusive",
];

/// However a stream is cut, the same frames come out. The first byte chooses the framing.
pub fn deframer(data: &[u8]) {
    let Some((choice, stream)) = data.split_first() else { return };
    let name = FRAMINGS[usize::from(*choice) % FRAMINGS.len()];
    let framing: Framing = name.parse().expect("the table names framings");
    let whole = frames(framing, [stream]);
    assert_eq!(frames(framing, stream.chunks(1)), whole);
    assert_eq!(frames(framing, stream.chunks(3)), whole);
}

type Pulled = (Vec<(Vec<u8>, Vec<u8>)>, Result<(), Garbage>);

fn frames<'a>(framing: Framing, reads: impl IntoIterator<Item = &'a [u8]>) -> Pulled {
    let mut deframer = Deframer::new(framing);
    let mut frames = Vec::new();
    for read in reads {
        deframer.push(read);
        loop {
            match deframer.pull() {
                Ok(Some(Frame::Message { header, message })) => {
                    frames.push((header.to_vec(), message.to_vec()))
                }
                Ok(Some(Frame::Heartbeat)) => frames.push((Vec::new(), Vec::new())),
                Ok(None) => break,
                Err(garbage) => return (frames, Err(garbage)),
            }
        }
    }
    (frames, deframer.end())
}

/// Entries of DE 48 are the same after writing them.
pub fn private_data(data: &[u8]) {
    let Ok(read) = PrivateData::parse(data) else { return };
    let entries: Vec<(Tag, &[u8])> = read.entries().collect();
    let mut written = Vec::new();
    for (tag, value) in &entries {
        iso8583::private_data::write(&mut written, *tag, value);
    }
    let again = PrivateData::parse(&written).expect("what was read can be written");
    assert!(again.entries().eq(entries));
}

/// DE 90 is its digits.
pub fn original_data(data: &[u8]) {
    if let Ok(original) = OriginalData::parse(data) {
        assert_eq!(original.to_digits().as_slice(), data);
    }
}

/// A settlement file is read or refused.
pub fn settlement_file(data: &[u8]) {
    let _ = sandbox::network::file::read_file(&String::from_utf8_lossy(data)).is_ok();
}
