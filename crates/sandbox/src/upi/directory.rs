//! Who takes part in account payment in the sandbox: the table `data/upi.toml`.

use serde::Deserialize;
use std::sync::LazyLock;
use upi::address::{Address, AddressKind, Ifsc};
use upi::ids::Prefix;
use upi::mail::Identity;
use upi::messages::Profile;
use upi::signature::Organisation;
use values::{Currency, Money};

/// Everybody who takes part.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpiDirectory {
    /// The switch.
    pub switch: SwitchEntry,
    /// Payment service providers, each with the handles whose addresses it resolves.
    #[serde(rename = "psp")]
    pub psps: Vec<PspEntry>,
    /// Banks.
    #[serde(rename = "bank")]
    pub banks: Vec<UpiBank>,
    /// The accounts that banks have from the beginning.
    #[serde(rename = "account")]
    pub accounts: Vec<TestAccount>,
}

/// The switch.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchEntry {
    /// Its name on the wire.
    pub organisation: String,
    /// What its ids begin with.
    pub prefix: String,
    /// Its name for people.
    pub name: String,
}

/// A payment service provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PspEntry {
    /// Its short name.
    pub id: String,
    /// Its name on the wire.
    pub organisation: String,
    /// What its ids begin with.
    pub prefix: String,
    /// Its name for people.
    pub name: String,
    /// The handles of its addresses.
    pub handles: Vec<String>,
    /// Where phones send the text that binds them.
    pub binding_number: String,
}

/// A bank.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpiBank {
    /// Its short name.
    pub id: String,
    /// Its name on the wire.
    pub organisation: String,
    /// What its ids begin with.
    pub prefix: String,
    /// Its name for people.
    pub name: String,
    /// The first four letters of its branches' codes.
    pub ifsc: String,
    /// Who its texts come from.
    pub sms_sender: String,
    /// How many digits its PINs have.
    pub pin_length: u8,
    payment_limit: String,
    /// Text of a debit; `{amount}`, `{tail}`, `{other}`, `{reference}`, `{day}`, `{month}`, `{year}` are filled in.
    pub debit: String,
    /// Text of a credit.
    pub credit: String,
    /// Text of a debit that was taken back.
    pub reversal: String,
    /// Text with a one-time password, `{code}`.
    pub one_time: String,
}

/// An account that a bank has from the beginning.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestAccount {
    /// Short name of its bank.
    pub bank: String,
    /// Its number.
    pub number: String,
    /// Its type, as messages name it.
    pub kind: String,
    /// Who holds it.
    pub holder: String,
    /// The holder's mobile number, ten digits.
    pub mobile: String,
    /// Last six digits of its debit card.
    pub card: String,
    /// Month and year in which that card ends, MMYY.
    pub expiry: String,
    balance: String,
}

impl TestAccount {
    /// What is on it from the beginning.
    pub fn balance(&self) -> Money {
        Money::parse(&self.balance, Currency::INR).expect("the embedded table is tested")
    }

    /// The branch that keeps it: every bank has one.
    pub fn ifsc(&self) -> Ifsc {
        let bank = UpiDirectory::sandbox().bank(&self.bank).expect("the embedded table is tested");
        bank.branch()
    }
}

impl UpiBank {
    /// The code of its one branch.
    pub fn branch(&self) -> Ifsc {
        Ifsc::parse(&format!("{}0000001", self.ifsc)).expect("the embedded table is tested")
    }

    /// The most it lets one payment be.
    pub fn payment_limit(&self) -> Money {
        Money::parse(&self.payment_limit, Currency::INR).expect("the embedded table is tested")
    }

    /// Who it is on the wire.
    pub fn identity(&self) -> Identity {
        identity(&self.organisation, &self.prefix)
    }
}

impl PspEntry {
    /// Who it is on the wire.
    pub fn identity(&self) -> Identity {
        identity(&self.organisation, &self.prefix)
    }
}

impl SwitchEntry {
    /// Who it is on the wire.
    pub fn identity(&self) -> Identity {
        identity(&self.organisation, &self.prefix)
    }
}

fn identity(organisation: &str, prefix: &str) -> Identity {
    let known = "the embedded table is tested";
    Identity {
        organisation: Organisation::parse(organisation).expect(known),
        prefix: Prefix::parse(prefix).expect(known),
        profile: Profile::public(),
    }
}

impl UpiDirectory {
    /// The sandbox's directory.
    pub fn sandbox() -> &'static UpiDirectory {
        static TABLE: LazyLock<UpiDirectory> = LazyLock::new(|| {
            toml::from_str(include_str!("../../data/upi.toml")).expect("the embedded table is tested")
        });
        &TABLE
    }

    /// A bank by its short name.
    pub fn bank(&self, id: &str) -> Option<&UpiBank> {
        self.banks.iter().find(|bank| bank.id == id)
    }

    /// A provider by its short name.
    pub fn psp(&self, id: &str) -> Option<&PspEntry> {
        self.psps.iter().find(|psp| psp.id == id)
    }

    /// The bank that a branch belongs to.
    pub fn bank_of(&self, ifsc: &str) -> Option<&UpiBank> {
        let bank = ifsc.get(..4)?;
        self.banks.iter().find(|known| known.ifsc.eq_ignore_ascii_case(bank))
    }

    /// The bank of this name on the wire.
    pub fn bank_named(&self, organisation: &str) -> Option<&UpiBank> {
        self.banks.iter().find(|bank| bank.organisation == organisation)
    }

    /// The provider that resolves addresses with this handle.
    pub fn psp_of(&self, handle: &str) -> Option<&PspEntry> {
        self.psps.iter().find(|psp| psp.handles.iter().any(|known| known.eq_ignore_ascii_case(handle)))
    }

    /// Who says whose an address is: a provider, or the bank of an account that is named by number and branch.
    pub fn resolver(&self, address: &Address) -> Option<&str> {
        match address.kind() {
            AddressKind::Name => self.psp_of(address.handle()).map(|psp| psp.organisation.as_str()),
            AddressKind::Account => self.bank_of(address.handle()).map(|bank| bank.organisation.as_str()),
            AddressKind::Mobile => None,
        }
    }

    /// Whether somebody of this name takes part as a provider.
    pub fn is_psp(&self, organisation: &str) -> bool {
        self.psps.iter().any(|psp| psp.organisation == organisation)
    }

    /// Every organisation with its name for people: the switch, providers, banks.
    pub fn organisations(&self) -> Vec<(&str, &str)> {
        let switch = [(self.switch.organisation.as_str(), self.switch.name.as_str())];
        let psps = self.psps.iter().map(|psp| (psp.organisation.as_str(), psp.name.as_str()));
        let banks = self.banks.iter().map(|bank| (bank.organisation.as_str(), bank.name.as_str()));
        switch.into_iter().chain(psps).chain(banks).collect()
    }

    /// The name for people of an organisation, or its name on the wire if nobody knows it.
    pub fn name_of<'a>(&'a self, organisation: &'a str) -> &'a str {
        let found = self.organisations().into_iter().find(|(known, _)| *known == organisation);
        found.map_or(organisation, |(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use upi::address::{AccountNumber, Mobile};

    #[test]
    fn the_table_is_whole() {
        let directory = UpiDirectory::sandbox();
        let names: BTreeSet<_> = directory.organisations().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), 1 + directory.psps.len() + directory.banks.len());
        let _switch = directory.switch.identity();
        for psp in &directory.psps {
            let _psp = psp.identity();
            assert!(
                psp.handles.iter().all(|handle| directory.psp_of(handle).is_some_and(|of| of.id == psp.id))
            );
        }
        assert!(directory.banks.len() >= 4);
        for bank in &directory.banks {
            let _all = (bank.identity(), bank.branch(), bank.payment_limit());
            assert!([4, 6].contains(&bank.pin_length) && bank.one_time.contains("{code}"), "{}", bank.id);
            for text in [&bank.debit, &bank.credit, &bank.reversal] {
                assert!(text.contains("{amount}") && text.contains("{tail}"), "{text}");
            }
        }
        for account in &directory.accounts {
            let _all = (account.balance(), account.ifsc());
            assert!(
                Mobile::parse(&account.mobile).is_some() && AccountNumber::parse(&account.number).is_some()
            );
            assert!(account.card.len() == 6 && account.expiry.len() == 4, "{}", account.number);
        }
    }

    #[test]
    fn addresses_find_who_resolves_them() {
        let directory = UpiDirectory::sandbox();
        let resolver = |text| directory.resolver(&Address::parse(text).unwrap());
        assert_eq!(resolver("asha@PAIZA"), Some("700001"));
        assert_eq!(resolver("asha@mitra"), Some("700002"));
        assert_eq!(resolver("10010000000016@AMBR0000001.ifsc.npci"), Some("701001"));
        assert_eq!(resolver("10010000000016@ZZZZ0000001.ifsc.npci"), None);
        assert_eq!(resolver("asha@elsewhere"), None);
    }
}
