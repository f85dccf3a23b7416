//! How a transaction ended: one of a few endings, a stable reason, what to show and print.

use crate::lights::{Light, Message};
use crate::online::OnlineRequest;
use crate::receipt::Receipt;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The endings of EMV Contactless Book A, table 4-1. The online request is not among them: it is
/// `Step::AuthoriseOnline`, after which the transaction goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The sale is paid.
    Approved,
    /// The sale is not paid.
    Declined,
    /// The same sale may be tapped again, with a new unpredictable number.
    TryAgain,
    /// The customer has to act on the phone, then tap again.
    SeePhone,
    /// No application of the card is left to try.
    SelectNext,
    /// Insert or swipe instead.
    TryAnotherInterface,
    /// The application cannot be used; nothing was paid.
    EndApplication,
}

impl Ending {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Ending::Approved => "approved",
            Ending::Declined => "declined",
            Ending::TryAgain => "try_again",
            Ending::SeePhone => "see_phone",
            Ending::SelectNext => "select_next",
            Ending::TryAnotherInterface => "try_another_interface",
            Ending::EndApplication => "end_application",
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// How the customer was verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cvm {
    /// Not at all, and it was not required.
    #[default]
    None,
    /// On the customer's own device.
    Device,
    /// A PIN is asked for and goes to the host.
    OnlinePin,
    /// The receipt is signed.
    Signature,
    /// Required, and nothing fitted.
    Failed,
}

impl Cvm {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Cvm::None => "none",
            Cvm::Device => "device",
            Cvm::OnlinePin => "online_pin",
            Cvm::Signature => "signature",
            Cvm::Failed => "failed",
        }
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $sentence:literal;)*) => {
        /// Why. Codes are stable; sentences are for the customer.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// Every reason, for tables and tests.
            pub const ALL: &'static [Reason] = &[$(Reason::$name,)*];

            /// The stable code.
            pub fn code(self) -> &'static str {
                match self { $(Reason::$name => $code,)* }
            }

            /// A sentence for the customer.
            pub fn sentence(self) -> &'static str {
                match self { $(Reason::$name => $sentence,)* }
            }
        }
    };
}

reasons! {
    /// Card and terminal agreed without a host.
    ApprovedOffline = "approved_offline", "The payment is approved.";
    /// The host said yes.
    ApprovedOnline = "approved_online", "The payment is approved.";
    /// The host could not be reached and the card approved.
    ApprovedHostSilent = "approved_host_silent", "The payment is approved.";
    /// The host said no.
    HostDeclined = "host_declined", "The bank declined the payment.";
    /// No answer from the host; a reversal has to follow.
    HostSilent = "host_silent", "The bank cannot be reached. Nothing was paid.";
    /// The card itself answered with a refusal (AAC).
    CardDeclined = "card_declined", "The card declined the payment.";
    /// The terminal's own analysis refused.
    TerminalDeclined = "terminal_declined", "The payment cannot be made with this card.";
    /// The host approved, then the card refused or left: a reversal has to follow.
    CardRefusedAfterHost = "card_refused_after_host", "The card declined the payment.";
    /// The amount is not in the terminal's currency.
    CurrencyNotAccepted = "currency_not_accepted", "This terminal does not accept that currency.";
    /// The sale's date does not exist.
    InvalidSale = "invalid_sale", "This sale cannot be made.";
    /// The configuration contradicts itself.
    Misconfigured = "misconfigured", "This terminal is not set up.";
    /// An offline-only reader was asked for an amount of zero.
    AmountZero = "amount_zero", "This terminal cannot check a card without an amount.";
    /// The amount is not below the contactless limit of any application.
    AboveContactlessLimit = "above_contactless_limit", "Please insert the card for this amount.";
    /// The amount has more than twelve digits.
    AmountTooLarge = "amount_too_large", "The amount is too large.";
    /// The sale has been tried as often as the configuration allows.
    TooManyAttempts = "too_many_attempts", "The card could not be read. Please pay another way.";
    /// No common application.
    NoApplication = "no_application", "This card is not accepted here.";
    /// Every common application refused.
    ApplicationsExhausted = "applications_exhausted", "This card cannot be used here. Please try another way.";
    /// The phone wants its owner first.
    SeePhone = "see_phone", "Please unlock your phone and tap again.";
    /// The card left the field or the slot.
    CardRemoved = "card_removed", "The card was removed too early. Please try again.";
    /// More than one card in the field.
    SeveralCards = "several_cards", "Please present one card only.";
    /// More commands than the configuration allows.
    TooManyCommands = "too_many_commands", "The card could not be read.";
    /// An answer without a status word or longer than one may be.
    MalformedAnswer = "malformed_answer", "The card could not be read.";
    /// An answer that is no TLV.
    MalformedData = "malformed_data", "The card could not be read.";
    /// Another template than the command's.
    WrongTemplate = "wrong_template", "The card could not be read.";
    /// An object appears twice with different values, or twice in the records.
    DuplicateObject = "duplicate_object", "The card could not be read.";
    /// A mandatory object is missing.
    MissingObject = "missing_object", "The card could not be read.";
    /// An object has an impossible value.
    InvalidObject = "invalid_object", "The card could not be read.";
    /// A status word that ends the application.
    UnexpectedStatus = "unexpected_status", "The card could not be used.";
    /// The selected application calls itself by another name.
    ApplicationMismatch = "application_mismatch", "This card cannot be used here.";
    /// The card asks for data of more than 252 bytes.
    DataRequestTooLong = "data_request_too_long", "The card could not be read.";
    /// An answer of the magnetic-stripe kind.
    StripeMode = "stripe_mode", "This card cannot be used here.";
    /// The card number fails its check digit, or track 2 and 5A differ.
    InvalidNumber = "invalid_number", "The card could not be read.";
    /// Past its last day.
    Expired = "expired", "The card has expired.";
    /// On the terminal's exception list.
    OnExceptionList = "on_exception_list", "The card cannot be used.";
    /// Offline data authentication failed or was not possible.
    AuthenticationFailed = "authentication_failed", "The card could not be checked.";
    /// Certificates are there and the profile denies them.
    AuthenticationDowngraded = "authentication_downgraded", "The card could not be checked.";
    /// The qualifiers in the answer differ from those that were signed.
    QualifiersAltered = "qualifiers_altered", "The card could not be checked.";
    /// A device verification is claimed that nothing authenticated supports.
    UnprovenDeviceVerification = "unproven_device_verification", "Please verify yourself on the phone and tap again.";
    /// Verification is required and no method is common.
    NoVerificationMethod = "no_verification_method", "The customer cannot be verified here.";
    /// The card answered with a cryptogram above what was asked.
    UnexpectedCryptogram = "unexpected_cryptogram", "The card could not be used.";
    /// The card asks for the contact interface.
    ContactWanted = "contact_wanted", "Please insert the card.";
    /// An online cryptogram at a reader that has no line.
    OnlineNotPossible = "online_not_possible", "The bank cannot be asked from here.";
    /// The cashier gave up.
    Cancelled = "cancelled", "The payment was cancelled.";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The end of a transaction.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Which ending.
    pub ending: Ending,
    /// Why.
    pub reason: Reason,
    /// The last text on the display.
    pub message: Message,
    /// How the customer was verified.
    pub cvm: Cvm,
    /// What to print; `None` if no card number was read.
    pub receipt: Option<Receipt>,
    /// Everything the reader showed, in order.
    pub lights: Vec<Light>,
    /// A sale approved without the host: what an advice to the acquirer carries.
    pub offline_sale: Option<Box<OnlineRequest>>,
    /// The host approved or may have approved a sale that is not paid: the acquirer has to reverse it.
    pub reversal_needed: bool,
    /// How long to wait for the card to be taken away, in milliseconds; 0 if it does not matter.
    pub removal_timeout_ms: u32,
    /// How many commands the card was sent.
    pub commands: u16,
}

/// Why and how a transaction stops; what `?` carries through the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Halt {
    pub(crate) ending: Ending,
    pub(crate) reason: Reason,
}

impl Halt {
    pub(crate) fn end(reason: Reason) -> Halt {
        Halt { ending: Ending::EndApplication, reason }
    }

    pub(crate) fn declined(reason: Reason) -> Halt {
        Halt { ending: Ending::Declined, reason }
    }

    /// The text that belongs to this ending.
    pub(crate) fn message(self, cvm: Cvm) -> Message {
        match (self.ending, self.reason) {
            (Ending::Approved, _) if cvm == Cvm::Signature => Message::ApprovedSign,
            (Ending::Approved, _) => Message::Approved,
            (Ending::Declined, _) => Message::NotAuthorised,
            (Ending::TryAgain, Reason::SeveralCards) => Message::PresentOneCard,
            (Ending::TryAgain, _) => Message::PresentAgain,
            (Ending::SeePhone, _) => Message::SeePhone,
            (Ending::TryAnotherInterface, Reason::ContactWanted) => Message::InsertCard,
            (Ending::TryAnotherInterface, _) => Message::InsertOrSwipe,
            (Ending::SelectNext, _) => Message::TryAnotherCard,
            (Ending::EndApplication, Reason::NoApplication) => Message::TryAnotherCard,
            (Ending::EndApplication, _) => Message::ProcessingError,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_unique_and_sentences_end() {
        let codes: HashSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        assert!(Reason::ALL.iter().all(|reason| reason.sentence().ends_with('.')));
    }
}
