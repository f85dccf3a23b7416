//! What a message to the acquirer needs of a tap, as typed values, and what comes back.
//!
//! The terminal knows no host message: whoever drives the machine puts these into one.

use crate::outcome::Cvm;
use crate::sale::{Interface, SaleKind};
use emv::objects::TrackTwo;
use values::time::Civil;
use values::{Expiry, LastFour, Money, TokenNumber};

/// A card's wish to be authorised: everything an acquirer's message carries about it.
#[derive(Clone, Debug)]
pub struct OnlineRequest {
    /// Track 2 equivalent data 57, DE 35: in it the number (DE 2) and the expiry (DE 14). It prints masked.
    pub track_two: TrackTwo,
    /// The number's sequence number 5F34, DE 23.
    pub sequence_number: Option<u8>,
    /// Chip data, DE 55, at most 255 bytes.
    pub icc_data: Vec<u8>,
    /// Amount, DE 4 and DE 49; equal to 9F02 and 5F2A in the chip data.
    pub amount: Money,
    /// Kind of sale, DE 3.
    pub kind: SaleKind,
    /// Civil date and time, DE 12 and DE 13.
    pub at: Civil,
    /// How the card was read, DE 22 (`Interface::entry_mode`).
    pub interface: Interface,
    /// How the customer was verified; with `Cvm::OnlinePin` the driver has to collect the PIN.
    pub cvm: Cvm,
    /// Unpredictable number 9F37.
    pub unpredictable_number: [u8; 4],
    /// Sequence counter 9F41.
    pub sequence: u32,
    /// Dedicated file name 84 of the application.
    pub aid: Vec<u8>,
    /// Application transaction counter 9F36.
    pub transaction_counter: u16,
    /// Cryptogram 9F26.
    pub cryptogram: [u8; 8],
    /// Cryptogram information data 9F27: 80 asks the host, 40 approved offline, 00 refused.
    pub cryptogram_information: u8,
    /// Issuer application data 9F10.
    pub issuer_application_data: Vec<u8>,
    /// Terminal verification results 95.
    pub verification_results: [u8; 5],
    /// Last four digits of the card behind the token, 9F25.
    pub card_last_four: Option<LastFour>,
    /// Payment account reference 9F24.
    pub account_reference: Option<String>,
    /// Token requestor 9F19, eleven digits.
    pub token_requestor: Option<String>,
}

impl OnlineRequest {
    /// The number as a token's; `None` only if the terminal was told to ignore check digits.
    pub fn token(&self) -> Option<TokenNumber> {
        self.track_two.token().ok()
    }

    /// Digits of the number, for DE 2.
    pub fn number_digits(&self) -> &[u8] {
        self.track_two.number_digits()
    }

    /// Last month in which it is good, for DE 14.
    pub fn expiry(&self) -> Expiry {
        self.track_two.expiry()
    }
}

/// The host's answer, out of its message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostAnswer {
    /// Response code DE 39, two ASCII characters; `00` approves.
    pub response_code: [u8; 2],
    /// Approval code DE 38.
    pub approval_code: Option<String>,
    /// Issuer authentication data: value of tag 91.
    pub issuer_authentication_data: Option<Vec<u8>>,
    /// Issuer scripts: the objects 71 and 72 with tag and length, one after another.
    pub scripts: Vec<u8>,
}

impl HostAnswer {
    /// Whether the host approved the whole amount (`00`).
    pub fn approves(&self) -> bool {
        &self.response_code == b"00"
    }

    /// Whether the host booked anything: `10` approves a part, which this terminal does not take.
    pub fn may_have_booked(&self) -> bool {
        self.approves() || &self.response_code == b"10"
    }
}
