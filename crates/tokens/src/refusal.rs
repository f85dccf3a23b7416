//! Every business no of this room: a stable code, a sentence for the customer, and the response code that a
//! terminal gets (ISO 8583 DE39).

use serde::{Deserialize, Serialize};

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $de39:literal, $text:literal;)*) => {
        /// A business no. It never quotes data.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Refusal { $($(#[$doc])* $name,)* }

        impl Refusal {
            /// Every refusal there is, for documents and tests.
            pub const ALL: &'static [Refusal] = &[$(Refusal::$name,)*];

            /// The stable code, in `snake_case`.
            pub fn code(self) -> &'static str {
                match self { $(Refusal::$name => $code,)* }
            }

            /// A sentence that may be shown to the customer.
            pub fn text(self) -> &'static str {
                match self { $(Refusal::$name => $text,)* }
            }

            /// The response code for a terminal (ISO 8583 DE39).
            pub fn response_code(self) -> &'static str {
                match self { $(Refusal::$name => $de39,)* }
            }
        }
    };
}

refusals! {
    // Customers, phones, devices.
    /// Three codes in ten minutes, or ten in a day.
    TooManyCodes = "too_many_codes", "75", "Too many codes were sent to this number. Please try again later.";
    /// There is no code to confirm, or it is spent, void or expired, or another device asked for it.
    CodeVoid = "code_void", "75", "This code is no longer valid. Please ask for a new one.";
    /// No such device, or not this customer's.
    DeviceUnknown = "device_unknown", "14", "This device is not known.";
    /// The device has not been confirmed yet.
    DeviceNotActive = "device_not_active", "62", "This device is not ready for payments yet.";
    /// The device was reported lost.
    DeviceLost = "device_lost", "62", "This device was reported lost and can no longer be used.";
    /// A device of this name exists with other keys.
    DeviceExists = "device_exists", "94", "This device is already registered.";
    /// A public key is not a point of the curve in SEC1 form.
    KeyInvalid = "key_invalid", "30", "This device's key cannot be used.";
    /// No such customer.
    CustomerUnknown = "customer_unknown", "14", "This customer is not known.";
    /// The recovery secret is wrong, or was tried too often today.
    RecoveryRefused = "recovery_refused", "75", "This recovery secret cannot be used.";
    // Adding a card.
    /// The customer or the device has eight live cards already.
    TooManyCards = "too_many_cards", "65", "You already have eight cards. Remove one before adding another.";
    /// Five attempts today from this device.
    TooManyAttempts = "too_many_attempts", "75", "Too many cards were tried today. Please try again tomorrow.";
    /// Three attempts today for this card.
    TooManyCardAttempts = "too_many_card_attempts", "75", "This card was tried too often today. Please try again tomorrow.";
    /// This card has a live token, or an attempt under way, on this device.
    CardAlreadyHere = "card_already_here", "94", "This card is already on this device.";
    /// No issuer takes part for this card.
    CardNotSupported = "card_not_supported", "15", "This card cannot be added yet. Please ask your bank.";
    /// The issuer said no.
    IssuerDeclined = "issuer_declined", "05", "Your bank did not allow this card to be added. Please ask your bank.";
    /// No such enrolment, or not this device's.
    EnrolmentUnknown = "enrolment_unknown", "14", "This attempt to add a card is not known.";
    /// The enrolment is not waiting for this.
    EnrolmentNotWaiting = "enrolment_not_waiting", "12", "This step is not possible now.";
    /// The enrolment was not finished in time.
    EnrolmentExpired = "enrolment_expired", "54", "This took too long. Please add the card again.";
    /// The issuer did not offer this way of verification.
    MethodNotOffered = "method_not_offered", "12", "Your bank did not offer this way of verification.";
    /// None of the token numbers handed in was free; ask again with others.
    NumbersTaken = "numbers_taken", "96", "Please try again.";
    /// The range or its controls are not set up.
    ProgrammeUnknown = "programme_unknown", "15", "This card cannot be added yet. Please ask your bank.";
    // Living with a token.
    /// No such token, or not this customer's, device's or issuer's.
    TokenUnknown = "token_unknown", "14", "This card is not known.";
    /// Not verified yet.
    TokenInactive = "token_inactive", "62", "This card has not been verified yet.";
    /// Suspended by somebody.
    TokenSuspended = "token_suspended", "62", "This card is suspended.";
    /// Deleted; that is final.
    TokenDeleted = "token_deleted", "62", "This card has been removed.";
    /// Past its last day.
    TokenExpired = "token_expired", "54", "This card has expired.";
    /// Enough unused keys are on the phone.
    KeysEnough = "keys_enough", "65", "This card is ready for payments.";
    /// The transaction counter is used up; the card has to be added again.
    KeysExhausted = "keys_exhausted", "54", "This card has to be added again.";
    /// Somebody else uses this card's keys.
    CloneSuspected = "clone_suspected", "59", "This card was suspended because its keys were used elsewhere.";
    /// The set of cards or tokens named is not the set there is; read again and repeat.
    Stale = "stale", "96", "Something changed in between. Please try again.";
    /// A nickname longer than 40 characters, or with control characters.
    NameInvalid = "name_invalid", "30", "Please choose a shorter name.";
    /// One operator alone, or too often.
    DetokenisationRefused = "detokenisation_refused", "57", "This needs a second operator.";
    /// Too early to forget this token.
    TooEarly = "too_early", "12", "This step is not possible now.";
    // The gateway: reading the message.
    /// The chip data cannot be read, or lacks a mandatory object.
    ChipDataMalformed = "chip_data_malformed", "30", "The card could not be read.";
    /// The amount in the cryptogram is another one.
    AmountMismatch = "amount_mismatch", "05", "The payment was not allowed.";
    /// The currency in the cryptogram is another one.
    CurrencyMismatch = "currency_mismatch", "05", "The payment was not allowed.";
    /// The date in the cryptogram is another one, or not today's.
    DateMismatch = "date_mismatch", "05", "The payment was not allowed.";
    /// The type of transaction in the cryptogram is another one.
    TypeMismatch = "type_mismatch", "05", "The payment was not allowed.";
    /// Another application answered.
    AidMismatch = "aid_mismatch", "05", "The payment was not allowed.";
    /// A tap that was answered by the contact profile, or the other way round.
    ProfileMismatch = "profile_mismatch", "05", "The payment was not allowed.";
    /// Number, expiry or sequence number are not the token's.
    TokenDataMismatch = "token_data_mismatch", "05", "The payment was not allowed.";
    /// The verification claimed is not the one in the cryptogram.
    VerificationForged = "verification_forged", "05", "The payment was not allowed.";
    /// The cryptogram is of another key set, version or algorithm than the token's.
    KeySchemeMismatch = "key_scheme_mismatch", "05", "The payment was not allowed.";
    /// The card did not ask for an online answer (it declined, or approved offline).
    NotAnOnlineRequest = "not_an_online_request", "05", "The payment was not allowed.";
    /// The code was shown too long ago, or its clock is ahead.
    CodeExpired = "code_expired", "54", "This code is no longer valid. Please show a new one.";
    /// The shop is another one than the customer approved.
    PlaceMismatch = "place_mismatch", "05", "The payment was not allowed.";
    /// The cryptogram is wrong.
    CryptogramWrong = "cryptogram_wrong", "05", "The payment was not allowed.";
    /// A payment without a cryptogram.
    CryptogramMissing = "cryptogram_missing", "57", "This card cannot be used in this way.";
    // The gateway: the counter.
    /// The counter was seen before.
    CounterReplayed = "counter_replayed", "05", "This payment was already made.";
    /// The counter is below the window.
    CounterTooOld = "counter_too_old", "05", "This payment came too late.";
    /// The counter jumped too far ahead.
    CounterTooFar = "counter_too_far", "05", "The payment was not allowed.";
    /// No key was ever issued for this counter.
    CounterNotIssued = "counter_not_issued", "59", "The payment was not allowed.";
    /// The keys of this counter were revoked when the token was suspended.
    KeysRevoked = "keys_revoked", "62", "Please open the app once and try again.";
    // The gateway: domain controls and limits.
    /// Not in this way (tap, contact, QR, transit, in-app).
    ModeNotAllowed = "mode_not_allowed", "57", "This card cannot be used in this way.";
    /// Not at this kind of merchant.
    MerchantNotAllowed = "merchant_not_allowed", "57", "This card cannot be used at this merchant.";
    /// Not in this currency.
    CurrencyNotAllowed = "currency_not_allowed", "57", "This card cannot be used in this currency.";
    /// Not in this country.
    CountryNotAllowed = "country_not_allowed", "57", "This card cannot be used in this country.";
    /// The customer must verify on the device first.
    VerificationRequired = "verification_required", "57", "Please unlock your phone and tap again.";
    /// Over the limit of one payment.
    AmountOverLimit = "amount_over_limit", "61", "This payment is over the card's limit.";
    /// Over the limit of one payment by a code on the phone's screen.
    CodeOverLimit = "code_over_limit", "61", "This payment is over the limit for codes. Please tap instead.";
    /// Over the limit of a day's payments by codes on the phone's screen.
    CodeDailyOverLimit = "code_daily_over_limit", "61", "This payment is over today's limit for codes. Please tap instead.";
    /// Over the limit of a day's payments.
    DailyAmountOverLimit = "daily_amount_over_limit", "61", "This payment is over the card's daily limit.";
    /// Too many payments today.
    DailyCountOverLimit = "daily_count_over_limit", "65", "This card was used too often today.";
    // The gateway: what refers to an earlier payment.
    /// There is no such earlier payment of this token.
    OriginalUnknown = "original_unknown", "25", "The original payment was not found.";
    /// The earlier payment cannot be followed by this (declined, reversed, done already).
    OriginalNotOpen = "original_not_open", "12", "This is not possible for the original payment.";
    /// More than the earlier payment.
    OriginalAmountExceeded = "original_amount_exceeded", "64", "This is more than the original payment.";
    /// The reversal of this message came before it.
    ReversedBefore = "reversed_before", "94", "This payment was already cancelled.";
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_the_same_when_stored() {
        let codes: std::collections::BTreeSet<_> = Refusal::ALL.iter().map(|r| r.code()).collect();
        assert_eq!(codes.len(), Refusal::ALL.len());
        for refusal in Refusal::ALL {
            assert_eq!(serde_json::to_string(refusal).unwrap(), format!("\"{}\"", refusal.code()));
            assert!(refusal.text().ends_with('.') && refusal.response_code().len() == 2, "{refusal}");
        }
    }
}
