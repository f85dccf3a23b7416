//! BER-TLV: data objects of cards, terminals and DE 55.

use super::input::{self, Entry};
use super::{Verdict, row};
use crate::cli::Bytes;
use crate::output::{Failure, Output};
use emv::describe;
use emv::tlv;

pub(crate) fn run(source: &Bytes, output: Output) -> Result<(), Failure> {
    let mut verdict = Verdict::new();
    for entry in input::read(source)? {
        let explain =
            if source.danger_clear { describe::danger_describe_tlv_clear } else { describe::describe_tlv };
        for line in explain(&entry.bytes) {
            output.line(line.to_string());
            output.row(&row(&line));
        }
        if tlv::has_duplicate(&entry.bytes) == Ok(true) {
            output.line("note: an object stands twice on one level; readers differ in which they take");
        }
        verdict.add(&entry.place(), checked(&entry));
    }
    verdict.conclude(output)
}

/// Whether the bytes are a whole tree; if not, a guess at why.
fn checked(entry: &Entry) -> Result<(), String> {
    let bytes = entry.bytes.as_slice();
    let Err(broken) = tlv::check(bytes) else { return Ok(()) };
    let hint = match bytes {
        // A response APDU: the objects, then a status word.
        [data @ .., 0x90, 0x00] if tlv::check(data).is_ok() => {
            "; without its last two bytes it is TLV, so it may be a response: try `paiza decode apdu`"
        }
        [b'0', b'1'..=b'9', ..] => "; it begins like a host message: try `paiza decode iso8583`",
        _ => "",
    };
    Err(format!("{broken} (of {}){hint}", bytes.len()))
}
