//! How a captured host message was framed: tried out, since a capture does not say.

use iso8583::framing::Frame;
use iso8583::profile::Malformed;
use iso8583::union_pay_header::{self, UnionPayHeader};
use iso8583::{Deframer, Framing, Message, Profile};

/// Messages found in captured bytes, and what stood around them.
pub(crate) struct Found {
    /// What stood around, in words.
    pub(crate) around: String,
    /// The framing by the name that `--framing` takes; `None` if there was none.
    pub(crate) framing: Option<&'static str>,
    pub(crate) messages: Vec<Message>,
}

/// Why no message was found.
pub(crate) struct NotFound {
    /// The best reason: of the framing that fits, or of the bytes as they stand.
    pub(crate) why: String,
}

/// Framings by name and words. Four bytes stand before two: what they say reads as a heartbeat of two bytes and a
/// message, too.
const FRAMINGS: &[(&str, &str)] = &[
    ("binary4", "a length of 4 bytes"),
    ("binary4+tpdu", "a length of 4 bytes and a TPDU"),
    ("binary4+unionpay", "a length of 4 bytes and a UnionPay header"),
    ("binary4+inclusive", "a length of 4 bytes that counts itself"),
    ("ascii4", "a length of 4 ASCII digits"),
    ("ascii4+tpdu", "a length of 4 ASCII digits and a TPDU"),
    ("ascii4+unionpay", "a length of 4 ASCII digits and a UnionPay header"),
    ("ascii4+inclusive", "a length of 4 ASCII digits that counts itself"),
    ("binary2", "a length of 2 bytes"),
    ("binary2+tpdu", "a length of 2 bytes and a TPDU"),
    ("binary2+unionpay", "a length of 2 bytes and a UnionPay header"),
    ("binary2+inclusive", "a length of 2 bytes that counts itself"),
    ("binary2+inclusive+tpdu", "a length of 2 bytes that counts itself, and a TPDU"),
];

/// Finds the messages of a capture: bare, without the line's own header, or in any known framing.
pub(crate) fn find(bytes: &[u8], profile: Profile) -> Result<Found, NotFound> {
    let bare = match profile.decode(bytes) {
        Ok(message) => {
            return Ok(Found { around: "no framing".to_owned(), framing: None, messages: vec![message] });
        }
        Err(malformed) => malformed,
    };
    let mut framed = None;
    for (name, words) in FRAMINGS {
        match in_framing(bytes, profile, name) {
            Some(Ok(messages)) => {
                return Ok(Found { around: (*words).to_owned(), framing: Some(name), messages });
            }
            Some(Err((malformed, at))) => {
                framed.get_or_insert(format!("after {words}: {}", at_offset(malformed, at)));
            }
            None => {}
        }
    }
    if let Some(found) = without_length(bytes, profile) {
        return Ok(found);
    }
    let why = framed.or_else(|| wrong_length(bytes, profile)).unwrap_or_else(|| at_offset(bare, 0));
    Err(NotFound { why })
}

fn at_offset(malformed: Malformed, before: usize) -> String {
    Malformed { offset: malformed.offset + before, ..malformed }.to_string()
}

/// All messages, if the lengths of this framing add up to exactly these bytes; an error carries its offset.
fn in_framing(
    bytes: &[u8],
    profile: Profile,
    name: &str,
) -> Option<Result<Vec<Message>, (Malformed, usize)>> {
    let framing: Framing = name.parse().ok()?;
    let mut deframer = Deframer::new(framing);
    deframer.push(bytes);
    let prefix = if name.starts_with("binary2") { 2 } else { 4 };
    let (mut messages, mut at) = (Vec::new(), 0);
    let mut wrong = None;
    while let Some(frame) = deframer.pull().ok()? {
        at += prefix;
        if let Frame::Message { header, message } = frame {
            at += header.len();
            match profile.decode(message) {
                Ok(message) => messages.push(message),
                Err(malformed) => wrong = wrong.or(Some((malformed, at))),
            }
            at += message.len();
        }
    }
    deframer.end().ok()?;
    match wrong {
        Some(wrong) => Some(Err(wrong)),
        None if messages.is_empty() => None,
        None => Some(Ok(messages)),
    }
}

/// A header without a length before it; or, for terminals, a message with less of a header than the profile has.
fn without_length(bytes: &[u8], profile: Profile) -> Option<Found> {
    let found = |around: &str, bytes: &[u8]| {
        let message = profile.decode(bytes).ok()?;
        Some(Found { around: around.to_owned(), framing: None, messages: vec![message] })
    };
    match profile {
        Profile::Net => {
            let union_pay = bytes.split_at_checked(union_pay_header::LENGTH).and_then(|(header, message)| {
                UnionPayHeader::parse(header)?;
                found("a UnionPay header without a length", message)
            });
            union_pay.or_else(|| {
                let (tpdu, message) = bytes.split_at_checked(5)?;
                if tpdu[0] == 0x60 { found("a TPDU without a length", message) } else { None }
            })
        }
        Profile::Pos => {
            // The message is lent the header it lacks, which is not shown then.
            let lent = [0; 11];
            let bare = found("neither TPDU nor header", &[&lent, bytes].concat());
            let found = bare.or_else(|| {
                let (_, message) = bytes.split_at_checked(5)?;
                found("a TPDU without the six bytes that follow it", &[&lent, message].concat())
            });
            found.map(|mut found| {
                found.messages.iter_mut().for_each(|message| message.header = None);
                found
            })
        }
    }
}

/// A length that does not agree with the bytes there are, before what begins like a message.
fn wrong_length(bytes: &[u8], profile: Profile) -> Option<String> {
    let begins = |at: usize| {
        let rest = bytes.get(at..)?;
        match profile {
            Profile::Net => {
                matches!(rest, [b'0'..=b'2', b'1'..=b'9', b'0'..=b'9', b'0'..=b'5', ..]).then_some(())
            }
            Profile::Pos => matches!(rest, [0x60, _, _, _, _, ..]).then_some(()),
        }
    };
    if begins(0).is_some() {
        return None;
    }
    let (high, low) = (*bytes.first()?, *bytes.get(1)?);
    let (prefix, stated) = if begins(2).is_some() {
        (2, usize::from(high) << 8 | usize::from(low))
    } else {
        begins(4)?;
        let head: [u8; 4] = *bytes.first_chunk()?;
        let ascii =
            head.iter().all(u8::is_ascii_digit).then(|| std::str::from_utf8(&head).ok()?.parse().ok());
        (4, ascii.flatten().unwrap_or(u32::from_be_bytes(head) as usize))
    };
    let follow = bytes.len() - prefix;
    Some(format!("the length before the message says {stated} bytes, but {follow} follow at byte {prefix}"))
}
