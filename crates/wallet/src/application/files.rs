//! What the card shows of itself: directories, file control information, records.
//!
//! Pure functions of the [`Card`]; nothing here knows where in a tap it is asked.

use crate::card::{Card, Certificates, Profile};
use emv::apdu::{PPSE_NAME, PSE_NAME};
use emv::objects::{Aip, CodeN3, SequenceNumber, TrackTwo};
use emv::tag;
use emv::tlv::{write, write_template};
use values::TokenNumber;

/// What the contactless application asks of the terminal. It serves cryptogram version 01 with or without
/// offline, so that there is one length to check (JR/T 0025.12 7.3).
pub(crate) const CONTACTLESS_PDOL: &[u8] = &[
    0x9F, 0x66, 4, 0x9F, 0x02, 6, 0x9F, 0x03, 6, 0x9F, 0x1A, 2, 0x95, 5, 0x5F, 0x2A, 2, 0x9A, 3, 0x9C, 1,
    0x9F, 0x37, 4, 0xDF, 0x69, 1,
];
/// What the contact application asks at GET PROCESSING OPTIONS.
pub(crate) const CONTACT_PDOL: &[u8] = &[0x9F, 0x1A, 2, 0x9F, 0x33, 3, 0x5F, 0x2A, 2];
/// What it asks at the first GENERATE AC: the terminal's part of cryptogram version 01.
pub(crate) const CDOL1: &[u8] =
    &[0x9F, 0x02, 6, 0x9F, 0x03, 6, 0x9F, 0x1A, 2, 0x95, 5, 0x5F, 0x2A, 2, 0x9A, 3, 0x9C, 1, 0x9F, 0x37, 4];
/// What it asks at the second: the response code, then the same again.
pub(crate) const CDOL2: &[u8] = &[
    0x8A, 2, 0x9F, 0x02, 6, 0x9F, 0x03, 6, 0x9F, 0x1A, 2, 0x95, 5, 0x5F, 0x2A, 2, 0x9A, 3, 0x9C, 1, 0x9F,
    0x37, 4,
];
/// What a dynamic signature covers.
pub(crate) const DDOL: &[u8] = &[0x9F, 0x37, 4];

/// Where the directory of the contact environment lies.
const DIRECTORY_SFI: u8 = 4;
/// EMV 4.4 Book 3, Annex C5: every bit of the TVR that has a meaning, so that whatever is odd goes online.
const ANYTHING_ODD: [u8; 5] = [0xFC, 0xF8, 0xFC, 0xF8, 0xF0];
/// EMV contactless form factor: version 1, consumer mobile phone, with passcode.
const FORM_FACTOR: [u8; 4] = [0x23, 0x80, 0, 0];

/// The name under which the payment directory of this profile is selected.
pub(crate) fn directory_name(profile: Profile) -> &'static [u8] {
    match profile {
        Profile::Contact => PSE_NAME,
        Profile::Contactless | Profile::Offline => PPSE_NAME,
    }
}

/// The answer to SELECT of the directory: one entry, the presented card.
pub(crate) fn directory(card: &Card, profile: Profile) -> Vec<u8> {
    let mut out = Vec::new();
    write_template(&mut out, tag::FCI, |out| {
        write(out, tag::DF_NAME, directory_name(profile));
        write_template(out, tag::FCI_PROPRIETARY, |out| match profile {
            Profile::Contact => {
                write(out, tag::SFI, &[DIRECTORY_SFI]);
                write(out, tag::LANGUAGE, b"zhen");
            }
            Profile::Contactless | Profile::Offline => {
                write_template(out, tag::ISSUER_DISCRETIONARY, |out| directory_entry(out, card));
            }
        });
    });
    out
}

/// A record of the contact directory.
pub(crate) fn directory_record(card: &Card, sfi: u8, record: u8) -> Option<Vec<u8>> {
    let there = sfi == DIRECTORY_SFI && record == 1;
    there.then(|| template(tag::RECORD, |out| directory_entry(out, card)))
}

fn directory_entry(out: &mut Vec<u8>, card: &Card) {
    write_template(out, tag::DIRECTORY_ENTRY, |out| {
        write(out, tag::AID_DIRECTORY, &card.aid);
        write(out, tag::APPLICATION_LABEL, card.label.as_bytes());
        write(out, tag::PRIORITY, &[1]);
    });
}

/// The answer to SELECT of the application.
pub(crate) fn control_information(card: &Card, profile: Profile) -> Vec<u8> {
    let pdol = match profile {
        Profile::Contact => CONTACT_PDOL,
        Profile::Contactless | Profile::Offline => CONTACTLESS_PDOL,
    };
    template(tag::FCI, |out| {
        write(out, tag::DF_NAME, &card.aid);
        write_template(out, tag::FCI_PROPRIETARY, |out| {
            write(out, tag::APPLICATION_LABEL, card.label.as_bytes());
            write(out, tag::PRIORITY, &[1]);
            write(out, tag::PDOL, pdol);
            write(out, tag::LANGUAGE, b"zhen");
        });
    })
}

/// The application interchange profile: it goes into the cryptogram, so a contact answer cannot pass for a
/// contactless one.
pub(crate) fn interchange_profile(card: &Card, profile: Profile) -> Aip {
    let online_only = Aip::default();
    match profile {
        // JR/T 0025.12 table 11: no offline authentication.
        Profile::Contactless => online_only,
        Profile::Offline => online_only.with(Aip::DDA),
        Profile::Contact => {
            let contact = online_only
                .with(Aip::CARDHOLDER_VERIFICATION)
                .with(Aip::TERMINAL_RISK_MANAGEMENT)
                .with(Aip::ISSUER_AUTHENTICATION);
            if card.certificates_for(profile).is_some() { contact.with(Aip::DDA) } else { contact }
        }
    }
}

/// Which records there are: entries of file, first, last, and how many of them are authenticated.
pub(crate) fn file_locator(card: &Card, profile: Profile) -> Vec<u8> {
    let certificates: &[u8] = &[3 << 3, 1, 2, 0];
    match (profile, card.certificates_for(profile).is_some()) {
        (Profile::Contactless, _) => Vec::new(),
        (Profile::Offline, _) => [&[2 << 3, 1, 1, 1], certificates, &[4 << 3, 1, 1, 0]].concat(),
        (Profile::Contact, true) => [&[1 << 3, 1, 1, 0, 2 << 3, 1, 2, 1], certificates].concat(),
        (Profile::Contact, false) => vec![1 << 3, 1, 1, 0, 2 << 3, 1, 2, 1],
    }
}

/// A record of the application. `card_data` is tag 9F69 of the tap, for the last record of an offline answer.
pub(crate) fn record(
    card: &Card,
    profile: Profile,
    sfi: u8,
    record: u8,
    card_data: Option<&[u8]>,
) -> Option<Vec<u8>> {
    let contact = profile == Profile::Contact;
    match (sfi, record) {
        (1, 1) if contact => Some(template(tag::RECORD, |out| {
            write(out, tag::TRACK_TWO, &track_two(card));
            // No name on a phone: whoever reads it learns nothing of its owner.
            write(out, tag::CARDHOLDER_NAME, b" /");
        })),
        (2, 1) => Some(template(tag::RECORD, |out| out.extend(static_data(card, profile)))),
        (2, 2) if contact => Some(template(tag::RECORD, |out| {
            write(out, tag::CDOL1, CDOL1);
            write(out, tag::CDOL2, CDOL2);
            write(out, tag::DDOL, DDOL);
        })),
        (3, 1 | 2) => {
            card.certificates_for(profile).map(|certificates| certificate_record(certificates, record))
        }
        // JR/T 0025.12 7.7.19: the last record is short and holds what the signature refers to.
        (4, 1) if profile == Profile::Offline => card_data.map(|data| {
            template(tag::RECORD, |out| {
                write(out, tag::CARD_AUTHENTICATION_DATA, data);
                write(out, tag::CASH_AUTHORISATION_CODE, b"PAIZA1");
            })
        }),
        _ => None,
    }
}

fn certificate_record(certificates: &Certificates, record: u8) -> Vec<u8> {
    template(tag::RECORD, |out| {
        if record == 1 {
            write(out, tag::CA_KEY_INDEX, &[certificates.authority_index]);
            write(out, tag::ISSUER_EXPONENT, &certificates.issuer_exponent);
            write(out, tag::ISSUER_CERTIFICATE, &certificates.issuer);
        } else {
            if !certificates.issuer_remainder.is_empty() {
                write(out, tag::ISSUER_KEY_REMAINDER, &certificates.issuer_remainder);
            }
            write(out, tag::ICC_EXPONENT, &certificates.card_exponent);
            write(out, tag::ICC_CERTIFICATE, &certificates.card);
            if !certificates.card_remainder.is_empty() {
                write(out, tag::ICC_KEY_REMAINDER, &certificates.card_remainder);
            }
        }
    })
}

/// The data objects of the one authenticated record; with the interchange profile they are what the card
/// certificate vouches for.
pub(crate) fn static_data(card: &Card, profile: Profile) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, tag::PAN, &number_bcd(card.number));
    // JR/T 0025.12 table 12: on the offline path the sequence number is in the first answer already.
    if profile == Profile::Contact {
        write(&mut out, tag::PSN, &[sequence(card)]);
    }
    write(&mut out, tag::EXPIRY, &last_day(card));
    write(&mut out, tag::ISSUER_COUNTRY, &CodeN3::from(card.country).to_bytes());
    write(&mut out, tag::USAGE_CONTROL, &[0xFF, 0x00]);
    // No amounts; one rule: nothing further, always (the phone has verified its owner).
    write(&mut out, tag::CVM_LIST, &[0, 0, 0, 0, 0, 0, 0, 0, 0x1F, 0x00]);
    write(&mut out, tag::IAC_DEFAULT, &ANYTHING_ODD);
    write(&mut out, tag::IAC_DENIAL, &[0; 5]);
    write(&mut out, tag::IAC_ONLINE, &ANYTHING_ODD);
    write(&mut out, tag::SDA_TAG_LIST, &[0x82]);
    write(&mut out, tag::VERSION_CARD, &[0x00, 0x30]);
    out
}

/// Track 2 of the token: number, expiry, service code and nothing else, filled with F.
pub(crate) fn track_two(card: &Card) -> Vec<u8> {
    let code = card.service_code;
    let digits = [code / 100 % 10, code / 10 % 10, code % 10].map(|digit| b'0' + digit as u8);
    let track = TrackTwo::new(card.number.digits().as_bytes(), card.expiry, digits, &[]);
    track.expect("19 digits at most, and seven more").to_bytes().to_vec()
}

/// The sequence number, which was checked when the card was added.
pub(crate) fn sequence(card: &Card) -> u8 {
    SequenceNumber::new(card.sequence).unwrap_or_default().bits()
}

/// The data of the token framework that go with an online answer; each only if the card has it.
pub(crate) fn token_data(out: &mut Vec<u8>, card: &Card) {
    if !card.par.is_empty() {
        write(out, tag::PAR, card.par.as_bytes());
    }
    write(out, tag::LAST_FOUR, &nibbles(&card.last_four.to_string()));
    if !card.requestor.is_empty() {
        write(out, tag::TOKEN_REQUESTOR, &nibbles(&format!("0{}", card.requestor)));
    }
    write(out, tag::FORM_FACTOR, &FORM_FACTOR);
}

/// The token requestor as tag 9F19 has it, if the card has one.
pub(crate) fn requestor(card: &Card) -> Option<[u8; 6]> {
    nibbles(&format!("0{}", card.requestor)).try_into().ok().filter(|_| !card.requestor.is_empty())
}

pub(crate) fn template(outer: emv::tlv::Tag, fill: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write_template(&mut out, outer, fill);
    out
}

fn number_bcd(number: TokenNumber) -> Vec<u8> {
    nibbles(&number.digits())
}

/// Hexadecimal letters to bytes; an odd one out is followed by F.
fn nibbles(text: &str) -> Vec<u8> {
    let value = |letter: u8| (letter as char).to_digit(16).unwrap_or(0xF) as u8;
    text.as_bytes()
        .chunks(2)
        .map(|pair| value(pair[0]) << 4 | pair.get(1).map_or(0xF, |letter| value(*letter)))
        .collect()
}

fn bcd_byte(number: u8) -> u8 {
    ((number / 10 % 10) << 4) | (number % 10)
}

fn last_day(card: &Card) -> [u8; 3] {
    let (year, month) = (card.expiry.year(), card.expiry.month());
    let day = match month {
        2 if year.is_multiple_of(4) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    [bcd_byte(year), bcd_byte(month), bcd_byte(day)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn numbers_are_packed_as_the_wire_wants_them() {
        let card = testing::card();
        assert_eq!(hex::encode_upper(track_two(&card)), "6290001234567893D3012220");
        assert_eq!(last_day(&card), [0x30, 0x12, 0x31]);
        assert_eq!(nibbles("123"), [0x12, 0x3F]);
    }

    #[test]
    fn every_answer_is_short_and_well_formed() {
        for profile in [Profile::Contactless, Profile::Offline, Profile::Contact] {
            let card = testing::card();
            let mut answers = vec![directory(&card, profile), control_information(&card, profile)];
            for sfi in 0..=31 {
                for number in 0..=255 {
                    answers.extend(record(&card, profile, sfi, number, Some(&[1; 8])));
                    answers.extend(directory_record(&card, sfi, number));
                }
            }
            for answer in answers {
                assert!(answer.len() <= 256);
                emv::tlv::check(&answer).unwrap();
            }
        }
    }
}
