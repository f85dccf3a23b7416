//! What reader and card tell one another before a tap is decided.

use super::bits::bit_object;

bit_object! {
    /// Terminal transaction qualifiers, tag `9F66` (JR/T 0025.12 table 3; EMV Contactless Book C-7).
    Ttq[4] {
        MAGSTRIPE_MODE = 1:8 "magnetic stripe mode supported",
        STANDARD_DEBIT_CREDIT = 1:7 "contactless standard debit/credit supported",
        QUICS = 1:6 "qPBOC / qUICS (EMV mode) supported",
        CONTACT_CHIP = 1:5 "contact chip supported",
        OFFLINE_ONLY = 1:4 "reader is offline only",
        ONLINE_PIN = 1:3 "online PIN supported",
        SIGNATURE = 1:2 "signature supported",
        ODA_FOR_ONLINE = 1:1 "offline data authentication for online authorisations supported",
        ONLINE_CRYPTOGRAM_REQUIRED = 2:8 "online cryptogram required",
        CVM_REQUIRED = 2:7 "cardholder verification required",
        OFFLINE_PIN = 2:6 "offline PIN (contact) supported",
        ISSUER_UPDATE = 3:8 "issuer update supported",
        CONSUMER_DEVICE_CVM = 3:7 "verification on the consumer's device supported",
        FDDA_VERSION_01 = 4:8 "fDDA version 01 supported",
    }
}

bit_object! {
    /// Card transaction qualifiers, tag `9F6C` (EMV Contactless Books C-3 and C-7).
    Ctq[2] {
        ONLINE_PIN_REQUIRED = 1:8 "online PIN required",
        SIGNATURE_REQUIRED = 1:7 "signature required",
        ONLINE_IF_ODA_FAILS = 1:6 "go online if offline data authentication fails",
        SWITCH_IF_ODA_FAILS = 1:5 "switch to contact if offline data authentication fails",
        ONLINE_IF_EXPIRED = 1:4 "go online if the application has expired",
        SWITCH_FOR_CASH = 1:3 "switch to contact for cash",
        SWITCH_FOR_CASHBACK = 1:2 "switch to contact for cashback",
        NOT_FOR_ATM = 1:1 "not valid for contactless cash machines",
        DEVICE_VERIFIED = 2:8 "customer verified on the device",
        ISSUER_UPDATE = 2:7 "issuer update supported",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_stand_where_the_tables_put_them() {
        let ttq = Ttq::from_bytes([0x26, 0x00, 0x40, 0x80]);
        assert!(ttq.has(Ttq::QUICS) && ttq.has(Ttq::ONLINE_PIN) && ttq.has(Ttq::SIGNATURE));
        assert!(ttq.has(Ttq::CONSUMER_DEVICE_CVM) && ttq.has(Ttq::FDDA_VERSION_01));
        let required = ttq.with(Ttq::ONLINE_CRYPTOGRAM_REQUIRED).with(Ttq::CVM_REQUIRED);
        assert_eq!(required.to_bytes(), [0x26, 0xC0, 0x40, 0x80]);
        assert_eq!(required.without(Ttq::CVM_REQUIRED).to_bytes(), [0x26, 0x80, 0x40, 0x80]);
        assert_eq!(Ctq::default().with(Ctq::DEVICE_VERIFIED).to_bytes(), [0, 0x80]);
        assert_eq!(Ctq::parse(&[1]), None);
        assert_eq!(Ttq::from_bytes([0x20, 0, 0, 0]).meanings().count(), 1);
    }
}
