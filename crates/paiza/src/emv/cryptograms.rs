//! Known answers of keys, cryptograms and responses.

use super::fields::{Computed, Fields, Outcome};
use crypto::emv_keys::{self, Algorithm, MasterKey};
use crypto::tdes::Key16;
use crypto::{arpc, mac};
use emv::cryptogram::{self, Inputs, Transaction};
use emv::inline::Inline;
use emv::objects::{
    Aip, Amount, Atc, CodeN3, CryptogramVersion, Date, Discretionary, DiscretionaryKind,
    IssuerApplicationData, TransactionType, Tvr, UnpredictableNumber,
};

const TDES: Algorithm = Algorithm::TripleDes;

pub(crate) fn card_key_option_a(input: &Fields<'_>) -> Outcome {
    Ok(Computed::new().hex("icc_mk", input.card_key(TDES, "imk")?.expose()))
}

pub(crate) fn card_key_option_b(input: &Fields<'_>) -> Outcome {
    let master = MasterKey::new(TDES, &input.key("imk")?);
    let key = master.derive_card_key_option_b(input.digits("pan")?, input.sequence()?);
    Ok(Computed::new().hex("icc_mk", key.expose()))
}

pub(crate) fn common_session_key(input: &Fields<'_>) -> Outcome {
    let key = emv_keys::common_session_key(&input.key("icc_mk")?, input.array("r")?);
    Ok(Computed::new().hex("sk", key.expose()))
}

pub(crate) fn tree_session_key(input: &Fields<'_>) -> Outcome {
    let (height, branch) = (input.number("height")?, input.number("branch")?);
    let key = emv_keys::emv2000_tree(&input.key("icc_mk")?, input.atc("atc")?, height, branch);
    Ok(Computed::new().hex("sk", key.expose()))
}

pub(crate) fn visa_secure_messaging_key(input: &Fields<'_>) -> Outcome {
    let key = emv_keys::visa_secure_messaging(&input.key("icc_mk")?, input.atc("atc")?);
    Ok(Computed::new().hex("sk", key.expose()))
}

pub(crate) fn response_method_1(input: &Fields<'_>) -> Outcome {
    let arpc = arpc::method_1(TDES, &input.key("sk")?, input.array("arqc")?, input.array("arc")?);
    Ok(Computed::new().hex("arpc", arpc))
}

pub(crate) fn response_method_2(input: &Fields<'_>) -> Outcome {
    let data =
        if input.has("proprietary_auth_data") { input.bytes("proprietary_auth_data")? } else { vec![] };
    let arpc = arpc::method_2(TDES, &input.key("sk")?, input.array("arqc")?, input.array("csu")?, &data);
    Ok(Computed::new().hex("arpc", arpc))
}

/// What a vector says was agreed; objects it does not name are zero.
fn transaction(input: &Fields<'_>) -> Result<Transaction, String> {
    let digits = |name: &str| format!("input {name} is not made of digits");
    let date = if input.has("date_9A") { input.array("date_9A")? } else { [0, 1, 1] };
    Ok(Transaction {
        amount: Amount::from_bytes(input.array("amount_9F02")?).map_err(|_| digits("amount_9F02"))?,
        other: Amount::from_bytes(input.array_or_zero("other_9F03")?).map_err(|_| digits("other_9F03"))?,
        country: CodeN3::from_bytes(input.array_or_zero("country_9F1A")?)
            .map_err(|_| digits("country_9F1A"))?,
        tvr: Tvr::from_bytes(input.array_or_zero("tvr_95")?),
        currency: CodeN3::from_bytes(input.array_or_zero("currency_5F2A")?)
            .map_err(|_| digits("currency_5F2A"))?,
        date: Date::from_bytes(date).map_err(|_| "input date_9A is not a date".to_owned())?,
        kind: TransactionType::from_bits(input.array_or_zero::<1>("type_9C")?[0]),
        unpredictable: UnpredictableNumber(input.array("un_9F37")?),
        aip: Aip::from_bytes(input.array_or_zero("aip_82")?),
        atc: Atc::new(input.atc("atc_9F36")?),
    })
}

/// A cryptogram of one of the other schemes, with the card key it began from.
fn scheme(
    input: &Fields<'_>,
    inputs: impl FnOnce(Transaction) -> Result<Inputs, String>,
) -> Result<(Key16, Key16, [u8; 8], Computed), String> {
    let card_key = input.card_key(TDES, "imk_ac")?;
    let inputs = inputs(transaction(input)?)?;
    let session_key = inputs.session_key(TDES, &card_key);
    let arqc = cryptogram::compute(&inputs, TDES, &card_key);
    let genuine = cryptogram::verify_inputs(&inputs, arqc, TDES, &card_key).is_ok();
    let made = Computed::new()
        .hex("icc_mk", card_key.expose())
        .hex("arqc", arqc)
        .hex("sk", session_key.expose())
        .must(genuine, "the cryptogram does not verify");
    Ok((card_key, session_key, arqc, made))
}

pub(crate) fn visa_10(input: &Fields<'_>) -> Outcome {
    let cvr = input.array("cvr")?;
    let (card_key, _, arqc, made) = scheme(input, |transaction| Ok(Inputs::Visa10 { transaction, cvr }))?;
    Ok(made.hex("arpc", arpc::method_1(TDES, &card_key, arqc, input.array("arc")?)))
}

pub(crate) fn visa_18(input: &Fields<'_>) -> Outcome {
    let issuer_data = Inline::copy_of(&input.bytes("iad_9F10")?).ok_or("input iad_9F10 is too long")?;
    let (_, session_key, arqc, made) =
        scheme(input, |transaction| Ok(Inputs::Visa18 { transaction, issuer_data }))?;
    Ok(made.hex("arpc", arpc::method_2(TDES, &session_key, arqc, input.array("csu")?, b"")))
}

pub(crate) fn mastercard_16(input: &Fields<'_>) -> Outcome {
    let cvr = input.array("cvr")?;
    let (card_key, _, arqc, made) = scheme(input, |transaction| Ok(Inputs::MChip16 { transaction, cvr }))?;
    // M/Chip CVN 16 answers under the card key, as Visa CVN 10 does; CVN 20 under the session key.
    Ok(made.hex("arpc", arpc::method_1(TDES, &card_key, arqc, input.array("arpc_rc")?)))
}

pub(crate) fn mastercard_20(input: &Fields<'_>) -> Outcome {
    let cvr = input.array("cvr")?;
    let (_, session_key, arqc, made) = scheme(input, |transaction| Ok(Inputs::MChip20 { transaction, cvr }))?;
    Ok(made.hex("arpc", arpc::method_1(TDES, &session_key, arqc, input.array("arpc_rc")?)))
}

pub(crate) fn union_pay_01_triple_des(input: &Fields<'_>) -> Outcome {
    union_pay(input, TDES, CryptogramVersion::V01)
}

pub(crate) fn union_pay_17_triple_des(input: &Fields<'_>) -> Outcome {
    union_pay(input, TDES, CryptogramVersion::V17)
}

pub(crate) fn union_pay_01_sm4(input: &Fields<'_>) -> Outcome {
    union_pay(input, Algorithm::Sm4, CryptogramVersion::V01)
}

pub(crate) fn union_pay_17_sm4(input: &Fields<'_>) -> Outcome {
    union_pay(input, Algorithm::Sm4, CryptogramVersion::V17)
}

fn union_pay(input: &Fields<'_>, algorithm: Algorithm, version: CryptogramVersion) -> Outcome {
    let card = IssuerApplicationData::parse(&input.bytes("iad_9F10")?)
        .map_err(|why| format!("input iad_9F10: {why}"))?;
    if card.algorithm != algorithm.id() || card.version != version {
        return Err("input iad_9F10 names another algorithm or version".to_owned());
    }
    if input.has("cvr") && input.array("cvr")? != card.cvr.to_bytes() {
        return Err("inputs cvr and iad_9F10 differ".to_owned());
    }
    let card_key = input.card_key(algorithm, "imk_ac")?;
    let inputs = Inputs::unionpay(transaction(input)?, &card);
    let arqc = cryptogram::compute(&inputs, algorithm, &card_key);
    let made =
        Computed::new().hex("udk", card_key.expose()).hex("mac_input", inputs.mac_input().as_slice()).must(
            cryptogram::verify_inputs(&inputs, arqc, algorithm, &card_key).is_ok(),
            "the cryptogram does not verify",
        );
    tap(input, made, algorithm, &card_key, arqc, inputs.mac_input().as_slice())
}

/// The published example: its date is no date, so its MAC input is taken as it stands.
pub(crate) fn union_pay_published(input: &Fields<'_>) -> Outcome {
    let card_key = input.key("udk")?;
    let session_key = emv_keys::session_key(TDES, &card_key, input.atc("atc_9F36")?);
    let data = input.bytes("mac_input")?;
    let arqc = mac::application_cryptogram(TDES, &session_key, &data);
    tap(input, Computed::new(), TDES, &card_key, arqc, &data)
}

/// What all UnionPay vectors end with: session key, cryptogram, response.
fn tap(
    input: &Fields<'_>,
    made: Computed,
    algorithm: Algorithm,
    card_key: &Key16,
    arqc: [u8; 8],
    mac_input: &[u8],
) -> Outcome {
    let atc = input.atc("atc_9F36")?;
    let session_key = emv_keys::session_key(algorithm, card_key, atc);
    let arc: [u8; 2] = input.array("arc_8A")?;
    let arpc = arpc::method_1(algorithm, &session_key, arqc, arc);
    let mut made = made
        .hex("sk", session_key.expose())
        .hex("arqc_9F26", arqc)
        .hex("arpc", arpc)
        .hex("issuer_auth_data_91", [&arpc[..], &arc].concat());
    if algorithm == TDES {
        // A key may be shown as the cipher left it: parity bits change no result.
        let cipher = crypto::tdes::Tdes::new(card_key);
        let halves = [u64::from(atc), u64::from(!atc)].map(|half| cipher.encrypt(half.to_be_bytes()));
        made = made.hex("sk", halves.concat());
    }
    if algorithm == Algorithm::Sm4 {
        // JR/T 0025.7, 11.1.2.2 words a fold for any cipher of 128 bits, which a card with id 04 must not do.
        let block = mac::sm4_mac(&session_key, mac_input);
        let folded: [u8; 8] = std::array::from_fn(|place| block[place] ^ block[place + 8]);
        made = made.hex("arqc_alternative_fold", folded).must(folded != arqc, "the cryptogram was folded");
    }
    Ok(made)
}

pub(crate) fn script_mac_triple_des(input: &Fields<'_>) -> Outcome {
    script_mac(input, TDES)
}

pub(crate) fn script_mac_sm4(input: &Fields<'_>) -> Outcome {
    script_mac(input, Algorithm::Sm4)
}

fn script_mac(input: &Fields<'_>, algorithm: Algorithm) -> Outcome {
    let card_key = input.card_key(algorithm, "imk_mac")?;
    let session_key = emv_keys::session_key(algorithm, &card_key, input.atc("atc")?);
    let mac = mac::script_mac(algorithm, &session_key, &input.bytes("mac_input")?);
    Ok(Computed::new().hex("udk_mac", card_key.expose()).hex("sk_mac", session_key.expose()).hex("mac4", mac))
}

/// The MAC over issuer discretionary data (JR/T 0025.12, D.5): over the block as given, and over the block
/// that the card would put together.
pub(crate) fn discretionary_mac(input: &Fields<'_>) -> Outcome {
    let key = input.key("sk_mac")?;
    let made = mac::script_mac(TDES, &key, &input.bytes("block")?);
    let computed = Computed::new().hex("mac4", made);
    if input.text("idd_id")? != "01" {
        return Ok(computed);
    }
    let low: [u8; 5] = input.array("amount_low5")?;
    let amount =
        Amount::parse(&[&[0], &low[..]].concat()).map_err(|_| "input amount_low5 is not an amount")?;
    let data =
        Discretionary { kind: DiscretionaryKind::Balance, first: amount, second: Amount::ZERO, mac: made };
    let from_parts = cryptogram::discretionary_mac(TDES, &key, Atc::new(input.atc("atc")?), &data);
    Ok(computed.must(from_parts == made, "input block is not what the parts make"))
}
