//! All published codes, and those of answers to a reversal.

use super::Advice as A;
use super::Kind::{self, Business as B, None as N, Technical as T};
use super::Moved::{self, Ask, Debited, No, Reversing, Stuck, Yes};
use super::Side::{
    self, Acquirer, All, Banks, Beneficiary, Credentials, International, PayeePsp, PayerPsp, Remitter, Switch,
};
use super::{Advice, Code};

/// The rows of a code: most have one; a few mean different things of different sides.
pub fn find(code: &str, side: Option<Side>) -> Option<&'static Code> {
    let rows = || TABLE.iter().filter(|row| row.code == code);
    rows().find(|row| Some(row.side) == side).or_else(|| rows().next())
}

/// All rows.
pub fn all() -> &'static [Code] {
    TABLE
}

const fn row(
    code: &'static str,
    side: Side,
    kind: Kind,
    moved: Moved,
    advice: Advice,
    meaning: &'static str,
) -> Code {
    Code { code, side, kind, moved, advice, meaning }
}

const TABLE: &[Code] = &[
    row("00", All, N, Yes, A::Done, "success"),
    row("01", All, N, Ask, A::BeingChecked, "pending"),
    row("U01", Switch, T, Ask, A::BeingChecked, "duplicate request"),
    row("U02", Switch, B, No, A::LimitReached, "above the cap of an amount"),
    row("U03", Switch, B, No, A::BankDown, "net debit cap of the bank reached"),
    row("U04", Switch, T, No, A::NotDebited, "request not found"),
    row("U05", Switch, T, No, A::NotDebited, "malformed"),
    row("U06", Switch, T, No, A::NotDebited, "transaction id differs"),
    row("U07", Switch, T, No, A::NotDebited, "validation failed"),
    row("U08", Switch, T, No, A::NotDebited, "internal error of the switch"),
    row("U09", Switch, T, No, A::PayeeDown, "authorisation leg timed out"),
    row("U10", Switch, B, No, A::NotDebited, "illegal operation"),
    row("U11", Switch, B, No, A::NotDebited, "credential absent"),
    row("U12", Switch, T, No, A::NotDebited, "amount or currency differs"),
    row("U14", Switch, T, No, A::NotDebited, "encryption error"),
    row("U15", Switch, T, No, A::NotDebited, "checksum failed"),
    row("U16", Switch, B, No, A::Suspicious, "risk threshold exceeded"),
    row("U17", Switch, B, No, A::NotDebited, "organisation unknown"),
    row("U18", Switch, T, No, A::PayeeDown, "authorisation leg not acknowledged"),
    row("U19", Switch, B, No, A::NotDebited, "authorisation declined: the paired code says why"),
    row("U20", Switch, T, No, A::PayeeDown, "authorisation leg timed out"),
    row("U26", Switch, T, Ask, A::BeingChecked, "credit or debit request not acknowledged"),
    row("U27", Switch, T, No, A::PayeeDown, "PSP silent or down"),
    row("U28", Switch, T, No, A::BankDown, "payer's bank not available (older lists: PSP not available)"),
    row("U29", Switch, B, No, A::AddressUnknown, "address not resolved: the paired code says why"),
    row("U30", Switch, B, No, A::NotDebited, "debit failed: the bank's code says why"),
    row("U31", Switch, B, Reversing, A::ComesBack, "credit failed: the bank's code says why"),
    row("U32", Switch, T, Yes, A::BeingChecked, "credit could not be reverted"),
    row("U33", Switch, T, Yes, A::BeingChecked, "debit could not be reverted"),
    row("U34", Switch, N, Reversing, A::ComesBack, "reverted"),
    row("U35", Switch, T, Ask, A::BeingChecked, "answer or request already seen"),
    row("U36", Switch, T, Ask, A::BeingChecked, "answer or request already seen"),
    row("U37", Switch, N, Reversing, A::ComesBack, "reversal sent"),
    row("U38", Switch, T, Ask, A::BeingChecked, "answer or request already seen"),
    row("U39", Switch, T, Ask, A::BeingChecked, "already failed"),
    row("U52", Switch, B, No, A::NotDebited, "organisation not registered, or no Head"),
    row("U53", Switch, T, Ask, A::BeingChecked, "debit request not acknowledged"),
    row(
        "U54",
        Switch,
        T,
        No,
        A::NotDebited,
        "content differs from the first request, or from the credential",
    ),
    row("U55", Switch, T, No, A::NotDebited, "organisation differs from the signing key's"),
    row("U56", Switch, T, No, A::NotDebited, "content differs from the first request"),
    row("U57", Switch, T, No, A::NotDebited, "content differs from the first request"),
    row("U58", Switch, T, No, A::NotDebited, "content differs from the first request"),
    row("U59", Switch, T, No, A::NotDebited, "content differs from the first request"),
    row("U60", Switch, T, No, A::NotDebited, "content differs from the first request"),
    row("U61", Switch, T, No, A::NotDebited, "content differs from the first request"),
    row("U62", Switch, T, No, A::NotDebited, "content differs from the first request"),
    row("U63", Switch, T, No, A::DeviceUnbound, "device registration failed"),
    row("U64", Switch, T, No, A::DeviceUnbound, "device registration: data has not four parts"),
    row("U65", Switch, T, No, A::DeviceUnbound, "device registration: credential data malformed"),
    row("U66", Switch, B, No, A::DeviceUnbound, "device fingerprint differs"),
    row("U67", Switch, T, Ask, A::BeingChecked, "debit timed out"),
    row("U68", Switch, T, Debited, A::BeingChecked, "credit timed out"),
    row("U69", Switch, B, No, A::Expired, "collect expired"),
    row("U70", Switch, T, Ask, A::BeingChecked, "late answer"),
    row("U74", Switch, T, No, A::DetailsDiffer, "account differs"),
    row("U75", Switch, T, No, A::DetailsDiffer, "account differs"),
    row("U76", Switch, B, No, A::CardRefused, "the bank's format of registration asks for more"),
    row("U77", Switch, T, No, A::MerchantRefused, "merchant blocked"),
    row("U78", Switch, T, No, A::PayeeDown, "payee's bank offline"),
    row("U80", Switch, T, No, A::NotDebited, "throttled"),
    row("U81", Switch, T, No, A::NotDebited, "declined up front: a bank is not well"),
    row("U82", Switch, T, Debited, A::BeingChecked, "read timeout of the credit"),
    row("U84", Switch, T, No, A::NotDebited, "declined up front: a bank is not well"),
    row("U85", Switch, T, No, A::BankDown, "could not connect for the debit"),
    row("U86", Switch, T, No, A::NotDebited, "throttled"),
    row("U87", Switch, T, Ask, A::BeingChecked, "read timeout of the debit"),
    row("U88", Switch, T, Debited, A::ComesBack, "could not connect for the credit"),
    row("U89", Switch, T, No, A::NotDebited, "throttled"),
    row("U90", Switch, T, No, A::NotDebited, "declined up front: a bank is not well"),
    row("U91", Switch, T, No, A::NotDebited, "declined up front: a bank is not well"),
    row("U92", Switch, T, No, A::PayeeDown, "PSP silent or down"),
    row("U93", Switch, T, No, A::PayeeDown, "PSP silent or down"),
    row("U94", Switch, T, No, A::NotDebited, "throttled"),
    row("U95", Switch, B, No, A::AddressUnknown, "form of address disabled"),
    row("U96", Switch, B, No, A::SameAccount, "payer and payee are one account"),
    row("U97", Switch, T, No, A::BankDown, "account request not acknowledged or refused"),
    row("U98", Switch, T, No, A::BankDown, "account request not acknowledged or refused"),
    row("U99", Switch, T, No, A::BankDown, "account request not acknowledged or refused"),
    row("S93", Switch, T, No, A::NotDebited, "throttled"),
    row("S94", Switch, T, No, A::NotDebited, "throttled"),
    row("HS1", Switch, T, No, A::NotDebited, "security module of the switch"),
    row("HS2", Switch, T, No, A::NotDebited, "security module of the switch"),
    row("HS3", Switch, T, No, A::NotDebited, "security module of the switch"),
    row("S95", Switch, T, Debited, A::BeingChecked, "dispatch failed after the debit"),
    row("S96", Switch, T, No, A::NotDebited, "dispatch failed"),
    row("S97", Switch, T, No, A::NotDebited, "dispatch failed"),
    row("S98", Switch, T, No, A::NotDebited, "dispatch failed"),
    row("UT", Switch, T, Ask, A::BeingChecked, "payer's bank timed out"),
    row("BT", Switch, T, Debited, A::BeingChecked, "payee's bank timed out"),
    row("RR", Switch, T, Stuck, A::BeingChecked, "reversal of the debit timed out"),
    row("RB", Switch, T, Stuck, A::BeingChecked, "reversal of the credit timed out: deemed"),
    row("RP", Switch, T, Stuck, A::BeingChecked, "partial reversal of the debit timed out"),
    row("21", Switch, T, No, A::NotDebited, "nothing moved, after a full reversal"),
    row("32", Switch, T, Stuck, A::BeingChecked, "partial reversal"),
    row("96", Banks, T, Stuck, A::BeingChecked, "reversal failed: a credit is deemed, a debit is stuck"),
    row("CS", Beneficiary, N, Yes, A::Done, "reversal answered: the credit stands"),
    row("NC", Beneficiary, N, Reversing, A::ComesBack, "reversal answered: the credit was not done"),
    row("ND", Remitter, N, No, A::NotDebited, "reversal answered: the debit was not done"),
    row("OC", Beneficiary, N, Reversing, A::ComesBack, "reversal answered: no such credit"),
    row("OD", Remitter, N, No, A::NotDebited, "reversal answered: no such debit"),
    row("Z9", Remitter, B, No, A::InsufficientFunds, "insufficient funds"),
    row("ZM", Remitter, B, No, A::WrongPin, "wrong PIN"),
    row("Z6", Remitter, B, No, A::PinBlocked, "PIN tries exceeded"),
    row("AM", Remitter, B, No, A::PinNotSet, "PIN not set"),
    row("Z7", Remitter, B, No, A::LimitReached, "too many payments"),
    row("Z8", Remitter, B, No, A::LimitReached, "limit of one payment"),
    row("ZU", Remitter, B, No, A::LimitReached, "limit of the bank"),
    row("FL", Remitter, B, No, A::NewUserLimit, "first payment above 5,000"),
    row("FP", Remitter, B, No, A::NewUserLimit, "first 24 hours above their cap"),
    row("B1", Remitter, B, No, A::MobileChanged, "mobile number changed or removed"),
    row("B3", Remitter, B, No, A::AccountRefused, "payment not permitted from the account"),
    row("B6", Remitter, T, No, A::DetailsDiffer, "details differ"),
    row("59", Remitter, B, No, A::Suspicious, "suspected fraud"),
    row("K1", Remitter, B, No, A::Suspicious, "suspected fraud"),
    row("XB", Remitter, B, No, A::AccountRefused, "any other reason"),
    row("XD", Remitter, B, No, A::NotDebited, "invalid amount"),
    row("XF", Remitter, B, No, A::NotDebited, "format error"),
    row("XH", Remitter, B, No, A::AccountRefused, "no such account"),
    row("XJ", Remitter, B, No, A::AccountRefused, "function not supported"),
    row("XL", Remitter, B, No, A::CardRefused, "card expired"),
    row("XN", Remitter, B, No, A::CardRefused, "no such card"),
    row("XP", Remitter, B, No, A::CardRefused, "not permitted to the card"),
    row("XR", Remitter, B, No, A::CardRefused, "restricted card"),
    row("XV", Remitter, B, No, A::AccountRefused, "compliance"),
    row("YA", Remitter, B, No, A::CardRefused, "lost or stolen card"),
    row("YC", Remitter, B, No, A::AccountRefused, "do not honour"),
    row("YE", Remitter, B, No, A::AccountRefused, "account frozen"),
    row("ZX", Remitter, B, No, A::AccountRefused, "account dormant"),
    row("IR", Remitter, T, No, A::BankDown, "internal error of the payer's bank"),
    row("HS", Remitter, T, No, A::BankDown, "security module of the payer's bank down"),
    row("LD", Remitter, T, No, A::BankDown, "pool account of the payer's bank"),
    row("XT", Remitter, T, No, A::BankDown, "cut-off of the payer's bank"),
    row("XY", Remitter, T, No, A::BankDown, "core banking of the payer's bank offline"),
    row("DT", Remitter, B, Ask, A::BeingChecked, "duplicate reference at the payer's bank"),
    row("DF", Beneficiary, B, Ask, A::BeingChecked, "duplicate reference at the payee's bank"),
    row("MR", Banks, B, No, A::DetailsDiffer, "payer's details changed by a merger"),
    row("MB", Banks, B, No, A::DetailsDiffer, "payee's details changed by a merger"),
    row("NO", Banks, T, No, A::NotDebited, "original not found (only in a status answer)"),
    row("IC", Remitter, B, No, A::MandateRefused, "nothing is blocked for the mandate"),
    row("ID", Remitter, B, No, A::MandateRefused, "above what is blocked"),
    row("IE", Remitter, B, No, A::InsufficientFunds, "funds are blocked for a mandate"),
    row("XC", Beneficiary, B, Reversing, A::ComesBack, "any other reason"),
    row("XE", Beneficiary, B, Reversing, A::ComesBack, "invalid amount"),
    row("XG", Beneficiary, B, Reversing, A::ComesBack, "format error"),
    row("XI", Beneficiary, B, Reversing, A::ComesBack, "no such account"),
    row("XK", Beneficiary, B, Reversing, A::ComesBack, "function not supported"),
    row("XM", Beneficiary, B, Reversing, A::ComesBack, "card expired"),
    row("XO", Beneficiary, B, Reversing, A::ComesBack, "no such card"),
    row("XQ", Beneficiary, B, Reversing, A::ComesBack, "not permitted to the card"),
    row("XS", Beneficiary, B, Reversing, A::ComesBack, "restricted card"),
    row("XW", Beneficiary, B, Reversing, A::ComesBack, "compliance"),
    row("YB", Beneficiary, B, Reversing, A::ComesBack, "lost or stolen card"),
    row("YD", Beneficiary, B, Reversing, A::ComesBack, "do not honour"),
    row("YF", Beneficiary, B, Reversing, A::ComesBack, "account frozen"),
    row("ZI", Beneficiary, B, Reversing, A::ComesBack, "suspected fraud"),
    row("ZY", Beneficiary, B, Reversing, A::ComesBack, "account dormant"),
    row("Z5", Beneficiary, B, Reversing, A::ComesBack, "credentials of the payee invalid"),
    row("PS", Beneficiary, B, Reversing, A::ComesBack, "cap of the balance reached"),
    row("UB", Beneficiary, T, Reversing, A::ComesBack, "internal error of the payee's bank"),
    row("LC", Beneficiary, T, Reversing, A::ComesBack, "pool account of the payee's bank"),
    row("XU", Beneficiary, T, Reversing, A::ComesBack, "cut-off of the payee's bank"),
    row("Y1", Beneficiary, T, Reversing, A::ComesBack, "core banking of the payee's bank offline"),
    row("X6", Acquirer, B, Reversing, A::ComesBack, "invalid merchant"),
    row("X7", Acquirer, T, Reversing, A::ComesBack, "merchant not reachable"),
    row("YH", Acquirer, T, Reversing, A::ComesBack, "error of the merchant"),
    row("ZA", PayerPsp, B, No, A::Declined, "declined by the payer"),
    row("ZH", PayeePsp, B, No, A::AddressUnknown, "address unknown"),
    row("UX", PayeePsp, B, No, A::AddressUnknown, "address expired"),
    row("ZG", PayeePsp, B, No, A::PayeeRefused, "address restricted"),
    row("ZE", PayeePsp, B, No, A::PayeeRefused, "not permitted to the address"),
    row("ZB", PayeePsp, B, No, A::MerchantRefused, "invalid merchant"),
    row("YG", PayeePsp, B, No, A::MerchantRefused, "error of the merchant"),
    row("X1", PayeePsp, B, No, A::Expired, "the payee's own time limit passed"),
    row("ZN", PayeePsp, B, No, A::PayeeRefused, "not offered by the payee's PSP"),
    row("ZO", PayeePsp, B, No, A::PayeeRefused, "not offered by the payee's PSP"),
    row("ZP", PayeePsp, B, No, A::PayeeRefused, "not offered by the payee's PSP"),
    row("TM", PayerPsp, B, No, A::RequesterBlocked, "requester blocked by the payer"),
    row("S0", PayerPsp, B, No, A::RequesterBlocked, "spam"),
    row("S1", PayerPsp, B, No, A::RequesterBlocked, "spam"),
    row("S2", PayerPsp, B, No, A::RequesterBlocked, "spam"),
    row("S3", PayerPsp, B, No, A::RequesterBlocked, "spam"),
    row("SA", PayerPsp, B, No, A::AccountKindRefused, "type of account not allowed"),
    row("RA", PayerPsp, B, No, A::SameAccount, "payer and payee are one account"),
    row("QA", PayerPsp, B, No, A::MandateRefused, "mandate paused"),
    row("QB", PayerPsp, B, No, A::MandateRefused, "mandate honoured already"),
    row("QC", PayerPsp, B, No, A::MandateRefused, "mandate revoked"),
    row("QD", PayerPsp, B, No, A::MandateRefused, "mandate expired"),
    row("QH", PayerPsp, B, No, A::MandateRefused, "mandate: amount"),
    row("QI", PayerPsp, B, No, A::MandateRefused, "mandate: payee"),
    row("QK", PayerPsp, B, No, A::MandateRefused, "mandate: limit"),
    row("QL", PayerPsp, B, No, A::MandateRefused, "mandate: cap"),
    row("QR", PayerPsp, B, No, A::MandateRefused, "mandate: day"),
    row("QS", PayerPsp, B, No, A::MandateRefused, "mandate: profile of the payer gone"),
    row("QU", PayerPsp, B, No, A::MandateRefused, "mandate: account changed"),
    row("VX", PayerPsp, B, No, A::MandateRefused, "mandate: payee is no merchant"),
    row("VA", Remitter, B, No, A::MandateRefused, "mandate refused"),
    row("VB", Remitter, B, No, A::MandateRefused, "mandate: differs from what was signed"),
    row("VC", Remitter, B, No, A::MandateRefused, "mandate: differs from what was signed"),
    row("VD", Remitter, B, No, A::MandateRefused, "mandate: differs from what was signed"),
    row("VE", Remitter, B, Yes, A::BeingChecked, "mandate refused, though money moved"),
    row("VF", Remitter, B, No, A::MandateRefused, "mandate: differs from what was signed"),
    row("VG", Remitter, B, No, A::MandateRefused, "mandate: differs from what was signed"),
    row("VH", Remitter, B, No, A::MandateRefused, "mandate: differs from what was signed"),
    row("VI", Remitter, B, No, A::MandateRefused, "mandate: differs from what was signed"),
    row("VJ", Remitter, B, No, A::MandateRefused, "mandate: differs from what was signed"),
    row("VK", Remitter, B, No, A::MandateRefused, "mandate refused (two meanings are published)"),
    row("VL", Remitter, B, No, A::AccountKindRefused, "mandate: not on an account of this type"),
    row("VO", Remitter, B, No, A::MandateRefused, "mandate stopped by a court or a death"),
    row("VP", Remitter, B, No, A::MandateRefused, "mandate stopped by a court or a death"),
    row("VQ", Remitter, B, No, A::MandateRefused, "mandate stopped by a court or a death"),
    row("VR", Remitter, B, No, A::MandateRefused, "mandate stopped by a court or a death"),
    row("VS", Remitter, B, No, A::MandateRefused, "mandate refused"),
    row("VT", Remitter, B, No, A::MandateRefused, "mandate paused"),
    row("VU", Remitter, B, No, A::MandateRefused, "mandate: differs from what was signed"),
    row("VV", Remitter, B, No, A::MandateRefused, "mandate refused"),
    row("VW", Remitter, B, No, A::MandateRefused, "mandate refused"),
    row("VX", Remitter, B, No, A::MandateRefused, "mandate refused"),
    row("VY", Remitter, B, No, A::MandateRefused, "mandate: differs from what was signed"),
    row("VZ", Remitter, B, No, A::MandateRefused, "mandate stopped by a court or a death"),
    row("ZR", Credentials, B, No, A::OtpWrong, "one-time password wrong"),
    row("ZS", Credentials, B, No, A::OtpExpired, "one-time password too old"),
    row("ZT", Credentials, B, No, A::OtpTries, "one-time password tried too often"),
    row("RM", Credentials, B, No, A::PinPolicy, "PIN against the bank's rules"),
    row("RN", Credentials, B, No, A::RegistrationBlocked, "registration blocked"),
    row("RZ", Credentials, B, No, A::AlreadyRegistered, "registered already"),
    row("SP", Credentials, B, No, A::CardPinWrong, "PIN of the card wrong"),
    row("AJ", Credentials, B, No, A::CardRefused, "card inactive"),
    row("B2", Credentials, B, No, A::SeveralCustomers, "several names for the number"),
    row("B7", Credentials, T, No, A::CardSystemDown, "card system of the bank down"),
    row("BR", Credentials, B, No, A::SeveralCustomers, "several customer ids for the number"),
    row("HS", Credentials, T, No, A::CardSystemDown, "security module of the bank down"),
    row("IN", International, B, No, A::AbroadRefused, "payments abroad are off"),
    row("CN", International, B, No, A::AbroadRefused, "country not served"),
    row("IV", International, B, No, A::AbroadRefused, "token invalid"),
    row("PE", International, B, No, A::AbroadRefused, "validity passed"),
    row("RD", International, B, No, A::AbroadRefused, "refused"),
    row("SD", International, B, No, A::AbroadRefused, "inactive"),
    row("52", Credentials, T, No, A::NotDebited, "device balance: reference wrong"),
    row("12", Credentials, T, No, A::NotDebited, "device balance: transaction id wrong"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The list as it is published, written down a second time.
    #[test]
    fn every_published_code_has_its_row() {
        let mut expected: Vec<String> = "00 01 U26 U53 U27 U92 U93 U28 U29 U30 U31 U32 U33 U34 U37 U35 U36 U38 U39 U66 U67 \
            U87 U68 U82 U69 U70 U74 U75 U76 U77 U78 U80 U86 U89 U94 S93 S94 U81 U84 U90 U91 U85 U88 U95 U96 U97 U98 U99 \
            HS1 HS2 HS3 S95 S96 S97 S98 UT BT RR RB RP 21 32 Z9 ZM Z6 AM Z7 Z8 ZU FL FP B1 B3 B6 59 K1 XB XD XF XH XJ XL \
            XN XP XR XV YA YC YE ZX IR HS LD XT XY DT DF MR MB NO IC ID IE XC XE XG XI XK XM XO XQ XS XW YB YD YF ZI ZY \
            Z5 PS UB LC XU Y1 X6 X7 YH ZA ZH UX ZG ZE ZB YG X1 ZN ZO ZP TM S0 S1 S2 S3 SA RA QA QB QC QD QH QI QK QL QR QS \
            QU VX VE VO VP VQ VR VZ VS VT VU VV VW VY ZR ZS ZT RM RN RZ SP AJ B2 B7 BR IN CN IV PE RD SD 96 CS NC ND OC \
            OD 52 12 U09 U18 U20 U10 U11 U12 U14 U15 U16 U17 U52 U19 U63 U64 U65"
            .split_ascii_whitespace().map(str::to_owned).collect();
        expected.extend((1..=8).map(|n| format!("U0{n}")));
        expected.extend((54..=62).map(|n| format!("U{n}")));
        expected.extend(('A'..='L').map(|letter| format!("V{letter}")));
        expected.sort();
        expected.dedup();
        let mut found: Vec<&str> = all().iter().map(|row| row.code).collect();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, expected);
    }

    #[test]
    fn no_code_stands_twice_for_one_side_and_none_promises_too_much() {
        for (place, row) in all().iter().enumerate() {
            let again =
                all()[place + 1..].iter().any(|other| (other.code, other.side) == (row.code, row.side));
            assert!(!again, "{} {:?}", row.code, row.side);
            assert_eq!(row.moved == No, row.advice.says_nothing_moved(), "{}", row.code);
            assert!(
                row.moved != Yes || matches!(row.advice, Advice::Done | Advice::BeingChecked),
                "{}",
                row.code
            );
        }
        assert_eq!(find("HS", Some(Credentials)).unwrap().side, Credentials);
        assert_eq!(find("HS", Some(Remitter)).unwrap().side, Remitter);
        assert_eq!(find("HS", None).unwrap().side, Remitter);
        assert_eq!(find("QQ", None), None);
    }
}
