//! One fuzz target per parser: any bytes in, no panic out, and what was read and written again is the same.
//!
//! It is no room of the house and nothing depends on it. `tests/corpus.rs` runs every file of `corpus/`, each
//! truncation of it and each change of one byte; `libfuzzer/` runs the same functions under cargo-fuzz.
//!
//! Read `account_payment`, `card_data`, `codes`, `host_messages`, `requests`, `sealed` (parsers), then `machines` (conversations).

pub mod account_payment;
pub mod card_data;
pub mod codes;
pub mod host_messages;
pub mod machines;
pub mod requests;
pub mod sealed;

/// A target: total, and asserts what must hold for any bytes.
pub type Target = fn(&[u8]);

/// Every target by the name of its corpus folder.
pub const TARGETS: &[(&str, Target)] = &[
    ("tlv", card_data::tlv),
    ("apdu_command", card_data::apdu_command),
    ("apdu_response", card_data::apdu_response),
    ("fci", card_data::fci),
    ("dol", card_data::dol),
    ("afl", card_data::afl),
    ("de55", card_data::de55),
    ("track_two", card_data::track_two),
    ("issuer_application_data", card_data::issuer_application_data),
    ("oda_recover", card_data::oda_recover),
    ("describe", card_data::describe),
    ("qr_merchant", codes::qr_merchant),
    ("qr_offer", codes::qr_offer),
    ("qr_consumer", codes::qr_consumer),
    ("iso_net", host_messages::iso_net),
    ("iso_pos", host_messages::iso_pos),
    ("deframer", host_messages::deframer),
    ("private_data", host_messages::private_data),
    ("original_data", host_messages::original_data),
    ("settlement_file", host_messages::settlement_file),
    ("jwe_open", sealed::jwe_open),
    ("envelope", sealed::envelope),
    ("key_file", sealed::key_file),
    ("key_block", sealed::key_block),
    ("http_signature", requests::http_signature),
    ("passkey", requests::passkey),
    ("card_application", machines::card_application),
    ("terminal", machines::terminal),
    ("upi_xml", account_payment::upi_xml),
    ("upi_link", account_payment::upi_link),
    ("upi_qr", account_payment::upi_qr),
    ("upi_lint", account_payment::upi_lint),
];

/// Cuts bytes into pieces as the field between phone and reader does: a length of two bytes before each. The last
/// piece may be shorter than its length says.
pub(crate) fn pieces(mut data: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    while let Some((length, rest)) = data.split_first_chunk::<2>() {
        let (piece, after) = rest.split_at(usize::from(u16::from_be_bytes(*length)).min(rest.len()));
        pieces.push(piece);
        data = after;
    }
    pieces
}
