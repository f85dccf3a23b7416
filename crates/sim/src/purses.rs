//! Purses at random: opened, filled, spent from and closed by phones that believe only what they were told, and wait while they do not
//! know.

use crate::people::sealed;
use crate::town::{PSP, Town, banks};
use crypto::hash::HmacKey;
use psp::payments::Begun;
use psp::purses::{AskPurse, OrderPurse, Purse, PurseState, Wish};
use psp::records::{DeviceId, Direction, Payment, PaymentState, Question, QuestionState, Reply};
use sandbox::upi::bank::{PurseState as AtBank, UpiAccount, UpiPurse};
use sandbox::upi::directory::UpiDirectory;
use upi::credential::{Purpose, Secret, seal};
use upi::messages::Credential;
use upi::purse::{Spend, cryptogram};
use values::{Currency, Money, Records};

/// What a phone has of its purse.
pub struct PursePhone {
    device: DeviceId,
    mobile: String,
    bank: &'static str,
    pin: &'static str,
    purse: String,
    key: [u8; 32],
    counter: u32,
    /// What it believes to be in it, paise.
    paise: u64,
    waits: Option<Wait>,
}

/// What a phone does not know the end of.
enum Wait {
    /// An order, and what it changes if it is carried out, paise.
    Order(String, i64),
    /// A question, by its name.
    Question(String),
}

impl PursePhone {
    /// A phone without a purse.
    pub fn new(device: DeviceId, mobile: &str, bank: &'static str, pin: &'static str) -> PursePhone {
        let (mobile, key) = (mobile.to_owned(), [0; 32]);
        PursePhone { device, mobile, bank, pin, purse: String::new(), key, counter: 0, paise: 0, waits: None }
    }

    fn spend(&mut self, (transaction, paise, payee): (&str, u64, &str)) -> Credential {
        self.counter += 1;
        let (counter, balance) = (self.counter, self.paise);
        let spend = Spend { purse: &self.purse, transaction, paise, payee, counter, balance };
        cryptogram(&HmacKey::new(&self.key), &spend)
    }

    /// An address that is an account of the phone's bank.
    fn address(&self, number: &str) -> String {
        let ifsc = UpiDirectory::sandbox().bank(self.bank).expect("a bank of the directory").branch();
        format!("{number}@{}.ifsc.npci", ifsc.as_str()).to_ascii_lowercase()
    }

    fn pin(&self, of: (&str, u64, &str)) -> Credential {
        sealed(Secret::Pin, self.pin, of.0, of.1, of.2, self.bank)
    }

    fn sealed_key(&self, (transaction, paise, payee): (&str, u64, &str)) -> Credential {
        let key: String = self.key.iter().map(|byte| format!("{byte:02x}")).collect();
        let purpose = Purpose { transaction: transaction.to_owned(), paise, payee: payee.to_owned() };
        let bank = UpiDirectory::sandbox().bank(self.bank).expect("a bank of the directory");
        seal(Secret::PurseKey, key.as_bytes(), &purpose, &sandbox::upi::keys::pin_key(bank).public())
    }
}

impl Town {
    /// Somebody does something with a purse: opens one where there is none, else fills it, pays from it, asks about it or closes it.
    pub fn use_purse(&mut self, phone: &mut PursePhone, payee: &str) {
        if !self.learns(phone) {
            return;
        }
        let known = self.records(PSP).find::<Purse>(&phone.mobile);
        let is_open =
            known.as_ref().is_some_and(|purse| purse.state == PurseState::Open && purse.pending.is_none());
        let paise = 100 + self.dice.below(20_000);
        match (is_open, self.dice.below(12)) {
            (false, _) if known.as_ref().is_some_and(|purse| purse.pending.is_some()) => {}
            (false, _) => self.open_purse(phone, paise),
            (true, 0 | 1) => self.fill_purse(phone, paise),
            (true, 2 | 3) => self.ask_purse(phone, false),
            (true, 4) if phone.paise == 0 => self.ask_purse(phone, true),
            (true, 4) => self.close_purse(phone, known.expect("it is open")),
            (true, _) => self.spend_purse(phone, payee, paise / 8 + 1),
        }
    }

    /// What a phone waited for, if that is known now. Whether it may go on.
    fn learns(&mut self, phone: &mut PursePhone) -> bool {
        match &phone.waits {
            None => return true,
            Some(Wait::Order(id, change)) => {
                let key = (phone.mobile.clone(), id.clone(), Direction::Sent);
                let state = self.records(PSP).find::<Payment>(&key).map(|payment| payment.state);
                match state {
                    Some(PaymentState::Pending | PaymentState::Deemed) => return false,
                    Some(PaymentState::Success) => phone.paise = phone.paise.saturating_add_signed(*change),
                    Some(PaymentState::Failed) | None => {}
                }
            }
            Some(Wait::Question(name)) => {
                match self.records(PSP).find::<Question>(name).map(|question| question.state) {
                    Some(QuestionState::Waiting) => return false,
                    Some(QuestionState::Answered(Reply::Balance(text))) => {
                        phone.paise = Money::parse(&text, Currency::INR).map_or(0, Money::minor);
                    }
                    _ => {}
                }
            }
        }
        phone.waits = None;
        true
    }

    fn order_purse(
        &mut self,
        phone: &mut PursePhone,
        (transaction, paise, change): (String, u64, i64),
        wish: Wish,
    ) {
        let (psp, entropy, device) = (self.psp(), self.dice.bytes(), phone.device);
        let amount = Money::new(paise, Currency::INR).expect("a small amount");
        let order = OrderPurse { psp, device, transaction: transaction.clone(), amount, wish, entropy };
        if self.at_psp(order).is_ok() {
            phone.waits = Some(Wait::Order(transaction, change));
        }
    }

    fn open_purse(&mut self, phone: &mut PursePhone, paise: u64) {
        let transaction = self.transaction();
        phone.key = self.dice.bytes();
        phone.purse = format!("77{:016}", self.dice.below(10_000_000_000_000_000));
        (phone.counter, phone.paise) = (0, 0);
        let to = phone.address(&phone.purse);
        let of = (transaction.as_str(), paise, to.as_str());
        let credentials = vec![phone.pin(of), phone.sealed_key(of)];
        let (purse, account) = (phone.purse.clone(), String::new());
        let wish = Wish::First { purse, account, credentials };
        self.order_purse(phone, (transaction.clone(), paise, paise as i64), wish);
    }

    fn fill_purse(&mut self, phone: &mut PursePhone, paise: u64) {
        let transaction = self.transaction();
        let to = phone.address(&phone.purse);
        let pin = phone.pin((&transaction, paise, &to));
        self.order_purse(phone, (transaction.clone(), paise, paise as i64), Wish::More { pin });
    }

    fn spend_purse(&mut self, phone: &mut PursePhone, payee: &str, paise: u64) {
        let transaction = self.transaction();
        let cryptogram = phone.spend((&transaction, paise, payee));
        let wish = Wish::Spend {
            payee: payee.to_owned(),
            payee_name: None,
            payee_category: None,
            note: None,
            begun: Begun::default(),
            cryptogram,
        };
        self.order_purse(phone, (transaction.clone(), paise, -(paise as i64)), wish);
    }

    fn close_purse(&mut self, phone: &mut PursePhone, known: Purse) {
        let transaction = self.transaction();
        let (paise, to) = (phone.paise, phone.address(&known.account));
        let of = (transaction.as_str(), paise, to.as_str());
        // Now and then the phone's own state is lost, and the PIN proves the owner.
        let proof = if self.dice.below(3) == 0 { phone.pin(of) } else { phone.spend(of) };
        self.order_purse(phone, (transaction.clone(), paise, -(paise as i64)), Wish::Close { proof });
    }

    fn ask_purse(&mut self, phone: &mut PursePhone, closes: bool) {
        let transaction = self.transaction();
        let cryptogram = phone.spend((&transaction, 0, ""));
        let (psp, entropy, device) = (self.psp(), self.dice.bytes(), phone.device);
        if let Ok(name) = self.at_psp(AskPurse { psp, device, transaction, closes, cryptogram, entropy }) {
            phone.waits = Some(Wait::Question(name));
        }
    }

    /// No purse holds less than nothing, a closed one nothing, and one that its provider calls open is no closed one; how many there are.
    pub(crate) fn audit_purses(&mut self) -> Result<u64, String> {
        let mut at_bank = std::collections::BTreeMap::new();
        for bank in banks() {
            for purse in self.records(bank).all::<UpiPurse>() {
                let account = self.records(bank).find::<UpiAccount>(&purse.number);
                let held = account.map_or(0, |account| self.balance_of(bank, &account));
                if held < 0 || (purse.state == AtBank::Closed && held != 0) {
                    return Err(format!("{} holds {held} paise: {:?}", purse.number, purse.state));
                }
                at_bank.insert(purse.number, purse.state);
            }
        }
        for purse in self.records(PSP).all::<Purse>() {
            let state = at_bank.get(&purse.purse);
            let is_open = purse.state == PurseState::Open;
            let agrees = state.is_some_and(|state| *state != AtBank::Closed) == is_open;
            if !agrees || purse.pending.is_some() {
                return Err(format!("{purse:?} at the provider, and {state:?} at the bank"));
            }
        }
        Ok(at_bank.len() as u64)
    }
}
