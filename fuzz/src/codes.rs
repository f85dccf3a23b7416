//! Codes held before a camera.

use emv::qr::offer::Offer;
use emv::qr::{consumer, merchant};

/// A merchant's code is its text.
pub fn qr_merchant(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(code) = merchant::MerchantCode::parse(text) {
        // Readers take the checksum in small letters too; it is written in capitals.
        let written = code.to_text().expect("what was read can be written");
        assert!(written.eq_ignore_ascii_case(text) && written[..written.len() - 4] == text[..text.len() - 4]);
        let _ = (code.amount(), code.currency(), code.category(), code.initiation());
        for object in code.accounts() {
            let _ = code.template(object.id);
        }
    }
    if let Ok(template) = merchant::MerchantCode::parse_template(text) {
        assert_eq!(template.template_text(), text);
    }
}

/// What a shop's code offers is read from its writing again, whatever else the code had. A checksum is put at the end, so
/// that what is tried is not the checksum.
pub fn qr_offer(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let covered = text.get(..text.len().saturating_sub(4)).unwrap_or_default();
    let text = format!("{covered}{:04X}", merchant::crc16(covered.as_bytes()));
    if let Ok(offer) = Offer::parse(&text)
        && let Ok(written) = offer.to_text()
    {
        assert_eq!(Offer::parse(&written), Ok(offer));
    }
}

/// What is kept of a customer's code is read from its writing again, if that is still short enough.
pub fn qr_consumer(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(applications) = consumer::parse(text)
        && let Ok(written) = consumer::to_text(&applications)
    {
        assert_eq!(consumer::parse(&written), Ok(applications));
    }
}
