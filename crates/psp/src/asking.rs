//! Questions that a phone has about accounts and addresses, as messages to the switch.

use crate::binding::customer_of;
use crate::party::Psp;
use crate::records::{Customer, DeviceId, LinkedAccount, Question, QuestionState, UsedTransaction};
use crate::refusal::Refusal;
use std::time::Duration;
use upi::address::{AccountNumber, Address, Ifsc};
use upi::ids::TransactionId;
use upi::limits::may_call;
use upi::mail::Desk;
use upi::messages::{Account, Credential, Device, Message, Party, PartyKind, Registration, Transaction};
use upi::xml::Element;
use values::{Operation, Records, Timestamp};

const DAY: Duration = Duration::from_secs(86_400);

/// What is asked. Credentials are opaque here; where there is one, the phone named the transaction that it is bound to.
#[derive(Clone, Debug)]
pub enum About {
    /// Which accounts the number has at a bank.
    Accounts {
        /// A branch of the bank.
        ifsc: String,
    },
    /// A one-time password for setting the PIN of an account.
    Password {
        /// The account.
        reference: String,
    },
    /// Set the PIN by debit card and one-time password.
    SetPin {
        /// The account.
        reference: String,
        /// Last six digits of the card.
        card: String,
        /// The card's last month, MMYY.
        expiry: String,
        /// The transaction.
        transaction: String,
        /// One-time password and new PIN.
        credentials: Vec<Credential>,
    },
    /// Set another PIN.
    ChangePin {
        /// The account.
        reference: String,
        /// The transaction.
        transaction: String,
        /// The PIN as it is.
        old: Credential,
        /// The PIN that is to be.
        new: Credential,
    },
    /// What may still leave an account.
    Balance {
        /// The account.
        reference: String,
        /// The transaction.
        transaction: String,
        /// The PIN.
        pin: Credential,
    },
    /// Who is behind an address.
    Resolve {
        /// The address.
        address: String,
    },
    /// The keys to which PINs are sealed.
    Keys,
    /// The banks whose accounts can be linked.
    Banks,
}

/// Asks.
pub struct Ask {
    /// The provider.
    pub psp: Psp,
    /// The phone that asks.
    pub device: DeviceId,
    /// What.
    pub about: About,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl Operation for Ask {
    /// The name of the question.
    type Answer = String;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.ask";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<String, Refusal> {
        let customer = customer_of(records, self.device)?;
        let mut desk = Desk::new(self.psp.identity_of(), records, now, self.entropy);
        let (message, about) = self.message(&mut desk, &customer)?;
        let name = message.head.message.as_str().to_owned();
        desk.records.put(Question {
            message: name.clone(),
            api: message.name.clone(),
            mobile: customer.mobile.clone(),
            about,
            state: QuestionState::Waiting,
            at: now,
        });
        desk.post(self.psp.switch(), &message);
        Ok(name)
    }
}

impl Ask {
    /// The message, and what it is about.
    fn message<W: Records>(
        &self,
        desk: &mut Desk<'_, W>,
        customer: &Customer,
    ) -> Result<(Message, String), Refusal> {
        let psp = &self.psp;
        let new = |desk: &mut Desk<'_, W>, name: &str, kind: &str| {
            let transaction = Transaction::new(desk.new_transaction(), kind, desk.now);
            let mut message = desk.message(name, transaction);
            message.payer = Some(payer(psp, customer, self.device));
            message
        };
        let of_account = |desk: &mut Desk<'_, W>, name: &str, kind: &str, reference: &str| {
            let account = linked(customer, reference)?;
            let mut message = new(desk, name, kind);
            if let Some(payer) = &mut message.payer {
                payer.account = account_on_wire(account);
            }
            Ok((message, account.reference.clone()))
        };
        match &self.about {
            About::Accounts { ifsc } => {
                let ifsc = Ifsc::parse(ifsc).ok_or(Refusal::BranchInvalid)?;
                count(desk, customer, "list_account")?;
                let mut message = new(desk, "ReqListAccount", "ListAccount");
                message.link = Some(("MOBILE".to_owned(), customer.mobile.clone()));
                let branch = Element::new("Detail").with("name", "IFSC").with("value", ifsc.as_str());
                let account = Element::new("Ac").with("addrType", "ACCOUNT").with_child(branch);
                if let Some(payer) = &mut message.payer {
                    payer.rest.push(account);
                }
                Ok((message, ifsc.as_str().to_owned()))
            }
            About::Password { reference } => {
                let asked = of_account(desk, "ReqOtp", "Otp", reference)?;
                count(desk, customer, "one_time_password")?;
                Ok(asked)
            }
            About::SetPin { reference, card, expiry, transaction, credentials } => {
                let (mut message, about) = of_account(desk, "ReqRegMob", "ReqRegMob", reference)?;
                message.transaction.id = use_transaction(desk, psp, customer, transaction)?;
                let detail = |name: &str, value: &str| (name.to_owned(), value.to_owned());
                message.registration = Some(Registration {
                    format: Some("FORMAT1".to_owned()),
                    details: vec![
                        detail("MOBILE", &customer.mobile),
                        detail("CARDDIGITS", card),
                        detail("EXPDATE", expiry),
                    ],
                    credentials: credentials.clone(),
                });
                Ok((message, about))
            }
            About::ChangePin { reference, transaction, old, new } => {
                let (mut message, about) = of_account(desk, "ReqSetCre", "SetCre", reference)?;
                message.transaction.id = use_transaction(desk, psp, customer, transaction)?;
                if let Some(payer) = &mut message.payer {
                    payer.credentials = vec![old.clone()];
                    payer.new_credentials = vec![new.clone()];
                }
                Ok((message, about))
            }
            About::Balance { reference, transaction, pin } => {
                let (mut message, about) = of_account(desk, "ReqBalEnq", "BalEnq", reference)?;
                message.transaction.id = use_transaction(desk, psp, customer, transaction)?;
                count(desk, customer, "balance_enquiry")?;
                if let Some(payer) = &mut message.payer {
                    payer.credentials = vec![pin.clone()];
                }
                Ok((message, about))
            }
            About::Resolve { address } => {
                let address = Address::parse(address).map_err(|_| Refusal::AddressInvalid)?;
                let about = address.to_lower();
                if crate::blocking::is_blocked(desk.records, &customer.mobile, &about) {
                    return Err(Refusal::AddressBlocked);
                }
                let mut message = new(desk, "ReqValAdd", "ValAdd");
                message.payees = vec![Party::new(address)];
                Ok((message, about))
            }
            About::Keys | About::Banks => {
                let is_keys = matches!(self.about, About::Keys);
                let (name, kind) =
                    if is_keys { ("ReqListKeys", "ListKeys") } else { ("ReqListAccPvd", "ListAccPvd") };
                let mut message = new(desk, name, kind);
                message.payer = None;
                Ok((message, String::new()))
            }
        }
    }
}

/// Counts what the network allows only so often.
fn count<W: Records>(desk: &mut Desk<'_, W>, customer: &Customer, what: &str) -> Result<(), Refusal> {
    let now = desk.now;
    let mut changed = customer.clone();
    let earlier = match what {
        "list_account" => &mut changed.listed,
        "one_time_password" => &mut changed.passwords,
        _ => &mut changed.balances,
    };
    earlier.retain(|at| now.since(*at) < DAY);
    if !may_call(what, earlier, now, now) {
        return Err(Refusal::TooOften);
    }
    earlier.push(now);
    desk.records.put(changed);
    Ok(())
}

/// Takes a transaction's name that a phone made: it is used once.
pub(crate) fn use_transaction<W: Records>(
    desk: &mut Desk<'_, W>,
    psp: &Psp,
    customer: &Customer,
    name: &str,
) -> Result<TransactionId, Refusal> {
    let id = TransactionId::parse(name).filter(|_| name.len() == 35).ok_or(Refusal::TransactionInvalid)?;
    if !name.starts_with(psp.identity_of().prefix.as_str()) {
        return Err(Refusal::TransactionInvalid);
    }
    if desk.records.find::<UsedTransaction>(&name.to_owned()).is_some() {
        return Err(Refusal::TransactionUsed);
    }
    let (id_text, mobile) = (name.to_owned(), customer.mobile.clone());
    desk.records.put(UsedTransaction { id: id_text, mobile, at: desk.now });
    Ok(id)
}

/// A linked account of a customer; the first if none is named.
pub(crate) fn linked<'a>(customer: &'a Customer, reference: &str) -> Result<&'a LinkedAccount, Refusal> {
    let found = match reference {
        "" => customer.accounts.first(),
        reference => customer.accounts.iter().find(|account| account.reference == reference),
    };
    found.ok_or(Refusal::AccountUnknown)
}

/// An account as messages name it.
pub(crate) fn account_on_wire(account: &LinkedAccount) -> Option<Account> {
    let (ifsc, number) = (Ifsc::parse(&account.ifsc)?, AccountNumber::parse(&account.reference)?);
    Some(Account::Number { ifsc, number, kind: Some(account.kind.clone()) })
}

/// The customer as the payer of a message.
pub(crate) fn payer(psp: &Psp, customer: &Customer, device: DeviceId) -> Party {
    let own = customer.addresses.first().and_then(|address| Address::parse(address).ok());
    // Who has no address yet is named by the number.
    let by_number = || Address::parse(&format!("{}@{}", customer.mobile, psp.handle()));
    let mut party = Party::new(own.unwrap_or_else(|| by_number().expect("digits and a handle")));
    party.name = customer.accounts.first().map(|account| account.holder.clone());
    party.kind = Some(PartyKind::Person);
    party.category = Some("0000".to_owned());
    let tag = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    party.device = Some(Device(vec![
        tag("MOBILE", &customer.mobile),
        tag("ID", &device.to_string()),
        tag("TYPE", "MOB"),
        tag("APP", "Paiza"),
    ]));
    party
}
