//! Merchants of the platform who are paid at an address here: which address is whose, what came to it, and the codes that they show.
//!
//! Such a merchant asks with a key of the developers' interface and not with a phone, so nobody types a PIN: it takes money and gives
//! it back, and pays nobody. Whose address is whose says the operator, who answers for both.

use crate::collects::Collect;
use crate::defences::Defence;
use crate::party::Psp;
use crate::records::{Customer, Direction, LinkedAccount, Merchant, OwnAddress, Payment, PaymentState};
use crate::refunds::Refund;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use upi::address::Address;
use values::id::{Kind, kinds};
use values::{Id, Money, Operation, Record, Records, Residency, Timestamp};

/// The name of a merchant of the platform.
pub type MerchantId = Id<kinds::Merchant>;

/// A payment by account, as its merchant sees it.
#[derive(Clone, Copy)]
pub enum UpiPayment {}

impl Kind for UpiPayment {
    const PREFIX: &'static str = "upp";
}

/// A code that a merchant shows for one payment by account.
#[derive(Clone, Copy)]
pub enum UpiCode {}

impl Kind for UpiCode {
    const PREFIX: &'static str = "upc";
}

/// The address at which a merchant of the platform is paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MerchantAccount {
    /// The merchant.
    pub merchant: MerchantId,
    /// The customer here who has the address, 12 digits.
    pub mobile: String,
    /// The address, lower case.
    pub address: String,
    /// Since when.
    pub at: Timestamp,
}

impl Record for MerchantAccount {
    type Key = MerchantId;
    const TABLE: &'static str = "psp_merchant_accounts";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> MerchantId {
        self.merchant
    }
}

/// Which merchant of the platform a customer here is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountOwner {
    /// The customer, 12 digits.
    pub mobile: String,
    /// The merchant.
    pub merchant: MerchantId,
}

impl Record for AccountOwner {
    type Key = String;
    const TABLE: &'static str = "psp_account_owners";
    // Every payment asks whether it is one of these, and hardly any is.
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> String {
        self.mobile.clone()
    }
}

/// A payment that came to such a merchant, was asked for by it, or was given back by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MerchantPayment {
    /// Its name towards the merchant; it follows from the payment.
    pub id: Id<UpiPayment>,
    /// The merchant.
    pub merchant: MerchantId,
    /// The customer here, 12 digits.
    pub mobile: String,
    /// The transaction.
    pub transaction: String,
    /// Received, or sent as a refund.
    pub direction: Direction,
    /// The code that the payer scanned.
    pub code: Option<Id<UpiCode>>,
    /// How it stands.
    pub state: PaymentState,
    /// When it began.
    pub at: Timestamp,
    /// When that was last heard of.
    pub changed_at: Timestamp,
}

impl Record for MerchantPayment {
    type Key = Id<UpiPayment>;
    const TABLE: &'static str = "psp_merchant_payments";
    fn key(&self) -> Self::Key {
        self.id
    }
}

impl MerchantPayment {
    /// The name of a payment towards its merchant.
    pub fn name_of(payment: &Payment) -> Id<UpiPayment> {
        let way: &[u8] = if payment.direction == Direction::Sent { b"sent" } else { b"received" };
        let digest = crypto::hash::sha256_pieces(&[b"merchant payment", way, payment.id.as_bytes()]);
        Id::mint(payment.at, *digest.first_chunk().expect("a digest has 32 bytes"))
    }

    /// The payment as the customer's own records have it.
    pub fn payment<W: Records>(&self, records: &mut W) -> Option<Payment> {
        records.find::<Payment>(&(self.mobile.clone(), self.transaction.clone(), self.direction))
    }
}

/// A code that a merchant shows for one payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MerchantCode {
    /// Its name; what the link carries as the merchant's reference follows from it.
    pub id: Id<UpiCode>,
    /// The merchant.
    pub merchant: MerchantId,
    /// The customer here, 12 digits.
    pub mobile: String,
    /// The address that is paid.
    pub address: String,
    /// Paise.
    pub paise: u64,
    /// What for.
    pub note: Option<String>,
    /// The link, signed.
    pub text: String,
    /// Phones take it until then.
    pub expires_at: Timestamp,
    /// The payment that came.
    pub payment: Option<Id<UpiPayment>>,
    /// When it was made.
    pub at: Timestamp,
}

impl Record for MerchantCode {
    type Key = Id<UpiCode>;
    const TABLE: &'static str = "psp_merchant_codes";
    fn key(&self) -> Self::Key {
        self.id
    }
}

/// What stands before the name of a code in what its link carries: a reference has letters and digits alone.
const REFERENCE: &str = "UPC";

/// What the link of a code carries as the merchant's reference.
pub fn reference_of(code: Id<UpiCode>) -> String {
    let name = code.to_string();
    format!("{REFERENCE}{}", name.split_once('_').map_or("", |(_, rest)| rest))
}

fn code_of(reference: &str) -> Option<Id<UpiCode>> {
    format!("upc_{}", reference.strip_prefix(REFERENCE)?).parse().ok()
}

/// Takes a merchant of the platform on that has no phone, with its account. Said again it changes nothing.
pub struct TakeOn {
    /// The number it is reached at, 12 digits.
    pub mobile: String,
    /// The name that payers see.
    pub name: String,
    /// Merchant category, four digits.
    pub category: String,
    /// Its address, of this provider.
    pub address: String,
    /// Its account at its bank.
    pub account: LinkedAccount,
}

impl Operation for TakeOn {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "psp.take_on_merchant";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Refusal> {
        if let Some(known) = records.find::<OwnAddress>(&self.address) {
            return if known.mobile == self.mobile { Ok(()) } else { Err(Refusal::AddressTaken) };
        }
        if records.find::<Customer>(&self.mobile).is_some() {
            return Err(Refusal::MerchantTied);
        }
        let (mobile, address) = (self.mobile.clone(), self.address.clone());
        let reference = self.account.reference.clone();
        records.put(OwnAddress { address, mobile: mobile.clone(), reference, removed_at: None, at: now });
        records.put(Customer {
            mobile,
            // No phone acts for it.
            device: Id::from_u128(0),
            accounts: vec![self.account.clone()],
            addresses: vec![self.address.clone()],
            listed: Vec::new(),
            merchant: Some(Merchant { name: self.name.clone(), category: self.category.clone() }),
            balances: Vec::new(),
            passwords: Vec::new(),
            at: now,
        });
        Ok(())
    }
}

/// The operator says that a merchant of the platform is paid at an address here. Both are tied once.
pub struct TieMerchant {
    /// The merchant.
    pub merchant: MerchantId,
    /// The address of a merchant here.
    pub address: String,
}

impl Operation for TieMerchant {
    type Answer = MerchantAccount;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.tie_merchant";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<MerchantAccount, Refusal> {
        let address = Address::parse(&self.address).map_err(|_| Refusal::AddressInvalid)?.to_lower();
        let own = records.find::<OwnAddress>(&address).filter(|own| own.removed_at.is_none());
        let own = own.ok_or(Refusal::AddressUnknown)?;
        let customer = records.find::<Customer>(&own.mobile).ok_or(Refusal::AddressUnknown)?;
        customer.merchant.as_ref().ok_or(Refusal::NotAMerchant)?;
        let known = records.find::<MerchantAccount>(&self.merchant);
        let owner = records.find::<AccountOwner>(&own.mobile);
        match (known, owner) {
            (None, None) => {}
            (Some(known), Some(_)) if known.address == address => return Ok(known),
            _ => return Err(Refusal::MerchantTied),
        }
        let account =
            MerchantAccount { merchant: self.merchant, mobile: own.mobile.clone(), address, at: now };
        records.put(account.clone());
        records.put(AccountOwner { mobile: own.mobile, merchant: self.merchant });
        Ok(account)
    }
}

/// The customer here who is a merchant of the platform.
fn customer_of<W: Records>(records: &mut W, merchant: MerchantId) -> Result<Customer, Refusal> {
    let account = records.find::<MerchantAccount>(&merchant).ok_or(Refusal::NotAMerchant)?;
    records.find::<Customer>(&account.mobile).ok_or(Refusal::NotAMerchant)
}

/// A merchant of the platform asks for money.
pub struct AskPayer {
    /// The provider.
    pub psp: Psp,
    /// The merchant.
    pub merchant: MerchantId,
    /// Who is asked.
    pub payer: String,
    /// How much, rupees.
    pub amount: Money,
    /// What for.
    pub note: Option<String>,
    /// How long the payer may wait, minutes.
    pub minutes: u32,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl Operation for AskPayer {
    type Answer = Payment;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.ask_payer";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Payment, Refusal> {
        let customer = customer_of(records, self.merchant)?;
        let collect = Collect {
            psp: self.psp.clone(),
            device: customer.device,
            payer: self.payer.clone(),
            amount: self.amount,
            note: self.note.clone(),
            minutes: self.minutes,
            entropy: self.entropy,
        };
        collect.ask(records, now, &customer)
    }
}

/// A merchant of the platform gives back what a payment brought.
pub struct GiveBack {
    /// The provider.
    pub psp: Psp,
    /// The merchant.
    pub merchant: MerchantId,
    /// The payment.
    pub payment: Id<UpiPayment>,
    /// How much, rupees; what is left of it if nothing is said.
    pub amount: Option<Money>,
    /// What the payer reads.
    pub note: Option<String>,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl Operation for GiveBack {
    type Answer = Payment;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.give_back";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Payment, Refusal> {
        let paid = records.find::<MerchantPayment>(&self.payment);
        let open = !self.psp.stands(Defence::MerchantOwner);
        let is_own = |paid: &MerchantPayment| paid.merchant == self.merchant || open;
        let paid = paid.filter(is_own).ok_or(Refusal::NotFound)?;
        let customer = records.find::<Customer>(&paid.mobile).ok_or(Refusal::NotFound)?;
        let drawn = crypto::hash::sha256_pieces(&[b"refund", &self.entropy]);
        let name: String = drawn[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        let refund = Refund {
            psp: self.psp.clone(),
            device: customer.device,
            original: paid.transaction,
            amount: self.amount,
            note: self.note.clone(),
            transaction: format!("{}{name}", self.psp.prefix()),
            entropy: self.entropy,
        };
        refund.give_back(records, now, &customer)
    }
}

/// A merchant of the platform shows a code.
pub struct ShowCode {
    /// The code; its link names the merchant's address and [`reference_of`] it.
    pub code: MerchantCode,
}

impl Operation for ShowCode {
    type Answer = MerchantCode;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.show_code";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<MerchantCode, Refusal> {
        let account = records.find::<MerchantAccount>(&self.code.merchant).ok_or(Refusal::NotAMerchant)?;
        if account.address != self.code.address || account.mobile != self.code.mobile {
            return Err(Refusal::NotAMerchant);
        }
        records.put(self.code.clone());
        Ok(self.code.clone())
    }
}

/// A payment of a customer here began or changed: its merchant sees it, if the customer is one of the platform's.
pub(crate) fn note<W: Records>(records: &mut W, payment: &Payment) {
    let Some(owner) = records.find::<AccountOwner>(&payment.mobile) else { return };
    if payment.direction == Direction::Sent && payment.original.is_none() {
        return;
    }
    let id = MerchantPayment::name_of(payment);
    let known = records.find::<MerchantPayment>(&id);
    let (merchant, code) = known.map_or((owner.merchant, None), |known| (known.merchant, known.code));
    records.put(MerchantPayment {
        id,
        merchant,
        mobile: payment.mobile.clone(),
        transaction: payment.id.clone(),
        direction: payment.direction,
        code,
        state: payment.state,
        at: payment.at,
        changed_at: payment.changed_at,
    });
}

/// Money came under a reference: if it is that of a code, and all that the code asked for, the code is paid. Only what this provider's own
/// records say came is looked at; what anybody else says of a payment is not.
pub(crate) fn paid<W: Records>(psp: &Psp, records: &mut W, payment: &Payment, reference: &str) {
    let Some(id) = code_of(reference) else { return };
    let Some(code) = records.find::<MerchantCode>(&id) else { return };
    let fits = code.mobile == payment.mobile && code.paise == payment.paise;
    let fits = fits || !psp.stands(Defence::CodeAmount);
    // Paid a second time it is a payment like any other.
    if !fits || code.payment.is_some() || payment.state != PaymentState::Success {
        return;
    }
    let name = MerchantPayment::name_of(payment);
    let Some(noted) = records.find::<MerchantPayment>(&name) else { return };
    records.put(MerchantPayment { code: Some(id), ..noted });
    records.put(MerchantCode { payment: Some(name), ..code });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_by_what_its_link_carries() {
        let code: Id<UpiCode> = Id::mint(Timestamp::from_millis(1_700_000_000_000), [7; 10]);
        let reference = reference_of(code);
        assert!(reference.len() <= 35 && reference.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(code_of(&reference), Some(code));
        for other in ["", "UPC", "UPC1", "SPLIT0011", &reference[1..]] {
            assert_eq!(code_of(other), None, "{other}");
        }
    }
}
