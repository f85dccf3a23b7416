//! Bytes in records: hexadecimal where people read them, plain where facts keep them.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    if to.is_human_readable() { to.serialize_str(&hex::encode_upper(bytes)) } else { bytes.serialize(to) }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    if from.is_human_readable() {
        hex::decode(String::deserialize(from)?).map_err(|_| D::Error::custom("not hexadecimal"))
    } else {
        Vec::deserialize(from)
    }
}

#[cfg(test)]
mod tests {
    use crate::card::Card;
    use crate::testing;

    #[test]
    fn people_read_hexadecimal() {
        let card = testing::certified(crate::card::Profile::Contact);
        let text = serde_json::to_value(&card).unwrap();
        assert_eq!(text["aid"], "A000000333010101");
        assert_eq!(text["certificates"]["card_exponent"], "010001");
        assert_eq!(serde_json::from_value::<Card>(text).unwrap(), card);
        let packed = postcard::to_allocvec(&card).unwrap();
        assert_eq!(postcard::from_bytes::<Card>(&packed).unwrap(), card);
        assert!(serde_json::from_str::<crate::phone::ServerKeys>(r#"{"signing":"0","sealing":""}"#).is_err());
    }
}
