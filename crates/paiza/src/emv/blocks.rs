//! Known answers of single ciphers: key check values, MACs, PIN blocks, printed values, key blocks.

use super::fields::{Computed, Fields, Outcome};
use crypto::emv_keys::Algorithm;
use crypto::mac::Padding;
use crypto::pin::{self, Pin};
use crypto::{kcv, sm4_block as sm4, tr31};
use values::Expiry;

pub(crate) fn tdes_kcv(input: &Fields<'_>) -> Outcome {
    Ok(Computed::new().hex("kcv6", kcv::kcv(Algorithm::TripleDes, &input.key("key")?)))
}

pub(crate) fn retail_mac(input: &Fields<'_>) -> Outcome {
    let padding = match input.number("padding_method")? {
        1 => Padding::Zeros,
        2 => Padding::Iso,
        _ => return Err("input padding_method is neither 1 nor 2".to_owned()),
    };
    let mac = crypto::mac::retail_mac(&input.key("key")?, &input.bytes("data")?, padding);
    Ok(Computed::new().hex("mac", mac))
}

pub(crate) fn sm4_block(input: &Fields<'_>) -> Outcome {
    Ok(Computed::new().hex("cipher", sm4::encrypt(&input.key("key")?, input.array("plain")?)))
}

fn pin_of(input: &Fields<'_>) -> Result<Pin, String> {
    Pin::parse(input.digits("pin")?).map_err(|why| format!("input pin: {why}"))
}

fn said(why: impl std::fmt::Display) -> String {
    why.to_string()
}

pub(crate) fn pin_block_iso0(input: &Fields<'_>) -> Outcome {
    let (pin, pan) = (pin_of(input)?, input.digits("pan")?);
    let block = pin::iso0(&pin, pan).map_err(said)?;
    let back = pin::from_iso0(block, pan).map_err(said)?;
    let made = Computed::new().hex("clear_block", block);
    Ok(made.must(back.expose() == pin.expose(), "the block does not give the PIN back"))
}

pub(crate) fn pin_block_iso0_enciphered(input: &Fields<'_>) -> Outcome {
    let (key, pin, pan) = (input.key("zpk")?, pin_of(input)?, input.digits("pan")?);
    let block = pin::iso0_encipher(&key, &pin, pan).map_err(said)?;
    let back = pin::iso0_decipher(&key, block, pan).map_err(said)?;
    let made = Computed::new().hex("enc_block", block);
    Ok(made.must(back.expose() == pin.expose(), "the block does not give the PIN back"))
}

pub(crate) fn pin_block_iso4(input: &Fields<'_>) -> Outcome {
    let (key, pan) = (input.key("aes_key")?, input.digits("pan")?);
    let pin = pin::iso4_decipher(&key, input.array("enc_block")?, pan).map_err(said)?;
    let again = pin::iso4_encipher(&key, &pin, pan, [0x5A; 8]).map_err(said)?;
    let back = pin::iso4_decipher(&key, again, pan).map_err(said)?;
    // ISO 9564-1, 9.4.2.3: how many digits above twelve, the digits, zeros.
    let number = String::from_utf8_lossy(pan);
    let account = format!("{:X}{:0>12}", pan.len().saturating_sub(12), number);
    Ok(Computed::new()
        .text("pin", String::from_utf8_lossy(pin.expose()))
        .text("pan_field", format!("{account:0<32}"))
        .must(back.expose() == pin.expose(), "enciphering does not round trip"))
}

pub(crate) fn cvv(input: &Fields<'_>) -> Outcome {
    let expiry = Expiry::from_yymm(input.digits("expiry")?).map_err(said)?;
    let code = input.digits("service_code")?.try_into().map_err(|_| "input service_code has not 3 digits")?;
    let cvv = pin::cvv(&input.key("cvk")?, input.digits("pan")?, expiry, code).map_err(said)?;
    Ok(Computed::new().text("cvv", String::from_utf8_lossy(&cvv)))
}

pub(crate) fn pvv(input: &Fields<'_>) -> Outcome {
    let (key, index) = (input.key("pvk")?, input.number("pvki")?);
    let pvv = pin::pvv(&key, input.digits("pan")?, index, &pin_of(input)?).map_err(said)?;
    Ok(Computed::new().text("pvv", String::from_utf8_lossy(&pvv)))
}

pub(crate) fn tr31_unwrap(input: &Fields<'_>) -> Outcome {
    let unwrapped = tr31::unwrap(&input.bytes("kbpk")?, input.text("key_block")?).map_err(said)?;
    let header = unwrapped.header;
    Ok(Computed::new()
        .hex("key", unwrapped.key.expose())
        .text("version", header.version.letter())
        .text("usage", String::from_utf8_lossy(&header.usage))
        .text("algorithm", char::from(header.algorithm))
        .text("mode", char::from(header.mode))
        .text("exportability", char::from(header.exportability)))
}
