//! Bytes nobody honest would send, and honest bytes with one of them changed.

use crypto::emv_keys::{Algorithm, session_key};
use emv::cryptogram::{self, Inputs, Transaction};
use emv::de55::{De55Error, Request, Response};
use emv::objects::{
    Aid, Aip, Amount, Atc, Cid, CodeN3, CryptogramKind, CryptogramVersion, Ctq, Cvr, Date,
    IssuerApplicationData, TransactionType, Tvr, UnpredictableNumber,
};
use emv::{inline::Inline, oda, tag, tlv};
use proptest::prelude::*;
use values::{Currency, Secret};

fn card_key() -> Secret<16> {
    Secret::new([0x5A; 16])
}

/// A genuine tap, with every object a request may carry.
fn tap(version: CryptogramVersion, algorithm: Algorithm) -> Request {
    let card = IssuerApplicationData {
        key_index: 1,
        version,
        cvr: Cvr::at_tap(CryptogramKind::Arqc).device_verified(),
        algorithm: algorithm.id(),
        discretionary: None,
    };
    let transaction = Transaction {
        amount: Amount::from_minor(1250).unwrap(),
        other: Amount::ZERO,
        country: CodeN3::from_bytes([1, 0x56]).unwrap(),
        tvr: Tvr::default(),
        currency: CodeN3::from(Currency::CNY),
        date: Date::from_bytes([0x26, 0x11, 0x22]).unwrap(),
        kind: TransactionType::PURCHASE,
        unpredictable: UnpredictableNumber([1, 2, 3, 4]),
        aip: Aip::default(),
        atc: Atc::new(5),
    };
    let inputs = Inputs::unionpay(transaction, &card);
    let session_key = session_key(algorithm, &card_key(), 5);
    let cryptogram = cryptogram::compute_with_session_key(&inputs, algorithm, &session_key);
    let mut request = Request::new(cryptogram, card.to_bytes(), transaction);
    request.cid = Some(Cid::from_bits(0x80));
    request.capabilities = Some([0xE0, 0xE1, 0xC8]);
    request.aid = Some(Aid::unionpay_debit());
    request.sequence = Inline::copy_of(&[0, 0, 0, 1]);
    request.ctq = Some(Ctq::default().with(Ctq::DEVICE_VERIFIED));
    request
}

fn written(request: &Request) -> Vec<u8> {
    let mut out = Vec::new();
    request.write(&mut out).unwrap();
    out
}

#[test]
fn a_request_is_read_in_any_order_and_written_in_one() {
    let request = tap(CryptogramVersion::V01, Algorithm::TripleDes);
    let bytes = written(&request);
    assert!(bytes.starts_with(&[0x9F, 0x26, 8]));
    let objects: Vec<_> = tlv::objects(&bytes).map(Result::unwrap).collect();
    let mut backwards = Vec::new();
    for object in objects.iter().rev() {
        tlv::write(&mut backwards, object.tag, object.value);
    }
    assert_eq!(Request::parse(&backwards), Ok(request));
    assert_eq!(written(&Request::parse(&backwards).unwrap()), bytes);
    // The order of real UnionPay requests.
    let order: Vec<String> = objects.iter().map(|object| object.tag.to_string()).collect();
    assert_eq!(order.join(" "), "9F26 9F27 9F10 9F37 9F36 95 9A 9C 9F02 5F2A 82 9F1A 9F03 9F33 84 9F41 9F6C");
}

#[test]
fn a_request_is_refused_with_the_tag_that_is_wrong() {
    let bytes = written(&tap(CryptogramVersion::V01, Algorithm::TripleDes));
    let without = |tag: tlv::Tag| {
        let mut out = Vec::new();
        for object in tlv::objects(&bytes).map(Result::unwrap).filter(|object| object.tag != tag) {
            tlv::write(&mut out, object.tag, object.value);
        }
        out
    };
    for needed in [tag::CRYPTOGRAM, tag::IAD, tag::ATC, tag::AMOUNT, tag::CURRENCY, tag::DATE, tag::AIP] {
        assert_eq!(Request::parse(&without(needed)), Err(De55Error::Missing(needed)));
        let mut short = without(needed);
        tlv::write(&mut short, needed, &[0xAA; 33]);
        assert_eq!(Request::parse(&short), Err(De55Error::Illegal(needed)));
    }
    let mut twice = bytes.clone();
    tlv::write(&mut twice, tag::AMOUNT, &[0; 6]);
    assert_eq!(Request::parse(&twice), Err(De55Error::Twice(tag::AMOUNT)));
    assert_eq!(Request::parse(&[0; 256]), Err(De55Error::TooLong));
    let mut full = tap(CryptogramVersion::V01, Algorithm::TripleDes);
    full.issuer_data = Inline::copy_of(&[0; 32]).unwrap();
    full.aid = Aid::parse(&[1; 16]);
    (full.par, full.form_factor, full.product) = (Some([b'A'; 29]), Inline::copy_of(&[0; 32]), Some([0; 16]));
    (full.device_serial, full.cash_code, full.token_requestor) = (Some([0; 8]), Some([0; 6]), Some([0; 6]));
    assert_eq!(full.write(&mut Vec::new()), Err(De55Error::TooLong));
}

#[test]
fn a_response_is_read_as_written() {
    let request = tap(CryptogramVersion::V01, Algorithm::Sm4);
    let genuine = cryptogram::verify(request, Algorithm::Sm4, &card_key()).unwrap();
    let authentication = cryptogram::answer(&genuine, *b"00");
    let response = Response {
        authentication: Some(authentication),
        script_before: Some(&[0x9F, 0x18, 0]),
        script_after: None,
    };
    let mut out = Vec::new();
    response.write(&mut out).unwrap();
    assert_eq!(Response::parse(&out), Ok(response));
    tlv::write(&mut out, tag::ISSUER_AUTHENTICATION, &[0; 10]);
    assert_eq!(Response::parse(&out), Err(De55Error::Twice(tag::ISSUER_AUTHENTICATION)));
}

/// Tags that each version covers; changing a bit of any of them must be noticed.
fn covered(version: CryptogramVersion) -> &'static [tlv::Tag] {
    match version {
        CryptogramVersion::V01 => &[
            tag::CRYPTOGRAM,
            tag::AMOUNT,
            tag::AMOUNT_OTHER,
            tag::TERMINAL_COUNTRY,
            tag::TVR,
            tag::CURRENCY,
            tag::DATE,
            tag::TRANSACTION_TYPE,
            tag::UNPREDICTABLE_NUMBER,
            tag::AIP,
            tag::ATC,
        ],
        CryptogramVersion::V17 => &[tag::CRYPTOGRAM, tag::AMOUNT, tag::UNPREDICTABLE_NUMBER, tag::ATC],
    }
}

proptest! {
    #[test]
    fn one_changed_bit_of_what_is_covered_is_refused(choice in any::<usize>(), place in any::<usize>(), bit in 0u8..8,
                                                     v17 in any::<bool>(), which in 0usize..3) {
        let version = if v17 { CryptogramVersion::V17 } else { CryptogramVersion::V01 };
        let algorithm = [Algorithm::TripleDes, Algorithm::Sm4, Algorithm::Aes][which];
        let request = tap(version, algorithm);
        prop_assert!(cryptogram::verify(&request, algorithm, &card_key()).is_ok());
        let mut bytes = written(&request);
        let tags = covered(version);
        let tag = tags[choice % tags.len()];
        let object = tlv::objects(&bytes).map(Result::unwrap).find(|object| object.tag == tag).unwrap();
        let place = object.value_offset + place % object.value.len();
        bytes[place] ^= 1 << bit;
        // A change may also make a number that is none, which is refused earlier.
        if let Ok(changed) = Request::parse(&bytes) {
            prop_assert!(cryptogram::verify(changed, algorithm, &card_key()).is_err());
        }
    }

    #[test]
    fn one_changed_bit_of_the_card_results_is_refused(place in 0usize..8, bit in 0u8..8) {
        let mut request = tap(CryptogramVersion::V01, Algorithm::TripleDes);
        let mut card: [u8; 8] = request.issuer_data.as_slice().try_into().unwrap();
        card[place] ^= 1 << bit;
        request.issuer_data = Inline::copy_of(&card).unwrap();
        // Byte 2, the key index, chooses the key and is not covered itself: the caller looks the key up by it.
        prop_assert_eq!(cryptogram::verify(request, Algorithm::TripleDes, &card_key()).is_ok(), place == 1);
    }

    #[test]
    fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..260)) {
        let _ = Response::parse(&bytes);
        let _ = oda::CardAuthentication::parse(&bytes);
        if let Ok(request) = Request::parse(&bytes) {
            prop_assert_eq!(Request::parse(&written(&request)), Ok(request));
        }
    }

    #[test]
    fn damaged_requests_give_an_answer(place in any::<usize>(), byte in any::<u8>(), cut in any::<usize>()) {
        let mut bytes = written(&tap(CryptogramVersion::V01, Algorithm::TripleDes));
        let length = bytes.len();
        bytes[place % length] = byte;
        bytes.truncate(cut % (length + 1));
        let _ = Request::parse(&bytes);
    }
}
