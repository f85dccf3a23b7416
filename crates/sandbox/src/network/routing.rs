//! Where a message goes: by the first eight digits of its number.

use crate::directory::{Directory, Institution};
use iso8583::{Message, Tag, field};

/// A destination.
#[derive(Clone, Copy, Debug)]
pub enum Route {
    /// The network answers itself: sign-on, echo.
    Network,
    /// The token gateway, for an issuer's token range.
    Gateway(&'static Institution),
    /// An issuer, for account verification.
    Issuer(&'static Institution),
}

/// Account verification carries this processing code, and no number but eight digits in DE 48.
pub(crate) const VERIFICATION: &[u8] = b"33";

/// The destination of a request; `None` if no range fits. A card number in DE 2 has no route: payments carry
/// tokens.
pub fn route(message: &Message) -> Option<Route> {
    if message.mti.digits()[1] == b'8' {
        return Some(Route::Network);
    }
    let directory = Directory::sandbox();
    if is_verification(message) {
        let private = message.private_data().ok()?;
        let prefix = private.text(Tag::CARD_PREFIX)?.parse().ok()?;
        return directory.by_pan_prefix(prefix).map(|(bank, _)| Route::Issuer(bank));
    }
    let head = str::from_utf8(message.account_number()?.get(..8)?).ok()?;
    directory.by_token_prefix(head.parse().ok()?).map(|(bank, _)| Route::Gateway(bank))
}

pub(crate) fn is_verification(message: &Message) -> bool {
    message.get(field::PROCESSING_CODE).and_then(|code| code.get(..2)) == Some(VERIFICATION)
}

#[cfg(test)]
mod tests {
    use super::*;
    use iso8583::Mti;

    fn routed(mti: Mti, edit: impl FnOnce(&mut Message)) -> String {
        let mut message = Message::new(mti);
        edit(&mut message);
        match route(&message) {
            None => "none".to_owned(),
            Some(Route::Network) => "network".to_owned(),
            Some(Route::Gateway(bank)) => format!("gateway for {}", bank.id),
            Some(Route::Issuer(bank)) => bank.id.clone(),
        }
    }

    #[test]
    fn tokens_go_to_the_gateway_and_card_numbers_nowhere() {
        let sale = |number: &'static str| {
            routed(Mti::FINANCIAL, |m| {
                m.set_text(2, number);
            })
        };
        assert_eq!(sale("6296600100000000018"), "gateway for boc");
        assert_eq!(sale("6296630200000014"), "gateway for meadow");
        assert_eq!(sale("6216600100000000016"), "none");
        assert_eq!(sale("4111111111111111"), "none");
        assert_eq!(sale("62966"), "none");
        let track = routed(Mti::FINANCIAL, |m| {
            m.set_text(35, "6296600100000000018=3012");
        });
        assert_eq!(track, "gateway for boc");
        assert_eq!(routed(Mti::FINANCIAL, |_| ()), "none");
        assert_eq!(routed(Mti::NETWORK, |_| ()), "network");
    }

    #[test]
    fn verification_goes_to_the_issuer() {
        let ask = |prefix: &'static [u8]| {
            routed(Mti::AUTHORISATION, |m| {
                m.set_text(3, "330000").set_private(Tag::CARD_PREFIX, prefix);
            })
        };
        assert_eq!(ask(b"62166101"), "harbour");
        assert_eq!(ask(b"62966101"), "none");
        assert_eq!(ask(b"abc"), "none");
    }
}
