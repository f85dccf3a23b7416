//! Account payment's provider behind its doors: each use case is one operation of `psp` over its records, or a look.

mod bills;
mod blocking;
mod disputes;
mod mandates;
mod merchants;
mod purses;
mod splits;

pub use bills::BillOrder;
pub use mandates::NewMandate;

use psp::accounts::{LinkAccount, MakeAddress, SetDefault};
use psp::asking::{About, Ask};
use psp::binding::{RegisterDevice, TakeText, customer_of, token};
use psp::collects::{BecomeMerchant, Collect, Decide};
use psp::defences::Defences;
use psp::payments::{Begun, Pay};
use psp::records::{
    CollectRequest, Customer, Device, DeviceId, Direction, KeyList, Mailbox, Payment, Question,
};
use psp::refunds::Refund;
use psp::{Psp, Refusal};
use store::{Outcome, Store, StoreError};
use upi::messages::Credential;
use values::{Id, MerchantCategory, Money, Operation, Records};

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum PspError {
    /// A no with a stable code.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The records are not to be had now.
    #[error("the records are not available")]
    Store(#[from] StoreError),
}

/// The provider over its records. Clones share them.
#[derive(Clone)]
pub struct PaymentService {
    store: Store,
    psp: Psp,
    binding_number: String,
}

/// A phone that registered: what it has to send, and where.
#[derive(Debug)]
pub struct Registered {
    /// Its name.
    pub device: DeviceId,
    /// What the text says.
    pub text: String,
    /// Where it goes.
    pub send_to: String,
}

/// A payment as a phone orders it.
#[derive(Clone, Debug)]
pub struct Order {
    /// The transaction, made by the phone: the PIN is bound to it.
    pub transaction: String,
    /// The account, by reference; the first linked one if empty.
    pub account: String,
    /// Who is paid.
    pub payee: String,
    /// The name that was shown.
    pub payee_name: Option<String>,
    /// The category that was told with it.
    pub payee_category: Option<String>,
    /// How much.
    pub amount: Money,
    /// What the payer writes.
    pub note: Option<String>,
    /// How it began.
    pub begun: Begun,
    /// The PIN, sealed to the payer's bank.
    pub pin: Credential,
}

impl PaymentService {
    /// The provider over these records; phones are bound by texts to `binding_number`.
    pub fn new(store: Store, psp: Psp, binding_number: &str) -> PaymentService {
        PaymentService { store, psp, binding_number: binding_number.to_owned() }
    }

    /// Its records.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Who takes messages for it.
    pub fn party(&self) -> &Psp {
        &self.psp
    }

    /// The number to which phones send the text that binds them.
    pub fn binding_number(&self) -> &str {
        &self.binding_number
    }

    fn call<O: Operation<Refusal = Refusal>>(&self, operation: O) -> Result<O::Answer, PspError> {
        match self.store.call(operation)? {
            Outcome::Done(answer) | Outcome::Repeated(answer) => Ok(answer),
            Outcome::Refused(refusal) => Err(refusal.into()),
            Outcome::Mismatch => Err(Refusal::TransactionUsed.into()),
        }
    }

    /// Registers a phone with the public half of its key (SEC 1).
    pub fn register_device(&self, key: &[u8]) -> Result<Registered, PspError> {
        let device = Id::mint(self.store.clock().now(), crypto::random::bytes());
        let text = format!("PAIZA {}", token(&crypto::random::bytes()));
        let digest = crypto::hash::sha256(text.as_bytes());
        self.call(RegisterDevice { device, key: key.to_vec(), digest })?;
        Ok(Registered { device, text, send_to: self.binding_number.clone() })
    }

    /// The last text of the binding number's inbox that was taken.
    pub fn texts_read(&self) -> Result<u32, PspError> {
        let number = self.binding_number.clone();
        let read = move |records: &mut store::Workspace<'_>| {
            records.find::<Mailbox>(&number).map_or(0, |mailbox| mailbox.read)
        };
        Ok(self.store.read(read)?)
    }

    /// Takes a text that came to the binding number from a mobile number (12 digits).
    pub fn take_text(&self, sequence: u32, sender: &str, text: &str) -> Result<(), PspError> {
        let (mailbox, sender) = (self.binding_number.clone(), sender.to_owned());
        let digest = crypto::hash::sha256(text.trim().as_bytes());
        self.store.call(TakeText { mailbox, sequence, sender, digest, defences: Defences::ALL })?;
        Ok(())
    }

    /// A phone, whatever its state.
    pub fn device(&self, device: DeviceId) -> Result<Device, PspError> {
        let found = self.store.read(move |records| records.find::<Device>(&device))?;
        Ok(found.ok_or(Refusal::DeviceUnknown)?)
    }

    /// The customer for whom a phone acts.
    pub fn customer(&self, device: DeviceId) -> Result<Customer, PspError> {
        Ok(self.store.read(move |records| customer_of(records, device))??)
    }

    /// Asks the network something; the name of the question.
    pub fn ask(&self, device: DeviceId, about: About) -> Result<String, PspError> {
        self.call(Ask { psp: self.psp.clone(), device, about, entropy: crypto::random::bytes() })
    }

    /// A question of this phone's customer.
    pub fn question(&self, device: DeviceId, name: &str) -> Result<Question, PspError> {
        let name = name.to_owned();
        let found = self.store.read(move |records| {
            let customer = customer_of(records, device)?;
            let question = records.find::<Question>(&name);
            question.filter(|question| question.mobile == customer.mobile).ok_or(Refusal::NotFound)
        })?;
        Ok(found?)
    }

    /// Links an account that a bank listed in the answer to a question.
    pub fn link(&self, device: DeviceId, question: &str, account: &str) -> Result<(), PspError> {
        self.call(LinkAccount { device, question: question.to_owned(), reference: account.to_owned() })
    }

    /// Makes an address that leads to a linked account; the first one if `account` is empty.
    pub fn make_address(&self, device: DeviceId, address: &str, account: &str) -> Result<(), PspError> {
        let (address, reference) = (address.to_owned(), account.to_owned());
        let defences = Defences::ALL;
        self.call(MakeAddress { psp: self.psp.clone(), device, address, reference, defences })
    }

    /// Pays from and into this account first.
    pub fn set_default(&self, device: DeviceId, account: &str) -> Result<(), PspError> {
        self.call(SetDefault { device, reference: account.to_owned() })
    }

    /// Pays; the same order again is the same payment.
    pub fn pay(&self, device: DeviceId, order: Order) -> Result<Payment, PspError> {
        let Order { transaction, account, payee, payee_name, payee_category, amount, note, begun, pin } =
            order;
        let reference = account;
        let (psp, entropy) = (self.psp.clone(), crypto::random::bytes());
        self.call(Pay {
            psp,
            device,
            transaction,
            reference,
            payee,
            payee_name,
            payee_category,
            amount,
            note,
            begun,
            pin,
            entropy,
        })
    }

    /// Takes payments as a merchant from now on.
    pub fn become_merchant(
        &self,
        device: DeviceId,
        name: &str,
        category: MerchantCategory,
    ) -> Result<(), PspError> {
        self.call(BecomeMerchant { device, name: name.to_owned(), category })
    }

    /// Asks somebody for money, as a merchant.
    pub fn collect(
        &self,
        device: DeviceId,
        payer: &str,
        amount: Money,
        (note, minutes): (Option<String>, u32),
    ) -> Result<Payment, PspError> {
        let (psp, payer, entropy) = (self.psp.clone(), payer.to_owned(), crypto::random::bytes());
        self.call(Collect { psp, device, payer, amount, note, minutes, entropy })
    }

    /// What merchants ask this phone's customer for, the newest first.
    pub fn collects(&self, device: DeviceId, most: u32) -> Result<Vec<CollectRequest>, PspError> {
        let customer = self.customer(device)?;
        Ok(store::rooms::upi::open_collects(&self.store, &customer.mobile, most)?)
    }

    /// Approves what a merchant asks for with an account and its PIN, or declines it.
    pub fn decide(
        &self,
        device: DeviceId,
        id: &str,
        approval: Option<(String, Credential)>,
    ) -> Result<Option<Payment>, PspError> {
        let (psp, id, entropy) = (self.psp.clone(), id.to_owned(), crypto::random::bytes());
        self.call(Decide { psp, device, id, approval, entropy })
    }

    /// Gives back what a payment brought, or a part of it; the same order again is the same refund.
    pub fn refund(
        &self,
        device: DeviceId,
        original: &str,
        amount: Option<Money>,
        (transaction, note): (String, Option<String>),
    ) -> Result<Payment, PspError> {
        let (psp, original, entropy) = (self.psp.clone(), original.to_owned(), crypto::random::bytes());
        self.call(Refund { psp, device, original, amount, note, transaction, entropy })
    }

    /// A payment of this phone's customer.
    pub fn payment(&self, device: DeviceId, id: &str) -> Result<Payment, PspError> {
        let id = id.to_owned();
        let found = self.store.read(move |records| {
            let mobile = customer_of(records, device)?.mobile;
            let each = [Direction::Sent, Direction::Received];
            let mut found = each.into_iter().map(|way| (mobile.clone(), id.clone(), way));
            found.find_map(|key| records.find::<Payment>(&key)).ok_or(Refusal::NotFound)
        })?;
        Ok(found?)
    }

    /// The last payments of this phone's customer, newest first.
    pub fn payments(&self, device: DeviceId, most: u32) -> Result<Vec<Payment>, PspError> {
        let customer = self.customer(device)?;
        Ok(store::rooms::upi::payments(&self.store, &customer.mobile, most)?)
    }

    /// The last payments of this phone's customer in whose names, addresses, notes or references this text occurs, newest first.
    pub fn payments_with(&self, device: DeviceId, text: &str, most: u32) -> Result<Vec<Payment>, PspError> {
        let customer = self.customer(device)?;
        Ok(store::rooms::upi::psp::payments_with(&self.store, &customer.mobile, text, most)?)
    }

    /// The keys to which PINs are sealed, as the switch signed them; nothing before they were asked for.
    pub fn keys(&self) -> Result<Option<KeyList>, PspError> {
        let switch = self.psp.switch().to_owned();
        Ok(self.store.read(move |records| records.find::<KeyList>(&switch))?)
    }
}
