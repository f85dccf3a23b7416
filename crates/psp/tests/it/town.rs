//! Provider, switch and banks in one place, each with records of its own; between them only documents.

use ledger::testing::MemoryRecords;
use psp::accounts::{LinkAccount, MakeAddress};
use psp::asking::{About, Ask};
use psp::binding::{RegisterDevice, TakeText};
use psp::payments::Pay;
use psp::records::{DeviceId, Payment, Question, QuestionState, Reply};
use psp::{Psp, Refusal};
use sandbox::defences::Defences;
use sandbox::upi::bank::{Bank, OpenAccounts, UpiAccount, open_text, settlement_account};
use sandbox::upi::directory::UpiDirectory;
use sandbox::upi::keys::pin_key;
use sandbox::upi::switch::{Switch, UpiPayment};
use std::collections::BTreeMap;
use std::time::Duration;
use upi::credential::{Purpose, Secret, seal};
use upi::ids::{Prefix, TransactionId};
use upi::machines::switch::State;
use upi::mail::{ALARM, Envelope, Party, Refused, TOLERANCE_SECONDS, TOPIC, Take, Wake};
use upi::messages::{Credential, Message, Profile};
use values::{Currency, Id, Money, Operation, Outbound, Records, Timestamp};

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_305_600_000);

/// Numbers that look random and follow from a seed (xorshift, Marsaglia 2003).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % most
    }

    fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.iter_mut().for_each(|byte| *byte = self.below(256) as u8);
        bytes
    }
}

/// What goes wrong on the wires, in percent of tries.
#[derive(Clone, Copy, Default)]
pub(crate) struct Faults {
    /// The message does not arrive this time.
    pub(crate) lost: u64,
    /// It arrives, and its Ack does not.
    pub(crate) ack_lost: u64,
}

#[derive(Clone)]
enum Role {
    Psp(Psp),
    Switch(Switch),
    Bank(Bank),
}

pub(crate) struct Town {
    pub(crate) now: Timestamp,
    pub(crate) dice: Dice,
    pub(crate) faults: Faults,
    /// Organisations that hear and say nothing.
    pub(crate) silent: Vec<String>,
    parties: BTreeMap<String, (Role, MemoryRecords)>,
}

const PSP: &str = "700001";
const SWITCH: &str = "700000";

impl Town {
    pub(crate) fn new(seed: u64) -> Town {
        Town::defended(seed, Defences::ALL)
    }

    pub(crate) fn defended(seed: u64, defences: Defences) -> Town {
        let directory = UpiDirectory::sandbox();
        let entry = &directory.psps[0];
        let psp = Psp::new(entry.identity(), &entry.handles[0], SWITCH);
        let mut parties = BTreeMap::new();
        parties.insert(PSP.to_owned(), (Role::Psp(psp), MemoryRecords::default()));
        parties.insert(SWITCH.to_owned(), (Role::Switch(Switch::new(directory)), MemoryRecords::default()));
        for bank in &directory.banks {
            let mut records = MemoryRecords::default();
            OpenAccounts { bank }.apply(&mut records, NOW).unwrap();
            let role = Role::Bank(Bank::new(bank).defended(defences));
            parties.insert(bank.organisation.clone(), (role, records));
        }
        let (dice, faults) = (Dice::new(seed), Faults::default());
        Town { now: NOW, dice, faults, silent: Vec::new(), parties }
    }

    pub(crate) fn records(&mut self, organisation: &str) -> &mut MemoryRecords {
        &mut self.parties.get_mut(organisation).unwrap().1
    }

    pub(crate) fn psp(&self) -> Psp {
        match &self.parties[PSP].0 {
            Role::Psp(psp) => psp.clone(),
            _ => unreachable!(),
        }
    }

    pub(crate) fn at_psp<O: Operation>(&mut self, operation: O) -> Result<O::Answer, O::Refusal> {
        let now = self.now;
        operation.apply(self.records(PSP), now)
    }

    /// Has an organisation take a document; the code of the Ack.
    pub(crate) fn arrive(&mut self, to: &str, document: &[u8]) -> Option<String> {
        let message = read(document);
        let apart = self.now.millis().abs_diff(message.head.at.millis()) / 1000;
        if apart > TOLERANCE_SECONDS {
            return Some("H03".to_owned());
        }
        let (now, entropy) = (self.now, self.dice.bytes());
        let (role, records) = self.parties.get_mut(to).unwrap();
        fn take<P: Party>(
            party: &P,
            records: &mut MemoryRecords,
            (message, document): (Message, &[u8]),
            (now, entropy): (Timestamp, [u8; 32]),
        ) -> Option<String> {
            let take = Take { party: party.clone(), message, document: document.to_vec(), entropy };
            take.apply(records, now).unwrap()
        }
        let (what, when) = ((message, document), (now, entropy));
        match role {
            Role::Psp(party) => take(party, records, what, when),
            Role::Switch(party) => take(party, records, what, when),
            Role::Bank(party) => take(party, records, what, when),
        }
    }

    fn refuse(&mut self, from: &str, message: &str, code: &str) {
        let (now, entropy) = (self.now, self.dice.bytes());
        let (role, records) = self.parties.get_mut(from).unwrap();
        fn tell<P: Party>(
            party: &P,
            records: &mut MemoryRecords,
            told: (&str, &str),
            now: Timestamp,
            entropy: [u8; 32],
        ) {
            let (message, code) = (told.0.to_owned(), told.1.to_owned());
            Refused { party: party.clone(), message, code, entropy }.apply(records, now).unwrap();
        }
        match role {
            Role::Psp(party) => tell(party, records, (message, code), now, entropy),
            Role::Switch(party) => tell(party, records, (message, code), now, entropy),
            Role::Bank(party) => tell(party, records, (message, code), now, entropy),
        }
    }

    /// All messages that wait to leave, with their senders.
    pub(crate) fn waiting(&self) -> Vec<(String, Outbound)> {
        let each = self.parties.iter().flat_map(|(from, (_, records))| {
            let messages = records.sent.values().filter(|message| message.topic == TOPIC);
            messages.map(|message| (from.clone(), message.clone()))
        });
        each.filter(|(from, _)| !self.silent.contains(from)).collect()
    }

    /// Tries to deliver one message. Whether there was one.
    pub(crate) fn deliver_one(&mut self) -> bool {
        let waiting = self.waiting();
        if waiting.is_empty() {
            return false;
        }
        let place = self.dice.below(waiting.len() as u64) as usize;
        let (from, outbound) = waiting[place].clone();
        let envelope = Envelope::read(&outbound.body).unwrap();
        if self.silent.contains(&envelope.to) || self.dice.below(100) < self.faults.lost {
            return true;
        }
        let code = self.arrive(&envelope.to, &envelope.document);
        if self.dice.below(100) < self.faults.ack_lost {
            return true;
        }
        self.records(&from).cancel(TOPIC, &outbound.key);
        if let Some(code) = code {
            self.refuse(&from, &outbound.key, &code);
        }
        true
    }

    /// Rings the alarms that are due.
    pub(crate) fn ring(&mut self) {
        let (now, entropy) = (self.now, self.dice.bytes());
        for (role, records) in self.parties.values_mut() {
            let due: Vec<String> = records
                .sent
                .values()
                .filter(|alarm| alarm.topic == ALARM && alarm.due <= now)
                .map(|alarm| alarm.key.clone())
                .collect();
            for what in due {
                records.cancel(ALARM, &what);
                match role {
                    Role::Psp(party) => wake(party, records, what, now, entropy),
                    Role::Switch(party) => wake(party, records, what, now, entropy),
                    Role::Bank(party) => wake(party, records, what, now, entropy),
                }
            }
        }
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = self.now.after(time);
        self.ring();
    }

    /// Delivers until nothing waits.
    pub(crate) fn settle(&mut self) {
        while self.deliver_one() {}
    }

    /// Until nothing waits and nothing is under way, time passing.
    pub(crate) fn run(&mut self) {
        for _ in 0..100_000 {
            let is_busy = self.deliver_one();
            if !is_busy && self.alarms() == 0 {
                return;
            }
            if !is_busy || self.dice.below(8) == 0 {
                let seconds = 1 + self.dice.below(12);
                self.pass(Duration::from_secs(seconds));
            }
        }
        panic!("it never ends");
    }

    fn alarms(&self) -> usize {
        let all = self.parties.values().flat_map(|(_, records)| records.sent.values());
        all.filter(|alarm| alarm.topic == ALARM).count()
    }

    pub(crate) fn ask(&mut self, device: DeviceId, about: About) -> Result<Reply, String> {
        let (psp, entropy) = (self.psp(), self.dice.bytes());
        let name = self.at_psp(Ask { psp, device, about, entropy }).unwrap();
        self.settle();
        match self.records(PSP).find::<Question>(&name).unwrap().state {
            QuestionState::Answered(reply) => Ok(reply),
            QuestionState::Failed(code) => Err(code),
            QuestionState::Waiting => Err("waiting".to_owned()),
        }
    }

    pub(crate) fn transaction(&mut self) -> String {
        let entropy = *self.dice.bytes().first_chunk().unwrap();
        TransactionId::mint(Prefix::parse("PZA").unwrap(), entropy).as_str().to_owned()
    }

    /// Somebody with a phone, a linked account with a PIN, and an address.
    pub(crate) fn person(&mut self, number: u64, bank: &str, pin: &str) -> DeviceId {
        let device = Id::from_u128(u128::from(number));
        let digest = [number as u8; 32];
        self.at_psp(RegisterDevice { device, key: vec![4; 65], digest }).unwrap();
        let sender = format!("91980000000{number}");
        let (mailbox, sequence) = ("5676700001".to_owned(), number as u32);
        let defences = psp::defences::Defences::ALL;
        self.at_psp(TakeText { mailbox, sequence, sender, digest, defences }).unwrap();
        let entry = UpiDirectory::sandbox().bank(bank).unwrap();
        let ifsc = entry.branch().as_str().to_owned();
        let name = {
            let (psp, entropy) = (self.psp(), self.dice.bytes());
            self.at_psp(Ask { psp, device, about: About::Accounts { ifsc }, entropy }).unwrap()
        };
        self.settle();
        let question = self.records(PSP).find::<Question>(&name).unwrap();
        let QuestionState::Answered(Reply::Accounts(accounts)) = question.state else {
            panic!("no accounts: {question:?}")
        };
        let reference = accounts[0].reference.clone();
        self.at_psp(LinkAccount { device, question: name, reference: reference.clone() }).unwrap();
        self.set_pin(device, bank, &reference, pin).unwrap();
        let (psp, address) = (self.psp(), format!("person{number}@paiza"));
        let defences = psp::defences::Defences::ALL;
        self.at_psp(MakeAddress { psp, device, address, reference, defences }).unwrap();
        device
    }

    pub(crate) fn set_pin(
        &mut self,
        device: DeviceId,
        bank: &str,
        reference: &str,
        pin: &str,
    ) -> Result<Reply, String> {
        let entry = UpiDirectory::sandbox().bank(bank).unwrap();
        self.ask(device, About::Password { reference: reference.to_owned() })?;
        let password = self.password(&entry.organisation);
        let account = self.account(&entry.organisation, reference);
        let transaction = self.transaction();
        let block = |secret, digits: &str| sealed(secret, digits, &transaction, 0, "", bank);
        let credentials = vec![block(Secret::OneTimePassword, &password), block(Secret::Pin, pin)];
        let (reference, card, expiry) = (reference.to_owned(), account.card, account.expiry);
        self.ask(
            device,
            About::SetPin { reference, card, expiry, transaction: transaction.clone(), credentials },
        )
    }

    /// The password in the last text of a bank.
    fn password(&mut self, organisation: &str) -> String {
        let entry = UpiDirectory::sandbox().bank_named(organisation).unwrap();
        let texts = self.records(organisation).sent.values();
        let texts = texts.filter(|text| text.topic == "upi-text" && text.key.starts_with("password."));
        let newest = texts.max_by_key(|text| text.due).unwrap();
        let (_, words) = open_text(entry, &newest.key, &newest.body).unwrap();
        let words = String::from_utf8(words.expose().to_vec()).unwrap();
        let mut runs = words.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() == 6);
        runs.next().unwrap().to_owned()
    }

    pub(crate) fn account(&mut self, organisation: &str, reference: &str) -> UpiAccount {
        let all = self.records(organisation).all::<UpiAccount>();
        all.into_iter().find(|account| account.reference == reference).unwrap()
    }

    pub(crate) fn order(
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
            amount: Money::new(paise, Currency::INR).unwrap(),
            note: Some("tea".to_owned()),
            begun: psp::payments::Begun::default(),
            pin,
            entropy: self.dice.bytes(),
        }
    }

    /// Begins a payment; the transaction.
    pub(crate) fn pay(&mut self, device: DeviceId, bank: &str, to: &str, paise: u64, pin: &str) -> String {
        let transaction = self.transaction();
        let block = sealed(Secret::Pin, pin, &transaction, paise, to, bank);
        let order = self.order(device, to, paise, block, &transaction);
        let begun: Result<Payment, Refusal> = self.at_psp(order);
        begun.unwrap();
        transaction
    }

    pub(crate) fn sent(&mut self, transaction: &str) -> Payment {
        let all = self.records(PSP).all::<Payment>();
        let sent = |payment: &Payment| {
            payment.id == transaction && payment.direction == psp::records::Direction::Sent
        };
        all.into_iter().find(sent).unwrap()
    }

    pub(crate) fn at_switch(&mut self, transaction: &str) -> UpiPayment {
        self.records(SWITCH).find::<UpiPayment>(&transaction.to_owned()).unwrap()
    }

    /// Where a payment stands at the switch, if it came there.
    pub(crate) fn at_switch_or_none(&mut self, transaction: &str) -> Option<State> {
        self.records(SWITCH).find::<UpiPayment>(&transaction.to_owned()).map(|payment| payment.state)
    }

    /// Delivers what can be delivered while somebody is silent.
    pub(crate) fn settle_what_can(&mut self) {
        for _ in 0..400 {
            self.deliver_one();
        }
    }

    /// What a customer has, in paise.
    pub(crate) fn balance(&mut self, organisation: &str, holder: &str) -> i64 {
        let all = self.records(organisation).all::<UpiAccount>();
        let account = all.into_iter().find(|account| account.holder == holder).unwrap();
        self.records(organisation).find::<ledger::Account>(&account.books).unwrap().balance()
    }

    /// What all customers have together, and what all banks settle together: the second is nothing, always.
    pub(crate) fn sums(&mut self) -> (i64, i64) {
        let banks: Vec<String> =
            UpiDirectory::sandbox().banks.iter().map(|bank| bank.organisation.clone()).collect();
        let mut sums = (0, 0);
        for bank in banks {
            let records = self.records(&bank);
            let accounts = records.all::<UpiAccount>();
            let of =
                |records: &mut MemoryRecords, id| records.find::<ledger::Account>(&id).unwrap().balance();
            sums.0 += accounts.iter().map(|account| of(records, account.books)).sum::<i64>();
            sums.1 += of(records, settlement_account());
        }
        sums
    }
}

fn wake<P: Party>(party: &P, records: &mut MemoryRecords, what: String, now: Timestamp, entropy: [u8; 32]) {
    Wake { party: party.clone(), what, entropy }.apply(records, now).unwrap();
}

pub(crate) fn read(document: &[u8]) -> Message {
    let document = upi::xml::read(document).unwrap();
    Message::read_unsigned(&document, Profile::public()).unwrap_or_else(|findings| panic!("{findings:?}"))
}

pub(crate) fn sealed(
    secret: Secret,
    digits: &str,
    transaction: &str,
    paise: u64,
    payee: &str,
    bank: &str,
) -> Credential {
    let purpose = Purpose { transaction: transaction.to_owned(), paise, payee: payee.to_owned() };
    let key = pin_key(UpiDirectory::sandbox().bank(bank).unwrap()).public();
    seal(secret, digits.as_bytes(), &purpose, &key)
}
