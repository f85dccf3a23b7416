//! Message authentication: DE 64, or DE 128 when there is a secondary bitmap.
//!
//! The MAC covers everything from the message type to the byte before the MAC; a terminal's header is left
//! out, since the centre between may change it. Which algorithm, and with which key, is the caller's
//! closure.

use crate::{Message, Profile, Unwritable, field};
use values::constant_time_eq;

/// Why a message is not authentic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAuthentic {
    /// There is no MAC, or it is not the last element.
    #[error("the message does not end with a MAC")]
    Missing,
    /// The MAC does not belong to these bytes under this key.
    #[error("the MAC is wrong")]
    Wrong,
}

/// Appends the message with its MAC to `out`. The message is given the MAC too.
pub fn seal(
    profile: Profile,
    message: &mut Message,
    out: &mut Vec<u8>,
    mut mac: impl FnMut(&[u8]) -> [u8; 8],
) -> Result<(), Unwritable> {
    message.remove(field::MAC_PRIMARY).remove(field::MAC_SECONDARY);
    let secondary = message.fields().any(|number| number > 64);
    let number = if secondary { field::MAC_SECONDARY } else { field::MAC_PRIMARY };
    message.set(number, &[0; 8]);
    let start = out.len() + profile.header_length();
    profile.encode(message, out)?;
    let end = out.len() - 8;
    let code = mac(&out[start..end]);
    out[end..].copy_from_slice(&code);
    message.set(number, &code);
    Ok(())
}

/// Checks the MAC of `bytes`, from which `message` was decoded. Compares in constant time.
pub fn verify(
    profile: Profile,
    bytes: &[u8],
    message: &Message,
    mut mac: impl FnMut(&[u8]) -> [u8; 8],
) -> Result<(), NotAuthentic> {
    let last = message.fields().last();
    if !matches!(last, Some(field::MAC_PRIMARY | field::MAC_SECONDARY)) {
        return Err(NotAuthentic::Missing);
    }
    let covered = profile.header_length()..bytes.len().saturating_sub(8);
    let (Some(covered), Some(code)) = (bytes.get(covered), bytes.last_chunk::<8>()) else {
        return Err(NotAuthentic::Missing);
    };
    if constant_time_eq(&mac(covered), code) { Ok(()) } else { Err(NotAuthentic::Wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mti;

    /// Not a MAC, but depends on every byte and its place.
    fn sum(bytes: &[u8]) -> [u8; 8] {
        bytes.iter().fold(7u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte))).to_be_bytes()
    }

    #[test]
    fn any_changed_byte_after_the_header_is_found() {
        for (profile, extra) in [(Profile::Net, None), (Profile::Net, Some(70u8)), (Profile::Pos, None)] {
            let mut message = Message::new(Mti::FINANCIAL);
            message.set_text(3, "000000").set_text(11, "000001").set_text(39, "00");
            if let Some(number) = extra {
                message.set_text(number, "301");
            }
            let mut bytes = Vec::new();
            seal(profile, &mut message, &mut bytes, sum).unwrap();
            let decoded = profile.decode(&bytes).unwrap();
            assert_eq!(verify(profile, &bytes, &decoded, sum), Ok(()));
            assert_eq!(decoded.has(128), extra.is_some());
            for place in profile.header_length()..bytes.len() {
                let mut changed = bytes.clone();
                changed[place] ^= 1;
                assert!(verify(profile, &changed, &decoded, sum).is_err(), "{place}");
            }
        }
    }

    #[test]
    fn no_mac_is_not_authentic() {
        let mut message = Message::new(Mti::NETWORK);
        message.set_text(70, "301").set(64, &[1; 8]);
        let mut bytes = Vec::new();
        Profile::Net.encode(&message, &mut bytes).unwrap();
        assert_eq!(verify(Profile::Net, &bytes, &message, sum), Err(NotAuthentic::Missing));
        assert_eq!(verify(Profile::Net, &[], &message, sum), Err(NotAuthentic::Missing));
    }
}
