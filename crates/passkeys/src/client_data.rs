//! What the browser says of a ceremony: for what, with which challenge, from which page.
//!
//! Browsers write it in one way to the byte (WebAuthn 5.8.1.1), so it is compared and not interpreted: the "limited
//! verification algorithm" of 5.8.1.2. Two readings of one JSON text, or a name that stands there twice, cannot arise.

use crate::defences::Defence;
use crate::refusal::Refusal;
use crate::verify::Expected;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// For what the browser asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ceremony {
    Create,
    Get,
}

impl Ceremony {
    fn begins(self) -> &'static str {
        match self {
            Ceremony::Create => "{\"type\":\"webauthn.create\",\"challenge\":\"",
            Ceremony::Get => "{\"type\":\"webauthn.get\",\"challenge\":\"",
        }
    }
}

const ORIGIN: &str = "\",\"origin\":\"";
const ALONE: &str = "\",\"crossOrigin\":false";

/// The challenge that was signed, whatever it is: so that who gave it out finds it again. Nothing is checked by this.
pub fn challenge(client_data: &[u8]) -> Option<Vec<u8>> {
    let text = str::from_utf8(client_data).ok()?;
    let rest =
        [Ceremony::Create, Ceremony::Get].iter().find_map(|for_what| text.strip_prefix(for_what.begins()))?;
    URL_SAFE_NO_PAD.decode(rest.split_once('"')?.0).ok()
}

/// Checks all of it, part by part.
pub(crate) fn check(client_data: &[u8], ceremony: Ceremony, expected: &Expected<'_>) -> Result<(), Refusal> {
    let wrong =
        |rest: &str| Refusal::Malformed { what: "client data", offset: client_data.len() - rest.len() };
    let text = str::from_utf8(client_data)
        .map_err(|error| Refusal::Malformed { what: "client data", offset: error.valid_up_to() })?;
    let other = if ceremony == Ceremony::Get { Ceremony::Create } else { Ceremony::Get };
    let rest = match (text.strip_prefix(ceremony.begins()), text.strip_prefix(other.begins())) {
        (Some(rest), _) => rest,
        (None, Some(_)) if expected.defences.stands(Defence::Ceremony) => {
            return Err(Refusal::ClientData("the ceremony"));
        }
        (None, Some(rest)) => rest,
        (None, None) => return Err(wrong(text)),
    };
    let (challenge, rest) = rest.split_once(ORIGIN).ok_or_else(|| wrong(rest))?;
    let right = challenge == URL_SAFE_NO_PAD.encode(expected.challenge);
    if !right && expected.defences.stands(Defence::Challenge) {
        return Err(Refusal::ClientData("the challenge"));
    }
    let (origin, after) = rest.split_once('"').ok_or_else(|| wrong(rest))?;
    // Who stands in a frame of another page says so here: `"crossOrigin":true`, and on top of whom.
    let alone = rest[origin.len()..].strip_prefix(ALONE);
    let ours = origin == expected.origin && alone.is_some();
    if !ours && expected.defences.stands(Defence::Origin) {
        return Err(Refusal::ClientData("the origin"));
    }
    match alone {
        Some(rest) if !rest.starts_with(['}', ',']) || !rest.ends_with('}') => Err(wrong(rest)),
        None if !after.ends_with('}') => Err(wrong(after)),
        _ => Ok(()),
    }
}
