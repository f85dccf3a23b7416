//! Every vector of the kinds this room computes.

use crate::shared::{array, bytes, load};
use crypto::emv_keys::{Algorithm, MasterKey};
use crypto::rsa::Exponent;
use crypto::tdes::Key16;
use emv::cryptogram::{self, Inputs, NotGenuine, Transaction};
use emv::inline::Inline;
use emv::objects::{
    Aip, Amount, Atc, CodeN3, CryptogramVersion, Cvr, Date, Discretionary, DiscretionaryKind,
    IssuerApplicationData, TransactionType, Tvr, UnpredictableNumber,
};
use emv::{de55, dol, oda, qr, tlv};
use serde_json::Value;
use values::Secret;

/// Runs `check` for every vector whose kind starts with one of `kinds`, and wants at least one of each.
fn each(kinds: &[&str], check: impl Fn(&str, &Value, &Value)) {
    let Some(file) = load("emv-vectors.json") else { return };
    let vectors = file["vectors"].as_array().expect("a list of vectors");
    for kind in kinds {
        let mut seen = 0;
        for vector in vectors.iter().filter(|vector| vector["kind"] == *kind) {
            check(kind, &vector["input"], &vector["output"]);
            seen += 1;
        }
        assert!(seen > 0, "no vector of kind {kind}");
    }
}

fn key(object: &Value, field: &str) -> Key16 {
    Secret::new(array(object, field))
}

/// What a vector says was agreed; objects it does not name are zero.
fn transaction(input: &Value) -> Transaction {
    let or_zero = |field: &str, length| match input[field].as_str() {
        Some(text) => hex::decode(text).unwrap(),
        None => vec![0; length],
    };
    Transaction {
        amount: Amount::parse(&or_zero("amount_9F02", 6)).unwrap(),
        other: Amount::parse(&or_zero("other_9F03", 6)).unwrap(),
        country: CodeN3::parse(&or_zero("country_9F1A", 2)).unwrap(),
        tvr: Tvr::parse(&or_zero("tvr_95", 5)).unwrap(),
        currency: CodeN3::parse(&or_zero("currency_5F2A", 2)).unwrap(),
        date: input["date_9A"].as_str().map_or_else(
            || Date::from_bytes([0, 1, 1]).unwrap(),
            |text| Date::parse(&hex::decode(text).unwrap()).unwrap(),
        ),
        kind: TransactionType::from_bits(or_zero("type_9C", 1)[0]),
        unpredictable: UnpredictableNumber(or_zero("un_9F37", 4).try_into().unwrap()),
        aip: Aip::parse(&or_zero("aip_82", 2)).unwrap(),
        atc: Atc::from(array::<2>(input, "atc_9F36")),
    }
}

fn card_key(algorithm: Algorithm, input: &Value) -> Key16 {
    let master = MasterKey::new(algorithm, &key(input, "imk_ac"));
    let psn = input["psn"].as_str().map_or(0, |text| text.parse().unwrap());
    master.derive_card_key(input["pan"].as_str().unwrap().as_bytes(), psn)
}

#[test]
fn unionpay_cryptograms_and_answers() {
    each(
        &["unionpay_cvn01_3des", "unionpay_cvn17_3des", "unionpay_cvn01_sm4", "unionpay_cvn17_sm4"],
        |kind, input, output| {
            let issuer_data = bytes(input, "iad_9F10");
            let card = IssuerApplicationData::parse(&issuer_data).unwrap();
            let algorithm = Algorithm::from_id(card.algorithm).unwrap();
            assert_eq!(algorithm == Algorithm::Sm4, kind.ends_with("sm4"));
            assert_eq!(card.version == CryptogramVersion::V17, kind.contains("cvn17"));
            let card_key = card_key(algorithm, input);
            let inputs = Inputs::unionpay(transaction(input), &card);
            assert_eq!(inputs.mac_input().as_slice(), bytes(output, "mac_input"), "{kind}");
            let expected = array(output, "arqc_9F26");
            let session_key = inputs.session_key(algorithm, &card_key);
            assert_eq!(cryptogram::compute(&inputs, algorithm, &card_key), expected, "{kind}");
            assert_eq!(cryptogram::compute_with_session_key(&inputs, algorithm, &session_key), expected);

            let request =
                de55::Request::new(expected, Inline::copy_of(&issuer_data).unwrap(), transaction(input));
            let genuine = cryptogram::verify(request, algorithm, &card_key).unwrap();
            let answer = cryptogram::answer(&genuine, array(input, "arc_8A"));
            assert_eq!(answer.to_bytes(), array(output, "issuer_auth_data_91"), "{kind}");
            for place in 0..8 {
                let mut forged = request;
                forged.cryptogram[place] ^= 1;
                assert_eq!(
                    cryptogram::verify(forged, algorithm, &card_key).err(),
                    Some(NotGenuine::Mismatch)
                );
            }
            let other = if algorithm == Algorithm::Sm4 { Algorithm::TripleDes } else { Algorithm::Sm4 };
            assert_eq!(cryptogram::verify(request, other, &card_key).err(), Some(NotGenuine::Algorithm));
        },
    );
}

#[test]
fn the_published_unionpay_example() {
    each(&["unionpay_cvn01_published"], |_, input, output| {
        let data = bytes(input, "mac_input");
        let part = |from: usize, to: usize| &data[from..to];
        let inputs = Inputs::UnionPay01 {
            // The date of the example is not a date, so the objects are cut out of its input where they stand.
            transaction: Transaction {
                amount: Amount::parse(part(0, 6)).unwrap(),
                other: Amount::parse(part(6, 12)).unwrap(),
                country: CodeN3::parse(part(12, 14)).unwrap_or(CodeN3::from_bytes([1, 0x56]).unwrap()),
                tvr: Tvr::parse(part(14, 19)).unwrap(),
                currency: CodeN3::parse(part(19, 21)).unwrap_or(CodeN3::from_bytes([1, 0x56]).unwrap()),
                date: Date::parse(part(21, 24)).unwrap_or(Date::from_bytes([0x15, 6, 0x12]).unwrap()),
                kind: TransactionType::from_bits(data[24]),
                unpredictable: UnpredictableNumber(part(25, 29).try_into().unwrap()),
                aip: Aip::parse(part(29, 31)).unwrap_or_default(),
                atc: Atc::from(array::<2>(input, "atc_9F36")),
            },
            cvr: Cvr::parse(&data[data.len() - 4..]).unwrap(),
        };
        let session_key = inputs.session_key(Algorithm::TripleDes, &key(input, "udk"));
        let made = crypto::mac::application_cryptogram(Algorithm::TripleDes, &session_key, &data);
        assert_eq!(made, array(output, "arqc_9F26"));
        let arpc = crypto::arpc::method_1(Algorithm::TripleDes, &session_key, made, array(input, "arc_8A"));
        assert_eq!(arpc, array(output, "arpc"));
    });
}

#[test]
fn cryptograms_of_other_schemes() {
    each(&["visa_cvn10", "visa_cvn18", "mc_cvn16_skd", "mc_cvn20_csk"], |kind, input, output| {
        let card_key = card_key(Algorithm::TripleDes, input);
        assert_eq!(card_key.expose(), &array::<16>(output, "icc_mk"));
        let transaction = transaction(input);
        let inputs = match kind {
            "visa_cvn10" => Inputs::Visa10 { transaction, cvr: array(input, "cvr") },
            "visa_cvn18" => Inputs::Visa18 {
                transaction,
                issuer_data: Inline::copy_of(&bytes(input, "iad_9F10")).unwrap(),
            },
            "mc_cvn16_skd" => Inputs::MChip16 { transaction, cvr: array(input, "cvr") },
            _ => Inputs::MChip20 { transaction, cvr: array(input, "cvr") },
        };
        let claimed = array(output, "arqc");
        assert!(
            cryptogram::verify_inputs(&inputs, claimed, Algorithm::TripleDes, &card_key).is_ok(),
            "{kind}"
        );
    });
}

#[test]
fn the_mac_of_issuer_discretionary_data() {
    each(&["unionpay_idd_mac"], |_, input, output| {
        let amount = [&[0], &bytes(input, "amount_low5")[..]].concat();
        let data = Discretionary {
            kind: DiscretionaryKind::Balance,
            first: Amount::parse(&amount).unwrap(),
            second: Amount::ZERO,
            mac: array(output, "mac4"),
        };
        let atc = Atc::from(array::<2>(input, "atc"));
        let made = cryptogram::discretionary_mac(Algorithm::TripleDes, &key(input, "sk_mac"), atc, &data);
        assert_eq!(made, data.mac);
    });
}

#[test]
fn lists_are_answered() {
    each(&["dol_build"], |_, input, output| {
        let list = bytes(input, "dol");
        let values: Vec<(String, Vec<u8>)> = input["values"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(tag, value)| (tag.clone(), hex::decode(value.as_str().unwrap()).unwrap()))
            .collect();
        let value_of = |tag: tlv::Tag| {
            values.iter().find(|(named, _)| *named == tag.to_string()).map(|(_, value)| &value[..])
        };
        let mut out = Vec::new();
        dol::Dol::parse(&list).unwrap().build(value_of, &mut out);
        assert_eq!(out, bytes(output, "data"));
    });
}

#[test]
fn an_fdda_signature_and_its_chain() {
    each(&["fdda_v01_rsa"], |_, input, output| {
        let exponent = |field: &str| Exponent::from_bytes(&bytes(input, field)).unwrap();
        let authority = oda::AuthorityKey {
            provider: array(input, "rid"),
            index: array::<1>(input, "ca_index")[0],
            modulus: bytes(input, "ca_modulus"),
            exponent: exponent("ca_exponent"),
        };
        let certificate = |signed: &str, remainder: &str, exponent: &str| oda::Certificate {
            signed: bytes(input, signed),
            remainder: bytes(input, remainder),
            exponent: bytes(input, exponent),
        };
        let number = output["pan"].as_str().unwrap().as_bytes();
        let today = Date::from_bytes([0x26, 0x11, 0x22]).unwrap();
        let issuer = certificate("tag_90", "tag_92", "tag_9F32");
        let issuer = oda::recover_issuer(&authority, &issuer, number, today).unwrap();
        assert_eq!(issuer.modulus(), bytes(output, "issuer_modulus"));

        let mut data = oda::StaticData::new();
        assert!(data.add_record(11, &bytes(input, "static_data_to_auth")));
        data.add_profile(Aip::from_bytes(array(input, "aip_82")));
        let card = certificate("tag_9F46", "tag_9F48", "tag_9F47");
        let card = oda::recover_card(&issuer, &card, &data, number, today).unwrap();
        assert_eq!(card.modulus(), bytes(output, "icc_modulus"));

        let authentication = bytes(input, "tag_9F69");
        let amount = Amount::from_bytes(array(input, "amount_9F02")).unwrap();
        let said = |amount| oda::FddaData::V01 {
            unpredictable: UnpredictableNumber(array(input, "un_9F37")),
            amount,
            currency: CodeN3::from_bytes(array(input, "currency_5F2A")).unwrap(),
            card: &authentication,
        };
        let signed = bytes(input, "tag_9F4B");
        let atc = Atc::from(array::<2>(output, "icc_dynamic_number_atc"));
        assert!(oda::verify_fdda(&card, &signed, &said(amount), atc, None).is_ok());
        let other = Amount::from_minor(amount.minor() ^ 1).unwrap();
        assert_eq!(oda::verify_fdda(&card, &signed, &said(other), atc, None), Err(oda::OdaError::Hash));
    });
}

#[test]
fn codes_of_merchants_and_customers() {
    each(&["emvco_mpm_crc", "emvco_mpm_published"], |_, input, output| {
        let start = input["payload_up_to_6304"].as_str().unwrap();
        let text = format!("{start}{}", output["crc"].as_str().unwrap());
        let code = qr::merchant::MerchantCode::parse(&text).unwrap();
        assert_eq!(code.to_text().unwrap(), text);
    });
    each(&["emvco_cpm"], |_, input, output| {
        let text = output["base64"].as_str().unwrap();
        assert_eq!(qr::consumer::decode(text).unwrap(), bytes(input, "tlv"));
        assert_eq!(qr::consumer::encode(&bytes(input, "tlv")).unwrap(), text);
        assert_eq!(qr::consumer::to_text(&qr::consumer::parse(text).unwrap()).unwrap(), text);
    });
}
