//! Answers to SELECT: file control information of applications and of the payment directories.
//!
//! Sources: EMV 4.4 Book 1, 11.3 and 12.2; EMV Contactless Book B, 3.3.1.

use crate::dol::Dol;
use crate::objects::Aid;
use crate::tag;
use crate::tlv::{self, Malformed, Tag};

/// Why an answer to SELECT cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FciError {
    /// Not TLV.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Not one template `6F`, or an object that must be there is not.
    #[error("object {0} missing")]
    Missing(Tag),
    /// An object whose value is not legal.
    #[error("object {0} has an illegal value")]
    Illegal(Tag),
}

/// What an application says of itself when it is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApplicationFci<'a> {
    /// Its full identifier (`84`).
    pub name: Aid,
    /// Label (`50`).
    pub label: Option<&'a [u8]>,
    /// Priority indicator (`87`).
    pub priority: Option<u8>,
    /// What it wants with GET PROCESSING OPTIONS (`9F38`).
    pub pdol: Option<Dol<'a>>,
    /// Languages (`5F2D`), two letters each.
    pub language: Option<&'a [u8]>,
    /// Code table of the preferred name (`9F11`).
    pub code_table: Option<u8>,
    /// Preferred name (`9F12`).
    pub preferred_name: Option<&'a [u8]>,
    /// Log file and number of records (`9F4D`, inside `BF0C`).
    pub log_entry: Option<[u8; 2]>,
}

impl<'a> ApplicationFci<'a> {
    /// An application with nothing but its name.
    pub fn named(name: Aid) -> ApplicationFci<'a> {
        ApplicationFci {
            name,
            label: None,
            priority: None,
            pdol: None,
            language: None,
            code_table: None,
            preferred_name: None,
            log_entry: None,
        }
    }

    /// Reads the data of an answer to SELECT of an application.
    pub fn parse(answer: &'a [u8]) -> Result<ApplicationFci<'a>, FciError> {
        let (name, proprietary) = read_fci(answer)?;
        let mut fci = ApplicationFci::named(Aid::parse(name).ok_or(FciError::Illegal(tag::DF_NAME))?);
        for object in tlv::objects(proprietary) {
            let object = object?;
            match object.tag {
                tag::APPLICATION_LABEL => fci.label = Some(object.value),
                tag::PRIORITY => fci.priority = Some(one_byte(object)?),
                tag::PDOL => fci.pdol = Some(Dol::parse(object.value)?),
                tag::LANGUAGE => fci.language = Some(object.value),
                tag::CODE_TABLE => fci.code_table = Some(one_byte(object)?),
                tag::PREFERRED_NAME => fci.preferred_name = Some(object.value),
                tag::ISSUER_DISCRETIONARY => {
                    let log = tlv::find(object.value, tag::LOG_ENTRY)?;
                    fci.log_entry = log.and_then(|value| value.try_into().ok());
                }
                _ => {}
            }
        }
        Ok(fci)
    }

    /// The data of the answer to SELECT.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        tlv::write_template(&mut out, tag::FCI, |fci| {
            tlv::write(fci, tag::DF_NAME, self.name.as_bytes());
            tlv::write_template(fci, tag::FCI_PROPRIETARY, |a5| {
                tlv::write_optional(a5, tag::APPLICATION_LABEL, self.label);
                tlv::write_optional(a5, tag::PRIORITY, self.priority.as_ref().map(std::slice::from_ref));
                tlv::write_optional(a5, tag::PDOL, self.pdol.map(Dol::as_bytes));
                tlv::write_optional(a5, tag::LANGUAGE, self.language);
                tlv::write_optional(a5, tag::CODE_TABLE, self.code_table.as_ref().map(std::slice::from_ref));
                tlv::write_optional(a5, tag::PREFERRED_NAME, self.preferred_name);
                if let Some(log) = &self.log_entry {
                    tlv::write_template(a5, tag::ISSUER_DISCRETIONARY, |bf0c| {
                        tlv::write(bf0c, tag::LOG_ENTRY, log);
                    });
                }
            });
        });
        out
    }
}

/// One application in a payment directory (template `61`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectoryEntry<'a> {
    /// Its identifier (`4F`).
    pub aid: Aid,
    /// Its label (`50`).
    pub label: Option<&'a [u8]>,
    /// Priority indicator (`87`): low nibble 1 is first and 0 is none, bit 8 asks for confirmation.
    pub priority: Option<u8>,
    /// Which contactless kernel (`9F2A`); UnionPay's is 07.
    pub kernel: Option<&'a [u8]>,
}

impl<'a> DirectoryEntry<'a> {
    /// Reads the value of a template `61`.
    pub fn parse(value: &'a [u8]) -> Result<DirectoryEntry<'a>, FciError> {
        let aid = tlv::find(value, tag::AID_DIRECTORY)?.ok_or(FciError::Missing(tag::AID_DIRECTORY))?;
        let mut entry = DirectoryEntry {
            aid: Aid::parse(aid).ok_or(FciError::Illegal(tag::AID_DIRECTORY))?,
            label: None,
            priority: None,
            kernel: None,
        };
        for object in tlv::objects(value) {
            let object = object?;
            match object.tag {
                tag::APPLICATION_LABEL => entry.label = Some(object.value),
                tag::PRIORITY => entry.priority = Some(one_byte(object)?),
                tag::KERNEL_IDENTIFIER => entry.kernel = Some(object.value),
                _ => {}
            }
        }
        Ok(entry)
    }

    /// Its place in the order of the card: 1 is first; entries without one come last (16).
    pub fn rank(&self) -> u8 {
        match self.priority.map_or(0, |indicator| indicator & 0xF) {
            0 => 16,
            place => place,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        tlv::write_template(out, tag::DIRECTORY_ENTRY, |entry| {
            tlv::write(entry, tag::AID_DIRECTORY, self.aid.as_bytes());
            tlv::write_optional(entry, tag::APPLICATION_LABEL, self.label);
            tlv::write_optional(entry, tag::PRIORITY, self.priority.as_ref().map(std::slice::from_ref));
            tlv::write_optional(entry, tag::KERNEL_IDENTIFIER, self.kernel);
        });
    }
}

/// The answer to SELECT of the contactless directory, `2PAY.SYS.DDF01`.
pub fn ppse(entries: &[DirectoryEntry<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    tlv::write_template(&mut out, tag::FCI, |fci| {
        tlv::write(fci, tag::DF_NAME, crate::apdu::PPSE_NAME);
        tlv::write_template(fci, tag::FCI_PROPRIETARY, |a5| {
            tlv::write_template(a5, tag::ISSUER_DISCRETIONARY, |bf0c| {
                entries.iter().for_each(|entry| entry.write(bf0c));
            });
        });
    });
    out
}

/// The entries of an answer to SELECT of the contactless directory. Broken entries are skipped
/// (EMV Contactless Book B, 3.3.2.5); a broken frame is an error.
pub fn parse_ppse(answer: &[u8]) -> Result<Vec<DirectoryEntry<'_>>, FciError> {
    let (_, proprietary) = read_fci(answer)?;
    let entries = tlv::find(proprietary, tag::ISSUER_DISCRETIONARY)?
        .ok_or(FciError::Missing(tag::ISSUER_DISCRETIONARY))?;
    directory_entries(entries)
}

/// The answer to SELECT of the contact directory, `1PAY.SYS.DDF01`, whose records stand in file `sfi` (1 to 10).
pub fn pse(sfi: u8, language: Option<&[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    tlv::write_template(&mut out, tag::FCI, |fci| {
        tlv::write(fci, tag::DF_NAME, crate::apdu::PSE_NAME);
        tlv::write_template(fci, tag::FCI_PROPRIETARY, |a5| {
            tlv::write(a5, tag::SFI, &[sfi]);
            tlv::write_optional(a5, tag::LANGUAGE, language);
        });
    });
    out
}

/// The file in which the contact directory keeps its records, 1 to 10.
pub fn parse_pse(answer: &[u8]) -> Result<u8, FciError> {
    let (_, proprietary) = read_fci(answer)?;
    match tlv::find(proprietary, tag::SFI)? {
        Some([sfi @ 1..=10]) => Ok(*sfi),
        Some(_) => Err(FciError::Illegal(tag::SFI)),
        None => Err(FciError::Missing(tag::SFI)),
    }
}

/// One record of the contact directory.
pub fn pse_record(entries: &[DirectoryEntry<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    tlv::write_template(&mut out, tag::RECORD, |record| {
        entries.iter().for_each(|entry| entry.write(record));
    });
    out
}

/// The entries of one record of the contact directory.
pub fn parse_pse_record(answer: &[u8]) -> Result<Vec<DirectoryEntry<'_>>, FciError> {
    let record = tlv::unwrap_template(answer, tag::RECORD)?.ok_or(FciError::Missing(tag::RECORD))?;
    directory_entries(record)
}

fn directory_entries(bytes: &[u8]) -> Result<Vec<DirectoryEntry<'_>>, FciError> {
    let mut entries = Vec::new();
    for object in tlv::objects(bytes) {
        let object = object?;
        if object.tag == tag::DIRECTORY_ENTRY {
            entries.extend(DirectoryEntry::parse(object.value));
        }
    }
    Ok(entries)
}

/// Name and proprietary template of any FCI.
fn read_fci(answer: &[u8]) -> Result<(&[u8], &[u8]), FciError> {
    let fci = tlv::unwrap_template(answer, tag::FCI)?.ok_or(FciError::Missing(tag::FCI))?;
    let name = tlv::find(fci, tag::DF_NAME)?.ok_or(FciError::Missing(tag::DF_NAME))?;
    let proprietary = tlv::find(fci, tag::FCI_PROPRIETARY)?;
    Ok((name, proprietary.ok_or(FciError::Missing(tag::FCI_PROPRIETARY))?))
}

fn one_byte(object: tlv::Object<'_>) -> Result<u8, FciError> {
    match object.value {
        [byte] => Ok(*byte),
        _ => Err(FciError::Illegal(object.tag)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry() -> DirectoryEntry<'static> {
        DirectoryEntry {
            aid: Aid::unionpay_debit(),
            label: Some(b"UnionPay Debit"),
            priority: Some(1),
            kernel: None,
        }
    }

    #[test]
    fn the_directory_has_the_bytes_a_public_terminal_took() {
        let bytes = ppse(&[entry()]);
        let golden = "6F34840E325041592E5359532E4444463031A522BF0C1F611D4F08A000000333010101\
                      500E556E696F6E506179204465626974870101";
        assert_eq!(hex::encode_upper(&bytes), golden);
        assert_eq!(parse_ppse(&bytes), Ok(vec![entry()]));
        assert_eq!(parse_pse_record(&pse_record(&[entry(), entry()])), Ok(vec![entry(), entry()]));
        let golden = "6F1C840E315041592E5359532E4444463031A50A8801045F2D047A68656E";
        assert_eq!(hex::encode_upper(pse(4, Some(b"zhen"))), golden);
        assert_eq!(parse_pse(&hex::decode(golden).unwrap()), Ok(4));
    }

    #[test]
    fn an_application_is_read_as_written() {
        let mut fci = ApplicationFci::named(Aid::unionpay_credit());
        assert_eq!(ApplicationFci::parse(&fci.to_bytes()), Ok(fci));
        fci.label = Some(b"UnionPay");
        fci.priority = Some(1);
        fci.pdol = Some(Dol::parse(&[0x9F, 0x66, 4]).unwrap());
        fci.log_entry = Some([0x0B, 0x0A]);
        fci.code_table = Some(1);
        fci.preferred_name = Some(b"Paiza");
        let bytes = fci.to_bytes();
        assert_eq!(ApplicationFci::parse(&bytes), Ok(fci));
    }

    #[test]
    fn what_is_missing_is_named() {
        let parse = |text: &str| ApplicationFci::parse(&hex::decode(text).unwrap()).map(|_| ());
        assert_eq!(parse(""), Err(FciError::Missing(tag::FCI)));
        assert_eq!(parse("6F028400"), Err(FciError::Missing(tag::FCI_PROPRIETARY)));
        assert_eq!(parse("6F048400A500"), Err(FciError::Illegal(tag::DF_NAME)));
        assert_eq!(parse("6F02A500"), Err(FciError::Missing(tag::DF_NAME)));
        assert_eq!(
            parse_ppse(&hex::decode("6F09840541414141 41A500".replace(' ', "")).unwrap()),
            Err(FciError::Missing(tag::ISSUER_DISCRETIONARY))
        );
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut framed = Vec::new();
            tlv::write(&mut framed, tag::FCI, &bytes);
            for bytes in [&bytes, &framed] {
                let _ = ApplicationFci::parse(bytes);
                let _ = parse_ppse(bytes);
                let _ = parse_pse(bytes);
                let _ = parse_pse_record(bytes);
            }
        }
    }
}
