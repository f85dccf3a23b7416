//! Known answers of lists, codes, signatures and host messages.

use super::fields::{Computed, Fields, Outcome};
use crypto::rsa::Exponent;
use emv::objects::{Aip, Amount, Atc, CodeN3, Date, UnpredictableNumber};
use emv::{dol, oda, qr, tlv};
use iso8583::field::{self, Content};
use iso8583::{Message, Mti, Profile, TerminalHeader};

pub(crate) fn dol_build(input: &Fields<'_>) -> Outcome {
    let list = input.bytes("dol")?;
    let given = input.0["values"].as_object().ok_or("input values is missing")?;
    let mut values = Vec::new();
    for (tag, value) in given {
        let value = value.as_str().and_then(|text| hex::decode(text).ok());
        values.push((
            tag.to_uppercase(),
            value.ok_or_else(|| format!("input values: {tag} is not hexadecimal"))?,
        ));
    }
    let value_of = |tag: tlv::Tag| {
        values.iter().find(|(named, _)| *named == tag.to_string()).map(|(_, value)| &value[..])
    };
    let mut out = Vec::new();
    dol::Dol::parse(&list).map_err(|why| why.to_string())?.build(value_of, &mut out);
    Ok(Computed::new().hex("data", out))
}

pub(crate) fn merchant_code(input: &Fields<'_>) -> Outcome {
    let start = input.text("payload_up_to_6304")?;
    let crc = format!("{:04X}", qr::merchant::crc16(start.as_bytes()));
    let payload = format!("{start}{crc}");
    let code = qr::merchant::MerchantCode::parse(&payload).map_err(|why| why.to_string())?;
    let again = code.to_text().map_err(|why| why.to_string())?;
    let round = again == payload;
    Ok(Computed::new().text("crc", crc).text("payload", payload).must(round, "the code does not round trip"))
}

pub(crate) fn consumer_code(input: &Fields<'_>) -> Outcome {
    let code = input.bytes("tlv")?;
    let text = qr::consumer::encode(&code).map_err(|why| why.to_string())?;
    let applications = qr::consumer::parse(&text).map_err(|why| why.to_string())?;
    let again = qr::consumer::to_text(&applications).map_err(|why| why.to_string())?;
    let round = again == text && qr::consumer::decode(&text).is_ok_and(|bytes| bytes == code);
    Ok(Computed::new().text("base64", text).must(round, "the code does not round trip"))
}

/// The chain from the authority to the signature of a tap (EMV 4.4 Book 2, 6; EMV Contactless Book C-7, 5.6).
pub(crate) fn fast_dda(input: &Fields<'_>) -> Outcome {
    let exponent = |name: &str| Exponent::from_bytes(&input.bytes(name)?).map_err(|why| why.to_string());
    let authority = oda::AuthorityKey {
        provider: input.array("rid")?,
        index: input.array::<1>("ca_index")?[0],
        modulus: input.bytes("ca_modulus")?,
        exponent: exponent("ca_exponent")?,
    };
    let certificate = |signed: &str, remainder: &str, exponent: &str| -> Result<_, String> {
        let remainder = if input.has(remainder) { input.bytes(remainder)? } else { Vec::new() };
        Ok(oda::Certificate { signed: input.bytes(signed)?, remainder, exponent: input.bytes(exponent)? })
    };
    let records = input.bytes("static_data_to_auth")?;
    let number = number_in(&records).ok_or("input static_data_to_auth names no card number (5A)")?;
    // Certificates of vectors must not expire, so the day is fixed.
    let today = Date::from_bytes([0x26, 0x11, 0x22]).map_err(|why| why.to_string())?;
    let issuer = certificate("tag_90", "tag_92", "tag_9F32")?;
    let issuer = oda::recover_issuer(&authority, &issuer, number.as_bytes(), today)
        .map_err(|why| format!("issuer certificate: {why}"))?;
    let mut data = oda::StaticData::new();
    // Files above 10 are authenticated as they stand, without a template around them.
    if !data.add_record(11, &records) {
        return Err("input static_data_to_auth cannot be authenticated".to_owned());
    }
    data.add_profile(Aip::from_bytes(input.array("aip_82")?));
    let card = certificate("tag_9F46", "tag_9F48", "tag_9F47")?;
    let card = oda::recover_card(&issuer, &card, &data, number.as_bytes(), today)
        .map_err(|why| format!("card certificate: {why}"))?;
    let signed = input.bytes("tag_9F4B")?;
    let made = Computed::new()
        .hex("issuer_modulus", issuer.modulus())
        .hex("icc_modulus", card.modulus())
        .text("pan", &*number);
    signature(input, made, &card, &signed)
}

/// The dynamic signature: what it says is recovered first, then the whole of it is checked.
fn signature(input: &Fields<'_>, made: Computed, card: &oda::CardKey, signed: &[u8]) -> Outcome {
    let authentication = input.bytes("tag_9F69")?;
    let said = oda::FddaData::V01 {
        unpredictable: UnpredictableNumber(input.array("un_9F37")?),
        amount: Amount::from_bytes(input.array("amount_9F02")?).map_err(|why| why.to_string())?,
        currency: CodeN3::from_bytes(input.array("currency_5F2A")?).map_err(|why| why.to_string())?,
        card: &authentication,
    };
    let dynamic = match oda::verify_dynamic(card, signed, &said.to_bytes()) {
        Ok(dynamic) => dynamic,
        Err(_) => return Ok(made.text("valid", "false")),
    };
    let &[2, high, low] = dynamic.as_slice() else {
        return Err("the signature's dynamic data is not a counter".to_owned());
    };
    let atc = Atc::from([high, low]);
    let valid = oda::verify_fdda(card, signed, &said, atc, None).is_ok();
    Ok(made.hex("icc_dynamic_number_atc", atc.to_bytes()).text("valid", valid.to_string()))
}

/// The digits of tag 5A.
fn number_in(records: &[u8]) -> Option<String> {
    let packed = hex::encode_upper(tlv::find(records, emv::tag::PAN).ok()??);
    Some(packed.trim_end_matches('F').to_owned())
}

pub(crate) fn iso8583_net(input: &Fields<'_>) -> Outcome {
    iso8583(input, Profile::Net)
}

pub(crate) fn iso8583_pos(input: &Fields<'_>) -> Outcome {
    iso8583(input, Profile::Pos)
}

fn iso8583(input: &Fields<'_>, profile: Profile) -> Outcome {
    let message = message_of(input)?;
    let mut bytes = Vec::new();
    profile.encode(&message, &mut bytes).map_err(|why| why.to_string())?;
    let decoded = profile.decode(&bytes).map_err(|why| why.to_string())?;
    let at = profile.header_length() + if profile == Profile::Net { 4 } else { 2 };
    let bitmap = |from: usize| bytes.get(from..from + 8).unwrap_or_default().to_vec();
    let mut made = Computed::new()
        .hex("message", &bytes)
        .hex("primary_bitmap", bitmap(at))
        .must(decoded == message, "what is decoded is not what was encoded");
    if bitmap(at).first().is_some_and(|byte| byte & 0x80 != 0) {
        made = made.hex("secondary_bitmap", bitmap(at + 8));
    }
    Ok(made)
}

/// The message a vector names, element by element.
fn message_of(input: &Fields<'_>) -> Result<Message, String> {
    let elements = input.0.as_object().ok_or("the vector has no input")?;
    let mti = Mti::from_ascii(input.text("t")?.as_bytes()).ok_or("input t is not a message type")?;
    let mut message = Message::new(mti);
    for name in elements.keys() {
        match name.as_str() {
            // The bitmap follows from the elements.
            "t" | "1" => {}
            "header" => message.header = Some(TerminalHeader::new(input.array("header")?)),
            number => {
                let known = number.parse().ok().and_then(|n: u8| Some((n, field::definition(n)?)));
                let (number, definition) = known.ok_or_else(|| format!("no data element {name}"))?;
                let content = match (number, definition.content) {
                    // Ours is TLV; a vector may give it as the text another table has there.
                    (field::PRIVATE_DATA, _) => {
                        let text = input.text(name)?;
                        hex::decode(text).unwrap_or_else(|_| text.as_bytes().to_vec())
                    }
                    (_, Content::Bytes) => input.bytes(name)?,
                    (_, Content::Track) => input.text(name)?.replace('D', "=").into_bytes(),
                    _ => input.text(name)?.as_bytes().to_vec(),
                };
                message.set(number, &content);
            }
        }
    }
    Ok(message)
}
