//! Linked accounts, and the addresses that lead to them.

use crate::asking::linked;
use crate::binding::customer_of;
use crate::defences::{Defence, Defences};
use crate::party::Psp;
use crate::records::{Customer, DeviceId, OwnAddress, Question, QuestionState, Reply};
use crate::refusal::Refusal;
use upi::address::Address;
use values::{Operation, Records, Timestamp};

/// Links one of the accounts that a bank listed for this customer.
pub struct LinkAccount {
    /// The phone that asks.
    pub device: DeviceId,
    /// The question whose answer lists it.
    pub question: String,
    /// The account.
    pub reference: String,
}

impl Operation for LinkAccount {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "psp.link_account";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), Refusal> {
        let mut customer = customer_of(records, self.device)?;
        let question = records.find::<Question>(&self.question);
        let question = question.filter(|question| question.mobile == customer.mobile);
        let Some(QuestionState::Answered(Reply::Accounts(listed))) = question.map(|question| question.state)
        else {
            return Err(Refusal::NotFound);
        };
        let account = listed.into_iter().find(|account| account.reference == self.reference);
        let account = account.ok_or(Refusal::AccountNotListed)?;
        match customer.accounts.iter_mut().find(|known| known.reference == account.reference) {
            Some(known) => *known = account,
            None => customer.accounts.push(account),
        }
        records.put(customer);
        Ok(())
    }
}

/// Makes an address that leads to a linked account.
pub struct MakeAddress {
    /// The provider.
    pub psp: Psp,
    /// The phone that asks.
    pub device: DeviceId,
    /// The address.
    pub address: String,
    /// The account; the first linked one if empty.
    pub reference: String,
    /// Which checks stand.
    pub defences: Defences,
}

impl Operation for MakeAddress {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "psp.make_address";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Refusal> {
        let mut customer = customer_of(records, self.device)?;
        let reference = linked(&customer, &self.reference)?.reference.clone();
        let address = Address::parse(&self.address).map_err(|_| Refusal::AddressInvalid)?;
        let ours = address.handle().eq_ignore_ascii_case(self.psp.handle());
        // A name of digits alone could be somebody's number.
        let is_number = address.name().bytes().all(|byte| byte.is_ascii_digit());
        let own_number = customer.mobile.get(2..) == Some(address.name());
        if !ours || !address.may_be_made() || (is_number && !own_number) {
            return Err(Refusal::AddressInvalid);
        }
        let name = address.to_lower();
        // Nobody gets an address that was another's.
        match records.find::<OwnAddress>(&name) {
            Some(known) if known.mobile == customer.mobile => {
                records.put(OwnAddress { reference, removed_at: None, ..known });
                if !customer.addresses.contains(&name) {
                    customer.addresses.push(name);
                    records.put(customer);
                }
            }
            Some(_) if self.defences.stands(Defence::AddressOwner) => return Err(Refusal::AddressTaken),
            _ => {
                let mobile = customer.mobile.clone();
                let removed_at = None;
                records.put(OwnAddress { address: name.clone(), mobile, reference, removed_at, at: now });
                customer.addresses.push(name);
                records.put(customer);
            }
        }
        Ok(())
    }
}

/// Pays from and into this account first from now on.
pub struct SetDefault {
    /// The phone that asks.
    pub device: DeviceId,
    /// The account.
    pub reference: String,
}

impl Operation for SetDefault {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "psp.set_default";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), Refusal> {
        let mut customer: Customer = customer_of(records, self.device)?;
        let place = customer.accounts.iter().position(|account| account.reference == self.reference);
        let account = customer.accounts.remove(place.ok_or(Refusal::AccountUnknown)?);
        customer.accounts.insert(0, account);
        for address in &customer.addresses {
            if let Some(known) = records.find::<OwnAddress>(address) {
                records.put(OwnAddress { reference: self.reference.clone(), ..known });
            }
        }
        records.put(customer);
        Ok(())
    }
}
