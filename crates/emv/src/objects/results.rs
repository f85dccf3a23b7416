//! What terminal and card found out: verification results, profile, kind of cryptogram.

use super::bits::bit_object;

bit_object! {
    /// Terminal verification results, tag `95` (EMV 4.4 Book 3, Annex C5).
    Tvr[5] {
        ODA_NOT_PERFORMED = 1:8 "offline data authentication was not performed",
        SDA_FAILED = 1:7 "static data authentication failed",
        ICC_DATA_MISSING = 1:6 "card data missing",
        ON_EXCEPTION_FILE = 1:5 "card is on the exception file",
        DDA_FAILED = 1:4 "dynamic data authentication failed",
        CDA_FAILED = 1:3 "combined data authentication failed",
        SDA_SELECTED = 1:2 "static data authentication selected",
        VERSIONS_DIFFER = 2:8 "card and terminal have different application versions",
        EXPIRED = 2:7 "application has expired",
        NOT_YET_EFFECTIVE = 2:6 "application is not yet effective",
        SERVICE_NOT_ALLOWED = 2:5 "requested service not allowed for this card",
        NEW_CARD = 2:4 "new card",
        CVM_FAILED = 3:8 "cardholder verification failed",
        CVM_UNKNOWN = 3:7 "unknown cardholder verification method",
        PIN_TRIES_EXCEEDED = 3:6 "PIN tries exceeded",
        PIN_PAD_MISSING = 3:5 "PIN required, PIN pad missing or out of order",
        PIN_NOT_ENTERED = 3:4 "PIN required, PIN pad present, PIN not entered",
        ONLINE_PIN_ENTERED = 3:3 "online PIN entered",
        OVER_FLOOR_LIMIT = 4:8 "amount over the floor limit",
        LOWER_LIMIT_EXCEEDED = 4:7 "lower consecutive offline limit exceeded",
        UPPER_LIMIT_EXCEEDED = 4:6 "upper consecutive offline limit exceeded",
        CHOSEN_AT_RANDOM = 4:5 "chosen at random for online processing",
        FORCED_ONLINE = 4:4 "merchant forced the transaction online",
        DEFAULT_TDOL = 5:8 "default TDOL used",
        ISSUER_AUTHENTICATION_FAILED = 5:7 "issuer authentication failed",
        SCRIPT_FAILED_BEFORE = 5:6 "issuer script failed before the final GENERATE AC",
        SCRIPT_FAILED_AFTER = 5:5 "issuer script failed after the final GENERATE AC",
    }
}

bit_object! {
    /// Transaction status information, tag `9B` (EMV 4.4 Book 3, Annex C6).
    Tsi[2] {
        ODA_PERFORMED = 1:8 "offline data authentication was performed",
        CVM_PERFORMED = 1:7 "cardholder verification was performed",
        CARD_RISK_PERFORMED = 1:6 "card risk management was performed",
        ISSUER_AUTHENTICATION_PERFORMED = 1:5 "issuer authentication was performed",
        TERMINAL_RISK_PERFORMED = 1:4 "terminal risk management was performed",
        SCRIPT_PERFORMED = 1:3 "script processing was performed",
    }
}

bit_object! {
    /// Application interchange profile, tag `82` (EMV 4.4 Book 3, Annex C1).
    Aip[2] {
        SDA = 1:7 "static data authentication supported",
        DDA = 1:6 "dynamic data authentication supported",
        CARDHOLDER_VERIFICATION = 1:5 "cardholder verification supported",
        TERMINAL_RISK_MANAGEMENT = 1:4 "terminal risk management to be performed",
        ISSUER_AUTHENTICATION = 1:3 "issuer authentication supported",
        ON_DEVICE_VERIFICATION = 1:2 "on-device cardholder verification supported",
        CDA = 1:1 "combined data authentication supported",
        MAGSTRIPE_MODE = 2:8 "magnetic stripe mode (EMV mode in Book C-2)",
    }
}

bit_object! {
    /// UnionPay card verification results: the byte 03, then three bytes (JR/T 0025.5 Annex A).
    ///
    /// Byte 1 here is the length byte, so "CVR byte 2" of the specification is byte 2. The kinds of
    /// cryptogram are read with [`Cvr::first`] and [`Cvr::second`].
    Cvr[4] {
        ISSUER_AUTHENTICATION_FAILED = 2:4 "issuer authentication failed",
        OFFLINE_PIN_PERFORMED = 2:3 "PIN or device verification was performed",
        OFFLINE_PIN_FAILED = 2:2 "PIN or device verification failed",
        UNABLE_TO_GO_ONLINE = 2:1 "unable to go online",
        LAST_ONLINE_INCOMPLETE = 3:8 "last online transaction was not completed",
        PIN_BLOCKED = 3:7 "PIN is blocked",
        VELOCITY_EXCEEDED = 3:6 "a velocity limit was exceeded",
        NEW_CARD = 3:5 "new card",
        LAST_ISSUER_AUTHENTICATION_FAILED = 3:4 "issuer authentication failed in the last online transaction",
        ISSUER_AUTHENTICATION_MISSING = 3:3 "issuer authentication was not performed after the last online approval",
        BLOCKED_BY_PIN = 3:2 "application was blocked because PIN tries were used up",
        LAST_SDA_FAILED = 3:1 "static data authentication failed in the last transaction",
        SCRIPT_FAILED = 4:4 "an issuer script failed in the last transaction",
        LAST_DDA_FAILED = 4:3 "dynamic data authentication failed in the last transaction",
        DDA_PERFORMED = 4:2 "dynamic data authentication was performed",
    }
}

impl Cvr {
    /// Where a contactless card starts, before it decided: 03 00 00 00.
    pub const START: Cvr = Cvr::from_bytes([3, 0, 0, 0]);

    /// The results of a tap that ends with this kind at GET PROCESSING OPTIONS: 03A0.. for online, 0390..
    /// for offline, 0380.. for a decline; no second cryptogram was asked for.
    pub fn at_tap(kind: CryptogramKind) -> Cvr {
        Cvr([3, 0x80 | kind.code() << 4, 0, 0])
    }

    /// Kind of the first cryptogram of the transaction (byte 2 bits 6-5); `None` for the reserved value.
    pub fn first(self) -> Option<CryptogramKind> {
        CryptogramKind::from_code(self.0[1] >> 4 & 3)
    }

    /// Kind of the second cryptogram (byte 2 bits 8-7); `None` if it was not asked for.
    pub fn second(self) -> Option<CryptogramKind> {
        match CryptogramKind::from_code(self.0[1] >> 6) {
            Some(CryptogramKind::Arqc) | None => None,
            kind => kind,
        }
    }

    /// How many issuer script commands the card has received (byte 4 bits 8-5).
    pub fn scripts_received(self) -> u8 {
        self.0[3] >> 4
    }

    /// The same with the bits that say the customer was verified on the device: byte 2 bit 3.
    #[must_use]
    pub fn device_verified(self) -> Cvr {
        self.with(Cvr::OFFLINE_PIN_PERFORMED)
    }

    /// Whether the customer was verified on the device, and the verification did not fail.
    pub fn is_device_verified(self) -> bool {
        self.has(Cvr::OFFLINE_PIN_PERFORMED) && !self.has(Cvr::OFFLINE_PIN_FAILED)
    }
}

/// What a cryptogram says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CryptogramKind {
    /// Application authentication cryptogram: declined.
    Aac,
    /// Transaction certificate: approved offline.
    Tc,
    /// Authorisation request cryptogram: ask the issuer.
    Arqc,
}

impl CryptogramKind {
    fn from_code(code: u8) -> Option<CryptogramKind> {
        match code {
            0 => Some(CryptogramKind::Aac),
            1 => Some(CryptogramKind::Tc),
            2 => Some(CryptogramKind::Arqc),
            _ => None,
        }
    }

    fn code(self) -> u8 {
        match self {
            CryptogramKind::Aac => 0,
            CryptogramKind::Tc => 1,
            CryptogramKind::Arqc => 2,
        }
    }

    /// The cryptogram information data of this kind alone: 00, 40 or 80.
    pub fn cid(self) -> Cid {
        Cid(self.code() << 6)
    }
}

/// Cryptogram information data, tag `9F27` (EMV 4.4 Book 3, 6.5.5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cid(u8);

impl Cid {
    /// The byte of the wire.
    pub const fn from_bits(bits: u8) -> Cid {
        Cid(bits)
    }

    /// The byte of the wire.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Kind of the cryptogram; `None` for the reserved value.
    pub fn kind(self) -> Option<CryptogramKind> {
        CryptogramKind::from_code(self.0 >> 6)
    }

    /// Whether the card asks for an advice message (bit 4).
    pub fn advice_required(self) -> bool {
        self.0 & 0x08 != 0
    }

    /// The reason given (bits 3-1), in plain words; empty for none.
    pub fn reason(self) -> &'static str {
        match self.0 & 7 {
            0 => "",
            1 => "service not allowed",
            2 => "PIN tries exceeded",
            3 => "issuer authentication failed",
            _ => "reserved reason",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tap_has_the_card_results_of_the_specification() {
        for (kind, bytes) in [
            (CryptogramKind::Arqc, [3, 0xA0, 0, 0]),
            (CryptogramKind::Tc, [3, 0x90, 0, 0]),
            (CryptogramKind::Aac, [3, 0x80, 0, 0]),
        ] {
            let cvr = Cvr::at_tap(kind);
            assert_eq!((cvr.to_bytes(), cvr.first(), cvr.second()), (bytes, Some(kind), None));
            assert_eq!(kind.cid().kind(), Some(kind));
        }
        let verified = Cvr::at_tap(CryptogramKind::Arqc).device_verified();
        assert_eq!(verified.to_bytes(), [3, 0xA4, 0, 0]);
        assert!(verified.is_device_verified());
        assert!(!verified.with(Cvr::OFFLINE_PIN_FAILED).is_device_verified());
        assert_eq!(Cvr::from_bytes([3, 0xA4, 0x90, 0x32]).scripts_received(), 3);
        assert_eq!(Cid::from_bits(0xC9).kind(), None);
        assert!(Cid::from_bits(0x89).advice_required());
    }
}
