//! Why a payment was approved or declined: the issuer's own reasons, each with its DE 39.

use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $word:literal;)*) => {
        /// Why. The counterparty sees only the two characters of DE 39; the reason stays in the bank's records.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Reason {
            $($(#[$doc])* #[serde(rename = $word)] $name,)*
        }

        impl Reason {
            /// Every reason there is.
            pub const ALL: &'static [Reason] = &[$(Reason::$name),*];

            /// The answer in DE 39.
            pub fn response(self) -> &'static str {
                match self { $(Reason::$name => $code,)* }
            }

            /// The stable word, as in the records.
            pub fn word(self) -> &'static str {
                match self { $(Reason::$name => $word,)* }
            }
        }
    };
}

reasons! {
    /// Nothing spoke against it.
    Approved = "00", "approved";
    /// No such card.
    CardUnknown = "14", "card_unknown";
    /// The card is closed.
    CardClosed = "14", "card_closed";
    /// Another plastic took its place; the number pays no more.
    CardReplaced = "41", "card_replaced";
    /// The card was reported lost.
    CardLost = "41", "card_lost";
    /// The card was reported stolen.
    CardStolen = "43", "card_stolen";
    /// The bank stopped the card.
    CardBlocked = "62", "card_blocked";
    /// The card is past its expiry.
    CardExpired = "54", "card_expired";
    /// The token stands in for another card.
    TokenOfAnotherCard = "05", "token_of_another_card";
    /// The bank stopped the token.
    TokenStopped = "62", "token_stopped";
    /// The token is past its own expiry.
    TokenExpired = "54", "token_expired";
    /// A tap or token without a cryptogram.
    CryptogramMissing = "05", "cryptogram_missing";
    /// The cryptogram is not of this token, counter or content.
    CryptogramWrong = "05", "cryptogram_wrong";
    /// What the cryptogram covers differs from DE 4 or DE 49.
    ChipAmountDiffers = "05", "chip_amount_differs";
    /// The application that was tapped is not the one of this product.
    ApplicationDiffers = "05", "application_differs";
    /// A tap that came as a code, or a code that came as a tap.
    ProfileDiffers = "05", "profile_differs";
    /// The shop is another one than the customer approved.
    PlaceDiffers = "05", "place_differs";
    /// Above the limit of a code on a phone's screen.
    LimitCode = "61", "limit_code";
    /// The message claims a verification of the customer which the cryptogram does not.
    VerificationForged = "05", "verification_forged";
    /// Above the amount that needs the customer's verification, and there was none.
    VerificationMissing = "55", "verification_missing";
    /// No amount, or none that can be.
    AmountInvalid = "13", "amount_invalid";
    /// Another currency than the card's.
    CurrencyOther = "57", "currency_other";
    /// Above the limit of one payment.
    LimitSingle = "61", "limit_single";
    /// Above the limit of a day.
    LimitDaily = "61", "limit_daily";
    /// More payments than a day may have.
    LimitCount = "65", "limit_count";
    /// Not enough money or credit.
    FundsInsufficient = "51", "funds_insufficient";
    /// The payment to be completed, given back or taken back is not known.
    OriginalUnknown = "25", "original_unknown";
    /// It was for another card.
    OriginalOfAnotherCard = "25", "original_of_another_card";
    /// It is over already, or was never approved.
    OriginalOver = "12", "original_over";
    /// More than is left of it.
    OriginalAmount = "64", "original_amount";
    /// The same message key with other content.
    DuplicateDiffers = "94", "duplicate_differs";
    /// A reversal came before it.
    ReversedBefore = "94", "reversed_before";
    /// A test card that declines with 05.
    TestDecline05 = "05", "test_decline_05";
    /// A test card that declines with 51.
    TestDecline51 = "51", "test_decline_51";
    /// A test card that declines with 54.
    TestDecline54 = "54", "test_decline_54";
    /// A test card that declines with 61.
    TestDecline61 = "61", "test_decline_61";
    /// A test card that declines with 62.
    TestDecline62 = "62", "test_decline_62";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn words_are_unique_and_codes_are_known() {
        let words: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.word()).collect();
        assert_eq!(words.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            let code = iso8583::ResponseCode::from_ascii(reason.response().as_bytes()).unwrap();
            assert_ne!(code.meaning(), "unknown response");
            assert_eq!(code.is_approved(), *reason == Reason::Approved);
        }
    }
}
