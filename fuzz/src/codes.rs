//! Codes held before a camera.

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

/// What is kept of a customer's code is read from its writing again, if that is still short enough.
pub fn qr_consumer(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(applications) = consumer::parse(text)
        && let Ok(written) = consumer::to_text(&applications)
    {
        assert_eq!(consumer::parse(&written), Ok(applications));
    }
}
