//! Issuer application data, tag `9F10`, in UnionPay's layout (JR/T 0025.5, 0025.12 annexes D and E).
//!
//! ```text
//! 07 | DKI | CVN | CVR (4) | algorithm | [ IDD length | IDD id | amounts of 5 bytes | MAC of 4 bytes ]
//! ```

use super::{Amount, Cvr};
use crate::inline::Inline;

/// Why bytes are not UnionPay issuer application data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuerDataError {
    /// Shorter than the eight fixed bytes, or the length byte is not 07.
    #[error("not the UnionPay layout")]
    Layout,
    /// A cryptogram version other than 01 and 17.
    #[error("unknown cryptogram version")]
    Version,
    /// Card verification results that do not start with 03.
    #[error("card verification results are not three bytes")]
    CardResults,
    /// The discretionary data does not have the length or form its id demands.
    #[error("issuer discretionary data is broken")]
    Discretionary,
}

/// Which data a UnionPay cryptogram covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CryptogramVersion {
    /// Version 01: eleven objects.
    V01,
    /// Version 17: amount, number, counter and one byte of results.
    V17,
}

impl CryptogramVersion {
    /// Reads the byte. Real traffic has hex 17; some public test scripts have hex 11 (decimal 17).
    pub fn from_bits(bits: u8) -> Option<CryptogramVersion> {
        match bits {
            0x01 => Some(CryptogramVersion::V01),
            0x17 | 0x11 => Some(CryptogramVersion::V17),
            _ => None,
        }
    }

    /// The byte that is sent: 01 or 17.
    pub fn bits(self) -> u8 {
        match self {
            CryptogramVersion::V01 => 0x01,
            CryptogramVersion::V17 => 0x17,
        }
    }
}

/// The byte that names the cipher: 01 triple DES, 04 SM4 (JR/T 0025.17); A1 AES is our own label.
pub type AlgorithmId = u8;

/// What the amounts in the discretionary data are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DiscretionaryKind {
    /// 01: electronic cash balance.
    Balance,
    /// 02: cumulative amount.
    Cumulative,
    /// 03: electronic cash balance, then cumulative amount.
    BalanceAndCumulative,
    /// 04: cumulative amount, then its limit.
    CumulativeAndLimit,
    /// 05: available offline amount.
    AvailableOffline,
}

impl DiscretionaryKind {
    fn from_id(id: u8) -> Option<DiscretionaryKind> {
        Some(match id {
            1 => DiscretionaryKind::Balance,
            2 => DiscretionaryKind::Cumulative,
            3 => DiscretionaryKind::BalanceAndCumulative,
            4 => DiscretionaryKind::CumulativeAndLimit,
            5 => DiscretionaryKind::AvailableOffline,
            _ => return None,
        })
    }

    /// The byte of the wire, 01 to 05.
    pub fn id(self) -> u8 {
        match self {
            DiscretionaryKind::Balance => 1,
            DiscretionaryKind::Cumulative => 2,
            DiscretionaryKind::BalanceAndCumulative => 3,
            DiscretionaryKind::CumulativeAndLimit => 4,
            DiscretionaryKind::AvailableOffline => 5,
        }
    }

    /// Names of its amounts, one or two.
    pub fn amount_names(self) -> &'static [&'static str] {
        match self {
            DiscretionaryKind::Balance => &["electronic cash balance"],
            DiscretionaryKind::Cumulative => &["cumulative amount"],
            DiscretionaryKind::BalanceAndCumulative => &["electronic cash balance", "cumulative amount"],
            DiscretionaryKind::CumulativeAndLimit => &["cumulative amount", "cumulative amount limit"],
            DiscretionaryKind::AvailableOffline => &["available offline amount"],
        }
    }
}

/// Issuer discretionary data: amounts the card reports, with their own MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Discretionary {
    /// What the amounts are.
    pub kind: DiscretionaryKind,
    /// The first amount; only its lower ten digits travel.
    pub first: Amount,
    /// The second amount, zero where the kind has one.
    pub second: Amount,
    /// MAC over counter and amounts under the MAC session key.
    pub mac: [u8; 4],
}

impl Discretionary {
    fn parse(value: &[u8]) -> Result<Discretionary, IssuerDataError> {
        let broken = IssuerDataError::Discretionary;
        let (&id, rest) = value.split_first().ok_or(broken)?;
        let kind = DiscretionaryKind::from_id(id).ok_or(broken)?;
        let (amounts, mac) = rest.split_last_chunk::<4>().ok_or(broken)?;
        if amounts.len() != 5 * kind.amount_names().len() {
            return Err(broken);
        }
        let amount = |place: usize| match amounts.get(5 * place..5 * place + 5) {
            None => Ok(Amount::ZERO),
            Some(five) => Amount::parse(&[&[0], five].concat()).map_err(|_| broken),
        };
        Ok(Discretionary { kind, first: amount(0)?, second: amount(1)?, mac: *mac })
    }

    /// The amounts as they travel: five bytes each.
    pub fn amount_bytes(&self) -> Inline<10> {
        let mut out = Inline::EMPTY;
        for amount in &[self.first, self.second][..self.kind.amount_names().len()] {
            assert!(out.extend(&amount.to_bytes()[1..]), "two amounts of five bytes fit");
        }
        out
    }
}

/// UnionPay issuer application data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IssuerApplicationData {
    /// Derivation key index: which set of issuer master keys.
    pub key_index: u8,
    /// Which data the cryptogram covers.
    pub version: CryptogramVersion,
    /// What the card decided and noticed.
    pub cvr: Cvr,
    /// Which cipher: 01 triple DES, 04 SM4, A1 AES (ours).
    pub algorithm: AlgorithmId,
    /// Amounts reported by the card, if any.
    pub discretionary: Option<Discretionary>,
}

impl IssuerApplicationData {
    /// Reads the value of tag `9F10`.
    pub fn parse(value: &[u8]) -> Result<IssuerApplicationData, IssuerDataError> {
        let (fixed, rest) = value.split_first_chunk::<8>().ok_or(IssuerDataError::Layout)?;
        let [7, key_index, version, cvr @ .., algorithm] = *fixed else {
            return Err(IssuerDataError::Layout);
        };
        if cvr[0] != 3 {
            return Err(IssuerDataError::CardResults);
        }
        let discretionary = match rest {
            [] | [0] => None,
            [length, idd @ ..] if usize::from(*length) == idd.len() => Some(Discretionary::parse(idd)?),
            _ => return Err(IssuerDataError::Discretionary),
        };
        Ok(IssuerApplicationData {
            key_index,
            version: CryptogramVersion::from_bits(version).ok_or(IssuerDataError::Version)?,
            cvr: Cvr::from_bytes(cvr),
            algorithm,
            discretionary,
        })
    }

    /// The value of tag `9F10`, at most 24 bytes.
    pub fn to_bytes(&self) -> Inline<32> {
        let [a, b, c, d] = self.cvr.to_bytes();
        let mut out = Inline::EMPTY;
        let mut fits = out.extend(&[7, self.key_index, self.version.bits(), a, b, c, d, self.algorithm]);
        if let Some(idd) = &self.discretionary {
            let amounts = idd.amount_bytes();
            fits &= out.extend(&[1 + amounts.len() as u8 + 4, idd.kind.id()]);
            fits &= out.extend(&amounts) && out.extend(&idd.mac);
        }
        assert!(fits, "8 + 2 + 10 + 4 bytes fit into 32");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::CryptogramKind;
    use proptest::prelude::*;

    #[test]
    fn the_layout_is_read_and_anything_else_refused() {
        let parse = |text: &str| IssuerApplicationData::parse(&hex::decode(text).unwrap());
        let plain = parse("07010103A0000001").unwrap();
        assert_eq!((plain.key_index, plain.version, plain.algorithm), (1, CryptogramVersion::V01, 1));
        assert_eq!((plain.cvr.first(), plain.discretionary), (Some(CryptogramKind::Arqc), None));
        assert_eq!(parse("07021103A0000004").unwrap().version, CryptogramVersion::V17);
        let idd = parse("07010103A00000010A010089868687AD2C9FA8").unwrap().discretionary.unwrap();
        assert_eq!((idd.kind, idd.first.minor()), (DiscretionaryKind::Balance, 89_868_687));
        for (text, expected) in [
            ("", IssuerDataError::Layout),
            ("07010103A00000", IssuerDataError::Layout),
            ("06010A03A0000001", IssuerDataError::Layout),
            ("07010A03A0000001", IssuerDataError::Version),
            ("07010104A0000001", IssuerDataError::CardResults),
            ("07010103A00000010B010089868687AD2C9FA8", IssuerDataError::Discretionary),
            ("07010103A00000010A030089868687AD2C9FA8", IssuerDataError::Discretionary),
            ("07010103A00000010A01008986868AAD2C9FA8", IssuerDataError::Discretionary),
            ("07010103A000000101", IssuerDataError::Discretionary),
        ] {
            assert_eq!(parse(text), Err(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_again(mut bytes in proptest::collection::vec(any::<u8>(), 0..33),
                                         like_unionpay in any::<bool>()) {
            if like_unionpay && bytes.len() >= 8 {
                (bytes[0], bytes[2], bytes[3]) = (7, 1, 3);
            }
            if let Ok(data) = IssuerApplicationData::parse(&bytes) {
                prop_assert_eq!(IssuerApplicationData::parse(&data.to_bytes()), Ok(data));
            }
        }
    }
}
