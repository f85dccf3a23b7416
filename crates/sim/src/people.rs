//! People with phones, accounts and PINs, and what they do.

use crate::town::{PSP, SWITCH, Town};
use psp::Refusal;
use psp::accounts::{LinkAccount, MakeAddress};
use psp::asking::{About, Ask};
use psp::binding::{RegisterDevice, TakeText};
use psp::payments::Pay;
use psp::records::{DeviceId, Direction, Payment, Question, QuestionState, Reply};
use sandbox::upi::bank::{UpiAccount, open_text};
use sandbox::upi::directory::UpiDirectory;
use sandbox::upi::keys::pin_key;
use sandbox::upi::switch::UpiPayment;
use upi::credential::{Purpose, Secret, seal};
use upi::ids::{Prefix, TransactionId};
use upi::machines::switch::State;
use upi::mail::{Desk, Party as _};
use upi::messages::{Credential, Transaction};
use values::{Currency, Id, Money, Records};

impl Town {
    /// Asks the network something and waits for the answer; the code of whoever said no.
    pub fn ask(&mut self, device: DeviceId, about: About) -> Result<Reply, String> {
        let (psp, entropy) = (self.psp(), self.dice.bytes());
        let name =
            self.at_psp(Ask { psp, device, about, entropy }).map_err(|refusal| refusal.code().to_owned())?;
        self.settle();
        let question = self.records(PSP).find::<Question>(&name).expect("it was asked a moment ago");
        match question.state {
            QuestionState::Answered(reply) => Ok(reply),
            QuestionState::Failed(code) => Err(code),
            QuestionState::Waiting => Err("waiting".to_owned()),
        }
    }

    /// A new transaction, as a phone makes it.
    pub fn transaction(&mut self) -> String {
        let entropy = *self.dice.bytes().first_chunk().expect("32 bytes hold 16");
        let prefix = Prefix::parse("PZA").expect("three letters");
        TransactionId::mint(prefix, entropy).as_str().to_owned()
    }

    /// Somebody with a phone, a linked account with a PIN, and the address `personN@paiza`. The number is the last digit of
    /// the mobile number.
    pub fn person(&mut self, number: u64, bank: &str, pin: &str) -> DeviceId {
        let device = Id::from_u128(u128::from(number));
        let digest = [number as u8; 32];
        let known = "the directory has this person";
        self.at_psp(RegisterDevice { device, key: vec![4; 65], digest }).expect(known);
        let sender = format!("91980000000{number}");
        let (mailbox, sequence) = ("5676700001".to_owned(), number as u32);
        let defences = psp::defences::Defences::ALL;
        let Ok(()) = self.at_psp(TakeText { mailbox, sequence, sender, digest, defences });
        let ifsc = UpiDirectory::sandbox().bank(bank).expect(known).branch().as_str().to_owned();
        let (psp, entropy) = (self.psp(), self.dice.bytes());
        let question =
            self.at_psp(Ask { psp, device, about: About::Accounts { ifsc }, entropy }).expect(known);
        self.settle();
        let answered = self.records(PSP).find::<Question>(&question).expect(known).state;
        let QuestionState::Answered(Reply::Accounts(accounts)) = answered else {
            panic!("no accounts: {answered:?}")
        };
        let reference = accounts[0].reference.clone();
        self.at_psp(LinkAccount { device, question, reference: reference.clone() }).expect(known);
        self.set_pin(device, bank, &reference, pin).expect(known);
        let (psp, address) = (self.psp(), format!("person{number}@paiza"));
        let defences = psp::defences::Defences::ALL;
        self.at_psp(MakeAddress { psp, device, address, reference, defences }).expect(known);
        device
    }

    /// Sets the PIN of an account with the card and the one-time password of its bank.
    pub fn set_pin(
        &mut self,
        device: DeviceId,
        bank: &str,
        reference: &str,
        pin: &str,
    ) -> Result<Reply, String> {
        let entry = UpiDirectory::sandbox().bank(bank).ok_or("no such bank")?;
        self.ask(device, About::Password { reference: reference.to_owned() })?;
        let password = self.password(&entry.organisation);
        let account = self.account(&entry.organisation, reference);
        let transaction = self.transaction();
        let block = |secret, digits: &str| sealed(secret, digits, &transaction, 0, "", bank);
        let credentials = vec![block(Secret::OneTimePassword, &password), block(Secret::Pin, pin)];
        let (reference, card, expiry) = (reference.to_owned(), account.card, account.expiry);
        let transaction = transaction.clone();
        self.ask(device, About::SetPin { reference, card, expiry, transaction, credentials })
    }

    /// The password in the last text of a bank.
    fn password(&mut self, organisation: &str) -> String {
        let entry = UpiDirectory::sandbox().bank_named(organisation).expect("a bank of the directory");
        let texts = self.records(organisation).sent.values();
        let texts = texts.filter(|text| text.topic == "upi-text" && text.key.starts_with("password."));
        let newest = texts.max_by_key(|text| text.due).expect("a password was asked for");
        let (_, words) = open_text(entry, &newest.key, &newest.body).expect("a text of this bank");
        let words = String::from_utf8_lossy(words.expose()).into_owned();
        let mut runs = words.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() == 6);
        runs.next().expect("it has six digits").to_owned()
    }

    /// An account of a bank, by the name that providers know.
    pub fn account(&mut self, organisation: &str, reference: &str) -> UpiAccount {
        let all = self.records(organisation).all::<UpiAccount>();
        all.into_iter().find(|account| account.reference == reference).expect("the bank has it")
    }

    /// An order to pay.
    pub fn order(
        &mut self,
        device: DeviceId,
        to: &str,
        paise: u64,
        pin: Credential,
        transaction: &str,
    ) -> Pay {
        Pay {
            psp: self.psp(),
            device,
            transaction: transaction.to_owned(),
            reference: String::new(),
            payee: to.to_owned(),
            payee_name: None,
            payee_category: None,
            amount: Money::new(paise, Currency::INR).expect("a small amount"),
            note: Some("tea".to_owned()),
            begun: psp::payments::Begun::default(),
            pin,
            entropy: self.dice.bytes(),
        }
    }

    /// Begins a payment; the transaction.
    pub fn pay(&mut self, device: DeviceId, bank: &str, to: &str, paise: u64, pin: &str) -> String {
        let transaction = self.transaction();
        let block = sealed(Secret::Pin, pin, &transaction, paise, to, bank);
        let order = self.order(device, to, paise, block, &transaction);
        let begun: Result<Payment, Refusal> = self.at_psp(order);
        begun.expect("a bound phone with an address orders it");
        transaction
    }

    /// A status check of the provider about a payment, with a new name each time.
    pub fn status_check(&mut self, payment: &UpiPayment) -> Vec<u8> {
        let (psp, entropy) = (self.psp(), self.dice.bytes());
        let now = self.now;
        let identity = psp.identity().clone();
        let mut desk = Desk::new(&identity, self.records(PSP), now, entropy);
        let mut transaction = Transaction::new(desk.new_transaction(), "ChkTxn", now);
        transaction.original = TransactionId::parse(&payment.id);
        transaction.original_at = Some(payment.at);
        let message = desk.message("ReqChkTxn", transaction);
        message.to_document(identity.profile).to_bytes()
    }

    /// A payment as who sent it sees it.
    pub fn sent(&mut self, transaction: &str) -> Payment {
        let all = self.records(PSP).all::<Payment>();
        let sent = |payment: &Payment| payment.id == transaction && payment.direction == Direction::Sent;
        all.into_iter().find(sent).expect("it was ordered")
    }

    /// A payment at the switch, if it came there.
    pub fn found_at_switch(&mut self, transaction: &str) -> Option<UpiPayment> {
        self.records(SWITCH).find::<UpiPayment>(&transaction.to_owned())
    }

    /// A payment at the switch, which it came to.
    pub fn at_switch(&mut self, transaction: &str) -> UpiPayment {
        self.found_at_switch(transaction).expect("it came there")
    }

    /// Where a payment stands at the switch, if it came there.
    pub fn at_switch_or_none(&mut self, transaction: &str) -> Option<State> {
        self.found_at_switch(transaction).map(|payment| payment.state)
    }
}

/// A secret, sealed to its bank for one purpose.
pub fn sealed(
    secret: Secret,
    digits: &str,
    transaction: &str,
    paise: u64,
    payee: &str,
    bank: &str,
) -> Credential {
    let purpose = Purpose { transaction: transaction.to_owned(), paise, payee: payee.to_owned() };
    let key = pin_key(UpiDirectory::sandbox().bank(bank).expect("a bank of the directory")).public();
    seal(secret, digits.as_bytes(), &purpose, &key)
}
