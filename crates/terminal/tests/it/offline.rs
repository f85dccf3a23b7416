//! Cards that approve by themselves, with keys made here: every form of offline data authentication.

use crate::support::*;
use crypto::rsa::{Exponent, RsaPrivate};
use emv::objects::{Amount, Atc, CodeN3, Ctq, UnpredictableNumber};
use emv::oda::{self, CardAuthentication, CardSubject, Certificate, FddaData, IssuerSubject, StaticData};
use std::sync::LazyLock;
use terminal::configuration::{AuthenticationFailure, CaKey, Configuration};
use terminal::outcome::{Cvm, Ending};
use terminal::sale::Interface;
use values::Expiry;

struct Keys {
    authority: RsaPrivate,
    issuer: RsaPrivate,
    card: RsaPrivate,
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut fill = move |bytes: &mut [u8]| {
        for byte in bytes {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *byte = state as u8;
        }
    };
    let mut key = |bits| RsaPrivate::generate(bits, Exponent::FermatFour, &mut fill).unwrap();
    Keys { authority: key(1152), issuer: key(1088), card: key(1024) }
});

/// A card with certificates that signs at GET PROCESSING OPTIONS.
#[derive(Clone)]
struct OfflineCard {
    card: Card,
    qualifiers: &'static str,
    version: u8,
    /// Leaves its qualifiers out of the answer, or the signature broken.
    hides_qualifiers: bool,
    breaks_signature: bool,
}

impl OfflineCard {
    fn new(version: u8, qualifiers: &'static str) -> OfflineCard {
        let mut card = Card::phone(false);
        let static_record = tlv("70", &[tlv("5F24", &bytes("301231")), tlv("9F4A", &bytes("82"))].concat());
        let mut data = StaticData::new();
        assert!(data.add_record(2, &static_record));
        data.add_profile(emv::objects::Aip::from_bytes([0x20, 0x00]));
        let (issuer, icc) = certificates(&data);
        let chain = |c: &Certificate, names: [&str; 3]| {
            let rest = if c.remainder.is_empty() { Vec::new() } else { tlv(names[1], &c.remainder) };
            [tlv(names[0], &c.signed), rest, tlv(names[2], &c.exponent)].concat()
        };
        let issuer = [tlv("8F", &[0x77]), chain(&issuer, ["90", "92", "9F32"])].concat();
        card.records.insert((1, 0x14), ok(&static_record));
        card.records.insert((1, 0x1C), ok(&tlv("70", &issuer)));
        card.records.insert((2, 0x1C), ok(&tlv("70", &chain(&icc, ["9F46", "9F48", "9F47"]))));
        let last = if version == 1 { tlv("9F69", &related(qualifiers)) } else { tlv("9F74", b"AUTH01") };
        card.records.insert((1, 0x24), ok(&tlv("70", &last)));
        card.set("82", "2000");
        card.set("94", "100101011801020020010100");
        card.set("9F10", "0701010390000001");
        card.set("9F27", "40");
        OfflineCard { card, qualifiers, version, hides_qualifiers: false, breaks_signature: false }
    }

    fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        if command[1] == 0xA8 {
            let values = &command[7..command.len() - 1];
            let signature = self.sign(values);
            self.card.set("9F4B", &hex::encode(signature));
            self.card.set("9F6C", self.qualifiers);
            if self.hides_qualifiers {
                self.card.remove("9F6C");
            }
        }
        self.card.answer(command)
    }

    /// Signs what the terminal said in the recommended PDOL.
    fn sign(&self, values: &[u8]) -> Vec<u8> {
        let unpredictable = UnpredictableNumber(values[29..33].try_into().unwrap());
        let amount = Amount::parse(&values[4..10]).unwrap();
        let currency = CodeN3::parse(&values[23..25]).unwrap();
        let related = related(self.qualifiers);
        let data = match self.version {
            0 => FddaData::V00 { unpredictable },
            _ => FddaData::V01 { unpredictable, amount, currency, card: &related },
        };
        let mut signature = oda::sign_fdda(&KEYS.card, Atc::new(7), &data).unwrap();
        if self.breaks_signature {
            signature[9] ^= 1;
        }
        signature
    }
}

fn related(qualifiers: &str) -> Vec<u8> {
    let ctq = Ctq::parse(&bytes(qualifiers)).unwrap();
    CardAuthentication { number: [1, 2, 3, 4], ctq }.to_bytes().to_vec()
}

fn certificates(data: &StaticData) -> (Certificate, Certificate) {
    let number = number();
    let (expiry, serial) = (Expiry::new(30, 12).unwrap(), [0, 0, 1]);
    let issuer = IssuerSubject { prefix_digits: &number.as_bytes()[..6], expiry, serial };
    let card = CardSubject { number_digits: number.as_bytes(), expiry, serial };
    let exponent = Exponent::FermatFour;
    (
        oda::issuer_certificate(&KEYS.authority, &issuer, &KEYS.issuer.modulus(), exponent).unwrap(),
        oda::card_certificate(&KEYS.issuer, &card, &KEYS.card.modulus(), exponent, data).unwrap(),
    )
}

/// A shop that takes small sales offline and announces this fDDA version.
fn shop(announced: u8) -> Configuration {
    let mut shop = Configuration::sample_shop();
    shop.ca_keys.push(CaKey {
        rid: bytes("A000000333").try_into().unwrap(),
        index: [0x77],
        modulus: KEYS.authority.modulus(),
        exponent: vec![1, 0, 1],
    });
    for line in &mut shop.applications {
        let limits = line.contactless.as_mut().unwrap();
        (limits.floor_limit, limits.cvm_limit) = (10_000, 5_000);
        limits.qualifiers[3] = announced << 7;
    }
    shop
}

fn tap_offline(shop: &Configuration, card: &OfflineCard, minor: u64) -> Run {
    let mut card = card.clone();
    run(shop, Interface::Contactless, sale(minor), |c| Some(card.answer(c)), Some(approval()))
}

#[test]
fn signatures_of_both_versions() {
    for (version, announced, expected) in [
        (1, 1, (Ending::Approved, "approved_offline")),
        (1, 0, (Ending::Approved, "approved_offline")),
        (0, 0, (Ending::Approved, "approved_offline")),
        (0, 1, (Ending::Declined, "authentication_failed")),
    ] {
        let run = tap_offline(&shop(announced), &OfflineCard::new(version, "0000"), 1250);
        assert_eq!(run.verdict(), expected, "{version} {announced}");
        assert!(run.request.is_none());
    }
    let run = tap_offline(&shop(1), &OfflineCard::new(1, "0000"), 1250);
    let offline = run.outcome.offline_sale.unwrap();
    assert_eq!((offline.cryptogram_information, offline.transaction_counter), (0x40, 7));
    assert!(!run.outcome.reversal_needed);
}

#[test]
fn a_signed_claim_of_verification_is_believed() {
    let verified = OfflineCard::new(1, "0080");
    assert_eq!(tap_offline(&shop(1), &verified, 6_000).outcome.cvm, Cvm::Device);
    let unsigned = OfflineCard::new(0, "0080");
    let run = tap_offline(&shop(0), &unsigned, 6_000);
    assert_eq!(run.verdict(), (Ending::Declined, "unproven_device_verification"));
    let mut hidden = OfflineCard::new(1, "8000");
    hidden.hides_qualifiers = true;
    let run = tap_offline(&shop(1), &hidden, 6_000);
    assert_eq!(run.verdict(), (Ending::Declined, "qualifiers_altered"));
}

#[test]
fn failures_follow_the_configuration_then_the_card() {
    for (policy, qualifiers, minor, expected) in [
        (AuthenticationFailure::Decline, "2000", 100, (Ending::Declined, "authentication_failed")),
        (AuthenticationFailure::FollowCard, "0000", 100, (Ending::Declined, "authentication_failed")),
        (AuthenticationFailure::FollowCard, "2000", 100, (Ending::Approved, "approved_online")),
        (AuthenticationFailure::FollowCard, "1000", 100, (Ending::TryAnotherInterface, "contact_wanted")),
        (
            AuthenticationFailure::FollowCard,
            "2080",
            6_000,
            (Ending::Declined, "unproven_device_verification"),
        ),
        (AuthenticationFailure::FollowCard, "A000", 6_000, (Ending::Approved, "approved_online")),
    ] {
        let mut card = OfflineCard::new(1, qualifiers);
        card.breaks_signature = true;
        let mut shop = shop(1);
        shop.authentication_failure = policy;
        let run = tap_offline(&shop, &card, minor);
        assert_eq!(run.verdict(), expected, "{policy:?} {qualifiers}");
    }
}

#[test]
fn a_chain_without_an_authority_is_none() {
    let card = OfflineCard::new(1, "0000");
    for spoil in [
        (|shop| shop.ca_keys.clear()) as fn(&mut Configuration),
        |shop| shop.ca_keys[0].index = [0x78],
        |shop| shop.ca_keys[0].rid = [0xA0, 0, 0, 0, 3],
        |shop| shop.ca_keys[0].modulus[0] ^= 1,
        |shop| shop.ca_keys[0].exponent = vec![5],
    ] {
        let mut shop = shop(1);
        spoil(&mut shop);
        let run = tap_offline(&shop, &card, 1250);
        assert_eq!(run.verdict(), (Ending::Declined, "authentication_failed"));
    }
}

#[test]
fn approved_cards_are_still_checked() {
    let mut shop = shop(1);
    shop.exceptions.insert(values::TokenNumber::parse(number().as_bytes()).unwrap());
    let run = tap_offline(&shop, &OfflineCard::new(1, "0000"), 1250);
    assert_eq!(run.verdict(), (Ending::Declined, "on_exception_list"));
}

#[test]
fn locators_that_lead_nowhere() {
    for (locator, reason) in [
        ("", "invalid_object"),
        ("1001", "invalid_object"),
        ("10010100 1001FF00", "invalid_object"),
        ("10030300", "unexpected_status"),
        ("1001010110010101", "duplicate_object"),
    ] {
        let mut card = OfflineCard::new(1, "0000");
        card.card.set("94", locator);
        let run = tap_offline(&shop(1), &card, 1250);
        assert_eq!(run.outcome.reason.code(), reason, "{locator}");
    }
    let mut card = OfflineCard::new(1, "0000");
    card.card.remove("94");
    assert_eq!(tap_offline(&shop(1), &card, 1250).outcome.reason.code(), "missing_object");
}
