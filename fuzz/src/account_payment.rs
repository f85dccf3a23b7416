//! What a bank, the switch or a merchant's code may say about account payment.

use upi::bharat::BharatCode;
use upi::describe;
use upi::link::Link;
use upi::messages::{Message, Profile, lint};
use upi::signature::KeyRing;
use upi::xml;
use values::Timestamp;

/// A document that was accepted has one canonical form, which is its own.
pub fn upi_xml(data: &[u8]) {
    let _ = KeyRing::new().verify(data, Timestamp::from_millis(0));
    let Ok(document) = xml::read(data) else { return };
    let canonical = xml::canonical(&document.root);
    let again = xml::read(&canonical).expect("a canonical form is a document");
    assert_eq!(xml::canonical(&again.root), canonical);
    let written = xml::read(&document.to_bytes()).expect("what was written can be read");
    assert_eq!(xml::canonical(&written.root), canonical);
}

/// A link keeps its text, and is explained on lines of their own.
pub fn upi_link(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(link) = Link::parse(text) {
        assert_eq!(link.text(), text);
        let places = link.pairs().iter().all(|pair| pair.at < text.len());
        assert!(places, "a parameter outside its link");
        one_line_each(&describe::link(&link));
    }
}

/// A code keeps its text.
pub fn upi_qr(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(code) = BharatCode::parse(text) {
        assert_eq!(code.text(), text);
        one_line_each(&describe::bharat(&code));
    }
}

/// Rules are checked on anything that is a document; what keeps them is read, written and keeps them still.
pub fn upi_lint(data: &[u8]) {
    let Ok(document) = xml::read(data) else { return };
    let profile = Profile::public();
    let findings = lint(&document, profile);
    assert!(findings.iter().all(|finding| finding.at < data.len()), "a finding outside the document");
    one_line_each(&describe::message(&document));
    if let Ok(message) = Message::read_unsigned(&document, profile) {
        assert_eq!(lint(&message.to_document(profile), profile), [], "what was read is written by the rules");
    }
}

/// Who controls a value must not be able to forge a line of its own below it.
fn one_line_each(lines: &[describe::Line]) {
    for line in lines {
        assert!(!line.to_string().chars().any(char::is_control), "a control character in a description");
    }
}
