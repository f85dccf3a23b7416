//! The two sides of a known answer: what goes in, and what was computed from it.

use crypto::emv_keys::{Algorithm, MasterKey};
use serde_json::Value;
use std::collections::BTreeMap;
use values::Secret;

/// What came out of the product's own code, by the names the vectors use; or why nothing did.
pub(crate) type Outcome = Result<Computed, String>;

/// One side of a vector: named texts, most of them hexadecimal.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(pub(crate) &'a Value);

impl<'a> Fields<'a> {
    pub(crate) fn has(self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    pub(crate) fn text(self, name: &str) -> Result<&'a str, String> {
        let value = self.0.get(name).ok_or_else(|| format!("input {name} is missing"))?;
        value.as_str().ok_or_else(|| format!("input {name} is not a text"))
    }

    pub(crate) fn digits(self, name: &str) -> Result<&'a [u8], String> {
        let digits = self.text(name)?.as_bytes();
        let sound = digits.iter().all(u8::is_ascii_digit);
        if sound { Ok(digits) } else { Err(format!("input {name} is not made of digits")) }
    }

    pub(crate) fn bytes(self, name: &str) -> Result<Vec<u8>, String> {
        hex::decode(self.text(name)?).map_err(|why| format!("input {name}: {why}"))
    }

    pub(crate) fn array<const N: usize>(self, name: &str) -> Result<[u8; N], String> {
        let bytes = self.bytes(name)?;
        let wrong = format!("input {name} has {} bytes where {N} are wanted", bytes.len());
        bytes.try_into().map_err(|_| wrong)
    }

    /// The bytes, or zeros if the vector does not name them.
    pub(crate) fn array_or_zero<const N: usize>(self, name: &str) -> Result<[u8; N], String> {
        if self.has(name) { self.array(name) } else { Ok([0; N]) }
    }

    pub(crate) fn key(self, name: &str) -> Result<Secret<16>, String> {
        Ok(Secret::new(self.array(name)?))
    }

    pub(crate) fn atc(self, name: &str) -> Result<u16, String> {
        Ok(u16::from_be_bytes(self.array(name)?))
    }

    /// A small number, written as a JSON number or as digits.
    pub(crate) fn number(self, name: &str) -> Result<u8, String> {
        let value = self.0.get(name).ok_or_else(|| format!("input {name} is missing"))?;
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        number.and_then(|n| u8::try_from(n).ok()).ok_or_else(|| format!("input {name} is not a small number"))
    }

    /// The card sequence number; absent is 00.
    pub(crate) fn sequence(self) -> Result<u8, String> {
        if self.has("psn") { self.number("psn") } else { Ok(0) }
    }

    /// The card's key under a master key, EMV option A.
    pub(crate) fn card_key(self, algorithm: Algorithm, master: &str) -> Result<Secret<16>, String> {
        let (digits, sequence) = (self.digits("pan")?, self.sequence()?);
        Ok(MasterKey::new(algorithm, &self.key(master)?).derive_card_key(digits, sequence))
    }
}

/// Results by the names vectors give them.
#[derive(Default)]
pub(crate) struct Computed {
    values: BTreeMap<&'static str, Vec<String>>,
    contradiction: Option<String>,
}

impl Computed {
    pub(crate) fn new() -> Computed {
        Computed::default()
    }

    /// A result in hexadecimal.
    pub(crate) fn hex(self, name: &'static str, bytes: impl AsRef<[u8]>) -> Computed {
        self.text(name, hex::encode_upper(bytes))
    }

    /// A result as text. A second one under the same name is another way to write the first.
    pub(crate) fn text(mut self, name: &'static str, text: impl Into<String>) -> Computed {
        self.values.entry(name).or_default().push(text.into());
        self
    }

    /// Something beside the named results must hold.
    pub(crate) fn must(mut self, holds: bool, otherwise: &str) -> Computed {
        if !holds {
            self.contradiction.get_or_insert_with(|| otherwise.to_owned());
        }
        self
    }

    /// Compares every result the vector names; says what differs first.
    pub(crate) fn compare(&self, expected: &Value) -> Result<(), String> {
        let expected = expected.as_object().ok_or("the vector has no output")?;
        if expected.is_empty() {
            return Err("the vector has no output".to_owned());
        }
        for (name, wanted) in expected {
            let wanted = match wanted {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let Some(made) = self.values.get(name.as_str()) else {
                return Err(format!("output {name} is not computed by this kind"));
            };
            if !made.contains(&wanted) {
                return Err(format!("{name}: expected {wanted}, computed {}", made[0]));
            }
        }
        self.contradiction.clone().map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_named_output_is_compared() {
        let computed =
            Computed::new().hex("mac", [0xAB, 1]).text("sk", "01").text("sk", "00").text("valid", "true");
        for (expected, reason) in [
            (json!({"mac": "AB01"}), None),
            (json!({"mac": "AB01", "sk": "00", "valid": true}), None),
            (json!({"mac": "AB02"}), Some("mac: expected AB02, computed AB01")),
            (json!({"mac": "AB01", "valid": false}), Some("valid: expected false, computed true")),
            (json!({"arpc": ""}), Some("output arpc is not computed by this kind")),
            (json!({}), Some("the vector has no output")),
            (json!(7), Some("the vector has no output")),
        ] {
            assert_eq!(computed.compare(&expected).err().as_deref(), reason);
        }
        let contradicted = computed.must(false, "no round trip");
        assert_eq!(contradicted.compare(&json!({"mac": "AB01"})).err().as_deref(), Some("no round trip"));
    }

    #[test]
    fn inputs_that_are_not_there_are_named() {
        let input = json!({"key": "00", "pan": "62A", "n": 300});
        let fields = Fields(&input);
        assert_eq!(fields.key("key").err().unwrap(), "input key has 1 bytes where 16 are wanted");
        assert_eq!(fields.digits("pan").err().unwrap(), "input pan is not made of digits");
        assert_eq!(fields.number("n").err().unwrap(), "input n is not a small number");
        assert_eq!(fields.text("x").err().unwrap(), "input x is missing");
    }
}
